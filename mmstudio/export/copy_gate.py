"""The gate that every text passes before it leaves: what facts do not support stays, unless a person answers.

Every text layer and caption of a storyboard is read again at export, whoever wrote it, against the item as it
is now. An override lets through exactly the text and the spans that it was recorded for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import TextLayer
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.generation.copywriting.contract import Brand, Span
from mmstudio.generation.copywriting.facts import known_of
from mmstudio.generation.copywriting.guard import blocking, check
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.library import Item, Library
    from mmstudio.library.copy_records import Override


@dataclass(frozen=True, slots=True)
class Held:
    """A text that may not leave, and why. ``slot`` is its place ("headline"), "" for the whole storyboard."""

    slot: str
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate found: texts that are held, and overrides that let others through."""

    held: tuple[Held, ...]
    overrides: tuple[Override, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """The overrides as a manifest keeps them."""
        return [
            {
                "who": one.who,
                "when": one.created_at,
                "reason": one.reason,
                "text": one.text,
                "spans": [{key: span.get(key) for key in ("text", "kind", "status")} for span in one.spans],
            }
            for one in self.overrides
        ]


def look(library: Library, board: Storyboard) -> Passage:
    """Read all texts of a storyboard.

    Of a storyboard without an item (or whose item is gone) only the brand's rules are checked: there are no
    facts that its texts could be about.
    """
    item, reviews = _item(library, board)
    facts = known_of(item, reviews, board.locale)
    brand = library.brand.get()
    each = Brand(tuple(rule for rule in brand.rules if rule.kind != "require"))
    needed = Brand(tuple(rule for rule in brand.rules if rule.kind == "require"))
    texts = texts_of(board)
    held: list[Held] = []
    overrides: list[Override] = []
    for slot, text in texts:
        spans = blocking(check(text, facts, board.locale, each))
        if item is None:
            spans = [span for span in spans if span.status == "banned"]
        _sort(library, board, Held(slot, text, tuple(spans)), held, overrides)
    whole = "\n".join(text for _, text in texts)
    if whole and needed.rules:
        missing = [s for s in check(whole, facts, board.locale, needed) if s.status == "missing"]
        _sort(library, board, Held("", whole, tuple(missing)), held, overrides)
    return Passage(tuple(held), tuple(overrides))


def pass_or_refuse(library: Library, board: Storyboard) -> Passage:
    """The overrides a storyboard needs to leave.

    Raises:
        StudioError: a text is held; names the first place and what can be done.
    """
    passage = look(library, board)
    if passage.held:
        refuse(passage.held[0], _title(library, board))
    return passage


def refuse(held: Held, title: str) -> None:
    """Raise the sentence for a text that is held. Raises StudioError."""
    span = held.spans[0]
    if span.status == "missing":
        raise StudioError(
            "The required sentence “{text}” is missing.",
            hint="Add it to a text, or answer for leaving it out with your name and a reason.",
            text=span.text,
        )
    if span.status == "banned":
        raise StudioError(
            "“{text}” is banned by the rules of the brand and stands in “{whole}”.",
            hint="Change the text, or answer for it with your name and a reason.",
            text=span.text,
            whole=_short(held.text),
        )
    raise StudioError(
        "“{text}” in “{whole}” is not supported by the facts of {title}.",
        hint="Change the text, add the fact to the item, or answer for it with your name and a reason.",
        text=span.text,
        whole=_short(held.text),
        title=title,
    )


def answer_for(library: Library, board: Storyboard, who: str, reason: str) -> list[Override]:
    """Record that a person answers for every text that is held; returns the new overrides.

    Raises:
        UsageError: nobody is named, or no reason given. ReadOnly: the library cannot be written.
    """
    if not who.strip() or not reason.strip():
        raise UsageError(
            "An override needs a name and a reason.", hint="Say who answers for the text, and why."
        )
    item, _ = _item(library, board)
    return [
        library.overrides.add(
            item.id if item is not None else None,
            board.locale,
            held.text,
            [span.as_json() for span in held.spans],
            who.strip(),
            reason.strip(),
        )
        for held in look(library, board).held
    ]


def texts_of(board: Storyboard) -> list[tuple[str, str]]:
    """(slot, text) of every text that is drawn or read, each text once, in order of appearance."""
    found: dict[str, str] = {}
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer) and (text := board.text_of(layer).strip()):
                found.setdefault(text, layer.bind or layer.name)
    for caption in board.captions:
        for line in caption.text.splitlines():
            said = line.strip()
            bare = said[1:-1] if said[:1] == "“" and said[-1:] == "”" else said
            if said and not any(said in text or bare in text for text in found):
                found[bare] = "caption"
    return [(slot, text) for text, slot in found.items()]


def notes_of(passage: Passage) -> list[str]:
    """A sentence for every override that lets a text through."""
    return [
        tr("{who} answers for “{text}”: {reason}", who=one.who, text=_short(one.text), reason=one.reason)
        for one in passage.overrides
    ]


def _sort(
    library: Library, board: Storyboard, found: Held, held: list[Held], overrides: list[Override]
) -> None:
    if not found.spans:
        return
    wanted = {(span.text, span.kind, span.status) for span in found.spans}
    for override in library.overrides.of_text(found.text, board.item_id):
        if wanted <= {(s.get("text"), s.get("kind"), s.get("status")) for s in override.spans}:
            overrides.append(override)
            return
    held.append(found)


def _item(library: Library, board: Storyboard) -> tuple[Item | None, Sequence[Any]]:
    if board.item_id is None:
        return None, ()
    try:
        return library.items.get(board.item_id), list(library.items.reviews_of(board.item_id))
    except NotFound:
        return None, ()


def _title(library: Library, board: Storyboard) -> str:
    item, _ = _item(library, board)
    return (item.title or item.sku) if item is not None else board.name


def _short(text: str, most: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
