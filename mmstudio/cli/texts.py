"""Commands on words: reviews, phrases, words."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmstudio.cli.assets import named_item
from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Count, Json, Lib, studio
from mmstudio.i18n import tr

_Item = Annotated[str | None, typer.Option("--item", metavar="SKU", help="Only this item.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (reviews, phrases, words):
        app.command()(command)


def reviews(lib: Lib, item: _Item = None, k: Count = 3, as_json: Json = False) -> None:
    """Say how content reviews are, what they speak about, and what may be quoted."""
    with studio(lib) as opened:
        chosen = named_item(opened, item) if item is not None else None
        found = opened.features.texts.opinion(chosen.id if chosen is not None else None, quotes=k)
    if as_json:
        document: dict[str, Any] = {"item": chosen.sku if chosen is not None else None}
        for name in ("reviews", "rated", "mean_rating", "sentiment", "praising", "complaining"):
            document[name] = getattr(found, name)
        print_json({**document, "quality": found.quality, "aspects": found.aspects, "quotes": found.quotes})
        return
    if not found.reviews:
        say(tr("There are no reviews yet."))
        return
    say(tr("{n} reviews, {rated} with a rating", n=found.reviews, rated=found.rated))
    if found.mean_rating is not None:
        say(tr("Mean rating {rating}", rating=f"{found.mean_rating:.2f}"))
    say(
        tr(
            "{praising} % praise, {complaining} % complain",
            praising=round(100 * found.praising),
            complaining=round(100 * found.complaining),
        )
    )
    say(found.quality.sentence())
    if found.aspects:
        rows = [[one.name, one.mentions, one.sentiment, one.example] for one in found.aspects]
        table([tr("aspect"), tr("mentions"), tr("sentiment"), tr("example")], rows)
    for quote in found.quotes:
        say(f"“{quote.text}” ({quote.source})")


def phrases(lib: Lib, item: _Item = None, k: Count = 8, as_json: Json = False) -> None:
    """Name the phrases that tell most about each item."""
    with studio(lib) as opened:
        ids = [named_item(opened, item).id] if item is not None else opened.library.items.ids()
        listed: list[dict[str, Any]] = []
        for number in ids:
            one = opened.library.items.get(number)
            found = opened.features.texts.key_phrases(number, k)
            listed.append({"sku": one.sku, "title": one.title, "phrases": found})
    if as_json:
        print_json({"items": listed})
    elif not listed:
        say(tr("No data yet: import items first."))
    else:
        rows = [
            [row["sku"], row["title"], tr(", ").join(phrase.text for phrase in row["phrases"])]
            for row in listed
        ]
        table([tr("sku"), tr("title"), tr("key phrases")], rows)


def words(
    lib: Lib, word: Annotated[str, typer.Argument(help="The word.")], k: Count = 10, as_json: Json = False
) -> None:
    """Name the words that this library uses most like one."""
    with studio(lib) as opened:
        found = opened.features.texts.nearest_words(word, k)
        vectors = opened.features.texts.words.current()
        source = vectors.source if vectors is not None else ""
    if as_json:
        print_json({"word": word, "source": source, "words": [{"word": w, "cosine": c} for w, c in found]})
    elif not found:
        say(tr("No other word is known."))
    else:
        table([tr("word"), tr("cosine")], [[one, cosine] for one, cosine in found])
