"""The steps recipes are made of: each takes the draft and fills in its part."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.composition.cutout import cut_out
from mmstudio.composition.layout import place_all
from mmstudio.composition.palette import scheme, swatches
from mmstudio.composition.parts import choose_music, make_background
from mmstudio.composition.recipe import Recipe
from mmstudio.composition.spoken import choose_voice, spoken_captions
from mmstudio.composition.storyboard import (
    Caption,
    GeneratedLayer,
    ImageLayer,
    Scene,
    Source,
    SourceKind,
    Stack,
    Storyboard,
    TextLayer,
    Transition,
    layer_from_dict,
)
from mmstudio.errors import MediaError, NotFound, StudioError
from mmstudio.generation.copywriting.lines import CopyLine, FactsWriter
from mmstudio.generation.price import format_price
from mmstudio.media.image import image_array

if TYPE_CHECKING:
    from mmstudio.generation import Generation
    from mmstudio.library import Asset, Audience, Item, Library, Review

COPY_SLOTS = ("eyebrow", "headline", "line", "quote", "price", "cta")
_LOOKED_AT = 5  # pictures of an item that are tried as the hero


@dataclass(slots=True)
class Draft:
    """A storyboard in the making and what it is made from."""

    library: Library
    generation: Generation | None
    recipe: Recipe
    item: Item
    audience: Audience | None
    reviews: list[Review]
    seed: int
    overrides: dict[str, Any]
    board: Storyboard
    pictures: dict[str, int] = field(default_factory=dict)
    background: int | None = None
    model: str = ""
    judge: Callable[[str], float] | None = None  # how well a sentence of a review speaks; None: a lexicon


Step = Callable[[Draft], None]


def pictures(draft: Draft) -> None:
    """Choose the hero and the detail picture.

    The item's own hero unless it is a close-up that runs off both sides and another picture shows the whole.
    """
    wanted = draft.overrides.get("hero")
    ids = _pictures_of(draft)
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
            title=draft.item.title or draft.item.sku,
        )
    detail = next((i for i in ids if i != hero), hero)
    draft.pictures = {"hero": hero, "detail": detail}
    for part, asset_id in draft.pictures.items():
        asset = draft.library.assets.get(asset_id)
        kind: SourceKind = "generated" if asset.origin == "generated" else "asset"
        if (part, asset_id) != ("detail", hero):
            draft.board.sources.append(Source(part, kind, asset_id, asset.title, asset.rights))


def _pictures_of(draft: Draft) -> list[int]:
    links = [link for link in draft.library.items.assets_of(draft.item.id) if link.role in ("hero", "detail")]
    links.sort(key=lambda link: (link.role != "hero", link.position))
    order = list(dict.fromkeys(link.asset_id for link in links))
    known = {a.id: a for a in draft.library.assets.get_many(order)}
    return [i for i in order if i in known and _usable(known[i])]


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
    pixels = _pixels(draft, asset_id, 400)
    return pixels is not None and cut_out(pixels) is not None


def _pixels(draft: Draft, asset_id: int, side: int) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    try:
        path = draft.library.assets.path_of(draft.library.assets.get(asset_id))
        return image_array(path, max_side=side)
    except (StudioError, OSError):
        return None


def palette(draft: Draft) -> None:
    """Take the colours from the product itself: the cut-out, else the middle of the photo."""
    pixels = _pixels(draft, draft.pictures["hero"], 360)
    if pixels is None:
        draft.board.palette = scheme([], draft.seed)
        return
    cut = cut_out(pixels)
    if cut is not None:
        height, width = cut.rgba.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        solid = cut.rgba[..., 3] > 160
        found = swatches(cut.rgba[..., :3][solid], np.exp(-(x**2 + y**2) / 0.6)[solid])
    else:
        height, width = pixels.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        found = swatches(pixels.reshape(-1, 3), np.exp(-(x**2 + y**2) / 0.5).ravel())
    draft.board.palette = scheme(found, draft.seed + draft.item.id, lifted=cut is not None)


def background(draft: Draft) -> None:
    """Have a model make the background in the palette, and keep it as an asset."""
    colours = ground_colours(draft.board)
    accent = draft.board.palette["accent"]
    seed = draft.seed + draft.item.id  # every item its own picture, the same again for the same seed
    made = make_background(draft.library, draft.generation, accent, colours, seed, draft.board.name)
    if made is None:
        draft.board.sources.append(Source("background", "drawn", None, "gradient of the palette"))
        return
    draft.background, draft.model = made
    draft.board.sources.append(Source("background", "generated", draft.background, draft.model))


def ground_colours(board: Storyboard) -> list[str]:
    """The background's colours, light to dark."""
    return [board.palette[key] for key in ("ground", "ground_2", "ground_3")]


def copy_lines(draft: Draft) -> None:
    """Write the copy from the item's facts; what a person gave instead stands as it is."""
    writer = FactsWriter(draft.judge)
    args = (draft.item, draft.reviews, draft.audience)
    lines: dict[str, CopyLine] = {
        "eyebrow": writer.eyebrow(draft.item, draft.audience),
        "headline": writer.headline(*args),
        "line": writer.one_liner(*args),
        "quote": writer.quote(*args),
        "price": writer.price(draft.item, draft.audience),
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
    draft.board.sources.append(Source("copy", "facts", None, draft.item.sku))


def _words(given: object, draft: Draft) -> str:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return format_price(float(given), draft.item.currency, draft.board.locale)
    return str(given)[:2000]


def scenes(draft: Draft) -> None:
    """Lay the recipe's scenes one after the other and put every layer in its place."""
    start = 0.0
    for plain in draft.recipe.scenes:
        scene = Scene(str(plain["name"]), start, float(plain["duration"]))
        if "transition" in plain:
            change = plain["transition"]
            scene.transition = Transition(change.get("kind", "fade"), float(change.get("seconds", 0.4)))
        elif not draft.board.scenes:
            scene.transition = Transition("cut", 0.0)
        scene.stacks = [
            Stack(members=list(s["members"]), gap=float(s.get("gap", 0.02)), slot=str(s.get("slot", "")))
            for s in plain.get("stacks", [])
        ]
        for entry in plain.get("layers", []):
            scene.layers.append(_layer(draft, entry))
        draft.board.scenes.append(scene)
        start += scene.duration
    draft.board.duration = round(start, 4)
    place_all(draft.board, draft.recipe)


def _layer(draft: Draft, entry: dict[str, Any]) -> Any:
    plain = copy.deepcopy(entry)
    for key, value in plain.items():
        if isinstance(value, str) and value.startswith("$"):
            plain[key] = draft.board.palette.get(value[1:], "#808080")
    layer = layer_from_dict(plain)
    if isinstance(layer, ImageLayer):
        layer.source = str(plain.get("picture", "hero"))
        layer.asset_id = draft.pictures.get(layer.source)
        if layer.source == "detail" and draft.pictures["detail"] == draft.pictures["hero"]:
            # one picture only: come closer, so that the second scene shows something new
            layer.motion.zoom = (layer.motion.zoom[0] + 0.24, layer.motion.zoom[1] + 0.24)
    elif isinstance(layer, GeneratedLayer):
        layer.asset_id, layer.model = draft.background, draft.model
        layer.seed = draft.seed + draft.item.id
        layer.colours = ground_colours(draft.board)
        layer.source = "generated" if draft.background is not None else "gradient"
    return layer


def music(draft: Draft) -> None:
    """Lay a music bed under it: the item's own, a loop of the library, or one a sound model makes; over it
    the item's voice, where it has one."""
    track, source = choose_music(
        draft.library, draft.generation, draft.item, draft.seed, draft.board.duration
    )
    draft.board.music = track
    if source is not None:
        draft.board.sources.append(source)
    spoken = choose_voice(draft.library, draft.item.id, draft.board.duration)
    if spoken is not None:
        draft.board.voice = spoken[0]
        draft.board.sources.append(spoken[1])


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


STEPS: dict[str, Step] = {
    "pictures": pictures,
    "palette": palette,
    "background": background,
    "copy": copy_lines,
    "scenes": scenes,
    "music": music,
    "captions": captions,
}
