"""One open library with the services of every room, wired; no logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound
from mmstudio.i18n import mark
from mmstudio.jobs import JobContext, JobHandle, JobRecord, JobRunner, Lane, Progress, Work
from mmstudio.library import Library
from mmstudio.settings import Settings, load_settings

if TYPE_CHECKING:
    from mmstudio.composition import Composer
    from mmstudio.export import Exporter
    from mmstudio.features import Features
    from mmstudio.generation import Generation
    from mmstudio.generation.copywriting.service import Copywriter
    from mmstudio.generation.voice import Voices
    from mmstudio.learning import Trainings
    from mmstudio.learning.catalogue import Catalogue
    from mmstudio.learning.finetune import FineTuning
    from mmstudio.recommendation import Recommender

# kind -> (lane, English title); the title is translated where it is shown
KINDS: dict[str, tuple[Lane, str]] = {
    "import": ("io", mark("Import")),
    "rescan": ("io", mark("Look for changes")),
    "features": ("device", mark("Extract features")),
    "train": ("device", mark("Train a model")),
    "dataset": ("io", mark("Look over pictures for a training")),
    "evaluate": ("device", mark("Evaluate a model")),
    "compare": ("device", mark("Compare two models")),
    "tune": ("device", mark("Look for good settings")),
    "onnx": ("device", mark("Write a model as ONNX")),
    "download": ("io", mark("Download a model")),
    "finetune": ("device", mark("Fine-tune a picture network")),
    "generate": ("device", mark("Generate")),
    "set": ("device", mark("Make a set")),
    "draw": ("device", mark("Save a picture")),
    "film": ("device", mark("Make a film")),
    "project": ("device", mark("Find a picture in a model")),
    "speak": ("io", mark("Speak")),
    "recommend": ("io", mark("Recommend")),
    "evaluate-recommender": ("io", mark("Evaluate recommendations")),
    "train-ranker": ("device", mark("Train the ranker")),
    "compose": ("device", mark("Compose")),
    "export": ("io", mark("Export")),
    "page": ("io", mark("Export the recommendation page")),
    "package": ("io", mark("Make a preview package")),
    "matrix": ("io", mark("Export many")),
    "certificate": ("io", mark("Make a certificate")),
    "clean": ("io", mark("Clean")),
    "doctor": ("io", mark("Check the library")),
    "relink": ("io", mark("Find missing files")),
}

# These take minutes to hours; what a person makes meanwhile goes between two of their steps.
PATIENT = {"features", "train", "evaluate", "compare", "tune", "finetune", "train-ranker"}


class Studio:
    """The services of one library. Heavy rooms load when first used.

    Use :meth:`open` or :meth:`create`; it is a context manager.
    """

    def __init__(self, library: Library, settings: Settings | None = None) -> None:
        self.library = library
        self.settings = settings or load_settings()
        self.measure_first = True  # the window says False: a first list does not wait for measurements

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False, settings: Settings | None = None) -> Studio:
        """Open a library folder (or the ``open.mmstudio`` file in it).

        Raises:
            NotFound, LibraryBusy, NewerLibrary, StudioError: see :meth:`Library.open`.
        """
        return cls(Library.open(_folder(path), read_only=read_only), settings)

    @classmethod
    def create(cls, path: str | Path, *, settings: Settings | None = None) -> Studio:
        """Make a new, empty library and open it."""
        return cls(Library.create(Path(path)), settings)

    def close(self) -> bool:
        """Pause running jobs, then close; False where a job had to be left behind."""
        stopped = True
        if "runner" in self.__dict__:
            stopped = self.runner.close()
        self.library.close()
        return stopped

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # -- services ----------------------------------------------------------------------------------------

    @cached_property
    def runner(self) -> JobRunner:
        """The job runner; its records live in the library unless that is open for reading only."""
        return JobRunner(None if self.library.read_only else self.library.jobs)

    @cached_property
    def features(self) -> Features:
        """Feature extraction and search."""
        from mmstudio.features import Features
        from mmstudio.learning.fusion.encoder import SharedEncoder

        features = Features(self.library, self.settings.device)
        features.shared = SharedEncoder(self.library, features.vectors)
        return features

    @cached_property
    def trainings(self) -> Trainings:
        """Model families, training and the model registry."""
        from mmstudio.learning import Trainings

        return Trainings(self.library, self.settings.device)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Networks from elsewhere: download, import, check, remove."""
        from mmstudio.learning.catalogue import Catalogue

        return Catalogue()

    @cached_property
    def finetuning(self) -> FineTuning:
        """Picture networks, fine-tuned on the library."""
        from mmstudio.learning.finetune import FineTuning

        return FineTuning(self.library, self.settings.device, self.catalogue)

    @cached_property
    def generation(self) -> Generation:
        """Trained models at work."""
        from mmstudio.generation import Generation

        return Generation(self.library, self.trainings)

    @cached_property
    def voices(self) -> Voices:
        """Offline speech, as the settings say."""
        from mmstudio.generation.voice import Voices

        return Voices(self.settings)

    @cached_property
    def copywriter(self) -> Copywriter:
        """Copy for items, by the facts or a local language model, and the guard that checks it."""
        from mmstudio.generation.copywriting.engines import language_models
        from mmstudio.generation.copywriting.service import Copywriter

        return Copywriter(self.library, language_models(self.settings))

    @cached_property
    def recommender(self) -> Recommender:
        """Ranked, explained items for an audience."""
        from mmstudio.recommendation import Recommender

        return Recommender(self.library, self.features, measure_first=self.measure_first)

    @cached_property
    def composer(self) -> Composer:
        """Recipes to storyboards."""
        from mmstudio.composition import Composer

        return Composer(self.library, self.features, self.generation)

    @cached_property
    def exporter(self) -> Exporter:
        """Storyboards to files."""
        from mmstudio.export import Exporter

        return Exporter(self.library, self.recommender)

    # -- jobs --------------------------------------------------------------------------------------------

    def submit(
        self, kind: str, params: dict[str, Any], *, title: str | None = None, job_id: int | None = None
    ) -> JobHandle:
        """Queue a job without blocking; its parameters are plain JSON, so that it can be resumed."""
        from mmstudio.composition.making.records import kept_params  # takes persons out of reports

        lane, default = KINDS[kind]
        work, params = self.work(kind, params), kept_params(kind, params)
        return self.runner.submit(
            kind, work, params, title=title or default, lane=lane, job_id=job_id, patient=kind in PATIENT
        )

    def resume(self, record: JobRecord) -> JobHandle:
        """Queue an interrupted, paused or failed job again; it goes on from its checkpoint."""
        params = {**record.params, "resume": True} if record.kind == "train" else record.params
        return self.submit(record.kind, params, title=record.title, job_id=record.id)

    def unfinished(self, kind: str, params: dict[str, Any]) -> JobRecord | None:
        """The newest paused job with the same parameters: the same command again goes on with it."""
        return next(
            (r for r in self.library.jobs.list(("paused",)) if r.kind == kind and r.params == params), None
        )

    def work(self, kind: str, params: dict[str, Any]) -> Work:
        """The work of a job; nothing heavy is loaded before it runs."""
        factory = _FACTORIES.get(kind)
        if factory is None:
            raise NotFound("There is no job of the kind {kind}.", kind=kind)

        def run(context: JobContext) -> Generator[Progress, None, Any]:
            # Built on the worker thread: loading a room may import torch.
            return (yield from factory(self, dict(params))(context))

        return run


def _folder(path: str | Path) -> Path:
    return Path(path).parent if Path(path).name == "open.mmstudio" else Path(path)


def _import(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.library.importing import import_work

    return import_work(studio.library, params.pop("paths", []), **params)


def _rescan(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.library.importing import rescan_work

    return rescan_work(studio.library)


def _clean(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.cleaning import fix_work

    return fix_work(studio.library, params["kind"], params.get("keys"))


def _doctor(studio: Studio, _params: dict[str, Any]) -> Work:
    from mmstudio.cleaning import report_work

    return report_work(studio.library)


def _relink(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.cleaning import relink_work

    folder = params.get("folder")
    return relink_work(studio.library, Path(folder) if folder else None, params.get("ids"))


def _speak(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.generation.voice.jobs import speak_work

    return speak_work(studio.library, studio.voices, **params)


def _recommend(studio: Studio, params: dict[str, Any]) -> Work:
    return _once(lambda: {"items": [r.item_id for r in studio.recommender.recommend(**params)]})


def _set(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.generation.sets.keeping import set_work

    return set_work(studio.generation, **params)


def _matrix(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.export.matrix.locked import matrix_for

    ask = studio.runner.ask if "runner" in studio.__dict__ else None  # the shell runs it in its one thread
    return matrix_for(studio.library, studio.composer, studio.exporter, ask=ask, **params)


def _package(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.export.package import package_work

    return package_work(studio.library, params.pop("storyboards"), **params)


def _once(call: Callable[[], dict[str, Any]]) -> Work:
    def work(_context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        yield Progress(0, 1)
        result = call()
        yield Progress(1, 1)
        return result

    return work


_FACTORIES: dict[str, Callable[[Studio, dict[str, Any]], Work]] = {
    "import": _import,
    "rescan": _rescan,
    "features": lambda studio, params: studio.features.work(**params),
    "train": lambda studio, params: studio.trainings.train_work(**params),
    "dataset": lambda studio, params: studio.trainings.dataset_work(**params),
    "evaluate": lambda studio, params: studio.trainings.evaluate_work(**params),
    "compare": lambda studio, params: studio.trainings.compare_work(**params),
    "tune": lambda studio, params: studio.trainings.tune_work(**params),
    "onnx": lambda studio, params: studio.trainings.onnx_work(**params),
    "download": lambda studio, params: studio.catalogue.download_work(**params),
    "finetune": lambda studio, params: studio.finetuning.work(**params),
    "generate": lambda studio, params: studio.generation.work(**params),
    "set": _set,
    "draw": lambda studio, params: studio.generation.draw_work(**params),
    "film": lambda studio, params: studio.generation.film_work(**params),
    "project": lambda studio, params: studio.generation.project_work(**params),
    "speak": _speak,
    "recommend": _recommend,
    "evaluate-recommender": lambda studio, params: studio.recommender.evaluate_work(**params),
    "train-ranker": lambda studio, params: studio.recommender.train_ranker_work(**params),
    "compose": lambda studio, params: studio.composer.work(**params),
    "export": lambda studio, params: studio.exporter.work(**params),
    "page": lambda studio, params: studio.exporter.page_work(**params),
    "package": _package,
    "matrix": _matrix,
    "certificate": lambda studio, params: studio.exporter.certificate_work(**params),
    "clean": _clean,
    "doctor": _doctor,
    "relink": _relink,
}


def add_kind(kind: str, lane: Lane, title: str, factory: Callable[[Studio, dict[str, Any]], Work]) -> None:
    """Let a room above bring a kind of job of its own, so that its jobs can be resumed like any other."""
    KINDS[kind] = (lane, title)
    _FACTORIES[kind] = factory
