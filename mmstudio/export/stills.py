"""Pictures that stand still: PNG, JPEG, WebP and AVIF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmstudio.media.png import png_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

    from mmstudio.export.writers import Task

_FEW_COLOURS = 0.8  # quality under which a PNG gets a palette


def write_png(task: Task) -> Iterator[int]:
    """The card as PNG, without loss; a file over its limit is packed harder, then gets a palette."""
    if task.quality >= 1.0:
        from mmstudio.composition.render import frame_array

        task.path.write_bytes(png_bytes(frame_array(task.renderer().card())))
        yield 1
        return
    picture = _card(task)
    yield 1
    if task.quality >= _FEW_COLOURS:
        picture.save(task.path, optimize=True)
    else:
        colours = max(round(256 * task.quality / _FEW_COLOURS), 8)
        picture.quantize(colours).save(task.path, optimize=True)
        task.facts["colours"] = colours


def write_jpeg(task: Task) -> Iterator[int]:
    """The card as JPEG: progressive, with full colour where the quality is high."""
    picture = _card(task)
    yield 1
    quality = _percent(task, 25, 95)
    sampling = 0 if quality >= 90 else 2  # 4:4:4 keeps coloured letters sharp
    picture.save(task.path, "JPEG", quality=quality, subsampling=sampling, optimize=True, progressive=True)


def write_webp(task: Task) -> Iterator[int]:
    """The card as WebP."""
    picture = _card(task)
    yield 1
    picture.save(task.path, "WEBP", quality=_percent(task, 20, 95), method=4)


def write_avif(task: Task) -> Iterator[int]:
    """The card as AVIF, with full colour where the quality is high."""
    from PIL import features

    from mmstudio.errors import StudioError

    if not features.check("avif"):
        raise StudioError(
            "This installation cannot write AVIF.", hint="Choose a WebP or JPEG channel instead."
        )
    picture = _card(task)
    yield 1
    quality = _percent(task, 20, 90)
    # one thread: more threads cut the picture into tiles, and the file would depend on the computer
    picture.save(
        task.path, "AVIF", quality=quality, speed=7, max_threads=1,
        subsampling="4:4:4" if quality >= 80 else "4:2:0",
    )  # fmt: skip


def _card(task: Task) -> Image:
    from PIL import Image

    from mmstudio.composition.render import frame_array

    return Image.fromarray(frame_array(task.renderer().card()))


def _percent(task: Task, low: int, high: int) -> int:
    quality = round(low + (high - low) * task.quality)
    task.facts["quality"] = quality
    return quality
