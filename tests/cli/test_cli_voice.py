"""speak and voices on the shell."""

from __future__ import annotations

import json
import runpy
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli import run
from mmstudio.library import Library
from support.speech import alone, fake_espeak, fake_pyttsx3, posix_only


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    alone(monkeypatch, folder)
    return folder


def json_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(arguments) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@posix_only
def test_speaking_without_a_library(only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_espeak(only)
    out = tmp_path / "said.wav"
    wish = ["speak", "-", "--text", "Hello. You there.", "--out", str(out), "--srt", "--json"]
    found = json_of(wish, capsys)
    names = [Path(f).name for f in found["files"]]
    assert names == ["said.wav", "said.words.json", "said.vtt", "said.srt"]
    assert all((tmp_path / name).stat().st_size for name in names)
    assert (tmp_path / "said.srt").read_text(encoding="utf-8").startswith("1\n00:00:00,000 --> ")
    assert found["assets"] == []
    assert found["estimated"] is True
    assert found["words"] == 3


@posix_only
def test_speaking_a_file_into_a_library(
    only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = fake_espeak(only)
    Library.create(tmp_path / "a.mmlib").close()
    (tmp_path / "text.txt").write_text("这是一个测试。", encoding="gb18030")
    wish = ["speak", str(tmp_path / "a.mmlib"), "--file", str(tmp_path / "text.txt"), "--rate", "1.2"]
    found = json_of([*wish, "--json"], capsys)
    assert found["voice"] == "espeak-ng:sit/cmn"
    assert json.loads(log.read_text(encoding="utf-8"))["text"] == "这是一个测试。\n"
    with Library.open(tmp_path / "a.mmlib") as library:
        assert library.assets.get(found["assets"][0]).kind == "audio"


@posix_only
def test_the_times_are_said_to_be_estimated(
    only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_espeak(only)
    assert run(["speak", "-", "--text", "Hello", "--out", str(tmp_path / "a.wav")]) == 0
    shown = capsys.readouterr().out
    assert "spoken by espeak-ng:gmw/en-US" in shown
    assert "The times of the words are estimated." in shown


@posix_only
def test_voices_are_listed(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_espeak(only)
    found = json_of(["voices", "--language", "zh", "--json"], capsys)
    assert [voice["id"] for voice in found["voices"]] == ["espeak-ng:sit/cmn"]
    assert {engine["key"] for engine in found["engines"]} == {"espeak-ng", "piper", "system"}
    assert run(["voices"]) == 0
    assert "English (America)" in capsys.readouterr().out


def test_without_a_program_voices_says_what_to_install(
    only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["voices"]) == 1
    assert "espeak-ng" in capsys.readouterr().err
    assert run(["speak", "-", "--text", "Hello", "--out", str(only / "a.wav")]) == 1
    assert "No speech program is installed" in capsys.readouterr().err
    assert not (only / "a.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["speak", "-", "--out", "a.wav"], "nothing to say"),
        (["speak", "-", "--text", "a", "--file", "b", "--out", "a.wav"], "not both"),
        (["speak", "-", "--text", "a"], "Nowhere"),
        (["speak", "-", "--text", "a", "--out", "a.mp3"], "WAV"),
        (["speak", "-", "--file", "/none/such", "--out", "a.wav"], "no file"),
    ],
)
def test_wrong_wishes_are_one_sentence(
    only: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) in (1, 2)
    shown = capsys.readouterr().err
    assert sentence in shown
    assert "Traceback" not in shown


def test_a_megabyte_is_refused(only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.txt").write_text("word " * 200_000, encoding="utf-8")
    assert run(["speak", "-", "--file", str(tmp_path / "long.txt"), "--out", str(tmp_path / "a.wav")]) == 2
    assert "can be spoken at once" in capsys.readouterr().err


@posix_only
def test_doctor_tells_of_every_engine(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mmstudio.doctor import examine

    fake_espeak(only)
    found = {check.name: check for check in examine() if check.name.startswith("Speech")}
    assert found["Speech: eSpeak NG"].ok
    assert not found["Speech: Piper"].ok
    assert found["Speech: Piper"].remedy


def test_the_helper_answers_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pyttsx3(tmp_path, monkeypatch)
    helper = runpy.run_module("mmstudio.generation.voice.helper")
    out = StringIO()
    assert helper["main"](StringIO('{"do": "voices"}\n'), out) == 0
    assert json.loads(out.getvalue())["voices"][0] == {"id": "tom", "name": "Tom", "language": "en-us"}
    out = StringIO()
    assert helper["main"](StringIO("nonsense\n"), out) == 1
    assert json.loads(out.getvalue())["ok"] is False
    sys.modules.pop("pyttsx3", None)
