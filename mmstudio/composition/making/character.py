"""The character sheet: a face or figure, a name, a voice and what it is like; stories can use it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.finding import chosen_pictures
from mmstudio.composition.making.lesson import set_language
from mmstudio.composition.making.narration import DEFAULT_VOICE, NO_VOICE, Narrator, lead, scene_seconds
from mmstudio.composition.making.plain import clean
from mmstudio.composition.making.sequence import generated_portrait
from mmstudio.composition.palette import scheme
from mmstudio.composition.steps.pictures import palette
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Block, SoundTrack, Storyboard
from mmstudio.errors import MediaError, UsageError
from mmstudio.i18n import speaking, tr

if TYPE_CHECKING:
    from mmstudio.library import Library

RECIPE = "character"
MOST_TRAITS = 6
_KEYS = {
    "name": ("name", "名字", "姓名", "名称"),
    "role": ("role", "who", "occupation", "角色", "身份", "职业"),
    "line": ("line", "says", "quote", "catchphrase", "台词", "口头禅"),
}
_PAIR = re.compile(r"\s*[-*•]?\s*([^:：\n]{1,40}?)\s*[:：]\s*(.+)$")
_SHORT = 4.0  # seconds of a sheet that says nothing


@dataclass(slots=True)
class Character:
    """Somebody of a story.

    Attributes:
        name: what the story calls it. asset_id: its picture, None where it has none.
        voice: id or name of the voice it speaks with, "" for any. voice_asset: a sound of it speaking.
        line: a sentence that it says. role: what it is. traits: what it is like.
        storyboard_id: of its sheet.
    """

    name: str
    asset_id: int | None = None
    voice: str = ""
    voice_asset: int | None = None
    line: str = ""
    role: str = ""
    traits: list[str] = field(default_factory=list)
    storyboard_id: int | None = None


def character_of(board: Storyboard) -> Character:
    """The character of a sheet, as it was last edited.

    Raises UsageError where the storyboard is no character sheet.
    """
    if board.recipe != RECIPE or "sheet.name" not in board.copy:
        raise UsageError(
            "“{name}” is no character sheet.",
            hint="Make one with the recipe “character”.",
            name=board.name[:60],
        )
    portrait = next(
        (layer for scene in board.scenes for layer in scene.layers if layer.name == "portrait"), None
    )
    voice = str(board.inputs.get("options", {}).get("voice", ""))
    traits = [board.copy.get(f"sheet.trait{n}", "").lstrip("• ") for n in range(1, MOST_TRAITS + 1)]
    return Character(
        name=board.copy["sheet.name"],
        asset_id=getattr(portrait, "asset_id", None),
        voice="" if voice in (NO_VOICE, DEFAULT_VOICE) else voice,
        voice_asset=board.voice.asset_id if board.voice is not None else None,
        line=board.copy.get("sheet.line", ""),
        role=board.copy.get("sheet.role", ""),
        traits=[trait for trait in traits if trait],
        storyboard_id=board.id,
    )


def characters_of(library: Library, ids: list[int]) -> list[Character]:
    """The characters of saved sheets, in order. Raises NotFound, UsageError: one is no character sheet."""
    rows = [library.storyboards.get(number) for number in ids]
    return [character_of(Storyboard.from_dict(row.data, row.id)) for row in rows]


def character(draft: Draft) -> None:
    """Fill in a character sheet.

    The picture is the first that was given, else one a model makes; the voice a sound that was given, else
    the line spoken by the voice of the option. Raises UsageError without a name, MediaError for a picture
    that is none or a voice that is no sound.
    """
    told = read_character(draft.inputs.text, draft.inputs.title)
    if not told.name:
        raise UsageError("A character needs a name.", hint="Give a title, or a text with a line “Name: …”.")
    set_language(draft, draft.inputs.text)
    board = draft.board
    board.name = told.name[:120]
    given = chosen_pictures(draft)
    portrait = given[0] if given else generated_portrait(draft, told.name)
    if portrait is not None:
        draft.pictures["hero"] = portrait
        draft.add_asset_source("portrait", portrait)
    if portrait is not None and draft.asset(portrait).kind == "image":
        palette(draft)
    else:
        board.palette = scheme([], draft.seed)
    with speaking(board.locale):
        _lay(draft, told, portrait)


def read_character(text: str, title: str = "") -> Character:
    """What a text says of a character: ``Name:``, ``Role:``, ``Line:``, other lines are what it is like.

    ``title`` is the name where it is given; without either the first line that is short enough to be one.
    """
    told = Character(clean(title, 60))
    loose: list[str] = []
    for line in text.splitlines()[:200]:
        words = clean(line.strip().lstrip("#").strip(), 160)
        if not words:
            continue
        pair = _PAIR.match(words)
        key = next((k for k, names in _KEYS.items() if pair and pair[1].casefold() in names), "")
        if pair and key:
            if not getattr(told, key):
                setattr(told, key, clean(pair[2].strip(' "“”'), 160))
        else:
            loose.append(words.lstrip("-*•· ").strip())
    loose = [one for one in loose if one]
    if not told.name and loose and len(loose[0]) <= 40:
        told.name = loose.pop(0)
    told.traits = loose[:MOST_TRAITS]
    return told


def _lay(draft: Draft, told: Character, portrait: int | None) -> None:
    board = draft.board
    voice = str(draft.option("voice"))
    track = draft.inputs.track_id
    if track is not None and draft.asset(track).kind != "audio":
        raise MediaError("{title} is not a sound.", status="unsupported", title=draft.asset(track).title)
    narrator = Narrator(draft, NO_VOICE if track is not None else voice)
    speech = next(narrator.speak([told.line]))[1]
    seconds = max(_SHORT, scene_seconds(told.line, speech) + 1.0)
    if track is not None:
        seconds = max(seconds, min(lead() + (draft.asset(track).duration or 0.0) + 0.6, 60.0))
    copy = {"name": told.name, "role": told.role, "line": told.line, "initial": told.name[:1].upper()}
    copy |= {f"trait{n}": f"•  {trait}" for n, trait in enumerate(told.traits, 1)}
    pattern = "sheet" if portrait is not None else "sheet_plain"
    shown = {"portrait": portrait} if portrait is not None else {}
    make_scene(draft, pattern, 0.0, round(seconds, 3), copy=copy, pictures=shown, name="sheet")
    finish_scenes(draft)
    if track is not None:
        board.voice = SoundTrack(track, start=lead(), loop=False, fade_out=0.1, source="asset", name="voice")
        draft.add_asset_source("voice", track)
    else:
        narrator.keep([(lead(), speech)] if speech is not None else [], told.name)
    draft.add_source("text", "person", None, told.name)
    blocks = [Block("heading", told.name, None, {"level": 1}, "name")]
    if portrait is not None:
        blocks.append(Block("picture", "", portrait, {"alt": told.name}, "portrait"))
    if told.role:
        blocks.append(Block("text", told.role, None, {}, "role"))
    if told.line:
        blocks.append(Block("quote", told.line, None, {}, "line"))
    if board.voice is not None:
        blocks.append(Block("sound", tr("Voice"), board.voice.asset_id, {}, "voice"))
    if told.traits:
        blocks.append(Block("list", "", None, {"items": list(told.traits)}, "traits"))
    board.blocks = blocks
