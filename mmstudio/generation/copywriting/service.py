"""The copywriter of a library: any engine writes, the guard reads, the best variant comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound, UsageError
from mmstudio.generation.copywriting.contract import TASKS, Brief, Context, Engine, Span, Task, Variant
from mmstudio.generation.copywriting.engines.facts import FactsEngine
from mmstudio.generation.copywriting.facts import Fact, known_of
from mmstudio.generation.copywriting.guard import blocking, check
from mmstudio.generation.copywriting.lines import shorten, weight
from mmstudio.generation.copywriting.ranking import ranked
from mmstudio.generation.copywriting.writing.answers import row_name, shown
from mmstudio.generation.copywriting.writing.pieces import Told
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.copy_records import Override

_PLENTY = 4  # texts of the facts writer that are looked at for each that is wanted
MOST = 20  # variants at once


class Copywriter:
    """Writes and checks texts for the items of a library.

    Args:
        engines: beside the facts writer, which is always there (the folder and the server of the settings).
    """

    def __init__(self, library: Library, engines: Iterable[Engine] = ()) -> None:
        self.library = library
        self.engines: dict[str, Engine] = {engine.name: engine for engine in (FactsEngine(), *engines)}

    def brief(self, task: Task, item_id: int | None, audience_id: int | None = None, **wishes: Any) -> Brief:
        """A brief for an item of the library with its reviews; ``wishes`` are fields of :class:`Brief`.

        The tone of the library's chosen brand kit goes with it.

        Raises:
            NotFound: no such item or audience. UsageError: no such task, or a count outside 1 to 20.
        """
        if task not in TASKS:
            raise UsageError(
                "“{task}” is no kind of text.", hint="Use one of: {known}.", task=task, known=", ".join(TASKS)
            )
        if not 1 <= wishes.get("count", 1) <= MOST:
            raise UsageError("From 1 to {most} variants can be written at once.", most=MOST)
        if wishes.get("limit", 0) < 0:
            raise UsageError("A length limit cannot be below nothing.", hint="Give a number of characters.")
        item = self.library.items.get(item_id) if item_id is not None else None
        reviews = tuple(self.library.items.reviews_of(item_id)) if item_id is not None else ()
        audience = self.library.audiences.get(audience_id) if audience_id is not None else None
        wishes.setdefault("brand_tone", brand_tone(self.library))
        return Brief(task, item, reviews, audience, **wishes)

    def variants(
        self,
        brief: Brief,
        engine: str = "facts",
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Variant]:
        """Up to ``brief.count`` different variants, checked and ranked, best first; [] when cancelled early.

        Raises:
            NotFound: no such engine. StudioError: the engine cannot write.
        """
        writer = self.engine(engine)
        wanted = replace(brief, count=brief.count * _PLENTY) if engine == "facts" else brief
        facts = facts_for(brief)
        brand = self.library.brand.get()
        found: dict[str, Variant] = {}
        for text in writer.write(wanted, heard, cancelled):
            variant = self._variant(text, brief, engine, facts, brand)
            if variant.text:
                found.setdefault("".join(variant.text.lower().split()), variant)
            if cancelled():
                break
        return ranked(list(found.values()), brief)

    def engine(self, name: str) -> Engine:
        """An engine by name. Raises NotFound."""
        if name not in self.engines:
            raise NotFound(
                "There is no writer called {name}.", hint="Use one of: {known}.", name=name,
                known=", ".join(self.engines),
            )  # fmt: skip
        return self.engines[name]

    def _variant(self, text: str, brief: Brief, engine: str, facts: Sequence[Fact], brand: Any) -> Variant:
        notes = []
        said = str(text).strip()
        if weight(said) > brief.longest:
            said = shorten(said, brief.longest)
            notes.append(tr("Shortened to {limit} characters.", limit=brief.longest))
        spans = tuple(check(said, facts, brief.language, brand))
        blocked = blocking(spans)
        if blocked:
            notes.append(
                tr("One place cannot leave as it is.")
                if len(blocked) == 1
                else tr("{n} places cannot leave as they are.", n=len(blocked))
            )
        rests = (
            text.facts if isinstance(text, Told) else tuple(dict.fromkeys(s.fact for s in spans if s.fact))
        )
        return Variant(said, engine, tuple(rests), spans, 0.0, tuple(notes), *brief.manner)

    def check(self, text: str, item_id: int | None, locale: str = "en") -> list[Span]:
        """What the guard finds in a text about an item, with the rules of the library's brand.

        Without an item nothing is known, so that every figure and claim is unsupported. Raises NotFound.
        """
        item = self.library.items.get(item_id) if item_id is not None else None
        reviews = self.library.items.reviews_of(item_id) if item_id is not None else []
        return check(text, known_of(item, reviews, locale), locale, self.library.brand.get())

    def override(
        self, text: str, item_id: int | None, who: str, reason: str, locale: str = "en"
    ) -> Override | None:
        """Record that a person answers for a text as it is; None where nothing in it blocks.

        Raises:
            UsageError: nobody is named, or no reason given. NotFound: no such item.
        """
        if not who.strip() or not reason.strip():
            raise UsageError(
                "An override needs a name and a reason.", hint="Say who answers for the text, and why."
            )
        blocked = blocking(self.check(text, item_id, locale))
        if not blocked:
            return None
        return self.library.overrides.add(
            item_id, locale, text, [span.as_json() for span in blocked], who.strip(), reason.strip()
        )


def brand_tone(library: Library) -> str:
    """The words of tone of the library's chosen brand kit; "" where it has none."""
    kit = library.brand_kits.chosen()
    return str(kit.data.get("tone") or "").strip() if kit is not None else ""


def facts_for(brief: Brief) -> list[Fact]:
    """What can support a text of a brief: the item's facts, and what the context gives."""
    facts = known_of(brief.item, brief.reviews, brief.language)
    context: Context = brief.context
    if brief.task == "report_summary":
        if context.title:
            facts.append(Fact("figure", "title", context.title))
        for row in context.rows:
            name = row_name(row)
            facts += [
                Fact("figure", str(key), f"{name}: {shown(value)}".lstrip(": ")) for key, value in row.items()
            ]
            facts += [Fact("figure", str(key), str(key)) for key in row]
    if brief.task == "explanation":
        facts += [Fact("figure", "reason", reason.text) for reason in context.reasons]
    return facts
