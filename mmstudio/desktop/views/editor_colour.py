"""A button that shows a colour and lets another be chosen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QColorDialog, QToolButton, QWidget

from mmstudio.composition.render.pictures import colour as parsed
from mmstudio.desktop import theme
from mmstudio.desktop.texts import name


class ColourButton(QToolButton):
    """Emits ``chosen`` with ``#rrggbb`` (or ``#rrggbbaa``); the dialog does not hold the window."""

    chosen = Signal(str)

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = "#000000"
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(self, accessible)
        self.clicked.connect(self._ask)

    def sizeHint(self) -> QSize:
        return QSize(96, 28)

    def show_colour(self, colour: str) -> None:
        """The colour now."""
        self._colour = colour
        self.setAccessibleDescription(colour)
        self.update()

    def _ask(self) -> None:
        dialog = QColorDialog(parsed(self._colour), self)
        dialog.setOption(QColorDialog.ColorDialogOption.ShowAlphaChannel)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._take)
        dialog.open()

    def _take(self, colour: QColor) -> None:
        words = colour.name() if colour.alpha() == 255 else f"{colour.name()}{colour.alpha():02x}"
        self.show_colour(words)
        self.chosen.emit(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect()).adjusted(3, 4, -3, -4)
        painter.setBrush(theme.color("checker_b"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(place, 4, 4)
        painter.setBrush(parsed(self._colour))
        painter.setPen(QPen(theme.color("focus" if self.hasFocus() else "border"), 1.5))
        painter.drawRoundedRect(place, 4, 4)
