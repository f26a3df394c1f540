"""Small media files for tests: every maker writes one real file and returns its path."""

from __future__ import annotations

import csv
import io
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

ORIENTATION_TAG = 0x0112
DATETIME_ORIGINAL_TAG = 0x9003
EXIF_IFD = 0x8769


def make_picture(size: tuple[int, int] = (64, 48), seed: int = 0) -> Image.Image:
    """Return an RGB picture (width, height) of a few soft coloured blobs; another seed, another picture."""
    generator = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pixels = np.full((height, width, 3), generator.integers(40, 216, 3), np.float32)
    for _ in range(4):
        cx, cy = generator.uniform(0, width), generator.uniform(0, height)
        radius = generator.uniform(0.15, 0.45) * max(width, height)
        weight = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius * radius / 4))[..., None]
        pixels = pixels * (1 - weight) + generator.integers(0, 256, 3).astype(np.float32) * weight
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _picture(size: tuple[int, int], seed: int, color: tuple[int, ...] | None, mode: str) -> Image.Image:
    picture = Image.new("RGB", size, color[:3]) if color is not None else make_picture(size, seed)
    return picture if mode == "RGB" else picture.convert(mode)


def make_jpeg(
    path: str | Path,
    size: tuple[int, int] = (64, 48),
    *,
    seed: int = 0,
    color: tuple[int, ...] | None = None,
    orientation: int | None = None,
    captured_at: str | None = None,
    mode: str = "RGB",
    picture: Image.Image | None = None,
    quality: int = 90,
    icc: bytes | None = None,
) -> Path:
    """Write a JPEG; ``orientation`` is the EXIF value 1-8, ``captured_at`` is ``YYYY:MM:DD HH:MM:SS``."""
    path = _ready(path)
    picture = picture if picture is not None else _picture(size, seed, color, mode)
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION_TAG] = orientation
    if captured_at is not None:
        exif.get_ifd(EXIF_IFD)[DATETIME_ORIGINAL_TAG] = captured_at
    extra: dict[str, Any] = {"icc_profile": icc} if icc else {}
    picture.save(path, "JPEG", quality=quality, exif=exif, **extra)
    return path


def make_png(
    path: str | Path,
    size: tuple[int, int] = (64, 48),
    *,
    seed: int = 0,
    color: tuple[int, ...] | None = None,
    mode: str = "RGB",
) -> Path:
    """Write a PNG in any Pillow ``mode``; with an RGBA ``mode`` the left half is transparent."""
    path = _ready(path)
    picture = _picture(size, seed, color, mode)
    if mode in ("RGBA", "LA"):
        alpha = Image.new("L", size, 255)
        alpha.paste(0, (0, 0, size[0] // 2, size[1]))
        picture.putalpha(alpha)
    picture.save(path, "PNG")
    return path


def make_image(path: str | Path, size: tuple[int, int] = (64, 48), *, seed: int = 0) -> Path:
    """Write a picture in the format its suffix names (webp, gif, tiff, bmp, avif, heic, png, jpg)."""
    path = _ready(path)
    if path.suffix.lower() in (".heic", ".heif"):
        import pillow_heif

        pillow_heif.from_pillow(make_picture(size, seed)).save(str(path), quality=80)
    else:
        make_picture(size, seed).save(path)
    return path


def make_svg(
    path: str | Path, size: tuple[int, int] = (64, 48), color: str = "#c03030", body: str = ""
) -> Path:
    """Write an SVG: a filled rectangle over the whole page and then ``body``."""
    width, height = size
    return make_text(
        path,
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
        f'height="{height}"><rect width="{width}" height="{height}" fill="{color}"/>{body}</svg>',
    )


def make_tone(
    seconds: float = 0.5, rate: int = 16000, *, frequency: float = 440.0, channels: int = 1
) -> NDArray[np.float32]:
    """Return float32[channels, seconds * rate]: a tone at half scale that fades out."""
    t = np.arange(round(seconds * rate)) / rate
    tone = 0.5 * np.sin(2 * math.pi * frequency * t) * np.linspace(1.0, 0.2, t.size)
    return np.repeat(tone[None, :].astype(np.float32), channels, axis=0)


def make_wav(
    path: str | Path,
    seconds: float = 0.5,
    rate: int = 16000,
    *,
    frequency: float = 440.0,
    channels: int = 1,
) -> Path:
    """Write a tone with soundfile in the format its suffix names (wav, flac, ogg, mp3)."""
    import soundfile

    path = _ready(path)
    soundfile.write(str(path), make_tone(seconds, rate, frequency=frequency, channels=channels).T, rate)
    return path


def make_m4a(path: str | Path, seconds: float = 0.5, rate: int = 44100, *, frequency: float = 440.0) -> Path:
    """Write a stereo tone as AAC in an MP4 container (any container PyAV knows by suffix)."""
    import av

    path = _ready(path)
    with av.open(str(path), "w", format="ipod" if path.suffix == ".m4a" else None) as container:
        stream = container.add_stream(
            "libopus" if path.suffix == ".opus" else "aac", rate=rate, layout="stereo"
        )
        _encode_tone(container, stream, make_tone(seconds, rate, frequency=frequency, channels=2), rate)
    return path


def make_mp4(
    path: str | Path,
    size: tuple[int, int] = (64, 48),
    *,
    seconds: float = 1.0,
    fps: int = 10,
    audio: bool = False,
    black_start: float = 0.0,
    rotation: int = 0,
    seed: int = 0,
) -> Path:
    """Write a video of a bright square moving over a picture (mp4, mov, mkv by H.264; webm by VP9).

    ``black_start`` seconds of black come first; ``rotation`` (0, 90, 180, 270 degrees clockwise) is what a
    player must turn the stored frames by.
    """
    import av

    path = _ready(path)
    webm = path.suffix.lower() == ".webm"
    width, height = size
    background = np.asarray(make_picture(size, seed))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9" if webm else "libx264", rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        rate = 48000
        sound = (
            container.add_stream("libopus" if webm else "aac", rate=rate, layout="stereo") if audio else None
        )
        for index in range(round(seconds * fps)):
            pixels = background.copy()
            left = int(index * (width - 8) / max(seconds * fps - 1, 1))
            pixels[height // 3 : height // 3 + 8, left : left + 8] = 255
            if index < black_start * fps:
                pixels[:] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
        if sound is not None:
            _encode_tone(container, sound, make_tone(seconds, rate, channels=2), rate)
    if rotation:
        _set_rotation(path, rotation)
    return path


def _encode_tone(container: Any, stream: Any, samples: NDArray[np.float32], rate: int) -> None:
    import av

    for start in range(0, samples.shape[1], 1024):
        block = np.ascontiguousarray(samples[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _set_rotation(path: Path, clockwise: int) -> None:
    """Write the turn into the matrix of the first track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    tkhd = data.index(b"tkhd")
    cos, sin = round(math.cos(math.radians(clockwise))), round(math.sin(math.radians(clockwise)))
    matrix = [cos, sin, 0, -sin, cos, 0, 0, 0, 1]
    start = tkhd + 4 + 4 + 20 + 8 + 8
    for index, value in enumerate(matrix):
        scale = 1 << 30 if index % 3 == 2 else 1 << 16
        data[start + 4 * index : start + 4 * index + 4] = (value * scale).to_bytes(4, "big", signed=True)
    path.write_bytes(bytes(data))


def make_text(path: str | Path, text: str = "Hello from a small text.\n", encoding: str = "utf-8") -> Path:
    """Write ``text`` (txt, md, html, json …) in ``encoding``."""
    path = _ready(path)
    path.write_bytes(text.encode(encoding))
    return path


def make_table(
    path: str | Path,
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    """Write rows as CSV, or as a workbook when the suffix is .xlsx."""
    path = _ready(path)
    if path.suffix.lower() == ".xlsx":
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in rows:
            sheet.append(list(row))
        book.save(path)
    else:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows(rows)
        path.write_bytes(out.getvalue().encode(encoding))
    return path


CATALOG_COLUMNS = ("sku", "title", "description", "price", "currency", "category", "images", "colour")


def make_catalog(
    path: str | Path,
    items: Iterable[Mapping[str, Any]] | int = 3,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    columns: Sequence[str] = CATALOG_COLUMNS,
) -> Path:
    """Write a catalogue (CSV or XLSX): rows, or ``n`` invented ones with image ``item-<i>.jpg``."""
    if isinstance(items, int):
        items = [
            {
                "sku": f"SKU-{i}",
                "title": f"Thing {i}",
                "description": f"A useful thing number {i}.",
                "price": f"{10 + i}.50",
                "currency": "EUR",
                "category": "Things > Useful" if i % 2 else "Things",
                "images": f"item-{i}.jpg",
                "colour": ("red", "green", "blue")[i % 3],
            }
            for i in range(items)
        ]
    rows: list[Sequence[Any]] = [columns, *([item.get(column, "") for column in columns] for item in items)]
    return make_table(path, rows, encoding=encoding, delimiter=delimiter)


def make_shop(folder: str | Path, items: int = 3) -> Path:
    """Make a folder with ``catalog.csv`` and one JPEG per item; return the folder."""
    folder = Path(folder)
    for index in range(items):
        make_jpeg(folder / "images" / f"item-{index}.jpg", seed=index)
    make_catalog(folder / "catalog.csv", items)
    return folder


def _ready(path: str | Path) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
