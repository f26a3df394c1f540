"""Slower, faster, higher, lower: a sound's tempo and pitch apart from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.sounding.measure import Samples

_FRAME, _HOP = 2048, 512  # at 44.1 kHz; half of it at half the rate
_ATTACK = 2.5  # times as much energy as the frame before: phases begin anew there


def stretched(samples: Samples, rate: int, times: float = 1.0, semitones: float = 0.0) -> Samples:
    """float32[C, N] at ``rate`` Hz, ``times`` as long and ``semitones`` higher; nothing is done where both
    are nearly none.

    The phase vocoder (Flanagan and Golden, 1966; as ``torchaudio.functional.phase_vocoder``) with phases that
    begin anew at attacks (after Duxbury, Davies and Sandler, AES 112, 2002), so that drums stay sharp; pitch
    by resampling what was stretched to make up for it.
    """
    from mmstudio.media.audio import resample

    pitch = 2.0 ** (semitones / 12)
    wanted = round(samples.shape[1] * times)
    if abs(times * pitch - 1) > 2e-4:
        samples = _vocoder(samples, rate, times * pitch)
    if abs(semitones) > 1e-3:
        samples = resample(samples, round(rate * pitch), rate)
    if samples.shape[1] < wanted:
        samples = np.pad(samples, ((0, 0), (0, wanted - samples.shape[1])))
    return np.ascontiguousarray(samples[:, :wanted], np.float32)


def _vocoder(samples: Samples, rate: int, times: float) -> Samples:
    scale = 1 if rate > 30_000 else 2
    frame, hop = _FRAME // scale, _HOP // scale
    given = _spectra(samples, frame, hop)
    length = round(samples.shape[1] * times)
    frames = length // hop + 1
    places, last = np.arange(frames) / times, given.shape[1] - 1
    left = np.minimum(places.astype(np.int64), last)
    right = np.minimum(left + 1, last)
    share = np.clip(places - left, 0, 1).astype(np.float32)[:, None]
    magnitude, phase = np.abs(given), np.angle(given)
    energy = np.square(magnitude).sum(axis=(0, 2))
    begins = np.zeros(len(energy), bool)
    begins[1:] = energy[1:] > _ATTACK * energy[:-1] + 1e-6
    fresh = begins[left] & (np.diff(left, prepend=left[0] - 1) != 0)
    fresh[0] = True
    anchors = np.maximum.accumulate(np.where(fresh, np.arange(frames), 0))
    made = np.empty((len(given), frames, given.shape[2]), np.complex64)
    for channel, loud, angle in zip(made, magnitude, phase, strict=True):
        # Phases advance by what they did between the two frames that a new one lies between.
        grown = np.zeros(channel.shape)
        np.cumsum(angle[right[:-1]] - angle[left[:-1]], axis=0, dtype=np.float64, out=grown[1:])
        grown += (angle[left] - grown)[anchors]
        turned = np.remainder(grown, 2 * np.pi).astype(np.float32)
        size = (1 - share) * loud[left] + share * loud[right]
        alone = fresh & begins[left]
        size[alone] = loud[left[alone]]
        np.multiply(size, np.cos(turned), out=channel.real)
        np.multiply(size, np.sin(turned), out=channel.imag)
    return _built(made, frame, hop)[:, :length]


def _window(frame: int) -> Samples:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame), np.float32)


def _spectra(samples: Samples, frame: int, hop: int) -> NDArray[np.complex64]:
    """float32[C, N] → complex64[C, 1 + N // hop, F], frame t around sample t·hop."""
    from scipy.fft import rfft

    padded = np.pad(samples, ((0, 0), (frame // 2, frame // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame, axis=1)[:, ::hop]
    return np.asarray(rfft(frames * _window(frame), axis=2), np.complex64)


def _built(spectra: NDArray[np.complex64], frame: int, hop: int) -> Samples:
    """complex64[C, T, F] → float32[C, hop·(T - 1)] by weighted overlap-add."""
    from scipy.fft import irfft

    window, (channels, count, _) = _window(frame), spectra.shape
    pieces, times = irfft(spectra, frame, axis=2) * window, frame // hop
    laid = np.zeros((channels, count + times - 1, hop), np.float32)
    weight = np.zeros((count + times - 1, hop), np.float32)
    for at in range(times):
        part = slice(at * hop, (at + 1) * hop)
        laid[:, at : at + count] += pieces[:, :, part]
        weight[at : at + count] += np.square(window[part])
    made = np.asarray(laid / np.maximum(weight, 1e-6), np.float32).reshape(channels, -1)
    return made[:, frame // 2 : frame // 2 + hop * (count - 1)]
