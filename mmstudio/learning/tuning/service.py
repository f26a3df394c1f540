"""The search of settings as a job: short trainings one after the other, asked of and told to Optuna."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import safe_name
from mmstudio.learning.datasets.gather import gather
from mmstudio.learning.families import family
from mmstudio.learning.tuning.report import Trial, Tuned, best_of, folder_of, store
from mmstudio.learning.tuning.space import config_of, settings, wish_of
from mmstudio.learning.tuning.study import Study

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.engine.data import ArrayData
    from mmstudio.learning.engine.judge import Judge
    from mmstudio.learning.service import Trainings

STEPS = {"image-gan": 200, "image-gan-plain": 200, "image-vae": 150}


@dataclass(frozen=True, slots=True)
class Search:
    """What a person asks for.

    Attributes:
        family: "image-gan", "image-gan-plain" or "image-vae".
        name: of the search; the same name goes on with it. The family's where empty.
        trials: short trainings in all, the one with the defaults included; at least 1.
        steps: of each at the default batch; trainings with another batch see as many pictures. None is a
            number for the family.
        size: pixels per side. query: the media. seed: of data order, first weights and the sampler.
        looks: times each training is measured, the last time at its end; at least 1.
    """

    family: str
    name: str = ""
    trials: int = 12
    steps: int | None = None
    size: int = 32
    query: str = ""
    seed: int = 0
    looks: int = 5


def tuning(
    trainings: Trainings, context: JobContext, search: Search
) -> Generator[Progress, None, dict[str, Any]]:
    """Try settings on the same pictures, the family's defaults first; stop the bad ones early.

    The kernel distance of the drawn pictures to the training pictures decides (see
    :class:`mmstudio.learning.engine.judge.Judge`); a training worse than the median of the others at the same
    point is stopped (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2), settings are proposed by the
    tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011). Stopping or pausing keeps everything:
    the same search goes on where it was, in the middle of a training too.

    Returns:
        ``Tuned.as_json()``.

    Raises:
        UsageError: a family that cannot be judged, unusable numbers. StudioError: nothing to learn from.
    """
    trainings.writable()
    if family(search.family).modality != "image":
        raise UsageError(
            "Settings can only be looked for where pictures are drawn, not for {family}.",
            hint="Choose image-gan, image-gan-plain or image-vae.",
            family=search.family,
        )
    if search.trials < 1 or search.looks < 1 or (search.steps or 4) < 4:
        raise UsageError("Try at least one training of at least four steps.")
    name = safe_name(search.name or search.family)
    folder = folder_of(trainings.library, name)
    space = settings(search.family, search.size)
    yield Progress(0, search.trials, tr("Preparing"))
    tuned = _begun(trainings, search, name, folder)
    data = yield from _data(trainings, folder, search, tuned)
    judge = _judge(trainings, data, tuned)
    study = Study(folder, space, search.seed)
    usual = next(int(setting.default) for setting in space if setting.name == "batch")
    pictures = (search.steps or STEPS[search.family]) * usual
    _conclude(tuned, study)
    try:
        while len(tuned.trials) < search.trials or _open(tuned) is not None:
            trial = _open(tuned)
            if trial is None:
                trial = Trial(len(tuned.trials), settings=study.ask())
                tuned.trials.append(trial)
            else:  # begun by an earlier run: the same settings again, going on from its checkpoint
                study.ask_again(trial.settings)
            paused = yield from _one(trainings, context, (search, tuned, trial), (folder, data, judge), study,
                                     pictures)  # fmt: skip
            if paused:
                context.paused()
                tuned.status = "paused"
                break
            _conclude(tuned, study)
            store(trainings.library, tuned)
    finally:
        store(trainings.library, tuned)
    if tuned.status == "done":
        _tidy(folder)
    return tuned.as_json()


def _begun(trainings: Trainings, search: Search, name: str, folder: Path) -> Tuned:
    """The table of an earlier run of the same search, or a new one.

    Raises:
        UsageError: there is a search of that name for something else.
    """
    from mmstudio.learning.tuning.report import stored

    steps = search.steps or STEPS[search.family]
    new = Tuned(name, search.family, search.query, search.size, steps, search.seed, status="running")
    try:
        old = stored(trainings.library, name)
    except StudioError:
        if folder.is_dir():  # a table that cannot be read: nothing in the folder can be trusted
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return new
    if any(getattr(old, key) != getattr(new, key) for key in ("family", "query", "size", "steps", "seed")):
        raise UsageError(
            "There is already a search “{name}” with other settings.",
            hint="Give it another name, or remove {path}.",
            name=name,
            path=folder,
        )
    old.status = "running"
    return old


def _data(
    trainings: Trainings, folder: Path, search: Search, tuned: Tuned
) -> Generator[Progress, None, ArrayData]:
    from mmstudio.learning.engine.data import load_data, save_data
    from mmstudio.learning.families import default_config

    config = default_config(search.family, "trial", size=search.size, seed=search.seed)
    config.query = search.query
    flip = config.options.get("flip", 0.0) > 0
    kept = load_data(folder, search.seed, flip)
    if kept is None:
        found = yield from gather(trainings.library, config)
        save_data(folder, pixels=found.pixels, held=found.held)
        tuned.notes = list(found.notes)
        kept = load_data(folder, search.seed, flip)
    assert kept is not None
    if len(kept) < 4:
        raise StudioError(
            "Settings cannot be compared on {n} pictures.",
            hint="Choose at least four, better fifty.",
            n=len(kept),
        )
    return kept


def _judge(trainings: Trainings, data: ArrayData, tuned: Tuned) -> Judge:
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.judge import Judge
    from mmstudio.learning.evaluation.networks import picture_features

    features, tuned.features = picture_features(str(pick_device(trainings.device)))
    return Judge(data.pixels, data.held, features, tuned.features)


def _open(tuned: Tuned) -> Trial | None:
    return next((trial for trial in tuned.trials if trial.state == "running"), None)


def _one(
    trainings: Trainings,
    context: JobContext,
    what: tuple[Search, Tuned, Trial],
    material: tuple[Path, ArrayData, Judge],
    study: Study,
    pictures: int,
) -> Generator[Progress, None, bool]:
    """One training; True where it was paused."""
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.logs import read_figures
    from mmstudio.learning.engine.registry import build_task
    from mmstudio.learning.engine.trainer import Trainer

    search, tuned, trial = what
    folder, data, judge = material
    place = folder / f"trial-{trial.number:03d}"
    config = config_of(
        search.family, search.size, pictures, trial.settings, seed=search.seed, query=search.query
    )
    if search.family.startswith("image-gan"):
        config.options.setdefault("colour", 1.0)
    place.mkdir(exist_ok=True)
    config.save(place)
    store(trainings.library, tuned)
    task = build_task(config, pick_device(trainings.device))
    every = max(1, config.steps // search.looks)
    trainer = Trainer(
        place, config, task, data, judge=judge, judge_every=every, grid_every=config.steps, resume=True
    )
    trial.curve = []
    before, started = trial.seconds, context.clock()
    for line in read_figures(place):
        if line["step"] <= trainer.step:
            _hear(trial, study, line["step"], line["figures"])
    run = trainer.run(context)
    try:
        for progress in run:
            more = dict(progress.data or {})
            if figures := more.get("figures"):
                _hear(trial, study, trainer.step, figures)
                if study.hopeless() and trainer.step < config.steps:
                    trial.state = "stopped"
                    break
            trial.seconds = round(before + context.clock() - started, 1)
            note = tr("Training {n} of {total}", n=trial.number + 1, total=search.trials)
            yield replace(
                progress,
                done=trial.number * config.steps + trainer.step,
                total=search.trials * config.steps,
                note=note,
                data=more | {"tuning": tuned.as_json()} if figures or trainer.step <= 1 else more,
            )
    except StudioError as error:  # unstable or out of memory with these settings: the others go on
        trial.state = "failed"
        tuned.notes.append(tr("Training {n}: {why}", n=trial.number + 1, why=tr_error(error)[0]))
    finally:
        run.close()
    if trial.state == "running" and trainer.step < config.steps:
        return True
    if trial.state == "running":
        trial.state = "done" if trial.value is not None else "failed"
    study.tell(trial.state, trial.value)
    shutil.rmtree(place, ignore_errors=True)
    return False


def _hear(trial: Trial, study: Study, step: int, figures: dict[str, float]) -> None:
    trial.figures = {key: round(value, 4) for key, value in figures.items()}
    trial.value = trial.figures["kernel_distance"]
    trial.curve.append([step, trial.value])
    study.report(len(trial.curve), trial.value)


def _conclude(tuned: Tuned, study: Study) -> None:
    best = best_of(tuned.trials)
    if best is not None:
        tuned.best = best.number
        tuned.wish = wish_of(tuned.family, tuned.size, best.settings, seed=tuned.seed, query=tuned.query)
    tuned.importance = study.importance()
    if not _open(tuned):
        tuned.status = "done"


def _tidy(folder: Path) -> None:
    """Decoded pictures are read again when the search is lengthened."""
    from mmstudio.learning.engine.data import remove_data

    remove_data(folder)
