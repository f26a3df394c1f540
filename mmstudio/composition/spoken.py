"""A voice in a storyboard: the item's spoken asset, and captions from the times of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.storyboard import Caption, SoundTrack, Source, SourceKind
from mmstudio.generation.voice.contract import Word
from mmstudio.generation.voice.cues import cues

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import Storyboard
    from mmstudio.library import Library

_START = 0.3  # seconds before the first word
_SHORTEST = 0.2
_BREATH = 0.6  # seconds after the last word


def choose_voice(library: Library, item_id: int, seconds: float) -> tuple[SoundTrack, Source] | None:
    """The item's own asset in the role "voice" that is heard whole, the newest of them; None without one.

    A longer one is taken where there is no shorter one: it ends with the storyboard.
    """
    links = [link.asset_id for link in library.items.assets_of(item_id) if link.role == "voice"]
    found = [a for a in library.assets.get_many(links) if a.kind == "audio" and a.status == "ok"]
    if not found:
        return None
    fitting = [asset for asset in found if (asset.duration or 0.0) + _START <= seconds] or found
    asset = max(fitting, key=lambda one: one.id)
    kind: SourceKind = "generated" if asset.origin == "generated" else "asset"
    track = SoundTrack(asset.id, start=_START, loop=False, fade_in=0.01, fade_out=0.1, source=kind)
    return track, Source("voice", kind, asset.id, asset.title)


def speaking_time(library: Library, track: SoundTrack) -> float:
    """Seconds a storyboard needs so that a voice is heard to its end, with a breath after it."""
    duration = library.assets.get(track.asset_id).duration if track.asset_id is not None else None
    return track.start + (duration or 0.0) + _BREATH


def spoken_captions(library: Library, board: Storyboard) -> list[Caption]:
    """Captions of what the storyboard's voice says, by the times of its words; none where they are not known.

    Lines end with sentences and at pauses (see :func:`mmstudio.generation.voice.cues.cues`); what begins
    after the end of the storyboard is left out.
    """
    track = board.voice
    if track is None or track.asset_id is None:
        return []
    made = library.generations.of_asset(track.asset_id)
    timings = (made.params.get("timings") if made is not None else None) or {}
    words = [
        Word(str(one["text"]), float(one["start"]), float(one["end"]))
        for one in timings.get("words", [])
        if {"text", "start", "end"} <= set(one)
    ]
    return [
        Caption(
            round(cue.start + track.start, 3), round(min(cue.end + track.start, board.duration), 3), cue.text
        )
        for cue in cues(words)
        if cue.start + track.start + _SHORTEST < board.duration
    ]
