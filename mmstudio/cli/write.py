"""The commands of copy: write, check-text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmstudio.cli.assets import named_audience, named_item
from mmstudio.cli.console import print_json, say, say_text, table, warn
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.copywriting.wanted import locale_wanted, task_of, tone_wanted
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Context, Span, Task, Variant
    from mmstudio.studio import Studio

_STATUS = {
    "supported": mark("supported"),
    "unsupported": mark("not supported"),
    "banned": mark("banned"),
    "missing": mark("missing"),
}
_Item = Annotated[str, typer.Option("--item", metavar="SKU", help="The item's sku.")]
_Locale = Annotated[str, typer.Option("--locale", help="Language of the text, e.g. en, zh-CN.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(write)
    app.command("check-text")(check_text)


def write(
    lib: Lib,
    item: _Item,
    task: Annotated[
        str,
        typer.Option(
            "--task",
            help="headline, one_liner, description, bullets, call_to_action, story_outline, script, "
            "character_sheet, lesson_outline (or lesson), reply, report_summary (or report) or explanation.",
        ),
    ] = "headline",
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="facts|folder|server", help="Who writes.")
    ] = "facts",
    tone: Annotated[
        str,
        typer.Option(
            "--tone",
            help="neutral, warm, playful, formal, urgent or calm; else the audience's, else the brand's.",
        ),
    ] = "",
    locale: _Locale = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Longest text; 0 is the task's own.")] = 0,
    n: Annotated[int, typer.Option("-n", min=1, max=20, help="How many variants.")] = 3,
    seed: Seed = 0,
    word: Annotated[list[str] | None, typer.Option("--word", help="A word to use (can be repeated).")] = None,
    message: Annotated[str, typer.Option("--message", help="For a reply: what is answered.")] = "",
    rating: Annotated[
        float | None,
        typer.Option("--rating", min=1, max=5, help="For a reply: the stars that came with the message."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FILE.csv|tsv|json",
            help="For a report summary: the figures; without it what was counted of the item.",
        ),
    ] = None,
    mood: Annotated[
        str, typer.Option("--mood", help="Words of the mood, e.g. calm, rainy; for stories and scripts.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Write copy for an item; every figure and claim is checked against its facts.

    A reply to a complaint is told from a reply to a question by its words, or by --rating. An explanation
    takes its reasons from what is recommended to --audience.
    """
    kind = task_of(task)
    tone, locale = tone_wanted(tone), locale_wanted(locale, engine)
    if kind == "reply" and not message.strip():
        raise UsageError("There is nothing to reply to.", hint="Give the question or review with --message.")
    with studio(lib) as opened:
        writer = opened.copywriter
        reader = named_audience(opened, audience).id if audience is not None else None
        about = named_item(opened, item)
        context = _context(opened, kind, about.id, reader, message, rating, figures, mood)
        brief = writer.brief(
            kind,
            about.id,
            reader,
            tone=tone,
            locale=locale,
            limit=limit,
            count=n,
            seed=seed,
            words=tuple(word or ()),
            context=context,
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
    if found[0].tone_from == "brand":
        say(tr("Tone of the brand: {tone}", tone=found[0].tone))
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
    if not text.strip():
        raise UsageError("There is no text to check.", hint="Write it after the library, in quotes.")
    locale = locale_wanted(locale) or "en"
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


def _context(
    opened: Studio,
    task: Task,
    item: int,
    audience: int | None,
    message: str,
    rating: float | None,
    figures: Path | None,
    mood: str,
) -> Context:
    """What a task is about beside the item. Raises NotFound, UsageError."""
    from mmstudio.generation.copywriting.contract import Context
    from mmstudio.generation.copywriting.figures import rows_of_file, rows_of_item, words_of_mood
    from mmstudio.recommendation.copy_reasons import reasons_for

    found = Context(message=message, rating=rating, mood=words_of_mood(mood))
    if task == "report_summary":
        library = opened.library
        rows = rows_of_file(figures) if figures is not None else rows_of_item(library, item)
        title = figures.stem if figures is not None else library.items.get(item).title
        return replace(found, rows=rows, title=title)
    if task == "explanation":
        if audience is None:
            raise UsageError(
                "An explanation says why an item is recommended to somebody.",
                hint="Name them with --audience.",
            )
        return replace(found, reasons=reasons_for(opened.recommender, audience, item))
    return found


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
        "tone": one.tone,
        "tone_from": one.tone_from,
    }
