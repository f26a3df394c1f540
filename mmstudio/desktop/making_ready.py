"""While the window is left alone: what the first preview needs is loaded, so that it is there at once.

The first preview of a program reads two hundred modules, the recipes and the fonts; all of it happens here in
a worker, and what belongs to Qt in short steps on the window's own thread.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.pane import Pane

log = logging.getLogger(__name__)
# Without Qt types of the window's own: read in a worker.
_MODULES = (
    "mmstudio.composition", "mmstudio.composition.sound", "mmstudio.composition.render",
    "mmstudio.export.channels", "mmstudio.export.copy_gate", "mmstudio.export.provenance.label",
    "mmstudio.export.provenance.record",
)  # fmt: skip
# With classes of Qt: one a turn of the event loop.
_OF_THE_WINDOW = ("models.board", "views.mockup", "views.stage", "views.export_gate", "views.preview_panel",
                  "panes.preview_review", "panes.preview")  # fmt: skip
_PAUSE_MS = 15  # between two steps: what a person does meanwhile comes first


class MakingReady(QObject):
    """Goes through its steps once for every library; a step that fails is left out, showing will say why.

    Signals:
        done: everything is ready.
    """

    done = Signal()

    def __init__(self, context: AppContext, pane_of: Callable[[str], Pane | None], parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._pane_of = pane_of
        self._number = 0
        self.ready = False

    def start(self) -> None:
        """Begin for the open library; without one nothing happens."""
        if self._context.studio is None or self.ready:
            return
        self._number += 1
        number = self._number
        self._context.background(
            _read_ahead, lambda _none: self._next(number, 0), self._failed, key="make-ready", owner=self
        )

    def forget(self) -> None:
        """Another library, or none."""
        self._number += 1
        self.ready = False

    def _next(self, number: int, step: int) -> None:
        if number != self._number or self._context.studio is None:
            return
        try:
            if step < len(_OF_THE_WINDOW):
                importlib.import_module(f"mmstudio.desktop.{_OF_THE_WINDOW[step]}")
            else:
                self._built(number)
                return
        except Exception as error:  # noqa: BLE001 - nobody asked for it yet
            self._failed(error)
            return
        QTimer.singleShot(_PAUSE_MS, self, lambda: self._next(number, step + 1))

    def _built(self, number: int) -> None:
        from mmstudio.desktop.panes.preview import PreviewPane

        pane = self._pane_of("preview")
        if isinstance(pane, PreviewPane):
            pane.make_ready(lambda: self._finish(number))
        else:
            self._finish(number)

    def _finish(self, number: int) -> None:
        if number == self._number:
            self.ready = True
            self.done.emit()

    def _failed(self, error: Exception) -> None:
        log.info("the preview was not made ready: %s", error)
        self._finish(self._number)


def _read_ahead() -> None:
    """Modules, recipes, and a frame with every weight of letters: Qt reads the fonts for it."""
    for module in _MODULES:
        importlib.import_module(module)
    from mmstudio.composition import recipes
    from mmstudio.composition.recipe import for_items
    from mmstudio.composition.render import Renderer

    for_items(recipes())
    Renderer(_letters(), None).frame(0.0, (160, 160))


def _letters() -> Storyboard:
    from mmstudio.composition.storyboard import Rect, Scene, ShapeLayer, Storyboard, TextLayer

    words = [
        TextLayer(name=f"w{weight}", rect=Rect(0.0, n / 4, 1.0, 0.25), text="Aä 12 € 中", weight=weight)
        for n, weight in enumerate((400, 500, 600, 700))
    ]
    return Storyboard(size=(160, 160), scenes=[Scene("s", 0.0, 8.0, [ShapeLayer(name="g"), *words])])
