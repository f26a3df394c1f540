"""What an audience likes, as plain values that generators take: colours, style, tempo, key, words."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import MediaError, StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.recommendation.segment_names import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.generation.sets.contract import RGB, Mood
    from mmstudio.library import Library
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.recommender import Recommender
    from mmstudio.recommendation.signals import Profile

log = logging.getLogger(__name__)
_ITEMS = 20  # items that a taste rests on
_PICTURES = 6  # of which pictures are looked at
_LIKED = 8  # whose place in a picture model is looked for, and as many generated ones
_SIDE = 256  # pixels at which a picture is measured
_SURE = 0.15  # a tempo or key that is heard less surely is not told
_MAJOR = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_MINOR = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")


@dataclass(frozen=True, slots=True)
class Taste:
    """The taste of an audience; whatever is not known is empty.

    Attributes:
        vector: float32[D], the library's shared vector, in which picture models are told what an item is
            like; length 1. Empty where the library has none, or nothing liked has one.
        palette: "#rrggbb", most typical first, at most 5. style: mood words of the pictures ("warm", "calm").
        tempo: beats per minute, 0 where no sound is known. key: "C minor", "" where none is.
        words: words that its items have more of than others. tags: of the media of its items.
        evidence: one sentence: what it rests on.
        items: item ids it rests on, strongest first.
        pitch: the key as 0 to 11 C major to B major, 12 to 23 C minor to B minor; −1 where none is.
        pictures: asset ids of pictures of its items, those of the strongest first, generated ones last.
    """

    vector: NDArray[np.float32]
    palette: tuple[str, ...]
    style: tuple[str, ...]
    tempo: float
    key: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    evidence: str
    items: tuple[int, ...] = ()
    pitch: int = -1
    pictures: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is anything that could steer a generator."""
        return bool(self.palette or self.style or self.tempo or self.words or self.vector.size)

    def wish(self) -> dict[str, Any]:
        """What :class:`mmstudio.generation.sets.contract.SetWish` takes as ``taste``, plain JSON."""
        told: dict[str, Any] = {
            "palette": list(self.palette), "style": list(self.style), "tempo": self.tempo, "key": self.pitch,
            "words": list(self.words), "tags": list(self.tags), "pictures": list(self.pictures),
            "vector": [round(float(number), 6) for number in self.vector],
        }  # fmt: skip
        return {name: value for name, value in told.items() if value not in ([], 0.0, -1)}


def taste(recommender: Recommender, audience_id: int, *, draft: Audience | None = None) -> Taste:
    """The taste of an audience; reads up to six pictures, so not for the GUI thread. Raises NotFound."""
    library = recommender.library
    audience = library.audiences.get(audience_id) if draft is None else draft
    catalogue = recommender.catalogue()
    profile = recommender.profile(audience)
    weights = _weights(profile)
    rows = list(weights)
    items = [int(catalogue.ids[row]) for row in rows]
    share = np.array([weights[row] for row in rows], np.float64)
    palette, style = _look(library, items, chinese=audience.locale.startswith("zh"))
    tempo, pitch = _sound(library, items, share)
    return Taste(
        vector=_vector(library, items, share),
        palette=palette,
        style=style,
        tempo=tempo,
        key=_key(pitch),
        words=_words(catalogue, weights),
        tags=_tags(library, items),
        evidence=_evidence(audience, profile, len(palette)),
        items=tuple(items),
        pitch=pitch,
        pictures=_pictures(library, items),
    )


def liked(recommender: Recommender, audience_id: int) -> dict[str, Any]:
    """What an audience likes, as wishes for generators take it. Raises NotFound.

    Raises:
        UsageError: nothing is known of it.
    """
    found = taste(recommender, audience_id)
    if not found.known:
        raise UsageError(
            "Nothing is known yet about what this audience likes.",
            hint="Like a few items on its page, or set the taste to 0 %.",
        )
    return found.wish()


def _weights(profile: Profile) -> dict[int, float]:
    """Item row → weight, the strongest first: likes count 1, what members choose its mean strength."""
    found = {row: weight for row, weight in profile.anchors.items() if row not in profile.disliked}
    found |= dict.fromkeys(profile.liked, 1.0)
    best = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:_ITEMS]
    return dict(best)


def _vector(library: Library, items: list[int], share: NDArray[np.float64]) -> NDArray[np.float32]:
    from mmstudio.learning.datasets.describe import vectors_of_items

    known = vectors_of_items(library, items)
    if not known:
        return np.zeros(0, np.float32)
    middle = sum(weight * known[item] for item, weight in zip(items, share, strict=True) if item in known)
    length = float(np.linalg.norm(middle))
    return np.asarray(middle / length, np.float32) if length > 1e-9 else np.zeros(0, np.float32)


def _pictures(library: Library, items: list[int]) -> tuple[int, ...]:
    """The first pictures of the strongest items, then what was generated for them."""
    found: list[int] = []
    generated: list[int] = []
    for item_id in items:
        hero = library.items.hero_of(item_id)
        linked = [link.asset_id for link in library.items.assets_of(item_id)]
        found += [hero] if hero is not None else linked[:1]
        generated += [asset for asset in linked if library.generations.of_asset(asset) is not None]
    ids = dict.fromkeys((*found[:_LIKED], *generated[:_LIKED]))
    usable = {asset.id for asset in library.assets.get_many(list(ids)) if asset.kind == "image"}
    return tuple(asset for asset in ids if asset in usable)


def _look(library: Library, items: list[int], *, chinese: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(palette, style words) of the pictures of the strongest items."""
    from mmstudio.features.pictures.colour import palette
    from mmstudio.generation.sets import colours, mood
    from mmstudio.media.image import image_array

    palettes: list[list[RGB]] = []
    moods: list[tuple[Mood, float]] = []
    for item_id in items:
        if len(palettes) >= _PICTURES:
            break
        hero = library.items.hero_of(item_id)
        if hero is None:
            continue
        try:
            asset = library.assets.get(hero)
            if asset.kind != "image" or asset.status != "ok":
                continue
            picture = image_array(library.assets.path_of(asset), _SIDE)
        except (MediaError, StudioError, OSError) as error:
            log.info("the picture of item %s says nothing about taste: %s", item_id, error)
            continue
        palettes.append(palette(picture))
        moods.append((mood.of_picture(picture), 1.0))
    if not palettes:
        return (), ()
    # The first colour of every picture before the second of any.
    most = max(len(one) for one in palettes)
    turns = [[one[place] for one in palettes if place < len(one)] for place in range(most)]
    shared = colours.joined(*turns)
    return tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in shared), mood.words_for(mood.mixed(moods), chinese)


def _sound(library: Library, items: list[int], share: NDArray[np.float64]) -> tuple[float, int]:
    """(tempo, pitch) over what sounds in the items: the weighted median, and the key heard most."""
    heard: list[tuple[int, float]] = []
    for item_id, weight in zip(items, share, strict=True):
        heard += [(link.asset_id, float(weight)) for link in library.items.assets_of(item_id)]
    measures = library.facts.measures_of([asset for asset, _ in heard])
    tempos: list[tuple[float, float]] = []
    keys: Counter[int] = Counter()
    for asset, weight in heard:
        told = measures[asset]
        if told.get("tempo", 0) > 0 and told.get("tempo_sure", 0) >= _SURE:
            tempos.append((told["tempo"], weight))
        if "key" in told and told.get("key_sure", 0) >= _SURE:
            keys[int(told["key"])] += int(1000 * weight * told["key_sure"])
    tempo = 0.0
    if tempos:
        tempos.sort()
        reach = np.cumsum([weight for _, weight in tempos])
        tempo = round(float(tempos[int(np.searchsorted(reach, reach[-1] / 2))][0]), 1)
    best = max(keys, key=lambda key: (keys[key], -key), default=-1)
    return tempo, best if 0 <= best < 24 else -1


def _key(pitch: int) -> str:
    if pitch < 0:
        return ""
    if pitch < 12:
        return tr("{note} major", note=_MAJOR[pitch])
    return tr("{note} minor", note=_MINOR[pitch - 12])


def _words(catalogue: Catalogue, weights: dict[int, float]) -> tuple[str, ...]:
    """What its items have more of than the rest of the catalogue."""
    if not weights:
        return ()
    table = np.zeros((2, len(catalogue.items)))
    # Every like was made on purpose, so it weighs as ten choices; the rest of the catalogue weighs four times
    # as much as all of them.
    table[0, list(weights)] = 10 * np.array(list(weights.values()))
    table[1] = 4 * table[0].sum() / max(1, len(catalogue.items) - len(weights))
    table[1, list(weights)] = 0
    return describe(catalogue, table)[0].words


def _tags(library: Library, items: list[int]) -> tuple[str, ...]:
    assets = [link.asset_id for item_id in items for link in library.items.assets_of(item_id)]
    counts: Counter[str] = Counter()
    for names in library.assets.tags_of(assets).values() if assets else ():
        counts.update(name for name in names if name != "generated")
    return tuple(name for name, _ in counts.most_common(8))


def _evidence(audience: Audience, profile: Profile, colours: int) -> str:
    likes, chosen = len(profile.liked), len(profile.taste)
    if likes and chosen:
        said = tr("From {likes} likes and {n} items that its members chose.", likes=likes, n=chosen)
    elif likes:
        said = tr("From one like.") if likes == 1 else tr("From {likes} likes.", likes=likes)
    elif chosen:
        said = tr("From {n} items that its members chose.", n=chosen)
    elif audience.brief.strip():
        return tr("No likes and no events yet: only the brief is known.")
    else:
        return tr("No data yet: write a brief or like a few items.")
    return said if colours else said + " " + tr("None of them has a picture that can be read.")
