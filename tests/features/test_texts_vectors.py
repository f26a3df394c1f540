"""Word vectors, learned and read; text vectors made of them."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.features import Features
from mmstudio.features.texts.embeddings import (
    load_saved_vectors,
    make_vectors,
    save_word_vectors,
    train_word_vectors,
)
from mmstudio.features.texts.sif import fit_sif, load_sif, save_sif
from mmstudio.features.texts.vector_files import read_word_vectors
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from mmstudio.paths import user_models_dir

THINGS = {
    "bag": "canvas strap zip pocket handle leather shoulder travel",
    "lamp": "warm light bulb desk shade bright switch room",
}


def shop_texts(count: int = 24) -> list[tuple[str, str]]:
    """(title, description) of items of two sorts, with words that go together."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(count):
        sort = ("bag", "lamp")[number % 2]
        words = rng.choice(THINGS[sort].split(), 6, replace=False)
        found.append((f"{sort} {number}", f"A {sort} with {' '.join(words)} for every {sort}."))
    return found


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "shop.mmlib") as opened:
        opened.items.upsert_many(
            NewItem(sku=str(n), title=title, description=text) for n, (title, text) in enumerate(shop_texts())
        )
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def read(path: Path, wanted: set[str] | None = None):
    return run_inline(lambda context: read_word_vectors(path, wanted or set(), context))


def documents() -> list[list[str]]:
    return [f"{title} {text}".lower().replace(".", "").split() for title, text in shop_texts(60)]


def test_skip_gram_learns_what_goes_together_and_repeats() -> None:
    first = run_inline(lambda context: train_word_vectors(documents(), context))
    again = run_inline(lambda context: train_word_vectors(documents(), context))
    assert first.fit == again.fit
    np.testing.assert_array_equal(first.matrix, again.matrix)
    assert first.matrix.shape == (len(first.words), 100)
    near = [word for word, _ in first.nearest("canvas", 4)]
    assert len(set(near) & set(THINGS["bag"].split())) >= 3
    assert first.nearest("zebra") == []
    assert run_inline(lambda context: train_word_vectors([["once"]], context)) is None
    assert run_inline(lambda context: train_word_vectors([], context)) is None


def test_learning_hears_a_cancel() -> None:
    with pytest.raises(Cancelled):
        run_inline(lambda context: train_word_vectors(documents(), context), cancelled=lambda: True)


def test_glove_and_word2vec_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("bag 0.1 0.2 -1e-1\nlamp 1 2 3\n", encoding="utf-8")
    found = read(tmp_path / "glove.txt")
    assert found.words == ("bag", "lamp")
    np.testing.assert_allclose(found.matrix, [[0.1, 0.2, -0.1], [1, 2, 3]], atol=1e-6)
    (tmp_path / "w.vec").write_text("2 3\nbag 0.1 0.2 0.3\n瑜伽 1 2 3 \n", encoding="utf-8")
    assert read(tmp_path / "w.vec").words == ("bag", "瑜伽")


def test_word2vec_binary_is_read(tmp_path: Path) -> None:
    body = b"".join(
        w.encode() + b" " + struct.pack("<3f", *v) for w, v in [("bag", (1, 2, 3)), ("灯", (4, 5, 6))]
    )
    (tmp_path / "w.bin").write_bytes(b"2 3\n" + body)
    found = read(tmp_path / "w.bin")
    assert found.words == ("bag", "灯")
    assert found.matrix[1].tolist() == [4, 5, 6]
    (tmp_path / "cut.bin").write_bytes(b"9 3\n" + body)
    assert read(tmp_path / "cut.bin").left_out == {"cut off": 1}


def test_bad_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        "bag 0.1 0.2", "nan 1 nan", "inf inf 1", "bag 5 5", "short 1", "long 1 2 3", "words one two",
        "lamp 1e300 1", "", "good 3 4",
    ]  # fmt: skip
    (tmp_path / "w.txt").write_text("\n".join(rows), encoding="utf-8")
    found = read(tmp_path / "w.txt")
    assert found.words == ("bag", "good")
    assert np.isfinite(found.matrix).all()
    assert found.left_out == {"not a number": 4, "duplicate": 1, "wrong length": 2}


def test_only_what_is_needed_of_a_long_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmstudio.features.texts.vector_files.FIRST", 10)
    (tmp_path / "w.txt").write_text("".join(f"word{n} {n} 1\n" for n in range(500)), encoding="utf-8")
    found = read(tmp_path / "w.txt", {"word400"})
    assert len(found.words) == 11
    assert "word400" in found.words


@pytest.mark.parametrize(
    "content", [b"", b"   \n\n", b"only words here\nand here\n", b"\xff\xfe\x00\x01" * 40]
)
def test_what_holds_no_vectors_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.txt").write_bytes(content)
    with pytest.raises(StudioError, match="holds no word vectors"):
        read(tmp_path / "w.txt")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(pickle.dumps({"bag": [1.0]}))
    with pytest.raises(StudioError, match="dump"):
        read(tmp_path / "w.bin")
    with pytest.raises(StudioError, match="cannot be read"):
        read(tmp_path / "gone.txt")


def test_kept_word_vectors_come_back_or_not_at_all(tmp_path: Path) -> None:
    made = make_vectors(["bag", "灯"], np.eye(2, dtype=np.float32), [3, 1], "library", {"duplicate": 2})
    path = tmp_path / "w.safetensors"
    save_word_vectors(made, path)
    found = load_saved_vectors(path)
    assert found is not None
    assert (found.words, found.fit, found.left_out) == (made.words, made.fit, made.left_out)
    path.write_bytes(b"damaged")
    assert load_saved_vectors(path) is None
    broken = make_vectors(["bag"], np.array([[np.nan]], np.float32), [1], "library", {})
    save_word_vectors(broken, path)
    assert load_saved_vectors(path) is None


def test_sif_takes_away_what_all_texts_share(tmp_path: Path) -> None:
    words = run_inline(lambda context: train_word_vectors(documents(), context))
    model = fit_sif(documents(), words)
    rows = model.vectors(documents())
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    alike = rows @ rows.T
    same, other = alike[0, 2::2].mean(), alike[0, 1::2].mean()
    assert same > other + 0.3
    assert not model.vectors([[], ["zebra"]]).any()
    save_sif(model, tmp_path / "sif.safetensors")
    again = load_sif(tmp_path / "sif.safetensors")
    assert again is not None
    np.testing.assert_allclose(again.vectors(documents()[:3]), rows[:3], atol=1e-6)


@pytest.mark.parametrize("texts", [[["bag", "strap"]], [["bag", "bag"]] * 5, [[]], []])
def test_sif_stands_one_text_and_texts_that_are_all_alike(texts: list[list[str]]) -> None:
    words = make_vectors(["bag", "strap"], np.eye(2, dtype=np.float32), [1, 1], "library", {})
    rows = fit_sif(texts, words).vectors(texts)
    assert np.isfinite(rows).all()
    assert all(
        np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
        for row, text in zip(rows, texts, strict=True)
        if text
    )


def test_text_extractors_share_one_reading_and_touch_only_what_is_new(
    library: Library, features: Features
) -> None:
    assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 24}
    assert run_inline(features.work(extractor="bow"))["extracted"] == {"bow": 24}
    assert run_inline(features.work(kind="text"))["extracted"]["tfidf-svd"] == 24
    assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 0}
    library.items.upsert_many([NewItem(sku="new", title="canvas bag", description="strap zip pocket")])
    assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 1}
    assert run_inline(features.work(extractor="bow"))["extracted"] == {"bow": 1}
    ids, rows = features.matrix("sif", normalised=False, target="item")
    assert rows.shape == (25, 100)
    new = rows[list(ids).index(library.items.skus()["new"])]
    sorts = np.array(["bag" in item.title for item in library.items.get_many([int(i) for i in ids])])
    likeness = rows @ new
    assert likeness[sorts].mean() > likeness[~sorts].mean() + 0.2


def test_a_text_that_lost_its_words_loses_only_its_vector(library: Library, features: Features) -> None:
    for name in ("sif", "tfidf-svd"):
        run_inline(features.work(extractor=name))
    item = library.items.skus()["0"]
    library.items.update(item, title="qqq", description="")
    run_inline(features.work(extractor="tfidf-svd"))
    assert item not in features.matrix("tfidf-svd", target="item")[0]
    assert item in features.matrix("sif", target="item")[0]
    run_inline(features.work(extractor="sif"))
    assert item not in features.matrix("sif", target="item")[0]


def test_nearest_words_of_a_library(library: Library, features: Features) -> None:
    with pytest.raises(NotFound, match="no word vectors yet"):
        features.texts.nearest_words("bag")
    run_inline(features.work(extractor="sif"))
    found = features.texts.nearest_words("Bags", 3)
    assert len(found) == 3
    assert all(-1 <= cosine <= 1 for _, cosine in found)
    with pytest.raises(NotFound, match="not known"):
        features.texts.nearest_words("zebra")


def test_a_file_of_word_vectors_replaces_the_trained_ones(
    library: Library, features: Features, tmp_path: Path
) -> None:
    run_inline(features.work(extractor="sif"))
    before = features.matrix("sif", normalised=False, target="item")[1]
    rng = np.random.default_rng(0)
    words = sorted({w for text in THINGS.values() for w in text.split()} | set(THINGS))
    rows = [f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=8)) for word in words]
    (tmp_path / "v.txt").write_text("\n".join([*rows, "bad nan 1 1 1 1 1 1 1"]), encoding="utf-8")
    result = run_inline(features.texts.take_word_vectors(tmp_path / "v.txt"))
    assert result == {"words": len(words), "dimension": 8, "left_out": {"not a number": 1}}
    assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 24}
    after = features.matrix("sif", normalised=False, target="item")[1]
    assert after.shape == before.shape
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 0.1
    assert not after[:, 8:].any()
    folder = user_models_dir() / "word-vectors"
    folder.mkdir(parents=True)
    (folder / "mine.vec").write_text("\n".join(rows[:8]), encoding="utf-8")
    assert run_inline(features.work(extractor="sif"))["extracted"]["sif"] > 0
    current = features.texts.words.current()
    assert current is not None
    assert current.source == "mine.vec"


def test_a_library_with_one_text_and_one_without(tmp_path: Path) -> None:
    with Library.create(tmp_path / "one.mmlib") as library:
        features = Features(library, "cpu")
        assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 0}
        library.items.upsert_many([NewItem(sku="1", title="Only lamp")])
        assert run_inline(features.work(extractor="sif"))["extracted"] == {"sif": 0}
        assert run_inline(features.work(extractor="bow"))["extracted"] == {"bow": 1}
        assert run_inline(features.work(extractor="tfidf-svd"))["extracted"] == {"tfidf-svd": 1}
        features.close()


def test_unknown_text_extractors_are_refused(features: Features) -> None:
    with pytest.raises(UsageError, match="no feature extractor"):
        features.work(extractor="sentence-nothing")
