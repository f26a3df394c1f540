"""The search box, and what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.library import AssetFilter, Library, NewItem, parse_query
from mmstudio.library.filters import Measured, number_range
from mmstudio.library.query import (
    explain,
    has_token,
    parts,
    toggle_token,
    with_token,
    without_part,
)
from mmstudio.library.records import Order
from mmstudio.library.words import fold, indexable, match_terms
from support.libraries import add_asset, new_library


def part(**fields: Any) -> AssetFilter:
    """An alternative, or what is left out: of any status."""
    return AssetFilter(statuses=(), **fields)


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
        ('"yoga strap" 12:30', AssetFilter(text='"yoga strap" 12:30')),
        # A filter that is still being typed asks for nothing yet.
        ("beach tag:", AssetFilter(text="beach")),
        # Everything that issue 3 adds.
        ("height:<=800", AssetFilter(max_height=800)),
        ("size:>=1.5mb", AssetFilter(min_size=1_500_000)),
        ("size:..20k", AssetFilter(max_size=20_000)),
        ("duration:1:30..2min", AssetFilter(min_duration=90.0, max_duration=120.0)),
        ("price:<=€50", AssetFilter(max_price=50.0)),
        ("价格：10..30", AssetFilter(min_price=10.0, max_price=30.0)),
        ("price:30..10", AssetFilter(min_price=10.0, max_price=30.0)),
        ("color:teal", AssetFilter(colours=("teal",))),
        ("颜色：红色", AssetFilter(colours=("red",))),
        ("color:ultraviolet", AssetFilter(text="ultraviolet")),
        ("date:2024-05..", AssetFilter(taken_from="2024-05")),
        ("date:2024", AssetFilter(taken_from="2024", taken_before="2025")),
        ("date:2024-12", AssetFilter(taken_from="2024-12", taken_before="2025-01")),
        ("date:2024-02-29", AssetFilter(taken_from="2024-02-29", taken_before="2024-03-01")),
        ("date:2023-02-29", AssetFilter(text="2023-02-29")),
        ("added:<2024-05", AssetFilter(added_before="2024-05")),
        ("lang:zh lang:english", AssetFilter(languages=("zh", "en"))),
        ("语言:中文", AssetFilter(languages=("zh",))),
        ("rights:own,licensed", AssetFilter(rights=("own", "licensed"))),
        ("category:Bags", AssetFilter(category="Bags")),
        ("sharpness:>=0.4", AssetFilter(measures=(Measured("sharpness", 0.4),))),
        ("tempo:110..130", AssetFilter(measures=(Measured("tempo", 110.0, 130.0),))),
        ("loudness:>=-20", AssetFilter(measures=(Measured("loudness", -20.0),))),
        ("loudness:-20..-10", AssetFilter(measures=(Measured("loudness", -20.0, -10.0),))),
        ("key:c-minor", AssetFilter(measures=(Measured("key", 12.0, 12.0),))),
        ("key:F#", AssetFilter(measures=(Measured("key", 6.0, 6.0),))),
        ("key:ebm", AssetFilter(measures=(Measured("key", 15.0, 15.0),))),
        ("is:untagged", AssetFilter(states=("untagged",))),
        ("is:generated", AssetFilter(origin="generated")),
        ("is:landscape", AssetFilter(orientations=("landscape",))),
        ("rating:0", AssetFilter(max_rating=0)),
        ("rating:=3", AssetFilter(min_rating=3, max_rating=3)),
        ("rating:<3", AssetFilter(max_rating=2)),
        ("like:12 kind:sound", AssetFilter(kinds=("audio",), like=12)),
        ('like:"a b.png"', AssetFilter(like="a b.png")),
        ("-tag:x beach", AssetFilter(text="beach", without=(part(tags=("x",)),))),
        ("NOT kind:video", AssetFilter(without=(part(kinds=("video",)),))),
        ("-sea", AssetFilter(without=(part(text="sea"),))),
        ("t-shirt - red", AssetFilter(text="t-shirt - red")),
        (
            "blue beach or sea sun",
            AssetFilter(text="blue sun", either=((part(text="beach"), part(text="sea")),)),
        ),
        ("海滩 或 tag:海", AssetFilter(either=((part(text="海滩"), part(tags=("海",))),))),
        ("color:teal,white", AssetFilter(either=((part(colours=("teal",)), part(colours=("white",))),))),
        ("or beach or", AssetFilter(text="or beach or")),
    ],
)
def test_the_search_box(query: str, wanted: AssetFilter) -> None:
    assert parse_query(query) == wanted


_PIECES = st.sampled_from(
    ["kind:", "sound", "tag:x", "-", "or", "NOT", '"', "color:teal", "：", "width:", ">", "99", "..",
     "'; DROP",
     "*", "海", "\x00", "price:-1..1e9", "like:", "rating:99999999999999999999", "date:9999-12-31", "key:h",
     "(", ")", "NEAR", "\u202e", "size:1e", "duration:" + "9" * 400, "is:", "^", "{", "{x}"]
)  # fmt: skip
_LINES = st.text() | st.lists(_PIECES, max_size=12).map(" ".join) | st.lists(_PIECES, max_size=9).map("".join)


@settings(deadline=None)  # the first lines load the words of both languages
@given(_LINES)
def test_nothing_typed_is_an_error(query: str) -> None:
    parse_query(query)
    match_terms(query)
    for token, meaning in explain(query):
        assert token in query
        assert meaning
    for piece in parts(query):
        assert query[piece.start : piece.stop] == piece.token


def test_a_very_long_line_is_read_at_once() -> None:
    for line in ("a" * 10_000, '"a ' * 3_000, "tag:x " * 2_000, "-" * 10_000, "a or " * 2_000, "：" * 10_000):
        parse_query(line)
        assert len(match_terms(line)) <= 32


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("kind:sound tag:summer", [("kind:sound", "Kind: Sounds"), ("tag:summer", "Tag: summer")]),
        ("blue beach or sea", [("blue", "Words: blue"), ("beach or sea", "Words: beach or sea")]),
        ("-color:teal", [("-color:teal", "Not Colour: Teal")]),
        ("width:1000..2000", [("width:1000..2000", "Width: 1,000 px to 2,000 px")]),
        ("key:c-minor", [("key:c-minor", "Musical key: C minor")]),
        ("width:wide", [("width:wide", "Words: wide")]),
        ("is:untagged like:7", [("is:untagged", "Is: Without tags"), ("like:7", "Similar to: number 7")]),
    ],
)
def test_how_a_line_was_read_can_be_said(query: str, told: list[tuple[str, str]]) -> None:
    assert explain(query) == told


def test_a_line_is_edited_piece_by_piece() -> None:
    assert with_token("beach", "tag", "late summer") == 'beach tag:"late summer"'
    assert toggle_token('beach tag:"late summer"', "tag", "Late Summer") == "beach"
    assert toggle_token("kind:sound,video sea", "kind", "video") == "kind:sound sea"
    assert toggle_token("kind:音乐", "kind", "sound") == ""
    assert with_token("rating:2 sea", "rating", "4") == "sea rating:4"
    assert with_token("tag:x", "tag", "x") == "tag:x"
    assert not has_token("-tag:x", "tag", "x")
    assert without_part("a or b tag:x", "a or b") == "tag:x"
    assert without_part("sea NOT tag:x", "tag:x") == "sea"


@settings(deadline=None)
@given(_LINES, st.text(min_size=1, max_size=12).filter(lambda tag: tag.strip() and '"' not in tag))
def test_a_tag_put_into_a_line_is_asked_for(query: str, tag: str) -> None:
    line = with_token("", "tag", tag.strip())
    assert parse_query(line).tags == (tag.strip(),)
    assert has_token(with_token(query, "color", "teal"), "color", "teal") or query.rstrip().endswith(
        ("NOT", '"')
    )


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
