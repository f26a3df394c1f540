"""Normalisation, colours, texts, the index: what vectors are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.features.device import choose_device
from mmstudio.features.extraction import forward_in_parts
from mmstudio.features.loading import square
from mmstudio.features.normalise import fit_statistics, unit_rows
from mmstudio.features.pictures import colour
from mmstudio.features.search.index import VectorIndex, reciprocal_rank
from mmstudio.features.texts.words import fit_text_model, load_text_model, save_text_model, tokens
from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab


def test_statistics_come_back_and_mind_gaps_and_constants() -> None:
    X = np.random.default_rng(0).normal(3, 2, (500, 4)).astype(np.float32)
    X[:, 1] = 7.0
    X[3, 2] = np.nan
    fitted = fit_statistics(X)
    assert fitted.std[1] == 1.0
    assert np.isfinite(fitted.mean).all()
    Z = fitted.apply(X)
    assert np.isnan(Z[3, 2])
    assert abs(np.nanmean(Z[:, 0])) < 1e-4
    np.testing.assert_allclose(fitted.invert(Z)[:3], X[:3], atol=1e-4)


@pytest.mark.parametrize("rows", [0, 1])
def test_statistics_of_hardly_anything_do_no_harm(rows: int) -> None:
    X = np.full((rows, 3), 5, np.float32)
    fitted = fit_statistics(X)
    assert (fitted.std == 1).all()
    assert np.isfinite(unit_rows(fitted.apply(X))).all()


def test_identical_vectors_are_alike() -> None:
    X = np.full((4, 8), 2.5, np.float32)
    rows = unit_rows(fit_statistics(X).apply(X))
    np.testing.assert_allclose(rows @ rows.T, 1.0, atol=1e-6)


def test_oklab_of_known_colours() -> None:
    lab = srgb_to_oklab(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8))
    np.testing.assert_allclose(lab[0, 0], [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(lab[0, 1], [0.628, 0.2249, 0.1258], atol=1e-3)
    there = np.random.default_rng(1).integers(0, 256, (5, 5, 3), np.uint8)
    assert np.abs(oklab_to_bytes(srgb_to_oklab(there)).astype(int) - there).max() <= 1


def test_palette_names_the_product_before_the_wall() -> None:
    picture = np.full((100, 100, 3), 255, np.uint8)
    picture[30:70, 30:70] = (0, 140, 140)
    found = colour.palette(picture)
    assert np.abs(np.array(found[0]) - (0, 140, 140)).max() <= 4
    assert len(found) == 2
    assert colour.palette(np.zeros((1, 1, 3), np.uint8)) == [(0, 0, 0)]


def test_histogram_has_length_one_and_tells_colours_apart() -> None:
    red, blue = np.zeros((2, 20, 20, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 200
    assert colour.histogram(red).shape == (colour.DIMENSION,)
    assert np.linalg.norm(colour.histogram(red)) == pytest.approx(1, abs=1e-5)
    assert colour.histogram(red) @ colour.histogram(blue) < 0.1


def test_square_takes_the_middle() -> None:
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 255
    assert square(picture, 8).min() >= 240
    assert square(np.full((1, 1, 3), 9, np.uint8), 16).shape == (16, 16, 3)


def test_tokens_of_english_and_chinese() -> None:
    assert tokens("The Batteries of Women's shoes, glass and 8 boxes") == [
        "battery", "women", "shoe", "glass", "8", "box",
    ]  # fmt: skip
    assert {"图像", "视频"} <= set(tokens("图像和视频的编辑"))
    assert tokens("") == tokens("  …!? ") == []


def test_text_model_finds_the_related_text(tmp_path: Path) -> None:
    texts = [
        "red wool scarf for winter",
        "warm wool hat",
        "steel water bottle",
        "bottle with a straw",
        "瑜伽 垫子",
    ]
    documents = [tokens(text) for text in texts]
    model = fit_text_model(documents, {"a1": "x"})
    rows = model.vectors(documents)
    assert rows.shape == (5, 128)
    query = model.vectors([tokens("woolly bottles of water")])[0]
    assert int((rows @ query).argmax()) == 2
    assert not model.vectors([["unheard"]]).any()
    again = fit_text_model(documents, {"a1": "x"})
    assert again.fit == model.fit
    save_text_model(model, tmp_path / "m.safetensors")
    kept = load_text_model(tmp_path / "m.safetensors")
    assert kept is not None
    assert kept.seen == {"a1": "x"}
    np.testing.assert_array_equal(kept.vectors(documents), rows)


def test_text_model_of_one_text_and_of_none() -> None:
    one = fit_text_model([tokens("a lonely lamp")], {})
    assert np.linalg.norm(one.vectors([["lamp"]])[0]) == pytest.approx(1, abs=1e-5)
    none = fit_text_model([[], []], {})
    assert none.vectors([["lamp"]]).shape == (1, 128)


@pytest.mark.parametrize("content", [b"", b"garbage" * 50])
def test_damaged_text_model_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    assert load_text_model(path) is None
    assert load_text_model(tmp_path / "none.safetensors") is None


def test_graph_index_agrees_with_exact_search_and_is_cached(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    X = unit_rows(rng.normal(size=(3000, 24)).astype(np.float32))
    ids = np.arange(3000, dtype=np.int64) * 7 + 1
    exact = VectorIndex(ids, X)
    for _ in range(2):  # built, then read from the cache
        graph = VectorIndex(ids, X, tmp_path, "cnn-asset", exact_below=1000)
        hits = [len(set(graph.query(q, 10)[0]) & set(exact.query(q, 10)[0])) for q in X[:50]]
        assert sum(hits) / 500 > 0.95
        assert graph.query(X[5], 1)[0][0] == ids[5]
    (file,) = tmp_path.glob("*.usearch")
    file.write_bytes(b"damaged")
    assert VectorIndex(ids, X, tmp_path, "cnn-asset", exact_below=1000).query(X[9], 1)[0][0] == ids[9]
    VectorIndex(ids[:2000], X[:2000], tmp_path, "cnn-asset", exact_below=1000)
    assert len(list(tmp_path.glob("*.usearch"))) == 1


def test_empty_index_finds_nothing() -> None:
    ids, scores = VectorIndex(np.empty(0, np.int64), np.empty((0, 4), np.float32)).query(
        np.ones(4, np.float32), 5
    )
    assert len(ids) == len(scores) == 0


def test_reciprocal_rank_prefers_what_both_rankings_have() -> None:
    scores = reciprocal_rank([["a", "b", "c"], ["b", "d"]])
    assert max(scores, key=lambda key: scores[key]) == "b"
    assert reciprocal_rank([["a"], ["a"]])["a"] == pytest.approx(1.0)


def test_full_memory_halves_the_batch() -> None:
    sizes: list[int] = []

    def forward(batch: list[int]) -> np.ndarray:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return np.array(batch, np.float32)[:, None]

    rows, size = forward_in_parts(forward, list(range(10)), 10)
    assert rows[:, 0].tolist() == list(range(10))
    assert size == 2
    assert sizes[:3] == [10, 5, 2]


def test_memory_too_small_for_one_is_said_plainly() -> None:
    def forward(_batch: list[int]) -> np.ndarray:
        raise MemoryError

    with pytest.raises(StudioError, match="too little memory"):
        forward_in_parts(forward, [1, 2], 2)


def test_other_failures_are_not_taken_for_full_memory() -> None:
    def forward(_batch: list[int]) -> np.ndarray:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape"):
        forward_in_parts(forward, [1], 1)


def test_device_falls_back() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("nonsense") == "cpu"
    assert choose_device() in {"cpu", "cuda", "mps"}
