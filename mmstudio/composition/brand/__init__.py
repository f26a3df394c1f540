"""The brand kit: a look that storyboards take, a check of what was made, one-click fixes."""

from __future__ import annotations

from mmstudio.composition.brand.apply import apply
from mmstudio.composition.brand.check import BrandReport, Finding, check
from mmstudio.composition.brand.fixes import fix, fix_all
from mmstudio.composition.brand.kit import BrandKit, Disclaimer, chosen_kit, kits, save_kit

__all__ = [
    "BrandKit", "BrandReport", "Disclaimer", "Finding", "apply", "check", "chosen_kit", "fix", "fix_all",
    "kits", "save_kit",
]  # fmt: skip
