"""Augmented pictures: what each operation does, and pictures that are hardly any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.features.augment import AugmentRecipe, Step, augment_picture, preset

Pixels = np.ndarray[Any, Any]


def only(name: str, low: float, high: float | None = None) -> AugmentRecipe:
    return AugmentRecipe("one", 0, 1, {name: Step(True, 1, low, low if high is None else high)})


def scene() -> Pixels:
    """A bright scene without anything black in it."""
    rows, columns = np.mgrid[0:60, 0:80]
    return np.stack([120 + rows, 120 + columns, np.full_like(rows, 200)], axis=2).astype(np.uint8)


def test_mirror_changes_left_and_right() -> None:
    assert np.array_equal(augment_picture(scene(), only("flip", 0)).pixels, scene()[:, ::-1])


@pytest.mark.parametrize("degrees", [-170, -45, -7, 3, 45, 90, 180])
def test_rotation_leaves_no_black_corners(degrees: float) -> None:
    made = augment_picture(scene(), only("rotation", degrees)).pixels
    assert made.shape == scene().shape
    assert made.min() >= 115


def test_a_thing_on_a_plain_ground_does_not_stand_there_twice() -> None:
    picture = np.full((60, 60, 3), 245, np.uint8)
    picture[12:48, 20:40] = (200, 30, 30)
    recipe = only("scale", 0.5).with_step("rotation", Step(True, 1, 30, 30))
    made = augment_picture(picture, recipe).pixels
    red = (made[:, :, 1] < 100).sum()
    assert red == pytest.approx(36 * 20 / 4, rel=0.15)
    assert (made[0] == 245).all()


def test_half_a_turn_is_half_a_turn() -> None:
    made = augment_picture(scene(), only("rotation", 180)).pixels.astype(int)
    assert np.abs(made - scene()[::-1, ::-1]).max() <= 2


@pytest.mark.parametrize("zoom", [0.5, 0.8, 1.5, 2.0])
def test_scale_brings_the_middle_nearer_and_fills_the_edges(zoom: float) -> None:
    made = augment_picture(scene(), only("scale", zoom)).pixels
    assert made.min() >= 115
    slope = (int(made[30, 50, 1]) - int(made[30, 30, 1])) / 20
    assert slope == pytest.approx(1 / zoom, abs=0.12)


def test_rotation_and_scale_are_one_resampling() -> None:
    recipe = only("rotation", 10).with_step("scale", Step(True, 1, 1.2, 1.2))
    assert [done.operation for done in augment_picture(scene(), recipe).applied] == ["rotation", "scale"]


def test_a_crop_shows_a_part_at_the_old_size() -> None:
    made = augment_picture(scene(), only("crop", 0.25)).pixels
    assert made.shape == scene().shape
    assert np.ptp(made[:, :, 1].astype(int)) == pytest.approx(40, abs=3)


def test_colours_move_as_they_are_told() -> None:
    picture = scene()
    mean = picture.mean()
    assert augment_picture(picture, only("brightness", 0.5)).pixels.mean() == pytest.approx(mean / 2, abs=1)
    flat = augment_picture(picture, only("contrast", 0.5)).pixels
    assert flat[:, :, 0].std() == pytest.approx(picture[:, :, 0].std() / 2, rel=0.05)
    grey = augment_picture(picture, only("saturation", 0)).pixels.astype(int)
    assert np.abs(grey[:, :, 0] - grey[:, :, 2]).max() <= 1
    red = np.zeros((8, 8, 3), np.uint8) + np.array([200, 20, 20], np.uint8)
    green = augment_picture(red, only("hue", 120)).pixels[4, 4]
    assert green[1] > 190
    assert green[0] < 30


def test_erase_covers_the_share_it_says() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    for index in range(8):
        made = augment_picture(picture, only("erase", 0.1), index).pixels
        share = (made != picture).any(axis=2).mean()
        assert 0.08 < share < 0.12


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (2, 2, 3), (3, 200, 3), (7, 5)])
def test_pictures_of_a_few_pixels_keep_their_size(shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 90, np.uint8)
    for index in range(20):
        made = augment_picture(picture, preset("strong"), index)
        assert made.pixels.shape == (*shape[:2], 3)
        assert made.pixels.dtype == np.uint8


def test_grey_alpha_deep_and_float_pictures_become_plain_ones() -> None:
    off = preset("off")
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert np.array_equal(augment_picture(grey, off).pixels, np.repeat(grey[:, :, None], 3, 2))
    deep = np.full((4, 4, 3), 65535, np.uint16)
    assert augment_picture(deep, off).pixels.max() == 255
    clear = np.dstack([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)])
    assert augment_picture(clear, off).pixels.min() == 255
    holes = np.array([[0.5, np.nan], [np.inf, -1.0]])
    assert np.isfinite(augment_picture(holes, off).pixels).all()


@pytest.mark.parametrize("shape", [(0, 4, 3), (4,), (4, 4, 5), (2, 2, 2, 3)])
def test_what_is_no_picture_is_refused_in_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(StudioError, match="not a picture"):
        augment_picture(np.zeros(shape, np.uint8), preset("strong"))


def test_the_original_is_left_alone() -> None:
    picture = scene()
    for index in range(6):
        augment_picture(picture, preset("strong"), index)
    assert np.array_equal(picture, scene())
    assert augment_picture(picture, preset("off")).pixels is not picture
