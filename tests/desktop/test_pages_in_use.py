"""What is written or made is used: spoken, put into a storyboard, summed up, answered for together."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.held import ExportWish
from mmstudio.desktop.panes.sets import SetsPane
from mmstudio.desktop.panes.write import WritePane
from mmstudio.desktop.views.held_bar import HeldBar
from mmstudio.generation.sets.contract import SetWish
from mmstudio.library import AssetFilter
from mmstudio.studio import Studio
from support.made_sets import made_set, making
from support.qt import settle, wait_until
from support.speech import alone, fake_espeak, posix_only
from support.storefront import click, make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("use"), items=2)


@pytest.fixture
def studio(context: AppContext, shop: Path, tmp_path: Path) -> Studio:
    opened = Studio.open(shutil.copytree(shop, tmp_path / "Shop.mmlib"))
    context.adopt(opened)
    settle(context)
    return opened


def write_page(context: AppContext, studio: Studio, qtbot: QtBot) -> WritePane:
    pane = show_pane(WritePane, context, qtbot, (1180, 820))
    pane.activated(item=studio.library.items.ids()[0])
    settle(context)
    return pane


def write(pane: WritePane, qtbot: QtBot) -> list[str]:
    click(qtbot, pane.controls.write_button)
    wait_until(lambda: not pane.writing.busy)
    settle(pane.context)
    return [card.draft.text for card in pane.cards]


@posix_only
def test_a_text_is_heard_and_saved_with_its_word_times(
    context: AppContext, studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    alone(monkeypatch, programs)
    pane = write_page(context, studio, qtbot)
    write(pane, qtbot)
    click(qtbot, pane.cards[0].speak_button)
    wait_until(lambda: pane.voice.setup_button.isVisible())  # no program that speaks: it says so
    assert not pane.voice.save_button.isEnabled()
    fake_espeak(programs)
    click(qtbot, pane.cards[0].speak_button)
    wait_until(lambda: pane.voice.save_button.isEnabled())
    assert names_missing(pane.voice) == []
    pane.voice.save()
    wait_until(lambda: pane.voice._saved)
    settle(context)
    (asset,) = studio.library.assets.ids(AssetFilter(kinds=("audio",), tags=("voice",)))
    made = studio.library.generations.of_asset(asset)
    assert made is not None
    assert made.params["timings"]["words"]
    wait_until(lambda: _voiced(studio))
    pane.voice.close_bar()
    assert pane.voice.isHidden()


def _voiced(studio: Studio) -> bool:
    item = studio.library.items.ids()[0]
    return "voice" in [link.role for link in studio.library.items.assets_of(item)]


def test_each_task_asks_for_what_it_is_about(context: AppContext, studio: Studio, qtbot: QtBot) -> None:
    pane = write_page(context, studio, qtbot)
    controls = pane.controls
    controls.choose(task="report_summary")
    assert controls.figures.isVisible()
    controls.figures.setPlainText("month\tvisits\nMay\t1200\nJune\t900")
    assert any("1200" in text for text in write(pane, qtbot))
    controls.choose(task="explanation")
    controls.audience.setCurrentIndex(0)
    assert "audience" in controls.problem
    assert not controls.figures.isVisible()
    audience = studio.library.audiences.list()[0]
    controls.choose(audience=audience.id)
    assert controls.problem == ""
    assert write(pane, qtbot)
    controls.choose(task="script")
    assert controls.mood.isVisible()
    controls.mood.setText("calm, rainy")
    assert controls.wish(first=True).mood == "calm, rainy"


def test_a_set_is_used_in_a_storyboard(context: AppContext, studio: Studio, qtbot: QtBot) -> None:
    pane = show_pane(SetsPane, context, qtbot, (1180, 820))
    went: list[tuple[str, dict[str, object]]] = []
    context.navigated.connect(lambda key, args: went.append((key, args)))
    item = studio.library.items.ids()[0]
    made = replace(made_set(3, SetWish(item_id=item, seed=3)), notes=("It has learned little.",))
    pane._begin(making(made), "Set, seed {seed}", {"seed": 3})
    wait_until(lambda: not pane.maker.busy)
    settle(context)
    assert "It has learned little." in pane.doubts.text()
    click(qtbot, pane.board_button)
    wait_until(lambda: bool(went))
    key, args = went[0]
    assert key == "preview"
    board = studio.composer.load(int(str(args["storyboard"])))
    assert (board.item_id, board.copy["line"]) == (item, made.text)
    assert pane.history.current is not None
    assert len(pane.history.current.assets) == 3
    assert board.music is not None
    assert board.music.asset_id == pane.history.current.assets[1]


def test_several_held_ads_are_answered_for_with_one_reason(
    context: AppContext, studio: Studio, qtbot: QtBot, notices: list[Notice]
) -> None:
    composer = Composer(studio.library, None, None)
    boards = [
        composer.compose("product-ad", item, headline=f"Clinically proven mug {n}").id or 0
        for n, item in enumerate(studio.library.items.ids()[:2])
    ]
    bar = HeldBar(context)
    qtbot.addWidget(bar)
    freed: list[ExportWish] = []
    bar.freed.connect(freed.extend)
    bar.add(ExportWish(boards[0], ("captions",)))
    assert bar.all_button.isHidden()
    bar.add(ExportWish(boards[1], ("captions",)))
    bar.show()
    page = bar.open_all()
    wait_until(lambda: len(page.boards) == 2)
    assert {card.held.text for card in page.cards} >= {"Clinically proven mug 0", "Clinically proven mug 1"}
    assert names_missing(page) == []
    page.who.setText("Ada")
    assert not page.answer_button.isEnabled()
    page.reason.setText("Seen the study")
    page.answer()
    wait_until(lambda: len(freed) == 2)
    for n, item in enumerate(studio.library.items.ids()[:2]):
        recorded = studio.library.overrides.of_text(f"Clinically proven mug {n}", item)
        assert [(one.who, one.reason) for one in recorded] == [("Ada", "Seen the study")]
    assert bar.waiting == []
    assert bar.isHidden()
