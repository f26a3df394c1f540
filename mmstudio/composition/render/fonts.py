"""Which font files a storyboard's texts are really drawn with, and which characters no font has."""

from __future__ import annotations

from dataclasses import dataclass

from mmstudio.composition.storyboard import Font, Storyboard


@dataclass(frozen=True, slots=True)
class MissingGlyph:
    """Characters of a text that no font of this machine can draw; ``slot``: the layer's binding or name."""

    slot: str
    text: str
    characters: str
    scene: str


def resolve(board: Storyboard) -> list[Font]:
    """Every font file that a text of the storyboard is drawn with, with its SHA-256; by family and style."""
    return []


def missing_glyphs(board: Storyboard) -> list[MissingGlyph]:
    """Texts with characters that would be drawn as an empty box or left out, in scene order."""
    return []


def changed(board: Storyboard) -> list[str]:
    """Sentences about fonts of ``board.fonts`` that are gone or other files now, and asked-for families that
    this machine lacks, each with what is used instead. Empty where all is as it was."""
    return []
