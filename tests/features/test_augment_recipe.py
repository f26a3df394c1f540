"""Recipes of augmentation: JSON, presets, mistakes in words, and draws that depend on nothing else."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from mmstudio.errors import UsageError
from mmstudio.features.augment import (
    OPERATIONS,
    AugmentRecipe,
    Step,
    augment_picture,
    augment_sound,
    augment_text,
    mask_spectrogram,
    preset,
    read_recipe,
)

STRONG = preset("strong", seed=5)
RATE = 8_000


def a_picture(seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def a_sound(seconds: float = 0.5) -> np.ndarray[Any, Any]:
    t = np.arange(round(RATE * seconds)) / RATE
    return (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[None]


TEXT = "A wonderful mug for your friends, made of durable stone. 这款漂亮的杯子很可爱。"


def test_a_recipe_survives_json() -> None:
    again = read_recipe(json.loads(json.dumps(STRONG.as_json())))
    assert again == STRONG
    assert hash(again) == hash(STRONG)
    assert read_recipe("gentle", 3) == preset("gentle", 3)
    assert read_recipe(None) == preset("off")


def test_presets_grow_from_off_to_strong() -> None:
    for modality in ("image", "audio", "text"):
        counts = [len(preset(name).active(modality)) for name in ("off", "gentle", "strong")]
        assert counts[0] == 0 < counts[1] <= counts[2]


def test_a_recipe_cannot_be_changed_behind_ones_back() -> None:
    steps = {"flip": Step(True, 0.5, 0, 0)}
    recipe = AugmentRecipe("mine", 1, 2, steps)
    steps["hue"] = Step(True, 1, 0, 5)
    assert "hue" not in recipe.steps
    with pytest.raises(TypeError):
        recipe.steps["hue"] = steps["hue"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("medium", "no augmentation “medium”"),
        ({"pictures": {"rotate": True}}, "no operation “rotate”"),
        ({"pictures": {"noise": True}}, "no operation “noise”"),
        ({"colours": {}}, "no field “colours”"),
        ({"pictures": {"rotation": {"range": [-400, 5]}}}, "-180 to 180"),
        ({"pictures": {"rotation": {"range": [5, -5]}}}, "range within"),
        ({"pictures": {"rotation": {"probability": 2}}}, "probability from 0 to 1"),
        ({"pictures": {"rotation": {"probability": float("nan")}}}, "probability from 0 to 1"),
        ({"pictures": {"rotation": {"on": 1}}}, "not understood"),
        ({"pictures": {"rotation": {"amount": 3}}}, "not understood"),
        ({"pictures": {"rotation": 3}}, "not understood"),
        ({"pictures": 3}, "not an augmentation recipe"),
        ({"copies": 0}, "“copies”"),
        ({"copies": 2.5}, "“copies”"),
        ({"seed": -1}, "“seed”"),
        ({"seed": True}, "“seed”"),
        ([1], "not an augmentation recipe"),
    ],
)
def test_mistakes_are_said_in_words(document: Any, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_recipe(document)
    assert words in str(caught.value)


def test_unknown_operations_are_refused_by_the_recipe_itself() -> None:
    with pytest.raises(UsageError):
        AugmentRecipe(steps={"explode": Step(True, 1, 0, 1)})
    with pytest.raises(UsageError):
        preset("off").with_step("hue", Step(True, 1, -500, 500))


def results(index: int) -> list[bytes]:
    picture = augment_picture(a_picture(), STRONG, index).pixels
    sound = augment_sound(a_sound(), RATE, STRONG, index).samples
    text = augment_text(TEXT, STRONG, index).text
    return [picture.tobytes(), sound.tobytes(), text.encode()]


def test_the_same_seed_gives_the_same_whatever_the_order_and_the_threads() -> None:
    straight = [results(index) for index in range(6)]
    backwards = [results(index) for index in reversed(range(6))][::-1]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(results, range(6)))
    assert straight == backwards == together
    assert len({tuple(found) for found in straight}) > 1
    other = augment_picture(a_picture(), preset("strong", seed=6), 0).pixels
    assert other.tobytes() != straight[0][0]


@pytest.mark.parametrize("name", ["rotation", "contrast", "saturation", "hue", "crop"])
def test_pictures_do_not_depend_on_torchs_threads(name: str) -> None:
    strong = OPERATIONS[name].strong
    recipe = AugmentRecipe("one", 2, 1, {name: Step(True, 1, strong.low, strong.high)})
    picture = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    before = torch.get_num_threads()
    made = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            made.append(augment_picture(picture, recipe).pixels)
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(made[0], made[1])


def legacy_state() -> bytes:
    return bytes(np.random.get_state()[1].tobytes())  # type: ignore[index,union-attr]  # noqa: NPY002


def test_no_global_generator_is_touched() -> None:
    results(0)  # libraries that draw while they are imported have done so
    mask_spectrogram(np.ones((8, 8)), STRONG)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is what is watched
    torch.manual_seed(1)
    before = (random.getstate(), legacy_state(), torch.get_rng_state().tolist())
    for index in range(4):
        results(index)
        mask_spectrogram(np.ones((8, 8)), STRONG, index)
    after = (random.getstate(), legacy_state(), torch.get_rng_state().tolist())
    assert before == after


def test_one_operation_more_leaves_the_others_as_they_were() -> None:
    turned = AugmentRecipe("a", 1, 1, {"rotation": Step(True, 1, -20, 20)})
    both = turned.with_step("brightness", Step(True, 1, 0.5, 1.5))
    one = augment_picture(a_picture(), turned, 3).applied
    two = augment_picture(a_picture(), both, 3).applied
    assert one[0] in two
    assert len(two) == 2


def test_a_small_preview_and_the_training_draw_alike_by_the_key() -> None:
    large, small = a_picture(1), a_picture(1)[::2, ::2]
    one = augment_picture(large, STRONG, 2, key="file").applied
    two = augment_picture(small, STRONG, 2, key="file").applied
    assert one == two


def test_probability_is_how_often() -> None:
    recipe = AugmentRecipe("half", 0, 1, {"flip": Step(True, 0.5, 0, 0)})
    picture = a_picture()[:4, :4]
    done = sum(bool(augment_picture(picture, recipe, index).applied) for index in range(300))
    assert 110 < done < 190
    never = AugmentRecipe("never", 0, 1, {"flip": Step(True, 0, 0, 0)})
    assert not never.active("image")
    assert np.array_equal(augment_picture(picture, never).pixels, picture)
