"""Sounds of the library as training data of a family; see :class:`FamilyInfo.source`."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets import source
from mmstudio.learning.datasets.choose import choose, forbidden_now
from mmstudio.learning.datasets.describe import Describer
from mmstudio.learning.datasets.gather import FEW, Gathered, as_record, nothing_found
from mmstudio.learning.datasets.split import held_out
from mmstudio.learning.datasets.waves import MOST_PIECES, Heard, hear_file
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.rights import inherited

if TYPE_CHECKING:
    from mmstudio.features.augment import AugmentRecipe
    from mmstudio.learning.engine.data import TrainingData
    from mmstudio.learning.engine.judge import Judge
    from mmstudio.learning.engine.sound_data import Rows, SoundData
    from mmstudio.learning.service import Trainings
    from mmstudio.library import Asset, Library

log = logging.getLogger(__name__)
MOST_BYTES = 4_000_000_000  # of pieces on the disk; fewer of each file are kept above it
_JUDGED = 512  # pieces that a judge compares with


@dataclass(slots=True)
class _Side:
    """What was written of one side, the training's or the held-out one."""

    assets: list[int] = field(default_factory=list)
    conditions: list[NDArray[np.float32]] = field(default_factory=list)


def data(
    trainings: Trainings, folder: Path, config: ModelConfig
) -> Generator[Progress, None, tuple[TrainingData, list[str]]]:
    """Waves of the library's sounds, written beside the model; models of the first kind get spectrograms.

    Raises:
        StudioError: nothing to learn from. DiskFull: nothing is left behind.
    """
    from mmstudio.learning.engine.sound_data import load_sounds

    if "sound" not in config.parts:
        return (yield from source.data(trainings, folder, config))
    library, notes = trainings.library, list[str]()
    kept = load_sounds(folder, config.seed) if "assets" in config.trained else None
    if kept is not None:
        gone = forbidden_now(library) & {*config.trained["assets"], *config.trained.get("held_assets", ())}
        if not gone:
            return kept, []
        notes.append(tr("forgotten since, so that the data is read anew without them: {n}", n=len(gone)))
    if config.base and "inherited_assets" not in config.trained:
        config.trained["inherited_assets"] = inherited(trainings, config.base)
    found = yield from gather_sounds(library, folder, config)
    before = config.trained if trainings.has_weights(folder) else None
    config.trained |= as_record(found, before) | {"library": library.id}
    made = load_sounds(folder, config.seed)
    assert made is not None
    return made, notes + found.notes


def gather_sounds(library: Library, folder: Path, config: ModelConfig) -> Generator[Progress, None, Gathered]:
    """Decode what ``config.query`` finds into the files of :func:`engine.sound_data.load_sounds`.

    About a tenth of the files is held out; with ``config.augment`` varied copies follow the originals. No
    file counts more than another, however long it is.

    Raises:
        StudioError: nothing to learn from.
    """
    from mmstudio.learning.engine.data import DATA, load_array, remove_data
    from mmstudio.learning.engine.sound_data import save_sounds, writing

    shape = SoundShape.of(config)
    chosen = choose(library, config)
    if not chosen.usable:
        raise nothing_found("audio", len(chosen.forbidden), len(chosen.left_out))
    apart = held_out(chosen.usable, config.seed)
    recipe = read_recipe(config.augment) if config.augment else None
    copies = recipe.copies if recipe is not None and recipe.active("audio") else 0
    reader = _Reader(library, config, shape, chosen.usable, copies)
    size = (shape.channels, shape.samples)
    train, held = _Side(), _Side()
    remove_data(folder)
    with writing(folder / DATA["pixels"], size) as rows:
        ours = [asset for asset in chosen.usable if asset.id not in apart]
        yield from reader.read(ours, rows, train)
        if not rows.count:  # only held-out ones could be read
            apart = set()
            yield from reader.read(chosen.usable, rows, train)
        if not rows.count:
            raise StudioError(
                "None of the {n} media found can be read.",
                hint="Look at them in the library: they may be missing, damaged or silent.",
                n=len(chosen.usable),
            )
        originals = rows.count
        if recipe is not None:
            used = set(train.assets)
            for index in range(copies):
                again = [asset for asset in ours if asset.id in used]
                yield from reader.read(again, rows, train, (recipe, index))
        total = rows.count
    if apart:
        with writing(folder / DATA["held"], size) as rows:
            yield from reader.read([a for a in chosen.usable if a.id in apart], rows, held)
    tables = [np.stack(side.conditions) if side.conditions else None for side in (train, held)]
    save_sounds(folder, train.assets, *tables)
    seen = {*train.assets, *held.assets}
    waves = load_array(folder / DATA["pixels"])
    assert waves is not None
    found = Gathered(
        waves,
        train.assets,
        None,
        held.assets,
        forbidden_assets=chosen.forbidden,
        unreadable_assets=[asset.id for asset in chosen.usable if asset.id not in seen],
        left_out=chosen.left_out,
        augmented=total - originals,
    )
    found.notes = _notes(found, len(seen), originals)
    return found


class _Reader:
    """Reads assets one after another into rows."""

    def __init__(
        self, library: Library, config: ModelConfig, shape: SoundShape, assets: list[Asset], copies: int
    ) -> None:
        self.library, self.shape = library, shape
        self.conditions = Conditions.of(config.condition)
        ids = [asset.id for asset in assets]
        self.describer = Describer(library, self.conditions, ids)
        self.tags = library.assets.tags_of(ids)
        room = MOST_BYTES // (2 * shape.channels * shape.samples * max(1, len(assets)) * (1 + copies))
        self.most = max(1, min(MOST_PIECES, room))

    def read(
        self, assets: list[Asset], rows: Rows, side: _Side, varied: tuple[AugmentRecipe, int] | None = None
    ) -> Generator[Progress, None, None]:
        from mmstudio.learning.engine.sound_data import to_int16

        for place, asset in enumerate(assets):
            if varied is None:
                note = tr("Reading {done} of {total}", done=place, total=len(assets))
            else:
                note = tr("Augmenting {done} of {total}", done=place, total=len(assets))
            yield Progress(0, None, note)
            heard = self._heard(asset, varied)
            for wave, tempo, key in zip(heard.pieces, heard.tempo, heard.key, strict=True):
                rows.add(to_int16(wave))
                side.assets.append(asset.id)
                if self.conditions.width:
                    side.conditions.append(self.describer.sound_row(asset.id, tempo, key))

    def _heard(self, asset: Asset, varied: tuple[AugmentRecipe, int] | None) -> Heard:
        measured = self.conditions.tempo or self.conditions.key
        copy = None if varied is None else (*varied, asset.sha256)
        tags = self.tags.get(asset.id, ())
        try:
            path = self.library.assets.path_of(asset)
            return hear_file(path, self.shape, tags, measured=measured, varied=copy, most=self.most)
        except (StudioError, OSError) as error:
            log.info("left out of training: %s: %s", asset.rel_path, error)
            return Heard()


def _notes(found: Gathered, files: int, originals: int) -> list[str]:
    notes = []
    if files < FEW:
        notes.append(tr("Only {n} sounds: expect near copies of them", n=files))
    if found.augmented:
        total = originals + found.augmented
        notes.append(tr("{n} pieces of sound, {total} with augmentation", n=originals, total=total))
    if found.held_assets:
        notes.append(tr("{n} are held out to judge by", n=len(found.held_assets)))
    if found.forbidden:
        notes.append(tr("{n} left out because of their rights", n=found.forbidden))
    if found.left_out:
        notes.append(tr("{n} left out as you wished", n=len(found.left_out)))
    if found.unreadable:
        notes.append(tr("{n} could not be read or are silent", n=found.unreadable))
    return notes


def judge(config: ModelConfig, data: SoundData | Any, device: str) -> Judge | None:
    """Measures spectrograms by their thumbnails; not for short trainings and models of the first kind."""
    if "sound" not in config.parts or config.steps < 25:
        return None
    from mmstudio.learning.engine.judge import Judge

    shape = SoundShape.of(config)
    train = spectrograms(data.waves, shape, _JUDGED)
    held = None if data.held is None or not len(data.held) else spectrograms(data.held, shape, _JUDGED)
    return Judge(train, held)


def spectrograms(waves: NDArray[np.int16], shape: SoundShape, most: int) -> NDArray[np.uint8]:
    """N×C×samples int16 → at most ``most`` of them, spread over all, as N×1×(C·bands)×frames uint8."""
    from mmstudio.learning.engine.data import to_bytes
    from mmstudio.learning.engine.sound_data import to_waves
    from mmstudio.learning.engine.spectra import mel_of

    which = [len(waves) * i // min(len(waves), most) for i in range(min(len(waves), most))]
    made = [to_bytes(mel_of(to_waves(np.asarray(waves[i : i + 1])), shape)) for i in which]
    empty = np.zeros((0, 1, shape.channels * shape.bands, shape.frames), np.uint8)
    return np.concatenate(made) if made else empty
