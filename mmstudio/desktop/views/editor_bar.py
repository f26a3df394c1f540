"""The bar above the editor's canvas: way back, formats and safe zones, guides, adding, playing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from mmstudio.composition.storyboard import Rect
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import action_tool, button, row, tool
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmstudio.desktop.panes.editor import EditorPane
    from mmstudio.export.channels import Channel

Frame = tuple[str, tuple[int, int], Rect | None]  # words, size in pixels, what a channel leaves free
FORMATS: tuple[tuple[str, tuple[int, int]], ...] = (
    (mark("Square, 1:1"), (1080, 1080)),
    (mark("Tall, 9:16"), (1080, 1920)),
    (mark("Wide, 16:9"), (1920, 1080)),
)
_NARROW = 700  # pixels: below, the title and the words of a button are left out
_SAID = {
    "saved": mark("Saved"),
    "waiting": mark("Saving…"),
    "failed": mark("Not saved"),
    "read-only": mark("Read only"),
    "": "",
}


def frames_of(channels: Iterable[Channel]) -> list[Frame]:
    """The formats, and every channel with a picture, as the chooser lists them."""
    found: list[Frame] = [(tr(words), size, None) for words, size in FORMATS]
    seen: set[tuple[Any, ...]] = set()
    for channel in channels:
        size = channel.size
        top, right, bottom, left = channel.safe
        if size is None:
            continue
        key = (tr(channel.label), size, (top, right, bottom, left))
        if key in seen:
            continue
        seen.add(key)
        found.append((tr(channel.label), size, Rect(left, top, 1.0 - left - right, 1.0 - top - bottom)))
    return found


class EditorBar(QWidget):
    """Buttons follow the pane's actions; the chooser says what it chose.

    Signals:
        framed: a :data:`Frame`.
    """

    framed = Signal(object)

    def __init__(self, pane: EditorPane, actions: dict[str, QAction], adding: list[QAction]) -> None:
        super().__init__(pane)
        self.setProperty("surface", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frames: list[Frame] = []
        self.back = tool("arrow-left", mark("Back to the preview"), pane.go_back)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setProperty("role", "strong")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setMinimumWidth(40)
        self.state = label(role="muted")
        self.frame = QComboBox()
        self.frame.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.frame.setMinimumContentsLength(14)
        name(
            self.frame,
            mark("Format and safe zone"),
            mark("The shape of the canvas, and what a channel covers with its own buttons"),
        )
        self.frame.currentIndexChanged.connect(self._framed)
        self.add = QToolButton()
        self.add.setProperty("role", "menu")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        from mmstudio.desktop.icons import icon

        self.add.setIcon(icon("plus"))
        name(self.add, mark("Add"), mark("Add a text, a shape, a scene or a sound"))
        menu = QMenu(self.add)
        menu.addActions(adding)
        self.add.setMenu(menu)
        self.play = action_tool(actions["play"])
        self.lock = action_tool(actions["lock"])
        self.next = action_tool(actions["next"])
        self.thirds = action_tool(actions["guides"])
        self.snap = action_tool(actions["snap"])
        self.rulers = action_tool(actions["rulers"])
        self.listed = action_tool(actions["list"])
        self.again = action_tool(actions["reroll"])
        self.again.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayout(
            row(
                self.back, self.title, self.state, self.frame, self.rulers, self.thirds, self.snap,
                self.listed, self.add,
                self.lock, self.next, self.play, self.again, spacing=6, margins=(12, 8, 12, 8),
            )
        )  # fmt: skip
        self.layout().setStretch(1, 1)  # type: ignore[union-attr]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        for widget in (self.title, self.rulers, self.thirds, self.listed):  # their keys remain
            widget.setVisible(not narrow)
        style = Qt.ToolButtonStyle
        self.again.setToolButtonStyle(style.ToolButtonIconOnly if narrow else style.ToolButtonTextBesideIcon)

    def show_frames(self, frames: list[Frame]) -> None:
        """What the chooser offers."""
        chosen, at = self.frame.currentText(), self.frame.currentIndex()
        same = len(frames) == len(self._frames)  # in another language only the words are others
        self._frames = frames
        self.frame.blockSignals(True)
        self.frame.clear()
        for words, _size, _safe in frames:
            self.frame.addItem(words)
        found = self.frame.findText(chosen)
        self.frame.setCurrentIndex(max(at if found < 0 and same else found, 0))
        self.frame.blockSignals(False)

    def show_size(self, size: tuple[int, int]) -> None:
        """The storyboard's own shape, where the chooser shows another one."""
        at = self.frame.currentIndex()
        if 0 <= at < len(self._frames) and _shape(self._frames[at][1]) == _shape(size):
            return
        index = next((n for n, frame in enumerate(self._frames) if _shape(frame[1]) == _shape(size)), -1)
        self.frame.blockSignals(True)
        self.frame.setCurrentIndex(index)
        self.frame.blockSignals(False)

    def safe_now(self) -> Rect | None:
        """What the channel in the chooser leaves free."""
        at = self.frame.currentIndex()
        return self._frames[at][2] if 0 <= at < len(self._frames) else None

    def _framed(self, index: int) -> None:
        if 0 <= index < len(self._frames):
            self.framed.emit(self._frames[index])

    def say_state(self, state: str) -> None:
        """What to say of saving."""
        say(self.state, _SAID.get(state, ""))


class ClashBar(QFrame):
    """Somebody else changed the storyboard: whose state shall stand?"""

    def __init__(
        self, theirs: Callable[[], Any], mine: Callable[[], Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        words = label(
            mark("This storyboard was changed elsewhere meanwhile. Nothing was overwritten."), wrap=True
        )
        self.theirs = button(mark("Take the other one"), theirs, tip=mark("Undo leads back to yours"))
        self.mine = button(mark("Keep mine"), mine, tip=mark("The other changes are replaced by yours"))
        made = row(words, self.theirs, self.mine, margins=(12, 8, 12, 8))
        made.setStretch(0, 1)
        self.setLayout(made)
        self.hide()


def _shape(size: tuple[int, int]) -> float:
    return round(size[0] / max(size[1], 1), 2)
