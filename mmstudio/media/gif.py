"""Animated GIF with one palette made for the whole film."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.media.program import inside

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray

Frames = Callable[[], Iterable[Any]]


def write_gif(
    path: str | Path, frames: Frames, fps: float, colours: int = 256, *, dither: bool = True
) -> Iterator[int]:
    """Write frames as a GIF that loops for ever; yields the frames done, of twice their number.

    They are gone through twice: for the palette (FFmpeg's palettegen, weighted by what moves), then for the
    film (paletteuse, an ordered dither that does not crawl and packs well).

    Args:
        frames: gives the frames anew at each call: uint8[H, W, 3], sRGB, all of one size.
        fps: frames per second; a GIF counts in hundredths, so that each frame is rounded to one.
        colours: 2 to 256, one of which is kept for parts that stand still.
    """
    if not inside():
        from mmstudio.media.program.writing import write_gif_frames

        for done in write_gif_frames(Path(path), frames(), fps, colours, dither):
            yield 2 * done
        return
    import av

    count = 0
    found = _Filter(f"palettegen=max_colors={min(max(colours, 4), 256)}:stats_mode=diff")
    for pixels in frames():
        frame = _frame(pixels, count, fps)
        if found.first is None:
            found.open(frame)
        found.push(frame)
        count += 1
        yield count
    found.end()
    palette = found.pull()
    palette.pts = 0
    kind = "bayer:bayer_scale=4" if dither else "none"
    with av.open(str(path), "w", format="gif", options={"fflags": "+bitexact"}) as output:
        stream: Any = None
        used = _Filter(f"paletteuse=dither={kind}:diff_mode=rectangle", palette)
        for number, pixels in enumerate(frames()):
            frame = _frame(pixels, number, fps)
            if used.first is None:
                used.open(frame)
                stream = output.add_stream("gif", rate=Fraction(fps).limit_denominator(100))
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "pal8"
                stream.codec_context.time_base = Fraction(1, 100)
            used.push(frame)
            for ready in used.ready():
                output.mux(stream.encode(_timed(ready)))
            count += 1
            yield count
        used.end()
        for ready in used.ready():
            output.mux(stream.encode(_timed(ready)))
        output.mux(stream.encode(None))


def _frame(pixels: NDArray[Any], number: int, fps: float) -> VideoFrame:
    import av

    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="rgb32")
    frame.pts, frame.time_base = round(100 * number / fps), Fraction(1, 100)
    return frame


def _timed(frame: VideoFrame) -> VideoFrame:
    frame.time_base = Fraction(1, 100)
    return frame


class _Filter:
    """One filter with a film going in, and a palette beside it where one is given."""

    def __init__(self, spec: str, palette: VideoFrame | None = None) -> None:
        self.first: Any = None
        self._spec, self._palette = spec, palette

    def open(self, frame: VideoFrame) -> None:
        """Set the filter up for frames like this one."""
        import av.filter

        name, _, options = self._spec.partition("=")
        graph = av.filter.Graph()
        self.first = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 100)
        )
        node = graph.add(name, options)
        self.first.link_to(node, 0, 0)
        self._beside = None
        if self._palette is not None:
            small = self._palette
            self._beside = graph.add_buffer(
                width=small.width, height=small.height, format=small.format, time_base=Fraction(1, 100)
            )
            self._beside.link_to(node, 0, 1)
        self._sink = graph.add("buffersink")
        node.link_to(self._sink)
        graph.configure()
        self._graph = graph
        if self._beside is not None:
            self._beside.push(self._palette)
            self._beside.push(None)

    def push(self, frame: VideoFrame) -> None:
        """Give it the next frame."""
        self.first.push(frame)

    def end(self) -> None:
        """Say that no frame follows."""
        self.first.push(None)

    def pull(self) -> VideoFrame:
        """The next frame it made."""
        frame: VideoFrame = self._sink.pull()  # type: ignore[assignment]  # a buffersink of pictures
        return frame

    def ready(self) -> Iterator[VideoFrame]:
        """The frames it has made by now."""
        import av

        while True:
            try:
                yield self.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
