"""One training from what a person asked for to a model in the library."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import Cancelled, UsageError
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.card import write_card
from mmstudio.learning.config import CONFIG, ModelConfig, load_config, safe_name
from mmstudio.learning.families import default_config, default_widths, family, set_options

if TYPE_CHECKING:
    from mmstudio.learning.service import Trainings

FITS = ("crop", "smart", "pad", "stretch")
_FEW_FOR_COLOUR = 1000  # pictures below which colours are varied too (Zhao et al., NeurIPS 2020)


@dataclass(slots=True)
class Wish:
    """What a person asks of a new training; None means what the family or the base says.

    Attributes:
        family, name: the family, and the model's name (the family's where empty).
        size: pixels per side, a power of two from 16 to 512; with ``base`` at least the base's.
        steps, batch, seed: the training.
        base: a model to start from.
        query: the search that chooses the media; all imported ones of the kind where empty.
        resume: go on from the last checkpoint; more ``steps`` than before lengthen the training.
        augment: "off", "gentle", "strong" or a recipe as JSON (:mod:`mmstudio.features.augment`): varied
            copies join the training data, never an evaluation. A resumed training keeps its own.
        fit, aspect, condition: see :class:`ModelConfig`.
        width: channels of the finest stage; twice as many make a model four times as large.
        options: hyper-parameters of the family by name (gamma, penalty_every, beta, seamless, freeze, …).
        leave_out: ids of assets that are not to be learned from although the search finds them.
        parts: structured choices of the family; see :attr:`ModelConfig.parts`.
    """

    family: str
    name: str = ""
    steps: int | None = None
    size: int | None = None
    seed: int = 0
    base: str | None = None
    query: str = ""
    resume: bool = False
    batch: int | None = None
    augment: dict[str, Any] | str | None = None
    fit: str = "crop"
    aspect: float = 1.0
    condition: dict[str, Any] = field(default_factory=dict)
    width: int | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    leave_out: list[int] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)


def new_config(trainings: Trainings, wish: Wish, name: str) -> ModelConfig:
    """The config of a new model.

    Raises:
        UsageError: unknown family, size, option, way to fit, a base that does not go with it, or frozen
            layers without a base.
        NotFound: no such base.
    """
    info = family(wish.family)
    default = partial(default_config, wish.family, name, steps=wish.steps, batch=wish.batch, seed=wish.seed)
    if wish.base == name:
        raise UsageError(
            "“{name}” cannot start from itself.",
            hint="Give the new model another name, or go on with the old one (--resume).",
            name=name,
        )
    if wish.base:
        start = load_config(trainings.folder(wish.base))
        if start.family not in info.bases:
            raise UsageError(
                "A model of the family {family} cannot start from “{base}”.",
                hint="Choose a base of the same family.",
                family=wish.family,
                base=wish.base,
            )
        if start.options.get("spatial", 0.0) > 0 and not wish.family.endswith("-vae"):
            raise UsageError(
                "A GAN cannot start from “{base}”, whose latent is a grid.",
                hint="Start from a VAE with a vector latent, or from another GAN.",
                base=wish.base,
            )
        size = max(wish.size or 0, start.size)
        spatial = start.options.get("spatial", 0.0)
        if wish.options.get("spatial", spatial) != spatial or (spatial > 0 and size != start.size):
            raise UsageError(
                "The latent of “{base}” is of another kind than the one wanted.",
                hint="Keep “spatial” as the base has it, and its size where that is not 0.",
                base=wish.base,
            )
        config = default(size=size)
        config.base, config.latent = wish.base, start.latent
        # Stages that the base lacks are added at the fine end, as thin as its last one.
        more = len(config.widths) - len(start.widths)
        config.widths = start.widths + [start.widths[-1]] * max(0, more)
        for key in info.network:  # a base from before there was such a part goes on without it
            if key not in start.options:
                config.options.pop(key, None)
        kept = ("styles", "seamless", "spatial", *info.network)  # options that are part of the network
        config.options |= {key: start.options.get(key, 0.0) for key in kept if key in config.options}
        config.options |= {key: start.options[key] for key in kept if key in start.options}
        config.condition = dict(start.condition)
        config.parts = dict(start.parts)
        config.aspect = start.aspect
    else:
        config = default(size=wish.size or 64)
        if wish.width is not None and info.modality == "image":
            config.widths = default_widths(config.size, wish.width)
    if wish.fit not in FITS or not 0.25 <= wish.aspect <= 4.0:
        raise UsageError(
            "Pictures cannot be brought into that shape.",
            hint="Choose {known}, and an aspect from 0.25 to 4.",
            known=", ".join(FITS),
        )
    config.query, config.fit = wish.query, wish.fit
    config.leave_out = sorted(set(wish.leave_out))
    config.aspect = wish.aspect if wish.aspect != 1.0 else config.aspect
    config.condition = dict(wish.condition) or config.condition
    config.parts |= wish.parts
    set_options(config, wish.options)
    if wish.base:
        _as_in_base(wish, start)
    elif wish.options.get("freeze", 0.0) > 0:
        raise UsageError(
            "Only layers of a model to start from can stand still.",
            hint="Name that model (--from), or leave “freeze” out.",
        )
    recipe = read_recipe(wish.augment, wish.seed)
    varied = info.modality in ("image", "audio") and recipe.active(info.modality)
    config.augment = recipe.as_json() if varied else {}
    return config


def _as_in_base(wish: Wish, start: ModelConfig) -> None:
    """Raises UsageError where another network is wanted than the base's: its weights would be lost."""
    network = ("styles", *family(wish.family).network)
    wanted = {key: wish.options[key] for key in ("latent", *network) if key in wish.options}
    given = {key: start.options.get(key, 0.0) for key in network} | {"latent": float(start.latent)}
    different = [key for key, value in wanted.items() if value != given[key]]
    if wish.width is not None and default_widths(start.size, wish.width) != start.widths:
        different.append("width")
    if different:
        raise UsageError(
            "“{name}” comes from “{base}” and cannot be another.",
            hint="Leave it out, or start from nothing.",
            name=different[0],
            base=wish.base,
        )


def _as_before(wish: Wish, config: ModelConfig) -> None:
    """Raises UsageError where something else is wished for than what a training began with."""
    given = {
        "size": (wish.size, config.size or wish.size),
        "batch": (wish.batch, config.batch),
        "from": (wish.base, config.base),
        "fit": (wish.fit if wish.fit != "crop" else None, config.fit),
        "aspect": (wish.aspect if wish.aspect != 1.0 else None, config.aspect),
        "query": (wish.query or None, config.query),
        "seed": (wish.seed or None, config.seed),
        "condition": (wish.condition or None, config.condition),
    }
    now = config.options | {"rate": config.rate, "latent": float(config.latent)}
    given |= {key: (value, now.get(key)) for key, value in wish.options.items()}
    changed = [key for key, (wanted, had) in given.items() if wanted is not None and wanted != had]
    if changed:
        raise UsageError(
            "“{name}” goes on as it began: “{key}” cannot be changed.",
            hint="Leave it out, or train a new model from this one (--from).",
            name=config.name,
            key=changed[0],
        )


def training(
    trainings: Trainings, context: JobContext, wish: Wish
) -> Generator[Progress, None, dict[str, Any]]:
    """The job behind :meth:`Trainings.train_work`."""
    called = safe_name(wish.name or wish.family)
    folder = trainings.library.models_dir / called
    going_on = wish.resume or (context.checkpoint or {}).get("model") == called
    yield Progress(0, wish.steps, tr("Preparing"))
    if going_on and (folder / CONFIG).is_file():
        config = load_config(folder)
        if config.family != wish.family:
            raise UsageError(
                "“{name}” is a model of the family {family}.",
                hint="Give the same family to go on with it.",
                name=called,
                family=config.family,
            )
        if wish.resume:
            _as_before(wish, config)
        if wish.steps is not None and wish.steps > config.steps:
            config.steps = wish.steps
    else:
        if trainings.has_weights(folder):
            raise UsageError(
                "There is already a model “{name}”.",
                hint="Choose another name, or go on with it (--resume).",
                name=called,
            )
        config = new_config(trainings, wish, called)
    context.save_checkpoint({"model": called})
    if family(config.family).modality == "items":
        from mmstudio.learning.fusion.training import train_fused

        return (yield from train_fused(trainings, context, folder, config))
    more = wish.steps if going_on and wish.resume else None
    return (yield from _train(trainings, context, folder, config, more))


def _train(
    trainings: Trainings, context: JobContext, folder: Path, config: ModelConfig, more: int | None
) -> Generator[Progress, None, dict[str, Any]]:
    from mmstudio.learning.engine.checkpoint import load_weights
    from mmstudio.learning.engine.data import remove_data
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.registry import build_task
    from mmstudio.learning.engine.trainer import Trainer

    device = pick_device(trainings.device)
    if config.base and not trainings.has_weights(folder):
        load_weights(trainings.folder(config.base))  # damaged: said before a folder is made
    source = import_module(family(config.family).source)
    data, notes = yield from source.data(trainings, folder, config)
    if config.family.startswith("image-gan"):
        config.options.setdefault("colour", float(len(data) < _FEW_FOR_COLOUR))
    config.save(folder)
    trainings.register(config, folder, "training", {})
    task = build_task(config, device)
    judge = source.judge(config, data, str(device))
    trainer = Trainer(folder, config, task, data, judge=judge, resume=True)
    if more is not None and more > trainer.step:
        task.satisfied = False  # it had ended early; who asks for more steps gets them
    if config.base and trainer.step == 0:
        task.start_from(load_weights(trainings.folder(config.base)))
    trainer.notice = " · ".join(notes)
    started, status = context.clock(), "training"
    result: dict[str, Any] = {}
    try:
        result = yield from trainer.run(context)
        status = "ready" if result["status"] == "done" else "training"
    except (GeneratorExit, Cancelled):
        status = "ready" if trainer.step else "empty"
        raise
    finally:
        config.trained |= {
            "steps": trainer.step,
            "seen": trainer.seen,
            "seconds": round(config.trained.get("seconds", 0.0) + context.clock() - started, 1),
            "device": device.type,
        }
        if family(config.family).modality == "audio" and trainings.has_weights(folder):
            from mmstudio.learning.nets.vocoder import voice_record

            config.trained["voice"] = voice_record(load_weights(folder))
        config.save(folder)
        write_card(folder, config)
        trainings.register(config, folder, status, _last_losses(folder))
    if result["status"] == "done":
        remove_data(folder)
    return {**result, "path": str(folder), "notes": notes}


def _last_losses(folder: Path) -> dict[str, Any]:
    try:
        lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return dict(json.loads(lines[-1])["losses"]) if lines else {}
    except (OSError, ValueError, KeyError):
        return {}
