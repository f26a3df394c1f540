"""Sprites on devices without pixels: PDF pages and SVG drawings."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from mmstudio.composition.motion import Pose
from mmstudio.composition.render.pictures import painting
from mmstudio.composition.render.sprites import Sprite, paint


def paint_vector(
    painter: QPainter, sprite: Sprite, pose: Pose, short: int, local: float, as_text: bool
) -> None:
    """Paint a sprite in its pose: shapes and letters as vectors, anything else as its picture.

    The painter's units are pixels of the canvas, ``short`` its short side. ``as_text``: letters as text of
    an embedded font, for devices that can.
    """
    if pose.opacity <= 0.003:
        return
    if sprite.window is not None:
        _paint_window(painter, sprite, pose, short, local)
        return
    if sprite.vector is None:
        paint(painter, sprite, pose, short, local)
        return
    painter.save()
    painter.setOpacity(painter.opacity() * min(pose.opacity, 1.0))
    dx = pose.dx * short + pose.pan_x * sprite.image.width()
    dy = pose.dy * short * sprite.drop + pose.pan_y * sprite.image.height()
    anchor = sprite.anchor
    painter.translate(anchor.x() + dx, anchor.y() + dy)
    painter.scale(pose.scale, pose.scale)
    painter.translate(-anchor.x(), -anchor.y())
    sprite.vector(painter, as_text)
    painter.restore()


def _paint_window(painter: QPainter, sprite: Sprite, pose: Pose, short: int, local: float) -> None:
    """What is seen through a sprite's window as one picture: not every device knows round clips."""
    window = sprite.window
    assert window is not None
    place = window.translated(pose.dx * short, pose.dy * short * sprite.drop)
    left, top = math.floor(place.left()), math.floor(place.top())
    size = QRectF(left, top, place.right() - left, place.bottom() - top).toAlignedRect().size()
    seen = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    seen.fill(Qt.GlobalColor.transparent)
    solid = Pose(1.0, pose.dx, pose.dy, pose.scale, pose.pan_x, pose.pan_y)
    with painting(seen, QPainter.RenderHint.SmoothPixmapTransform) as inner:
        inner.translate(-left, -top)
        paint(inner, sprite, solid, short, local)
    painter.save()
    painter.setOpacity(painter.opacity() * min(pose.opacity, 1.0))
    painter.drawImage(QPointF(left, top), seen)
    painter.restore()
