"""Product data read as JSON-LD 1.1 by PyLD, and held against what schema.org says of types and properties."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import Source
from mmstudio.export.provenance import record_of
from mmstudio.export.web.product import product_data
from mmstudio.media.metadata import read_stamp, stamp
from support.schema_org import expanded, problems
from support.shop import Shop, make_shop

ATTRIBUTES = {
    "brand": "Harbour & Söhne", "ean": "4006381333931", "isbn": "978-3-16-148410-0", "mpn": "HB-1",
    "color": "red|blue", "material": "canvas", "size": "M", "availability": "in stock",
    "image_link": "https://shop.example/bag.png",
}  # fmt: skip
EVIL = '</script><img src=x onerror=alert(1)> "@context": {"@vocab": "https://evil.example/"} \u202e'


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def board_of(*items: int) -> Storyboard:
    return Storyboard(
        name="Bags", item_id=items[0], inputs={"item_ids": list(items)} if len(items) > 1 else {},
        sources=[Source("background", "generated", 1)],
    )  # fmt: skip


def written(shop: Shop, board: Storyboard, folder: Path) -> Path:
    path = folder / "data.jsonld"
    path.write_text(json.dumps(product_data(board, shop.library), ensure_ascii=False), "utf-8")
    stamp(path, record_of(board))
    return path


def test_every_type_and_property_is_one_of_schema_org(shop: Shop, tmp_path: Path) -> None:
    shop.library.items.update(shop.bag, attributes=ATTRIBUTES)
    nodes = expanded(written(shop, board_of(shop.bag), tmp_path).read_text("utf-8"))
    assert problems(nodes) == []
    [product] = nodes
    said = {key.removeprefix("http://schema.org/") for key in product}
    assert {"brand", "gtin13", "productID", "mpn", "offers", "aggregateRating", "review", "subjectOf"} <= said
    [listed] = expanded(written(shop, board_of(shop.bag, shop.lamp), tmp_path).read_text("utf-8"))
    assert problems([listed]) == []
    assert len(listed["http://schema.org/itemListElement"]) == 2


def test_hostile_words_of_a_catalogue_are_texts(shop: Shop, tmp_path: Path) -> None:
    shop.library.items.update(
        shop.bag, title=EVIL, description=EVIL, attributes={"brand": EVIL, "size": EVIL}
    )
    nodes = expanded(written(shop, board_of(shop.bag), tmp_path).read_text("utf-8"))
    assert problems(nodes) == []
    assert "evil.example" not in " ".join(key for key in nodes[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"isbn": "978"}, "has no isbn"),
        ({"@type": "Produkt"}, "unknown type Produkt"),
        ({"offers": {"price": "1"}}, "without a type"),
        ({"brand": {"@type": "Person", "name": "A"}}, "brand is a"),
        ({"url": "javascript:alert(1)"}, "url is the address"),
    ],
)
def test_the_check_finds_what_is_wrong(shop: Shop, change: dict[str, Any], said: str) -> None:
    data = {**(product_data(board_of(shop.bag), shop.library) or {}), **change}
    assert any(said in problem for problem in problems(expanded(json.dumps(data))))


def test_the_work_it_was_written_for_says_that_a_model_took_part(shop: Shop, tmp_path: Path) -> None:
    board = board_of(shop.bag)
    path = written(shop, board, tmp_path)
    [node] = expanded(path.read_text("utf-8"))
    [work] = node["http://schema.org/subjectOf"]
    [kind] = work["http://schema.org/digitalSourceType"]
    assert kind["@id"].endswith("/CompositeWithTrainedAlgorithmicMediaDigitalSource")
    assert work["http://schema.org/creditText"] == [{"@value": "MM Studio"}]
    assert read_stamp(path) == record_of(board)
