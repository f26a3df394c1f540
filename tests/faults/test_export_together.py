"""Two exports into one folder, hostile names, odd media: whole files, safe names, or a sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.atomic import remove_leftovers, take
from mmstudio.composition import Composer, Storyboard, VideoLayer
from mmstudio.composition.storyboard import Rect, SoundTrack
from mmstudio.errors import Cancelled, DiskFull, StudioError
from mmstudio.export import Exporter
from mmstudio.export.writer import OutputFolder
from mmstudio.jobs import run_inline
from support.boards import SIZE, channel, small_board, written
from support.libraries import add_asset
from support.media import make_mp4
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def saved(shop: Shop, **more: object) -> int:
    board = small_board(shop)
    for key, value in more.items():
        setattr(board, key, value)
    found = Composer(shop.library, None, None).save(board).id
    assert found is not None
    return found


def whole(folder: Path) -> None:
    """Every manifest in the folder fits its files, and nothing else is there."""
    listed = set()
    for manifest in folder.glob("*.manifest.json"):
        listed.add(manifest.name)
        for file in json.loads(manifest.read_text("utf-8"))["files"]:
            data = (folder / file["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
            listed.add(file["path"])
    assert {p.name for p in folder.iterdir()} == listed


def test_two_exports_of_one_name_into_one_folder_at_once_both_end_whole(shop: Shop, tmp_path: Path) -> None:
    first, second = saved(shop), saved(shop, copy={"headline": "Another", "line": "text"})
    out, exporter = tmp_path / "out", Exporter(shop.library)
    begun, go_on = threading.Event(), threading.Event()

    def wait(_progress: object) -> None:
        begun.set()
        go_on.wait(240)

    names = ["square-card", "captions"]
    slow = threading.Thread(
        target=lambda: run_inline(exporter.work(first, names, out=out), on_progress=wait), daemon=True
    )
    slow.start()
    assert begun.wait(240)
    result = run_inline(exporter.work(second, names, out=out))
    go_on.set()
    slow.join(240)
    assert {Path(f["path"]).name for f in result["files"]} == {
        "small-film-2-square-card.png", "small-film-2-captions.srt",
    }  # fmt: skip
    assert len(list(out.iterdir())) == 6
    whole(out)


def test_numbered_exports_keep_what_is_there_and_replacing_ones_do_not(shop: Shop, tmp_path: Path) -> None:
    board, exporter = saved(shop), Exporter(shop.library)
    work = ["captions"]
    run_inline(exporter.work(board, work, out=tmp_path / "out"))
    kept = run_inline(exporter.work(board, work, out=tmp_path / "out", options={"overwrite": "number"}))
    assert Path(kept["files"][0]["path"]).name == "small-film-2-captions.srt"
    again = run_inline(exporter.work(board, work, out=tmp_path / "out"))
    assert Path(again["files"][0]["path"]).name == "small-film-captions.srt"
    assert len(list((tmp_path / "out").iterdir())) == 4
    whole(tmp_path / "out")


def test_a_lock_of_a_program_that_died_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    assert take(lock)
    assert not take(lock)
    owner = lock.read_text("utf-8").partition("-")[0]
    lock.write_text(f"{owner}-999999999", "utf-8")
    assert take(lock)


def test_leftovers_of_a_program_that_died_are_removed_folders_too(tmp_path: Path) -> None:
    take(tmp_path / "a.lock")
    host = (tmp_path / "a.lock").read_text("utf-8").partition("-")[0]
    left = tmp_path / f".mmstudio-{host}-999999999-0.part-kit"
    left.mkdir()
    (left / "file").write_text("x")
    assert remove_leftovers(tmp_path) == 1
    assert not left.exists()


@pytest.mark.parametrize(
    "name", ["../../up", "/etc/x", "C:\\con", "a\x00b\nc", "\u202egnp.exe", "x" * 4000, "", " . ", "aux"]
)
def test_a_hostile_name_stays_in_the_folder(shop: Shop, tmp_path: Path, name: str) -> None:
    board = saved(shop, name=name)
    result = run_inline(Exporter(shop.library).work(board, ["captions"], out=tmp_path / "deep" / "out"))
    path = Path(result["files"][0]["path"])
    assert path.parent == tmp_path / "deep" / "out"
    assert path.name.isprintable()
    assert len(path.name) < 80
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]
    whole(path.parent)


def test_a_disk_that_fills_up_at_the_end_leaves_no_file(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import stat

    board = saved(shop)
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            calls.append(handle)
        if len(calls) > 1:  # the first file is whole; the next is written, but does not reach the disk
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr("mmstudio.atomic.os.fsync", full)
    out = tmp_path / "out"
    with pytest.raises(DiskFull, match="no room left"):
        run_inline(Exporter(shop.library).work(board, ["square-card", "sound"], out=out))
    assert all(not p.name.startswith(".") for p in out.iterdir())
    assert {p.suffix for p in out.iterdir()} <= {".png"}


@pytest.mark.parametrize("kind", ["gif", "webm", "pdf", "otio", "kit", "mp3"])
def test_stopping_in_the_middle_leaves_nothing(shop: Shop, tmp_path: Path, kind: str) -> None:
    wanted = channel(kind, holds=("square-card", "sound"))
    folder = OutputFolder(tmp_path / "out")
    steps = Exporter(shop.library).board_files(small_board(shop), [wanted], folder)
    next(steps)
    with pytest.raises(Cancelled):
        steps.throw(Cancelled())
    assert list(folder.folder.iterdir()) == []


def test_a_clip_without_sound_an_odd_canvas_and_a_voice_that_is_gone(shop: Shop, tmp_path: Path) -> None:
    clip = add_asset(shop.library, make_mp4(shop.folder / "clip.mp4"), kind="video", duration=1.0)
    board = small_board(shop)
    board.size = (193, 337)
    board.scenes[1].layers.insert(0, VideoLayer("clip", rect=Rect(), asset_id=clip))
    gone = add_asset(shop.library, shop.folder / "gone.wav", kind="audio")
    (shop.folder / "gone.wav").unlink()
    board.voice = SoundTrack(gone)
    files, notes = written(
        shop, board, tmp_path / "out", channel("mp4", width=0, height=0), channel("png", width=0, height=0)
    )
    assert len(files) == 2
    assert any("gone" in note and "left out" in note for note in notes)


def test_a_picture_that_goes_while_it_is_exported_is_named(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    folder = OutputFolder(tmp_path / "out")
    steps = Exporter(shop.library).board_files(board, ["captions", channel("gif")], folder)
    next(steps)
    (shop.folder / "photo.jpg").unlink()
    with pytest.raises(StudioError, match="photo"):
        list(steps)
    assert [p.suffix for p in folder.folder.iterdir()] == [".srt"]


def test_texts_of_every_hostile_kind_are_drawn_and_marked(shop: Shop, tmp_path: Path) -> None:
    board: Storyboard = small_board(shop)
    board.copy["headline"] = "=cmd|' /C calc'!A0 <script>x</script> \ud800 \x00\x1b[31m \u202e"
    board.captions[0].text = board.copy["headline"]
    kinds = ("png", "jpg", "svg", "pdf", "srt", "vtt", "wav")
    files, _ = written(shop, board, tmp_path / "out", *(channel(kind) for kind in kinds))
    assert len(files) == len(kinds)
    assert all(file["bytes"] > 0 for file in files)
    assert (files[0]["width"], files[0]["height"]) == SIZE
