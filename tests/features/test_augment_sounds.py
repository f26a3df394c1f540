"""Augmented sounds, measured: signal to noise, pitch, length, loudness, masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.features.augment import AugmentRecipe, Step, augment_sound, mask_spectrogram, preset

RATE = 16_000
Sound = np.ndarray[Any, Any]


def only(name: str, low: float, high: float | None = None) -> AugmentRecipe:
    return AugmentRecipe("one", 0, 1, {name: Step(True, 1, low, low if high is None else high)})


def tone(frequency: float = 440.0, seconds: float = 1.0, peak: float = 0.3, channels: int = 2) -> Sound:
    t = np.arange(round(RATE * seconds)) / RATE
    return np.repeat((peak * np.sin(2 * np.pi * frequency * t)).astype(np.float32)[None], channels, axis=0)


def strongest(sound: Sound) -> float:
    """Hz."""
    middle = sound[0][len(sound[0]) // 4 : -len(sound[0]) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(np.argmax(spectrum)) * RATE / len(middle)


def vary(sound: Sound, recipe: AugmentRecipe, index: int = 0) -> Sound:
    return augment_sound(sound, RATE, recipe, index).samples


@pytest.mark.parametrize("decibel", [0, 10, 30, 55])
def test_noise_lies_as_far_below_as_it_says(decibel: float) -> None:
    clean = tone(peak=0.1)
    noise = vary(clean, only("noise", decibel)) - clean
    measured = 10 * math.log10(float((clean**2).mean()) / float((noise**2).mean()))
    assert measured == pytest.approx(decibel, abs=0.05)


@pytest.mark.parametrize("semitones", [-12, -5, 3, 7])
def test_pitch_moves_by_semitones_and_the_length_stays(semitones: float) -> None:
    made = vary(tone(), only("pitch", semitones))
    assert made.shape == tone().shape
    assert strongest(made) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
def test_tempo_changes_the_length_and_not_the_pitch(tempo: float) -> None:
    made = vary(tone(), only("stretch", tempo))
    assert made.shape == (2, round(RATE / tempo))
    assert strongest(made) == pytest.approx(440, rel=0.01)


def test_loudness_is_decibel_and_never_clips() -> None:
    quiet = vary(tone(), only("gain", -6))
    assert np.abs(quiet).max() == pytest.approx(0.3 * 10 ** (-6 / 20), rel=1e-3)
    loud = augment_sound(tone(peak=0.7), RATE, only("gain", 20))
    assert np.abs(loud.samples).max() == pytest.approx(1.0, abs=1e-4)
    assert loud.applied[0].amount == pytest.approx(20 * math.log10(1 / 0.7), abs=0.01)
    heard = np.abs(tone(peak=0.7)) > 0.1
    assert np.ptp(loud.samples[heard] / tone(peak=0.7)[heard]) < 1e-3  # a factor, not a limiter


def test_what_would_pass_full_scale_is_turned_down_as_a_whole() -> None:
    made = vary(tone(peak=1.0), only("noise", 0))
    assert np.abs(made).max() == pytest.approx(1.0)


def test_a_time_mask_silences_a_stretch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (1, RATE)).astype(np.float32)
    made = vary(noise, only("time_mask", 0.3))
    assert made.shape == noise.shape
    quiet = np.abs(made[0]).reshape(-1, 160).max(axis=1) < 1e-4
    assert 0.15 < quiet.mean() < 0.31


def test_a_frequency_mask_silences_a_band() -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (1, RATE)).astype(np.float32)
    made = vary(noise, only("frequency_mask", 0.3), 1)
    before, after = (np.abs(np.fft.rfft(sound[0])) for sound in (noise, made))
    lost = after.reshape(-1)[:8000].reshape(80, 100).sum(1) < 0.1 * before[:8000].reshape(80, 100).sum(1)
    assert lost.any()
    assert not lost.all()


def test_masks_of_a_spectrogram() -> None:
    mel = np.full((1, 40, 50), 200, np.uint8)
    timed = mask_spectrogram(mel, only("time_mask", 0.2))
    assert (timed == 0).all(axis=(0, 1)).sum() == 10
    banded = mask_spectrogram(mel, only("frequency_mask", 0.25))
    assert (banded == 0).all(axis=(0, 2)).sum() == 10
    floats = mask_spectrogram(np.linspace(-80, 0, 2000).reshape(40, 50), only("time_mask", 0.2))
    assert floats.min() == -80
    assert mel.min() == 200


@pytest.mark.parametrize("samples", [0, 1, 2, 127, 128, 160, 441, 1000])
def test_very_short_sounds(samples: int) -> None:
    short = np.random.default_rng(1).normal(0, 0.2, (2, samples)).astype(np.float32)
    for index in range(8):
        made = augment_sound(short, RATE, preset("strong"), index)
        assert np.isfinite(made.samples).all()
        assert np.abs(made.samples).max(initial=0) <= 1
        if samples < 128:
            assert made.samples.shape == short.shape
            assert "stretch" not in [done.operation for done in made.applied]


def test_silence_stays_silence_and_says_what_was_left() -> None:
    for index in range(10):
        made = augment_sound(np.zeros((1, RATE), np.float32), RATE, preset("strong"), index)
        assert not made.samples.any()
        assert {done.operation for done in made.applied} <= {"stretch"}
        assert "stretch" not in made.skipped


def test_integers_one_channel_and_broken_samples() -> None:
    whole = (tone(channels=1)[0] * 32768).astype(np.int16)
    assert np.abs(vary(whole, preset("off")) - tone(channels=1)).max() < 1e-3
    broken = tone()
    broken[0, 5], broken[1, 9] = np.nan, np.inf
    for index in range(4):
        assert np.isfinite(vary(broken, preset("strong"), index)).all()


def test_what_is_no_sound_is_refused_in_a_sentence() -> None:
    with pytest.raises(StudioError, match="not a sound"):
        augment_sound(np.zeros((2, 3, 4), np.float32), RATE, preset("off"))
    with pytest.raises(StudioError, match="sample rate"):
        augment_sound(tone(), 0, preset("off"))
