"""Which of several texts of a text VAE is shown: flaws, distance, none twice, the same again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.errors import UsageError
from mmstudio.learning.engine.text_sampling import likeliest, likely
from mmstudio.learning.texts.choosing import Candidate, best_new, candidates, folded, repeats
from mmstudio.learning.texts.copying import index_of, load_index, unknown_words
from mmstudio.learning.texts.model import TextModel
from support.texts import CPU, made_texts, tiny_text_model

GIVEN = "The red bag is good at home."


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return tiny_text_model(tmp_path_factory.mktemp("vae"), "text-vae", steps=80, rate=1e-2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A very very good bag.", False),
        ("A very very very good bag.", True),
        ("Good for the gym, for the gym.", True),
        ("The bag is good and the bag is good too.", True),
        ("The bag is good and the tent is too.", False),
        ("很好很好很好", True),
        ("这个杯子很好。", False),
        ("", False),
        ("🎉🎉🎉🎉", False),
    ],
)
def test_repetition_is_found(text: str, found: bool) -> None:
    assert repeats(text) is found


def test_words_nobody_used_are_found_and_numbers_are_not_words(tmp_path: Path) -> None:
    index = index_of(["The red bag is good.", "这个杯子很好。"])
    assert unknown_words("the RED bag is 42 goood", index) == ["goood"]
    assert unknown_words("杯子好吗", index) == ["吗"]
    assert unknown_words("a lilac bag", index, {"a", "lilac"}) == []
    index.save(tmp_path)
    again = load_index(tmp_path)
    assert again is not None
    assert again.words is not None
    assert np.array_equal(again.words, index.words)  # type: ignore[arg-type]
    assert unknown_words("lilac", None) == []


def test_the_likeliest_of_several_is_the_likeliest(vae: TextModel) -> None:
    z = vae.encode([GIVEN])
    several = vae.several(z)
    assert [score for score, _ in several] == sorted((score for score, _ in several), reverse=True)
    assert (
        several[0][1]
        == likeliest(
            vae.net,
            vae.bpe,
            z,
            CPU,
            longest=vae.length,
            mixture=vae.mixture,  # type: ignore[arg-type]
        ).strip()
    )
    assert len({text for _, text in several}) > 1
    assert len(likely(vae.net, vae.bpe, z, CPU, longest=3, most=2)) >= 1  # type: ignore[arg-type]


def test_a_candidate_without_flaws_comes_before_a_likelier_one_with() -> None:
    z = torch.zeros(1, 2)
    flawed, plain, second = (
        Candidate("A", z, -1.0, ("repeats",)),
        Candidate("B", z, -3.0),
        Candidate("C", z, -2.0),
    )
    assert best_new([flawed, plain, second], set()) is second
    assert best_new([flawed, plain, second], {"c", "b"}) is flawed
    assert best_new([flawed], {"a"}) is None


def test_candidates_are_judged_by_where_they_are_heard(vae: TextModel) -> None:
    z = vae.encode([GIVEN])
    found = candidates(vae, z, [GIVEN], 0.5, z)
    assert found
    assert [len(one.flaws) for one in found] == sorted(len(one.flaws) for one in found)
    far = candidates(vae, z, [GIVEN], 0.0, z + 100.0 * torch.ones_like(z))
    assert all("far" in one.flaws for one in far)
    short = candidates(vae, z, ["a"], 0.5)
    assert all(("long" in one.flaws) == (len(one.text.split()) > 7) for one in short if one.text.isascii())


def test_variations_are_none_of_each_other_and_the_same_again(vae: TextModel) -> None:
    made = vae.vary(GIVEN, 4, 3, 0.8)
    assert made == vae.vary(GIVEN, 4, 3, 0.8)
    told = [folded(text) for text in made if text]
    assert len(set(told)) == len(told)
    assert folded(GIVEN) not in told
    words = [text for text, _ in vae.varying(GIVEN, 4, 3, 0.8, pick=False)]
    assert len(words) == 4  # as they were written before there was a choice
    assert vae.vary(GIVEN, 1, 3, 0.0) == vae.decode(vae.encode([GIVEN]))


def test_in_betweens_end_with_both_texts_and_say_more_on_the_way(vae: TextModel) -> None:
    a, b = made_texts(8)[0], made_texts(8)[6]
    z = vae.latents_between(a, b, 5)
    found = vae.between(a, b, 5)
    plain = vae.decode(z)
    assert (found[0], found[-1]) == (a, b)
    assert len(set(map(folded, found))) >= len(set(map(folded, plain)))
    assert found == vae.decode_between(z, a, b)


def test_a_writer_has_no_several(tmp_path: Path) -> None:
    writer = tiny_text_model(tmp_path, "text-lm")
    with pytest.raises(UsageError, match="text writer"):
        writer.several(torch.zeros(1, 8))


@pytest.mark.parametrize("text", ["word", "x" * 1_000_000, "😀👨‍👩‍👧 🎉", "שלום עולם", "42", "?!"])
def test_any_text_can_be_varied(vae: TextModel, text: str) -> None:
    made = vae.vary(text, 2, 0)
    assert len(made) == 2
    assert all("\ufffd" not in one for one in made)
