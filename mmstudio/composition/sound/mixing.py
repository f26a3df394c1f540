"""All sounds of a storyboard together."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.composition.sound.ducking import ducking
from mmstudio.composition.sound.levels import (
    CEILING_DBTP,
    TARGET_LUFS,
    Samples,
    level,
    loudness,
    true_peak,
)
from mmstudio.composition.sound.tracks import laid, read, seconds_of
from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import Scene, SoundTrack, Storyboard, VideoLayer
    from mmstudio.library import Library

RATE = 48_000
_EDGE = 0.02  # seconds in which a clip's own sound comes and goes: a cut does not click


def mix(
    storyboard: Storyboard, library: Library, rate: int = RATE, *, target: float | None = None
) -> Samples:
    """The whole sound, float32 [2, round(duration × rate)], under -1 dBTP; zeros when there is none.

    Music, effects and clips that ask for their sound are laid on the time line, go down under the voice
    (each track's ``duck``), and the sum is brought to ``target`` LUFS (None: the storyboard's own). The same
    storyboard and files give the same samples.

    A track whose file is gone or cannot be read is left out: the picture is not held up by it, and
    the exporter names it.
    """
    parts = _parts(storyboard, library, rate)
    if not parts:
        return np.zeros((2, _length(storyboard, rate)), np.float32)
    return level(_sum(parts), rate, _target(storyboard, target))


def stems(
    storyboard: Storyboard, library: Library, rate: int = RATE, *, target: float | None = None
) -> dict[str, Samples]:
    """The parts of the mix, each float32 [2,N] over the whole length: "voice", "music", "effects", "clips".

    With fades, gains and ducking as in the mix, all raised by the same gain, so that played together they
    are the mix before its limiter; the gain is smaller where a stem alone would exceed -1 dBTP. A part that
    is not there has no stem.
    """
    parts = _parts(storyboard, library, rate)
    if not parts:
        return {}
    measured = loudness(_sum(parts), rate)
    gain = min(_target(storyboard, target) - measured, 24.0) if math.isfinite(measured) else 0.0
    highest = max(true_peak(part) for part in parts.values())
    gain = min(gain, CEILING_DBTP - highest) if math.isfinite(highest) else gain
    return {name: part * np.float32(10 ** (gain / 20)) for name, part in parts.items()}


def _target(board: Storyboard, target: float | None) -> float:
    wanted = board.loudness if target is None else target
    return min(max(wanted, -40.0), -5.0) if math.isfinite(wanted) else TARGET_LUFS


def _length(board: Storyboard, rate: int) -> int:
    return round(seconds_of(board.duration) * rate)


def _sum(parts: dict[str, Samples]) -> Samples:
    total = np.zeros_like(next(iter(parts.values())))
    for part in parts.values():
        total += part
    return total


def _parts(board: Storyboard, library: Library, rate: int) -> dict[str, Samples]:
    """Stems by name, ducked, before any levelling; only those that are heard."""
    length = _length(board, rate)
    if length == 0:
        return {}
    voice = _track(board.voice, library, rate, length)
    parts: dict[str, Samples] = {} if voice is None else {"voice": voice}
    for name, tracks in (("music", [board.music]), ("effects", board.effects)):
        for track in tracks:
            sound = _track(track, library, rate, length)
            if track is not None and sound is not None:
                _add(parts, name, sound, voice if track.duck else None, rate)
    for sound in _clips(board, library, rate, length):
        _add(parts, "clips", sound, voice, rate)
    return parts


def _add(parts: dict[str, Samples], name: str, sound: Samples, voice: Samples | None, rate: int) -> None:
    if voice is not None:
        sound = sound * ducking(voice, sound, rate)
    parts[name] = parts[name] + sound if name in parts else sound


def _track(track: SoundTrack | None, library: Library, rate: int, length: int) -> Samples | None:
    """A track on the time line: ``length`` (0: to the end) of it from ``offset`` on, at ``start``."""
    path = None if track is None else _path(library, track.asset_id)
    if track is None or path is None:
        return None
    start = min(round(seconds_of(track.start) * rate), length)
    heard = length - start
    if (wanted := seconds_of(track.length)) > 0:
        heard = min(heard, round(wanted * rate))
    if heard < 2:
        return None
    piece = read(path, rate, seconds_of(track.offset), heard / rate + 1.0)
    if piece is None:
        return None
    return laid(
        piece,
        length,
        rate,
        start=start,
        heard=heard,
        gain=track.gain,
        loop=track.loop,
        fade_in=track.fade_in,
        fade_out=track.fade_out,
    )


def _clips(board: Storyboard, library: Library, rate: int, length: int) -> list[Samples]:
    """The own sound of video layers that ask for it, in step with their pictures."""
    from mmstudio.composition.storyboard import VideoLayer

    found: list[Samples] = []
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, VideoLayer) and layer.gain is not None and not layer.hidden:
                sound = _clip(layer, scene, library, rate, length)
                if sound is not None:
                    found.append(sound)
    return found


def _clip(layer: VideoLayer, scene: Scene, library: Library, rate: int, length: int) -> Samples | None:
    path = _path(library, layer.asset_id)
    begin = seconds_of(layer.begin)
    last = min(seconds_of(layer.end) or scene.duration, scene.duration)
    start = min(round(seconds_of(scene.start + begin) * rate), length)
    heard = min(round(seconds_of(last - begin) * rate), length - start)
    if path is None or heard < 2 or layer.gain is None:
        return None
    # The picture at second t of the scene is that of clip_start + t, over and over: so is the sound.
    period = _period(path, layer.clip_start)
    if period is None:
        return None
    turn = read(path, rate, seconds_of(layer.clip_start), min(period, begin + heard / rate + 1.0))
    if turn is None:
        return None
    round_trip = max(round(period * rate), 1)
    if round_trip < begin * rate + heard:
        whole = np.zeros((2, round_trip), np.float32)
        whole[:, : min(turn.shape[1], round_trip)] = turn[:, :round_trip]
        times = -(-(round(begin * rate) + heard) // round_trip)
        turn = np.tile(whole, (1, times))
    turn = turn[:, round(begin * rate) :]
    return laid(
        turn,
        length,
        rate,
        start=start,
        heard=heard,
        gain=layer.gain,
        loop=False,
        fade_in=_EDGE,
        fade_out=_EDGE,
    )


def _period(path: Path, clip_start: float) -> float | None:
    """Seconds after which a clip begins again; None for one without sound or that cannot be read."""
    from mmstudio.media.video import VideoReader

    try:
        with VideoReader(path) as reader:
            if not reader.has_audio:
                return None
            return max(reader.duration - seconds_of(clip_start), 0.04)
    except (StudioError, OSError):
        return None


def _path(library: Library, asset_id: int | None) -> Path | None:
    if asset_id is None:
        return None
    try:
        return library.assets.path_of(library.assets.get(asset_id))
    except (StudioError, OSError):
        return None
