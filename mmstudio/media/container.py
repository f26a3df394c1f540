"""Open sound and video containers with PyAV; nothing but local files of known formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.media.guard import check_not_empty, decoding

if TYPE_CHECKING:
    from av.container import InputContainer

_MAX_DAMAGED = 30  # packets in a row
# Playlists, concat scripts and image sequences can name other files and addresses: they are not on the list.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,mp3,flac,wav,aac,aiff"


@contextmanager
def open_container(path: str | Path) -> Iterator[InputContainer]:
    """A PyAV input container of ``path``. Raises MediaError (empty, unreadable, corrupt)."""
    import av

    path = Path(path)
    check_not_empty(path)
    with decoding(path), av.open(str(path), options=_options()) as container:
        yield container


def decoded(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Frames of one stream from the current position on; damaged packets are passed over, as players do.

    Raises:
        InvalidDataError: (of PyAV) more than a few packets in a row are damaged.
    """
    import av

    damaged = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            damaged += 1
            if damaged > _MAX_DAMAGED:
                raise
            continue
        damaged = 0
        yield from frames


def _options() -> dict[str, str]:
    return {"format_whitelist": FORMATS, "protocol_whitelist": "file"}


def duration_of(container: InputContainer) -> float | None:
    """Seconds the container claims, or None."""
    import av

    if container.duration is not None and container.duration > 0:
        return float(container.duration / av.time_base)
    for stream in container.streams:
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
    return None
