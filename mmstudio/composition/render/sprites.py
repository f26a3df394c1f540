"""Layers made into sprites: pictures at their place, painted again and again with a small transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QTransform,
)

from mmstudio.composition.backdrop import colour_field
from mmstudio.composition.motion import Pose
from mmstudio.composition.render.pictures import (
    Pictures,
    colour,
    cropped,
    on_backdrop,
    painting,
    qimage,
    rounded,
    scaled,
    with_shadow,
)
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Rect,
    ShapeLayer,
    VideoLayer,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Sprite:
    """A layer ready to paint.

    ``image`` lies with its upper left corner at (x, y) px when at rest; scaling keeps ``anchor`` in place.
    With ``window`` the image moves behind a rounded opening of that place instead of moving the place.
    """

    layer: AnyLayer
    image: QImage
    x: float
    y: float
    anchor: QPointF
    window: QRectF | None = None
    radius: float = 0.0
    height: float = 0.0  # of a text, without the margin round its picture
    drop: float = 1.0  # sign of the entering shift: -1 for a subject that hangs from the upper edge
    frames: Callable[[float], QImage] | None = None
    vector: Callable[[QPainter, bool], None] | None = None  # paints it at rest; True: letters as text


def box_of(rect: Rect, size: tuple[int, int]) -> QRectF:
    """A layer's box in pixels."""
    return QRectF(rect.x * size[0], rect.y * size[1], rect.w * size[0], rect.h * size[1])


def paint(painter: QPainter, sprite: Sprite, pose: Pose, short: int, local: float) -> None:
    """Paint a sprite in its pose; ``short`` is the canvas' short side in px."""
    if pose.opacity <= 0.003:
        return
    painter.save()
    painter.setOpacity(painter.opacity() * min(pose.opacity, 1.0))
    dx, dy = pose.dx * short, pose.dy * short * sprite.drop
    image = sprite.image if sprite.frames is None else sprite.frames(local)
    if sprite.window is not None:
        window = sprite.window.translated(dx, dy)
        # prepared larger than its window by the most it will zoom, so that it never shows an edge
        grown = max(window.width() / image.width(), window.height() / image.height()) * pose.scale
        spare_x = max(image.width() * grown - window.width(), 0.0) / 2
        spare_y = max(image.height() * grown - window.height(), 0.0) / 2
        left = window.center().x() - image.width() * grown / 2 + _held(pose.pan_x * window.width(), spare_x)
        top = window.center().y() - image.height() * grown / 2 + _held(pose.pan_y * window.height(), spare_y)
        place = QTransform(grown, 0, 0, grown, left, top)
        if sprite.radius > 0:
            brush = QBrush(image)
            brush.setTransform(place)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(brush)
            painter.drawRoundedRect(window, sprite.radius, sprite.radius)
        else:
            painter.setClipRect(window, Qt.ClipOperation.IntersectClip)
            painter.setTransform(place, True)
            painter.drawImage(0, 0, image)
    else:
        anchor = sprite.anchor
        dx += pose.pan_x * image.width()
        dy += pose.pan_y * image.height()
        if pose.scale != 1.0:
            painter.translate(anchor.x() + dx, anchor.y() + dy)
            painter.scale(pose.scale, pose.scale)
            painter.translate(-anchor.x(), -anchor.y())
        else:
            painter.translate(dx, dy)
        painter.drawImage(QPointF(sprite.x, sprite.y), image)
    painter.restore()


def _held(value: float, spare: float) -> float:
    return min(max(value, -spare), spare)


def sprite_of(layer: AnyLayer, size: tuple[int, int], pictures: Pictures, ink: str) -> Sprite | None:
    """The sprite of any layer but text; None where there is nothing to draw.

    Storyboards that share their ``pictures`` share the sprites of equal layers too, where those keep them: an
    item's card differs from audience to audience in its words.
    """
    box = box_of(layer.rect, size)
    if box.width() < 1 or box.height() < 1:
        return None
    if isinstance(layer, VideoLayer):  # its pictures come as it plays
        return _sprite(layer, box, size, pictures, ink)
    return pictures.made((repr(layer), size, ink), lambda: _sprite(layer, box, size, pictures, ink))


def _sprite(
    layer: AnyLayer, box: QRectF, size: tuple[int, int], pictures: Pictures, ink: str
) -> Sprite | None:
    short = min(size)
    match layer:
        case ShapeLayer():
            return _shape(layer, box, short, ink)
        case GeneratedLayer():
            return _generated(layer, box, pictures)
        case LogoLayer():
            return _logo(layer, box, pictures)
        case VideoLayer():
            return _video(layer, box, short, pictures)
        case ImageLayer():
            return _image(layer, box, size, pictures, ink)
        case _:
            return None


def _shape(layer: ShapeLayer, box: QRectF, short: int, ink: str) -> Sprite:
    x, y = round(box.x()), round(box.y())
    width, height = max(round(box.width()), 1), max(round(box.height()), 1)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)

    def fill(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        paint = colour(layer.colour)
        if layer.fade:
            run = QLinearGradient(0, 0, 0, height)
            for stop in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
                step = QColor(paint)
                step.setAlphaF(paint.alphaF() * min(1.0, stop * 1.9) ** 1.5)
                run.setColorAt(stop, step)
            painter.setBrush(run)
        else:
            painter.setBrush(paint)
        painter.drawPath(outline(QRectF(0, 0, width, height), layer.radius * short, layer.corners))

    with painting(image, QPainter.RenderHint.Antialiasing) as painter:
        fill(painter)
    shade, margin = None, 0
    if layer.shadow:
        shade, margin = with_shadow(image, layer.shadow, short * 0.03, colour(ink))

    def vector(painter: QPainter, _as_text: bool) -> None:
        if shade is not None:
            painter.drawImage(x - margin, y - margin, shade)
        painter.translate(x, y)
        fill(painter)

    return Sprite(
        layer, image if shade is None else shade, x - margin, y - margin, box.center(), vector=vector
    )


def outline(rect: QRectF, radius: float, corners: str = "all") -> QPainterPath:
    """A box whose corners at the named side ("all", "top", "left", "right") are round; radius in pixels."""
    radius = min(radius, rect.width() / 2, rect.height() / 2)
    path = QPainterPath()
    if radius <= 0 or corners not in ("all", "top", "left", "right"):
        path.addRect(rect)
        return path
    path.setFillRule(Qt.FillRule.WindingFill)  # what overlaps is one shape
    path.addRoundedRect(rect, radius, radius)
    if corners != "all":
        square = QRectF(rect)
        if corners == "top":
            square.setTop(rect.bottom() - radius)
        elif corners == "left":
            square.setLeft(rect.right() - radius)
        else:
            square.setRight(rect.left() + radius)
        path.addRect(square)
    return path


def _generated(layer: GeneratedLayer, box: QRectF, pictures: Pictures) -> Sprite:
    room = max(layer.motion.zoom)
    width, height = box.width() * room, box.height() * room
    pixels = pictures.part(layer.asset_id, layer.crop) if layer.asset_id is not None else None
    if pixels is not None:
        image = cropped(qimage(pixels), width, height, (0.5, 0.5))
    else:
        drawn = colour_field(layer.colours, (max(round(width), 2), max(round(height), 2)), layer.seed)
        image = qimage(drawn)
    return _windowed(layer, image, box, 0.0)


def _windowed(layer: AnyLayer, image: QImage, box: QRectF, radius: float) -> Sprite:
    return Sprite(layer, image, box.x(), box.y(), box.center(), window=box, radius=radius)


def _logo(layer: LogoLayer, box: QRectF, pictures: Pictures) -> Sprite | None:
    if layer.asset_id is None:
        return None
    cut = pictures.cutout(layer.asset_id, layer.crop)
    pixels = cut.rgba if cut is not None else pictures.part(layer.asset_id, layer.crop)
    if pixels is None:
        return None
    image = qimage(pixels)
    factor = min(box.width() / image.width(), box.height() / image.height())
    image = scaled(image, image.width() * factor, image.height() * factor)
    return Sprite(layer, image, box.x(), box.y(), box.topLeft())


def _video(layer: VideoLayer, box: QRectF, short: int, pictures: Pictures) -> Sprite | None:
    if layer.asset_id is None:
        return None
    clip = pictures.clip(layer.asset_id)
    if clip is None:
        return None

    def frame(local: float) -> QImage:
        length = max(clip.duration - layer.clip_start, 0.04)
        t = layer.clip_start + max(local - layer.begin, 0.0) % length
        return clip.covering(t, layer.crop, box.width(), box.height())

    return Sprite(
        layer,
        frame(0.0),
        box.x(),
        box.y(),
        box.center(),
        window=box,
        radius=layer.radius * short,
        frames=frame,
    )


def _image(
    layer: ImageLayer, box: QRectF, size: tuple[int, int], pictures: Pictures, ink: str
) -> Sprite | None:
    short = min(size)
    if layer.asset_id is None:
        return None
    pixels = pictures.part(layer.asset_id, layer.crop)
    if pixels is None:
        return _missing(layer, box, short, ink)
    if layer.cutout:
        cut = pictures.cutout(layer.asset_id, layer.crop)
        if cut is not None and all(edge in layer.edges for edge in cut.edges):
            place = _to_canvas(box, size, cut.edges)
            return _subject(layer, place, short, qimage(cut.rgba), cut.edges, ink)
    radius = layer.radius * short
    image = qimage(on_backdrop(pixels, layer.backdrop))
    if layer.fit == "cover":
        room = max(layer.motion.zoom)
        return _windowed(layer, cropped(image, box.width(), box.height(), layer.focus, room), box, radius)
    if layer.fit == "whole":
        return _whole(layer, box, image)
    return _framed(layer, box, short, image, ink)


def _whole(layer: ImageLayer, box: QRectF, image: QImage) -> Sprite:
    """Every pixel of a picture, up to the edge of the box: a scan or a drawing must not lose any."""
    factor = min(box.width() / image.width(), box.height() / image.height())
    made = scaled(image, image.width() * factor, image.height() * factor)
    x, y = box.center().x() - made.width() / 2, box.center().y() - made.height() / 2
    return Sprite(layer, made, x, y, box.center())


def _to_canvas(box: QRectF, size: tuple[int, int], edges: str) -> QRectF:
    """The box widened to the canvas where the subject is cut off; its foot is hidden where the box ends."""
    return QRectF(
        QPointF(0.0 if "l" in edges else box.left(), 0.0 if "t" in edges else box.top()),
        QPointF(float(size[0]) if "r" in edges else box.right(), box.bottom()),
    )


def _framed(layer: ImageLayer, box: QRectF, short: int, image: QImage, ink: str) -> Sprite:
    """A photo with its scene: whole, rounded, with a shadow, inside the box and clear of its edges."""
    box = QRectF(box.left(), box.top(), box.width(), box.height() * (1.0 - layer.foot))
    inset = 0.05 * min(box.width(), box.height())
    free = box.adjusted(inset, inset, -inset, -inset)
    factor = min(free.width() / image.width(), free.height() / image.height())
    if image.width() / image.height() < 0.9:  # a tall photo may lose a little at the top and the bottom
        factor = min(free.width() / image.width(), 1.12 * free.height() / image.height())
    wide, tall = image.width() * factor, min(image.height() * factor, free.height())
    made = rounded(cropped(image, wide, tall, layer.focus), max(layer.radius, 0.028) * short)
    x, y = free.center().x() - made.width() / 2, free.center().y() - made.height() / 2
    if layer.shadow:
        made, margin = with_shadow(made, layer.shadow, short * 0.022, colour(ink))
        x, y = x - margin, y - margin
    return Sprite(layer, made, x, y, free.center())


def _subject(layer: ImageLayer, box: QRectF, short: int, image: QImage, edges: str, ink: str) -> Sprite:
    """A cut-out: standing free with its shadow, or leaning on the edges that the photo cut it off at."""
    if "b" not in edges:
        box = QRectF(box.left(), box.top(), box.width(), box.height() * (1.0 - layer.foot))
    factor = min(box.width() / image.width(), box.height() / image.height())
    if not edges:
        factor *= 0.94
    if "t" in edges and "b" in edges:
        factor = box.height() / image.height()
    image = scaled(image, image.width() * factor, image.height() * factor)
    x = box.center().x() - image.width() / 2
    y = box.center().y() - image.height() / 2
    anchor = box.center()
    if "l" in edges:
        x, anchor = box.left(), QPointF(box.left(), anchor.y())
    elif "r" in edges:
        x, anchor = box.right() - image.width(), QPointF(box.right(), anchor.y())
    if "b" in edges:
        y, anchor = box.bottom() - image.height(), QPointF(anchor.x(), box.bottom())
    elif "t" in edges:
        y, anchor = box.top(), QPointF(anchor.x(), box.top())
    if layer.shadow:
        # one more pixel under the edge keeps a zooming subject from lifting off it
        image, margin = with_shadow(image, layer.shadow, short * 0.026, colour(ink))
        x, y = x - margin, y - margin
    drop = -1.0 if "t" in edges and "b" not in edges else 1.0
    return Sprite(layer, image, x, y, anchor, drop=0.0 if "t" in edges and "b" in edges else drop)


def _missing(layer: ImageLayer, box: QRectF, short: int, ink: str) -> Sprite:
    """A quiet frame where a picture should be: the preview says so, the exporter refuses."""
    image = QImage(
        max(round(box.width()), 1), max(round(box.height()), 1), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.fill(Qt.GlobalColor.transparent)
    with painting(image, QPainter.RenderHint.Antialiasing) as painter:
        faint = colour(ink)
        faint.setAlphaF(0.08)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        inset = short * 0.05
        place = QRectF(image.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(place, short * 0.03, short * 0.03)
        faint.setAlphaF(0.3)
        painter.setBrush(faint)
        side = min(place.width(), place.height()) * 0.3
        hill = QPainterPath()
        middle = place.center()
        hill.moveTo(middle.x() - side, middle.y() + side * 0.6)
        hill.lineTo(middle.x() - side * 0.3, middle.y() - side * 0.3)
        hill.lineTo(middle.x() + side * 0.1, middle.y() + side * 0.2)
        hill.lineTo(middle.x() + side * 0.4, middle.y() - side * 0.1)
        hill.lineTo(middle.x() + side, middle.y() + side * 0.6)
        hill.closeSubpath()
        painter.drawPath(hill)
        painter.drawEllipse(
            QPointF(middle.x() + side * 0.55, middle.y() - side * 0.55), side * 0.16, side * 0.16
        )
    return Sprite(layer, image, box.x(), box.y(), box.center())
