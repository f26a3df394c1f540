"""The storyboard editor: opening, dragging, the time line, words, alternatives, undo, keeping."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.composition.editing.base import layer_of
from mmstudio.composition.storyboard import ImageLayer, Rect, Storyboard, TextLayer
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.editor import EditorPane
from mmstudio.desktop.window import MainWindow
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, watched_event_loop
from support.qt import wait_until as wait_long
from support.storefront import make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture(scope="module")
def with_an_ad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one ad in it."""
    path = make_store(tmp_path_factory.mktemp("store"))
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        audience = library.audiences.list()[0].id
        # no model: making the rest anew need not load one
        Composer(library, None, None).compose("product-ad", item.id, audience, inputs={"model": "none"})
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


def wait_until(met: Callable[[], bool]) -> None:
    """Run the event loop until it is so; nothing here takes a minute."""
    wait_long(met, timeout=60.0)


def board(pane: EditorPane) -> Storyboard:
    """What is edited now."""
    assert pane.model.board is not None
    return pane.model.board


def drag(qtbot: QtBot, widget: object, start: QPointF, end: QPointF, steps: int = 6) -> None:
    """Press, move in steps, let go."""
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for n in range(1, steps + 1):
        at = start + (end - start) * n / steps
        qtbot.mouseMove(widget, at.toPoint())
        event = QEvent.Type.MouseMove
        from PySide6.QtGui import QMouseEvent

        move = QMouseEvent(
            event, QPointF(at.toPoint()), QPointF(at.toPoint()), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(widget, move)  # type: ignore[arg-type]
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end.toPoint())


def middle(pane: EditorPane, layer: str) -> QPointF:
    """The middle of a layer on the canvas."""
    rect = pane.canvas.rect_of(layer)
    assert rect is not None
    return pane.canvas.to_pixels(rect).center()


def test_a_layer_is_dragged_and_the_drag_is_one_step_back(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose(["hero"])
    before = layer_of(board(pane), 0, "hero").rect
    pane.canvas.snapping = False
    start = middle(pane, "hero")
    with watched_event_loop(pane) as gaps:
        drag(qtbot, pane.canvas, start, start + QPointF(40, -20), steps=12)
        wait_until(lambda: not pane.frames.busy)
    area = pane.canvas.area()
    after = layer_of(board(pane), 0, "hero").rect
    assert after.x == pytest.approx(before.x + 40 / area.width(), abs=1e-4)
    assert after.y == pytest.approx(before.y - 20 / area.height(), abs=1e-4)
    assert gaps.longest_own < 0.25
    assert pane.undo_labels() == ("Move", None)
    pane.undo()
    assert layer_of(board(pane), 0, "hero").rect == before
    pane.redo()
    assert layer_of(board(pane), 0, "hero").rect == after


def test_a_text_of_a_stack_is_taken_where_it_is_seen(pane: EditorPane, qtbot: QtBot) -> None:
    wait_until(lambda: not pane.frames.busy)
    settle(pane.context)
    was = pane.canvas.rect_of("headline")
    assert was is not None
    assert "headline" in board(pane).scenes[0].stacks[0].members
    pane.canvas.snapping = False
    start = middle(pane, "headline")
    drag(qtbot, pane.canvas, start, start + QPointF(0, -60))
    assert pane.model.layers == ["headline"]
    now = layer_of(board(pane), 0, "headline").rect
    assert now.y == pytest.approx(was.y - 60 / pane.canvas.area().height(), abs=2e-3)
    assert "headline" not in board(pane).scenes[0].stacks[0].members


def test_a_handle_scales_and_snaps_to_the_edge(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose(["hero"])
    rect = layer_of(board(pane), 0, "hero").rect
    box, area = pane.canvas.to_pixels(rect), pane.canvas.area()
    corner = QPointF(box.right(), box.center().y())
    drag(qtbot, pane.canvas, corner, QPointF(area.right() - 3, corner.y()))
    after = layer_of(board(pane), 0, "hero").rect
    assert after.x + after.w == pytest.approx(1.0)
    assert after.x == pytest.approx(rect.x)


def test_keys_nudge_order_duplicate_lock_and_delete(
    pane: EditorPane, qtbot: QtBot, notices: list[Notice]
) -> None:
    pane.model.choose(["hero"])
    canvas = pane.canvas
    canvas.setFocus()
    x = layer_of(board(pane), 0, "hero").rect.x
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert layer_of(board(pane), 0, "hero").rect.x == pytest.approx(x + 1 / 1080, abs=1e-5)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert layer_of(board(pane), 0, "hero").rect.x == pytest.approx(x + 11 / 1080, abs=1e-5)
    names = [one.name for one in board(pane).scenes[0].layers]
    pane.acts["forward"].trigger()
    assert [one.name for one in board(pane).scenes[0].layers].index("hero") == names.index("hero") + 1
    pane.acts["duplicate"].trigger()
    assert pane.model.layers == ["hero 2"]
    pane.acts["lock"].trigger()
    assert layer_of(board(pane), 0, "hero 2").locked
    pane.acts["delete"].trigger()
    assert "locked" in notices[-1].text
    pane.acts["lock"].trigger()
    pane.acts["delete"].trigger()
    assert "hero 2" not in [one.name for one in board(pane).scenes[0].layers]
    for _ in range(20):
        pane.undo()
    assert [one.name for one in board(pane).scenes[0].layers] == names
    assert layer_of(board(pane), 0, "hero").rect.x == x


def test_words_are_written_beside_and_drawn_at_once(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose(["headline"])
    wait_until(lambda: not pane.frames.busy)
    settle(pane.context)
    before = pane.canvas.image.copy()
    pane.edit_text()
    qtbot.keyClicks(pane.panel.text.words, "Tea for two")
    assert board(pane).copy["headline"] == "Tea for two"
    wait_until(lambda: pane.canvas.image != before)
    pane.model.seal()
    pane.undo()
    assert board(pane).copy["headline"] != "Tea for two"


def test_the_time_line_trims_moves_and_splits(pane: EditorPane, qtbot: QtBot) -> None:
    line = pane.timeline
    first = line.scene_rect(0)
    start = QPointF(first.right() - 2, first.center().y())
    seconds = board(pane).scenes[0].duration
    drag(qtbot, line.viewport(), start, start + QPointF(-30, 0))
    assert board(pane).scenes[0].duration == pytest.approx(seconds - 30 / line.scale, abs=0.1)
    assert board(pane).scenes[1].start == pytest.approx(board(pane).scenes[0].duration)
    pane.undo()
    names = [scene.name for scene in board(pane).scenes]
    body = QPointF(line.scene_rect(0).center())
    drag(qtbot, line.viewport(), body, QPointF(line.scene_rect(1).right() - 10, body.y()))
    assert [scene.name for scene in board(pane).scenes] == [names[1], names[0], names[2]]
    pane.undo()
    line.setFocus()
    pane.model.seek(board(pane).scenes[1].start + 1.0)
    qtbot.keyClick(line, Qt.Key.Key_S)
    assert len(board(pane).scenes) == 4
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert pane.model.layers
    qtbot.keyClick(line, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    layer = pane.model.layer_now
    assert layer is not None
    assert layer.end > 0
    width = line.scale
    qtbot.keyClick(line, Qt.Key.Key_Plus)
    assert line.scale > width
    qtbot.keyClick(line, Qt.Key.Key_0)
    assert line.scale == width
    assert "Scene" in line.accessibleDescription()


def test_a_sound_is_laid_moved_and_taken_away(pane: EditorPane, qtbot: QtBot) -> None:
    row = next(one for one in pane.timeline.rows if one.part == "sound")
    pane.model.choose_sound(row.name)
    pane.panel.sound.gain.setValue(-9)
    assert board(pane).music is not None
    assert board(pane).music.gain == -9.0  # type: ignore[union-attr]
    pane.acts["lock"].trigger()
    assert board(pane).locks == ["music"]
    pane.acts["lock"].trigger()
    pane.acts["delete"].trigger()
    assert board(pane).music is None


def test_another_picture_comes_with_one_key_and_round_to_the_first(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose(["picture"], 1)
    wait_until(lambda: pane.strip.model.rowCount() > 1)
    settle(pane.context)
    first = layer_of(board(pane), 1, "picture").asset_id  # type: ignore[union-attr]
    seen = []
    for _ in range(2):
        pane.next_choice()
        settle(pane.context)
        seen.append(layer_of(board(pane), 1, "picture").asset_id)  # type: ignore[union-attr]
    assert seen == [one.asset_id for one in pane.strip.model.rows[:2]]
    assert first not in seen
    pane.strip._taken = len(pane.strip.model.rows) - 2  # those between may be made by a model
    pane.next_choice()
    settle(pane.context)
    assert layer_of(board(pane), 1, "picture").asset_id == first  # type: ignore[union-attr]


def test_a_picture_of_the_library_is_dropped_onto_a_place(
    pane: EditorPane, qtbot: QtBot, notices: list[Notice]
) -> None:
    pane.strip.kind.setCurrentIndex(1)
    settle(pane.context)
    wait_until(lambda: pane.strip.model.rowCount() > 2)
    before = layer_of(board(pane), 0, "hero")
    assert isinstance(before, ImageLayer)
    index = next(
        pane.strip.model.index(n) for n, one in enumerate(pane.strip.model.rows)
        if one.kind == "image" and one.asset_id != before.asset_id
    )  # fmt: skip
    wanted = pane.strip.model.rows[index.row()].asset_id
    mime = pane.strip.model.mimeData([index])
    at = middle(pane, "hero")
    drop = QDropEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)  # fmt: skip
    pane.canvas.dropEvent(drop)
    settle(pane.context)
    assert notices == []
    after = layer_of(board(pane), 0, "hero")
    assert isinstance(after, ImageLayer)
    assert (after.asset_id, after.rect) == (wanted, before.rect)
    assert after.source in [source.part for source in board(pane).sources]


def test_the_rest_is_made_anew_and_what_is_locked_stays(pane: EditorPane) -> None:
    pane.model.choose(["headline"])
    pane.toggle_lock()
    held = layer_of(board(pane), 0, "headline")
    seed = board(pane).seed
    pane.reroll()
    settle(pane.context)
    wait_until(lambda: board(pane).seed != seed)
    assert layer_of(board(pane), 0, "headline") == held
    pane.undo()
    assert board(pane).seed == seed


def test_everything_is_kept_and_the_next_opening_has_it(pane: EditorPane) -> None:
    library, id_ = pane.context.library, board(pane).id
    assert id_ is not None
    pane.model.choose(["headline"])
    pane.add_text()
    wait_until(lambda: not pane.model.unkept)
    names = [one["name"] for one in library.storyboards.get(id_).data["scenes"][0]["layers"]]
    assert "text" in names
    pane._open(id_)
    settle(pane.context)
    added = layer_of(board(pane), 0, "text")
    assert isinstance(added, TextLayer)
    assert added.text == "Your words"


def test_a_change_from_elsewhere_is_told(pane: EditorPane, notices: list[Notice]) -> None:
    library, id_ = pane.context.library, board(pane).id
    assert id_ is not None
    composer = Composer(library, None, None)
    composer.edit(id_, headline="From the shell")
    wait_until(lambda: board(pane).copy["headline"] == "From the shell")
    assert "elsewhere" in notices[-1].text
    pane.undo()
    assert board(pane).copy["headline"] != "From the shell"
    pane.model.keep()  # both changed now: nobody's words are lost without asking
    settle(pane.context)
    pane.model._soon.stop()
    pane.add_shape()
    composer.edit(id_, headline="Once more")
    pane.model.keep()
    settle(pane.context)
    assert pane.clash.isVisibleTo(pane)
    assert library.storyboards.get(id_).data["copy"]["headline"] == "Once more"
    pane.clash.mine.click()
    settle(pane.context)
    assert library.storyboards.get(id_).data["copy"]["headline"] != "Once more"


def test_formats_and_safe_zones(pane: EditorPane) -> None:
    bar = pane.bar
    tall = next(n for n, frame in enumerate(bar._frames) if frame[1] == (1080, 1920) and frame[2] is not None)
    bar.frame.setCurrentIndex(tall)
    settle(pane.context)
    assert board(pane).size == (1080, 1920)
    assert pane.canvas.safe == bar._frames[tall][2] != Rect()
    area = pane.canvas.area()
    assert area.width() / area.height() == pytest.approx(9 / 16, abs=0.01)
    pane.undo()
    assert board(pane).size == (1080, 1080)


def test_it_plays_by_space_and_shows_no_handles_then(pane: EditorPane, qtbot: QtBot) -> None:
    pane.canvas.setFocus()
    pane.model.seek(0.0)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Space)
    wait_until(lambda: pane.player.is_playing and pane.model.time > 0.1)
    qtbot.keyClick(pane.canvas, Qt.Key.Key_Space)
    assert not pane.player.is_playing
    settle(pane.context)


def test_every_control_has_a_name_and_the_canvas_says_what_is_in_hand(pane: EditorPane) -> None:
    assert names_missing(pane) == []
    assert names_missing(pane.panel) == []
    pane.model.choose(["hero"])
    assert "%" in pane.canvas.accessibleDescription()
    for one in ("headline", "background", "scrim"):
        pane.model.choose([one])
        assert pane.panel.heading.text()
    pane.model.choose([])
    assert pane.panel.scene.isVisibleTo(pane.panel)


def test_the_lists_are_sound_models(pane: EditorPane, qtmodeltester: object) -> None:
    qtmodeltester.check(pane.panel.layers)  # type: ignore[attr-defined]
    qtmodeltester.check(pane.strip.model)  # type: ignore[attr-defined]


def test_a_library_that_closes_leaves_the_editor_empty(pane: EditorPane) -> None:
    pane.context.close_library()
    pane.library_changed()
    settle(pane.context)
    assert pane.model.board is None
    assert pane.states.currentWidget() is pane.states.message
    assert pane.canvas.layers_at(QPointF(QPoint(50, 50))) == []


def test_from_the_preview_by_a_key_and_undo_belongs_to_the_editor(
    context: AppContext,
    with_an_ad: Path,
    tmp_path: Path,
    qtbot: QtBot,
    make_window: Callable[[AppContext], MainWindow],
) -> None:
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(with_an_ad, path)
    context.adopt(Studio.open(path))
    window = make_window(context)
    context.navigate("preview")
    preview = window.panes["preview"]
    wait_until(lambda: preview.edit_button.isEnabled())  # type: ignore[attr-defined]
    preview._edit_action.trigger()  # type: ignore[attr-defined]
    wait_until(lambda: window.current == "editor")
    pane = window.panes["editor"]
    assert isinstance(pane, EditorPane)
    wait_until(lambda: pane.model.board is not None and not pane.canvas.image.isNull())
    assert window.side.currentWidget() is pane.panel
    pane.add_shape()
    settle(context)
    assert window.menus.undo.isEnabled()
    assert "Add a shape" in window.menus.undo.text()
    window.menus.undo.trigger()
    assert "shape" not in [one.name for one in board(pane).scenes[0].layers]
    window.menus.redo.trigger()
    assert "shape" in [one.name for one in board(pane).scenes[0].layers]
    pane.go_back()
    settle(context)
    assert window.current == "preview"
    kept = context.library.storyboards.get(board(pane).id or 0).data
    assert "shape" in [one["name"] for one in kept["scenes"][0]["layers"]]


def test_a_sound_of_the_library_is_laid_where_there_is_none(pane: EditorPane) -> None:
    pane.model.choose_sound("music")
    pane.delete()
    assert board(pane).music is None
    pane.show_sounds()
    wait_until(lambda: any(one.kind == "audio" for one in pane.strip.model.rows))
    pane.strip.taken.emit(pane.strip.model.rows[0])
    wait_until(lambda: board(pane).music is not None)
    assert pane.model.sound == "music"


def test_a_ground_is_not_dragged_by_accident(pane: EditorPane, qtbot: QtBot) -> None:
    pane.model.choose([])
    area = pane.canvas.area()
    corner = QPointF(area.left() + 8, area.top() + 8)
    assert pane.canvas.layers_at(corner)[0] == "background"
    before = layer_of(board(pane), 0, "background").rect
    drag(qtbot, pane.canvas, corner, corner + QPointF(50, 30))
    assert pane.model.layers == ["background"]
    assert layer_of(board(pane), 0, "background").rect == before
