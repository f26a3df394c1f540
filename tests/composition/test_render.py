"""Frames: layout of text, scaling, missing pictures, hostile words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition import FORMATS, Composer, Storyboard, prepare_drawing, reframe
from mmstudio.composition.backdrop import colour_field
from mmstudio.composition.motion import ease_in_out, ease_out, pose
from mmstudio.composition.palette import contrast, rgb_of
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.text import TextStyle, clean, set_text
from mmstudio.composition.storyboard import Layer, Motion
from support.shop import Shop, make_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("render") / "shop")
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def board(shop: Shop) -> Storyboard:
    return Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)


def pixels(renderer: Renderer, t: float, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    return frame_array(renderer.frame(t, size))


def test_frames_have_the_size_and_are_the_same_every_time(shop: Shop, board: Storyboard) -> None:
    first = pixels(Renderer(board, shop.library), 4.0)
    assert first.shape == (1080, 1080, 3)
    assert first.flags.c_contiguous
    assert np.array_equal(first, pixels(Renderer(board, shop.library), 4.0))


def test_a_preview_is_the_export_made_smaller(shop: Shop, board: Storyboard) -> None:
    from PIL import Image

    renderer = Renderer(board, shop.library)
    for t in (0.7, 3.1, 4.2, 7.9):
        full = Image.fromarray(pixels(renderer, t)).resize((540, 540), Image.Resampling.BOX)
        small = pixels(renderer, t, (540, 540)).astype(float)
        error = np.mean((small - np.asarray(full, float)) ** 2)
        assert 10 * np.log10(255**2 / error) > 24, t  # letters may sit half a small pixel beside


def test_a_size_is_a_box_to_fit_into(shop: Shop, board: Storyboard) -> None:
    assert pixels(Renderer(board, shop.library), 1.0, (640, 360)).shape == (360, 360, 3)


@pytest.mark.parametrize("shape", FORMATS)
def test_cards_show_product_words_and_a_readable_sheet(shop: Shop, board: Storyboard, shape: str) -> None:
    made = reframe(board, FORMATS[shape])
    renderer = Renderer(made, shop.library)
    frame = pixels(renderer, made.card_time)
    assert np.array_equal(frame, frame_array(renderer.card()))
    assert frame.shape[:2] == FORMATS[shape][::-1]
    scene = made.scenes[-1]
    hero = next(layer for layer in scene.layers if layer.name == "hero").rect
    width, height = made.size
    there = frame[
        round(hero.y * height) : round((hero.y + hero.h) * height),
        round(hero.x * width) : round((hero.x + hero.w) * width),
    ].astype(int)
    reddish = (there[..., 0] - there[..., 2] > 80) & (there[..., 0] > 120)
    assert reddish.mean() > 0.05
    sheet = tuple(int(v) for v in rgb_of(made.palette["sheet"]))
    assert (np.abs(frame.astype(int) - sheet).max(axis=2) <= 3).mean() > 0.1
    assert contrast(rgb_of(made.palette["ink"]), sheet) > 7  # type: ignore[arg-type]


def test_words_stay_inside_the_canvas_and_inside_their_box(shop: Shop) -> None:
    words = {
        "headline": "An extraordinarily long name for a rather ordinary bag " * 30,
        "line": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 4,
        "cta": "Click here and then there and then everywhere you can",
        "price": "1,234,567,890.99 US dollars",
        "eyebrow": "bags " * 50,
    }
    made = Composer(shop.library, None, None).compose("product-ad", shop.bag, overrides=words)
    for size in FORMATS.values():
        shaped = reframe(made, size)
        renderer = Renderer(shaped, shop.library)
        renderer.prepare()
        for (_, index), stage in renderer._stages.items():
            for sprite in stage.sprites:
                if sprite.height:
                    rect = sprite.layer.rect
                    stacks = [s.rect for s in shaped.scenes[index].stacks if sprite.layer.name in s.members]
                    box = stacks[0] if stacks else rect
                    margin = (sprite.image.height() - sprite.height) / 2
                    assert sprite.y + margin >= box.y * size[1] - 2
                    assert sprite.y + margin + sprite.height <= (box.y + box.h) * size[1] + 2, (
                        sprite.layer.name
                    )


HOSTILE = [
    "<script>alert(1)</script> & \"quotes\" 'n' =1+1",
    "\x00\x01\x1b[31mred\u202eevil\u2066",
    "🧳 Weekend 👩‍👩‍👧‍👦 bag ☂️",
    "春江潮水连海平，海上明月共潮生。滟滟随波千万里，何处春江无月明！" * 3,
    "مرحبا بالعالم شنطة",
    "\u0301" * 200,
    "A" * 5000,
    " \n\t ",
    "\ud800 lone surrogate".encode("utf-8", "replace").decode(),
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_drawn_or_dropped(shop: Shop, words: str) -> None:
    made = Composer(shop.library, None, None).compose(
        "product-ad", shop.lamp, overrides={"headline": words, "line": words, "quote": words, "cta": words}
    )
    for t in (2.0, 4.0, 7.9):
        assert pixels(Renderer(made, shop.library), t, (270, 270)).shape == (270, 270, 3)


def test_chinese_wraps_between_characters_and_long_words_shrink() -> None:
    prepare_drawing()
    style = TextStyle(60, 0.5, 700, 2, 1.15, 0.0, "zh_CN")
    chinese = set_text("轻便防水旅行双肩背包适合周末短途出行", 500, 400, style)
    assert chinese.lines == 2
    assert chinese.width <= 500
    word = set_text("Incomprehensibilities", 400, 200, TextStyle(80, 0.4, 700, 2, 1.1, 0.0, "en"))
    assert word.lines == 1
    assert word.pixels < 80
    cut = set_text("word " * 200, 400, 200, TextStyle(60, 0.6, 400, 2, 1.1, 0.0, "en"))
    assert cut.lines == 2
    assert cut.text.endswith("…")


def test_balanced_lines_leave_no_lone_word() -> None:
    prepare_drawing()
    style = TextStyle(40, 0.5, 400, 3, 1.2, 0.0, "en")
    done = set_text("Padded shoulder strap with a quick release for the train home", 760, 400, style)
    assert done.lines >= 2
    assert min(done.widths) > 0.6 * max(done.widths)


def test_clean_drops_what_could_deceive() -> None:
    assert clean("a\u202eb\x00c\n\n d") == "abc d"


def test_a_missing_picture_leaves_a_quiet_frame(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "missing")
    made = Composer(shop.library, None, None).compose("product-ad", shop.bag)
    for asset_id in made.asset_ids():
        shop.library.assets.path_of(shop.library.assets.get(asset_id)).unlink()
    renderer = Renderer(made, shop.library)
    assert pixels(renderer, 1.0, (270, 270)).std() > 1
    assert renderer.problems
    shop.library.close()


def test_frames_can_be_drawn_on_other_threads(shop: Shop, board: Storyboard) -> None:
    renderer = Renderer(board, shop.library)
    expected = pixels(renderer, 6.0, (360, 360))
    got: list[NDArray[np.uint8]] = []
    threads = [
        threading.Thread(target=lambda: got.append(pixels(renderer, 6.0, (360, 360)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert all(np.array_equal(expected, one) for one in got)


def test_motion_starts_and_lands_where_it_should() -> None:
    for ease in (ease_out, ease_in_out):
        assert ease(-1) == 0
        assert ease(0) == 0
        assert ease(1) == 1
        assert ease(2) == 1
        assert all(ease(a / 20) <= ease((a + 1) / 20) for a in range(20))
    layer = Layer(motion=Motion("rise", 0.2, 0.5, zoom=(1.0, 1.2)))
    assert pose(layer, 0.0, 2.0).opacity == 0
    landed = pose(layer, 2.0, 2.0)
    assert (landed.opacity, landed.dy, landed.scale) == (1.0, 0.0, pytest.approx(1.2))


def test_the_colour_field_is_the_same_for_a_seed() -> None:
    one = colour_field(["#f0e0d0", "#d0b0a0"], (96, 64), 3)
    assert one.shape == (64, 96, 3)
    assert np.array_equal(one, colour_field(["#f0e0d0", "#d0b0a0"], (96, 64), 3))
    assert not np.array_equal(one, colour_field(["#f0e0d0", "#d0b0a0"], (96, 64), 4))
