"""The command from item to storyboard: compose."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import NotFound
from mmstudio.i18n import tr
from mmstudio.library import Audience, Item
from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(compose)


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
