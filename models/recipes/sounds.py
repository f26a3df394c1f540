"""Short loops and one-shots made by formulas, and a folder of CC0 samples: what the sound VAE learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.learning.engine.mel import RATE, SAMPLES, to_mel

Floats = NDArray[np.float32]
SCALES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 7, 12), (0, 5, 7))


def mel_pictures(count: int, samples: Path | None, seed: int = 0) -> NDArray[np.uint8]:
    """``count`` synthesised sounds, then every file of ``samples`` at three levels, as N×1×128×128 uint8."""
    made = [to_mel(make_sound(np.random.default_rng([seed, i]))) for i in range(count)]
    if samples is not None:
        from mmstudio.media.audio import load_audio

        for file in sorted(samples.glob("*.flac")):
            sound, _ = load_audio(file, rate=RATE, mono=True)
            wave = sound[0] / max(1e-4, float(np.abs(sound).max()))
            made += [to_mel((wave * level).astype(np.float32)) for level in (0.9, 0.6, 0.35)]
    return np.stack(made)


def make_sound(random: np.random.Generator) -> Floats:
    """Just under three seconds of pad, plucked line, keys with a beat, bells or a bare beat; peak 0.3–0.9."""
    kind = random.choice(["pad", "pluck", "keys", "bells", "beat"], p=[0.3, 0.25, 0.25, 0.1, 0.1])
    beat = 60.0 / random.choice([80.0, 90.0, 100.0, 110.0, 120.0])
    root = float(random.choice([110.0, 130.81, 146.83, 164.81, 174.61, 196.0]))
    wave = np.zeros(SAMPLES, np.float32)
    if kind == "pad":
        _chord(wave, 0.0, SAMPLES / RATE, root, random, attack=0.35, bright=random.uniform(0.1, 0.5))
    elif kind == "pluck":
        _line(wave, root * 2, beat / 2, random, decay=0.35, bright=random.uniform(0.3, 0.9))
    elif kind == "keys":
        for bar in range(2):
            _chord(wave, bar * 2 * beat, 2 * beat, root, random, attack=0.01, bright=random.uniform(0.2, 0.6))
        _beat(wave, beat, random, 0.5)
    elif kind == "bells":
        _line(wave, root * 4, beat, random, decay=0.9, bright=0.2, ratio=2.76)
    else:
        _beat(wave, beat, random, 1.0)
    return (wave / max(1e-4, float(np.abs(wave).max())) * random.uniform(0.3, 0.9)).astype(np.float32)


def _tone(
    frequency: float, seconds: float, bright: float, attack: float, decay: float, ratio: float = 1.0
) -> Floats:
    t = np.arange(int(seconds * RATE)) / RATE
    wave = np.zeros(len(t))
    for k in range(1, 9):
        partial = frequency * (1 + (k - 1) * ratio)
        if partial < RATE / 2.2:
            wave += (
                bright ** (k - 1)
                / k**0.5
                * np.sin(2 * np.pi * partial * t)
                * np.exp(-t * (k - 1) * 0.6 / decay)
            )
    envelope = np.minimum(1, t / attack) * np.exp(-t / decay) * np.minimum(1, (seconds - t) / 0.03)
    return (wave * envelope).astype(np.float32)


def _add(wave: Floats, start: float, part: Floats, gain: float) -> None:
    first = int(start * RATE)
    if first < len(wave):
        wave[first : first + len(part)] += gain * part[: len(wave) - first]


def _chord(
    wave: Floats,
    start: float,
    seconds: float,
    root: float,
    random: np.random.Generator,
    attack: float,
    bright: float,
) -> None:
    shift = int(random.choice([0, 3, 5, 7, -2]))
    for semitone in CHORDS[int(random.integers(len(CHORDS)))]:
        frequency = root * 2 ** ((semitone + shift) / 12)
        _add(wave, start, _tone(frequency, seconds, bright, attack, 2.5 if attack > 0.1 else 0.8), 0.3)
        _add(
            wave, start, _tone(frequency * 1.003, seconds, bright, attack, 2.5 if attack > 0.1 else 0.8), 0.2
        )


def _line(
    wave: Floats,
    root: float,
    step: float,
    random: np.random.Generator,
    decay: float,
    bright: float,
    ratio: float = 1.0,
) -> None:
    scale = SCALES[int(random.integers(len(SCALES)))]
    place = int(random.integers(len(scale)))
    for i in range(int(SAMPLES / RATE / step)):
        if random.random() < 0.85:
            frequency = root * 2 ** (scale[place % len(scale)] / 12)
            _add(wave, i * step, _tone(frequency, min(3 * decay, 2.0), bright, 0.004, decay, ratio), 0.5)
        place += int(random.integers(-2, 3))


def _beat(wave: Floats, beat: float, random: np.random.Generator, gain: float) -> None:
    t = np.arange(int(0.25 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (48 * t + 9 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14)
    hat = random.standard_normal(len(t)) * np.exp(-t * 70)
    hat = np.diff(hat, prepend=0.0)
    snare = (random.standard_normal(len(t)) * 0.7 + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 22)
    for i in range(int(SAMPLES / RATE / (beat / 2))):
        at = i * beat / 2
        _add(wave, at, hat.astype(np.float32), 0.15 * gain)
        if i % 4 == 0 or random.random() < 0.1:
            _add(wave, at, kick.astype(np.float32), 0.9 * gain)
        if i % 4 == 2:
            _add(wave, at, snare.astype(np.float32), 0.4 * gain)
