"""Marks of pictures that a model made, on pages that must say so: they follow when a picture is exchanged.

A page has such a mark where a text ``syntheticN`` stands beside the picture ``pictureN`` (the case report).
"""

from __future__ import annotations

from dataclasses import replace

from mmstudio.composition.storyboard import Storyboard, TextLayer
from mmstudio.i18n import speaking, tr

_PICTURE, _MARK, _CAPTION = "picture", "synthetic", "caption"


def mark_words() -> str:
    """What is written over a picture that a model made."""
    return tr("synthetic").upper()


def board_mark() -> str:
    """What is written over every page where one of the pictures is such."""
    return tr("Contains synthetic pictures")


def marked_anew(board: Storyboard, scene: int, layer: str, *, generated: bool, title: str) -> Storyboard:
    """The storyboard with the mark and the caption of a picture that was just exchanged; the same one where
    its page has none."""
    page, number = board.scenes[scene], layer.removeprefix(_PICTURE)
    texts = {one.name: one for one in page.layers if isinstance(one, TextLayer)}
    mark = texts.get(_MARK + number) if layer.startswith(_PICTURE) else None
    if mark is None or not mark.bind:
        return board
    copy = dict(board.copy)
    with speaking(board.locale):
        copy[mark.bind] = mark_words() if generated else ""
        caption = texts.get(_CAPTION + number)
        if caption is not None and caption.bind:
            copy[caption.bind] = title
        there = any(copy.get(bind) for bind in _mark_binds(board))
        marks = [one for one in board.marks if one != board_mark()] + ([board_mark()] if there else [])
    return replace(board, copy=copy, marks=marks)


def _mark_binds(board: Storyboard) -> list[str]:
    return [
        one.bind
        for page in board.scenes
        for one in page.layers
        if isinstance(one, TextLayer) and one.name.startswith(_MARK) and one.bind
    ]
