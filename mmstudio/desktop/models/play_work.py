"""The jobs of Play: saving a point, filming a walk, looking for a picture's place in a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.play import Step
from mmstudio.desktop.models.play_film import FPS
from mmstudio.generation.latents.point import Point
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.latents.player import Player
    from mmstudio.jobs import JobEvent, JobHandle
    from mmstudio.library import Library

_FILES = "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff"


@dataclass(slots=True)
class Start:
    """Where to begin with a model.

    Attributes:
        label, values: what the step is called. asset: what it was saved as. source: what it was made from.
        weights: fingerprint of the weights that drew it. step: a step to go back to instead of a new one.
        drawn_by_create: the point is the first result that Create makes of its seed.
    """

    model: str
    point: Point
    label: str
    values: dict[str, Any] = field(default_factory=dict)
    asset: int | None = None
    source: int | None = None
    weights: str = ""
    step: Step | None = None
    drawn_by_create: bool = False

    def latent_maker(self, player: Player) -> Point:
        """The point of what Create shows for a seed: the first drawn that passes its floor."""
        from mmstudio.generation.sampling import draw_pictures

        latent = draw_pictures(player.model, 1, self.point.seed).results[0].latent
        return Point(self.point.seed, base=[float(v) for v in latent.ravel().tolist()])


def start_of(library: Library, asset: int) -> Start | None:
    """How a generated asset was made, None for one that no model drew. Reads the library."""
    row = library.generations.of_asset(asset)
    if row is None:
        return None
    if isinstance(row.params.get("point"), dict):
        point = Point.of(row.params["point"])
    elif row.latent is not None:
        numbers = np.frombuffer(row.latent, "<f4")
        point = Point(row.seed, base=[float(v) for v in numbers])
    else:
        return None
    return Start(
        row.model,
        point,
        mark("From {what}"),
        {"what": library.assets.get(asset).title},
        asset=asset,
        weights=str(row.params.get("weights", "")),
    )


class PlayWork(QObject):
    """Submits jobs and says what came of them.

    Signals:
        approached: a Point while a projection converges.
        found: (Point, title, asset id or path, distance 0 to 1).
        ended: a projection is over, however it ended.
    """

    approached = Signal(object)
    found = Signal(object, str, object, float)
    ended = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._projection: JobHandle | None = None
        self.saving = False

    @property
    def projecting(self) -> bool:
        """True while a picture is looked for."""
        return self._projection is not None

    # --- saving -------------------------------------------------------------------------------------

    def save(self, step: Step, done: Callable[[int], None], failed: Callable[[], None]) -> None:
        """Put a step's picture into the library."""
        params: dict[str, Any] = {"model": step.model, "point": step.point.as_json()}
        if step.source is not None:
            params["sources"] = [step.source]
        handle = self._context.submit("draw", params)
        if handle is None:
            return
        self.saving = True

        def saved(result: dict[str, Any]) -> None:
            self.saving = False
            done(int(result["assets"][0]))

        def ended(_event: JobEvent) -> None:
            self.saving = False
            failed()

        JobWatch(self._context, handle, self, on_done=saved, on_ended=ended)

    # --- films --------------------------------------------------------------------------------------

    def choose_film(
        self, over: QWidget, model: str, points: Sequence[Point], seconds: float, kind: str
    ) -> None:
        """Ask where a film goes, then make it."""
        mp4, gif = tr("Film (MP4)"), tr("Moving picture (GIF)")
        path, chosen = QFileDialog.getSaveFileName(
            over, tr("Export film"), str(Path.home() / f"{model}.mp4"), f"{mp4} (*.mp4);;{gif} (*.gif)"
        )
        if path:
            if not Path(path).suffix:
                path += ".gif" if "*.gif" in chosen else ".mp4"
            self.film(model, points, seconds, kind, path)

    def film(self, model: str, points: Sequence[Point], seconds: float, kind: str, out: str) -> None:
        """Make a film of a walk as a job."""
        params = {
            "model": model,
            "points": [point.as_json() for point in points],
            "kind": kind,
            "seconds": seconds,
            "fps": FPS,
            "out": out,
        }
        self._context.submit("film", params)

    # --- projection ---------------------------------------------------------------------------------

    def choose_file(self, over: QWidget, chosen: Callable[[str], None]) -> None:
        """Ask for a picture file."""
        path, _filter = QFileDialog.getOpenFileName(
            over, tr("Use a file"), str(Path.home()), f"{tr('Pictures')} ({_FILES})"
        )
        if path:
            chosen(path)

    def project(self, model: str, what: int | str, title: str) -> None:
        """Look for a picture in a model: an asset by id, or a file. A search under way ends."""
        self.cancel()
        handle = self._context.submit("project", {"model": model, "picture": what, "seed": 0})
        if handle is None:
            return
        self._projection = handle

        def heard(event: JobEvent) -> None:
            data = event.progress.data if event.progress is not None else None
            if self._projection is handle and data and "point" in data:
                self.approached.emit(_point(data["point"]))

        def done(result: dict[str, Any]) -> None:
            if self._projection is not handle:
                return
            self._projection = None
            self.found.emit(_point(result["point"]), title, what, float(result.get("distance", 0.0)))
            self.ended.emit()

        def ended(_event: JobEvent) -> None:
            if self._projection is handle:
                self._projection = None
                self.ended.emit()

        JobWatch(self._context, handle, self, on_event=heard, on_done=done, on_ended=ended)

    def cancel(self) -> None:
        """Look no further."""
        handle, self._projection = self._projection, None
        if handle is not None:
            handle.cancel()
            self.ended.emit()


def _point(data: Any) -> Point:
    return data if isinstance(data, Point) else Point.of(data)
