"""What every writer of copy takes and gives: a brief in, guarded variants out.

An engine writes texts and knows nothing of the guard; ``Copywriter`` (in ``service.py``) checks every text
against the item's facts, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from mmstudio.i18n import mark
from mmstudio.library.copy_records import Brand, BrandRule, Override

if TYPE_CHECKING:
    from mmstudio.library import Audience, Item, Review

__all__ = [
    "BLOCKING",
    "LIMITS",
    "TASKS",
    "TASK_WORDS",
    "TONES",
    "TONE_WORDS",
    "Brand",
    "BrandRule",
    "Brief",
    "Context",
    "Engine",
    "EngineStatus",
    "Override",
    "Reason",
    "Span",
    "SpanKind",
    "SpanStatus",
    "Task",
    "Tone",
    "Variant",
]

Task = Literal[
    "headline",
    "one_liner",
    "description",
    "bullets",
    "call_to_action",
    "story_outline",
    "script",
    "character_sheet",
    "lesson_outline",
    "reply",
    "report_summary",
    "explanation",
]
# Tasks in the order they are offered, with the words a person reads.
TASK_WORDS: dict[Task, str] = {
    "headline": mark("Headline"),
    "one_liner": mark("One line"),
    "description": mark("Description"),
    "bullets": mark("Bullet points"),
    "call_to_action": mark("Call to action"),
    "story_outline": mark("Story outline"),
    "script": mark("Script"),
    "character_sheet": mark("Character sheet"),
    "lesson_outline": mark("Lesson outline"),
    "reply": mark("Reply"),
    "report_summary": mark("Summary of a report"),
    "explanation": mark("Why it is recommended"),
}
TASKS: tuple[Task, ...] = tuple(TASK_WORDS)
# Longest text of a task in characters (a Han character counts double) where the brief gives no limit.
LIMITS: dict[Task, int] = {
    "headline": 64,
    "one_liner": 110,
    "description": 600,
    "bullets": 480,
    "call_to_action": 22,
    "story_outline": 900,
    "script": 1600,
    "character_sheet": 900,
    "lesson_outline": 1200,
    "reply": 500,
    "report_summary": 600,
    "explanation": 300,
}

Tone = Literal["neutral", "warm", "playful", "formal", "urgent", "calm"]
TONE_WORDS: dict[Tone, str] = {
    "neutral": mark("Neutral"),
    "warm": mark("Warm"),
    "playful": mark("Playful"),
    "formal": mark("Formal"),
    "urgent": mark("Urgent"),
    "calm": mark("Calm"),
}
TONES: tuple[Tone, ...] = tuple(TONE_WORDS)

ToneFrom = Literal["brief", "audience", "brand", ""]  # who asked for a tone

SpanStatus = Literal["supported", "unsupported", "banned", "missing"]
SpanKind = Literal[
    "number",
    "price",
    "percentage",
    "measure",
    "size",
    "date",
    "material",
    "colour",
    "claim",
    "banned",
    "disclaimer",
]
BLOCKING: frozenset[SpanStatus] = frozenset({"unsupported", "banned", "missing"})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text and whether the facts support it.

    Attributes:
        start, end: characters of the text; both are its length for a disclaimer that is missing.
        text: the words there, or the missing disclaimer.
        fact: the fact that supports it ("material: Nylon"), the rule that forbids it, or "".
    """

    start: int
    end: int
    text: str
    kind: SpanKind
    status: SpanStatus
    fact: str = ""

    @property
    def blocks(self) -> bool:
        """Whether a text with it may not be exported unless a person answers for it."""
        return self.status in BLOCKING

    def as_json(self) -> dict[str, Any]:
        """Plain data, as overrides and manifests keep it."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kind": self.kind,
            "status": self.status,
            "fact": self.fact,
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is recommended: a sentence or phrase, and its weight (any unit, larger is more)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """What a task is about beside the item; every task reads only its own part, all may be empty.

    Attributes:
        message: for ``reply``: the question or review that is answered. author: who wrote it (as shown).
        rating: for ``reply``: stars of the review, None for a question.
        reasons: for ``explanation``: strongest first.
        title: for ``report_summary``: what the figures are of.
        rows: for ``report_summary``: one figure or line of figures each, name → value
            (``{"month": "May", "sales": 12}``).
        mood: words that a picture or sound of the same set carries ("calm", "teal"): connecting words may
            follow them.
    """

    message: str = ""
    author: str = ""
    rating: float | None = None
    reasons: tuple[Reason, ...] = ()
    title: str = ""
    rows: tuple[Mapping[str, object], ...] = ()
    mood: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """What is wanted.

    Attributes:
        item: what is written about; None only for report summaries (an empty text is the answer otherwise).
        audience: whose interest ranks the facts; its locale and tone hold unless given here.
        tone: one of TONES, or any words of a person (``tone_of`` finds the nearest); "" is the audience's.
        brand_tone: the words of the brand kit, which hold where neither tone nor audience says any.
        locale: BCP 47 tag; "" is the audience's, else "en".
        limit: longest text in characters, a Han character counts double; 0 is the task's own (LIMITS).
        words: words that should be used where the facts have them.
        count: how many different variants. seed: the same brief with the same seed gives the same texts.
    """

    task: Task
    item: Item | None = None
    reviews: tuple[Review, ...] = ()
    audience: Audience | None = None
    tone: str = ""
    locale: str = ""
    limit: int = 0
    context: Context = field(default_factory=Context)
    words: tuple[str, ...] = ()
    count: int = 3
    seed: int = 0
    brand_tone: str = ""

    @property
    def manner(self) -> tuple[str, ToneFrom]:
        """The words of tone that hold, and whose they are: the brief's, the audience's, the brand's."""
        if self.tone.strip():
            return self.tone.strip(), "brief"
        if self.audience is not None and self.audience.tone.strip():
            return self.audience.tone.strip(), "audience"
        return (self.brand_tone.strip(), "brand") if self.brand_tone.strip() else ("", "")

    @property
    def language(self) -> str:
        """The locale that holds: the brief's, the audience's, else "en"."""
        if self.locale:
            return self.locale
        return self.audience.locale if self.audience is not None and self.audience.locale else "en"

    @property
    def longest(self) -> int:
        """The limit that holds, in characters (Han counts double)."""
        return self.limit if self.limit > 0 else LIMITS[self.task]


@dataclass(frozen=True, slots=True)
class Variant:
    """One text with what it rests on and what the guard found; of several the best comes first.

    Attributes:
        engine: name of the engine that wrote it.
        facts: labels of the facts it rests on, in order of use.
        spans: everything checkable in it, in order.
        score: larger is better (see ``ranking``); comparable within one call.
        notes: sentences a person should read (shortened, facts missing …), already translated.
        tone, tone_from: the words of tone it was written to, and whose they are (:attr:`Brief.manner`).
    """

    text: str
    engine: str
    facts: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    score: float = 0.0
    notes: tuple[str, ...] = ()
    tone: str = ""
    tone_from: ToneFrom = ""

    @property
    def safe(self) -> bool:
        """Whether nothing in it blocks export."""
        return not any(span.blocks for span in self.spans)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether an engine can write now; ``sentence`` and ``hint`` are already translated."""

    ready: bool
    sentence: str = ""
    hint: str = ""


@runtime_checkable
class Engine(Protocol):
    """Something that writes texts for a brief.

    ``name`` is "facts", "folder" or "server"; ``label`` an English text marked for translation.
    """

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def status(self) -> EngineStatus:
        """Whether it can write now. Quick (no model is loaded); never raises."""
        ...

    def write(
        self,
        brief: Brief,
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """Write up to ``brief.count`` texts, one whole text at a time, plain text without markup.

        ``heard`` gets every piece of text as it comes (streaming); ``cancelled`` is polled often, and the
        iterator then ends. ``facts.facts_of(brief.item, brief.reviews, brief.language)`` gives what may be
        said; a text longer than ``brief.longest`` is shortened by the caller.

        Raises:
            StudioError: the engine cannot write (no model, no server …): one sentence and a hint.
        """
        ...
