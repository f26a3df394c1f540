"""The product pictures: attractive means at least sharp, bright, colourful, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from mmstudio.demo.drawing.canvas import develop, linear
from mmstudio.demo.drawing.patterns import PATTERNS, pattern
from mmstudio.demo.drawing.products import detail, hero
from mmstudio.demo.shop import products

ONE_OF_A_KIND = {p.kind: p for p in products()}


@pytest.mark.parametrize("kind", sorted(ONE_OF_A_KIND))
def test_a_hero_shows_a_product_on_a_clean_backdrop(kind: str) -> None:
    picture = hero(ONE_OF_A_KIND[kind].look, 7)
    pixels = np.asarray(picture, np.float32) / 255
    assert picture.size == (1000, 1000)
    assert picture.mode == "RGB"
    corners = [pixels[:60, :60], pixels[:60, -60:], pixels[-60:, :60], pixels[-60:, -60:]]
    if kind != "rug":
        assert max(float(c.std(axis=(0, 1)).max()) for c in corners) < 0.04
    middle = pixels[200:850, 200:800]
    assert middle.std() > 0.08
    assert 0.25 < pixels.mean() < 0.9
    # Nothing is blown out over an area.
    assert np.mean(pixels.min(axis=2) > 0.995) < 0.01


def test_the_same_seed_draws_the_same_picture_and_another_its_own_grain() -> None:
    look = ONE_OF_A_KIND["mug"].look
    first, again, other = hero(look, 7), hero(look, 7), hero(look, 8)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_detail_shows_the_material() -> None:
    pixels = np.asarray(detail(ONE_OF_A_KIND["scarf"].look, 7), np.float32)
    assert pixels.shape == (1000, 1000, 3)
    assert pixels.std() > 15


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_every_pattern_stays_between_its_colours(name: str) -> None:
    rows, columns = np.mgrid[0:160, 0:160].astype(np.float32)
    colours = ["#202020", "#e0c080", "#c04030", "#3060a0"]
    out = pattern(name, colours, 3, 1.0, 160.0)(columns, rows)
    assert out.shape == (160, 160, 3)
    assert np.isfinite(out).all()
    assert out.min() >= -1e-3
    assert out.max() <= 1.001


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#7f3fa0"])
def test_srgb_there_and_back(colour: str) -> None:
    back = develop(linear(colour).reshape(1, 1, 3))[0, 0]
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(back.astype(int) - wanted).max() <= 2
