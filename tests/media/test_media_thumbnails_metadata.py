from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.media.audio import load_audio
from mmstudio.media.metadata import COMPOSITE, TRAINED, read_stamp, stamp
from mmstudio.media.thumbnail import make_thumbnail
from mmstudio.media.video import VideoReader
from support.media import make_image, make_m4a, make_mp4, make_png, make_text, make_wav

RECORD = {
    "title": "Mug & <spoon> 杯子",
    "description": "A card.",
    "creator": "Shop",
    "software": "MM Studio",
    "digital_source_type": TRAINED,
    "model": "starter-image-gan",
    "seed": 7,
    "sources": [1, 2],
}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_stamp_of_pictures_leaves_the_pixels(tmp_path: Path, suffix: str) -> None:
    path = make_image(tmp_path / f"made.{suffix}", (90, 60))
    before = np.asarray(Image.open(path))
    stamp(path, {"title": "earlier"})
    stamp(path, RECORD)
    assert (np.asarray(Image.open(path)) == before).all()
    assert read_stamp(path) == RECORD
    data = path.read_bytes()
    assert data.count(b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia") == 1
    assert b"earlier" not in data
    if suffix == "png":
        assert Image.open(path).text["Title"] == RECORD["title"]  # type: ignore[union-attr]


def test_stamp_of_transparent_webp(tmp_path: Path) -> None:
    path = tmp_path / "clear.webp"
    Image.open(make_png(tmp_path / "clear.png", mode="RGBA")).save(path, lossless=True)
    stamp(path, RECORD)
    assert Image.open(path).mode == "RGBA"
    assert read_stamp(path)["seed"] == 7


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_stamp_of_videos(tmp_path: Path, suffix: str) -> None:
    path = make_mp4(tmp_path / f"made.{suffix}", audio=True)
    stamp(path, RECORD | {"digital_source_type": COMPOSITE})
    found = read_stamp(path)
    assert found["title"] == RECORD["title"]
    assert found["digital_source_type"] == COMPOSITE
    assert found["seed"] == 7
    with VideoReader(path) as video:
        assert video.frame_at(0.5).size == (64, 48)
    assert load_audio(path)[0].size > 0
    if suffix == "mp4":
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")
        assert b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in data


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "m4a"])
def test_stamp_of_sounds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"made.{suffix}"
    make_m4a(path) if suffix == "m4a" else make_wav(path)
    before, _ = load_audio(path)
    stamp(path, RECORD)
    after, _ = load_audio(path)
    assert read_stamp(path)["model"] == RECORD["model"]
    length = min(before.shape[1], after.shape[1])
    assert length > 0.9 * before.shape[1]


def test_stamp_of_what_cannot_carry_it(tmp_path: Path) -> None:
    path = make_text(tmp_path / "a.txt")
    with pytest.raises(MediaError):
        stamp(path, RECORD)
    assert read_stamp(path) == {}
    assert read_stamp(make_image(tmp_path / "b.png")) == {}
    broken = make_text(tmp_path / "c.png", "no picture")
    with pytest.raises(MediaError):
        stamp(broken, RECORD)
    assert broken.read_text() == "no picture"


def test_thumbnails_of_every_kind(tmp_path: Path) -> None:
    picture = make_thumbnail(make_image(tmp_path / "a.jpg", (800, 400)), "image", 200)
    assert (picture.mode, picture.size) == ("RGB", (200, 100))
    wave = make_thumbnail(make_wav(tmp_path / "a.wav"), "audio", 200)
    assert max(wave.size) == 200
    assert np.asarray(wave).max() > 150, "bars are drawn"
    for name, text in (
        ("a.txt", "A title\n" + "many words " * 400),
        ("b.txt", "静夜思\n" + "床前明月光，" * 200),
    ):
        page = make_thumbnail(make_text(tmp_path / name, text), "text", 240)
        assert page.size == (180, 240)
        assert (np.asarray(page.convert("L"))[40:200] < 160).mean() > 0.02


def test_chinese_is_drawn_as_different_characters(tmp_path: Path) -> None:
    from mmstudio.media import fonts

    if fonts._found()[True] == fonts._found()[False]:
        pytest.skip("this system has no Chinese font")
    pages = [make_thumbnail(make_text(tmp_path / f"{c}.txt", c * 60), "text") for c in "床月"]
    assert (np.asarray(pages[0]) != np.asarray(pages[1])).any(), "not the same empty box twice"


def test_poster_frame_is_not_black(tmp_path: Path) -> None:
    path = make_mp4(tmp_path / "fade.mp4", seconds=3.0, black_start=1.2)
    assert np.asarray(make_thumbnail(path, "video", 64)).mean() > 40


def test_silence_and_noise_have_a_picture(tmp_path: Path) -> None:
    from mmstudio.media.audio import write_wav

    write_wav(tmp_path / "silent.wav", np.zeros((1, 4000), np.float32), 8000)
    write_wav(tmp_path / "blip.wav", np.ones((1, 3), np.float32), 8000)
    for name in ("silent.wav", "blip.wav"):
        assert make_thumbnail(tmp_path / name, "audio").size == (384, 216)
