"""What the library doctor could not check yet, and the way to it: measuring, then checking again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button, row
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent


class DoctorNote(QWidget):
    """Hidden where everything was checked.

    Signals:
        extracted: what was missing is measured now; a check finds more.
    """

    extracted = Signal()

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._watch: JobWatch | None = None
        self.partial = label(role="warning", wrap=True)
        self.extract = button(mark("Extract features"), self._extract)
        self.setLayout(row(self.partial, self.extract, margins=(16, 0, 16, 8), spacing=12))
        self.partial.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.hide()

    def show_notes(self, notes: Sequence[str]) -> None:
        """Sentences of a report, in the person's language; none hide it."""
        self.partial.setText(" ".join(notes))
        self._let()
        self.setVisible(bool(notes))

    def forget(self) -> None:
        """Another library is open: what is measured in the one before calls for no check here."""
        if self._watch is not None:
            self._watch.deleteLater()
            self._watch = None
        self._let()
        self.hide()

    def _extract(self) -> None:
        handle = self._context.submit("features", {"kind": None, "extractor": None})
        if handle is not None:
            self._watch = JobWatch(
                self._context, handle, self, on_done=lambda _r: self._done(), on_ended=self._ended
            )
            self._let()

    def _done(self) -> None:
        self._ended()
        self.extracted.emit()

    def _ended(self, _event: JobEvent | None = None) -> None:
        self._watch = None
        self._let()

    def _let(self) -> None:
        self.extract.setEnabled(not self._context.read_only and self._watch is None)
