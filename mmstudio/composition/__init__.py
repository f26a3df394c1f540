"""Composition: a recipe, an item and generated parts become a storyboard, its frames and its sound.

Drawing (``composition.render``) needs Qt and is imported only where something is drawn.
"""

from __future__ import annotations

from mmstudio.composition.composer import Composer, compose
from mmstudio.composition.layout import FORMATS, reframe
from mmstudio.composition.recipe import Recipe, recipes
from mmstudio.composition.storyboard import (
    Caption,
    GeneratedLayer,
    ImageLayer,
    Layer,
    LogoLayer,
    Motion,
    Rect,
    Scene,
    ShapeLayer,
    SoundTrack,
    Source,
    Storyboard,
    TextLayer,
    Transition,
    VideoLayer,
)

__all__ = [
    "FORMATS",
    "Caption",
    "Composer",
    "GeneratedLayer",
    "ImageLayer",
    "Layer",
    "LogoLayer",
    "Motion",
    "Recipe",
    "Rect",
    "Scene",
    "ShapeLayer",
    "SoundTrack",
    "Source",
    "Storyboard",
    "TextLayer",
    "Transition",
    "VideoLayer",
    "compose",
    "prepare_drawing",
    "recipes",
    "reframe",
]


def prepare_drawing() -> None:
    """Make Qt's text engine ready; once, on the main thread, before storyboards are drawn on another."""
    from mmstudio.composition.render.application import ensure_application

    ensure_application()
