"""Commands of the library doctor: clean and duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, warn
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import LibraryBusy, ReadOnly, UsageError
from mmstudio.i18n import tr
from mmstudio.studio import Studio

if TYPE_CHECKING:
    from mmstudio.cleaning import Finding, Report

_SHOWN = 20  # subjects of a finding that are listed one by one


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (duplicates, clean):
        app.command()(command)


def duplicates(lib: Lib, as_json: Json = False) -> None:
    """List files that are the same or nearly the same."""
    from mmstudio.cleaning import duplicates as find

    with _opened(lib) as opened:
        groups = find(opened.library, opened.features)
        listed: list[dict[str, Any]] = [
            {
                "kind": group.kind,
                "key": group.key,
                "score": group.score,
                "ids": group.asset_ids,
                "files": [
                    str(opened.library.assets.path_of(asset))
                    for asset in opened.library.assets.get_many(group.asset_ids)
                ],
            }
            for group in groups
        ]
    if as_json:
        print_json({"groups": listed})
        return
    if not listed:
        say(tr("No duplicates were found."))
    for group in listed:
        say(f"{group['kind']} {group['key']} ({group['score']:.2f})")
        for file in group["files"]:
            say(f"  {file}")


def clean(
    lib: Lib,
    fix: Annotated[
        str | None, typer.Option("--fix", metavar="KIND", help="Mend this kind of finding.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="With --fix: only these findings.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="KIND|ID", help="Leave a kind, or one finding, alone from now on."),
    ] = None,
    mind: Annotated[
        list[str] | None, typer.Option("--mind", metavar="KIND", help="Report again what was ignored.")
    ] = None,
    relink: Annotated[
        Path | None, typer.Option("--relink", metavar="FOLDER", help="Look for missing files below a folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Report what is missing, damaged, unusable or doubled, and mend it where asked."""
    if only and fix is None:
        raise typer.BadParameter("--only says which findings of a --fix.")
    writing = bool(fix or ignore or mind) or relink is not None
    done: dict[str, Any] = {"fixed": 0}
    with _opened(lib, must_write=writing) as opened:
        if relink is not None:
            done["relinked"] = run_job(opened, "relink", {"folder": str(relink.resolve())})
        if fix is not None:
            done["fixed"] = run_job(opened, "clean", {"kind": fix, **({"keys": only} if only else {})})[
                "fixed"
            ]
        if mind:
            from mmstudio.cleaning import mind as report_again

            done["minded"] = sum(report_again(opened.library, kind) for kind in mind)
        report = _report(opened)
        if ignore:
            done["ignored"] = _ignore(opened, report, ignore)
            report = _report(opened)
        files = _paths(opened, report)
    if as_json:
        print_json({**done, **report.to_dict()})
        return
    if relink is not None:
        say(tr("Found {n} files again. Undo brings everything back.", n=done["relinked"]["fixed"]))
        for _, path in done["relinked"]["changed"]:
            warn(tr("{path} has the name of a missing file but another content.", path=path))
    if fix is not None:
        say(tr("Mended {n}. Undo brings everything back.", n=done["fixed"]))
    if not report.counts:
        say(tr("Nothing to clean."))
    for finding in report.findings:
        _show(finding, files)
    _show_classes(report)
    for note in report.notes:
        warn(note)


def _report(opened: Studio) -> Report:
    from mmstudio.cleaning import last_report, report

    run_job(opened, "doctor", {})
    return last_report(opened.library) or report(opened.library)


def _ignore(opened: Studio, report: Report, wanted: list[str]) -> int:
    """Ignore whole kinds ("blurred"), findings of one kind ("near:3+7") or of any kind ("12")."""
    from mmstudio.cleaning import KINDS
    from mmstudio.cleaning import ignore as leave_alone

    ignored = 0
    for word in wanted:
        kind, _, key = word.partition(":")
        named = kind if kind in KINDS else ""
        key = (key if named else word) or ""
        before = ignored
        for finding in report.findings:
            if named and finding.kind != named:
                continue
            keys = [s.key for s in finding.subjects if key in ("", s.key)]
            if keys:
                ignored += leave_alone(opened.library, finding.kind, keys)
        if ignored == before and not named:
            raise UsageError(
                "There is no finding {id}.", hint="The command without options lists them.", id=word
            )
    return ignored


def _paths(opened: Studio, report: Report) -> dict[int, str]:
    shown = [i for f in report.findings for s in f.subjects[:_SHOWN] for i in s.asset_ids]
    library = opened.library
    return {a.id: str(library.assets.path_of(a)) for a in library.assets.get_many(list(dict.fromkeys(shown)))}


def _show(finding: Finding, files: dict[int, str]) -> None:
    if finding.subjects:
        say(f"{finding.kind}: {finding.message}")
    for subject in finding.subjects[:_SHOWN]:
        names = [files.get(i, "") for i in subject.asset_ids] or [subject.word]
        value = "" if subject.value is None else f" ({subject.value:.2g})"
        say(f"  {subject.key}{value}  {names[0]}")
        for copy in names[1:]:
            say(f"    = {copy}")
    if len(finding.subjects) > _SHOWN:
        say("  " + tr("and {n} more", n=len(finding.subjects) - _SHOWN))
    if finding.ignored:
        say("  " + tr("{n} ignored", n=finding.ignored))


def _show_classes(report: Report) -> None:
    for heading, counts in (
        (tr("Categories"), report.categories),
        (tr("Tags"), report.tags),
        (tr("Languages"), {name or tr("unknown"): n for name, n in report.languages.items()}),
    ):
        if counts:
            listed = [f"{name} {n}" for name, n in list(counts.items())[:_SHOWN]]
            say(f"{heading}: " + ", ".join(listed) + ("…" if len(counts) > _SHOWN else ""))


@contextmanager
def _opened(lib: Path, *, must_write: bool = False) -> Iterator[Studio]:
    """Open for writing where that is possible, so that fingerprints are kept for the next time."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(studio(lib, write=True))
        except (LibraryBusy, ReadOnly):
            if must_write:
                raise
            opened = stack.enter_context(studio(lib))
        yield opened
