"""The parts of generation: colour, quality floor, backgrounds, sound finishing, steering words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.generation import backgrounds, steering
from mmstudio.generation.quality import measure
from mmstudio.generation.sounding import earlier
from mmstudio.generation.sounding.measure import loudness
from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=60, deadline=None)
def test_oklab_goes_there_and_back(rgb: tuple[int, int, int]) -> None:
    back = oklab_to_bytes(srgb_to_oklab(np.array(rgb)))
    assert np.abs(back.astype(int) - rgb).max() <= 1


def test_white_and_black_have_the_published_oklab_values() -> None:
    assert np.allclose(srgb_to_oklab(np.array([255, 255, 255])), [1, 0, 0], atol=1e-3)
    assert np.allclose(srgb_to_oklab(np.array([0, 0, 0])), [0, 0, 0], atol=1e-3)


def test_a_grey_blob_is_below_the_floor_and_a_drawing_above() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert not measure(grey).passes
    soft = np.linspace(120, 134, 64, dtype=np.uint8)[None, :, None].repeat(64, 0).repeat(3, 2)
    assert not measure(soft).passes
    drawn = grey.copy()
    drawn[20:40, 10:50] = (230, 90, 40)
    assert measure(drawn).passes


def _field(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:64, 0:64] / 64
    value = 128 + 80 * np.sin(5 * x + random.uniform(0, 6)) * np.cos(4 * y + random.uniform(0, 6))
    return np.stack([value, value * 0.8, 255 - value], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1920, 1080), (64, 64)])
def test_backgrounds_have_the_size_the_colours_and_sharp_edges(size: tuple[int, int]) -> None:
    picture = backgrounds.paint(_field(), [(20, 120, 130), (230, 120, 60)], size, seed=1)
    assert picture.size == size
    pixels = np.asarray(picture)
    lab = srgb_to_oklab(pixels.reshape(-1, 3)[:: max(1, pixels.size // 30000)])
    hues = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))[np.hypot(lab[:, 1], lab[:, 2]) > 0.04]
    assert np.any(np.abs(hues - 205) % 360 < 40) or np.any(np.abs(hues + 155) < 40)  # teal
    assert np.any(np.abs(hues - 45) < 25)  # orange
    assert measure(pixels).passes
    steps = np.abs(np.diff(pixels.astype(int), axis=1)).max(axis=2)
    assert np.percentile(steps, 99.9) > 8


def test_a_background_repeats_with_its_seed_and_takes_any_palette() -> None:
    first = np.asarray(backgrounds.paint(_field(), [(200, 30, 30)], (120, 90), seed=4))
    assert np.array_equal(first, np.asarray(backgrounds.paint(_field(), [(200, 30, 30)], (120, 90), seed=4)))
    for palette in ([], [(0, 0, 0)], [(255, 255, 255)] * 5, [(128, 128, 128)]):
        assert backgrounds.paint(_field(), palette, (40, 40), seed=0).size == (40, 40)
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert backgrounds.paint(flat, [(10, 20, 30)], (40, 40), seed=0).size == (40, 40)


def _tone(seconds: float = 3.0, rate: int = 44_100, gain: float = 0.5) -> np.ndarray:
    t = np.arange(int(seconds * rate)) / rate
    return np.stack([gain * np.sin(2 * np.pi * 997 * t)] * 2).astype(np.float32)


def test_loudness_of_the_reference_tone() -> None:
    # ITU-R BS.1770-4: a full-scale 997 Hz sine in one channel reads -3.01 LUFS.
    left = _tone(gain=1.0)
    left[1] = 0
    assert loudness(left, 44_100) == pytest.approx(-3.01, abs=0.1)
    assert loudness(_tone(gain=0.0), 44_100) <= -70.0  # below the gate


def test_a_spectrogram_becomes_a_sound_that_is_heard() -> None:
    mel = torch.full((128, 128), -1.0)
    mel[20, :] = 0.4
    made = earlier.finish(mel, 4.0, torch.Generator().manual_seed(0))
    assert made.shape == (2, 4 * 44_100)
    assert 0.05 < np.abs(made).max() <= 0.89 + 1e-6
    # No click where the loop starts over: broadband energy there is that of any other moment.
    jumps = np.abs(np.diff(np.diff(np.concatenate([made, made], axis=1), axis=1), axis=1)).max(axis=0)
    assert jumps.max() < 6 * np.median(jumps[jumps > 0])
    again = earlier.finish(mel, 4.0, torch.Generator().manual_seed(0))
    assert np.array_equal(made, again)
    assert 0 < earlier.finish(mel, None, torch.Generator().manual_seed(0)).shape[1] < 3.1 * 44_100


@pytest.mark.parametrize(
    ("text", "colours"),
    [("a teal and coral shirt", 2), ("深蓝的夜", 2), ("nothing here", 0), ("", 0), ("Red red RED", 3)],
)
def test_colour_words_are_found(text: str, colours: int) -> None:
    assert len(steering.palette_of(text)) == colours
