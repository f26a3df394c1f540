"""While the window is left alone: what people open first is read, so that it is there at once.

First what the first preview needs (two hundred modules, the recipes, the fonts, the newest storyboard), then
the modules of the large pages. What knows nothing of Qt is read in a worker; classes of Qt are made on the
window's own thread, one module a turn of its loop. Of the pages nothing is built: that happens when they are
opened.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.pane import Pane

log = logging.getLogger(__name__)
# Without Qt types of the window's own: read in a worker.
_OF_THE_PREVIEW = (
    "mmstudio.composition", "mmstudio.composition.sound", "mmstudio.composition.render",
    "mmstudio.export.channels", "mmstudio.export.copy_gate", "mmstudio.export.provenance.label",
    "mmstudio.export.provenance.record",
)  # fmt: skip
_OF_THE_PAGES = (
    "http.client", "mmstudio.learning", "mmstudio.learning.rights", "mmstudio.features",
    "mmstudio.features.augment.recipe", "mmstudio.generation.sounding.wish",
    "mmstudio.generation.copywriting",
)  # fmt: skip
# With classes of Qt, what others need first: each of them alone is read in a few milliseconds.
PREVIEW = ("models.board", "views.mockup", "views.stage", "views.export_gate", "views.preview_panel",
           "panes.preview_review", "panes.preview")  # fmt: skip
PAGES = (
    "models.dataset", "models.trained", "views.curves", "views.loss_plot", "views.pictures",
    "views.figure_table", "views.sample_reel", "views.model_card", "views.model_delegate",
    "views.augment_controls", "views.augment_row", "views.training_advanced", "views.training_conditions",
    "views.training_parts", "views.training_how", "views.crop_strip", "views.training_source",
    "views.training_form", "views.training_view", "panes.model_actions", "panes.models",
    "models.results", "models.asset_model", "models.items", "views.tiles", "views.set_shared",
    "views.create_sound", "views.create_text", "views.item_picker", "views.create_controls",
    "views.create_detail", "views.result_delegate", "panes.create",
    "models.writing", "views.guarded_text", "views.brand_rules", "views.speak_bar", "views.variant_card",
    "views.write_controls", "panes.write",
)  # fmt: skip
_PAUSE_MS = 20  # between two modules: what a person does meanwhile comes first


class ReadingAhead(QObject):
    """One walk for each library; what was read before is passed over.

    A module that cannot be read is left out: the log says so, and opening its page tells the person why.

    Attributes:
        ready: True when the first preview of the open library would be there at once.

    Signals:
        done: all was read.
    """

    done = Signal()

    def __init__(
        self, context: AppContext, pane_of: Callable[[str], Pane | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._pane_of = pane_of
        self._number = 0
        self._under_way = False
        self.ready = False

    def start(self) -> None:
        """Begin for the open library; without one, or where that was done, nothing happens."""
        if self._context.studio is None or self.ready or self._under_way:
            return
        self._number += 1
        self._under_way = True
        pages = _Part(_pages, PAGES, self._all_read)
        self._walk(self._number, _Part(_preview, PREVIEW, lambda number: self._build(number, pages)))

    def forget(self) -> None:
        """Another library, or none."""
        self._number += 1
        self._under_way = self.ready = False

    def _walk(self, number: int, part: _Part) -> None:
        self._context.background(
            part.read,
            lambda _none: self._next(number, part, 0),
            lambda error: self._left_out(part.read.__name__, error, lambda: self._next(number, part, 0)),
            owner=self,
        )

    def _next(self, number: int, part: _Part, step: int) -> None:
        while step < len(part.modules) and _name(part, step) in sys.modules:
            step += 1
        if number != self._number:
            return
        if step == len(part.modules):
            part.then(number)
            return
        try:
            importlib.import_module(_name(part, step))
        except Exception as error:  # noqa: BLE001 - nobody asked for it yet; opening the page will say it
            self._left_out(_name(part, step), error, lambda: None)
        QTimer.singleShot(_PAUSE_MS, self, lambda: self._next(number, part, step + 1))

    def _build(self, number: int, pages: _Part) -> None:
        def built() -> None:
            if number == self._number:
                self.ready = True
                self._walk(number, pages)

        try:
            from mmstudio.desktop.panes.preview import PreviewPane

            pane = self._pane_of("preview")
        except Exception as error:  # noqa: BLE001 - nobody asked for it yet; opening the page will say it
            self._left_out("the preview", error, built)
            return
        if isinstance(pane, PreviewPane):
            pane.make_ready(built)
        else:
            built()

    def _all_read(self, _number: int) -> None:
        self._under_way = False
        self.done.emit()

    def _left_out(self, what: str, error: Exception, then: Callable[[], None]) -> None:
        log.warning("%s was not read ahead: %s", what, error, exc_info=error)
        then()


class _Part:
    """What a worker reads, the modules of the window that follow, and what comes then."""

    def __init__(
        self, read: Callable[[], None], modules: tuple[str, ...], then: Callable[[int], None]
    ) -> None:
        self.read, self.modules, self.then = read, modules, then


def _name(part: _Part, step: int) -> str:
    return f"mmstudio.desktop.{part.modules[step]}"


def _pages() -> None:
    for module in _OF_THE_PAGES:
        importlib.import_module(module)


def _preview() -> None:
    """Modules, recipes, and a frame with every weight of letters: Qt reads the fonts for it."""
    for module in _OF_THE_PREVIEW:
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
