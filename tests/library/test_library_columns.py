"""The columns in memory say what SQL says, and follow every change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.library import AssetFilter, Facts, Library, NewItem, parse_query
from mmstudio.library.columns import NUMBERS, Columns, ColumnStore, Links
from mmstudio.library.conditions import as_sql, conditions
from mmstudio.library.records import FileUpdate, NewAsset
from support.libraries import add_asset, new_library

WORDS = ("red", "blue", "sea", "海滩", "鞋子")
TAGS = ("Summer", "sale", "夏天", "late summer")


def filled(folder: Path) -> Library:
    """Sixty assets with something of everything."""
    library = new_library(folder)
    root = library.roots.add(folder)
    rng = np.random.default_rng(3)
    kinds = ("image", "audio", "video", "text")
    library.assets.add_many(
        NewAsset(
            kind=kinds[n % 4],  # type: ignore[arg-type]
            root_id=root.id, rel_path=f"m/{n}.bin", sha256=f"{n // 2:064x}", size=int(rng.integers(10**7)),
            mtime_ns=n, width=int(rng.integers(100, 3000)) if n % 3 else None,
            height=int(rng.integers(100, 3000)) if n % 3 else None,
            duration=float(rng.uniform(0, 400)) if n % 4 in (1, 2) else None,
            captured_at=f"20{20 + n % 5}-0{1 + n % 9}-1{n % 9}T10:00:00" if n % 2 else None,
            title=" ".join(rng.choice(WORDS, 2)) if n % 5 else "", language=("en", "zh-CN", None)[n % 3],
            rights=("own", "licensed", "unknown")[n % 3],  # type: ignore[arg-type]
            status="missing" if n % 17 == 3 else "ok", rating=n % 6,
            tags=tuple(rng.choice(TAGS, n % 3, replace=False)),
        )
        for n in range(60)
    )  # fmt: skip
    library.facts.put_many(
        Facts(n, {"sharpness": n / 60, "key": float(n % 24)}, {"teal": n / 60, "red": 1 - n / 60})
        for n in range(1, 40)
    )
    items = library.items.upsert_many(
        [NewItem(f"S{n}", f"{WORDS[n]} thing", price=n * 20.0, category="Bags") for n in range(4)]
    )
    for n, item in enumerate(items):
        library.items.link_asset(item, n * 5 + 1, "hero")
        library.items.link_asset(item, n * 5 + 2, "detail")
    collection = library.collections.add("Best")
    library.collections.put(collection, [5, 1, 9])
    return library


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Only read here."""
    return filled(tmp_path_factory.mktemp("columns"))


def by_sql(library: Library, wanted: AssetFilter) -> list[int]:
    connection = library.db.read()
    where, parameters = as_sql(conditions(connection, wanted))
    sql = f"SELECT id FROM asset WHERE {where} ORDER BY id DESC"
    return [row[0] for row in connection.execute(sql, parameters)]


_TOKENS = st.sampled_from(
    ["kind:sound", "kind:picture,video", "tag:summer", "tag:夏天", "-tag:sale", "color:teal",
     "-color:red,teal",
     "width:>1000", "-width:>1000", "height:..900", "price:20..40", "-price:<30", "duration:10..200",
     "rating:>=3", "rating:0", "size:>5mb", "date:2021..2023", "-date:2024", "added:>2000", "lang:zh",
     "-lang:en", "rights:own", "-rights:own", "item:S1", "collection:best", "category:bags", "sharpness:>0.3",
     "key:minor", "is:untagged", "-is:untagged", "is:untitled", "is:used", "is:duplicate", "is:portrait",
     "is:square", "status:missing", "red", "海滩", '"red blue"', "-sea", "or", "NOT", "origin:generated"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_TOKENS, max_size=6))
def test_they_find_what_sql_finds(shelf: Library, tokens: list[str]) -> None:
    wanted = parse_query(" ".join(tokens))
    ids = shelf.assets.ids(wanted)
    assert ids == by_sql(shelf, wanted)
    assert sorted(shelf.assets.ids(wanted, "best")) == sorted(ids)
    assert shelf.assets.count(wanted) == len(ids)
    facets = shelf.assets.facets(wanted)
    for tag, count in facets["tag"].items():
        assert shelf.assets.count(replace(wanted, tags=(*wanted.tags, tag))) == count
    if not wanted.kinds:
        assert sum(facets["kind"].values()) == len(ids)


@pytest.mark.parametrize("key", ["price", "duration", "colour", "language", "orientation", "rights"])
def test_a_facet_counts_what_a_click_gives(shelf: Library, key: str) -> None:
    token = {"colour": "color", "language": "lang"}.get(key, key)
    facets = shelf.assets.facets()[key]
    assert facets
    for value, count in facets.items():
        assert shelf.assets.count(parse_query(f"{token}:{value}")) == count


def same(one: Columns, other: Columns) -> None:
    np.testing.assert_array_equal(one.ids, other.ids)
    for name in one.codes:
        assert [one.words[name][c] if c >= 0 else None for c in one.codes[name]] == [
            other.words[name][c] if c >= 0 else None for c in other.codes[name]
        ]
    for name in NUMBERS:
        np.testing.assert_array_equal(one.numbers[name], other.numbers[name])
    for name in ("tag", "price", "colour", "measure:sharpness"):
        assert _linked(one.links[name]) == _linked(other.links[name])


def _linked(links: Links) -> list[tuple[int, int, float]]:
    return sorted(zip(links.rows.tolist(), links.to.tolist(), links.value.tolist(), strict=True))


def read(store: ColumnStore, library: Library) -> Columns:
    columns = store.now()
    for name in ("tag", "price", "colour", "measure:sharpness"):
        columns.linked(library.db.read(), name)
    return columns


def test_they_follow_every_change(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        kept = ColumnStore(library.db)
        read(kept, library)
        item = library.items.skus()["S1"]

        def edits() -> Iterator[object]:
            yield library.assets.set_rating([3, 9], 5)
            yield library.assets.add_tags([1, 2, 60], ["new one", "Summer"])
            yield library.assets.remove_tags([2], ["summer"])
            yield library.assets.trash([5, 6])
            yield library.undo.undo()
            yield library.assets.trash([7])
            yield library.empty_trash()
            yield add_asset(library, tmp_path / "late.jpg", tags=("late",))
            yield library.facts.put_many([Facts(12, {}, {"pink": 0.9})])
            yield library.assets.update_files([FileUpdate(12, sha256="f" * 64, width=7)])
            yield library.items.update(item, price=1.5)
            yield library.items.link_asset(item, 30, "detail")
            yield library.assets.set_text(8, "words", "fr")

        for _done in edits():
            same(read(kept, library), read(ColumnStore(library.db), library))


def test_what_is_written_is_read_inside_the_same_write(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        before = library.assets.count()
        with pytest.raises(ZeroDivisionError), library.undo.as_one("Trial"):
            library.assets.trash([1])
            assert library.assets.count() == before - 1
            raise ZeroDivisionError
        assert library.assets.count() == before


def test_a_reader_notices_what_another_program_writes(tmp_path: Path) -> None:
    with filled(tmp_path) as library, Library.open(library.path, read_only=True) as reader:
        assert reader.assets.ids(parse_query("tag:fresh")) == []
        library.assets.add_tags([8], ["fresh"])
        assert reader.assets.ids(parse_query("tag:fresh")) == [8]
        assert "fresh" in reader.assets.facets()["tag"]


def test_words_in_the_title_come_before_words_in_the_text(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        media = tmp_path / "media"
        text = add_asset(library, media / "a.txt", kind="text", text="a lighthouse by the sea " * 3)
        title = add_asset(library, media / "b.jpg", title="Lighthouse")
        tagged = add_asset(library, media / "c.jpg", tags=("lighthouse",))
        for n in range(30):
            add_asset(library, media / f"other{n}.jpg", title=f"Boat {n}")
        wanted = parse_query("lighthouse")
        assert library.assets.ids(wanted, "best") == [tagged, title, text]
        library.facts.put_many([Facts(title, {}, {"teal": 0.3}), Facts(text, {}, {"teal": 0.8})])
        assert library.assets.ids(parse_query("color:teal"), "best") == [text, title]
