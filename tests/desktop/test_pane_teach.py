"""The page that teaches a tag, and the suggestions in the inspector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListView, QToolButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.teach import TeachPane
from mmstudio.desktop.views.tag_suggestions import TagSuggestions
from mmstudio.features.extractors import infos
from mmstudio.library import AssetFilter
from mmstudio.studio import Studio
from support.fusion import add_media, put_rows
from support.qt import settle, wait_until


@pytest.fixture
def taught(tmp_path: Path, context: AppContext, qtbot: QtBot) -> Iterator[tuple[TeachPane, list[int]]]:
    studio = Studio.create(tmp_path / "teach.mmlib")
    library = studio.library
    ids = add_media(library, "image", [f"{i}.png" for i in range(30)])
    random = np.random.default_rng(1)
    sorts = random.standard_normal((3, infos()["cnn"].dimension)).astype(np.float32)
    put_rows(
        library,
        "cnn",
        {
            a: sorts[i % 3] + 0.5 * random.standard_normal(sorts.shape[1]).astype(np.float32)
            for i, a in enumerate(ids)
        },
    )
    context.adopt(studio)
    pane = TeachPane(context)
    qtbot.addWidget(pane)
    pane.resize(1000, 700)
    pane.show()
    pane.library_changed()
    context.changed.connect(pane.data_changed)
    yield pane, ids
    context.close_library()
    settle(context)


def carried(pane: TeachPane, tag: str) -> set[int]:
    return set(pane.context.library.assets.ids(AssetFilter(tags=(tag,))))


def learn(pane: TeachPane, qtbot: QtBot, examples: list[int]) -> None:
    pane.activated(tag="boots", examples=examples)
    wait_until(lambda: len(pane.model.ids) > 0)
    settle(pane.context)


def test_empty_page_says_what_to_do(taught: tuple[TeachPane, list[int]], qtbot: QtBot) -> None:
    pane, _ = taught
    pane.activated()
    settle(pane.context)
    assert "tag" in pane.stack.message.title.text()
    assert not pane.all_button.isEnabled()


def test_examples_bring_suggestions_with_their_worth(
    taught: tuple[TeachPane, list[int]], qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    pane, ids = taught
    learn(pane, qtbot, ids[0:12:3])
    assert set(pane.model.ids[:6]) == set(ids[12::3])
    assert "right when left out (guessing: 50 %)" in pane.told.text()
    assert pane.example_model.ids == ids[0:12:3]
    qtmodeltester.check(pane.model)


def test_enter_accepts_and_backspace_refuses(taught: tuple[TeachPane, list[int]], qtbot: QtBot) -> None:
    pane, ids = taught
    learn(pane, qtbot, ids[0:12:3])
    view = pane.grid.findChild(QListView)
    assert view is not None
    first, second = pane.model.ids[:2]
    pane.grid.select([first])
    qtbot.keyClick(view, Qt.Key.Key_Return)
    settle(pane.context)
    assert carried(pane, "boots") == {*ids[0:12:3], first}
    pane.grid.select([second])
    qtbot.keyClick(view, Qt.Key.Key_Backspace)
    settle(pane.context)
    assert pane.context.library.assets.refused("boots") == {second}
    wait_until(lambda: second not in pane.model.ids and first not in pane.model.ids)
    pane.context.library.undo.undo()
    pane.context.library.undo.undo()
    settle(pane.context)
    assert carried(pane, "boots") == set()


def test_all_above_the_threshold_are_accepted_as_one_step(
    taught: tuple[TeachPane, list[int]], qtbot: QtBot
) -> None:
    pane, ids = taught
    learn(pane, qtbot, ids[0:12:3])
    pane.threshold.setValue(50)
    qtbot.mouseClick(pane.all_button, Qt.MouseButton.LeftButton)
    settle(pane.context)
    assert carried(pane, "boots") == set(ids[0::3])
    pane.context.library.undo.undo()
    assert carried(pane, "boots") == set()


def test_read_only_changes_nothing(tmp_path: Path, taught: tuple[TeachPane, list[int]], qtbot: QtBot) -> None:
    pane, ids = taught
    learn(pane, qtbot, ids[0:12:3])
    path = pane.context.library.path
    pane.context.close_library()
    settle(pane.context)
    pane.context.adopt(Studio.open(path, read_only=True))
    pane.library_changed()
    learn(pane, qtbot, ids[0:12:3])
    pane.grid.select(pane.model.ids[:1])
    pane.accept()
    pane.refuse()
    settle(pane.context)
    assert carried(pane, "boots") == set()
    assert not pane.accept_button.isEnabled()


def test_inspector_chips_accept_and_refuse(taught: tuple[TeachPane, list[int]], qtbot: QtBot) -> None:
    pane, ids = taught
    library = pane.context.library

    class Known:
        ready = True

        def suggest_tags(self, asset_id: int) -> list[tuple[str, float]]:
            return [("boots", 0.91), ("lamps", 0.42), ("faint", 0.1)]

    assert pane.context.studio is not None
    pane.context.studio.features.shared = Known()  # type: ignore[assignment]
    chips = TagSuggestions(pane.context)
    qtbot.addWidget(chips)
    chips.show_for(ids[0])
    settle(pane.context)
    wait_until(lambda: chips.shown == ["boots", "lamps"])
    buttons = {b.accessibleName(): b for b in chips.findChildren(QToolButton)}
    qtbot.mouseClick(buttons["Add the tag boots, 91 % sure"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Do not suggest the tag lamps here"], Qt.MouseButton.LeftButton)
    settle(pane.context)
    assert library.assets.tags_of([ids[0]])[ids[0]] == ["boots"]
    assert library.assets.refused("lamps") == {ids[0]}
