"""Music that gives way to the voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.sound.levels import Samples, loudness

_HOP = 0.005  # seconds between two looks at the voice
_ATTACK = 0.18  # seconds before the first word in which the music goes down: it is down when the word comes
_RELEASE = 0.7  # seconds in which it comes back
_HOLD = 0.45  # a pause shorter than this lets it stay down: no pumping between words
_UNDER = 12.0  # LU the music lies under the voice (W3C's G56 asks for 20 dB, broadcasters for 7 to 12)
_LEAST, _MOST = 6.0, 20.0  # dB it goes down by
_FLOOR_DB = -55.0  # quieter than this is no voice
_BELOW_PEAK = 32.0  # dB under the voice's loud parts: breath and room


def ducking(voice: Samples, music: Samples, rate: int) -> NDArray[np.float32]:
    """Gain [N] for the music under a voice [2,N]: down before the first word, back after the last.

    It goes down as far as the music needs to lie 12 LU under the voice, by 6 to 20 dB. The curve is linear
    in dB and never jumps; it looks ahead, so that it begins before the word does.
    """
    hop = max(round(_HOP * rate), 1)
    spoken = _spoken(voice, rate, hop)
    count = voice.shape[1]
    if not spoken.any():
        return np.ones(count, np.float32)
    depth = _depth(voice, music, rate)
    wanted = np.where(spoken, -depth, 0.0)
    steps = np.arange(wanted.size)
    down, up = depth * _HOP / _ATTACK, depth * _HOP / _RELEASE
    # the lowest of all later wishes on a slope of the attack, and of all earlier ones on that of the release
    ahead = np.minimum.accumulate((wanted + down * steps)[::-1])[::-1] - down * steps
    behind = np.minimum.accumulate(wanted - up * steps) + up * steps
    curve = np.minimum(np.minimum(ahead, behind), 0.0)
    places = np.arange(count)
    gain: NDArray[np.float32] = (10 ** (np.interp(places, steps * hop, curve) / 20)).astype(np.float32)
    return gain


def _spoken(voice: Samples, rate: int, hop: int) -> NDArray[np.bool_]:
    """Where somebody speaks, one flag per hop; short pauses are filled."""
    from scipy.ndimage import binary_closing, uniform_filter1d

    hops = -(-voice.shape[1] // hop)
    mono = np.zeros(hops * hop, np.float32)
    mono[: voice.shape[1]] = np.abs(voice).max(0)
    power = uniform_filter1d((mono.reshape(hops, hop).astype(np.float64) ** 2).mean(1), 6)
    loud = 10 * np.log10(power + 1e-12)
    threshold = (
        max(float(np.percentile(loud[loud > _FLOOR_DB], 95)) - _BELOW_PEAK, _FLOOR_DB)
        if (loud > _FLOOR_DB).any()
        else _FLOOR_DB
    )
    flags = loud > threshold
    width = max(round(_HOLD / _HOP), 1)
    padded = np.pad(flags, width)
    closed: NDArray[np.bool_] = binary_closing(padded, np.ones(width, bool))[width:-width] | flags
    return closed


def _depth(voice: Samples, music: Samples, rate: int) -> float:
    """Decibels the music has to go down by."""
    spoken, played = loudness(voice, rate), loudness(music, rate)
    if not (np.isfinite(spoken) and np.isfinite(played)):
        return _UNDER
    return float(min(max(played - (spoken - _UNDER), _LEAST), _MOST))
