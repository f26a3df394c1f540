"""In the inspector: which models learned from a picture, what came of it, and how to have it forgotten."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mmstudio.desktop.texts import say
from mmstudio.desktop.views.controls import button, section
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.learning.rights import Forgotten, UsedBy

_HOW = {
    "trained": mark("{model} learned from it"),
    "held-out": mark("{model} was measured with it"),
    "base": mark("{model} started from a model that saw it"),
}
_MOST = 6


class LearnedFrom(QWidget):
    """Hidden where no model saw what is selected."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ids: list[int] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(
            section(
                mark("Models that learned from it"),
                mark(
                    "Forgetting forbids training with it and marks the models that saw it. What they know of "
                    "it stays in them until they are trained again without it."
                ),
            )
        )
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        layout.addLayout(self._lines)
        self.forget_button = button(mark("Forget this picture"), self.forget, icon="eraser")
        layout.addWidget(self.forget_button, 0, Qt.AlignmentFlag.AlignLeft)
        context.changed.connect(self._changed)
        self.hide()

    def show_for(self, ids: list[int]) -> None:
        """Look up the first of ``ids``; several at once are forgotten together."""
        self._ids = ids
        self._look()

    def _changed(self, topic: str, _ids: Any) -> None:
        if topic in ("models", "generations") and self._ids:
            self._look()

    def _look(self) -> None:
        studio = self._context.studio
        if studio is None or not self._ids:
            self.hide()
            return
        first = self._ids[0]

        def read() -> UsedBy:
            from mmstudio.learning.rights import used_by

            return used_by(studio.trainings, first)

        self._context.background(
            read, self._show, lambda _error: self.hide(), key="inspector-models", owner=self
        )

    def _show(self, used: UsedBy) -> None:
        while self._lines.count():
            taken = self._lines.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for model in used.models[:_MOST]:
            self._link(
                tr(_HOW[model.how], model=model.name),
                partial(self._context.navigate, "models", model=model.name),
            )
        outputs = [output.asset_id for output in used.outputs]
        if outputs:
            self._link(
                tr("{n} outputs of these models", n=len(outputs)),
                lambda: self._context.navigate("library", query="", select=outputs),
            )
        say(
            self.forget_button,
            mark("Forget this picture") if len(self._ids) == 1 else mark("Forget these {n}"),
            n=len(self._ids),
        )
        self.forget_button.setEnabled(not self._context.read_only)
        self.setVisible(bool(used.models))

    def _link(self, words: str, slot: Callable[[], Any]) -> None:
        link = QPushButton(words)
        link.setProperty("role", "link")
        link.clicked.connect(lambda _on=False: slot())
        self._lines.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def forget(self) -> None:
        """Forbid training with what is selected, and say what came of it."""
        studio, ids = self._context.studio, list(self._ids)
        if studio is None or self._context.read_only or not ids:
            return

        def work() -> Forgotten:
            from mmstudio.learning.rights import forget

            return forget(studio.trainings, ids)

        self._context.background(work, self._forgotten, owner=self)

    def _forgotten(self, found: Forgotten) -> None:
        self._context.notify(
            tr("Forgotten: {n}. No training will use it.", n=len(found.assets)),
            tr("Marked to be trained again: {models}.", models=", ".join(found.models))
            if found.models
            else "",
            (tr("Undo"), self._context.undo),
            "success",
        )
        self._look()
