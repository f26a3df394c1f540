"""A product's picture alone, on a ground of its own colours: for pages and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.composition.recipe import Recipe
from mmstudio.composition.steps.pictures import ground_colours, palette, pictures
from mmstudio.composition.storyboard import GeneratedLayer, ImageLayer, Rect, Scene, Storyboard
from mmstudio.errors import StudioError
from mmstudio.paths import resource

if TYPE_CHECKING:
    from mmstudio.library import Item, Library

_SIZE = (480, 480)
_BARE = Recipe("tile", "", "", _SIZE, 30, (), (), {}, resource("recipes"))


def tile_board(library: Library, item: Item) -> Storyboard | None:
    """A still of an item's hero on a soft gradient of its palette; None when it has no usable picture."""
    board = Storyboard(name=item.title, size=_SIZE, duration=1.0, item_id=item.id)
    draft = Draft(library, None, _BARE, item, None, [], 0, {}, board)
    try:
        pictures(draft)
    except StudioError:
        return None
    palette(draft)
    ground = GeneratedLayer("ground", rect=Rect(), colours=ground_colours(board), seed=item.id)
    hero = ImageLayer(
        "hero",
        rect=Rect(0.06, 0.07, 0.88, 0.93),
        asset_id=draft.pictures["hero"],
        cutout=True,
        shadow=0.3,
        radius=0.03,
        edges="tblr",
        foot=0.08,
    )
    board.scenes = [Scene("tile", 0.0, 1.0, [ground, hero])]
    return board
