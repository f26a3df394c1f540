"""The command of verdicts, remarks and preview packages."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import UsageError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.studio import Studio

_VERDICTS = {"approve": "approved", "changes": "changes", "reject": "rejected"}
_SAID = {"approved": mark("approved"), "changes": mark("asks for changes"), "rejected": mark("rejected")}
_USAGE = mark(
    "Say: review LIB NUMBER list|approve|changes|reject|comment TEXT|done REMARK,"
    " review LIB package NUMBER... --out FOLDER, or review LIB import FILE..."
)


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(review)


def review(
    lib: Lib,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="NUMBER list|approve|changes|reject|comment|done | package NUMBER | import FILE",
            help="A storyboard's number and what to do, a package to make, or files to take in.",
        ),
    ],
    who: Annotated[str, typer.Option("--who", help="Initials or a name.")] = "",
    comment: Annotated[str, typer.Option("--comment", help="Words beside a verdict.")] = "",
    at: Annotated[float | None, typer.Option("--at", help="Second a comment speaks of.")] = None,
    place: Annotated[
        str | None,
        typer.Option("--place", metavar="X,Y", help="Place a comment speaks of, two numbers from 0 to 1."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for a package.")] = Path(),
    folder: Annotated[bool, typer.Option("--folder", help="A package as a folder, not as a ZIP.")] = False,
    pictures: Annotated[bool, typer.Option("--pictures", help="Pictures instead of films.")] = False,
    watermark: Annotated[
        bool, typer.Option("--watermark/--no-watermark", help="Write PREVIEW over pictures and films.")
    ] = True,
    note: Annotated[str, typer.Option("--note", help="What the client should know.")] = "",
    as_json: Json = False,
) -> None:
    """Judge a storyboard, remark on it, hand out a preview package, take its remarks back in."""
    if words[0] == "import" and len(words) > 1:
        _take_in(lib, [Path(name) for name in words[1:]], as_json)
        return
    if words[0] == "package" and len(words) > 1:
        params: dict[str, Any] = {
            "storyboards": [_number(word) for word in words[1:]],
            "out": str(out),
            "zipped": not folder,
            "watermark": watermark,
            "video": not pictures,
            "note": note,
        }
        with studio(lib, write=True) as opened:
            made = run_job(opened, "package", params)
        if as_json:
            print_json(made)
        else:
            say(tr("Preview package {id}: {path}", id=made["package"], path=made["path"]))
            for said in made["notes"]:
                warn(said)
        return
    number, action = _number(words[0]), words[1] if len(words) > 1 else "list"
    with studio(lib, write=action != "list") as opened:
        _one(opened, number, action, " ".join(words[2:]), who or _me(opened), comment, at, _place(place))
        document = reviews(opened.library, number)
    if as_json:
        print_json(document)
    else:
        _show(document)


def _one(
    opened: Studio,
    number: int,
    action: str,
    rest: str,
    who: str,
    comment: str,
    at: float | None,
    place: tuple[float | None, float | None],
) -> None:
    library = opened.library
    library.storyboards.get(number)
    if action in _VERDICTS:
        library.storyboards.approve(number, who, _VERDICTS[action], comment or rest)
    elif action == "comment":
        library.remarks.add(number, who, rest or comment, at, *place, source="shell")
    elif action == "done":
        library.remarks.set_done(_number(rest))
    elif action != "list":
        raise UsageError("{word} is nothing that a review does.", hint=_USAGE, word=action)


def reviews(library: Library, number: int) -> dict[str, Any]:
    """Verdicts and remarks of a storyboard as plain data."""
    row = library.storyboards.get(number)
    return {
        "storyboard": number,
        "name": row.name,
        "verdicts": [
            {"who": a.who, "verdict": a.verdict, "comment": a.comment, "when": a.created_at}
            for a in library.storyboards.approvals(number)
        ],
        "remarks": [
            {
                "id": r.id, "who": r.who, "text": r.text, "at": r.at, "x": r.x, "y": r.y, "done": r.done,
                "source": r.source, "when": r.created_at,
            }
            for r in library.remarks.of(number)
        ],
    }  # fmt: skip


def _show(document: dict[str, Any]) -> None:
    for verdict in document["verdicts"]:
        said = f"{verdict['who']} {tr(_SAID[verdict['verdict']])}"
        say(f"{said}: {verdict['comment']}" if verdict["comment"] else said)
    remarks = document["remarks"]
    if remarks:
        table(
            [tr("No."), tr("At"), tr("Who"), tr("Remark"), tr("Done")],
            [
                [r["id"], "" if r["at"] is None else f"{r['at']:.1f} s", r["who"], r["text"],
                 tr("yes") if r["done"] else ""]
                for r in remarks
            ],
        )  # fmt: skip
    elif not document["verdicts"]:
        say(tr("No remarks yet."))


def _take_in(lib: Path, files: list[Path], as_json: bool) -> None:
    from mmstudio.export.package import import_remarks

    with studio(lib, write=True) as opened:
        counts = {str(file): import_remarks(opened.library, file) for file in files}
    if as_json:
        print_json({"new": counts})
        return
    for file, count in counts.items():
        say(tr("{name}: {n} new remarks and verdicts.", name=Path(file).name, n=count))


def _number(word: str) -> int:
    try:
        return int(word)
    except ValueError as error:
        raise UsageError("{word} is no number of a storyboard.", hint=_USAGE, word=word) from error


def _place(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError("A place is two numbers from 0 to 1 with a comma between them.") from error
    return x, y


def _me(opened: Studio) -> str:
    return opened.settings.reviewer or getpass.getuser()
