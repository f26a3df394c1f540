"""Results read from a table: loose columns, every row that is left out told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmstudio.errors import StudioError
from mmstudio.recommendation.variants.results import find_variant, read_results

A, B = "v-aaaaaaaa", "v-bbbbbbb2"


def read(
    tmp_path: Path, text: str, encoding: str = "utf-8"
) -> tuple[list[tuple[object, ...]], dict[int, str]]:
    path = tmp_path / "results.csv"
    path.write_text(text, encoding)
    found, problems, _notes = read_results(path, [A, B])
    return [(r.variant_id, r.day, r.channel, r.event, r.shown, r.happened) for r in found], dict(problems)


def test_plain_columns(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, f"variant,day,shown,clicks\n{A},2026-03-01,100,7\n{B},2026-03-01,90,0\n")
    assert rows == [(A, "2026-03-01", "", "click", 100, 7), (B, "2026-03-01", "", "click", 90, 0)]
    assert problems == {}


def test_an_ad_program_with_file_names_semicolons_and_several_events(tmp_path: Path) -> None:
    text = (
        "Reporting date;Platform;Ad name;Impressions;Link clicks;Purchases\n"
        f"31.03.2026;Insta;summer-{A}-square.png;1.234;56;-\n"
        f"2026-04-01T10:00:00;Insta;https://x.example/?utm_content={B};2 000;1,024;3\n"
    )
    rows, problems = read(tmp_path, text)
    assert rows == [
        (A, "2026-03-31", "insta", "click", 1234, 56),
        (B, "2026-04-01", "insta", "click", 2000, 1024),
        (B, "2026-04-01", "insta", "buy", 2000, 3),
    ]
    assert problems == {}


def test_chinese_columns_and_one_column_that_names_the_event(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, f"素材,日期,曝光,事件,次数\n{A},2026/03/01,100,购买,4\n", "utf-8-sig")
    assert rows == [(A, "2026-03-01", "", "buy", 100, 4)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("v-zzzzzzzz,2026-03-01,10,1", "no variant v-zzzzzzzz"),
        ("Total,2026-03-01,10,1", "names no variant"),
        (f"{A},someday,10,1", "is no date"),
        (f"{A},2026-03-01,many,1", "is no number"),
        (f"{A},2026-03-01,-10,1", "below zero"),
        (f"{A},2026-03-01,10,1.5", "no whole number"),
        (f"{A},2026-03-01,10,11", "shown only 10 times"),
        (f"{A},2026-03-01,,1", "how often"),
        (f"{A},2026-03-01,10,", "what happened"),
        (f"{A},2026-03-01,10,1,extra", "cells"),
        (f"{A},2026-03-01,١٢x,1", "is no number"),
    ],
)
def test_a_row_that_cannot_be_right_is_told_by_its_line(tmp_path: Path, row: str, why: str) -> None:
    text = f"variant,day,shown,clicks\n{row}\n{B},2026-03-01,20,2\n"
    rows, problems = read(tmp_path, text)
    assert [r[0] for r in rows] == [B]
    assert list(problems) == [2]
    assert why in problems[2]


def test_a_day_twice_is_told_not_added_up(tmp_path: Path) -> None:
    text = f"variant,day,shown,clicks\n{A},2026-03-01,10,1\n{A},01.03.2026,10,1\n"
    rows, problems = read(tmp_path, text)
    assert len(rows) == 1
    assert "line 2" in problems[3]


def test_day_first_is_said_where_it_could_be_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"variant,day,shown,clicks\n{A},03/04/2026,10,1\n{A},13/04/2026,10,1\n", "utf-8")
    found, problems, notes = read_results(path, [A])
    assert [r.day for r in found] == ["2026-04-03", "2026-04-13"]
    assert problems == []
    assert [line for line, _ in notes] == [2]


@pytest.mark.parametrize("header", ["day,shown,clicks", "variant,day,clicks", "variant,day,shown"])
def test_a_table_without_a_needed_column_is_refused_with_what_is_missing(tmp_path: Path, header: str) -> None:
    cells = ",".join("1" for _ in header.split(","))
    with pytest.raises(StudioError, match="has no column"):
        read(tmp_path, f"{header}\n{cells}\n")


def test_ids_are_found_in_names_and_links() -> None:
    assert find_variant(f"Spring_{A}_9x16.mp4") == A
    assert find_variant(f"https://s.example/p?v={B}&x=1") == B
    assert find_variant(f"{A}c") == ""
    assert find_variant("v-1111") == ""
