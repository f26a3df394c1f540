"""What the editor does off the GUI thread: reading storyboards, alternatives, the library, and pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing.alternatives import Alternative, alternatives, sound_alternatives
from mmstudio.composition.editing.autosave import Keeper
from mmstudio.composition.editing.base import free_layer, layer_of, set_values, tracks_named
from mmstudio.composition.editing.saliency import box_of, crop_for, focus_in, focus_of
from mmstudio.composition.storyboard import ImageLayer, Rect, Storyboard, TextLayer
from mmstudio.errors import UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.export.channels import Channel
    from mmstudio.library import Library
    from mmstudio.studio import Studio

Edit = Callable[[Storyboard], Storyboard]
_LIBRARY = 60  # pictures of the library in the strip
_CROPPED = 1280  # pixels of a picture that is cropped on the canvas


@dataclass(frozen=True, slots=True)
class Opened:
    """A storyboard that was read to be edited, with the lengths of its sounds by asset, and the channels."""

    board: Storyboard
    keeper: Keeper
    lengths: dict[int, float]
    channels: tuple[Channel, ...]


def open_board(library: Library, storyboard: int | None) -> Opened | None:
    """Read a storyboard, the newest where none is named; None where there is none. Raises StudioError."""
    from mmstudio.export.channels import channels

    if storyboard is None:
        rows = library.storyboards.list()[:1]
        if not rows:
            return None
        storyboard = rows[0].id
    row = library.storyboards.get(storyboard)
    board = Storyboard.from_dict(row.data, row.id)
    return Opened(board, Keeper(library, board), sound_lengths(library, board), tuple(channels()))


def sound_lengths(library: Library, board: Storyboard) -> dict[int, float]:
    """How long each sound of a storyboard is, in seconds, by asset."""
    ids = [track.asset_id for track in board.tracks() if track.asset_id is not None]
    return {asset.id: float(asset.duration) for asset in library.assets.get_many(ids) if asset.duration}


def read_choices(
    studio: Studio, board: Storyboard, scene: int, layer: str, sound: str, live: bool
) -> list[Alternative]:
    """What else could stand in a layer's or a sound's place; what stands there now comes last.

    Args:
        live: ask the recommender now rather than take what it said last.
    """
    if sound:
        found = sound_alternatives(studio.library, board, sound)
        track = tracks_named(board).get(sound)
        return _with_now(studio.library, found, track.asset_id if track is not None else None, "audio")
    held = layer_of(board, scene, layer)
    found = alternatives(studio.library, board, scene, layer, studio, live=live)
    if not found:
        return []
    if isinstance(held, TextLayer):
        words = board.text_of(held)
        facts = tuple(board.facts.get(held.bind, ()))
        return [*found, Alternative("written", words, tr("As it was"), "text", None, words, facts=facts)]
    return _with_now(studio.library, found, getattr(held, "asset_id", None), "image")


def _with_now(
    library: Library, found: list[Alternative], asset_id: int | None, kind: str
) -> list[Alternative]:
    if asset_id is None or not found:
        return found
    for asset in library.assets.get_many([asset_id]):
        title = asset.title or asset.rel_path
        return [*found, Alternative("library", title, tr("As it was"), asset.kind, asset.id)]
    return found


def read_library(library: Library, words: str, sound: bool) -> list[Alternative]:
    """Pictures and clips (or sounds) of the library that a search finds, to press or to drag."""
    from mmstudio.library import AssetFilter

    wanted = AssetFilter(text=words, kinds=("audio",) if sound else ("image", "video"))
    assets = library.assets.get_many(library.assets.ids(wanted)[:_LIBRARY])
    return [
        Alternative("library", asset.title or asset.rel_path, "", asset.kind, asset.id)
        for asset in assets
        if asset.rights != "restricted"
    ]


def look_at_subject(library: Library, board: Storyboard, scene: int, layer: str) -> Edit:
    """An edit that shows the part of a picture that is looked at, with the camera (if any) going there."""
    held, pixels = _pixels(library, board, scene, layer)
    rect = held.rect
    ratio = rect.w * board.size[0] / max(rect.h * board.size[1], 1e-6)
    focus, point = focus_in(pixels, ratio), focus_of(pixels)

    def edit(now: Storyboard) -> Storyboard:
        preset = edits.ken_burns_of(layer_of(now, scene, layer).motion)
        strength = max(layer_of(now, scene, layer).motion.zoom) - 1.0
        if isinstance(layer_of(now, scene, layer), ImageLayer):
            now = set_values(now, scene, layer, focus=focus)
        if preset not in (None, "none"):
            now = edits.ken_burns(now, scene, layer, preset, point=point, strength=strength)
        return now

    return edit


@dataclass(frozen=True, slots=True)
class Croppable:
    """A whole picture to crop: uint8[H,W,3 or 4] of at most 1280 pixels a side, and the part looked at."""

    pixels: NDArray[np.uint8]
    subject: Rect


def read_croppable(library: Library, board: Storyboard, scene: int, layer: str) -> Croppable:
    """The picture of a layer, of a clip the frame it begins with. Raises NotFound, StudioError."""
    import numpy

    from mmstudio.media.image import image_array
    from mmstudio.media.video import VideoReader

    held = free_layer(board, scene, layer)
    asset_id = getattr(held, "asset_id", None)
    if asset_id is None:
        raise UsageError("{name} shows no picture that can be cropped.", name=layer)
    asset = library.assets.get(asset_id)
    path = library.assets.path_of(asset)
    if asset.kind == "video":
        with VideoReader(path) as reader:
            frame = reader.frame_at(float(getattr(held, "clip_start", 0.0)), _CROPPED)
            pixels = numpy.asarray(frame.convert("RGB"))
    elif asset.kind == "image":
        pixels = image_array(path, max_side=_CROPPED)
    else:
        raise UsageError("{name} shows no picture that can be cropped.", name=layer)
    if getattr(held, "fit", "contain") != "cover":
        return Croppable(pixels, box_of(pixels))  # it keeps its own shape in the box
    ratio = held.rect.w * board.size[0] / max(held.rect.h * board.size[1], 1e-6)
    return Croppable(pixels, _subject(pixels, ratio))


def _subject(pixels: NDArray[np.uint8], ratio: float) -> Rect:
    """Four fifths of the largest part of a shape, round what is looked at."""
    part, (x, y) = crop_for(pixels, ratio), focus_of(pixels)
    w, h = part.w * 0.8, part.h * 0.8
    return Rect(min(max(x - w / 2, 0.0), 1.0 - w), min(max(y - h / 2, 0.0), 1.0 - h), w, h)


def crop_to_subject(library: Library, board: Storyboard, scene: int, layer: str) -> Edit:
    """An edit that crops a picture to what is looked at: four fifths of the largest part of its shape."""
    held, pixels = _pixels(library, board, scene, layer)
    ratio = held.rect.w * board.size[0] / max(held.rect.h * board.size[1], 1e-6)
    box = _subject(pixels, ratio)
    return lambda now: edits.crop(now, scene, layer, replace(box), focus=(0.5, 0.5))


def _pixels(
    library: Library, board: Storyboard, scene: int, layer: str
) -> tuple[ImageLayer, NDArray[np.uint8]]:
    from mmstudio.media.image import image_array

    held = free_layer(board, scene, layer)
    asset_id = getattr(held, "asset_id", None)
    asset = library.assets.get(asset_id) if asset_id is not None else None
    if asset is None or asset.kind != "image":
        raise UsageError("{name} shows no picture that can be looked at.", name=layer)
    return held, image_array(library.assets.path_of(asset), max_side=256)  # type: ignore[return-value]
