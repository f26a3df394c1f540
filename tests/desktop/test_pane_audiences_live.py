"""The Recommend view, live: tries, decisions, reasons that add up; the brief read; rules with counts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.audiences import Ranking, Recommended
from mmstudio.desktop.models.ranking import Wish, ask
from mmstudio.desktop.panes.audiences import AudiencesPane
from mmstudio.desktop.views.recommendation_delegate import Areas
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.desktop.window import MainWindow
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.crowd import add_crowd
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, open_store, show_pane


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> AudiencesPane:
    open_store(context, tmp_path, items=8)
    made = show_pane(AudiencesPane, context, qtbot)
    _ranked(made)
    return made


def _ranked(pane: AudiencesPane) -> None:
    """Wait until the list stands still."""
    wait_until(lambda: pane.recommended.rowCount() > 0 and not pane.view.latest.busy and pane.context.idle)


def _ids(pane: AudiencesPane) -> list[int]:
    return [row.item.id for row in pane.recommended.rows]


def _row(pane: AudiencesPane, item: int) -> Recommended:
    return next(row for row in pane.recommended.rows if row.item.id == item)


def test_parts_of_every_card_add_up_to_its_score(pane: AudiencesPane) -> None:
    for row in pane.recommended.rows:
        assert sum(part.value for part in row.parts) == pytest.approx(row.score, abs=1e-9)
    reasons = pane.view.reasons
    assert reasons.row is not None
    assert len(reasons.parts.lines) == len(reasons.row.parts)
    assert all(part.label in reasons.bar.accessibleDescription() for part in reasons.row.parts)


def test_switching_a_like_off_shows_what_moves_and_keeps_nothing(pane: AudiencesPane, qtbot: QtBot) -> None:
    audience = pane.model.rows[0]
    before = pane.context.library.audiences.get(audience.id)
    assert all(row.before is None for row in pane.recommended.rows)
    chip = pane.view.chips.chips[audience.liked[0]]
    click(qtbot, chip)
    _ranked(pane)
    assert all(row.before is not None for row in pane.recommended.rows)
    assert audience.liked[0] not in _ids(pane)  # a try does not recommend what is liked
    assert "left out" in chip.accessibleName()
    assert pane.context.library.audiences.get(audience.id) == before
    click(qtbot, pane.view.chips.reset_button)
    _ranked(pane)
    assert all(row.before is None for row in pane.recommended.rows)


def test_ban_and_pin_by_key_and_undo(pane: AudiencesPane, qtbot: QtBot, notices: list[Notice]) -> None:
    audiences, audience = pane.context.library.audiences, pane.model.rows[0].id
    last = pane.recommended.rows[-1].item.id
    pane.cards.setCurrentIndex(pane.recommended.index(len(_ids(pane)) - 1))
    qtbot.keyClick(pane.cards, Qt.Key.Key_P)
    _ranked(pane)
    wait_until(lambda: _ids(pane)[0] == last)
    assert audiences.get(audience).rules["pinned"] == [last]
    assert "pinned" in _row(pane, last).marks
    qtbot.keyClick(pane.cards, Qt.Key.Key_P)  # the pinned card stays chosen; again takes the pin off
    wait_until(lambda: "pinned" not in audiences.get(audience).rules)
    _ranked(pane)
    first = pane.recommended.rows[0].item.id
    pane.cards.setCurrentIndex(pane.recommended.index(0))
    qtbot.keyClick(pane.cards, Qt.Key.Key_B)
    wait_until(lambda: first not in _ids(pane))
    settle(pane.context)
    assert audiences.get(audience).rules["banned"] == [first]
    offer = next(notice for notice in notices if notice.action is not None)
    assert offer.action is not None
    offer.action[1]()
    wait_until(lambda: first in _ids(pane))
    assert "banned" not in audiences.get(audience).rules


def test_approve_on_the_card_and_reject_beside_it(pane: AudiencesPane, qtbot: QtBot) -> None:
    audience = pane.model.rows[0].id
    index = pane.recommended.index(0)
    item = pane.recommended.rows[0].item.id
    option = QStyleOptionViewItem()
    option.rect = pane.cards.visualRect(index)
    at: QPoint = Areas(option.rect).buttons["approve"].center()
    qtbot.mouseClick(pane.cards.viewport(), Qt.MouseButton.LeftButton, pos=at)
    wait_until(lambda: pane.context.library.audiences.decisions(audience).get(item, 0) > 0)
    _ranked(pane)
    assert "approved" in _row(pane, item).marks
    pane.cards.setCurrentIndex(pane.recommended.index(pane.recommended.row_of(item)))
    pane.view.reasons.buttons["reject"].click()
    wait_until(lambda: pane.context.library.audiences.decisions(audience)[item] < 0)


def test_pressing_again_takes_an_approval_back(pane: AudiencesPane, qtbot: QtBot) -> None:
    audiences, audience = pane.context.library.audiences, pane.model.rows[0].id
    item = pane.recommended.rows[0].item.id
    pane.cards.setCurrentIndex(pane.recommended.index(0))
    qtbot.keyClick(pane.cards, Qt.Key.Key_A)
    wait_until(lambda: item in audiences.decisions(audience))
    _ranked(pane)
    pane.cards.setCurrentIndex(pane.recommended.index(pane.recommended.row_of(item)))
    button = pane.view.reasons.buttons["approve"]
    assert button.toolTip() == "Take the approval back"
    button.click()
    wait_until(lambda: item not in audiences.decisions(audience))
    _ranked(pane)
    assert "approved" not in _row(pane, item).marks
    assert button.toolTip().startswith("Approve")
    assert [one.event for one in audiences.decision_log(audience)] == ["approve", "withdraw"]


def test_a_rejection_is_taken_back_by_notice_or_beside_the_reason(
    pane: AudiencesPane, qtbot: QtBot, notices: list[Notice]
) -> None:
    audiences, audience = pane.context.library.audiences, pane.model.rows[0].id
    item = pane.recommended.rows[0].item.id
    pane.view.decide(_row(pane, item), "reject")
    wait_until(lambda: item not in _ids(pane))
    offer = next(notice for notice in notices if notice.action is not None)
    assert offer.action is not None
    offer.action[1]()
    wait_until(lambda: item in _ids(pane))
    assert audiences.decisions(audience) == {}
    pane.view.decide(_row(pane, item), "reject")
    wait_until(lambda: item not in _ids(pane))
    pane.view.why_not(item)
    wait_until(pane.view.why_card.isVisible)
    assert "rejected" in pane.view.why_card.sentence.text()
    click(qtbot, pane.view.why_card.back_button)
    wait_until(lambda: item in _ids(pane))
    assert audiences.decisions(audience) == {}


def test_the_first_list_does_not_wait_for_measurements_and_is_renewed(
    context: AppContext, tmp_path: Path, qtbot: QtBot, notices: list[Notice]
) -> None:
    path = make_store(tmp_path, items=8)
    with Library.open(path) as library:
        add_crowd(library, people=60)
    lists: list[Ranking] = []
    context.adopt(Studio.open(path))
    pane = AudiencesPane(context)
    pane.view.ranked.connect(lists.append)
    qtbot.addWidget(pane, before_close_func=lambda widget: widget.close_pane())
    context.changed.connect(pane.data_changed)
    pane.show()
    wait_until(lambda: any("methods were measured" in notice.text for notice in notices))
    assert lists[0].waiting
    assert "being measured" in lists[0].method
    assert not lists[-1].waiting
    assert "hidden events of" in pane.view.note.text()
    settle(context)


def test_why_not_names_the_rule(pane: AudiencesPane) -> None:
    pane.editor.rules.price_to.setValue(13.0)
    pane.editor.rules.price_to.editingFinished.emit()
    settle(pane.context)
    dear = pane.context.library.items.ids()[-1]
    pane.view.why_not(dear)
    card = pane.view.why_card
    wait_until(card.isVisible)
    assert "13" in card.sentence.text()
    assert card.item is not None
    assert card.item.id == dear
    assert not card.pin_button.isVisible()  # pinning would not get past the rule
    card.close_button.click()
    assert not card.isVisible()


def test_rules_say_what_they_take_out(pane: AudiencesPane) -> None:
    rules = pane.editor.rules
    rules.price_to.setValue(13.0)
    rules.price_to.editingFinished.emit()
    wait_until(lambda: "5" in rules.counts["price_under"].text())  # 13.50 to 17.50 of eight items
    rules.on.setText("some day")
    rules.on.editingFinished.emit()
    wait_until(lambda: bool(rules.counts["on"].toolTip()))
    assert rules.counts["must"].text() == ""


def test_the_brief_is_read_and_taken_one_by_one(pane: AudiencesPane, qtbot: QtBot) -> None:
    audiences, audience = pane.context.library.audiences, pane.model.rows[0].id
    pane.tabs.setCurrentIndex(1)
    pane.editor.brief.setPlainText("People aged 25 to 40 who like cotton and pay under 14 euros.")
    click(qtbot, pane.editor.reader.button)
    wait_until(lambda: bool(pane.editor.reader.proposals))
    settle(pane.context)
    before = audiences.get(audience)
    assert before.rules == {}  # nothing is taken by itself
    proposal = next(p for p in pane.editor.reader.proposals if p.key == "price_under")
    count = len(pane.editor.reader.proposals)
    pane.editor.reader._take(proposal)
    wait_until(lambda: audiences.get(audience).rules.get("price_under") == 14)
    settle(pane.context)
    assert len(pane.editor.reader.proposals) == count - 1
    pane.context.undo()
    wait_until(lambda: "price_under" not in audiences.get(audience).rules)


def test_traits_are_added_and_taken_out(pane: AudiencesPane, qtbot: QtBot) -> None:
    audiences, audience = pane.context.library.audiences, pane.model.rows[0].id
    pane.tabs.setCurrentIndex(1)
    qtbot.keyClicks(pane.editor.traits.field, "age: 25-40")
    qtbot.keyClick(pane.editor.traits.field, Qt.Key.Key_Return)
    wait_until(lambda: "age" in pane.editor.traits.chips)
    settle(pane.context)
    assert audiences.get(audience).traits == {"age": "25-40"}
    pane.editor.traits.chips["age"].click()
    settle(pane.context)
    assert audiences.get(audience).traits == {}


def test_members_and_their_privacy_are_said(pane: AudiencesPane) -> None:
    library, audience = pane.context.library, pane.model.rows[0].id
    library.audiences.add_members(audience, ["kim@example.org", "user 7"])
    settle(pane.context)
    wait_until(lambda: "2 members" in pane.editor.members.text())
    assert pane.editor.privacy.text()
    assert "kim" not in pane.editor.privacy.text()


def test_members_of_an_older_library_get_codes_with_one_press(
    context: AppContext, tmp_path: Path, qtbot: QtBot, notices: list[Notice]
) -> None:
    path = make_store(tmp_path)
    connection = sqlite3.connect(path / "library.db")
    with connection:
        connection.executemany("INSERT INTO member(name) VALUES (?)", [("Kim Berg",), ("kim@example.org",)])
    connection.close()
    context.adopt(Studio.open(path))
    pane = show_pane(AudiencesPane, context, qtbot)
    pane.tabs.setCurrentIndex(1)
    button = pane.editor.pseudonyms_button
    wait_until(button.isVisible)
    assert pane.editor.plain.text().startswith("2 members")
    assert not pane.editor.privacy.isVisible()  # it would say that they are pseudonyms
    click(qtbot, button)
    wait_until(lambda: not button.isVisible() and context.idle)
    assert context.library.pseudonyms.plain() == 0
    said = next(notice for notice in notices if "pseudonyms now" in notice.text)
    assert str(context.library.pseudonyms.backup) in said.hint
    assert "pseudonyms" in pane.editor.privacy.text()
    assert pane.editor.privacy.isVisible()


def test_everything_has_a_name_and_read_only_decides_nothing(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(AudiencesPane, context, qtbot)
    wait_until(lambda: pane.recommended.rowCount() > 0 and bool(pane.editor.name_field.text()))
    for tab in (0, 1):
        pane.tabs.setCurrentIndex(tab)
        assert names_missing(pane) == []
    assert names_missing(pane.view.reasons) == []
    before = _ids(pane)
    qtbot.keyClick(pane.cards, Qt.Key.Key_B)
    settle(context)
    assert _ids(pane) == before
    assert not pane.view.reasons.buttons["pin"].isEnabled()
    assert not pane.editor.reader.button.isEnabled()


def test_the_narrow_window_puts_cards_first(pane: AudiencesPane) -> None:
    assert pane.view.bar.sliders.isVisible()
    pane.resize(620, 600)
    settle(pane.context)
    assert not pane.view.bar.sliders.isVisible()
    pane.view.bar.adjust.click()
    assert pane.view.bar.sliders.isVisible()


def test_new_pages_are_reached_from_the_audiences(
    context: AppContext, tmp_path: Path, make_window: object
) -> None:
    open_store(context, tmp_path)
    window: MainWindow = make_window(context)  # type: ignore[operator]
    window.show_pane("audiences")
    pane = window.panes["audiences"]
    assert isinstance(pane, AudiencesPane)
    for key, press in pane.page_buttons.items():
        window.show_pane("audiences")
        press.click()
        settle(context)
        assert window.current == key
        assert window.panes[key].title()


def test_back_at_an_audience_at_once_its_likes_are_offered_again(pane: AudiencesPane) -> None:
    audience = pane.model.rows[0]
    pane.context.library.audiences.add("Others")
    wait_until(lambda: pane.model.rowCount() == 2)
    _ranked(pane)
    home = pane.model.row_of(audience.id)
    for row in (1 - home, home):  # nothing of the other one is there before one is back
        pane.list.setCurrentIndex(pane.model.index(row))
    _ranked(pane)
    assert set(pane.view.chips.chips) == set(audience.liked)


def test_what_a_cap_holds_back_is_said_after_every_edit(pane: AudiencesPane) -> None:
    audience = pane.model.rows[0].id
    for value in (0.1, 0.2):
        pane._edit(audience, "rules", {"caps": {"*": 1}, "price_over": value})
        _ranked(pane)
        assert pane.editor.rules.counts["caps"].text().startswith("holds ")


def test_list_and_likes_are_shown_together_and_what_stays_is_left_alone(pane: AudiencesPane) -> None:
    audience = pane.model.rows[0]
    shelf = pane.editor.liked
    chips, tiles = dict(pane.view.chips.chips), shelf.findChildren(PictureTile)
    shown: list[set[int]] = []
    pane.view.ranked.connect(lambda _ranking: shown.append(set(pane.view.chips.chips)))
    more = [*audience.liked, _ids(pane)[0]]
    pane._edit(audience.id, "liked", more)
    _ranked(pane)
    assert shown == [set(more)]
    assert list(pane.view.chips.chips) == more
    assert all(pane.view.chips.chips[item] is chip for item, chip in chips.items())
    assert shelf.ids == more
    assert set(tiles) < set(shelf.findChildren(PictureTile))
    pane._edit(audience.id, "liked", more[1:])
    _ranked(pane)
    assert list(pane.view.chips.chips) == shelf.ids == more[1:]
    after, walked = {*pane.view.chips.chips.values(), pane.view.chips.reset_button}, []
    at: QWidget = next(iter(pane.view.chips.chips.values()))
    while len(walked) < len(after):
        walked += [at] if at in after else []
        at = at.nextInFocusChain()
    assert walked == [*pane.view.chips.chips.values(), pane.view.chips.reset_button]


def test_the_taste_is_that_of_the_last_edit_when_its_page_is_seen(pane: AudiencesPane) -> None:
    audience = pane.model.rows[0]
    taste = pane.editor.taste.evidence
    pane._edit(audience.id, "liked", [*audience.liked, _ids(pane)[0]])
    _ranked(pane)
    assert "3 likes" not in taste.text()  # nobody looks at it
    pane.tabs.setCurrentIndex(1)
    wait_until(lambda: "3 likes" in taste.text())
    pane._edit(audience.id, "liked", audience.liked)
    wait_until(lambda: "2 likes" in taste.text())


def test_an_edit_on_the_page_is_not_overtaken_by_one_before_it(pane: AudiencesPane) -> None:
    audience, more = pane.model.rows[0], _ids(pane)[:2]
    pane._edit(audience.id, "liked", [*audience.liked, more[0]])
    pane.tabs.setCurrentIndex(1)
    pane._edit(audience.id, "liked", [*audience.liked, *more])
    _ranked(pane)
    assert pane.editor.liked.ids == [*audience.liked, *more]
    assert list(pane.view.chips.chips) == [*audience.liked, *more]


def test_a_slider_is_answered_at_once_and_its_last_place_counts(pane: AudiencesPane) -> None:
    audience, studio = pane.model.rows[0], pane.context.studio
    assert studio is not None
    for value in (40, 70, 100):
        pane.view.bar.diversity.setValue(value)
        assert pane.view.latest.busy
    wait_until(lambda: not pane.view._sliding.isActive() and not pane.view.latest.busy)
    assert _ids(pane) == [one.item_id for one in ask(studio, Wish(audience, relevance=0.0))]


def test_words_on_tiles_and_switches_follow_the_language(pane: AudiencesPane) -> None:
    tile, chip = pane.editor.liked.findChildren(PictureTile)[0], next(iter(pane.view.chips.chips.values()))
    english = chip.accessibleName()
    pane.context.change_setting("language", "zh_CN")
    pane.retranslate()
    _ranked(pane)
    assert tile.accessibleName().endswith("点按可移除")
    assert chip.accessibleName() != english
