"""A storyboard's page that flows follows what is edited: pictures, words and the voice of its scenes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from mmstudio.composition.storyboard import Block, Storyboard
from mmstudio.composition.synthetic import mark_words
from mmstudio.i18n import speaking

_ENOUGH = 12  # characters from which words inside a longer paragraph are taken to be the same words
_WORDLESS = {"picture", "video", "sound", "list", "steps", "table", "slider", "group"}
Holder = dict[str, Any]


def followed(before: Storyboard, after: Storyboard) -> Storyboard:
    """``after`` with its blocks showing and saying what its scenes now show and say.

    A picture that stands in several places is exchanged where its scene stands in the row of those places;
    where that cannot be told, only once no scene shows the old one. Words are those that are equal, or that
    stand in a longer paragraph once. A block whose words were taken away goes.
    """
    if not after.blocks:
        return after
    blocks: list[Holder] = [asdict(block) for block in after.blocks]
    kept = copy.deepcopy(blocks)
    shown = _pictures(before)
    now = dict(_pictures(after))
    for at, (key, old) in enumerate(shown):
        new = now.get(key, old)
        if new != old:
            _exchange(blocks, [one for _, one in shown], at, old, new, _title(after, new), _mark(after, new))
            shown[at] = (key, new)
    for slot, old_words in before.copy.items():
        new_words = after.copy.get(slot, old_words)
        if new_words != old_words and old_words.strip() and old_words not in after.copy.values():
            _say(blocks, old_words, new_words)
    was = before.voice.asset_id if before.voice else None
    voice = after.voice.asset_id if after.voice else None
    if was is not None and was != voice:
        for holder in _walk(blocks):
            if holder["asset_id"] == was and holder["kind"] == "sound":
                holder["asset_id"] = voice
        blocks = _without(blocks, lambda one: one["kind"] == "sound" and one.get("asset_id") is None)
    if blocks == kept:
        return after
    blocks = _without(
        blocks, lambda one: one["kind"] not in _WORDLESS and not str(one.get("text", "")).strip()
    )
    return replace(after, blocks=[Block(**one) for one in blocks])


def _pictures(board: Storyboard) -> list[tuple[tuple[str, str], int]]:
    return [
        ((scene.name, layer.name), asset)
        for scene in board.scenes
        for layer in scene.layers
        if (asset := getattr(layer, "asset_id", None)) is not None
    ]


def _title(board: Storyboard, asset: int) -> str:
    return next((one.detail for one in board.sources if one.asset_id == asset), "")


def _mark(board: Storyboard, asset: int) -> str:
    """What must stand before the caption of a picture that a model made, on pages that say so."""
    made = any(one.asset_id == asset and one.kind == "generated" for one in board.sources)
    if not made or not any(slot.rpartition(".")[2].startswith("synthetic") for slot in board.copy):
        return ""
    with speaking(board.locale):
        return f"{mark_words()} · "


def _walk(blocks: Sequence[Holder]) -> Iterator[Holder]:
    for block in blocks:
        block.setdefault("asset_id", None)
        yield block
        yield from _walk(block.get("data", {}).get("blocks", []))


def _exchange(
    blocks: list[Holder], shown: Sequence[int], at: int, old: int, new: int, title: str, mark: str
) -> None:
    """Put ``new`` for ``old`` where block and layer are the same picture in the same place of the row."""
    places = [block for block in _walk(blocks) if block["asset_id"] == old and block["kind"] != "sound"]
    layers = [n for n, asset in enumerate(shown) if asset == old]
    if len(layers) > 1 and len(places) != len(layers):
        places = []
    elif len(layers) > 1:
        places = [places[layers.index(at)]]
    for block in places:
        block["asset_id"] = new
        data = block.setdefault("data", {})
        told = f"{mark}{title}".strip()
        if block.get("text") and (data.get("alt") == block["text"] or block["kind"] == "picture"):
            block["text"] = told or block["text"]
        if "alt" in data:
            data["alt"] = told or data["alt"]


def _say(blocks: list[Holder], old: str, new: str) -> None:
    exact = False

    def swapped(words: Any) -> Any:
        nonlocal exact
        if isinstance(words, str) and words.strip() == old.strip():
            exact = True
            return new
        return words

    for block in _walk(blocks):
        block["text"] = swapped(block.get("text", ""))
        data = block.get("data", {})
        for key in ("alt", "by", "question", "why"):
            if key in data:
                data[key] = swapped(data[key])
        if "items" in data:
            data["items"] = [one for item in data["items"] if (one := swapped(item)) != "" or item == ""]
    if exact or len(old.strip()) < _ENOUGH:
        return
    holding = [block for block in _walk(blocks) if old.strip() in str(block.get("text", ""))]
    if len(holding) == 1 and holding[0]["text"].count(old.strip()) == 1:
        holding[0]["text"] = holding[0]["text"].replace(old.strip(), new.strip())


def _without(blocks: list[Holder], gone: Callable[[Mapping[str, Any]], bool]) -> list[Holder]:
    found = []
    for block in blocks:
        if gone(block):
            continue
        data = block.get("data", {})
        if "blocks" in data:
            data["blocks"] = _without(data["blocks"], gone)
        found.append(block)
    return found


__all__ = ["followed"]
