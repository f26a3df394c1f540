"""What is told of media beside what is drawn, which parts are tied, and the best of several draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.learning.joint import beside
from mmstudio.learning.joint.choosing import agreement, best, chosen
from mmstudio.learning.joint.model import JointModel
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.open_door import joint
from mmstudio.learning.service import Trainings
from support.joint_library import item_library, train_joint

TINY = {"hidden": 16.0, "context": 8.0, "flow_width": 16.0, "gan": 0.0}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> JointModel:
    """Of a library of items with pictures, words and, every second one, a tone."""
    with item_library(tmp_path_factory.mktemp("shop"), 36) as library:
        found = Trainings(library, "cpu").load_any(train_joint(library))
    assert isinstance(found, JointModel)
    return found


def word_rows(texts: list[str]) -> tuple[Part, np.ndarray]:
    raw = np.stack([beside.of_text(text) for text in texts])
    part = beside.fit("text", raw, np.ones(len(texts), bool))
    assert part is not None
    return part, beside.rows(part, raw)


def test_texts_of_the_same_words_lie_together() -> None:
    texts = [f"{a} {b}" for a in ("red", "green", "blue", "old") for b in ("boots", "lamp", "drum", "chair")]
    part, rows = word_rows(texts)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    alike = unit @ unit.T
    place = texts.index
    assert alike[place("red boots"), place("red lamp")] > alike[place("red boots"), place("blue lamp")]
    assert Part.of(part.as_json()) == part
    again = beside.row_of(Part.of(part.as_json()), "text", "red boots")
    assert again is not None
    np.testing.assert_allclose(again[0], rows[place("red boots")], atol=1e-5)


def test_what_says_nothing_is_not_there() -> None:
    part, _ = word_rows([f"red boots {n}" for n in range(12)] + [f"green lamp {n}" for n in range(12)])
    assert beside.row_of(part, "text", "quite unknown words") is None
    assert beside.row_of(part, "text", np.zeros(4)) is None
    assert beside.fit("text", np.zeros((3, 4096), np.float32), np.ones(3, bool)) is None
    assert beside.fit("text", np.zeros((30, 4096), np.float32), np.ones(30, bool)) is None


@pytest.mark.parametrize("lost", ["places", "axes", "centre"])
def test_broken_numbers_of_a_config_are_told(lost: str) -> None:
    part, _ = word_rows([f"red boots {n}" for n in range(12)] + [f"green lamp {n}" for n in range(12)])
    for scale in ({lost: "AAAA"}, {lost: "?"}, {}):
        whole = {key: value for key, value in (part.scale or {}).items() if key != lost}
        with pytest.raises(StudioError, match="cannot be read"):
            beside.row_of(replace(part, scale=whole | scale), "text", "red boots")


def test_a_large_library_is_looked_at_block_by_block() -> None:
    texts = [
        f"{a} {b} {n}" for n in range(80) for a in ("red", "green", "") for b in ("boots", "lamp", "drum", "")
    ]
    part, _ = word_rows(texts)
    texts = [*texts, *texts[: beside.BLOCK - len(texts)], "quite unknown", "red boots"] * 2
    there = np.ones(len(texts), bool)
    there[1] = False
    asked: list[int] = []

    def numbers(places: np.ndarray) -> np.ndarray:
        asked.append(len(places))
        return np.stack([beside.of_text(texts[place]) for place in places])

    rows, told = beside.in_blocks(part, numbers, there)
    assert max(asked) <= beside.BLOCK
    assert sum(asked) == len(texts) - 1
    raw = np.stack([beside.of_text(text) for text in texts])
    assert told.tolist() == (there & beside.says(part, raw)).tolist()
    assert not told.all()
    np.testing.assert_allclose(rows, np.where(told[:, None], beside.rows(part, raw), 0), atol=1e-5)


def test_of_many_media_an_even_part_is_learned_from() -> None:
    learned = np.ones(3 * beside.MOST, bool)
    learned[0] = False
    some = beside.some_of(learned)
    assert len(np.unique(some)) == beside.MOST
    assert (some[0], some[-1]) == (1, len(learned) - 1)
    assert beside.some_of(learned[:5]).tolist() == [1, 2, 3, 4]


def test_a_part_of_another_network_is_known_but_not_used() -> None:
    part, _ = word_rows([f"red boots {n}" for n in range(12)] + [f"green lamp {n}" for n in range(12)])
    assert beside.beside([part], "text") is part
    assert beside.beside([part], "image") is None
    assert (
        beside.beside([Part.of({**part.as_json(), "scale": {**dict(part.scale or {}), "from": "x"}})], "text")
        is None
    )


def test_a_model_is_told_more_of_media_than_it_shows(model: JointModel) -> None:
    assert model.modalities == ("image", "audio", "text", "tags")
    assert {part.about for part in model.parts} == {"", "image", "audio", "text"}
    red = np.full((24, 24, 3), (200, 30, 30), np.uint8)
    told = model.as_arrays({"image": red, "text": "Red boots"})
    assert set(told) == {"image", "image features", "text", "text features"}
    made = model.generate({"text": "Red boots"})[0]
    assert set(made) == {"image", "audio", "tags"}
    alone = model.embed_arrays({"text": told["text"]})
    assert not np.allclose(model.embed({"text": "Red boots"}).numpy(), alone.numpy())


def test_only_what_was_seen_together_is_tied(model: JointModel) -> None:
    counts = model.config.trained["together"]
    assert counts["image text"] > counts["image audio"] > 0
    seen = model.config.trained
    model.config.trained = {**seen, "together": {"image text": 30, "audio text": 20, "image audio": 0}}
    try:
        assert model.ties(["image"], "text")
        assert not model.ties(["image"], "audio")
        assert not model.ties(["image", "text"], "audio")
        assert model.ties(["text", "tags"], "audio")
        assert model.ties([], "audio")
        model.config.trained = {}
        assert model.ties(["image"], "audio")
    finally:
        model.config.trained = seen


def test_the_best_of_many_draws_agrees_more(model: JointModel) -> None:
    once = model.rows({"text": "Red boots"}, ["image"], count=2, seed=3)
    picked = model.rows({"text": "Red boots"}, ["image"], count=2, seed=3, tries=6)
    told = model.as_arrays({"text": "Red boots"})
    a, b = agreement(model, once, told), agreement(model, picked, told)
    assert b[0] >= b[1]
    assert b.mean() > a.mean()
    again = model.rows({"text": "Red boots"}, ["image"], count=2, seed=3, tries=6)
    np.testing.assert_array_equal(picked["image"], again["image"])
    whole = model.rows({}, ["image", "text"], count=2, seed=3, tries=4)
    assert {name: len(rows) for name, rows in whole.items()} == {"image": 2, "text": 2}


def test_each_of_several_rows_gets_its_own_best(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    kind = random.integers(0, 2, 40)
    arrays = {
        name: (kind[:, None] + random.normal(0, 0.1, (40, 4))).astype(np.float32) for name in ("a", "b")
    }
    tied = joint.train(arrays, tmp_path / "m", latent=4, steps=3, batch=8, device="cpu", options=TINY)
    given, there = {"a": arrays["a"][:5]}, {"a": np.ones(5, bool)}
    rows = chosen(tied, given, there, ["b"], seed=1, tries=4)["b"]
    plain = tied.generate_arrays(given, ["b"], 1)["b"]
    assert rows.shape == plain.shape == (5, 4)
    assert best(np.array([0.1, 0.9, 0.9, 0.5]), 2).tolist() == [1, 2]
