"""Ways through latent space: along key points, and loops whose last frame leads into the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.generation.latents.point import Point

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player, Walk

MOST_FRAMES = 36_000
RADIUS = 0.6  # of the circle around a single point, in the spread of a variation


def along(player: Player, points: Sequence[Point], frames: int, kind: Walk = "walk") -> list[Point]:
    """``frames`` points at even steps.

    A walk shows the first and the last key point as its first and last frame. A loop is the closed path
    through them: frame ``frames`` would be frame 0 again, so it repeats without a seam; around one point it
    is a circle.

    Raises:
        UsageError: no points, or a number of frames below 1 or above an hour's worth.
    """
    if not points:
        raise UsageError("A film needs at least one picture to start from.", hint="Choose pictures first.")
    if not 1 <= frames <= MOST_FRAMES:
        raise UsageError("A film can have from 1 to {most} frames.", most=MOST_FRAMES)
    if len(points) == 1:
        return circle(player, points[0], frames) if kind == "loop" else [points[0]] * frames
    legs = len(points) if kind == "loop" else len(points) - 1
    steps = frames if kind == "loop" else max(1, frames - 1)
    made = []
    for frame in range(frames):
        leg, rest = divmod(frame * legs, steps)  # whole numbers: key points are met exactly
        a, b = points[leg % len(points)], points[(leg + 1) % len(points)]
        made.append(player.between(a, b, rest / steps))
    return made


def circle(player: Player, point: Point, frames: int, radius: float = RADIUS) -> list[Point]:
    """A circle around a point, in a plane that its seed chooses; every frame is equally far from it."""
    space = player.space
    white = space.white(player.core(point, truncated=False))
    random = np.random.default_rng([abs(point.seed) % 2**63, 1])
    plane, _ = np.linalg.qr(random.standard_normal((space.length, 2)))
    reach = radius * np.sqrt(space.length)
    made = []
    for frame in range(frames):
        angle = 2 * np.pi * frame / frames
        away = reach * (np.cos(angle) * plane[:, 0] + np.sin(angle) * plane[:, 1])
        moved = np.sqrt(1 - radius**2) * white + away
        rows = space.back(np.asarray(moved, np.float32))
        made.append(player.based(point, rows))
    return made
