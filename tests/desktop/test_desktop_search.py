"""Searching in the window: one line, best match with reasons, facets, saved searches, likeness by drop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.library import LibraryPane
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.library import Facts
from support.encoders import WordEncoder
from support.qt import settle


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> LibraryPane:
    library = open_context.library
    pictures = library.assets.ids(None, descending=False)
    library.facts.put_many(
        [Facts(pictures[1], {}, {"teal": 0.2}), Facts(pictures[2], {}, {"teal": 0.7, "red": 0.2})]
    )
    made = LibraryPane(open_context)
    open_context.changed.connect(made.data_changed)
    made.resize(1000, 700)
    qtbot.addWidget(made)
    qtbot.addWidget(made.search)
    made.show()
    settle(open_context)
    return made


def look_for(pane: LibraryPane, line: str) -> list[int]:
    pane.show_line(line)
    settle(pane.context)
    return list(pane.model.ids)


def drop(pane: LibraryPane, data: QMimeData, zone: str) -> None:
    assert pane.zones.offer(data, writing=True)
    event = QDropEvent(
        pane.zones.centre_of(zone), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    pane.dropEvent(event)
    settle(pane.context)


def put_vectors(pane: LibraryPane) -> list[int]:
    """Vectors for the three pictures; the first two are alike."""
    features, library = pane.context.studio.features, pane.context.library
    info = features.extractors()["cnn"]
    pictures = [a.id for a in library.assets.get_many(library.assets.ids()) if a.kind == "image"][::-1]
    set_id = library.features.ensure_set(
        info.name, info.version, info.parameters, info.dimension, info.modality
    )
    rows = np.random.default_rng(1).normal(size=(3, info.dimension)).astype(np.float32)
    rows[1] = rows[0] + 0.1 * rows[1]
    library.features.put_many(set_id, zip(pictures, rows, strict=True))
    settle(pane.context)
    return pictures


def test_the_best_match_comes_first_and_says_why(pane: LibraryPane) -> None:
    pane.context.library.assets.set_caption(pane.model.ids[-1:], "sand everywhere")
    settle(pane.context)
    assert pane.bar.order[0] == "added"
    found = look_for(pane, "sand")
    assert len(found) == 2
    assert pane.bar.order[0] == "best"
    assert pane.model.reason(found[0])
    pane.grid.select(found[:1])
    settle(pane.context)
    assert pane.reason.text().startswith("Why it is here: ")
    look_for(pane, "")
    assert pane.bar.order[0] == "added"
    assert not pane.reason.isVisible()


def test_an_order_that_was_chosen_comes_back(pane: LibraryPane) -> None:
    pane.bar.orders.setCurrentIndex(1)
    look_for(pane, "sand")
    assert pane.bar.order[0] == "best"
    pane.bar.orders.setCurrentIndex(3)
    assert pane.bar.order[0] == "captured"
    look_for(pane, "")
    assert pane.bar.order[0] == "captured"


def test_facets_line_and_chips_are_one(pane: LibraryPane) -> None:
    pane.bar.facets_button.setChecked(True)
    settle(pane.context)
    assert pane.facets.isVisible()
    assert {("color", "teal"), ("color", "red"), ("kind", "picture")} <= set(pane.facets.tokens())
    pane.facets.choose("color", "teal")
    settle(pane.context)
    assert pane.search.text() == "color:teal"
    assert pane.chips.texts == ["Colour: Teal"]
    shares = pane.context.library.facts.colours_of(pane.model.ids)
    assert [shares[i]["teal"] for i in pane.model.ids] == [0.7, 0.2]
    pane.chips.removed.emit("color:teal")
    settle(pane.context)
    assert pane.search.text() == ""
    assert len(pane.model.ids) == 6


def test_find_similar_is_a_line_too(pane: LibraryPane, notices: list[Notice]) -> None:
    first = put_vectors(pane)
    pane.find_similar(first[0])
    settle(pane.context)
    assert pane.search.text() == f"like:{first[0]}"
    assert pane.model.ids[:2] == first[:2]
    assert pane.chips.texts == ["Similar to picture 0"]
    assert pane.model.reason(first[1]).startswith("Looks alike (")
    look_for(pane, "")
    assert len(pane.model.ids) == 6


def test_nothing_to_compare_with_offers_to_extract(pane: LibraryPane) -> None:
    pane.find_similar(pane.model.ids[-1])
    settle(pane.context)
    assert pane.stack.message.title.text() == "Nothing to compare with yet."
    assert pane.stack.message.button.text() == "Extract features"


def test_sounds_for_a_picture(pane: LibraryPane) -> None:
    library, features = pane.context.library, pane.context.studio.features
    by_kind = {a.kind: a.id for a in library.assets.get_many(library.assets.ids())}
    encoder = WordEncoder(library, ("sea", "town"))
    encoder.put("asset", {by_kind["image"]: encoder.axis("sea"), by_kind["audio"]: encoder.axis("sea")})
    features.shared = encoder
    settle(pane.context)
    pane.find_like(str(by_kind["image"]), "sound")
    settle(pane.context)
    assert by_kind["audio"] in pane.model.ids
    assert by_kind["video"] not in pane.model.ids


def test_a_dragged_asset_or_file_finds_its_like(pane: LibraryPane) -> None:
    first = put_vectors(pane)
    drop(pane, pane.model.mimeData([pane.model.index(pane.model.row_of(first[0]))]), "similar")
    assert pane.search.text() == f"like:{first[0]}"
    assert not pane.zones.isVisible()
    data = QMimeData()
    path = Path("/nowhere/a picture.png").resolve()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    pane.search.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none))
    assert Path(str(pane.filter().like)) == path
    settle(pane.context)
    other = QMimeData()
    other.setText("words")
    assert not pane.zones.offer(other, writing=True)


def test_searches_are_saved_used_and_deleted(pane: LibraryPane, qtbot: QtBot) -> None:
    look_for(pane, "kind:sound")
    pane.saved.ask_name()
    field = pane.window().findChild(AskPanel).findChild(QLineEdit)
    field.setText("My sounds")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(pane.context)
    [kept] = pane.context.library.searches.list()
    assert (kept.name, kept.query) == ("My sounds", "kind:sound")
    look_for(pane, "")
    named = {a.text(): a for a in pane.actions()}
    named["Saved search: My sounds"].trigger()
    settle(pane.context)
    assert pane.search.text() == "kind:sound"
    assert len(pane.model.ids) == 1
    pane.saved.remove(kept.id)
    settle(pane.context)
    assert "Saved search: My sounds" not in {a.text() for a in pane.actions()}


@pytest.mark.parametrize(
    "line", ['"', "like:", "like:999", "a" * 3000, "'; DROP", "tag:", "or or", "海\u202e"]
)
def test_no_line_breaks_the_window(pane: LibraryPane, line: str, notices: list[Notice]) -> None:
    look_for(pane, line)
    assert not [notice for notice in notices if notice.level == "error"]
    assert pane.stack.currentWidget() is pane.grid or pane.stack.message.title.text()
