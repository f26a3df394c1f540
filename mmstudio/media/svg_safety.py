"""What of an SVG may be drawn, and what drawing it would cost. See docs/adr/0020-svg-with-resvg.md."""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from PIL import Image

MAX_ELEMENTS = 100_000
MAX_DEPTH = 200  # the renderer recurses; a deeper tree could exhaust the C stack
MAX_DRAWN = 400_000  # elements after every reference is followed
MAX_OUTLINE = 8_000_000  # characters of path data
MAX_EMBEDDED_PIXELS = 40_000_000

_DROPPED = {"script", "foreignObject", "iframe", "audio", "video", "handler", "listener", "animation"}
_GRADIENTS = {"linearGradient", "radialGradient"}
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*#([^)'\"\s]+)\s*['\"]?\s*\)")
_ANY_URL = re.compile(r"url\([^)]*\)?", re.IGNORECASE)
_IMPORT = re.compile(r"@import[^;]*;?", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(png|jpe?g|gif|webp)\s*;\s*base64\s*,", re.IGNORECASE)
_FILTER_STYLE = re.compile(r"filter\s*:[^;}]*;?", re.IGNORECASE)
_LAYERED = re.compile(r"opacity|mask|clip-path|mix-blend-mode|isolation")
_GROUPS = {"g", "use", "svg", "symbol", "text"}
# Work of one filter primitive per pixel, in units of a plain copy; measured roughly, and set high.
_PRIMITIVE_WORK = {
    "feGaussianBlur": 6.0,
    "feTurbulence": 15.0,
    "feDiffuseLighting": 10.0,
    "feSpecularLighting": 10.0,
}
_LAYER_WORK = 5.0
_MAX_REGION = 5.0  # a filter's area, in sizes of what it is applied to


@dataclass(frozen=True, slots=True)
class Cost:
    """What drawing takes: ``elements`` in all, and full-size passes (``layers``) over the picture."""

    elements: float
    layers: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.elements + other.elements, self.layers + other.layers)


def parse(data: bytes) -> ET.Element:
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


def local_name(tag: Any) -> str:
    """Name of a tag or attribute without its namespace."""
    return str(tag).rpartition("}")[2]


def clean(root: ET.Element) -> None:
    """Remove scripts, handlers and every reference that leaves the document; cap what costs time."""
    if sum(len(e.get("d", "")) + len(e.get("points", "")) for e in root.iter()) > MAX_OUTLINE:
        raise ValueError("SVG with too much path data")
    gradients = {e.get("id") for e in root.iter() if local_name(e.tag) in _GRADIENTS}
    embedded = 0
    for element in list(root.iter()):
        for child in [c for c in element if local_name(c.tag) in _DROPPED]:
            element.remove(child)
        if local_name(element.tag) == "style" and element.text:
            element.text = _ANY_URL.sub(
                lambda match: match[0] if _targets(match[0]) <= gradients and _targets(match[0]) else "none",
                _IMPORT.sub("", element.text),
            )
        for key, value in list(element.attrib.items()):
            local = local_name(key)
            if local.lower().startswith("on"):
                del element.attrib[key]
            elif local in ("href", "src"):
                data = _DATA_IMAGE.match(value)
                if data is not None and local_name(element.tag) in ("image", "feImage"):
                    embedded += _embedded_pixels(value[data.end() :])
                    if embedded > MAX_EMBEDDED_PIXELS:
                        raise ValueError("SVG with huge embedded pictures")
                elif not value.startswith("#"):
                    del element.attrib[key]
            elif "url(" in value.lower():
                element.set(
                    key, _ANY_URL.sub(lambda match: match[0] if _targets(match[0]) else "none", value)
                )
        if local_name(element.tag) == "feTurbulence":
            element.set("numOctaves", str(min(_integer(element.get("numOctaves", "1")), 8)))
        if local_name(element.tag) == "filter":
            _bound_region(element)


def without_filters(root: ET.Element) -> None:
    """Take every filter off: a picture without its shadows is better than none."""
    for element in root.iter():
        for child in [child for child in element if local_name(child.tag) == "filter"]:
            element.remove(child)
        element.attrib.pop("filter", None)
        if "filter" in element.get("style", ""):
            element.set("style", _FILTER_STYLE.sub("", element.get("style", "")))
        if local_name(element.tag) == "style" and element.text:
            element.text = _FILTER_STYLE.sub("", element.text)


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


def cost(root: ET.Element) -> Cost:
    """What drawing ``root`` takes once every reference is followed; infinite for a loop."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    styled = any(
        local_name(element.tag) == "style" and _LAYERED.search(element.text or "") for element in root.iter()
    )
    known: dict[ET.Element, Cost] = {}
    active: set[ET.Element] = set()

    def weigh(element: ET.Element) -> Cost:
        if element in known:
            return known[element]
        if element in active or len(active) > 2 * MAX_DEPTH:
            return Cost(math.inf, math.inf)
        active.add(element)
        total = Cost(1.0, _own_layers(element, styled))
        for child in element:
            total += weigh(child)
        for key, value in element.attrib.items():
            targets = _targets(value)
            if local_name(key) == "href" and value.startswith("#"):
                targets = targets | {value[1:]}
            for target in targets:
                if target in by_id:
                    total += weigh(by_id[target])
        active.discard(element)
        known[element] = total
        return total

    return weigh(root)


def _own_layers(element: ET.Element, styled: bool) -> float:
    """Full-size passes that one element asks for; those of a filter are in its primitives."""
    name = local_name(element.tag)
    if name.startswith("fe") and name[2:3].isupper():
        return _primitive_work(name, element)
    layers = sum(_LAYER_WORK for key in element.attrib if _LAYERED.fullmatch(key))
    if _LAYERED.search(element.get("style", "")) or (styled and element.get("class") and name in _GROUPS):
        layers += _LAYER_WORK
    return layers


def _primitive_work(name: str, element: ET.Element) -> float:
    if name == "feConvolveMatrix":
        return float(max(len(element.get("kernelMatrix", "").split()), 9))
    if name == "feMorphology":
        radius = max((abs(n) for n in _numbers(element.get("radius", "0"))), default=0.0)
        return (2 * radius + 1) ** 2
    octaves = _integer(element.get("numOctaves", "1")) if name == "feTurbulence" else 1
    return _PRIMITIVE_WORK.get(name, 2.0) * max(octaves, 1)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in re.findall(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?", text)]


def _bound_region(element: ET.Element) -> None:
    """Take back an area far beyond what the filter is applied to: it costs much and shows nothing."""
    shared = element.get("filterUnits") != "userSpaceOnUse"
    for key in ("x", "y", "width", "height"):
        for value in _numbers(element.get(key, "")):
            scale = 0.01 if "%" in element.get(key, "") else 1.0 if shared else 1e-4
            if abs(value) * scale > _MAX_REGION:
                for name in ("x", "y", "width", "height"):
                    element.attrib.pop(name, None)
                return
