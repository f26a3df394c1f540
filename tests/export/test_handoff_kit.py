"""What an editor and a client get: a time line that opens with its media, a kit that says what it holds."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
import soundfile

from mmstudio.composition.sound import mix
from mmstudio.composition.storyboard import SoundTrack, Source
from mmstudio.export.options import ExportOptions
from support.boards import channel, small_board, written
from support.shop import Shop, make_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("handoff") / "shop")
    yield made
    made.library.close()


def test_an_editing_program_opens_the_time_line_and_its_media(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    assert board.music is not None
    board.voice = SoundTrack(board.music.asset_id, start=0.4, loop=False)
    board.name = "../../etc/passwd\x00 <b>"
    files, _ = written(shop, board, tmp_path / "out", channel("otio"))
    place = tmp_path / "unpacked"
    with zipfile.ZipFile(files[0]["path"]) as bundle:
        assert bundle.testzip() is None
        assert all(not n.startswith("/") and ".." not in n for n in bundle.namelist())
        bundle.extractall(place)
    found = next(place.glob("*.otio"))
    line = otio.adapters.read_from_file(str(found))
    pictures, *sounds = line.tracks
    clips = [part for part in pictures if isinstance(part, otio.schema.Clip)]
    changes = [part for part in pictures if isinstance(part, otio.schema.Transition)]
    assert [c.source_range.duration.value for c in clips] == [8, 8]
    assert {c.source_range.duration.rate for c in clips} == {10}
    assert [c.out_offset.value for c in changes] == [2]
    assert {track.name for track in sounds} == {"Voice", "Music"}
    assert pictures.duration().to_seconds() == 1.6
    assert len(line.tracks.markers) == 2
    for clip in line.find_clips():
        url = clip.media_reference.target_url
        assert not url.startswith(("/", "file:"))
        media = place / url
        assert clip.available_range().duration.to_seconds() >= clip.source_range.duration.to_seconds()
        with av.open(str(media)) as opened:
            seconds = float(opened.duration or 0) / 1e6
        assert abs(seconds - clip.available_range().duration.to_seconds()) < 0.03, url
    total = sum(soundfile.read(place / "media" / f"{t.name.lower()}.wav")[0] for t in sounds)
    whole = mix(board, shop.library).T
    ratio = float(np.abs(whole).max() / np.abs(total).max())
    assert np.abs(total * ratio - whole).max() < 0.05


def test_pages_are_handed_over_as_pictures(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    board.pages, board.music = True, None
    files, _ = written(shop, board, tmp_path, channel("otio"))
    with zipfile.ZipFile(files[0]["path"]) as bundle:
        names = bundle.namelist()
    assert {"media/scene-01.png", "media/scene-02.png"} <= set(names)
    assert [p.name for p in tmp_path.iterdir()] == [Path(files[0]["path"]).name]


def test_a_kit_lists_every_file_with_hash_source_seed_and_licence(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    photo = board.scenes[0].layers[0].asset_id  # type: ignore[union-attr]
    shop.library.asset_rights.set([photo], owner="Ann", licence="CC BY 4.0")  # type: ignore[list-item]
    board.sources = [Source("photo", "generated", photo, "model x, seed 3", "own")]
    kit = channel("kit", holds=("captions", "sound", "square-card", "vertical-short"))
    files, notes = written(shop, board, tmp_path / "out", kit)
    assert any("left out of the kit" in note for note in notes)  # a film of 1.6 s is too short for it
    with zipfile.ZipFile(files[0]["path"]) as bundle:
        facts = json.loads(bundle.read("manifest.json"))
        for file in facts["files"]:
            data = bundle.read(file["path"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["sha256"], file["bytes"])
        assert {f["channel"] for f in facts["files"]} == {"captions", "sound", "square-card"}
        assert set(bundle.namelist()) == {f["path"] for f in facts["files"]} | {"manifest.json", "copy.txt"}
        assert bundle.read("copy.txt").decode() == "Harbour light\nQuiet water\n"
    assert facts["seed"] == 7
    made = {entry["licence"]: entry for entry in facts["made_from"]}
    assert made["CC BY 4.0"]["owner"] == "Ann"
    assert made["CC BY 4.0"]["generated"]
    assert facts["sources"][0]["detail"] == "model x, seed 3"
    assert "photo.jpg" not in json.dumps(facts)
    assert all("title" not in entry for entry in facts["made_from"])
    assert [p.name for p in (tmp_path / "out").iterdir()] == [Path(files[0]["path"]).name]
    assert shop.library.exports.list() == []
    named, _ = written(shop, board, tmp_path / "named", kit, options=ExportOptions(keep_metadata=True))
    with zipfile.ZipFile(named[0]["path"]) as bundle:
        assert "photo" in {e.get("title") for e in json.loads(bundle.read("manifest.json"))["made_from"]}


@pytest.mark.parametrize("kind", ["otio", "kit"])
def test_a_bundle_is_the_same_bytes_each_time(shop: Shop, tmp_path: Path, kind: str) -> None:
    wanted = channel(kind, holds=("captions", "square-card"))
    first = written(shop, small_board(shop), tmp_path / "one", wanted)[0][0]
    second = written(shop, small_board(shop), tmp_path / "two", wanted)[0][0]
    assert first["sha256"] == second["sha256"]
