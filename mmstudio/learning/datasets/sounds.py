"""A sound file as the pictures of its tones that a family trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.features.augment import AugmentRecipe


def spectrograms_of(path: Path) -> list[NDArray[np.uint8]]:
    """1×128×128 uint8 pieces of a sound: the whole of a short one, up to four pieces of a long one."""
    return _pieces(_wave_of(path))


def varied_spectrograms(path: Path, recipe: AugmentRecipe, index: int, key: str) -> list[NDArray[np.uint8]]:
    """Augmented copy ``index`` of a sound, in the shape of its originals; ``key`` names the sound."""
    from mmstudio.features.augment import augment_sound, mask_spectrogram
    from mmstudio.learning.engine.mel import RATE

    wave = _wave_of(path)
    peak = float(np.abs(wave).max(initial=0.0))
    wave = (wave * (0.8 / max(peak, 1e-4))).astype(np.float32)
    varied = augment_sound(wave, RATE, recipe, index, key, masks=False).samples[0]
    pieces = _pieces(varied, level=False)
    return [mask_spectrogram(piece, recipe, index, f"{key}:{place}") for place, piece in enumerate(pieces)]


def _wave_of(path: Path) -> NDArray[np.float32]:
    """The first twelve seconds, mono, at the rate of the spectrograms."""
    from mmstudio.learning.engine.mel import RATE, SAMPLES
    from mmstudio.media.audio import load_audio

    sound, _ = load_audio(path, rate=RATE, mono=True, duration=4 * SAMPLES / RATE)
    wave: NDArray[np.float32] = sound[0]
    return wave


def _pieces(wave: NDArray[np.float32], *, level: bool = True) -> list[NDArray[np.uint8]]:
    """``level`` brings the peak to 0.8; augmented loudness would be lost with it."""
    from mmstudio.learning.engine.mel import SAMPLES, to_mel

    peak = float(np.abs(wave).max(initial=0.0))
    if peak < 1e-4:
        return []
    if level:
        wave = (wave * (0.8 / peak)).astype(np.float32)
    pieces = [wave[first : first + SAMPLES] for first in range(0, max(1, len(wave) - SAMPLES // 2), SAMPLES)]
    return [to_mel(piece) for piece in pieces[:4] if np.abs(piece).max(initial=0.0) > 0.01]
