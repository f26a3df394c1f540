"""A certificate of one's own to try signing with, made by a job; what it is not good for is said first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QFormLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.preference_rows import Note
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent

_DAYS = 365
_FOLDER = "MM Studio certificate"  # the name of a folder


class CertificateDialog(QDialog):
    """Asks who signs and for how long; :attr:`made` carries the path of the file to sign with."""

    made = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._watch: JobWatch | None = None
        self._folder = str(Path.home() / _FOLDER)
        self.setWindowTitle(tr("Make a test certificate"))
        limits = label(
            mark(
                "It lets you try signing today. Nobody vouches for it: other programs show “valid, signer "
                "not trusted” unless they are given its authority file. For work that others must trust, "
                "get a certificate from a public authority for C2PA."
            ),
            "muted",
            wrap=True,
        )
        self.signer = QLineEdit(context.settings.reviewer)
        self.signer.setMaxLength(64)
        name(self.signer, mark("Who signs"), mark("A person or a firm; everyone who checks a file sees it."))
        self.days = QSpinBox()
        inset(self.days)
        self.days.setRange(1, 3650)
        self.days.setValue(_DAYS)
        name(self.days, mark("Days it can sign"))
        self.folder_label = label(role="small", wrap=True)
        self.note = Note()
        self.make_button = button(mark("Make it"), self.make, "primary", icon="circle-wavy-check")
        self.signer.textChanged.connect(lambda _text: self._enable())
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.addRow(label(mark("Who signs")), self.signer)
        form.addRow(label(mark("Days it can sign")), self.days)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        for part in (limits, form, self.folder_label, self.note):
            if isinstance(part, QFormLayout):
                layout.addLayout(part)
            else:
                layout.addWidget(part)
        layout.addStretch(1)
        other = button(mark("Other folder"), self._browse, icon="folder-open")
        layout.addLayout(row(other, None, self.make_button))
        let_wrap(self)
        self.setFixedWidth(460)
        self._show_folder()
        self._enable()
        self.adjustSize()

    @property
    def folder(self) -> str:
        """Where the two files go."""
        return self._folder

    def set_folder(self, folder: str) -> None:
        """Write there."""
        self._folder = folder
        self._show_folder()

    def make(self) -> None:
        """Start the job; the dialog closes when both files are there."""
        params = {"folder": self._folder, "name": self.signer.text().strip(), "days": self.days.value()}
        handle = self.context.submit("certificate", params)
        if handle is not None:
            self._watch = JobWatch(self.context, handle, self, on_done=self._done, on_ended=self._ended)
            self._enable()

    def _done(self, result: dict[str, Any]) -> None:
        self._watch = None
        folder = str(Path(result["signing"]).parent)
        self.context.notify(
            tr("The certificate is made: sign with {name}.", name=Path(result["signing"]).name),
            tr(
                "Keep it to yourself, it holds the key. Give {name} to those who check.",
                name=Path(result["authority"]).name,
            ),
            (tr("Open folder"), lambda: open_path(folder)),
            level="success",
        )
        self.made.emit(str(result["signing"]))
        self.accept()

    def _ended(self, event: JobEvent) -> None:
        self._watch = None
        self.note.tell(" ".join(part for part in (event.error, event.hint) if part), error=True)
        self._enable()

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the certificate"), str(Path.home()))
        if folder:
            self.set_folder(folder)

    def _show_folder(self) -> None:
        say(
            self.folder_label,
            mark("Two files go into {folder}: signing.pem (yours alone) and authority.pem (to give away)."),
            folder=self._folder,
        )

    def _enable(self) -> None:
        self.make_button.setEnabled(self._watch is None and bool(self.signer.text().strip()))
