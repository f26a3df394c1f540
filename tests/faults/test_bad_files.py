"""Bad input: one clear line each, the rest of the work done, nothing lost."""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.errors import MediaError, ReadOnly
from mmstudio.jobs import run_inline
from mmstudio.library import Asset, AssetFilter, Library
from mmstudio.library.importing import import_work, rescan_work
from mmstudio.media.image import load_image
from mmstudio.media.probe import probe
from mmstudio.media.thumbnail import make_thumbnail
from support.media import make_catalog, make_jpeg, make_mp4, make_text, make_wav

ALL = ("ok", "corrupt", "missing")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "My.mmlib") as library:
        yield library


def huge_png(path: Path, side: int = 30_000) -> Path:
    """A valid PNG of side × side black pixels, one bit each; small on disk."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)
    return path


def assets_by_name(library: Library) -> dict[str, Asset]:
    found = library.assets.get_many(library.assets.ids(AssetFilter(statuses=ALL)))
    return {asset.rel_path.rpartition("/")[2]: asset for asset in found}


def test_damaged_files_become_corrupt_assets_and_the_rest_goes_in(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "good.jpg")
    cut = make_jpeg(folder / "cut.jpg", (400, 300))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    (folder / "silent.wav").touch()
    make_text(folder / "letter.mp4", "Dear film, " * 100)
    clip = make_mp4(folder / "half.mp4")
    clip.write_bytes(clip.read_bytes()[:300])
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 20)
    make_text(folder / "words.png", "no pixels")
    report = run_inline(import_work(library, [folder]))
    assert (report["added"], report["corrupt"]) == (7, 6)
    assert {Path(path).name for path, _ in report["failed"]} == {
        "cut.jpg", "silent.wav", "letter.mp4", "half.mp4", "noise.txt", "words.png",
    }  # fmt: skip
    found = assets_by_name(library)
    assert found["good.jpg"].status == "ok"
    for name in ("cut.jpg", "silent.wav", "letter.mp4", "half.mp4", "noise.txt", "words.png"):
        assert found[name].status == "corrupt"
        assert name in found[name].status_note
    assert "empty" in found["silent.wav"].status_note
    assert run_inline(import_work(library, [folder]))["unchanged"] == 7, "not tried again while unchanged"
    make_jpeg(cut, (400, 300))
    make_wav(folder / "silent.wav")
    report = run_inline(rescan_work(library))
    assert (report["updated"], report["corrupt"]) == (2, 0)
    assert library.assets.get(found["cut.jpg"].id).status == "ok"


def test_a_picture_too_large_to_decode_eats_no_memory(library: Library, tmp_path: Path) -> None:
    path = huge_png(tmp_path / "media" / "huge.png")
    assert path.stat().st_size < 10_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    assert probe(path).width == 30_000
    with pytest.raises(MediaError) as caught:
        make_thumbnail(path, "image")
    assert caught.value.status == "too_large"
    run_inline(import_work(library, [path.parent]))
    asset = assets_by_name(library)["huge.png"]
    assert (asset.status, asset.width) == ("corrupt", 30_000)
    assert "too large" in asset.status_note
    assert time.process_time() - started < 10
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000 * (1024 if sys.platform == "darwin" else 1), "kilobytes on Linux, bytes on macOS"


def test_a_huge_jpeg_still_gets_its_thumbnail(tmp_path: Path) -> None:
    path = make_jpeg(tmp_path / "wide.jpg", (16_000, 14_000), color=(200, 30, 30), quality=30)
    with pytest.raises(MediaError):
        load_image(path)
    assert make_thumbnail(path, "image", 200).size == (200, 175)


@pytest.fixture
def common_user() -> Iterator[Path]:
    """A folder of a user without special rights, whose rights the test has while it runs."""
    if os.name != "posix":
        pytest.skip("permissions work otherwise on this system")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder
            return
        os.chown(folder, 65534, 65534)
        os.setegid(65534)
        os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(0)
            os.setegid(0)


def test_no_permission(common_user: Path) -> None:
    folder = common_user / "media"
    make_jpeg(folder / "open.jpg")
    make_jpeg(folder / "closed" / "inside.jpg")
    secret = make_jpeg(folder / "secret.jpg", seed=2)
    secret.chmod(0)
    (folder / "closed").chmod(0)
    with Library.create(common_user / "My.mmlib") as library:
        try:
            report = run_inline(import_work(library, [folder]))
            assert {Path(path).name for path, _ in report["failed"]} == {"closed", "secret.jpg"}
            assert all("may not" in why for _, why in report["failed"])
            assert assets_by_name(library)["secret.jpg"].status == "corrupt"
            assert assets_by_name(library)["open.jpg"].status == "ok"
            report = run_inline(import_work(library, [folder]))
            assert (report["updated"], report["added"]) == (0, 0)
        finally:
            (folder / "closed").chmod(0o700)
            secret.chmod(0o600)
        report = run_inline(rescan_work(library))
        assert (report["added"], report["updated"]) == (1, 1)
        assert {asset.status for asset in assets_by_name(library).values()} == {"ok"}


def test_symlink_loops_end(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "a" / "photo.jpg")
    try:
        (folder / "a" / "up").symlink_to(folder, target_is_directory=True)
        (folder / "b").symlink_to(folder / "a", target_is_directory=True)
        (folder / "dangling.jpg").symlink_to(folder / "nothing.jpg")
        (folder / "self.jpg").symlink_to("self.jpg")
    except OSError:
        pytest.skip("this system gives no symbolic links")
    report = run_inline(import_work(library, [folder]))
    assert report["added"] == 1
    assert {Path(path).name for path, _ in report["failed"]} == {"dangling.jpg", "self.jpg"}
    assert library.assets.get(library.assets.ids()[0]).rel_path == "a/photo.jpg"


def test_pipes_and_folders_with_media_names(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "folder.jpg" / "photo.jpg")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.wav")
    assert run_inline(import_work(library, [folder]))["added"] == 1


def test_emoji_and_long_paths(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "媒体 📷 ñ"
    make_jpeg(folder / "🎉 party 👩‍🎨.jpg")
    long = folder / ("d" * 120) / ("e" * 120) / f"{'照' * 70}{'x' * 26}.jpg"
    try:
        make_jpeg(long, seed=1)
    except OSError:
        pytest.skip("this file system does not take such a path")
    assert len(str(long.relative_to(folder))) > 240
    make_catalog(folder / "c.csv", [{"sku": "P", "title": "🎈", "images": "🎉 party 👩‍🎨.jpg"}])
    report = run_inline(import_work(library, [folder], catalog=folder / "c.csv", copy=False))
    assert (report["added"], report["items"], report["failed"]) == (2, 1, [])
    item = library.items.by_sku("P")
    assert item is not None
    assert library.items.hero_of(item.id) is not None
    assert run_inline(import_work(library, [folder]))["unchanged"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes names that are no text")
def test_a_name_that_is_no_text_is_told(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "good.jpg")
    os.rename(make_jpeg(folder / "x.jpg"), os.path.join(os.fsencode(folder), b"b\xffd.jpg"))  # noqa: PTH104, PTH118
    report = run_inline(import_work(library, [folder]))
    assert report["added"] == 1
    assert "rename it" in report["failed"][0][1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
def test_catalogues_in_other_encodings(library: Library, tmp_path: Path, encoding: str) -> None:
    rows = [{"sku": f"S{i}", "title": f"Größe {i}", "price": "12,50"} for i in range(5)]
    report = run_inline(
        import_work(library, [], catalog=make_catalog(tmp_path / "c.csv", rows, encoding=encoding))
    )
    assert report["items"] == 5
    item = library.items.by_sku("S3")
    assert item is not None
    assert (item.title, item.price) == ("Größe 3", 12.5)


def test_a_catalogue_with_a_missing_column(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    make_jpeg(folder / "a.jpg")
    catalog = make_catalog(folder / "c.csv", 2, columns=("title", "price", "colour"))
    report = run_inline(import_work(library, [folder], catalog=catalog))
    assert (report["added"], report["items"]) == (1, 0)
    assert report["row_errors"] == [["c.csv", 1, "The table has no column for the sku or id of an item."]]
    only_sku = make_catalog(folder / "d.csv", 2, columns=("sku",))
    assert run_inline(import_work(library, [], catalog=only_sku))["items"] == 2


_IMPORT = """
import sys
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
with Library.open(sys.argv[1]) as library:
    def tell(progress):
        print(progress.done, flush=True)
    run_inline(import_work(library, [sys.argv[2]], copy=True), on_progress=tell)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_kill_in_the_middle_of_an_import_and_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    for index in range(80):
        make_jpeg(folder / f"{index:03}.jpg", (320, 240), seed=index)
    Library.create(tmp_path / "My.mmlib").close()
    command = [sys.executable, "-c", _IMPORT, str(tmp_path / "My.mmlib"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 50:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    with Library.open(tmp_path / "My.mmlib") as library:
        kept = library.assets.count()
        assert 0 < kept < 80
        assert library.check().ok
        report = run_inline(import_work(library, [folder], copy=True))
        assert (report["added"], report["unchanged"]) == (80 - kept, kept)
        assert library.assets.count() == 80
        assert library.check().ok
        assets = library.assets.get_many(library.assets.ids())
        assert all(library.assets.path_of(asset).is_file() for asset in assets)
        assert all(library.assets.thumbnail_path(asset.sha256).is_file() for asset in assets)
        assert not list(library.thumbnails_dir.glob(".tmp/*"))


_FULL = """
import resource, sys
from mmstudio.errors import DiskFull
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
with Library.open(sys.argv[1]) as library:
    run_inline(import_work(library, [sys.argv[2] + "/000.jpg"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        run_inline(import_work(library, [sys.argv[2]], copy=True))
    except DiskFull as error:
        print(error.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert library.assets.count() >= 1
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no file size limits on this system")
def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "000.jpg")
    for index in range(1, 4):
        (folder / f"{index:03}.txt").write_text("long text " * 20_000)
    Library.create(tmp_path / "My.mmlib").close()
    command = [sys.executable, "-c", _FULL, str(tmp_path / "My.mmlib"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "no room left" in done.stdout
    with Library.open(tmp_path / "My.mmlib") as library:
        assert run_inline(import_work(library, [folder]))["failed"] == []
        assert library.assets.count() == 4
        assert library.check().ok
        assert not list(library.path.rglob("*.part"))


def test_a_library_open_for_reading_is_told_at_once(tmp_path: Path) -> None:
    make_jpeg(tmp_path / "media" / "a.jpg")
    Library.create(tmp_path / "My.mmlib").close()
    with Library.open(tmp_path / "My.mmlib", read_only=True) as library, pytest.raises(ReadOnly):
        run_inline(import_work(library, [tmp_path / "media"]))
    assert not list((tmp_path / "My.mmlib" / "thumbnails").iterdir())
