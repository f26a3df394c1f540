"""Beats and energy of a track: where a film may be cut, and how fast it should move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 22_050  # Hz that tracks are listened to at
_HOP, _FINE = 256, 64  # samples between frames: of the tracker, of the onsets that beats are moved to
_NEAR = 0.06  # seconds a beat may be moved by to meet its onset
_FEWEST = 4  # beats below which a track has no beat
_EVEN = 0.5  # seconds of the grid a track without a beat is given

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Beats:
    """What is heard of a track.

    Attributes:
        times: seconds of the beats, rising. tempo: beats per minute, 0.0 where there is no beat (the times
            are then an even grid). energy: loudness at each beat until the next, 0 (calm) to 1.
        seconds: how much was listened to.
    """

    times: Floats
    tempo: float
    energy: Floats
    seconds: float

    def energy_at(self, seconds: Floats | float) -> Floats:
        """Energy 0 to 1 at some seconds, blended between beats."""
        if not len(self.times):
            return np.full(np.shape(seconds), 0.5)
        return np.asarray(np.interp(seconds, self.times, self.energy), np.float64)


def find_beats(samples: NDArray[np.float32], rate: int = RATE) -> Beats:
    """Find the beats of mono float32[N] samples.

    The tracker is D. Ellis, "Beat Tracking by Dynamic Programming" (2007), as librosa has it; each beat is
    then moved to the strongest onset within 60 ms, found on a grid of 3 ms. Silence and drones give an even
    grid of half a second.
    """
    import librosa

    samples = np.nan_to_num(np.asarray(samples, np.float32))
    seconds = len(samples) / rate
    times: Floats = np.zeros(0)
    tempo = 0.0
    if len(samples) > 4 * _HOP and float(np.abs(samples).max()) > 1e-4:
        onsets = librosa.onset.onset_strength(y=samples, sr=rate, hop_length=_HOP, n_fft=1024)
        found, at = librosa.beat.beat_track(
            onset_envelope=onsets, sr=rate, hop_length=_HOP, trim=False, units="time"
        )
        times, tempo = np.asarray(at, np.float64), float(np.atleast_1d(found)[0])
        times = _on_onsets(times, samples, rate)
    if len(times) < _FEWEST:
        times, tempo = np.arange(0.0, max(seconds, _EVEN), _EVEN), 0.0
    return Beats(times, tempo, _energy(times, samples, rate), seconds)


def _on_onsets(times: Floats, samples: NDArray[np.float32], rate: int) -> Floats:
    """Each beat at the sharpest rise of loudness near it; beats that meet are one."""
    power = np.square(samples, dtype=np.float64)
    steps = len(power) // _FINE
    level = np.log1p(1e4 * power[: steps * _FINE].reshape(steps, _FINE).mean(1))
    rise = np.maximum(np.diff(level, prepend=level[:1]), 0.0)
    reach = round(_NEAR * rate / _FINE)
    moved, strength = [], []
    for time in times:
        middle = round(time * rate / _FINE)
        low = max(middle - reach, 0)
        window = rise[low : middle + reach + 1]
        if not len(window):
            continue
        # of equal rises the nearer one
        nearness = 1.0 - 0.3 * np.abs(np.arange(low, low + len(window)) - middle) / max(reach, 1)
        best = int(np.argmax(window * nearness))
        moved.append((low + best) * _FINE / rate if window[best] > 0.05 else time)
        strength.append(float(window[best]))
    if not moved:
        return np.zeros(0)
    # before the first and after the last sound the tracker counts on: nothing is heard there
    heard = np.flatnonzero(np.array(strength) > 0.1 * np.percentile(strength, 90))
    kept = moved[heard[0] : heard[-1] + 1] if len(heard) else moved
    return np.unique(np.round(np.maximum.accumulate(np.array(kept, np.float64)), 4))


def _energy(times: Floats, samples: NDArray[np.float32], rate: int) -> Floats:
    """Loudness from each beat to the next (dB), spread between the calmest and the loudest, smoothed."""
    if not len(times):
        return np.zeros(0)
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    edges = np.clip(np.round(np.append(times, times[-1] + 0.5) * rate).astype(int), 0, len(samples))
    means = (total[edges[1:]] - total[edges[:-1]]) / np.maximum(np.diff(edges), 1)
    loud = 10 * np.log10(means + 1e-8)
    if len(loud) > 2:
        loud = np.convolve(np.pad(loud, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    low, high = np.percentile(loud, (10, 90))
    if high - low < 1.0:  # as loud from end to end
        return np.full(len(loud), 0.5)
    return np.asarray(np.clip((loud - low) / (high - low), 0.0, 1.0), np.float64)
