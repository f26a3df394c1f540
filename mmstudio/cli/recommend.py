"""The command "recommend": items for an audience with a reason, or a list for every member."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.atomic import write_text
from mmstudio.cli.assets import named_audience
from mmstudio.cli.console import print_json, say, table, warn
from mmstudio.cli.options import Count, Json, Lib, Seed, studio
from mmstudio.i18n import tr


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(recommend)


def recommend(
    lib: Lib,
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    all_members: Annotated[
        bool,
        typer.Option("--all-members", help="A list for every member with events, what they met left out."),
    ] = False,
    k: Count = 10,
    method: Annotated[
        str, typer.Option("--method", help="auto, blend, ease, als, knn, markov, content, popular or ranker.")
    ] = "auto",
    diversity: Annotated[
        float, typer.Option("--diversity", min=0.0, max=1.0, help="1 ranks by fit alone, 0 by variety alone.")
    ] = 0.8,
    novelty: Annotated[
        float, typer.Option("--novelty", min=0.0, max=1.0, help="How far the unusual is moved up.")
    ] = 0.0,
    explore: Annotated[
        float, typer.Option("--explore", min=0.0, max=1.0, help="How much chance uncertain scores get.")
    ] = 0.0,
    cap: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="[CATEGORY=]N", help="At most N items of a category, or of each."),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="With --all-members: CSV of member, item, rank, score.")
    ] = None,
    members: Annotated[
        Path | None,
        typer.Option(
            "--members", metavar="FILE", help="With --all-members: your own ids, to be named by them."
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="SKU", help="This item's score in its parts.")
    ] = None,
    why_not: Annotated[
        str | None, typer.Option("--why-not", metavar="SKU", help="Why this item is not in the list.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="SKU", help="What the list would be without this like."),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="folder|server", help="A local model words --explain.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Rank items for an audience and say why, or for every member.

    --explain, --why-not and --without say more about one item of one audience.
    """
    if (audience is None) != all_members:
        raise typer.BadParameter("Give either --audience NAME or --all-members.")
    asked = [one for one in (explain, why_not, without) if one]
    if len(asked) > 1 or (asked and all_members):
        raise typer.BadParameter("Give --audience with one of --explain, --why-not and --without.")
    if all_members:
        _everyone(lib, k, method, out, as_json, members)
        return
    if asked:
        _about(lib, audience or "", k, method, diversity, (explain, why_not, without), engine, as_json)
        return
    if out is not None:
        raise typer.BadParameter("--out goes with --all-members.")
    wish: dict[str, Any] = {"diversity": diversity, "novelty": novelty, "explore": explore, "seed": seed}
    wish["caps"] = caps_of(cap)
    _audience(lib, audience or "", k, method, wish, as_json)


def caps_of(texts: list[str] | None) -> dict[str, int]:
    """Category → most items from "Yoga=2", or "3" for every category. Raises typer.BadParameter."""
    caps: dict[str, int] = {}
    for text in texts or []:
        name, _, most = text.rpartition("=")
        if not most.strip().isdecimal():
            raise typer.BadParameter(f"'{text}' is not CATEGORY=N or N.", param_hint="--cap")
        caps[name.strip() or "*"] = int(most)
    return caps


def _about(
    lib: Path,
    name: str,
    k: int,
    method: str,
    diversity: float,
    asked: tuple[str | None, str | None, list[str] | None],
    engine: str,
    as_json: bool,
) -> None:
    from mmstudio.cli import explaining
    from mmstudio.recommendation.scoring import choice_of

    explain, why_not, without = asked
    wish: dict[str, Any] = {"diversity": diversity, "method": method}
    with studio(lib) as opened:
        who = named_audience(opened, name)
        if opened.library.items.count():
            choice_of(opened.recommender.catalogue(), method)
        if explain is not None:
            explaining.explained(opened, who, explain, method, engine, as_json)
        elif why_not is not None:
            explaining.not_there(opened, who, why_not, k, wish, as_json)
        else:
            explaining.without(opened, who, without or [], k, wish, as_json)


def _everyone(
    lib: Path, k: int, method: str, out: Path | None, as_json: bool, members: Path | None = None
) -> None:
    from mmstudio.library.importing.people import read_people
    from mmstudio.recommendation.everyone import everyone
    from mmstudio.recommendation.scoring import choice_of

    with studio(lib) as opened:
        catalogue = opened.recommender.catalogue()
        if not catalogue.events.count:
            if as_json:
                print_json({"method": None, "lists": []})
            else:
                say(tr("No data yet: import interactions first."))
            return
        choice = choice_of(catalogue, method)
        lists = list(everyone(catalogue, k, method, choice))
        skus = {item.id: item.sku for item in catalogue.items}
        given = read_people(members) if members is not None else ()
        names = opened.library.pseudonyms.originals((name for name, _ in lists), given)
    rows = [
        (names.get(member, member), skus[item], rank, round(score, 6))
        for member, own in lists
        for rank, (item, score) in enumerate(own, 1)
    ]
    if out is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["member", "item", "rank", "score"])
        writer.writerows(rows)
        write_text(out, text.getvalue())
    unknown = sum(member not in names for member, _ in lists)
    if as_json:
        columns = ("member", "item", "rank", "score")
        told: dict[str, Any] = {"method": choice.method, "why": choice.why, "members": len(lists)}
        told |= {"measured": choice.table}
        told |= (
            {"out": str(out)}
            if out is not None
            else {"rows": [dict(zip(columns, r, strict=True)) for r in rows]}
        )
        print_json(told)
        return
    say(choice.why)
    if out is None:
        table(["member", "item", "#", "score"], [[m, i, r, s] for m, i, r, s in rows])
    else:
        say(tr("Wrote {path}", path=out))
    if unknown:
        warn(tr("{n} members are named by their pseudonyms: their own ids are not kept.", n=unknown))


def _audience(lib: Path, name: str, k: int, method: str, wish: dict[str, Any], as_json: bool) -> None:
    from mmstudio.recommendation.scoring import choice_of

    with studio(lib) as opened:
        who = named_audience(opened, name)
        any_items = opened.library.items.count() > 0
        if any_items:
            choice_of(
                opened.recommender.catalogue(), method
            )  # measured first: nobody waits for a window here
        found = opened.recommender.recommend(who.id, k=k, method=method, **wish)
        items = {item.id: item for item in opened.library.items.get_many([r.item_id for r in found])}
    if as_json:
        print_json(
            {
                "audience": who.name,
                "method": found.choice
                and {
                    "name": found.choice.method,
                    "why": found.choice.why,
                    "measured": found.choice.table,
                },
                "note": found.note,
                "removed": found.removed,
                "items": [
                    {
                        "rank": r.rank,
                        "sku": items[r.item_id].sku,
                        "title": items[r.item_id].title,
                        "score": r.score,
                        "why": r.why,
                        "placed": r.placed,
                        "parts": r.parts,
                    }
                    for r in found
                ],
            }
        )
        return
    if found:
        table(
            ["#", "score", "item", "why"],
            [[r.rank, float(r.score), items[r.item_id].title, r.why] for r in found],
        )
        if found.choice is not None and found.choice.why:
            say(found.choice.why)
    elif not any_items:
        say(tr("No data yet: import items first."))
    elif not found.note:
        say(tr("Nothing is left to recommend: the audience knows every item."))
    if found.note:
        say(found.note)
    for rule, count in found.removed.items():
        say(tr("{rule}: {n} items left out", rule=rule, n=count))
