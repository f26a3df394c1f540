"""The button that chooses where an ad is shown: alone or in a mock-up, phone or desktop, light or dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import action, name
from mmstudio.desktop.views.controls import ICON
from mmstudio.desktop.views.mockup import PLACES, Device, Mockup, Place
from mmstudio.i18n import mark

_DEVICES: dict[Device, str] = {"phone": mark("Phone"), "desktop": mark("Desktop")}


class MockupButton(QToolButton):
    """A tool button with a menu; ``chosen`` carries a :class:`Mockup`, ``counts`` whether drops are told."""

    chosen = Signal(object)
    counts = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mockup = Mockup()
        self.setIcon(icon("device-mobile", "text", "accent"))
        self.setIconSize(ICON)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        name(self, mark("Show as"), mark("Show it where it will be seen: feed, story, e-mail, web card"))
        menu = QMenu(self)
        self.places = self._group(menu, PLACES, "place")
        menu.addSeparator()
        self.devices = self._group(menu, _DEVICES, "device")
        menu.addSeparator()
        self.dark = action(self, mark("Dark"), self._look, checkable=True)
        menu.addAction(self.dark)
        menu.addSeparator()
        self.counting = action(self, mark("Count frames shown and dropped"), self._count, checkable=True)
        menu.addAction(self.counting)
        self.setMenu(menu)
        self._mark()

    def show_mockup(self, mockup: Mockup) -> None:
        """Choose as a person would."""
        self.mockup = mockup
        self._mark()
        self.chosen.emit(mockup)

    def _group(self, menu: QMenu, words: Mapping[Any, str], field: str) -> dict[str, QAction]:
        group = QActionGroup(self)
        made: dict[str, QAction] = {}
        for key, text in words.items():
            entry = action(self, text, partial(self._choose, field, key), checkable=True)
            group.addAction(entry)
            menu.addAction(entry)
            made[key] = entry
        return made

    def _choose(self, field: str, key: str) -> None:
        self.show_mockup(replace(self.mockup, **{field: key}))  # type: ignore[arg-type]

    def _look(self) -> None:
        self.show_mockup(replace(self.mockup, dark=self.dark.isChecked()))

    def _count(self) -> None:
        self.counts.emit(self.counting.isChecked())

    def _mark(self) -> None:
        place: Place = self.mockup.place
        self.places[place].setChecked(True)
        self.devices[self.mockup.device].setChecked(True)
        self.dark.setChecked(self.mockup.dark)
        for entry in (*self.devices.values(), self.dark):
            entry.setEnabled(place != "plain")
