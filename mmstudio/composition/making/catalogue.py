"""Steps of the catalogue page, the e-mail and the banner set: several items side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.plain import clean
from mmstudio.composition.steps.pictures import first_picture
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Block, ImageLayer
from mmstudio.errors import NotFound, UsageError
from mmstudio.generation.copywriting.lines import CopyLine, FactsWriter
from mmstudio.i18n import speaking, tr
from mmstudio.library import Item

MOST_ITEMS = 120
_CELLS = "abcdef"
_PAGE_SECONDS = 3.0
_GRIDS = (1, 2, 4, 6)


@dataclass(slots=True)
class Entry:
    """An item as a page shows it; ``picture`` None where it has none that can be used."""

    item: Item
    picture: int | None
    lines: dict[str, CopyLine] = field(default_factory=dict)

    def text(self, slot: str) -> str:
        """The words of a slot: title, line, price, cta."""
        return self.lines[slot].text


def entries(draft: Draft) -> None:
    """Look up picture, name, line and price of every item; leaves them in the draft's plan.

    Raises:
        UsageError: more than 120 items. NotFound: none of them has a picture.
    """
    if len(draft.items) > MOST_ITEMS:
        raise UsageError(
            "{n} items are too many for one document.",
            hint="Choose up to {most}.",
            n=len(draft.items),
            most=MOST_ITEMS,
        )
    writer = FactsWriter(draft.judge)
    found = []
    for item in draft.items:
        draft.breathe()
        reviews = list(draft.library.items.reviews_of(item.id))
        lines = {
            "title": writer.headline(item, reviews, draft.audience),
            "line": writer.one_liner(item, reviews, draft.audience),
            "price": writer.price(item, draft.audience),
            "cta": writer.call_to_action(item, reviews, draft.audience),
        }
        found.append(Entry(item, first_picture(draft, item.id), lines))
    draft.plan["entries"] = found
    hero = next((entry.picture for entry in found if entry.picture is not None), None)
    if hero is None:
        raise NotFound(
            "None of the items has a picture that can be used.",
            hint="Add pictures to the items, or choose others.",
        )
    draft.pictures["hero"] = hero
    title = draft.inputs.title or (found[0].text("title") if len(found) == 1 else _shared_name(draft, found))
    draft.board.copy["title"] = str(draft.overrides.get("title", clean(title, 160)))
    if draft.inputs.title or "title" in draft.overrides:
        draft.add_source("title", "person", None, draft.board.copy["title"])
    if len(found) > 1:
        draft.board.item_id = None  # its words are about several items
        if not draft.inputs.title:
            draft.board.name = _named(draft)
    draft.add_source("copy", "facts", None, ", ".join(entry.item.sku for entry in found)[:500])


def _named(draft: Draft) -> str:
    name = draft.board.copy["title"]
    return f"{name} · {draft.audience.name}" if draft.audience is not None else name


def _shared_name(draft: Draft, found: list[Entry]) -> str:
    """What the items are: their category where they share one, else a plain word."""
    writer = FactsWriter(draft.judge)
    names = {writer.eyebrow(entry.item, draft.audience).text for entry in found}
    if len(names) == 1 and (name := names.pop()):
        return name
    with speaking(draft.board.locale):
        return tr("Our selection")


def catalogue_scenes(draft: Draft) -> None:
    """One page after the other, each with one, two, four or six items; a cover before several pages."""
    found: list[Entry] = draft.plan["entries"]
    per_page = _per_page(str(draft.option("per_page")), len(found))
    pages = [found[i : i + per_page] for i in range(0, len(found), per_page)]
    start = 0.0
    with speaking(draft.board.locale):
        counted = tr("{n} items", n=len(found))
    if draft.option("cover") == "yes" or (draft.option("cover") == "auto" and len(pages) > 1):
        copy = {"subtitle": clean(draft.inputs.text, 300) or counted}
        scene = make_scene(draft, "cover", start, _PAGE_SECONDS, copy=copy)
        draft.add_asset_source("hero", draft.pictures["hero"])
        start = scene.end
    for number, page in enumerate(pages, 1):
        grid = next(size for size in _GRIDS if size >= len(page))
        copy, shown = {"footer": f"{draft.board.copy['title']} · {number}/{len(pages)}"}, {}
        for cell, entry in zip(_CELLS, page, strict=False):
            copy |= {f"{cell}_{slot}": entry.text(slot) for slot in ("title", "line", "price")}
            shown[cell] = entry.picture
        scene = make_scene(
            draft, f"page{grid}", start, _PAGE_SECONDS, copy=copy, pictures=shown, name=f"page_{number}"
        )
        absent = _CELLS[len(page) : grid]
        scene.layers = [
            layer for layer in scene.layers if not (layer.name[:1] in absent and layer.name[1:2] == "_")
        ]
        for cell, entry in zip(_CELLS, page, strict=False):
            for slot in ("title", "line", "price"):
                draft.board.facts[f"{scene.name}.{cell}_{slot}"] = entry.lines[slot].facts
        for layer in scene.layers:
            if isinstance(layer, ImageLayer) and layer.asset_id is not None:
                draft.add_asset_source(layer.source, layer.asset_id)
        start = scene.end
    finish_scenes(draft)
    draft.board.blocks = [
        Block("heading", draft.board.copy["title"], data={"level": 1}),
        *item_blocks(draft, found),
    ]


def _per_page(wanted: str, count: int) -> int:
    if wanted != "auto":
        return int(wanted)
    return next((size for size in (1, 2, 4) if count <= size), 6 if count > 8 else 4)


def item_blocks(draft: Draft, found: list[Entry], columns: int = 2) -> list[Block]:
    """Items as a grid of groups: picture, name, line, price, button."""
    groups = []
    for entry in found:
        inner = [Block("picture", entry.text("title"), entry.picture)] if entry.picture is not None else []
        inner.append(Block("heading", entry.text("title"), data={"level": 3}))
        if entry.text("line"):
            inner.append(Block("text", entry.text("line")))
        if entry.text("price"):
            inner.append(Block("price", entry.text("price")))
        if entry.item.url:
            inner.append(Block("button", entry.text("cta"), data={"url": entry.item.url}))
        groups.append({"kind": "group", "data": {"blocks": [_plain(block) for block in inner], "columns": 1}})
    if not groups:
        return []
    return [Block("group", data={"blocks": groups, "columns": min(columns, len(groups))})]


def _plain(block: Block) -> dict[str, object]:
    return {"kind": block.kind, "text": block.text, "asset_id": block.asset_id, "data": block.data}


def email_blocks(draft: Draft) -> None:
    """A header picture and the parts of an e-mail: words, the first item large, the others in a grid."""
    found: list[Entry] = draft.plan["entries"]
    first, others = found[0], found[1:]
    board = draft.board
    single = not others and not draft.inputs.title
    copy = {"line": first.text("line") if single else clean(draft.inputs.text, 90) or first.text("title")}
    make_scene(draft, "header", 0.0, 3.0, copy=copy)
    draft.add_asset_source("hero", draft.pictures["hero"])
    finish_scenes(draft)
    board.captions = []
    blocks = [Block("heading", board.copy["title"], data={"level": 1})]
    intro = clean(draft.inputs.text, 2000)
    if intro:
        blocks.append(Block("text", intro))
        draft.add_source("text", "person", None, intro[:200])
    if first.picture is not None:
        blocks.append(Block("picture", first.text("title"), first.picture))
    if board.copy["title"] != first.text("title"):
        blocks.append(Block("heading", first.text("title"), data={"level": 2}))
    if first.text("line"):
        blocks.append(Block("text", first.text("line")))
    quote = FactsWriter(draft.judge).quote(
        first.item, list(draft.library.items.reviews_of(first.item.id)), draft.audience
    )
    if quote.text:
        blocks.append(Block("quote", quote.text, data={"facts": quote.facts}))
    if first.text("price"):
        blocks.append(Block("price", first.text("price")))
    blocks.append(Block("button", first.text("cta"), data={"url": first.item.url} if first.item.url else {}))
    blocks += item_blocks(draft, others)
    board.blocks = blocks
