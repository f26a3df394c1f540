"""Finished files into one bundle that only a recipient, or who knows a passphrase, can open (age)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.files import open_path
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext


def bundle(files: list[str], target: Path, recipient: str, passphrase: str) -> list[Path]:
    """Pack and encrypt; returns what goes to the recipient. Not for the GUI thread.

    Raises UsageError for a wrong recipient or a passphrase that is too short; DiskFull, StudioError.
    """
    from mmstudio.export.encrypt import (
        check_passphrase,
        check_recipient,
        encrypt_folder,
        encrypt_with_passphrase,
    )

    if recipient:
        check_recipient(recipient)
    else:
        check_passphrase(passphrase)
    with tempfile.TemporaryDirectory(prefix=".mmstudio-bundle-", dir=target.parent) as temporary:
        folder = Path(temporary)
        for number, file in enumerate(files):
            source = Path(file)
            there = folder / source.name
            shutil.copyfile(source, there if not there.exists() else folder / f"{number}-{source.name}")
        if recipient:
            return [encrypt_folder(folder, target, recipient)]
        return encrypt_with_passphrase(folder, target, passphrase)


class EncryptDialog(QDialog):
    """Asks for a recipient or a passphrase, then writes the bundle beside the files."""

    def __init__(self, context: AppContext, files: list[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.context, self._files = context, files
        self.setWindowTitle(tr("Encrypt files"))
        self.recipient = QLineEdit()
        self.recipient.setPlaceholderText("age1…")
        name(self.recipient, mark("Recipient"), mark("The age key that the recipient has given you."))
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        name(self.passphrase, mark("Passphrase"), mark("At least eight characters; tell it by another way."))
        for field in (self.recipient, self.passphrase):
            field.textChanged.connect(lambda _text: self._enable())
        self.go_button = button(mark("Encrypt"), self.encrypt, "primary", icon="lock")
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.addRow(label(mark("Recipient")), self.recipient)
        form.addRow(label(mark("or passphrase")), self.passphrase)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.addWidget(
            label(mark("One bundle is written beside the files; they stay as they are."), "small")
        )
        layout.addLayout(form)
        layout.addLayout(row(None, self.go_button))
        self.resize(460, 180)
        self._enable()

    def encrypt(self) -> None:
        """Write the bundle in the background."""
        target = Path(self._files[0]).parent / f"{Path(self._files[0]).stem}.zip.age"
        files, recipient, secret = list(self._files), self.recipient.text().strip(), self.passphrase.text()
        self.go_button.setEnabled(False)

        def failed(error: Exception) -> None:
            self._enable()
            self.context.report(error)

        self.context.background(
            lambda: bundle(files, target, recipient, secret), self._done, failed, owner=self
        )

    def _done(self, made: list[Path]) -> None:
        folder = str(made[0].parent)
        self.context.notify(
            tr("The encrypted bundle {name} is written.", name=made[0].name),
            action=(tr("Open folder"), lambda: open_path(folder)),
        )
        self.accept()

    def _enable(self) -> None:
        one = bool(self.recipient.text().strip()) != bool(self.passphrase.text())
        self.go_button.setEnabled(one)
