"""How soon the storyboard editor answers: a step of a drag, a change of a value, undo.

    python tests/benchmarks/bench_editor.py [--data ../shared/data]

A product ad of the shop in ../shared/data where it is, of a drawn shop otherwise, in a window of 1440 x 900.
Beside it stands the frame that export would draw, made anew in the same run: what each change would cost
without drafts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_preview import make_library
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from mmstudio.composition import Composer
from mmstudio.composition.editing import layer_of, set_values
from mmstudio.composition.render import Renderer
from mmstudio.composition.render.pictures import Pictures
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.editor import EditorPane
from mmstudio.desktop.views.editor_frames import EditFrame
from mmstudio.settings import Settings
from mmstudio.studio import Studio

STEPS = 60


def line(words: str, seconds: list[float]) -> None:
    """Median and 95th percentile in milliseconds."""
    ms = sorted(1000 * s for s in seconds)
    print(f"{words:66} median {statistics.median(ms):7.1f} ms   p95 {ms[int(0.95 * (len(ms) - 1))]:7.1f} ms")


def turn(until: Callable[[], bool]) -> None:
    """Run the event loop until it happened."""
    while not until():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 2)


def send(widget: QWidget, kind: QEvent.Type, at: QPointF) -> None:
    """One event of the left mouse button."""
    held = Qt.MouseButton.LeftButton
    pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else held
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QMouseEvent(kind, at, at, pressed, held, none))


def drags(pane: EditorPane) -> tuple[list[float], list[float], list[float]]:
    """Seconds from each step of the mouse to the moved box on screen (by the clock, and of the window's own
    thread), and to the drawn frame."""
    pane.model.choose(["hero"])
    rect = pane.canvas.rect_of("hero")
    assert rect is not None
    start = pane.canvas.to_pixels(rect).center()
    boxes: list[float] = []
    own: list[float] = []
    frames: list[float] = []
    arrived: list[int] = []

    def drawn(frame: EditFrame) -> None:
        arrived.append(frame.number)

    pane.frames.drawn.connect(drawn)
    send(pane.canvas, QEvent.Type.MouseButtonPress, start)
    for n in range(STEPS):
        at = start + QPointF(3 + n % 40, n % 25)
        began, computed = time.perf_counter(), time.thread_time()
        send(pane.canvas, QEvent.Type.MouseMove, at)
        pane.canvas.repaint()
        boxes.append(time.perf_counter() - began)
        own.append(time.thread_time() - computed)
        wanted = pane._shown
        turn(lambda wanted=wanted: bool(arrived) and arrived[-1] >= wanted)
        pane.canvas.repaint()
        frames.append(time.perf_counter() - began)
    send(pane.canvas, QEvent.Type.MouseButtonRelease, start)
    pane.frames.drawn.disconnect(drawn)
    return boxes, own, frames


def changes(pane: EditorPane, change: Callable[[int], None]) -> list[float]:
    """Seconds from each change of a value to its frame on screen."""
    spent: list[float] = []
    arrived: list[int] = []
    pane.frames.drawn.connect(lambda frame: arrived.append(frame.number))
    for n in range(STEPS // 2):
        began = time.perf_counter()
        change(n)
        wanted = pane._shown
        turn(lambda wanted=wanted: bool(arrived) and arrived[-1] >= wanted)
        pane.canvas.repaint()
        spent.append(time.perf_counter() - began)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=None)
    data = parser.parse_args().data
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        library, item = make_library(Path(folder), data)
        board = Composer(library, None, None).compose("product-ad", item, inputs={"model": "none"})
        path = library.path
        library.close()
        context = AppContext(Settings(language="en", theme="light", reduce_motion=True))
        context.adopt(Studio.open(path))
        pane = EditorPane(context)
        pane.resize(1140, 830)  # what a window of 1440 x 900 leaves for it
        pane.show()
        pane.activated(storyboard=board.id)
        turn(lambda: not pane.canvas.image.isNull() and not pane.frames.busy and context.idle)
        print(f"canvas {pane.canvas.device_size().width()} x {pane.canvas.device_size().height()} px")
        boxes, own, frames = drags(pane)
        line("drag: from the mouse to the moved box", boxes)
        line("   of it the window's own thread computes", own)
        line("drag: from the mouse to the drawn frame", frames)

        pane.model.choose(["headline"])
        line("letter size: from the value to the drawn frame",
             changes(pane, lambda n: pane.panel.text.letters.setValue(5 + n % 7 * 0.5)))  # fmt: skip
        line("words: from the key to the drawn frame",
             changes(pane, lambda n: pane.panel.text.words.setPlainText("Away " * (1 + n % 4))))  # fmt: skip
        pane.model.choose(["hero"])
        line("opacity of the picture: from the value to the drawn frame",
             changes(pane, lambda n: pane.panel.layer.opacity.setValue(40 + n % 50)))  # fmt: skip
        line("undo: to the drawn frame", changes(pane, lambda _n: pane.undo()))

        now = pane.model.board
        assert now is not None
        pictures = Pictures(context.library)
        size = (pane.canvas.device_size().width(), pane.canvas.device_size().height())
        Renderer(now, context.library, pictures).frame(pane.model.time, size)
        exact: list[float] = []
        for n in range(10):
            made = set_values(now, 0, "headline", size=0.05 + 0.001 * n)
            assert layer_of(made, 0, "headline") is not None
            began = time.perf_counter()
            Renderer(made, context.library, pictures).frame(pane.model.time, size)
            exact.append(time.perf_counter() - began)
        line("reference: the frame as exported, made anew after a change", exact)
        pane.close_pane()
        turn(lambda: context.idle)
        context.close()
    app.processEvents()
    os._exit(0)  # worker threads of Qt need no farewell


if __name__ == "__main__":
    main()
