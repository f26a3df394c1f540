"""What a character has said into a microphone: recordings of the library that a story cuts in.

A recording is taken for a line where it says that line: the whole of it (its caption, its title, the line of
the character's sheet), or a part of it where the times of its words are known. Else a voice of the computer
speaks, and the sources say so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.generation.voice.contract import RECORDED, Speech, Word
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.composition.making.character import Character
    from mmstudio.library import Asset

_MARGIN = 0.08  # seconds left before and after words that are cut out of a longer recording
_MOST = 200  # recordings of one character that are looked at
_LONGEST = 120.0  # seconds of a line


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound and what it says. ``words``: with their times in seconds, empty where those are not known."""

    asset_id: int
    transcript: str
    words: tuple[Word, ...] = ()


def recordings_of(draft: Draft, who: Character) -> list[Recording]:
    """Sounds of a character: that of its sheet, and those that are tagged with its name.

    What a speech program made is none: the program speaks each line anew.
    """
    library = draft.library
    ids = [who.voice_asset] if who.voice_asset is not None else []
    name = who.name.strip()
    if name:
        ids += library.assets.ids(AssetFilter(kinds=("audio",), tags=(name,)))[:_MOST]
    found: list[Recording] = []
    for asset in library.assets.get_many(list(dict.fromkeys(ids))):
        if asset.kind != "audio" or asset.status != "ok" or asset.rights == "restricted":
            continue
        made = library.generations.of_asset(asset.id)
        if made is not None and made.model.startswith("voice "):
            continue
        timings = (made.params.get("timings") if made is not None else None) or {}
        words = tuple(
            Word(str(one["text"]), float(one["start"]), float(one["end"]))
            for one in timings.get("words", [])
            if {"text", "start", "end"} <= set(one)
        )
        says = [asset.caption, asset.title, *([who.line] if asset.id == who.voice_asset else [])]
        said = " ".join(word.text for word in words)
        found += [Recording(asset.id, text, words) for text in dict.fromkeys([said, *says]) if _plain(text)]
    return found


def recorded_line(draft: Draft, text: str, recordings: Sequence[Recording]) -> tuple[int, Speech] | None:
    """(asset, speech) of the recording that says a text; None where none does, or none can be read."""
    wanted = _plain(text)
    if not wanted:
        return None
    for one in recordings:
        if _plain(one.transcript) == wanted and (made := _cut(draft, one, text, 0.0, None)) is not None:
            return one.asset_id, made
    for one in recordings:
        for start, end in _stretches(one.words, wanted):
            if (made := _cut(draft, one, text, start, end)) is not None:
                return one.asset_id, made
    return None


def _stretches(words: Sequence[Word], wanted: str) -> Iterator[tuple[float, float]]:
    """(start, end) in seconds of words that follow each other and say the wanted text."""
    plain = [_plain(word.text) for word in words]
    for first in range(len(words)):
        said = ""
        for last in range(first, len(words)):
            said += plain[last]
            if not wanted.startswith(said):
                break
            if said == wanted and plain[first]:
                yield words[first].start, words[last].end


def _cut(draft: Draft, one: Recording, text: str, start: float, end: float | None) -> Speech | None:
    from mmstudio.errors import MediaError
    from mmstudio.generation.voice import finish, timing
    from mmstudio.media.audio import load_audio

    asset: Asset = draft.asset(one.asset_id)
    begin = max(start - _MARGIN, 0.0)
    seconds = min(end + _MARGIN - begin if end is not None else (asset.duration or _LONGEST), _LONGEST)
    try:
        heard, rate = load_audio(draft.library.assets.path_of(asset), start=begin, duration=seconds)
    except (MediaError, OSError):
        return None  # its file is gone or broken: a voice of the computer speaks
    samples, _gone = finish.trimmed(heard.mean(axis=0).astype("float32"), rate)
    if not len(samples):
        return None
    samples = finish.levelled(samples, rate)
    return Speech(samples, rate, timing.estimate(text, samples, rate), True, text, RECORDED)


def _plain(text: str) -> str:
    """Letters and digits only, whatever their case and width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


__all__ = ["Recording", "recorded_line", "recordings_of"]
