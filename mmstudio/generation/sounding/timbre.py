"""The colour of one sound on another: rhythm, loudness and melody stay. Samples are float32[2, N]; no torch.

The envelope of a spectrum carries its colour, the fine lines in it the pitch: one is exchanged, the other
kept (cross-synthesis as in Zölzer, DAFX, 2nd ed., section 8.4.4), here in 40 bands of the mel scale. What a
band is to have beyond what can be raised in it is filled with a texture that follows the sound's own
loudness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.filters import mel_filters
from mmstudio.generation.sounding.measure import Samples

_FRAME, _HOP, _BANDS = 2048, 512, 40
_MOST, _LEAST = 18.0, -36.0  # dB that a band is raised and lowered by
_FLOOR = 1e-10

Floats = NDArray[np.float32]


def colour_of(samples: Samples, rate: int) -> Floats:
    """float32[40]: the share of each band in the loud frames of float32[C, N], of sum 1; even for silence."""
    power = _bands(np.square(np.abs(_spectra(samples))), rate).mean(axis=0)
    total = power.sum(axis=1)
    loud = total > 0.01 * max(float(total.max(initial=0.0)), _FLOOR)
    if not loud.any() or float(total.max()) < 1e-8:
        return np.full(_BANDS, 1 / _BANDS, np.float32)
    share = power[loud].sum(axis=0)
    return np.asarray(share / share.sum(), np.float32)


def recoloured(
    samples: Samples, texture: Samples, colour: Floats, amount: float, rate: int, around: bool = False
) -> Samples:
    """float32[2, N] whose bands have the shares of ``colour``, ``amount`` (0…1) of the way in decibels.

    Frame by frame it is as loud as it was. ``texture`` (float32[2, M], repeated as need be) fills bands in
    which the sound itself has too little. With ``around`` the end runs into the beginning.
    """
    if amount <= 0.0 or samples.shape[1] < _FRAME:
        return samples
    size, wrap = samples.shape[1], _FRAME if around else 0
    wide = np.take(samples, np.arange(-wrap, size + wrap), axis=1, mode="wrap") if wrap else samples
    spectrum = _spectra(wide)
    filling = _spectra(_repeated(texture, wide.shape[1]))[:, : spectrum.shape[1]]
    made = np.stack([_exchanged(s, f, colour, amount, rate) for s, f in zip(spectrum, filling, strict=True)])
    built = _built(made, wide.shape[1])
    return _as_loud(built, wide, rate)[:, wrap : wrap + size]


def _as_loud(made: Samples, like: Samples, rate: int) -> Samples:
    """float32[2, N] with the loudness contour of ``like``, 15 ms fine: frames alone would smear an attack."""
    from scipy.ndimage import uniform_filter1d

    width = max(round(0.015 * rate), 1)
    theirs, own = (
        uniform_filter1d(np.square(part).sum(axis=0), width, mode="nearest") for part in (like, made)
    )
    floor = 1e-6 * max(float(theirs.max()), _FLOOR)
    gain = uniform_filter1d(np.sqrt((theirs + floor) / (own + floor)).clip(0, 4), width, mode="nearest")
    return np.asarray(made * gain, np.float32)


def _exchanged(
    spectrum: NDArray[np.complex64], filling: NDArray[np.complex64], colour: Floats, amount: float, rate: int
) -> NDArray[np.complex64]:
    """complex[T, F] of one channel in its new colour."""
    from scipy.ndimage import uniform_filter1d

    own = _bands(np.square(np.abs(spectrum))[None], rate)[0]
    loudness = own.sum(axis=1, keepdims=True)
    average = own.sum(axis=0) / max(float(own.sum()), _FLOOR)
    # How each band moves against the whole stays; where it lies on average is exchanged.
    wanted = amount * 10 * np.log10((colour + 1e-7) / (average + 1e-7))
    raised = np.clip(wanted, _LEAST, _MOST).astype(np.float32)
    gain = _spread(np.sqrt(10 ** (raised / 10))[None], rate)[0]
    new = spectrum * gain
    missing = np.clip(wanted - raised, 0, 60)  # dB that raising did not reach
    if missing.any():
        target = average * 10 ** (wanted / 10)
        lacking = (target * (1 - 10 ** (-missing / 10))) / max(float(target.sum()), _FLOOR)
        theirs = uniform_filter1d(_bands(np.square(np.abs(filling))[None], rate)[0], 9, axis=0)
        follow = np.sqrt(lacking[None] * loudness / np.maximum(theirs, 1e-6 * theirs.max() + _FLOOR))
        new = new + filling * _spread(follow, rate)
    power = np.square(np.abs(new)).sum(axis=1, keepdims=True)
    before = np.square(np.abs(spectrum)).sum(axis=1, keepdims=True)
    return np.asarray(new * np.sqrt(before / np.maximum(power, _FLOOR)), np.complex64)


def _bands(power: Floats, rate: int) -> Floats:
    """float32[C, T, F] → float32[C, T, 40]."""
    return np.asarray(power @ _filters(rate), np.float32)


def _spread(gain: Floats, rate: int) -> Floats:
    """float32[T, 40] of bands → float32[T, F] of bins, smooth in between."""
    filters = _filters(rate)
    weights = filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-9)
    weights[filters.sum(axis=1) <= 1e-9, -1] = 1.0  # above the last band
    weights[0], weights[1] = weights[2], weights[2]
    return np.asarray(gain @ weights.T, np.float32)


def _filters(rate: int) -> Floats:
    bank = mel_filters(rate, _FRAME, _BANDS).astype(np.float32)
    return np.asarray(bank / np.maximum(bank.max(axis=0, keepdims=True), 1e-12), np.float32)


def _window() -> Floats:
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)).astype(np.float32)


def _spectra(samples: Samples) -> NDArray[np.complex64]:
    """float32[C, N] → complex64[C, T, F]."""
    from scipy.fft import rfft

    padded = np.pad(samples, ((0, 0), (_FRAME, _FRAME + _HOP)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME, axis=1)[:, ::_HOP]
    return np.asarray(rfft(frames * _window(), axis=2), np.complex64)


def _built(spectrum: NDArray[np.complex64], length: int) -> Samples:
    from scipy.fft import irfft

    frames = irfft(spectrum, _FRAME, axis=2) * (_window() * _HOP / (_FRAME / 2))
    count = frames.shape[1]
    out = np.zeros((len(frames), (count - 1) * _HOP + _FRAME), np.float32)
    for place in range(count):
        out[:, place * _HOP : place * _HOP + _FRAME] += frames[:, place]
    return np.ascontiguousarray(out[:, _FRAME : _FRAME + length])


def _repeated(texture: Samples, length: int) -> Samples:
    """float32[2, length] of a texture, each time round cross-faded over a quarter of it."""
    from mmstudio.generation.sounding.joining import crossfaded

    size = texture.shape[1]
    if size >= length:
        return texture[:, :length]
    fade = size // 4
    ring = texture[:, fade:].copy()
    if fade:
        ring[:, -fade:] = crossfaded(ring[:, -fade:], texture[:, :fade])
    return np.take(ring, np.arange(length), axis=1, mode="wrap")
