"""Text models under training: exact resume, early end, what they write, bad input, forgetting."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.jobs import JobContext, run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_state, load_weights
from mmstudio.learning.engine.text_data import TokenTexts, WindowData
from mmstudio.learning.engine.text_vae_task import cyclical
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.nets.text import Cache, TextLM, filled, make_lm
from mmstudio.learning.rights import forget, saw
from mmstudio.learning.texts.bpe import TOKENIZER, learn_bpe, load_bpe
from mmstudio.learning.texts.model import TextModel
from support.learning import drive
from support.texts import (
    CPU,
    made_texts,
    text_library,
    text_trainer,
    tiny_text_config,
    tiny_text_model,
)

FAMILIES = ("text-lm", "text-vae")
TINY: dict[str, dict[str, float]] = {
    "text-lm": {"width": 32, "heads": 2, "layers": 2, "context": 24, "vocabulary": 300},
    "text-vae": {"width": 32, "heads": 2, "layers": 2, "vocabulary": 300, "latent": 8},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stopped_and_resumed_run_ends_in_the_same_weights(family: str, tmp_path: Path) -> None:
    config = tiny_text_config(family, steps=5)
    drive(text_trainer(tmp_path / "whole", config, judge_every=2))
    drive(text_trainer(tmp_path / "parts", config, judge_every=2), until=2)
    drive(text_trainer(tmp_path / "parts", config, judge_every=2, resume=True), until=3)
    drive(text_trainer(tmp_path / "parts", config, judge_every=2, resume=True))
    whole, parts = load_state(tmp_path / "whole"), load_state(tmp_path / "parts")
    assert whole is not None
    assert parts is not None
    assert whole.numbers == parts.numbers
    assert all(torch.equal(value, parts.tensors[key]) for key, value in whole.tensors.items())
    best = [load_weights(tmp_path / name) for name in ("whole", "parts")]
    assert all(torch.equal(value, best[1][key]) for key, value in best[0].items())


@pytest.mark.parametrize("family", FAMILIES)
def test_held_out_texts_cost_less_after_some_steps(family: str, tmp_path: Path) -> None:
    options = {"rate": 1e-2} | ({"n_gram": 0.0} if family == "text-lm" else {})
    config = set_options(tiny_text_config(family, steps=40), options)
    seen = drive(text_trainer(tmp_path, config, judge_every=4))
    bits = [one.data["figures"]["held_bits_per_byte"] for one in seen if (one.data or {}).get("figures")]
    assert len(bits) == 10
    assert bits[-1] < 0.85 * bits[0]


def test_a_training_that_gains_nothing_more_ends_early(tmp_path: Path) -> None:
    config = set_options(tiny_text_config("text-lm", steps=400), {"rate": 1e-7, "patience": 2})
    trainer = text_trainer(tmp_path, config, judge_every=3)
    drive(trainer)
    assert trainer.step == 9  # one judgement, then two that were no better
    state = load_state(tmp_path)
    assert state is not None
    again = text_trainer(tmp_path, config, judge_every=3, resume=True)
    drive(again)
    assert again.step == 9


def test_a_training_that_ended_early_goes_on_when_asked_for_more_steps(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        still = TINY["text-lm"] | {"rate": 1e-7, "patience": 1}
        first = run_inline(trainings.train_work("text-lm", "m", steps=400, batch=2, options=still))
        assert first["steps"] == 80  # a first judgement, and one that was no better
        more = run_inline(trainings.train_work("text-lm", "m", steps=401, resume=True))
        assert first["steps"] < more["steps"] < 401  # its patience began anew
        same = run_inline(trainings.train_work("text-lm", "m", resume=True))
        assert same["steps"] == more["steps"]


def test_every_epoch_of_windows_covers_the_stream_once() -> None:
    texts = TokenTexts.of([[2 + i] * (3 + i % 5) for i in range(40)])
    bpe = learn_bpe([], 258)
    data = WindowData(bpe, texts, TokenTexts.of([]), 16, 7)
    random = torch.Generator().manual_seed(0)
    for epoch in range(2):
        x = data.batch(epoch * len(data), len(data), random).x
        assert x.shape == (len(data), 17)
        heard = x[:, :-1].flatten().tolist()
        stream = texts.stream()[:-1].tolist()
        assert sorted(set(heard)) == sorted(set(stream))
        assert len(heard) >= len(stream)
    again = data.batch(3, 4, random).x
    assert torch.equal(again, data.batch(3, 4, random).x)


def test_a_cache_says_the_same_as_reading_all_at_once() -> None:
    config = tiny_text_config("text-lm")
    net: TextLM = filled(lambda: make_lm(config, 300), CPU, torch.Generator().manual_seed(1)).eval()
    tokens = torch.randint(300, (1, 20), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        whole = net(tokens)
        cache = Cache()
        parts = [net(tokens[:, :5], cache=cache)]
        parts += [net(tokens[:, i : i + 1], cache=cache) for i in range(5, 20)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)


def test_no_word_hears_what_comes_after_it() -> None:
    config = tiny_text_config("text-lm")
    net: TextLM = filled(lambda: make_lm(config, 300), CPU, torch.Generator().manual_seed(1)).eval()
    tokens = torch.randint(300, (2, 12), generator=torch.Generator().manual_seed(2))
    other = tokens.clone()
    other[:, 7:] = (other[:, 7:] + 5) % 300
    with torch.inference_mode():
        assert torch.allclose(net(tokens)[:, :7], net(other)[:, :7], atol=1e-6)
        assert not torch.allclose(net(tokens)[:, 7:], net(other)[:, 7:], atol=1e-3)


def test_bits_per_byte_are_the_sum_of_what_each_token_costs(tmp_path: Path) -> None:
    model = tiny_text_model(tmp_path, "text-lm")
    text = made_texts(1, seed=3)[0]
    tokens = [0, *model.bpe.encode(text), 0]
    assert len(tokens) - 1 <= 24 + 12  # two windows
    with torch.inference_mode():
        nats = 0.0
        for i in range(1, len(tokens)):
            logits = model.net(torch.tensor([tokens[:i]]))[0, -1]
            if i <= 24:
                nats += float(functional.cross_entropy(logits[None], torch.tensor([tokens[i]])))
    short = list(tokens[1:25])
    size = sum(len(model.bpe.pieces[token]) for token in short)
    cut = model.bpe.decode(short)
    if model.bpe.encode(cut) == short and len(short) < 24:
        assert model.bits_per_byte([cut]) == pytest.approx(nats / math.log(2) / size, rel=1e-4)
    paid = model.paid([text])
    assert paid.bytes == len(text.encode())
    assert paid.tokens == len(tokens) - 1
    assert model.perplexity([text]) == pytest.approx(math.exp(paid.nats / paid.tokens))


def test_an_untrained_model_costs_about_a_uniform_guess(tmp_path: Path) -> None:
    trainer = text_trainer(tmp_path, tiny_text_config("text-lm"))
    net = trainer.task.nets["text"]
    tokens = torch.randint(len(load_bpe(tmp_path)), (4, 20), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        nats = functional.cross_entropy(net(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
    assert float(nats) == pytest.approx(math.log(len(load_bpe(tmp_path))), rel=0.05)


def test_beta_rises_in_cycles() -> None:
    assert [round(cyclical(p, 4), 2) for p in (0.0, 0.0625, 0.125, 0.2, 0.25, 0.3125, 1.0)] == [
        0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "texts",
    [
        ["word"],
        ["x" * 1_000_000],
        ["😀👨‍👩‍👧 🎉" * 10],
        ["שלום עולם, מה שלומך היום"],
        ["one text only, not long."] * 3,
        made_texts(21),
    ],
    ids=["word", "megabyte", "emoji", "right-to-left", "doubled", "few"],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_odd_texts_are_learned_or_said_in_a_sentence(family: str, texts: list[str], tmp_path: Path) -> None:
    with text_library(tmp_path, texts) as library:
        trainings = Trainings(library, "cpu")
        work = trainings.train_work(family, "m", steps=2, batch=2, options=TINY[family])
        result = run_inline(work)
        assert result["steps"] == 2
        model: TextModel = trainings.load_any("m")
        written = list(model.sample(2, 0, longest=12))
        assert all("\ufffd" not in text for text in written)
        assert math.isfinite(model.bits_per_byte(texts[:3])) or not texts[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_library_without_texts_says_so_and_leaves_nothing(family: str, tmp_path: Path) -> None:
    with text_library(tmp_path, []) as library:
        trainings = Trainings(library, "cpu")
        with pytest.raises(StudioError, match="no texts to learn from"):
            run_inline(trainings.train_work(family, "m", steps=2))
        assert trainings.models() == [] or all(one.name != "m" for one in trainings.models())


def test_a_model_starts_from_another_and_keeps_its_vocabulary(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("text-lm", "base", steps=2, batch=2, options=TINY["text-lm"]))
        run_inline(trainings.train_work("text-lm", "fine", steps=1, batch=2, base="base", leave_out=[1, 2]))
        folders = [trainings.folder(name) for name in ("base", "fine")]
        assert (folders[0] / TOKENIZER).read_bytes() == (folders[1] / TOKENIZER).read_bytes()
        assert load_config(folders[1]).widths == [32, 32]
        assert load_config(folders[1]).trained["inherited_assets"]
        with pytest.raises(UsageError, match="“width” comes from “base”"):
            run_inline(trainings.train_work("text-lm", "wide", base="base", options={"width": 64}))
        with pytest.raises(UsageError, match="cannot start from"):
            run_inline(trainings.train_work("text-vae", "other", base="base"))


def test_what_a_model_saw_is_known_and_forgotten_texts_are_left_out(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("text-lm", "m", steps=1, batch=2, options=TINY["text-lm"]))
        seen = saw(trainings, "m")
        assert {one.how for one in seen} == {"trained", "held-out"}
        assert len(seen) == len(library.assets.ids())
        gone = [one.asset_id for one in seen if one.how == "trained"][:2]
        assert forget(trainings, gone).models == ["m"]
        assert "Forgotten since" in trainings.models()[0].card
        run_inline(trainings.train_work("text-lm", "n", steps=1, batch=2, options=TINY["text-lm"]))
        trained = load_config(trainings.folder("n")).trained
        assert not {*trained["assets"], *trained["held_assets"]} & set(gone)
        assert trained["left_out_rights_assets"] == gone


def test_a_text_model_is_no_picture_model_and_says_so(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("text-lm", "m", steps=1, batch=2, options=TINY["text-lm"]))
        with pytest.raises(UsageError, match="neither pictures nor sounds"):
            trainings.load("m")
        assert trainings.modality("m") == "text"
        assert trainings.check("m") == ""
        (trainings.folder("m") / TOKENIZER).unlink()
        assert "tokenizer.json" in Trainings(library, "cpu").check("m")


@pytest.mark.parametrize(
    ("options", "match"),
    [({"width": 100.0, "heads": 3.0}, "multiple"), ({"context": 4.0}, "context"), ({"song": 1.0}, "song")],
)
def test_options_out_of_range_are_refused(options: dict[str, float], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        set_options(default_config("text-lm", "m"), options)


def test_a_model_without_weights_says_so(tmp_path: Path) -> None:
    from mmstudio.learning.engine.text_loading import load_text_model

    tiny_text_config("text-lm").save(tmp_path)
    with pytest.raises(NotFound):
        load_text_model(tmp_path, CPU)


def test_cancelled_trainings_leave_a_usable_model(tmp_path: Path) -> None:
    trainer = text_trainer(tmp_path, tiny_text_config("text-vae", steps=50))
    work: Any = trainer.run(JobContext(0, {}))
    for progress in work:
        if progress.done >= 2:
            work.close()
            break
    assert load_weights(tmp_path)
