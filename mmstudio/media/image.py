"""Pictures: any supported file to upright 8-bit sRGB."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from mmstudio.media.guard import check_not_empty, corrupt, decoding, too_large
from mmstudio.media.kinds import DICOM_SUFFIXES
from mmstudio.media.svg import is_svg, render_svg

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 200_000_000  # 0.6 GB as RGB; more is refused unless a JPEG is decoded at reduced size
_BIG_PIXELS = 30_000_000  # pictures above this are decoded one at a time, whatever the number of threads
_BIG = threading.Lock()

# Pillow only warns up to twice its own limit, in a way that is not thread-safe to silence: _check_size rules.
Image.MAX_IMAGE_PIXELS = None

_DATETIME_TAGS = ((0x8769, 0x9003, 0x9011), (0x8769, 0x9004, 0x9012), (None, 0x0132, None))


@lru_cache(maxsize=1)
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


@contextmanager
def opened(path: str | Path) -> Iterator[Image.Image]:
    """The Pillow picture of ``path`` with only its header read. Raises MediaError."""
    path = Path(path)
    check_not_empty(path)
    with decoding(path):
        with path.open("rb") as file:
            head = file.read(512)
        if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis"):
            _register_heif()
        if not head.strip(b"\0"):
            raise corrupt(path)
        with Image.open(path) as picture:
            yield picture


def load_image(
    path: str | Path, max_side: int | None = None, how: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """Read a picture upright, in sRGB, 8 bits a channel.

    Args:
        path: JPEG, PNG, WebP, GIF (first frame), TIFF (first page), BMP, AVIF, HEIC, SVG or DICOM (middle
            frame, through its default window).
        max_side: longest side wanted in px; larger pictures are reduced (JPEG while decoding, which is fast
            and bounded in memory), smaller ones stay as they are. SVG is drawn at this size.
        how: the filter that reduces: LANCZOS to be looked at, HAMMING a third of its time to be measured.

    Returns:
        A picture in mode RGB, or RGBA where it has transparency.

    Raises:
        MediaError: status corrupt, empty, unreadable or too_large (above 200 million pixels to decode).
    """
    path = Path(path)
    if looks_like_svg(path):
        return render_svg(path, max_side)
    if path.suffix.lower() in DICOM_SUFFIXES:
        from mmstudio.media.dicom import dicom_picture

        return dicom_picture(path, max_side=max_side)
    with opened(path) as picture:
        if max_side is not None:
            picture.draft(None, _fitted(picture.size, max_side))
        pixels = picture.width * picture.height
        if pixels > MAX_PIXELS:
            raise too_large(path, picture.width, picture.height)
        with _BIG if pixels > _BIG_PIXELS else nullcontext():
            picture.load()
            return _normalised(picture, max_side, how)


def image_array(
    path: str | Path, max_side: int | None = None, how: Image.Resampling = Image.Resampling.LANCZOS
) -> NDArray[np.uint8]:
    """Like :func:`load_image`, as uint8[H, W, 3] in sRGB; transparency is laid over white."""
    return np.asarray(over_white(load_image(path, max_side, how)))


def over_white(picture: Image.Image) -> Image.Image:
    """RGB of an RGB or RGBA picture, its transparent parts white."""
    if picture.mode == "RGB":
        return picture
    page = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(page, picture.convert("RGBA")).convert("RGB")


def captured_at(picture: Image.Image) -> str | None:
    """When the picture was taken by its EXIF: ISO 8601 local time, with an offset where one is given."""
    exif = _header_exif(picture)
    for folder, tag, offset_tag in _DATETIME_TAGS:
        block: Any = exif if folder is None else exif.get_ifd(folder)
        when = parse_exif_date(str(block.get(tag, "")))
        if when is not None:
            offset = str(block.get(offset_tag, "") if offset_tag else "").strip("\0 ")
            return when + (offset if len(offset) == 6 and offset[0] in "+-" else "")
    return None


def _header_exif(picture: Image.Image) -> Image.Exif:
    # A PNG's own getexif() decodes all of its pixels to look for a chunk behind them.
    return Image.Image.getexif(picture)


def parse_exif_date(text: str) -> str | None:
    """``2021:02:03 04:05:06`` as ``2021-02-03T04:05:06``; None for the zeros of a camera without a clock."""
    try:
        parsed = datetime.strptime(text.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - EXIF is local time
    except ValueError:
        return None
    return parsed.isoformat() if parsed.year > 1800 else None


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """(width, height) after the EXIF orientation is applied."""
    turned = _header_exif(picture).get(0x0112, 1) in (5, 6, 7, 8)
    return (picture.height, picture.width) if turned else (picture.width, picture.height)


def phash(picture: Image.Image) -> str:
    """64-bit perceptual hash as 16 hexadecimal digits.

    The signs of the lowest 8 × 8 DCT-II coefficients of a 32 × 32 grey reduction about their median (Zauner,
    2010, "Implementation and benchmarking of perceptual image hash functions").
    """
    grey = over_white(picture).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    basis = _dct_basis()
    low = (basis @ np.asarray(grey, np.float32) @ basis.T).ravel()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


@lru_cache(maxsize=1)
def _dct_basis() -> NDArray[np.float32]:
    k, n = np.mgrid[0:8, 0:32]
    basis: NDArray[np.float32] = np.cos(np.pi * (2 * n + 1) * k / 64).astype(np.float32)
    return basis


def looks_like_svg(path: Path) -> bool:
    """Whether ``path`` has an SVG suffix and content."""
    if path.suffix.lower() not in (".svg", ".svgz", ".xml"):
        return False
    check_not_empty(path)
    with decoding(path), path.open("rb") as file:
        return is_svg(file.read(4096))


def _normalised(picture: Image.Image, max_side: int | None, how: Image.Resampling) -> Image.Image:
    """Upright, reduced, sRGB, 8-bit RGB or RGBA of a loaded picture."""
    profile = picture.info.get("icc_profile")
    alpha_likely = "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    ImageOps.exif_transpose(picture, in_place=True)
    plain = _eight_bit(picture, alpha_likely)
    if max_side is not None and max(plain.size) > max_side:
        plain = plain.resize(_fitted(plain.size, max_side), how, reducing_gap=3.0)
    elif plain is picture:
        plain = picture.copy()  # a plain picture that no longer hangs on its file
    return _to_srgb(plain, profile)


def _fitted(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """``size`` reduced in proportion so that its longer side is ``max_side`` at most."""
    longest = max(size)
    if longest <= max_side:
        return size
    return max(1, round(size[0] * max_side / longest)), max(1, round(size[1] * max_side / longest))


def _eight_bit(picture: Image.Image, alpha_likely: bool) -> Image.Image:
    """One of the modes L, RGB, RGBA, CMYK, LAB in 8 bits; high bit depths are scaled, not cut off."""
    mode = picture.mode
    if mode.startswith("I") or mode == "F":
        values = np.asarray(picture, np.float64)
        peak = float(values.max(initial=0.0))
        top = 65535.0 if mode.startswith("I") else (1.0 if peak <= 1.0 else 255.0 if peak <= 255.0 else peak)
        if mode == "I" and peak > 65535:
            top = peak
        return Image.fromarray((values.clip(0, top) * (255.0 / top) + 0.5).astype(np.uint8))
    if alpha_likely:
        return picture if mode == "RGBA" else picture.convert("RGBA")
    if mode in ("L", "RGB", "CMYK", "LAB"):
        return picture
    return picture.convert("L" if mode == "1" else "RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha is not None else picture
    converted = _through_profile(colours, profile) if profile else None
    if converted is None:
        converted = colours if colours.mode == "RGB" else _without_profile(colours)
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _without_profile(picture: Image.Image) -> Image.Image:
    if picture.mode != "LAB":
        return picture.convert("RGB")
    lab = ImageCms.createProfile("LAB")
    result = ImageCms.profileToProfile(picture, lab, _srgb(), outputMode="RGB")
    return result if result is not None else picture.convert("RGB")


def _through_profile(picture: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert by the embedded ICC profile; None where it is sRGB, broken, or of another colour space."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode == "RGB" and "srgb" in (source.profile.profile_description or "").lower():
            return None
        # Perceptual maps a printer's gamut gracefully; displays differ by a matrix and keep their white.
        intent = (
            ImageCms.Intent.PERCEPTUAL if picture.mode == "CMYK" else ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
        return ImageCms.profileToProfile(
            picture,
            source,
            _srgb(),
            renderingIntent=intent,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _srgb() -> ImageCms.ImageCmsProfile:
    # One handle per call: lcms profiles are not documented as safe to share between threads.
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
