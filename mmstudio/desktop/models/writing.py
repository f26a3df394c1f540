"""Texts being written and checked: drafts, and the engine at work behind the page Write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from mmstudio.desktop.workers import Bell
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.copywriting.contract import Context, Span, Task, Variant
    from mmstudio.library.copy_records import Override
    from mmstudio.studio import Studio

_ids = count(1)
_TITLE = 60  # characters


@dataclass(frozen=True, slots=True)
class WriteWish:
    """What is to be written; fields as in ``copywriting.contract.Brief``.

    Attributes:
        engine: "facts", "folder" or "server". message: what a reply answers. figures: a table as pasted, for
            a summary; "" is what was counted of the item. mood: words of the mood of a story or script.
    """

    task: Task
    item: int | None
    audience: int | None = None
    engine: str = "facts"
    tone: str = ""
    locale: str = ""
    limit: int = 0
    words: tuple[str, ...] = ()
    count: int = 3
    seed: int = 0
    message: str = ""
    figures: str = ""
    mood: str = ""


@dataclass(slots=True, eq=False)
class Draft:
    """One text on the page.

    Attributes:
        written: as the engine wrote it. text: as it stands. spans: marks of ``text``; checking: they are on
            their way. longest: limit in characters. item: whom it is about. locale: of the text.
        asset: what it was saved as. answered: who answers for what no fact supports.
    """

    written: str
    text: str
    engine: str
    spans: tuple[Span, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    task: str = "headline"
    longest: int = 0
    item: int | None = None
    locale: str = "en"
    checking: bool = False
    asset: int | None = None
    answered: str = ""
    seed: int = 0
    tone: tuple[str, str] = ("", "")
    id: int = field(default_factory=lambda: next(_ids))

    def change(self, text: str) -> None:
        """The person typed: what was known of the old text holds no more."""
        self.text, self.checking = text, True
        self.spans, self.asset, self.answered = (), None, ""

    @property
    def blocked(self) -> list[Span]:
        """What keeps it from being exported."""
        return [span for span in self.spans if span.blocks]


def draft_of(variant: Variant, wish: WriteWish, longest: int, locale: str) -> Draft:
    """A draft of a variant; what its marks say is not said again in notes and facts."""
    blocked = [span for span in variant.spans if span.blocks]
    counted = tr("{n} places cannot leave as they are.", n=len(blocked))
    notes = tuple(note for note in variant.notes if note != counted)
    if variant.tone_from == "brand":
        notes += (tr("Tone of the brand: {tone}", tone=variant.tone),)
    against = {span.fact for span in blocked}
    facts = tuple(fact for fact in variant.facts if fact not in against)
    return Draft(
        variant.text, variant.text, variant.engine, variant.spans, facts, notes,
        wish.task, longest, wish.item, locale, seed=wish.seed, tone=(variant.tone, variant.tone_from),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EngineLine:
    """An engine as the page offers it; words are translated."""

    name: str
    label: str
    ready: bool
    sentence: str = ""
    hint: str = ""


class Writing(QObject):
    """Writes and checks in workers.

    Signals:
        heard: a piece of text as the engine writes it. written: the drafts, best first.
        failed: the error. ended: nothing is being written any more.
        checked: id of a draft, its text, its spans.
    """

    heard = Signal(str)
    written = Signal(object)
    failed = Signal(object)
    ended = Signal()
    checked = Signal(int, str, object)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._stop: Event | None = None
        self._bell = Bell()
        self._bell.rung.connect(self._piece, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """True while something is being written."""
        return self._stop is not None

    def begin(self, wish: WriteWish) -> None:
        """Write; what was under way stops."""
        self.stop()
        studio = self._context.studio
        if studio is None:
            return
        stop = self._stop = Event()

        def piece(text: str) -> None:
            self._bell.ring((stop, text))

        def work() -> list[Draft]:
            return write(studio, wish, piece, stop.is_set)

        def done(drafts: list[Draft]) -> None:
            if self._stop is stop:
                self._stop = None
                self.written.emit(drafts)
                self.ended.emit()

        def broke(error: Exception) -> None:
            if self._stop is stop:
                self._stop = None
                self.failed.emit(error)
                self.ended.emit()

        if wish.engine == "folder":  # a model of this program's own: it computes on the device thread
            self._context.ask("write", work, done, broke)
        else:
            self._context.background(work, done, broke, key="write", owner=self)

    def stop(self) -> None:
        """Write no more; the engine hears of it."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop.set()
            self.ended.emit()

    def _piece(self, message: tuple[Event, str]) -> None:
        if message[0] is self._stop:
            self.heard.emit(message[1])

    def check(self, draft: Draft) -> None:
        """Ask the guard about a draft as it stands."""
        studio, text = self._context.studio, draft.text
        if studio is None:
            return
        self._context.background(
            lambda: studio.copywriter.check(text, draft.item, draft.locale),
            lambda spans: self.checked.emit(draft.id, text, spans),
            key=("check", draft.id),
            owner=self,
        )


def write(
    studio: Studio, wish: WriteWish, heard: Callable[[str], None], cancelled: Callable[[], bool]
) -> list[Draft]:
    """Drafts for a wish, best first. Not for the GUI thread."""
    writer = studio.copywriter
    wishes: dict[str, Any] = {
        "tone": wish.tone, "locale": wish.locale, "limit": wish.limit, "words": wish.words,
        "count": wish.count, "seed": wish.seed,
    }  # fmt: skip
    wishes["context"] = context_of(studio, wish)
    brief = writer.brief(wish.task, wish.item, wish.audience, **wishes)
    variants = writer.variants(brief, wish.engine, heard, cancelled)
    return [draft_of(variant, wish, brief.longest, brief.language) for variant in variants]


def context_of(studio: Studio, wish: WriteWish) -> Context:
    """What a text is about beside the item. Not for the GUI thread. Raises UsageError, NotFound."""
    from mmstudio.generation.copywriting.contract import Context
    from mmstudio.generation.copywriting.figures import rows_of, rows_of_item, words_of_mood

    if wish.task == "report_summary":
        if wish.figures or wish.item is None:
            return Context(rows=rows_of(wish.figures))
        title = studio.library.items.get(wish.item).title
        return Context(title=title, rows=rows_of_item(studio.library, wish.item))
    if wish.task == "explanation" and wish.audience is not None and wish.item is not None:
        from mmstudio.recommendation.copy_reasons import reasons_for

        return Context(reasons=reasons_for(studio.recommender, wish.audience, wish.item))
    return Context(message=wish.message, mood=words_of_mood(wish.mood))


def engine_lines(studio: Studio) -> list[EngineLine]:
    """Every engine and whether it can write now. Not for the GUI thread."""
    lines = []
    for engine in studio.copywriter.engines.values():
        status = engine.status()
        lines.append(EngineLine(engine.name, tr(engine.label), status.ready, status.sentence, status.hint))
    return lines


def save_text(studio: Studio, draft: Draft) -> int:
    """Put a text into the library, with how it was written; its asset id. Not for the GUI thread."""
    from mmstudio.atomic import atomic_path
    from mmstudio.library.importing import register_generated

    words = " ".join(draft.text.split())
    title = words if len(words) <= _TITLE else words[: _TITLE - 1] + "…"
    file = studio.library.generated_dir / f"copy-{draft.id}.txt"
    with atomic_path(file, durable=False) as temporary:
        temporary.write_text(draft.text.strip() + "\n", encoding="utf-8")
    params = {
        "task": draft.task, "item": draft.item, "locale": draft.locale, "facts": list(draft.facts),
        "written": draft.written, "unsupported": [span.as_json() for span in draft.blocked],
    }  # fmt: skip
    if draft.tone[0]:
        params |= {"tone": draft.tone[0], "tone_from": draft.tone[1]}
    tags = ["generated", "copy", draft.task]
    return register_generated(
        studio.library,
        file,
        "text",
        title,
        tags,
        model=f"writer-{draft.engine}",
        seed=draft.seed,
        params=params,
    )


def answer_for(studio: Studio, draft: Draft, who: str, reason: str) -> Override | None:
    """Record that a person answers for a text; None where nothing in it blocks. Not for the GUI thread."""
    return studio.copywriter.override(draft.text, draft.item, who, reason, draft.locale)
