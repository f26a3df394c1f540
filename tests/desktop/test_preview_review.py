"""Preview: frames ahead, mock-ups, remarks on places and moments, packages, several side by side."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QPainter
from PySide6.QtWidgets import QCheckBox, QPushButton
from pytestqt.qtbot import QtBot

from mmstudio.composition import ImageLayer, Rect, Scene, Storyboard, TextLayer
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.views.board_frames import BoardFrames, KeptPictures
from mmstudio.desktop.views.frame_thread import FrameThread
from mmstudio.desktop.views.mockup import PLACES, Mockup, Words, fits, paint_mockup, picture_rect
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.sound_clock import HeardTime
from mmstudio.export.preview_package.writing import library_key
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.libraries import add_asset
from support.qt import settle, wait_until
from support.shop import studio_photo
from support.storefront import click, make_store, names_missing, show_pane

# The offscreen platform says so of every popup.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with three small storyboards."""
    folder = tmp_path_factory.mktemp("review")
    path = make_store(folder)
    with Library.open(path) as library:
        picture = add_asset(library, studio_photo(folder / "bag.png"), width=400)
        for n, words in enumerate(("Tea", "Coffee", "Milk")):
            layers = [
                ImageLayer(name="hero", asset_id=picture, rect=Rect(0.1, 0.1, 0.8, 0.6), cutout=True),
                TextLayer(name="words", bind="headline", rect=Rect(0.1, 0.75, 0.8, 0.2)),
            ]
            board = Storyboard(
                name=words, recipe="product-ad", size=(320, 320), fps=10, duration=1.0 + n,
                scenes=[Scene("a", 0.0, 0.5, layers), Scene("b", 0.5, 0.5 + n, layers)],
                copy={"headline": words, "line": "A line", "cta": "Shop now", "price": "€5"},
            )  # fmt: skip
            item = library.items.by_sku("SKU-0")
            assert item is not None
            board.item_id = item.id
            library.storyboards.save(words, "product-ad", item.id, None, board.to_dict())
    return path


@pytest.fixture
def pane(context: AppContext, store: Path, tmp_path: Path, qtbot: QtBot) -> PreviewPane:
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(store, path)
    context.adopt(Studio.open(path))
    shown = show_pane(PreviewPane, context, qtbot)
    context.changed.connect(shown.data_changed)
    wait_until(lambda: shown._facts is not None and not shown.stage.canvas.image.isNull())
    rest(shown)
    return shown


def rest(pane: PreviewPane) -> None:
    wait_until(lambda: not pane.stage.player._frames.busy)
    settle(pane.context)


def board_of(pane: PreviewPane) -> int:
    assert pane._facts is not None
    assert pane._facts.board.id is not None
    return pane._facts.board.id


def test_a_click_where_it_belongs_leaves_a_remark(pane: PreviewPane, qtbot: QtBot) -> None:
    pane.stage.player.seek(0.4)
    rest(pane)
    panel, canvas = pane.review.panel, pane.stage.canvas
    pane.review.remark_action.trigger()
    assert pane.review.side.tabs.currentIndex() == 1
    assert canvas.pointing
    rect = canvas.frame_rect()
    at = QPointF(rect.x() + 0.25 * rect.width(), rect.y() + 0.75 * rect.height()).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert not pane.stage.player.is_playing
    assert [pin[0] for pin in canvas.pins] == [0]
    assert not canvas.pointing
    panel.who.setText("A. B.")
    panel.who.editingFinished.emit()
    qtbot.keyClicks(panel.remark, "Larger, please")
    qtbot.keyClick(panel.remark, Qt.Key.Key_Return)
    wait_until(lambda: len(pane.context.library.remarks.of(board_of(pane))) == 1)
    settle(pane.context)
    (remark,) = pane.context.library.remarks.of(board_of(pane))
    assert (remark.who, remark.text, remark.at) == ("A. B.", "Larger, please", 0.4)
    assert remark.x == pytest.approx(0.25, abs=0.01)
    assert remark.y == pytest.approx(0.75, abs=0.01)
    assert [pin[0] for pin in canvas.pins] == [1]
    assert "(1)" in pane.review.side.tabs.tabText(1)
    # elsewhere its pin is gone; the list leads back
    pane.stage.player.seek(0.0)
    pane.stage.player.seek(pane.stage.player.duration)
    (head,) = [b for b in panel.list.findChildren(QPushButton) if b.property("remark") == remark.id]
    click(qtbot, head)
    assert pane.stage.player.position == 0.4
    (box,) = panel.list.findChildren(QCheckBox)
    box.click()
    wait_until(lambda: pane.context.library.remarks.of(board_of(pane))[0].done)
    settle(pane.context)
    assert "(" not in pane.review.side.tabs.tabText(1)
    assert names_missing(pane.review.side) == []


def test_the_right_button_begins_a_remark_and_changes_are_asked_for(pane: PreviewPane, qtbot: QtBot) -> None:
    canvas = pane.stage.canvas
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=canvas.frame_rect().center().toPoint())
    assert pane.review._place == (pytest.approx(0.5, abs=0.01), pytest.approx(0.5, abs=0.01))
    pane.review.panel.comment.setText("Nearly")
    click(qtbot, pane.review.panel.changes_button)
    wait_until(lambda: bool(pane.context.library.storyboards.approvals(board_of(pane))))
    assert pane.context.library.storyboards.approvals(board_of(pane))[0].verdict == "changes"


def test_every_mock_up_shows_the_whole_frame() -> None:
    frame = QImage(200, 200, QImage.Format.Format_RGB32)
    words = Words("Shop " * 40, "A headline " * 30, "A line " * 60, "€5", "Shop now")
    for ratio, size in ((1.0, (200, 200)), (9 / 16, (180, 320)), (16 / 9, (320, 180))):
        frame = QImage(*size, QImage.Format.Format_RGB32)
        frame.fill(Qt.GlobalColor.magenta)
        for place in PLACES:
            for device in ("phone", "desktop"):
                mockup = Mockup(place, device, dark=ratio > 1)  # type: ignore[arg-type]
                canvas = QImage(700, 500, QImage.Format.Format_RGB32)
                canvas.fill(Qt.GlobalColor.black)
                painter = QPainter(canvas)
                rect = paint_mockup(painter, QRectF(0, 0, 700, 500), mockup, frame, words)
                painter.end()
                assert QRectF(0, 0, 700, 500).contains(rect)
                assert rect == picture_rect(mockup, QRectF(0, 0, 700, 500), ratio)
                assert rect.width() / rect.height() == pytest.approx(ratio, rel=0.01)
                middle = canvas.pixelColor(rect.center().toPoint())
                assert middle.red() > 200, (place, device, ratio)
                assert middle.green() < 60
    assert not fits(Mockup("story"), 1.0)


def test_a_mock_up_is_chosen_and_a_story_is_upright(pane: PreviewPane) -> None:
    stage = pane.stage
    stage.mockups.places["story"].trigger()
    assert stage.format == "9:16"
    rest(pane)
    assert stage.canvas.image.width() / stage.canvas.image.height() == pytest.approx(9 / 16, abs=0.02)
    assert stage.canvas.words.headline in ("Tea", "Coffee", "Milk")
    stage.mockups.dark.trigger()
    assert stage.canvas.mockup == Mockup("story", "phone", dark=True)
    stage.mockups.counting.trigger()
    assert "0" in stage.time.text().split("/")[1]


def test_several_play_in_step(pane: PreviewPane, qtbot: QtBot) -> None:
    ids = [saved.id for saved in pane._saved]
    assert len(ids) == 3
    pane.show_beside(ids)
    beside = pane.review.beside
    wait_until(lambda: pane.middle.currentWidget() is beside)
    wait_until(lambda: all(not c.canvas.image.isNull() for c in beside.columns))
    settle(pane.context)
    assert beside.player.duration == 3.0
    qtbot.keyClick(beside, Qt.Key.Key_Space)
    wait_until(lambda: beside.player.position > 0.5)
    qtbot.keyClick(beside, Qt.Key.Key_K)
    at = beside.player.position
    qtbot.keyClick(beside, Qt.Key.Key_Period)
    assert beside.player.position > at
    assert names_missing(beside) == []
    click(qtbot, beside.columns[1].open)
    settle(pane.context)
    assert pane.middle.currentWidget() is pane.stage_states
    wait_until(lambda: board_of(pane) == ids[1])
    assert beside.columns == []
    pane.activated(beside=ids[:2])
    wait_until(lambda: pane.middle.currentWidget() is beside)
    qtbot.keyClick(beside, Qt.Key.Key_Escape)
    assert pane.middle.currentWidget() is pane.stage_states
    rest(pane)


def test_remarks_come_back_by_a_drop(pane: PreviewPane, notices: list[Notice], tmp_path: Path) -> None:
    file = tmp_path / "remarks-0123456789ab.json"
    entry = {
        "id": "ab" * 12, "storyboard": board_of(pane), "who": "C", "created": "2026-01-02T03:04:05Z",
        "text": "From the client", "at": 0.2, "x": 0.5, "y": 0.5,
    }  # fmt: skip
    data = {
        "format": "mmstudio-remarks", "version": 1, "package": "0123456789ab",
        "library": library_key(pane.context.library), "remarks": [entry], "verdicts": [],
    }  # fmt: skip
    file.write_text(json.dumps(data), "utf-8")
    drop(pane, file)
    wait_until(lambda: bool(pane.context.library.remarks.of(board_of(pane))))
    settle(pane.context)
    assert "1 new" in notices[-1].text
    file.write_text("{}")
    drop(pane, file)
    wait_until(lambda: notices[-1].level == "error")
    assert "remarks" in notices[-1].text


def drop(pane: PreviewPane, file: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    at, keys = QPointF(10, 10), Qt.KeyboardModifier.NoModifier
    pane.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, keys))
    settle(pane.context)


def test_time_runs_between_the_blocks_of_the_sound_device() -> None:
    heard = HeardTime(48_000)
    assert heard.at(5.0) is None
    heard.note(48_000, 4_800, 10.1)  # the second second of the sound, 0.1 s long, heard from 10.1 on
    assert heard.at(10.1) == pytest.approx(1.0)
    assert heard.at(10.13) == pytest.approx(1.03)
    assert heard.at(10.0) == pytest.approx(0.9)  # still in the block before
    assert heard.at(99.0) == pytest.approx(1.2)  # a device that hangs


def test_a_package_is_made_of_what_is_ticked(
    pane: PreviewPane, notices: list[Notice], tmp_path: Path, qtbot: QtBot
) -> None:
    pane.review.offer_package()
    popup = pane.review.popup
    assert [box.isChecked() for box in popup.boxes.values()] == [True, False, False]
    popup._set_folder(str(tmp_path / "out"))
    popup.pictures.setChecked(True)
    popup.note.setPlainText("By Friday")
    click(qtbot, popup.make_button)
    wait_until(lambda: any(notice.level == "success" for notice in notices))
    (made,) = (tmp_path / "out").iterdir()
    assert made.suffix == ".zip"
    assert names_missing(popup) == []


class _Steps:
    """Draws a frame whose shade says its second; gets better when asked."""

    def __init__(self) -> None:
        self.better = threading.Event()
        self.asked: list[float] = []

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        self.asked.append(t)
        image = QImage(16, 16, QImage.Format.Format_RGB32)
        image.fill(round(t * 100) + (0xFF0000 if self.better.is_set() else 0))
        return image

    def prepare(self, t: float, size: tuple[int, int]) -> bool:
        if self.better.is_set():
            return False
        self.better.set()
        return True


def test_a_draft_is_shown_at_once_and_replaced(qtbot: QtBot) -> None:
    player, source = Player(), _Steps()
    shown: list[int] = []
    player.frame.connect(lambda image, _t: shown.append(image.pixel(0, 0) & 0xFFFFFF))
    player.set_size(QSize(16, 16))
    player.load(lambda: source, duration=1.0, fps=10, keep_position=False)
    wait_until(lambda: bool(shown) and shown[-1] >= 0xFF0000)
    player.close()


def test_frames_are_drawn_ahead_once_and_none_is_dropped(qtbot: QtBot) -> None:
    player, source = Player(), _Steps()
    source.better.set()
    player.set_size(QSize(16, 16))
    player.load(lambda: source, duration=1.0, fps=10, keep_position=False)
    wait_until(lambda: not player._frames.busy)
    player.play()
    wait_until(lambda: not player.is_playing)
    assert len(source.asked) == len(set(source.asked))  # none twice
    assert len(source.asked) == 10
    assert player.shown + player.dropped == 10
    before = len(source.asked)
    player.seek(0.5)
    wait_until(lambda: not player._frames.busy)
    assert len(source.asked) == before  # kept
    player.close()


def test_frames_of_another_size_are_drawn_anew(qtbot: QtBot) -> None:
    thread, source = FrameThread(), _Steps()
    drawn: list[float] = []
    thread.drawn.connect(lambda _image, t, _n: drawn.append(t))
    thread.use(lambda: source, 1.0, 10.0)
    for size in (QSize(16, 16), QSize(32, 32), QSize(32, 32)):
        thread.set_size(size)
        thread.want(0.3)
        wait_until(lambda: not thread.busy)
    assert set(source.asked) == {0.3}
    assert len(source.asked) in (2, 3)  # once for each size, and once more when it got better
    thread.close()


def test_the_last_draft_is_what_export_draws(store: Path, tmp_path: Path) -> None:
    from mmstudio.composition.render import Renderer

    path = tmp_path / "Shop.mmlib"
    shutil.copytree(store, path)
    with Library.open(path) as library:
        row = library.storyboards.list()[0]
        board = Storyboard.from_dict(row.data, row.id)
        frames = BoardFrames(board, library, KeptPictures(library))
        assert not frames.frame(0.3, (160, 160)).isNull()
        while frames.prepare(0.6, (160, 160)):
            pass
        assert frames.final
        assert frames.frame(0.3, (160, 160)) == Renderer(board, library).frame(0.3, (160, 160))
