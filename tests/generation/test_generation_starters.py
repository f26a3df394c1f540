"""The starter models that ship: small, carded, and good enough to be shown without any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio import paths
from mmstudio.generation import Generation
from mmstudio.generation.latents.point import Point
from mmstudio.generation.quality import measure
from mmstudio.learning import Trainings
from mmstudio.learning.texts.likeness import LIKENESS, units
from support.libraries import new_library

PICTURES = ("starter-image-gan", "starter-image-vae", "starter-image-gan-128", "starter-image-vae-128")
STARTERS = (*PICTURES, "starter-sound-vae", "starter-text-lm", "starter-text-vae")


@pytest.mark.parametrize("name", STARTERS)
def test_starters_are_small_and_carded(name: str) -> None:
    folder = paths.starter_models() / name
    assert (folder / "weights.safetensors").stat().st_size < 8_500_000
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert "Licence" in card
    assert "Measured" in card
    if name == "starter-text-vae":
        assert (folder / LIKENESS).stat().st_size < 1_300_000
        assert LIKENESS in card


@pytest.mark.parametrize("name", PICTURES)
def test_starters_draw_pictures_above_the_floor(name: str, tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        generation = Generation(library, Trainings(library, "cpu"))
        pictures = [np.asarray(picture) for picture in generation.images(name, 12, seed=1)]
        assert all(measure(picture).passes for picture in pictures)
        spread = np.stack(pictures).astype(float).std(axis=0).mean()
        assert spread > 20  # they differ from each other


def test_the_sound_starter_plays_a_bed_of_the_asked_length(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        generation = Generation(library, Trainings(library, "cpu"))
        samples, rate = generation.sounds("starter-sound-vae", 1, seed=2, seconds=6.0)[0]
        assert samples.shape == (2, 6 * rate)
        parts = np.sqrt((samples.reshape(2, 12, -1) ** 2).mean(axis=(0, 2)))
        assert parts.min() > 0.01  # sound throughout
        assert np.abs(samples).max() < 0.9


def test_the_text_starter_writes_sentences_of_two_languages(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        generation = Generation(library, Trainings(library, "cpu"))
        model = Trainings(library, "cpu").load_any("starter-text-lm")
        told = {
            "The jacket is warm and soft.": "warm jacket soft is The and .",
            "这个杯子很漂亮。": "。亮漂很子杯个这",
        }
        for right, shuffled in told.items():
            assert model.bits_per_byte([right]) < 0.8 * model.bits_per_byte([shuffled])
        english, chinese = (
            generation.texts("starter-text-lm", 3, 1, prompt=prompt, temperature=0.5)
            for prompt in ("The", "这")
        )
        assert all(len(made.text.split()) >= 4 for made in english)
        assert all(any("\u4e00" <= c <= "\u9fff" for c in made.text[1:]) for made in chinese)


def test_the_sentence_starter_varies_and_goes_between(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        model = Trainings(library, "cpu").load_any("starter-text-vae")
        again = model.decode(model.encode(["这个杯子适合办公室吗？", "I bought this jacket for my wife."]))
        assert "这个" in again[0]
        assert again[1].startswith("I bought")
        varied = model.vary("I bought this jacket for my wife.", 3, 1)
        assert len(set(varied)) == 3
        assert all(len(text.split()) >= 3 or not text.isascii() for text in varied)
        for given, kept in (("I bought this jacket for my wife.", 5), ("这个杯子很漂亮。", 6)):
            for text in model.vary(given, 3, 1):
                assert text != given
                assert sum(a == b for a, b in zip(units(text), units(given), strict=False)) >= kept
        row = model.between("The bag is light and strong.", "I would buy it again.", 4)
        assert (row[0], row[-1]) == ("The bag is light and strong.", "I would buy it again.")
        assert all(row)


def test_starters_are_listed_and_feature_extractors_are_not(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        models = {model.name: model for model in Trainings(library, "cpu").models()}
        assert set(STARTERS) <= set(models)
        assert all(models[name].source == "starter" and models[name].status == "ready" for name in STARTERS)
        assert "starter-backbone" not in models


@pytest.mark.parametrize("name", ["starter-image-gan", "starter-image-gan-128"])
def test_a_starter_told_a_palette_draws_nearer_to_it(name: str, tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        player = Generation(library, Trainings(library, "cpu")).player(name)
        red, blue = (200, 50, 45), (40, 70, 190)
        drawn = {
            colour: np.stack(
                player.draw_many([Point(seed, condition={"palette": [list(colour)]}) for seed in range(8)])
            )
            for colour in (red, blue)
        }
        warm = {
            colour: float(pictures[..., 0].mean() - pictures[..., 2].mean())
            for colour, pictures in drawn.items()
        }
        assert warm[red] > warm[blue] + 20
