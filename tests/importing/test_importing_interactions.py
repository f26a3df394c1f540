"""Tables of interactions as people have them: read loosely, every row that cannot be used told by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.library.importing.amounts import Amounts
from mmstudio.library.importing.times import Times
from mmstudio.library.records import NewItem
from support.media import make_table

NOON = datetime(2024, 12, 31, 12, 0, tzinfo=UTC).timestamp()
MIDNIGHT = NOON - 12 * 3600
ALONE = "All rows are of one member: what goes together cannot be learned from one."


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "My.mmlib") as library:
        library.items.upsert_many([NewItem(f"S{n}", f"Item {n}") for n in range(5)])
        yield library


def take(library: Library, tmp_path: Path, *rows: list[object], name: str = "i.csv") -> dict[str, Any]:
    result: dict[str, Any] = run_inline(
        import_work(library, [], interactions=make_table(tmp_path / name, list(rows)))
    )
    return result


def test_a_library_of_a_catalogue_and_events_alone(tmp_path: Path) -> None:
    films = make_table(
        tmp_path / "films.csv",
        [
            ["movieId", "title", "genres"],
            [1, "Toy Story (1995)", "Animation|Comedy"],
            [2, "Heat (1995)", "Crime"],
        ],
    )
    ratings = make_table(
        tmp_path / "ratings.csv",
        [["userId", "movieId", "rating", "timestamp"], [1, 1, 4.0, 964982703], [1, 2, 3.5, 964981247]],
    )
    with Library.create(tmp_path / "films.mmlib") as library:
        report = run_inline(import_work(library, [], catalog=films, interactions=ratings))
        assert (report["items"], report["interactions"], report["row_error_count"]) == (2, 2, 0)
        log = library.interactions.read()
        assert log.names == ("rating",)
        assert log.weight.tolist() == [3.5, 4.0]
        assert log.time.tolist() == [964981247.0, 964982703.0]


def test_events_for_unknown_items_are_told_by_line_and_counted(library: Library, tmp_path: Path) -> None:
    report = take(
        library,
        tmp_path,
        ["user", "product", "event"],
        ["a", "S0", "buy"],
        ["a", "lost", "buy"],
        ["b", "gone", "view"],
    )
    assert report["interactions"] == 1
    assert report["row_kinds"] == {"unknown_item": 2}
    assert report["row_errors"] == [
        ["i.csv", 3, "No item has the sku lost."],
        ["i.csv", 4, "No item has the sku gone."],
    ]


def test_the_same_user_and_event_again_counts_once_and_is_told(library: Library, tmp_path: Path) -> None:
    rows = [
        ["user", "sku", "rating", "time"],
        ["ann", "S0", 3, 1e9],
        [" ann ", "S0", 5, 1e9],
        ["ann", "S0", 4, 2e9],
    ]
    report = take(library, tmp_path, *rows)
    assert (report["interactions"], report["interactions_again"]) == (2, 1)
    log = library.interactions.read()
    assert log.weight.tolist() == [5.0, 4.0]
    assert len(set(log.member.tolist())) == 1
    again = take(library, tmp_path, *rows)
    assert (again["interactions"], again["interactions_again"]) == (0, 3)


def test_a_user_in_two_audiences_is_in_the_last(library: Library, tmp_path: Path) -> None:
    one, two = library.audiences.add("One"), library.audiences.add("Two")
    report = take(
        library, tmp_path, ["user", "sku", "segment"], ["ann", "S0", "One"], ["bob", "S0", "One"],
        ["ann", "S1", "Two"], ["eve", "S1", "Three"],
    )  # fmt: skip
    assert (len(library.audiences.members(one)), len(library.audiences.members(two))) == (1, 1)
    assert report["row_errors"] == [["i.csv", 5, "There is no audience named Three."]]
    assert report["row_notes"] == [
        ["i.csv", 1, "1 members are in more than one audience: the last one counts."]
    ]


def test_ratings_as_text(library: Library, tmp_path: Path) -> None:
    cells = ["4,5", "★★★☆☆", "8/10", "four stars", "五星", "very good", "", "90 %"]
    rows = [[f"u{n}", "S0", cell] for n, cell in enumerate(cells)]
    report = take(library, tmp_path, ["user", "sku", "rating"], *rows)
    assert report["row_errors"] == [["i.csv", 7, "“very good” is no number."]]
    log = library.interactions.read()
    # An empty rating is none: somebody met the item.
    assert list(zip(log.event, np.round(log.weight, 2).tolist(), strict=True)) == [
        ("rating", 4.5), ("rating", 3.0), ("rating", 4.0), ("rating", 4.0), ("rating", 5.0), ("view", 1.0),
        ("rating", 4.5),
    ]  # fmt: skip


def test_a_weight_below_zero_is_told_and_left_out(library: Library, tmp_path: Path) -> None:
    report = take(
        library, tmp_path, ["user", "sku", "weight"], ["a", "S0", -2], ["a", "S1", 2], ["a", "S2", "inf"]
    )
    assert report["row_errors"] == [
        ["i.csv", 2, "The weight -2 is below zero."],
        ["i.csv", 4, "“inf” is no number."],
    ]
    assert library.interactions.read().weight.tolist() == [2.0]


def test_ratings_that_are_all_equal_are_told(library: Library, tmp_path: Path) -> None:
    rows = [[f"u{n}", f"S{n % 5}", 3] for n in range(12)]
    report = take(library, tmp_path, ["user", "sku", "rating"], *rows)
    assert report["interactions"] == 12
    assert report["row_notes"] == [
        ["i.csv", 1, "All ratings are 3.0: they say who took what, not what was liked."]
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1735646400", NOON),
        ("1735646400000", NOON),
        ("1735646400.5", NOON + 0.5),
        ("2024-12-31T12:00:00Z", NOON),
        ("2024-12-31 13:00:00+01:00", NOON),
        ("2024-12-31", MIDNIGHT),
        ("20241231", MIDNIGHT),
        ("31.12.2024 12:00", NOON),
        ("31.12.24", MIDNIGHT),
        ("12/31/2024 12:00 PM", NOON),
        ("31/12/2024", None),  # in a table whose months come first
        ("2024/12/31 12:00", NOON),
        ("2024年12月31日", MIDNIGHT),
        ("31 Dec 2024", MIDNIGHT),
        ("Tue, 31 Dec 2024 12:00:00 GMT", NOON),
        ("31.02.2024", None),
        ("yesterday", None),
        ("99", None),
    ],
)
def test_dates_in_many_forms(text: str, wanted: float | None) -> None:
    assert Times(["12/31/2024"]).read(text) == wanted


def test_whether_the_day_comes_first_is_seen_from_the_table(library: Library, tmp_path: Path) -> None:
    rows = [
        ["user", "sku", "date"],
        ["a", "S0", "03/04/2024"],
        ["a", "S1", "25/04/2024"],
        ["a", "S2", "soon"],
    ]
    report = take(library, tmp_path, *rows)
    days = [datetime.fromtimestamp(t, UTC).date().isoformat() for t in library.interactions.read().time[1:]]
    assert days == ["2024-04-03", "2024-04-25"]
    assert report["row_notes"] == [
        ["i.csv", 4, "“soon” is no date that can be read: the row came in without it."]
    ]
    unclear = take(library, tmp_path, ["user", "sku", "date"], ["b", "S0", "03/04/2024"], name="u.csv")
    assert unclear["row_notes"][0][2].startswith("Dates such as 03/04/2024 can be read in two ways")


def test_loose_names_of_columns_and_skus(library: Library, tmp_path: Path) -> None:
    report = take(
        library, tmp_path, ["Customer ID", "Product-Code", "Action", "Created At"],
        ["a", "s1", "Buy", "2024-01-01"],
        ["", "S2", "buy", ""], ["b", "", "buy", ""],
    )  # fmt: skip
    assert report["interactions"] == 1
    assert [line for _, line, _ in report["row_errors"]] == [3, 4]
    assert library.interactions.read().event == ["buy"]
    lacking = take(library, tmp_path, ["when", "what"], ["x", "y"], name="n.csv")
    assert lacking["row_errors"] == [["n.csv", 1, "The table has no column for sku."]]


def test_a_user_with_very_many_events_is_told(library: Library, tmp_path: Path) -> None:
    table = tmp_path / "many.csv"
    with table.open("w", encoding="utf-8") as file:
        file.write("user,sku,event,time\n")
        file.writelines(f"bot,S{n % 5},view,{1_000_000_000 + n}\n" for n in range(50_000))
    report = run_inline(import_work(library, [], interactions=table))
    assert report["interactions"] == 50_000
    assert said(report) == [(1, ALONE), (1, "One member has 50000 events; it counts as one person.")]


def test_amounts() -> None:
    plain = Amounts(rated=False)
    assert [plain.read(text) for text in ("3", "1e2", "50%", "nan", "x")] == [3.0, 100.0, 0.5, None, None]
    assert not plain.all_equal


@pytest.mark.parametrize("text", ["5.0.0", "31.12.2024", "1.00.000", "1.5,5,5", "1e308", "4.", "--4"])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    wanted = 4.0 if text == "4." else None
    assert Amounts(rated=True).read(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1.000.000", 1e6), ("1.000,5", 1000.5), ("4,5", 4.5), ("12,000", 12000)],
)
def test_numbers_with_groups_of_three_are_read(text: str, wanted: float) -> None:
    assert Amounts(rated=False).read(text) == wanted


def said(report: dict[str, Any]) -> list[tuple[int, str]]:
    return [(line, words) for _file, line, words in [*report["row_errors"], *report["row_notes"]]]


def test_a_repeated_row_with_another_rating_is_told(library: Library, tmp_path: Path) -> None:
    rows = [["u1", "S1", 5], ["u1", "S2", 3], ["u1", "S1", 2], ["u1", "S2", 3], ["u1", "S1", 4]]
    report = take(library, tmp_path, ["user", "item", "rating"], *rows)
    words = "The same as line {} with another weight: the later one counts."
    assert said(report) == [(4, words.format(2)), (6, words.format(4))]
    log = library.interactions.read()
    assert sorted(log.weight.tolist()) == [3.0, 4.0]


def test_ratings_on_no_usual_scale_are_told(library: Library, tmp_path: Path) -> None:
    rows = [[f"u{n}", f"S{n % 5}", [3, 4, 999999, 888888][n % 4]] for n in range(40)]
    report = take(library, tmp_path, ["user", "item", "rating"], *rows)
    assert [line for line, words in said(report) if "on no usual scale" in words] == [4]


def test_times_far_from_today_are_told_by_line(library: Library, tmp_path: Path) -> None:
    times = ["2024-12-31", "3024-01-01", "0001-01-01", "-99999999999"]
    rows = [[f"u{n}", f"S{n}", "buy", text] for n, text in enumerate(times)]
    report = take(library, tmp_path, ["user", "item", "event", "time"], *rows)
    assert [line for line, words in said(report) if "is that right?" in words] == [3, 4, 5]
    assert report["interactions"] == 4


def test_a_column_of_names_that_are_no_events_is_told(library: Library, tmp_path: Path) -> None:
    rows = [[f"u{n}", f"S{n % 5}", f"click-{n}"] for n in range(510)]
    report = take(library, tmp_path, ["user", "item", "event"], *rows, ["u", "S1", "x" * 61])
    assert report["interactions"] == 500
    assert report["row_kinds"] == {"many_events": 10, "long_event": 1}
    assert len(library.interactions.read().names) == 500


def test_tables_without_rows_and_with_columns_twice(library: Library, tmp_path: Path) -> None:
    report = take(library, tmp_path, ["user", "item", "rating"])
    assert said(report) == [(1, "The table has a header and no rows.")]
    report = take(library, tmp_path, ["user", "user", "item"], ["a", "b", "S1"], ["c", "d", "S1"])
    assert said(report) == [(1, "The column user is there twice: the first one counts.")]


def test_a_table_of_one_member_is_told(library: Library, tmp_path: Path) -> None:
    rows = [["a", f"S{n % 5}", f"2024-01-{n + 1:02d}"] for n in range(12)]
    assert said(take(library, tmp_path, ["user", "item", "time"], *rows)) == [(1, ALONE)]
    assert said(take(library, tmp_path, ["user", "item", "time"], *rows[:5], name="few.csv")) == []
