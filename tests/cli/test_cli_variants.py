"""`mmstudio variants`, `mmstudio ranker` and the options of `mmstudio recommend` for lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from support.shop import make_shop


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    shop = make_shop(tmp_path / "shop")
    data: dict[str, Any] = {"schema": 1, "copy": {"headline": "A bag"}, "duration": 5.0}
    for number in range(2):
        data["copy"] = {"headline": f"A bag {number}"}
        shop.library.storyboards.save(f"board {number}", "product-ad", shop.bag, shop.audience, data)
    path = shop.library.path
    shop.library.close()
    return path


def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_from_storyboards_to_a_verdict(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["variants", str(lib), "list"]) == 0
    assert "no variants yet" in capsys.readouterr().out
    assert run(["variants", str(lib), "add", "--storyboard", "1", "--storyboard", "2", "--json"]) == 0
    first, second = (one["id"] for one in out(capsys)["variants"])
    assert run(["variants", str(lib), "rank", "--audience", "Weekenders", "--json"]) == 0
    assert {one["id"] for one in out(capsys)["variants"]} == {first, second}
    plan = ["variants", str(lib), "plan", first, second, "--base", "0.1", "--effect", "0.02", "--json"]
    assert run(plan) == 0
    assert out(capsys)["plans"][0]["each"] == 3841
    results = tmp_path / "results.csv"
    results.write_text(
        f"ad name,date,impressions,clicks\nbag-{first}.png,2026-03-01,4000,400\n"
        f"{second},2026-03-01,4000,520\n{second},2026-03-02,x,1\n",
        "utf-8",
    )
    assert run(["variants", str(lib), "results", str(results), "--json"]) == 0
    told = out(capsys)
    assert told["files"][0]["kept"] == 2
    assert told["files"][0]["problems"][0]["line"] == 4
    assert told["plans"][0]["verdict"]["winner"] == second
    assert run(["variants", str(lib), "results", str(results)]) == 0
    text = capsys.readouterr()
    assert f"{second} wins: 13.00 % against 10.00 %" in text.out
    assert "10.00 %" in text.out.split(" wins")[1]
    assert "< 0.001" in text.out
    assert "Line 4:" in text.err
    assert run(["variants", str(lib), "rank", "--audience", "Weekenders"]) == 0
    assert second in capsys.readouterr().out
    assert run(["variants", str(lib), "remove", first]) == 0
    assert run(["variants", str(lib), "list", "--json"]) == 0
    assert [one["id"] for one in [*json.loads(capsys.readouterr().out.split("\n", 1)[1])["variants"]]] == [
        second
    ]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["add"], 2),
        (["add", "--storyboard", "99"], 1),
        (["add", "--set", "nothing.json"], 1),
        (["rank"], 2),
        (["rank", "--audience", "Nobody"], 1),
        (["plan", "v-aaaaaaaa", "v-bbbbbbbb"], 1),
        (["plan", "v-aaaaaaaa", "--base", "2"], 2),
        (["results", "nothing.csv"], 1),
        (["results", "7"], 1),
        (["remove", "v-aaaaaaaa"], 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    lib: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert run(["variants", str(lib), *arguments]) == status
    assert "Traceback" not in capsys.readouterr().err


def test_a_ranker_that_is_not_there(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ranker", str(lib), "--json"]) == 0
    told = out(capsys)
    assert (told["trained"], told["used"]) == (False, False)
    assert run(["ranker", str(lib), "train"]) == 1
    assert "Too few events" in capsys.readouterr().err
    assert run(["ranker", str(lib), "remove"]) == 0


def test_options_of_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "l.mmlib"
    with Library.create(path) as library:
        library.items.upsert_many(NewItem(f"s{n}", f"T{n}", category="ab"[n % 2]) for n in range(8))
        library.audiences.add("x")
    ask = ["recommend", str(path), "--audience", "x", "--json"]
    assert run([*ask, "--cap", "a=1", "--novelty", "0.5", "--explore", "1", "--seed", "3"]) == 0
    told = out(capsys)
    assert sum(int(one["sku"][1:]) % 2 == 0 for one in told["items"]) == 1
    assert run([*ask, "--cap", "2"]) == 0
    assert len(out(capsys)["items"]) == 4
    assert run([*ask, "--cap", "many"]) == 2
    assert run([*ask, "--method", "nothing"]) == 1
