"""A sound's true peak stays under -1 dBTP in the file, whatever its encoder does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition.sound import level, loudness, true_peak
from mmstudio.export.peaks import within_peak
from mmstudio.media.audio import load_audio
from mmstudio.media.encode import encode_audio

RATE = 48_000


def bright() -> NDArray[np.float32]:
    """Short bursts of high noise: what encoders overshoot on most."""
    rng = np.random.default_rng(5)
    noise = np.diff(np.diff(rng.standard_normal((2, 2 * RATE + 2)))).astype(np.float32)
    gate = (np.arange(2 * RATE) % 6000 < 700).astype(np.float32)
    return level((noise * gate).astype(np.float32), RATE, -14.0)


def after(samples: NDArray[np.float32], path: Path, bit_rate: int) -> float:
    encode_audio(path, samples, RATE, bit_rate)
    return true_peak(load_audio(path, rate=RATE)[0])


@pytest.mark.parametrize(("suffix", "bit_rate"), [(".m4a", 96_000), (".opus", 48_000), (".mp3", 96_000)])
def test_no_peak_is_over_after_encoding(tmp_path: Path, suffix: str, bit_rate: int) -> None:
    mix = bright()
    raw = after(mix, tmp_path / f"raw{suffix}", bit_rate)
    done = within_peak(mix, RATE, suffix, bit_rate)
    assert after(done, tmp_path / f"done{suffix}", bit_rate) <= -1.0
    if raw > -1.0:
        assert loudness(done, RATE) < loudness(mix, RATE)
    else:
        assert np.array_equal(done, mix)


def test_a_sound_far_from_the_ceiling_is_left_alone() -> None:
    quiet = (bright() * 0.2).astype(np.float32)
    assert within_peak(quiet, RATE, ".m4a", 128_000) is quiet


def test_one_stretch_can_stand_for_the_whole(tmp_path: Path) -> None:
    mix = np.concatenate([bright() * np.float32(0.1), bright(), bright() * np.float32(0.1)], axis=1)
    done = within_peak(mix, RATE, ".opus", 48_000, seconds=1.0)
    assert after(done, tmp_path / "x.opus", 48_000) <= -0.8
