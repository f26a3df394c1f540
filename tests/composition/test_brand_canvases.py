"""A brand kit on every canvas of an export, against product pictures, and before a model paints a ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Scene, Storyboard, prepare_drawing
from mmstudio.composition.brand import BrandKit, Finding, check, fix, fix_all, save_kit
from mmstudio.composition.palette import rgb_of, to_lch
from mmstudio.composition.storyboard import GeneratedLayer, ImageLayer, LogoLayer, Rect, TextLayer
from mmstudio.media.image import image_array
from support.libraries import add_asset
from support.shop import Shop, make_shop

TALL = (200, 400)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    prepare_drawing()
    made = make_shop(tmp_path_factory.mktemp("canvases") / "shop")
    yield made
    made.library.close()


def picture(shop: Shop, name: str, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    path = shop.folder / "media" / f"{name}.png"
    Image.fromarray(pixels).save(path)
    asset: int = add_asset(shop.library, path, width=pixels.shape[1])
    return asset


@pytest.fixture(scope="module")
def logo(shop: Shop) -> int:
    pixels = np.zeros((60, 180, 4), np.uint8)
    pixels[10:50, 10:170] = (18, 53, 91, 255)
    return picture(shop, "logo", pixels)


def board_of(*layers: object) -> Storyboard:
    scene = Scene("one", duration=2.0, layers=list(layers))  # type: ignore[arg-type]
    return Storyboard(size=(400, 400), duration=2.0, scenes=[scene], palette={"ground": "#ffffff"})


def found(
    rule: str, board: Storyboard, shop: Shop, kit: BrandKit, sizes: Sequence[tuple[int, int]] = ()
) -> list[Finding]:
    return [one for one in check(board, shop.library, kit, sizes=sizes).findings if one.rule == rule]


def test_contrast_is_measured_on_each_canvas(shop: Shop) -> None:
    """Dark in the middle, pale at the sides: on a wide canvas the words stand on the dark part only."""
    pixels = np.full((400, 400, 3), 235, np.uint8)
    pixels[120:280] = 20
    photo = ImageLayer(name="photo", asset_id=picture(shop, "bands", pixels), fit="cover")
    words = TextLayer(
        name="line", text="Quiet water", rect=Rect(0.1, 0.42, 0.8, 0.16), colour="#ffffff", size=0.09
    )
    board = board_of(photo, words)
    board.scenes[0].layers[1].valign = "top"  # type: ignore[union-attr]
    kit = BrandKit()
    assert not found("contrast", board, shop, kit)
    high = (400, 130)
    [one] = found("contrast", board_at_edge(board), shop, kit, [high])
    assert one.layer == "line"
    assert "400 × 130" in one.message
    mended = fix(board_at_edge(board), one, kit, shop.library)
    assert mended.scenes[0].layers[1] != board.scenes[0].layers[1]


def board_at_edge(board: Storyboard) -> Storyboard:
    """The same with a photo whose crop goes to the pale upper edge where the canvas is flat."""
    made = Storyboard.from_dict(board.to_dict())
    photo = made.scenes[0].layers[0]
    assert isinstance(photo, ImageLayer)
    photo.focus = (0.5, 0.0)
    return made


def test_the_same_fault_on_two_canvases_is_said_once_and_mended_for_both(shop: Shop) -> None:
    words = TextLayer(name="line", text="Pale words", rect=Rect(0.1, 0.4, 0.8, 0.2), colour="#f0f0f0")
    board = board_of(words)
    report = check(board, shop.library, BrandKit(), sizes=[TALL, (400, 200), (400, 400)])
    assert len([one for one in report.findings if one.rule == "contrast"]) == 1
    mended, after = fix_all(board, BrandKit(), shop.library, [TALL, (400, 200)])
    assert not [one for one in after.findings if one.rule == "contrast"]
    assert after.by_rule["contrast"] == (3, 3)
    assert mended.scenes[0].layers[0] != board.scenes[0].layers[0]


def test_a_logo_keeps_clear_of_a_product_and_not_of_its_shadow(shop: Shop, logo: int) -> None:
    pixels = np.zeros((200, 200, 4), np.uint8)
    pixels[60:140, 60:140] = (200, 30, 30, 255)
    product = ImageLayer(
        name="product", asset_id=picture(shop, "product", pixels), rect=Rect(0.3, 0.3, 0.4, 0.4), cutout=True,
        shadow=0.5,
    )  # fmt: skip
    kit = BrandKit(logo=logo, corner="top-right")
    near = LogoLayer(name="brand logo", asset_id=logo, rect=Rect(0.35, 0.22, 0.3, 0.1))
    board = board_of(product, near)
    [one] = found("clear space", board, shop, kit)
    assert "product" in one.message
    mended = fix(board, one, kit, shop.library)
    assert not found("clear space", mended, shop, kit)
    far = LogoLayer(name="brand logo", asset_id=logo, rect=Rect(0.05, 0.02, 0.3, 0.1))
    assert not found("clear space", board_of(product, far), shop, kit)


def test_a_logo_may_stand_on_a_photo_but_not_over_its_edge(shop: Shop, logo: int) -> None:
    photo = picture(shop, "plain", np.full((200, 200, 3), 240, np.uint8))
    kit = BrandKit(logo=logo)
    mark = LogoLayer(name="brand logo", asset_id=logo, rect=Rect(0.3, 0.3, 0.3, 0.1))
    whole = ImageLayer(name="photo", asset_id=photo, rect=Rect(), fit="cover")
    assert not found("clear space", board_of(whole, mark), shop, kit)
    half = ImageLayer(name="photo", asset_id=photo, rect=Rect(0.0, 0.0, 0.45, 1.0), fit="cover")
    [one] = found("clear space", board_of(half, mark), shop, kit)
    assert "photo" in one.message


class Painter:
    """A model of one line: it paints in the colours it is asked for."""

    def default_model(self, _names: object = None) -> str:
        return "tiny-gan"

    def background(
        self, model: str, palette: Sequence[Sequence[int]], size: tuple[int, int], seed: int
    ) -> Image.Image:
        light = np.linspace(0.4, 1.0, size[0])[None, :, None].repeat(size[1], 0)
        return Image.fromarray((light * np.asarray(palette[0], float)).astype(np.uint8))


def test_a_model_paints_the_ground_in_the_kits_colours(shop: Shop) -> None:
    """The bag is red; the brand is green."""
    kit = save_kit(
        shop.library,
        BrandKit(name="Green", colours={"primary": "#0b6b3a", "accent": "#0b6b3a", "ground": "#e6f2ea"}),
    )
    try:
        composer = Composer(shop.library, None, Painter())  # type: ignore[arg-type]
        board = composer.compose("product-ad", shop.bag, shop.audience)
    finally:
        shop.library.brand_kits.remove(kit.id or 0)
    assert board.palette["ground"] == "#e6f2ea"
    ground = next(
        layer
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, GeneratedLayer) and layer.asset_id
    )
    assert ground.asset_id is not None
    asset = shop.library.assets.get(ground.asset_id)
    pixels = image_array(shop.library.assets.path_of(asset), max_side=64)
    red, green, blue = (int(value) for value in pixels.reshape(-1, 3).mean(0))
    hue = to_lch((red, green, blue))[2]
    assert abs(hue - to_lch(rgb_of("#0b6b3a"))[2]) < 25
