"""The search command, with its saved searches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Count, Json, Kind, Lib, studio
from mmstudio.errors import NotFound
from mmstudio.i18n import tr
from mmstudio.library.query import explain
from mmstudio.studio import Studio

_FACETS = (
    "kind",
    "tag",
    "colour",
    "rating",
    "rights",
    "origin",
    "language",
    "price",
    "duration",
    "orientation",
)
_VALUES_SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(search)


def search(
    lib: Lib,
    text: Annotated[
        str | None,
        typer.Argument(help='Words and filters, such as "kind:sound beach" or "color:teal price:<50".'),
    ] = None,
    like: Annotated[
        Path | None, typer.Option("--like", exists=True, help="A file to find the like of.")
    ] = None,
    kind: Kind = None,
    k: Count = 20,
    facets: Annotated[
        bool, typer.Option("--facets", help="Also count kinds, tags, colours and more.")
    ] = False,
    save: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Keep the query line under a name.")
    ] = None,
    saved: Annotated[
        str | None, typer.Option("--saved", metavar="NAME", help="Use a kept query line.")
    ] = None,
    list_saved: Annotated[bool, typer.Option("--list-saved", help="List the kept query lines.")] = False,
    as_json: Json = False,
) -> None:
    """Find media and items by words, by meaning or by likeness to a file."""
    if list_saved:
        with studio(lib) as opened:
            _list_saved(opened, as_json)
        return
    if not text and like is None and saved is None:
        raise typer.BadParameter("Give words to search for, a file with --like, or a name with --saved.")
    if save is not None and not text:
        raise typer.BadParameter("Give the query line to --save.")
    with studio(lib, write=save is not None) as opened:
        if saved is not None:
            text = f"{_saved(opened, saved)} {text or ''}".strip()
        if save is not None and text:
            opened.library.searches.save(save, text)
        hits = opened.features.search(text=text, file=like, kind=kind, k=k)
        rows = [_hit(opened, hit) for hit in hits]
        counts = _facets(opened, text or "") if facets else None
    read = [{"token": token, "meaning": meaning} for token, meaning in explain(text or "")]
    if as_json:
        document: dict[str, Any] = {
            "query": {"text": text, "like": like, "kind": kind, "read": read},
            "hits": rows,
        }
        print_json(document if counts is None else document | {"facets": counts})
        return
    if rows:
        table(["score", "", "title", "why"], [[r["score"], r["kind"], r["title"], r["why"]] for r in rows])
    else:
        say(tr("Nothing was found."))
        for piece in read:
            say(f"  {piece['token']}  →  {piece['meaning']}")
    for name, values in (counts or {}).items():
        shown = ", ".join(f"{value} {n:,}" for value, n in list(values.items())[:_VALUES_SHOWN])
        say(f"{name}: {shown}")
    if save is not None:
        say(tr("Saved as {name}.", name=save))


def _list_saved(opened: Studio, as_json: bool) -> None:
    kept = opened.library.searches.list()
    if as_json:
        print_json({"searches": kept})
    elif kept:
        table(["name", "query"], [[one.name, one.query] for one in kept])
    else:
        say(tr("No searches are saved."))


def _saved(opened: Studio, name: str) -> str:
    for one in opened.library.searches.list():
        if one.name.casefold() == " ".join(name.split()).casefold():
            return one.query
    raise NotFound("No search is saved as {name}.", hint="List the saved ones with --list-saved.", name=name)


def _facets(opened: Studio, text: str) -> dict[str, dict[str, int]]:
    from mmstudio.library import parse_query

    found = opened.library.assets.facets(parse_query(text))
    return {name: found[name] for name in _FACETS if found.get(name)}


def _hit(opened: Studio, hit: Any) -> dict[str, Any]:
    if hit.target == "item":
        item = opened.library.items.get(hit.id)
        return {"target": "item", "id": hit.id, "kind": "item", "title": item.title, "sku": item.sku,
                "score": round(float(hit.score), 4), "why": hit.why}  # fmt: skip
    asset = opened.library.assets.get(hit.id)
    return {"target": "asset", "id": hit.id, "kind": asset.kind, "title": asset.title,
            "path": str(opened.library.assets.path_of(asset)),
            "score": round(float(hit.score), 4), "why": hit.why}  # fmt: skip
