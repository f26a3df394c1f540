"""The editor without a mouse: every action by keys, and the time line as rows that screen readers know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QDoubleSpinBox
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.composition.editing.base import layer_of
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.editor import EditorPane
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_store(tmp_path_factory.mktemp("store"))
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        Composer(library, None, None).compose("product-ad", item.id, inputs={"model": "none"})
    return path


@pytest.fixture
def pane(context: AppContext, store: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[EditorPane]:
    shutil.copytree(store, tmp_path / "Shop.mmlib")
    context.adopt(Studio.open(tmp_path / "Shop.mmlib"))
    made = show_pane(EditorPane, context, qtbot, (1100, 760))
    made.activated()
    wait_until(lambda: made.model.board is not None and not made.canvas.image.isNull(), timeout=60.0)
    settle(context)
    yield made
    made.close_pane()


def test_select_move_scale_order_replace_lock_and_undo(pane: EditorPane, qtbot: QtBot) -> None:
    model, canvas = pane.model, pane.canvas
    canvas.setFocus()
    for _ in range(40):  # select: the layers one after another, the front one first
        qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
        if model.layers == ["hero"]:
            break
    assert model.layers == ["hero"]
    start = layer_of(model.board, model.scene, "hero").rect  # type: ignore[arg-type]

    def now() -> object:
        return layer_of(model.board, model.scene, "hero")  # type: ignore[arg-type]

    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)  # move
    moved = now().rect  # type: ignore[attr-defined]
    assert moved.x > start.x
    qtbot.keyClick(canvas, Qt.Key.Key_Down, CTRL | SHIFT)  # scale
    assert now().rect.h > moved.h  # type: ignore[attr-defined]
    names = [layer.name for layer in model.scene_now.layers]  # type: ignore[union-attr]
    pane.acts["forward"].trigger()  # ]
    assert [layer.name for layer in model.scene_now.layers] != names  # type: ignore[union-attr]
    assert pane.acts["forward"].shortcut().toString() == "]"
    # another picture: the list below is reached by Tab and takes with Enter
    wait_until(lambda: pane.strip.model.rowCount() > 0)
    settle(pane.context)
    choices = pane.strip.list
    choices.setFocus()
    other = next(
        n for n, one in enumerate(pane.strip.model.rows)
        if one.asset_id is not None and one.asset_id != now().asset_id  # type: ignore[attr-defined]
    )  # fmt: skip
    wanted = pane.strip.model.rows[other].asset_id
    choices.setCurrentIndex(pane.strip.model.index(other))
    qtbot.keyClick(choices, Qt.Key.Key_Return)
    wait_until(lambda: now().asset_id == wanted)  # type: ignore[attr-defined]
    pane.acts["lock"].trigger()
    assert now().locked  # type: ignore[attr-defined]
    box = now().rect  # type: ignore[attr-defined]
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert now().rect == box  # type: ignore[attr-defined]
    for _ in range(8):  # more than there are steps
        pane.undo()
    assert now().rect == start  # type: ignore[attr-defined]
    # what cannot be seen in one look has a key of its own
    keys = {
        key: pane.acts[key].shortcut().toString()
        for key in ("next", "lock", "reroll", "crop", "hide", "list")
    }
    assert all(keys.values()), keys


def test_the_time_line_as_a_list(pane: EditorPane, qtbot: QtBot) -> None:
    model, tree = pane.model, pane.line_list
    pane.acts["list"].trigger()
    assert pane.lines.currentWidget() is tree
    assert tree.hasFocus() or QApplication.focusWidget() is tree
    board = model.board
    assert board is not None
    assert tree.topLevelItemCount() >= len(board.scenes)
    top = tree.topLevelItem(0)
    assert top is not None
    assert top.childCount() == len(board.scenes[0].layers)
    # rows are what a screen reader walks over
    interface = QAccessible.queryAccessibleInterface(tree)
    assert interface.role() == QAccessible.Role.Tree
    assert interface.childCount() > len(board.scenes)
    tree.setCurrentItem(top)
    for _ in range(len(board.scenes[0].layers)):  # Down chooses a layer, and the canvas with it
        qtbot.keyClick(tree, Qt.Key.Key_Down)
        if model.layers == ["headline"]:
            break
    assert len(model.layers) == 1
    assert pane.canvas._chosen == model.layers
    # F2 in "End" opens a field; what is typed there sets the time, as one step of undo
    scene = next(
        n for n in range(tree.topLevelItemCount()) if tree.topLevelItem(n).text(0).startswith("Scene 2")
    )
    item = tree.topLevelItem(scene)
    assert item is not None
    tree.setCurrentItem(item, 2)
    assert model.scene == 1
    before = board.scenes[1].duration
    qtbot.keyClick(tree, Qt.Key.Key_F2)
    field = tree.findChild(QDoubleSpinBox)
    assert field is not None
    field.setValue(field.value() + 1.0)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    wait_until(
        lambda: (
            model.board is not None
            and model.board.scenes[1].duration == pytest.approx(before + 1.0, abs=0.02)
        )
    )
    pane.undo()
    assert model.board.scenes[1].duration == pytest.approx(before)
    assert names_missing(pane) == []
    pane.acts["list"].trigger()
    assert pane.lines.currentWidget() is pane.timeline
