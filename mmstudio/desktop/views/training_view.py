"""A training as it runs: curves, sample sheets, speed, time left, the best so far, pause and stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.trials import distance_text
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.curves import LOSSES, QUALITY, CurveTabs
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.sample_reel import SampleReel
from mmstudio.desktop.words import span_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from mmstudio.jobs import JobEvent


class TrainingView(QWidget):
    """Fed with the job's events by :meth:`hear`, and with what was logged before by :meth:`show_past`."""

    paused = Signal()
    stopped = Signal()
    grid_changed = Signal(str)  # path of the sheet to load
    played = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = ""
        self._since = (0.0, 0)
        self._speed = 0.0
        self._best: tuple[int, dict[str, float]] | None = None
        self.title = label(role="title")
        self.note = label(role="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the training"))
        self.numbers = label(role="strong", wrap=True)
        self.best = label(role="small", wrap=True)
        self.best.hide()
        self.play_button = button(mark("Play with it"), self.played.emit, icon="sliders-horizontal")
        say(self.play_button, mark("Move through what it draws while it learns"), "setToolTip")
        self.pause_button = button(mark("Pause"), self.paused.emit, icon="pause")
        self.stop_button = button(mark("Stop and keep"), self.stopped.emit, icon="stop")
        self.losses = CurveTabs(LOSSES, mark("Curves of the training"))
        self.quality = CurveTabs(QUALITY, mark("Curves of the quality"))
        self.samples = SampleReel()
        self.samples.wanted.connect(self.grid_changed)
        left, right = QWidget(), QWidget()
        left_layout, right_layout = QVBoxLayout(left), QVBoxLayout(right)
        left_layout.setContentsMargins(0, 0, 16, 0)
        right_layout.setContentsMargins(16, 0, 0, 0)
        left_layout.addWidget(self.losses, 1)
        left_layout.addWidget(self.quality, 1)
        self.quality.hide()
        right_layout.addWidget(label(mark("What the model draws, always from the same seeds"), "strong"))
        right_layout.addWidget(self.samples, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([500, 500])
        root = QVBoxLayout(self)
        root.setContentsMargins(24, 16, 24, 16)
        root.setSpacing(8)
        root.addLayout(row(self.title, None, self.play_button, self.pause_button, self.stop_button))
        root.addWidget(self.note)
        root.addWidget(self.bar)
        root.addWidget(self.numbers)
        root.addWidget(self.best)
        root.addWidget(splitter, 1)
        let_wrap(self)

    def begin(self, model: str) -> None:
        """A new training starts."""
        self.title.setText(model)
        say(self.note, mark("Preparing"))
        self.numbers.clear()
        self.bar.setRange(0, 0)
        self.losses.clear()
        self.quality.clear()
        self.quality.hide()
        self.best.hide()
        self._best = None
        self._grid, self._since, self._speed = "", (time.monotonic(), -1), 0.0
        self.samples.clear()
        self._allow(True)
        self.play_button.setEnabled(False)

    def show_past(
        self,
        history: list[dict[str, Any]],
        figures: list[dict[str, Any]],
        sheets: list[str],
        best: tuple[int, dict[str, float]] | None,
    ) -> None:
        """What an earlier part of this training left: lines of its logs, its sample sheets, its best step."""
        if history and self.losses.empty:
            self.losses.show_history(history)
        if figures and self.quality.empty:
            self.quality.show_history(figures, "figures")
            if best is not None:
                self._show_best(best)
        self.quality.setVisible(not self.quality.empty)
        if sheets and not self.samples.paths:
            self.samples.set_paths(sheets)
            self._grid = sheets[-1]
            self.play_button.setEnabled(bool(history))

    def hear(self, event: JobEvent) -> None:
        """An event of this training."""
        progress = event.progress
        if progress is None:
            return
        if progress.note:
            unsay(self.note)
            self.note.setText(progress.note)
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        data = progress.data or {}
        step = int(data.get("step", progress.done))
        if "losses" in data:
            self.losses.add(step, dict(data["losses"]))
            self._say_numbers(progress.done, progress.total or 0, float(data.get("per_second", 0.0)))
        if data.get("figures"):
            self.quality.add(step, dict(data["figures"]))
            self.quality.show()
            self._note_best(step, dict(data["figures"]))
        grid = str(data.get("grid", ""))
        if grid and grid != self._grid:
            self._grid = grid
            self.samples.add(grid)
            self.play_button.setEnabled(True)  # a checkpoint comes with the first sheet

    def show_grid(self, image: QImage) -> None:
        """The sheet that was asked for, loaded."""
        self.samples.show_sheet(image)

    def show_stopping(self, text: str) -> None:
        """Pause or stop was asked for; the running step ends first."""
        say(self.note, text)
        self._allow(False)

    def restyle(self) -> None:
        """The theme or the language changed."""
        self.losses.restyle()
        self.quality.restyle()

    def _allow(self, allowed: bool) -> None:
        self.pause_button.setEnabled(allowed)
        self.stop_button.setEnabled(allowed)

    def _note_best(self, step: int, figures: dict[str, float]) -> None:
        # Only now: the rule lives beside the engine, which is loaded while something trains.
        from mmstudio.learning.engine.judge import better

        whole = {"kernel_distance", "nearest_ratio"} <= set(figures)
        if whole and better(figures, self._best[1] if self._best else None):
            self._show_best((step, figures))

    def _show_best(self, best: tuple[int, dict[str, float]]) -> None:
        self._best = best
        say(
            self.best,
            mark("Best so far: step {step}, distance {distance}. It is kept whatever comes after."),
            step=f"{best[0]:,}",
            distance=distance_text(best[1]["kernel_distance"]),
        )
        self.best.show()

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
        shown = f"{self._speed:.0f}" if self._speed >= 10 else f"{self._speed:.1f}"
        words = [
            tr("Step {done} of {total}", done=f"{done:,}", total=f"{total:,}"),
            tr("{n} pictures per second", n=shown),
            left,
        ]
        self.numbers.setText("   ·   ".join(w for w in words if w))
