"""SVG to pixels with resvg. An SVG is hostile input: it is taken apart and only harmless parts are drawn.

See docs/adr/0020-svg-with-resvg.md for what is refused and why.
"""

from __future__ import annotations

import io
import math
import re
import sys
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

from PIL import Image

from mmstudio.media.guard import corrupt, decoding, too_large
from mmstudio.media.svg_safety import MAX_DRAWN, clean, cost, local_name, parse, without_filters

MAX_BYTES = 20_000_000
MAX_SIDE = 4096  # px a side; a vector picture needs no more here
_FONTS = {
    "win32": ("Arial", "Times New Roman", "Courier New"),
    "darwin": ("Helvetica", "Times", "Courier"),
}.get(sys.platform, ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"))
MIN_NATURAL_SIDE = 512  # icons declare 24 px but are drawn to be scaled
MIN_SIDE = 128  # what a costly picture is reduced to before it is refused
MAX_WORK = 3e8  # layers × pixels: a few seconds

_LENGTH = re.compile(r"\s*([+]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(px|pt|pc|mm|cm|in|em|ex|)\s*$")
_PIXELS_PER_UNIT = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
    "ex": 8.0,
}


def is_svg(head: bytes) -> bool:
    """Whether the first bytes of a file look like SVG, plain or compressed."""
    return head[:2] == b"\x1f\x8b" or b"<svg" in head.lower()


def svg_size(path: str | Path) -> tuple[int, int]:
    """Declared (width, height) of an SVG in px, rounded up; the viewBox or 100 × 100 where none is given."""
    width, height = _declared_size(_read(Path(path)))
    return min(math.ceil(width), 1_000_000), min(math.ceil(height), 1_000_000)


def render_svg(path: str | Path, max_side: int | None = None) -> Image.Image:
    """Draw an SVG as RGBA, its longer side ``max_side`` px (else its own size within 512 to 4096 px).

    Raises:
        MediaError: corrupt (no SVG, or too entangled to be drawn) or too_large.
    """
    import resvg_py

    path = Path(path)
    root = _read(path)
    width, height = _declared_size(root)
    longest = max(width, height)
    side = min(max(longest, MIN_NATURAL_SIDE), MAX_SIDE) if max_side is None else min(max_side, MAX_SIDE)
    side = _affordable(path, root, side, width * height / longest**2)
    scale = side / longest
    with decoding(path):
        root.set("width", f"{width}px")
        root.set("height", f"{height}px")
        data = resvg_py.svg_to_bytes(
            svg_string=ET.tostring(root, encoding="unicode"),
            width=max(1, round(width * scale)),
            height=max(1, round(height * scale)),
            font_family=_FONTS[0],
            sans_serif_family=_FONTS[0],
            serif_family=_FONTS[1],
            monospace_family=_FONTS[2],
        )
        picture = Image.open(io.BytesIO(bytes(data)))
        picture.load()
        return picture.convert("RGBA")


def _read(path: Path) -> ET.Element:
    with decoding(path), path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise too_large(path, 0, 0)
    with decoding(path):
        root = parse(data)
        if local_name(root.tag) != "svg":
            raise corrupt(path)
        clean(root)
        if cost(root).elements > MAX_DRAWN:
            raise corrupt(path)
        return root


def _affordable(path: Path, root: ET.Element, side: float, share: float) -> float:
    """The longer side to draw at: filters go, then size, where drawing would take more than a few seconds.

    ``share`` is the part of a square of that side which the picture fills.
    """
    if cost(root).layers * side * side * share > MAX_WORK:
        without_filters(root)
    layers = cost(root).layers
    largest = math.sqrt(MAX_WORK / (layers * share)) if layers > 0 else side
    if largest < min(MIN_SIDE, side):
        raise corrupt(path)
    return min(side, largest)


def _declared_size(root: ET.Element) -> tuple[float, float]:
    box = [
        float(part)
        for part in re.findall(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?", root.get("viewBox", ""))
    ]
    box_size = (box[2], box[3]) if len(box) == 4 and box[2] > 0 and box[3] > 0 else None
    width, height = _length(root.get("width")), _length(root.get("height"))
    if box_size is not None:
        if width and not height:
            height = width * box_size[1] / box_size[0]
        elif height and not width:
            width = height * box_size[0] / box_size[1]
    fallback = box_size or (100.0, 100.0)
    width, height = width or fallback[0], height or fallback[1]
    return min(width, 1e6), min(height, 1e6)


def _length(text: str | None) -> float | None:
    match = _LENGTH.match(text or "")
    if match is None:
        return None
    value = float(match[1]) * _PIXELS_PER_UNIT[match[2]]
    return value if value > 0 and math.isfinite(value) else None
