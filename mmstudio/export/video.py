"""A storyboard as a film: frames are drawn and converted ahead on threads while one encodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.composition.sound import CEILING_DBTP, Samples, held, mix, mix_report, true_peak
from mmstudio.export.fitting import frame_count
from mmstudio.export.peaks import within_peak
from mmstudio.export.sounds import sound_facts
from mmstudio.media.audio import load_audio
from mmstudio.media.encode import VideoWriter, yuv_frame

if TYPE_CHECKING:
    from av import VideoFrame

    from mmstudio.composition.render import Renderer
    from mmstudio.export.writers import Task

RATE = 48_000
_AHEAD = 5  # frames kept ready; one of 1080 x 1920 takes 3 MB
_THREADS = 2
_TRIED_S = 3.0  # seconds of sound encoded ahead to see what the encoder does to its peaks
_TRIES = 3  # of a film whose sound came out too high: hardly ever more than the first
_SPARE = 0.1  # dB
_SOUND_RATES = (192_000, 128_000, 96_000, 64_000)  # bits per second, as the room for the film shrinks


def write_film(task: Task) -> Iterator[int]:
    """The storyboard as MP4 or WebM with its sound; closing the iterator stops the drawing threads.

    Where its channel has a limit, the rate of the pictures is held so that the file stays under it, as good
    as that allows. The finished file's whole sound is decoded and measured: loudness and true peak of the
    manifest are what a listener gets, and a film whose peak came out over -1 dBTP is made again, limited by
    as much more.
    """
    lower = 0.0
    for attempt in range(_TRIES):
        yield from _write(task, lower, softer=attempt == _TRIES - 1)
        heard, rate = load_audio(task.path, rate=RATE)
        report = mix_report(heard, rate)
        task.facts |= sound_facts(report)
        over = report.true_peak - CEILING_DBTP
        if over <= 0:
            return
        lower += over + _SPARE


def _write(task: Task, lower: float, softer: bool) -> Iterator[int]:
    """Write the film once, its peaks held ``lower`` dB further down (``softer``: all of its sound)."""
    renderer = task.renderer()
    board = task.board
    total = frame_count(board.duration, board.fps)
    sound_rate, max_rate = _rates(task)
    with ThreadPoolExecutor(1, thread_name_prefix="sound") as beside:
        mixed = beside.submit(mix, board, task.library, RATE, target=task.loudness)
        with VideoWriter(
            task.path, *renderer.storyboard.size, board.fps, audio_rate=RATE,
            quality=task.quality, max_rate=max_rate, audio_bit_rate=sound_rate,
        ) as writer:  # fmt: skip
            task.facts |= {"codec": writer.codec_name, "seconds": round(total / board.fps, 3)}
            suffix = ".m4a" if writer.codec_name == "h264" else ".opus"
            sound = beside.submit(
                lambda: _lowered(
                    within_peak(mixed.result(), RATE, suffix, sound_rate, seconds=_TRIED_S), lower, softer
                )
            )
            heard = 0
            for done in encode_frames(renderer, writer, total, board.fps):
                # sound goes in step with the pictures, half a second ahead: players start at once
                due = min(round((done / board.fps + 0.5) * RATE), sound.result().shape[1])
                if due > heard:
                    writer.write_audio(sound.result()[:, heard:due])
                    heard = due
                if done % 5 == 0 or done == total:
                    yield done
            if heard < sound.result().shape[1]:
                writer.write_audio(sound.result()[:, heard:])


def _lowered(samples: Samples, lower: float, softer: bool) -> Samples:
    from mmstudio.composition.render.memory import give_back

    if lower > 0.0 and softer:
        samples = samples * np.float32(10 ** (-lower / 20))
    elif lower > 0.0:
        samples = held(samples, 0.0, RATE, true_peak(samples) - lower)
    give_back()  # mixing and limiting held several times the mix
    return samples


def encode_frames(renderer: Renderer, writer: VideoWriter, total: int, fps: int) -> Iterator[int]:
    """Draw and convert frames on threads and write them in order; yields how many are written.

    What stands still is drawn once.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="frames") as pool:
        waiting: deque[Future[VideoFrame]] = deque()
        try:
            drawn = 0
            before: tuple[object, ...] | None = None
            for index in range(total):
                while drawn < min(index + _AHEAD, total):
                    moment = renderer.moment(drawn / fps)
                    if moment is None or moment != before:
                        newest = pool.submit(drawn_frame, renderer, drawn / fps)
                    waiting.append(newest)
                    before = moment
                    drawn += 1
                writer.write(waiting.popleft().result())
                yield index + 1
        finally:
            for future in waiting:
                future.cancel()


def drawn_frame(renderer: Renderer, t: float) -> VideoFrame:
    """A frame ready to be encoded, without a copy of its pixels."""
    from mmstudio.composition.render import frame_pixels

    image = renderer.frame(t)  # a name for it: the pixels live as long as the image
    frame: VideoFrame = yuv_frame(frame_pixels(image))
    return frame


def _rates(task: Task) -> tuple[int, int]:
    """Bits per second of the sound, and at most of the pictures (0: as many as they need)."""
    if not task.room:
        return _SOUND_RATES[0], 0
    whole = task.room * 8 / max(task.board.duration, 1.0) * 0.93 * min(1.0, 0.5 + task.quality / 2)
    sound = next((rate for rate in _SOUND_RATES if rate < whole / 6), _SOUND_RATES[-1])
    return sound, max(round(whole - sound), 20_000)
