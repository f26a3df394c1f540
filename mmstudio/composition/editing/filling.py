"""Several media dropped at once: the place under them, the next places of the same kind, then new scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing import timeline
from mmstudio.composition.editing.alternatives import lay_sound, place
from mmstudio.composition.editing.base import scene_of, tracks_named
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Rect,
    Storyboard,
    VideoLayer,
)
from mmstudio.errors import StudioError
from mmstudio.i18n import tr_error

if TYPE_CHECKING:
    from mmstudio.library import Asset, Library

SECONDS = 2.0  # a scene made for a picture
_LONGEST_CLIP = 15.0  # seconds of a scene made for a clip


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a drop.

    Attributes:
        board: the storyboard with everything in it.
        first: scene and layer of the first picture; None where only sounds came.
        placed: pictures and clips that took a place that was there; added: layers and scenes made for the
            others. sounds: how many were laid. refused: sentences about those that could not be used.
    """

    board: Storyboard
    first: tuple[int, str] | None
    placed: int
    added: int
    sounds: int
    refused: tuple[str, ...]


def places_from(board: Storyboard, scene: int, layer: str) -> list[tuple[int, str]]:
    """The place named and those of the same kind behind it: the rest of its scene, then the later scenes.

    A picture's place takes a clip too and the other way round; grounds and logos are kinds of their own. What
    is locked or hidden is left out, and in a scene a second place that shows the same part as the first.
    """
    held = next((one for one in scene_of(board, scene).layers if one.name == layer), None)
    if held is None:
        return []
    kinds = _same(held)
    found: list[tuple[int, str]] = []
    for n in range(scene, len(board.scenes)):
        layers = board.scenes[n].layers
        start = layers.index(held) if n == scene else 0
        parts: set[str] = set()
        for one in layers[start:]:
            if not isinstance(one, kinds) or one.locked or one.hidden or (one.source and one.source in parts):
                continue
            parts.add(one.source)
            found.append((n, one.name))
    return found


def fill(
    library: Library, board: Storyboard, scene: int, layer: str, asset_ids: Sequence[int], t: float = 0.0
) -> Filled:
    """Put several assets of the library in; reads pictures: not on the GUI thread.

    Args:
        layer: the place under the mouse; "" puts the first picture on top of the scene as a new layer.
        t: second at which sounds begin, the first one as the music where there is none.

    Assets that may not be used are left out and said; raises StudioError where none at all can be used.
    """
    places = places_from(board, scene, layer) if layer else []
    first: tuple[int, str] | None = None
    placed = added = sounds = 0
    refused: list[StudioError] = []
    for asset in _in_order(library, asset_ids):
        try:
            if asset.kind == "audio":
                board = _laid(library, board, asset, t)
                sounds += 1
                continue
            if places:
                at = places[0]
                board = place(library, board, *at, asset.id)
                places.pop(0)
                placed += 1
            else:
                on_top = not layer and first is None
                board, at = _added(library, board, scene if on_top else len(board.scenes), asset, on_top)
                added += 1
            first = first or at
        except StudioError as error:
            refused.append(error)
    if refused and not placed + added + sounds:
        raise refused[0]
    return Filled(board, first, placed, added, sounds, tuple(tr_error(error)[0] for error in refused))


def _same(held: AnyLayer) -> tuple[type[AnyLayer], ...]:
    if isinstance(held, ImageLayer | VideoLayer):
        return ImageLayer, VideoLayer
    return (GeneratedLayer,) if isinstance(held, GeneratedLayer) else (LogoLayer,)


def _in_order(library: Library, ids: Sequence[int]) -> list[Asset]:
    known = {asset.id: asset for asset in library.assets.get_many(list(ids))}
    return [known[one] for one in dict.fromkeys(ids) if one in known]


def _laid(library: Library, board: Storyboard, asset: Asset, t: float) -> Storyboard:
    if "music" not in tracks_named(board):
        return lay_sound(library, board, "music", asset.id, 0.0)[0]
    return lay_sound(library, board, "effect", asset.id, t)[0]


def _added(
    library: Library, board: Storyboard, scene: int, asset: Asset, on_top: bool
) -> tuple[Storyboard, tuple[int, str]]:
    """A new layer on a scene, or a new scene with the picture over the whole canvas."""
    rect = Rect(0.25, 0.25, 0.5, 0.5) if on_top else Rect()
    if not on_top:
        long = min(asset.duration or SECONDS, _LONGEST_CLIP) if asset.kind == "video" else SECONDS
        board, scene = timeline.add_scene(board, scene, max(long, 0.5))
    fresh = edits.add(board, scene, ImageLayer(name="picture", rect=replace(rect), fit="cover"))
    name = fresh.scenes[scene].layers[-1].name
    return place(library, fresh, scene, name, asset.id), (scene, name)
