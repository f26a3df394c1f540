"""What a person may ask of an export beside its channels: privacy, label, signature, market."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QLabel, QLineEdit, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.certificate_dialog import CertificateDialog
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.popup_card import PopupCard, tick_box
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_LABELS = (
    ("auto", mark("Where the law asks for it")),
    ("always", mark("Always")),
    ("never", mark("Never")),
)


class OptionsPopup(PopupCard):
    """The options; :attr:`changed` is sent after each change. The defaults are the private ones."""

    changed = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        name(self, mark("Options of the export"))
        self._sign = ""
        self.blur = self._box(mark("Blur faces"), mark("Faces that are found; one that is not found stays."))
        self.masked = self._box(
            mark("Mask personal data in texts"), mark("E-mail addresses, phone, card and ID numbers.")
        )
        self.keep = self._box(
            mark("Keep names and places in originals"),
            mark("Otherwise camera, place and names are taken out of media that are handed over."),
        )
        self.trim = self._box(
            mark("Shorten films that are too long"), mark("They end with the last scene that fits.")
        )
        self.number = self._box(
            mark("Keep earlier files"), mark("A new file gets a number instead of taking its place.")
        )
        self.label = QComboBox()
        for value, words in _LABELS:
            self.label.addItem(tr(words), value)
        self.label.currentIndexChanged.connect(lambda _index: self.changed.emit())
        name(self.label, mark("Visible label of generated content"))
        self.market = QLineEdit()
        self.market.setMaxLength(2)
        self.market.setFixedWidth(64)
        self.market.textChanged.connect(lambda _text: self.changed.emit())
        name(
            self.market,
            mark("Country it is made for"),
            mark("Two letters, such as DE or CN; rights are checked."),
        )
        self.sign_button = button(
            mark("Choose a certificate"), self._choose_certificate, icon="circle-wavy-check"
        )
        self.sign_label = QLabel()
        self.sign_label.setProperty("role", "small")
        self.sign_clear = button(mark("Do not sign"), lambda: self.set_certificate(""), "quiet")
        self.sign_new = button(
            mark("None yet? Make a test certificate"), self.new_certificate, "link",
            tip=mark("To try signing with; nobody vouches for it"),
        )  # fmt: skip
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.addRow(label(mark("Label “made with AI”")), self.label)
        form.addRow(label(mark("Country")), self.market)
        column = self.column
        column.setSpacing(6)
        column.addWidget(label(mark("Options"), "heading"))
        for box in (self.blur, self.masked, self.keep, self.trim, self.number):
            column.addWidget(box)
        column.addLayout(form)
        column.addWidget(label(mark("Signature (C2PA)"), "small"))
        column.addLayout(row(self.sign_button, self.sign_clear, None))
        column.addWidget(self.sign_label)
        column.addWidget(self.sign_new, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_certificate("")

    def options(self) -> dict[str, Any]:
        """What differs from the defaults, as a job's parameters take it."""
        found: dict[str, Any] = {}
        for key, box in (
            ("blur_faces", self.blur), ("mask_personal", self.masked), ("keep_metadata", self.keep),
            ("trim", self.trim),
        ):  # fmt: skip
            if box.isChecked():
                found[key] = True
        if self.number.isChecked():
            found["overwrite"] = "number"
        if self.label.currentData() != "auto":
            found["label"] = self.label.currentData()
        if re.fullmatch(r"[A-Za-z]{2}", self.market.text()):
            found["market"] = self.market.text().upper()
        if self._sign:
            found["sign_with"] = self._sign
        return found

    def retranslate(self) -> None:
        """Another language: words that Qt keeps as they were."""
        for index, (_value, words) in enumerate(_LABELS):
            self.label.setItemText(index, tr(words))
        if not self._sign:
            self.sign_label.setText(tr("Files are not signed."))

    def set_certificate(self, path: str) -> None:
        """Sign with this PEM file; "" for no signature."""
        self._sign = path
        self.sign_label.setText(Path(path).name if path else tr("Files are not signed."))
        self.sign_clear.setVisible(bool(path))
        self.sign_new.setVisible(not path)
        self.changed.emit()

    def new_certificate(self) -> CertificateDialog:
        """Ask who signs, and make a certificate to try signing with; it is chosen once it is there."""
        self.hide()
        dialog = CertificateDialog(self._context, self.parentWidget() or self)
        dialog.made.connect(self.set_certificate)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def open_below(self, anchor: QWidget) -> None:
        """Show under a widget, or above it where the screen ends."""
        self.adjustSize()
        self.place(anchor, right=False)
        self.blur.setFocus()

    def _box(self, words: str, tip: str) -> QCheckBox:
        box = tick_box(words, changed=self.changed.emit)
        name(box, words, tip)
        return box

    def _choose_certificate(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(self, tr("Certificate and key"), "", "PEM (*.pem)")
        if path:
            self.set_certificate(path)
        self.show()
