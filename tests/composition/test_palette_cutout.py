"""Colours from a product, and lifting it off its backdrop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmstudio.composition.cutout import border_colour, cut_out
from mmstudio.composition.palette import (
    Swatch,
    accent_of,
    contrast,
    from_lch,
    hex_of,
    legible,
    rgb_of,
    scheme,
    swatches,
    to_lch,
)
from mmstudio.media.oklab import oklab_to_srgb, srgb_to_oklab
from support.shop import scene_photo, studio_photo

colours = st.tuples(*(st.integers(0, 255),) * 3)


@given(colours)
def test_oklab_there_and_back(rgb: tuple[int, int, int]) -> None:
    assert np.allclose(oklab_to_srgb(srgb_to_oklab(np.array(rgb))), rgb, atol=0.6)
    assert rgb_of(hex_of(rgb)) == rgb


def test_oklab_matches_published_values() -> None:
    assert np.allclose(srgb_to_oklab(np.array([255, 255, 255])), [1, 0, 0], atol=1e-3)
    assert np.allclose(srgb_to_oklab(np.array([255, 0, 0])), [0.628, 0.2249, 0.1258], atol=1e-3)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(colours, st.floats(0.05, 1)), min_size=0, max_size=5), st.integers(0, 9))
def test_every_scheme_is_legible(found: list[tuple[tuple[int, int, int], float]], seed: int) -> None:
    palette = scheme([Swatch(rgb, share) for rgb, share in found], seed)
    pairs = [
        ("ink", "sheet"),
        ("muted", "sheet"),
        ("on_accent", "accent"),
        ("on_panel", "panel"),
        ("panel_accent", "panel"),
        ("on_ground", "ground"),
        ("on_ground", "ground_2"),
        ("on_ground", "ground_3"),
    ]
    for text, ground in pairs:
        assert contrast(rgb_of(palette[text]), rgb_of(palette[ground])) >= 4.5, (text, ground)


@given(colours, colours)
def test_legible_always_reaches_its_ratio(colour: tuple[int, int, int], ground: tuple[int, int, int]) -> None:
    assert contrast(legible(colour, ground), ground) >= 4.5


def test_swatches_find_the_main_colours_and_skin_does_not_win() -> None:
    pixels = np.vstack([np.tile([30, 60, 160], (3000, 1)), np.tile([214, 160, 130], (4000, 1))])
    found = swatches(pixels.astype(np.uint8))
    assert sum(s.share for s in found) == pytest.approx(1, abs=0.02)
    accent = accent_of(found)
    assert accent is not None
    assert accent.rgb[2] > accent.rgb[0]
    assert accent_of(swatches(np.full((100, 3), 128, np.uint8))) is None
    assert swatches(np.zeros((0, 3), np.uint8)) == []


def test_from_lch_stays_in_gamut() -> None:
    for hue in range(0, 360, 30):
        rgb = from_lch(0.6, 0.4, hue)
        assert all(0 <= value <= 255 for value in rgb)
        assert to_lch(rgb)[0] == pytest.approx(0.6, abs=0.02)


def test_a_product_on_white_is_cut_out_with_the_hole_in_its_handle(tmp_path: Path) -> None:
    rgb = np.asarray(Image.open(studio_photo(tmp_path / "p.png")).convert("RGB"))
    cut = cut_out(rgb)
    assert cut is not None
    assert cut.edges == ""
    height, width = cut.rgba.shape[:2]
    assert abs(width - 241) < 8
    assert abs(height - 281) < 8
    alpha = cut.rgba[..., 3]
    assert alpha[round(height * 0.7), width // 2] == 255
    assert alpha[round(height * 0.18), width // 2] < 40  # through the handle
    soft = ((alpha > 10) & (alpha < 245)).mean()
    assert 0 < soft < 0.06
    edge = cut.rgba[(alpha > 120) & (alpha < 250)][:, :3].astype(int)
    assert (edge.min(axis=1) < 200).mean() > 0.9  # no white fringe


def test_a_subject_cut_off_by_the_frame_says_where() -> None:
    pixels = np.full((300, 200, 3), 255, np.uint8)
    pixels[100:, 60:140] = (20, 90, 60)
    cut = cut_out(pixels)
    assert cut is not None
    assert cut.edges == "b"


@pytest.mark.parametrize("shade", [246, 250])
def test_white_on_white_is_not_eaten(shade: int) -> None:
    rng = np.random.default_rng(1)
    pixels = np.full((300, 300, 3), 255, np.uint8)
    pixels[60:240, 60:240] = (40, 40, 44)
    fabric = np.clip(rng.normal(shade - 8, 5, (140, 140, 1)), 0, 255)
    pixels[80:220, 80:220] = fabric.astype(np.uint8)
    cut = cut_out(pixels)
    assert cut is not None
    assert cut.rgba[90, 90, 3] == 255


def test_scenes_close_ups_and_blanks_are_left_alone(tmp_path: Path) -> None:
    assert cut_out(np.asarray(Image.open(scene_photo(tmp_path / "s.png")).convert("RGB"))) is None
    close = np.full((200, 200, 3), 255, np.uint8)
    close[50:150] = 30
    assert cut_out(close) is None
    assert cut_out(np.full((200, 200, 3), 255, np.uint8)) is None
    assert cut_out(np.full((8, 8, 3), 255, np.uint8)) is None
    assert border_colour(np.zeros((50, 50, 3), np.uint8)) is None
