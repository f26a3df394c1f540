"""A storyboard in a brand's look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.brand.colours import scheme_of
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.corners import DISCLAIMER, PREFIX, corner_rect, disclaimer_rect
from mmstudio.composition.palette import luminance, rgb_of
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    LogoLayer,
    Motion,
    Rect,
    Scene,
    ShapeLayer,
    Source,
    Storyboard,
    TextLayer,
)
from mmstudio.errors import NotFound

if TYPE_CHECKING:
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.library import Library

LOGO, NOTE = "brand logo", "brand disclaimer"
_DARK = 0.18  # relative luminance below which a ground takes the logo for dark grounds


def apply(board: Storyboard, kit: BrandKit, library: Library | None = None) -> Storyboard:
    """Give a storyboard the kit's colours, fonts, logo and disclaimers, in place; returns it.

    Locked layers stay as they are, and so does the ground of scenes that stand on a picture made in the old
    colours. The logo and the disclaimers go onto the last scene: the card. Without ``library`` the logo's
    shape is unknown and it is left out.
    """
    recolour(board, kit)
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer) and not layer.locked:
                layer.family = family_for(layer, kit)
    if board.scenes:
        if library is not None and kit.corner != "none" and not _has_logo(board):
            add_logo(board, board.scenes[-1], kit, library)
        for words in needed(board, kit):
            add_disclaimer(board, words, kit)
    return board


def family_for(layer: TextLayer, kit: BrandKit) -> str:
    """The kit's font for a text: headings are bold or large."""
    wanted = kit.heading if layer.weight >= 600 or layer.size >= 0.05 else kit.body
    return wanted or layer.family


def recolour(board: Storyboard, kit: BrandKit) -> None:
    """Turn the palette, and every colour that came from it, into the kit's."""
    layers = [layer for scene in board.scenes for layer in scene.layers]
    painted = any(isinstance(layer, GeneratedLayer) and layer.asset_id is not None for layer in layers)
    old, new = board.palette, scheme_of(kit, board.palette, ground_too=not painted)
    swap: dict[str, str] = {}
    for role, value in old.items():
        swap.setdefault(value.lower(), new.get(role, value))
    board.palette = new
    for layer in layers:
        if not layer.locked:
            _swap(layer, swap)


def _swap(layer: AnyLayer, swap: dict[str, str]) -> None:
    def to(value: str) -> str:
        return swap.get(value[:7].lower(), value[:7]) + value[7:] if value else value

    if isinstance(layer, TextLayer):
        layer.colour, layer.chip = to(layer.colour), to(layer.chip)
    elif isinstance(layer, ShapeLayer):
        layer.colour = to(layer.colour)
    elif isinstance(layer, GeneratedLayer):
        layer.colours = [to(value) for value in layer.colours]
    elif getattr(layer, "backdrop", ""):
        layer.backdrop = to(layer.backdrop)  # type: ignore[union-attr]


def _has_logo(board: Storyboard) -> bool:
    return any(isinstance(layer, LogoLayer) for scene in board.scenes for layer in scene.layers)


def logo_for(board: Storyboard, kit: BrandKit) -> int | None:
    """The logo for the ground it will stand on."""
    ground = float(luminance(rgb_of(board.palette.get("ground", "#ffffff"))))
    return kit.logo_on_dark if kit.logo_on_dark is not None and ground < _DARK else kit.logo


def add_logo(board: Storyboard, scene: Scene, kit: BrandKit, library: Library, corner: str = "") -> bool:
    """Put the kit's logo into a corner of a scene; False where there is none or its file is gone."""
    asset_id = logo_for(board, kit)
    if asset_id is None:
        return False
    try:
        asset = library.assets.get(asset_id)
    except NotFound:
        return False
    corner = corner or (kit.corner if kit.corner != "none" else "top-right")
    shape = drawn_size(library, asset_id, Rect())
    if shape is None:
        return False
    wide = max(kit.logo_width, kit.logo_least) * min(board.size)
    tall = wide * shape[1] / shape[0]
    most = 0.2 * min(board.size)
    if tall > most:
        wide, tall = wide * most / tall, most
    scene.layers.append(
        LogoLayer(
            name=LOGO,
            slot=PREFIX + corner,
            rect=corner_rect(corner, wide, tall, board.size),
            motion=Motion("fade", 0.2, 0.5),
            source="logo",
            asset_id=asset_id,
        )
    )
    if not any(source.part == "logo" for source in board.sources):
        board.sources.append(Source("logo", "asset", asset_id, asset.title, asset.rights))
    return True


def drawn_size(
    library: Library, asset_id: int, crop: Rect, pictures: Pictures | None = None
) -> tuple[int, int] | None:
    """Width and height in pixels of what a logo layer draws: the mark off its plain or clear background.

    None where its file cannot be read.
    """
    from mmstudio.composition.render.pictures import Pictures

    loaded = pictures or Pictures(library)
    cut = loaded.cutout(asset_id, crop)
    pixels = cut.rgba if cut is not None else loaded.part(asset_id, crop)
    return None if pixels is None else (pixels.shape[1], pixels.shape[0])


def needed(board: Storyboard, kit: BrandKit) -> list[str]:
    """Disclaimers that the storyboard asks for (:func:`asked`) and that it lacks."""
    said = _squeezed(" ".join(words_in(board)))
    return [words for words in asked(board, kit) if _squeezed(words) not in said]


def asked(board: Storyboard, kit: BrandKit) -> list[str]:
    """Disclaimers of the kit in the storyboard's language, or of every one, whose word it says."""
    said = " ".join(words_in(board)).casefold()
    found = []
    language = board.locale.replace("-", "_").lower()
    for one in kit.disclaimers:
        own = one.locale.replace("-", "_").lower()
        spoken = not own or language == own or language.startswith(own + "_")
        wanted = not one.when or one.when.casefold() in said
        if spoken and wanted and one.text.strip():
            found.append(" ".join(one.text.split()))
    return list(dict.fromkeys(found))


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())


def words_in(board: Storyboard) -> list[str]:
    """Every text that is shown, each once."""
    found: dict[str, None] = {}
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer) and not layer.hidden:
                found[board.text_of(layer)] = None
    return [text for text in found if text.strip()]


def add_disclaimer(board: Storyboard, words: str, kit: BrandKit) -> None:
    """Write a disclaimer at the lower edge of the last scene, behind one that stands there already."""
    scene = board.scenes[-1]
    board.copy["disclaimer"] = " ".join(part for part in (board.copy.get("disclaimer", ""), words) if part)
    board.sources = [source for source in board.sources if source.part != "disclaimer"]
    board.sources.append(Source("disclaimer", "person", None, board.copy["disclaimer"]))
    if any(layer.name == NOTE for layer in scene.layers):
        return
    sheet = any(isinstance(layer, ShapeLayer) and layer.name == "sheet" for layer in scene.layers)
    role = "muted" if sheet and board.size[0] <= board.size[1] * 1.2 else "on_ground"
    scene.layers.append(
        TextLayer(
            name=NOTE, slot=DISCLAIMER, rect=disclaimer_rect(board.size), bind="disclaimer",
            colour=board.palette.get(role, "#111111"), size=max(kit.least_text, 0.018), least=1.0, lines=2,
            valign="center", family=kit.body, source="disclaimer",
        )
    )  # fmt: skip
