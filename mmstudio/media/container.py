"""Open sound and video containers with PyAV; nothing but local files of known formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.media.guard import check_not_empty, decoding

if TYPE_CHECKING:
    from av.container import InputContainer

# Playlists, concat scripts and image sequences can name other files and addresses: they are not on the list.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,mp3,flac,wav,aac,aiff"


@contextmanager
def open_container(path: str | Path) -> Iterator[InputContainer]:
    """A PyAV input container of ``path``. Raises MediaError (empty, unreadable, corrupt)."""
    import av

    path = Path(path)
    check_not_empty(path)
    with decoding(path), av.open(str(path), options=_options()) as container:
        yield container


def _options() -> dict[str, str]:
    return {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


def duration_of(container: InputContainer) -> float | None:
    """Seconds the container claims, or None."""
    import av

    if container.duration is not None and container.duration > 0:
        return float(container.duration / av.time_base)
    for stream in container.streams:
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
    return None
