"""Drawings and papers as other programs show them: SVG by a browser, the letters of a PDF by PDFium."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import Rect, Scene, TextLayer
from support.boards import channel, written
from support.browser import Browser, browser
from support.shop import Shop, make_shop

__all__ = ["browser"]
SIZES = {"square": (640, 640), "tall": (600, 1066), "wide": (800, 420)}
# Twin shapes of radicals: most of what a Chinese ad says has some of them.
TWINS = "车门页风飞马鱼鸟见贝长青食雨龙齐民母黄麦一用日月水火木金土人大小女子生活包袋真好"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("drawings") / "shop")
    yield made
    made.library.close()


def seen(browser: Browser, svg: Path, size: tuple[int, int]) -> Image.Image:
    """The drawing as a browser shows it in a page of its size."""
    data = base64.b64encode(svg.read_bytes()).decode()
    page_file = svg.with_suffix(".html")
    page_file.write_text(
        '<!doctype html><body style="margin:0;background:#808080"><img style="display:block" '
        f'src="data:image/svg+xml;base64,{data}" width="{size[0]}" height="{size[1]}">',
        "utf-8",
    )
    page = browser.open(page_file, size=size)
    assert page.run("document.images[0].decode().then(() => document.images[0].naturalWidth)") == size[0]
    assert page.errors == []
    assert page.requests == []
    shot = page.screenshot(whole=False)
    page.close()
    return shot


def pixels(picture: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Softened by a pixel: two programs set the edge of a letter a fraction of a pixel apart."""
    return np.asarray(picture.convert("RGB").filter(ImageFilter.BoxBlur(1)), np.float64)


@pytest.mark.parametrize("shape", sorted(SIZES))
@pytest.mark.parametrize("locale", ["en_GB", "zh_CN"])
def test_a_browser_draws_the_svg_as_the_png_is(
    shop: Shop, tmp_path: Path, browser: Browser, shape: str, locale: str
) -> None:
    """Tolerance: a mean difference of half a level of 255, under 0.1 % of the pixels off by more than 32."""
    audience = shop.audience if locale == "en_GB" else shop.chinese
    size = SIZES[shape]
    board = Composer(shop.library, None, None).make("product-ad", shop.bag, audience, seed=2)
    wanted = [channel(kind, width=size[0], height=size[1]) for kind in ("svg", "png")]
    files, _ = written(shop, board, tmp_path / "out", *wanted)
    shown = seen(browser, Path(files[0]["path"]), size)
    with Image.open(files[1]["path"]) as drawn:
        assert shown.size == drawn.size == size
        difference = np.abs(pixels(shown) - pixels(drawn))
    assert difference.mean() < 0.5
    assert (difference.max(2) > 32).mean() < 0.001


def test_chinese_copied_from_a_pdf_is_letters_and_not_radicals(shop: Shop, tmp_path: Path) -> None:
    layer = TextLayer("words", rect=Rect(0.05, 0.05, 0.9, 0.9), bind="headline", size=0.08, lines=9)
    board = Storyboard(
        name="字", size=(600, 600), locale="zh_CN", duration=1.0, scenes=[Scene("s", 0.0, 1.0, [layer])],
        copy={"headline": TWINS},
    )  # fmt: skip
    [file], _ = written(shop, board, tmp_path / "out", channel("pdf", width=600, height=600))
    document = pypdfium2.PdfDocument(file["path"])
    try:
        page = document[0].get_textpage()
        copied = "".join(page.get_text_range().split())
        assert not [hex(ord(c)) for c in copied if 0x2E80 <= ord(c) <= 0x2FDF]
        if not Renderer(board, None).problems and len(copied) == len(TWINS):  # where a font has them all
            assert copied == TWINS
        found = page.search("金土人")
        assert copied.find("金") < 0 or found.get_next() is not None
    finally:
        document.close()


def test_letters_that_no_radical_stands_for_stay(shop: Shop, tmp_path: Path) -> None:
    words = "Harbour 12 €, naïve Grüße, 東京タワー"
    layer = TextLayer("words", rect=Rect(0.05, 0.05, 0.9, 0.9), bind="headline", size=0.08, lines=9)
    board = Storyboard(
        name="a", size=(600, 600), locale="ja", duration=1.0, scenes=[Scene("s", 0.0, 1.0, [layer])],
        copy={"headline": words},
    )  # fmt: skip
    [file], _ = written(shop, board, tmp_path / "out", channel("pdf", width=600, height=600))
    document = pypdfium2.PdfDocument(file["path"])
    try:
        copied = document[0].get_textpage().get_text_range()
    finally:
        document.close()
    assert "Harbour 12 €, naïve Grüße" in " ".join(copied.split())
