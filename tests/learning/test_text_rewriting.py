"""Words used alike, sentences with some of them changed, and rows from one sentence to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mmstudio.learning.texts.choosing import folded, form
from mmstudio.learning.texts.likeness import (
    LIKENESS,
    Likeness,
    likeness_of,
    load_likeness,
    save_likeness,
    units,
)
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.ordering import places
from mmstudio.learning.texts.rewriting import changed, joined
from support.texts import made_texts, text_trainer, tiny_text_config, tiny_text_model

GIVEN = "The red bag is good at home."


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return tiny_text_model(tmp_path_factory.mktemp("vae"), "text-vae", steps=60, rate=1e-2)


@pytest.fixture(scope="module")
def likeness() -> Likeness:
    found = likeness_of(made_texts(400))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text", ["", "It's a T-shirt, 20 % off!", "这个杯子很好。", " two  spaces ", "😀 x_y\nz", "שלום עולם"]
)
def test_units_joined_are_the_text(text: str) -> None:
    assert "".join(units(text)) == text


def test_words_of_one_kind_are_alike_and_those_of_another_are_not(likeness: Likeness) -> None:
    near = [word for word, _ in likeness.like("bag", 5)]
    assert len({"bottle", "jacket", "lamp", "mug", "scarf", "tent", "watch"} & set(near)) >= 4
    assert likeness.like("red", 1)[0][0] in {"blue", "green", "light", "old", "plain", "small", "warm"}
    assert likeness.like("neverheard") == []
    assert all(len(word) == 1 for word, _ in likeness.like("红"))


def test_what_stood_together_is_known(likeness: Likeness) -> None:
    assert likeness.strange("The red bag is good at home.") == 0.0
    assert likeness.strange("The bag red is good at home.") > 0.0
    parts = units("The red home is good at home.")
    odd, share = likeness.met(parts, 2, 3)
    assert odd == 2
    assert share == 0.0
    assert likeness.met(units(GIVEN), 2, 3)[0] == 0


def test_texts_may_end_in_a_character() -> None:
    found = likeness_of(["红色的杯子", "蓝色的杯子", "白色的椅子"] * 4)
    assert found is not None
    assert found.like("红", 1)[0][0] in {"蓝", "白"}
    assert found.like("红色", 1)[0][0] in {"蓝色", "白色"}


def test_a_word_is_not_changed_for_one_much_rarer(vae: TextModel) -> None:
    counts = {"red": 40, "blue": 30, "crimson": 2}
    found = likeness_of(f"The {word} bag is good at home." for word, n in counts.items() for _ in range(n))
    assert found is not None
    assert found.counts[found.places["crimson"]] == 2
    assert "crimson" in {word for word, _ in found.like("red")}
    assert "crimson" not in {word for word, _ in found.like("red", rarer=4.0)}
    kept, vae.likeness = vae.likeness, found
    try:
        made = {one.text for one in changed(vae, GIVEN, vae.encode([GIVEN]), 0, 1)}
    finally:
        vae.likeness = kept
    assert GIVEN.replace("red", "blue") in made
    assert GIVEN.replace("red", "crimson") not in made


def test_words_may_be_less_alike_but_stand_where_they_stood(vae: TextModel) -> None:
    likeness = vae.likeness
    assert likeness is not None
    made = changed(vae, GIVEN, vae.encode([GIVEN]), 0, 1, loose=True)
    assert made
    for one in made:
        first, last = (min(one.done), max(one.done) + 1) if one.done else (0, 0)
        assert likeness.met(one.parts, first, last)[0] <= 1
    assert likeness.unheard(units("The zyx bag"), 2, 3)
    assert not likeness.unheard(units(GIVEN), 2, 3)


def test_a_file_without_counts_is_read(tmp_path: Path) -> None:
    save_likeness(tmp_path, made_texts(60))
    old = load_file(tmp_path / LIKENESS)
    del old["counts"]
    save_file(old, tmp_path / LIKENESS)
    found = load_likeness(tmp_path)
    assert found is not None
    assert len(found.counts) == len(found.words)
    assert (np.diff(found.counts) <= 0).all()


@pytest.mark.parametrize(
    "broken",
    [
        {"pairs": np.zeros(0, np.int32)},
        {"triples": np.array([5, 3, 1], np.int32)},
        {"vectors": np.zeros(3, np.float16)},
        {"counts": np.ones((2, 2), np.float32)},
    ],
)
def test_a_damaged_file_of_words_is_left_out(tmp_path: Path, broken: dict[str, Any]) -> None:
    found = likeness_of(made_texts(60))
    assert found is not None
    found.save(tmp_path)
    assert load_likeness(tmp_path) is not None
    save_file(load_file(tmp_path / LIKENESS) | broken, tmp_path / LIKENESS)
    assert load_likeness(tmp_path) is None


def test_the_words_are_kept_beside_a_model_and_left_out_where_phrases_are(tmp_path: Path) -> None:
    save_likeness(tmp_path, made_texts(60))
    again, plain = load_likeness(tmp_path), likeness_of(made_texts(60))
    assert again is not None
    assert plain is not None
    assert again.words == plain.words
    assert np.allclose(again.vectors, plain.vectors, atol=1e-3)
    assert np.array_equal(again.triples, plain.triples)
    save_likeness(tmp_path, ["one text"])
    assert load_likeness(tmp_path) is None
    (tmp_path / LIKENESS).write_bytes(b"damaged")
    assert load_likeness(tmp_path) is None
    for name, longest in (("told", 5.0), ("private", 0.0)):
        text_trainer(tmp_path / name, tiny_text_config("text-vae", n_gram=longest))
        assert (tmp_path / name / LIKENESS).exists() is (name == "told")


def test_a_changed_sentence_keeps_its_other_words_and_says_what_was_said(vae: TextModel) -> None:
    z = vae.encode([GIVEN])
    one, two = changed(vae, GIVEN, z, 0, 1), changed(vae, GIVEN, z, 0, 2)
    assert one
    assert vae.likeness is not None
    for made in one:
        assert made.text != GIVEN
        same = sum(a == b for a, b in zip(units(made.text), units(GIVEN), strict=False))
        assert len(units(made.text)) != len(units(GIVEN)) or same == len(units(GIVEN)) - 1
        assert vae.likeness.strange(made.text) == 0.0
    assert [made.gain for made in one] == sorted((made.gain for made in one), reverse=True)
    assert all(len(made.done) <= 2 for made in two)
    assert changed(vae, GIVEN, z, 0, 1, {folded(made.text) for made in one}) == []
    assert changed(vae, "?!", vae.encode(["?!"]), 0, 1) == []


def test_chinese_keeps_the_characters_of_each_clause(vae: TextModel, likeness: Likeness) -> None:
    given = "这个红色的杯子很好，我用了很好。"
    kept, vae.likeness = vae.likeness, likeness
    try:
        made = changed(vae, given, vae.encode([given]), 0, 1)
    finally:
        vae.likeness = kept
    assert "这个蓝色的杯子很好，我用了很好。" in {one.text for one in made}
    assert {form(one.text) for one in made} == {(9, 5)}
    assert form("秦川雄帝宅，函谷壯皇居。") == (5, 5)
    assert form("A red 杯") == ()


def test_joined_texts_begin_as_one_and_end_as_the_other(vae: TextModel) -> None:
    a, b = "The red bag is good at home.", "The warm scarf is good in the park."
    found = joined(vae, a, b)
    assert found
    assert folded(a) not in map(folded, found)
    for text in found:
        one, other = (a, b) if text[:7] == a[:7] else (b, a)
        assert text[:5] == one[:5]
        assert text[-5:] == other[-5:]


def test_a_row_begins_and_ends_as_given_and_rises(vae: TextModel) -> None:
    a, b = "The red bag is good at home.", "The warm scarf is good in the park."
    row = vae.between(a, b, 5)
    assert (row[0], row[-1]) == (a, b)
    assert len(set(map(folded, row))) == 5
    at = places(vae, row, a, b)
    assert list(at) == sorted(at)
    assert at[0] < 0.5 < at[-1]
    assert row == vae.between(a, b, 5)


def test_a_model_without_the_words_writes_as_before(vae: TextModel) -> None:
    kept, vae.likeness = vae.likeness, None
    try:
        row = vae.between(made_texts(8)[0], made_texts(8)[6], 3)
        assert row[0] == vae.decode(vae.encode([made_texts(8)[0]]))[0]
        assert len(vae.vary(GIVEN, 2, 0)) == 2
    finally:
        vae.likeness = kept
