"""Steps that choose pictures and colours: the product's own, its palette, a background in it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.brand.colours import scheme_of
from mmstudio.composition.brand.kit import chosen_kit
from mmstudio.composition.cutout import Cutout, cut_out
from mmstudio.composition.draft import Draft
from mmstudio.composition.palette import Swatch, scheme, swatches
from mmstudio.composition.parts import make_background
from mmstudio.composition.storyboard import Source, Storyboard
from mmstudio.errors import MediaError, NotFound, StudioError
from mmstudio.library import Asset
from mmstudio.media.image import image_array

_LOOKED_AT = 5  # pictures of an item that are tried as the hero
_SMALL = 400  # pixels of the longer side, enough to see the shape and the colours


def pictures(draft: Draft) -> None:
    """Choose the hero and the detail picture.

    The item's own hero unless it is a close-up that runs off both sides and another picture shows the whole.
    """
    wanted = draft.overrides.get("hero")
    ids = pictures_of(draft)
    if wanted is not None:
        asset = draft.library.assets.get(int(wanted))
        if asset.kind != "image":
            raise MediaError("{title} is not a picture.", status="unsupported", title=asset.title)
        hero = asset.id
    elif ids:
        hero = _whole_view(draft, ids)
    else:
        raise NotFound(
            "{title} has no picture that can be used.",
            hint="Add a picture to the item, or choose one from the library.",
            title=draft.need_item().title or draft.need_item().sku,
        )
    detail = next((i for i in ids if i != hero), hero)
    draft.pictures = {"hero": hero, "detail": detail}
    for part, asset_id in draft.pictures.items():
        if (part, asset_id) != ("detail", hero):
            draft.add_asset_source(part, asset_id)


def pictures_of(draft: Draft, item_id: int | None = None) -> list[int]:
    """Usable pictures of the item (or of another one), hero first, each once."""
    number = draft.need_item().id if item_id is None else item_id
    links = [link for link in draft.library.items.assets_of(number) if link.role in ("hero", "detail")]
    links.sort(key=lambda link: (link.role != "hero", link.position))
    order = list(dict.fromkeys(link.asset_id for link in links))
    known = {a.id: a for a in draft.library.assets.get_many(order)}
    return [i for i in order if i in known and _usable(known[i])]


def first_picture(draft: Draft, item_id: int) -> int | None:
    """The picture that shows an item whole, as :func:`pictures` would choose it; None without one."""
    ids = pictures_of(draft, item_id)
    return _whole_view(draft, ids) if ids else None


def _usable(asset: Asset) -> bool:
    return asset.kind == "image" and asset.status == "ok" and asset.rights != "restricted"


def _whole_view(draft: Draft, ids: list[int]) -> int:
    """The first picture that shows the product whole and from the front, as far as its name tells."""
    if draft.library.assets.get(ids[0]).origin == "generated" or _named(draft, ids[0]) == 0:
        order = ids[:_LOOKED_AT]
    else:
        order = sorted(ids, key=lambda i: _named(draft, i))[:_LOOKED_AT]
    return next((i for i in order if _stands_free(draft, i)), ids[0])


def _named(draft: Draft, asset_id: int) -> int:
    """0 for a plain or front view, 1 for a back view, 2 for a close-up or an alternative."""
    words = set(re.split(r"[^a-z0-9]+", draft.library.assets.get(asset_id).title.lower()))
    words |= {re.sub(r"\d+$", "", word) for word in words}
    return (
        2 if words & {"alt", "detail", "close", "closeup", "zoom"} else 1 if words & {"back", "rear"} else 0
    )


def _stands_free(draft: Draft, asset_id: int) -> bool:
    place = _place(draft, asset_id)
    return place is not None and _free(*place)


def pixels_of(draft: Draft, asset_id: int, side: int) -> NDArray[np.uint8] | None:
    """A picture of the library, uint8 [H,W,3] of at most ``side`` pixels; None when it cannot be read.

    Not to be written to: what was read last is kept, for the next audience of the same item.
    """
    place = _place(draft, asset_id)
    return _read(*place, side) if place is not None else None


def _place(draft: Draft, asset_id: int) -> tuple[Path, int] | None:
    """A picture's file and when it was changed."""
    try:
        path = draft.library.assets.path_of(draft.library.assets.get(asset_id))
        return path, path.stat().st_mtime_ns
    except (StudioError, OSError):
        return None


@lru_cache(maxsize=24)
def _read(path: Path, _changed: int, side: int) -> NDArray[np.uint8] | None:
    try:
        pixels = image_array(path, max_side=side).copy()
    except (StudioError, OSError):
        return None
    pixels.flags.writeable = False
    return pixels


@lru_cache(maxsize=16)
def _cut(path: Path, changed: int) -> Cutout | None:
    """What a picture shows off its plain ground, small: to know whether it stands free, and its colours."""
    pixels = _read(path, changed, _SMALL)
    return None if pixels is None else cut_out(pixels)


@lru_cache(maxsize=256)
def _free(path: Path, changed: int) -> bool:
    return _cut(path, changed) is not None


@lru_cache(maxsize=256)
def _colours(path: Path, changed: int) -> tuple[tuple[Swatch, ...], bool] | None:
    """Swatches of what a picture shows, and whether it was lifted off its ground."""
    pixels = _read(path, changed, _SMALL)
    if pixels is None:
        return None
    cut = _cut(path, changed)
    if cut is not None:
        height, width = cut.rgba.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        solid = cut.rgba[..., 3] > 160
        found = swatches(cut.rgba[..., :3][solid], np.exp(-(x**2 + y**2) / 0.6)[solid])
    else:
        height, width = pixels.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        found = swatches(pixels.reshape(-1, 3), np.exp(-(x**2 + y**2) / 0.5).ravel())
    return tuple(found), cut is not None


def palette(draft: Draft) -> None:
    """Take the colours from the product itself: the cut-out, else the middle of the photo.

    Without a hero picture the palette is a quiet one that the seed chooses. Where a brand kit is chosen, its
    colours take their place before a model makes a background in them.
    """
    draft.board.palette = branded(draft, _own_palette(draft))


def branded(draft: Draft, colours: dict[str, str]) -> dict[str, str]:
    """A palette in the colours of the chosen brand kit; as it is where none is chosen."""
    kit = chosen_kit(draft.library)
    return colours if kit is None else scheme_of(kit, colours, ground_too=True)


def _own_palette(draft: Draft) -> dict[str, str]:
    hero = draft.pictures.get("hero")
    place = _place(draft, hero) if hero is not None else None
    seen = _colours(*place) if place is not None else None
    if seen is None:
        return scheme([], draft.seed)
    return dict(_scheme(seen[0], draft.seed + _number(draft), seen[1]))


@lru_cache(maxsize=64)
def _scheme(found: tuple[Swatch, ...], seed: int, lifted: bool) -> dict[str, str]:
    """As :func:`scheme`; not to be changed: it is kept for the next audience."""
    return scheme(list(found), seed, lifted=lifted)


def background(draft: Draft) -> None:
    """Have a model make the background in the palette, and keep it as an asset."""
    colours = ground_colours(draft.board)
    accent = draft.board.palette["accent"]
    seed = draft.seed + _number(draft)  # every item its own picture, the same again for the same seed
    made = make_background(draft.library, draft.generation, accent, colours, seed, draft.board.name)
    if made is None:
        draft.board.sources.append(Source("background", "drawn", None, "gradient of the palette"))
        return
    draft.background, draft.model = made
    draft.board.sources.append(Source("background", "generated", draft.background, draft.model))


def ground_colours(board: Storyboard) -> list[str]:
    """The background's colours, light to dark."""
    return [board.palette[key] for key in ("ground", "ground_2", "ground_3")]


def _number(draft: Draft) -> int:
    return draft.item.id if draft.item is not None else 0
