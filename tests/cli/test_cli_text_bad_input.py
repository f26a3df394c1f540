"""Texts and writers that are not as one wishes, through the shell: a sentence or a text, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.cli import run
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.library import NewItem
from mmstudio.settings import load_settings, save_settings
from support.llm import Answering, local_server
from support.texts import text_library

TINY = {"width": 32, "vocabulary": 300, "rate": 1e-2, "heads": 2, "layers": 2}
ODD = {
    "word": "bag",
    "megabyte": "bag " * 250_000,
    "no spaces": "x" * 1_000_000,
    "emoji": "😀👨‍👩‍👧 🎉🎉",
    "right to left": "שלום עולם, מה שלומך היום? حقيبة",
    "controls": "a\x00b\x1b[2J\u202e c",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Texts, a writer and a VAE; an item that has a name alone, and no picture."""
    with text_library(tmp_path_factory.mktemp("odd")) as library:
        library.items.upsert_many([NewItem(sku="B-1", title="Harbour Bag", attributes={"material": "Nylon"})])
        trainings = Trainings(library, "cpu")
        more = {"text-lm": {"context": 24}, "text-vae": {"latent": 8}}
        for family, name in (("text-lm", "writer"), ("text-vae", "vae")):
            work = trainings.train_work(family, name, steps=8, batch=4, options=TINY | more[family])
            run_inline(work)
        return str(library.path)


def outcome(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The status, and what was said to the person."""
    capsys.readouterr()
    status = run(list(words))
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return status, said.out if status == 0 else " ".join(said.err.split())


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_any_text_can_be_varied_and_gone_on_with(
    shop: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.txt"
    file.write_text(text, encoding="utf-8")
    like = ["--like", str(file), "--out", str(tmp_path / "varied")]
    status, said = outcome(capsys, "generate", shop, "--model", "vae", "-n", "2", *like)
    assert status == 0, said
    begin = ["--prompt", text[:2000], "--longest", "8", "--out", str(tmp_path / "written")]
    status, said = outcome(capsys, "generate", shop, "--model", "writer", "-n", "1", *begin)
    assert status == 0, said


@pytest.mark.parametrize("text", ["", "  \n\t ", "\ufeff"])
def test_an_empty_text_is_refused_in_a_sentence(
    shop: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "empty.txt"
    file.write_text(text, encoding="utf-8")
    out = ["--out", str(tmp_path / "out")]
    status, said = outcome(capsys, "generate", shop, "--model", "vae", "--like", str(file), *out)
    assert status != 0
    assert "no text to start from" in said or "is empty" in said
    assert not (tmp_path / "out").exists()


def test_an_item_without_a_picture_is_written_about(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = outcome(capsys, "write", shop, "--item", "B-1", "-n", "1", "--json")
    assert status == 0
    assert json.loads(said)["variants"][0]["text"]


def test_a_model_folder_that_cannot_be_used_says_why(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    save_settings(load_settings().model_copy(update={"writing_folder": str(folder)}))
    asked = ("write", shop, "--item", "B-1", "--engine", "folder")
    status, said = outcome(capsys, *asked)
    assert status != 0
    assert "pickle" in said
    (folder / "pytorch_model.bin").unlink()
    (folder / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    status, said = outcome(capsys, *asked)
    assert status != 0
    assert "no tokenizer" in said


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ({"body": b"<html>not what was asked for</html>", "kind": "text/html"}, "makes no sense"),
        ({"body": b"", "status": 500}, "error 500"),
        ({"models": {"data": []}}, "has no model"),
        ({"body": b"data: [DONE]\n\n"}, "gave no text"),
    ],
    ids=["nonsense", "error", "no model", "nothing said"],
)
def test_a_server_that_answers_nonsense_is_one_sentence(
    shop: str, does: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with local_server(Answering(**does)) as address:  # type: ignore[arg-type]
        save_settings(load_settings().model_copy(update={"writing_server": address}))
        status, said = outcome(capsys, "write", shop, "--item", "B-1", "--engine", "server")
    assert status != 0
    assert words in said


def test_texts_without_a_folder_are_shown_and_pictures_without_one_are_refused(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", shop, "--model", "writer", "-n", "1", "--longest", "12"]
    assert run([*command, "--prompt", "A light"]) == 0
    assert "copied" in capsys.readouterr().out
    assert run([*command, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert len(made["texts"]) == 1
    assert made["files"] == []
    assert run(["generate", shop, "--model", "starter-image-vae", "-n", "1"]) == 2
    assert "Nowhere to put" in capsys.readouterr().err
