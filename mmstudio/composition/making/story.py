"""Steps of the story and the trailer: an outline becomes three to eight scenes with pictures and captions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.finding import chosen_pictures, picture_about, picture_named, usable
from mmstudio.composition.making.lesson import set_language
from mmstudio.composition.making.narration import (
    NO_VOICE,
    Narrator,
    lead,
    scene_seconds,
    weight,
)
from mmstudio.composition.making.outline import (
    LEAST_SCENES,
    MOST_SCENES,
    Outline,
    Part,
    read_outline,
    short_title,
    shown,
)
from mmstudio.composition.making.recordings import recorded_line, recordings_of
from mmstudio.composition.steps.pictures import pictures_of
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Block, Caption, ImageLayer, Scene, Transition, VideoLayer
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.making.character import Character
    from mmstudio.composition.making.recordings import Recording
    from mmstudio.generation.voice.contract import Speech

_SHOWN = 150  # letters of a scene's text that are set; captions and voice have all of it
_LONGEST = 12.0  # seconds of a scene without a voice
_CAPTION = 84  # letters of one caption
_OPENING, _CLOSING = 3.0, 3.0  # seconds of title scenes
# how pictures drift, in turns: (zoom, pan_x, pan_y)
_DRIFTS = (
    ((1.0, 1.1), (0.0, 0.0), (0.0, 0.0)),
    ((1.12, 1.12), (-0.03, 0.03), (0.0, 0.0)),
    ((1.12, 1.02), (0.0, 0.0), (0.0, 0.0)),
    ((1.12, 1.12), (0.0, 0.0), (0.03, -0.03)),
)
LIBRARY, GENERATED, BOTH, NONE = "library", "generated", "both", "none"


def outline(draft: Draft) -> None:
    """Read the text. Leaves the outline in the draft's plan; names the storyboard by its title.

    Raises:
        UsageError: there is nothing to tell.
    """
    set_language(draft, draft.inputs.text)
    opens = draft.recipe.scene("title") is not None
    closes = draft.recipe.scene("end") is not None
    wanted = int(draft.option("scenes"))
    extra = int(opens) + int(closes)
    read = read_outline(draft.inputs.text, max((wanted or MOST_SCENES) - extra, 1), draft.inputs.title)
    if not read.parts:
        raise UsageError("The text has nothing to tell.", hint="Write a few lines, one for each scene.")
    if len(read.parts) + extra < LEAST_SCENES and len(read.parts) > 0:
        read = _drawn_out(read, LEAST_SCENES - extra)
    if not read.title:
        name = draft.item.title if draft.item is not None else read.parts[0].heading or read.parts[0].text
        read = Outline(short_title(shown(name, 60)), read.parts)
    draft.plan["outline"] = read
    if not draft.inputs.title:
        draft.board.name = draft.board.name if draft.item is not None else read.title
    draft.add_source("text", "person", None, read.title)


def _drawn_out(read: Outline, least: int) -> Outline:
    """A heading and its text as scenes of their own where there would be too few."""
    parts = [
        one
        for part in read.parts
        for one in (
            (Part(part.heading), Part("", part.text, part.picture)) if part.heading and part.text else (part,)
        )
    ]
    return Outline(read.title, tuple(parts)) if len(parts) >= least else read


def story_pictures(draft: Draft) -> Iterator[float]:
    """Choose a picture for every part: chosen ones in order, named ones, the item's, those of the library.

    What the words do not find in the library is filled with pictures like those around it, or left to a model
    where that was asked for.
    """
    parts: Sequence[Part] = draft.plan["outline"].parts
    wanted = str(draft.option("pictures"))
    named = draft.inputs.model not in ("", NONE)
    if wanted == LIBRARY and named and "pictures" not in draft.inputs.options:
        wanted = BOTH  # a model was named: it makes what the library does not have
    found: list[int | None] = [None] * len(parts)
    given = chosen_pictures(draft)
    if draft.item is not None:
        given += [one for one in pictures_of(draft) if one not in given]
    for index, part in enumerate(parts):
        if part.picture:
            found[index] = picture_named(draft, part.picture)
    for who in _characters(draft):
        for index, part in enumerate(parts):
            told = f"{part.heading} {part.text}".casefold()
            if found[index] is None and who.asset_id is not None and who.name.casefold() in told:
                found[index] = who.asset_id
                break  # one scene shows the face; the others what happens
    free = [one for one in given if one not in found]
    for index in range(len(parts)):
        if found[index] is None and free:
            found[index] = free.pop(0)
    if wanted in (LIBRARY, BOTH):
        for index, part in enumerate(parts):
            draft.breathe()
            if found[index] is None:
                words = part.picture or f"{part.heading} {part.text}".strip()
                found[index] = _about(draft, words, found)
            yield 0.5 * (index + 1) / len(parts)
        if wanted == LIBRARY:
            _like_the_others(draft, found)
    draft.plan["opening"] = free[0] if free else None
    hero = next((one for one in found if one is not None and draft.asset(one).kind == "image"), None)
    if hero is not None:
        draft.pictures["hero"] = hero
    draft.plan["pictures"] = found
    draft.plan["missing"] = (
        [i for i, one in enumerate(found) if one is None] if wanted in (GENERATED, BOTH) else []
    )


def story_models(draft: Draft) -> Iterator[float]:
    """Have a model make the pictures that are missing, in the palette; nothing when none was asked for."""
    missing: list[int] = draft.plan["missing"]
    if not missing:
        return
    if draft.generation is None:
        raise UsageError(
            "There is no model that could make pictures.", hint="Choose pictures, or name a model."
        )
    from mmstudio.composition.making.pictures_made import made_picture

    for done, index in enumerate(missing):
        draft.breathe()
        part: Part = draft.plan["outline"].parts[index]
        draft.plan["pictures"][index] = made_picture(
            draft, draft.seed + index, part.picture or part.heading or part.text
        )
        yield (done + 1) / len(missing)


def story_scenes(draft: Draft) -> Iterator[float]:
    """Lay the scenes: title, parts, end; each stands until it is spoken or read."""
    read: Outline = draft.plan["outline"]
    board, pace = draft.board, float(draft.option("pace"))
    narrator = Narrator(draft, str(draft.option("voice")).strip() or NO_VOICE, _voice(draft))
    who = [_speaker(draft, part) for part in read.parts]
    told = [_told(part, one is not None) for part, one in zip(read.parts, who, strict=True)]
    # A character says its own words, and not its name.
    aloud = [part.text if one else words for part, one, words in zip(read.parts, who, told, strict=True)]
    speeches: list[Speech | None] = [None] * len(told)
    cut = _recorded(draft, read, who)
    voices = [one.voice if one is not None else "" for one in who]
    for index, speech in narrator.speak(aloud, voices, {n: made for n, (_, made) in cut.items()}):
        speeches[index] = speech
        yield 0.8 * (index + 1) / len(told)
    board.copy["title"] = str(draft.overrides.get("title", read.title))
    start = 0.0
    spoken: list[tuple[float, Speech]] = []
    captions: list[Caption] = []
    if draft.recipe.scene("title") is not None:
        opening = draft.plan["opening"] or next((p for p in draft.plan["pictures"] if p is not None), None)
        scene = _put(draft, "title", start, max(_OPENING * pace, 1.6), {}, opening)
        captions.append(Caption(0.2, round(scene.end - 0.05, 3), read.title))
        start = scene.end
    for index, (part, words, speech) in enumerate(zip(read.parts, told, speeches, strict=True)):
        seconds = scene_seconds(words, speech)
        if speech is None:
            seconds = min(max(seconds * pace, 1.8), _LONGEST)
        picture = draft.plan["pictures"][index]
        text = shown(part.text, _SHOWN)
        copy = {"heading": part.heading if part.text else "", "line": text or part.heading}
        scene = _put(draft, "picture" if picture is not None else "words", start, seconds, copy, picture)
        if speech is not None:
            spoken.append((round(start + lead(), 3), speech))
        captions += _captions(words, scene)
        start = scene.end
    if draft.recipe.scene("end") is not None:
        scene = _put(draft, "end", start, max(_CLOSING * pace, 2.2), {}, draft.pictures.get("hero"))
        captions.append(Caption(round(scene.start + 0.2, 3), round(scene.end - 0.05, 3), read.title))
    narrator.keep(spoken, read.title, list(dict.fromkeys(asset for asset, _ in cut.values())))
    _say_who_speaks(draft, read, who, cut, speeches)
    finish_scenes(draft)
    board.captions = captions
    board.blocks = _blocks(read, draft.plan["pictures"])
    yield 1.0


def _voice(draft: Draft) -> str:
    """The voice of the only character, who then tells the story; "" where there are several or none."""
    own = {one.voice for one in _characters(draft) if one.voice}
    return own.pop() if len(own) == 1 else ""


def _characters(draft: Draft) -> list[Character]:
    """The characters that were given, read once."""
    if "characters" not in draft.plan:
        from mmstudio.composition.making.character import characters_of

        draft.plan["characters"] = characters_of(draft.library, draft.inputs.characters)
    found: list[Character] = draft.plan["characters"]
    return found


def _speaker(draft: Draft, part: Part) -> Character | None:
    """The character whose words a part is: its heading is the name."""
    name = part.heading.strip().casefold()
    named = (one for one in _characters(draft) if part.text and one.name.strip().casefold() == name)
    return next(named, None)


def _recorded(draft: Draft, read: Outline, who: Sequence[Character | None]) -> dict[int, tuple[int, Speech]]:
    """(asset, speech) of the lines that a character has said into a microphone, by the part's place.

    They are heard in a story that is silent by default, too; a person who asked for silence gets it.
    """
    if str(draft.option("voice")).strip() == NO_VOICE and "voice" in draft.inputs.options:
        return {}
    known: dict[str, list[Recording]] = {}
    found: dict[int, tuple[int, Speech]] = {}
    for index, (part, one) in enumerate(zip(read.parts, who, strict=True)):
        if one is None:
            continue
        if one.name not in known:
            known[one.name] = draft.plan.setdefault("recordings", {})[one.name] = recordings_of(draft, one)
        draft.breathe()
        if (cut := recorded_line(draft, part.text, known[one.name])) is not None:
            found[index] = cut
    return found


def _say_who_speaks(
    draft: Draft,
    read: Outline,
    who: Sequence[Character | None],
    cut: dict[int, tuple[int, Speech]],
    speeches: Sequence[Speech | None],
) -> None:
    """Sources: recordings that are heard, and lines that a recorded character speaks with another voice."""
    for asset_id in dict.fromkeys(asset for asset, _ in cut.values()):
        draft.add_asset_source("recording", asset_id)
    recorded = draft.plan.get("recordings", {})
    for index, (part, one, speech) in enumerate(zip(read.parts, who, speeches, strict=True)):
        if one is None or index in cut or not recorded.get(one.name):
            continue
        told = (
            mark("No recording of {name} says “{line}”: the voice {voice} of this computer speaks it.")
            if speech is not None
            else mark("No recording of {name} says “{line}”: it is not heard.")
        )
        voice = speech.voice if speech is not None else ""
        draft.add_source(
            "voice", "drawn", None, tr(told, name=one.name, line=shown(part.text, 60), voice=voice)
        )


def _told(part: Part, spoken: bool = False) -> str:
    """What a scene tells: its heading and its text; ``spoken``: by the one that the heading names."""
    if not part.heading or not part.text:
        return part.text or part.heading
    if spoken:
        return f"{part.heading}{'：' if weight(part.heading) > len(part.heading) else ': '}{part.text}"
    stop = (
        "" if part.heading[-1:] in ".!?。！？" else "。" if weight(part.heading) > len(part.heading) else "."
    )
    return f"{part.heading}{stop} {part.text}"


def _put(
    draft: Draft, pattern: str, start: float, seconds: float, copy: dict[str, str], picture: int | None
) -> Scene:
    """A scene with its picture drifting its own way, and the source of it."""
    scene = make_scene(
        draft,
        pattern,
        start,
        round(seconds, 3),
        copy=copy,
        pictures={"picture": picture},
        name=_name(draft, pattern),
    )
    zoom, pan_x, pan_y = _DRIFTS[len(draft.board.scenes) % len(_DRIFTS)]
    for layer in scene.layers:
        if isinstance(layer, ImageLayer | VideoLayer) and layer.asset_id is not None:
            layer.motion.zoom, layer.motion.pan_x, layer.motion.pan_y = zoom, pan_x, pan_y
            draft.add_asset_source(layer.source, layer.asset_id)
    for slot, words in draft.board.copy.items():
        if slot.startswith(f"{scene.name}.") and words:
            draft.add_source(slot, "person", None, words[:200])
    if len(draft.board.scenes) == 1:
        scene.transition = Transition("cut", 0.0)
    return scene


def _name(draft: Draft, pattern: str) -> str:
    """Parts are called scene1, scene2, …, whatever they look like, so that what is locked finds its place."""
    if pattern in ("title", "end"):
        return pattern
    return f"scene{1 + sum(scene.name.startswith('scene') for scene in draft.board.scenes)}"


def _captions(words: str, scene: Scene) -> list[Caption]:
    """The text of a scene in captions of two short lines, shared out over it by their length."""
    pieces: list[str] = []
    rest = words
    while any(c.isalnum() for c in rest):
        piece = rest if weight(rest) <= _CAPTION else shown(rest, _CAPTION).rstrip("…")
        if not piece or not rest.startswith(piece):
            piece = rest[: _CAPTION // 2]
        pieces.append(piece.strip())
        rest = rest[len(piece) :].strip()
    if rest and pieces:
        pieces[-1] += rest
    total = sum(weight(piece) for piece in pieces) or 1
    found, at = [], scene.start + 0.1
    for piece in pieces:
        end = at + (scene.duration - 0.15) * weight(piece) / total
        if piece:
            found.append(Caption(round(at, 3), round(end, 3), piece))
        at = end
    return found


def _blocks(read: Outline, pictures: Sequence[int | None]) -> list[Block]:
    """The story as a page."""
    blocks = [Block("heading", read.title, data={"level": 1})]
    for part, picture in zip(read.parts, pictures, strict=True):
        if part.heading:
            blocks.append(Block("heading", part.heading, data={"level": 2}))
        if picture is not None:
            blocks.append(Block("picture", part.heading, picture))
        if part.text:
            blocks.append(Block("text", part.text))
    return blocks


def _about(draft: Draft, words: str, taken: Sequence[int | None]) -> int | None:
    """A picture of the library that the words find and that no other scene has."""
    used = {one for one in taken if one is not None}
    if draft.features is not None:
        try:
            hits = draft.features.search(text=_query(words), kind="image", k=12)
        except StudioError:
            hits = []  # words that make no query
        ids = [hit.id for hit in hits if hit.target == "asset" and hit.id not in used]
        known = {asset.id: asset for asset in draft.library.assets.get_many(ids)}
        first = next((one for one in ids if one in known and usable(known[one])), None)
        if first is not None:
            return _whole_of(draft, first, used)
    about = picture_about(draft, words, used)
    return _whole_of(draft, about, used) if about is not None else None


def _whole_of(draft: Draft, asset_id: int, used: set[int]) -> int:
    """The hero picture of the item that a picture is a detail of, where it is free; else the picture."""
    for item_id in draft.library.items.items_of_asset(asset_id)[:1]:
        hero = draft.library.items.hero_of(item_id)
        if hero is not None and hero not in used and usable(draft.asset(hero)):
            return hero
    return asset_id


def _query(words: str) -> str:
    """Words as a search line without the signs that a search understands."""
    return " ".join("".join(c if c.isalnum() else " " for c in words[:200]).split())


def _like_the_others(draft: Draft, found: list[int | None]) -> None:
    """Fill what the words did not find with pictures like those of the scenes around it."""
    if draft.features is None:
        return
    for index, one in enumerate(found):
        if one is not None:
            continue
        near = [found[i] for i in (index - 1, index + 1) if 0 <= i < len(found) and found[i] is not None]
        for other in near:
            draft.breathe()
            try:
                hits = draft.features.neighbours(int(other or 0), 12)
            except StudioError:
                continue
            ids = [hit.id for hit in hits if hit.target == "asset" and hit.id not in found]
            known = {asset.id: asset for asset in draft.library.assets.get_many(ids)}
            found[index] = next((i for i in ids if i in known and usable(known[i])), None)
            if found[index] is not None:
                break
