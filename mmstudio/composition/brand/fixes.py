"""One-click fixes of what a brand check found."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mmstudio.composition.brand.apply import add_disclaimer, add_logo
from mmstudio.composition.brand.check import BrandReport, Finding, check
from mmstudio.composition.brand.grounds import RENEW, renew
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.corners import PREFIX, corner_rect
from mmstudio.composition.own_places import EVERY, key_of
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    LogoLayer,
    Rect,
    Scene,
    ShapeLayer,
    Storyboard,
    TextLayer,
)

if TYPE_CHECKING:
    from mmstudio.library import Library

_MOST_ROUNDS = 6


def fix(board: Storyboard, finding: Finding, kit: BrandKit, library: Library | None = None) -> Storyboard:
    """A copy of the storyboard in which one finding is put right; the same where it cannot be.

    ``library`` is needed to add or move a logo.
    """
    made = copy.deepcopy(board)
    if finding.fix is None:
        return made
    scene = next((one for one in made.scenes if one.name == finding.scene), None)
    layer = next((one for one in scene.layers if one.name == finding.layer), None) if scene else None
    match finding.rule:
        case "words":
            _take_out(made, finding.value)
        case "disclaimer" if made.scenes:
            add_disclaimer(made, finding.value, kit)
        case "logo" if scene is not None and library is not None:
            _add_logo(made, scene, kit, library)
        case "clear space" if isinstance(layer, LogoLayer) and library is not None:
            _place_logo(made, layer, finding.value, kit, library)
        case "contrast" if isinstance(layer, TextLayer):
            if finding.value.startswith("plate:"):
                layer.chip = finding.value.removeprefix("plate:") + "e6"
            else:
                layer.colour = finding.value
        case "size" if isinstance(layer, TextLayer):
            layer.size = max(layer.size, kit.least_text)
            layer.least = min(max(layer.least, kit.least_text / layer.size), 1.0)
            # a person's own value: it outlives the next placing on another canvas
            own = made.places.setdefault(EVERY, {}).setdefault(key_of(finding.scene, finding.layer), {})
            own["size"] = layer.size
        case "font" if isinstance(layer, TextLayer):
            layer.family = finding.value
        case "colour" if finding.value == RENEW:
            if isinstance(layer, GeneratedLayer) and layer.asset_id is not None and library is not None:
                renew(made, layer.asset_id, kit, library)
        case "colour" if layer is not None:
            _colour(layer, finding.value)
        case _:
            pass
    return made


def fix_all(
    board: Storyboard, kit: BrandKit, library: Library, sizes: Iterable[tuple[int, int]] = ()
) -> tuple[Storyboard, BrandReport]:
    """Everything that can be put right, and what is found afterwards; ``sizes`` as for :func:`check`.

    One fix can show another fault (a plate, a moved logo): checked again up to six times.
    """
    canvases = list(sizes)
    report = check(board, library, kit, sizes=canvases)
    for _ in range(_MOST_ROUNDS):
        todo = [finding for finding in report.findings if finding.fix is not None]
        if not todo:
            break
        before = len(report.findings)
        changed = board
        for finding in todo:
            changed = fix(changed, finding, kit, library)
        again = check(changed, library, kit, sizes=canvases)
        if len(again.findings) > before:
            break  # no better: leave the state that is known to be
        board, report = changed, again
        if len(again.findings) == before:
            break
    return board, report


def _take_out(board: Storyboard, word: str) -> None:
    """A word out of every text, with the space and the comma that held it."""
    pattern = re.compile(r"\s*,?\s*" + re.escape(word), re.IGNORECASE)

    def without(text: str) -> str:
        left = re.sub(r"\s+", " ", pattern.sub("", text)).strip(" ,;:，、")
        return left[:1].upper() + left[1:] if text[:1].isupper() else left

    for slot, text in board.copy.items():
        board.copy[slot] = without(text)
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer) and layer.text:
                layer.text = without(layer.text)
    for caption in board.captions:
        caption.text = without(caption.text)


def _add_logo(board: Storyboard, scene: Scene, kit: BrandKit, library: Library) -> None:
    from mmstudio.composition.render.brand_rules import free_corner, logo_box
    from mmstudio.composition.render.brand_subjects import subjects_of
    from mmstudio.composition.render.pictures import Pictures

    if not add_logo(board, scene, kit, library):
        return
    logo = scene.layers[-1]
    if isinstance(logo, LogoLayer):
        there = subjects_of(board, scene, Pictures(library))
        free = free_corner(board, scene, logo, logo_box(board, logo, library), kit, there)
        if free:
            _place_logo(board, logo, free, kit, library)


def _place_logo(board: Storyboard, layer: LogoLayer, value: str, kit: BrandKit, library: Library) -> None:
    """Larger (``value`` "size"), or into the corner that ``value`` names as a slot."""
    from mmstudio.composition.render.brand_rules import logo_box

    box = logo_box(board, layer, library)
    width, height = board.size
    if value == "size":
        factor = kit.logo_least * min(board.size) / max(box.width(), 1e-6)
        wide, tall = box.width() * factor, box.height() * factor
        x = min(box.x(), max(width - wide, 0.0))
        y = min(box.y(), max(height - tall, 0.0))
        layer.rect = Rect(x / width, y / height, wide / width, tall / height)
    elif value.startswith(PREFIX):
        layer.slot = value
        layer.rect = corner_rect(value.removeprefix(PREFIX), box.width(), box.height(), board.size)


def _colour(layer: AnyLayer, value: str) -> None:
    """Set what ``value`` says: ``colour=#rrggbb``, ``chip=…`` or the number of a ground's colour."""
    key, _, colour = value.partition("=")
    if isinstance(layer, TextLayer):
        if key == "chip":
            layer.chip = colour + layer.chip[7:]
        else:
            layer.colour = colour + layer.colour[7:]
    elif isinstance(layer, ShapeLayer):
        layer.colour = colour + layer.colour[7:]
    elif isinstance(layer, GeneratedLayer) and key.isdigit() and int(key) < len(layer.colours):
        layer.colours[int(key)] = colour
