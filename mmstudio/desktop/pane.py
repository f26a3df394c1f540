"""What every pane is to the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext


class Pane(QWidget):
    """Base of the panes. Built lazily, kept afterwards; built before or after a library is open.

    The window calls, always on the GUI thread: :meth:`activated` when the pane is shown,
    :meth:`library_changed` when another library is open (or none), :meth:`data_changed` after commits,
    :meth:`retranslate` after a change of language (texts put on with :func:`texts.say` follow by themselves).

    ``root`` is the pane's vertical layout, without margins. Actions made with ``texts.action(self, …)`` are
    the pane's ``actions()``: the window puts them into the menu of the pane's name and the command palette.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str] = ""  # marked English
    icon: ClassVar[str] = "square"  # Phosphor name
    with_inspector: ClassVar[bool] = True  # whether the inspector stands beside it
    shares_selection: ClassVar[bool] = False  # whether what is selected elsewhere is selected here too

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName(f"pane-{self.key}")
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.root = QVBoxLayout(self)
        self.root.setContentsMargins(0, 0, 0, 0)
        self.root.setSpacing(0)

    def title(self) -> str:
        """The name in the person's language."""
        return tr(self.name)

    def activated(self, **args: Any) -> None:
        """The pane was shown; ``args`` come from :meth:`AppContext.navigate`."""

    def library_changed(self) -> None:
        """Another library is open now, or none (``self.context.studio is None``)."""

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        """Something of ``topic`` was committed; ``ids`` is None where many or unknown."""

    def retranslate(self) -> None:
        """Say again what was not said with :func:`texts.say`."""

    def inspector(self) -> QWidget | None:
        """The widget for the inspector while this pane is shown; None keeps the asset inspector."""
        return None

    def header(self) -> QWidget | None:
        """A widget for the top bar while this pane is shown, e.g. its search field."""
        return None

    def search_field(self) -> QLineEdit | None:
        """What Ctrl+F focuses; None goes to the Library's."""
        return None

    def neighbour(self, step: int) -> int | None:
        """Move the selection by ``step`` while quick look is open and return the asset there, if any."""
        return None

    def undo_labels(self) -> tuple[str | None, str | None] | None:
        """What Undo and Redo would do while this pane is shown (marked English); None: the library's own."""
        return None

    def undo(self) -> None:
        """Undo in this pane; only asked where :meth:`undo_labels` gave something."""

    def redo(self) -> None:
        """Redo in this pane."""

    def close_pane(self) -> None:
        """The window is closing: stop players and timers."""


class OwnKeysPane(Pane):
    """A pane with steps of its own: while it has the focus, undo, redo, Space and Escape are about them and
    not about the library."""

    def own_undo(self) -> None:
        """One step back."""

    def own_redo(self) -> None:
        """The step that was undone, again."""

    def own_space(self) -> None:
        """Play or stop."""

    def own_escape(self) -> Callable[[], object] | None:
        """What Escape ends now; None where there is nothing to end."""
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = self._own(event)
        if move is None:
            super().keyPressEvent(event)
            return
        event.accept()
        move()

    def _own(self, event: QKeyEvent) -> Callable[[], object] | None:
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if ctrl and event.key() == Qt.Key.Key_Z:
            return self.own_redo if shift else self.own_undo
        if ctrl and event.key() == Qt.Key.Key_Y:
            return self.own_redo
        if event.key() == Qt.Key.Key_Space and not ctrl:
            return self.own_space
        return self.own_escape() if event.key() == Qt.Key.Key_Escape else None
