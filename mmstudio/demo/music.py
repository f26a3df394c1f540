"""Synthesised music: chords, bass, drums and a lead, rendered on a circle so that every loop is seamless."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 44100
Sound = NDArray[Any]  # float32 throughout
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "pentatonic": (0, 2, 4, 5, 7, 9, 11),
}
_LEAD_STEPS = {"major": (0, 2, 4, 7, 9), "minor": (0, 3, 5, 7, 10), "pentatonic": (0, 2, 5, 7, 9)}
# Eighth-note steps of a bar with their strength: kick, snare, hat.
_DRUMS: dict[str, tuple[dict[float, float], dict[float, float], dict[float, float]]] = {
    "four": ({0: 1, 2: 0.9, 4: 1, 6: 0.9}, {2: 0.7, 6: 0.75}, {k: 0.55 if k % 2 else 0.25 for k in range(8)}),
    "brush": ({0: 0.7, 4.5: 0.4}, {2: 0.35, 6: 0.4}, {k: 0.22 + 0.1 * (k % 2) for k in range(8)}),
    "lofi": ({0: 0.9, 3: 0.5, 5: 0.7}, {2: 0.6, 6: 0.6}, {k + (0.16 if k % 2 else 0): 0.3 for k in range(8)}),
    "soft": ({0: 0.6, 4: 0.45}, {6: 0.25}, {2: 0.2, 6: 0.2, 7: 0.12}),
    "swing": (
        {0: 0.8, 4: 0.7, 5.33: 0.3},
        {2: 0.5, 6: 0.55},
        {k + (0.33 if k % 2 else 0): 0.34 for k in range(8)},
    ),
    "none": ({}, {}, {}),
}


def _hertz(note: float) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def _envelope(n: int, attack: float, decay: float) -> Sound:
    t = np.arange(n, dtype=np.float32) / RATE
    out = np.minimum(t / attack, 1) * np.exp(-t / decay)
    fade = min(n, 900)
    out[-fade:] *= np.linspace(1, 0, fade)
    return np.asarray(out, np.float32)


def _tone(note: float, seconds: float, voice: str, rng: np.random.Generator) -> Sound:
    """One note, mono, peak about 1."""
    n = int(seconds * RATE)
    t = np.arange(n, dtype=np.float32) / RATE
    out: Sound = np.zeros(n, np.float32)
    f = _hertz(note)
    turn = np.float32(2 * np.pi * f)
    if voice == "pad":
        for cents in (-6, 5):
            w = turn * np.float32(2 ** (cents / 1200))
            for k in range(1, 5):
                out += np.sin(w * k * t + rng.uniform(0, 6.28)) / (k**1.7)
        swell = np.minimum(t / 0.5, 1) * np.minimum((seconds - t) / 0.7, 1)
        return np.asarray(out * swell / 3, np.float32)
    if voice == "bass":
        out = np.sin(turn * t) + 0.35 * np.sin(2 * turn * t) + 0.10 * np.sin(3 * turn * t)
        return np.asarray(np.tanh(out * 1.2) * _envelope(n, 0.008, 0.55) * 0.8, np.float32)
    if voice in ("pluck", "koto"):
        bright = 0.9 if voice == "koto" else 0.6
        for k in range(1, 11):
            if f * k < 9000:
                stretch = k * (1 + 0.00015 * k * k)
                out += (
                    bright ** (k - 1)
                    * np.sin(turn * stretch * t)
                    * np.exp(-t * (1.6 + 0.9 * k))
                    * np.sin(k * 0.9)
                )
        return np.asarray(out * _envelope(n, 0.003, 1.6) * 0.8, np.float32)
    if voice == "keys":
        out = np.sin(turn * t + 1.3 * np.exp(-t * 3) * np.sin(turn * t)) + 0.15 * np.sin(
            turn * 14 * t
        ) * np.exp(-t * 18)
        return np.asarray(
            out * _envelope(n, 0.004, 0.9) * (1 + 0.12 * np.sin(2 * np.pi * 4.2 * t)) * 0.7, np.float32
        )
    if voice == "bell":
        for ratio, level, damping in ((1, 1, 1.1), (2.76, 0.4, 2.4), (5.4, 0.2, 5.0)):
            out += level * np.sin(turn * ratio * t) * np.exp(-t * damping)
        return np.asarray(out * _envelope(n, 0.003, 2.0) * 0.6, np.float32)
    if voice == "marimba":
        out = (
            np.sin(turn * t)
            + 0.35 * np.sin(turn * 3.93 * t) * np.exp(-t * 22)
            + 0.1 * np.sin(turn * 9.2 * t) * np.exp(-t * 45)
        )
        return np.asarray(out * _envelope(n, 0.002, 0.35) * 0.9, np.float32)
    for k in range(1, 14):
        if f * k < 7000:
            out += np.sin(turn * k * t) * np.exp(-t * 0.9 * k) / k
    return np.asarray(out * _envelope(n, 0.006, 0.5) * 0.6, np.float32)


def _drum(kind: str, rng: np.random.Generator, soft: bool) -> Sound:
    if kind == "kick":
        t = np.arange(int(0.34 * RATE), dtype=np.float32) / RATE
        sweep = 2 * np.pi * (48 * t + 90 * 0.035 * (1 - np.exp(-t / 0.035)))
        return np.asarray(np.sin(sweep) * np.exp(-t / 0.12), np.float32)
    if kind == "snare":
        n = int(0.26 * RATE)
        t = np.arange(n, dtype=np.float32) / RATE
        hiss = _band(rng.standard_normal(n).astype(np.float32), 900 if soft else 1500, 8000)
        return np.asarray(
            hiss * np.exp(-t / (0.10 if soft else 0.07)) * 0.8
            + 0.45 * np.sin(2 * np.pi * 186 * t) * np.exp(-t / 0.05),
            np.float32,
        )
    n = int(0.09 * RATE)
    t = np.arange(n, dtype=np.float32) / RATE
    return np.asarray(
        _band(rng.standard_normal(n).astype(np.float32), 6500, 15000) * np.exp(-t / 0.022), np.float32
    )


def _band(x: Sound, low: float, high: float) -> Sound:
    """Zero-phase band pass in the Fourier domain with soft skirts; unit RMS."""
    spectrum = np.fft.rfft(x)
    f = np.fft.rfftfreq(len(x), 1 / RATE)
    gain = 1 / (1 + (low / np.maximum(f, 1)) ** 6) / (1 + (f / high) ** 6)
    out = np.fft.irfft(spectrum * gain, len(x))
    return np.asarray(out / (np.std(out) + 1e-9) * 0.35, np.float32)


class _Circle:
    """A stereo track whose end runs into its beginning; notes that come again are looked up."""

    def __init__(self, samples: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self._notes: dict[tuple[float, float, str], Sound] = {}
        self.dry = np.zeros((2, samples), np.float32)
        self.wet = np.zeros((2, samples), np.float32)

    def tone(self, note: float, seconds: float, voice: str) -> Sound:
        """One note of a voice, mono."""
        key = (note, seconds, voice)
        if key not in self._notes:
            self._notes[key] = _tone(note, seconds, voice, self._rng)
        return self._notes[key]

    def add(self, sound: Sound, at: float, gain: float, pan: float = 0.0, send: float = 0.0) -> None:
        """Mix in at `at` seconds; pan −1…1 with constant power; send goes to the room."""
        n = self.dry.shape[1]
        sound = sound[:n]
        start = int(at * RATE) % n
        angle = (pan + 1) * np.pi / 4
        head = min(len(sound), n - start)
        for channel, level in enumerate((np.cos(angle), np.sin(angle))):
            for track, amount in ((self.dry, gain * level), (self.wet, gain * level * send)):
                if amount:
                    track[channel, start : start + head] += sound[:head] * np.float32(amount)
                    track[channel, : len(sound) - head] += sound[head:] * np.float32(amount)

    def finish(self, rng: np.random.Generator) -> Sound:
        """Add the room (circular convolution), soften peaks, normalise to −1.5 dBFS."""
        n = self.dry.shape[1]
        tail = min(n, int(1.9 * RATE))
        t = np.arange(tail, dtype=np.float32) / RATE
        out = np.empty_like(self.dry)
        f = np.fft.rfftfreq(n, 1 / RATE)
        # Below 28 Hz there is nothing to hear, only speakers to move.
        gain = (1 / (1 + (28 / np.maximum(f, 0.5)) ** 8)) / (1 + (f / 16500) ** 8)
        for channel in range(2):
            room = np.zeros(n, np.float32)
            hall = _band(rng.standard_normal(tail).astype(np.float32), 180, 5200) * np.exp(-t / 0.42)
            room[:tail] = hall / np.sqrt(np.sum(hall**2))
            spectrum = np.fft.rfft(self.dry[channel]) + np.fft.rfft(self.wet[channel]) * np.fft.rfft(room)
            out[channel] = np.fft.irfft(spectrum * gain, n)
        out *= 0.9 / np.percentile(np.abs(out[:, ::8]), 99.9)
        out = np.tanh(out * 0.9)
        return np.asarray(out * (0.84 / np.abs(out).max()), np.float32)


def make_loop(spec: dict[str, Any]) -> Sound:
    """One loop of the sounds.toml shape, float32 [2,N] at 44.1 kHz; the last sample leads into the first."""
    rng = np.random.default_rng(int(spec["seed"]))
    chords: list[int] = spec["chords"]
    # A length of small prime factors keeps the Fourier transforms fast; the tempo moves by under 0.2 %.
    samples = 2048 * round(len(chords) * 240.0 / float(spec["bpm"]) * RATE / 2048)
    bar = samples / RATE / len(chords)
    beat = bar / 4
    track = _Circle(samples, rng)
    scale = _SCALES[spec["mode"]]
    key = int(spec["key"])
    kick, snare, hat = _DRUMS[spec["drums"]]
    soft = spec["drums"] in ("brush", "soft", "lofi")
    sounds = {kind: _drum(kind, rng, soft) for kind in ("kick", "snare", "hat")}
    motif = [int(rng.integers(0, 5)) for _ in range(8)]
    rest = [rng.random() < (0.34 if beat < 0.6 else 0.46) for _ in range(8)]
    for number, degree in enumerate(chords):
        at = number * bar
        root = key + scale[(degree - 1) % 7] - (12 if degree > 4 else 0)
        thirds = [
            key + scale[(degree - 1 + k) % 7] + 12 * ((degree - 1 + k) // 7) - (12 if degree > 4 else 0)
            for k in (0, 2, 4, 6)
        ]
        for k, note in enumerate(thirds[: 3 + number % 2]):
            track.add(
                track.tone(note, bar + 0.5, "pad"),
                at,
                0.16 * float(spec["pad"]) * 2,
                (-0.5, 0.5, -0.15, 0.2)[k],
                0.6,
            )
            if spec["lead"] in ("keys", "pluck") and spec["drums"] != "four":
                track.add(
                    track.tone(note, 2 * beat, spec["lead"]), at + 0.012 * k, 0.15, 0.25 - 0.15 * k, 0.35
                )
        for step, strength in (
            ((0.0, 1.0), (1.5, 0.6), (2.0, 0.8), (3.5, 0.5)) if spec["drums"] != "none" else ((0.0, 0.8),)
        ):
            track.add(
                track.tone(root - 24 if root > 55 else root - 12, beat * 1.4, "bass"),
                at + step * beat,
                0.42 * strength,
            )
        for pattern, kind, level, pan in (
            (kick, "kick", 0.62, 0.0),
            (snare, "snare", 0.34, 0.08),
            (hat, "hat", 0.30, -0.25),
        ):
            for step, strength in pattern.items():
                late = rng.uniform(-0.004, 0.004)
                track.add(
                    sounds[kind],
                    at + step * beat / 2 + late,
                    level * strength,
                    pan,
                    0.12 if kind != "kick" else 0.0,
                )
        _melody(track, spec, rng, at, beat, number, motif, rest)
    return track.finish(rng)


def _melody(
    track: _Circle,
    spec: dict[str, Any],
    rng: np.random.Generator,
    at: float,
    beat: float,
    number: int,
    motif: list[int],
    rest: list[bool],
) -> None:
    """A motif that answers itself: every other bar shifts a step, the last two rise."""
    steps = _LEAD_STEPS[spec["mode"]]
    voice = spec["lead"]
    for k in range(8):
        if rest[(k + 3 * (number % 2)) % 8]:
            continue
        index = motif[(k + number // 2) % 8] + (1 if number % 4 >= 2 else 0)
        note = int(spec["key"]) + 12 + steps[index % 5] + 12 * (index // 5)
        swing = 0.33 * beat / 2 if spec["drums"] == "swing" and k % 2 else 0.0
        level = 0.26 * (1.0 if k % 4 == 0 else 0.72) * float(rng.uniform(0.85, 1.1))
        track.add(
            track.tone(note, min(2.2, 3 * beat), voice),
            at + k * beat / 2 + swing,
            level,
            0.30 if k % 2 else -0.2,
            0.5,
        )


def make_shot(name: str) -> Sound:
    """One short sound, float32 [2,N] at 44.1 kHz."""
    rng = np.random.default_rng(sum(name.encode()))
    if name == "chime":
        left: Sound = np.zeros(int(2.8 * RATE), np.float32)
        for note, delay in ((76, 0.0), (83, 0.09), (88, 0.18)):
            bell = _tone(note, 2.4, "bell", rng)
            start = int(delay * RATE)
            left[start : start + len(bell)] += bell
        out = np.stack([left, np.roll(left, 300)])
    elif name == "soft-whoosh":
        n = int(1.2 * RATE)
        t = np.arange(n, dtype=np.float32) / n
        low, high = (
            _band(rng.standard_normal(n).astype(np.float32), a, b) for a, b in ((200, 1200), (1500, 6000))
        )
        swell = np.sin(np.pi * t) ** 2
        mono = swell * (low * (1 - t) + high * t)
        out = np.stack([mono * np.cos(t * np.pi / 2), mono * np.sin(t * np.pi / 2)])
    elif name == "wood-tap":
        tap = _tone(79, 0.3, "marimba", rng)
        out = np.stack([tap, tap])
    elif name == "page-turn":
        n = int(0.7 * RATE)
        t = np.arange(n, dtype=np.float32) / n
        crackle = (rng.random(n) > 0.994).astype(np.float32) * rng.uniform(0.3, 1.0, n)
        hiss = _band(rng.standard_normal(n).astype(np.float32), 1800, 9000)
        mono = (hiss + np.convolve(crackle, np.exp(-np.arange(200) / 30), "same")) * np.sin(np.pi * t) ** 3
        out = np.stack([mono, np.roll(mono, 220)])
    else:
        n = int(2.2 * RATE)
        t = np.arange(n, dtype=np.float32) / RATE
        water = _band(rng.standard_normal(n).astype(np.float32), 500, 3500) * 0.4
        drops = np.zeros(n, np.float32)
        for _ in range(70):
            start, f = int(rng.uniform(0.05, 1.8) * RATE), rng.uniform(500, 1700)
            m = int(0.05 * RATE)
            s = np.arange(m) / RATE
            drops[start : start + m] += (
                np.sin(2 * np.pi * (f * s + 4500 * s * s)) * np.exp(-s / 0.012) * rng.uniform(0.2, 1)
            )
        mono = (water + drops) * np.minimum(t / 0.15, 1) * np.minimum((2.2 - t) / 0.4, 1)
        out = np.stack([mono, np.roll(mono, 260)])
    fade = 400
    out = np.asarray(out, np.float32)
    out[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.asarray(out * (0.8 / np.abs(out).max()), np.float32)
