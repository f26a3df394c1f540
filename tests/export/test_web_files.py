"""Pages, e-mails, feeds and product data: opened by a browser and by readers that we did not write."""

from __future__ import annotations

import email
import io
import json
import re
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

import feedparser
import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import Block, Source
from mmstudio.errors import StudioError
from mmstudio.export import Exporter
from mmstudio.export.channels import Channel
from mmstudio.export.options import ExportOptions
from mmstudio.export.web.blocks import blocks_of
from mmstudio.export.web.markup import json_in_html, plain, safe_url, short
from mmstudio.export.web.pictures import MOST_BYTES, encoded
from mmstudio.export.writers import Task, writer_of
from mmstudio.jobs import run_inline
from support.browser import Browser, browser
from support.shop import Shop, make_shop

__all__ = ["browser"]

EVIL = "</script><script>alert('x')</script>\"><img src=https://evil.example/x onerror=alert(1)>\u202e\x07"
WIDE = (1280, 900)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("web") / "shop")
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def ad(shop: Shop) -> Storyboard:
    return Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)


def written(shop: Shop, board: Storyboard, kind: str, path: Path) -> Path:
    """The file that the writer of a kind makes."""
    task = Task(
        board=board,
        channel=Channel(name=kind, label=kind, kind=kind),
        library=shop.library,
        path=path,
        options=ExportOptions(),
        renderer=lambda: Renderer(board, shop.library),
    )
    assert all(isinstance(step, int) for step in writer_of(kind)(task))
    return path


def lesson(shop: Shop, locale: str = "en", words: str = "Bags, in short") -> Storyboard:
    """A page with every kind of block."""
    library = shop.library
    pictures = [link.asset_id for link in library.items.assets_of(shop.bag)]
    lamp = library.items.assets_of(shop.lamp)[0].asset_id
    sound = next(a.id for a in library.assets.get_many(range(1, 20)) if a.kind == "audio")
    group = {"kind": "group", "data": {"blocks": [
        {"kind": "picture", "asset_id": lamp}, {"kind": "heading", "text": words, "data": {"level": 3}},
        {"kind": "price", "text": "€49.50"},
    ]}}  # fmt: skip
    return Storyboard(
        name=words,
        locale=locale,
        palette={"accent": "#a83232"},
        blocks=[
            Block("heading", words, None, {"level": 1}),
            Block("text", f"{words}\n\nA second paragraph."),
            Block("picture", "", pictures[0]),
            Block("steps", "", None, {"items": ["Open it", words]}),
            Block("list", "", None, {"items": ["Canvas", words]}),
            Block("table", "Sizes", None, {"head": ["Size", words], "rows": [["S", "30 cm"], ["M", words]]}),
            Block("quote", words, None, {"author": "A. B."}),
            Block("sound", "Listen to it", sound),
            Block("slider", "Turn the light up", None,
                  {"assets": [*pictures, lamp], "labels": ["low", "mid", "high"]}),
            Block("quiz", "", None, {"question": "What is it made of?", "choices": ["Steel", "Canvas", words],
                                     "answer": 1, "why": "The label says so."}),
            Block("group", "More", None, {"columns": 2, "blocks": [group, group]}),
            Block("button", "Shop now", None, {"url": "https://shop.example/bag"}),
            Block("disclaimer", words),
        ],
    )  # fmt: skip


def test_a_lesson_opens_answers_and_slides(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    file = written(shop, lesson(shop), "html", tmp_path / "lesson.html")
    page = browser.open(file, size=WIDE)
    assert page.console == []
    assert page.requests == []
    assert page.run("document.title") == "Bags, in short"
    assert page.run("[...document.images].every(i => i.complete && i.naturalWidth > 100 && i.alt)")
    assert page.run("document.querySelector('audio').readyState") >= 0
    # the quiz: wrong, then right
    page.click(".quiz input[value='0']")
    assert page.run("document.querySelector('[data-verdict]').textContent") == "Not quite. Try another one."
    assert page.run("document.querySelector('.quiz details').hidden")
    page.click(".quiz input[value='1']")
    assert page.run("document.querySelector('[data-verdict]').textContent") == "That is right."
    assert "The label says so." in page.text()
    # the slider: one picture at a time
    seen = "[...document.querySelectorAll('.slider figure')].map(f => !f.hidden)"
    assert page.run(seen) == [True, False, False]
    page.run(
        "(r => {r.value = 2; r.dispatchEvent(new Event('input'))})(document.querySelector('.slider input'))"
    )
    assert page.run(seen) == [False, False, True]
    assert page.run("document.querySelector('.slider output').textContent") == "high"
    assert page.console == []
    page.close()


def test_without_script_all_of_it_can_be_read(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    file = written(shop, lesson(shop), "html", tmp_path / "lesson.html")
    text = file.read_text("utf-8")
    assert re.findall(r"<script>", text) == ["<script>"]
    quiet = tmp_path / "quiet.html"
    quiet.write_text(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL), "utf-8")
    page = browser.open(quiet, size=PHONE)
    assert page.run("[...document.querySelectorAll('.slider figure')].every(f => f.offsetHeight > 40)")
    assert not page.run("document.querySelector('.quiz details').hidden")
    assert page.run("getComputedStyle(document.querySelector('.slider .control')).display") == "none"
    assert all(words in page.text() for words in ("low", "high", "Canvas", "Answer"))
    page.close()


def test_it_fits_a_phone_and_turns_dark(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    file = written(
        shop,
        lesson(shop, words="Averyveryverylongwordthatnobreakcanbefoundin" * 3),
        "html",
        tmp_path / "p.html",
    )
    light, dark = browser.open(file, size=PHONE), browser.open(file, size=PHONE, dark=True)
    assert light.run("document.documentElement.scrollWidth") <= PHONE[0]
    edges = [float(np.asarray(one.screenshot(whole=False))[:, :8].mean()) for one in (light, dark)]
    assert edges[0] > 230
    assert edges[1] < 40
    light.close()
    dark.close()


def test_a_page_in_arabic_runs_from_the_right(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    board = lesson(shop, "ar", "حقيبة لعطلة نهاية الأسبوع")
    page = browser.open(written(shop, board, "html", tmp_path / "ar.html"), size=WIDE)
    assert page.run("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    assert page.run("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    box = page.run("(r => [r.left, r.right])(document.querySelector('ol.steps li').getBoundingClientRect())")
    assert page.run("getComputedStyle(document.querySelector('h1')).textAlign") == "start"
    assert box[0] < box[1]
    page.close()


def test_hostile_words_stay_words_everywhere(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    board = lesson(shop, words=EVIL)
    board.marks, board.label = [EVIL], EVIL
    board.blocks.append(Block("button", EVIL, None, {"url": "javascript:alert(1)"}))
    board.blocks.append(Block("document", EVIL))  # type: ignore[arg-type]  # a kind that is no block
    for kind in ("html", "email"):
        file = written(shop, board, kind, tmp_path / f"evil-{kind}.html")
        page = browser.open(file, size=WIDE)
        assert page.console == []
        assert page.requests == []
        assert page.run("[...document.querySelectorAll('script')].length") == (1 if kind == "html" else 0)
        assert page.run("[...document.querySelectorAll('[onerror]')].length") == 0
        assert page.run("[...document.links].map(a => a.protocol)") == ["https:"]
        assert "alert('x')" in page.text()
        assert "\u202e" not in page.text()
        page.close()


def test_the_ad_as_a_page_shows_its_words_and_pictures(
    shop: Shop, ad: Storyboard, tmp_path: Path, browser: Browser
) -> None:
    page = browser.open(written(shop, ad, "html", tmp_path / "ad.html"), size=WIDE)
    assert page.errors == []
    for slot in ("headline", "line", "price", "cta"):
        assert ad.copy[slot] in page.text(), slot
    assert page.run("document.querySelectorAll('h1').length") == 1
    assert page.run("document.querySelector('a.button').href").startswith("https://shop.example/bag-1")
    tags = (
        "[...document.querySelectorAll('meta[property]')].map(m => [m.getAttribute('property'), m.content])"
    )
    metas = dict(page.run(tags))
    assert metas["og:type"] == "product"
    assert metas["product:price:amount"] == "129.00"
    assert "og:image" not in metas  # there is none on the web
    data = json.loads(page.run("document.querySelector('script[type=\"application/ld+json\"]').textContent"))
    assert data["@type"] == "Product"
    page.close()


def test_generated_parts_and_marks_are_said(shop: Shop, tmp_path: Path) -> None:
    board = lesson(shop)
    board.sources.append(Source("background", "generated"))
    board.marks = ["DRAFT"]
    text = written(shop, board, "html", tmp_path / "g.html").read_text("utf-8")
    assert "generated by a model" in text
    assert "DRAFT" in text
    board.label = "Made with AI"
    text = written(shop, board, "html", tmp_path / "h.html").read_text("utf-8")
    assert "Made with AI" in text


def test_what_the_exporter_hands_over_is_quiet_too(
    shop: Shop, ad: Storyboard, tmp_path: Path, browser: Browser
) -> None:
    """With its marks of origin inside, as it leaves."""
    assert ad.id is not None
    wanted = ["web-page", "newsletter", "feed-entry", "json-feed", "product-data", "share-tags", "mail-draft"]
    result = run_inline(Exporter(shop.library).work(ad.id, wanted, out=tmp_path))
    files = {file["channel"]: Path(file["path"]) for file in result["files"]}
    assert set(files) == set(wanted)
    for name in ("web-page", "newsletter"):
        page = browser.open(files[name], size=PHONE)
        assert page.console == []
        assert page.requests == []
        assert ad.copy["headline"] in page.text()
        page.close()
    assert not feedparser.parse(files["feed-entry"].read_bytes()).bozo
    for name in ("json-feed", "product-data"):
        assert json.loads(files[name].read_text("utf-8"))
    message = email.message_from_bytes(files["mail-draft"].read_bytes(), policy=policy.default)
    assert message["Subject"] == ad.copy["headline"]


def test_the_email_is_a_table_of_600_pixels(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    file = written(shop, lesson(shop), "email", tmp_path / "mail.html")
    text = file.read_text("utf-8")
    page = browser.open(file, size=WIDE)
    assert page.console == []
    assert page.requests == []
    assert page.run("document.querySelector('table.card').offsetWidth") == 600
    assert page.run("[...document.images].every(i => i.alt && i.naturalWidth > 50)")
    assert page.run("document.querySelector('a').getBoundingClientRect().height") >= 44
    assert not re.search(r"<(script|form|iframe|link|video|audio)", text)
    assert all("style=" in tag for tag in re.findall(r"<(?:p|h1|h2|h3) [^>]*>", text))
    page.close()
    narrow = browser.open(file, size=PHONE)
    assert narrow.run("document.documentElement.scrollWidth") <= PHONE[0]
    narrow.close()


def test_the_message_has_text_html_and_pictures(shop: Shop, tmp_path: Path) -> None:
    board = lesson(shop)
    board.blocks[0].text = "Bags,\nin short\r\nBcc: everyone@example.org"
    one = written(shop, board, "eml", tmp_path / "a.eml").read_bytes()
    assert one == written(shop, board, "eml", tmp_path / "b.eml").read_bytes()
    message: Any = email.message_from_bytes(one, policy=policy.default)
    assert message["Subject"] == "Bags, in short Bcc: everyone@example.org"
    assert message["Bcc"] is None
    assert message["X-Unsent"] == "1"
    text = message.get_body(("plain",)).get_content()
    assert "Shop now: https://shop.example/bag" in text
    assert "1. Open it" in text
    html = message.get_body(("html",)).get_content()
    parts = {p["Content-ID"][1:-1]: p for p in message.walk() if p.get_content_maintype() == "image"}
    assert set(re.findall(r"cid:([^\"]+)", html)) == set(parts)
    assert "data:" not in html
    assert all(Image.open(io.BytesIO(part.get_content())).width > 50 for part in parts.values())


def test_the_rss_is_read_by_feedparser(shop: Shop, ad: Storyboard, tmp_path: Path) -> None:
    file = written(shop, ad, "rss", tmp_path / "feed.xml")
    read = feedparser.parse(file.read_bytes())
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "rss20"
    [entry] = read.entries
    assert entry.title == ad.copy["headline"]
    assert entry.link.startswith("https://shop.example/bag-1")
    assert read.feed.link == "https://shop.example/"
    assert "data:image/jpeg;base64," in entry.content[0].value
    shop.library.items.update(shop.bag, attributes={"image_link": "https://shop.example/bag.png"})
    try:
        read = feedparser.parse(written(shop, ad, "rss", tmp_path / "f2.xml").read_bytes())
        [enclosure] = read.entries[0].enclosures
        assert (enclosure.href, enclosure.type) == ("https://shop.example/bag.png", "image/png")
        assert int(enclosure.length) > 1000
    finally:
        shop.library.items.update(shop.bag, attributes={})


def test_hostile_words_in_feeds(shop: Shop, tmp_path: Path) -> None:
    board = lesson(shop, words=EVIL)
    read = feedparser.parse(written(shop, board, "rss", tmp_path / "f.xml").read_bytes())
    assert not read.bozo
    assert "<script" not in read.entries[0].content[0].value
    assert "\x07" not in read.entries[0].title
    feed = json.loads(written(shop, board, "feed", tmp_path / "f.json").read_text("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert "\x07" not in feed["items"][0]["title"]


def test_a_page_of_items_is_a_feed_of_items(shop: Shop, tmp_path: Path) -> None:
    board = lesson(shop)
    board.inputs = {"item_ids": [shop.bag, shop.lamp]}
    feed = json.loads(written(shop, board, "feed", tmp_path / "f.json").read_text("utf-8"))
    assert [item["title"] for item in feed["items"]] == ["Harbour Weekend Bag", "Reading Lamp"]
    assert feed["items"][0]["url"] == "https://shop.example/bag-1"
    assert all(item["attachments"][0]["size_in_bytes"] > 500 for item in feed["items"])
    assert len({item["id"] for item in feed["items"]}) == 2
    read = feedparser.parse(written(shop, board, "rss", tmp_path / "f.xml").read_bytes())
    assert len(read.entries) == 2
    listed = json.loads(written(shop, board, "jsonld", tmp_path / "f.jsonld").read_text("utf-8"))
    assert listed["@type"] == "ItemList"
    assert [entry["position"] for entry in listed["itemListElement"]] == [1, 2]


def test_product_data_says_only_what_is_known(shop: Shop, ad: Storyboard, tmp_path: Path) -> None:
    data = json.loads(written(shop, ad, "jsonld", tmp_path / "bag.jsonld").read_text("utf-8"))
    assert (data["@context"], data["@type"]) == ("https://schema.org", "Product")
    assert data["offers"] == {
        "@type": "Offer", "price": "129.00", "priceCurrency": "EUR", "url": "https://shop.example/bag-1",
    }  # fmt: skip
    assert "availability" not in data["offers"]
    assert data["aggregateRating"]["ratingValue"] == 3.0
    assert data["aggregateRating"]["reviewCount"] == 2
    assert {r["author"]["name"] for r in data["review"]} == {
        "A.",
        "B.",
    }  # initials: nobody agreed to be named
    lamp = Composer(shop.library, None, None).compose("product-ad", shop.lamp, shop.audience)
    plain_item = json.loads(written(shop, lamp, "jsonld", tmp_path / "lamp.jsonld").read_text("utf-8"))
    assert not {"aggregateRating", "review", "image", "url"} & set(plain_item)
    shop.library.items.update(shop.lamp, attributes={"availability": "In Stock"}, url="javascript:alert(1)")
    try:
        data = json.loads(written(shop, lamp, "jsonld", tmp_path / "lamp.jsonld").read_text("utf-8"))
        assert data["offers"]["availability"] == "https://schema.org/InStock"
        assert "javascript" not in json.dumps(data)
    finally:
        shop.library.items.update(shop.lamp, attributes={}, url="")


def test_there_is_no_product_data_without_an_item(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="about no item"):
        written(shop, lesson(shop), "jsonld", tmp_path / "x.jsonld")


def test_the_tags_alone(shop: Shop, ad: Storyboard, tmp_path: Path) -> None:
    text = written(shop, ad, "meta", tmp_path / "tags.html").read_text("utf-8")
    assert '<meta name="twitter:card" content="summary">' in text
    assert text.count("application/ld+json") == 1


def test_the_same_board_gives_the_same_bytes(shop: Shop, ad: Storyboard, tmp_path: Path) -> None:
    for kind in ("html", "email", "rss", "feed", "jsonld"):
        first, second = (written(shop, ad, kind, tmp_path / f"{n}.{kind}").read_bytes() for n in (1, 2))
        assert first == second, kind


def test_blocks_of_an_ad_come_in_reading_order(shop: Shop, ad: Storyboard) -> None:
    kinds = [block.kind for block in blocks_of(ad, shop.library)]
    assert kinds.count("heading") == 1
    assert kinds[-1] == "button"
    assert "picture" in kinds
    assert blocks_of(Storyboard(name="Empty"), shop.library) == [
        Block("heading", "Empty", None, {"level": 1})
    ]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:x", "data:text/html,x", "file:///etc/passwd",
     "//evil.example", "/relative", "https://", "vbscript:x", "http://[", "https://a/" + "x" * 3000, ""],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    assert safe_url(url) == ""


def test_words_are_cleaned_and_cut() -> None:
    assert safe_url(" https://shop.example/a?b=1&c=2 ") == "https://shop.example/a?b=1&c=2"
    assert safe_url("mailto:a@b.example") == "mailto:a@b.example"
    assert plain("a\x00b\u202ec\ud800\x85d\n\t") == "abcd\n\t"
    assert len(short("word " * 10_000, 90)) <= 90
    assert json.loads(json_in_html({"a": "</script>\u2028&"})) == {"a": "</script>\u2028&"}
    assert "<" not in json_in_html({"a": "</script>"})


def test_a_picture_is_kept_small() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (700, 900, 3), dtype=np.uint8)
    for form in ("WEBP", "JPEG"):
        shown = encoded(noise, form=form)  # type: ignore[arg-type]
        assert len(shown.data) <= MOST_BYTES
        assert Image.open(io.BytesIO(shown.data)).size == (shown.width, shown.height)
