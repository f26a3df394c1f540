"""The single checks of a brand kit; each gives a finding, or None where all is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from mmstudio.composition.brand import colours as hues
from mmstudio.composition.brand.apply import asked, drawn_size, family_for, needed, words_in
from mmstudio.composition.brand.check import Finding
from mmstudio.composition.brand.grounds import RENEW, branded
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.corners import PREFIX, corner_rect
from mmstudio.composition.names import shown_name
from mmstudio.composition.palette import contrast as ratio_of
from mmstudio.composition.palette import hex_of, rgb_of
from mmstudio.composition.render.brand_grounds import Grounds, Standing
from mmstudio.composition.render.brand_subjects import Subject, subjects_of
from mmstudio.composition.render.pictures import Pictures
from mmstudio.composition.render.scene_text import PlacedText, texts_of
from mmstudio.composition.render.sprites import box_of
from mmstudio.composition.render.typefaces import installed
from mmstudio.composition.storyboard import (
    GeneratedLayer,
    LogoLayer,
    Scene,
    ShapeLayer,
    Storyboard,
    TextLayer,
)
from mmstudio.errors import NotFound
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library

NOT_ASKED = Finding("font", "", "", "")  # the kit says nothing about this text's font
PLATE = "plate:"  # of a fix's value: a box of this colour behind the text
_CORNERS = ("top-right", "top-left", "bottom-right", "bottom-left")


def contrast(
    scene: Scene, standing: Standing, kit: BrandKit, canvas: tuple[int, int] | None = None
) -> Finding | None:
    """WCAG 2.2 contrast of a text on what is really behind it; ``canvas``: said where it is another one."""
    layer = standing.text.layer
    least = kit.contrast_large if standing.large else kit.contrast
    if standing.contrast >= least - 0.005:
        return None
    message = tr(
        "“{text}” has a contrast of {ratio}:1, {least}:1 is needed.",
        text=_short(standing.text), ratio=f"{standing.contrast:.1f}", least=f"{least:g}",
    )  # fmt: skip
    if canvas is not None:
        message = tr("At {width} × {height}: {what}", width=canvas[0], height=canvas[1], what=message)
    if standing.busy and not layer.chip:
        plate = hues.readable(rgb_of(layer.colour))
        return Finding(
            "contrast", scene.name, layer.name, message, tr("Put a plate behind"), PLATE + hex_of(plate)
        )
    better = hues.nearest(rgb_of(layer.colour), kit, standing.ground, least)
    return Finding("contrast", scene.name, layer.name, message, tr("Change the colour"), hex_of(better))


def size(board: Storyboard, scene: Scene, text: PlacedText, kit: BrandKit) -> Finding | None:
    """Letters large enough, and nothing cut off."""
    layer, short = text.layer, min(board.size)
    least = kit.least_text * short
    if text.done.pixels < least - 0.5:
        return Finding(
            "size", scene.name, layer.name,
            tr(
                "“{text}” is {size} px high, {least} px is the smallest on this canvas.",
                text=_short(text), size=round(text.done.pixels), least=round(least),
            ),
            tr("Make it larger"),
        )  # fmt: skip
    if text.done.text.endswith("…") and not board.text_of(layer).rstrip().endswith(("…", "...")):
        return Finding("size", scene.name, layer.name, tr("“{text}” is cut off.", text=_short(text)))
    return None


def font(scene: Scene, layer: TextLayer, kit: BrandKit) -> Finding | None:
    """The kit's font; :data:`NOT_ASKED` where it names none."""
    wanted = family_for(replace(layer, family=""), kit)
    if not wanted:
        return NOT_ASKED
    if wanted not in installed():
        return Finding(
            "font", scene.name, layer.name,
            tr("The brand's font {name} is not on this machine: another is used.", name=wanted),
        )  # fmt: skip
    if layer.family == wanted:
        return None
    return Finding(
        "font", scene.name, layer.name,
        tr("{layer} is not set in the brand's {name}.", name=wanted,
           layer=shown_name(layer.name) if layer.name else tr("A text")),
        tr("Use {name}", name=wanted), wanted,
    )  # fmt: skip


def colours(board: Storyboard, scene: Scene, kit: BrandKit, grounds: Grounds) -> Iterator[Finding | None]:
    """Colours of texts, chips, boxes and drawn grounds: the kit's, their tints and shades, greys."""
    standing = {one.text.layer.name: one for one in grounds.of(scene)}
    for layer in scene.layers:
        if layer.hidden:
            continue
        if isinstance(layer, TextLayer) and layer.name in standing:
            on = standing[layer.name]
            least = kit.contrast_large if on.large else kit.contrast
            better = hues.nearest(rgb_of(layer.colour), kit, on.ground, least)
            yield _colour(scene, layer.name, layer.colour, kit, "colour=", better)
            if layer.chip:
                near = _under_ink(layer, kit, least)
                yield _colour(scene, layer.name, layer.chip, kit, "chip=", near)
        elif isinstance(layer, ShapeLayer):
            yield _colour(
                scene, layer.name, layer.colour, kit, "colour=", hues.nearest(rgb_of(layer.colour), kit)
            )
        elif isinstance(layer, GeneratedLayer) and layer.asset_id is None:
            for number, value in enumerate(layer.colours):
                near = hues.nearest(rgb_of(value), kit)
                yield _colour(scene, layer.name, value, kit, f"{number}=", near)


def made_grounds(scene: Scene, kit: BrandKit, pictures: Pictures, seen: set[int]) -> Iterator[Finding | None]:
    """Grounds that a model made, each once (``seen``): in the kit's colours, or in those of before it."""
    for layer in scene.layers:
        if not isinstance(layer, GeneratedLayer) or layer.hidden or layer.asset_id is None:
            continue
        if layer.asset_id in seen:
            continue
        seen.add(layer.asset_id)
        pixels = pictures.array(layer.asset_id)
        if pixels is None or branded(pixels, kit):
            yield None
            continue
        yield Finding(
            "colour", scene.name, layer.name,
            tr("The ground was made in other colours than the brand's."),
            None if layer.locked else tr("Renew the ground"), RENEW,
        )  # fmt: skip


def _under_ink(layer: TextLayer, kit: BrandKit, least: float) -> tuple[int, int, int]:
    """The kit's colour nearest to a chip's on which its words still read."""
    own = [rgb_of(value) for value in kit.colours.values()]
    reads = [one for one in own if ratio_of(one, rgb_of(layer.colour)) >= least] or own
    return min(reads, key=lambda one: hues.distance(one, rgb_of(layer.chip)))


def _colour(
    scene: Scene, name: str, value: str, kit: BrandKit, key: str, better: tuple[int, int, int]
) -> Finding | None:
    if len(value.lstrip("#")) not in (6, 8) or hues.belongs(rgb_of(value), kit):
        return None
    return Finding(
        "colour", scene.name, name,
        tr("{colour} of {layer} is none of the brand's colours.", colour=value[:7], layer=shown_name(name)),
        tr("Use {name}", name=hex_of(better)), key + hex_of(better),
    )  # fmt: skip


def logo(board: Storyboard, kit: BrandKit, library: Library) -> Finding | None:
    """The kit's logo stands somewhere."""
    own = {kit.logo, kit.logo_on_dark}
    for scene in board.scenes:
        if any(
            isinstance(layer, LogoLayer) and layer.asset_id in own and not layer.hidden
            for layer in scene.layers
        ):
            return None
    try:
        library.assets.get(kit.logo or 0)
    except NotFound:
        return Finding("logo", "", "", tr("The brand's logo is not in the library any more."))
    return Finding("logo", board.scenes[-1].name, "", tr("The brand's logo is missing."), tr("Add the logo"))


def logo_box(
    board: Storyboard, layer: LogoLayer, library: Library, pictures: Pictures | None = None
) -> QRectF:
    """Where a logo is really drawn inside its box, in pixels of the canvas."""
    box = box_of(layer.rect, board.size)
    shape = None
    if layer.asset_id is not None:
        shape = drawn_size(library, layer.asset_id, layer.crop, pictures)
    if shape is None:
        return box
    factor = min(box.width() / shape[0], box.height() / shape[1])
    return QRectF(box.x(), box.y(), shape[0] * factor, shape[1] * factor)


def logos(
    board: Storyboard, scene: Scene, kit: BrandKit, library: Library, pictures: Pictures | None = None
) -> Iterator[Finding | None]:
    """Every logo large enough, on the canvas, and with its clear space."""
    short = min(board.size)
    subjects: list[Subject] | None = None
    for layer in scene.layers:
        if not isinstance(layer, LogoLayer) or layer.hidden or layer.asset_id is None:
            continue
        box = logo_box(board, layer, library, pictures)
        least = kit.logo_least * short
        if box.width() < least - 0.5:
            yield Finding(
                "clear space", scene.name, layer.name,
                tr(
                    "The logo is {size} px wide, {least} px is the smallest on this canvas.",
                    size=round(box.width()), least=round(least),
                ),
                tr("Make it larger"), "size",
            )  # fmt: skip
        else:
            yield None
        if subjects is None:
            subjects = subjects_of(board, scene, pictures or Pictures(library))
        crowd = crowding(board, scene, layer, box, kit, subjects)
        if not crowd:
            yield None
            continue
        better = free_corner(board, scene, layer, box, kit, subjects)
        yield Finding(
            "clear space", scene.name, layer.name,
            tr("The logo's clear space is taken by {names}.", names=", ".join(crowd)),
            tr("Move the logo") if better else None, better,
        )  # fmt: skip


def crowding(
    board: Storyboard,
    scene: Scene,
    layer: LogoLayer,
    box: QRectF,
    kit: BrandKit,
    subjects: Sequence[Subject] = (),
) -> list[str]:
    """Names of what stands in a logo's clear space: texts, other logos, pictures, the canvas' edge."""
    room = kit.clear_space * box.height()
    clear = box.adjusted(-room, -room, room, room)
    found = [name for name, text in texts_of(board, scene).items() if text.ink().intersects(clear)]
    logos = [
        one for one in scene.layers if isinstance(one, LogoLayer) and one is not layer and not one.hidden
    ]
    found += [one.name for one in logos if box_of(one.rect, board.size).intersects(clear)]
    found += [one.name for one in subjects if one.crowds(clear)]
    if not QRectF(0, 0, *board.size).contains(box):
        found.append(tr("the edge"))
    return found


def free_corner(
    board: Storyboard,
    scene: Scene,
    layer: LogoLayer,
    box: QRectF,
    kit: BrandKit,
    subjects: Sequence[Subject] = (),
) -> str:
    """A corner in which the logo would have its clear space; "" where there is none."""
    order = [kit.corner, *_CORNERS] if kit.corner != "none" else list(_CORNERS)
    for corner in dict.fromkeys(order):
        place = box_of(corner_rect(corner, box.width(), box.height(), board.size), board.size)
        if not crowding(board, scene, layer, place, kit, subjects):
            return PREFIX + corner
    return ""


def words(board: Storyboard, library: Library) -> Iterator[Finding | None]:
    """Words that the brand bans (its rules), in every text and caption."""
    from mmstudio.generation.copywriting.contract import Brand
    from mmstudio.generation.copywriting.guard import check

    bans = Brand(tuple(rule for rule in library.brand.get().rules if rule.kind != "require"))
    texts = dict.fromkeys([*words_in(board), *(caption.text for caption in board.captions)])
    for text in texts:
        banned = [span for span in check(text, [], board.locale, bans) if span.status == "banned"]
        if not banned:
            yield None
        for span in banned:
            word = text[span.start : span.end]
            yield Finding(
                "words", "", "", tr("“{word}” is banned and stands in “{text}”.", word=word, text=text[:60]),
                tr("Take it out"), word,
            )  # fmt: skip


def disclaimers(board: Storyboard, kit: BrandKit) -> Iterator[Finding | None]:
    """Sentences that must be there."""
    lacking = needed(board, kit)
    for words in asked(board, kit):
        if words not in lacking:
            yield None
    for text in lacking:
        yield Finding("disclaimer", "", "", tr("“{text}” is missing.", text=text[:80]), tr("Add it"), text)


def _short(text: PlacedText) -> str:
    return text.done.text if len(text.done.text) <= 32 else text.done.text[:31] + "…"
