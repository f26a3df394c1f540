"""Sounds: tempo, pitch, noise, masks, loudness; a training may have the masks on its spectrograms."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.augment.recipe import Applied, AugmentRecipe, Draw, content_key, draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FRAME = 2048
_LEAST = 128  # samples below which a spectrum says nothing
_MASKS = ("time_mask", "frequency_mask")
_SPECTRAL = ("stretch", "pitch", *_MASKS)


@dataclass(frozen=True, slots=True, eq=False)
class SoundResult:
    """One augmented sound: float32[C, M] within -1 to 1, and what was done to it."""

    samples: NDArray[np.float32]
    applied: tuple[Applied, ...] = ()
    skipped: tuple[str, ...] = ()


def augment_sound(
    samples: NDArray[Any],
    rate: int,
    recipe: AugmentRecipe,
    index: int = 0,
    key: str = "",
    *,
    masks: bool = True,
) -> SoundResult:
    """One augmented copy of a sound.

    Args:
        samples: float32[C, N] within about -1 to 1, or [N]; integers are scaled, NaN and infinities become 0.
        rate: Hz. recipe: what may happen. index: number of the copy.
        key: names the sound; the samples' own hash where empty.
        masks: False leaves the time and frequency masks to :func:`mask_spectrogram`.

    Returns:
        float32[C, M]; M is N but for the tempo, which makes it round(N / tempo). Nothing clips: what would
        pass full scale is turned down as a whole. Silence stays silence. Operations that a sound of less than
        128 samples, or silence, does not allow are in ``skipped``.

    Raises:
        StudioError: not a sound.
    """
    sound = as_sound(samples)
    if rate <= 0:
        raise StudioError("A sound needs a sample rate above 0 Hz.")
    wanted = draws(recipe, "audio", key or content_key(sound), index)
    wanted = [draw for draw in wanted if masks or draw.name not in _MASKS]
    short = sound.shape[1] < _LEAST
    applied: list[Applied] = []
    skipped: list[str] = []
    for draw in wanted:
        silent = not sound.any()  # silence has nothing to change but its length
        if (short and draw.name in _SPECTRAL) or (silent and draw.name != "stretch"):
            skipped.append(draw.name)
            continue
        if draw.name == "gain":
            draw = replace(draw, amount=min(draw.amount, -20 * math.log10(float(np.abs(sound).max()))))
        if silent:
            sound = np.zeros((len(sound), round(sound.shape[1] / draw.amount)), np.float32)
        else:
            sound = _OPERATIONS[draw.name](sound, rate, draw)
        applied.append(draw.applied)
    peak = float(np.abs(sound).max(initial=0.0))
    if applied and peak > 1.0:
        sound = sound / np.float32(peak)
    made = np.ascontiguousarray(sound, dtype=np.float32)
    return SoundResult(made, tuple(applied), tuple(skipped))


def mask_spectrogram(
    spectrogram: NDArray[Any], recipe: AugmentRecipe, index: int = 0, key: str = ""
) -> NDArray[Any]:
    """A copy with a stretch of time and a band of mel tones set to the lowest value (SpecAugment, Park et
    al., Interspeech 2019).

    Args:
        spectrogram: [..., bands, frames] of any number type, such as 8-bit log-mel.
    """
    made = np.array(spectrogram)
    bands, frames = made.shape[-2:]
    floor = made.min(initial=0) if np.issubdtype(made.dtype, np.unsignedinteger) else made.min()
    for draw in draws(recipe, "audio", key or content_key(made), index):
        if draw.name == "time_mask":
            first, last = _stretch_of(draw, frames)
            made[..., first:last] = floor
        elif draw.name == "frequency_mask":
            first, last = _stretch_of(draw, bands)
            made[..., first:last, :] = floor
    return made


def as_sound(samples: NDArray[Any]) -> NDArray[np.float32]:
    """float32[C, N] of finite numbers from float [C, N] or [N], or from integers (full scale becomes 1).

    Raises:
        StudioError: another shape.
    """
    array = np.atleast_2d(np.asarray(samples))
    if array.ndim != 2 or array.shape[0] == 0:
        raise StudioError(
            "This is not a sound: its shape is {shape}.",
            hint="Give channels × samples.",
            shape=" × ".join(map(str, np.shape(samples))),
        )
    if np.issubdtype(array.dtype, np.signedinteger):
        array = array / -float(np.iinfo(array.dtype).min)
    plain = array.astype(np.float32)
    return np.nan_to_num(plain, nan=0.0, posinf=0.0, neginf=0.0)


def _stretch_of(draw: Draw, length: int) -> tuple[int, int]:
    """First and behind the last of ``amount`` of ``length`` things."""
    width = min(length, round(draw.amount * length))
    first = int(draw.random.integers(0, length - width + 1))
    return first, first + width


def _frame(sound: NDArray[np.float32]) -> int:
    """The analysis frame: 2,048 samples, or the longest power of two that a short sound fills."""
    return int(min(_FRAME, 1 << (sound.shape[1].bit_length() - 1)))


def _stretched(sound: NDArray[np.float32], _rate: int, draw: Draw) -> NDArray[np.float32]:
    """Phase vocoder (Laroche & Dolson, 1999) of librosa; round(N / amount) samples."""
    import librosa

    frame = _frame(sound)
    made = librosa.effects.time_stretch(sound, rate=draw.amount, n_fft=frame, hop_length=frame // 4)
    return _finite(made)


def _pitched(sound: NDArray[np.float32], rate: int, draw: Draw) -> NDArray[np.float32]:
    """Stretched, then resampled to the old length; 12 semitones are an octave."""
    import librosa

    frame = _frame(sound)
    made = librosa.effects.pitch_shift(
        sound, sr=rate, n_steps=draw.amount, n_fft=frame, hop_length=frame // 4
    )
    return _finite(made)


def _noisy(sound: NDArray[np.float32], _rate: int, draw: Draw) -> NDArray[np.float32]:
    """White noise so that 10·log10(power of the sound / power of the noise) is ``amount``."""
    noise = draw.random.standard_normal(sound.shape)
    power = float(np.square(sound, dtype=np.float64).mean())
    wanted = power / 10 ** (draw.amount / 10)
    noise *= np.sqrt(wanted / max(float(np.square(noise).mean()), 1e-30))
    return sound + noise.astype(np.float32)


def _time_masked(sound: NDArray[np.float32], _rate: int, draw: Draw) -> NDArray[np.float32]:
    return _masked(sound, draw, lambda bins, frames: (slice(None), slice(*_stretch_of(draw, frames))))


def _frequency_masked(sound: NDArray[np.float32], rate: int, draw: Draw) -> NDArray[np.float32]:
    import librosa

    def band(bins: int, _frames: int) -> tuple[slice, slice]:
        first, last = _stretch_of(draw, 1000)  # in thousandths of the mel scale, as the ear divides it
        top = float(librosa.hz_to_mel(rate / 2))
        low, high = librosa.mel_to_hz(np.array([first, last]) / 1000 * top)
        per_bin = rate / 2 / (bins - 1)
        return slice(round(low / per_bin), max(round(high / per_bin), round(low / per_bin) + 1)), slice(None)

    return _masked(sound, draw, band)


def _masked(
    sound: NDArray[np.float32], draw: Draw, where: Callable[[int, int], tuple[slice, slice]]
) -> NDArray[np.float32]:
    """Through the short-time Fourier transform and back, a part of it set to nothing; the length stays."""
    import librosa

    if draw.amount <= 0:
        return sound
    frame = _frame(sound)
    spectrum = librosa.stft(sound, n_fft=frame, hop_length=frame // 4)
    spectrum[(..., *where(*spectrum.shape[-2:]))] = 0
    return _finite(librosa.istft(spectrum, hop_length=frame // 4, n_fft=frame, length=sound.shape[1]))


def _louder(sound: NDArray[np.float32], _rate: int, draw: Draw) -> NDArray[np.float32]:
    """``amount`` dB; the caller has held it to what full scale allows."""
    return (sound * np.float32(10 ** (draw.amount / 20))).clip(-1.0, 1.0)


def _finite(sound: NDArray[Any]) -> NDArray[np.float32]:
    plain: NDArray[np.float32] = np.nan_to_num(sound.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return plain


_OPERATIONS = {
    "stretch": _stretched,
    "pitch": _pitched,
    "noise": _noisy,
    "time_mask": _time_masked,
    "frequency_mask": _frequency_masked,
    "gain": _louder,
}
