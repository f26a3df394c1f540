"""Which model learned from which media, what came of it, and how to have media forgotten.

Only ids of this library count: a model that was copied in from elsewhere names assets of another one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import StudioError
from mmstudio.i18n import mark
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.datasets.choose import forbidden_now
from mmstudio.learning.evaluation.report import folder_of
from mmstudio.learning.families import default_config, family

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.service import Trainings
    from mmstudio.learning.training import Wish
    from mmstudio.library import Library

How = Literal["trained", "held-out", "base"]
# What a model remembers → how it saw it; the first that holds is told.
_KEYS: dict[str, How] = {
    "assets": "trained",
    "earlier_assets": "trained",
    "held_assets": "held-out",
    "inherited_assets": "base",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One asset that a model saw.

    Attributes:
        how: "trained" (learned from), "held-out" (judged by) or "base" (seen by a model it started from).
        rights: its rights now; "" where it is no longer in the library.
        forgotten: whether its rights forbid training now, or it was forgotten and is gone.
    """

    asset_id: int
    title: str
    how: How
    rights: str
    forgotten: bool


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model that saw an asset."""

    name: str
    family: str
    how: How


@dataclass(frozen=True, slots=True)
class OutputUse:
    """One generated asset: ``how`` is "model" (by a model that saw the asset) or "source" (made from it)."""

    asset_id: int
    title: str
    model: str
    how: Literal["model", "source"]


@dataclass(frozen=True, slots=True)
class BoardUse:
    """A storyboard with an asset or with an output that came of it; ``files`` were exported of it."""

    id: int
    name: str
    files: list[str]


@dataclass(frozen=True, slots=True)
class UsedBy:
    """What used an asset."""

    models: list[ModelUse] = field(default_factory=list)
    outputs: list[OutputUse] = field(default_factory=list)
    storyboards: list[BoardUse] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of a wish to forget.

    Attributes:
        assets: whose rights are now "no-training". models: that saw one of them, all marked.
        outputs: generated assets that used one of them; they stay.
    """

    assets: list[int]
    models: list[str]
    outputs: list[int]


def saw(trainings: Trainings, model: str) -> list[Seen]:
    """What a model saw of this library, by rising id. Raises NotFound, StudioError (damaged)."""
    folder = trainings.folder(model)
    config = load_config(folder)
    ways = _ways(trainings.library, folder, config)
    gone = set(_refreshed(trainings, folder, config))
    known = {asset.id: asset for asset in trainings.library.assets.get_many(sorted(ways))}
    found = []
    for asset_id, how in sorted(ways.items()):
        asset = known.get(asset_id)
        title, rights = (asset.title or asset.rel_path, asset.rights) if asset else ("", "")
        found.append(Seen(asset_id, title, how, rights, asset_id in gone))
    return found


def used_by(trainings: Trainings, asset_id: int) -> UsedBy:
    """Which models saw an asset, which generated assets they or it led to, and what was composed of them.

    Raises NotFound.
    """
    library = trainings.library
    library.assets.get(asset_id)
    models = _models_that_saw(trainings, {asset_id})
    outputs = _outputs(library, {one.name for one in models}, {asset_id})
    return UsedBy(models, outputs, _boards(library, {asset_id, *(one.asset_id for one in outputs)}))


def forget(trainings: Trainings, asset_ids: Sequence[int]) -> Forgotten:
    """Forbid training on assets and mark the models that saw them.

    The rights are one step of the library's undo; taken back, the marks go when a model is looked at again.
    Evaluations that show training pictures go. Models keep their weights: only a new training forgets
    (:func:`retrain_wish`).

    Raises:
        NotFound: no such asset. ReadOnly: the library cannot be written.
    """
    trainings.writable()
    library = trainings.library
    ids = list(dict.fromkeys(asset_ids))
    already = {asset_id for asset_id in ids if library.assets.get(asset_id).rights == "no-training"}
    with library.undo.as_one(mark("Forget {n} media in training"), n=len(ids)):
        library.assets.set_rights([asset_id for asset_id in ids if asset_id not in already], "no-training")
    models = _models_that_saw(trainings, set(ids))
    for one in models:
        folder = trainings.folder(one.name)
        _refreshed(trainings, folder, load_config(folder))
        # An evaluation keeps training pictures beside drawn ones.
        shutil.rmtree(folder_of(library, one.name), ignore_errors=True)
    outputs = _outputs(library, {one.name for one in models}, set(ids))
    return Forgotten(ids, [one.name for one in models], [one.asset_id for one in outputs])


def retrain_wish(trainings: Trainings, model: str) -> Wish:
    """The same training without what was forgotten, under a new name.

    A base that saw something forgotten is left out too: the nearest one before it that did not is taken.
    Raises NotFound, StudioError (damaged).
    """
    from mmstudio.learning.training import Wish

    config = load_config(trainings.folder(model))
    gone = forgotten_of(trainings.library, trainings.folder(model), config)
    base, looked = config.base, {model}
    while base:
        if base in looked:
            base = ""
            break
        looked.add(base)
        try:
            folder = trainings.folder(base)
            start = load_config(folder)
        except StudioError:
            base = ""
            break
        if not forgotten_of(trainings.library, folder, start):
            break
        base = start.base
    info = family(config.family)
    picture = info.modality == "image"
    usual = default_config(config.family, "", size=config.size if picture else 64)
    settings = {
        key: value
        for key, value in config.options.items()
        if (key in usual.options or key in info.more_options) and usual.options.get(key) != value
    }
    if config.rate != usual.rate:
        settings["rate"] = config.rate
    if config.latent != usual.latent and not base:
        settings["latent"] = float(config.latent)
    if not base:
        settings.pop("freeze", None)
    return Wish(
        config.family,
        _new_name(trainings, model),
        steps=config.steps,
        size=config.size or None,
        seed=config.seed,
        base=base or None,
        query=config.query,
        batch=config.batch,
        augment=config.augment or None,
        fit=config.fit,
        aspect=config.aspect,
        condition=dict(config.condition),
        parts=dict(config.parts),
        width=config.widths[0] // 8 if picture and not base else None,
        options=settings,
        leave_out=sorted({*config.leave_out, *gone}),
    )


# -- what a training asks ----------------------------------------------------------------------------------


def seen_ids(library: Library, folder: Path, config: ModelConfig) -> set[int]:
    """Ids of this library's assets that a model saw in any way."""
    return set(_ways(library, folder, config))


def forgotten_of(
    library: Library, folder: Path, config: ModelConfig, forbidden: set[int] | None = None
) -> list[int]:
    """Which of the assets a model saw are forgotten: their rights forbid training now, or they were forgotten
    and are gone for good. ``forbidden``: :func:`forbidden_now`, where it is known already."""
    ids = seen_ids(library, folder, config)
    marked = {int(i) for i in config.trained.get("forgotten", ())} & ids
    if not ids:
        return []
    now = forbidden_now(library) if forbidden is None else forbidden
    lost = marked - now
    if lost:
        lost -= {asset.id for asset in library.assets.get_many(sorted(lost))}
    return sorted((ids & now) | lost)


def inherited(trainings: Trainings, base: str) -> list[int]:
    """What a model that starts from ``base`` saw already."""
    folder = trainings.folder(base)
    return sorted(seen_ids(trainings.library, folder, load_config(folder)))


# -- inside ------------------------------------------------------------------------------------------------


def _ways(library: Library, folder: Path, config: ModelConfig) -> dict[int, How]:
    own = folder.parent == library.models_dir
    if config.trained.get("library", library.id if own else "") != library.id:
        return {}
    found: dict[int, How] = {}
    for key, how in _KEYS.items():
        for asset_id in config.trained.get(key, ()):
            found.setdefault(int(asset_id), how)
    return found


def _refreshed(trainings: Trainings, folder: Path, config: ModelConfig) -> list[int]:
    """What is forgotten now; the model's mark and card are brought in line where they can be written."""
    gone = forgotten_of(trainings.library, folder, config)
    own = folder.parent == trainings.library.models_dir and not trainings.library.read_only
    if own and gone != config.trained.get("forgotten", []):
        mark_forgotten(config.trained, gone)
        config.save(folder)
        write_card(folder, config)
        trainings.library.models.update(config.name)
    return gone


def mark_forgotten(trained: dict[str, Any], ids: Iterable[int]) -> None:
    """Write down what is forgotten; nothing where nothing is."""
    trained["forgotten"] = sorted(ids)
    if not trained["forgotten"]:
        del trained["forgotten"]


def _models_that_saw(trainings: Trainings, ids: set[int]) -> list[ModelUse]:
    found = []
    for info in trainings.models():
        if info.status == "damaged":
            continue
        config = load_config(info.path)
        ways = _ways(trainings.library, info.path, config)
        hows = [ways[asset_id] for asset_id in ids if asset_id in ways]
        if hows:
            best = min(hows, key=list(_KEYS.values()).index)
            found.append(ModelUse(info.name, config.family, best))
    return found


def _outputs(library: Library, models: set[str], sources: set[int]) -> list[OutputUse]:
    """Generated assets by these models or from these sources, and those that were made from them in turn."""
    rows = [row for row in library.generations.list() if row.asset_id is not None]
    found: dict[int, OutputUse] = {}
    reached = set(sources)
    grown = True
    while grown:
        grown = False
        for row in rows:
            if row.asset_id in found or row.asset_id is None:
                continue
            if reached & set(row.sources):
                found[row.asset_id] = OutputUse(row.asset_id, "", row.model, "source")
            elif row.model in models:
                found[row.asset_id] = OutputUse(row.asset_id, "", row.model, "model")
            else:
                continue
            reached.add(row.asset_id)
            grown = True
    known = {asset.id: asset for asset in library.assets.get_many(sorted(found))}
    return [
        OutputUse(one.asset_id, known[i].title or known[i].rel_path, one.model, one.how)
        for i, one in sorted(found.items())
        if i in known
    ]


def _boards(library: Library, assets: set[int]) -> list[BoardUse]:
    files: dict[int, list[str]] = {}
    for row in library.exports.list():
        if row.storyboard_id is not None:
            files.setdefault(row.storyboard_id, []).append(row.path)
    return [
        BoardUse(board.id, board.name, files.get(board.id, []))
        for board in library.storyboards.list()
        if assets & set(_asset_ids(board.data))
    ]


def _asset_ids(data: Any) -> Iterator[int]:
    """Every ``asset_id`` anywhere in a storyboard's plain data."""
    if isinstance(data, dict):
        if isinstance(data.get("asset_id"), int):
            yield data["asset_id"]
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from _asset_ids(one)


def _new_name(trainings: Trainings, model: str) -> str:
    taken = {info.name for info in trainings.models()}
    stem, _, number = model.rpartition(" ")
    start, stem = (int(number), stem) if stem and number.isdigit() and len(number) < 6 else (1, model)
    while f"{stem} {start + 1}" in taken:
        start += 1
    return f"{stem} {start + 1}"
