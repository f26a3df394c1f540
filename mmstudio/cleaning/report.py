"""The report: every check, one after the other, as a job; the last one is remembered."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from mmstudio.atomic import atomic_path
from mmstudio.cleaning import checks
from mmstudio.cleaning.duplicates import Seen, search
from mmstudio.cleaning.records import DuplicateGroup, Finding, Report, Subject
from mmstudio.cleaning.words import KINDS
from mmstudio.features import Features
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmstudio.library import Library

_last: WeakKeyDictionary[Library, Report] = WeakKeyDictionary()
Steps = Generator[Progress, None, Report]


def report(library: Library) -> Report:
    """Look over the whole library; changes nothing in it.

    Decodes what was not yet fingerprinted; a second report reads what the first one kept below ``index/``.
    """
    steps = examine(library, JobContext(0, {}))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Report = end.value
            return found


def report_work(library: Library) -> Work:
    """The same as a job. Its result: findings (kind → how many), seconds. Read it by :func:`last_report`."""

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        made = yield from examine(library, context)
        return {"findings": made.counts, "seconds": made.seconds}

    return work


def last_report(library: Library) -> Report | None:
    """The newest report of this library, of an earlier day too; None before the first."""
    if library in _last:
        return _last[library]
    try:
        kept = Report.from_dict(json.loads((library.index_dir / "doctor.json").read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    _last[library] = kept
    return kept


def examine(library: Library, context: JobContext, kinds: Iterable[str] | None = None) -> Steps:
    """All checks, or those that find these kinds. Raises Cancelled."""
    started = time.monotonic()
    wanted = set(KINDS if kinds is None else kinds)
    ignored = library.ignored.all()
    seen = Seen()
    found: checks.Found = yield from checks.files(library, context)
    told = [i for subjects in found.values() for subject in subjects for i in subject.asset_ids]
    measured, waiting = checks.measures(library, told)
    found |= measured
    if wanted & {"exact", "near", "empty"}:
        features = Features(library)
        try:
            groups = yield from search(library, features, context, seen)
        finally:
            features.close()
        found["exact"] = [_group(group) for group in groups if group.kind == "exact"]
        found["near"] = [_group(group) for group in groups if group.kind == "near"]
        found["empty"] += [checks.asset_subject(i) for i in seen.wordless]
    yield Progress(0, None, tr("Look at items, classes and languages"))
    found |= checks.items(library)
    small, categories, tags = checks.balance(library)
    odd, languages = checks.languages(library)
    found |= small | odd
    made = Report(
        findings=tuple(
            finding
            for kind in KINDS
            if kind in wanted
            and ((finding := _finding(kind, found.get(kind, []), ignored)).subjects or finding.ignored)
        ),
        waiting={kind: n for kind, n in waiting.items() if n},
        languages=languages,
        categories=categories,
        tags=tags,
        assets=library.assets.count(),
        items=library.items.count(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - started, 2),
        unreadable=tuple(seen.unreadable),
    )
    if kinds is None:
        remember(library, made)
    return made


def remember(library: Library, made: Report) -> None:
    """Keep a report for :func:`last_report`; in memory only where the library may not be written."""
    _last[library] = made
    if library.read_only:
        return
    try:
        with atomic_path(library.index_dir / "doctor.json") as temporary:
            temporary.write_text(json.dumps(made.to_dict(), ensure_ascii=False), "utf-8")
    except OSError:
        return  # a cache: the report itself is at hand


def _group(group: DuplicateGroup) -> Subject:
    return Subject(group.key, tuple(group.asset_ids), value=group.score)


def _finding(kind: str, subjects: list[Subject], ignored: set[tuple[str, str]]) -> Finding:
    if kind in ("exact", "near"):  # ignored pairs join no group
        return Finding(kind, tuple(subjects), sum(1 for one, _ in ignored if one == kind))
    kept = tuple(subject for subject in subjects if (kind, subject.key) not in ignored)
    return Finding(kind, kept, len(subjects) - len(kept))
