"""What belongs together in a library: which media, words, tags and audiences make one set. Opens no media."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.texts.extraction import item_text
from mmstudio.learning.datasets.choose import FORBIDDEN
from mmstudio.library import AssetFilter, parse_query

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library

MOST_OF_ITEM = 4  # sets of one item or video: its further pictures tell little more
MOST_OF_COLLECTION = 12  # media above which a collection is a shelf, not a set
LONGEST = 90  # letters of a text
MOST_TRAITS = 32  # of one audience
_SHARE_OF_VIDEO = (0.25, 0.5, 0.75)


@dataclass(slots=True)
class Bundle:
    """One set.

    Attributes:
        group: "item 3", "asset 7": sets of one group are held out together.
        image, audio: the assets it is seen and heard in, or None; a video may be either.
        moment: of a video's picture, 0 to 1 of its length.
        text, tags, category: what it says and what is said of it.
        audiences: audience → how much it did with the item, 1 the most; so too each trait of an audience
            (see :func:`trait_labels`), as much as the one of them that did most.
    """

    group: str
    image: Asset | None = None
    audio: Asset | None = None
    moment: float = 0.5
    text: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    audiences: Mapping[str, float] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """The assets in it."""
        return [asset.id for asset in (self.image, self.audio) if asset is not None]


@dataclass(slots=True)
class Found:
    """All sets, and the ids of media that were not used."""

    bundles: list[Bundle]
    forbidden: list[int]
    left_out: list[int]


def find_bundles(library: Library, config: ModelConfig) -> Found:
    """Items with their media, videos with their sound, small collections, and media with words of their own.

    The same media go with the same words as in the shared vector (:mod:`mmstudio.learning.fusion.examples`):
    an asset of an item with the item's, any other with its own. Only imported media unless the query says
    more, none whose rights forbid training or that a person left out.
    """
    wanted = parse_query(config.query)
    wanted = wanted if wanted.origin is not None else replace(wanted, origin="imported")
    usable: dict[int, Asset] = {}
    forbidden, left_out = [], []
    for asset in library.assets.get_many(sorted(library.assets.ids(wanted))):
        if asset.id in set(config.leave_out):
            left_out.append(asset.id)
        elif asset.rights in FORBIDDEN:
            forbidden.append(asset.id)
        else:
            usable[asset.id] = asset
    tags = library.assets.tags_of(list(usable)) if usable else {}
    bundles, used = _of_items(library, usable, tags, everything=not config.query)
    bundles += _of_collections(library, usable, tags, used)
    for asset in usable.values():
        if asset.id not in used:
            bundles += _alone(library, asset, tags.get(asset.id, []))
    return Found(bundles, forbidden, left_out)


def _of_items(
    library: Library, usable: Mapping[int, Asset], tags: Mapping[int, Sequence[str]], *, everything: bool
) -> tuple[list[Bundle], set[int]]:
    bundles: list[Bundle] = []
    used: set[int] = set()
    engaged = engagement(library)
    for item in library.items.get_many(sorted(library.items.ids())):
        linked = [link.asset_id for link in library.items.assets_of(item.id)]
        media = [usable[i] for i in linked if i in usable and i not in used]
        seen = [asset for asset in media if asset.kind in ("image", "video")]
        heard = [asset for asset in media if asset.kind in ("audio", "video")]
        # A product without media still ties words to tags and audiences, unless its media are forbidden.
        if not (seen or heard) and (linked or not everything):
            continue
        used |= {asset.id for asset in media}
        own = tuple(sorted({tag for asset in media for tag in tags.get(asset.id, [])}))
        words = short(item.title) or short(item.description) or short(item_text(item))
        pairs = list(zip_longest(seen, heard))[:MOST_OF_ITEM] or [(None, None)]
        for place, (image, audio) in enumerate(pairs):
            # The one sound of a product belongs to each of its pictures.
            image = image or (seen[place % len(seen)] if seen else None)
            audio = audio or (heard[place % len(heard)] if heard else None)
            bundles.append(
                Bundle(
                    f"item {item.id}",
                    image,
                    audio,
                    text=words,
                    tags=own,
                    category=item.category,
                    audiences=engaged.get(item.id, {}),
                )
            )
    return bundles, used


def _of_collections(
    library: Library, usable: Mapping[int, Asset], tags: Mapping[int, Sequence[str]], used: set[int]
) -> list[Bundle]:
    """Small collections that hold both pictures and sounds: put together by a person."""
    bundles = []
    for collection in library.collections.list():
        if not 2 <= collection.count <= MOST_OF_COLLECTION:
            continue
        ids = library.assets.ids(AssetFilter(collection=collection.id))
        media = [usable[i] for i in sorted(ids) if i in usable and i not in used]
        seen = [asset for asset in media if asset.kind in ("image", "video")]
        heard = [asset for asset in media if asset.kind in ("audio", "video")]
        if not seen or not heard:
            continue
        used |= {asset.id for asset in (*seen, *heard)}
        for place in range(min(MOST_OF_ITEM, max(len(seen), len(heard)))):
            image, audio = seen[place % len(seen)], heard[place % len(heard)]
            said = own_text(image) or own_text(audio) or short(collection.name)
            own = tuple(sorted({*tags.get(image.id, []), *tags.get(audio.id, [])}))
            bundles.append(Bundle(f"collection {collection.id}", image, audio, text=said, tags=own))
    return bundles


def _alone(library: Library, asset: Asset, tags: Sequence[str]) -> list[Bundle]:
    group = f"content {asset.sha256}"
    own = tuple(sorted(tags))
    if asset.kind == "video":
        return [Bundle(group, asset, asset, moment, own_text(asset), own) for moment in _SHARE_OF_VIDEO]
    if asset.kind == "text":
        text = own_text(asset) or short(library.assets.text_of(asset.id))
        return [Bundle(group, text=text, tags=own)] if text and own else []
    image, audio = (asset, None) if asset.kind == "image" else (None, asset)
    return [Bundle(group, image, audio, text=own_text(asset), tags=own)]


def engagement(library: Library) -> dict[int, dict[str, float]]:
    """item → audience, or trait of audiences → how much their members did with it: log(1 + summed weights), 1
    the most of an item."""
    audiences = library.audiences.list()
    owner = {member: a.name for a in audiences for member in library.audiences.members(a.id)}
    traits = {a.name: trait_labels(a.traits) for a in audiences}
    seen = library.audiences.interactions()
    total: dict[int, dict[str, float]] = {}
    for member, item, weight in zip(seen.member, seen.item, seen.weight, strict=True):
        name = owner.get(int(member))
        if name is not None and weight > 0:
            row = total.setdefault(int(item), {})
            row[name] = row.get(name, 0.0) + float(weight)
    found = {}
    for item, row in total.items():
        most = float(np.log1p(max(row.values())))
        own = {name: round(float(np.log1p(value)) / most, 4) for name, value in row.items()}
        for name, value in list(own.items()):
            for label in traits[name]:
                own[label] = max(own.get(label, 0.0), value)
        found[item] = own
    return found


def trait_labels(traits: Mapping[str, Any]) -> list[str]:
    """What is said of an audience, one label each: {"age": "young", "likes": ["yoga"]} gives "age: young" and
    "likes: yoga"; yes counts by its name, no not at all; at most :data:`MOST_TRAITS` of them."""
    found: list[str] = []
    for key, value in sorted(traits.items()):
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                found.append(str(key))
            elif isinstance(one, (str, int, float)) and one is not False and str(one).strip():
                found.append(f"{key}: {str(one).strip()}")
    return list(dict.fromkeys(found))[:MOST_TRAITS]


def own_text(asset: Asset) -> str:
    """What an asset says of itself in short."""
    return short(asset.title) or short(asset.caption)


def short(text: str) -> str:
    """The first line of a text, its first sentence where it is long."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    if len(line) <= LONGEST:
        return line
    sentence = re.split(r"(?<=[.!?。！？])\s*", line)[0]
    return sentence if len(sentence) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0]
