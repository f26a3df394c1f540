"""Text models without a library, and the figures of sets of texts against references."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mmstudio.errors import UsageError
from mmstudio.learning.config import load_config
from mmstudio.learning.evaluation.text_measures import bleu, copied_share, distinct, self_bleu
from mmstudio.learning.open_door.texts import measure, measure_texts, sample, train
from mmstudio.learning.texts.copying import index_of
from support.texts import made_texts

OPTIONS = {"width": 32.0, "heads": 2.0, "layers": 2.0, "context": 24.0, "vocabulary": 300.0}


def test_a_list_of_texts_is_learned_written_and_measured(tmp_path: Path) -> None:
    seen, held = made_texts(40), made_texts(10, seed=7)
    model = train("text-lm", seen, tmp_path / "m", steps=2, batch=2, held=held, options=OPTIONS)
    assert load_config(tmp_path / "m").trained["steps"] == 2
    model = train("text-lm", seen, tmp_path / "m", steps=3, held=held)
    assert load_config(tmp_path / "m").trained["steps"] == 3
    written = sample(model, 6, seed=1, longest=20)
    figures = measure(model, seen, held, samples=6, seed=1)
    new = [text for text in held if text not in set(seen)]
    assert figures["bits_per_byte"] == pytest.approx(model.bits_per_byte(new))
    theirs = measure_texts(written, seen, held)
    assert set(theirs) >= {"distinct_1", "self_bleu", "copy_rate", "real_copy_rate"}


def test_what_is_no_list_of_texts_is_said(tmp_path: Path) -> None:
    for bad in ("one string", [1, 2], [], ["", "  "]):
        with pytest.raises(UsageError, match=r"list of strings|no text among"):
            train("text-lm", bad, tmp_path / "m", steps=1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="families of texts"):
        train("image-vae", ["a"], tmp_path / "m", steps=1)
    assert not (tmp_path / "m").exists()


def test_distinct_counts_different_runs() -> None:
    assert distinct(["a b a b"], 1) == 0.5
    assert distinct(["a b a b"], 2) == pytest.approx(2 / 3)
    assert distinct(["a b", "a b"], 2) == 0.5
    assert distinct(["床前床前"], 1) == 0.5
    assert distinct(["a b c d", "a b"], 1, most=4) == 1.0
    assert math.isnan(distinct(["one"], 2))


def test_self_bleu_is_the_mean_bleu_against_the_others() -> None:
    texts = [*made_texts(25), "The red bag is good at home. I used it twice and it is good at home."]
    each = [bleu(text, texts[:i] + texts[i + 1 :]) for i, text in enumerate(texts)]
    assert self_bleu(texts) == pytest.approx(sum(each) / len(each))
    assert self_bleu(["the same four words here"] * 3) == pytest.approx(1.0)
    assert self_bleu(["one two three four five", "six seven eight nine ten"]) == 0.0
    assert math.isnan(self_bleu(["too short", "one two three four"]))


def test_bleu_is_that_of_a_worked_example() -> None:
    # Papineni et al., ACL 2002: of its 6, 5, 4 and 3 runs of one to four words 5, 4, 3 and 2 stand in a
    # reference, and one reference is as long: (5/6 · 4/5 · 3/4 · 2/3) ** (1/4) = (1/3) ** (1/4).
    told = "the cat is on the mat"
    others = ["there is a cat on the mat", "a cat is on the mat"]
    assert bleu(told, others) == pytest.approx((1 / 3) ** 0.25, abs=1e-6)


def test_copies_of_a_set_are_their_mean_and_their_longest() -> None:
    index = index_of(["one two three four five six seven eight"])
    rate, longest, passage = copied_share(
        ["one two three four five six", "nine ten eleven twelve thirteen", "short"], index
    )
    assert (rate, longest, passage) == (0.5, 6, "one two three four five six")
