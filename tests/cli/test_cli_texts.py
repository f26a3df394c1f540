"""reviews, phrases and words on the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.cli import run
from mmstudio.library import Library
from mmstudio.library.records import NewItem, NewReview


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.mmlib"
    with Library.create(path) as library:
        ids = library.items.upsert_many(
            NewItem(sku=f"bag{n}", title=f"Canvas bag {n}", description="A canvas bag with a leather strap.")
            for n in range(8)
        )
        library.items.add_reviews(
            NewReview(ids[0], f"It is really comfortable and I love it! Day {n}.", author="Ann", rating=5.0)
            for n in range(3)
        )
    return path


def json_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert run(arguments) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_reviews(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json_of(["reviews", str(shop), "--item", "bag0", "--json"], capsys)
    assert found["reviews"] == 3
    assert found["quality"]["learned"] is False
    assert found["quotes"][0]["text"] == "It is really comfortable and I love it!"
    assert found["quotes"][0]["author"] == "A."
    assert run(["reviews", str(shop)]) == 0
    told = capsys.readouterr().out
    assert "word list" in told
    assert "review by A., 5/5" in told
    assert run(["reviews", str(shop), "--item", "bag1"]) == 0
    assert "no reviews yet" in capsys.readouterr().out
    assert run(["reviews", str(shop), "--item", "nothing"]) == 1


def test_phrases(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json_of(["phrases", str(shop), "--item", "bag0", "--json"], capsys)
    assert found["items"][0]["sku"] == "bag0"
    assert "leather strap" in {phrase["text"] for phrase in found["items"][0]["phrases"]}
    assert run(["phrases", str(shop)]) == 0
    assert "leather strap" in capsys.readouterr().out


def test_words_after_the_vectors_are_made(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["words", str(shop), "canvas"]) == 1
    assert "no word vectors" in capsys.readouterr().err
    (tmp_path / "v.txt").write_text(
        "canvas 1 0 0\nleather 0.9 0.1 0\nlamp 0 0 1\nbad nan 0 0\n", encoding="utf-8"
    )
    assert run(["features", str(shop), "--word-vectors", str(tmp_path / "v.txt")]) == 0
    told = capsys.readouterr()
    assert "sif: 8 new" in told.out
    assert "1 rows left out: not a number" in told.err
    found = json_of(["words", str(shop), "canvas", "-k", "1", "--json"], capsys)
    assert found["source"] == "v.txt"
    assert found["words"][0]["word"] == "leather"
    assert run(["words", str(shop), "zebra"]) == 1
    assert run(["features", str(shop), "--word-vectors", str(tmp_path / "gone.txt")]) == 1


def test_the_only_known_word_has_no_neighbours(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("canvas 1 2 3\nbag 1 nan 3\n", encoding="utf-8")
    assert run(["features", str(shop), "--word-vectors", str(file)]) == 0
    assert "1 rows left out: not a number" in capsys.readouterr().err
    assert run(["words", str(shop), "canvas"]) == 0
    assert capsys.readouterr().out == "No other word is known.\n"
