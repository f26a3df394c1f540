"""A sound's true peak stays under -1 dBTP in the file, whatever its encoder does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mmstudio.composition.sound import level, loudness, true_peak
from mmstudio.composition.storyboard import SoundTrack
from mmstudio.export.peaks import within_peak
from mmstudio.media.audio import load_audio
from mmstudio.media.encode import encode_audio
from support.boards import channel, flash_board, written
from support.libraries import add_asset
from support.shop import Shop, make_shop

RATE = 48_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


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


def test_a_films_whole_sound_is_under_the_ceiling_and_its_figures_are_the_files(
    shop: Shop, tmp_path: Path
) -> None:
    """One burst that the encoder lifts, far from the dense stretch that is tried beforehand."""
    t = np.arange(5 * RATE) / RATE
    steady = np.where((t > 0.5) & (t < 4.0), 0.7 * np.sin(2 * np.pi * 220 * t), 0.0)
    burst = np.where((t > 4.5) & (t < 4.55), np.sign(np.sin(2 * np.pi * 3500 * t)), 0.0)
    samples = np.stack([steady + burst] * 2, axis=1) * 0.99
    soundfile.write(shop.folder / "burst.wav", samples, RATE)
    sound = add_asset(shop.library, shop.folder / "burst.wav", kind="audio", duration=5.0)
    board = flash_board(shop)
    board.music = SoundTrack(sound, loop=False, fade_in=0.0, fade_out=0.0)
    board.duration = board.scenes[1].duration = 5.0
    board.fps, board.loudness = 5, -10.0
    small = channel("mp4", width=64, height=64, max_bytes=90_000, loudness=-10.0)
    [file], _ = written(shop, board, tmp_path / "out", small)
    heard, _rate = load_audio(file["path"], rate=RATE)
    assert true_peak(heard) <= -1.0
    assert file["true_peak"] == round(true_peak(heard), 1)
    assert abs(file["lufs"] - loudness(heard, RATE)) < 0.1
