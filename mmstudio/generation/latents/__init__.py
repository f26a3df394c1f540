"""Playing with latents: points, sliders, walks, projection. Knows torch only inside functions."""

from mmstudio.generation.latents.point import Point

__all__ = ["Point"]
