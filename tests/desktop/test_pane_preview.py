"""The Preview pane: composing, playing, editing in place, judging, exporting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, open_store, show_pane

# The offscreen platform says so of every popup.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> PreviewPane:
    open_store(context, tmp_path)
    return show_pane(PreviewPane, context, qtbot)


@pytest.fixture(scope="module")
def with_an_ad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one ad in it, composed once without a model."""
    path = make_store(tmp_path_factory.mktemp("store"))
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        Composer(library, None, None).compose("product-ad", item.id, library.audiences.list()[0].id)
    return path


@pytest.fixture
def composed(context: AppContext, with_an_ad: Path, tmp_path: Path, qtbot: QtBot) -> PreviewPane:
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(with_an_ad, path)
    context.adopt(Studio.open(path))
    pane = show_pane(PreviewPane, context, qtbot)
    wait_until(lambda: pane._facts is not None and not pane.stage.canvas.image.isNull())
    settle(context)
    return pane


def test_an_item_and_an_audience_become_an_ad(composed: PreviewPane) -> None:
    facts = composed._facts
    assert facts is not None
    assert facts.item_title == "Mug number 0"
    assert facts.audience_name == "City people"
    assert composed.panel.fields["headline"].text()  # type: ignore[union-attr]
    assert facts.sources
    assert composed.export_button.isEnabled()
    assert names_missing(composed) == []


def test_composing_by_clicking(pane: PreviewPane, qtbot: QtBot) -> None:
    assert pane.stage_states.currentWidget() is pane.stage_states.message
    click(qtbot, pane.compose_button)  # no item yet: the picker opens
    wait_until(lambda: pane.item.picker.isVisible() and pane.item.picker.model.rowCount() == 6)
    qtbot.keyClick(pane.item.picker.search, Qt.Key.Key_Return)
    wait_until(lambda: pane.item.item_id is not None)
    click(qtbot, pane.compose_button)
    wait_until(lambda: pane._facts is not None and not pane.stage.canvas.image.isNull())
    wait_until(lambda: pane.stage.player.is_playing)  # what was just made is shown moving


def test_it_plays_steps_and_shuttles_by_keys(composed: PreviewPane, qtbot: QtBot) -> None:
    player, canvas = composed.stage.player, composed.stage.canvas
    player.seek(0.0)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    wait_until(lambda: player.position > 0.2)
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert not player.is_playing
    at = round(player.position * player.fps)
    qtbot.keyClick(canvas, Qt.Key.Key_Period)
    assert round(player.position * player.fps) == at + 1
    qtbot.keyClick(canvas, Qt.Key.Key_Comma)
    qtbot.keyClick(canvas, Qt.Key.Key_Comma)
    assert round(player.position * player.fps) == at - 1
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert player._speed == 2.0
    qtbot.keyClick(canvas, Qt.Key.Key_J)
    assert player._speed == -1.0
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert player.position == player.duration


def test_it_plays_in_other_shapes(composed: PreviewPane, qtbot: QtBot) -> None:
    stage = composed.stage
    for chip, shape in zip(stage.formats.buttons(), (1.0, 9 / 16, 16 / 9), strict=True):
        click(qtbot, chip)

        def fits(shape: float = shape) -> bool:
            image = stage.canvas.image
            return not image.isNull() and abs(image.width() / image.height() - shape) < 0.02

        wait_until(fits)


def test_the_frame_is_the_one_that_export_draws(composed: PreviewPane) -> None:
    from mmstudio.composition.render import Renderer

    facts, stage = composed._facts, composed.stage
    assert facts is not None
    stage.player.seek(1.0)
    settle(composed.context)
    wait_until(lambda: not stage.player._frames.busy)
    settle(composed.context)
    size = stage.wanted_size()
    drawn = Renderer(facts.board, composed.context.library).frame(1.0, (size.width(), size.height()))
    assert stage.canvas.image.convertToFormat(QImage.Format.Format_RGB32) == drawn


def test_words_and_picture_are_edited_in_place(composed: PreviewPane, qtbot: QtBot) -> None:
    facts = composed._facts
    assert facts is not None
    id_ = facts.board.id
    assert id_ is not None
    field = composed.panel.fields["headline"]
    field.selectAll()
    qtbot.keyClicks(field, "Tea for two")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(composed.context)
    other = next(asset for asset, _title in facts.pictures if asset != facts.hero)
    tiles = composed.panel.findChildren(PictureTile)
    tiles[[asset for asset, _title in facts.pictures].index(other)].click()
    settle(composed.context)
    kept = composed.context.library.storyboards.get(id_).data
    assert kept["copy"]["headline"] == "Tea for two"
    assert composed._facts is not None
    assert composed._facts.hero == other


def test_a_verdict_is_kept_with_its_comment(composed: PreviewPane, qtbot: QtBot) -> None:
    facts = composed._facts
    assert facts is not None
    composed.review.side.tabs.setCurrentIndex(1)
    composed.review.panel.comment.setText("Good for spring")
    click(qtbot, composed.review.panel.approve_button)
    settle(composed.context)
    assert facts.board.id is not None
    (verdict,) = composed.context.library.storyboards.approvals(facts.board.id)
    assert (verdict.verdict, verdict.comment) == ("approved", "Good for spring")
    assert "Good for spring" in composed.review.panel.verdicts.text()


def test_two_clicks_export_the_ad(composed: PreviewPane, tmp_path: Path, qtbot: QtBot) -> None:
    composed._folder = str(tmp_path / "out")
    click(qtbot, composed.export_button)
    wait_until(lambda: composed.popup.isVisible())
    for name, box in composed.popup.boxes.items():
        box.setChecked(name in ("square-card", "sound"))
    click(qtbot, composed.popup.export_button)
    wait_until(lambda: len(composed.context.library.exports.list()) == 2)
    assert {Path(row.path).suffix for row in composed.context.library.exports.list()} == {".png", ".wav"}


def test_an_earlier_ad_opens_by_itself(composed: PreviewPane, qtbot: QtBot) -> None:
    again = show_pane(PreviewPane, composed.context, qtbot)
    wait_until(lambda: again._facts is not None and not again.stage.canvas.image.isNull())
    assert again.stage.player.position == 0.0
    assert not again.stage.player.is_playing


def test_without_items_it_says_what_to_do(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(PreviewPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message
    assert not pane.export_button.isEnabled()


def test_nothing_is_composed_in_a_library_that_is_read_only(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(PreviewPane, context, qtbot)
    assert not pane.compose_button.isEnabled()


class _Slow:
    """Draws nothing, slowly."""

    def __init__(self) -> None:
        self.drawn = 0

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        from threading import Event

        Event().wait(0.12)
        self.drawn += 1
        image = QImage(16, 16, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        return image


def test_late_frames_are_dropped_and_time_goes_on(qtbot: QtBot) -> None:
    player, source = Player(), _Slow()
    player.load(lambda: source, duration=1.0, fps=30, keep_position=False)
    player.set_size(QSize(16, 16))
    player.play()
    wait_until(lambda: not player.is_playing)
    assert player.position == 1.0
    assert source.drawn < 15
    player.close()


class _Broken:
    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        raise ValueError("no such picture")


def test_a_frame_that_cannot_be_drawn_is_said(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    player = Player()
    heard: list[str] = []
    player.failed.connect(heard.append)
    player.load(_Broken, duration=1.0, fps=30, keep_position=False)
    wait_until(lambda: bool(heard))
    assert "no such picture" in heard[0]
    player.close()
    caplog.clear()


def test_a_board_without_an_ads_words_shows_no_empty_fields(composed: PreviewPane) -> None:
    studio = composed.context.studio
    assert studio is not None
    told = Composer(studio.library, None, None).compose("story", inputs={"text": "One.\nTwo.\nThree.\nFour."})
    composed.activated(storyboard=told.id)
    wait_until(lambda: composed._facts is not None and composed._facts.board.id == told.id)
    assert all(field.isHidden() for field in composed.panel.fields.values())
    assert not composed.panel.elsewhere.isHidden()
    settle(composed.context)
