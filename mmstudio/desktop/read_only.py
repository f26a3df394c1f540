"""Controls that would write are disabled, and say why, while a library is open for reading only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

WHY = mark("This library is open elsewhere: here it can be looked at only.")


class WritingGuard(QObject):
    """Keeps one button, field or action disabled while the library is read only, whoever enables it.

    What it was asked to be is remembered for the next library, and so is its own tip.
    """

    def __init__(self, context: AppContext, control: QWidget | QAction) -> None:
        super().__init__(control)
        self._context, self._control = context, control
        self._wanted, self._tip, self._own = control.isEnabled(), control.toolTip(), False
        if isinstance(control, QAction):
            control.changed.connect(self._changed)
        else:
            control.installEventFilter(self)
        context.library_opened.connect(self.look)
        context.library_closed.connect(self.look)
        context.language_changed.connect(self.look)
        self.look()

    @property
    def closed(self) -> bool:
        """Whether nothing may be written now."""
        return self._context.studio is not None and self._context.read_only

    def look(self) -> None:
        """Another library, or none, or another language."""
        self._own = True
        if self.closed:
            self._control.setEnabled(False)
            self._control.setToolTip(tr(WHY))
        elif self._control.property("readOnly"):
            self._control.setEnabled(self._wanted)
            self._control.setToolTip(self._tip)
        self._control.setProperty("readOnly", self.closed)
        self._own = False

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.EnabledChange, QEvent.Type.ToolTipChange):
            self._changed()
        return False

    def _changed(self) -> None:
        if self._own:
            return
        if not self.closed:
            self._wanted, self._tip = self._control.isEnabled(), self._control.toolTip()
            return
        if self._control.isEnabled() or self._control.toolTip() != tr(WHY):
            if self._control.isEnabled():
                self._wanted = True
            else:
                self._tip = self._control.toolTip()
            self.look()


def writes(context: AppContext, *controls: QWidget | QAction) -> None:
    """Guard controls that write to the library, or start what does."""
    for control in controls:
        WritingGuard(context, control)


# Pane → what of it writes and does not look at the library by itself. Dots go into parts.
PARTS: dict[str, tuple[str, ...]] = {
    "items": ("_ad_action", "_catalogue_action", "detail.ad_button"),
    "create": ("_save_action",),
    "preview": (
        "_compose_action",
        "_export_action",
        "review.remark_action",
        "review.package_action",
        "review.import_action",
    ),
    "exports": ("_export_action",),
    "doctor": ("check", "merge", "trash", "relink", "ignore", "swap"),
    "teach": ("use_selection", "accept_action", "refuse_action", "use_action"),
    "make": ("_compose_action",),
    "play": ("desk.sliders.find_button", "_film"),
    "compare": ("measure_button", "rate_button", "_rate_action"),
    "catalogue": ("import_button", "_import_file", "_import_folder", "_tune_action"),
    "segments": ("find_button", "_find_action"),
    "brand": ("new_action",),
    "measure": ("_measure_action", "form.run_button"),
}


def guard_pane(context: AppContext, pane: QWidget, key: str) -> None:
    """Guard what a pane just built would write with."""
    for path in PARTS.get(key, ()):
        part: Any = pane
        for name in path.split("."):
            part = getattr(part, name)
        writes(context, part)
