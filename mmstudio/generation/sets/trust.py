"""Which models have learned too little to be taken unasked, and what is said where one is used anyway."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.learning.config import ModelConfig

log = logging.getLogger(__name__)
LEAST_STEPS = 200  # of a training: a floor against trials (docs/adr/0148), no measure of quality
# What an evaluation measures → what chance gives there.
_AGAINST = {"coherence": "coherence_chance", "round_trip_10": "chance_round_trip_10"}


def doubts(generation: Generation, name: str) -> tuple[str, ...]:
    """Sentences about a model that has learned little, none where all is well or it came with the program.

    The floor: fewer than :data:`LEAST_STEPS` steps, itself or a model under it; or an evaluation of its own
    ("evaluate") by which it does no better than chance.
    """
    config = _config(generation, name)
    if config is None:
        return ()
    found = [_few(each) for each in (config, *_below(generation, config)) if _short(each)]
    if _no_better_than_chance(config.trained.get("metrics") or {}):
        found.append(tr("By its own evaluation “{name}” does no better than chance.", name=name))
    return tuple(found)


def standing(generation: Generation, name: str) -> float | None:
    """How good a joint model is by its own evaluation ("evaluate"), 0 (chance) to 1; None: not measured.

    The mean of what was measured of: coherence between chance and what real media reach, and finding a
    set again among many by what was made from it, between chance and always.
    """
    config = _config(generation, name)
    metrics = (config.trained.get("metrics") or {}) if config is not None else {}
    found = []
    for key, chance in _AGAINST.items():
        most = float(metrics.get(f"{key}_ceiling") or 1.0)
        if {key, chance} <= set(metrics) and most > float(metrics[chance]):
            share = (float(metrics[key]) - float(metrics[chance])) / (most - float(metrics[chance]))
            found.append(min(1.0, max(0.0, share)))
    return sum(found) / len(found) if found else None


def notes_of(generation: Generation, names: Iterable[str]) -> tuple[str, ...]:
    """:func:`doubts` of several models, each once; what is no model of the library ("facts", "") has none."""
    found = [note for name in dict.fromkeys(names) if name for note in doubts(generation, name)]
    return tuple(dict.fromkeys(found))


def _config(generation: Generation, name: str) -> ModelConfig | None:
    from mmstudio import paths
    from mmstudio.learning.config import load_config

    try:
        folder = generation.trainings.folder(name)
        return None if folder.parent == paths.starter_models() else load_config(folder)
    except StudioError as error:  # an engine that writes, or a model that is gone: others say so
        log.debug("nothing is known of %s: %s", name, error)
        return None


def _below(generation: Generation, config: ModelConfig) -> list[ModelConfig]:
    names = dict(config.parts.get("from", {})).values() if config.parts else ()
    return [each for each in (_config(generation, str(name)) for name in names) if each is not None]


def _steps(config: ModelConfig) -> int:
    return int(config.trained.get("steps", 0) or 0)


def _short(config: ModelConfig) -> bool:
    """A model that began with another one knows what that knew: a few steps of its own are enough."""
    return _steps(config) < LEAST_STEPS and not config.base


def _few(config: ModelConfig) -> str:
    return tr(
        "“{name}” has learned for {n} steps only: expect noise. Train it further (from {least} steps on).",
        name=config.name,
        n=_steps(config),
        least=LEAST_STEPS,
    )


def _no_better_than_chance(metrics: Mapping[str, Any]) -> bool:
    """Whether something was measured and none of it is above chance."""
    known = [
        (metrics[key], metrics[chance]) for key, chance in _AGAINST.items() if {key, chance} <= set(metrics)
    ]
    return bool(known) and all(float(value) <= float(chance) for value, chance in known)
