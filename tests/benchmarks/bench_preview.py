"""How soon a preview is seen, how fast it scrubs, how many frames it drops at 1280 x 720.

    python tests/benchmarks/bench_preview.py [--data ../shared/data]

A product ad of the shop in ../shared/data where it is, of a drawn shop otherwise. Each figure stands beside
the renderer alone, asked for the same frames in the same run.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QEventLoop, QSize, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from mmstudio.composition import Composer, SoundTrack, Storyboard
from mmstudio.composition.layout import reframe
from mmstudio.composition.render import Renderer
from mmstudio.composition.sound import mix, mix_report
from mmstudio.desktop.views.board_frames import frame_source
from mmstudio.desktop.views.playback import Player
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter, Library
from mmstudio.library.importing import import_work
from support.media import make_wav
from support.shop import make_shop, studio_photo

SIZE = (1280, 720)
OPENINGS, SEEKS = 5, 80


def line(words: str, seconds: list[float]) -> None:
    """Median and 95th percentile in milliseconds."""
    ms = sorted(1000 * s for s in seconds)
    worst = ms[math.ceil(0.95 * len(ms)) - 1]
    print(f"{words:58} median {statistics.median(ms):7.1f} ms   p95 {worst:7.1f} ms")


def turn(until: Callable[[], bool]) -> None:
    """Run the event loop until it happened; it sleeps between events, as a window does."""
    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: loop.quit() if until() else None)
    timer.start(1)
    loop.exec()


def make_library(folder: Path, data: Path | None) -> tuple[Library, int]:
    """A library and the item to advertise."""
    shop = None if data is None else data / "shop"
    if shop is not None and (shop / "items.csv").is_file():
        library = Library.create(folder / "Bench.mmlib")
        loop = make_wav(folder / "loop.wav", seconds=6.0, rate=44_100)
        run_inline(import_work(library, [shop / "images", loop], catalog=shop / "items.csv"))
        return library, library.items.ids()[0]
    made = make_shop(folder / "shop")
    studio_photo(folder / "shop" / "media" / "bag-main.png", size=1600)
    return made.library, made.bag


def opened(player: Player, board: Storyboard, library: Library) -> float:
    """Seconds from loading to the first picture."""
    seen: list[QImage] = []
    player.frame.connect(lambda image, _t: seen.append(image))
    began = time.perf_counter()
    player.load(frame_source(board, library, SIZE), board.duration, board.fps, False)
    turn(lambda: bool(seen))
    spent = time.perf_counter() - began
    player.frame.disconnect()
    turn(lambda: not player._frames.busy)
    return spent


def scrub(player: Player, rng: random.Random) -> list[float]:
    """Seconds from each seek to its picture."""
    spent: list[float] = []
    for _ in range(SEEKS):
        seen: list[float] = []
        player.frame.connect(lambda _image, t, seen=seen: seen.append(t))
        at = round(rng.uniform(0, player.duration - 0.1) * player.fps) / player.fps
        began = time.perf_counter()
        player.seek(at)
        turn(lambda at=at, seen=seen: any(abs(t - at) < 1e-6 for t in seen))  # type: ignore[misc]
        spent.append(time.perf_counter() - began)
        player.frame.disconnect()
    return spent


def play(player: Player) -> tuple[float, int, int]:
    """Seconds from "play" to the first picture; frames shown and dropped over the whole."""
    player.seek(0.0)
    turn(lambda: not player._frames.busy)
    first: list[float] = []
    player.frame.connect(lambda _image, _t: first.append(time.perf_counter()))
    began = time.perf_counter()
    player.play()
    turn(lambda: not player.is_playing)
    player.frame.disconnect()
    return first[0] - began, player.shown, player.dropped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        library, item = make_library(Path(folder), args.data)
        board = Composer(library, None, None).compose("product-ad", item)
        sound = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
        board.music = board.music or SoundTrack(sound)
        measure(board, library)
        library.close()
    return 0


def measure(board: Storyboard, library: Library) -> None:
    """All figures of one storyboard."""
    rng = random.Random(3)
    shaped = reframe(board, SIZE)
    alone: list[float] = []
    for _ in range(OPENINGS):
        began = time.perf_counter()
        Renderer(shaped, library).frame(0.0, SIZE)
        alone.append(time.perf_counter() - began)
    line("open, renderer alone", alone)
    player = Player()
    player.set_size(QSize(*SIZE))
    line("open to first picture", [opened(player, board, library) for _ in range(OPENINGS)])
    player.load(frame_source(board, library, SIZE), board.duration, board.fps, False)
    line("scrub while it is still made ready", scrub(player, rng))
    turn(lambda: not player._frames.busy)
    ready = Renderer(shaped, library)
    ready.prepare(SIZE)
    drawn: list[float] = []
    for _ in range(SEEKS):
        began = time.perf_counter()
        ready.frame(rng.uniform(0, shaped.duration), SIZE)
        drawn.append(time.perf_counter() - began)
    line("one frame, renderer alone, ready", drawn)
    line("scrub, ready", scrub(player, rng))
    starts: list[float] = []
    for run in range(2):
        start, shown, dropped = play(player)
        starts.append(start)
        print(
            f"play {player.duration:.0f} s at {player.fps:.0f} frames/s, {SIZE[0]} x {SIZE[1]},"
            f" run {run + 1}: {shown} shown, {dropped} dropped"
        )
    line("play to first picture", starts)
    began = time.perf_counter()
    sound = mix(board, library)
    report = mix_report(sound, 48_000)
    print(
        f"mix of {board.duration:.0f} s: {time.perf_counter() - began:.2f} s,"
        f" {report.lufs:.1f} LUFS, {report.true_peak:.1f} dBTP"
    )
    player.close()


if __name__ == "__main__":
    sys.exit(main())
