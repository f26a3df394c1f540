"""What a finished asset is like, as numbers its appeal can be predicted from, and whether it may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import NotFound
from mmstudio.features.texts.words import tokens
from mmstudio.generation.copywriting.contract import Brand
from mmstudio.generation.copywriting.facts import known_of
from mmstudio.generation.copywriting.guard import blocking, check
from mmstudio.generation.sets.colours import lab_of
from mmstudio.generation.sets.mood import of_colours
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library import Asset, Library
    from mmstudio.library.records import Audience

# Name of a trait → what a person calls it. All are about 0 to 1.
NAMES: dict[str, str] = {
    "relevance": mark("how well the item fits the audience"),
    "brief": mark("words of the brief in the text"),
    "taste": mark("colours the audience likes"),
    "warmth": mark("warm colours"),
    "brightness": mark("brightness"),
    "energy": mark("energy of the colours"),
    "tempo": mark("tempo of the music"),
    "words": mark("length of the text"),
    "price": mark("a price in the text"),
    "seconds": mark("length in time"),
    "scenes": mark("number of scenes"),
    "sound": mark("music or voice"),
    "generated": mark("generated parts"),
    "sharpness": mark("sharpness of the pictures"),
    "agreement": mark("how well picture, sound and text agree"),
}
OF_AUDIENCE = ("relevance", "brief", "taste")  # worked out when variants are ranked
_BLURRED = 0.05  # sharpness below which a picture looks out of focus
_SMALL = 320  # pixels of the shorter side below which a picture looks coarse
_PRICE = re.compile(r"[€$£¥]\s?\d|\d\s?(?:€|EUR|USD|GBP|CNY|元)")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
RGB = tuple[int, int, int]


def of_storyboard(library: Library, data: Mapping[str, Any]) -> dict[str, float]:
    """Traits of a storyboard's data (see ``composition.Storyboard.to_dict``)."""
    scenes = [one for one in data.get("scenes") or [] if isinstance(one, Mapping)]
    texts = texts_of_storyboard(data)
    assets = _assets(library, asset_ids(data))
    sounds = [
        t for t in (data.get("music"), data.get("voice")) if isinstance(t, Mapping) and t.get("asset_id")
    ]
    sources = [one for one in data.get("sources") or [] if isinstance(one, Mapping)]
    made = sum(one.get("kind") == "generated" for one in sources) / max(1, len(sources))
    return {
        **_colours(palette_of(data)),
        **_texts(texts),
        **_measured(library, assets),
        "seconds": min(1.0, _float(data.get("duration")) / 30),
        "scenes": min(1.0, len(scenes) / 10),
        "sound": float(bool(sounds)),
        "generated": made,
    }


def of_set(library: Library, asset_ids: Sequence[int], manifest: Mapping[str, Any]) -> dict[str, float]:
    """Traits of a set: its assets and its manifest (see ``generation.sets.contract.MadeSet``)."""
    agreement = [_float(v) for v in (manifest.get("agreement") or {}).values() if isinstance(v, int | float)]
    found = {
        **_colours([tuple(c) for c in manifest.get("palette") or [] if len(c) == 3]),
        **_texts([str(manifest.get("title", "")), str(manifest.get("text", ""))]),
        **_measured(library, _assets(library, asset_ids)),
        "sound": 1.0,
        "generated": 1.0,
    }
    if _float(manifest.get("tempo")):
        found["tempo"] = min(1.0, _float(manifest["tempo"]) / 200)
    if agreement:
        found["agreement"] = float(np.clip(np.mean(agreement), 0, 1))
    return found


def of_asset(library: Library, asset: Asset) -> dict[str, float]:
    """Traits of a single picture, sound, clip or text."""
    return {
        **_texts([asset.title]),
        **_measured(library, [asset]),
        "sound": float(asset.kind in ("audio", "video")),
        "seconds": min(1.0, _float(asset.duration) / 30),
        "generated": float(asset.origin == "generated"),
    }


def checks_of(
    library: Library, item_id: int | None, texts: Iterable[str], ids: Sequence[int], locale: str
) -> dict[str, Any]:
    """Name of a check → {"ok", "words"}: texts against facts and brand, pictures, rights, files.

    The texts of a storyboard are checked again when it leaves (``export.copy_gate``), overrides included.
    """
    found: dict[str, Any] = {}
    said = [text for text in texts if text.strip()]
    problem = _copy_problem(library, item_id, said, locale)
    found["copy"] = {"ok": not problem, "words": problem}
    known = {asset.id: asset for asset in library.assets.get_many(list(ids))}
    gone = [i for i in ids if i not in known or known[i].status != "ok"]
    found["files"] = {
        "ok": not gone,
        "words": tr("{n} of its files are missing.", n=len(gone)) if gone else "",
    }
    closed = [a.title for a in known.values() if a.rights == "restricted"]
    found["rights"] = {
        "ok": not closed,
        "words": tr("{title} may not be used: its rights are restricted.", title=closed[0]) if closed else "",
    }
    poor = _poor(library, list(known.values()))
    found["quality"] = {"ok": not poor, "words": poor}
    return found


def brief_match(audience: Audience, texts: Iterable[str]) -> float:
    """Share of the brief's words that stand in the texts, 0…1; half of them count as all."""
    wanted = {word for word in tokens(audience.brief) if len(word) > (3 if word.isascii() else 1)}
    if not wanted:
        return 0.0
    there = {word for text in texts for word in tokens(text)}
    return min(1.0, 2 * len(wanted & there) / len(wanted))


def texts_of_storyboard(data: Mapping[str, Any]) -> list[str]:
    """Every text that is drawn, each once."""
    found: dict[str, None] = {}
    copy = data.get("copy")
    words: Mapping[str, Any] = copy if isinstance(copy, Mapping) else {}
    for scene in data.get("scenes") or []:
        for layer in scene.get("layers") or []:
            if layer.get("kind") == "text":
                text = str(layer.get("text") or words.get(layer.get("bind"), "")).strip()
                if text:
                    found[text] = None
    if not found:
        found = dict.fromkeys(str(value) for value in words.values() if str(value).strip())
    return list(found)


def asset_ids(data: Mapping[str, Any]) -> list[int]:
    """Assets that a storyboard draws or plays, each once."""
    layers = [layer for scene in data.get("scenes") or [] for layer in scene.get("layers") or []]
    tracks = [track for track in (data.get("music"), data.get("voice")) if isinstance(track, Mapping)]
    ids = [one.get("asset_id") for one in (*layers, *tracks)]
    return list(dict.fromkeys(int(i) for i in ids if isinstance(i, int)))


def palette_of(data: Mapping[str, Any]) -> list[RGB]:
    """The colours of a storyboard's palette."""
    palette = data.get("palette")
    values = palette.values() if isinstance(palette, Mapping) else ()
    return colours_of(str(value) for value in values)


def colours_of(texts: Iterable[str]) -> list[RGB]:
    """ "#rrggbb" as numbers; other texts are left out."""
    found = [text[:7] for text in texts if _HEX.match(text)]
    return [(int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)) for c in dict.fromkeys(found)]


def _colours(palette: Sequence[Any]) -> dict[str, float]:
    if not palette:
        return {}
    mood = of_colours(lab_of(palette))
    return {"warmth": mood.warmth, "brightness": mood.brightness, "energy": mood.energy}


def _texts(texts: Sequence[str]) -> dict[str, float]:
    words = sum(len(tokens(text)) for text in texts)
    return {"words": min(1.0, words / 40), "price": float(any(_PRICE.search(text) for text in texts))}


def _measured(library: Library, assets: Sequence[Asset]) -> dict[str, float]:
    measures = library.facts.measures_of([asset.id for asset in assets])
    sharp = [m["sharpness"] for m in measures.values() if "sharpness" in m]
    tempo = [m["tempo"] for m in measures.values() if m.get("tempo")]
    found: dict[str, float] = {}
    if sharp:
        found["sharpness"] = float(np.clip(np.mean(sharp), 0, 1))
    if tempo:
        found["tempo"] = min(1.0, float(np.mean(tempo)) / 200)
    return found


def _assets(library: Library, ids: Sequence[int]) -> list[Asset]:
    return library.assets.get_many(list(ids))


def _copy_problem(library: Library, item_id: int | None, texts: Sequence[str], locale: str) -> str:
    item, reviews = None, []
    if item_id is not None:
        try:
            item = library.items.get(item_id)
            reviews = list(library.items.reviews_of(item_id))
        except NotFound:
            item = None
    facts = known_of(item, reviews, locale)
    rules = Brand(tuple(rule for rule in library.brand.get().rules if rule.kind != "require"))
    for text in texts:
        for span in blocking(check(text, facts, locale, rules)):
            if span.status == "banned":
                return tr("“{text}” is banned by the rules of the brand.", text=span.text)
            if item is not None:
                return tr("“{text}” is not supported by the facts of the item.", text=span.text)
    return ""


def _poor(library: Library, assets: Sequence[Asset]) -> str:
    pictures = [asset for asset in assets if asset.kind == "image"]
    measures = library.facts.measures_of([asset.id for asset in pictures])
    for asset in pictures:
        if asset.width and asset.height and min(asset.width, asset.height) < _SMALL:
            return tr(
                "{title} is small: {width} × {height}.",
                title=asset.title,
                width=asset.width,
                height=asset.height,
            )
        if measures.get(asset.id, {}).get("sharpness", 1.0) < _BLURRED:
            return tr("{title} looks out of focus.", title=asset.title)
    return ""


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else 0.0
