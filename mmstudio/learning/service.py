"""Trainings: families, training jobs, the registry of the library's, the user's and the starter models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmstudio import paths
from mmstudio.errors import NotFound, ReadOnly, StudioError, UsageError
from mmstudio.i18n import tr_error
from mmstudio.jobs import JobContext, Progress, Work, run_inline
from mmstudio.learning.config import CONFIG, ModelConfig, NewerModel, load_config, safe_name
from mmstudio.learning.datasets.choose import forbidden_now
from mmstudio.learning.families import FamilyInfo, Modality, families, family
from mmstudio.learning.rights import forgotten_of
from mmstudio.learning.standing import has_whole_weights, newest_step
from mmstudio.learning.texts.ngram import NGRAM

if TYPE_CHECKING:
    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.learning.evaluation.rating import Ratings
    from mmstudio.library import Library

Source = Literal["library", "starter", "user"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model.

    Attributes:
        source: "library" (trained here), "starter" (ships with the program) or "user" (added).
        path: its folder.
        card: the text of card.md.
        status: "ready", "training" (not finished: can be resumed), "empty" (nothing trained), "damaged", or
            "newer" (made by a newer MM Studio).
        metrics: what was measured, by name.
        forgotten: how many of the assets it saw may no longer be trained on (see ``rights``).
        holds_texts: phrases of the texts it learned from can be read in its folder (see ``texts.ngram``).
    """

    name: str
    family: str
    source: Source
    path: Path
    steps: int
    status: str
    size: int = 0
    card: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    forgotten: int = 0
    holds_texts: bool = False


class Trainings:
    """Everything about models for one library."""

    def __init__(self, library: Library, device: str = "auto") -> None:
        self.library, self.device = library, device
        self._loaded: dict[str, tuple[float, Any]] = {}

    def families(self) -> dict[str, FamilyInfo]:
        """The families a person can choose from."""
        return families()

    # -- registry ----------------------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """All models: the library's first, then the user's, then the starters; a name appears once."""
        found: dict[str, ModelInfo] = {}
        forbidden = forbidden_now(self.library)
        for source, root in self._roots():
            for folder in sorted(root.glob("*")) if root.is_dir() else ():
                if folder.name not in found and _is_ours(folder):
                    found[folder.name] = self._info(folder, source, forbidden)
        return list(found.values())

    def folder(self, name: str) -> Path:
        """The folder of a model. Raises NotFound."""
        for _, root in self._roots():
            if name and (root / name / CONFIG).is_file() and Path(name).name == name:
                return root / name
        raise NotFound(
            "There is no model “{name}”.",
            hint="“mmstudio models LIB list” shows what there is.",
            name=name,
        )

    def modality(self, name: str) -> Modality:
        """What a model makes: "image", "audio", "text", "set", or "items". Raises NotFound."""
        return family(load_config(self.folder(name)).family).modality

    def load(self, name: str, device: str | None = None) -> GenerativeModel:
        """The model of pictures or sounds, ready to be sampled; kept until its weights change.

        Raises:
            NotFound, StudioError: no such model, no weights yet, damaged, or from a newer MM Studio.
            UsageError: a model of another kind; :meth:`load_any` gives those.
        """
        if family(load_config(self.folder(name)).family).modality not in ("image", "audio"):
            raise UsageError(
                "“{name}” makes neither pictures nor sounds by itself.",
                hint="Choose a model of pictures or sounds.",
                name=name,
            )
        model: GenerativeModel = self.load_any(name, device)
        return model

    def load_any(self, name: str, device: str | None = None) -> Any:
        """A model of any family that makes something: what its ``FamilyInfo.loader`` gives.

        Raises:
            As :meth:`load`; UsageError where the family makes nothing.
        """
        from mmstudio.learning.engine.device import pick_device

        folder = self.folder(name)
        module, _, function = family(load_config(folder).family).loader.partition(":")
        if not module:
            raise UsageError(
                "“{name}” finds and tags; it makes nothing.",
                hint="Choose a model of pictures or sounds.",
                name=name,
            )
        where = pick_device(device or self.device)
        key, stamp = f"{folder}@{where}", _newest(folder)
        if key in self._loaded and self._loaded[key][0] == stamp:
            return self._loaded[key][1]
        model = getattr(import_module(module), function)(folder, where)
        self._loaded = {key: (stamp, model), **dict(list(self._loaded.items())[:3])}
        return model

    def add(self, folder: Path, name: str = "") -> str:
        """Copy a model folder (config.json and safetensors), or a file of weights of this program's networks
        (see :func:`mmstudio.learning.exchange.state_dict.bring_in`), into the user's models; its name.

        Raises:
            StudioError: no model, a pickle with code, or a model of that name exists.
        """
        from mmstudio.learning.engine.checkpoint import load_weights

        if folder.is_file():
            from mmstudio.learning.exchange.state_dict import bring_in

            return bring_in(folder, name)
        if not folder.is_dir():
            raise NotFound(
                "There is no folder {path}.",
                hint="Give the folder of a model: the one that holds its config.json.",
                path=folder,
            )
        config = load_config(folder)
        family(config.family)
        load_weights(folder)
        config.name = name = safe_name(name or config.name or folder.name)
        target = paths.user_models_dir() / name
        if target.exists():
            raise StudioError(
                "There is already a model “{name}”.", hint="Remove or rename it first.", name=name
            )
        kept = shutil.ignore_patterns("state-*", "*.npy", "tb", ".*", CONFIG)
        try:
            shutil.copytree(folder, target, ignore=kept)
            config.save(target)  # last: a folder without it is no model
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return name

    def remove(self, name: str) -> None:
        """Delete a model of the library or one the user added; starters stay.

        Raises:
            NotFound: no such model. StudioError: a starter. ReadOnly: the library cannot be written.
        """
        folder = self.folder(name)
        if folder.parent == paths.starter_models():
            raise StudioError(
                "Starter models come with the program and stay.",
                hint="Only models that you trained or added can be removed.",
            )
        if folder.parent == self.library.models_dir:
            self.writable()
            self.library.models.remove(name)
            # Training pictures lie beside drawn ones there.
            shutil.rmtree(self.library.path / "evaluations" / name, ignore_errors=True)
        shutil.rmtree(folder)
        self._loaded.clear()

    def check(self, name: str) -> str:
        """ "" where the model loads, else the sentence that says why not."""
        try:
            if load_config(self.folder(name)).family == "fused":
                from mmstudio.learning.fusion.stored import load_encoder

                load_encoder(self.folder(name))
            else:
                self.load_any(name, "cpu")
        except StudioError as error:
            return tr_error(error)[0]
        return ""

    def history(self, name: str) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl: step, seen, per_second, losses."""
        from mmstudio.learning.engine.logs import read_metrics

        return read_metrics(self.folder(name))

    # -- training ----------------------------------------------------------------------------------------

    def train_work(self, family: str, name: str = "", **wishes: Any) -> Work:
        """A job that trains (or goes on training) a model in the library.

        ``wishes`` are the fields of :class:`mmstudio.learning.training.Wish`. The job yields
        Progress(done=step, total=steps, data={"losses", "figures", "grid", "per_second", "step"}) and returns
        {"name", "status", "steps", "seen", "grid", "path", …}. Cancelling keeps what was trained.

        Raises (inside the job):
            UsageError: unknown family, unusable size, base or name. StudioError: nothing to learn from, …
        """
        from mmstudio.learning.training import Wish, training

        wish = Wish(family, name, **wishes)

        def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            self.writable()
            return (yield from training(self, context, wish))

        return work

    def dataset_work(self, family: str = "image-gan", **settings: Any) -> Work:
        """A job that looks over what a training would learn from (kind "dataset").

        ``settings`` are fields of :class:`ModelConfig`: size, query, fit, aspect, leave_out. It returns
        :meth:`DatasetReport.as_json`; see :func:`mmstudio.learning.datasets.doctor.check`.
        """
        from mmstudio.learning.datasets.doctor import checking

        return lambda context: checking(self.library, family, settings, self.device)

    # -- evaluation --------------------------------------------------------------------------------------

    def evaluate_work(self, name: str, *, samples: int = 0, seed: int = 0) -> Work:
        """A job that measures a model (kind "evaluate"); returns ``Evaluation.as_json()``.

        ``samples`` pictures are drawn (0: as many as there are examples, from 64 to 512). See
        :mod:`mmstudio.learning.evaluation.report` for what comes back and ``report.stored`` for the last one.
        """
        from mmstudio.learning.evaluation.service import evaluating

        return lambda context: evaluating(self, context, name, samples, seed)

    def compare_work(self, a: str, b: str, *, samples: int = 0, seeds: int = 3) -> Work:
        """A job that draws two models from the same seeds (kind "compare"); ``Comparison.as_json()``."""
        from mmstudio.learning.evaluation.compare import comparing

        return lambda context: comparing(self, context, a, b, samples, seeds)

    def evaluate(self, name: str) -> dict[str, Any]:
        """Figures of a model against the media it learned from (a starter: against the library's), at once.

        See :data:`mmstudio.learning.evaluation.report.MEASURES` for what they mean.
        """
        if load_config(self.folder(name)).family == "fused":  # measured on what was held out in training
            config = load_config(self.folder(name))
            return {"model": name, "family": config.family} | dict(config.trained.get("metrics", {}))
        found: dict[str, Any] = run_inline(self.evaluate_work(name), {})
        return {"model": name, "family": found["family"], **found["figures"]}

    @property
    def ratings(self) -> Ratings:
        """What people chose when two models were compared blind."""
        from mmstudio.learning.evaluation.rating import Ratings

        return Ratings(self.library)

    # -- tuning, in and out ------------------------------------------------------------------------------

    def tune_work(self, family: str, **wishes: Any) -> Work:
        """A job that looks for good settings by short trainings (kind "tune"); ``Tuned.as_json()``.

        ``wishes`` are the fields of :class:`mmstudio.learning.tuning.service.Search`. While it runs,
        ``Progress.data["tuning"]`` holds the table so far. Stopping keeps the trials that are done.
        """
        from mmstudio.learning.tuning.service import Search, tuning

        search = Search(family, **wishes)
        return lambda context: tuning(self, context, search)

    def onnx_work(self, name: str, path: str) -> Work:
        """A job that writes a model's decoder as ONNX, checked (kind "onnx"); {"path", "difference", …}."""
        from mmstudio.learning.exchange.onnx_file import exporting

        return lambda context: exporting(self, context, name, Path(path))

    # -- inside ------------------------------------------------------------------------------------------

    def _roots(self) -> tuple[tuple[Source, Path], ...]:
        return (
            ("library", self.library.models_dir),
            ("user", paths.user_models_dir()),
            ("starter", paths.starter_models()),
        )

    def _info(self, folder: Path, source: Source, forbidden: set[int]) -> ModelInfo:
        try:
            config = load_config(folder)
        except NewerModel:
            return ModelInfo(folder.name, "", source, folder, 0, "newer")
        except StudioError:
            return ModelInfo(folder.name, "", source, folder, 0, "damaged")
        steps = _steps(folder, config)
        status = "empty"
        if self.has_weights(folder):
            row = self.library.models.get(folder.name) if source == "library" else None
            status = str(row.status) if row is not None else "ready"
            status = status if has_whole_weights(folder) else "damaged"
        card = folder / "card.md"
        text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
        metrics = dict(config.trained.get("metrics", {}))
        gone = len(forgotten_of(self.library, folder, config, forbidden))
        return ModelInfo(
            folder.name, config.family, source, folder, steps, status, config.size, text, metrics, gone,
            holds_texts=(folder / NGRAM).is_file(),
        )  # fmt: skip

    def steps_of(self, name: str) -> int:
        """How many steps a model has learned, as far as the disk tells. Raises NotFound, StudioError."""
        folder = self.folder(name)
        return _steps(folder, load_config(folder))

    def has_weights(self, folder: Path) -> bool:
        """True where something was trained into a folder already."""
        return (folder / "weights.safetensors").is_file() or (folder / "checkpoint.json").is_file()

    def register(self, config: ModelConfig, folder: Path, status: str, metrics: dict[str, Any]) -> None:
        """Keep the library's row of a model up to date."""
        where = folder.relative_to(self.library.path).as_posix()
        steps = int(config.trained.get("steps", 0))
        self.library.models.add(
            config.name, config.family, where, steps=steps, metrics=metrics, status=status
        )

    def writable(self) -> None:
        """Raises ReadOnly where the library cannot be written."""
        if self.library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")


def _is_ours(folder: Path) -> bool:
    """True for generative models, damaged ones too; feature extractors keep their weights beside them."""
    try:
        data = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError:
        return False
    except ValueError:
        return True
    return isinstance(data, dict) and data.get("family") in families()


def _steps(folder: Path, config: ModelConfig) -> int:
    """A running training writes its checkpoints before its config."""
    return max(int(config.trained.get("steps", 0)), newest_step(folder))


def _newest(folder: Path) -> float:
    return max((file.stat().st_mtime_ns for file in folder.iterdir() if file.is_file()), default=0)
