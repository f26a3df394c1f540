"""Commands from what there is to a storyboard: recipes, compose."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.assets import named_audience, named_item
from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import MediaError, NotFound, UsageError
from mmstudio.i18n import tr
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.composition.recipe import Recipe
    from mmstudio.library import Asset
    from mmstudio.studio import Studio

_LOOKED_AT = 50  # matches of a title
_NUMBERS = 12  # digits of an asset's number at most


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (compose, recipes):
        app.command()(command)


def recipes(as_json: Json = False) -> None:
    """List the recipes: what each makes and needs, and those of your own that cannot be read."""
    from mmstudio.composition.recipe import GROUPS, broken_recipes
    from mmstudio.composition.recipe import recipes as readable

    found, broken = readable(), broken_recipes()
    if as_json:
        print_json(
            {
                "recipes": [_described(one) for one in found],
                "broken": [
                    {"name": one.name, "folder": str(one.folder), "reason": one.reason} for one in broken
                ],
            }
        )
        return
    table(
        [tr("Recipe"), tr("Use"), tr("Needs"), tr("Takes too"), tr("What it makes")],
        [
            [one.name, tr(GROUPS[one.group]), ", ".join(one.needs), ", ".join(one.takes), tr(one.summary)]
            for one in found
        ],
    )
    for one in broken:
        warn(f"{one.folder}: {one.reason}")


def _described(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "label": recipe.label,
        "summary": recipe.summary,
        "group": recipe.group,
        "needs": list(recipe.needs),
        "takes": list(recipe.takes),
        "channels": list(recipe.channels),
        "pages": recipe.pages,
        "picture": str(recipe.picture) if recipe.picture is not None else None,
        "own": recipe.own,
        "options": {
            option.name: {
                "kind": option.kind,
                "default": option.default,
                "possible": option.possible() if option.kind != "text" else "",
                "help": option.help,
            }
            for option in recipe.options.values()
        },
    }


def compose(
    lib: Lib,
    recipe: Annotated[
        str, typer.Option("--recipe", help="The recipe's name; see `mmstudio recipes`.")
    ] = "product-ad",
    item: Annotated[
        list[str] | None, typer.Option("--item", metavar="SKU", help="An item's sku; repeat for several.")
    ] = None,
    picture: Annotated[
        list[str] | None,
        typer.Option(
            "--picture",
            metavar="ASSET|FILE",
            help="A picture or clip: its number, title or a file; repeat for several.",
        ),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option("--track", metavar="ASSET|FILE", help="The sound: its number, title or a file."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="FILE|WORDS",
            help="Outline, question or notes: a file, - for standard input, or words.",
        ),
    ] = None,
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    locale: Annotated[
        str, typer.Option("--locale", metavar="en|zh-CN|…", help="Language of the words.")
    ] = "",
    title: Annotated[str, typer.Option("--title", help="The title, where nothing gives one.")] = "",
    model: Annotated[
        str, typer.Option("--model", help="The model that makes missing pictures; none for none.")
    ] = "",
    character: Annotated[
        list[int] | None,
        typer.Option("--character", metavar="STORYBOARD", help="A character sheet; repeatable."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="An option of the recipe; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")] = 0,
    headline: Annotated[
        str | None, typer.Option("--headline", help="Words instead of the written headline.")
    ] = None,
    line: Annotated[str | None, typer.Option("--line", help="Words instead of the written line.")] = None,
    price: Annotated[str | None, typer.Option("--price", help="The price as it shall stand.")] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(
            "--words", metavar="SLOT=WORDS", help="Words of any slot, such as scene2.line; repeatable."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compose a storyboard by a recipe from items, pictures, a sound or a text."""
    overrides = {k: v for k, v in (("headline", headline), ("line", line), ("price", price)) if v is not None}
    overrides |= _pairs(words, "--words")
    given: dict[str, Any] = {"options": _pairs(option, "--option"), "text": _text(text), "title": title}
    given |= {"locale": locale, "model": model, "characters": list(character or [])}
    with studio(lib, write=True) as opened:
        params: dict[str, Any] = {"recipe": recipe, "seed": seed, "item_id": None, "audience_id": None}
        ids = [named_item(opened, sku).id for sku in item or []]
        if len(ids) == 1:
            params["item_id"] = ids[0]
        elif ids:
            given["item_ids"] = ids
        if audience:
            params["audience_id"] = named_audience(opened, audience).id
        given["asset_ids"] = [named_asset(opened, name).id for name in picture or []]
        if track is not None:
            given["track_id"] = named_asset(opened, track).id
        if overrides:
            params["overrides"] = overrides
        if kept := {key: value for key, value in given.items() if value not in ("", [], {}, None)}:
            params["inputs"] = kept
        result = run_job(opened, "compose", params)
        row = opened.library.storyboards.get(result["storyboard"])
    if as_json:
        print_json({"id": row.id, "name": row.name, "storyboard": row.data})
    else:
        say(tr("Storyboard {id}: {name}", id=row.id, name=row.name))
        for note in result["notes"]:
            warn(note)


def _pairs(given: list[str] | None, where: str) -> dict[str, str]:
    """NAME=VALUE as a dictionary. Raises UsageError."""
    found = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise UsageError(
                "{option} takes NAME=VALUE, not {given}.", hint="For example: {option} scenes=5.",
                option=where, given=pair[:60],
            )  # fmt: skip
        found[name.strip()] = value
    return found


def _text(given: str | None) -> str:
    """The text itself: of a file, of standard input, or the words. Raises MediaError."""
    if given is None:
        return ""
    if given == "-":
        return sys.stdin.read()
    try:
        path = Path(given).expanduser()
        is_file = len(given) < 4096 and "\n" not in given and path.is_file()
    except (OSError, ValueError):
        is_file = False  # words no file could be called by
    if not is_file:
        return given
    from mmstudio.media.text import load_text

    return load_text(path).text


def named_asset(opened: Studio, name: str) -> Asset:
    """An asset by its number, by a file (taken into the library where it is not there yet) or by its title.

    Raises:
        NotFound: nothing of that name. MediaError: the file cannot be used.
    """
    assets = opened.library.assets
    number = name.lstrip("#")
    if number.isdigit() and len(number) <= _NUMBERS:
        return assets.get(int(number))
    path = Path(name).expanduser()
    if path.is_file():
        return _of_file(opened, path)
    plain = '"' + name.replace('"', " ").strip() + '"'
    found = assets.get_many(assets.ids(AssetFilter(text=plain))[:_LOOKED_AT])
    wanted = name.casefold()
    for asset in found:
        file = asset.rel_path.rsplit("/", 1)[-1].casefold()
        if wanted in (asset.title.casefold(), file, file.rsplit(".", 1)[0]):
            return asset
    raise NotFound(
        "There is no picture or sound called {name}.",
        hint="Give a number, a title or a file; `mmstudio search LIB WORDS` finds numbers.",
        name=name[:80],
    )


def _of_file(opened: Studio, path: Path) -> Asset:
    from mmstudio.library.importing.medical import kept_copy
    from mmstudio.media.dicom import looks_like_dicom

    if looks_like_dicom(path):  # comes in as a copy without the person, under another hash
        run_job(opened, "import", {"paths": [str(path.resolve())]})
        return kept_copy(opened.library, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not opened.library.assets.by_sha256(digest):
        run_job(opened, "import", {"paths": [str(path.resolve())]})
    found = opened.library.assets.by_sha256(digest)
    if not found:
        raise MediaError("{name} cannot be used.", hint="Choose another file.", name=path.name)
    return found[0]
