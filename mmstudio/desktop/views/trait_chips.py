"""Traits of an audience as chips that can be taken out, and a line to add one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr


class TraitChips(QWidget):
    """:attr:`edited` carries all traits after a change."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._traits: dict[str, Any] = {}
        self._read_only = False
        self.chips: dict[str, QToolButton] = {}
        self._strip = QWidget()
        self._flow = FlowLayout(self._strip, 4)
        self.field = QLineEdit()
        name(self.field, mark("Add a trait"), mark("A name and a value, such as age: 25–40; Enter adds it"))
        say(self.field, mark("Add a trait, such as age: 25–40"), "setPlaceholderText")
        self.field.returnPressed.connect(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._strip)
        layout.addWidget(self.field)

    def show_traits(self, traits: Mapping[str, Any], *, read_only: bool) -> None:
        """Show the traits of an audience."""
        self.field.setReadOnly(read_only)
        if dict(traits) == self._traits and read_only == self._read_only and self.chips:
            return
        self._traits, self._read_only = dict(traits), read_only
        self._flow.clear()
        self.chips = {}
        for key, value in self._traits.items():
            self.chips[key] = self._chip(key, value)
            self._flow.addWidget(self.chips[key])
        self._strip.setVisible(bool(self.chips))
        self._strip.updateGeometry()

    def retranslate(self) -> None:
        """Say the chips in the language in use."""
        traits, self._traits = self._traits, {}
        self.show_traits(traits, read_only=self._read_only)

    def _chip(self, key: str, value: Any) -> QToolButton:
        words = f"{key}: {value_text(value)}"
        chip = QToolButton()
        chip.setProperty("role", "chip")
        chip.setText(words)
        chip.setAccessibleName(words if self._read_only else tr("Take out: {what}", what=words))
        chip.setToolTip(chip.accessibleName())
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if not self._read_only:
            chip.setIcon(icon("x", "muted"))
            chip.setIconSize(QSize(12, 12))
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            chip.clicked.connect(lambda _on=False: self._remove(key))
        return chip

    def _remove(self, key: str) -> None:
        self.edited.emit({k: v for k, v in self._traits.items() if k != key})

    def _add(self) -> None:
        text = self.field.text().replace("：", ":").strip()
        if not text or self._read_only:
            return
        key, _, value = (part.strip() for part in text.partition(":"))
        self.field.clear()
        if key:
            self.edited.emit({**self._traits, key: value or True})


def value_text(value: Any) -> str:
    """A trait's value in words."""
    if value is True:
        return tr("yes")
    if isinstance(value, list | tuple):
        return tr(", ").join(map(str, value))
    return str(value)
