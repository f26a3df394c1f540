"""How loud a sound is, and making it as loud as wanted without clipping.

Loudness is measured after ITU-R BS.1770-4 (K-weighting, 400 ms blocks, gates at -70 LUFS and -10 LU), true
peak by fourfold oversampling as in its annex 2. Both go through the sound in pieces: an hour takes no more
memory than a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TARGET_LUFS = -16.0  # between streaming (-14) and broadcast (-23): a bed that does not shout
CEILING_DBTP = -1.0
MARGIN_DB = 1.0  # room for what a lossy encoder after us adds to a peak (docs/adr/0185)
_MOST_GAIN = 24.0  # dB; more would lift hiss, not sound
_PIECE = 96_000  # samples looked at at once: four times as many are held while peaks are found
_OVERLAP = 64  # samples a piece shares with its neighbours: the oversampling filter reaches 10
_FULL_SCALE = 1.0 - 2.0**-15


@dataclass(frozen=True, slots=True)
class MixReport:
    """What a sound measures.

    Attributes:
        lufs: integrated loudness (BS.1770-4); -inf for silence and for less than 400 ms.
        true_peak: dBTP; -inf for silence.
        clipped: samples at or over full scale.
        silent: nothing is heard (no sample over -90 dBFS).
        seconds: length.
    """

    lufs: float
    true_peak: float
    clipped: int
    silent: bool
    seconds: float

    def as_facts(self) -> dict[str, float | int | bool | None]:
        """For a manifest: rounded; a silence has no figure (None), since JSON knows no infinity."""
        return {
            "loudness_lufs": round(self.lufs, 1) if np.isfinite(self.lufs) else None,
            "true_peak_dbtp": round(self.true_peak, 1) if np.isfinite(self.true_peak) else None,
            "clipped": self.clipped,
            "silent": self.silent,
        }


def mix_report(samples: Samples, rate: int) -> MixReport:
    """Measure a finished sound, float32 [C,N] at ``rate`` Hz."""
    peak = float(np.abs(samples).max(initial=0.0))
    clipped = int((np.abs(samples) >= _FULL_SCALE).sum()) if peak >= _FULL_SCALE else 0
    return MixReport(
        loudness(samples, rate),
        true_peak(samples),
        clipped,
        peak < 10 ** (-90 / 20),
        samples.shape[-1] / rate,
    )


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness in LUFS (BS.1770-4) of [C,N]; -inf for silence or less than 400 ms."""
    power = _block_power(samples, rate)
    if not power.size:
        return float("-inf")
    with np.errstate(divide="ignore"):
        level_of = -0.691 + 10 * np.log10(power)
    kept = power[level_of > -70.0]
    if not kept.size:
        return float("-inf")
    gate = -0.691 + 10 * np.log10(kept.mean()) - 10.0
    kept = power[(level_of > -70.0) & (level_of > gate)]
    return float(-0.691 + 10 * np.log10(kept.mean())) if kept.size else float("-inf")


def _block_power(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Mean K-weighted power of every 400 ms, a new one each 100 ms."""
    from scipy.signal import lfilter

    hop = round(0.1 * rate)
    hops = samples.shape[1] // hop
    if hops < 4:
        return np.zeros(0)
    filters = _k_weighting(rate)
    states = [np.zeros((samples.shape[0], 2)) for _ in filters]
    sums: list[NDArray[np.float64]] = []
    step = hop * max(_PIECE // hop, 1)
    for begin in range(0, hops * hop, step):
        piece = samples[:, begin : min(begin + step, hops * hop)].astype(np.float64)
        for number, (b, a) in enumerate(filters):
            piece, states[number] = lfilter(b, a, piece, axis=1, zi=states[number])
        sums.append((piece**2).sum(0).reshape(-1, hop).sum(1))
    per_hop = np.concatenate(sums)
    power: NDArray[np.float64] = (per_hop[:-3] + per_hop[1:-2] + per_hop[2:-1] + per_hop[3:]) / (4 * hop)
    return power


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
    peak = max((float(part.max(initial=0.0)) for _begin, part in _peaks(samples)), default=0.0)
    return 20 * float(np.log10(peak)) if peak > 0 else float("-inf")


def _peaks(samples: Samples) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """(first sample, the highest of each sample and of the three between it and the next), in pieces."""
    from scipy.signal import resample_poly

    count = samples.shape[1]
    for begin in range(0, count, _PIECE):
        low, end = max(begin - _OVERLAP, 0), min(begin + _PIECE, count)
        part = samples[:, low : min(end + _OVERLAP, count)].astype(np.float64)
        between = np.abs(resample_poly(part, 4, 1, axis=1)).max(0).reshape(-1, 4).max(1)
        highest = np.maximum(between, np.abs(part).max(0))
        yield begin, highest[begin - low : end - low]


def level(samples: Samples, rate: int, target: float = TARGET_LUFS, ceiling: float = CEILING_DBTP) -> Samples:
    """Bring [2,N] to a loudness and hold its true peak a margin under the ceiling.

    The peaks of a piece that is wanted louder than it can be are held down, by which it gets quieter again:
    the gain is corrected twice. A silence, or less than 400 ms, is only held.
    """
    measured = loudness(samples, rate)
    gain = min(target - measured, _MOST_GAIN) if np.isfinite(measured) else 0.0
    top = ceiling - MARGIN_DB
    out = held(samples, gain, rate, top)
    for _again in range(2):
        missing = target - loudness(out, rate) if np.isfinite(measured) else 0.0
        if not 0.1 < missing < np.inf or gain >= _MOST_GAIN:
            break
        gain = min(gain + missing, _MOST_GAIN)
        out = held(samples, gain, rate, top)
    return out


def held(samples: Samples, gain: float, rate: int, top: float) -> Samples:
    """[2,N] with a gain in dB, no true peak over ``top`` dBTP."""
    out = limited(samples * np.float32(10 ** (gain / 20)), rate, top)
    over = true_peak(out) - top
    return out * np.float32(10 ** (-over / 20)) if over > 0 else out


def limited(samples: Samples, rate: int, ceiling: float) -> Samples:
    """A look-ahead limiter of true peaks: 5 ms ahead, smoothed, so that the gain never jumps; in dBTP."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    top = 10 ** (ceiling / 20)
    if not samples.size:
        return samples
    peak = np.concatenate([part for _begin, part in _peaks(samples)])
    if peak.max() <= top:
        return samples
    reach = max(round(0.005 * rate), 1)
    wanted = np.minimum(1.0, top / np.maximum(peak, 1e-9))
    # the minimum over the window, then its mean over the same window, never exceeds what a sample needs
    gain = uniform_filter1d(minimum_filter1d(wanted, 2 * reach + 1), 2 * reach + 1)
    done: Samples = (samples * gain).astype(np.float32)
    return done
