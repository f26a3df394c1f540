from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work, rescan_work
from mmstudio.library.importing.columns import CATALOG, INTERACTIONS, match_columns
from mmstudio.library.importing.values import (
    category_in,
    parse_price,
    parse_time,
    plain_text,
    split_attributes,
    split_names,
)
from support.media import make_catalog, make_jpeg, make_shop, make_table, make_text, make_wav


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "My.mmlib") as library:
        yield library


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_catalogue_makes_items_with_their_pictures(library: Library, tmp_path: Path, suffix: str) -> None:
    shop = make_shop(tmp_path / "shop", 3)
    (shop / "catalog.csv").unlink()
    make_jpeg(shop / "images" / "item-0_back.jpg", seed=50)
    make_wav(shop / "jingle.wav")
    catalog = make_catalog(
        shop / f"catalog.{suffix}",
        [
            {"sku": "A", "title": "Mug", "description": "<p>Blue &amp; white</p>", "price": "1.299,00 €",
             "images": "https://cdn.example.org/x/item-0.jpg?w=200|images/item-0_back.jpg;lost.jpg;jingle.wav",
             "colour": "blue", "category": "Kitchen"},
            {"sku": "B", "title": "Bag", "price": "$5", "images": "IMAGES/Item-1.JPG"},
            {"sku": "C", "title": "Hat", "price": "12.50", "currency": "gbp"},
        ],
    )  # fmt: skip
    report = run_inline(import_work(library, [shop], catalog=catalog))
    assert (report["added"], report["items"]) == (5, 3)
    assert report["missing_images"] == ["lost.jpg"]
    mug, bag, hat = (library.items.by_sku(sku) for sku in "ABC")
    assert mug is not None
    assert bag is not None
    assert hat is not None
    assert (mug.price, mug.currency, mug.description) == (1299.0, "EUR", "Blue & white")
    assert mug.attributes == {"colour": "blue"}
    assert [link.role for link in library.items.assets_of(mug.id)] == ["hero", "detail", "music"]
    hero = library.items.hero_of(mug.id)
    assert hero is not None
    assert library.assets.get(hero).rel_path == "images/item-0.jpg"
    assert library.items.missing_media(mug.id) == ["lost.jpg"]
    assert (bag.price, bag.currency) == (5.0, "USD")
    assert library.items.hero_of(bag.id) is not None
    assert (hat.price, hat.currency) == (12.5, "GBP")


def test_a_catalogue_alone_takes_in_the_files_beside_it(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 3)
    make_jpeg(tmp_path / "private.jpg")
    rows = [{"sku": "A", "title": "a", "images": "images/item-0.jpg|../private.jpg"}]
    report = run_inline(import_work(library, [], catalog=make_catalog(shop / "some.csv", rows)))
    assert (report["added"], report["items"]) == (1, 1)
    assert report["missing_images"] == ["../private.jpg"], "a table reaches no further than its own folder"


def test_the_same_catalogue_again_changes_nothing(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 4)
    run_inline(import_work(library, [shop], catalog=shop / "catalog.csv"))
    report = run_inline(import_work(library, [shop], catalog=shop / "catalog.csv"))
    assert (report["items"], report["items_unchanged"], report["unchanged"]) == (0, 4, 4)
    rows = [{"sku": "SKU-1", "title": "Renamed"}]
    report = run_inline(import_work(library, [], catalog=make_catalog(shop / "catalog.csv", rows)))
    assert (report["items"], library.items.count()) == (1, 4)
    item = library.items.by_sku("SKU-1")
    assert item is not None
    assert item.title == "Renamed"
    assert run_inline(rescan_work(library))["added"] == 0, "a table is not taken for a text later"


def test_reviews_links_and_interactions(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 3)
    audience = library.audiences.add("Runners", "People who run.")
    reviews = make_table(
        tmp_path / "r.csv",
        [
            ["Product SKU", "Nickname", "Stars", "Summary", "Detail", "Date"],
            ["SKU-0", "Ann", "4,5", "Nice", "It is nice.", "2024-02-03"],
            ["SKU-9", "Bob", "1", "No", "Who?", ""],
            ["SKU-1", "Cy", "5", "", "", ""],
            ["SKU-1", "Di", "5", "Only a title", "", ""],
        ],
        delimiter=";",
    )
    links = make_table(
        tmp_path / "l.csv",
        [
            ["sku", "related_sku", "relation"],
            ["SKU-0", "SKU-1", "UpSell"],
            ["SKU-0", "SKU-0", ""],
            ["SKU-1", "x", ""],
        ],
    )
    interactions = make_table(
        tmp_path / "i.xlsx",
        [
            ["userId", "item", "rating", "timestamp", "segment"],
            [1, "SKU-0", 4.5, 964982703, ""],
            [2, "SKU-1", None, "2024-01-02T03:04:05Z", "runners"],
            [3, "SKU-1", 1, "", "Nobody"],
        ],
    )
    report = run_inline(
        import_work(
            library, [shop], catalog=shop / "catalog.csv", reviews=reviews, links=links,
            interactions=interactions,
        )
    )  # fmt: skip
    assert (report["reviews"], report["links"], report["interactions"]) == (2, 1, 2)
    assert [(file, line) for file, line, _ in report["row_errors"]] == [
        ("r.csv", 3), ("r.csv", 4), ("l.csv", 3), ("l.csv", 4), ("i.xlsx", 4),
    ]  # fmt: skip
    first, second = library.items.by_sku("SKU-0"), library.items.by_sku("SKU-1")
    assert first is not None
    assert second is not None
    review = library.items.reviews_of(first.id)[0]
    assert (review.author, review.rating, review.title, review.text) == ("Ann", 4.5, "Nice", "It is nice.")
    assert library.items.links_of(first.id)[0].kind == "upsell"
    kept = library.audiences.interactions()
    assert sorted(zip(kept.event, kept.weight.tolist(), strict=True)) == [("rating", 4.5), ("view", 1.0)]
    assert len(library.audiences.members(audience)) == 1


def test_large_interactions_are_streamed(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 3)
    rows: list[list[object]] = [["user", "sku", "event"]]
    rows += [[f"u{i % 50}", f"SKU-{i % 3}", f"view{i // 150}"] for i in range(3000)]
    table = make_table(tmp_path / "i.csv", rows)
    notes: list[str] = []
    report = run_inline(
        import_work(library, [], catalog=shop / "catalog.csv", interactions=table),
        on_progress=lambda p: notes.append(p.note),
    )
    assert report["interactions"] == 3000
    assert "Reading i.csv: 2000 rows" in notes


def test_bad_rows_are_told_and_the_rest_goes_in(library: Library, tmp_path: Path) -> None:
    catalog = make_text(
        tmp_path / "c.csv",
        'sku,title,price\nA,one,1\n,no sku,2\nB,"open\nC,three,call us\nA,again,1\nD,four,4,5,6\nE,five,5\n',
    )
    report = run_inline(import_work(library, [], catalog=catalog))
    assert report["items"] == 3
    assert {line for _, line, _ in report["row_errors"]} == {3, 4, 5, 6, 7}
    item = library.items.by_sku("C")
    assert item is not None
    assert item.price is None
    no_sku = make_text(tmp_path / "n.csv", "title,price\none,1\n")
    report = run_inline(import_work(library, [], catalog=no_sku))
    assert report["row_errors"] == [["n.csv", 1, "The table has no column for the sku or id of an item."]]


def test_a_table_that_is_none_is_told(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 2)
    broken = make_text(tmp_path / "broken.xlsx", "PK\x03\x04 nothing here")
    report = run_inline(
        import_work(library, [shop / "images"], catalog=broken, reviews=tmp_path / "absent.csv")
    )
    assert report["added"] == 2
    assert {Path(path).name for path, _ in report["failed"]} == {"broken.xlsx", "absent.csv"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.299,00 €", (1299.0, "EUR")), ("$1,299.50", (1299.5, "USD")), ("USD 5", (5.0, "USD")),
        ("34.0000", (34.0, "")), ("1.299", (1.299, "")), ("€1.299", (1299.0, "EUR")), ("1,299", (1299.0, "")),
        ("12,5", (12.5, "")), ("1 299,00 zł", (1299.0, "PLN")), ("1'299.00 CHF", (1299.0, "CHF")),
        ("10 - 20 USD", (10.0, "USD")), ("call us", (None, "")), ("-5", (None, "")), ("￥88", (88.0, "CNY")),
        ("1.299.000 VND", (1299000.0, "VND")), ("99元", (99.0, "CNY")), ("", (None, "")),
    ],
)  # fmt: skip
def test_prices(text: str, expected: tuple[float | None, str]) -> None:
    assert parse_price(text) == expected


def test_other_values() -> None:
    assert split_attributes("colour=red|size=L") == {"colour": "red", "size": "L"}
    assert split_attributes("material=Nylon | Wool&trade;; pattern=Solid; use_config_x=1") == {
        "material": "Nylon, Wool™",
        "pattern": "Solid",
    }
    assert split_attributes("no pairs at all") == {}
    assert split_attributes('{"a": 1, "b": null}') == {"a": "1"}
    nested = "sku_x=1; additional_attributes=style_top=Tee|Polo,new=Yes"
    assert split_attributes(nested) == {"sku x": "1", "style top": "Tee, Polo", "new": "Yes"}
    assert category_in("categories=Default Category/Men/Tops,Default Category/Sale") == "Men > Tops"
    assert split_names("a b.jpg, c.jpg") == ["a b.jpg", "c.jpg"]
    assert split_names("a,b.jpg|c.jpg|c.jpg") == ["a,b.jpg", "c.jpg"]
    assert parse_time("964982703") == 964982703.0
    assert parse_time("964982703000") == 964982703.0
    assert parse_time("1970-01-02") == parse_time("02.01.1970") == 86400.0
    assert parse_time("soon") is None
    assert plain_text("5 < 6 and 7 > 3") == "5 < 6 and 7 > 3"


def test_column_names_are_matched_loosely() -> None:
    assert match_columns(["Product ID", "Product Name", "Unit price", "Image URLs", "Farbe"], CATALOG) == {
        "sku": "Product ID", "title": "Product Name", "price": "Unit price", "images": "Image URLs",
    }  # fmt: skip
    assert match_columns(["货号", "名称", "价格"], CATALOG) == {
        "sku": "货号",
        "title": "名称",
        "price": "价格",
    }
    assert match_columns(["movieId", "title"], CATALOG)["sku"] == "movieId"
    assert match_columns(["userId", "movieId", "rating", "timestamp"], INTERACTIONS) == {
        "member": "userId", "sku": "movieId", "weight": "rating", "time": "timestamp",
    }  # fmt: skip
