"""Storyboards on paper: PDF pages and SVG drawings, made in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from mmstudio.composition.render.pdf_letters import letters_for_radicals
from mmstudio.composition.render.scene_text import texts_of
from mmstudio.composition.render.text import SetText, TextStyle, clean, set_text

if TYPE_CHECKING:
    from mmstudio.composition.render.renderer import Renderer

_POINTS = 72 / 96  # of a pixel: CSS' reference pixel is 1/96 inch
_DPI = 288  # device units an inch: a third of a pixel is a whole unit
_DATE = re.compile(rb"(/CreationDate \(D:)(\d{14})")
_XMP_DATE = re.compile(rb"(<xmp:(?:Create|Modify|Metadata)Date>)([^<]{19})")
_FIXED = b"20000101000000"


def pdf_of(pages: Iterable[tuple[Renderer, float | None]], title: str) -> Iterator[bytes]:
    """A PDF with a page for each (renderer, second; None for the still card), in the size of its storyboard.

    Yields b"" after each page and in the end the whole file. The same pages give the same bytes, apart from
    what Qt numbers by itself: its date says 2000.
    """
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(held)
    writer.setCreator("MM Studio")
    writer.setTitle(clean(title)[:200])
    writer.setResolution(_DPI)
    painter: QPainter | None = None
    texts: list[SetText] = []
    try:
        for renderer, second in pages:
            texts += _texts(renderer)
            width, height = renderer.storyboard.size
            size = QPageSize(QSizeF(width * _POINTS, height * _POINTS), QPageSize.Unit.Point)
            writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
            if painter is None:
                painter = QPainter(writer)
            else:
                writer.newPage()
            renderer.paint_on(painter, writer.width(), writer.height(), second)
            yield b""
    finally:
        if painter is not None:
            painter.end()
    data = letters_for_radicals(bytes(held.data().data()), texts)
    data = _DATE.sub(lambda found: found[1] + _FIXED, data)
    yield _XMP_DATE.sub(lambda found: found[1] + b"2000-01-01T00:00:00", data)


def _texts(renderer: Renderer) -> list[SetText]:
    """Every text of a storyboard as it is set, and the label."""
    board = renderer.storyboard
    found = [placed.done for scene in board.scenes for placed in texts_of(board, scene).values()]
    over = " ".join([board.label, *board.marks]).strip()
    if over:
        found.append(set_text(over, 1e4, 1e4, TextStyle(20.0, 1.0, 400, 2, 1.2, 0.0, board.locale)))
    return found


def svg_of(renderer: Renderer, title: str, second: float | None = None) -> bytes:
    """A drawing of one moment (None: the still card) as SVG: letters and shapes as paths, pictures inside."""
    from PySide6.QtSvg import QSvgGenerator

    width, height = renderer.storyboard.size
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(held)
    generator.setResolution(96)
    generator.setSize(QSize(width, height))
    generator.setViewBox(QRectF(0, 0, width, height))
    generator.setTitle(clean(title)[:200])
    generator.setDescription("")
    renderer.paint(generator, second)
    return bytes(held.data().data())
