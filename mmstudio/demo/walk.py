"""The whole way: sample, library, features, models, generation, recommendation, composition, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmstudio.demo.fill import add_audiences, media_folders
from mmstudio.demo.sample import SampleFiles, make_sample
from mmstudio.i18n import mark, tr
from mmstudio.jobs import Progress, run_inline
from mmstudio.studio import KINDS, Studio

RECIPE = "product-ad"
ADS = 2  # storyboards per audience
# family → (steps on top of the starter, how many to generate, seconds of sound, what it learns from).
# Few steps stay near the starter; the GAN learns from the close-ups of materials, which suit backgrounds.
MODELS = {
    "image-vae": (8, 4, None, ""),
    "image-gan": (16, 4, None, "detail"),
    "sound-vae": (12, 2, 6.0, ""),
}
OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Stage:
    """One stage of the walk: its English name (show through ``tr``), how long it took, what came of it."""

    name: str
    seconds: float
    note: str


@dataclass
class DemoReport:
    """Where everything lies, and how long each stage took."""

    library: Path
    exports: Path
    page: Path
    stages: list[Stage] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """All stages together."""
        return sum(stage.seconds for stage in self.stages)


class _Walk:
    def __init__(self, out: Path, seed: int, show: OnProgress) -> None:
        self.out, self.seed, self.show = out, seed, show
        exports = out / "exports"
        self.report = DemoReport(out / "sample.mmlib", exports, exports / "recommendations.html")
        self.note = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is inside; its note is whatever `self.note` holds at the end."""
        self.note = ""
        self.show(Progress(0, None, tr(name)))
        started = time.monotonic()
        yield
        self.report.stages.append(Stage(name, round(time.monotonic() - started, 2), self.note))

    def job(self, studio: Studio, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        """Run a job here; one that was interrupted with the same parameters goes on."""
        earlier = studio.unfinished(kind, params)
        result = run_inline(
            studio.work(kind, params),
            params,
            store=studio.library.jobs,
            kind=kind,
            title=KINDS[kind][1],
            job_id=None if earlier is None else earlier.id,
            on_progress=self.show,
        )
        return result or {}

    def run(self) -> DemoReport:
        with self.stage(mark("Make the sample shop")):
            sample = make_sample(
                self.out / "sample",
                self.seed,
                lambda done, total: self.show(
                    Progress(done, total, tr("Drawing products and writing music"))
                ),
            )
        path = self.report.library
        with Studio.open(path) if (path / "library.db").is_file() else Studio.create(path) as studio:
            self._import(studio, sample)
            with self.stage(mark("Extract features")):
                done = self.job(studio, "features", {})
                self.note = tr("{n} vectors", n=sum(done.get("extracted", {}).values()))
            self._train(studio)
            self._generate(studio)
            picks = self._recommend(studio)
            boards = self._compose(studio, picks)
            self._export(studio, boards)
        return self.report

    def _import(self, studio: Studio, sample: SampleFiles) -> None:
        with self.stage(mark("Import")):
            tables = {"catalog": sample.catalog, "reviews": sample.reviews, "links": sample.links}
            params = {
                "paths": [str(path) for path in media_folders(sample)],
                **{key: str(value) for key, value in tables.items()},
            }
            done = self.job(studio, "import", params)
            self.note = tr(
                "{files} files, {items} items", files=done["added"] + done["unchanged"], items=done["items"]
            )
        with self.stage(mark("Add audiences")):
            ids = add_audiences(studio.library, sample)
            done = self.job(studio, "import", {"paths": [], "interactions": str(sample.interactions)})
            self.note = tr("{n} audiences, {events} events", n=len(ids), events=done["interactions"])

    def _train(self, studio: Studio) -> None:
        ready = {model.name: model for model in studio.trainings.models()}
        for family, (steps, _, _, query) in MODELS.items():
            name = _name(family)
            known = ready.get(name)
            with self.stage(_STAGE[family]):
                if known is not None and known.status == "ready" and known.steps >= steps:
                    self.note = tr("already done")
                    continue
                starter = f"starter-{family}"
                params: dict[str, Any] = {
                    "family": family,
                    "name": name,
                    "steps": steps,
                    "seed": self.seed,
                    "query": query,
                }
                if starter in ready:
                    params["base"] = starter
                if known is not None:
                    params["resume"] = True
                done = self.job(studio, "train", params)
                self.note = tr("{n} steps", n=done.get("steps", steps))

    def _generate(self, studio: Studio) -> None:
        with self.stage(mark("Generate pictures and sounds")):
            made = studio.library.generations.list()
            total = 0
            for family, (_, n, seconds, _) in MODELS.items():
                name = _name(family)
                have = sum(row.model == name for row in made)
                if have < n:
                    params: dict[str, Any] = {"model": name, "n": n - have, "seed": self.seed + have}
                    if seconds is not None:
                        params["seconds"] = seconds
                    have += len(self.job(studio, "generate", params)["assets"])
                total += have
            self.note = tr("{n} files", n=total)

    def _recommend(self, studio: Studio) -> dict[int, list[int]]:
        picks: dict[int, list[int]] = {}
        with self.stage(mark("Recommend")):
            for audience in studio.library.audiences.list():
                picks[audience.id] = [row.item_id for row in studio.recommender.recommend(audience.id)]
            self.note = tr("{n} audiences", n=len(picks))
        return picks

    def _compose(self, studio: Studio, picks: dict[int, list[int]]) -> list[int]:
        boards: list[int] = []
        with self.stage(mark("Compose")):
            for audience_id, items in picks.items():
                # A second run keeps the ads of the first, even where the ranking has moved since.
                known = [row.id for row in studio.library.storyboards.list(audience_id=audience_id)][:ADS]
                boards += known
                for item_id in items[: ADS - len(known)]:
                    params = {
                        "recipe": RECIPE,
                        "item_id": item_id,
                        "audience_id": audience_id,
                        "seed": self.seed,
                    }
                    boards.append(int(self.job(studio, "compose", params)["storyboard"]))
                    self.show(Progress(len(boards), ADS * len(picks), tr("Composing")))
            self.note = tr("{n} storyboards", n=len(boards))
        return boards

    def _export(self, studio: Studio, boards: list[int]) -> None:
        with self.stage(mark("Export")):
            done = {row.storyboard_id for row in studio.library.exports.list() if Path(row.path).is_file()}
            for number, board in enumerate(boards, 1):
                if board not in done:
                    self.job(studio, "export", {"storyboard_id": board, "out": str(self.report.exports)})
                self.show(Progress(number, len(boards), tr("Exporting")))
            self.note = tr("{n} storyboards", n=len(boards))
        with self.stage(mark("Export the recommendation page")):
            self.job(studio, "page", {"audiences": None, "out": str(self.report.exports)})
            files = (path for path in self.report.exports.rglob("*") if path.is_file())
            self.report.files = sorted(str(path.relative_to(self.out)) for path in files)
            self.note = tr("{n} files", n=len(self.report.files))


_STAGE = {
    "image-vae": mark("Fine-tune the picture VAE"),
    "image-gan": mark("Fine-tune the picture GAN"),
    "sound-vae": mark("Fine-tune the sound VAE"),
}


def run_demo(out: str | Path, seed: int = 7, on_progress: OnProgress | None = None) -> DemoReport:
    """Walk every room once, below `out`; a second run goes on where the first stopped and doubles nothing.

    Args:
        out: folder for sample/, sample.mmlib/ and exports/; made where it is missing.
        seed: of the sample's people, the trainings and the generated pictures.
        on_progress: called with each step; the note says what is being done.

    Raises:
        StudioError: what the rooms raise (a library in use, a full disk …).
    """
    return _Walk(Path(out).absolute(), seed, on_progress or (lambda _progress: None)).run()


def _name(family: str) -> str:
    return f"shop-{family}"
