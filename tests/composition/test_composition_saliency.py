"""Where a picture is looked at: focus and crops."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition.editing.saliency import (
    box_of,
    cover_focus,
    crop_for,
    focus_in,
    focus_of,
    saliency_of,
)


def picture(at: tuple[float, float], size: tuple[int, int] = (300, 200), side: int = 40) -> NDArray[np.uint8]:
    """A quiet, slightly noisy ground with one red spot in the middle of ``at`` (fractions)."""
    width, height = size
    rng = np.random.default_rng(3)
    pixels = np.clip(rng.normal(150, 6, (height, width, 3)), 0, 255)
    x, y = round(at[0] * width), round(at[1] * height)
    pixels[max(y - side // 2, 0) : y + side // 2, max(x - side // 2, 0) : x + side // 2] = (210, 40, 30)
    return pixels.astype(np.uint8)


@pytest.mark.parametrize("at", [(0.2, 0.3), (0.8, 0.25), (0.5, 0.5), (0.15, 0.8)])
def test_the_focus_is_what_stands_out(at: tuple[float, float]) -> None:
    x, y = focus_of(picture(at))
    assert (x, y) == pytest.approx(at, abs=0.07)


def test_a_plain_picture_is_looked_at_in_the_middle() -> None:
    plain = np.full((90, 160, 3), 200, np.uint8)
    assert focus_of(plain) == pytest.approx((0.5, 0.5), abs=0.01)
    assert crop_for(plain, 1.0).x == pytest.approx((1 - 90 / 160) / 2, abs=0.02)


@pytest.mark.parametrize(("at", "ratio"), [((0.85, 0.5), 1.0), ((0.1, 0.5), 0.5), ((0.5, 0.9), 3.0)])
def test_a_crop_has_the_shape_and_holds_the_subject(at: tuple[float, float], ratio: float) -> None:
    pixels = picture(at)
    crop = crop_for(pixels, ratio)
    height, width = pixels.shape[:2]
    assert crop.w * width / (crop.h * height) == pytest.approx(ratio, rel=0.01)
    assert 0 <= crop.x <= crop.x + crop.w <= 1.0001
    assert 0 <= crop.y <= crop.y + crop.h <= 1.0001
    assert crop.x < at[0] < crop.x + crop.w
    assert crop.y < at[1] < crop.y + crop.h


def test_the_focus_of_a_layer_shows_the_crop_in_its_box() -> None:
    pixels = picture((0.85, 0.5))
    crop, (x, y) = crop_for(pixels, 0.5), focus_in(pixels, 0.5)
    assert x * (1 - crop.w) == pytest.approx(crop.x, abs=1e-3)
    assert y == 0.5  # the whole height is seen: nothing to choose


def test_a_place_is_brought_to_the_middle_as_far_as_the_picture_reaches() -> None:
    assert cover_focus((0.5, 0.5), 1.5, 1.0) == (0.5, 0.5)
    assert cover_focus((1.0, 0.5), 1.5, 1.0) == (1.0, 0.5)
    x, _y = cover_focus((0.4, 0.5), 2.0, 1.0)  # a window of half the width around 0.4 begins at 0.15
    assert x == pytest.approx(0.3)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2000, 3), (65, 64), (4000, 3000)])
def test_any_size_can_be_looked_at(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    value = saliency_of(pixels)
    assert value.sum() == pytest.approx(1.0)
    assert max(value.shape) <= 66
    x, y = focus_of(pixels)
    assert 0 <= x <= 1
    assert 0 <= y <= 1


def test_what_is_transparent_is_not_looked_at() -> None:
    pixels = np.dstack([picture((0.2, 0.5)), np.full((200, 300), 255, np.uint8)])
    pixels[:, :150, 3] = 0
    assert focus_of(pixels)[0] > 0.5


@pytest.mark.parametrize("at", [(0.3, 0.4), (0.8, 0.25), (0.5, 0.9)])
def test_a_box_goes_round_what_stands_out_with_air(at: tuple[float, float]) -> None:
    box = box_of(picture(at, side=60))
    assert box.x < at[0] < box.x + box.w
    assert box.y < at[1] < box.y + box.h
    assert box.w * box.h < 0.6
    assert min(box.x, box.y) >= 0
    assert max(box.x + box.w, box.y + box.h) <= 1.0
    plain = box_of(np.full((90, 160, 3), 200, np.uint8))
    assert plain.w > 0.3
    assert plain.x + plain.w / 2 == pytest.approx(0.5, abs=0.05)
