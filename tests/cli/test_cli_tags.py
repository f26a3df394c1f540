"""The command "tags" and the family "fused" on the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.cli.app import run
from mmstudio.library import Library
from support.fusion import paired_library


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, list[int]]:
    library, _, pictures = paired_library(tmp_path, 24, sounds=False)
    with library:
        return library.path, pictures


def document(capsys: pytest.CaptureFixture[str]) -> dict:  # type: ignore[type-arg]
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_a_tag_is_learned_shown_and_applied(
    shop: tuple[Path, list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, pictures = shop
    examples = ",".join(map(str, pictures[0:15:3]))
    assert run(["tags", str(path), "learn", "boots", "--examples", examples, "--json"]) == 0
    (lesson,) = document(capsys)["lessons"]
    assert {s["asset_id"] for s in lesson["suggestions"][:3]} == set(pictures[15::3])
    assert lesson["accuracy"] > 0.9
    assert 0 <= lesson["calibration_error"] <= 1
    assert run(["tags", str(path), "list", "--json"]) == 0
    assert document(capsys) == {"tags": []}
    applied = ["tags", str(path), "learn", "boots", "--examples", examples, "--threshold", "0.4", "--apply"]
    assert run(applied) == 0
    assert "% right when left out" in capsys.readouterr().out
    assert run(["tags", str(path), "list", "--json"]) == 0
    assert document(capsys) == {"tags": [{"tag": "boots", "assets": 8}]}
    with Library.open(path) as library:
        library.undo.undo()
        assert library.assets.all_tags() == []


def test_suggestions_need_a_shared_vector_then_come_with_their_error(
    shop: tuple[Path, list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = shop
    assert run(["tags", str(path), "suggest"]) == 1  # nothing is wrong with the command
    assert "train LIB fused" in capsys.readouterr().err
    assert run(["train", str(path), "fused", "--steps", "40", "--json"]) == 0
    trained = document(capsys)
    assert trained["figures"]["chance"] < 1
    assert trained["sentence"]
    if not trained["used"]:
        return
    assert run(["tags", str(path), "suggest", "--threshold", "0.2", "--json"]) == 0
    told = document(capsys)
    assert told["calibration_error"] == trained["figures"]["tags_error"]
    assert {s["tag"] for s in told["suggestions"]} <= {"Shop", "Boots", "Lamps", "Drums"}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["learn"], 2),
        (["learn", "x", "--examples", "one"], 2),
        (["learn", "x"], 2),
        (["learn", "x", "--examples", "1,2,999999"], 2),
        (["learn", "x", "--threshold", "3"], 2),
    ],
)
def test_wrong_use_is_told_in_a_line(
    shop: tuple[Path, list[int]], capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert run(["tags", str(shop[0]), *arguments]) == status
    told = capsys.readouterr()
    assert "Traceback" not in told.err + told.out
