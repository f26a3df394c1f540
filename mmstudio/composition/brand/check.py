"""Does a storyboard follow its brand kit? Rule by rule, with a pass rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.layout import reframe
from mmstudio.composition.storyboard import Storyboard

if TYPE_CHECKING:
    from mmstudio.composition.render.pictures import Pictures
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

    def add(self, rule: Rule, finding: Finding | None) -> None:
        """Count one check: passed, or what it found."""
        passed, total = self.by_rule.get(rule, (0, 0))
        self.by_rule[rule] = (passed + (finding is None), total + 1)
        self.passed += finding is None
        self.total += 1
        if finding is not None:
            self.findings.append(finding)


def check(
    board: Storyboard,
    library: Library,
    kit: BrandKit,
    pictures: Pictures | None = None,
    sizes: Iterable[tuple[int, int]] = (),
) -> BrandReport:
    """Check every scene at rest against a kit.

    Contrast is measured on the rendered frame behind the letters. Any thread, once
    :func:`mmstudio.composition.prepare_drawing` was called. ``pictures``: those of a renderer, to load none
    twice. ``sizes``: canvases (width, height) that it is exported for; contrast is measured on each of them,
    since another crop puts other pixels behind a text, and clear space is looked at again.
    """
    from mmstudio.composition.render import brand_rules as rules
    from mmstudio.composition.render.brand_grounds import Grounds

    report = BrandReport()
    grounds = Grounds(board, library, pictures)
    seen: set[int] = set()
    for scene in board.scenes:
        for standing in grounds.of(scene):
            report.add("contrast", rules.contrast(scene, standing, kit))
            report.add("size", rules.size(board, scene, standing.text, kit))
            wanted = rules.font(scene, standing.text.layer, kit)
            if wanted is not rules.NOT_ASKED:
                report.add("font", wanted)
        if kit.colours:
            for finding in rules.colours(board, scene, kit, grounds):
                report.add("colour", finding)
            for finding in rules.made_grounds(scene, kit, grounds.pictures, seen):
                report.add("colour", finding)
        for finding in rules.logos(board, scene, kit, library, grounds.pictures):
            report.add("clear space", finding)
    for size in dict.fromkeys(sizes):
        if size != board.size:
            _other_canvas(report, reframe(board, size), library, kit, grounds.pictures)
    if kit.logo is not None and kit.corner != "none" and board.scenes:
        report.add("logo", rules.logo(board, kit, library))
    for finding in rules.words(board, library):
        report.add("words", finding)
    for finding in rules.disclaimers(board, kit):
        report.add("disclaimer", finding)
    return report


def _other_canvas(
    report: BrandReport, board: Storyboard, library: Library, kit: BrandKit, pictures: Pictures
) -> None:
    """Contrast and clear space on another canvas; what was found on one before is said once."""
    from mmstudio.composition.render import brand_rules as rules
    from mmstudio.composition.render.brand_grounds import Grounds

    said = {(one.rule, one.scene, one.layer) for one in report.findings}
    grounds = Grounds(board, library, pictures)
    for scene in board.scenes:
        found = [
            ("contrast", rules.contrast(scene, standing, kit, board.size)) for standing in grounds.of(scene)
        ]
        found += [("clear space", one) for one in rules.logos(board, scene, kit, library, pictures)]
        for rule, finding in found:
            if finding is None or (rule, finding.scene, finding.layer) not in said:
                report.add(cast(Rule, rule), finding)
