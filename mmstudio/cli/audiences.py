"""The commands of audiences: audiences (list, add, edit, segments, lookalikes, proposals …) and reviewers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli import audience_views as views
from mmstudio.cli.assets import named_audience, named_item
from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.library import show_report
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.library import Audience, Review
from mmstudio.library.reviewers import shown_author
from mmstudio.studio import Studio


class Action(StrEnum):
    """What ``mmstudio audiences`` does."""

    LIST = "list"
    ADD = "add"
    IMPORT = "import"
    SHOW = "show"
    EDIT = "edit"
    REMOVE = "remove"
    SEGMENTS = "segments"
    LOOKALIKES = "lookalikes"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    PROPOSE = "propose"
    PSEUDONYMS = "pseudonyms"


class ReviewersAction(StrEnum):
    """What ``mmstudio reviewers`` does."""

    LIST = "list"
    CONSENT = "consent"
    WITHDRAW = "withdraw"


_WRITES = {
    Action.ADD, Action.IMPORT, Action.EDIT, Action.REMOVE, Action.APPROVE, Action.REJECT, Action.WITHDRAW,
    Action.PSEUDONYMS,
}  # fmt: skip
_NAMELESS = {Action.LIST, Action.SEGMENTS, Action.PSEUDONYMS}
_Skus = Annotated[list[str] | None, typer.Option("--like", metavar="SKU", help="An item they like.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(audiences)
    app.command()(reviewers)


def audiences(
    lib: Lib,
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.LIST,
    name: Annotated[str | None, typer.Argument(help="The audience, or the file to import.")] = None,
    brief: Annotated[
        str | None, typer.Option("--brief", help="Who they are and what they want, in words.")
    ] = None,
    locale: Annotated[
        str | None, typer.Option("--locale", help="The language they read, e.g. en or zh-CN.")
    ] = None,
    tone: Annotated[str | None, typer.Option("--tone", help="How to speak to them.")] = None,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="edit: a new name.")] = None,
    like: _Skus = None,
    dislike: Annotated[
        list[str] | None, typer.Option("--dislike", metavar="SKU", help="An item they dislike.")
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option("--forget", metavar="SKU", help="edit: takes a like or dislike back."),
    ] = None,
    trait: Annotated[
        list[str] | None,
        typer.Option("--trait", metavar="NAME=VALUE", help="A trait, e.g. age=25-35; “NAME=” takes it away."),
    ] = None,
    price_under: Annotated[
        str | None, typer.Option("--price-under", help="Rule: only cheaper items.")
    ] = None,
    price_over: Annotated[str | None, typer.Option("--price-over", help="Rule: only dearer items.")] = None,
    must: Annotated[
        list[str] | None, typer.Option("--must", metavar="TAG", help="Rule: items must have this tag.")
    ] = None,
    must_not: Annotated[
        list[str] | None,
        typer.Option("--must-not", metavar="TAG", help="Rule: items must not have it."),
    ] = None,
    market: Annotated[
        str | None, typer.Option("--market", metavar="CODE", help="Rule: items for this market, e.g. DE.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Rule: usable on this day, or “today”."),
    ] = None,
    rights_cleared: Annotated[
        bool | None, typer.Option("--rights-cleared/--any-rights", help="Rule: only what may be used.")
    ] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="edit: drop all rules first.")] = False,
    members: Annotated[
        Path | None,
        typer.Option(
            "--members",
            metavar="FILE",
            help="A list of customer ids: they join it; with lookalikes, they appear by these ids.",
        ),
    ] = None,
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="Keep customer ids too, encrypted (needs a keyring).")
    ] = False,
    item: Annotated[
        str | None, typer.Option("--item", metavar="SKU", help="approve, reject, withdraw: which item.")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", help="segments: how many; left out, the studio chooses."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="segments: make an audience of every group.")] = False,
    seed: Seed = 0,
    k: Annotated[int, typer.Option("-k", min=1, help="lookalikes: how many people.")] = 100,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="lookalikes: write them to this CSV.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="folder|server", help="propose: a local language model helps."),
    ] = "",
    take: Annotated[bool, typer.Option("--apply", help="propose: write it into the audience.")] = False,
    as_json: Json = False,
) -> None:
    """Keep the people you make things for: briefs, likes, rules, members, segments.

    \b
    list                       all audiences
    add NAME                   with --brief, --like SKU, --must TAG, --price-under 40 …
    edit NAME                  the same options change it; undo works in the window
    show NAME                  likes, rules, members, taste
    remove NAME                takes it out; what its members did stays
    import FILE                a CSV of who did what: user, item, event or rating, time
    segments [--keep]          groups of people who choose alike, from what they did
    lookalikes NAME            people outside it who choose like its members
    approve|reject NAME        --item SKU: a decision the recommender learns from
    withdraw NAME              --item SKU: takes that decision back
    propose NAME [--apply]     reads traits, rules and copy angles out of its brief
    pseudonyms                 replaces customer ids that an older version kept
    """
    if name is None and action not in _NAMELESS:
        if action is Action.IMPORT:
            raise UsageError(
                "Say which file to import.", hint="Write it last: mmstudio audiences LIB import FILE."
            )
        raise UsageError(
            "Say which audience.",
            hint="Write its name last: mmstudio audiences LIB {action} NAME.",
            action=str(action),
        )
    writes = action in _WRITES or keep or take
    fields = {"brief": brief, "locale": locale, "tone": tone, "name": rename}
    rules = {
        "price_under": price_under, "price_over": price_over, "must": must, "must_not": must_not,
        "market": market, "on": on,
        "rights": None if rights_cleared is None else "cleared" if rights_cleared else "",
    }  # fmt: skip
    with studio(lib, write=writes) as opened:
        match action:
            case Action.LIST:
                views.show_list(opened, as_json)
            case Action.ADD:
                _add(opened, name or "", fields, rules, (like, dislike), trait, members, keep_ids, as_json)
            case Action.EDIT:
                who = named_audience(opened, name or "")
                changed = _edited(opened, who, fields, rules, (like, dislike, forget), trait, no_rules)
                opened.library.audiences.update(who.id, **changed)
                joined = _join(opened, who.id, members, keep_ids)
                _done(opened, who.id, tr("Changed the audience {name}", name=who.name), joined, as_json)
            case Action.REMOVE:
                who = named_audience(opened, name or "")
                opened.library.audiences.remove(who.id)
                _done(opened, None, tr("Removed the audience {name}", name=who.name), None, as_json)
            case Action.SHOW:
                views.show_audience(opened, named_audience(opened, name or ""), as_json)
            case Action.IMPORT:
                path = str(Path(name or "").resolve())
                kept = {"keep_ids": True} if keep_ids else {}
                report = run_job(opened, "import", {"paths": [], "interactions": path, **kept})
                show_report(report, as_json)
                if not as_json:
                    say(opened.library.pseudonyms.state().sentence)
            case Action.SEGMENTS:
                views.show_segments(opened, count, seed, keep, as_json)
            case Action.LOOKALIKES:
                views.show_lookalikes(opened, named_audience(opened, name or ""), k, members, out, as_json)
            case Action.APPROVE | Action.REJECT | Action.WITHDRAW:
                _decide(opened, named_audience(opened, name or ""), item, action, as_json)
            case Action.PROPOSE:
                views.show_proposals(opened, named_audience(opened, name or ""), engine, take, as_json)
            case Action.PSEUDONYMS:
                _convert(opened, keep_ids, as_json)


def reviewers(
    lib: Lib,
    action: Annotated[ReviewersAction, typer.Argument()] = ReviewersAction.LIST,
    item: Annotated[
        str | None, typer.Option("--item", metavar="SKU", help="Only this item's reviews.")
    ] = None,
    author: Annotated[
        str | None, typer.Option("--author", help="The reviewer's name as it was given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how reviewers are named, and record who agreed to be named in full.

    Without recorded consent a reviewer appears by initials, in the window and in all that is exported.
    """
    writes = action is not ReviewersAction.LIST
    if writes and not author:
        raise UsageError("Say who agreed.", hint="Name the reviewer with --author.")
    with studio(lib, write=writes) as opened:
        chosen = _reviews(opened, item, author)
        changed = 0
        if writes:
            if not chosen:
                raise NotFound(
                    "There is no review by {name}.", hint="Write the name as it was given.", name=author
                )
            agreed = action is ReviewersAction.CONSENT
            changed = opened.library.items.set_consent([review.id for review in chosen], agreed)
            chosen = _reviews(opened, item, author)
    if as_json:
        rows = [{"id": r.id, "shown": shown_author(r), "consent": r.consent} for r in chosen]
        print_json({"reviewers": rows, "changed": changed})
    elif writes:
        say(tr("{n} reviews changed; shown as: {shown}", n=changed, shown=shown_author(chosen[0])))
    elif not chosen:
        say(tr("There are no reviews."))
    else:
        table([tr("review"), tr("shown as"), tr("consent")],
              [[r.id, shown_author(r), tr("yes") if r.consent else tr("no")] for r in chosen])  # fmt: skip


# -- inside ------------------------------------------------------------------------------------------------


def _reviews(opened: Studio, sku: str | None, author: str | None) -> list[Review]:
    store = opened.library.items
    ids = [named_item(opened, sku).id] if sku is not None else store.ids()
    found = [review for item_id in ids for review in store.reviews_of(item_id)]
    if author is None:
        return found
    wanted = author.strip().casefold()
    return [review for review in found if review.author.strip().casefold() == wanted]


def _add(
    opened: Studio, name: str, fields: dict[str, Any], rules: dict[str, Any], skus: tuple[Any, Any],
    traits: list[str] | None, members: Path | None, keep_ids: bool, as_json: bool,
) -> None:  # fmt: skip
    nobody = Audience(0, name, "", "en", "", {}, [], [], {})
    changed = _edited(opened, nobody, fields, rules, (*skus, None), traits, False)
    changed.pop("name", None)
    if members is not None and keep_ids:
        opened.library.pseudonyms.seal("?")  # refused before anything is added where there is no keyring
    audience_id = opened.library.audiences.add(name, **changed)
    joined = _join(opened, audience_id, members, keep_ids)
    if as_json:
        print_json(audience_id)
        return
    _done(opened, audience_id, tr("Added the audience {name}", name=name.strip()), joined, as_json)
    if not changed.get("brief") and not changed.get("liked"):
        say(tr("Nothing is known about it yet: write a brief or like a few items."))


def _edited(
    opened: Studio, who: Audience, fields: dict[str, Any], rules: dict[str, Any],
    skus: tuple[list[str] | None, list[str] | None, list[str] | None], traits: list[str] | None,
    no_rules: bool,
) -> dict[str, Any]:  # fmt: skip
    """What changes. Raises UsageError for what contradicts itself."""
    from mmstudio.recommendation.consistency import contradictions

    changed = {key: value for key, value in fields.items() if value is not None}
    liked, disliked, forgotten = ([named_item(opened, sku).id for sku in one or []] for one in skus)
    out = {*forgotten, *liked, *disliked}
    if out:
        changed["liked"] = [*(i for i in who.liked if i not in out), *dict.fromkeys(liked)]
        changed["disliked"] = [*(i for i in who.disliked if i not in out), *dict.fromkeys(disliked)]
    if traits:
        changed["traits"] = _traits(who.traits, traits)
    told = {key: value for key, value in rules.items() if value is not None}
    if told or no_rules:
        wanted = {} if no_rules else dict(who.rules)
        for key, value in told.items():
            if value in ("", [""]):
                wanted.pop(key, None)
            else:
                wanted[key] = _rule(key, value)
        changed["rules"] = wanted
    problems = contradictions(changed.get("rules", {}), changed.get("liked", ()), changed.get("disliked", ()))
    if problems:
        raise UsageError(
            "This cannot be: {problem}", hint="Change one of them; nothing was saved.", problem=problems[0]
        )
    return changed


def _rule(key: str, value: Any) -> Any:
    from mmstudio.recommendation.lists.rules import number, words_of

    if key in ("must", "must_not"):
        return words_of(",".join(value))
    if key in ("price_under", "price_over"):
        limit = number(str(value).replace(",", ".").lstrip("€$£¥ ").rstrip("€$£¥ "))
        return value if limit is None else limit
    return value.strip().upper() if key == "market" else value


def _traits(old: dict[str, Any], given: list[str]) -> dict[str, Any]:
    found = dict(old)
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or not key.strip():
            raise UsageError("“{text}” is no trait.", hint="Write it like --trait age=25-35.", text=one)
        if value.strip():
            found[key.strip()] = value.strip()
        else:
            found.pop(key.strip(), None)
    return found


def _join(opened: Studio, audience_id: int, members: Path | None, keep_ids: bool) -> int | None:
    from mmstudio.library.importing.people import read_people

    if members is None:
        return None
    return opened.library.audiences.add_members(audience_id, read_people(members), keep_ids=keep_ids)


def _done(opened: Studio, audience_id: int | None, said: str, joined: int | None, as_json: bool) -> None:
    if as_json:
        print_json({"audience": audience_id and opened.library.audiences.get(audience_id), "joined": joined})
        return
    say(said)
    if joined is not None:
        say(tr("{n} people joined it.", n=joined))
        say(opened.library.pseudonyms.state().sentence)


def _decide(opened: Studio, who: Audience, sku: str | None, action: Action, as_json: bool) -> None:
    from mmstudio.recommendation.decisions import record, withdraw

    if sku is None:
        raise UsageError("Say which item.", hint="Name it with --item SKU.")
    item = named_item(opened, sku)
    taken_back = None
    if action is Action.WITHDRAW:
        taken_back = withdraw(opened.library, who.id, item.id, "shell")
    else:
        record(opened.library, who.id, item.id, "approve" if action is Action.APPROVE else "reject", "shell")
    if as_json:
        told = {"audience": who.name, "sku": item.sku, "decision": str(action)}
        print_json(told if taken_back is None else {**told, "withdrawn": taken_back})
    elif taken_back == "approve":
        say(tr("Took the approval of {item} for {name} back", item=item.sku, name=who.name))
    elif taken_back == "reject":
        say(tr("Took the rejection of {item} for {name} back", item=item.sku, name=who.name))
    elif action is Action.APPROVE:
        say(tr("Approved {item} for {name}", item=item.sku, name=who.name))
    else:
        say(tr("Rejected {item} for {name}", item=item.sku, name=who.name))


def _convert(opened: Studio, keep_ids: bool, as_json: bool) -> None:
    store = opened.library.pseudonyms
    if not store.plain():
        if as_json:
            print_json({"converted": 0, "backup": None, **views.key_state(opened)})
        else:
            say(tr("No member is kept under a plain id."))
            say(store.state().sentence)
        return
    done = store.convert(keep_ids)
    if as_json:
        print_json({"converted": done, "backup": str(store.backup), **views.key_state(opened)})
        return
    say(tr("{n} members have pseudonyms now.", n=done))
    warn(tr("The copy {path} still holds their plain ids: delete it once all is well.", path=store.backup))
    say(store.state().sentence)


def engine_of(opened: Studio, name: str) -> Any:
    """A local language model by name, None for "". Raises NotFound, StudioError where it cannot answer."""
    from mmstudio.generation.copywriting.engines.asking import LanguageModel

    if not name:
        return None
    found = opened.copywriter.engine(name)
    if not isinstance(found, LanguageModel):
        raise UsageError("“{name}” is no language model.", hint="Use folder or server.", name=name)
    status = found.status()
    if not status.ready:
        raise StudioError(status.sentence, hint=status.hint)
    return found
