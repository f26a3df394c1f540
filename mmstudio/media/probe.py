"""Look inside a media file: what it really is, how large, how long, when taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mmstudio.errors import MediaError
from mmstudio.media.guard import check_not_empty, decoding
from mmstudio.media.kinds import DICOM_SUFFIXES, MediaKind, kind_of


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Facts about one media file.

    Attributes:
        width, height: px, upright; None for sound and text.
        duration: seconds; None for pictures and text.
        captured_at: ISO 8601, or None where the file does not say.
        format: short lower-case name such as ``jpeg``, ``flac``, ``mov``, ``markdown``.
        has_audio: for video, whether it has a sound track; True for sound.
        fps: frames per second of a video.
    """

    kind: MediaKind
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    captured_at: str | None = None
    format: str = ""
    has_audio: bool = False
    fps: float | None = None


def probe(path: str | Path) -> MediaInfo:
    """Read the facts of ``path``; the content must be what the suffix promises.

    Raises:
        MediaError: unsupported (no media suffix), empty, unreadable, corrupt or too_large.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind is None:
        raise MediaError(
            "{name} is not a kind of file the studio knows.", status="unsupported", name=path.name
        )
    check_not_empty(path)
    if kind == "image":
        return _probe_image(path)
    if kind == "audio":
        return _probe_audio(path)
    if kind == "video":
        return _probe_video(path)
    return _probe_text(path)


def _probe_image(path: Path) -> MediaInfo:
    from mmstudio.media.image import captured_at, looks_like_svg, opened, upright_size
    from mmstudio.media.svg import svg_size

    if path.suffix.lower() in DICOM_SUFFIXES:
        from mmstudio.media.dicom import dicom_info

        info = dicom_info(path)
        return MediaInfo("image", info.width, info.height, format="dicom")
    if looks_like_svg(path):
        width, height = svg_size(path)
        return MediaInfo("image", width, height, format="svg")
    with opened(path) as picture, decoding(path):
        width, height = upright_size(picture)
        return MediaInfo(
            "image", width, height, captured_at=captured_at(picture), format=(picture.format or "").lower()
        )


def _probe_audio(path: Path) -> MediaInfo:
    from mmstudio.media.audio import audio_info

    info = audio_info(path)
    return MediaInfo("audio", duration=info.duration, format=info.format, has_audio=True)


def _probe_video(path: Path) -> MediaInfo:
    from mmstudio.media.video import VideoReader

    with VideoReader(path) as video:
        return MediaInfo(
            "video",
            video.width,
            video.height,
            video.duration,
            _utc_time(video.metadata.get("creation_time")),
            video.format,
            video.has_audio,
            video.fps,
        )


def _probe_text(path: Path) -> MediaInfo:
    from mmstudio.media.text import check_is_text, text_format

    check_is_text(path)
    return MediaInfo("text", format=text_format(path))


def _utc_time(text: str | None) -> str | None:
    try:
        parsed = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return parsed.replace(microsecond=0).isoformat() if parsed.year > 1970 else None
