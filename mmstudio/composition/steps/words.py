"""Steps that write: copy from an item's facts, captions from what is spoken or read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.composition.spoken import spoken_captions
from mmstudio.composition.storyboard import Caption, Source, Storyboard, TextLayer
from mmstudio.generation.copywriting.lines import CopyLine, FactsWriter
from mmstudio.generation.price import format_price

if TYPE_CHECKING:
    from mmstudio.library import Library

COPY_SLOTS = ("eyebrow", "headline", "line", "quote", "price", "cta")


def copy_lines(draft: Draft) -> None:
    """Write the copy from the item's facts; what a person gave instead stands as it is."""
    writer = FactsWriter(draft.judge)
    item = draft.need_item()
    args = (item, draft.reviews, draft.audience)
    lines: dict[str, CopyLine] = {
        "eyebrow": writer.eyebrow(item, draft.audience),
        "headline": writer.headline(*args),
        "line": writer.one_liner(*args),
        "quote": writer.quote(*args),
        "price": writer.price(item, draft.audience),
        "cta": writer.call_to_action(*args),
    }
    if lines["line"].facts == lines["quote"].facts:
        lines["quote"] = CopyLine("")
    for slot, line in lines.items():
        given = draft.overrides.get(slot)
        if given is not None:
            draft.board.copy[slot] = _words(given, draft)
            draft.board.sources.append(Source(slot, "person", None, draft.board.copy[slot]))
        else:
            draft.board.copy[slot] = line.text
            draft.board.facts[slot] = line.facts
    draft.board.sources.append(Source("copy", "facts", None, item.sku))


def _words(given: object, draft: Draft) -> str:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return format_price(float(given), draft.need_item().currency, draft.board.locale)
    return str(given)[:2000]


def captions(draft: Draft) -> None:
    """Read what is spoken as captions, else the words of each scene, in the order they are seen."""
    draft.board.captions = captions_for(draft.library, draft.board)


def captions_for(library: Library, board: Storyboard) -> list[Caption]:
    """Captions of what the voice says; without a voice whose words have times those of the scenes."""
    return spoken_captions(library, board) or captions_of(board)


def captions_of(board: Storyboard) -> list[Caption]:
    """One caption per scene with the words that are new in it, timed to the scene."""
    found: list[Caption] = []
    said: set[str] = set()
    for scene in board.scenes:
        words: list[str] = []
        for layer in scene.layers:
            text = (
                board.text_of(layer).strip()
                if isinstance(layer, TextLayer) and layer.bind != "eyebrow"
                else ""
            )
            if text and text not in said:
                said.add(text)
                words.append(f"“{text}”" if isinstance(layer, TextLayer) and layer.quote else text)
        if words:
            found.append(Caption(round(scene.start + 0.2, 3), round(scene.end - 0.05, 3), "\n".join(words)))
    return found
