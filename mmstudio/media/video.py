"""Video: frames as upright RGB pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.media.container import decoded, duration_of, open_container
from mmstudio.media.guard import corrupt, decoding, too_large

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

MAX_FRAME_PIXELS = 70_000_000  # 8K is 33 million; more is not a video anyone plays here
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


class VideoReader:
    """A video file open for reading; a context manager. Use one reader per thread.

    Attributes:
        width, height: px as shown, with the rotation applied.
        fps: frames per second (average).
        duration: seconds.
        has_audio: whether there is a sound track.
    """

    def __new__(cls, path: str | Path) -> VideoReader:
        """Where PyAV is not inside, the one that reads through an ffmpeg program."""
        from mmstudio.media.program import inside

        if cls is VideoReader and not inside():
            from mmstudio.media.program.reading import ProgramReader

            return object.__new__(ProgramReader)
        return object.__new__(cls)

    def __init__(self, path: str | Path) -> None:
        """Open ``path`` and decode its first frame. Raises MediaError."""
        self.path = Path(path)
        with ExitStack() as stack:
            self._container: InputContainer = stack.enter_context(open_container(self.path))
            with decoding(self.path):
                self._stream = self._video_stream()
                first = next(decoded(self._container, self._stream), None)
                if first is None:
                    raise corrupt(self.path)
                self._turn = round(first.rotation / 90) * 90 % 360
                self._origin = float(first.time or 0.0)
                size = _shown_size(first, self._stream)
            self.width, self.height = (size[1], size[0]) if self._turn in (90, 270) else size
            self._size = size
            rate = self._stream.average_rate or self._stream.guessed_rate
            self.fps = float(rate) if rate else 25.0
            self.duration = duration_of(self._container) or 1.0 / self.fps
            self.has_audio = bool(self._container.streams.audio)
            self.format = self._container.format.name.split(",")[0]
            self.codec = self._stream.codec_context.name
            self.metadata = dict(self._container.metadata)
            self._current: VideoFrame | None = None
            self._ahead: VideoFrame | None = None
            self._decoder: Iterator[VideoFrame] = iter(())
            self._stack = stack.pop_all()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        self._stack.close()

    def frame_at(self, t: float, max_side: int | None = None) -> Image.Image:
        """The upright RGB picture shown ``t`` seconds in (clamped to the video), its longer side at most
        ``max_side`` px. Raises MediaError where it cannot be decoded."""
        with decoding(self.path):
            return self._picture(self._frame_at(max(t, 0.0)), max_side)

    def frames(
        self, start: float = 0.0, stop: float | None = None, step: float = 1.0, max_side: int | None = None
    ) -> Iterator[tuple[float, Image.Image]]:
        """Yield (t, picture) every ``step`` seconds from ``start`` up to, not including, ``stop``."""
        if step <= 0:
            raise ValueError("step must be above 0 seconds")
        end = self.duration if stop is None else min(stop, self.duration)
        index = 0
        while (t := start + index * step) < end - 1e-9:
            yield t, self.frame_at(t, max_side)
            index += 1

    def small_frames(
        self, width: int, height: int, times: Sequence[float] | None = None
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield (seconds from the start, uint8[height, width, 3] RGB) of every frame in order, stretched to
        that size and not turned; or, for rising `times`, of the key frame at or before each, every one once.

        A file that breaks off ends the frames there. Raises MediaError where there is not a single one.
        """
        shown = 0
        try:
            with decoding(self.path):
                for frame in self._in_order() if times is None else self._key_frames(times):
                    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
                    pixels: Any = small.to_ndarray()
                    yield self._time(frame) - self._origin, pixels
                    shown += 1
        except MediaError:
            if not shown:
                raise
        finally:
            self._current = self._ahead = None

    def _in_order(self) -> Iterator[VideoFrame]:
        self._seek(self._origin)
        last = -1e9
        for frame in self._decoder:
            if self._time(frame) > last:
                last = self._time(frame)
                yield frame

    def _key_frames(self, times: Sequence[float]) -> Iterator[VideoFrame]:
        last = -1e9
        for t in times:
            self._seek(t + self._origin)
            frame = next(self._decoder, None)
            if frame is not None and self._time(frame) > last:
                last = self._time(frame)
                yield frame

    def _video_stream(self) -> VideoStream:
        streams: list[Any] = [
            s
            for s in self._container.streams.video
            if s.codec_context is not None and s.codec_context.width > 0
        ]
        # A cover picture inside an M4A is a video stream too, of a still-picture codec.
        streams = [s for s in streams if s.codec_context.name not in ("png", "bmp", "gif")] or streams
        if not streams:
            raise MediaError(
                "There is no moving picture in {name}.", status="unsupported", name=self.path.name
            )
        stream: VideoStream = streams[0]
        context = stream.codec_context
        if context.width * context.height > MAX_FRAME_PIXELS:
            raise too_large(self.path, context.width, context.height)
        stream.thread_type = "AUTO"
        context.thread_count = 2
        return stream

    def _frame_at(self, t: float) -> VideoFrame:
        target = min(t, self.duration) + self._origin
        # Decoding on is cheaper than a seek while the next key frame is likely to be further away.
        if self._current is None or not 0.0 <= target - self._time(self._current) + 1e-6 <= 2.0:
            self._seek(target)
        current = self._current
        while True:
            frame = self._ahead or next(self._decoder, None)
            self._ahead = None
            if frame is None:
                break
            if current is not None and self._time(frame) > target + 1e-6:
                self._ahead = frame
                break
            current = frame
        if current is None:
            raise corrupt(self.path)
        self._current = current
        return current

    def _seek(self, target: float) -> None:
        base = self._stream.time_base
        assert base is not None
        self._container.seek(max(int(target / base), 0), stream=self._stream, backward=True)
        self._decoder = decoded(self._container, self._stream)
        self._current = self._ahead = None

    @staticmethod
    def _time(frame: VideoFrame | None) -> float:
        return -1.0 if frame is None or frame.time is None else float(frame.time)

    def _picture(self, frame: VideoFrame, max_side: int | None) -> Image.Image:
        width, height = self._size
        if max_side is not None and max(width, height) > max_side:
            scale = max_side / max(width, height)
            width, height = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        picture = Image.fromarray(pixels)
        return picture.transpose(_TURNS[self._turn]) if self._turn in _TURNS else picture


def _shown_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Stored (width, height) with non-square pixels stretched to square ones."""
    ratio = stream.sample_aspect_ratio
    if ratio and ratio > 0 and ratio != 1:
        return max(1, round(frame.width * float(ratio))), frame.height
    return frame.width, frame.height
