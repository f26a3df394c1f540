"""Counted phrases beside the network of a text writer: the counts, the mixture, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.cleaning.texts import words
from mmstudio.errors import StudioError
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.engine.text_data import TokenTexts
from mmstudio.learning.engine.text_loading import load_text_model
from mmstudio.learning.texts.bpe import END
from mmstudio.learning.texts.ngram import NGRAM, SHARES, NGram, count_runs, fit_shares, load_ngram
from support.learning import drive
from support.texts import CPU, made_texts, text_trainer, tiny_text_config, tiny_text_model

_TEXTS = [[2, 3, 4, 5], [2, 3, 4, 6], [7, 3, 4, 5], [2, 3], [9]]


def counted(order: int = 3) -> NGram:
    found = count_runs(TokenTexts.of(_TEXTS), order, 12)
    assert found is not None
    return found


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_what_may_follow_adds_up_to_one(order: int) -> None:
    known = counted(order)
    for before in ([END], [END, 2], [END, 2, 3, 4], [END, 11, 11], [4, 4, 4, 4, 4, 4]):
        share, met = known.after(before)
        assert share.sum() == pytest.approx(1.0, abs=1e-6)
        assert (share > 0).all()
        assert 0 <= met < order


@pytest.mark.parametrize("order", [1, 3, 5])
def test_a_text_is_paid_as_its_tokens_are_foretold(order: int) -> None:
    known = counted(order)
    for text in ([2, 3, 4, 5], [7, 3, 4, 6], [10, 11], []):
        shares, met = known.shares(text)
        assert len(shares) == len(text) + 1
        for place, token in enumerate([*text, END]):
            each, far = known.after([END, *text[:place]])
            assert shares[place] == pytest.approx(each[token], rel=1e-6)
            assert met[place] == far


def test_kneser_and_ney_are_followed_by_hand() -> None:
    """Two tokens: P(5|4) = (2 - D) / 3 + D·2/3 · P(5), where P(5) counts the tokens that 5 came after."""
    known = counted(2)
    pairs = [pair for text in _TEXTS for pair in zip([END, *text], [*text, END], strict=True)]
    times = [pairs.count(pair) for pair in set(pairs)]
    discount = times.count(1) / (times.count(1) + 2 * times.count(2))
    kinds = sorted(after for _, after in set(pairs))
    ways = [kinds.count(token) for token in set(kinds)]
    low = ways.count(1) / (ways.count(1) + 2 * ways.count(2))
    single = (kinds.count(5) - low) / len(kinds) + low * len(ways) / len(kinds) / 12
    assert known.after([4])[0][5] == pytest.approx((2 - discount) / 3 + discount * 2 / 3 * single, rel=1e-5)


def test_counts_come_back_from_their_file_and_nothing_is_counted_of_nothing(tmp_path: Path) -> None:
    known = counted(4)
    known.save(tmp_path)
    again = load_ngram(tmp_path)
    assert again is not None
    assert np.array_equal(again.after([END, 2, 3])[0], known.after([END, 2, 3])[0])
    (tmp_path / NGRAM).write_bytes(b"nonsense")
    assert load_ngram(tmp_path) is None
    assert load_ngram(tmp_path / "none") is None
    assert count_runs(TokenTexts.of([]), 3, 12) is None


def test_the_share_goes_to_who_knows_more_and_is_calm_where_little_is_heard() -> None:
    good, bad = np.full(400, 0.5), np.full(400, 0.05)
    met = np.repeat([0, 1, 2], [199, 199, 2])
    shares = fit_shares(np.where(met == 0, good, bad), np.where(met == 0, bad, good), met, 4)
    assert shares[0] < 0.05
    assert shares[1] > 0.95
    assert shares[0] < shares[2] < shares[1]  # of two tokens: between
    assert 0.0 < shares[3] < 1.0


def test_a_writer_is_judged_measured_and_sampled_as_the_mixture(tmp_path: Path) -> None:
    model = tiny_text_model(tmp_path / "both", "text-lm", steps=4)
    assert model.mixture is not None
    assert SHARES in load_weights(tmp_path / "both")
    alone = load_text_model(tmp_path / "both", CPU)
    alone.mixture = None
    held = made_texts(60)[::10]
    assert model.bits_per_byte(held) < 0.5 * alone.bits_per_byte(held)  # four steps teach a network nothing
    kept = load_config(tmp_path / "both")
    assert kept.options["n_gram"] == 5.0
    first = list(model.sample(3, 1, longest=20))
    assert first == list(load_text_model(tmp_path / "both", CPU).sample(3, 1, longest=20))
    assert first != list(alone.sample(3, 1, longest=20))


def test_what_is_sampled_is_what_is_paid_for(tmp_path: Path) -> None:
    """The likeliest next token costs exactly what the writer says of it."""
    from mmstudio.learning.engine.text_sampling import lm_next

    model = tiny_text_model(tmp_path, "text-lm", steps=4)
    tokens = model.bpe.encode(made_texts(1, seed=5)[0])[:20]
    say, nats, new = lm_next(model.net, CPU, model.mixture), 0.0, [END]  # type: ignore[arg-type]
    for token in [*tokens, END]:
        nats -= float(say(new).log_softmax(0)[token])
        new = [token]
    text = model.bpe.decode(tokens)
    assert model.bpe.encode(text) == tokens
    assert model.paid([text]).nats == pytest.approx(nats, rel=1e-4)


def test_a_writer_without_counts_writes_alone_and_one_that_lost_them_says_so(tmp_path: Path) -> None:
    assert tiny_text_model(tmp_path / "alone", "text-lm", n_gram=0.0).mixture is None
    assert not (tmp_path / "alone" / NGRAM).exists()
    tiny_text_model(tmp_path / "both", "text-lm")
    (tmp_path / "both" / NGRAM).unlink()
    with pytest.raises(StudioError, match="counted phrases"):
        load_text_model(tmp_path / "both", CPU)


def test_the_shares_survive_a_stop(tmp_path: Path) -> None:
    config = tiny_text_config("text-lm", steps=5)
    drive(text_trainer(tmp_path / "whole", config, judge_every=2))
    drive(text_trainer(tmp_path / "parts", config, judge_every=2), until=3)
    drive(text_trainer(tmp_path / "parts", config, judge_every=2, resume=True))
    whole, parts = (load_weights(tmp_path / name, "last")[SHARES] for name in ("whole", "parts"))
    assert torch.equal(whole, parts)


def test_a_text_vae_writes_with_its_counted_phrases_and_costs_what_its_network_does(tmp_path: Path) -> None:
    model = tiny_text_model(tmp_path / "both", "text-vae", steps=4)
    assert model.mixture is not None
    alone, same = (load_text_model(tmp_path / "both", CPU) for _ in range(2))
    alone.mixture = None
    for one in (model, alone, same):
        one.likeness = None  # sentences are written whole
    given = made_texts(1, seed=5)[0]
    varied, without = model.vary(given, 3, 1, 0.5), alone.vary(given, 3, 1, 0.5)
    assert varied != without
    assert varied == same.vary(given, 3, 1, 0.5)
    # Four steps teach a network nothing: by itself it has no words to vary with.
    assert len(words(" ".join(varied))) > len(words(" ".join(without)))
    assert list(model.sample(2, 3)) != list(alone.sample(2, 3))
    assert model.bits_per_byte([given]) == alone.bits_per_byte([given])


def test_a_text_vae_without_counts_writes_alone(tmp_path: Path) -> None:
    assert tiny_text_model(tmp_path / "alone", "text-vae", n_gram=0.0).mixture is None
    tiny_text_model(tmp_path / "both", "text-vae")
    (tmp_path / "both" / NGRAM).unlink()
    assert load_text_model(tmp_path / "both", CPU).mixture is None


@pytest.mark.parametrize("family", ["text-lm", "text-vae"])
def test_the_card_of_a_model_that_can_be_read_says_so(family: str, tmp_path: Path) -> None:
    from mmstudio.learning.card import write_card

    for name, order in (("counted", 5.0), ("alone", 0.0)):
        tiny_text_model(tmp_path / name, family, n_gram=order)
        write_card(tmp_path / name, load_config(tmp_path / name))
        card = (tmp_path / name / "card.md").read_text(encoding="utf-8")
        assert ("pass it on only as you would the texts" in card) is (order > 0)
