"""What a model's card can do beyond training: measure, compare, export, train again without the forgotten."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from mmstudio.desktop.views.files import open_path
from mmstudio.i18n import tr
from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.model_card import ModelCard
    from mmstudio.jobs import JobEvent

_KINDS = ("evaluate", "onnx")


class ModelActions(QObject):
    """Listens to a card; jobs of its own come back to the card where it still shows their model."""

    def __init__(
        self, context: AppContext, card: ModelCard, submit: Callable[[dict[str, Any]], None], over: QWidget
    ) -> None:
        """``submit`` starts a training with the parameters of its job."""
        super().__init__(over)
        self._context, self._card, self._submit, self._over = context, card, submit, over
        self._measuring: tuple[int, str] | None = None  # job (-1 before its first event) and model
        context.job_event.connect(self._hear)
        context.library_closed.connect(self._forget)
        card.used.connect(lambda model: context.navigate("create", model=model, make=True))
        card.played.connect(lambda model: context.navigate("play", model=model))
        card.compared.connect(lambda model: context.navigate("compare", a=model))
        card.assets_wanted.connect(lambda ids: context.navigate("library", query="", select=list(ids)))
        card.looked.connect(lambda asset: context.quick_look([asset]))
        card.evaluated.connect(self.evaluate)
        card.exported.connect(self.export)
        card.retrained.connect(self.retrain)

    def evaluate(self, model: str) -> None:
        """Measure a model and look for copies, as a job."""
        if self._context.submit("evaluate", {"name": model}) is not None:
            self._measuring = (-1, model)
            self._card.show_measuring("", 0, None)

    def show_again(self) -> None:
        """The card shows another model, or the same one afresh."""
        if self._measuring is not None and self._measuring[1] == self._card.model:
            self._card.show_measuring("", 0, None)
        else:
            self._card.measured()

    def export(self, model: str) -> None:
        """Ask where to, then write the model as ONNX."""
        title, kinds = tr("Export as ONNX…"), tr("ONNX files (*.onnx)")
        path, _kind = QFileDialog.getSaveFileName(self._over, title, f"{model}.onnx", kinds)
        if path:
            self._context.submit("onnx", {"name": model, "path": path})

    def retrain(self, model: str) -> None:
        """The same training without what must not be learned from, under a new name."""
        studio = self._context.studio
        if studio is None or self._context.read_only:
            return

        def wish() -> dict[str, Any]:
            from mmstudio.learning.rights import retrain_wish

            asked = asdict(retrain_wish(studio.trainings, model))
            return {key: value for key, value in asked.items() if value not in (None, "", {}, [])}

        self._context.background(wish, self._submit, owner=self)

    def _forget(self) -> None:
        self._measuring = None

    def _hear(self, event: JobEvent) -> None:
        if event.kind == "onnx" and event.state == "done" and event.result:
            self._exported(dict(event.result))
        if event.kind != "evaluate" or self._measuring is None:
            return
        job, model = self._measuring
        if job == -1:
            job = event.job_id
            self._measuring = (job, model)
        if event.job_id != job:
            return
        shown = self._card.model == model
        if event.state == "running" and event.progress is not None and shown:
            self._card.show_measuring(event.progress.note, event.progress.done, event.progress.total)
        elif event.state in FINAL_STATES or event.state == "paused":
            self._measuring = None
            if shown:
                self._card.measured()
            if event.state == "done" and event.result is not None and shown:
                self._show(dict(event.result))

    def _show(self, result: dict[str, Any]) -> None:
        from mmstudio.learning.evaluation.report import Evaluation

        self._card.show_evaluation(Evaluation.of(result))
        self._card.ensureWidgetVisible(self._card.figures)

    def _exported(self, result: dict[str, Any]) -> None:
        from pathlib import Path

        path: Path = Path(str(result.get("path", "")))
        self._context.notify(
            tr("Written: {file}", file=path.name),
            tr("It draws the same as the model here; the largest difference is {difference}.",
               difference=f"{float(result.get('difference', 0.0)):.2g}"),
            (tr("Show the folder"), lambda: open_path(str(path.parent))),
            "success",
        )  # fmt: skip
