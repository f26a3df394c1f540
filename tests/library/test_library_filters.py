"""The search box, and what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.library import AssetFilter, Library, NewItem, parse_query
from mmstudio.library.filters import number_range
from mmstudio.library.records import Order
from mmstudio.library.words import fold, indexable, match_terms
from support.libraries import add_asset, new_library


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", AssetFilter()),
        ("beach", AssetFilter(text="beach")),
        ("kind:sound tag:summer beach", AssetFilter(kinds=("audio",), tags=("summer",), text="beach")),
        ("kind:picture,video", AssetFilter(kinds=("image", "video"))),
        ("kind:图片 kind:声音", AssetFilter(kinds=("image", "audio"))),
        ("类型：视频 海滩", AssetFilter(kinds=("video",), text="海滩")),
        ("kind:文字", AssetFilter(kinds=("text",))),
        ('tag:"late summer" tag:海滩', AssetFilter(tags=("late summer", "海滩"))),
        ("width:>1000", AssetFilter(min_width=1001)),
        ("width:>=1000 width:<2000", AssetFilter(min_width=1000, max_width=1999)),
        ("width:1000", AssetFilter(min_width=1000, max_width=1000)),
        ("duration:10..30", AssetFilter(min_duration=10.0, max_duration=30.0)),
        ("duration:..30", AssetFilter(max_duration=30.0)),
        ("duration:10..", AssetFilter(min_duration=10.0)),
        ("duration:4", AssetFilter(min_duration=3.5, max_duration=4.5)),
        ("rating:>=3", AssetFilter(min_rating=3)),
        ("rating:>3", AssetFilter(min_rating=4)),
        ("rating:5", AssetFilter(min_rating=5)),
        ("origin:generated", AssetFilter(origin="generated")),
        ("status:missing,corrupt", AssetFilter(statuses=("missing", "corrupt"))),
        ("item:YS-1 collection:Summer", AssetFilter(item="YS-1", collection="Summer")),
        # What cannot be read is searched as words.
        ("kind:nonsense", AssetFilter(text="nonsense")),
        ("width:wide", AssetFilter(text="wide")),
        ("http://example.org", AssetFilter(text="http://example.org")),
        ('"yoga strap" 12:30', AssetFilter(text="yoga strap 12:30")),
    ],
)
def test_the_search_box(query: str, wanted: AssetFilter) -> None:
    assert parse_query(query) == wanted


@given(st.text())
def test_nothing_typed_is_an_error(query: str) -> None:
    parse_query(query)
    match_terms(query)


def test_ranges() -> None:
    assert number_range("x") is None
    assert number_range("") is None
    assert number_range("..") is None
    assert number_range("<=2.5") == (None, 2.5)
    low, high = number_range(">2.5") or (0, 0)
    assert low is not None
    assert low > 2.5
    assert high is None


def test_words_for_the_index() -> None:
    assert indexable("新图像 test").split() == ["新", "图", "像", "test"]
    assert match_terms("图像") == ['"图 像"']
    assert match_terms("红shoe-2") == ['"红"', '"shoe"*', '"2"*']
    assert match_terms('a"b OR (c*') == ['"a"*', '"b"*', '"OR"*', '"c"*']
    assert fold("  Late   SUMMER ") == "late summer"
    assert fold("ＡＢＣ") == "abc"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A library with a few known assets; only read here."""
    folder = tmp_path_factory.mktemp("shelf")
    library = new_library(folder)
    media = folder / "media"
    add_asset(library, media / "DSC01234_redShoe.jpg", title="Red running shoe", width=4000, rating=4,
              tags=("Summer", "sale"), captured_at="2024-05-01T10:00:00")  # fmt: skip
    add_asset(library, media / "图像一.jpg", title="图像处理 红色运动鞋", width=800, rating=2,
              tags=("夏天", "Summer"), captured_at="2023-01-01T10:00:00")  # fmt: skip
    add_asset(
        library, media / "loop_amen.flac", kind="audio", title="Amen break", duration=6.9, tags=("drums",)
    )
    add_asset(
        library, media / "poem.txt", kind="text", title="静夜思", text="床前明月光，疑是地上霜。 café déjà"
    )
    add_asset(library, media / "gone.jpg", title="Red gone", status="missing")
    add_asset(library, library.generated_dir / "made.png", title="Made")
    [item] = library.items.upsert_many([NewItem("YS-1", "Yoga strap")])
    library.items.link_asset(item, 1, "hero")
    library.items.link_asset(item, 4, "text")
    summer = library.collections.add("Best of summer")
    library.collections.put(summer, [2, 1])
    return library


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [6, 4, 3, 2, 1]),
        ("red", [1]),
        ("RED sho", [1]),
        ("shoe red", [1]),
        ("red status:missing", [5]),
        ("图像", [2]),
        ("像", [2]),
        ("像图", []),
        ("运动鞋", [2]),
        ("图像处理", [2]),
        ("明月光", [4]),
        ("光疑", [4]),
        ("cafe deja", [4]),
        ("01234", [1]),
        ("dsc redshoe shoe", [1]),
        ("yoga", [4, 1]),
        ("yoga red", [1]),
        ("yoga summer strap", [1]),
        ("yoga amen", []),
        ("summ", [2, 1]),
        ("夏", [2]),
        ("drum amen", [3]),
        ("drum red", []),
        ("tag:SUMMER", [2, 1]),
        ("tag:summer tag:sale", [1]),
        ("tag:nothing", []),
        ("kind:picture", [6, 2, 1]),
        ("width:>1000", [1]),
        ("width:<=1000", [2]),
        ("duration:5..8", [3]),
        ("rating:>=3", [1]),
        ("origin:made", [6]),
        ("item:ys-1", [4, 1]),
        ("item:none", []),
        ('collection:"best of SUMMER"', [2, 1]),
        ("!!! ???", [6, 4, 3, 2, 1]),
        ("NEAR(a b) AND *", []),
    ],
)
def test_what_a_query_finds(shelf: Library, query: str, ids: list[int]) -> None:
    wanted = parse_query(query)
    assert shelf.assets.ids(wanted) == ids
    assert shelf.assets.count(wanted) == len(ids)


@settings(max_examples=60, deadline=None)
@given(query=st.text(max_size=40))
def test_no_query_breaks_the_database(shelf: Library, query: str) -> None:
    wanted = parse_query(query)
    assert shelf.assets.count(wanted) == len(shelf.assets.ids(wanted))


@pytest.mark.parametrize(
    ("order", "descending", "ids"),
    [
        ("added", True, [6, 4, 3, 2, 1]),
        ("added", False, [1, 2, 3, 4, 6]),
        ("title", False, [3, 6, 1, 2, 4]),
        ("captured", True, [1, 2, 6, 4, 3]),
        ("captured", False, [2, 1, 3, 4, 6]),
        ("duration", False, [3, 1, 2, 4, 6]),
        ("rating", True, [1, 2, 6, 4, 3]),
    ],
)
def test_orders(shelf: Library, order: Order, descending: bool, ids: list[int]) -> None:
    assert shelf.assets.ids(order=order, descending=descending) == ids


def test_sizes_in_order(shelf: Library) -> None:
    sizes = [asset.size for asset in shelf.assets.get_many(shelf.assets.ids(order="size"))]
    assert sizes == sorted(sizes, reverse=True)


def test_facets(shelf: Library) -> None:
    facets = shelf.assets.facets()
    assert facets["kind"] == {"audio": 1, "image": 3, "text": 1}
    assert facets["origin"] == {"generated": 1, "imported": 4}
    assert facets["rating"] == {"0": 3, "2": 1, "4": 1}
    assert facets["tag"] == {"Summer": 2, "drums": 1, "sale": 1, "夏天": 1}
    assert facets["status"] == {"ok": 5}


def test_a_facet_shows_what_the_other_choices_would_give(shelf: Library) -> None:
    facets = shelf.assets.facets(parse_query("kind:picture tag:summer"))
    assert facets["kind"] == {"image": 2}
    assert facets["tag"] == {"Summer": 2, "sale": 1, "夏天": 1}
    facets = shelf.assets.facets(parse_query("kind:sound"))
    assert facets["kind"] == {"audio": 1, "image": 3, "text": 1}
    assert facets["tag"] == {"drums": 1}
    assert shelf.assets.facets(parse_query("rating:>=3"))["rating"] == {"0": 3, "2": 1, "4": 1}


def test_a_root_narrows(shelf: Library) -> None:
    assert shelf.assets.ids(AssetFilter(root=shelf.roots.own.id)) == [6]
    assert shelf.assets.ids(AssetFilter(statuses=())) == [6, 5, 4, 3, 2, 1]


def test_facets_leave_out_what_is_not_usable(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        kept = add_asset(library, tmp_path / "media" / "a.jpg", tags=("x",))
        gone = add_asset(library, tmp_path / "media" / "b.jpg", tags=("x", "y"))
        library.assets.trash([gone])
        assert library.assets.facets()["tag"] == {"x": 1}
        assert library.assets.all_tags() == [("x", 1)]
        assert library.assets.ids() == [kept]
