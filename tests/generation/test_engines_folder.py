"""A language model from a folder: refused or loaded, streamed, cancelled, the same again with its seed."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.generation.copywriting.contract import Brief, Engine
from mmstudio.generation.copywriting.engines import Ask, FolderEngine, language_models
from mmstudio.library import Item
from mmstudio.settings import Settings
from support.llm import tiny_model

HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Write a headline."}]
BAG = Item(1, "bag", "City bag", "Light and strong. " * 40, 39.9, "EUR", "Bags", "", {"material": "Nylon"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("llm") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> FolderEngine:
    return FolderEngine(folder, "cpu")


def copy_of(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_an_engine_is_one_of_the_contract(engine: FolderEngine) -> None:
    assert isinstance(engine, Engine)
    assert [model.name for model in language_models(Settings())] == ["folder", "server"]
    status = engine.status()
    assert status.ready
    assert "tiny" in status.sentence


def test_the_same_seed_says_the_same_in_pieces(engine: FolderEngine) -> None:
    ask = Ask(HELLO, tokens=24, seed=7)
    first = list(engine.stream(ask))
    assert len(first) > 5
    assert list(engine.stream(ask)) == first
    assert list(engine.stream(Ask(HELLO, tokens=24, seed=8))) != first


def test_no_global_generator_is_touched(folder: Path) -> None:
    import torch

    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert list(FolderEngine(folder, "cpu").stream(Ask(HELLO, tokens=8)))
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]
    assert np.random.get_state()[1].tolist() == state[2]  # noqa: NPY002


def test_cold_takes_the_likeliest_whatever_the_seed(engine: FolderEngine) -> None:
    cold = ["".join(engine.stream(Ask(HELLO, 16, temperature=0.0, seed=seed))) for seed in (1, 2)]
    assert cold[0] == cold[1]
    # A nucleus of nearly nothing holds the likeliest token only.
    assert "".join(engine.stream(Ask(HELLO, 16, temperature=0.7, top_p=1e-6, seed=3))) == cold[0]


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_each_token_follows_from_all_before(family: str, tmp_path: Path) -> None:
    """Greedy, against the whole text read anew at every step; repetitions damped as Keskar et al. write."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tiny_model(tmp_path / family, family=family, context=512)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    text = tokenizer.apply_chat_template(HELLO, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text, add_special_tokens=False).input_ids
    answer: list[int] = []
    for _ in range(12):
        with torch.no_grad():
            logits = model(torch.tensor([[*ids, *answer]])).logits[0, -1].clone()
        for token in set(answer):
            logits[token] = logits[token] / 1.1 if logits[token] > 0 else logits[token] * 1.1
        answer.append(int(logits.argmax()))
    said = "".join(FolderEngine(folder, "cpu").stream(Ask(HELLO, 12, temperature=0.0)))
    assert said == tokenizer.decode(answer, skip_special_tokens=True)


def test_the_answer_ends_before_a_stop_text(engine: FolderEngine) -> None:
    whole = "".join(engine.stream(Ask(HELLO, tokens=40, seed=3)))
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    said = list(engine.stream(Ask(HELLO, tokens=40, seed=3, stop=(stop,))))
    assert "".join(said) == whole[: whole.index(stop)]


def test_cancel_is_heard_within_a_token(engine: FolderEngine) -> None:
    heard: list[str] = []
    brief = Brief("description", BAG, count=3)
    assert list(engine.write(brief, heard.append, lambda: len(heard) >= 3)) == []
    assert len(heard) == 3


def test_a_model_says_its_words_until_it_ends(tmp_path: Path) -> None:
    engine = FolderEngine(tiny_model(tmp_path / "says", says="Go😀up."), "cpu")
    # The picture is four tokens, and comes whole.
    assert list(engine.stream(Ask(HELLO, tokens=50))) == ["G", "o", "😀", "u", "p", "."]
    assert list(engine.stream(Ask(HELLO, tokens=2))) == ["G", "o"]
    assert "".join(engine.stream(Ask(HELLO, tokens=50, stop=("😀u",)))) == "Go"
    assert list(engine.write(Brief("headline", BAG, count=2))) == ["Go😀up."] * 2


def test_writing_gives_one_text_at_a_time(engine: FolderEngine) -> None:
    heard: list[str] = []
    brief = Brief("headline", BAG, count=2, seed=4)
    texts = list(engine.write(brief, heard.append))
    assert 1 <= len(texts) <= 2
    assert all(text and "\n" not in text for text in texts)
    assert len(heard) > len(texts)
    assert list(engine.write(brief)) == texts
    assert list(engine.write(brief, cancelled=lambda: True)) == []


def test_a_small_context_gets_fewer_facts(tmp_path: Path) -> None:
    engine = FolderEngine(tiny_model(tmp_path / "small", context=1000), "cpu")
    assert list(engine.write(Brief("headline", BAG, count=1))) != [""]
    tight = FolderEngine(tiny_model(tmp_path / "tight", context=16), "cpu")
    with pytest.raises(StudioError, match="longer than the model"):
        list(tight.write(Brief("headline", BAG, count=1)))


def test_without_a_chat_template_a_plain_prompt_is_continued(tmp_path: Path) -> None:
    engine = FolderEngine(tiny_model(tmp_path / "plain", chat=False), "cpu")
    assert "".join(engine.stream(Ask(HELLO, tokens=8)))


def test_a_template_that_takes_no_system_part_is_served(folder: Path, tmp_path: Path) -> None:
    copy = copy_of(folder, tmp_path)
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    for name in ("chat_template.jinja",):
        (copy / name).write_text(template + (copy / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert "".join(FolderEngine(copy, "cpu").stream(Ask(HELLO, tokens=8)))
    (copy / "chat_template.jinja").write_text("{{ raise_exception('never') }}", encoding="utf-8")
    with pytest.raises(StudioError, match="chat template"):
        list(FolderEngine(copy, "cpu").stream(Ask(HELLO, tokens=8)))


def test_a_model_is_kept_and_freed(folder: Path, tmp_path: Path) -> None:
    chosen = [str(folder)]
    engine = FolderEngine(lambda: chosen[0], "cpu")
    assert not engine.loaded
    said = "".join(engine.stream(Ask(HELLO, tokens=8)))
    assert engine.loaded
    engine.free()
    assert not engine.loaded
    assert "".join(engine.stream(Ask(HELLO, tokens=8))) == said
    chosen[0] = str(tiny_model(tmp_path / "other", seed=5))
    assert "".join(engine.stream(Ask(HELLO, tokens=8))) != said


def refused(folder: Path | str) -> str:
    engine = FolderEngine(str(folder), "cpu")
    status = engine.status()
    assert not status.ready
    assert status.hint
    with pytest.raises(StudioError) as refusal:
        list(engine.stream(Ask(HELLO)))
    assert refusal.value.message == status.sentence
    return status.sentence


def test_pickles_are_refused_unopened(folder: Path, tmp_path: Path) -> None:
    copy = copy_of(folder, tmp_path)
    (copy / "model.safetensors").unlink()
    opened = tmp_path / "opened"
    evil = f"cbuiltins\nopen\n(V{opened}\nVw\ntR."
    (copy / "pytorch_model.bin").write_bytes(evil.encode())
    assert "pickle" in refused(copy)
    assert not opened.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: [(f / n).unlink() for n in ("tokenizer.json",)], "no tokenizer"),
        (lambda f: (f / "config.json").unlink(), "no config.json"),
        (lambda f: (f / "config.json").write_text("{not json"), "no config.json"),
        (lambda f: (f / "model.safetensors").unlink(), "holds no weights"),
        (lambda f: edit(f, auto_map={"AutoModelForCausalLM": "evil.Model"}), "program code"),
        (lambda f: edit(f, is_encoder_decoder=True), "not one that continues"),
        (
            lambda f: (f / "model.safetensors.index.json").write_text(
                '{"weight_map": {"a": "../x.safetensors"}}'
            ),
            "not whole",
        ),
    ],
)
def test_folders_that_cannot_be_used_say_why(
    folder: Path, tmp_path: Path, change: object, words: str
) -> None:
    copy = copy_of(folder, tmp_path)
    change(copy)  # type: ignore[operator]
    assert words in refused(copy)


def test_no_folder_and_a_wrong_one_say_so(tmp_path: Path) -> None:
    assert "No model folder" in refused("")
    assert "is not there" in refused(tmp_path / "none")
    (tmp_path / "gguf").mkdir()
    (tmp_path / "gguf" / "model.gguf").write_bytes(b"GGUF")
    assert "llama.cpp" in refused(tmp_path / "gguf")


def edit(folder: Path, **values: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize(
    "change",
    [
        lambda f: (f / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense"),
        lambda f: edit(f, model_type="no_such_family"),
        lambda f: edit(f, hidden_size=64),
        lambda f: edit(f, num_hidden_layers=3),
        lambda f: edit(f, vocab_size=10),
        lambda f: (f / "tokenizer.json").write_text("{}"),
    ],
)
def test_broken_models_are_one_sentence(folder: Path, tmp_path: Path, change: object) -> None:
    copy = copy_of(folder, tmp_path)
    change(copy)  # type: ignore[operator]
    with pytest.raises(StudioError, match="cannot be loaded") as failure:
        list(FolderEngine(copy, "cpu").stream(Ask(HELLO)))
    assert "\n" not in failure.value.message
