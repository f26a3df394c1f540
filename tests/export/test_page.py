"""The page of recommendations: whole, quiet, escaped, in the audience's language."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmstudio.composition import Composer
from mmstudio.errors import NotFound
from mmstudio.export import Exporter
from mmstudio.jobs import run_inline
from support.shop import Shop, make_shop

LINK = "javascript:alert(1)"
EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>\u202e\x07"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    for audience in (made.audience, made.chinese):
        made.library.recommendations.save(
            audience,
            [
                {
                    "item_id": item,
                    "score": 0.9 - 0.2 * rank,
                    "why": f"Like what they liked {rank}",
                    "parts": [{"label": "Looks", "value": 0.6, "kind": "content"}],
                }
                for rank, item in enumerate((made.bag, made.lamp))
            ],
        )
    yield made
    made.library.close()


class Reader(HTMLParser):
    """Collects tags, attributes and texts; complains about tags that do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page(shop: Shop, out: Path, **more: Any) -> tuple[str, Reader, dict[str, Any]]:
    result: dict[str, Any] = run_inline(Exporter(shop.library).page_work(out=out, **more))
    text = (out / "recommendations.html").read_text("utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return text, reader, result


def test_the_page_shows_every_audience_with_pictures_inside(shop: Shop, tmp_path: Path) -> None:
    Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)
    text, reader, result = page(shop, tmp_path / "out")
    sections = [attrs for tag, attrs in reader.tags if tag == "section"]
    assert [s["lang"] for s in sections] == ["en", "zh-CN"]
    words = " ".join(reader.words)
    for expected in (
        "Harbour Weekend Bag",
        "Reading Lamp",
        "€129",
        "Like what they liked 0",
        "为“周末旅人”推荐",
        "帆布",
    ):
        assert expected in words, expected
    pictures = [str(attrs["src"]) for tag, attrs in reader.tags if tag == "img"]
    assert len(pictures) == 5  # two per audience and one ad
    for source in pictures:
        data = base64.b64decode(source.removeprefix("data:image/webp;base64,"))
        assert min(Image.open(io.BytesIO(data)).size) >= 480
    assert all(attrs.get("alt") for tag, attrs in reader.tags if tag == "img")
    assert {Path(f["path"]).name for f in result["files"]} == {"recommendations.html", "feed.json"}
    assert '<meta name="generator" content="MM Studio">' in text
    assert "prefers-color-scheme:dark" in text
    assert "viewport" in text


def test_nothing_leaves_the_page(shop: Shop, tmp_path: Path) -> None:
    text, reader, _ = page(shop, tmp_path / "out")
    assert not any(tag in ("script", "link", "iframe", "object", "form") for tag, _ in reader.tags)
    assert "default-src 'none'" in text
    for tag, attrs in reader.tags:
        assert not any(name.startswith("on") for name in attrs), tag
        if tag == "a":
            assert str(attrs["href"]).startswith(("#", "https://"))
    assert re.findall(r"(?:src|url\()=?[\"'(]?(https?:)", text) == []


def test_hostile_texts_stay_texts(shop: Shop, tmp_path: Path) -> None:
    shop.library.items.update(shop.bag, title=EVIL, description=EVIL, url=LINK, category=EVIL)
    shop.library.audiences.update(shop.audience, name="Weekenders " + EVIL, brief=EVIL)
    text, reader, _ = page(shop, tmp_path / "out")
    assert not any(tag == "script" for tag, _ in reader.tags)
    assert "javascript:" not in text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert any("<script>" in words for words in reader.words)


def test_the_feed_is_a_json_feed(shop: Shop, tmp_path: Path) -> None:
    page(shop, tmp_path / "out")
    feed = json.loads((tmp_path / "out" / "feed.json").read_text("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"]) == 4
    assert all(item["content_text"] and item["title"] for item in feed["items"])
    assert feed["items"][0]["url"] == "https://shop.example/bag-1"


def test_one_audience_can_be_chosen_and_none_is_said(shop: Shop, tmp_path: Path) -> None:
    _, reader, _ = page(shop, tmp_path / "one", audiences=[shop.chinese])
    assert sum(tag == "section" for tag, _ in reader.tags) == 1
    for audience in (shop.audience, shop.chinese):
        shop.library.audiences.remove(audience)
    with pytest.raises(NotFound, match="no audiences"):
        page(shop, tmp_path / "none")


def test_an_item_without_a_picture_still_has_its_place(shop: Shop, tmp_path: Path) -> None:
    shop.library.items.set_assets(shop.lamp, [])
    text, _, _ = page(shop, tmp_path / "out")
    assert "Reading Lamp" in text
    assert "nopic" in text


def test_a_picture_that_may_not_be_shown_is_not(shop: Shop, tmp_path: Path) -> None:
    bag = [one.asset_id for one in shop.library.items.assets_of(shop.bag)]
    shop.library.asset_rights.set(bag, consent="refused")
    _, reader, _ = page(shop, tmp_path / "out")
    assert len([tag for tag, _ in reader.tags if tag == "img"]) == 2  # the lamp, once per audience
    assert "Harbour Weekend Bag" in " ".join(reader.words)
