"""A storyboard as blocks in reading order: its own, or made of the words and pictures of its scenes."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, get_args

from mmstudio.composition.storyboard import Block, BlockKind, ImageLayer, Storyboard, TextLayer, VideoLayer
from mmstudio.errors import NotFound
from mmstudio.export.web.markup import safe_url
from mmstudio.recommendation.variants.identity import link_with, variant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmstudio.composition.storyboard import AnyLayer
    from mmstudio.library import Item, Library

KINDS = frozenset(get_args(BlockKind))
# What a slot of the copy is on a page; the slot's last part counts ("scene2.line" is a line).
_KINDS = {"headline": "heading", "title": "heading", "price": "price", "quote": "quote", "cta": "button"}
_MOST_PICTURES = 24


def blocks_of(board: Storyboard, library: Library | None) -> list[Block]:
    """The storyboard as a page that flows.

    Its own blocks where the recipe made some; else the words of its scenes in the order they are seen, each
    once, with the pictures that stand beside them, the call to action as a button with the item's address.
    """
    if board.blocks:
        return deepcopy(board.blocks)
    found = list(_from_scenes(board, item_url(board, library)))
    if not any(block.kind == "heading" for block in found):
        found.insert(0, Block("heading", board.name, None, {"level": 1}))
    if board.voice is not None and board.voice.asset_id is not None:
        found.append(Block("sound", "", board.voice.asset_id, source="voice"))
    return found


def walk(blocks: list[Block]) -> Iterator[Block]:
    """Every block, those inside groups too, in reading order."""
    for block in blocks:
        yield block
        yield from walk(inner_of(block))


def inner_of(block: Block) -> list[Block]:
    """The blocks of a group."""
    return [as_block(plain) for plain in block.data.get("blocks", [])]


def as_block(plain: Any) -> Block:
    """A block from its plain form (blocks of a group are kept as plain data)."""
    if isinstance(plain, Block):
        return plain
    known = {"kind", "text", "asset_id", "data", "source"}
    return Block(**{key: value for key, value in dict(plain).items() if key in known})


def words(value: Any) -> str:
    """Any value of a block's data as text."""
    return "" if value is None else str(value)


def title_of(board: Storyboard, blocks: list[Block]) -> str:
    """The page's title: its first heading, else the storyboard's name."""
    return next((b.text for b in walk(blocks) if b.kind == "heading" and b.text.strip()), board.name)


def summary_of(board: Storyboard, blocks: list[Block]) -> str:
    """A sentence or two about it: its line, else its first text; "" where there is none."""
    if line := board.copy.get("line", "").strip():
        return line
    return next((b.text for b in walk(blocks) if b.kind == "text" and b.text.strip()), "")


def picture_of(blocks: list[Block]) -> int | None:
    """The first picture, for feeds and shares."""
    return next((b.asset_id for b in walk(blocks) if b.kind == "picture" and b.asset_id is not None), None)


def alt_of(block: Block, board: Storyboard, library: Library | None) -> str:
    """What a picture shows, for those who do not see it: its own words, else the item's or the asset's title.

    File names are no description: an asset's title that looks like one is left out.
    """
    if block.text.strip():
        return block.text.strip()
    if words(block.data.get("alt")).strip():
        return words(block.data["alt"]).strip()
    item = item_of(board, library)
    if item is not None:
        return item.title or item.sku
    return board.copy.get("headline", "") or board.name


def item_of(board: Storyboard, library: Library | None) -> Item | None:
    """The item it is about, in its language; None where there is none or it is gone."""
    if library is None or board.item_id is None:
        return None
    try:
        return library.items.get(board.item_id).in_locale(board.locale)
    except NotFound:
        return None


def items_of(board: Storyboard, library: Library | None) -> list[Item]:
    """Every item it shows: one, or those of a catalogue page, in order."""
    if library is None:
        return []
    ids = [board.item_id] if board.item_id is not None else []
    ids += [int(i) for i in board.inputs.get("item_ids", []) if int(i) not in ids]
    return [item.in_locale(board.locale) for item in library.items.get_many(ids)]


def item_url(board: Storyboard, library: Library | None) -> str:
    """The item's address, with the id of the variant that it is counted under; "" where there is none."""
    item = item_of(board, library)
    url = safe_url(item.url) if item is not None else ""
    if not url or library is None:
        return ""
    variant = variant_of(library, board.id, board.to_dict())[0] if board.id is not None else ""
    return safe_url(link_with(url, variant))


def _from_scenes(board: Storyboard, url: str) -> Iterator[Block]:
    said: set[str] = set()
    seen: set[int] = set()
    button: Block | None = None
    headed = False
    for scene in board.scenes:
        yield from [b for layer in scene.layers if not layer.hidden if (b := _picture(layer, seen))]
        for layer in scene.layers:
            if not isinstance(layer, TextLayer) or layer.hidden:
                continue
            text = board.text_of(layer).strip()
            if not text or text in said:
                continue
            said.add(text)
            kind = _KINDS.get((layer.bind or layer.name).rsplit(".", 1)[-1], "text")
            if kind == "button":
                button = button or Block("button", text, None, {"url": url}, layer.bind)
            elif kind == "heading":
                yield Block("heading", text, None, {"level": 2 if headed else 1}, layer.bind)
                headed = True
            elif layer.quote or kind == "quote":
                yield Block("quote", text, None, {}, layer.bind)
            elif (layer.bind or layer.name).rsplit(".", 1)[-1] == "eyebrow":
                yield Block("note", text, None, {}, layer.bind)
            else:
                yield Block("price" if kind == "price" else "text", text, None, {}, layer.bind)
    if button is not None:
        yield button


def _picture(layer: AnyLayer, seen: set[int]) -> Block | None:
    """A picture or clip that stands by itself; backgrounds and marks are no content."""
    if not isinstance(layer, ImageLayer | VideoLayer) or layer.asset_id is None:
        return None
    if layer.asset_id in seen or len(seen) >= _MOST_PICTURES:
        return None
    seen.add(layer.asset_id)
    kind = "video" if isinstance(layer, VideoLayer) else "picture"
    return Block("video" if kind == "video" else "picture", "", layer.asset_id, {}, layer.source)
