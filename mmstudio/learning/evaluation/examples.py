"""The real pictures that a model is measured against: those it learned from, and those kept from it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.gather import FORBIDDEN, spectrograms_of
from mmstudio.learning.datasets.shapes import read_square
from mmstudio.learning.datasets.waves import hear_file
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.service import Trainings
    from mmstudio.library import Library

log = logging.getLogger(__name__)
Kind = Literal["image", "audio"]
MOST = 4096  # training examples read; more are thinned out evenly
MOST_HELD = 1024
MOST_SOUNDS = 512


@dataclass(slots=True)
class Examples:
    """N×C×S×S uint8 each, with the asset of every row (0 where it is not known).

    ``learned`` is False where the model learned from something else that is not here (a starter model):
    ``train`` are then the library's pictures, which it never saw.
    """

    train: NDArray[np.uint8]
    train_assets: list[int]
    held: NDArray[np.uint8]
    held_assets: list[int] = field(default_factory=list)
    learned: bool = True
    train_waves: NDArray[np.int16] | None = None  # of sounds: N×C×samples
    held_waves: NDArray[np.int16] | None = None
    notes: list[str] = field(default_factory=list)


def reading(trainings: Trainings, folder: Path, config: ModelConfig) -> Generator[Progress, None, Examples]:
    """Read again what a model learned from, by the asset ids it remembers; where it remembers none of this
    library, what the library has of the kind.

    Raises:
        StudioError: nothing to measure against.
    """
    library = trainings.library
    ids = [int(asset) for asset in config.trained.get("assets", [])]
    held_ids = [int(asset) for asset in config.trained.get("held_assets", [])]
    own = folder.parent == library.models_dir
    if not own:
        ids, held_ids = _of_the_library(library, config), []
    notes: list[str] = []
    if len(ids) > MOST:
        notes.append(tr("Measured against {n} of {total} training examples", n=MOST, total=len(ids)))
    if "sound" in config.parts:
        return (yield from _hearing(trainings, folder, config, ids, held_ids))
    train, train_assets = yield from _read(library, _thinned(ids, MOST), config)
    held, held_assets = yield from _read(library, _thinned(held_ids, MOST_HELD), config)
    if own and not len(train):
        train, held = _kept(folder, config)
        train_assets, held_assets = [0] * len(train), [0] * len(held)
    if not len(train):
        raise _nothing(config)
    gone = len(ids) - len(set(train_assets)) if own and len(ids) <= MOST else 0
    if gone and any(train_assets):
        notes.append(tr("{n} of its training examples are gone or cannot be read", n=gone))
    if not own:
        notes.append(tr("Measured against what this library holds, not against what it learned from"))
    return Examples(train, train_assets, held, held_assets, own, notes=notes)


def _nothing(config: ModelConfig) -> StudioError:
    return StudioError(
        "There is nothing here to measure “{name}” against.",
        hint="Import the pictures it learned from, or others of their kind.",
        name=config.name,
    )


def _hearing(
    trainings: Trainings, folder: Path, config: ModelConfig, ids: list[int], held_ids: list[int]
) -> Generator[Progress, None, Examples]:
    """The same for sounds, as waves and as spectrograms."""
    from mmstudio.learning.datasets.sound_source import spectrograms
    from mmstudio.learning.engine.sound_data import load_sounds

    library, shape = trainings.library, SoundShape.of(config)
    own = folder.parent == library.models_dir
    notes: list[str] = []
    if len(ids) > MOST_SOUNDS:
        notes.append(tr("Measured against {n} of {total} training sounds", n=MOST_SOUNDS, total=len(ids)))
    train, train_assets = yield from _waves(library, _thinned(ids, MOST_SOUNDS), shape)
    held, held_assets = yield from _waves(library, _thinned(held_ids, MOST_SOUNDS // 2), shape)
    if own and not len(train) and (kept := load_sounds(folder, config.seed)) is not None:
        train = np.array(kept.waves[: len(kept) - int(config.trained.get("augmented", 0))][:MOST_SOUNDS])
        train_assets = [0] * len(train)
        if kept.held is not None:
            held = np.array(kept.held[: MOST_SOUNDS // 2])
            held_assets = [0] * len(held)
    if not len(train):
        raise _nothing(config)
    if not own:
        notes.append(tr("Measured against this library's sounds, not against those it learned from"))
    pictures = [spectrograms(waves, shape, max(1, len(waves))) for waves in (train, held)]
    return Examples(pictures[0], train_assets, pictures[1], held_assets, own, train, held, notes)


def _waves(
    library: Library, ids: list[int], shape: SoundShape
) -> Generator[Progress, None, tuple[NDArray[np.int16], list[int]]]:
    from mmstudio.learning.engine.sound_data import to_int16

    rows: list[NDArray[np.int16]] = []
    assets: list[int] = []
    for index, asset in enumerate(library.assets.get_many(ids)):
        yield Progress(index, len(ids), tr("Reading {done} of {total}", done=index, total=len(ids)))
        try:
            path = library.assets.path_of(asset)
            pieces = hear_file(path, shape, measured=False, most=2).pieces
        except (StudioError, OSError) as error:
            log.info("not measured against: %s: %s", asset.rel_path, error)
            continue
        rows += [to_int16(piece) for piece in pieces]
        assets += [asset.id] * len(pieces)
    empty = np.zeros((0, shape.channels, shape.samples), np.int16)
    return np.stack(rows) if rows else empty, assets


def _of_the_library(library: Library, config: ModelConfig) -> list[int]:
    kind: Kind = "audio" if config.channels == 1 else "image"
    assets = library.assets.get_many(library.assets.ids(AssetFilter(kinds=(kind,), origin="imported")))
    return [asset.id for asset in assets if asset.rights not in FORBIDDEN]


def _thinned(ids: Sequence[int], most: int) -> list[int]:
    if len(ids) <= most:
        return list(ids)
    return [ids[i] for i in np.linspace(0, len(ids) - 1, most).astype(int)]


def _read(
    library: Library, ids: list[int], config: ModelConfig
) -> Generator[Progress, None, tuple[NDArray[np.uint8], list[int]]]:
    rows: list[NDArray[np.uint8]] = []
    assets: list[int] = []
    known = {asset.id: asset for asset in library.assets.get_many(ids)}
    for index, asset_id in enumerate(ids):
        if index % 8 == 0:
            yield Progress(index, len(ids), tr("Reading {done} of {total}", done=index, total=len(ids)))
        if (asset := known.get(asset_id)) is None:
            continue
        try:
            path = library.assets.path_of(asset)
            pieces = (
                [read_square(path, config.size, config.fit, config.aspect)]
                if config.channels == 3
                else spectrograms_of(path)
            )
        except (StudioError, OSError) as error:
            log.info("not measured against: %s: %s", asset.rel_path, error)
            continue
        rows += pieces
        assets += [asset_id] * len(pieces)
    if rows:
        return np.stack(rows), assets
    return np.zeros((0, config.channels, config.size, config.size), np.uint8), []


def _kept(folder: Path, config: ModelConfig) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What an unfinished training keeps beside it; augmented copies come last and are left out."""
    from mmstudio.learning.engine.data import DATA, load_pixels

    nothing = np.zeros((0, config.channels, config.size, config.size), np.uint8)
    train, held = load_pixels(folder / DATA["pixels"]), load_pixels(folder / DATA["held"])
    if train is None:
        return nothing, nothing
    train = train[: len(train) - int(config.trained.get("augmented", 0))]
    return np.array(train[:MOST]), nothing if held is None else np.array(held[:MOST_HELD])
