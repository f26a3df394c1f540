"""A person's own guides: lines to work along, kept with the storyboard, never drawn into it."""

from __future__ import annotations

from dataclasses import replace

from mmstudio.composition.editing.snapping import Axis, Guide
from mmstudio.composition.storyboard import Storyboard
from mmstudio.errors import UsageError

MOST = 40  # of one direction: more help nobody


def guides_of(board: Storyboard) -> list[Guide]:
    """The guides of a storyboard as lines to snap to, upright ones first; what is no fraction is left out."""
    return [
        Guide(axis, float(at), "own")
        for axis in ("x", "y")
        for at in board.guides.get(axis, [])
        if isinstance(at, int | float) and 0.0 <= at <= 1.0
    ]


def add_guide(board: Storyboard, axis: Axis, at: float) -> Storyboard:
    """One more guide, at a fraction of the width ("x", upright) or of the height ("y", level).

    Raises:
        UsageError: outside the canvas, or there are forty already.
    """
    lines = _lines(board, axis)
    if len(lines) >= MOST:
        raise UsageError("There are {n} guides already.", hint="Remove one first.", n=MOST)
    return _with(board, axis, [*lines, _place(at)])


def move_guide(board: Storyboard, axis: Axis, index: int, at: float) -> Storyboard:
    """A guide at another place. Raises UsageError: no such guide, or outside the canvas."""
    lines = _held(board, axis, index)
    lines[index] = _place(at)
    return _with(board, axis, lines)


def remove_guide(board: Storyboard, axis: Axis, index: int) -> Storyboard:
    """Without a guide. Raises UsageError where it is not there."""
    lines = _held(board, axis, index)
    del lines[index]
    return _with(board, axis, lines)


def remove_guides(board: Storyboard) -> Storyboard:
    """Without any guide."""
    return replace(board, guides={}) if board.guides else board


def _place(at: float) -> float:
    if not 0.0 <= at <= 1.0:
        raise UsageError("A guide lies on the canvas.")
    return round(at, 5)


def _lines(board: Storyboard, axis: Axis) -> list[float]:
    return list(board.guides.get(axis, []))


def _held(board: Storyboard, axis: Axis, index: int) -> list[float]:
    lines = _lines(board, axis)
    if not 0 <= index < len(lines):
        raise UsageError("There is no such guide.")
    return lines


def _with(board: Storyboard, axis: Axis, lines: list[float]) -> Storyboard:
    kept = {**board.guides, axis: lines}
    return replace(board, guides={key: value for key, value in kept.items() if value})
