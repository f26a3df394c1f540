"""From library assets to one uint8 array that a family can train on; the io half of a training, no torch."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import StudioError
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.datasets.choose import FORBIDDEN, choose, modality_of
from mmstudio.learning.datasets.describe import Describer
from mmstudio.learning.datasets.shapes import read_picture, read_square, to_square
from mmstudio.learning.datasets.sounds import spectrograms_of, varied_spectrograms
from mmstudio.learning.datasets.split import held_out

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.features.augment import AugmentRecipe
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library

__all__ = ["FORBIDDEN", "Gathered", "as_record", "gather", "picture_of", "spectrograms_of"]

log = logging.getLogger(__name__)
FEW = 20
MOST_BYTES = 1_000_000_000  # of originals and augmented copies together; fewer copies are made above it


@dataclass(slots=True)
class Gathered:
    """Training data: N×C×H×W uint8, the assets they come from (one per row), and what was left out.

    ``held`` are examples kept out of training (M×C×H×W), of the assets ``held_assets``; ``conditions`` are
    one row per example (see :mod:`mmstudio.learning.conditions`), ``held_conditions`` for the held-out ones.
    Originals come first; the last ``augmented`` rows are their augmented copies, ``missed`` more came out
    empty or could not be read again. The ids of what was not used: ``forbidden_assets`` (rights),
    ``unreadable_assets`` (gone, damaged, silent) and ``left_out`` (by the person).
    """

    pixels: NDArray[Any]  # of sounds: N×C×samples int16
    assets: list[int]
    held: NDArray[np.uint8] | None = None
    held_assets: list[int] = field(default_factory=list)
    conditions: NDArray[np.float32] | None = None
    held_conditions: NDArray[np.float32] | None = None
    forbidden_assets: list[int] = field(default_factory=list)
    unreadable_assets: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    augmented: int = 0
    missed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def forbidden(self) -> int:
        """How many assets' rights forbid training."""
        return len(self.forbidden_assets)

    @property
    def unreadable(self) -> int:
        """How many assets could not be read."""
        return len(self.unreadable_assets)


def picture_of(path: Path, model: ModelConfig | int) -> NDArray[np.uint8]:
    """3×S×S uint8: a picture as a model sees it, by its size, fit and aspect (a number: the middle square of
    so many pixels).

    Raises:
        MediaError, OSError: not a picture, damaged, gone.
    """
    if isinstance(model, int):
        return read_square(path, model)
    return read_square(path, model.size, model.fit, model.aspect)


def gather(library: Library, config: ModelConfig) -> Generator[Progress, None, Gathered]:
    """Decode what ``config.query`` finds (all imported pictures or sounds where it is empty).

    Assets whose rights forbid training are left out, unreadable ones and ``config.leave_out`` too; all are
    counted. About a tenth of the pictures is held out (see ``split``). With ``config.augment`` that many
    augmented copies of each training example follow the originals; the same recipe gives the same copies
    again.

    Raises:
        StudioError: nothing to learn from, or nothing to describe it by.
    """
    modality = modality_of(config)
    chosen = choose(library, config)
    if not chosen.usable:
        raise nothing_found(modality, len(chosen.forbidden), len(chosen.left_out))
    apart = held_out(chosen.usable, config.seed) if modality == "image" else set()
    rows, found = yield from _read(library, config, chosen.usable)
    unreadable = [asset.id for asset in chosen.usable if asset.id not in set(found)]
    if not rows:
        raise StudioError(
            "None of the {n} media found can be read.",
            hint="Look at them in the library: they may be missing or damaged.",
            n=len(unreadable),
        )
    train = [place for place, asset_id in enumerate(found) if asset_id not in apart]
    if not train:  # only held-out ones could be read
        train, apart = list(range(len(rows))), set()
    held = [place for place, asset_id in enumerate(found) if asset_id in apart]
    result = Gathered(
        np.stack([rows[place] for place in train]),
        [found[place] for place in train],
        np.stack([rows[place] for place in held]) if held else None,
        [found[place] for place in held],
        forbidden_assets=chosen.forbidden,
        unreadable_assets=unreadable,
        left_out=chosen.left_out,
    )
    del rows
    notes = _advice(result, modality)
    augment = read_recipe(config.augment) if config.augment else None
    if augment is not None and augment.active(modality):
        used = set(result.assets)
        usable = [asset for asset in chosen.usable if asset.id in used]
        yield from _add_copies(library, config, result, usable, augment)
    yield from _describe(library, config, result)
    result.notes += notes
    return result


def _read(
    library: Library, config: ModelConfig, assets: list[Asset]
) -> Generator[Progress, None, tuple[list[NDArray[np.uint8]], list[int]]]:
    rows: list[NDArray[np.uint8]] = []
    found: list[int] = []
    every = 16 if config.size <= 128 else 4  # a cancel is heard within a second
    for index, asset in enumerate(assets):
        if index % every == 0:
            yield Progress(0, None, tr("Reading {done} of {total}", done=index, total=len(assets)))
        try:
            path = library.assets.path_of(asset)
            pieces = [picture_of(path, config)] if asset.kind == "image" else spectrograms_of(path)
        except (StudioError, OSError) as error:
            log.info("left out of training: %s: %s", asset.rel_path, error)
            continue
        rows += pieces
        found += [asset.id] * len(pieces)
    return rows, found


def _copy_of(
    library: Library, config: ModelConfig, asset: Asset, recipe: AugmentRecipe, index: int
) -> list[NDArray[np.uint8]]:
    """Augmented copy ``index`` of an asset, in the shape of its originals."""
    path = library.assets.path_of(asset)
    if asset.kind != "image":
        return varied_spectrograms(path, recipe, index, asset.sha256)
    from mmstudio.features.augment import augment_picture
    from mmstudio.media.image import over_white

    picture = np.asarray(over_white(read_picture(path, config.size, config.fit, config.aspect)))
    varied = Image.fromarray(augment_picture(picture, recipe, index, asset.sha256).pixels)
    return [to_square(varied, config.size, config.fit, config.aspect)]


def _add_copies(
    library: Library, config: ModelConfig, result: Gathered, usable: list[Asset], recipe: AugmentRecipe
) -> Generator[Progress, None, None]:
    originals, modality = len(result.pixels), modality_of(config)
    copies = min(recipe.copies, max(0, MOST_BYTES // max(1, result.pixels.nbytes) - 1))
    rows: list[NDArray[np.uint8]] = []
    sources: list[int] = []
    for index in range(copies):
        for place, asset in enumerate(usable):
            if modality == "audio" or place % 8 == 0:  # a cancel is heard within 300 ms
                done = index * len(usable) + place
                note = tr("Augmenting {done} of {total}", done=done, total=copies * len(usable))
                yield Progress(0, None, note)
            try:
                pieces = _copy_of(library, config, asset, recipe, index)
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


def _describe(library: Library, config: ModelConfig, result: Gathered) -> Generator[Progress, None, None]:
    conditions = Conditions.of(config.condition)
    if not conditions.width:
        return
    describer = Describer(library, conditions, sorted({*result.assets, *result.held_assets}))
    made: list[NDArray[np.float32]] = []
    pairs = [*zip(result.assets, result.pixels, strict=True)]
    if result.held is not None:
        pairs += zip(result.held_assets, result.held, strict=True)
    for place, (asset_id, pixels) in enumerate(pairs):
        if place % 64 == 0:
            yield Progress(0, None, tr("Describing {done} of {total}", done=place, total=len(pairs)))
        made.append(describer.row(asset_id, pixels))
    table = np.stack(made)
    result.conditions = table[: len(result.pixels)]
    if result.held is not None:
        result.held_conditions = table[len(result.pixels) :]


def nothing_found(modality: str, forbidden: int, left_out: int) -> StudioError:
    """What to say where a search finds nothing that may be learned from."""
    if left_out:
        return StudioError(
            "All media found were left out.", hint="Take fewer out, or widen the search.", n=left_out
        )
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
    count = len(found.pixels) + len(found.held_assets)
    if modality == "image":
        if count == 1:
            notes.append(tr("Only one picture: the model can only draw that one"))
        elif same(found.pixels):
            notes.append(tr("All {n} pictures are the same: the model can only draw that one", n=count))
        elif count < FEW:
            notes.append(tr("Only {n} pictures: expect near copies of them", n=count))
    elif count < FEW:
        notes.append(tr("Only {n} sounds: expect near copies of them", n=count))
    if found.held is not None:
        notes.append(tr("{n} are held out to judge by", n=len(found.held)))
    if found.forbidden:
        notes.append(tr("{n} left out because of their rights", n=found.forbidden))
    if found.left_out:
        notes.append(tr("{n} left out as you wished", n=len(found.left_out)))
    if found.unreadable:
        notes.append(tr("{n} could not be read", n=found.unreadable))
    return notes


def same(pixels: NDArray[np.uint8]) -> bool:
    """Whether all of N×C×H×W are one picture."""
    return all(np.array_equal(pixels[0], one) for one in pixels[1:])


def as_record(found: Gathered, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a model remembers of its training data; ``before`` is what it remembered of earlier data, if it
    learned from them: what it ever saw stays known."""
    before = before or {}
    now = {*found.assets, *found.held_assets}
    earlier = {int(i) for key in ("assets", "held_assets", "earlier_assets") for i in before.get(key, ())}
    return {
        "examples": len(found.pixels) - found.augmented,
        "augmented": found.augmented,
        "augmented_missed": found.missed,
        "assets": sorted(set(found.assets)),
        "held_assets": sorted(set(found.held_assets)),
        "earlier_assets": sorted(earlier - now),
        "left_out_rights": found.forbidden,
        "left_out_rights_assets": sorted(found.forbidden_assets),
        "left_out_wished": len(found.left_out),
        "left_out_unreadable": found.unreadable,
    }
