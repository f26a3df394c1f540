"""`mmstudio review`: verdicts, remarks, packages, and what comes back from a client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.cli.app import run
from mmstudio.composition import Scene, Storyboard
from mmstudio.export.preview_package.writing import library_key
from mmstudio.library import Library


@pytest.fixture
def library(tmp_path: Path) -> tuple[Path, int]:
    path = tmp_path / "Shop.mmlib"
    board = Storyboard(name="Ad", size=(64, 64), fps=5, duration=0.4, scenes=[Scene("a", 0.0, 0.4)])
    with Library.create(path) as made:
        number = made.storyboards.save("Ad", "hand", None, None, board.to_dict())
    return path, number


def test_verdicts_and_remarks(library: tuple[Path, int], capsys: pytest.CaptureFixture[str]) -> None:
    path, number = str(library[0]), str(library[1])
    assert run(["review", path, number, "approve", "--who", "AB", "--comment", "Good"]) == 0
    assert (
        run(["review", path, number, "comment", "Logo", "larger", "--at", "0.2", "--place", "0.4,0.5"]) == 0
    )
    capsys.readouterr()
    assert run(["review", path, number, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(v["who"], v["verdict"], v["comment"]) for v in document["verdicts"]] == [
        ("AB", "approved", "Good")
    ]
    (remark,) = document["remarks"]
    assert (remark["text"], remark["at"], remark["x"], remark["y"]) == ("Logo larger", 0.2, 0.4, 0.5)
    assert run(["review", path, number, "done", str(remark["id"])]) == 0
    assert "Logo larger" in capsys.readouterr().out
    with Library.open(library[0]) as opened:
        assert opened.remarks.of(library[1])[0].done


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["1", "bribe"],
        ["1", "comment"],
        ["1", "comment", "x", "--place", "2,2"],
        ["1", "comment", "x", "--place", "0.5"],
        ["1", "comment", "x", "--at", "-1"],
        ["package", "x"],
    ],
)
def test_wrong_words_are_refused(
    library: tuple[Path, int], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["review", str(library[0]), *words]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_package_goes_out_and_its_remarks_come_back(
    library: tuple[Path, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, number = str(library[0]), str(library[1])
    out = tmp_path / "out"
    capsys.readouterr()
    assert (
        run(["review", path, "package", number, "--out", str(out), "--folder", "--pictures", "--json"]) == 0
    )
    made = json.loads(capsys.readouterr().out)
    assert (Path(made["path"]) / "index.html").is_file()
    with Library.open(library[0], read_only=True) as opened:
        key = library_key(opened)
    back = tmp_path / f"remarks-{made['package']}.json"
    entry = {
        "id": "ab" * 12, "storyboard": library[1], "key": "0" * 16, "who": "C",
        "created": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    back.write_text(
        json.dumps(
            {
                "format": "mmstudio-remarks", "version": 1, "package": made["package"], "library": key,
                "remarks": [{**entry, "text": "Nice", "at": 0.1, "x": None, "y": None}],
                "verdicts": [{**entry, "id": "cd" * 12, "verdict": "approved", "comment": ""}],
            }
        )
    )  # fmt: skip
    for expected in (2, 0):
        assert run(["review", path, "import", str(back), "--json"]) == 0
        assert list(json.loads(capsys.readouterr().out)["new"].values()) == [expected]
    with Library.open(library[0], read_only=True) as opened:
        assert opened.storyboards.approvals(library[1])[0].created_at == "2026-01-02T03:04:05Z"
    back.write_text("{}")
    assert run(["review", path, "import", str(back)]) == 1
