"""How sounds were finished before there were wishes: only to make those of old records again, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.loudness import QUIETEST, integrated

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Samples = NDArray[np.float32]
RATE = 44_100
LOUDNESS = -18.0  # LUFS of what the studio makes: room under a voice
PEAK = 0.89  # −1 dBFS
_FADE = 0.08  # seconds over which a loop's end runs into its beginning
_CROSSOVER = 250.0  # Hz below which both channels are the same


def finish(mel: Tensor, seconds: float | None, random: torch.Generator) -> Samples:
    """Spectrogram (bands×frames in [-1, 1]) → 2×N float32 at 44.1 kHz.

    With ``seconds`` the sound is a seamless loop repeated to that length (its own end again runs into its
    beginning); without, a one-shot with silence trimmed off.
    """
    from mmstudio.learning.engine.mel import HOP, to_sound
    from mmstudio.learning.engine.mel import RATE as MEL_RATE
    from mmstudio.media.audio import resample

    left, right = to_sound(mel, random), to_sound(mel, random)
    if seconds is None:
        end = _last_sound(left)
        stereo = np.stack([left, right])[:, :end]
        fade = min(end, int(0.01 * MEL_RATE))
        stereo[:, end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    else:
        length = _loop_frames(mel.numpy()) * HOP
        stereo = np.stack([_loop(left, length, MEL_RATE), _loop(right, length, MEL_RATE)])
    stereo = _shared_bass(stereo, MEL_RATE)
    if seconds is None:
        stereo = resample(stereo, MEL_RATE, RATE)
    else:
        stereo = _repeat(_resample_loop(stereo, MEL_RATE, RATE), round(seconds * RATE), RATE)
    return _level(stereo, RATE)


def _loop_frames(mel: NDArray[np.float32], least: float = 0.5) -> int:
    """The length, in frames, after which the spectrogram is most like its beginning (a beat's period)."""
    frames = mel.shape[1]
    centred = mel - mel.mean(axis=1, keepdims=True)
    first, last = int(least * frames), int(frames) - 12
    best, best_score = last, -np.inf
    for lag in range(first, last):
        a, b = centred[:, : frames - lag], centred[:, lag:]
        score = float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))
        if score > best_score + 1e-6:
            best, best_score = lag, score
    return best


def _loop(wave: Samples, length: int, rate: int) -> Samples:
    """``length`` samples whose end continues into their beginning: what follows the cut fades over the head.

    Equal-power cross-fade of up to 80 ms; ``wave`` needs more samples than ``length``, else it is padded.
    """
    fade = int(_FADE * rate)
    padded = np.pad(wave, (0, max(0, length + fade - len(wave))))
    out = padded[:length].astype(np.float32).copy()
    fade = min(fade, length)
    t = np.linspace(0, np.pi / 2, fade, dtype=np.float32)
    out[:fade] = out[:fade] * np.sin(t) + padded[length : length + fade] * np.cos(t)
    return out


def _repeat(stereo: Samples, length: int, rate: int) -> Samples:
    """A 2×N loop played for ``length`` samples, whose end again runs into its beginning."""
    size = stereo.shape[1]
    played = np.take(stereo, np.arange(length + int(_FADE * rate)) % size, axis=1)
    if length % size == 0:
        whole: Samples = played[:, :length].astype(np.float32)
        return whole
    return np.stack([_loop(channel, length, rate) for channel in played])


def _resample_loop(stereo: Samples, rate: int, new_rate: int) -> Samples:
    """Resample a loop as if it went on for ever: no edge for the filter to ring at."""
    from mmstudio.media.audio import resample

    size, margin = stereo.shape[1], 2 * rate // 100
    around = np.take(stereo, np.arange(-margin, size + margin) % size, axis=1)
    first = round(margin * new_rate / rate)
    return resample(around, rate, new_rate)[:, first : first + round(size * new_rate / rate)]


def _level(stereo: Samples, rate: int, target: float = LOUDNESS) -> Samples:
    """Bring 2×N samples to ``target`` LUFS without the peak passing −1 dBFS; DC removed; silence stays."""
    stereo = stereo - stereo.mean(axis=1, keepdims=True)
    now = integrated([stereo], rate)
    if now <= QUIETEST:
        return stereo.astype(np.float32)
    gain = 10 ** ((target - now) / 20)
    peak = float(np.abs(stereo).max())
    levelled: Samples = (stereo * min(gain, PEAK / max(peak, 1e-9))).astype(np.float32)
    return levelled


def _shared_bass(stereo: Samples, rate: int) -> Samples:
    """Low tones alike in both channels, high ones as they are: wide, yet solid when played in mono."""
    spectrum = np.fft.rfft(stereo, axis=1)
    frequency = np.fft.rfftfreq(stereo.shape[1], 1 / rate)
    apart = np.clip((frequency - _CROSSOVER) / _CROSSOVER, 0.0, 1.0)
    both = np.stack([spectrum[0], apart * spectrum[1] + (1 - apart) * spectrum[0]])
    return np.fft.irfft(both, stereo.shape[1], axis=1).astype(np.float32)


def _last_sound(wave: Samples) -> int:
    loud = np.flatnonzero(np.abs(wave) > 0.003 * max(float(np.abs(wave).max()), 1e-9))
    return min(len(wave), int(loud[-1]) + 1024) if len(loud) else len(wave)
