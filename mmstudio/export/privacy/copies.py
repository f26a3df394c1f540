"""Media that leave whole (hand-off, kit): copied without what their files say of people and places."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.export.options import ExportOptions
from mmstudio.export.privacy.hiding import FaceBlur
from mmstudio.export.privacy.identifiers import masked
from mmstudio.export.privacy.prepare import Touch
from mmstudio.media.kinds import kind_of
from mmstudio.media.stripping import strip_copy

if TYPE_CHECKING:
    from mmstudio.library import Library

_MAX_TEXT = 20_000_000  # bytes
_SIDE = 16_384  # pixels; a larger picture is not redrawn


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was written.

    Attributes:
        path: where; its suffix may differ from the source's (HEIC and TIFF become PNG).
        removed: what its file no longer says ("EXIF", "place", …), sorted; () where nothing was there.
        masked: personal data masked in a text, by kind.
        redrawn: whether pixels were changed (faces hidden) and coded again.
    """

    path: Path
    removed: tuple[str, ...] = ()
    masked: tuple[tuple[str, int], ...] = ()
    redrawn: bool = False


def neutral_names(sources: Iterable[Path], *, start: int = 1) -> list[str]:
    """Names that say nothing: ``picture-001.jpg``, ``sound-002.wav``, numbered through, in order."""
    words = {"image": "picture", "audio": "sound", "video": "clip", "text": "text"}
    return [
        f"{words.get(kind_of(source) or '', 'file')}-{number:03d}{source.suffix.lower()}"
        for number, source in enumerate(sources, start)
    ]


def copy_media(
    source: Path,
    target: Path,
    options: ExportOptions | None = None,
    *,
    asset_id: int | None = None,
    touch: Touch | None = None,
    locale: str = "",
) -> Copied:
    """Copy one file of the library into an export.

    Without ``keep_metadata`` its metadata stay behind. With ``touch`` (see ``privacy.prepare``) and an
    ``asset_id`` the faces of pictures and clips are hidden, for which they are coded again. With
    ``mask_personal`` texts are masked.

    Raises:
        MediaError: it cannot be read, or is of a kind that cannot be cleaned. OSError: it cannot be written.
    """
    chosen = options or ExportOptions()
    kind = kind_of(source)
    if touch is not None and asset_id is not None and kind in ("image", "video"):
        draw = _picture if kind == "image" else _film
        return draw(source, target, asset_id, touch)
    if kind == "text":
        return _text(source, target, chosen, locale)
    if chosen.keep_metadata:
        shutil.copyfile(source, target)
        return Copied(target)
    path, removed = strip_copy(source, target)
    return Copied(path, tuple(removed))


def blur_for(library: Library, options: ExportOptions | None) -> FaceBlur | None:
    """What hides faces where the options ask for it, None where they do not."""
    return FaceBlur(library) if options is not None and options.blur_faces else None


def _picture(source: Path, target: Path, asset_id: int, touch: Touch) -> Copied:
    from PIL import Image

    from mmstudio.media.image import load_image

    image = load_image(source, max_side=_SIDE)
    pixels = touch(asset_id, np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB")))
    path = (
        target if target.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") else target.with_suffix(".png")
    )
    made = Image.fromarray(pixels)
    match path.suffix.lower():
        case ".png":
            made.save(path, compress_level=4)
        case ".webp":
            made.save(path, quality=95)
        case _:
            made.convert("RGB").save(path, quality=95, subsampling=0)
    return Copied(path, ("EXIF", "XMP", "comment", "place"), redrawn=True)


def _film(source: Path, target: Path, asset_id: int, touch: Touch) -> Copied:
    from mmstudio.media.audio import load_audio
    from mmstudio.media.encode import VideoWriter
    from mmstudio.media.video import VideoReader

    rate = 48_000
    path = (
        target if target.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm") else target.with_suffix(".mp4")
    )
    at = getattr(touch, "at", None)
    with VideoReader(source) as reader:
        sound = None
        if reader.has_audio:
            try:
                sound, _ = load_audio(source, rate=rate)
            except MediaError:
                sound = None  # a sound track without a sound
        fps = Fraction(reader.fps).limit_denominator(1001)
        with VideoWriter(
            path, reader.width, reader.height, fps, audio_rate=rate if sound is not None else None
        ) as writer:
            for seconds, picture in reader.frames(step=float(1 / fps)):
                pixels = np.asarray(picture.convert("RGB"))
                hidden = touch(asset_id, pixels) if at is None else at(asset_id, seconds, pixels)
                writer.write_frame(hidden)
            if sound is not None:
                block = np.atleast_2d(sound)
                writer.write_audio(block[:2] if block.shape[0] >= 2 else np.repeat(block[:1], 2, axis=0))
    return Copied(path, ("data track", "place", "tags"), redrawn=True)


def _text(source: Path, target: Path, options: ExportOptions, locale: str) -> Copied:
    if not options.mask_personal:
        shutil.copyfile(source, target)
        return Copied(target)
    from mmstudio.media.text import load_text

    if source.stat().st_size > _MAX_TEXT:
        raise MediaError("{name} is too large to be masked.", status="too_large", name=source.name)
    try:
        text = source.read_bytes().decode("utf-8-sig")  # whatever its markup: it stays a file of its kind
    except UnicodeDecodeError:
        text = load_text(source, _MAX_TEXT).text
    clean, counts = masked(text, locale)
    target.write_text(clean, "utf-8")
    return Copied(target, masked=tuple(sorted(counts.items())))
