"""How soon a storyboard is seen in the window: from "show the preview" to its first frame painted.

    python tests/benchmarks/bench_preview_start.py [--data ../shared/data] [--runs 5]

Every run is a program of its own with the whole window. "Cold": the preview is asked for as soon as the
library is open; "made ready": after the window was left alone for a moment; "again": another storyboard in
the same window. Beside them stands the renderer alone in a program of its own, drawing the same frame. Then
scrubbing through the pane, and playing with sound through PortAudio into a device that is read in real time.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SEEKS = 80
SIZE = (1440, 900)


def ms(seconds: list[float]) -> str:
    """Median, 95th percentile and the worst in milliseconds."""
    kept = sorted(1000 * s for s in seconds)
    high = kept[math.ceil(0.95 * len(kept)) - 1]
    return f"median {statistics.median(kept):7.1f} ms   p95 {high:7.1f} ms   worst {kept[-1]:7.1f} ms"


def line(words: str, found: list[tuple[float, float]]) -> None:
    """By the clock, and computed."""
    print(f"{words:48} {ms([clock for clock, _cpu in found])}")
    print(f"{'   computed by all threads meanwhile':48} {ms([cpu for _clock, cpu in found])}")


def turn(until: Callable[[], bool], seconds: float = 120.0) -> None:
    """Run the event loop until it happened; it sleeps between events, as a window does."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, timer = QEventLoop(), QTimer()
    last = time.monotonic() + seconds
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > last else None)
    timer.start(1)
    loop.exec()


def make(folder: Path, data: Path | None) -> tuple[Path, list[int]]:
    """A library with two ads in it; its path and their ids."""
    from bench_preview import make_library
    from PySide6.QtWidgets import QApplication

    from mmstudio.composition import Composer, SoundTrack
    from mmstudio.library import AssetFilter

    _app = QApplication.instance() or QApplication([])
    library, item = make_library(folder, data)
    sound = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    ids: list[int] = []
    for seed in (0, 1):
        board = Composer(library, None, None).compose("product-ad", item, seed=seed)
        board.music, board.id = SoundTrack(sound), None
        ids.insert(0, library.storyboards.save(board.name, board.recipe, item, None, board.to_dict()))
    path = library.path
    library.close()
    return Path(path), ids


# --- one run, in a program of its own -----------------------------------------------------------------


def shown(window: Any, board: int) -> tuple[float, float]:
    """Seconds from asking for a storyboard's preview to its first frame on screen: by the clock, computed.

    What all threads computed meanwhile is what it takes on one free core; on a busy machine the clock says
    what the other programs left.
    """
    pane = window.panes.get("preview")
    source = -1 if pane is None else pane.stage.player._generation
    seen: list[int] = []
    if pane is not None:
        pane.stage.player.frame.connect(lambda _image, _t: seen.append(pane.stage.player._generation))
    began, computed = time.perf_counter(), time.process_time()
    window.context.navigate("preview", storyboard=board)

    def painted() -> bool:
        pane = window.panes.get("preview")
        if pane is None or pane._facts is None or pane._facts.board.id != board:
            return False
        if source < 0 and pane.stage.canvas.image.isNull():
            return False
        if source >= 0 and not any(one > source for one in seen):
            return False
        pane.stage.canvas.repaint()
        return True

    turn(painted)
    return time.perf_counter() - began, time.process_time() - computed


def one_window(path: Path, boards: list[int], ready: bool, everything: bool) -> dict[str, Any]:
    """Open the window as the program does and measure."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.window import MainWindow
    from mmstudio.settings import Settings
    from mmstudio.studio import Studio

    context = AppContext(Settings(language="en", theme="light", reduce_motion=True, last_pane="library"))
    window = MainWindow(context)
    window.resize(*SIZE)
    window.show()
    context.adopt(Studio.open(path))
    turn(lambda: context.idle)
    if ready:
        window.readiness.start()
        turn(lambda: window.readiness.ready and context.idle)
    found: dict[str, Any] = {"first": shown(window, boards[0])}
    pane: Any = window.panes["preview"]
    turn(lambda: context.idle and not pane.stage.player._frames.busy)
    found["again"] = shown(window, boards[1])
    if everything:
        turn(lambda: context.idle and not pane.stage.player._frames.busy)
        found["scrub"] = scrub(pane)
        found["played"] = played(pane, context)
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    del app
    os._exit(0)  # worker threads of Qt need no farewell


def scrub(pane: Any) -> list[float]:
    """Seconds from each move of the slider to its frame painted."""
    player, rng, spent = pane.stage.player, random.Random(3), []
    for _ in range(SEEKS):
        seen: list[float] = []
        player.frame.connect(lambda _image, t, seen=seen: seen.append(t))
        at = round(rng.uniform(0, player.duration - 0.1) * player.fps) / player.fps
        began = time.perf_counter()
        pane.stage.scrub.sliderMoved.emit(round(at * 1000))
        turn(lambda at=at, seen=seen: any(abs(t - at) < 1.01e-3 for t in seen))  # type: ignore[misc]
        pane.stage.canvas.repaint()
        spent.append(time.perf_counter() - began)
        player.frame.disconnect()
        player.frame.connect(pane.stage._show_frame)
    return spent


def played(pane: Any, context: Any) -> dict[str, Any]:
    """Play the ad with its sound through PortAudio; what was shown, dropped, heard."""
    from PySide6.QtCore import QSize

    from mmstudio.media.sound_pipe import sound_pipe

    player = pane.stage.player
    pane.stage.set_format("16:9")
    player.set_size(QSize(1280, 720))
    turn(lambda: context.idle and not player._frames.busy)
    try:
        with sound_pipe() as device:
            pane._load_sound()
            turn(lambda: context.idle and not player.silent)
            player.seek(0.0)
            turn(lambda: not player._frames.busy)
            off: list[float] = []

            def on_frame(_image: Any, t: float) -> None:
                heard = device.heard(time.perf_counter())
                if player.is_playing and heard is not None:
                    off.append(t - heard)

            player.frame.connect(on_frame)
            player.play()
            turn(lambda: player.position >= player.duration - 0.1)
            device.expect_end()
            turn(lambda: not player.is_playing)
            player.frame.disconnect(on_frame)
            size = pane.stage.canvas.image.size()
            clock = player._sound
            result = {
                "seconds": player.duration,
                "size": [size.width(), size.height()],
                "shown": player.shown,
                "dropped": player.dropped,
                "underruns": device.underruns,
                "told": getattr(clock, "underflows", None),
                "late": device.late,
                "first": off[:1],
                "off": off,
            }
            player.set_clock(_silence())
            return result
    except OSError as error:
        return {"missing": str(error)}


def _silence() -> Any:
    from mmstudio.desktop.views.sound_clock import SilentClock

    return SilentClock()


def one_frame(path: Path, boards: list[int]) -> None:
    """The renderer alone: read the storyboard, draw its card."""
    from PySide6.QtWidgets import QApplication

    _app = QApplication([])
    began, computed = time.perf_counter(), time.process_time()
    from mmstudio.composition.layout import reframe
    from mmstudio.composition.render import Renderer
    from mmstudio.composition.storyboard import Storyboard
    from mmstudio.library import Library

    library = Library.open(path, read_only=True)
    row = library.storyboards.get(boards[0])
    board = reframe(Storyboard.from_dict(row.data, row.id), (1080, 1080))
    Renderer(board, library).frame(board.card_time, (640, 640))
    spent = time.perf_counter() - began, time.process_time() - computed
    sys.stdout.write(json.dumps({"alone": spent}))
    sys.stdout.flush()
    os._exit(0)


# --- all runs -----------------------------------------------------------------------------------------


def asked(path: Path, boards: list[int], *more: str) -> dict[str, Any]:
    """One run in a program of its own."""
    command = [sys.executable, __file__, "--one", str(path), "--boards", ",".join(map(str, boards)), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode or not done.stdout:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", type=Path)
    parser.add_argument("--boards", default="")
    parser.add_argument("--mode", default="")
    args = parser.parse_args()
    if args.one is not None:
        boards = [int(part) for part in args.boards.split(",")]
        if args.mode == "alone":
            one_frame(args.one, boards)
        one_window(args.one, boards, ready=args.mode != "cold", everything=args.mode == "all")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path, boards = make(Path(folder), args.data)
        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        alone = [asked(path, boards, "--mode", "alone")["alone"] for _ in range(args.runs)]
        line("the renderer alone, in a program of its own", alone)
        cold = [asked(path, boards, "--mode", "cold") for _ in range(args.runs)]
        line("cold: the first preview, at once", [one["first"] for one in cold])
        warm = [asked(path, boards, "--mode", "ready") for _ in range(args.runs)]
        line("made ready: the first preview, the newest one", [one["first"] for one in warm])
        line("again: another storyboard", [one["again"] for one in cold + warm])
        whole = asked(path, boards, "--mode", "all")
        print(f"{'scrub through the pane':48} {ms(whole['scrub'])}")
        say(whole["played"])
    return 0


def say(found: dict[str, Any]) -> None:
    """What playing with sound gave."""
    if "missing" in found:
        print(f"played with sound: not on this machine ({found['missing']})")
        return
    off = sorted(found["off"])
    low, high = off[math.ceil(0.05 * len(off)) - 1], off[math.ceil(0.95 * len(off)) - 1]
    drift = statistics.median(found["off"][-30:]) - statistics.median(found["off"][:30])
    print(
        f"played {found['seconds']:.0f} s with sound, {found['size'][0]} x {found['size'][1]}:"
        f" {found['shown']} shown, {found['dropped']} dropped; {found['underruns']} under-runs heard,"
        f" {found['told']} told by PortAudio, {found['late']} turns that the measuring missed"
    )
    print(
        f"picture against sound: median {1000 * statistics.median(off):+.1f} ms, 5th to 95th percentile"
        f" {1000 * (high - low):.1f} ms, drift from the first second to the last {1000 * drift:+.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
