"""A picture to zoom and pan: fit, 100 %, wheel, drag, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

_LOAD_SIDE = 6000  # larger pictures are shown at this size: 144 MB is the most one may take
_STEP = 1.25
_MOST = 16.0
_CHECK = 8


class PictureView(QWidget):
    """Shows one picture; the thumbnail stands in until the picture itself is decoded."""

    zoom_changed = Signal(float)  # screen pixels per picture pixel

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._levels: list[QImage] = []  # the picture, then halves of it: sharp and cheap when zoomed out
        self._standin = QImage()
        self._full = QSize()
        self._zoom: float | None = None  # None fits
        self._centre = QPointF(0.5, 0.5)
        self._drag: QPointF | None = None
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(80, 80)
        name(
            self,
            mark("Picture"),
            mark("Wheel or + and − zoom, drag pans, double-click or 0 fits, 1 shows 100 %"),
        )

    # --- what is shown ------------------------------------------------------------------------------

    def show_asset(self, asset: Asset) -> None:
        """Show a picture of the library."""
        self._levels, self._message, self._zoom = [], "", None
        self._full = QSize(asset.width or 0, asset.height or 0)
        pixmap = self._context.thumbnails.pixmap(asset, 384)
        self._standin = pixmap.toImage() if pixmap is not None else QImage()
        self.setAccessibleDescription(asset.title)
        self.update()
        library = self._context.library

        def load() -> list[QImage]:
            from mmstudio.media.image import image_array

            return halves(to_qimage(image_array(library.assets.path_of(asset), max_side=_LOAD_SIDE)))

        self._context.background(load, self._loaded, self._failed, key=("picture", id(self)))

    def show_image(self, image: QImage) -> None:
        """Show a picture that is at hand."""
        self._message, self._zoom, self._full = "", None, image.size()
        self._levels = halves(image)
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._context.drop(("picture", id(self)))
        self._levels, self._standin, self._message = [], QImage(), ""
        self.update()

    def _loaded(self, levels: list[QImage]) -> None:
        self._levels = levels
        self._full = levels[0].size()
        self.update()
        self.zoom_changed.emit(self.zoom)

    def _failed(self, error: Exception) -> None:
        from mmstudio.i18n import tr_error

        self._message = tr_error(error)[0]
        self.update()

    # --- zoom ---------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel."""
        return self._fit_zoom() if self._zoom is None else self._zoom

    def fit(self) -> None:
        """Show the whole picture."""
        self._zoom, self._centre = None, QPointF(0.5, 0.5)
        self._changed()

    def actual(self) -> None:
        """One picture pixel per screen pixel."""
        self._set_zoom(1.0 / self.devicePixelRatioF(), QPointF(self.rect().center()))

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle."""
        self._set_zoom(self.zoom * factor, QPointF(self.rect().center()))

    def _fit_zoom(self) -> float:
        if self._full.isEmpty():
            return 1.0
        across = self.width() / self._full.width()
        down = self.height() / self._full.height()
        return min(across, down, 1.0 if max(self._full.width(), self._full.height()) > 64 else 8.0)

    def _set_zoom(self, zoom: float, about: QPointF) -> None:
        if self._full.isEmpty():
            return
        zoom = max(min(self._fit_zoom(), 1.0), min(_MOST, zoom))
        before = self._target()
        spot = QPointF(
            (about.x() - before.x()) / max(1.0, before.width()),
            (about.y() - before.y()) / max(1.0, before.height()),
        )
        self._zoom = zoom
        size = QPointF(self._full.width() * zoom, self._full.height() * zoom)
        middle = QPointF(self.rect().center())
        self._centre = QPointF(
            spot.x() - (about.x() - middle.x()) / max(1.0, size.x()),
            spot.y() - (about.y() - middle.y()) / max(1.0, size.y()),
        )
        self._changed()

    def _changed(self) -> None:
        size = QPointF(self._full.width() * self.zoom, self._full.height() * self.zoom)
        reach_x = max(0.0, 0.5 - self.width() / 2 / max(1.0, size.x()))
        reach_y = max(0.0, 0.5 - self.height() / 2 / max(1.0, size.y()))
        self._centre = QPointF(
            min(0.5 + reach_x, max(0.5 - reach_x, self._centre.x())),
            min(0.5 + reach_y, max(0.5 - reach_y, self._centre.y())),
        )
        self.update()
        self.zoom_changed.emit(self.zoom)

    def _target(self) -> QRectF:
        zoom = self.zoom
        width, height = self._full.width() * zoom, self._full.height() * zoom
        return QRectF(
            self.width() / 2 - self._centre.x() * width,
            self.height() / 2 - self._centre.y() * height,
            width,
            height,
        )

    # --- Qt -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._message:
            painter.setPen(theme.color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), flags, self._message)
            return
        target = self._target()
        if not self._levels:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if not self._standin.isNull() and not self._full.isEmpty():
                painter.drawImage(target, self._standin)
            return
        image = self._level(target)
        if self._levels[0].hasAlphaChannel():
            self._paint_checks(painter, target)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4.0)
        shown = target.intersected(QRectF(self.rect()))
        scale = image.width() / max(1.0, target.width())
        source = QRectF(
            (shown.x() - target.x()) * scale,
            (shown.y() - target.y()) * scale,
            shown.width() * scale,
            shown.height() * scale,
        )
        painter.drawImage(shown, image, source)

    def _level(self, target: QRectF) -> QImage:
        wanted = target.width() * self.devicePixelRatioF()
        return next((i for i in reversed(self._levels) if i.width() >= wanted), self._levels[0])

    def _paint_checks(self, painter: QPainter, target: QRectF) -> None:
        area = target.intersected(QRectF(self.rect())).toAlignedRect()
        painter.fillRect(area, theme.color("checker_a"))
        shade: QColor = theme.color("checker_b")
        for y in range(area.top(), area.bottom() + 1, _CHECK):
            start = area.left() + (_CHECK if ((y - area.top()) // _CHECK) % 2 else 0)
            for x in range(start, area.right() + 1, 2 * _CHECK):
                painter.fillRect(
                    x, y, min(_CHECK, area.right() + 1 - x), min(_CHECK, area.bottom() + 1 - y), shade
                )

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        self._set_zoom(self.zoom * _STEP**steps, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            moved, self._drag = event.position() - self._drag, event.position()
            size = self._target()
            self._centre -= QPointF(moved.x() / max(1.0, size.width()), moved.y() / max(1.0, size.height()))
            self._changed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._zoom is None:
            self._set_zoom(1.0 / self.devicePixelRatioF(), event.position())
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text = event.text()
        if text in ("+", "="):
            self.zoom_by(_STEP)
        elif text == "-":
            self.zoom_by(1 / _STEP)
        elif text == "0":
            self.fit()
        elif text == "1":
            self.actual()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._changed()


def halves(image: QImage) -> list[QImage]:
    """The picture and its halves down to 256 pixels, in the format that paints fastest."""
    alpha = image.hasAlphaChannel()
    form = QImage.Format.Format_ARGB32_Premultiplied if alpha else QImage.Format.Format_RGB32
    levels = [image.convertToFormat(form)]
    while min(levels[-1].width(), levels[-1].height()) > 512:
        last = levels[-1]
        levels.append(
            last.scaled(
                last.width() // 2,
                last.height() // 2,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return levels
