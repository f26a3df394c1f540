"""What goes wrong while exporting leaves no half file behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.errors import Cancelled, StudioError
from mmstudio.export import Exporter
from mmstudio.jobs import run_inline
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def short_board(shop: Shop) -> Storyboard:
    composer = Composer(shop.library, None, None)
    board = composer.compose("product-ad", shop.bag, shop.audience)
    for number, scene in enumerate(board.scenes):
        scene.start, scene.duration = 1.0 * number, 1.0
    board.duration, board.fps = 3.0, 15
    return composer.save(board)


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()} if folder.is_dir() else set()


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is a POSIX limit")
def test_a_full_disk_is_said_and_cleaned_up(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    shop.library.close()
    channels = ["square-video", "square-card", "sound"]
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from mmstudio.library import Library\n"
        "from mmstudio.export import Exporter\n"
        "from mmstudio.jobs import run_inline\n"
        "from mmstudio.errors import DiskFull\n"
        "path, board, out, *channels = sys.argv[1:]\n"
        "library = Library.open(path, read_only=True)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "for channel in channels:\n"
        "    work = Exporter(library).work(int(board), ['captions', channel], out=Path(out, channel))\n"
        "    try:\n"
        "        run_inline(work)\n"
        "    except DiskFull as error:\n"
        "        print('full:', error.message, '|', error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shop.library.path), str(board.id), str(tmp_path / "out"), *channels],
        capture_output=True, text=True, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert len(said) == 3, done.stdout + done.stderr
    assert all(line.startswith("full:") and "Free some space" in line for line in said)
    for channel in channels:
        left = names(tmp_path / "out" / channel)
        assert left == {"harbour-weekend-bag-weekenders-captions.srt"}, (channel, left)


@pytest.mark.parametrize("channel", ["square-video", "tall-card"])
def test_cancelling_leaves_only_whole_files(shop: Shop, tmp_path: Path, channel: str) -> None:
    board = short_board(shop)
    assert board.id is not None
    out = tmp_path / "out"
    seen: list[int] = []
    exporter = Exporter(shop.library)
    with pytest.raises(Cancelled):
        run_inline(
            exporter.work(board.id, ["captions", channel], out=out),
            on_progress=lambda p: seen.append(p.done),
            cancelled=lambda: len(seen) > 3,
        )
    assert all(not name.startswith(".") for name in names(out)), names(out)
    assert not any(name.endswith((".mp4", ".json")) for name in names(out))
    assert len(shop.library.exports.list()) == len(names(out))
    whole = run_inline(exporter.work(board.id, ["captions", "tall-card"], out=out))
    assert len(whole["files"]) == 2


def test_an_earlier_export_survives_a_failing_one(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    assert board.id is not None
    out = tmp_path / "out"
    exporter = Exporter(shop.library)
    first = run_inline(exporter.work(board.id, ["square-card"], out=out))["files"][0]
    before = Path(first["path"]).read_bytes()
    shop.library.assets.path_of(shop.library.assets.get(board.asset_ids()[0])).write_bytes(b"rubbish")
    with pytest.raises(StudioError):
        run_inline(exporter.work(board.id, ["square-card"], out=out))
    assert Path(first["path"]).read_bytes() == before
    assert not any(name.startswith(".") for name in names(out))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    assert board.id is not None
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    with pytest.raises(StudioError, match="locked"):
        run_inline(Exporter(shop.library).work(board.id, ["captions"], out=locked))


def test_a_picture_that_rots_after_composing_is_refused(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    assert board.id is not None
    hero = board.asset_ids()[0]
    shop.library.assets.path_of(shop.library.assets.get(hero)).write_bytes(b"\x89PNG\r\n\x1a\n rubbish")
    with pytest.raises(StudioError, match="bag-main"):
        run_inline(Exporter(shop.library).work(board.id, ["square-card"], out=tmp_path / "out"))
    assert names(tmp_path / "out") == set()


def test_a_storyboard_with_impossible_values_does_not_take_the_program_down(
    shop: Shop, tmp_path: Path
) -> None:
    board = short_board(shop)
    assert board.id is not None
    board.palette = dict.fromkeys(board.palette, "not a colour")
    for scene in board.scenes:
        for layer in scene.layers:
            layer.rect.w = -1.0
    Composer(shop.library, None, None).save(board)
    result = run_inline(Exporter(shop.library).work(board.id, ["square-card"], out=tmp_path / "out"))
    assert len(result["files"]) == 1
