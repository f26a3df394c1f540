"""Where a loop begins: a little before its beat, so that its seam is foretold by what was heard before."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.features.sounds.seam import quiet_start, seam_decibel


def struck(rate: int, channels: int, late: float = 0.0) -> NDArray[np.float32]:
    """float32[C, N]: a ring of four hits over a drone, the first ``late`` seconds after the beginning."""
    size = 2 * rate
    t = np.arange(size) / rate
    since = np.mod(t - late, 0.5)
    hit = np.exp(-since / 0.05) * np.sin(2 * np.pi * 1730 * since + 1.0)
    # Whole waves in two seconds: the drone goes on over the seam.
    drone = sum(np.sin(2 * np.pi * hertz * t) / n for n, hertz in enumerate((55, 110.5, 4400, 15_000), 1))
    both = [0.4 * hit + 0.1 * drone, 0.3 * hit - 0.1 * drone]
    return np.stack(both[:channels]).astype(np.float32)


def seam(samples: NDArray[np.float32], rate: int) -> float:
    return seam_decibel(samples, rate, np.random.default_rng(0))


@pytest.mark.parametrize("rate", [22_050, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_loop_that_begins_with_a_beat_begins_a_little_before_it(rate: int, channels: int) -> None:
    loop = struck(rate, channels)
    assert seam(loop, rate) > -10  # the beat itself is what nothing foretells
    back = quiet_start(loop, rate, np.random.default_rng(1))
    assert 0 < back <= 0.012 * rate
    assert seam(np.roll(loop, back, axis=1), rate) < -20


def test_a_loop_whose_seam_is_quiet_stays_as_it_is() -> None:
    assert quiet_start(struck(44_100, 2, late=0.1), 44_100, np.random.default_rng(1)) == 0


@pytest.mark.parametrize("size", [0, 3, 100])
def test_what_is_too_short_to_have_a_seam_begins_where_it_does(size: int) -> None:
    assert quiet_start(np.zeros((2, size), np.float32), 44_100, np.random.default_rng(1)) == 0


def test_noise_has_no_better_place_and_moves_by_12_ms_at_the_most() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 44_100)).astype(np.float32)
    assert 0 <= quiet_start(noise, 44_100, np.random.default_rng(1)) <= 0.012 * 44_100
