"""A sound file as pieces of one model's shape: waves, and what was measured of them. No torch.

Nothing is too short: what loops is repeated, what dies away is followed by silence. What is long is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mmstudio.features.augment import AugmentRecipe
    from mmstudio.learning.engine.sound_shape import SoundShape

Samples = NDArray[np.float32]
PEAK = 0.8
MOST_PIECES = 16  # of one file
LONGEST = 60.0  # seconds of a file that are read
SILENT = 1e-4  # peak below which a file holds no sound
_FAINT = 0.01  # peak of a piece, the file's being PEAK, below which the piece is left out
_FADE = 0.02  # seconds over which the end of a cut loop runs into its beginning
_EDGE = 0.005  # seconds over which a cut end fades out
_STRETCH = 0.08  # how much faster or slower a loop may be played to fill the shape exactly
_DYING = 0.05  # an end this much quieter than the whole does not loop
_SURE = {"tempo": 0.1, "key": 0.3}
_KEYS = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
_FLAT = {"db": 1, "eb": 3, "gb": 6, "ab": 8, "bb": 10}


@dataclass(frozen=True, slots=True)
class Heard:
    """One file: float32 C×samples pieces, and tempo (BPM) and key (0–23) of each where there is one."""

    pieces: list[Samples] = field(default_factory=list)
    tempo: list[float | None] = field(default_factory=list)
    key: list[int | None] = field(default_factory=list)


def hear_file(
    path: Path,
    shape: SoundShape,
    tags: Iterable[str] = (),
    *,
    measured: bool = True,
    varied: tuple[AugmentRecipe, int, str] | None = None,
    most: int = MOST_PIECES,
) -> Heard:
    """Read a file and cut it; nothing comes of silence.

    Args:
        tags: the asset's: "120 bpm" and "Am" go before what is measured.
        measured: whether tempo and key are wanted at all.
        varied: (recipe, number of the copy, name of the sound): an augmented copy instead.

    Raises:
        MediaError: not a sound, damaged, gone.
    """
    from mmstudio.media.audio import load_audio, resample

    samples, rate = load_audio(path, duration=LONGEST)
    sound = prepared(samples, shape.channels)
    if sound is None:
        return Heard()
    sound = resample(sound, rate, shape.rate)
    if varied is not None:
        from mmstudio.features.augment import augment_sound

        recipe, index, name = varied
        sound = augment_sound(sound, shape.rate, recipe, index, name, masks=False).samples
    told = told_by(tags)
    tempo, key = measures_of(sound, shape.rate) if measured and None in told else (None, None)
    return cut(sound, shape, told[0] or tempo, key if told[1] is None else told[1], most)


def prepared(samples: NDArray[np.float32], channels: int) -> Samples | None:
    """float32[C, N] of any level and number of channels → ``channels``×N without offset, its peak
    at :data:`PEAK`; None where it is silent."""
    sound = downmixed(samples, channels).astype(np.float64)
    sound -= sound.mean(axis=1, keepdims=True)
    peak = float(np.abs(sound).max(initial=0.0))
    if peak < SILENT:
        return None
    return (sound * (PEAK / peak)).astype(np.float32)


def downmixed(samples: NDArray[np.float32], channels: int) -> Samples:
    """C×N → ``channels``×N (1 or 2). Of 5.1 and 7.1 the centre and the back go to both sides at -3 dB and
    the low-frequency channel is left out (ITU-R BS.775, table 2); of others every second channel is left."""
    count = len(samples)
    both: Samples
    if channels == 1 and count <= 2:
        both = samples
    elif count == 1:
        both = np.repeat(samples, 2, axis=0)
    elif count in (6, 8):
        left, right, centre = samples[:3]
        back_left, back_right = samples[4::2].sum(axis=0), samples[5::2].sum(axis=0)
        half = np.float32(0.5**0.5)
        both = np.stack([left + half * (centre + back_left), right + half * (centre + back_right)])
    else:
        both = np.stack([samples[0::2].mean(axis=0), samples[1::2].mean(axis=0)])
    mixed: Samples = both.mean(axis=0, keepdims=True) if channels == 1 else both
    return mixed


def measures_of(sound: Samples, rate: int) -> tuple[float | None, int | None]:
    """Beats per minute and key (as in ``features.sounds.tonality.KEYS``) of C×N; None where unsure."""
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.features.sounds.shape import describe, measures

    found = measures(describe(Sound([sound], rate)))
    tempo = found.get("tempo") if found.get("tempo_sure", 0.0) >= _SURE["tempo"] else None
    key = found.get("key") if found.get("key_sure", 0.0) >= _SURE["key"] else None
    return tempo, None if key is None else int(key)


def told_by(tags: Iterable[str]) -> tuple[float | None, int | None]:
    """Tempo and key that tags say: "120bpm", "92.5 BPM", "key: F# minor", "Am", "E♭ major"."""
    tempo, key = None, None
    for tag in tags:
        word = tag.strip().lower().replace("♯", "#").replace("♭", "b").removeprefix("tempo:").strip()
        if (match := re.fullmatch(r"(\d{2,3}(?:\.\d+)?) ?bpm", word)) and 20 <= float(match[1]) <= 400:
            tempo = float(match[1])
        word = word.removeprefix("key:").strip()
        match = re.fullmatch(r"([a-g][#b]?)(m| ?minor| ?min| major| maj)", word)
        if match:
            note = match[1]
            place = _FLAT.get(note, _KEYS.index(note) if note in _KEYS else -1)
            if place >= 0:
                key = place + (12 if match[2].strip() in ("m", "min", "minor") else 0)
    return tempo, key


def cut(
    sound: Samples,
    shape: SoundShape,
    tempo: float | None = None,
    key: int | None = None,
    most: int = MOST_PIECES,
) -> Heard:
    """C×N → pieces of the shape; at most ``most``, the first of a long sound."""
    length, wanted = sound.shape[1], shape.samples
    if length == 0:
        return Heard()
    if shape.loop and length <= wanted * (1 + _STRETCH) and loops(sound):
        return _fitted(sound, shape, tempo, key)
    if length < wanted:
        piece = _short(sound, shape)
        return Heard([piece], [tempo], [key])
    pieces = []
    for first in range(0, max(1, length - wanted // 2), wanted):
        piece = sound[:, first : first + wanted]
        if float(np.abs(piece).max(initial=0.0)) < _FAINT:
            continue
        if piece.shape[1] < wanted:
            piece = _padded(piece, wanted)
        elif shape.loop:
            piece = seamless(sound[:, first:], wanted, shape.rate)
        pieces.append(_faded(piece, shape) if not shape.loop else piece)
        if len(pieces) == most:
            break
    return Heard(pieces, [tempo] * len(pieces), [key] * len(pieces))


def loops(sound: Samples) -> bool:
    """Whether C×N goes on where it ends: its last tenth is about as loud as the whole."""
    tail = sound[:, -max(1, sound.shape[1] // 10) :]
    whole, end = float(np.square(sound).mean()), float(np.square(tail).mean())
    return end > _DYING * whole


def seamless(sound: Samples, length: int, rate: int) -> Samples:
    """The first ``length`` samples of C×N whose end runs into their beginning: what comes after fades out
    over the head, in equal power."""
    piece = sound[:, :length].astype(np.float32).copy()
    fade = min(int(_FADE * rate), sound.shape[1] - length, length)
    if fade > 0:
        t = np.linspace(0, np.pi / 2, fade, dtype=np.float32)
        piece[:, :fade] = piece[:, :fade] * np.sin(t) + sound[:, length : length + fade] * np.cos(t)
    return piece


def _fitted(sound: Samples, shape: SoundShape, tempo: float | None, key: int | None) -> Heard:
    """A loop, played so often and, within bounds, so fast that it fills the shape."""
    from mmstudio.media.audio import resample

    length, wanted = sound.shape[1], shape.samples
    times = max(1, round(wanted / length))
    speed = times * length / wanted
    if abs(speed - 1) > _STRETCH:
        around = np.take(sound, np.arange(wanted + int(_FADE * shape.rate)) % length, axis=1)
        return Heard([seamless(around, wanted, shape.rate)], [tempo], [key])
    # Once more before and after, so that the filter of the resampler meets no edge.
    laps = np.tile(sound, (1, times))
    margin = min(laps.shape[1], shape.rate // 10)
    around = np.concatenate([laps[:, -margin:], laps, laps[:, :margin]], axis=1)
    again = resample(around, times * length, wanted) if times * length != wanted else around
    first = round(margin / speed)
    piece = _padded(again[:, first : first + wanted], wanted)
    shift = round(12 * float(np.log2(speed)))
    moved = None if key is None else (key + shift) % 12 + (12 if key >= 12 else 0)
    return Heard([piece], [None if tempo is None else tempo * speed], [moved])


def _short(sound: Samples, shape: SoundShape) -> Samples:
    wanted = shape.samples
    if loops(sound) and sound.shape[1] > 0.2 * shape.rate:
        repeated = np.take(sound, np.arange(wanted) % sound.shape[1], axis=1)
        return _faded(repeated, shape) if not shape.loop else repeated
    return _padded(_faded(sound, shape), wanted)


def _padded(sound: Samples, length: int) -> Samples:
    return np.pad(sound[:, :length], ((0, 0), (0, max(0, length - sound.shape[1]))))


def _faded(sound: Samples, shape: SoundShape) -> Samples:
    """The end fades out where it is cut: an edge would be learned as a click."""
    fade = min(int(_EDGE * shape.rate), sound.shape[1])
    faded = sound.copy()
    faded[:, sound.shape[1] - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return faded


def fit(sound: Samples, shape: SoundShape) -> Samples:
    """C×N at the shape's rate → one C×samples piece: the first of :func:`cut`; silence for silence."""
    ready = prepared(sound, shape.channels)
    found = cut(ready, shape, most=1).pieces if ready is not None else []
    return found[0] if found else np.zeros((shape.channels, shape.samples), np.float32)
