"""The shape of a sound: pitch classes, brightness, noise, onsets, tempo, key, loudness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.filters import frequencies
from mmstudio.features.sounds.hearing import RATE, WINDOW, Sound, frames_of
from mmstudio.features.sounds.loudness import measure
from mmstudio.features.sounds.rhythm import FRAMES_PER_SECOND, accents, onset_strength, onsets, tempo
from mmstudio.features.sounds.tonality import chroma, key_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTES = ("c", "c#", "d", "eb", "e", "f", "f#", "g", "ab", "a", "bb", "b")
_CURVES = ("centroid", "rolloff", "bandwidth", "flatness", "crossings", "level")
COLUMNS = (
    *(f"chroma_{note}" for note in _NOTES),
    *(f"chroma_{note}_deviation" for note in _NOTES),
    *(f"{name}{part}" for name in _CURVES for part in ("", "_deviation")),
    "onset", "onset_deviation", "onset_peak", "onset_rate", "attack",
    "tempo", "tempo_sure", "loudness", "peak", "clipping", "silence", "offset", "length", "sounding",
)  # fmt: skip
DIMENSION = len(COLUMNS)
_AT = {name: place for place, name in enumerate(COLUMNS)}
SOUNDING, TEMPO, TEMPO_SURE = _AT["sounding"], _AT["tempo"], _AT["tempo_sure"]
HEARD = slice(0, _AT["level_deviation"] + 1)  # columns that mean nothing where nothing sounds
_QUIET = 1e-6  # of the loudest frame's power (-60 dB): such frames have no colour of their own
_ROLL = 0.85
_TINY = 1e-5  # added to shares that are nearly always 0 before their logarithm is taken
_BLOCK = 256  # frames


def describe(heard: Sound) -> NDArray[np.float32]:
    """float32[D], columns as in `COLUMNS`.

    Frequencies are in octaves (log2 of Hz), levels in dB, onsets in dB per frame, `onset_rate` in onsets per
    second; `attack` is where the middle of the energy lies (0…1); `tempo` is log2 of beats per minute,
    `length` log2 of seconds, `clipping` and `offset` log10 of (share + 1e-5). Curves are means and
    deviations over the frames that sound; where none does (digital silence) they are 0 and `sounding` is 0,
    and `tempo` is 0 where `tempo_sure` is: these mean "missing", see `gaps`.
    """
    row = np.zeros(DIMENSION)
    parts = [_curves(s, p) for s, p in zip(heard.spectra, heard.pieces, strict=True)]
    notes, curves = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    power = curves[:, -1]
    loud = power > max(float(power.max(initial=0.0)) * _QUIET, 1e-12)
    row[SOUNDING] = loud.mean()
    if loud.any():
        row[0:12], row[12:24] = notes[loud].mean(0), notes[loud].std(0)
        curves[:, -1] = 10 * np.log10(np.maximum(power, 1e-12))
        row[24 : 24 + 2 * len(_CURVES) : 2] = curves[loud].mean(0)
        row[25 : 25 + 2 * len(_CURVES) : 2] = curves[loud].std(0)
        row[_AT["attack"]] = float((np.cumsum(power) < power.sum() / 2).mean())
    strengths = [onset_strength(mel) for mel in heard.mels]
    joined = np.concatenate(strengths)
    begins = sum(len(onsets(strength)) for strength in strengths)
    at = _AT["onset"]
    row[at : at + 4] = joined.mean(), joined.std(), joined.max(), begins * FRAMES_PER_SECOND / len(joined)
    beat = tempo([accents(mel) for mel in heard.mels])
    if beat is not None:
        row[TEMPO], row[TEMPO_SURE] = np.log2(beat[0]), beat[1]
    level = measure(heard.blocks, heard.rate)
    at = _AT["loudness"]
    row[at : at + 5] = (
        level.loudness, level.peak, np.log10(level.clipping + _TINY), level.silence,
        np.log10(level.offset + _TINY),
    )  # fmt: skip
    row[_AT["length"]] = np.log2(max(heard.duration, 1e-3))
    return row.astype(np.float32)


def gaps(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """float32[N, D] → bool[N, D]: values that say nothing, as in `describe`."""
    missing = np.zeros(rows.shape, bool)
    missing[:, HEARD] = rows[:, SOUNDING, None] <= 0
    missing[:, TEMPO] = rows[:, TEMPO_SURE] <= 0
    return missing


def measures(row: NDArray[np.float32]) -> dict[str, float]:
    """float32[D] → the measures of docs/library-format.md; tempo and key only where there is one."""
    found = {name: float(row[_AT[name]]) for name in ("loudness", "peak", "silence")}
    found["clipping"] = max(round(10.0 ** float(row[_AT["clipping"]]) - _TINY, 6), 0.0)
    if row[TEMPO_SURE] > 0:
        found["tempo"], found["tempo_sure"] = round(float(2.0 ** row[TEMPO]), 1), float(row[TEMPO_SURE])
    key = key_of(row[:12]) if row[SOUNDING] > 0 else None
    if key is not None:
        found["key"], found["key_sure"] = float(key[0]), key[1]
    return found


def _curves(
    spectrum: NDArray[np.float32], piece: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Chroma float32[T, 12] and the curves float64[T, 6], the last one power instead of level."""
    hertz = frequencies(RATE, WINDOW)
    weights = np.stack([np.ones_like(hertz), hertz, hertz**2], axis=1).astype(np.float32)
    notes = np.empty((len(spectrum), 12), np.float32)
    curves = np.empty((len(spectrum), len(_CURVES)))
    frames = frames_of(piece)
    for at in range(0, len(spectrum), _BLOCK):
        block, out = spectrum[at : at + _BLOCK], curves[at : at + _BLOCK]
        notes[at : at + _BLOCK] = chroma(block)
        total, first, second = (block @ weights).astype(np.float64).T
        total = np.maximum(total, 1e-12)
        centre = first / total
        out[:, 0] = np.log2(np.maximum(centre, 20.0))
        reached = (np.cumsum(block, axis=1) >= _ROLL * total[:, None]).argmax(axis=1)
        out[:, 1] = np.log2(np.maximum(hertz[reached], 20.0))
        out[:, 2] = np.log2(np.maximum(np.sqrt(np.maximum(second / total - centre**2, 0.0)), 20.0))
        power = np.maximum(np.square(block), np.float32(1e-10))
        out[:, 3] = np.log(power).mean(axis=1) - np.log(power.mean(axis=1))
        out[:, 4] = np.mean(np.diff(np.signbit(frames[at : at + _BLOCK]), axis=1), axis=1)
        out[:, 5] = np.square(block).sum(axis=1) / WINDOW**2
    return notes, curves
