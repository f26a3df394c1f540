"""The brand kit: kept, applied, checked on what is really rendered, and put right by one click."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Scene, Storyboard, prepare_drawing, reframe
from mmstudio.composition.brand import (
    BrandKit,
    Disclaimer,
    Finding,
    apply,
    check,
    chosen_kit,
    fix,
    fix_all,
    kits,
    save_kit,
)
from mmstudio.composition.brand.colours import belongs, nearest
from mmstudio.composition.palette import contrast, rgb_of
from mmstudio.composition.render.typefaces import installed
from mmstudio.composition.storyboard import ImageLayer, LogoLayer, Rect, ShapeLayer, TextLayer
from mmstudio.errors import NotFound, UsageError
from support.libraries import add_asset
from support.shop import Shop, make_shop

COLOURS = {
    "primary": "#12355b", "secondary": "#1f5f8b", "accent": "#c8102e", "ink": "#14213d", "ground": "#eef3f8",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    prepare_drawing()
    made = make_shop(tmp_path_factory.mktemp("brand") / "shop")
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def logo(shop: Shop) -> int:
    pixels = np.zeros((60, 180, 4), np.uint8)
    pixels[10:50, 10:170] = (18, 53, 91, 255)
    path = shop.folder / "media" / "logo.png"
    Image.fromarray(pixels).save(path)
    asset: int = add_asset(shop.library, path, width=180)
    return asset


@pytest.fixture(scope="module")
def ad(shop: Shop) -> Storyboard:
    return Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)


def kit(**more: object) -> BrandKit:
    made = BrandKit(name="North", colours=dict(COLOURS))
    for key, value in more.items():
        setattr(made, key, value)
    return made


def plain(*layers: object, ground: str = "#ffffff") -> Storyboard:
    scene = Scene("one", duration=2.0, layers=list(layers))  # type: ignore[arg-type]
    return Storyboard(size=(400, 400), duration=2.0, scenes=[scene], palette={"ground": ground})


def words(text: str = "A plain line", **more: object) -> TextLayer:
    return TextLayer(name="line", text=text, rect=Rect(0.1, 0.4, 0.8, 0.2), **more)  # type: ignore[arg-type]


def of(rule: str, board: Storyboard, shop: Shop, brand: BrandKit) -> list[Finding]:
    return [finding for finding in check(board, shop.library, brand).findings if finding.rule == rule]


def test_kits_are_kept_and_one_is_chosen(shop: Shop, logo: int) -> None:
    library = shop.library
    assert chosen_kit(library) is None
    first = save_kit(library, kit(logo=logo, disclaimers=[Disclaimer("While stocks last.", "en", "sale")]))
    second = save_kit(library, replace(kit(), name="South", id=None, tone="warm"))
    assert [one.name for one in kits(library)] == ["North", "South"]
    assert chosen_kit(library) == first  # the first one is chosen by itself
    library.brand_kits.choose(second.id)
    assert chosen_kit(library) == second
    with pytest.raises(UsageError):
        save_kit(library, replace(kit(), name="South"))
    second.tone = "plain"
    save_kit(library, second)
    assert library.brand_kits.get("South").data["tone"] == "plain"
    with pytest.raises(NotFound):
        library.brand_kits.choose(999)
    for one in (first, second):
        library.brand_kits.remove(one.id or 0)
    assert kits(library) == []
    assert "While stocks last." in [rule.text for rule in library.brand.get().of("allow", "en")]
    library.brand.remove("While stocks last.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"colours": {"ink": "red"}}, {"colours": {"ink": "#12345"}}, {"corner": "middle"}, {"contrast": 0.5},
        {"least_text": "small"}, {"disclaimers": ["words"]}, {"disclaimers": [{}]},
    ],
)  # fmt: skip
def test_values_without_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        BrandKit.from_dict(wrong, "x")


def test_a_kit_survives_being_saved() -> None:
    made = kit(heading="Noto Serif", disclaimers=[Disclaimer("Words")], clear_space=0.5)
    assert BrandKit.from_dict(made.to_dict() | {"later": 1}, "North") == made


def test_a_storyboard_takes_the_look(shop: Shop, ad: Storyboard, logo: int) -> None:
    brand = kit(logo=logo, heading="Noto Serif", body="Noto Sans")
    made = apply(copy.deepcopy(ad), brand, shop.library)
    layers = {layer.name: layer for layer in made.scenes[-1].layers}
    assert layers["cta"].chip == COLOURS["accent"]  # type: ignore[union-attr]
    assert layers["headline"].family == "Noto Serif"  # type: ignore[union-attr]
    assert layers["line"].family == "Noto Sans"  # type: ignore[union-attr]
    mark = layers["brand logo"]
    assert isinstance(mark, LogoLayer)
    assert mark.asset_id == logo
    assert made.palette["ground"] == COLOURS["ground"]
    for name in ("panel", "accent"):
        assert contrast(rgb_of(made.palette[name]), rgb_of(made.palette[f"on_{name}"])) >= 4.5
    assert made.copy == ad.copy
    report = check(made, shop.library, brand)
    assert report.by_rule["logo"] == (1, 1)
    assert report.rate > 0.9
    assert report.rate > check(ad, shop.library, brand).rate


def test_locked_layers_keep_their_colours(ad: Storyboard) -> None:
    board = copy.deepcopy(ad)
    chip = next(layer for layer in board.scenes[-1].layers if layer.name == "cta")
    chip.locked = True
    before = copy.deepcopy(chip)
    apply(board, kit(heading="Noto Serif"))
    assert chip == before


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1920, 1080)])
def test_the_logo_stays_in_its_corner_with_its_shape(
    shop: Shop, ad: Storyboard, logo: int, size: tuple[int, int]
) -> None:
    brand = kit(logo=logo)
    made = reframe(apply(copy.deepcopy(ad), brand, shop.library), size)
    rect = next(layer for layer in made.scenes[-1].layers if layer.name == "brand logo").rect
    wide, tall = rect.w * size[0], rect.h * size[1]
    assert wide / tall == pytest.approx(4.0, rel=0.01)  # 160 × 40: its clear margin is no part of it
    assert wide == pytest.approx(0.16 * 1080, rel=0.01)
    assert rect.x + rect.w > 0.9
    assert rect.y < 0.2
    assert not of("clear space", made, shop, brand)


def test_contrast_is_measured_on_the_picture_behind_the_words(shop: Shop) -> None:
    pixels = np.full((200, 200, 3), 235, np.uint8)
    path = shop.folder / "media" / "pale.png"
    Image.fromarray(pixels).save(path)
    photo = ImageLayer(name="photo", asset_id=add_asset(shop.library, path, width=200), fit="cover")
    dark = plain(photo, words(colour="#ffffff"), ground="#000000")  # the palette's ground would read well
    found = of("contrast", dark, shop, BrandKit())
    assert [finding.layer for finding in found] == ["line"]
    assert "1.2" in found[0].message
    mended = fix(dark, found[0], BrandKit())
    assert not of("contrast", mended, shop, BrandKit())
    assert dark.scenes[0].layers[1].colour == "#ffffff"  # type: ignore[union-attr]
    chip = plain(photo, words(colour="#ffffff", chip="#101820"))
    assert not of("contrast", chip, shop, BrandKit())
    faint = plain(words(colour="#00000040"))
    assert of("contrast", faint, shop, BrandKit())


def test_measured_contrast_is_that_of_the_standard(shop: Shop) -> None:
    from mmstudio.composition.render.brand_grounds import Grounds

    board = plain(words(colour="#767676"))
    standing = Grounds(board, shop.library).of(board.scenes[0])[0]
    assert standing.contrast == pytest.approx(4.54, abs=0.01)  # WCAG's own example of a grey that just passes


def test_large_text_needs_less(shop: Shop) -> None:
    assert of("contrast", plain(words(colour="#8a8a8a", size=0.04)), shop, BrandKit())
    assert not of("contrast", plain(words("Big", colour="#8a8a8a", size=0.12, least=1.0)), shop, BrandKit())


def test_a_busy_ground_gets_a_plate(shop: Shop) -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    stripes = stripes.repeat(8, axis=1)[:, :400]
    path = shop.folder / "media" / "stripes.png"
    Image.fromarray(stripes).save(path)
    photo = ImageLayer(name="photo", asset_id=add_asset(shop.library, path, width=400), fit="cover")
    board = plain(photo, words(colour="#ffffff", weight=700))
    found = of("contrast", board, shop, BrandKit())
    mended = fix(board, found[0], BrandKit(), shop.library)
    assert mended.scenes[0].layers[1].chip  # type: ignore[union-attr]
    assert not of("contrast", mended, shop, BrandKit())


def test_small_and_cut_words_are_found(shop: Shop) -> None:
    brand = BrandKit(least_text=0.05)
    board = plain(words("Tiny", size=0.02))
    found = of("size", board, shop, brand)
    assert found[0].fix is not None
    assert not of("size", fix(board, found[0], brand), shop, brand)
    assert of("size", plain(words("very long words " * 60)), shop, BrandKit())[0].fix is None


def test_clear_space_is_kept_or_the_logo_moves(shop: Shop, logo: int) -> None:
    brand = BrandKit(logo=logo)
    mark = LogoLayer(name="brand logo", asset_id=logo, rect=Rect(0.1, 0.4, 0.3, 0.1))
    board = plain(words(), mark)
    found = of("clear space", board, shop, brand)
    assert "line" in found[0].message
    mended = fix(board, found[0], brand, shop.library)
    assert not of("clear space", mended, shop, brand)
    small = plain(LogoLayer(name="brand logo", asset_id=logo, rect=Rect(0.5, 0.1, 0.03, 0.01)))
    grown = fix(small, of("clear space", small, shop, brand)[0], brand, shop.library)
    assert not of("clear space", grown, shop, brand)
    bare = plain(words())
    assert of("logo", bare, shop, brand)
    assert not of("logo", fix(bare, of("logo", bare, shop, brand)[0], brand, shop.library), shop, brand)


def test_banned_words_and_missing_disclaimers(shop: Shop) -> None:
    shop.library.brand.add("ban", "cheapest")
    brand = BrandKit(
        disclaimers=[Disclaimer("Prices include VAT.", "en", "price"), Disclaimer("仅限中国", "zh")]
    )
    board = plain(words("Our best price, cheapest ever"))
    board.copy["unused"] = "x"
    report = check(board, shop.library, brand)
    found = report.findings
    assert report.by_rule["disclaimer"] == (0, 1)  # that of another language counts for nothing
    assert {(one.rule, one.value) for one in found} == {
        ("words", "cheapest"),
        ("disclaimer", "Prices include VAT."),
    }
    for finding in found:
        board = fix(board, finding, brand)
    assert check(board, shop.library, brand).findings == []
    assert board.scenes[0].layers[0].text == "Our best price ever"  # type: ignore[union-attr]
    shop.library.brand.remove("cheapest")


def test_colours_and_fonts_of_others_are_found_and_changed(shop: Shop) -> None:
    if "Noto Serif" not in installed():
        pytest.skip("this machine has no Noto Serif")
    brand = kit(body="Noto Serif", heading="Noto Serif")
    box = ShapeLayer(name="box", colour="#19a05a80", rect=Rect(0, 0, 1, 0.2))
    board = plain(box, words(colour="#7a1fa2"))
    rules = {finding.rule for finding in check(board, shop.library, brand).findings}
    assert rules == {"colour", "font"}
    mended, report = fix_all(board, brand, shop.library)
    assert report.findings == []
    assert report.rate == 1.0
    assert mended.scenes[0].layers[0].colour.endswith("80")  # type: ignore[union-attr]
    absent = check(board, shop.library, kit(heading="Nowhere Sans")).findings
    assert [one.fix for one in absent if one.rule == "font"] == [None]


def test_tints_shades_and_greys_belong() -> None:
    brand = kit()
    for own in (*COLOURS.values(), "#ffffff", "#808080", "#0b2138", "#9fb6cc"):
        assert belongs(rgb_of(own), brand), own
    for other in ("#19a05a", "#ffd400", "#7a1fa2"):
        assert not belongs(rgb_of(other), brand), other
    assert contrast(nearest((200, 30, 60), brand, (255, 255, 255)), (255, 255, 255)) >= 4.5


def test_everything_at_once(shop: Shop, ad: Storyboard, logo: int) -> None:
    brand = kit(
        logo=logo, disclaimers=[Disclaimer("Prices include VAT.")], heading="Noto Sans", body="Noto Sans"
    )
    before = check(ad, shop.library, brand)
    mended, after = fix_all(ad, brand, shop.library)
    assert before.rate < 0.85
    assert after.rate > 0.95
    assert all(finding.fix is None for finding in after.findings)
    assert ad.scenes[-1].layers != mended.scenes[-1].layers


def test_new_storyboards_take_the_chosen_kit(shop: Shop, logo: int) -> None:
    made = save_kit(shop.library, kit(logo=logo, body="Noto Sans"))
    try:
        board = Composer(shop.library, None, None).compose("product-ad", shop.lamp)
        assert board.palette["accent"] == COLOURS["accent"]
        assert any(isinstance(layer, LogoLayer) for layer in board.scenes[-1].layers)
        shop.library.brand_kits.choose(None)
        plain_one = Composer(shop.library, None, None).compose("product-ad", shop.lamp)
        assert not any(isinstance(layer, LogoLayer) for layer in plain_one.scenes[-1].layers)
    finally:
        shop.library.brand_kits.remove(made.id or 0)
