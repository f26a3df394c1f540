"""write, check-text and set on the shell: what is asked for is understood or refused with what is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.cli import run
from mmstudio.library import NewItem
from support.libraries import new_library


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    with new_library(tmp_path_factory.mktemp("shop")) as library:
        library.items.upsert_many([
            NewItem(sku="B-1", title="Harbour Bag", price=45.0, currency="USD", category="Bags",
                    description="A roomy bag.\n- Padded shoulder strap.", attributes={"material": "Nylon"}),
        ])  # fmt: skip
        return str(library.path)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run(list(words)) != 0
    return " ".join(capsys.readouterr().err.split())


def written(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    capsys.readouterr()
    assert run(["write", *words, "--json"]) == 0
    return [one["text"] for one in json.loads(capsys.readouterr().out)["variants"]]


def test_short_names_of_tasks(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert written(capsys, shop, "--item", "B-1", "--task", "lesson")
    assert written(capsys, shop, "--item", "B-1", "--task", "bullet-points")
    assert "headline" in refused(capsys, "write", shop, "--item", "B-1", "--task", "hedline")


def test_tones_and_languages_that_are_not_known(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean playful?" in refused(capsys, "write", shop, "--item", "B-1", "--tone", "plaful")
    assert "neutral, warm, playful" in refused(capsys, "write", shop, "--item", "B-1", "--tone", "zzz")
    assert "zh-CN" in refused(capsys, "write", shop, "--item", "B-1", "--locale", "klingon!")
    assert "language model" in refused(capsys, "write", shop, "--item", "B-1", "--locale", "de")
    assert "zh-CN" in refused(capsys, "set", shop, "--text", "calm sea", "--locale", "qq_", "--out", "x")
    assert written(capsys, shop, "--item", "B-1", "--tone", "snappy", "--locale", "English")


def test_nothing_to_check_is_no_pass(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no text" in refused(capsys, "check-text", shop, "", "--item", "B-1")
    assert "no text" in refused(capsys, "check-text", shop, "  \n", "--item", "B-1")


@pytest.mark.parametrize(
    ("message", "rating", "sorry"),
    [
        ("The strap broke after two days. I am very disappointed.", None, True),
        ("It arrived broken. Can I have my money back?", None, True),
        ("Is it heavy?", None, False),
        ("It is fine.", "1", True),
        ("拉链坏了，非常失望。", None, True),
    ],
)
def test_a_complaint_is_not_answered_as_a_question(
    shop: str, capsys: pytest.CaptureFixture[str], message: str, rating: str | None, sorry: bool
) -> None:
    more = ["--rating", rating] if rating else []
    more += ["--locale", "zh-CN"] if message > "\u3000" else []
    texts = written(capsys, shop, "--item", "B-1", "--task", "reply", "--message", message, *more)
    assert texts
    for text in texts:
        assert any(word in text for word in ("sorry", "regret", "抱歉")) == sorry, text
        assert "question" not in text or not sorry
    assert "nothing to reply to" in refused(capsys, "write", shop, "--item", "B-1", "--task", "reply")


def test_a_report_takes_figures_and_an_explanation_an_audience(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "visits.csv"
    table.write_text("month;visits\nMay;1,200\nJune;900\n", encoding="utf-8")
    texts = written(capsys, shop, "--item", "B-1", "--task", "report", "--figures", str(table))
    assert any("1200" in text and "May" in text for text in texts)
    table.write_text("month\nMay\n", encoding="utf-8")
    assert "no figures" in refused(
        capsys, "write", shop, "--item", "B-1", "--task", "report", "--figures", str(table)
    )
    assert "--audience" in refused(capsys, "write", shop, "--item", "B-1", "--task", "explanation")


def test_a_manifest_that_is_not_there(shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "set", shop, "--manifest", str(tmp_path / "no.json"), "--out", str(tmp_path))
    assert "manifest.json" in said
