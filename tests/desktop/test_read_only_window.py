"""A window on a library that is open elsewhere: what would write is off and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.brand import BrandPane
from mmstudio.desktop.panes.items import ItemsPane
from mmstudio.desktop.panes.library import LibraryPane
from mmstudio.desktop.read_only import PARTS, WHY, guard_pane, writes
from mmstudio.studio import Studio
from support.libraries import new_library
from support.qt import settle, wait_until
from support.storefront import make_store, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


def test_an_empty_library_offers_nothing_that_writes(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    library = new_library(tmp_path)
    path = library.path
    library.close()
    context.adopt(Studio.open(path, read_only=True))
    pane = show_pane(LibraryPane, context, qtbot)
    wait_until(lambda: pane.stack.currentWidget() is pane.stack.message)
    shown = [one for one in pane.stack.message.findChildren(QPushButton) if one.isVisible()]
    assert [one.text() for one in shown] == []
    brand = show_pane(BrandPane, context, qtbot)
    wait_until(lambda: brand.states.currentWidget() is brand.states.message)
    assert not [one for one in brand.states.message.findChildren(QPushButton) if one.isVisible()]


def test_a_control_stays_off_whoever_enables_it_and_comes_back(context: AppContext, tmp_path: Path) -> None:
    path = make_store(tmp_path, items=1)
    context.adopt(Studio.open(path, read_only=True))
    button, action = QPushButton("Save"), QAction("Save")
    button.setToolTip("Keep it")
    writes(context, button, action)
    for control in (button, action):
        control.setEnabled(True)
        assert not control.isEnabled()
        assert control.toolTip() == WHY
    context.close_library()
    context.adopt(Studio.open(path))
    assert button.isEnabled()
    assert action.isEnabled()
    assert button.toolTip() == "Keep it"
    button.setEnabled(False)
    assert not button.isEnabled()


def test_panes_name_what_writes(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.open(make_store(tmp_path, items=2), read_only=True))
    pane = show_pane(ItemsPane, context, qtbot)
    guard_pane(context, pane, "items")
    settle(context)
    wait_until(lambda: pane.detail.ad_button.toolTip() == WHY)
    assert not pane.detail.ad_button.isEnabled()
    assert not pane._catalogue_action.isEnabled()
    assert pane.detail.similar_button.isEnabled() or not pane.detail.isVisible()


def test_every_named_part_is_there(context: AppContext, qtbot: QtBot) -> None:
    import importlib

    from mmstudio.desktop.window import PAGES, PANES

    places = {entry[0]: entry for entry in (*PANES, *PAGES)}
    for key in PARTS:
        entry = places[key]
        pane: QWidget = getattr(importlib.import_module(f"mmstudio.desktop.panes.{entry[3]}"), entry[4])(
            context
        )
        qtbot.addWidget(pane)
        guard_pane(context, pane, key)
