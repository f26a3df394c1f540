"""The commands of copy: write, check-text, brand."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mmstudio.cli.assets import named_audience, named_item
from mmstudio.cli.console import print_json, say, say_text, table, warn
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Span, Variant

_STATUS = {
    "supported": mark("supported"),
    "unsupported": mark("not supported"),
    "banned": mark("banned"),
    "missing": mark("missing"),
}
_Item = Annotated[str, typer.Option("--item", metavar="SKU", help="The item's sku.")]
_Locale = Annotated[str, typer.Option("--locale", help="Language of the text, e.g. en, zh-CN.")]


class BrandAction(StrEnum):
    """What to do with the rules of the brand."""

    SHOW = "show"
    BAN = "ban"
    ALLOW = "allow"
    REQUIRE = "require"
    FORGET = "forget"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(write)
    app.command("check-text")(check_text)
    app.command()(brand)


def write(
    lib: Lib,
    item: _Item,
    task: Annotated[
        str,
        typer.Option(
            "--task",
            help="headline, one_liner, description, bullets, call_to_action, story_outline, script, "
            "character_sheet, lesson_outline, reply, report_summary or explanation.",
        ),
    ] = "headline",
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="facts|folder|server", help="Who writes.")
    ] = "facts",
    tone: Annotated[str, typer.Option("--tone", help="neutral, warm, playful, formal, urgent or calm.")] = "",
    locale: _Locale = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Longest text; 0 is the task's own.")] = 0,
    n: Annotated[int, typer.Option("-n", min=1, max=20, help="How many variants.")] = 3,
    seed: Seed = 0,
    word: Annotated[list[str] | None, typer.Option("--word", help="A word to use (can be repeated).")] = None,
    message: Annotated[str, typer.Option("--message", help="For a reply: what is answered.")] = "",
    as_json: Json = False,
) -> None:
    """Write copy for an item; every figure and claim is checked against its facts."""
    from mmstudio.generation.copywriting.contract import TASKS, Context

    kind = task.replace("-", "_")
    if kind not in TASKS:
        raise UsageError(
            "“{task}” is no kind of text.", hint="Use one of: {known}.", task=task, known=", ".join(TASKS)
        )
    with studio(lib) as opened:
        writer = opened.copywriter
        reader = named_audience(opened, audience).id if audience is not None else None
        brief = writer.brief(
            kind,
            named_item(opened, item).id,
            reader,
            tone=tone,
            locale=locale,
            limit=limit,
            count=n,
            seed=seed,
            words=tuple(word or ()),
            context=Context(message=message),
        )
        found = writer.variants(brief, engine)
    if as_json:
        print_json({"item": item, "task": kind, "engine": engine, "variants": [_plain(one) for one in found]})
        return
    if not found:
        raise StudioError(
            "Nothing could be written for this.",
            hint="Allow a longer text (--limit), or choose another task.",
        )
    for one in found:
        say_text(one.text)
        for note in one.notes:
            warn(note)
        _show([span for span in one.spans if span.blocks])
        say("")


def check_text(
    lib: Lib,
    text: Annotated[str, typer.Argument(help="The text.")],
    item: _Item,
    locale: _Locale = "en",
    override: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="Answer for the text as it is.")
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who answers for it.")] = "",
    as_json: Json = False,
) -> None:
    """Check a text against an item's facts; the exit status is 1 where something is not supported."""
    with studio(lib, write=override is not None) as opened:
        chosen = named_item(opened, item)
        spans = opened.copywriter.check(text, chosen.id, locale)
        recorded = (
            opened.copywriter.override(text, chosen.id, who, override, locale)
            if override is not None
            else None
        )
    blocked = [span for span in spans if span.blocks]
    if as_json:
        print_json(
            {
                "item": item,
                "supported": not blocked,
                "spans": [s.as_json() for s in spans],
                "override": recorded,
            }
        )
    elif not spans:
        say(tr("There is nothing to check in this text."))
    else:
        _show(spans)
    if recorded is not None and not as_json:
        say(tr("Recorded: {who} answers for this text.", who=recorded.who))
    if blocked and recorded is None:
        raise StudioError(
            "{n} places of this text cannot leave as they are: {words}.",
            hint="Change it, or answer for it: --override REASON --who NAME.",
            n=len(blocked),
            words=", ".join(f"“{span.text}” ({tr(_STATUS[span.status])})" for span in blocked),
        )


def brand(
    lib: Lib,
    action: Annotated[BrandAction, typer.Argument()] = BrandAction.SHOW,
    text: Annotated[str, typer.Argument(help="The word, phrase or sentence.")] = "",
    locale: Annotated[str, typer.Option("--locale", help="Only in this language.")] = "",
    when: Annotated[str, typer.Option("--when", help="require: only where this word is used.")] = "",
    as_json: Json = False,
) -> None:
    """Show or change the rules of the brand: banned and allowed words, sentences that must be there."""
    with studio(lib, write=action is not BrandAction.SHOW) as opened:
        store = opened.library.brand
        match action:
            case BrandAction.BAN:
                store.add("ban", text, locale)
            case BrandAction.ALLOW:
                store.add("allow", text, locale)
            case BrandAction.REQUIRE:
                store.add("require", text, locale, when)
            case BrandAction.FORGET:
                if not store.remove(text):
                    raise StudioError(
                        "There is no rule “{text}”.", hint="mmstudio brand LIB shows them.", text=text
                    )
        rules = store.get().rules
    if as_json:
        print_json({"rules": list(rules)})
    elif not rules:
        say(tr("The brand has no rules yet."))
    else:
        headers = [tr("rule"), tr("words"), tr("language"), tr("when")]
        table(headers, [[rule.kind, rule.text, rule.locale, rule.when] for rule in rules])


def _show(spans: list[Span]) -> None:
    if spans:
        headers = [tr("words"), tr("kind"), tr("status"), tr("fact")]
        table(headers, [[span.text, span.kind, tr(_STATUS[span.status]), span.fact] for span in spans])


def _plain(one: Variant) -> dict[str, object]:
    return {
        "text": one.text,
        "engine": one.engine,
        "score": one.score,
        "safe": one.safe,
        "facts": list(one.facts),
        "spans": [span.as_json() for span in one.spans],
        "notes": list(one.notes),
    }
