"""Commands of rights: what may be done with media, and whether a storyboard may leave."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import ERROR, NotFound, UsageError
from mmstudio.i18n import tr
from mmstudio.library import Asset, Library, parse_query
from mmstudio.library.records import RIGHTS


class RightsAction(StrEnum):
    """What ``mmstudio rights`` does."""

    SHOW = "show"
    SET = "set"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (rights, compliance):
        app.command()(command)


def rights(
    lib: Lib,
    assets: Annotated[str, typer.Argument(metavar="ASSETS", help="Numbers (3,7) or a search.")],
    action: Annotated[RightsAction, typer.Argument()] = RightsAction.SHOW,
    word: Annotated[
        str | None, typer.Option("--rights", metavar="|".join(RIGHTS), help="What may be done with them.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who holds the rights.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Its name or address.")] = None,
    consent: Annotated[
        str | None,
        typer.Option(
            "--consent", metavar="unknown|given|refused|none needed", help="Of the persons shown or heard."
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DAY", help="Last day of use, 2027-03-31; “” for never."),
    ] = None,
    markets: Annotated[
        str | None, typer.Option("--markets", metavar="DE,FR", help="Countries of use; “” for all.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="Anything else.")] = None,
    as_json: Json = False,
) -> None:
    """Show or set the rights in media: owner, licence, consent, last day, countries."""
    given = {"owner": owner, "licence": licence, "consent": consent, "expires": expires, "markets": markets,
             "note": note}  # fmt: skip
    values = {key: value for key, value in given.items() if value is not None}
    if action is RightsAction.SET and not values and word is None:
        raise typer.BadParameter("Say what to set, for instance --rights own.")
    if word is not None and word not in RIGHTS:
        raise typer.BadParameter(f"'{word}' is not one of {', '.join(RIGHTS)}.", param_hint="--rights")
    with studio(lib, write=action is RightsAction.SET) as opened:
        library = opened.library
        found = _named(library, assets)
        if action is RightsAction.SET:
            ids = [asset.id for asset in found]
            if values:
                library.asset_rights.set(ids, **values)
            if word is not None:
                library.assets.set_rights(ids, word)
            found = library.assets.get_many(ids)
        known = library.asset_rights.of(asset.id for asset in found)
    rows = [_row(asset, known[asset.id]) for asset in found]
    if as_json:
        print_json({"assets": rows})
    else:
        heads = ["id", "title", "rights", "owner", "licence", "consent", "expires", "markets"]
        table(heads, [[", ".join(row[h]) if h == "markets" else row[h] for h in heads] for row in rows])


def compliance(
    lib: Lib,
    storyboard: Annotated[int, typer.Argument(metavar="ID", help="The storyboard's number.")],
    override: Annotated[
        list[str] | None, typer.Option("--override", metavar="CHECK", help="Answer for a red check. Repeat.")
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who answers.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it may leave.")] = "",
    market: Annotated[str, typer.Option("--market", metavar="DE", help="The country it is made for.")] = "",
    no_label: Annotated[
        bool, typer.Option("--no-label", help="As it would be without the visible label.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at what must be in order before a storyboard leaves, and answer for what is not."""
    from mmstudio.composition import Storyboard
    from mmstudio.export.compliance import TITLES, answer_for, look
    from mmstudio.export.options import ExportOptions

    options = ExportOptions(market=market, label="never" if no_label else "auto")
    with studio(lib, write=bool(override)) as opened:
        row = opened.library.storyboards.get(storyboard)
        board = Storyboard.from_dict(row.data, row.id)
        if override:
            checks = answer_for(opened.library, board, override, who, reason, options)
        else:
            checks = look(opened.library, board, options)
    if as_json:
        print_json({"storyboard": storyboard, "passes": all(check.passes for check in checks),
                    "checks": [check.as_json() for check in checks]})  # fmt: skip
    else:
        words = {"green": tr("green"), "amber": tr("amber"), "red": tr("red")}
        for check in checks:
            say(f"{words[check.state]:<6} {tr(TITLES[check.name])}: {check.message}")
            if check.clearance is not None:
                say("       " + tr("{who} answers for it: {reason}", who=check.clearance.who,
                                   reason=check.clearance.reason))  # fmt: skip
            elif check.hint and check.state != "green":
                say("       " + check.hint)
    if not all(check.passes for check in checks):
        raise typer.Exit(ERROR)


def _named(library: Library, words: str) -> list[Asset]:
    """Assets by numbers, or by a search. Raises NotFound, UsageError."""
    parts = [part.strip() for part in words.split(",")]
    if all(part.isdigit() for part in parts):
        found = library.assets.get_many([int(part) for part in parts])
        missing = {int(part) for part in parts} - {asset.id for asset in found}
        if missing:
            raise NotFound("The library has no asset with the number {id}.", id=min(missing))
        return found
    if not words.strip():
        raise UsageError("Say which assets: numbers, or words to search for.")
    found = library.assets.get_many(library.assets.ids(parse_query(words)))
    if not found:
        raise NotFound("No asset matches {words}.", words=words)
    return found


def _row(asset: Asset, known: Any) -> dict[str, Any]:
    return {
        "id": asset.id, "title": asset.title, "rights": asset.rights, "owner": known.owner,
        "licence": known.licence, "consent": known.consent, "expires": known.expires,
        "markets": list(known.markets), "note": known.note,
    }  # fmt: skip
