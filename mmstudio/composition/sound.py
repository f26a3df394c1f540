"""The sound of a storyboard: music and voice mixed in float at 48 kHz, levelled and kept from clipping.

Loudness is measured after ITU-R BS.1770-4 (K-weighting, 400 ms blocks, gates at -70 LUFS and -10 LU), true
peak by fourfold oversampling as in its annex 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.media.audio import load_audio

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import SoundTrack, Storyboard
    from mmstudio.library import Library

Samples = NDArray[np.float32]

TARGET_LUFS = -16.0  # between streaming (-14) and broadcast (-23): a bed that does not shout
CEILING_DBTP = -1.0
_MARGIN_DB = 0.2  # the encoder after us may overshoot a little
_SEAM = 0.06  # seconds of crossfade where a loop meets itself
_DUCK_DB = -9.0


def mix(storyboard: Storyboard, library: Library, rate: int = 48_000) -> Samples:
    """The whole sound, float32 [2, round(duration × rate)], under -1 dBTP; zeros when there is none.

    A track whose file is gone or cannot be read is left out: the picture is not held up by it, and
    the exporter names it.
    """
    length = round(storyboard.duration * rate)
    out = np.zeros((2, length), np.float32)
    voice = _laid(storyboard.voice, library, rate, length)
    music = _laid(storyboard.music, library, rate, length)
    if music is not None:
        out += music if voice is None else music * _ducking(voice, rate)
    if voice is not None:
        out += voice
    if music is None and voice is None:
        return out
    return level(out, rate)


def _laid(track: SoundTrack | None, library: Library, rate: int, length: int) -> Samples | None:
    """A track on the time line: loaded, looped or cut to length, faded, with its gain."""
    if track is None or track.asset_id is None:
        return None
    start = min(max(round(track.start * rate), 0), length)
    room = length - start
    if room == 0:
        return None
    try:
        path = library.assets.path_of(library.assets.get(track.asset_id))
        samples, _ = load_audio(path, rate=rate, duration=room / rate + 1.0)
    except (StudioError, OSError):
        return None
    stereo = _stereo(samples)
    if stereo.shape[1] < 2 or not np.isfinite(stereo).all():
        return None
    stereo = looped(stereo, room, rate) if track.loop else stereo[:, :room]
    stereo = stereo * np.float32(10 ** (track.gain / 20))
    out = np.zeros((2, length), np.float32)
    out[:, start : start + stereo.shape[1]] = faded(stereo, rate, track.fade_in, track.fade_out)
    return out


def _stereo(samples: NDArray[np.floating]) -> Samples:
    block = np.atleast_2d(np.asarray(samples, np.float32))
    return np.repeat(block, 2, axis=0) if block.shape[0] == 1 else np.ascontiguousarray(block[:2])


def looped(samples: Samples, length: int, rate: int) -> Samples:
    """Repeat [2,N] to exactly ``length`` samples; ends and beginnings overlap with equal power."""
    count = samples.shape[1]
    if count >= length:
        return samples[:, :length].copy()
    seam = min(round(_SEAM * rate), count // 4)
    out = np.zeros((2, length + count), np.float32)
    rise = np.sin(np.linspace(0, np.pi / 2, max(seam, 1), dtype=np.float32))
    piece = samples.copy()
    if seam:
        piece[:, :seam] *= rise
        piece[:, -seam:] *= rise[::-1]
    place, step = 0, max(count - seam, 1)
    while place < length:
        out[:, place : place + count] += piece
        place += step
    if seam:
        out[:, :seam] = samples[:, :seam]  # the very start is no seam
    return out[:, :length]


def faded(samples: Samples, rate: int, fade_in: float, fade_out: float) -> Samples:
    """Fade [2,N] in and out over some seconds, half a cosine each."""
    out = samples.copy()
    count = out.shape[1]
    rise, fall = min(round(fade_in * rate), count), min(round(fade_out * rate), count)
    if rise > 0:
        out[:, :rise] *= (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise))).astype(np.float32)
    if fall > 0:
        out[:, -fall:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall))).astype(np.float32)
    return out


def _ducking(voice: Samples, rate: int) -> Samples:
    """Gain [N] that lowers the music where there is voice, with a soft envelope of about half a second."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    loud = np.abs(voice).max(0)
    envelope = uniform_filter1d(maximum_filter1d(loud, max(rate // 4, 1)), max(rate // 5, 1))
    share = np.clip(envelope / 0.05, 0.0, 1.0)
    gain: Samples = (10 ** (share * _DUCK_DB / 20)).astype(np.float32)
    return gain


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness in LUFS (BS.1770-4) of [2,N]; -inf for silence or less than 400 ms."""
    from scipy.signal import lfilter

    weighed = np.asarray(samples, np.float64)
    for b, a in _k_weighting(rate):
        weighed = lfilter(b, a, weighed, axis=1)
    block, hop = round(0.4 * rate), round(0.1 * rate)
    if weighed.shape[1] < block:
        return float("-inf")
    total = np.concatenate([[0.0], np.cumsum((weighed**2).sum(0))])
    starts = np.arange(0, weighed.shape[1] - block + 1, hop)
    power = (total[starts + block] - total[starts]) / block
    with np.errstate(divide="ignore"):
        level_of = -0.691 + 10 * np.log10(power)
    kept = power[level_of > -70.0]
    if not kept.size:
        return float("-inf")
    gate = -0.691 + 10 * np.log10(kept.mean()) - 10.0
    kept = power[(level_of > -70.0) & (level_of > gate)]
    return float(-0.691 + 10 * np.log10(kept.mean())) if kept.size else float("-inf")


def _k_weighting(rate: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The two filters of BS.1770 for any rate (bilinear transform of their analogue forms)."""
    shelf_gain, f0, q = 3.999843853973347, 1681.974450955533, 0.7071752369554196
    k = np.tan(np.pi * f0 / rate)
    high = 10 ** (shelf_gain / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf_b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]) / a0
    shelf_a = np.array([1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
    f0, q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * f0 / rate)
    a0 = 1 + k / q + k * k
    cut_a = np.array([1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
    return [(shelf_b, shelf_a), (np.array([1.0, -2.0, 1.0]), cut_a)]


def true_peak(samples: Samples) -> float:
    """True peak in dBTP of [C,N] by fourfold oversampling; -inf for silence."""
    from scipy.signal import resample_poly

    if samples.size == 0:
        return float("-inf")
    peak = float(np.abs(resample_poly(samples.astype(np.float64), 4, 1, axis=1)).max())
    peak = max(peak, float(np.abs(samples).max()))
    return 20 * float(np.log10(peak)) if peak > 0 else float("-inf")


def level(samples: Samples, rate: int, target: float = TARGET_LUFS, ceiling: float = CEILING_DBTP) -> Samples:
    """Bring [2,N] to a loudness (by at most +18 dB) and hold its true peak under the ceiling."""
    measured = loudness(samples, rate)
    gain = min(target - measured, 18.0) if np.isfinite(measured) else 0.0
    out = limited(samples * np.float32(10 ** (gain / 20)), rate, ceiling - _MARGIN_DB)
    over = true_peak(out) - (ceiling - _MARGIN_DB)
    return out * np.float32(10 ** (-over / 20)) if over > 0 else out


def limited(samples: Samples, rate: int, ceiling: float) -> Samples:
    """A look-ahead peak limiter: 5 ms ahead, smoothed, so that the gain never jumps; ceiling in dBFS."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    top = 10 ** (ceiling / 20)
    peak = np.abs(samples).max(0)
    if peak.max(initial=0.0) <= top:
        return samples
    reach = max(round(0.005 * rate), 1)
    wanted = np.minimum(1.0, top / np.maximum(peak, 1e-9))
    # the minimum over the window, then its mean over the same window, never exceeds what a sample needs
    gain = uniform_filter1d(minimum_filter1d(wanted, 2 * reach + 1), 2 * reach + 1)
    held: Samples = (samples * gain).astype(np.float32)
    return held
