"""Items, their media, reviews and links; audiences and interactions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import NotFound, StudioError
from mmstudio.library import ItemAsset, ItemLink, Library, NewInteraction, NewItem, NewReview
from support.libraries import add_asset


@pytest.fixture
def items(library: Library) -> list[int]:
    """Three items."""
    return library.items.upsert_many([
        NewItem("YS-1", "Yoga Strap", "Soft cotton.", 12.5, "EUR", "Yoga", "",
                {"colour": "teal", "颜色": "青色"}),
        NewItem("BL-2", "Ball", "Big and round.", 30.0, "EUR", "Fitness",
                missing_media=("ball-2.jpg", "ball-3.jpg")),
        NewItem("MT-3", "瑜伽垫", "防滑 mat.", None, "CNY", "Yoga"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "category", "places"),
    [
        ("", None, [1, 0, 2]),
        ("", "Yoga", [0, 2]),
        ("teal", None, [0]),
        ("青色", None, [0]),
        ("瑜伽", None, [2]),
        ("ys-1", None, [0]),
        ("cott", None, [0]),
        ("price:10..20", None, [0]),
        ("price:>20 round", None, [1]),
        ("价格：<20", None, [0]),
        ("price:cheap", None, []),
    ],
)
def test_finding_items(
    library: Library, items: list[int], text: str, category: str | None, places: list[int]
) -> None:
    assert library.items.ids(text, category) == [items[place] for place in places]
    assert library.items.count(text, category) == len(places)


def test_the_title_counts_most(library: Library, items: list[int]) -> None:
    [described] = library.items.upsert_many(
        [NewItem("AA-4", "A bag", "Goes with a yoga strap and a yoga mat.")]
    )
    assert library.items.ids("yoga strap") == [items[0], described]
    assert library.items.count("yoga strap", "Yoga") == 1


def test_reading_items(library: Library, items: list[int]) -> None:
    item = library.items.get(items[0])
    assert (item.sku, item.price, item.attributes["颜色"]) == ("YS-1", 12.5, "青色")
    assert library.items.by_sku("YS-1") == item
    assert library.items.by_sku("none") is None
    assert library.items.skus() == {"YS-1": 1, "BL-2": 2, "MT-3": 3}
    assert [one.id for one in library.items.get_many([3, 9, 1])] == [3, 1]
    assert library.items.categories() == [("Yoga", 2), ("Fitness", 1)]
    assert library.items.missing_media(items[1]) == ["ball-2.jpg", "ball-3.jpg"]
    with pytest.raises(NotFound):
        library.items.get(99)


def test_the_same_sku_replaces(library: Library, items: list[int]) -> None:
    assert library.items.upsert_many([NewItem("BL-2", "Beach ball", price=9.0)]) == [items[1]]
    assert library.items.get(items[1]).title == "Beach ball"
    assert library.items.missing_media(items[1]) == []
    assert library.items.ids("beach") == [items[1]]
    assert library.items.ids("round") == []


def test_edits_of_items_can_be_undone(library: Library, items: list[int]) -> None:
    before = library.items.get(items[0])
    library.items.update(items[0], title="Strap", price=None, attributes={"colour": "red"})
    assert library.items.ids("red") == items[:1]
    assert library.undo.labels[0] == "Edit Yoga Strap"
    library.items.update(items[0], title="Strap")  # changes nothing
    library.undo.undo()
    assert library.items.get(items[0]) == before
    assert library.items.ids("red") == []
    library.undo.redo()
    assert library.items.get(items[0]).price is None
    with pytest.raises(StudioError, match="BL-2 already"):
        library.items.update(items[0], sku="BL-2")
    with pytest.raises(ValueError, match="colour"):
        library.items.update(items[0], colour="red")
    with pytest.raises(NotFound):
        library.items.update(99, title="x")


def test_an_undo_that_something_newer_blocks(library: Library, items: list[int]) -> None:
    library.items.update(items[0], sku="NEW")
    library.items.upsert_many([NewItem("YS-1")])
    with pytest.raises(StudioError, match="can no longer be taken: Edit Yoga Strap"):
        library.undo.undo()
    assert library.items.get(items[0]).sku == "NEW"


def test_the_media_of_an_item(library: Library, items: list[int], media: Path) -> None:
    pictures = [add_asset(library, media / f"{n}.jpg") for n in range(3)]
    voice = add_asset(library, media / "v.wav", kind="audio")
    library.items.link_asset(items[0], voice, "voice")
    assert library.items.hero_of(items[0]) is None
    library.items.link_asset(items[0], pictures[1], "detail", 1)
    library.items.link_asset(items[0], pictures[2], "detail", 0)
    assert library.items.hero_of(items[0]) == pictures[2]
    library.items.link_asset(items[0], pictures[0], "hero", 5)
    library.items.link_asset(items[0], pictures[0], "hero", 0)
    assert library.items.hero_of(items[0]) == pictures[0]
    assert library.items.heroes_of(items) == {items[0]: pictures[0]}
    assert library.items.assets_of(items[0]) == [
        ItemAsset(pictures[0], "hero", 0),
        ItemAsset(pictures[2], "detail", 0),
        ItemAsset(pictures[1], "detail", 1),
        ItemAsset(voice, "voice", 0),
    ]
    assert library.items.items_of_asset(voice) == [items[0]]
    library.assets.trash([pictures[0]])
    assert library.items.hero_of(items[0]) == pictures[2]


def test_replacing_the_media_can_be_undone(library: Library, items: list[int], media: Path) -> None:
    first, second = (add_asset(library, media / f"{n}.jpg") for n in range(2))
    library.items.set_assets(items[0], [ItemAsset(first, "hero", 0), ItemAsset(second, "detail", 0)])
    library.items.set_assets(items[0], [ItemAsset(second, "hero", 0), ItemAsset(first, "hero", 1)])
    library.items.set_assets(items[0], [ItemAsset(second, "hero", 0), ItemAsset(first, "hero", 1)])
    assert library.items.hero_of(items[0]) == second
    assert library.undo.undo() == "Change the media of Yoga Strap"
    assert library.items.assets_of(items[0]) == [ItemAsset(first, "hero", 0), ItemAsset(second, "detail", 0)]
    library.undo.redo()
    assert library.items.assets_of(items[0]) == [ItemAsset(second, "hero", 0), ItemAsset(first, "hero", 1)]


def test_reviews_come_in_once(library: Library, items: list[int]) -> None:
    review = NewReview(items[0], "Holds well.", "Ada", 5.0, "Great", "2024-01-01")
    assert library.items.add_reviews([review, NewReview(items[0], "Holds well.", "Ben"), review]) == 2
    assert library.items.add_reviews([review]) == 0
    assert [(one.author, one.rating, one.text) for one in library.items.reviews_of(items[0])] == [
        ("Ada", 5.0, "Holds well."),
        ("Ben", None, "Holds well."),
    ]


def test_links_come_in_once(library: Library, items: list[int]) -> None:
    link = ItemLink(items[0], items[2], "upsell")
    assert library.items.add_links([link, link, ItemLink(items[0], items[1])]) == 2
    assert library.items.links_of(items[0]) == [ItemLink(items[0], items[1], "related"), link]
    assert len(library.items.links()) == 2


def test_audiences(library: Library, items: list[int]) -> None:
    cooks = library.audiences.add(" Home cooks ", "Like simple things", locale="zh_CN", liked=items[:1])
    found = library.audiences.get(cooks)
    assert (found.name, found.locale, found.liked, found.disliked, found.traits) == (
        "Home cooks", "zh_CN", items[:1], [], {},
    )  # fmt: skip
    assert library.audiences.by_name("Home cooks") == found
    library.audiences.update(
        cooks, name="Cooks", traits={"age": "30-45"}, disliked=(items[1],), rules={"max": 3}
    )
    changed = library.audiences.get(cooks)
    assert (changed.name, changed.traits, changed.disliked) == ("Cooks", {"age": "30-45"}, [items[1]])
    library.audiences.update(cooks, name="Cooks")
    library.audiences.update(cooks)
    library.audiences.remove(cooks)
    assert library.audiences.list() == []
    assert library.audiences.by_name("Cooks") is None
    assert library.undo.undo() == "Remove the audience Cooks"
    assert library.undo.undo() == "Edit the audience Home cooks"
    assert library.audiences.list() == [found]
    assert library.undo.undo() == "Add the audience Home cooks"
    assert library.audiences.list() == []
    library.undo.redo()
    assert library.audiences.list() == [found]


def test_names_of_audiences(library: Library) -> None:
    first = library.audiences.add("Cooks")
    with pytest.raises(StudioError, match="already"):
        library.audiences.add("Cooks ")
    with pytest.raises(StudioError, match="needs a name"):
        library.audiences.update(first, name=" ")
    with pytest.raises(ValueError, match="age"):
        library.audiences.update(first, age=3)
    with pytest.raises(NotFound):
        library.audiences.get(99)
    library.audiences.remove(first)
    assert library.audiences.add("Cooks") != first


def test_interactions(library: Library, items: list[int]) -> None:
    cooks = library.audiences.add("Cooks")
    rows = [
        NewInteraction("ada", cooks, items[0], "buy", 3.0, 200.0),
        NewInteraction("ada", None, items[1], "view", 1.0, 100.0),
        NewInteraction("ben", cooks, items[0]),
        NewInteraction("", cooks, items[2], "like"),
        NewInteraction("ben", cooks, items[0], weight=2.0),
    ]
    assert library.audiences.add_interactions(rows) == 4
    assert library.audiences.add_interactions(rows) == 0
    found = library.audiences.interactions()
    assert found.event == ["view", "like", "view", "buy"] or found.event == ["view", "view", "like", "buy"]
    assert found.member.dtype == np.int32
    assert found.weight.dtype == np.float32
    assert np.isnan(found.time).sum() == 2
    assert found.time[-1] == 200.0
    assert sorted(found.weight.tolist()) == [1.0, 1.0, 2.0, 3.0]
    assert len(library.audiences.members(cooks)) == 3
    with pytest.raises(Exception, match="FOREIGN KEY"):
        library.audiences.add_interactions([NewInteraction("x", cooks, 999)])


def test_no_interactions(library: Library) -> None:
    found = library.audiences.interactions()
    assert found.member.shape == found.item.shape == found.weight.shape == found.time.shape == (0,)
