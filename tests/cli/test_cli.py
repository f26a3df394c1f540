"""The command line through its own door: exit statuses, one clear line, JSON on request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from mmstudio.cli import app, run
from support.media import make_jpeg, make_text, make_wav

COMMANDS = [
    "demo", "init", "import", "rescan", "features", "search", "duplicates", "train", "generate", "evaluate",
    "audiences", "recommend", "compose", "export", "models", "jobs", "check", "clean", "doctor",
    "dataset", "uses", "forget",
]  # fmt: skip


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    make_jpeg(folder / "beach.jpg")
    make_wav(folder / "wave.wav")
    make_text(folder / "note.txt", "A teal beach towel made of cotton.")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no picture")
    return folder


@pytest.fixture
def library(tmp_path: Path, media: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "Mine.mmlib"
    assert run(["init", str(path)]) == 0
    assert run(["import", str(path), str(media)]) == 0
    capsys.readouterr()
    return path


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert "Usage:" in capsys.readouterr().out


def test_a_command_made_ready_alone_is_the_one_among_all(capsys: pytest.CaptureFixture[str]) -> None:
    among_all = get_command(app)
    for name in sorted(among_all.commands):  # type: ignore[attr-defined]
        assert run([name, "--help"]) == 0
        alone = capsys.readouterr().out
        among_all([name, "--help"], standalone_mode=False)
        assert capsys.readouterr().out == alone


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["init"],
        ["search", "x.mmlib", "--kind", "smell", "a"],
        ["import", "x.mmlib"],
        ["train", "x", "-z"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_library_that_is_not_there_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["search", str(tmp_path / "none.mmlib"), "beach"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert 1 <= len(said.err.strip().splitlines()) <= 2
    assert "Traceback" not in said.err


def test_a_library_path_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.mmlib").write_text("not a folder")
    assert run(["init", str(tmp_path / "file.mmlib")]) == 1
    assert (tmp_path / "file.mmlib").read_text() == "not a folder"
    assert "Traceback" not in capsys.readouterr().err


def test_import_says_what_went_in_and_what_did_not(
    library: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_jpeg(media / "second.jpg", color=(10, 90, 200))
    assert run(["import", str(library), str(media), "--json"]) == 0
    report = document(capsys)
    assert report["added"] == 1
    assert report["unchanged"] >= 3


def test_features_then_search_finds_the_text(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["features", str(library), "--kind", "text"]) == 0
    capsys.readouterr()
    assert run(["search", str(library), "cotton towel", "--json"]) == 0
    hits = document(capsys)["hits"]
    assert hits[0]["path"].endswith("note.txt")
    assert hits[0]["why"]
    assert run(["features", str(library), "--list", "--json"]) == 0
    assert {row["modality"] for row in document(capsys)} >= {"image", "audio", "text"}


def test_check_and_clean_report_the_broken_picture(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", str(library), "--json"])
    assert "Traceback" not in capsys.readouterr().err
    assert run(["clean", str(library), "--json"]) == 0
    assert any(finding["kind"] == "corrupt" for finding in document(capsys)["findings"])


def test_audiences_come_back_as_they_were_added(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["audiences", str(library), "add", "Runners", "--brief", "early mornings", "--locale", "zh-CN"])
        == 0
    )
    capsys.readouterr()
    assert run(["audiences", str(library), "show", "Runners", "--json"]) == 0
    shown = document(capsys)["audience"]
    assert (shown["name"], shown["brief"], shown["locale"]) == ("Runners", "early mornings", "zh-CN")
    assert run(["audiences", str(library), "show", "Nobody"]) == 1
    assert run(["recommend", str(library), "--audience", "Nobody"]) == 1


def test_models_and_jobs_are_listed(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", str(library), "list", "--json"]) == 0
    assert isinstance(document(capsys)["models"], list)
    assert run(["jobs", str(library), "list", "--json"]) == 0
    jobs = document(capsys)["jobs"]
    assert [job["state"] for job in jobs if job["kind"] == "import"] == ["done"]


def test_a_second_writer_is_told_and_a_reader_works(
    library: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mmstudio.library import Library

    with Library.open(library):
        answer = subprocess.run(
            [sys.executable, "-m", "mmstudio", "import", str(library), str(media)],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ.copy(),
        )
        assert answer.returncode == 1
        assert 1 <= len(answer.stderr.strip().splitlines()) <= 2
        reader = subprocess.run(
            [sys.executable, "-m", "mmstudio", "search", str(library), "beach", "--json"],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ.copy(),
        )
        assert reader.returncode == 0, reader.stderr
        assert "hits" in json.loads(reader.stdout)


def test_doctor_reports_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) in (0, 1)
    checks = document(capsys)["checks"]
    assert all(check["ok"] or check["remedy"] for check in checks)
    assert len(checks) > 10
