"""Pages and drawings: PDF and SVG, letters and shapes as vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.export.writers import Task


def write_pdf(task: Task) -> Iterator[int]:
    """The storyboard as PDF: a page for each scene where scenes are pages or tell a text, else its card."""
    from mmstudio.composition.render.paper import pdf_of

    renderer = task.renderer()
    board = task.board
    told = board.pages or (bool(board.blocks) and len(board.scenes) > 1)
    moments = rest_times(board) if told else [None]
    data = b""
    for number, piece in enumerate(pdf_of(((renderer, t) for t in moments), _title(task)), start=1):
        data = piece
        yield min(round(11 * number / len(moments)), 11)
    task.path.write_bytes(data)
    task.facts |= {"pages": len(moments)}


def write_svg(task: Task) -> Iterator[int]:
    """The card as SVG."""
    from mmstudio.composition.render.paper import svg_of

    yield 1
    task.path.write_bytes(svg_of(task.renderer(), _title(task)))


def rest_times(board: Storyboard) -> list[float | None]:
    """The second of each scene at which everything in it has come to rest, before the next one comes in."""
    found: list[float | None] = [max(scene.end - 1.0 / board.fps, scene.start) for scene in board.scenes]
    return found or [None]


def _title(task: Task) -> str:
    return task.board.copy.get("headline") or task.board.name
