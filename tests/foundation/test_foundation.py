"""Errors, words, settings, atomic files."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from mmstudio import paths
from mmstudio.atomic import atomic_path, remove_leftovers, write_text
from mmstudio.errors import DiskFull, StudioError
from mmstudio.i18n import set_language, tr, tr_error
from mmstudio.settings import Settings, load_settings, save_settings, settings_file


def test_an_error_is_a_sentence_and_a_hint_in_both_languages() -> None:
    error = DiskFull(
        "There is no room left to write {name}.",
        hint="Free some space or choose another folder, then try again.",
        name="a.png",
    )
    assert error.message == "There is no room left to write a.png."
    set_language("zh_CN")
    assert tr_error(error) == (
        "磁盘空间不足，无法写入 a.png。",
        "请腾出空间或换一个文件夹，然后重试。",
    )


def test_braces_in_a_persons_own_words_do_no_harm() -> None:
    assert StudioError("{name} is bad", name="{x}{0}").message == "{x}{0} is bad"
    assert StudioError("odd { braces").message == "odd { braces"
    assert tr("no such sentence {n}", n=1) == "no such sentence 1"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    final = tmp_path / "a.txt"
    write_text(final, "old")
    with pytest.raises(RuntimeError), atomic_path(final) as temporary:
        temporary.write_text("half")
        raise RuntimeError("power cut")
    assert final.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_said_in_plain_words(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match="no room left to write a"),
        atomic_path(tmp_path / "a.txt") as temporary,
    ):
        temporary.write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_settings_come_back_and_damage_gives_defaults() -> None:
    save_settings(Settings(theme="dark", volume=0.25, recent_libraries=["/a b/中文.mmlib"]))
    back = load_settings()
    assert (back.theme, back.volume, back.recent_libraries) == ("dark", 0.25, ["/a b/中文.mmlib"])
    settings_file().write_text('theme = "purple"\nvolume = 0.5\n', encoding="utf-8")
    mended = load_settings()
    assert (mended.theme, mended.volume) == ("system", 0.5)
    settings_file().write_bytes(b"\xff\xfe not toml")
    assert load_settings() == Settings()


def test_the_programs_folders_follow_the_home_variable(_own_home: Path) -> None:
    for folder in (paths.config_dir(), paths.data_dir(), paths.cache_dir(), paths.log_dir()):
        assert folder.is_relative_to(_own_home)
    assert paths.resource("translations", "zh_CN").is_dir()


def test_a_full_disk_is_told_under_the_name_a_person_knows(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull) as told,
        atomic_path(tmp_path / "ad.png") as outer,
        atomic_path(outer) as inner,
    ):
        inner.write_bytes(b"")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "ad.png" in told.value.message
    assert list(tmp_path.iterdir()) == []


def test_failures_of_the_file_system_are_sentences() -> None:
    for full in (OSError(errno.ENOSPC, "No space left"), OSError("4374528 requested and 12160 written")):
        assert tr_error(full)[0] == "There is no room left on the disk."
    sentence, hint = tr_error(PermissionError(errno.EACCES, "Permission denied", "/shop"))
    assert (sentence, bool(hint)) == ("/shop cannot be used: Permission denied.", True)
    assert "Something went wrong" in tr_error(OSError("unheard of"))[0]


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from mmstudio.atomic import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.mp4")], timeout=60)
    assert [p.suffix for p in tmp_path.iterdir()] == [".mp4"]
    (tmp_path / ".mine.part").write_text("a person's own file")
    with atomic_path(tmp_path / "b.mp4") as part:
        part.write_text("in the making")
        assert remove_leftovers(tmp_path) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [".mine.part", "b.mp4"]
