"""What a brief proposes, what contradicts itself, and what a language model may add."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.generation.copywriting.contract import EngineStatus
from mmstudio.generation.copywriting.engines.asking import Ask, LanguageModel
from mmstudio.library import Library, NewItem
from mmstudio.recommendation import assistant
from mmstudio.recommendation.brief_rules import heard
from mmstudio.recommendation.consistency import contradictions

TAGS = {"leather", "wool", "cotton", "hiking", "waterproof", "yoga", "running", "皮革", "徒步"}


def told(brief: str, tags: set[str] = TAGS) -> list[tuple[str, str, Any]]:
    return [(one.part, one.key, one.value) for one in heard(brief, tags)]


@pytest.mark.parametrize(
    ("brief", "expected"),
    [
        ("Gifts under 40 euros", ("rule", "price_under", 40.0)),
        ("at most €1,299.50 please", None),
        ("up to €1,200", ("rule", "price_under", 1200.0)),
        ("more than 99,90 EUR", ("rule", "price_over", 99.9)),
        ("women under 40", ("trait", "age", "under 40")),
        ("under 40 years old", ("trait", "age", "under 40")),
        ("aged 25-35", ("trait", "age", "25-35")),
        ("people in their 30s", ("trait", "age", "30-39")),
        ("no leather or wool", ("rule", "must_not", ["wool"])),
        ("leather-free shoes", ("rule", "must_not", ["leather"])),
        ("they don't wear wool", ("rule", "must_not", ["wool"])),
        ("allergic to nuts", ("trait", "avoids", "nuts")),
        ("vegan families", ("rule", "must_not", ["leather", "wool", "皮革"])),
        ("must be waterproof", ("rule", "must", ["waterproof"])),
        ("organic food lovers", ("trait", "wants", "organic")),
        ("toys for kids", ("trait", "for", "kids")),
        ("hikers who love hiking in Germany", ("rule", "market", "DE")),
        ("they love hiking", ("tag", "", "hiking")),
        ("a gift for a birthday", ("angle", "", "gift")),
        ("预算200元以内", ("rule", "price_under", 200.0)),
        ("不要皮革", ("rule", "must_not", ["皮革"])),
        ("喜欢徒步", ("tag", "", "徒步")),
        ("送给孩子", ("trait", "for", "kids")),
        ("30岁左右的女性", ("trait", "age", "about 30")),
        ("德国市场", ("rule", "market", "DE")),
    ],
)
def test_words_become_proposals(brief: str, expected: tuple[str, str, Any] | None) -> None:
    if expected is not None:
        assert expected in told(brief)
    else:
        assert ("rule", "price_under", 1.0) not in told(brief)


@pytest.mark.parametrize(
    "brief", ["", "👪", "no time to lose", "not only for experts", "over 3 kg", "without a doubt", "!!!"]
)
def test_what_says_nothing_makes_no_rule(brief: str) -> None:
    assert [one for one in told(brief) if one[0] == "rule"] == []


def test_what_is_ruled_out_is_not_liked() -> None:
    found = told("no leather or wool, they love yoga, only cotton")
    assert {value for part, _, value in found if part == "tag"} == {"yoga"}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "brief.mmlib") as opened:
        opened.items.upsert_many(
            [
                NewItem("A", "Boot", category="Sport > Hiking", attributes={"material": "leather"}),
                NewItem("B", "Sock", category="Sport > Hiking", attributes={"material": "wool"}),
            ]
        )
        yield opened


def test_confirmed_proposals_are_one_undoable_step(library: Library) -> None:
    who = library.audiences.add(
        "Hikers 🥾", "hiking, no leather, under 40 euros, for women, gift", rules={"must_not": ["wool"]}
    )
    found = assistant.propose(library, library.audiences.get(who))
    assert {(one.part, one.key) for one in found} >= {
        ("rule", "price_under"), ("rule", "must_not"), ("trait", "for"), ("tag", ""), ("angle", ""),
    }  # fmt: skip
    assert all(one.label and one.by == "rules" and one.words in library.audiences.get(who).brief.lower()
               for one in found)  # fmt: skip
    assert library.audiences.get(who).rules == {"must_not": ["wool"]}  # nothing is changed by proposing
    assistant.apply(library, who, found)
    changed = library.audiences.get(who)
    assert changed.rules == {"must_not": ["wool", "leather"], "price_under": 40.0}
    assert changed.traits["for"] == "women"
    assert changed.traits["likes"] == "hiking"
    assert "gift" in changed.traits["angles"]
    assert assistant.propose(library, changed) == []  # it has all of it now
    library.undo.undo()
    assert library.audiences.get(who).rules == {"must_not": ["wool"]}


def test_an_empty_brief_proposes_nothing(library: Library) -> None:
    who = library.audiences.add("Silent", "  ")
    assert assistant.propose(library, library.audiences.get(who)) == []


class Reader(LanguageModel):
    """A language model that gives one answer."""

    name = "server"

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[Ask] = []

    def status(self) -> EngineStatus:
        return EngineStatus(True)

    def stream(self, ask: Ask, cancelled: Callable[[], bool] = lambda: False) -> Iterator[str]:
        self.asked.append(ask)
        yield self.answer


def test_a_language_model_adds_only_what_has_the_asked_form(library: Library) -> None:
    who = library.audiences.get(library.audiences.add("Readers", "People of the hills"))
    reader = Reader(
        'Sure! {"traits": {"mood": "calm", "long": "' + "x" * 99 + '", "n": 3}, "price_under": 60,'
        ' "price_over": -1, "must": ["leather", "gold"], "tags": ["hiking", 7],'
        ' "angles": ["adventure", "sex"]}'
    )
    found = assistant.propose(library, who, reader)
    assert {(one.part, one.key, str(one.value)) for one in found} == {
        ("trait", "mood", "calm"), ("rule", "price_under", "60.0"), ("rule", "must", "['leather']"),
        ("tag", "", "hiking"), ("angle", "", "adventure"),
    }  # fmt: skip
    assert {one.by for one in found} == {"server"}
    assert "People of the hills" in reader.asked[0].messages[1]["content"]
    for nonsense in ("", "no idea", "{broken", "[1, 2]", '{"must": "leather", "traits": []}'):
        assert assistant.propose(library, who, Reader(nonsense)) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"price_over": 50, "price_under": 20}, "No price is over 50 and under 20."),
        ({"price_under": 0}, "No item has a price under 0."),
        ({"price_under": "cheap"}, "“cheap” is no price."),
        ({"must": ["wool"], "must_not": "Wool, silk"}, "“wool” is asked for and ruled out."),
        ({"on": "tomorrow"}, "“tomorrow” is no date"),
    ],
)
def test_contradictory_rules_are_said(rules: dict[str, Any], said: str) -> None:
    (found,) = contradictions(rules)
    assert said in found


def test_rules_that_can_hold_are_left_alone() -> None:
    rules = {"price_over": 5, "price_under": 20, "must": ["wool"], "must_not": ["silk"], "on": "2026-01-31"}
    assert contradictions(rules, [1, 2], [3]) == []
    assert contradictions({}, [1, 2], [2]) == ["1 items are liked and disliked."]
