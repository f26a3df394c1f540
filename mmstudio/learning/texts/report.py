"""A look at the texts a training would learn from, before it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from mmstudio.errors import StudioError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.report import LEVELS, DatasetReport, Finding
from mmstudio.learning.texts.gather import FEW_CHARACTERS, GatheredTexts, gather_texts

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Library

ENOUGH_CHARACTERS = 300_000


def check_texts(library: Library, config: ModelConfig) -> Generator[Progress, None, DatasetReport]:
    """What ``config`` (its query, leave_out and ``parts["texts"]``) would learn from, as a report.

    ``found`` counts passages; ``assets`` are those they stand in.
    """
    try:
        found = yield from gather_texts(library, config)
    except StudioError as error:
        text, hint = tr_error(error)
        nothing = [Finding("nothing", "blocker", 0, text, hint)]
        return DatasetReport("text", config.query, 0, "", 1.0, 0, [], 0, nothing, steps=config.steps)
    characters = sum(len(passage.text) for passage in found.train)
    findings = sorted(_findings(found, characters), key=lambda one: -LEVELS.index(one.level))
    expect = tr("{n} texts with {total} characters to learn from", n=len(found.train), total=characters)
    passages = len(found.train) + len(found.held)
    assets = sorted({*found.assets, *found.held_assets})
    return DatasetReport(
        "text",
        config.query,
        0,
        "",
        1.0,
        passages,
        assets,
        len(found.held),
        findings,
        expect,
        steps=config.steps,
    )


def _findings(found: GatheredTexts, characters: int) -> list[Finding]:
    findings = []
    if characters < FEW_CHARACTERS:
        findings.append(
            Finding(
                "few",
                "warning",
                len(found.train),
                tr("Only {n} characters: expect copies of your texts", n=characters),
                tr("Start from a model that already writes, or import more texts."),
            )
        )
    elif characters >= ENOUGH_CHARACTERS:
        findings.append(
            Finding("enough", "ok", len(found.train), tr("Enough texts for sentences of its own"))
        )
    if not found.held:
        findings.append(
            Finding("held", "note", 0, tr("Too few texts to hold some out: the training judges by none"))
        )
    if found.forbidden:
        text = tr("{n} left out because of their rights", n=len(found.forbidden))
        findings.append(Finding("rights-forbid", "note", len(found.forbidden), text, assets=found.forbidden))
    if found.left_out:
        text = tr("{n} left out as you wished", n=len(found.left_out))
        findings.append(Finding("left-out", "note", len(found.left_out), text, assets=found.left_out))
    if found.empty:
        text = tr("{n} files have no text", n=len(found.empty))
        findings.append(Finding("corrupt", "note", len(found.empty), text, assets=found.empty))
    if found.doubled:
        findings.append(
            Finding("copies", "note", found.doubled, tr("{n} texts stood there twice", n=found.doubled))
        )
    return findings
