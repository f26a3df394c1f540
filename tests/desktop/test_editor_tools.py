"""The editor's tools: guides of one's own, cropping on the canvas, what is announced."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.composition.editing.base import layer_of
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import ImageLayer, Rect, Storyboard
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.asset_model import ASSETS_MIME
from mmstudio.desktop.panes.editor import EditorPane
from mmstudio.export.provenance.record import storyboard_hash
from mmstudio.library import AssetFilter, Library
from mmstudio.studio import Studio
from support.latents import add_random_model
from support.qt import settle, wait_until
from support.storefront import make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture(scope="module")
def with_an_ad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one ad in it."""
    path = make_store(tmp_path_factory.mktemp("store"))
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        Composer(library, None, None).compose("product-ad", item.id, inputs={"model": "none"})
    return path


@pytest.fixture
def pane(context: AppContext, with_an_ad: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[EditorPane]:
    """The editor with the ad open."""
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(with_an_ad, path)
    context.adopt(Studio.open(path))
    made = show_pane(EditorPane, context, qtbot, (1100, 760))
    made.activated()
    wait_until(lambda: made.model.board is not None and not made.canvas.image.isNull())
    settle(context)
    yield made
    made.close_pane()


def board(pane: EditorPane) -> Storyboard:
    """What is edited now."""
    assert pane.model.board is not None
    return pane.model.board


def pull(pane: EditorPane, start: QPointF, end: QPointF, steps: int = 5) -> None:
    """Press on the canvas, move in steps, let go."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, at: QPointF) -> None:
        own = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        QApplication.sendEvent(pane.canvas, QMouseEvent(kind, at, at, own, left, none))

    send(QEvent.Type.MouseButtonPress, start)
    for n in range(1, steps + 1):
        send(QEvent.Type.MouseMove, start + (end - start) * n / steps)
    send(QEvent.Type.MouseButtonRelease, end)


def test_a_guide_comes_out_of_the_ruler_and_a_layer_snaps_to_it(pane: EditorPane) -> None:
    area = pane.canvas.area()
    there = QPointF(area.x() + 0.231 * area.width(), area.center().y())
    pane.canvas.snapping = False
    pull(pane, QPointF(5, area.center().y()), there)
    assert list(board(pane).guides) == ["x"]
    assert board(pane).guides["x"][0] == pytest.approx(0.231, abs=2e-3)
    assert pane.undo_labels() == ("Add a guide", None)
    assert "Upright guide" in pane.canvas.accessibleDescription()
    pane.canvas.snapping = True
    pane.model.choose(["hero"])
    rect = pane.canvas.rect_of("hero")
    assert rect is not None
    line, start = board(pane).guides["x"][0], pane.canvas.to_pixels(rect).center()
    pull(pane, start, start + QPointF((line - rect.x) * area.width() + 3, 0))
    assert layer_of(board(pane), 0, "hero").rect.x == pytest.approx(line, abs=1e-4)
    pane.undo()
    at = QPointF(area.x() + line * area.width(), area.bottom() - 4)
    pull(pane, at, QPointF(4, at.y()))  # back into the ruler
    assert board(pane).guides == {}
    pane.undo()
    assert board(pane).guides["x"] == [line]


def test_guides_by_keys_are_kept_and_never_exported(pane: EditorPane, qtbot: QtBot) -> None:
    before = storyboard_hash(board(pane))
    drawn = Renderer(board(pane), pane.context.library).frame(1.0, (320, 320))
    pane.acts["guide-y"].trigger()
    assert pane.canvas.guides.chosen == ("y", 0)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert board(pane).guides["y"][0] == pytest.approx(0.5 + 10 / 1080, abs=1e-5)
    assert "550 px" in pane.canvas.accessibleDescription()
    pane.acts["guide-x"].trigger()
    qtbot.keyClick(pane.canvas, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ShiftModifier)
    assert pane.canvas.guides.chosen == ("y", 0)
    assert storyboard_hash(board(pane)) == before
    assert Renderer(board(pane), pane.context.library).frame(1.0, (320, 320)) == drawn
    pane.model.keep()
    settle(pane.context)
    assert set(pane.context.library.storyboards.get(board(pane).id or 0).data["guides"]) == {"x", "y"}
    pane.acts["delete"].trigger()
    assert list(board(pane).guides) == ["x"]
    pane.acts["rulers"].trigger()  # hidden guides are no lines to snap to
    assert pane.canvas.guides.lines() == []
    pane.acts["no-guides"].trigger()
    assert board(pane).guides == {}


def test_a_picture_is_cropped_on_the_canvas_in_one_step(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose(["hero"])
    pane.acts["crop"].trigger()
    wait_until(lambda: pane.canvas.crop.active)
    crop = pane.canvas.crop
    assert crop.now is not None
    assert crop.now.box == crop.now.subject  # it begins round what is looked at
    assert pane.canvas.crop_bar.isVisible()
    assert names_missing(pane) == []
    assert pane.canvas.accessibleDescription().startswith("Cropping")
    crop.set_box(Rect(0.2, 0.2, 0.5, 0.5))
    frame, area = crop.frame(), crop.area()
    pull(pane, frame.bottomRight(), frame.bottomRight() + QPointF(0.1 * area.width(), 0.2 * area.height()))
    assert crop.now.box.w == pytest.approx(0.6, abs=5e-3)
    assert crop.now.box.h == pytest.approx(0.7, abs=5e-3)
    pull(pane, crop.frame().center(), crop.frame().center() - QPointF(area.width(), 0))
    assert crop.now.box.x == 0.0  # it stays on the picture
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Right)
    assert crop.now.box.x == pytest.approx(0.01)
    assert layer_of(board(pane), 0, "hero").crop == Rect()  # nothing is changed before it is kept
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Return)
    assert not crop.active
    made = layer_of(board(pane), 0, "hero").crop
    assert (made.x, made.w) == (pytest.approx(0.01), pytest.approx(0.6, abs=5e-3))
    assert pane.undo_labels() == ("Crop", None)
    pane.undo()
    assert layer_of(board(pane), 0, "hero").crop == Rect()
    pane.edit_text()  # Enter and a double click do the same
    wait_until(lambda: crop.active)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Escape)
    assert not crop.active
    assert layer_of(board(pane), 0, "hero").crop == Rect()


def test_what_the_keys_do_is_said(pane: EditorPane, qtbot: QtBot) -> None:
    canvas, line = pane.canvas, pane.timeline
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    first = canvas.accessibleDescription()
    assert "from the left" in first
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    assert canvas.accessibleDescription() != first
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert f"of {len(line.rows)}" in line.accessibleDescription()
    qtbot.keyClick(line, Qt.Key.Key_Right)
    assert line.accessibleDescription().startswith("Playhead at")
    names = [scene.name for scene in board(pane).scenes]
    pane.model.choose([], 0)
    qtbot.keyClick(line, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert [scene.name for scene in board(pane).scenes][:2] == [names[1], names[0]]
    assert "Scene 2 of" in line.accessibleDescription()


def test_several_dropped_pictures_are_one_step(pane: EditorPane, notices: list[Notice]) -> None:
    before = board(pane)
    ids = pane.context.library.assets.ids(AssetFilter(kinds=("image",)))[:7]
    rect = pane.canvas.rect_of("hero")
    assert rect is not None
    data = QMimeData()
    data.setData(ASSETS_MIME, json.dumps(list(ids)).encode())
    at = pane.canvas.to_pixels(rect).center()
    drop = QDropEvent(at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)  # fmt: skip
    pane.canvas.dropEvent(drop)
    settle(pane.context)
    held = layer_of(board(pane), 0, "hero")
    assert isinstance(held, ImageLayer)
    assert held.asset_id == ids[0]
    assert len(board(pane).scenes) > len(before.scenes)
    assert pane.undo_labels() == ("Drop", None)
    assert "placed" in notices[-1].text
    pane.undo()
    assert board(pane).scenes == before.scenes


def test_a_picture_of_an_own_model_is_a_job(pane: EditorPane) -> None:
    add_random_model(pane.context.library, "my-flowers")
    pane.model.choose(["background"])
    wait_until(lambda: any(one.own for one in pane.strip.model.rows))
    settle(pane.context)
    choice = next(one for one in pane.strip.model.rows if one.own)
    pane._take(choice)
    wait_until(lambda: getattr(layer_of(board(pane), 0, "background"), "model", "") == "my-flowers")
    settle(pane.context)
    assert [one.kind for one in pane.context.library.jobs.list()] == ["generate"]
    pane.undo()
    assert getattr(layer_of(board(pane), 0, "background"), "model", "") != "my-flowers"
