"""The map of the library: laying out, selecting by loop, keys and legend, going on with the selection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.map import MapPane
from mmstudio.desktop.views.map_plot import inside
from mmstudio.jobs import run_inline
from mmstudio.studio import Studio
from support.library import add_files
from support.media import make_image
from support.qt import settle, wait_until
from support.storefront import click, names_missing, show_pane


@pytest.fixture
def mapped(open_context: AppContext, studio: Studio, tmp_path: object, qtbot: QtBot) -> MapPane:
    """The page on a library of nine pictures with colours' histograms as features."""
    folder = studio.library.path.parent / "more"
    ids = add_files(studio.library, *(make_image(folder / f"{n}.png", seed=n) for n in range(6)))
    studio.library.assets.add_tags(ids[:4], ["blobs"])
    run_inline(studio.features.work(extractor="colour"))
    settle(open_context)
    pane = show_pane(MapPane, open_context, qtbot)
    pane.activated()
    settle(open_context)
    return pane


def test_inside_a_polygon() -> None:
    points = np.array([[0, 0], [2, 0], [0.9, 0.9], [-0.5, 0.5]], np.float32)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    assert inside(points, square).tolist() == [True, False, True, True]
    hollow = np.array([[-1, -1], [1, -1], [1, 1], [0, 0], [-1, 1]], np.float64)
    assert inside(np.array([[0, 0.5], [0, -0.5]], np.float32), hollow).tolist() == [False, True]


def test_without_features_it_says_what_to_do(open_context: AppContext, qtbot: QtBot, studio: Studio) -> None:
    pane = show_pane(MapPane, open_context, qtbot)
    pane.activated()
    settle(open_context)
    assert pane.stack.currentWidget() is pane.stack.message
    assert pane.stack.message.title.text() == "There is no map yet."
    assert pane.stack.message.button.text() == "Extract features"


def test_everything_with_features_is_a_point(mapped: MapPane, studio: Studio) -> None:
    assert mapped.stack.currentWidget() is mapped.stack.content
    assert len(mapped.plot.ids) == 9
    assert mapped.count.text() == "0 of 9 selected"
    assert "9" in mapped.what.currentText()
    assert names_missing(mapped) == []
    mapped.method.setCurrentIndex(mapped.method.findData("pca"))
    mapped.refresh()
    settle(mapped.context)
    assert len(mapped.plot.ids) == 9


def test_a_loop_selects_and_the_library_shows_it(mapped: MapPane, qtbot: QtBot) -> None:
    went: list[tuple[str, dict[str, object]]] = []
    mapped.context.navigated.connect(lambda key, args: went.append((key, args)))
    x = mapped.plot.xy[:, 0]
    middle = float(np.sort(x)[4])
    left = np.array([[-2, -2], [middle, -2], [middle, 2], [-2, 2]], np.float64)
    mapped.plot.lasso(left)
    wanted = sorted(int(i) for i in mapped.plot.ids[x < middle])
    assert sorted(mapped.context.selection) == wanted
    assert mapped.count.text() == f"{len(wanted)} of 9 selected"
    click(qtbot, mapped.show_button)
    assert went[-1] == ("library", {"query": "", "select": mapped.plot.selected})


def test_keys_go_from_one_to_the_next(mapped: MapPane, qtbot: QtBot) -> None:
    looked: list[list[int]] = []
    mapped.context.quick_look_requested.connect(looked.append)
    qtbot.keyClick(mapped.plot, Qt.Key.Key_Right)
    [first] = mapped.plot.selected
    here = mapped.plot.xy[mapped.plot.ids == first][0]
    rightward = mapped.plot.xy[:, 0] > here[0] + 1e-6
    qtbot.keyClick(mapped.plot, Qt.Key.Key_Right)
    [second] = mapped.plot.selected
    there = mapped.plot.xy[mapped.plot.ids == second][0]
    assert (there[0] > here[0]) == bool(rightward.any())
    qtbot.keyClick(mapped.plot, Qt.Key.Key_Space)
    assert looked == [[second]]
    qtbot.keyClick(mapped.plot, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(mapped.plot.selected) == 9
    qtbot.keyClick(mapped.plot, Qt.Key.Key_Escape)
    assert mapped.plot.selected == []


def test_the_legend_selects_a_group(mapped: MapPane) -> None:
    mapped.by.setCurrentIndex(mapped.by.findData("tag"))
    mapped.by.activated.emit(mapped.by.currentIndex())
    settle(mapped.context)
    words = [mapped.legend.item(row).text() for row in range(mapped.legend.count())]
    assert words == ["4  blobs", "3  summer", "2  Others"]
    mapped.legend.itemClicked.emit(mapped.legend.item(0))
    assert len(mapped.plot.selected) == 4


def test_other_features_make_it_lay_out_again(mapped: MapPane, studio: Studio) -> None:
    studio.library.assets.trash([int(mapped.plot.ids[0])])
    mapped.activated()
    wait_until(lambda: len(mapped.plot.ids) == 8)


def test_a_library_that_is_closed_leaves_nothing(mapped: MapPane) -> None:
    mapped.library_changed()
    assert len(mapped.plot.ids) == 0
    assert mapped.legend.count() == 0
    assert mapped.what.count() == 0


def test_opening_the_map_leaves_the_selection_alone(
    open_context: AppContext, studio: Studio, qtbot: QtBot
) -> None:
    chosen = studio.library.assets.ids()[:2]
    open_context.select_assets(chosen)
    show_pane(MapPane, open_context, qtbot).activated()
    settle(open_context)
    assert open_context.selection == chosen


def test_words_of_the_map_follow_the_language(mapped: MapPane) -> None:
    mapped.context.change_setting("language", "zh_CN")
    try:
        mapped.retranslate()
        settle(mapped.context)
        assert mapped.what.currentText().startswith("图片")
        assert "其他" in mapped.legend.item(mapped.legend.count() - 1).text()
    finally:
        mapped.context.change_setting("language", "en")


def test_a_layout_of_the_library_before_is_not_shown(mapped: MapPane, tmp_path: Path) -> None:
    mapped.refresh()
    mapped.hide()  # a page that is not in front does not ask again by itself
    mapped.context.adopt(Studio.create(tmp_path / "Other.mmlib"))
    settle(mapped.context)
    assert len(mapped.plot.ids) == 0
    assert mapped.what.count() == 0


def test_the_map_comes_when_the_job_has_ended(open_context: AppContext, studio: Studio, qtbot: QtBot) -> None:
    pane = show_pane(MapPane, open_context, qtbot)
    pane.activated()
    settle(open_context)
    open_context.submit("features", {"kind": None, "extractor": "colour"})
    wait_until(lambda: len(pane.plot.ids) > 0)
    assert pane.stack.currentWidget() is pane.stack.content
