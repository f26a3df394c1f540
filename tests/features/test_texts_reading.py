"""Text in pictures, and sentence models of the person's own."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from mmstudio.errors import StudioError
from mmstudio.features import Features
from mmstudio.features.texts import reading
from mmstudio.features.texts.reading import find_reader
from mmstudio.features.texts.sentence_models import find_sentence_models
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from mmstudio.paths import user_models_dir
from support.library import add_files
from support.media import make_text

needs_tesseract = pytest.mark.skipif(find_reader() is None, reason="the program tesseract is not installed")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "l.mmlib") as opened:
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def sign(path: Path, text: str, size: tuple[int, int] = (640, 200)) -> Path:
    """A picture with words on it."""
    picture = Image.new("RGB", size, "white")
    if text:
        ImageDraw.Draw(picture).text((30, 60), text, fill="black", font=ImageFont.load_default(52))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


@needs_tesseract
def test_text_in_pictures_becomes_searchable(library: Library, features: Features, tmp_path: Path) -> None:
    with_words, without, dot = add_files(
        library,
        sign(tmp_path / "m" / "a.png", "SUMMER SALE"),
        sign(tmp_path / "m" / "b.png", ""),
        sign(tmp_path / "m" / "c.png", "", (8, 8)),
    )
    library.assets.set_title([with_words], "A poster")
    library.assets.set_caption([with_words], "in the window")
    result = run_inline(features.work(extractor="read-text"))
    assert result["read"] == {"pictures": 3, "with_text": 1}
    assert "SUMMER SALE" in library.assets.text_of(with_words)
    kept = library.assets.get(with_words)
    assert (kept.title, kept.caption) == ("A poster", "in the window")
    assert [hit.asset_id for hit in features.search(text="summer sale")] == [with_words]
    measured = library.facts.measures_of([with_words, without, dot])
    assert measured[with_words]["read"] >= 10
    assert measured[without]["read"] == measured[dot]["read"] == 0
    assert run_inline(features.work(extractor="read-text"))["read"] == {"pictures": 0, "with_text": 0}
    assert list(library.index_dir.glob("reading-*")) == []


@needs_tesseract
def test_a_damaged_picture_does_not_stop_the_others(
    library: Library, features: Features, tmp_path: Path
) -> None:
    good, bad = add_files(
        library, sign(tmp_path / "m" / "a.png", "OPEN DAILY"), sign(tmp_path / "m" / "b.png", "x")
    )
    (tmp_path / "m" / "b.png").write_bytes(b"\x89PNG no picture")
    run_inline(features.work(extractor="read-text"))
    assert "OPEN" in library.assets.text_of(good)
    assert "read" not in library.facts.measures_of([bad])[bad]


@needs_tesseract
def test_reading_is_part_of_looking_at_pictures(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, sign(tmp_path / "m" / "a.png", "OPEN DAILY"))
    result = run_inline(features.work(kind="image"))
    assert result["read"] == {"pictures": 1, "with_text": 1}
    assert "read-text" not in result["extracted"]


def test_without_tesseract_one_line_says_so(
    library: Library, features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    add_files(library, sign(tmp_path / "m" / "a.png", "OPEN"), sign(tmp_path / "m" / "b.png", ""))
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.INFO, logger="mmstudio.features.texts.reading"):
        result = run_inline(features.work(kind="image"))
    assert result["read"]["pictures"] == 0
    assert len([record for record in caplog.records if "tesseract" in record.message]) == 1
    with pytest.raises(StudioError, match="not installed"):
        run_inline(features.work(extractor="read-text"))


def test_a_broken_tesseract_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_reader() is None


def test_a_tesseract_that_fails_on_a_picture_is_told(
    library: Library, features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("sh") is None:
        pytest.skip("a program made of a few lines of sh is needed")
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "tesseract"
    program.write_text('#!/bin/sh\n[ "$1" = --list-langs ] && echo eng && exit 0\nexit 7\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    (picture,) = add_files(library, sign(tmp_path / "m" / "a.png", "OPEN"))
    result = run_inline(features.work(extractor="read-text"))
    assert result["failed"] == [["a.png", "The program tesseract could not read the picture."]]
    assert library.facts.measures_of([picture])[picture]["read"] == 0


def test_the_report_of_words_is_understood() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t95.2\tSUMMER", "5\t1\t1\t1\t1\t2\t0\t0\t9\t9\t91\tSALE",
        "5\t1\t2\t1\t1\t1\t0\t0\t9\t9\t12\tnoise", "5\t2\t1\t1\t1\t1\t0\t0\t9\t9\t90\t夏季",
        "5\t2\t1\t1\t1\t2\t0\t0\t9\t9\t90\t大促", "5\t2\t3\t1\t1\t2\t0\t0\t9\t9\t90\tx", "broken", "5\t9\t1",
    ]  # fmt: skip
    assert reading._texts("\n".join([head, *rows]), 2) == ["SUMMER SALE", "夏季大促"]


# -- sentence models -------------------------------------------------------------------------------------


def tiny_sentence_model(folder: Path) -> Path:
    """A whole sentence-transformers folder of random weights, a few kilobytes."""
    models = pytest.importorskip(
        "sentence_transformers.models", reason="sentence-transformers is not installed"
    )
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base = folder.parent / "base"
    base.mkdir(parents=True)
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "bag",
        "lamp",
        "strap",
        "light",
        "a",
        "warm",
        "canvas",
    ]
    (base / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(base, safe_serialization=True)
    BertTokenizerFast(str(base / "vocab.txt")).save_pretrained(base)
    transformer = models.Transformer(str(base), max_seq_length=32)
    pooling = models.Pooling(16)
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(
        str(folder), safe_serialization=True
    )
    shutil.rmtree(base)
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_sentence_model_in_the_model_folder_is_an_extractor(
    library: Library, features: Features, tmp_path: Path
) -> None:
    tiny_sentence_model(user_models_dir() / "tiny")
    library.items.upsert_many([NewItem(sku="1", title="canvas bag"), NewItem(sku="2", title="warm lamp")])
    add_files(library, make_text(tmp_path / "m" / "a.txt", "a bag"))
    info = features.extractors()["sentence-tiny"]
    assert (info.dimension, info.source, info.default) == (16, "user", False)
    assert run_inline(features.work(extractor="sentence-tiny"))["extracted"] == {"sentence-tiny": 3}
    assert run_inline(features.work(extractor="sentence-tiny"))["extracted"] == {"sentence-tiny": 0}
    library.items.update(library.items.skus()["1"], title="canvas strap")
    assert run_inline(features.work(extractor="sentence-tiny"))["extracted"] == {"sentence-tiny": 1}


def test_pickles_and_foreign_code_are_refused(features: Features) -> None:
    pickled, foreign, broken = (user_models_dir() / name for name in ("pickled", "foreign", "broken"))
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    for folder, modules in ((pickled, [module]), (foreign, [{**module, "type": "evil.Module"}])):
        folder.mkdir(parents=True)
        (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
        (folder / "config.json").write_text('{"hidden_size": 16}', encoding="utf-8")
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (foreign / "model.safetensors").write_bytes(b"")
    broken.mkdir()
    (broken / "modules.json").write_text("{", encoding="utf-8")
    assert not any(name.startswith("sentence-") for name in features.extractors())
    assert len(find_sentence_models()) == 3
    for name, reason in (("pickled", "pickle"), ("foreign", "code"), ("broken", "description")):
        with pytest.raises(StudioError, match=reason):
            features.work(extractor=f"sentence-{name}")
