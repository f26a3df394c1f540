"""A storyboard for an editing program: an OpenTimelineIO time line with a clip a scene and a sound a stem.

Scenes are whole clips without their transitions, long enough for the one that follows to come in over them;
the transitions stand in the time line, where an editor can change them. All paths are relative.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.composition.sound import RATE, stems
from mmstudio.composition.storyboard import Scene, Transition
from mmstudio.export.archive import Archive
from mmstudio.export.captions import to_srt
from mmstudio.export.fitting import frame_count
from mmstudio.export.provenance import finish, record_of
from mmstudio.export.video import encode_frames
from mmstudio.export.writer import slug
from mmstudio.media.encode import VideoWriter, encode_audio

if TYPE_CHECKING:
    from mmstudio.export.writers import Task

MEDIA = "media"


@dataclass(slots=True)
class Shot:
    """A scene on the time line, in frames: where it starts, how long it is seen, and what follows over it."""

    scene: Scene
    file: str
    start: int
    frames: int
    tail: int
    lead: int  # frames in which it comes in over the one before


def write_handoff(task: Task) -> Iterator[int]:
    """A ZIP with ``NAME.otio``, its media, and the captions."""
    board = task.renderer().storyboard
    name = slug(board.name)
    shots = shots_of(board)
    record = record_of(board)
    done = 0
    with Archive(task.path) as archive:
        for shot in shots:
            made = task.path.with_name(f"{task.path.stem}-{Path(shot.file).name}")
            try:
                for step in _write_shot(task, board, shot, made):
                    yield done + step
                finish(made, record, board, task.options, library=task.library)
                archive.add_file(shot.file, made)
            finally:
                made.unlink(missing_ok=True)
            done += shot.frames
            yield done
        sounds: dict[str, int] = {}
        for stem, samples in stems(board, task.library, RATE, target=task.loudness).items():
            made = task.path.with_name(f"{task.path.stem}-{stem}.wav")
            try:
                made.write_bytes(bytes(samples.size * 2 + 4096))  # a full disk is said here
                encode_audio(made, samples, RATE)
                finish(made, record, board, task.options, library=task.library)
                archive.add_file(f"{MEDIA}/{stem}.wav", made)
            finally:
                made.unlink(missing_ok=True)
            sounds[stem] = samples.shape[1]
        if board.captions:
            archive.add_text(f"{MEDIA}/captions.srt", to_srt(board.captions))
        archive.add_text(f"{name}.otio", timeline(board, shots, sounds) + "\n")
    task.facts |= {"fps": board.fps, "scenes": len(shots), "stems": list(sounds)}


def shots_of(board: Storyboard) -> list[Shot]:
    """The scenes in frames, without gaps: each ends where the next begins, the last with the storyboard."""
    fps = board.fps
    ends = [round(scene.start * fps) for scene in board.scenes[1:]] + [frame_count(board.duration, fps)]
    suffix = "png" if board.pages else "mp4"
    found: list[Shot] = []
    start = 0
    for number, (scene, end) in enumerate(zip(board.scenes, ends, strict=True), start=1):
        file = f"{MEDIA}/scene-{number:02}.{suffix}"
        found.append(Shot(scene, file, start, max(end - start, 1), 0, 0))
        start = max(end, start + 1)
    for before, after in pairwise(found):
        change = after.scene.transition
        if change.kind != "cut":
            after.lead = before.tail = max(min(round(change.seconds * fps), after.frames, before.frames), 0)
    return found


def _write_shot(task: Task, board: Storyboard, shot: Shot, path: Path) -> Iterator[int]:
    """One scene by itself, from its first frame to the end of the transition over it."""
    from mmstudio.composition.render import Renderer, frame_array

    own = copy.copy(board)
    scene = copy.copy(shot.scene)
    scene.start, scene.transition = 0.0, Transition("cut", 0.0)
    total = shot.frames + shot.tail
    own.scenes, own.duration = [scene], total / board.fps
    renderer = Renderer(own, task.library, task.renderer().pictures)
    if board.pages:
        from PIL import Image

        Image.fromarray(frame_array(renderer.card())).save(path, compress_level=3)
        return
    with VideoWriter(path, *board.size, board.fps) as writer:
        for done in encode_frames(renderer, writer, total, board.fps):
            yield min(done, shot.frames)


def timeline(board: Storyboard, shots: list[Shot], sounds: dict[str, int]) -> str:
    """The time line as OpenTimelineIO's JSON; ``sounds``: samples at 48 kHz of each stem."""
    import opentimelineio as otio

    time, fps = otio.opentime, float(board.fps)
    pictures = otio.schema.Track("Pictures", kind=otio.schema.TrackKind.Video)
    for number, shot in enumerate(shots, start=1):
        if shot.lead:
            pictures.append(
                otio.schema.Transition(
                    name=shot.scene.transition.kind,
                    transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=time.RationalTime(0, fps),
                    out_offset=time.RationalTime(shot.lead, fps),
                    metadata={"mmstudio": {"kind": shot.scene.transition.kind}},
                )
            )
        pictures.append(
            _clip(shot.scene.name or f"scene {number}", shot.file, shot.frames, shot.frames + shot.tail, fps)
        )
    tracks = otio.schema.Timeline(board.name, metadata={"mmstudio": record_of(board)})
    tracks.global_start_time = time.RationalTime(0, fps)
    tracks.tracks.append(pictures)
    length = frame_count(board.duration, board.fps)
    for stem, samples in sounds.items():
        track = otio.schema.Track(stem.title(), kind=otio.schema.TrackKind.Audio)
        clip = _clip(stem, f"{MEDIA}/{stem}.wav", length, samples, fps, RATE)
        track.append(clip)
        tracks.tracks.append(track)
    for caption in board.captions:
        start, end = round(caption.start * fps), round(caption.end * fps)
        tracks.tracks.markers.append(
            otio.schema.Marker(
                name=caption.text,
                marked_range=time.TimeRange(
                    time.RationalTime(start, fps), time.RationalTime(max(end - start, 1), fps)
                ),
                color=otio.schema.MarkerColor.YELLOW,
            )
        )
    text: str = otio.adapters.write_to_string(tracks, "otio_json", indent=2)
    return text


def _clip(name: str, url: str, frames: int, available: int, fps: float, rate: float = 0.0) -> Any:
    import opentimelineio as otio

    time = otio.opentime
    whole = time.TimeRange(time.RationalTime(0, rate or fps), time.RationalTime(available, rate or fps))
    return otio.schema.Clip(
        name=name,
        media_reference=otio.schema.ExternalReference(target_url=url, available_range=whole),
        source_range=time.TimeRange(time.RationalTime(0, fps), time.RationalTime(frames, fps)),
    )
