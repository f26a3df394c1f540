"""Whether an export of many rows becomes one encrypted bundle, and who can open it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QRadioButton, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.popup_card import PopupCard
from mmstudio.i18n import mark, tr, tr_error

_WIDTH = 400
_WAYS = (
    ("", mark("A folder for each row, not encrypted")),
    ("recipient", mark("One bundle for a recipient (age key)")),
    ("passphrase", mark("One bundle that a passphrase opens")),
)


class EncryptPopup(PopupCard):
    """A folder, or one bundle to a recipient or a passphrase; :attr:`changed` is sent after each change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name(self, mark("Encryption"))
        self.ways: dict[str, QRadioButton] = {}
        self.recipient = QLineEdit()
        self.recipient.setPlaceholderText("age1…")
        name(self.recipient, mark("Recipient"), mark("The age key that the recipient has given you."))
        self.passphrase = QLineEdit()
        name(self.passphrase, mark("Passphrase"), mark("At least eight characters; tell it by another way."))
        self.again = QLineEdit()
        name(self.again, mark("Passphrase again"))
        for field in (self.passphrase, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        say(self.passphrase, mark("Passphrase"), "setPlaceholderText")
        say(self.again, mark("Passphrase again"), "setPlaceholderText")
        self.problem = label(role="small", wrap=True)
        self.column.addWidget(label(mark("Encryption"), "heading"))
        fields = {"recipient": (self.recipient,), "passphrase": (self.passphrase, self.again)}
        for key, words in _WAYS:
            way = self.ways[key] = QRadioButton()
            say(way, words)
            name(way, words)
            way.toggled.connect(lambda _on: self._change())
            self.column.addWidget(way)
            for field in fields.get(key, ()):
                field.textChanged.connect(lambda _text: self._change())
                self.column.addWidget(field)
        self.anew = label(
            mark("Only the bundle is written, anew each time: what is inside cannot be compared."),
            "small", wrap=True,
        )  # fmt: skip
        self.column.addWidget(self.anew)
        self.column.addWidget(self.problem)
        self.ways[""].setChecked(True)
        self._change()

    @property
    def way(self) -> str:
        """What was chosen: "" for a folder, "recipient" or "passphrase"."""
        return next((key for key, box in self.ways.items() if box.isChecked()), "")

    def encryption(self) -> dict[str, Any] | None:
        """``encrypt`` of a job of kind "matrix"; None for a folder. Ask :meth:`wrong` first."""
        if self.way == "recipient":
            return {"recipient": self.recipient.text().strip()}
        return {"passphrase": self.passphrase.text()} if self.way == "passphrase" else None

    def wrong(self) -> str:
        """What is missing or wrong, as a sentence; "" where it can start."""
        from mmstudio.errors import StudioError
        from mmstudio.export.encrypt import check_passphrase, check_recipient

        try:
            if self.way == "recipient":
                if not self.recipient.text().strip():
                    return tr("Give the age key of the recipient.")
                check_recipient(self.recipient.text())
            elif self.way == "passphrase":
                check_passphrase(self.passphrase.text())
                if self.passphrase.text() != self.again.text():
                    return tr("The two passphrases are not the same.")
        except StudioError as error:
            return " ".join(part for part in tr_error(error) if part)
        return ""

    def forget(self) -> None:
        """Keep no passphrase once it was used or another library is open."""
        self.passphrase.clear()
        self.again.clear()

    def open_below(self, anchor: QWidget) -> None:
        """Show under a widget, or above it where the screen ends."""
        self.setFixedWidth(_WIDTH)
        self.adjustSize()
        self.place(anchor, right=False)
        self.ways[self.way].setFocus()

    def retranslate(self) -> None:
        """Another language: the sentence about what is missing."""
        self.problem.setText(self.wrong())

    def _change(self) -> None:
        self.recipient.setVisible(self.way == "recipient")
        for field in (self.passphrase, self.again):
            field.setVisible(self.way == "passphrase")
        self.anew.setVisible(bool(self.way))
        self.problem.setText(self.wrong())
        self.problem.setVisible(bool(self.problem.text()))
        if self.isVisible():
            self.adjustSize()
        self.changed.emit()
