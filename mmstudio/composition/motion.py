"""Easing and movement: pure functions of time."""

from __future__ import annotations

from dataclasses import dataclass

from mmstudio.composition.storyboard import Layer, Motion


def ease_out(x: float) -> float:
    """Quartic ease-out of 0..1: quick start, soft landing."""
    x = min(max(x, 0.0), 1.0)
    return 1.0 - (1.0 - x) ** 4


def ease_in_out(x: float) -> float:
    """Smootherstep (Perlin): no jolt at either end."""
    x = min(max(x, 0.0), 1.0)
    return x * x * x * (x * (6.0 * x - 15.0) + 10.0)


@dataclass(frozen=True, slots=True)
class Pose:
    """A layer at one moment: opacity 0..1, shift in fractions of the canvas' short side, scale, pan."""

    opacity: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0


def pose(layer: Layer, local: float, duration: float) -> Pose:
    """Where a layer is ``local`` seconds into its scene of ``duration`` seconds.

    A layer with ``begin`` or ``end`` is not seen outside them; it enters at ``begin`` and drifts between the
    two. One that stays to the end of its scene stays while the next scene comes in, too.
    """
    motion: Motion = layer.motion
    last = layer.end if 0.0 < layer.end < duration else duration
    if local < layer.begin or (last < duration and local >= last):
        return Pose(opacity=0.0)
    local, duration = local - layer.begin, last - layer.begin
    drift = min(max(local / duration, 0.0), 1.0) if duration > 0 else 1.0
    scale = motion.zoom[0] + (motion.zoom[1] - motion.zoom[0]) * drift
    pan_x = motion.pan_x[0] + (motion.pan_x[1] - motion.pan_x[0]) * drift
    pan_y = motion.pan_y[0] + (motion.pan_y[1] - motion.pan_y[0]) * drift
    opacity, dx, dy = layer.opacity, 0.0, 0.0
    if motion.enter != "none":
        x = (local - motion.delay) / max(motion.seconds, 1e-6)
        gone = 1.0 - ease_out(x)
        opacity *= ease_in_out(x * 1.6)
        if motion.enter == "rise":
            dy = 0.05 * gone
        elif motion.enter == "slide":
            dx = -0.06 * gone
        elif motion.enter == "pop":
            scale *= 1.0 - 0.12 * gone
    return Pose(opacity, dx, dy, scale, pan_x, pan_y)
