"""What a layer can be told: when it is seen, what part of it, how a scene comes in; marks; vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from mmstudio.composition import FORMATS, Composer, Scene, Storyboard, prepare_drawing, reframe
from mmstudio.composition.palette import contrast
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.overlay import overlay_of
from mmstudio.composition.render.pictures import Pictures, with_shadow
from mmstudio.composition.render.scene_text import texts_of
from mmstudio.composition.storyboard import (
    ImageLayer,
    LogoLayer,
    Motion,
    Rect,
    ShapeLayer,
    TextLayer,
    Transition,
)
from support.libraries import add_asset
from support.shop import Shop, make_shop

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    prepare_drawing()
    made = make_shop(tmp_path_factory.mktemp("layers") / "shop")
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def halves(shop: Shop) -> int:
    """A picture that is red at the left and blue at the right."""
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :100], pixels[:, 100:] = RED, BLUE
    path = shop.folder / "media" / "halves.png"
    Image.fromarray(pixels).save(path)
    return add_asset(shop.library, path, width=200)


def board_of(*scenes: Scene) -> Storyboard:
    for number, scene in enumerate(scenes):
        scene.start = 2.0 * number
    return Storyboard(
        size=(200, 200),
        fps=10,
        duration=2.0 * len(scenes),
        scenes=list(scenes),
        palette={"ground": "#ffffff"},
    )


def full(colour: str, **more: object) -> ShapeLayer:
    return ShapeLayer(name="full", colour=colour, **more)  # type: ignore[arg-type]


def at(board: Storyboard, t: float, shop: Shop | None = None) -> NDArray[np.uint8]:
    return frame_array(Renderer(board, shop.library if shop else None).frame(t))


def test_a_layer_is_seen_between_its_seconds_and_hidden_ones_never() -> None:
    board = board_of(Scene(layers=[full("#ff0000", begin=0.5, end=1.5)]))
    assert [tuple(at(board, t)[100, 100]) == RED for t in (0.4, 0.5, 1.4, 1.5, 1.9)] == [
        False, True, True, False, False,
    ]  # fmt: skip
    stays = board_of(
        Scene(layers=[full("#ff0000", end=2.0)]), Scene(layers=[], transition=Transition("fade", 1.0))
    )
    assert at(stays, 2.05)[100, 100, 1] < 60  # still there while the next scene comes in
    assert (at(board_of(Scene(layers=[full("#ff0000", hidden=True)])), 1.0) == 255).all()


def test_a_layer_enters_when_it_begins() -> None:
    motion = Motion("fade", delay=0.0, seconds=0.5)
    board = board_of(Scene(layers=[full("#ff0000", begin=1.0, motion=motion)]))
    assert tuple(at(board, 0.9)[100, 100]) == (255, 255, 255)
    assert 30 < at(board, 1.1)[100, 100, 1] < 250
    assert tuple(at(board, 1.9)[100, 100]) == RED


def test_only_the_cropped_part_of_a_picture_is_drawn(shop: Shop, halves: int) -> None:
    def drawn(crop: Rect, **more: object) -> NDArray[np.uint8]:
        layer = ImageLayer(name="p", asset_id=halves, crop=crop, fit="cover", **more)  # type: ignore[arg-type]
        return at(board_of(Scene(layers=[layer])), 1.0, shop)

    left, right = drawn(Rect(0, 0, 0.5, 1)), drawn(Rect(0.5, 0, 0.5, 1))
    assert (left[5:-5, 5:-5] == RED).all()
    assert (right[5:-5, 5:-5] == BLUE).all()
    whole = drawn(Rect())
    for odd in (Rect(2, 2, 1, 1), Rect(0, 0, 0, 0), Rect(-1, -1, 4, 4)):
        assert np.array_equal(drawn(odd), whole)
    logo = LogoLayer(name="l", asset_id=halves, rect=Rect(0.1, 0.1, 0.5, 0.5), crop=Rect(0.5, 0, 0.5, 1))
    assert tuple(at(board_of(Scene(layers=[logo])), 1.0, shop)[60, 40]) == BLUE


def test_what_is_touched_is_drawn_touched(shop: Shop, halves: int) -> None:
    board = board_of(Scene(layers=[ImageLayer(name="p", asset_id=halves, fit="cover")]))
    seen: list[int] = []

    def grey(asset_id: int, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        seen.append(asset_id)
        return np.full_like(pixels, 128)

    frame = frame_array(Renderer(board, None, Pictures(shop.library, grey)).frame(1.0))
    assert (frame == 128).all()
    assert set(seen) == {halves}


def test_a_wipe_goes_in_the_direction_of_reading() -> None:
    board = board_of(
        Scene(layers=[full("#ff0000")]), Scene(layers=[full("#0000ff")], transition=Transition("wipe", 1.0))
    )
    middle = at(board, 2.5)
    assert (tuple(middle[100, 20]), tuple(middle[100, 180])) == (BLUE, RED)
    board.locale = "he"
    middle = at(board, 2.5)
    assert (tuple(middle[100, 20]), tuple(middle[100, 180])) == (RED, BLUE)
    assert (at(board, 3.5) == BLUE).all()


def test_a_zoom_brings_the_old_scene_nearer() -> None:
    dot = ShapeLayer(name="dot", colour="#ff0000", rect=Rect(0.4, 0.4, 0.2, 0.2))
    board = board_of(Scene(layers=[dot]), Scene(layers=[], transition=Transition("zoom", 1.0)))
    before = (at(board, 1.9)[..., 1] < 250).sum()
    during = (at(board, 2.4)[..., 1] < 250).sum()
    assert during > before * 1.05
    assert (at(board, 3.1) == 255).all()


@pytest.mark.parametrize("shape", FORMATS)
def test_label_and_marks_stand_on_every_frame_clear_of_the_words(shop: Shop, shape: str) -> None:
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)
    board.label, board.marks = "Made with AI", ["Synthetic"]
    marked = reframe(board, FORMATS[shape])
    over = overlay_of(marked)
    assert [one.done.text for one in over] == ["SYNTHETIC", "Made with AI"]
    words = [text.ink() for scene in marked.scenes for text in texts_of(marked, scene).values()]
    card = frame_array(Renderer(marked, shop.library).card())
    near = 0.01 * min(marked.size)
    for one in over:
        box = one.ink()
        assert not any(box.adjusted(-near, -near, near, near).intersects(other) for other in words)
        assert min(box.left(), box.top()) >= 0
        assert box.right() <= marked.size[0]
        assert box.bottom() <= marked.size[1]
        inner = np.s_[round(box.top()) + 1 : round(box.bottom()) - 1, round(box.left()) : round(box.right())]
        pixels = card[inner].reshape(-1, 3)
        light, dark = pixels[pixels.sum(1).argmax()], np.median(pixels, axis=0)
        assert contrast(tuple(map(int, light)), tuple(map(int, dark))) > 4.5  # type: ignore[arg-type]


def test_marks_and_label_are_in_every_frame_of_any_size() -> None:
    board = board_of(Scene(layers=[full("#ffffff")]), Scene(layers=[], transition=Transition("push", 1.0)))
    board.label, board.marks = "AI", ["Draft"]
    renderer = Renderer(board, None)
    for t in (0.0, 1.0, 2.3, 3.9):
        for size in (None, (120, 120)):
            frame = frame_array(renderer.frame(t, size))
            half = len(frame) // 2
            assert frame[:half].min() < 120
            assert frame[half:].min() < 120


@pytest.mark.parametrize("size", [(160, 600), (300, 250), (728, 90)])
def test_a_small_banner_has_a_label_that_can_be_read(shop: Shop, size: tuple[int, int]) -> None:
    board = Composer(shop.library, None, None).compose("banner-set", shop.bag, shop.audience)
    board.label = "Contains AI-generated content"
    banner = reframe(board, size)
    (label,) = overlay_of(banner)
    box = label.ink()
    assert box.height() >= 9
    assert box.right() <= size[0]
    assert not any(
        box.intersects(text.ink()) for scene in banner.scenes for text in texts_of(banner, scene).values()
    )


@pytest.mark.parametrize("reach", [3.5, 8.0, 24.0])
def test_a_shadow_ends_before_its_picture_does(reach: float) -> None:
    picture = QImage(80, 60, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(QColor("#336699"))
    shaded, margin = with_shadow(picture, 0.6, reach, QColor("#000000"))
    assert (shaded.width(), shaded.height()) == (80 + 2 * margin, 60 + 2 * margin)
    alpha = np.array([[shaded.pixelColor(x, y).alpha() for x in range(shaded.width())]
                      for y in range(shaded.height())])  # fmt: skip
    edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert edge.max() <= 3  # of 255: nothing that is seen to be cut off
    assert alpha[margin + 60 + 2, margin + 40] > 40  # while the shadow itself is there


def test_marks_run_from_the_right_where_reading_does() -> None:
    board = board_of(Scene(layers=[]))
    board.locale, board.marks, board.label = "ar", ["مسودة"], "صورة اصطناعية"
    for one in overlay_of(board):
        assert one.ink().center().x() > 100


def pdf(renderer: Renderer, t: float | None = None) -> bytes:
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(held)
    writer.setPageSize(QPageSize(QSizeF(540, 540), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setResolution(144)
    renderer.paint(writer, t)
    return bytes(held.data().data())


def test_a_pdf_page_holds_text_that_can_be_searched_and_looks_like_the_picture(shop: Shop) -> None:
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag, headline="Hafen 周末 Bag 🧳")
    renderer = Renderer(board, shop.library)
    page = pypdfium2.PdfDocument(pdf(renderer))[0]
    words = page.get_textpage().get_text_bounded()
    assert "Hafen" in words
    assert "周末" in words
    seen = page.render(scale=1.0).to_pil().convert("RGB").resize((540, 540))
    wanted = Image.fromarray(frame_array(renderer.card())).resize((540, 540), Image.Resampling.BOX)
    error = np.abs(np.asarray(seen, float) - np.asarray(wanted, float))
    assert error.mean() < 3.0
    assert np.percentile(error, 99) < 70


def test_an_svg_holds_outlines_and_no_foreign_reference(shop: Shop) -> None:
    board = Composer(shop.library, None, None).compose(
        "product-ad", shop.bag, headline="حقيبة <script> & Bag"
    )
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    maker = QSvgGenerator()
    maker.setOutputDevice(held)
    maker.setSize(QSize(1080, 1080))
    Renderer(board, shop.library).paint(maker)
    text = bytes(held.data().data()).decode()
    assert text.count("<path") > 5
    assert "<script" not in text
    assert "<text" not in text
    assert not re.findall(r'href="(?!data:|#)', text)


def test_a_moment_between_two_scenes_is_printed_as_it_is_seen(tmp_path: Path) -> None:
    board = board_of(
        Scene(layers=[full("#ff0000")]), Scene(layers=[full("#0000ff")], transition=Transition("wipe", 1.0))
    )
    page = pypdfium2.PdfDocument(pdf(Renderer(board, None), 2.5))[0].render(scale=0.5).to_numpy()
    height, width = page.shape[:2]
    assert not np.array_equal(page[height // 2, width // 10], page[height // 2, -width // 10])


def test_hidden_words_take_no_room_in_a_stack(shop: Shop) -> None:
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag)
    last = board.scenes[-1]
    whole = texts_of(board, last)["headline"].y
    next(layer for layer in last.layers if layer.name == "line").hidden = True
    assert texts_of(board, last)["headline"].y > whole
    assert "line" not in texts_of(board, last)
    assert isinstance(last.layers[3], TextLayer)


@pytest.mark.parametrize("shape", FORMATS)
def test_places_are_mirrored_where_reading_runs_from_the_right(shop: Shop, shape: str) -> None:
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag)
    plain = reframe(board, FORMATS[shape])
    board.locale = "ar_EG"
    mirrored = reframe(reframe(board, (1920, 1080)), FORMATS[shape])
    for name in ("price", "cta", "sheet", "hero"):
        one, other = (
            next(layer for layer in made.scenes[-1].layers if layer.name == name)
            for made in (plain, mirrored)
        )
        assert other.rect.x == pytest.approx(1 - one.rect.x - one.rect.w)
        if isinstance(one, ShapeLayer) and isinstance(other, ShapeLayer) and one.corners == "right":
            assert other.corners == "left"
    chip = texts_of(mirrored, mirrored.scenes[-1])["cta"]
    box = chip.box
    assert chip.ink().left() == pytest.approx(box.left(), abs=1)  # it ends where reading ends
