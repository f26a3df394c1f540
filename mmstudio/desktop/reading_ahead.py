"""While the window is left alone: the modules of the pages people open first are read, one a turn.

What knows nothing of Qt is read in a worker; classes of Qt are made on the window's own thread, in steps too
short to be felt. Nothing is built: a page is built when it is opened.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

log = logging.getLogger(__name__)
# Without Qt: read in a worker.
_MODULES = (
    "http.client", "mmstudio.learning", "mmstudio.learning.rights", "mmstudio.features",
    "mmstudio.features.augment.recipe", "mmstudio.generation.sounding.wish",
    "mmstudio.generation.copywriting",
)  # fmt: skip
# With classes of Qt, what others need first: each of them alone is read in a few milliseconds.
OF_THE_WINDOW = (
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
    """Once a session. A module that cannot be read is left out: opening its page will say why.

    Signals:
        done: all was read.
    """

    done = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._begun = False

    def start(self) -> None:
        """Begin, unless that was done."""
        if not self._begun:
            self._begun = True
            self._context.background(_read, lambda _none: self._next(0), self._failed, owner=self)

    def _next(self, step: int) -> None:
        while step < len(OF_THE_WINDOW) and _name(step) in sys.modules:
            step += 1
        if step == len(OF_THE_WINDOW):
            self.done.emit()
            return
        try:
            importlib.import_module(_name(step))
        except Exception as error:  # noqa: BLE001 - nobody asked for it yet
            log.info("%s was not read ahead: %s", _name(step), error)
        QTimer.singleShot(_PAUSE_MS, self, lambda: self._next(step + 1))

    def _failed(self, error: Exception) -> None:
        log.info("not read ahead: %s", error)
        self._next(0)


def _name(step: int) -> str:
    return f"mmstudio.desktop.{OF_THE_WINDOW[step]}"


def _read() -> None:
    for module in _MODULES:
        importlib.import_module(module)
