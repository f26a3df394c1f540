"""The page Brand: a kit is made, changed, used; a storyboard is checked and put right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from mmstudio.composition import LogoLayer
from mmstudio.composition.brand import BrandKit, kits, save_kit
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.asset_model import ASSETS_MIME
from mmstudio.desktop.panes.brand import BrandPane
from mmstudio.library import AssetFilter
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, show_pane


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_store(tmp_path_factory.mktemp("brand"), items=1)
    studio = Studio.open(path)
    studio.composer.compose("product-ad", studio.library.items.ids()[0])
    studio.close()
    return path


def opened(context: AppContext, library: Path, qtbot: QtBot, kit: BrandKit | None = None) -> BrandPane:
    studio = Studio.open(library)
    if kit is not None:
        save_kit(studio.library, kit)
    context.adopt(studio)
    settle(context)
    pane = show_pane(BrandPane, context, qtbot, (1200, 820))
    pane.activated()
    settle(context)
    return pane


@pytest.fixture
def pane(context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot) -> BrandPane:
    library = shutil.copytree(shop, tmp_path / "Shop.mmlib")
    return opened(
        context,
        library,
        qtbot,
        BrandKit(name="North", colours={"accent": "#c8102e"}, heading="Noto Sans", body="Noto Sans"),
    )


def kept(pane: BrandPane) -> list[BrandKit]:
    wait_until(lambda: not pane._saver.isActive())
    settle(pane.context)
    return kits(pane.context.library)


def test_a_library_without_a_kit_offers_to_make_one(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    pane = opened(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot)
    assert pane.kit is None
    pane.new()
    settle(context)
    assert [kit.name for kit in kept(pane)] == ["Our brand"]
    assert pane.used.isChecked()
    pane.new()
    settle(context)
    assert [kit.name for kit in kept(pane)] == ["Our brand", "Our brand 2"]


def test_what_is_changed_is_kept_and_shown(pane: BrandPane, qtbot: QtBot) -> None:
    before = pane.canvas.image.copy()
    pane.form.values["accent"].setText("006400")
    pane.form.values["accent"].editingFinished.emit()
    pane.form.corner.setCurrentIndex(pane.form.corner.findData("bottom-left"))
    pane.form.corner.activated.emit(pane.form.corner.currentIndex())
    pane.form.clear.setValue(50)
    pane.form.sentence.setText("Prices include VAT.")
    click(qtbot, pane.form.add_button)
    pane.form.sentence.setText("价格含税。")
    pane.form.language.setCurrentIndex(pane.form.language.findData("zh"))
    click(qtbot, pane.form.add_button)
    pane.title_.setText("North & South")
    pane.title_.editingFinished.emit()
    kit = kept(pane)[0]
    assert kit.colours["accent"] == "#006400"
    assert (kit.corner, kit.clear_space, kit.name) == ("bottom-left", 0.5, "North & South")
    said = [(one.text, one.locale) for one in kit.disclaimers]
    assert said == [("Prices include VAT.", ""), ("价格含税。", "zh")]
    assert pane.canvas.image != before
    pane.form.values["accent"].setText("no colour")
    pane.form.values["accent"].editingFinished.emit()
    assert kept(pane)[0].colours["accent"] == "#006400"


def test_a_dropped_picture_becomes_the_logo(pane: BrandPane, tmp_path: Path) -> None:
    file = tmp_path / "mark.png"
    Image.new("RGBA", (200, 80), (200, 16, 46, 255)).save(file)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    pane.form.zone.dropped.emit(data)
    settle(pane.context)
    logo = kept(pane)[0].logo
    assert logo is not None
    assert not pane.form.logo.pixmap().isNull()
    own = QMimeData()
    picture = pane.context.library.assets.ids(AssetFilter(kinds=("image",)))[0]
    own.setData(ASSETS_MIME, json.dumps([picture]).encode())
    pane.form.zone.dropped.emit(own)
    settle(pane.context)
    assert kept(pane)[0].logo == picture
    pane.form.remove_logo.click()
    assert kept(pane)[0].logo is None


def test_findings_are_put_right_one_by_one_all_at_once_and_back(pane: BrandPane, qtbot: QtBot) -> None:
    assert pane.report.report is not None
    found = len(pane.report.report.findings)
    assert found > 0
    first = pane.report.buttons[0]
    assert first.accessibleName()
    first.click()  # type: ignore[attr-defined]
    settle(pane.context)
    assert len(pane.report.report.findings) < found
    number = pane.boards.currentData()
    before = pane.context.library.storyboards.get(number).data
    click(qtbot, pane.report.all_button)
    settle(pane.context)
    assert pane.report.report.rate == 1.0
    pane._undo(number, before)
    settle(pane.context)
    assert pane.report.report.rate < 1.0


def test_a_storyboard_takes_the_look(pane: BrandPane, qtbot: QtBot) -> None:
    click(qtbot, pane.apply_button)
    settle(pane.context)
    studio = pane.context.studio
    assert studio is not None
    board = studio.composer.load(pane.boards.currentData())
    assert board.palette["accent"] == "#c8102e"
    assert not any(isinstance(layer, LogoLayer) for scene in board.scenes for layer in scene.layers)


def test_a_kit_is_taken_out_of_use_removed_and_brought_back(pane: BrandPane, qtbot: QtBot) -> None:
    click(qtbot, pane.used)
    settle(pane.context)
    assert pane.context.library.brand_kits.chosen() is None
    kit = pane.kit
    click(qtbot, pane.remove_button)
    settle(pane.context)
    assert kept(pane) == []
    assert kit is not None
    pane._bring_back(kit)
    settle(pane.context)
    assert [one.name for one in kept(pane)] == ["North"]


def test_everything_has_a_name_and_two_languages(pane: BrandPane) -> None:
    assert names_missing(pane) == []
    pane.context.change_setting("language", "zh_CN")
    pane.retranslate()  # the window does
    settle(pane.context)
    assert pane.form.corner.itemText(0) == "左上"
