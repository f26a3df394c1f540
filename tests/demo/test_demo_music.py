"""The loops: in stereo, loud enough, never clipped, and seamless."""

from __future__ import annotations

import numpy as np
import pytest

from mmstudio.demo.music import RATE, make_loop, make_shot
from mmstudio.demo.shop import load_toml

SOUNDS = load_toml("sounds.toml")


@pytest.mark.parametrize("spec", SOUNDS["loop"], ids=lambda spec: spec["name"])
def test_a_loop_is_clean_and_seamless(spec: dict[str, object]) -> None:
    sound = make_loop(spec)
    assert sound.dtype == np.float32
    assert sound.shape[0] == 2
    assert 8 < sound.shape[1] / RATE < 32
    assert 0.5 < np.abs(sound).max() < 0.95
    assert 0.05 < float(np.sqrt(np.mean(sound**2))) < 0.35
    # The step over the seam is no larger than steps within the loop.
    seam = np.abs(sound[:, 0] - sound[:, -1]).max()
    assert seam <= np.quantile(np.abs(np.diff(sound, axis=1)), 0.9995) + 1e-3
    assert np.abs(np.corrcoef(sound)[0, 1]) < 0.999


def test_loops_differ_in_tempo_and_key() -> None:
    assert len({(spec["bpm"], spec["key"], spec["mode"]) for spec in SOUNDS["loop"]}) == len(SOUNDS["loop"])


def test_a_loop_is_the_same_every_time() -> None:
    np.testing.assert_array_equal(make_loop(SOUNDS["loop"][0]), make_loop(SOUNDS["loop"][0]))


@pytest.mark.parametrize("spec", SOUNDS["shot"], ids=lambda spec: spec["name"])
def test_a_one_shot_is_short_and_ends_in_silence(spec: dict[str, str]) -> None:
    sound = make_shot(spec["name"])
    assert sound.shape[0] == 2
    assert sound.shape[1] / RATE < 4
    assert np.abs(sound).max() == pytest.approx(0.8, abs=0.01)
    assert np.abs(sound[:, -5:]).max() < 0.02
