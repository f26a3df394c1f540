"""The small picture that stands for a file: itself, its waveform, a telling frame, its first lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mmstudio.errors import MediaError
from mmstudio.media.fonts import Font, font, has_cjk
from mmstudio.media.image import load_image, over_white
from mmstudio.media.kinds import MediaKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONG_SOUND = 600.0  # seconds; above this the waveform is sampled instead of decoded whole
_SAMPLE_SECONDS = 0.08  # length of each of those samples
_INK, _SOFT_INK, _PAPER, _EDGE = (33, 37, 44), (96, 104, 116), (252, 252, 250), (222, 224, 226)
_NIGHT_TOP, _NIGHT_BOTTOM = (30, 36, 51), (17, 21, 31)
_WAVE_LEFT, _WAVE_RIGHT = (72, 199, 190), (134, 118, 246)
_POSTER_TIMES = (0.15, 0.35, 0.5, 0.05, 0.75, 0.9, 0.0)  # of the duration, tried in this order
_POSTER_GOOD = 24.0  # grey levels of contrast (standard deviation) that make a frame telling enough


def make_thumbnail(path: str | Path, kind: MediaKind, size: int = 384) -> Image.Image:
    """Draw the thumbnail of a media file.

    Args:
        path: the file.
        kind: what it is.
        size: longest side in px; a smaller picture is not enlarged.

    Returns:
        An RGB picture. Decoding the whole content on the way proves that it is sound.

    Raises:
        MediaError: where the file cannot be decoded.
    """
    if kind == "image":
        return over_white(load_image(path, size))
    if kind == "audio":
        return draw_waveform(waveform(path, bins=64), (size, size * 9 // 16))
    if kind == "video":
        return poster_frame(path, size)
    from mmstudio.media.text import load_text

    document = load_text(path, limit=20_000)
    return draw_page(document.title, document.text, size)


def waveform(path: str | Path, bins: int = 64) -> NDArray[np.float32]:
    """Lowest and highest sample per stretch of a sound file: float32[bins, 2] within -1 to 1.

    A sound longer than ten minutes is sampled at ``bins`` places, so that an hour costs no more than a song.
    """
    from mmstudio.media.audio import audio_info, load_audio, peaks

    duration = audio_info(path).duration
    if duration <= _LONG_SOUND:
        return peaks(load_audio(path, mono=True)[0], bins)
    picked = [
        peaks(load_audio(path, mono=True, start=duration * (i + 0.5) / bins, duration=_SAMPLE_SECONDS)[0], 1)
        for i in range(bins)
    ]
    return np.concatenate(picked)


def draw_waveform(extremes: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    """Rounded bars for float32[bins, 2] on a dark ground, scaled so that the loudest bar nearly fills it."""
    scale = 2  # drawn at twice the size: Pillow's shapes are not antialiased
    width, height = size[0] * scale, size[1] * scale
    picture = _gradient((width, height), _NIGHT_TOP, _NIGHT_BOTTOM, vertical=True).copy()
    mask = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(mask)
    reach = np.abs(extremes).max(axis=1)
    loudest = float(reach.max(initial=0.0))
    # The square root keeps quiet passages visible beside loud ones.
    heights = np.sqrt(reach / loudest) if loudest > 1e-4 else np.zeros_like(reach)
    margin, middle = width * 0.06, height / 2
    step = (width - 2 * margin) / max(len(heights), 1)
    bar = max(step * 0.58, 2.0)
    for index, value in enumerate(heights):
        left = margin + index * step + (step - bar) / 2
        half = max(float(value) * height * 0.38, bar / 2)
        pen.rounded_rectangle((left, middle - half, left + bar, middle + half), radius=bar / 2, fill=255)
    picture.paste(_gradient((width, height), _WAVE_LEFT, _WAVE_RIGHT, vertical=False), (0, 0), mask)
    return picture.resize(size, Image.Resampling.LANCZOS)


def poster_frame(path: str | Path, size: int = 384) -> Image.Image:
    """A frame of the video that shows something: the first of a few that is neither black, white nor flat."""
    from mmstudio.media.video import VideoReader

    best: tuple[float, Image.Image] | None = None
    with VideoReader(path) as video:
        for share in _POSTER_TIMES:
            try:
                picture = video.frame_at(share * video.duration, max_side=size)
            except MediaError:
                continue  # a damaged stretch; another one may do
            score = _telling(picture)
            if best is None or score > best[0]:
                best = (score, picture)
            if score >= _POSTER_GOOD:
                break
        if best is None:
            return video.frame_at(0.0, max_side=size)  # raises what is wrong
    return best[1]


def draw_page(title: str, text: str, size: int = 384) -> Image.Image:
    """A sheet of paper, 3:4, with the title and the first lines of a text, Chinese included."""
    width, height = size * 3 // 4, size
    picture = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(picture)
    margin = width // 11
    cjk = has_cjk(title + text[:2000])
    room = width - 2 * margin
    y = float(margin)
    head, body = font(max(size // 20, 9), cjk), font(max(size // 27, 7), cjk)
    for line in _wrap(title, head, room, most=3):
        pen.text((margin, y), line, fill=_INK, font=head, stroke_width=size // 600)
        y += size / 20 * 1.35
    y += size / 40
    pen.line((margin, y, margin + room // 4, y), fill=_WAVE_RIGHT, width=max(size // 150, 1))
    y += size / 26
    advance = size / 27 * 1.5
    rest = _without_title(title, text)
    for line in _wrap(rest, body, room, most=int((height - y) / advance) + 1):
        pen.text((margin, y), line, fill=_SOFT_INK, font=body)
        y += advance
    _fade_out(picture, _PAPER)
    pen.rectangle((0, 0, width - 1, height - 1), outline=_EDGE)
    return picture


def _wrap(text: str, pen: Font, room: int, most: int) -> list[str]:
    """Break ``text`` into at most ``most`` lines of ``room`` px: between words, and anywhere in Chinese."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        if set(paragraph) <= set("=-*_ "):
            continue  # an underline or a rule of Markdown
        for piece in _fitting(_pieces(" ".join(paragraph.split())), pen, room):
            if pen.getlength(line + piece) <= room or not line:
                line += piece
                continue
            lines.append(line.rstrip())
            line = piece.lstrip()
            if len(lines) >= most:
                return lines
        if line.strip():
            lines.append(line.rstrip())
        if len(lines) >= most:
            return lines[:most]
    return lines


def _fitting(pieces: list[str], pen: Font, room: int) -> Iterator[str]:
    for piece in pieces:
        if pen.getlength(piece) <= room:
            yield piece
        else:  # an address, say: broken anywhere
            yield from piece


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for c in text[:4000]:
        alone = "\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" or "\uff00" <= c <= "\uffef"
        joins = pieces and not alone and not pieces[-1].endswith(" ") and not has_cjk(pieces[-1][-1])
        if joins and len(pieces[-1]) < 40:
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def _without_title(title: str, text: str) -> str:
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.strip().lstrip("#").strip() == title else text


def _fade_out(picture: Image.Image, colour: tuple[int, int, int]) -> None:
    width, height = picture.size
    band = height // 5
    ramp = Image.linear_gradient("L").resize((width, band))
    picture.paste(Image.new("RGB", (width, band), colour), (0, height - band), ramp)


def _telling(picture: Image.Image) -> float:
    grey = np.asarray(picture.convert("L").resize((64, 64)).filter(ImageFilter.BoxBlur(1)), np.float32)
    bright = float(grey.mean())
    return float(grey.std()) * (0.2 if bright < 16 or bright > 245 else 1.0)


@lru_cache(maxsize=8)
def _gradient(
    size: tuple[int, int], first: tuple[int, int, int], last: tuple[int, int, int], *, vertical: bool
) -> Image.Image:
    count = size[1] if vertical else size[0]
    ramp = np.linspace(np.array(first, np.float32), np.array(last, np.float32), count)
    pixels = ramp[:, None, :] if vertical else ramp[None, :, :]
    strip = Image.fromarray(np.ascontiguousarray(pixels.round().astype(np.uint8)))
    return strip.resize(size, Image.Resampling.NEAREST)
