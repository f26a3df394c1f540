"""A training as it runs: curves, the newest sample grid, speed, time left, pause and stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, help_dot, row
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.desktop.words import span_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from mmstudio.jobs import JobEvent


class TrainingView(QWidget):
    """Fed with the job's events by :meth:`hear`."""

    paused = Signal()
    stopped = Signal()
    grid_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = ""
        self._since = (0.0, 0)
        self._speed = 0.0
        self.title = label(role="title")
        self.note = label(role="muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the training"))
        self.numbers = label(role="strong")
        self.pause_button = button(mark("Pause"), self.paused.emit, icon="pause")
        self.stop_button = button(mark("Stop and keep"), self.stopped.emit, icon="stop")
        self.plot = LossPlot()
        self.samples = PictureCanvas()
        name(self.samples, mark("What the model draws now"))
        self.samples.show_message(tr("The first pictures appear here soon."))
        left, right = QWidget(), QWidget()
        left_layout, right_layout = QVBoxLayout(left), QVBoxLayout(right)
        for layout in (left_layout, right_layout):
            layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setContentsMargins(0, 0, 16, 0)
        right_layout.setContentsMargins(16, 0, 0, 0)
        explanation = mark(
            "The losses say how far the model is from its goal. They should fall and then level out; when "
            "they have been level for a while, more steps bring little."
        )
        left_layout.addLayout(row(label(mark("Losses"), "strong"), help_dot(explanation), None, spacing=4))
        left_layout.addWidget(self.plot, 1)
        right_layout.addWidget(label(mark("What the model draws now"), "strong"))
        right_layout.addWidget(self.samples, 1)
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([500, 500])
        root = QVBoxLayout(self)
        root.setContentsMargins(24, 16, 24, 16)
        root.setSpacing(8)
        root.addLayout(row(self.title, None, self.pause_button, self.stop_button))
        root.addWidget(self.note)
        root.addWidget(self.bar)
        root.addWidget(self.numbers)
        root.addWidget(splitter, 1)

    def begin(self, model: str) -> None:
        """A new training starts."""
        self.title.setText(model)
        say(self.note, mark("Preparing"))
        self.numbers.clear()
        self.bar.setRange(0, 0)
        self.plot.clear()
        self._grid, self._since, self._speed = "", (time.monotonic(), -1), 0.0
        self.samples.show_message(tr("The first pictures appear here soon."))
        self._allow(True)

    def hear(self, event: JobEvent) -> None:
        """An event of this training."""
        progress = event.progress
        if progress is None:
            return
        if progress.note:
            self.note.setText(progress.note)
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        data = progress.data or {}
        if "losses" in data:
            self.plot.add(int(data.get("step", progress.done)), dict(data["losses"]))
            self._say_numbers(progress.done, progress.total or 0, float(data.get("per_second", 0.0)))
        grid = str(data.get("grid", ""))
        if grid and grid != self._grid:
            self._grid = grid
            self.grid_changed.emit(grid)

    def show_grid(self, image: QImage) -> None:
        """The newest sample grid, loaded."""
        if not image.isNull():
            self.samples.show_image(image)

    def show_stopping(self, text: str) -> None:
        """Pause or stop was asked for; the running step ends first."""
        say(self.note, text)
        self._allow(False)

    def _allow(self, allowed: bool) -> None:
        self.pause_button.setEnabled(allowed)
        self.stop_button.setEnabled(allowed)

    def _say_numbers(self, done: int, total: int, per_second: float) -> None:
        began, first = self._since
        if first < 0 or done < first:
            self._since = (time.monotonic(), done)
            left = ""
        else:
            steps = done - first
            rate = steps / max(1e-6, time.monotonic() - began)
            left = (
                tr("{time} left", time=span_text((total - done) / rate)) if steps > 2 and total > done else ""
            )
        self._speed = per_second if not self._speed else 0.8 * self._speed + 0.2 * per_second
        words = [
            tr("Step {done} of {total}", done=f"{done:,}", total=f"{total:,}"),
            tr("{n} pictures per second", n=f"{self._speed:.0f}"),
            left,
        ]
        self.numbers.setText("   ·   ".join(w for w in words if w))
