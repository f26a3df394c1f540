"""One sound of the library on the time line: read from where it begins, looped, faded, in stereo."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.sound.levels import Samples
from mmstudio.errors import StudioError
from mmstudio.media.audio import load_audio

_SEAM = (0.04, 0.12)  # seconds of crossfade where a sound that is no loop meets itself: least, most
_SMOOTH = 6.0  # a step at the join this many times the usual one is no click
_HALF = np.float32(math.sqrt(0.5))


def read(path: Path, rate: int, offset: float, seconds: float) -> Samples | None:
    """Stereo float32 [2,N] from ``offset`` on, at most ``seconds`` long; None where nothing can be read.

    Only that stretch is decoded, whatever the length of the file.
    """
    try:
        samples, _ = load_audio(path, rate=rate, start=offset, duration=seconds)
    except (StudioError, OSError):
        return None
    stereo = stereo_of(samples)
    if stereo.shape[1] < 2:
        return None
    return np.nan_to_num(stereo, nan=0.0, posinf=0.0, neginf=0.0)


def stereo_of(samples: NDArray[np.floating]) -> Samples:
    """Any number of channels [C,N] or [N] as two.

    Three to eight are folded down after ITU-R BS.775-3 (centre and surrounds at -3 dB, no low-frequency
    channel), in the order of WAV files: left, right, centre, LFE, back left, back right, sides.
    """
    block = np.atleast_2d(np.asarray(samples, np.float32))
    channels = block.shape[0]
    if channels == 0:
        return np.zeros((2, block.shape[1]), np.float32)
    if channels == 1:
        return np.repeat(block, 2, axis=0)
    out = np.ascontiguousarray(block[:2]).copy()
    if channels in (3, 5, 6, 7, 8):
        out += block[2] * _HALF
    surrounds = {4: (2,), 5: (3,), 6: (4,), 7: (5,), 8: (4, 6)}.get(channels, ())
    for first in surrounds:
        out += block[first : first + 2] * _HALF
    return out


def laid(
    piece: Samples,
    length: int,
    rate: int,
    *,
    start: int,
    heard: int,
    gain: float,
    loop: bool,
    fade_in: float,
    fade_out: float,
) -> Samples:
    """A piece [2,N] on a line of ``length`` samples: ``heard`` of it from ``start`` on; ``gain`` in dB."""
    heard = min(heard, length - start)
    piece = looped(piece, heard, rate) if loop else piece[:, :heard]
    out = np.zeros((2, length), np.float32)
    loud = np.float32(10 ** (min(max(gain, -120.0), 40.0) / 20))
    out[:, start : start + piece.shape[1]] = faded(piece * loud, rate, fade_in, fade_out)
    return out


def looped(samples: Samples, length: int, rate: int) -> Samples:
    """Repeat [2,N] to exactly ``length`` samples without a click.

    A loop (its end leads into its beginning) is repeated as it is, so that its beat stays. Anything else
    overlaps its own beginning for 40 to 120 ms, where the two fit best, with equal power.
    """
    count = samples.shape[1]
    if count >= length:
        return samples[:, :length].copy()
    if _closes(samples):
        return np.tile(samples, (1, -(-length // count)))[:, :length]
    seam = _best_seam(samples, rate)
    step = max(count - seam, 1)
    rise = np.sin(np.linspace(0, np.pi / 2, max(seam, 1), dtype=np.float32))
    piece = samples.copy()
    if seam:
        piece[:, :seam] *= rise
        piece[:, -seam:] *= rise[::-1]
    out = np.zeros((2, length + count), np.float32)
    for place in range(0, length, step):
        out[:, place : place + count] += piece
    if seam:
        out[:, :seam] = samples[:, :seam]  # the very start is no seam
    return out[:, :length]


def _closes(samples: Samples) -> bool:
    """Whether the end leads into the beginning: no step between them that the sound has not elsewhere."""
    near = min(samples.shape[1] // 2, 2048)
    if near < 64:
        return False
    ends = np.concatenate([samples[:, -near:], samples[:, :near]], axis=1)
    step = float(np.abs(samples[:, 0] - samples[:, -1]).max())
    usual = float(np.sqrt((np.diff(ends, axis=1) ** 2).mean()))
    before = float(np.sqrt((samples[:, -near:] ** 2).mean()))
    after = float(np.sqrt((samples[:, :near] ** 2).mean()))
    quiet, loud = sorted((before, after))
    return step <= _SMOOTH * usual + 1e-6 and quiet * 4 >= loud


def _best_seam(samples: Samples, rate: int) -> int:
    """Samples of overlap at which the end is most like the beginning."""
    count: int = samples.shape[1]
    least, most = (min(round(s * rate), count // 4) for s in _SEAM)
    if most < 8:
        return most
    mono = samples.mean(0, dtype=np.float64)
    best, at = -np.inf, least
    for seam in range(least, most + 1, max(rate // 4000, 1)):
        head, tail = mono[:seam], mono[-seam:]
        scale = math.sqrt(float((head**2).sum()) * float((tail**2).sum()))
        alike = float((head * tail).sum()) / scale if scale > 0 else 0.0
        if alike > best + 1e-9:
            best, at = alike, seam
    return at


def faded(samples: Samples, rate: int, fade_in: float, fade_out: float) -> Samples:
    """Fade [2,N] in and out over some seconds, half a cosine each."""
    out = samples.copy()
    count = out.shape[1]
    rise, fall = (min(round(seconds_of(s) * rate), count) for s in (fade_in, fade_out))
    if rise > 0:
        out[:, :rise] *= (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise))).astype(np.float32)
    if fall > 0:
        out[:, -fall:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall))).astype(np.float32)
    return out


def seconds_of(value: float) -> float:
    """A time from a document: never negative, never endless."""
    return min(max(float(value), 0.0), 360_000.0) if math.isfinite(value) else 0.0
