"""What a set is made from: the given thing, read and measured, becomes an aim for all three parts."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import MediaError, NotFound, StudioError, UsageError
from mmstudio.generation.sets import colours, mood
from mmstudio.generation.sets.contract import RGB, Mood, SetWish
from mmstudio.generation.sets.lexicon import has_han
from mmstudio.generation.sets.personal import personal
from mmstudio.generation.steering import palette_of
from mmstudio.i18n import language

if TYPE_CHECKING:
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.library import Audience, Item, Library

log = logging.getLogger(__name__)
_SIDE = 512  # pixels at which a picture is measured
_READ = 20_000  # characters of a text that are read
_LIKED = 3.0  # what a stated like counts, in interactions
_ITEMS = 3  # of an audience's items that lend their colours
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Given:
    """The given thing and the aim.

    Attributes:
        kind: "item", "picture", "sound", "text", "audience" or "nothing".
        picture: uint8 H×W×3. sound: as decoded. text: plain words.
        origins: part → how to get the given medium again, see :mod:`mmstudio.generation.sets.recipes`.
        palette, mood, tempo, key: the aim; tempo 0 and key None where the mood decides.
        words: everything said about it, for mood words and names. tags: of the asset.
        favourites: words that its readers like, for the line of copy.
    """

    kind: str = "nothing"
    picture: NDArray[np.uint8] | None = None
    sound: Sound | None = None
    text: str = ""
    item: Item | None = None
    audience: Audience | None = None
    asset: int | None = None
    tags: tuple[str, ...] = ()
    words: str = ""
    locale: str = "en"
    palette: tuple[RGB, ...] = ()
    mood: Mood = field(default_factory=Mood)
    tempo: float = 0.0
    key: int | None = None
    favourites: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    origins: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def chinese(self) -> bool:
        """Whether the set speaks Chinese."""
        return self.locale.replace("-", "_").lower().split("_")[0] in ("zh", "cmn", "yue")


def read(library: Library, wish: SetWish) -> Given:
    """Read what a wish names and work out the aim.

    Raises:
        NotFound: no such item, asset, audience or file. MediaError: the file cannot be decoded. UsageError:
        a sentence without a letter or sign in it.
    """
    given = Given()
    if wish.audience_id is not None:
        given.audience = library.audiences.get(wish.audience_id)
    if wish.item_id is not None:
        _item(library, wish.item_id, given)
    elif wish.asset_id is not None:
        _asset(library, wish.asset_id, given)
    elif wish.file:
        _file(Path(wish.file), given)
    elif wish.text:
        _sentence(wish.text, given)
    elif given.audience is not None:
        given.kind = "audience"
        _engaged(library, given)
    for part, what in wish.given.items():
        _part(library, part, what, given)
    given.locale = _locale(wish, given)
    if given.item is not None:
        given.item = given.item.in_locale(given.locale)
    _aim(library, wish, given)
    return given


def plain(text: str, most: int = _READ) -> str:
    """One line without control characters, at most ``most`` characters."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") else " " for c in text[:most])
    return _SPACE.sub(" ", kept).strip()


def sha_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


# -- kinds of things ---------------------------------------------------------------------------------------


def _item(library: Library, item_id: int, given: Given) -> None:
    item = library.items.get(item_id)
    given.kind, given.item = "item", item
    attributes = " ".join(item.attributes.values())
    given.words = plain(f"{item.title}. {item.category}. {item.description}. {attributes}")
    links = library.items.assets_of(item_id)
    hero = library.items.hero_of(item_id)
    order = [hero] if hero is not None else []
    order += [link.asset_id for link in links if link.asset_id not in order]
    for asset_id in order:
        asset = library.assets.get(asset_id)
        if asset.status != "ok" or asset.kind not in ("image", "video"):
            continue
        try:
            _medium(library.assets.path_of(asset), asset.kind, given)
        except (MediaError, OSError, StudioError) as error:  # an item may live without any one picture
            log.info("the picture %s of item %s is not used: %s", asset.id, item.sku, error)
            continue
        given.asset, given.sources = asset_id, (asset_id,)
        given.origins["picture"] = {"by": "asset", "asset": asset_id, "sha256": asset.sha256}
        return


def _asset(library: Library, asset_id: int, given: Given) -> str:
    asset = library.assets.get(asset_id)
    path = library.assets.path_of(asset)
    if asset.status != "ok" or not path.is_file():
        raise NotFound("The file {name} is not there.", hint="Relink it first.", name=path.name)
    given.asset, given.sources = asset_id, (*given.sources, asset_id)
    tags = (tag for tag in library.assets.tags_of([asset_id])[asset_id] if tag != "generated")
    given.tags = tuple(dict.fromkeys((*given.tags, *tags)))
    given.words = plain(f"{asset.title}. {asset.caption}. {' '.join(given.tags)}. {given.words}")
    part = _medium(path, asset.kind, given)
    given.origins[part] = {"by": "asset", "asset": asset_id, "sha256": asset.sha256}
    return part


def _file(path: Path, given: Given) -> str:
    from mmstudio.media.kinds import kind_of

    if not path.is_file():
        raise NotFound("There is no file {name}.", hint="Give an asset id or a file.", name=path.name)
    kind = kind_of(path)
    if kind is None:
        raise MediaError(
            "{name} is not a picture, sound, video or text.", status="unsupported", name=path.name
        )
    given.words = plain(f"{path.stem.replace('_', ' ').replace('-', ' ')}. {given.words}")
    part = _medium(path, kind, given)
    given.origins[part] = {"by": "file", "path": str(path), "sha256": sha_of(path)}
    return part


def _part(library: Library, part: str, what: str, given: Given) -> None:
    """A part that is there already; Raises UsageError where it is of another kind."""
    kind, found = given.kind, "text"
    if part == "text" and not (what.isdigit() or Path(what[:200]).is_file()):
        _sentence(what, given)
    elif what.isdigit():
        found = _asset(library, int(what), given)
    else:
        found = _file(Path(what), given)
    if kind != "nothing":
        given.kind = kind
    if part != found:
        raise UsageError(
            "What was given as {part} is something else: {found}.",
            hint="Give a picture, a sound or a text where each belongs.",
            part=part,
            found=found,
        )


def _medium(path: Path, kind: str, given: Given) -> str:
    """Read a file into its part; which part that was."""
    wanted = given.kind
    if kind == "image":
        from mmstudio.media.image import image_array

        given.picture, given.kind = image_array(path, _SIDE), "picture"
    elif kind == "video":
        from mmstudio.media.image import over_white
        from mmstudio.media.video import VideoReader

        with VideoReader(path) as reader:
            given.picture = np.asarray(over_white(reader.frame_at(0.5, _SIDE)))
        given.kind = "picture"
    elif kind == "audio":
        from mmstudio.features.sounds.hearing import load_sound
        from mmstudio.media.audio import audio_info

        given.sound, given.kind = load_sound(path, audio_info(path).duration), "sound"
    else:
        from mmstudio.media.text import load_text

        document = load_text(path)
        _sentence(f"{document.title}. {document.text}" if document.title else document.text, given)
    found = given.kind
    if wanted != "nothing":
        given.kind = wanted
    return found


def _sentence(text: str, given: Given) -> None:
    words = plain(text)
    if not words or not any(unicodedata.category(c)[0] in "LNS" for c in words):
        raise UsageError("There are no words in it.", hint="Write a sentence, a word or an emoji.")
    given.kind, given.text = "text", words
    given.words = f"{given.words} {words}{_emoji(words)}".strip()
    given.origins["text"] = {"by": "given", "text": words}


def _emoji(words: str) -> str:
    """What the emoji of a text are called: a party popper says "party"."""
    names = [unicodedata.name(c, "") for c in words[:_READ] if unicodedata.category(c) == "So"]
    told = [re.sub(r"\b(HEAVY|BLACK|WHITE|DARK|LIGHT)\b", "", name).lower() for name in names[:20]]
    return f" ({plain(', '.join(told))})" if told else ""


def _engaged(library: Library, given: Given) -> None:
    """The items that an audience takes to lend their pictures and words; its brief and traits always do."""
    audience = given.audience
    assert audience is not None
    table = library.audiences.interactions()
    members = np.asarray(library.audiences.members(audience.id), np.int64)
    own = np.isin(table.member, members)
    scores: dict[int, float] = {}
    for item, weight in zip(table.item[own].tolist(), table.weight[own].tolist(), strict=True):
        scores[item] = scores.get(item, 0.0) + weight
    for item in audience.liked:
        scores[item] = scores.get(item, 0.0) + _LIKED
    for item in audience.disliked:
        scores.pop(item, None)
    best = [item for item, score in sorted(scores.items(), key=lambda one: (-one[1], one[0])) if score > 0]
    items = library.items.get_many(best[:_ITEMS])
    palettes: list[Sequence[RGB]] = []
    pictures: list[tuple[Mood, float]] = []
    sources: list[int] = []
    words = [audience.brief, audience.tone, *(str(value) for value in audience.traits.values())]
    for item in items:
        seen = Given(kind="item")
        _item(library, item.id, seen)
        words.append(f"{item.title} {item.category}")
        if seen.picture is None:
            continue
        palettes.append(_colours_of(seen.picture)[:2])
        pictures.append((mood.of_picture(seen.picture), 1.0))
        sources += seen.sources
        if given.picture is None:
            given.picture, given.origins = seen.picture, seen.origins
    given.item = items[0] if items else None
    given.words = plain(". ".join(words))
    given.sources = tuple(dict.fromkeys(sources))
    given.palette = colours.joined(*palettes) if palettes else ()
    given.mood = mood.mixed(pictures) if pictures else Mood()


# -- the aim -----------------------------------------------------------------------------------------------


def _aim(library: Library, wish: SetWish, given: Given) -> None:
    moods: list[tuple[Mood, float]] = []
    told, sure = mood.of_words(given.words)
    named = tuple(palette_of(_colour_words(given)))
    if given.kind == "audience" and given.palette:
        moods.append((given.mood, 1.0))
    elif given.picture is not None:
        moods.append((mood.of_picture(given.picture), 1.0))
        given.palette = tuple(_colours_of(given.picture))
    if given.sound is not None:
        heard, given.tempo, given.key = mood.of_sound(given.sound)
        moods.append((heard, 1.0))
    moods.append((told, sure * (1.6 if given.kind in ("text", "audience") else 0.6)))
    if named:
        moods.append((mood.of_palette(named), 0.3))
    if given.audience is not None and given.kind != "audience":
        audience = given.audience
        its_words = f"{audience.brief} {audience.tone} {' '.join(str(v) for v in audience.traits.values())}"
        its_mood, its_sure = mood.of_words(its_words)
        moods.append((its_mood, 0.7 * its_sure))
    if sum(weight for _, weight in moods) < 0.5:
        moods.append((_by_chance(given.words, wish.seed), 0.5))
    found = mood.mixed(moods)
    if not given.palette:
        crc = zlib.crc32(given.words.encode()) if given.words else 0
        given.palette = colours.joined(named, colours.of_mood(found, wish.seed + crc))
    said = mood.words_for(found, given.chinese, named=[given.words] if sure > 0 else [])
    given.mood = replace(found, words=said)
    given.tempo = _in_range(given.tempo) if given.tempo else mood.tempo_of(given.mood)
    given.key = mood.key_for(given.mood, wish.seed) if given.key is None else given.key
    personal(given, wish)


def _colour_words(given: Given) -> str:
    """Where colours are named: in a sentence; of an item that has no picture to show them, in its name and
    attributes."""
    if given.kind == "text":
        return given.words
    if given.item is None or given.picture is not None:
        return ""
    return plain(f"{given.item.title} {' '.join(given.item.attributes.values())}")


def _by_chance(words: str, seed: int) -> Mood:
    """A mood for what says nothing about moods: different for different words and seeds."""
    random = np.random.default_rng([seed % 2**63, zlib.crc32(words.encode())])
    values = random.uniform(0.15, 0.85, 4)
    energy, valence, warmth, brightness = (float(value) for value in values)
    return Mood(energy, valence, warmth, brightness, 0.25 + 0.5 * energy)


def _in_range(tempo: float) -> float:
    while tempo > mood.FASTEST * 1.1:
        tempo /= 2
    while tempo < mood.SLOWEST * 0.75:
        tempo *= 2
    return round(tempo, 1)


def _colours_of(picture: NDArray[np.uint8]) -> list[RGB]:
    from mmstudio.features.pictures.colour import palette

    return palette(picture)


def _locale(wish: SetWish, given: Given) -> str:
    if wish.locale:
        return wish.locale
    if given.audience is not None and given.audience.locale:
        return given.audience.locale
    if given.text:
        return "zh_CN" if has_han(given.text) else "en"
    if given.item is not None:
        return "zh_CN" if has_han(given.item.title) else "en"
    return language()
