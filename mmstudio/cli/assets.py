"""Commands from item to finished asset: compose, export."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import NotFound
from mmstudio.i18n import tr
from mmstudio.library import Audience, Item
from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (compose, export):
        app.command()(command)


def compose(
    lib: Lib,
    item: Annotated[str, typer.Option("--item", metavar="SKU", help="The item's sku.")],
    recipe: Annotated[str, typer.Option("--recipe", help="The recipe's name.")] = "product-ad",
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    seed: Seed = 0,
    headline: Annotated[
        str | None, typer.Option("--headline", help="Words instead of the written headline.")
    ] = None,
    line: Annotated[str | None, typer.Option("--line", help="Words instead of the written line.")] = None,
    price: Annotated[str | None, typer.Option("--price", help="The price as it shall stand.")] = None,
    as_json: Json = False,
) -> None:
    """Compose an item for an audience into a storyboard."""
    overrides = {k: v for k, v in (("headline", headline), ("line", line), ("price", price)) if v is not None}
    with studio(lib, write=True) as opened:
        params: dict[str, Any] = {
            "recipe": recipe,
            "item_id": named_item(opened, item).id,
            "seed": seed,
        }
        params["audience_id"] = named_audience(opened, audience).id if audience else None
        if overrides:
            params["overrides"] = overrides
        result = run_job(opened, "compose", params)
        row = opened.library.storyboards.get(result["storyboard"])
    if as_json:
        print_json({"id": row.id, "name": row.name, "storyboard": row.data})
    else:
        say(tr("Storyboard {id}: {name}", id=row.id, name=row.name))


def export(
    lib: Lib,
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write to.")] = None,
    storyboard: Annotated[int | None, typer.Option("--storyboard", help="The storyboard's number.")] = None,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="Repeat for several.")] = None,
    page: Annotated[
        bool, typer.Option("--page", help="The page and feed of recommendations for all audiences.")
    ] = False,
    list_channels: Annotated[bool, typer.Option("--channels", help="Name the channels and stop.")] = False,
    encrypt_to: Annotated[
        str | None,
        typer.Option(
            "--encrypt-to", metavar="RECIPIENT", help="Write one bundle only this recipient can read."
        ),
    ] = None,
    override: Annotated[
        str | None,
        typer.Option("--override", metavar="REASON", help="Answer for texts that facts do not support."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who answers for them.")] = "",
    as_json: Json = False,
) -> None:
    """Export a storyboard for its channels, or the page of all recommendations."""
    with studio(lib, write=not list_channels) as opened:
        if list_channels:
            presets = opened.exporter.channels()
            if as_json:
                print_json({"channels": presets})
            else:
                table(["channel", "size"], [[c.name, f"{c.width}×{c.height}"] for c in presets])
            return
        if (storyboard is None) == (not page):
            raise typer.BadParameter("Give either --storyboard ID or --page.")
        if out is None:
            raise typer.BadParameter("Say where to write with --out.")
        if override is not None and storyboard is not None:
            opened.exporter.answer_for(storyboard, who, override)
        params: dict[str, Any] = {} if page else {"storyboard_id": storyboard, "channels": channel or None}
        kind = "page" if page else "export"
        if encrypt_to is None:
            result = run_job(opened, kind, {**params, "out": str(out.resolve())})
        else:
            result = _encrypted(opened, kind, params, out.resolve(), encrypt_to)
    if as_json:
        print_json(result)
    else:
        for file in result["files"]:
            say(str(file["path"]))


def _encrypted(
    opened: Studio, kind: str, params: dict[str, Any], out: Path, recipient: str
) -> dict[str, Any]:
    """Export to a folder of the library that is gone afterwards, and leave only the bundle in ``out``."""
    from mmstudio.export.encrypt import check_recipient, encrypt_folder

    check_recipient(recipient)
    with tempfile.TemporaryDirectory(prefix="export-", dir=opened.library.path) as temporary:
        run_job(opened, kind, {**params, "out": temporary})
        name = "recommendations" if kind == "page" else f"storyboard-{params['storyboard_id']}"
        bundle = encrypt_folder(Path(temporary), out / f"{name}.zip.age", recipient)
    return {"files": [{"path": str(bundle), "encrypted_to": recipient}]}


def named_audience(opened: Studio, name: str) -> Audience:
    """The audience of this name. Raises NotFound."""
    audience = opened.library.audiences.by_name(name)
    if audience is None:
        raise NotFound(
            "There is no audience called {name}.",
            hint="`mmstudio audiences LIB list` names those there are.",
            name=name,
        )
    return audience


def named_item(opened: Studio, sku: str) -> Item:
    """The item with this sku. Raises NotFound."""
    item = opened.library.items.by_sku(sku)
    if item is None:
        raise NotFound(
            "There is no item with the sku {sku}.", hint="`mmstudio search LIB WORDS` finds items.", sku=sku
        )
    return item
