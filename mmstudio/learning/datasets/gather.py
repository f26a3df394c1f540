"""From library assets to one uint8 array that a family can train on; the io half of a training, no torch."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import StudioError
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.library import parse_query

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.features.augment import AugmentRecipe
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library

log = logging.getLogger(__name__)
FORBIDDEN = ("no-training", "restricted")
FEW = 20
MOST_BYTES = 1_000_000_000  # of originals and augmented copies together; fewer copies are made above it


@dataclass(slots=True)
class Gathered:
    """Training data: N×C×H×W uint8, the assets they come from (one per row), and what was left out.

    ``held`` are examples kept out of training (M×C×H×W), of the assets ``held_assets``; ``conditions`` are
    one row per example (see :mod:`mmstudio.learning.conditions`), ``held_conditions`` for the held-out ones.
    Originals come first; the last ``augmented`` rows are their augmented copies, ``missed`` more came out
    empty or could not be read again.
    """

    pixels: NDArray[np.uint8]
    assets: list[int]
    held: NDArray[np.uint8] | None = None
    held_assets: list[int] = field(default_factory=list)
    conditions: NDArray[np.float32] | None = None
    held_conditions: NDArray[np.float32] | None = None
    forbidden: int = 0
    unreadable: int = 0
    augmented: int = 0
    missed: int = 0
    notes: list[str] = field(default_factory=list)


def picture_of(path: Path, size: int) -> NDArray[np.uint8]:
    """3×size×size uint8: the largest centred square of the picture, transparent parts over white."""
    return square(_pixels_of(path, size), size)


def _pixels_of(path: Path, size: int) -> NDArray[np.uint8]:
    from mmstudio.media.image import image_array

    return image_array(path, max_side=2 * size if size >= 64 else 128)


def square(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """H×W×3 → 3×size×size, centre crop and Lanczos."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crop = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(crop.resize((size, size), Image.Resampling.LANCZOS)).transpose(2, 0, 1).copy()


def spectrograms_of(path: Path) -> list[NDArray[np.uint8]]:
    """1×128×128 uint8 pieces of a sound: the whole of a short one, up to four pieces of a long one."""
    return _pieces(_wave_of(path))


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


def _copy_of(
    library: Library, asset: Asset, size: int, recipe: AugmentRecipe, index: int
) -> list[NDArray[np.uint8]]:
    """Augmented copy ``index`` of an asset, in the shape of its originals."""
    from mmstudio.features.augment import augment_picture, augment_sound, mask_spectrogram

    path = library.assets.path_of(asset)
    if asset.kind == "image":
        return [square(augment_picture(_pixels_of(path, size), recipe, index, asset.sha256).pixels, size)]
    from mmstudio.learning.engine.mel import RATE

    wave = _wave_of(path)
    peak = float(np.abs(wave).max(initial=0.0))
    wave = (wave * (0.8 / max(peak, 1e-4))).astype(np.float32)
    varied = augment_sound(wave, RATE, recipe, index, asset.sha256, masks=False).samples[0]
    pieces = _pieces(varied, level=False)
    return [
        mask_spectrogram(piece, recipe, index, f"{asset.sha256}:{place}")
        for place, piece in enumerate(pieces)
    ]


def gather(
    library: Library, config: ModelConfig, *, originals: bool = False
) -> Generator[Progress, None, Gathered]:
    """Decode what ``config.query`` finds (all imported pictures or sounds where it is empty).

    Assets whose rights forbid training are left out, unreadable ones too; both are counted. With
    ``config.augment`` that many augmented copies of each follow the originals, unless only the ``originals``
    are wanted; the same recipe gives the same copies again.

    Raises:
        StudioError: nothing to learn from.
    """
    modality: Literal["image", "audio"] = "audio" if config.channels == 1 else "image"
    size, base = config.size, 0
    augment = read_recipe(config.augment) if config.augment and not originals else None
    wanted = replace(parse_query(config.query), kinds=(modality,))
    if wanted.origin is None:
        wanted = replace(wanted, origin="imported")
    assets = library.assets.get_many(library.assets.ids(wanted))
    allowed = [asset for asset in assets if asset.rights not in FORBIDDEN]
    rows: list[NDArray[np.uint8]] = []
    found: list[int] = []
    unreadable = 0
    for index, asset in enumerate(allowed):
        if index % 16 == 0:
            yield Progress(base, None, tr("Reading {done} of {total}", done=index, total=len(allowed)))
        try:
            path = library.assets.path_of(asset)
            pieces = [picture_of(path, size)] if modality == "image" else spectrograms_of(path)
        except (StudioError, OSError) as error:
            log.info("left out of training: %s: %s", asset.rel_path, error)
            unreadable += 1
            continue
        unreadable += not pieces
        rows += pieces
        found += [asset.id] * len(pieces)
    if not rows:
        raise _nothing(modality, len(assets) - len(allowed))
    result = Gathered(np.stack(rows), found, forbidden=len(assets) - len(allowed), unreadable=unreadable)
    notes = _advice(result, modality)
    if augment is not None and augment.active(modality):
        usable = [asset for asset in allowed if asset.id in set(found)]
        yield from _add_copies(library, result, usable, modality, size, augment, base)
    result.notes += notes
    return result


def _add_copies(
    library: Library,
    result: Gathered,
    usable: list[Asset],
    modality: str,
    size: int,
    recipe: AugmentRecipe,
    base: int,
) -> Generator[Progress, None, None]:
    originals = len(result.pixels)
    copies = min(recipe.copies, max(0, MOST_BYTES // max(1, result.pixels.nbytes) - 1))
    rows: list[NDArray[np.uint8]] = []
    sources: list[int] = []
    for index in range(copies):
        for place, asset in enumerate(usable):
            if modality == "audio" or place % 8 == 0:  # a cancel is heard within 300 ms
                done = index * len(usable) + place
                note = tr("Augmenting {done} of {total}", done=done, total=copies * len(usable))
                yield Progress(base, None, note)
            try:
                pieces = _copy_of(library, asset, size, recipe, index)
            except (StudioError, OSError) as error:  # gone since it was read a moment ago
                log.info("not augmented: %s: %s", asset.rel_path, error)
                pieces = []
            result.missed += not pieces
            rows += pieces
            sources += [asset.id] * len(pieces)
    if rows:
        result.pixels = np.concatenate([result.pixels, np.stack(rows)])
        result.assets = result.assets + sources
    result.augmented = len(rows)
    words = (
        tr("{n} pictures, {total} with augmentation", n=originals, total=len(result.pixels))
        if modality == "image"
        else tr("{n} pieces of sound, {total} with augmentation", n=originals, total=len(result.pixels))
    )
    result.notes.append(words)
    if copies < recipe.copies:
        result.notes.append(tr("only {n} copies of each: more would not fit into memory", n=copies))
    if result.missed:
        result.notes.append(tr("{n} augmented copies could not be made", n=result.missed))


def _nothing(modality: str, forbidden: int) -> StudioError:
    if forbidden:
        return StudioError(
            "The rights of all {n} media found forbid training.",
            hint="Choose others, or change their rights in the inspector.",
            n=forbidden,
        )
    if modality == "image":
        return StudioError(
            "There are no pictures to learn from.", hint="Import pictures first, or widen the search."
        )
    return StudioError("There are no sounds to learn from.", hint="Import sounds first, or widen the search.")


def _advice(found: Gathered, modality: str) -> list[str]:
    notes: list[str] = []
    count = len(found.pixels)
    if count < FEW and modality == "image":
        notes.append(tr("Only {n} pictures: expect near copies of them", n=count))
    elif count < FEW:
        notes.append(tr("Only {n} sounds: expect near copies of them", n=count))
    if found.forbidden:
        notes.append(tr("{n} left out because of their rights", n=found.forbidden))
    if found.unreadable:
        notes.append(tr("{n} could not be read", n=found.unreadable))
    return notes


def as_record(found: Gathered) -> dict[str, Any]:
    """What a model remembers of its training data."""
    return {
        "examples": len(found.pixels) - found.augmented,
        "augmented": found.augmented,
        "augmented_missed": found.missed,
        "assets": sorted(set(found.assets)),
        "left_out_rights": found.forbidden,
        "left_out_unreadable": found.unreadable,
    }
