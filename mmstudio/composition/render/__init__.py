"""Storyboard to pixels: the one drawing that preview and export share. The only Qt below the desktop."""

from __future__ import annotations

from mmstudio.composition.render.application import ensure_application
from mmstudio.composition.render.renderer import Renderer, frame_array, frame_pixels

__all__ = ["Renderer", "ensure_application", "frame_array", "frame_pixels"]
