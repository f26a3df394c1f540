"""SVG to pixels with resvg. An SVG is hostile input: it is taken apart and only harmless parts are drawn.

See docs/adr/0020-svg-with-resvg.md for what is refused and why.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path
from typing import Any
from xml.parsers import expat

from PIL import Image

from mmstudio.media.guard import corrupt, decoding, too_large

MAX_BYTES = 20_000_000
MAX_ELEMENTS = 100_000
MAX_DEPTH = 200  # the renderer recurses; a deeper tree could exhaust the C stack
MAX_DRAWN = 400_000  # elements after every reference is followed
MAX_EMBEDDED_PIXELS = 40_000_000
MAX_SIDE = 4096  # px a side; a vector picture needs no more here
MIN_NATURAL_SIDE = 512  # icons declare 24 px but are drawn to be scaled

_DROPPED = {"script", "foreignObject", "iframe", "audio", "video", "handler", "listener", "animation"}
_GRADIENTS = {"linearGradient", "radialGradient"}
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*#([^)'\"\s]+)\s*['\"]?\s*\)")
_ANY_URL = re.compile(r"url\([^)]*\)?", re.IGNORECASE)
_IMPORT = re.compile(r"@import[^;]*;?", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(png|jpe?g|gif|webp)\s*;\s*base64\s*,", re.IGNORECASE)
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
    scale = side / longest
    with decoding(path):
        root.set("width", f"{width}px")
        root.set("height", f"{height}px")
        data = resvg_py.svg_to_bytes(
            svg_string=ET.tostring(root, encoding="unicode"),
            width=max(1, round(width * scale)),
            height=max(1, round(height * scale)),
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
            serif_family="DejaVu Serif",
            monospace_family="DejaVu Sans Mono",
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
        root = _parse(data)
        if _local(root.tag) != "svg":
            raise corrupt(path)
        _clean(root)
        if _drawn_elements(root) > MAX_DRAWN:
            raise corrupt(path)
        return root


def _parse(data: bytes) -> ET.Element:
    """Parse without any outside entity; small plain internal entities (Illustrator writes them) are kept."""
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    depth = elements = 0

    def name(raw: str) -> str:
        return "{" + raw if "}" in raw else raw

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise ValueError("SVG tree too deep or too large")
        builder.start(name(tag), {name(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name(tag))

    def entity(
        _name: str, is_parameter: bool, value: str | None, _base: Any, system: Any, *_rest: Any
    ) -> None:
        if is_parameter or value is None or system is not None or "&" in value or len(value) > 1000:
            raise ValueError("SVG with entities that reach out or multiply")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.Parse(data, True)
    return builder.close()


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _clean(root: ET.Element) -> None:
    """Remove scripts, handlers and every reference that leaves the document; cap what costs time."""
    gradients = {e.get("id") for e in root.iter() if _local(e.tag) in _GRADIENTS}
    embedded = 0
    for element in list(root.iter()):
        for child in [c for c in element if _local(c.tag) in _DROPPED]:
            element.remove(child)
        if _local(element.tag) == "style" and element.text:
            element.text = _ANY_URL.sub(
                lambda match: match[0] if _targets(match[0]) <= gradients and _targets(match[0]) else "none",
                _IMPORT.sub("", element.text),
            )
        for key, value in list(element.attrib.items()):
            local = _local(key)
            if local.lower().startswith("on"):
                del element.attrib[key]
            elif local in ("href", "src"):
                data = _DATA_IMAGE.match(value)
                if data is not None and _local(element.tag) in ("image", "feImage"):
                    embedded += _embedded_pixels(value[data.end() :])
                    if embedded > MAX_EMBEDDED_PIXELS:
                        raise ValueError("SVG with huge embedded pictures")
                elif not value.startswith("#"):
                    del element.attrib[key]
            elif "url(" in value.lower():
                element.set(
                    key, _ANY_URL.sub(lambda match: match[0] if _targets(match[0]) else "none", value)
                )
        if _local(element.tag) == "feTurbulence":
            element.set("numOctaves", str(min(_integer(element.get("numOctaves", "1")), 8)))


def _targets(value: str) -> set[str | None]:
    return set(_REFERENCE.findall(value))


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 1


def _embedded_pixels(encoded: str) -> int:
    try:
        with Image.open(io.BytesIO(base64.b64decode(re.sub(r"\s", "", encoded)))) as picture:
            return picture.width * picture.height
    except (OSError, ValueError, binascii.Error, SyntaxError):
        return 0  # the renderer skips what it cannot decode


def _drawn_elements(root: ET.Element) -> float:
    """How many elements are drawn once every reference is followed; infinite for a loop."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    cost: dict[ET.Element, float] = {}
    active: set[ET.Element] = set()

    def weigh(element: ET.Element) -> float:
        if element in cost:
            return cost[element]
        if element in active or len(active) > 2 * MAX_DEPTH:
            return math.inf
        active.add(element)
        total = 1.0 + sum(weigh(child) for child in element)
        for key, value in element.attrib.items():
            targets = _targets(value)
            if _local(key) == "href" and value.startswith("#"):
                targets = targets | {value[1:]}
            total += sum(weigh(by_id[target]) for target in targets if target in by_id)
        active.discard(element)
        cost[element] = total
        return total

    return weigh(root)


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
