"""The mix: length, loops, loudness and peaks, checked against figures of the standards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition import SoundTrack, Storyboard
from mmstudio.composition.sound import faded, level, limited, looped, loudness, mix, true_peak
from mmstudio.library import Library
from support.libraries import add_asset, new_library
from support.media import make_wav

RATE = 48_000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = new_library(tmp_path)
    yield made
    made.close()


def tone(seconds: float, frequency: float = 997.0, amplitude: float = 1.0) -> NDArray[np.float32]:
    t = np.arange(round(seconds * RATE)) / RATE
    wave = (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)
    return np.stack([wave, wave])


def test_loudness_of_the_standards_tone() -> None:
    # BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS
    one = tone(3.0)
    one[1] = 0
    assert loudness(one, RATE) == pytest.approx(-3.01, abs=0.05)
    assert loudness(tone(3.0, amplitude=0.1), RATE) == pytest.approx(-20.0, abs=0.1)
    assert loudness(np.zeros((2, RATE), np.float32), RATE) == float("-inf")
    assert loudness(tone(0.1), RATE) == float("-inf")


def test_the_gate_leaves_silence_out() -> None:
    gap = np.concatenate([tone(2.0, amplitude=0.3), np.zeros((2, 4 * RATE), np.float32)], axis=1)
    assert loudness(gap, RATE) == pytest.approx(loudness(tone(2.0, amplitude=0.3), RATE), abs=0.6)


def test_true_peak_sees_between_the_samples() -> None:
    t = np.arange(RATE) / RATE
    wave = np.sin(2 * np.pi * (RATE / 4) * t + np.pi / 4).astype(np.float32)  # samples at 0.707, peaks at 1
    stereo = np.stack([wave, wave])
    assert 20 * np.log10(np.abs(stereo).max()) == pytest.approx(-3.01, abs=0.05)
    assert true_peak(stereo[:, 2000:-2000]) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("amplitude", [0.0005, 0.2, 1.0, 4.0])
def test_every_mix_stays_under_minus_one_dbtp(amplitude: float) -> None:
    rng = np.random.default_rng(2)
    wild = (rng.standard_normal((2, 2 * RATE)) * amplitude).astype(np.float32)
    wild[:, ::4000] *= 5
    done = level(wild, RATE)
    assert true_peak(done) <= -1.0
    assert np.isfinite(done).all()
    if amplitude >= 0.2:
        assert loudness(done, RATE) == pytest.approx(-16.0, abs=2.5)


def test_the_limiter_leaves_quiet_sound_alone() -> None:
    quiet = tone(0.5, amplitude=0.2)
    assert np.array_equal(limited(quiet, RATE, -1.2), quiet)


def test_a_loop_fills_the_length_without_clicks() -> None:
    piece = tone(0.7, 220.0, 0.5)
    done = looped(piece, 3 * RATE, RATE)
    assert done.shape == (2, 3 * RATE)
    assert np.abs(np.diff(done, axis=1)).max() < 0.05  # a jump would be up to 0.5
    blocks = done[:, : 2 * RATE].reshape(2, 40, -1).std(axis=2)
    assert blocks.min() > 0.15
    assert np.array_equal(looped(piece, 100, RATE), piece[:, :100])


def test_fades_begin_and_end_in_silence() -> None:
    done = faded(np.ones((2, RATE), np.float32), RATE, 0.1, 0.3)
    assert done[0, 0] == 0
    assert done[0, -1] == pytest.approx(0, abs=1e-6)
    assert done[0, RATE // 2] == 1


def test_a_mix_has_the_storyboards_length_and_fades_out(library: Library, tmp_path: Path) -> None:
    asset = add_asset(library, make_wav(tmp_path / "loop.wav", seconds=1.1), kind="audio", duration=1.1)
    board = Storyboard(duration=3.5, music=SoundTrack(asset_id=asset))
    done = mix(board, library, RATE)
    assert done.shape == (2, round(3.5 * RATE))
    assert done.dtype == np.float32
    assert true_peak(done) <= -1.0
    assert np.abs(done[:, -200:]).max() < 0.01
    assert np.abs(done[:, RATE : 2 * RATE]).max() > 0.05
    assert np.array_equal(done, mix(board, library, RATE))


def test_voice_lowers_the_music(library: Library, tmp_path: Path) -> None:
    music = add_asset(
        library, make_wav(tmp_path / "m.wav", seconds=4.0, frequency=3000), kind="audio", duration=4.0
    )
    voice = add_asset(
        library, make_wav(tmp_path / "v.wav", seconds=1.0, frequency=200), kind="audio", duration=1.0
    )
    both = Storyboard(
        duration=4.0,
        music=SoundTrack(asset_id=music, fade_out=0),
        voice=SoundTrack(asset_id=voice, start=1.5, loop=False, fade_out=0.05),
    )
    done = mix(both, library, RATE)

    def high(start: float) -> float:
        part = done[0, round(start * RATE) : round((start + 0.4) * RATE)]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size)))
        return float(spectrum[round(3000 * 0.4)])

    assert high(1.8) < 0.6 * high(0.4)


def test_no_music_a_missing_or_a_broken_one_is_silence(library: Library, tmp_path: Path) -> None:
    assert not mix(Storyboard(duration=1.0), library).any()
    gone = add_asset(library, make_wav(tmp_path / "x.wav", seconds=0.5), kind="audio", duration=0.5)
    (tmp_path / "x.wav").unlink()
    assert not mix(Storyboard(duration=1.0, music=SoundTrack(asset_id=gone)), library).any()
    (tmp_path / "y.wav").write_bytes(b"RIFF????WAVE")
    bad = add_asset(library, tmp_path / "y.wav", kind="audio", duration=1.0)
    assert not mix(Storyboard(duration=1.0, music=SoundTrack(asset_id=bad)), library).any()
    assert not mix(Storyboard(duration=1.0, music=SoundTrack(asset_id=9_999)), library).any()
