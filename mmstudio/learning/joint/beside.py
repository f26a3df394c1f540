"""What media show, say and sound like, as numbers beside what a joint model draws: its further parts.

A latent of a picture VAE tells colours and where they lie, hardly what is to be seen; that of a small text
VAE hardly what the words mean. What a text tells of a picture is then lost before anything is learned. So a
joint model is told more of each medium: of pictures the features of the network that ships with the program,
of sounds their cepstrum and chords, of texts their words. Each is a part of its own that comes with the
medium, is learned like the others, and is never shown.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.learning.joint.parts import Part, broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MODALITIES = ("image", "audio", "text")
SIDE = 96  # pixels at which pictures are looked at
LENGTH = 64  # numbers of a part, at most
LEAST = 12  # media below which nothing can be said of what tells them apart
MOST = 8192  # of a large library's media that the axes are fitted to
BLOCK = 1024  # media whose words are counted at a time: 16 KB each
_WORDS = 4096  # places that words are hashed to
_MOST = 1536  # of them that a model keeps: those of the most texts
_HEARD = slice(0, 36)  # chords, spectrum and noise of features.sounds.shape; not how long or loud
_STEADY = 1e-4  # deviation below which a number says nothing
_PLACES, _SHIFT, _WEIGHT, _CENTRE, _AXES = "places", "shift", "weight", "centre", "axes"


def name_of(modality: str) -> str:
    """What the further part of a modality is called."""
    return f"{modality} features"


def beside(parts: Sequence[Part], modality: str) -> Part | None:
    """The further part of a modality, or None where a model has none or cannot make its numbers today: the
    network that they come from has changed."""
    for part in parts:
        if part.about == modality:
            return part if (part.scale or {}).get("from") == source_of(modality) else None
    return None


# -- media → numbers ----------------------------------------------------------------------------------------


def source_of(modality: str) -> str:
    """What the numbers of a modality come from, with a fingerprint where it could change."""
    return {"image": _network()[1], "audio": "mfcc and shape", "text": "words 2"}[modality]


def of_picture(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32[704] of uint8 3×S×S."""
    found: NDArray[np.float32] = _network()[0](square[None])[0].astype(np.float32)
    return found


def of_sound(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """float32[156] of float32 C×T."""
    from mmstudio.features.sounds import shape
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.features.sounds.mfcc import describe_sound

    heard = Sound([np.atleast_2d(np.asarray(samples, np.float32))], rate)
    return np.concatenate([describe_sound(heard), shape.describe(heard)[_HEARD]])


def of_text(text: str) -> NDArray[np.float32]:
    """float32[4096]: log(1 + how often) of words of English and Chinese, each at a place of its own or
    nearly; zeros of a text without any."""
    from mmstudio.features.texts.words import tokens

    row = np.zeros(_WORDS, np.float32)
    for word in tokens(text):
        row[zlib.crc32(word.encode()) % _WORDS] += 1.0
    return np.log1p(row)


@cache
def _network() -> tuple[Callable[[NDArray[np.uint8]], NDArray[np.float64]], str]:
    from mmstudio.learning.evaluation.networks import picture_features

    return picture_features("cpu")  # on one kind of device: the same numbers in training and later


# -- numbers → rows of a part -------------------------------------------------------------------------------


def fit(modality: str, raw: NDArray[np.float32], learned: NDArray[np.bool_]) -> Part | None:
    """The further part of a modality, from N×D numbers of which ``learned`` rows may be learned from; None
    where there are too few of them.

    Numbers are weighed (words by how rare they are, others by their deviation), brought to length 1, and
    turned to their principal axes, at most :data:`LENGTH`.
    """
    own = raw[learned].astype(np.float64)
    if len(own) < LEAST:
        return None
    if modality == "text":
        shift = np.zeros(own.shape[1])
        among = (own > 0).sum(axis=0)
        weight = np.where(among > 1, np.log(len(own) / np.maximum(among, 1)), 0.0)
        weight[np.argsort(-among, kind="stable")[_MOST:]] = 0.0
    else:
        shift = own.mean(axis=0)
        deviation = own.std(axis=0)
        weight = np.where(deviation > _STEADY, 1.0 / np.maximum(deviation, _STEADY), 0.0)
    places = np.flatnonzero(weight)
    shift, weight = shift[places], weight[places]
    x = unit((own[:, places] - shift) * weight)
    if x.shape[1] < 2:
        return None
    centre = x.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((x - centre).T))
    keep = [i for i in np.argsort(-values) if values[i] > 1e-8][: min(LENGTH, len(own) - 1)]
    if not keep:
        return None
    axes = axes[:, keep] / np.sqrt(values[keep].mean())
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(keep))])
    numbers = {_PLACES: places, _SHIFT: shift, _WEIGHT: weight, _CENTRE: centre, _AXES: axes}
    scale = {key: _packed(value) for key, value in numbers.items()} | {"from": source_of(modality)}
    return Part(name_of(modality), "vector", (len(keep),), scale=scale, about=modality)


def rows(part: Part, raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """N×D numbers → N×length rows, mean 0 and deviation about 1 over all numbers of the training sets."""
    scale = part.scale or {}
    places, shift, weight, centre, axes = _unpacked(scale, part.shape[0])
    x = unit((raw[:, places] - shift) * weight)
    found: NDArray[np.float32] = ((x - centre) @ axes).astype(np.float32)
    return found


def some_of(learned: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of those that a part is fitted to: all, of more than :data:`MOST` so many, evenly spread."""
    places = np.flatnonzero(learned)
    if len(places) <= MOST:
        return places
    spread: NDArray[np.int64] = places[np.linspace(0, len(places) - 1, MOST).astype(np.int64)]
    return spread


def in_blocks(
    part: Part, raw_of: Callable[[NDArray[np.int64]], NDArray[np.float32]], there: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """float32[N, length] rows of a part and bool[N] which say something, of those of N that are ``there``;
    ``raw_of`` gives the numbers of some places, so that never all of a large library are in memory."""
    found, told = np.zeros((len(there), part.shape[0]), np.float32), there.copy()
    for start in range(0, len(there), BLOCK):
        places = start + np.flatnonzero(there[start : start + BLOCK])
        if len(places):
            raw = raw_of(places)
            told[places] = says(part, raw)
            found[places] = rows(part, raw)
    found[~told] = 0
    return found, told


def row_of(
    part: Part, modality: str, value: Any, cut: str = "crop", aspect: float = 1.0
) -> NDArray[np.float32] | None:
    """1×length of one medium (picture uint8 H×W×3, (samples, rate), text), or None where it says nothing:
    a text without a known word, an array row, media of another kind."""
    if modality == "image" and getattr(value, "ndim", 0) == 3 and value.dtype == np.uint8:
        from PIL import Image

        from mmstudio.learning.datasets.shapes import to_square

        raw = of_picture(to_square(Image.fromarray(value[..., :3]), SIDE, cut, aspect))
    elif modality == "audio" and isinstance(value, tuple) and len(value) == 2:
        raw = of_sound(np.asarray(value[0], np.float32), int(value[1]))
    elif modality == "text" and isinstance(value, str):
        raw = of_text(value)
        if not says(part, raw[None])[0]:
            return None
    else:
        return None
    return rows(part, raw[None])


def says(part: Part, raw: NDArray[np.float32]) -> NDArray[np.bool_]:
    """bool[N]: which of N×D numbers say anything (a text may have no word that the model knows)."""
    places, shift, weight, _, _ = _unpacked(part.scale or {}, part.shape[0])
    found: NDArray[np.bool_] = np.abs((raw[:, places] - shift) * weight).sum(axis=1) > 0
    return found


def unit(x: NDArray[Any]) -> NDArray[Any]:
    """Rows brought to length 1; what is 0 stays."""
    found: NDArray[Any] = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    return found


def _packed(numbers: NDArray[Any]) -> str:
    """Places as they are, single precision of a few numbers, half of many."""
    kind = "<i2" if numbers.dtype.kind == "i" else "<f4" if numbers.ndim == 1 else "<f2"
    return base64.b64encode(np.asarray(numbers, kind).tobytes()).decode("ascii")


def _unpacked(scale: Mapping[str, Any], kept: int) -> tuple[NDArray[Any], ...]:
    """(places that count, what is taken off, weights, the middle of what is left, axes). Raises StudioError
    where they are broken."""
    kinds = {_PLACES: "<i2", _SHIFT: "<f4", _WEIGHT: "<f4", _CENTRE: "<f4", _AXES: "<f2"}
    try:
        found = [np.frombuffer(base64.b64decode(str(scale[key])), kind) for key, kind in kinds.items()]
        axes = found[-1].astype(np.float32).reshape(-1, kept)
    except (KeyError, ValueError) as error:
        raise broken() from error
    if len({len(one) for one in (*found[:-1], axes)}) > 1 or found[0].min(initial=0) < 0:
        raise broken()
    return (*found[:-1], axes)
