"""Events as nobody would want them, from the shell: import, lists and evaluation say what they met."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli import run
from mmstudio.library import Library
from mmstudio.recommendation.events import strengths

ROWS = """user,item,event,weight,time
ann,A,rating,four,2024-12-31
ann,A,rating,four,2024-12-31
ben,NOPE,view,1,31.12.2024
ben,B,buy,-3,2024/12/31
ben,B,buy,5,1735603200
cleo,C,buy,many,31 Dec 2024
cleo,C,rating,8/10,"Tue, 31 Dec 2024 12:00:00 +0000"
,C,view,1,2024年12月31日
dan,A,view,1,someday
"""


@pytest.fixture
def library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "Shop.mmlib"
    assert run(["init", str(path)]) == 0
    (tmp_path / "items.csv").write_text("sku,title,price\nA,Apple,3\nB,Bread,4\nC,Cheese,9\nD,Dill,2\n")
    assert run(["import", str(path), "--catalog", str(tmp_path / "items.csv")]) == 0
    capsys.readouterr()
    return path


def take(library: Path, text: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    table = library.parent / "events.csv"
    table.write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert run(["import", str(library), "--interactions", str(table), "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def lists(library: Path, *more: str) -> list[dict[str, str]]:
    out = library.parent / "recs.csv"
    assert run(["recommend", str(library), "--all-members", "-k", "4", "--out", str(out), *more]) == 0
    with out.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_that_cannot_be_used_is_told_by_its_line(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = take(library, ROWS, capsys)
    said = {line: reason for _file, line, reason in report["row_errors"]}
    assert "NOPE" in said[4]
    assert "below zero" in said[5]
    assert "many" in said[7]
    assert "neither a member nor an audience" in said[9]
    assert set(said) == {4, 5, 7, 9}
    assert "someday" in json.dumps(report["row_notes"])
    assert (report["interactions"], report["interactions_again"]) == (4, 1)
    with Library.open(library, read_only=True) as opened:
        log = opened.interactions.read()
        assert sorted(log.weight.tolist()) == [1.0, 4.0, 4.0, 5.0]  # "four", 8 of 10, a view, a purchase
        named = {item.sku: item.id for item in opened.items.get_many(opened.items.ids())}
    assert named["D"] not in log.item.tolist()


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("user,item,rating\n" + "".join(f"one,{sku},5\n" for sku in "ABC"), 1),
        ("user,item,rating\n" + "".join(f"u{n % 4},{'ABC'[n % 3]},3\n" for n in range(12)), 4),
    ],
    ids=["one user", "all ratings equal"],
)
def test_one_user_and_equal_ratings_still_give_the_untouched_item(
    library: Path, text: str, members: int, capsys: pytest.CaptureFixture[str]
) -> None:
    take(library, text, capsys)
    rows = lists(library)
    assert {row["item"] for row in rows} == {"D"}
    assert len(rows) == members
    capsys.readouterr()
    run(["evaluate", str(library), "--recommender", "--protocol", "cold-items", "--seeds", "1", "--json"])
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err


def test_a_rule_that_removes_everything_is_named(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(library, ROWS, capsys)
    assert run(["audiences", str(library), "add", "Cheap", "--price-under", "1"]) == 0
    capsys.readouterr()
    assert run(["recommend", str(library), "--audience", "Cheap"]) in (0, 1)
    told = capsys.readouterr()
    assert "The rule “price under 1” removes every item." in told.out + told.err


def test_a_slip_of_the_finger_is_told_and_does_not_spoil_the_other_ratings(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"p{n},{'ABC'[n % 3]},{5 - n % 2}" for n in range(40)]
    report = take(library, "user,item,rating\n" + "\n".join([*rows, "odd,A,99999"]) + "\n", capsys)
    said = "The rating 99999 is above all the others: it counts as the highest."
    assert report["row_notes"] == [["events.csv", 42, said]]
    scores = [float(row["score"]) for row in lists(library)]
    assert max(scores) > 0.01
    with Library.open(library) as opened:
        value, rating = strengths(opened.interactions.read())
    assert set(value.tolist()) == {1.0}
    assert rating.max() == 5


def test_too_few_events_are_not_called_none(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(library, "user,item,rating\nann,A,5\nann,B,4\n", capsys)
    run(["evaluate", str(library), "--recommender", "--protocol", "few-shot", "--seeds", "1"])
    assert "Too few events" in capsys.readouterr().out
