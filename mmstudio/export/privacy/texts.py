"""Personal data taken out of every text of a storyboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import TextLayer
from mmstudio.export.privacy.identifiers import masked


def mask_board(board: Storyboard, allowed: Collection[str] = ()) -> dict[str, int]:
    """Mask all texts of a storyboard in place; returns how many of which kind were found, each place once.

    Texts drawn and read, captions, blocks, facts, inputs and the name (it goes into file names).
    """
    counts: Counter[str] = Counter()

    def clean(text: str) -> str:
        made, found = masked(text, board.locale, allowed)
        counts.update(found)
        return made

    def deep(value: Any) -> Any:
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, list | tuple):
            return [deep(one) for one in value]
        if isinstance(value, dict):
            return {key: deep(one) for key, one in value.items()}
        return value

    board.name = clean(board.name)
    board.copy = {slot: clean(text) for slot, text in board.copy.items()}
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer):
                layer.text = clean(layer.text)
    for caption in board.captions:
        caption.text = clean(caption.text)
    for block in board.blocks:
        block.text = clean(block.text)
        block.data = {k: v if k in ("url", "assets") else deep(v) for k, v in block.data.items()}
    kept = dict(counts)
    board.facts = deep(board.facts)
    board.inputs = deep(board.inputs)
    for source in board.sources:
        source.detail = clean(source.detail)
    for track in board.tracks():
        track.name = clean(track.name)
    return kept
