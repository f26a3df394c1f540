"""Snapping: a box that is moved or scaled jumps to edges, middles and guides that are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mmstudio.composition.storyboard import Rect

Axis = Literal["x", "y"]
Handle = Literal["n", "ne", "e", "se", "s", "sw", "w", "nw"]
NEAR = 0.012  # fraction of the canvas within which a box snaps
LEAST = 0.01  # smallest side of a box, fraction of the canvas


@dataclass(frozen=True, slots=True)
class Guide:
    """A line to snap to: ``x`` is upright at a fraction of the width, ``y`` level at one of the height."""

    axis: Axis
    at: float
    why: str = ""  # "edge", "middle", "layer", "safe", "guide": how it is drawn


def guides_for(others: Iterable[Rect], safe: Rect | None = None, own: Sequence[Guide] = ()) -> list[Guide]:
    """Every line a box may snap to: the canvas, its middle, a safe zone, other layers, a person's guides."""
    found = [
        Guide(axis, at, "middle" if at == 0.5 else "edge") for axis in ("x", "y") for at in (0.5, 0.0, 1.0)
    ]
    if safe is not None:
        found += [Guide("x", safe.x, "safe"), Guide("x", safe.x + safe.w, "safe")]
        found += [Guide("y", safe.y, "safe"), Guide("y", safe.y + safe.h, "safe")]
    found += own
    for rect in others:
        found += [Guide("x", at, "layer") for at in (rect.x, rect.x + rect.w / 2, rect.x + rect.w)]
        found += [Guide("y", at, "layer") for at in (rect.y, rect.y + rect.h / 2, rect.y + rect.h)]
    return found


def snap_move(
    rect: Rect, guides: Sequence[Guide], near: tuple[float, float] = (NEAR, NEAR)
) -> tuple[Rect, list[Guide]]:
    """A box moved onto the nearest lines, and the lines it lies on.

    Args:
        near: how far it jumps, in fractions of the width and of the height.
    """
    x, at_x = _moved("x", rect.x, rect.w, guides, near[0])
    y, at_y = _moved("y", rect.y, rect.h, guides, near[1])
    return Rect(x, y, rect.w, rect.h), [*at_x, *at_y]


def _moved(
    axis: Axis, start: float, length: float, guides: Sequence[Guide], near: float
) -> tuple[float, list[Guide]]:
    best: tuple[float, float] | None = None
    for guide in guides:
        if guide.axis != axis:
            continue
        for offset in (0.0, length / 2, length):
            off = guide.at - (start + offset)
            if abs(off) <= near and (best is None or abs(off) < abs(best[0]) - 1e-9):
                best = (off, guide.at)
    if best is None:
        return start, []
    moved = start + best[0]
    on = [moved, moved + length / 2, moved + length]
    lines = [g for g in guides if g.axis == axis and any(abs(g.at - at) < 1e-6 for at in on)]
    return moved, _once(lines)


def snap_scale(
    rect: Rect, handle: Handle, guides: Sequence[Guide], near: tuple[float, float] = (NEAR, NEAR)
) -> tuple[Rect, list[Guide]]:
    """A box whose side or corner is pulled, with that side on the nearest line."""
    left, top, right, bottom = rect.x, rect.y, rect.x + rect.w, rect.y + rect.h
    lines: list[Guide] = []
    for side, axis in (("w", "x"), ("e", "x"), ("n", "y"), ("s", "y")):
        if side not in handle:
            continue
        value = {"w": left, "e": right, "n": top, "s": bottom}[side]
        reach = near[0] if axis == "x" else near[1]
        close = [g for g in guides if g.axis == axis and abs(g.at - value) <= reach]
        if not close:
            continue
        guide = min(close, key=lambda g, v=value: abs(g.at - v))  # type: ignore[misc]
        lines.append(guide)
        if side == "w":
            left = min(guide.at, right - LEAST)
        elif side == "e":
            right = max(guide.at, left + LEAST)
        elif side == "n":
            top = min(guide.at, bottom - LEAST)
        else:
            bottom = max(guide.at, top + LEAST)
    return Rect(left, top, right - left, bottom - top), lines


def scaled(
    rect: Rect, handle: Handle, dx: float, dy: float, *, keep: bool = False, centred: bool = False
) -> Rect:
    """A box whose handle was pulled by dx, dy (fractions of the canvas).

    Args:
        keep: the shape of the box stays (corners only). centred: the other side moves the other way.
    """
    left, top, right, bottom = rect.x, rect.y, rect.x + rect.w, rect.y + rect.h
    both = 2.0 if centred else 1.0
    width = rect.w + both * dx * (("e" in handle) - ("w" in handle))
    height = rect.h + both * dy * (("s" in handle) - ("n" in handle))
    width, height = max(width, LEAST), max(height, LEAST)
    if keep and len(handle) == 2 and rect.w > 0 and rect.h > 0:
        grown = max(width / rect.w, height / rect.h)
        width, height = rect.w * grown, rect.h * grown
    if centred:
        return Rect((left + right - width) / 2, (top + bottom - height) / 2, width, height)
    x = right - width if "w" in handle else left
    y = bottom - height if "n" in handle else top
    return Rect(x, y, width, height)


def _once(guides: list[Guide]) -> list[Guide]:
    seen: dict[tuple[Axis, float], Guide] = {}
    for guide in guides:
        seen.setdefault((guide.axis, round(guide.at, 6)), guide)
    return list(seen.values())
