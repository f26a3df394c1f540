"""How much of a text is copied: the share of known runs of five words, and the longest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmstudio.cleaning.texts import words
from mmstudio.learning.texts.copying import copy_rate, index_of, load_index
from support.texts import made_texts

KNOWN = "The plain mug is good at home and it keeps tea warm for an hour or two."


def test_a_training_text_is_copied_whole_and_a_new_one_is_not() -> None:
    index = index_of([KNOWN])
    copied = copy_rate(KNOWN, index)
    assert copied.rate == 1.0
    assert copied.longest == len(words(KNOWN))
    assert copied.runs == len(words(KNOWN)) - 4
    assert copied.passage.startswith("the plain mug is good")
    assert copy_rate("Nothing in this sentence was ever said before by them.", index).rate == 0.0


def test_the_share_and_the_longest_run_are_counted_exactly() -> None:
    index = index_of([KNOWN])
    text = "My friend said the plain mug is good at home but then it broke at once."
    known = {tuple(words(KNOWN)[i : i + 5]) for i in range(len(words(KNOWN)) - 4)}
    own = [tuple(words(text)[i : i + 5]) for i in range(len(words(text)) - 4)]
    copied = copy_rate(text, index)
    assert copied.rate == pytest.approx(sum(run in known for run in own) / len(own))
    assert copied.passage == "the plain mug is good at home"
    assert copied.longest == 7


def test_chinese_is_counted_by_characters() -> None:
    index = index_of(["床前明月光，疑是地上霜。"])
    copied = copy_rate("他说床前明月光很美", index)
    assert copied.longest == 5
    assert copied.passage == "床前明月光"


def test_the_runs_agree_with_plain_sets_on_many_texts() -> None:
    train, new = made_texts(200), made_texts(50, seed=5)
    index = index_of(train)
    known = {tuple(words(text)[i : i + 5]) for text in train for i in range(len(words(text)) - 4)}
    for text in new:
        own = [tuple(words(text)[i : i + 5]) for i in range(len(words(text)) - 4)]
        expected = sum(run in known for run in own) / len(own) if own else 0.0
        assert copy_rate(text, index).rate == pytest.approx(expected)


def test_short_texts_empty_ones_and_no_index_copy_nothing(tmp_path: Path) -> None:
    index = index_of([KNOWN])
    assert copy_rate("", index) == copy_rate("four words stand here", index) == copy_rate(KNOWN, None)
    assert index_of([]).hashes.size == 0
    assert copy_rate(KNOWN, index_of([])).rate == 0.0
    assert load_index(tmp_path) is None


def test_an_index_comes_back_from_the_disk_and_holds_no_words(tmp_path: Path) -> None:
    index = index_of(made_texts(60))
    index.save(tmp_path)
    again = load_index(tmp_path)
    assert again is not None
    assert (again.hashes == index.hashes).all()
    data = (tmp_path / "copying.safetensors").read_bytes()
    assert b"good" not in data
    assert "杯子".encode() not in data


def test_a_thinned_index_still_sees_a_copy() -> None:
    texts = [f"word{i} other{i} third{i} fourth{i} fifth{i} sixth{i} more{i} last{i}" for i in range(200)]
    thin = index_of(texts, most=100)
    assert thin.every > 1
    rates = [copy_rate(text, thin).rate for text in texts]
    assert max(rates) == 1.0
    assert sum(rate > 0 for rate in rates) > 50


def test_an_index_of_other_runs_is_refused() -> None:
    with pytest.raises(ValueError, match="runs of 3"):
        copy_rate(KNOWN, index_of([KNOWN], n=3))
