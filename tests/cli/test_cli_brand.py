"""The brand from the shell: rules, kits, checks and fixes, fonts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from mmstudio.composition import Composer, prepare_drawing
from support.shop import make_shop

Told = Callable[..., Any]


@pytest.fixture
def library(tmp_path: Path) -> tuple[str, int]:
    prepare_drawing()
    shop = make_shop(tmp_path / "shop")
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag)
    path = str(shop.library.path)
    shop.library.close()
    return path, board.id or 0


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def ask(*words: str, status: int = 0) -> Any:
        capsys.readouterr()
        assert run([*words, "--json"]) == status
        said = capsys.readouterr().out
        return json.loads(said) if said else None

    return ask


def test_a_kit_is_made_changed_and_held_against_a_storyboard(library: tuple[str, int], told: Told) -> None:
    lib, board = library
    made = told(
        "brand", lib, "set", "North", "--colour", "primary=#12355B", "--colour", "accent=#c8102e",
        "--heading", "Noto Sans", "--body", "Noto Sans", "--disclaimer", "Prices include VAT.", "--logo", "1",
        "--corner", "top-left",
    )  # fmt: skip
    assert made["kits"][0]["colours"] == {"primary": "#12355b", "accent": "#c8102e"}
    assert made["kits"][0]["chosen"] is True
    told("brand", lib, "set", "North", "--tone", "plain", "--logo", "0")
    shown = told("brand", lib)["kit"]
    assert (shown["tone"], shown["logo"], shown["heading"]) == ("plain", None, "Noto Sans")
    before = told("brand", lib, "check", "--storyboard", str(board), status=1)
    assert before["by_rule"]["disclaimer"] == {"passed": 0, "total": 1}
    after = told("brand", lib, "fix", "--storyboard", str(board))
    assert after["rate"] > after["rate_before"] == before["rate"]
    again = told("brand", lib, "check", "--storyboard", str(board), status=0 if not after["findings"] else 1)
    assert again["rate"] == after["rate"]


def test_rules_of_words_are_still_there(library: tuple[str, int], told: Told) -> None:
    lib, _ = library
    assert told("brand", lib, "ban", "cheapest")["rules"][0]["text"] == "cheapest"
    assert told("brand", lib, "forget", "cheapest")["rules"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("set", "North", "--colour", "red"), ("set", "North", "--colour", "ink=red"), ("set", ""),
        ("choose", "Nobody"), ("check",), ("check", "--storyboard", "1"), ("set", "N", "--corner", "middle"),
        ("set", "N", "--logo", "999"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_sentence(
    library: tuple[str, int], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["brand", library[0], *words]) in (1, 2)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.err.strip()


def test_fonts_of_a_storyboard(library: tuple[str, int], told: Told) -> None:
    lib, board = library
    found = told("fonts", lib, str(board))
    assert found["missing"] == []
    assert found["changed"] == []
    assert all(len(font["sha256"]) == 64 for font in found["fonts"])
    assert found["fonts"]
