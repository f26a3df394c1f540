"""Trainings on augmented data: what is added, what is said, what evaluation sees, and exact resume."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import Cancelled, UsageError
from mmstudio.features.augment import AugmentRecipe, preset
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets import gather as gathering
from mmstudio.learning.datasets.gather import Gathered, gather
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.engine.data import load_pixels
from mmstudio.learning.families import default_config
from mmstudio.library import Library
from support.learning import picture_library, sound_library


def wanted(modality: str, size: int, recipe: AugmentRecipe | None) -> ModelConfig:
    config = default_config("image-vae" if modality == "image" else "sound-vae", "m", size=size)
    config.augment = recipe.as_json() if recipe is not None else {}
    return config


def collected(library: Library, modality: str, recipe: AugmentRecipe | None, size: int = 16) -> Gathered:
    steps = gather(library, wanted(modality, size, recipe))
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Gathered = stop.value
            return found


def train(library: Library, name: str, **options: object) -> dict[str, object]:
    options = {"size": 16, "steps": 2, "batch": 2, **options}
    return run_inline(Trainings(library, "cpu").train_work("image-vae", name, **options))  # type: ignore[arg-type]


def test_copies_follow_the_originals_and_are_counted_in_words(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=4) as library:
        plain = collected(library, "image", None)
        found = collected(library, "image", preset("strong", 1))
        assert found.pixels.shape == (16, 3, 16, 16)
        assert np.array_equal(found.pixels[:4], plain.pixels)
        assert found.augmented == 12
        assert found.assets == plain.assets * 4
        assert found.notes[0] == "4 pictures, 16 with augmentation"
        assert not np.array_equal(found.pixels[4:8], plain.pixels)
        again = collected(library, "image", preset("strong", 1))
        assert np.array_equal(found.pixels, again.pixels)
        other = collected(library, "image", preset("strong", 2))
        assert not np.array_equal(found.pixels, other.pixels)
        assert np.array_equal(collected(library, "image", preset("off")).pixels, plain.pixels)


def test_sounds_are_varied_and_masked(tmp_path: Path) -> None:
    with sound_library(tmp_path, count=2) as library:
        found = collected(library, "audio", preset("strong", 3))
        assert len(found.pixels) == 8
        assert found.notes[0] == "2 pieces of sound, 8 with augmentation"
        assert len({piece.tobytes() for piece in found.pixels}) == 8


def test_a_file_that_vanishes_before_its_copies_are_made_is_counted(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        steps = gather(library, wanted("image", 16, preset("gentle")))
        while True:
            try:
                if "Augmenting" in next(steps).note:
                    (tmp_path / "pictures/1.png").unlink(missing_ok=True)
            except StopIteration as stop:
                found: Gathered = stop.value
                break
        assert len(found.pixels) == 3 + 6
        assert (found.augmented, found.missed) == (6, 3)
        assert "3 augmented copies could not be made" in found.notes


def test_more_copies_than_fit_are_not_made_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with picture_library(tmp_path, count=3) as library:
        monkeypatch.setattr(gathering, "MOST_BYTES", 2 * 3 * 3 * 16 * 16)
        found = collected(library, "image", preset("gentle"))
        assert len(found.pixels) == 6
        assert any("only 1 copies" in note for note in found.notes)


def test_the_recipe_is_recorded_and_the_card_says_it(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        result = train(library, "m", augment="gentle", seed=7)
        assert "3 pictures, 12 with augmentation" in str(result["notes"])
        trainings = Trainings(library, "cpu")
        config = trainings.load("m").config
        assert (config.augment["name"], config.augment["seed"]) == ("gentle", 7)
        assert config.augment == preset("gentle", 7).as_json()
        assert (config.trained["examples"], config.trained["augmented"]) == (3, 9)
        card = next(model.card for model in trainings.models() if model.name == "m")
        assert "Augmented copies: 9, recipe “gentle”, seed 7" in card
        assert "3 examples of 3 assets" in card


def test_without_augmentation_nothing_is_recorded(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        train(library, "m", augment="off")
        trainings = Trainings(library, "cpu")
        assert trainings.load("m").config.augment == {}
        assert "Augmented" not in next(model.card for model in trainings.models() if model.name == "m")
        texts_only = {"texts": {"swap": True}}
        train(library, "t", augment=texts_only)
        assert trainings.load("t").config.augment == {}


def test_evaluation_sees_originals_only(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=4) as library:
        train(library, "m", augment="strong")
        trainings = Trainings(library, "cpu")
        assert trainings.evaluate("m")["examples"] == 4
        # stopped half way: the data of the training lie beside the model
        count = iter(range(1000))
        with pytest.raises(Cancelled):
            run_inline(
                trainings.train_work("image-vae", "half", size=16, steps=60, batch=2, augment="strong"),
                cancelled=lambda: next(count) > 14,
            )
        kept = load_pixels(trainings.folder("half") / "data.npy")
        assert kept is not None
        assert len(kept) == 16
        assert trainings.evaluate("half")["examples"] == 4


def test_an_augmented_training_resumes_exactly(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        recipe = preset("strong", 4).as_json()
        train(library, "straight", steps=6, augment=recipe)
        trainings = Trainings(library, "cpu")
        count = iter(range(1000))
        with pytest.raises(Cancelled):
            run_inline(
                trainings.train_work("image-vae", "broken", size=16, steps=6, batch=2, augment=recipe),
                cancelled=lambda: next(count) > 8,
            )
        folder = trainings.folder("broken")
        assert 0 < json.loads((folder / "config.json").read_text())["trained"]["steps"] < 6
        (folder / "data.npy").unlink()  # even where the decoded data have to be made again
        train(library, "broken", steps=6, resume=True)
        one, two = (load_weights(trainings.folder(name)) for name in ("straight", "broken"))
        assert one.keys() == two.keys()
        assert all(bool((one[key] == two[key]).all()) for key in one)


def test_a_wrong_recipe_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=1) as library:
        with pytest.raises(UsageError, match="no operation"):
            train(library, "m", augment={"pictures": {"melt": True}})
        with pytest.raises(UsageError, match="no augmentation"):
            train(library, "m", augment="wild")
        assert [model.name for model in Trainings(library, "cpu").models() if model.source == "library"] == []
