"""Augmented texts in English and Chinese: what changes, and what never does."""

from __future__ import annotations

import re

import pytest

from mmstudio.features.augment import (
    AugmentRecipe,
    Step,
    TextResult,
    augment_text,
    preset,
    source_line,
    synonyms,
)
from mmstudio.features.augment.synonyms import Language, own_groups

ENGLISH = (
    "This wonderful mug costs €12.50 and weighs 350 g. It is not cheap, but very durable! "
    "Ask Anna at anna@shop.example or see https://shop.example/a?b=1, model X-200."
)
CHINESE = "这款漂亮的陶瓷杯子售价128元，不便宜，但是非常结实。送给朋友三百个也可以！"
OWN = synonyms("own")


def only(name: str, amount: float) -> AugmentRecipe:
    return AugmentRecipe("one", 0, 1, {name: Step(True, 1, amount, amount)})


def vary(text: str, recipe: AugmentRecipe, index: int = 0, **more: tuple[str, ...]) -> TextResult:
    return augment_text(text, recipe, index, source=OWN, **more)


@pytest.mark.parametrize(("language", "least"), [("en", 250), ("zh", 200)])
def test_the_own_lists_are_whole(language: Language, least: int) -> None:
    groups = own_groups(language)
    assert len(groups) >= least
    words = [word for group in groups for word in group.words]
    assert len(words) == len(set(words)), "a word stands in two groups"
    assert all(len(group.words) >= 2 and group.part in set("nvar") for group in groups)
    assert all(word == word.strip().lower() and word for word in words)


def test_synonyms_replace_words_and_keep_capitals_and_points() -> None:
    made = vary("Beautiful gift. BEAUTIFUL GIFT! Very beautiful gifts…", only("synonyms", 1))
    first, second, third = re.split(r"[.!] ", made.text)
    assert first.split()[0] in {"Lovely", "Gorgeous"}
    assert second.isupper()
    assert third.endswith("s…")
    assert all(made.text[c.start : c.end].casefold() != c.was.casefold() for c in made.changes)


def test_a_and_an_follow_their_word() -> None:
    for index in range(6):
        made = vary("It is a great shop and an excellent gift.", only("synonyms", 1), index).text
        for article, word in re.findall(r"\b(an?) (\w)", made):
            assert (article == "an") == (word in "aeiou"), made


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_numbers_prices_names_and_negations_stay(text: str) -> None:
    fixed = re.findall(r"https?://\S+|\S+@\S+|[€]?\d[\d.]*|Anna|X-200|not\b|不|三百|元", text)
    assert len(fixed) > 3
    for index in range(25):
        made = vary(text, preset("strong"), index).text
        places = [made.count(part) - text.count(part) for part in fixed]
        assert places == [0] * len(fixed), made


def test_chinese_words_are_replaced() -> None:
    made = {vary(CHINESE, only("synonyms", 1), index).text for index in range(5)}
    assert len(made) > 1
    assert all("漂亮" not in text for text in made)


@pytest.mark.parametrize(
    ("text", "title"), [("The beautiful mug is a lovely gift.", "Beautiful Mug"), (CHINESE, "漂亮杯子")]
)
def test_the_words_of_a_title_are_protected(text: str, title: str) -> None:
    words = ["beautiful", "mug"] if title.isascii() else ["漂亮", "杯子"]
    for index in range(12):
        made = vary(text, preset("strong"), index, protect=(title,)).text.casefold()
        assert all(word in made for word in words)
    bare = [vary(text, preset("strong"), index).text for index in range(12)]
    assert any(word not in made for made in bare for word in words)


def test_words_are_left_out_without_holes() -> None:
    text = "The old house stands near a quiet river, behind green hills and fields."
    for index in range(20):
        made = vary(text, only("dropout", 0.3), index)
        assert 6 < len(made.text.split()) < len(text.split())
        assert "  " not in made.text
        assert " ," not in made.text
        assert " ." not in made.text
        assert made.text[0].isupper()
        assert made.text.endswith(".")
        assert all(change.start == change.end for change in made.changes if change.operation == "dropout")


def test_swapped_words_are_the_same_words() -> None:
    text = "People like the quiet river behind green hills."
    seen = set()
    for index in range(8):
        made = vary(text, only("swap", 0.3), index)
        assert sorted(re.findall(r"\w+", made.text.casefold())) == sorted(re.findall(r"\w+", text.casefold()))
        assert made.text[0].isupper()
        seen.add(made.text)
    assert len(seen - {text}) > 2


def test_changes_point_at_what_changed() -> None:
    for index in range(10):
        made = vary(ENGLISH + CHINESE, preset("strong"), index)
        rebuilt, at = [], 0
        for change in made.changes:
            assert change.start >= at
            rebuilt.append(made.text[at : change.start])
            rebuilt.append(change.was)
            at = change.end
        letters = re.sub(r"\W", "", "".join(rebuilt) + made.text[at:]).casefold()
        assert letters == re.sub(r"\W", "", ENGLISH + CHINESE).casefold()


@pytest.mark.parametrize("text", ["", "  \n", "😀😀🎉", "123 456,78", "€5", ".", "¿?", "zzyzx", "\ud83d"])
def test_what_has_nothing_to_change_comes_back(text: str) -> None:
    for index in range(5):
        made = vary(text, preset("strong"), index)
        assert made.text == text
        assert not made.applied


def test_one_word_is_replaced_but_never_left_out() -> None:
    assert vary("mug", only("synonyms", 1)).text == "cup"
    assert vary("mug", only("dropout", 0.5)).text == "mug"
    assert vary("mug", only("swap", 0.5)).skipped == ("swap",)


def test_a_very_long_text_says_how_much_was_not_looked_at() -> None:
    text = "A beautiful mug. " * 10_000
    made = vary(text, only("synonyms", 0.1))
    assert made.untouched == len(text) - 100_000
    assert made.text.endswith(text[100_000:])


def test_the_source_of_synonyms_is_named() -> None:
    assert source_line(OWN) == "Synonyms come from the program's own list."
    assert vary("A mug", preset("strong")).source == OWN.name
    assert "own list" in source_line(synonyms())
