"""Edits of what is heard: music, voice and effects; when, how loud, which part of the file."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal

from mmstudio.composition.editing.base import (
    tracks_named,
    unique_name,
    with_source,
    without_unused_sources,
)
from mmstudio.composition.editing.flowing import followed
from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import SoundTrack, Source, SourceKind, Storyboard
from mmstudio.errors import NotFound, UsageError

Role = Literal["music", "voice", "effect"]
GAIN = (-60.0, 12.0)  # dB


def track_of(board: Storyboard, name: str) -> SoundTrack:
    """A sound by its name ("music", "voice" or an effect's). Raises NotFound."""
    tracks = tracks_named(board)
    if name not in tracks:
        raise NotFound("The storyboard has no sound called {name}.", hint="It has: {names}.", name=name,
                       names=", ".join(tracks) or "–")  # fmt: skip
    return tracks[name]


def lock_name(name: str) -> str:
    """What :attr:`Storyboard.locks` calls a sound."""
    return name if name in ("music", "voice") else f"effect:{name}"


def put_sound(
    board: Storyboard,
    role: Role,
    asset_id: int,
    *,
    start: float = 0.0,
    title: str = "",
    rights: str = "",
    generated: bool = False,
) -> tuple[Storyboard, str]:
    """Lay a sound under the pictures: the music or the voice (instead of the one there), or one more effect.

    Returns the board and the sound's name. Raises UsageError where the music or voice is locked.
    """
    start = round(max(start, 0.0), 4)
    source: SourceKind = "generated" if generated else "asset"
    if role == "effect":
        name = unique_name(tracks_named(board), title[:60] or "effect")
        made = SoundTrack(asset_id, 0.0, start, loop=False, fade_in=0.0, fade_out=0.05, source=source,
                          duck=False, name=name)  # fmt: skip
        board = replace(board, effects=[*board.effects, made])
        return with_source(board, Source(name, source, asset_id, title, rights)), name
    _free(board, role)
    old = board.music if role == "music" else board.voice
    fresh = SoundTrack(loop=role == "music", duck=role == "music")
    made = replace(old or fresh, asset_id=asset_id, source=source, offset=0.0, length=0.0, start=start)
    board = followed(board, _with_track(board, role, made))
    return without_unused_sources(with_source(board, Source(role, source, asset_id, title, rights))), role


def set_track(board: Storyboard, name: str, **values: Any) -> Storyboard:
    """Change a sound: gain (dB, -60 to 12), start, offset, length, fade_in, fade_out (seconds), loop, duck.

    Raises:
        NotFound. UsageError: locked, or no such value.
    """
    track = track_of(board, name)
    _free(board, name)
    known = {spec.name for spec in fields(SoundTrack)} - {"asset_id", "source", "name"}
    if unknown := sorted(set(values) - known):
        raise UsageError("{name} has no {values}.", name=name, values=", ".join(unknown))
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key in ("loop", "duck"):
            kept[key] = bool(value)
        elif key == "gain":
            kept[key] = round(min(max(float(value), GAIN[0]), GAIN[1]), 2)
        else:
            kept[key] = round(min(max(float(value), 0.0), 4 * 3600.0), 4)
    return _with_track(board, name, replace(track, **kept))


def trim_track(board: Storyboard, name: str, start: float, end: float, duration: float | None) -> Storyboard:
    """Hear a sound from ``start`` to ``end`` of the storyboard: the same moments of the file where it was.

    Args:
        duration: the file's own length in seconds where known; a part beyond it is not asked for.
    """
    track = track_of(board, name)
    start, end = max(start, 0.0), max(end, start + 0.05)
    offset = max(track.offset + (start - track.start), 0.0)
    length = end - start
    if duration is not None and not track.loop:
        offset = min(offset, max(duration - 0.05, 0.0))
        length = min(length, duration - offset)
    return set_track(board, name, start=start, offset=offset, length=length)


def remove_track(board: Storyboard, name: str) -> Storyboard:
    """Take a sound away. Raises NotFound, UsageError (locked)."""
    track_of(board, name)
    _free(board, name)
    if name == "music":
        board = replace(board, music=None)
    elif name == "voice":
        board = followed(board, replace(board, voice=None))
    else:
        names = [key for key in tracks_named(board) if key not in ("music", "voice")]
        kept = [one for one, own in zip(board.effects, names, strict=True) if own != name]
        board = replace(board, effects=kept)
    sources = [source for source in board.sources if source.part != name]
    return without_unused_sources(replace(board, sources=sources))


def _free(board: Storyboard, name: str) -> None:
    if lock_name(name) in board.locks:
        raise UsageError("{name} is locked.", hint="Unlock it first.", name=shown_name(name))


def _with_track(board: Storyboard, name: str, track: SoundTrack) -> Storyboard:
    if name == "music":
        return replace(board, music=track)
    if name == "voice":
        return replace(board, voice=track)
    names = [key for key in tracks_named(board) if key not in ("music", "voice")]
    effects = [
        replace(track, name=own) if own == name else one
        for one, own in zip(board.effects, names, strict=True)
    ]
    return replace(board, effects=effects)
