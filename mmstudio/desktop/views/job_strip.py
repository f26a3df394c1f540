"""The strip at the foot of the window: the job at work, how far it is, pause and cancel; notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from mmstudio.desktop.models.job_model import JobModel, JobRow, progress_text, state_text
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import tool
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_EVERY_MS = 1000  # the time left counts down between events


class JobStrip(QWidget):
    """Shows the first running job; a click on its name goes to Jobs."""

    def __init__(self, context: AppContext, jobs: JobModel, at_right: QWidget) -> None:
        super().__init__()
        self._context, self._jobs = context, jobs
        self._shown: JobRow | None = None
        self.setProperty("surface", "strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(36)
        self.title = QPushButton()
        self.title.setProperty("role", "quiet")
        self.title.clicked.connect(lambda _on=False: context.navigate("jobs"))
        name(self.title, mark("Jobs"), mark("Show all jobs"))
        self.bar = QProgressBar()
        self.bar.setFixedWidth(160)
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the job"))
        self.progress = label(role="small")
        self.pause = tool("pause", mark("Pause the job"), self._pause)
        self.cancel = tool("x", mark("Cancel the job"), self._cancel)
        self.more = label(role="small")
        self.status = label(role="small")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(8)
        for widget in (self.title, self.bar, self.progress, self.pause, self.cancel, self.more, self.status):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(at_right)
        self._clock = QTimer(self)
        self._clock.setInterval(_EVERY_MS)
        self._clock.timeout.connect(self.refresh)
        jobs.busy_changed.connect(self.refresh)
        context.language_changed.connect(self.refresh)
        self.refresh()

    def set_status(self, text: str) -> None:
        """Words at rest, e.g. an action's tip; shown where no job runs."""
        self.status.setText(text)

    def refresh(self) -> None:
        """Show the job at work."""
        running = self._jobs.running
        row = self._shown = running[0] if running else None
        for widget in (self.title, self.bar, self.progress, self.pause, self.cancel):
            widget.setVisible(row is not None)
        self.more.setVisible(len(running) > 1)
        self.status.setVisible(row is None)
        if row is None:
            self._clock.stop()
            return
        if not self._clock.isActive():
            self._clock.start()
        self.title.setText(tr(row.title))
        fraction = row.fraction
        self.bar.setRange(0, 0 if fraction is None else 1000)
        self.bar.setValue(round((fraction or 0.0) * 1000))
        words = progress_text(row) if row.state == "running" else state_text(row)
        note = row.note if len(row.note) < 48 else row.note[:46] + "…"
        self.progress.setText(" · ".join(part for part in (words, note) if part))
        self.more.setText(tr("and {n} more", n=len(running) - 1))

    def _pause(self) -> None:
        if self._shown is not None:
            self._jobs.pause(self._shown.id)

    def _cancel(self) -> None:
        if self._shown is not None:
            self._jobs.cancel(self._shown.id)
