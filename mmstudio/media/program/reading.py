"""Frames and samples through a pipe from ffmpeg."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.media.container import FORMATS
from mmstudio.media.guard import corrupt, too_large
from mmstudio.media.program import ONLY_FILES, QUIET, local, program
from mmstudio.media.program.contents import Contents, Stream, contents
from mmstudio.media.video import MAX_FRAME_PIXELS, VideoReader

_NEAR = 2.0  # seconds ahead that are decoded rather than sought


class ProgramReader(VideoReader):
    """:class:`VideoReader` with ffmpeg beside it: an even rhythm of frames at the film's average rate."""

    def __init__(self, path: str | Path) -> None:
        """Open ``path`` and decode its first frame. Raises MediaError, StudioError without ffmpeg."""
        self.path = Path(path)
        self._process: subprocess.Popen[bytes] | None = None
        said = contents(self.path)
        stream = said.first("video")
        if stream is None:
            raise MediaError(
                "There is no moving picture in {name}.", status="unsupported", name=self.path.name
            )
        if not stream.width or not stream.height:
            raise corrupt(self.path)
        if stream.width * stream.height > MAX_FRAME_PIXELS:
            raise too_large(self.path, stream.width, stream.height)
        wide = max(1, round(stream.width * stream.aspect))
        self._track = stream
        self.width, self.height = (stream.height, wide) if stream.turn in (90, 270) else (wide, stream.height)
        self.fps = min(stream.rate, 240.0)
        self.duration = said.duration or 1.0 / self.fps
        self.has_audio = said.first("audio") is not None
        self.format, self.codec, self.metadata = said.format, stream.codec, dict(said.tags)
        self._next = 0  # number of the frame that the pipe gives next
        self._shape = (0, 0)
        self._last: NDArray[np.uint8] | None = None
        try:
            self.frame_at(0.0, max_side=64)
        except MediaError:
            self.close()
            raise

    def close(self) -> None:
        """End the program; calling it again does nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            process.wait()

    def frame_at(self, t: float, max_side: int | None = None) -> Image.Image:
        """See :meth:`VideoReader.frame_at`."""
        width, height = self.width, self.height
        if max_side is not None and max(width, height) > max_side:
            scale = max_side / max(width, height)
            width, height = max(1, round(width * scale)), max(1, round(height * scale))
        wanted = int(min(max(t, 0.0), self.duration) * self.fps + 1e-6)
        ahead = wanted - self._next
        if self._process is None or self._shape != (width, height) or not -1 <= ahead <= _NEAR * self.fps:
            self._start(wanted, (width, height))
        while self._next <= wanted:
            pixels = self._read()
            if pixels is None:
                break
            self._last = pixels
        if self._last is None and wanted > 0:
            # the film ends before it says it does: its last frame
            self._start(max(wanted - max(round(self.fps), 1), 0), (width, height))
            while (pixels := self._read()) is not None:
                self._last = pixels
        if self._last is None:
            raise corrupt(self.path)
        return Image.fromarray(self._last)

    def small_frames(
        self, width: int, height: int, times: Sequence[float] | None = None
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """See :meth:`VideoReader.small_frames`."""
        keys = _key_times(self.path, self._track) if times is not None else None
        before = ["-noautorotate", *(["-skip_frame", "nokey"] if keys is not None else [])]
        fit = f"scale={width}:{height}:flags=area"
        filters = fit if keys is not None else f"fps={self.fps:.6f},{fit}"
        wanted = None if keys is None else _nearest(keys, times or ())
        shown = 0
        with _pipe(self.path, self._track, filters, 0.0, before) as process, _ended(process):
            for number, pixels in enumerate(_frames(process, (width, height))):
                if wanted is not None and number not in wanted:
                    continue
                t = number / self.fps if keys is None else keys[number] if number < len(keys) else 0.0
                yield t, pixels
                shown += 1
        if not shown:
            raise corrupt(self.path)

    def _start(self, number: int, shape: tuple[int, int]) -> None:
        self.close()
        filters = f"scale={shape[0]}:{shape[1]}:flags=bicubic,fps={self.fps:.6f}"
        self._process = _pipe(self.path, self._track, filters, number / self.fps)
        self._next, self._shape, self._last = number, shape, None

    def _read(self) -> NDArray[np.uint8] | None:
        assert self._process is not None
        pixels = next(_frames(self._process, self._shape), None)
        if pixels is not None:
            self._next += 1
        return pixels


def read_samples(path: Path, start: float, duration: float | None) -> tuple[NDArray[np.float32], int]:
    """(float32[C, N], Hz) of a file's sound. Raises MediaError, StudioError without ffmpeg."""
    stream = sound_of(path, contents(path))
    command = [program(), *QUIET, *ONLY_FILES, "-format_whitelist", FORMATS]
    lead = min(start, 1.0)  # codecs need a few packets before they sound right
    command += ["-ss", f"{start - lead:.6f}"] if start > lead else []
    command += ["-i", local(path)]
    command += ["-ss", f"{lead:.6f}"] if lead > 0 else []
    command += ["-t", f"{duration:.6f}"] if duration is not None else []
    command += ["-map", f"0:{stream.index}", "-vn", "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1"]
    said = subprocess.run(command, capture_output=True, check=False)
    whole = len(said.stdout) // (4 * stream.channels) * stream.channels
    block = np.frombuffer(said.stdout, np.float32, whole).reshape(-1, stream.channels).T
    if said.returncode != 0 and not whole:
        raise corrupt(path)
    return block.copy(order="C"), stream.samples


def sound_of(path: Path, said: Contents) -> Stream:
    """The sound stream of a file. Raises MediaError where there is none."""
    stream = said.first("audio")
    if stream is None or not stream.channels or not stream.samples:
        raise MediaError("There is no sound in {name}.", status="unsupported", name=path.name)
    return stream


def _pipe(
    path: Path, track: Stream, filters: str, start: float, before: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    command = [program(), *QUIET, *ONLY_FILES, "-format_whitelist", FORMATS, *before]
    command += ["-ss", f"{start:.6f}"] if start > 0 else []
    command += ["-i", local(path), "-map", f"0:{track.index}", "-an", "-sn", "-vf", filters]
    command += ["-fps_mode", "passthrough"] if "-skip_frame" in before else []
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1 << 20)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens inside, the program does not outlive it."""
    try:
        yield
    finally:
        process.kill()


def _frames(process: subprocess.Popen[bytes], shape: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """uint8[H, W, 3], one after the other, until the pipe ends."""
    assert process.stdout is not None
    size = shape[0] * shape[1] * 3
    while True:
        with suppress(OSError):
            data = process.stdout.read(size)
            if len(data) == size:
                yield np.frombuffer(data, np.uint8).reshape(shape[1], shape[0], 3)
                continue
        return


def _key_times(path: Path, track: Stream) -> list[float]:
    """Seconds of the key frames."""
    command = [
        program("ffprobe"),
        "-hide_banner",
        "-loglevel",
        "error",
        *ONLY_FILES,
        "-format_whitelist",
        FORMATS,
    ]
    command += ["-skip_frame", "nokey", "-select_streams", str(track.index)]
    command += ["-show_entries", "frame=pts_time", "-of", "csv=p=0", local(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = []
    for line in said.splitlines():
        with suppress(ValueError):
            found.append(float(line.split(",")[0]))
    return [t - found[0] for t in found]


def _nearest(keys: list[float], times: Sequence[float]) -> set[int]:
    """Numbers of the key frames at or before each time."""
    return {max(int(np.searchsorted(keys, t, "right")) - 1, 0) for t in times}
