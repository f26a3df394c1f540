"""The slots of a set: picture, sound and text, each with its lock and its own dice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.asset_model import ASSETS_MIME
from mmstudio.desktop.models.items import ITEMS_MIME
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.elided import Elided
from mmstudio.desktop.views.flow import page_area
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.heard import Heard
    from mmstudio.generation.sets.contract import Part

_FORMATS = (ASSETS_MIME, ITEMS_MIME, "text/uri-list", "text/plain")
_TITLES = {"picture": mark("Picture"), "sound": mark("Sound"), "text": mark("Text")}
_ICONS = {"picture": "image", "sound": "music-notes", "text": "article"}
_EMPTY = {
    "picture": mark("A picture appears here. Drop one to start from it."),
    "sound": mark("A music bed appears here. Drop a sound to start from it."),
    "text": mark("A line of copy appears here. Drop a text to start from it."),
}
_BUSY = {
    "picture": mark("Drawing…"),
    "sound": mark("Playing together…"),
    "text": mark("Writing…"),
}
_LOCKS = {
    "picture": mark("Keep this picture"),
    "sound": mark("Keep this sound"),
    "text": mark("Keep this text"),
}
_ROLLS = {
    "picture": mark("Another picture"),
    "sound": mark("Another sound"),
    "text": mark("Another text"),
}


def takes(mime: QMimeData) -> bool:
    """Whether a set can start from what is dragged."""
    return any(mime.hasFormat(kind) for kind in _FORMATS)


class Slot(QFrame):
    """One part of a set with its states: empty, working, full, failed.

    Signals:
        locked: part, whether it is kept. rolled: part to be made again. dropped: part, what was dropped.
        opened: it is to be shown large.
    """

    locked = Signal(str, bool)
    rolled = Signal(str)
    dropped = Signal(str, QMimeData)
    opened = Signal(str)

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.part = part
        self.setProperty("surface", "card")
        self.setAcceptDrops(True)
        self._over = False
        self.lock = tool("lock-simple-open", _LOCKS[part], checkable=True,
                         tip=mark("Kept: the other parts are made to go with it"))  # fmt: skip
        self.lock.toggled.connect(self._lock_toggled)
        self.dice = tool("dice-five", _ROLLS[part], lambda: self.rolled.emit(self.part),
                         tip=mark("Make only this part again"))  # fmt: skip
        symbol = QLabel()
        symbol.setPixmap(icon(_ICONS[part], "muted").pixmap(QSize(18, 18)))
        self._symbol = symbol
        self.note = Elided("", "small")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(symbol)
        head.addWidget(label(_TITLES[part], "strong"))
        head.addSpacing(8)
        head.addWidget(self.note, 1)
        head.addWidget(self.dice)
        head.addWidget(self.lock)
        self.head = head
        self.message = label(role="muted", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(96)
        waiting = QWidget()
        inner = QVBoxLayout(waiting)
        inner.setContentsMargins(8, 4, 8, 4)
        inner.setSpacing(12)
        inner.addStretch(1)
        inner.addWidget(self.message)
        inner.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(1)
        self.message.setMinimumWidth(1)
        self.pages = QStackedWidget()
        self._waiting, self._inner = waiting, inner
        self.pages.addWidget(waiting)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.pages, 1)
        self.setMinimumWidth(200)

    def put(self, content: QWidget) -> None:
        """The widget that shows the part."""
        self.content = content
        self.pages.addWidget(content)
        self.show_empty()

    # --- states -------------------------------------------------------------------------------------

    def show_empty(self) -> None:
        """Nothing is there yet."""
        self._wait(_EMPTY[self.part], busy=False)
        self.dice.setEnabled(False)

    def show_busy(self) -> None:
        """It is being made."""
        self._wait(_BUSY[self.part], busy=True)
        self.dice.setEnabled(False)

    def show_failed(self, words: str) -> None:
        """It could not be made; ``words`` are in the person's language."""
        unsay(self.message)
        self.message.setText(words)
        self.bar.hide()
        self.pages.setCurrentWidget(self._waiting)

    def show_there(self) -> None:
        """It is there."""
        self.pages.setCurrentWidget(self.content)

    @property
    def there(self) -> bool:
        """Whether something is shown."""
        return self.pages.currentWidget() is self.content

    def _wait(self, words: str, *, busy: bool) -> None:
        say(self.message, words)
        say(self.bar, words, "setAccessibleName")
        self.bar.setVisible(busy)
        self.pages.setCurrentWidget(self._waiting)

    def set_note(self, words: str) -> None:
        """Where it came from, in a few words."""
        self.note.setText(words)

    def set_locked(self, locked: bool) -> None:
        """Show a lock without a signal."""
        self.lock.blockSignals(True)
        self.lock.setChecked(locked)
        self.lock.blockSignals(False)
        self._show_lock(locked)

    def _lock_toggled(self, locked: bool) -> None:
        self._show_lock(locked)
        self.locked.emit(self.part, locked)

    def _show_lock(self, locked: bool) -> None:
        self.lock.setIcon(icon("lock-simple-fill" if locked else "lock-simple-open", "text", "accent"))
        self.lock.setAccessibleDescription(tr("kept") if locked else tr("not kept"))

    # --- dropping -----------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if takes(event.mimeData()):
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        if takes(event.mimeData()):
            event.acceptProposedAction()
            self.dropped.emit(self.part, event.mimeData())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._over:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), theme.RADIUS, theme.RADIUS)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_symbol"):
            self._symbol.setPixmap(icon(_ICONS[self.part], "muted").pixmap(QSize(18, 18)))


class PictureSlot(Slot):
    """The picture, whole, as large as there is room. Empty, it offers the shortest way to a set.

    ``surprise_wanted``: make one from nothing.
    """

    surprise_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("picture", parent)
        self.surprise = button(
            mark("Surprise me"), self.surprise_wanted.emit, icon="dice-five",
            tip=mark("Make a set from nothing, to see what one is"),
        )  # fmt: skip
        self._inner.insertWidget(self._inner.count() - 1, self.surprise, 0, Qt.AlignmentFlag.AlignHCenter)
        self.canvas = _Whole()
        self.put(self.canvas)

    def show_picture(self, image: QImage) -> None:
        """Show it."""
        self.canvas.show_image(image)
        self.show_there()

    def _wait(self, words: str, *, busy: bool) -> None:
        super()._wait(words, busy=busy)
        self.surprise.setVisible(not busy)


class SoundSlot(Slot):
    """The bed with its waveform and tones, played here."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("sound", parent)
        self.view = SoundView(context, tones=True)
        self.put(self.view)

    def show_sound(self, sound: Heard) -> None:
        """Show it; nothing plays by itself."""
        self.view.show_heard(sound)
        self.show_there()

    def show_busy(self) -> None:
        self.view.pause()
        super().show_busy()


class TextSlot(Slot):
    """The line of copy, its title, and other lines that fit."""

    copied = Signal()
    spoken = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("text", parent)
        self.speak_button = tool("speaker-high", mark("Speak this"), self.spoken.emit)
        self.head.insertWidget(self.head.indexOf(self.dice), self.speak_button)
        self.speak_button.setEnabled(False)
        self.copy_button = tool("copy", mark("Copy the text"), self.copied.emit)
        self.head.insertWidget(self.head.indexOf(self.dice), self.copy_button)
        self.copy_button.setEnabled(False)
        self.title = label(role="strong", wrap=True)
        self.text = label(role="heading", wrap=True)
        self.others_title = label(mark("Other lines that fit"), "small")
        self.others = label(role="muted", wrap=True)
        for words in (self.title, self.text, self.others):
            words.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            words.setMinimumWidth(1)
        name(self.text, mark("Line of copy"))
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for words in (self.title, self.text):
            layout.addWidget(words)
        layout.addSpacing(4)
        layout.addWidget(self.others_title)
        layout.addWidget(self.others)
        layout.addStretch(1)
        scroll = page_area(page)
        self.put(scroll)

    def show_text(self, title: str, text: str, others: tuple[str, ...]) -> None:
        """Show it; at most three other lines."""
        self.title.setText(title)
        self.title.setVisible(bool(title) and title != text)
        self.text.setText(text)
        self.others.setText("\n".join(f"·  {line}" for line in others[:3]))
        self.others_title.setVisible(bool(others))
        self.others.setVisible(bool(others))
        self.copy_button.setEnabled(bool(text))
        self.speak_button.setEnabled(bool(text))
        self.show_there()


class _Whole(QWidget):
    """A picture, whole, enlarged smoothly; Space or a double click shows nothing more than is here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._scaled: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 120)
        name(self, mark("Picture of the set"))

    @property
    def image(self) -> QImage:
        """What is shown."""
        return self._image

    def show_image(self, image: QImage) -> None:
        """Show a picture."""
        self._image, self._scaled = image, None
        self.setAccessibleDescription(f"{image.width()} × {image.height()}")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scaled = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image.isNull():
            return
        if self._scaled is None:
            ratio = self.devicePixelRatioF()
            scaled = self._image.scaled(
                self.size() * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._scaled = QPixmap.fromImage(scaled)
            self._scaled.setDevicePixelRatio(ratio)
        size = self._scaled.deviceIndependentSize().toSize()
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.drawPixmap(place.topLeft(), self._scaled)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), 4, 4)
