"""How long the window stands still while features are extracted, or while a model is trained.

    python tests/benchmarks/bench_gap.py [--files 60] [--data FOLDER] [--train STEPS [--family image-vae]]

The window is open on a library of FILES pictures, FILES sounds and a few videos; all features are extracted
on its job runner, in its process, while a timer of 5 ms notes the gaps between two turns of the event loop.
The reference is the same window doing nothing while as many other programs as there are cores compute: what
is left to the system is part of both. With ``--train`` a model of 64 px learns for STEPS steps from the
pictures, its curves and samples shown, instead of the features. FOLDER with shop/images, sounds and clips is
used where given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import soundfile
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.window import MainWindow
from mmstudio.jobs import FINAL_STATES, JobEvent
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.library import add_files
from support.media import make_jpeg, make_mp4
from support.qt import settle, wait_until
from support.waves import clicks

LIMIT = 0.05
_BURN = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"


def _scheduled() -> float:
    """Seconds that this thread computed or waited for a core (Linux; 0 elsewhere)."""
    try:
        text = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    computed, waited, _ = text.split()
    return (int(computed) + int(waited)) / 1e9


class Watch(QObject):
    """Gaps between turns of the event loop in seconds: on the clock, and how much of each the thread was kept
    waiting by something else than the lack of a core (the lock of the interpreter, the disk)."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.held: list[float] = []
        self._last, self._scheduled = time.perf_counter(), _scheduled()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._turn)
        self._timer.start(5)

    def _turn(self) -> None:
        now, scheduled = time.perf_counter(), _scheduled()
        self.gaps.append(now - self._last)
        self.held.append(self.gaps[-1] - (scheduled - self._scheduled))
        self._last, self._scheduled = now, scheduled

    def line(self, name: str) -> str:
        """One line of the table; forgets what was seen."""
        gaps, held = 1000 * np.array(self.gaps), 1000 * np.array(self.held)
        self.gaps, self.held = [], []
        self._last, self._scheduled = time.perf_counter(), _scheduled()
        limit = 1000 * LIMIT
        over = [f"{int((times > limit).sum()):3} above {limit:.0f} ms" for times in (gaps, held)]
        return (
            f"{name:40} {gaps.sum() / 1000:6.1f} s: longest gap {gaps.max():5.0f} ms, {over[0]};"
            f" kept waiting {held.max():4.0f} ms, {over[1]}"
        )


def make_media(folder: Path, files: int) -> list[Path]:
    """Photo-like pictures of 1600 × 1200, sounds of 6 s, three videos."""
    rng = np.random.default_rng(0)
    paths = [make_jpeg(folder / f"{i}.jpg", (1600, 1200), seed=i) for i in range(files)]
    for i in range(files):
        path = folder / f"{i}.flac"
        tone = clicks(float(rng.uniform(60, 180)), 6.0, 44_100) + rng.normal(0, 0.02, 6 * 44_100)
        soundfile.write(path, np.repeat(tone.astype(np.float32)[:, None], 2, axis=1), 44_100)
        paths.append(path)
    return paths + [
        make_mp4(folder / f"{i}.mp4", (640, 360), seconds=6, fps=25, audio=True) for i in range(3)
    ]


def real_media(folder: Path, files: int) -> list[Path]:
    """The first of each kind."""
    pictures = sorted((folder / "shop" / "images").glob("*.jpg"))[:files]
    sounds = sorted((folder / "sounds").glob("*.flac"))[:: max(1, 190 // files)][:files]
    return [*pictures, *sounds, *sorted((folder / "clips").glob("*.m*"))[:3]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--train", type=int, default=0, metavar="STEPS")
    parser.add_argument("--family", action="append")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)  # as the program does
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.data is not None:
            paths = real_media(options.data, options.files)
        else:
            paths = make_media(folder / "media", options.files)
        os.environ["MMSTUDIO_HOME"] = str(folder / "home")
        studio = Studio.create(folder / "Bench.mmlib")
        add_files(studio.library, *paths)
        context = AppContext(Settings())
        context.adopt(studio)
        settle(context)
        window = MainWindow(context)
        window.resize(1440, 900)
        window.show()
        settle(context)
        if options.train:
            report_training(context, window, options.train, options.family or ["image-vae", "image-gan"])
        else:
            report(context)
        window.close()
        settle(context)
    del app


def report_training(context: AppContext, window: MainWindow, steps: int, families: list[str]) -> None:
    """A line for each family, from the press of the button to the finished model."""
    watch = Watch()
    reference(watch)
    window.readiness.start()
    window.warm_up()
    settle(context)
    wait_until(lambda: context.idle, timeout=600)
    window.show_pane("models")
    settle(context)
    pane = window.panes["models"]
    assert isinstance(pane, ModelsPane)
    pane.form, pane.live  # noqa: B018 - built before, as they are once a training was begun
    print(watch.line("the engine, the page"), flush=True)
    for family in families:
        ended: list[str] = []

        def hear(event: JobEvent, ended: list[str] = ended) -> None:
            if event.kind == "train" and event.state in FINAL_STATES:
                ended.append(event.state)

        context.job_event.connect(hear)
        pane._submit({"family": family, "name": f"bench-{family}", "size": 64, "steps": steps})
        wait_until(lambda ended=ended: bool(ended), timeout=3600)  # type: ignore[misc]
        settle(context)
        context.job_event.disconnect(hear)
        print(watch.line(f"{family}, {steps} steps: {ended[0]}"), flush=True)


def report(context: AppContext) -> None:
    """Both lines."""
    watch = Watch()
    reference(watch)
    report_features(context, watch)


def reference(watch: Watch) -> None:
    """The window alone beside other programs."""
    seconds = 8
    burn = [sys.executable, "-c", _BURN.format(seconds=seconds)]
    burning = [subprocess.Popen(burn) for _ in range(os.cpu_count() or 1)]
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > until)
    for one in burning:
        one.wait()
    print(watch.line("nothing to do, other programs compute"), flush=True)


def report_features(context: AppContext, watch: Watch) -> None:
    """The kinds one after the other."""
    engine = threading.Thread(target=lambda: context.studio and context.studio.features.device)
    engine.start()
    wait_until(lambda: not engine.is_alive(), timeout=600)
    print(watch.line("loading the engine, once a session"), flush=True)
    for kind in ("audio", "video", "image", None):
        handle = context.submit("features", {"kind": kind})
        assert handle is not None
        wait_until(handle.future.done, timeout=600)
        settle(context)
        print(watch.line(f"features of {kind or 'the rest'}"), flush=True)


if __name__ == "__main__":
    main()
