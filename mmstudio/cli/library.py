"""Commands on the library: init, import, features, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Device, Json, Kind, Lib, studio
from mmstudio.cli.words import WordVectorFile, say_read, take_word_vectors
from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.studio import Studio

if TYPE_CHECKING:
    from mmstudio.features.listing import Listed

_NAMED = 5  # files that are missing, by name
_SHOWN = 20  # problems of an import that are listed one by one


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (init, features, check):
        app.command()(command)
    app.command("import")(import_media)
    app.command()(rescan)


def init(lib: Lib) -> None:
    """Make a new, empty library."""
    Studio.create(lib).close()
    say(tr("Made the library {path}", path=lib))


def import_media(
    lib: Lib,
    # What may not be read is reported by the import, which goes on with the rest: hence readable=False.
    paths: Annotated[
        list[Path] | None, typer.Argument(readable=False, help="Folders and files to import.")
    ] = None,
    catalog: Annotated[
        Path | None,
        typer.Option("--catalog", readable=False, help="Items: a CSV or XLSX file, columns matched loosely."),
    ] = None,
    reviews: Annotated[
        Path | None, typer.Option("--reviews", readable=False, help="Reviews of the items.")
    ] = None,
    links: Annotated[
        Path | None, typer.Option("--links", readable=False, help="Which items go together.")
    ] = None,
    interactions: Annotated[
        Path | None,
        typer.Option("--interactions", readable=False, help="Who viewed, liked, bought or rated what."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag for everything imported.")] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the files into the library.")] = False,
    as_json: Json = False,
) -> None:
    """Import media folders, and catalogues with their items, reviews, links and interactions."""
    if not paths and not any((catalog, reviews, links, interactions)):
        raise typer.BadParameter("Name a folder or file to import, or a --catalog.")
    params: dict[str, Any] = {"paths": [str(path.resolve()) for path in paths or []], "copy": copy}
    for name, value in (
        ("catalog", catalog),
        ("reviews", reviews),
        ("links", links),
        ("interactions", interactions),
    ):
        if value is not None:
            params[name] = str(value.resolve())
    if tag:
        params["tags"] = tag
    with studio(lib, write=True) as opened:
        show_report(run_job(opened, "import", params), as_json)


def rescan(lib: Lib, as_json: Json = False) -> None:
    """Look for files that were added, changed, moved or removed in the imported folders."""
    with studio(lib, write=True) as opened:
        show_report(run_job(opened, "rescan", {}), as_json)


def features(
    lib: Lib,
    kind: Kind = None,
    extractor: Annotated[str | None, typer.Option("--extractor", help="Only this extractor.")] = None,
    device: Device = None,
    list_them: Annotated[bool, typer.Option("--list", help="Name the extractors and stop.")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="Write ids, paths and vectors.")] = None,
    fit: Annotated[
        str | None,
        typer.Option("--fit", metavar="QUERY", help='Fit mean and deviation on what this finds ("" is all).'),
    ] = None,
    word_vectors: WordVectorFile = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="auto|local|HOST:PORT",
            help="Let the computers that Ray joined read the files (extra “cluster”).",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Extract features of what has none yet."""
    with studio(lib, write=not (list_them or export), device=device) as opened:
        if list_them:
            show_extractors(opened.features.listing(), as_json)
            return
        if export is not None:
            if extractor is None:
                raise typer.BadParameter("Name the --extractor to export.")
            written = opened.features.export(extractor, export)
            say(tr("Wrote {path}", path=written))
            return
        if device not in (None, "auto") and opened.features.device != device:
            raise StudioError(
                "This computer has no {device} device.",
                hint="Choose “auto” or “cpu” as the device.",
                device=device,
            )
        if word_vectors is not None:
            extractor = take_word_vectors(opened, word_vectors)
        params = {"kind": kind, "extractor": extractor} | ({"fit": fit} if fit is not None else {})
        if cluster is not None:
            params["cluster"] = cluster
        result = run_job(opened, "features", params)
    if as_json:
        print_json(result)
    else:
        for name, count in (result or {}).get("extracted", {}).items():
            say(tr("{name}: {n} new", name=name, n=count))
        say_read((result or {}).get("read", {}))
        joined = (result or {}).get("cluster")
        if joined is not None:
            say(
                tr(
                    "Read by {n} readers on: {names}",
                    n=joined["readers"],
                    names=", ".join(joined["computers"]),
                )
            )
            for computer, reason in joined["left_out"]:
                warn(tr("{computer} took no part: {reason}", computer=computer, reason=reason))
        for path, reason in (result or {}).get("failed", []):
            warn(f"{path}: {reason}")


def show_extractors(rows: list[Listed], as_json: bool) -> None:
    """Every extractor with what it has done in this library."""
    if as_json:
        print_json(rows)
        return
    table(
        ["extractor", "", "media", "dimension", "source", "licence", "done", "fitted on"],
        [
            [r.name, r.label, r.modality, r.dimension, r.source, r.licence, r.count + r.items, r.fitted_on]
            for r in rows
        ],
    )


def check(
    lib: Lib,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the database with the disk."""
    with studio(lib, write=repair) as opened:
        report = opened.library.check(repair=repair)
    if as_json:
        print_json(report)
    else:
        say(tr("{n} assets checked, {repaired} mended", n=report.assets, repaired=report.repaired))
        for line in report.problems:
            say(line)
    if not report.ok:
        raise typer.Exit(1)


def show_report(report: dict[str, Any], as_json: bool) -> None:
    """Say what an import did. Exits 1 where whole files or tables could not be read and nothing went in."""
    if as_json:
        print_json(report)
    else:
        _say_report(report)
    done = ("added", "updated", "moved", "unchanged", "missing", "items", "items_unchanged", "reviews",
            "links", "interactions", "interactions_again")  # fmt: skip
    headers = any(line == 1 for _file, line, _reason in report["row_errors"])
    if (report["failed_count"] or headers) and not any(report[key] for key in done):
        raise typer.Exit(1)


def _say_report(report: dict[str, Any]) -> None:
    words = {
        "added": tr("added"),
        "updated": tr("updated"),
        "moved": tr("moved"),
        "unchanged": tr("unchanged"),
        "missing": tr("missing"),
        "items": tr("items"),
        "reviews": tr("reviews"),
        "links": tr("links"),
        "interactions": tr("interactions"),
    }
    counts = [f"{report[key]} {word}" for key, word in words.items() if report[key]]
    say(", ".join(counts) if counts else tr("Nothing new."))
    if medical := report["deidentified"]:
        say(tr("{n} DICOM pictures came in without the person they are of", n=medical))
    problems = [f"{path}: {reason}" for path, reason in report["failed"]]
    problems += [f"{file}:{line}: {reason}" for file, line, reason in report["row_errors"]]
    problems += [f"{file}:{line}: {said}" for file, line, said in report["row_notes"]]
    problems += [f"{path}: {said}" for path, said in report["file_notes"]]
    for line in problems[:_SHOWN]:
        warn(line)
    counts_of = ("failed_count", "row_error_count", "row_note_count", "file_note_count")
    more = sum(report[key] for key in counts_of) - _SHOWN
    if more > 0:
        warn(tr("and {n} more; --json lists them all", n=more))
    if unknown := report["row_kinds"].get("unknown_item"):
        named = tr("{n} rows name items that are not in the catalogue", n=unknown)
        warn(named if unknown != 1 else tr("One row names an item that is not in the catalogue"))
    if again := report["interactions_again"]:
        say(tr("{n} interactions were there before", n=again))
    if missing := report["missing_image_count"]:
        names = report["missing_images"]
        more = missing - len(names[:_NAMED])
        listed = ", ".join(names[:_NAMED]) + (f" … (+{more})" if more > 0 else "")
        warn(tr("{n} media named in the catalogue were not found: {names}", n=missing, names=listed))
        warn(tr("Import the folder they are in together with the catalogue; --json lists them all."))
