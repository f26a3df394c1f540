from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import Cancelled, NotFound
from mmstudio.jobs import Progress, run_inline
from mmstudio.library import AssetFilter, Library
from mmstudio.library.importing import import_work, register_generated, rescan_work
from support.media import (
    make_image,
    make_jpeg,
    make_m4a,
    make_mp4,
    make_png,
    make_shop,
    make_svg,
    make_text,
    make_wav,
)

COUNTS = ("added", "updated", "moved", "unchanged", "missing", "corrupt")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "My.mmlib") as library:
        yield library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven media of each kind, one level deep and deeper."""
    folder = tmp_path / "media"
    for index in range(3):
        make_jpeg(folder / f"photo-{index}.jpg", seed=index, captured_at="2022:05:06 07:08:09")
    make_wav(folder / "sounds" / "tone.wav")
    make_mp4(folder / "clips" / "deep" / "clip.mp4")
    make_text(folder / "note.md", "# Summer bags\n\nCanvas bags for the beach.")
    make_text(folder / "诗.txt", "静夜思\n床前明月光，疑是地上霜。")
    make_text(folder / ".hidden.txt", "not for you")
    make_jpeg(folder / ".secret" / "hidden.jpg")
    (folder / "program.exe").write_bytes(b"MZ")
    return folder


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in COUNTS if report[name]}


def test_a_folder_goes_in_with_facts_thumbnails_and_words(library: Library, folder: Path) -> None:
    report = run_inline(import_work(library, [folder], tags=["summer"]))
    assert counts(report) == {"added": 7}
    assert report["failed"] == []
    assets = {asset.rel_path: asset for asset in library.assets.get_many(library.assets.ids())}
    assert set(assets) == {
        *(f"photo-{i}.jpg" for i in range(3)), "sounds/tone.wav", "clips/deep/clip.mp4", "note.md", "诗.txt",
    }  # fmt: skip
    photo = assets["photo-0.jpg"]
    assert (photo.kind, photo.width, photo.height) == ("image", 64, 48)
    assert photo.captured_at == "2022-05-06T07:08:09"
    assert len(photo.sha256) == 64
    assert photo.phash != assets["photo-1.jpg"].phash
    assert assets["sounds/tone.wav"].duration == pytest.approx(0.5)
    assert assets["clips/deep/clip.mp4"].phash
    assert assets["诗.txt"].language == "zh"
    assert assets["note.md"].title == "Summer bags"
    for asset in assets.values():
        with Image.open(library.assets.thumbnail_path(asset.sha256)) as thumbnail:
            assert thumbnail.format == "WEBP"
        assert library.assets.path_of(asset).is_file()
    assert library.assets.ids(AssetFilter(text="beach")) == [assets["note.md"].id]
    assert library.assets.ids(AssetFilter(text="明月")) == [assets["诗.txt"].id]
    assert library.assets.count(AssetFilter(tags=("summer",))) == 7
    assert not list(library.thumbnails_dir.glob(".tmp/*"))


def test_importing_again_finds_nothing_new(library: Library, folder: Path) -> None:
    run_inline(import_work(library, [folder]))
    told: list[str] = []
    library.changes.subscribe(lambda topic, ids: told.append(topic))
    assert counts(run_inline(import_work(library, [folder]))) == {"unchanged": 7}
    assert counts(run_inline(import_work(library, [folder / "sounds", folder / "note.md"]))) == {
        "unchanged": 2
    }
    assert counts(run_inline(import_work(library, [folder.parent]))) == {"unchanged": 7}
    assert told == ["roots"], "only the folder above became a new root"
    assert library.assets.count() == 7


def test_every_format_of_the_house(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "formats"
    suffixes = ["jpg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic"]
    for index, suffix in enumerate(suffixes):
        make_image(folder / f"picture.{suffix}", seed=index)
    make_svg(folder / "drawing.svg")
    for suffix in ("wav", "flac", "ogg", "mp3"):
        make_wav(folder / f"sound.{suffix}")
    make_m4a(folder / "sound.m4a")
    make_m4a(folder / "voice.opus", rate=48000)
    for suffix in ("mp4", "mov", "mkv", "webm"):
        make_mp4(folder / f"film.{suffix}", seconds=0.4)
    for suffix, text in (("txt", "a"), ("md", "# b"), ("html", "<p>c"), ("csv", "d,e\n1,2"), ("json", "{}")):
        make_text(folder / f"text.{suffix}", text)
    report = run_inline(import_work(library, [folder]))
    assert counts(report) == {"added": len(suffixes) + 1 + 6 + 4 + 5}, report["failed"]
    assert library.assets.count(AssetFilter(statuses=("ok",))) == report["added"]


def test_moved_changed_gone_and_back(library: Library, folder: Path) -> None:
    run_inline(import_work(library, [folder]))
    ids = {asset.rel_path: asset.id for asset in library.assets.get_many(library.assets.ids())}
    library.assets.add_tags([ids["photo-0.jpg"]], ["kept"])
    (folder / "new place").mkdir()
    (folder / "photo-0.jpg").rename(folder / "new place" / "renamed.jpg")
    make_jpeg(folder / "photo-1.jpg", (100, 50), seed=9)
    gone = (folder / "photo-2.jpg").rename(folder.parent / "away.jpg")
    make_png(folder / "added.png")
    report = run_inline(rescan_work(library))
    assert counts(report) == {"added": 1, "updated": 1, "moved": 1, "missing": 1, "unchanged": 4}
    moved = library.assets.get(ids["photo-0.jpg"])
    assert moved.rel_path == "new place/renamed.jpg"
    assert library.assets.tags_of([moved.id])[moved.id] == ["kept"]
    assert library.assets.get(ids["photo-1.jpg"]).width == 100
    assert library.assets.get(ids["photo-2.jpg"]).status == "missing"
    gone.rename(folder / "photo-2.jpg")
    assert counts(run_inline(rescan_work(library))) == {"updated": 1, "unchanged": 7}
    assert library.assets.get(ids["photo-2.jpg"]).status == "ok"
    assert counts(run_inline(rescan_work(library))) == {"unchanged": 8}


def test_an_unplugged_folder_loses_nothing(library: Library, folder: Path) -> None:
    run_inline(import_work(library, [folder]))
    away = folder.rename(folder.parent / "unplugged")
    report = run_inline(rescan_work(library))
    assert counts(report) == {"missing": 7}
    assert report["failed"][0][0] == str(folder)
    away.rename(folder)
    assert counts(run_inline(rescan_work(library))) == {"updated": 7}
    assert library.assets.count() == 7


def test_trashed_assets_stay_in_the_trash(library: Library, folder: Path) -> None:
    run_inline(import_work(library, [folder]))
    asset = library.assets.get_many(library.assets.ids())[0]
    library.assets.trash([asset.id])
    run_inline(rescan_work(library))
    assert library.assets.get(asset.id).status == "trashed"
    library.empty_trash()
    assert counts(run_inline(rescan_work(library))) == {"unchanged": 7}, "deleted content stays away"
    assert counts(run_inline(import_work(library, [folder]))) == {"added": 1, "unchanged": 6}


def test_copying_needs_the_originals_no_longer(library: Library, folder: Path) -> None:
    make_jpeg(folder / "same as photo-0.jpg", seed=0, captured_at="2022:05:06 07:08:09")
    report = run_inline(import_work(library, [folder], copy=True))
    assert counts(report) == {"added": 7, "unchanged": 1}
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assets = library.assets.get_many(library.assets.ids())
    assert all(library.assets.path_of(asset).is_file() for asset in assets)
    assert library.check().ok
    assert "photo-0" in {asset.title for asset in assets}


def test_copying_again_finds_nothing_new(library: Library, folder: Path) -> None:
    run_inline(import_work(library, [folder], copy=True))
    assert counts(run_inline(import_work(library, [folder], copy=True))) == {"unchanged": 7}


def test_cancel_keeps_what_is_committed_and_removes_the_rest(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for index in range(60):
        make_jpeg(folder / f"{index:03}.jpg", (200, 150), seed=index)
    last: list[Progress] = []
    with pytest.raises(Cancelled):
        run_inline(
            import_work(library, [folder], copy=True),
            on_progress=last.append,
            cancelled=lambda: bool(last) and last[-1].done >= 40,
        )
    kept = library.assets.count()
    assert 0 < kept < 60
    hashes = {asset.sha256 for asset in library.assets.get_many(library.assets.ids())}
    assert {path.stem for path in library.thumbnails_dir.rglob("*.webp")} == hashes
    assert {path.stem for path in (library.path / "originals").rglob("*.jpg")} == hashes
    report = run_inline(import_work(library, [folder], copy=True))
    assert counts(report) == {"added": 60 - kept, "unchanged": kept}


def test_progress_counts_up_to_its_total(library: Library, folder: Path) -> None:
    seen: list[Progress] = []
    run_inline(import_work(library, [folder]), on_progress=seen.append)
    counted = [p for p in seen if p.total]
    assert counted[-1].done == counted[-1].total == 7
    assert [p.done for p in counted] == sorted(p.done for p in counted)


def test_nothing_there_is_an_error_and_one_missing_of_two_is_not(library: Library, folder: Path) -> None:
    with pytest.raises(NotFound):
        run_inline(import_work(library, [folder / "nowhere"]))
    report = run_inline(import_work(library, [folder / "nowhere", folder]))
    assert report["added"] == 7
    assert report["failed"] == [[str(folder / "nowhere"), "This is not there."]]
    report = run_inline(import_work(library, [library.path]))
    assert "inside the library" in report["failed"][0][1]


def test_single_files_are_not_the_start_of_a_watched_folder(library: Library, folder: Path) -> None:
    report = run_inline(import_work(library, [folder / "photo-1.jpg", folder / "program.exe"]))
    assert report["added"] == 1
    assert report["failed"][0][0] == str(folder / "program.exe")
    assert [root.watched for root in library.roots.list() if not root.own] == [False]
    assert counts(run_inline(rescan_work(library))) == {"unchanged": 1}
    (folder / "photo-1.jpg").unlink()
    assert counts(run_inline(rescan_work(library))) == {"missing": 1}


def test_generated_media_become_assets(library: Library, tmp_path: Path) -> None:
    path = make_png(tmp_path / "out.png", seed=5)
    asset_id = register_generated(
        library, path, "image", "A new mug", ["generated"], model="gan", seed=7,
        latent=np.zeros(4, "<f4").tobytes(), params={"truncation": 0.7}, sources=[],
    )  # fmt: skip
    asset = library.assets.get(asset_id)
    assert (asset.origin, asset.rights, asset.title) == ("generated", "own", "A new mug")
    assert not path.exists()
    assert library.assets.path_of(asset).parent.parent == library.generated_dir
    assert library.assets.thumbnail_path(asset.sha256).is_file()
    made = library.generations.of_asset(asset_id)
    assert made is not None
    assert (made.model, made.seed, made.params) == ("gan", 7, {"truncation": 0.7})
    again = make_png(tmp_path / "again.png", seed=5)
    assert register_generated(library, again, "image", "A new mug") == asset_id
    assert library.check().ok


def test_a_file_link_and_its_target_are_one_asset(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    target = make_jpeg(folder / "real" / "photo.jpg")
    outside = make_jpeg(tmp_path / "outside.jpg", seed=4)
    try:
        (folder / "alias.jpg").symlink_to(target)
        (folder / "outside.jpg").symlink_to(outside)
    except OSError:
        pytest.skip("this system gives no symbolic links")
    run_inline(import_work(library, [folder]))
    paths = {asset.rel_path for asset in library.assets.get_many(library.assets.ids())}
    assert paths == {"real/photo.jpg", "outside.jpg"}


def test_a_copied_folder_is_not_watched(library: Library, folder: Path) -> None:
    assert run_inline(import_work(library, [folder], copy=True))["added"] == 7
    make_jpeg(folder / "later.jpg", seed=77)
    assert run_inline(rescan_work(library))["added"] == 0
    assert len(library.assets.ids(AssetFilter(statuses=()))) == 7
    assert run_inline(import_work(library, [folder]))["added"] == 8  # now by reference, on purpose
    make_jpeg(folder / "latest.jpg", seed=78)
    assert run_inline(rescan_work(library))["added"] == 1


def test_files_named_twice_go_in_once(library: Library, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", 3)
    catalog = shop / "catalog.csv"
    pictures = [path for path in (shop / "images").iterdir() if path.suffix == ".jpg"]
    report = run_inline(import_work(library, [shop / "images", pictures[0]], catalog=catalog))
    assert report["added"] == len(library.assets.ids()) == 3
    again = run_inline(import_work(library, [shop / "images", pictures[0]], catalog=catalog))
    assert (again["added"], again["unchanged"]) == (0, 3)
