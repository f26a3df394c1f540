"""The texts of a library that a model may learn from; the io half of a training, no torch."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError, UsageError
from mmstudio.features.texts.language import detect
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.choose import FORBIDDEN
from mmstudio.learning.texts.passages import Passage, clean, cut, held_out
from mmstudio.library import parse_query

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library

SOURCES = ("files", "captions", "items", "reviews")
MOST_CHARACTERS = 30_000_000
FEW_CHARACTERS = 20_000
_PAGE = 500
_LOCALES = ("en", "zh")


@dataclass(slots=True)
class GatheredTexts:
    """Passages, and what was left out.

    Attributes:
        train, held: passages to learn from, and to judge by.
        assets, held_assets: ids of the assets they stand in (words of items have none).
        forbidden: assets left out for their rights; left_out: by the person; empty: files without a text.
        doubled: passages that stood there twice.
    """

    train: list[Passage] = field(default_factory=list)
    held: list[Passage] = field(default_factory=list)
    forbidden: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    doubled: int = 0
    cut_short: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def assets(self) -> list[int]:
        """Assets learned from."""
        return sorted({passage.asset for passage in self.train} - {0})

    @property
    def held_assets(self) -> list[int]:
        """Assets that no step learns from."""
        return sorted({passage.asset for passage in self.held} - {0} - set(self.assets))


def gather_texts(library: Library, config: ModelConfig) -> Generator[Progress, None, GatheredTexts]:
    """Read what ``config.query`` finds and ``config.parts["texts"]`` names (of :data:`SOURCES`; all of them,
    or files and captions where there is a query), and hold a tenth out.

    Raises:
        UsageError: an unknown source. StudioError: no text to learn from, with the reason.
    """
    found = GatheredTexts()
    passages: list[Passage] = []
    seen: set[str] = set()
    total = 0
    for place, one in enumerate(_texts(library, config, found)):
        if place % 50 == 0:
            yield Progress(0, None, tr("Read {n} texts", n=place))
        if one is None:
            continue
        for text in cut(one.text):
            passage = replace(one, text=text)
            if passage.digest in seen:
                found.doubled += 1
                continue
            seen.add(passage.digest)
            total += len(text)
            passages.append(passage)
        if total > MOST_CHARACTERS:
            found.cut_short = True
            break
    if not any(_says_something(passage.text) for passage in passages):
        raise _nothing(found)
    yield Progress(0, None, tr("Looking for copies"))
    held = held_out(passages, config.seed)
    found.train = [passage for i, passage in enumerate(passages) if i not in held]
    found.held = [passage for i, passage in enumerate(passages) if i in held]
    found.notes = _advice(found)
    return found


def sources_of(config: ModelConfig) -> tuple[str, ...]:
    """Which texts a model learns from. Raises UsageError for an unknown word."""
    given = config.parts.get("texts")
    chosen: Sequence[str] = given if given else (SOURCES[:2] if config.query else SOURCES)
    unknown = [name for name in chosen if name not in SOURCES]
    if unknown:
        raise UsageError(
            "There are no texts of the kind “{name}”.",
            hint="Choose from {known}.",
            name=unknown[0],
            known=", ".join(SOURCES),
        )
    return tuple(name for name in SOURCES if name in chosen)


def as_record(found: GatheredTexts, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a model remembers of its texts; ``before``: of earlier ones, if it learned from them."""
    before = before or {}
    now = {*found.assets, *found.held_assets}
    earlier = {int(i) for key in ("assets", "held_assets", "earlier_assets") for i in before.get(key, ())}
    counts = Counter(passage.origin for passage in found.train + found.held)
    return {
        "examples": len(found.train),
        "assets": found.assets,
        "held_assets": found.held_assets,
        "earlier_assets": sorted(earlier - now),
        "left_out_rights": len(found.forbidden),
        "left_out_rights_assets": sorted(found.forbidden),
        "left_out_wished": len(found.left_out),
        "left_out_unreadable": len(found.empty),
        "held_texts": [passage.digest for passage in found.held],
        "texts_from": dict(sorted(counts.items())),
        "languages": languages_of(found.train),
        "characters": sum(len(passage.text) for passage in found.train),
    }


def languages_of(passages: Sequence[Passage]) -> dict[str, int]:
    """Language → characters of passages, by up to 200 of them, the commonest first; "" is unknown."""
    counts: Counter[str] = Counter()
    step = max(1, len(passages) // 200)
    for passage in passages[::step]:
        counts[detect(passage.text).code or ""] += len(passage.text)
    return dict(counts.most_common())


def _texts(
    library: Library, config: ModelConfig, found: GatheredTexts
) -> Generator[Passage | None, None, None]:
    sources = sources_of(config)
    if "files" in sources or "captions" in sources:
        yield from _of_assets(library, config, found, sources)
    if "items" in sources or "reviews" in sources:
        yield from _of_items(library, sources)


def _of_assets(
    library: Library, config: ModelConfig, found: GatheredTexts, sources: tuple[str, ...]
) -> Generator[Passage | None, None, None]:
    wanted = parse_query(config.query)
    if wanted.origin is None:
        wanted = replace(wanted, origin="imported")
    if "captions" not in sources:
        wanted = replace(wanted, kinds=("text",))
    ids, left_out = library.assets.ids(wanted), set(config.leave_out)
    for start in range(0, len(ids), _PAGE):
        yield None
        for asset in library.assets.get_many(ids[start : start + _PAGE]):
            is_file = asset.kind == "text" and "files" in sources
            if not is_file and not asset.caption.strip():
                continue
            if asset.id in left_out:
                found.left_out.append(asset.id)
            elif asset.rights in FORBIDDEN:
                found.forbidden.append(asset.id)
            else:
                yield from _of_asset(library, asset, found, is_file=is_file, sources=sources)


def _of_asset(
    library: Library, asset: Asset, found: GatheredTexts, *, is_file: bool, sources: tuple[str, ...]
) -> Generator[Passage, None, None]:
    if is_file:
        text = clean(library.assets.text_of(asset.id))
        if text:
            yield Passage(text, "file", asset.id)
        else:
            found.empty.append(asset.id)
    if "captions" in sources and (caption := clean(asset.caption)):
        yield Passage(caption, "caption", asset.id)


def _of_items(library: Library, sources: tuple[str, ...]) -> Generator[Passage | None, None, None]:
    ids = library.items.ids()
    for start in range(0, len(ids), _PAGE):
        yield None
        for item in library.items.get_many(ids[start : start + _PAGE]):
            if "items" in sources:
                told: set[str] = set()
                for locale in _LOCALES:
                    own = item.in_locale(locale)
                    text = clean(f"{own.title}\n{own.description}")
                    if text and text not in told:
                        told.add(text)
                        yield Passage(text, "item", item.id)
            if "reviews" in sources:
                for review in library.items.reviews_of(item.id):
                    title, words = clean(review.title), clean(review.text)
                    whole = (
                        words if not title or words.startswith(title.rstrip(".…")) else f"{title}\n{words}"
                    )
                    if whole:
                        yield Passage(whole, "review", item.id)


def _says_something(text: str) -> bool:
    """False for punctuation alone; emoji do say something."""
    return any(c.isalnum() or unicodedata.category(c) == "So" for c in text)


def _nothing(found: GatheredTexts) -> StudioError:
    if found.forbidden:
        return StudioError(
            "The rights of all {n} texts found forbid training.",
            hint="Choose others, or change their rights in the inspector.",
            n=len(found.forbidden),
        )
    if found.left_out:
        return StudioError("All texts found were left out.", hint="Take fewer out, or widen the search.")
    return StudioError(
        "There are no texts to learn from.",
        hint="Import text files, a catalogue with descriptions or reviews, or write captions.",
    )


def _advice(found: GatheredTexts) -> list[str]:
    notes = []
    characters = sum(len(passage.text) for passage in found.train)
    if characters < FEW_CHARACTERS:
        notes.append(tr("Only {n} characters: expect copies of your texts", n=characters))
    if found.held:
        notes.append(tr("{n} texts are held out to judge by", n=len(found.held)))
    if found.doubled:
        notes.append(tr("{n} texts stood there twice", n=found.doubled))
    if found.forbidden:
        notes.append(tr("{n} left out because of their rights", n=len(found.forbidden)))
    if found.left_out:
        notes.append(tr("{n} left out as you wished", n=len(found.left_out)))
    if found.empty:
        notes.append(tr("{n} files have no text", n=len(found.empty)))
    if found.cut_short:
        notes.append(tr("only the first 30 million characters are used"))
    return notes
