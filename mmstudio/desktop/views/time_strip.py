"""What the pictures of a sound share: the stretch in sight, the place heard, seeking and zooming."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.words import duration_text
from mmstudio.i18n import mark, tr

_CLOSEST_S = 0.05  # seconds across the widget at the most
_STEP = 1.5  # zoom of one key or one notch of the wheel
_KEY = 0.02  # of what is seen: how far an arrow goes
_HINT = mark(
    "Click to go there; arrows, Home and End move, K plays and pauses, + and - or the wheel look closer, "
    "0 shows all"
)


class TimeStrip(QWidget):
    """A sound along its time. Subclasses paint :meth:`paint_content`.

    Signals:
        sought: seconds that were clicked or reached by keys.
        zoomed: first and last second in sight, after the person zoomed.
        toggled: K or the play key was pressed.
    """

    sought = Signal(float)
    zoomed = Signal(float, float)
    toggled = Signal()

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duration = self._position = 0.0
        self._from, self._until = 0.0, 0.0
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(48)
        name(self, accessible, _HINT)

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def duration(self) -> float:
        """Seconds in all; 0 while there is nothing."""
        return self._duration

    @property
    def position(self) -> float:
        """Seconds heard."""
        return self._position

    @property
    def sight(self) -> tuple[float, float]:
        """First and last second in sight."""
        return self._from, self._until

    def set_duration(self, seconds: float) -> None:
        """Another sound: all of it is in sight."""
        self._duration, self._message = max(0.0, seconds), ""
        self._from, self._until = 0.0, self._duration
        self._position = min(self._position, self._duration)
        self._tell()
        self.update()

    def set_message(self, message: str) -> None:
        """Show words in place of a sound."""
        self._message = message
        self._duration = self._position = self._from = self._until = 0.0
        self.setAccessibleDescription(message)
        self.update()

    def set_position(self, seconds: float) -> None:
        """Seconds heard. What is in sight follows while it is zoomed."""
        if seconds == self._position:
            return
        self._position = seconds
        if self._duration and not self._from <= seconds <= self._until:
            width = self._until - self._from
            self._look(seconds, seconds + width, told=True)
        self.update()

    def set_sight(self, first: float, last: float) -> None:
        """Look at a stretch, in seconds; nothing is said of it."""
        self._look(first, last, told=False)

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Look ``factor`` times closer, keeping second ``around`` (the place heard) where it is."""
        if not self._duration:
            return
        at = self._position if around is None else around
        if not self._from <= at <= self._until:
            at = (self._from + self._until) / 2
        width = self._until - self._from
        wanted = min(self._duration, max(min(_CLOSEST_S, self._duration), width / factor))
        share = (at - self._from) / width if width else 0.0
        self._look(at - share * wanted, at + (1 - share) * wanted, told=True)

    def _look(self, first: float, last: float, *, told: bool) -> None:
        width = min(self._duration, max(0.0, last - first))
        first = max(0.0, min(first, self._duration - width))
        if (first, first + width) == (self._from, self._until):
            return
        self._from, self._until = first, first + width
        self.update()
        if told:
            self.zoomed.emit(self._from, self._until)

    def x_of(self, seconds: float) -> float:
        """Where a second lies, in pixels."""
        width = self._until - self._from
        return (seconds - self._from) / width * self.width() if width else 0.0

    def second_at(self, x: float) -> float:
        """The second at a pixel, within the sound."""
        share = max(0.0, min(1.0, x / max(1, self.width())))
        return self._from + share * (self._until - self._from)

    # --- painting -----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(320, 96)

    def paint_content(self, painter: QPainter) -> None:
        """Paint what is in sight; ground, place and focus are painted around it."""
        raise NotImplementedError

    def has_content(self) -> bool:
        """Whether there is something to paint."""
        return self._duration > 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised"))
        frame = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(frame, theme.RADIUS, theme.RADIUS)
        if self._message or not self.has_content():
            painter.setPen(theme.color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._message or tr("Loading…"))
        else:
            painter.save()
            self.paint_content(painter)
            painter.restore()
            self._paint_place(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self.hasFocus()
        painter.setPen(QPen(theme.color("focus" if focused else "border"), 2.0 if focused else 1.0))
        painter.drawRoundedRect(frame, theme.RADIUS, theme.RADIUS)

    def _paint_place(self, painter: QPainter) -> None:
        x = self.x_of(self._position)
        if not -1 <= x <= self.width() + 1:
            return
        x = max(1.0, min(self.width() - 1.0, x))
        painter.setPen(QPen(theme.color("surface"), 4.0))
        painter.drawLine(QPointF(x, 3), QPointF(x, self.height() - 3))
        painter.setPen(QPen(theme.color("accent"), 2.0))
        painter.drawLine(QPointF(x, 2), QPointF(x, self.height() - 2))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # --- seeking and zooming ------------------------------------------------------------------------

    def seek(self, seconds: float) -> None:
        """Ask for a place within the sound."""
        if self._duration:
            self.sought.emit(max(0.0, min(seconds, self._duration)))
            self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.seek(self.second_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.seek(self.second_at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if not self._duration or not (turned.y() or turned.x()):
            event.ignore()
            return
        width = self._until - self._from
        if abs(turned.x()) > abs(turned.y()) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            by = -(turned.x() or turned.y()) / 120 * 0.1 * width
            self._look(self._from + by, self._until + by, told=True)
        elif width >= self._duration and turned.y() < 0:
            event.ignore()  # all is in sight: the page scrolls
            return
        else:
            self.zoom(_STEP ** (turned.y() / 120), self.second_at(event.position().x()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, words = event.key(), event.text().lower()
        step = _KEY * (self._until - self._from)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.seek(self._position + (step if key == Qt.Key.Key_Right else -step))
        elif key == Qt.Key.Key_Home:
            self.seek(0.0)
        elif key == Qt.Key.Key_End:
            self.seek(self._duration)
        elif key == Qt.Key.Key_MediaTogglePlayPause or words == "k":
            self.toggled.emit()
        elif words in ("+", "="):
            self.zoom(_STEP)
        elif words == "-":
            self.zoom(1 / _STEP)
        elif words == "0":
            self._look(0.0, self._duration, told=True)
        else:
            super().keyPressEvent(event)

    def _tell(self) -> None:
        """Say where one is to a screen reader; only after something a person did, not while it plays."""
        said = tr("{place} of {all}", place=duration_text(self._position), all=duration_text(self._duration))
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
