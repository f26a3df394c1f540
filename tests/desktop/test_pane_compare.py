"""The page that compares two models: choosing, sheets, figures with marks, blind rating."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.compare import ComparePane
from mmstudio.desktop.views.blind_rating import BlindRating
from mmstudio.desktop.views.compare_table import CompareTable
from mmstudio.learning.evaluation.rating import Pair, Ratings, Standing
from mmstudio.learning.evaluation.report import Comparison, Side
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, names_missing, show_pane


def comparison(a: str = "a", b: str = "b") -> Comparison:
    first = Side(a, {"kernel_distance": 10.0, "coverage": 0.5}, {"kernel_distance": 1.0, "coverage": 0.2})
    second = Side(b, {"kernel_distance": 20.0, "coverage": 0.6}, {"kernel_distance": 1.5, "coverage": 0.2})
    return Comparison(first, second, {"kernel_distance": "a", "coverage": ""}, 3, "net@1")


def pairs(count: int = 3) -> list[Pair]:
    dark, light = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    return [
        Pair(dark, light, "a", "b", 0, n) if n % 2 else Pair(light, dark, "b", "a", 0, n)
        for n in range(count)
    ]


def test_a_mark_stands_only_where_the_difference_is_more_than_chance(
    context: AppContext, qtbot: QtBot
) -> None:
    table = CompareTable()
    qtbot.addWidget(table)
    table.show_comparison(comparison())
    assert table.lines == [
        "Kernel distance: 10 ± 1, 20 ± 1.5, a",
        "Coverage: 50 % ± 20 %, 60 % ± 20 %, no difference beyond chance",
    ]
    table.show_comparison(None)
    assert table.lines == []


def test_rating_goes_by_keys_and_names_nobody_before_the_end(context: AppContext, qtbot: QtBot) -> None:
    rating = BlindRating()
    qtbot.addWidget(rating)
    rating.resize(800, 600)
    rating.show()
    chosen: list[tuple[Pair, str]] = []
    rating.chosen.connect(lambda pair, choice: chosen.append((pair, choice)))
    rating.begin()
    qtbot.keyClick(rating, Qt.Key.Key_1)  # nothing to choose from yet
    rating.show_pairs(pairs())
    assert not rating.result.isVisible()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_0):
        qtbot.keyClick(rating, key)
    assert [choice for _pair, choice in chosen] == ["left", "right", "neither"]
    rating.show_standing(Standing("a", "b", 6, 2, 1, 0.75, 0.41, 0.93))
    assert rating.result.isVisible()
    assert rating.result.text() == "You chose “a” 6 of 8 times over “b”."
    assert "41–93 %" in rating.result_more.text()
    assert "chance" in rating.result_more.text()
    assert names_missing(rating) == []


def test_ending_before_the_first_choice_just_goes_back(context: AppContext, qtbot: QtBot) -> None:
    rating = BlindRating()
    qtbot.addWidget(rating)
    rating.show()
    rating.show_pairs(pairs())
    with qtbot.waitSignal(rating.ended, timeout=240_000):
        qtbot.keyClick(rating, Qt.Key.Key_Escape)


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> ComparePane:
    return show_pane(ComparePane, open_context, qtbot)


def test_two_models_draw_from_the_same_seeds_and_are_rated(pane: ComparePane, qtbot: QtBot) -> None:
    pane.activated(a="starter-image-vae", b="starter-image-gan")
    assert pane.chosen == ("starter-image-vae", "starter-image-gan")
    wait_until(lambda: not any(canvas.image.isNull() for canvas in pane.canvases.values()))
    assert names_missing(pane) == []
    assert pane.eye.text() == "Not compared by eye yet."
    click(qtbot, pane.rate_button)
    wait_until(lambda: pane.rating.left_button.isEnabled())
    for _n in range(4):
        click(qtbot, pane.rating.left_button)
    click(qtbot, pane.rating.end_button)
    settle(pane.context)
    standing = Ratings(pane.context.library).standing(*pane.chosen)
    assert standing.wins_a + standing.wins_b == 4
    assert pane.rating.result.isVisible()
    click(qtbot, pane.rating.close_button)
    settle(pane.context)
    assert f"{standing.wins_a} of 4 times" in pane.eye.text()


def test_a_model_is_offered_only_others_of_its_medium(pane: ComparePane) -> None:
    pane.activated(a="starter-image-vae")
    offered = [pane.choices["b"].itemData(i) for i in range(pane.choices["b"].count())]
    assert "starter-image-vae" not in offered
    assert "starter-image-gan" in offered
    assert not any("text" in name or "sound" in name for name in offered)


def test_two_text_models_write_and_are_not_rated_by_eye(pane: ComparePane) -> None:
    pane.activated(a="starter-text-lm", b="starter-text-vae")
    assert pane.chosen == ("starter-text-lm", "starter-text-vae")
    wait_until(lambda: all(words.text() != "Writing a few texts" for words in pane.texts.values()))
    assert all(len(words.text()) > 20 for words in pane.texts.values())
    assert not any(canvas.isVisible() for canvas in pane.canvases.values())
    assert not pane.rate_button.isVisible()
    assert pane.measure_button.isEnabled()
    pane.activated(a="starter-image-vae", b="starter-image-gan")
    assert pane.rate_button.isVisible()
    assert not any(words.isVisible() for words in pane.texts.values())


def test_measuring_is_a_job_whose_result_fills_the_table(pane: ComparePane, qtbot: QtBot) -> None:
    pane.samples, pane.seeds = 8, 2
    click(qtbot, pane.measure_button)
    assert not pane.measure_button.isEnabled()
    wait_until(lambda: pane.measure_button.isEnabled())
    # Three pictures are too few for most figures: that is said rather than shown as a figure.
    assert "these are not FID" in pane.table_note.text()
    assert "Mean and spread of 2 seeds." in pane.table_note.text()
    assert not pane.measuring.isVisible()


def test_ratings_need_a_library_that_can_be_written(
    context: AppContext, studio: Studio, qtbot: QtBot, notices: list[Notice]
) -> None:
    path = Path(studio.library.path)
    studio.close()
    context.adopt(Studio.open(path, read_only=True))
    pane = show_pane(ComparePane, context, qtbot)
    pane.rate()
    assert [notice.level for notice in notices][-1:] == ["warning"]
    assert pane.pages.currentIndex() == 0
