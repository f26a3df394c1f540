"""The shell against files, names, streams and interruptions that go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmstudio.cli import run
from mmstudio.library import Library
from support.media import make_jpeg, make_text


@pytest.fixture
def library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "Mine.mmlib"
    assert run(["init", str(path)]) == 0
    capsys.readouterr()
    return path


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, timeout=120, env={**os.environ, **environment}
    )


def test_control_characters_in_a_name_reach_no_terminal(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    try:
        make_jpeg(media / "red\n\x1b[31m[bold]beach.jpg")
        (media / "torn\x1b[2J.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    except OSError:
        pytest.skip("this file system allows no such names")
    assert run(["import", str(library), str(media)]) == 0
    assert "torn\\x1b[2J.jpg" in capsys.readouterr().err
    assert run(["search", str(library), "beach"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "red\\n" in said.replace(" ", "")
    assert "[bold]" in said


def test_a_stream_that_knows_only_ascii_ends_nothing(library: Path, tmp_path: Path) -> None:
    make_text(tmp_path / "海滩.txt", "海滩毛巾 teal")
    assert run(["import", str(library), str(tmp_path / "海滩.txt")]) == 0
    plain = python("-m", "mmstudio", "search", str(library), "teal", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0, plain.stderr
    assert b"\\u6d77" in plain.stdout
    listed = python("-m", "mmstudio", "search", str(library), "teal", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(listed.stdout)["hits"][0]["title"].startswith("海滩")


def test_a_name_that_is_no_text_is_refused(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(library), "photo\udcff.jpg"]) == 2
    assert "photo\\udcff.jpg is not valid text" in capsys.readouterr().err


@pytest.mark.parametrize(("at", "lines"), [("typer", 0), ("mmstudio.doctor", 1)])
def test_ctrl_c_at_any_time_is_130_and_a_line_at_most(at: str, lines: int) -> None:
    interrupted = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == at:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
sys.argv, at = ["mmstudio", "doctor"], sys.argv[-1]
from mmstudio.__main__ import main
main()
"""
    stopped = python("-c", interrupted, at)
    assert stopped.returncode == 130
    assert stopped.stderr.count(b"\n") == lines
    assert b"Traceback" not in stopped.stderr


def test_a_folder_without_permission_does_not_stop_the_rest(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    (tmp_path / "open").mkdir()
    make_jpeg(tmp_path / "open" / "good.jpg")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert run(["import", str(library), str(closed), str(tmp_path / "open")]) == 0
    said = capsys.readouterr()
    assert said.out == "1 added\n"
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("content", ["", "name,price\nMug,3\n"])
def test_an_import_of_which_nothing_could_be_read_fails(
    library: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.csv").write_text(content)
    assert run(["import", str(library), "--catalog", str(tmp_path / "items.csv")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "more.csv").write_text("sku,price\nA,3\nB,none\n")
    for _again in range(2):  # a bad row fails nothing, nor does a table that is known already
        assert run(["import", str(library), "--catalog", str(tmp_path / "more.csv")]) == 0


def test_interactions_that_cannot_be_read_are_told(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "who.csv").write_text("foo,bar\n1,2\n")
    assert run(["audiences", str(library), "import", str(tmp_path / "who.csv")]) == 1
    assert "who.csv:1" in capsys.readouterr().err


def test_a_killed_job_is_listed_as_paused(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Library.open(library) as opened:
        left = opened.jobs.create("import", {"paths": []}, "Import")
        opened.jobs.update(left, state="running")
    assert run(["jobs", str(library), "--json"]) == 0
    assert [job["state"] for job in json.loads(capsys.readouterr().out)["jobs"]] == ["paused"]
    with Library.open(library):  # another program at work: the list is still there to read
        assert run(["jobs", str(library), "list"]) == 0
        assert run(["jobs", str(library), "cancel"]) == 1


def test_a_failure_of_the_file_system_is_one_sentence(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["init", str(tmp_path / "file" / "Deep.mmlib")]) == 1
    assert f"{tmp_path / 'file'} is a file," in capsys.readouterr().err
    arguments = ["features", str(library), "--extractor", "colour", "--export", str(tmp_path / "file" / "x")]
    assert run(arguments) == 1
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) <= 2
    assert "Error" not in said


def test_what_is_not_there_has_a_hint(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["jobs", str(library), "cancel", "7"], ["recommend", str(library), "--audience", "No"]):
        assert run(arguments) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 2
    assert run(["audiences", str(library)]) == 0
    assert "add" in capsys.readouterr().out
