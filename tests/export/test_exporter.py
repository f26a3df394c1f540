"""Files as other programs read them: PyAV, Pillow, soundfile, an XMP look, an SRT parser."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from mmstudio.composition import Composer, ImageLayer, Storyboard
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.sound import mix, true_peak
from mmstudio.errors import NotFound, StudioError
from mmstudio.export import Exporter, channels
from mmstudio.export.captions import to_srt
from mmstudio.export.channels import chosen
from mmstudio.export.writer import slug
from mmstudio.jobs import run_inline
from mmstudio.media.metadata import read_stamp
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def short_board(shop: Shop, **more: Any) -> Storyboard:
    """A saved storyboard cut to a second per scene, so that encoding it takes a moment."""
    composer = Composer(shop.library, None, None)
    board = composer.compose("product-ad", shop.bag, shop.audience, **more)
    for number, scene in enumerate(board.scenes):
        scene.start, scene.duration = 1.2 * number, 1.2
    board.duration = 3.6
    board.fps = 15
    return composer.save(board)


def exported(shop: Shop, board: Storyboard, out: Path, names: list[str] | None = None) -> dict[str, Any]:
    assert board.id is not None
    result: dict[str, Any] = run_inline(Exporter(shop.library).work(board.id, names, out=out))
    return result


def decode(path: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32], dict[str, Any]]:
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        facts = {
            "codec": video.codec_context.name,
            "audio": audio.codec_context.name,
            "size": (video.codec_context.width, video.codec_context.height),
            "rate": audio.codec_context.sample_rate,
        }
        frames, sound, starts = [], [], {}
        for frame in container.decode(video, audio):
            key = "v" if isinstance(frame, av.VideoFrame) else "a"
            starts.setdefault(key, float(frame.time))
            if isinstance(frame, av.VideoFrame):
                frames.append(frame.to_ndarray(format="rgb24"))
            else:
                sound.append(frame.to_ndarray())
        facts["starts"] = starts
    return frames, np.concatenate(sound, axis=1), facts


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    error = float(np.mean((first.astype(float) - second.astype(float)) ** 2))
    return 10 * np.log10(255**2 / max(error, 1e-9))


def test_the_exported_video_is_what_was_previewed(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    result = exported(shop, board, tmp_path / "out", ["square-video"])
    file = result["files"][0]
    frames, sound, facts = decode(Path(file["path"]))
    assert facts["codec"] == file["codec"] == "h264"
    assert facts["audio"] == "aac"
    assert facts["size"] == (1080, 1080)
    assert len(frames) == round(board.duration * board.fps)
    renderer = Renderer(board, shop.library)
    for number in (0, 10, 19, 27, 40, len(frames) - 1):
        assert psnr(frames[number], frame_array(renderer.frame(number / board.fps))) > 33, number
    assert facts["rate"] == 48_000
    assert abs(sound.shape[1] / 48_000 - board.duration) < 0.05
    assert abs(facts["starts"]["a"] - facts["starts"]["v"]) < 0.04
    wanted = mix(board, shop.library)
    lag = _lag(sound[0], wanted[0])
    assert abs(lag) / 48_000 < 0.04
    assert true_peak(sound) < 0.0


def _lag(first: NDArray[np.float32], second: NDArray[np.float32]) -> int:
    """Samples by which the first comes later than the second."""
    n = 1 << 17
    spectrum = np.fft.rfft(first, n) * np.conj(np.fft.rfft(second, n))
    peak = int(np.argmax(np.fft.irfft(spectrum / np.maximum(np.abs(spectrum), 1e-9), n)))
    return peak if peak < n // 2 else peak - n


def test_standard_export_writes_cards_sound_captions_and_a_manifest(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    out = tmp_path / "out"
    names = ["square-card", "tall-card", "wide-card", "sound", "captions"]
    result = exported(shop, board, out, names)
    assert [f["channel"] for f in result["files"]] == names
    sizes = {"square-card": (1080, 1080), "tall-card": (1080, 1920), "wide-card": (1920, 1080)}
    for file in result["files"]:
        path = Path(file["path"])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        assert path.stat().st_size == file["bytes"]
        if file["kind"] == "png":
            with Image.open(path) as picture:
                assert picture.size == sizes[file["channel"]]
                assert not picture.getexif()
    card = next(f for f in result["files"] if f["channel"] == "square-card")
    with Image.open(card["path"]) as picture:
        drawn = frame_array(Renderer(board, shop.library).card())
        assert np.array_equal(np.asarray(picture.convert("RGB")), drawn)
    sound = next(f for f in result["files"] if f["kind"] == "wav")
    samples, rate = soundfile.read(sound["path"], always_2d=True)
    assert (rate, samples.shape[1]) == (48_000, 2)
    assert true_peak(samples.T.astype(np.float32)) <= -1.0
    manifest = json.loads(Path(result["manifest"]).read_text("utf-8"))
    assert [f["sha256"] for f in manifest["files"]] == [f["sha256"] for f in result["files"]]
    assert str(tmp_path) not in Path(result["manifest"]).read_text("utf-8")
    assert {p.name for p in out.iterdir()} == {Path(f["path"]).name for f in result["files"]} | {
        Path(result["manifest"]).name
    }
    rows = shop.library.exports.list()
    assert {row.channel for row in rows} == set(names)


def test_the_default_channels_cover_every_kind() -> None:
    assert {c.kind for c in chosen(None)} == {"png", "mp4", "wav", "srt"}
    assert len({c.name for c in channels()}) == len(channels()) >= 8
    for channel in channels():
        assert all(0 <= edge < 0.4 for edge in channel.safe)


def test_generated_parts_are_marked_and_nothing_private_is(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    board.sources[1].kind = "generated"
    Composer(shop.library, None, None).save(board)
    names = ["square-card", "square-video", "sound"]
    files = exported(shop, board, tmp_path / "out", names)["files"]
    for file in files:
        stamp = read_stamp(file["path"])
        assert stamp["digital_source_type"] == "compositeWithTrainedAlgorithmicMedia", file["channel"]
        raw = Path(file["path"]).read_bytes()
        assert str(shop.folder).encode() not in raw
        assert b"bag-main" not in raw
    card = Path(files[0]["path"]).read_bytes()
    assert re.search(rb"digitalsourcetype/compositeWithTrainedAlgorithmicMedia", card)
    plain = exported(shop, short_board(shop), tmp_path / "plain", ["square-card"])["files"][0]
    assert "digital_source_type" not in read_stamp(plain["path"])


def test_the_same_storyboard_gives_the_same_bytes(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    names = ["square-card", "sound", "captions"]
    first = exported(shop, board, tmp_path / "one", names)["files"]
    second = exported(shop, board, tmp_path / "two", names)["files"]
    assert [f["sha256"] for f in first] == [f["sha256"] for f in second]


def test_exporting_needs_no_torch(shop: Shop, tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    board = short_board(shop)
    shop.library.close()
    code = (
        "import sys\n"
        "from mmstudio.library import Library\n"
        "from mmstudio.export import Exporter\n"
        "from mmstudio.jobs import run_inline\n"
        "library = Library.open(sys.argv[1])\n"
        "run_inline(Exporter(library).work(int(sys.argv[2]), ['square-card', 'sound'], out=sys.argv[3]))\n"
        "library.close()\n"
        "print([m for m in ('torch', 'librosa', 'sklearn', 'PySide6.QtWidgets') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shop.library.path), str(board.id), str(tmp_path / "out")],
        capture_output=True, text=True, check=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_srt_is_valid_whatever_the_words(shop: Shop) -> None:
    board = short_board(shop, overrides={"headline": "1\n00:00:01,000 --> 00:00:02,000\n<b>x</b>\x00"})
    text = to_srt(board.captions)
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    last = -1.0
    for number, block in enumerate(blocks, start=1):
        assert block[0] == str(number)
        match = re.fullmatch(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})", block[1])
        assert match is not None
        h, m, s, ms, h2, m2, s2, ms2 = map(int, match.groups())
        start, end = h * 3600 + m * 60 + s + ms / 1000, h2 * 3600 + m2 * 60 + s2 + ms2 / 1000
        assert last <= start < end
        last = end
        assert all("-->" not in line and "<" not in line for line in block[2:])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Joust Duffle Bag · Gym", "joust-duffle-bag-gym"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\con", "c-con"),
        ("CON", "con-"),
        ("", "untitled"),
        ("背包 / 旅行", "背包-旅行"),
        ("a" * 500, "a" * 48),
        ("\x00\u202e", "untitled"),
    ],
)
def test_names_are_safe_on_every_system(text: str, name: str) -> None:
    assert slug(text) == name


def test_a_missing_hero_is_named_before_anything_is_written(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    hero = next(
        layer.asset_id for layer in board.scenes[0].layers if isinstance(layer, ImageLayer) and layer.asset_id
    )
    shop.library.assets.path_of(shop.library.assets.get(hero)).unlink()
    with pytest.raises(NotFound, match="bag-main") as caught:
        exported(shop, board, tmp_path / "out")
    assert "relink" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_missing_music_is_left_out_and_said(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    assert board.music is not None
    assert board.music.asset_id is not None
    shop.library.assets.path_of(shop.library.assets.get(board.music.asset_id)).unlink()
    result = exported(shop, board, tmp_path / "out", ["sound"])
    assert "missing" in result["notes"][0]


def test_wrong_wishes_are_refused(shop: Shop, tmp_path: Path) -> None:
    board = short_board(shop)
    with pytest.raises(NotFound, match="no channel"):
        exported(shop, board, tmp_path / "out", ["carrier-pigeon"])
    with pytest.raises(NotFound):
        run_inline(Exporter(shop.library).work(999, out=tmp_path / "out"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudioError, match="is a file"):
        exported(shop, board, tmp_path / "file", ["captions"])
    board.duration = 400.0
    Composer(shop.library, None, None).save(board)
    with pytest.raises(StudioError, match="do not fit"):
        exported(shop, board, tmp_path / "out", ["square-video"])


def test_a_bundle_for_one_recipient_opens_for_nobody_else(tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage", reason="pyrage is not installed")
    from mmstudio.errors import UsageError
    from mmstudio.export.encrypt import check_recipient, encrypt_folder

    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    bundle = encrypt_folder(folder, tmp_path / "out" / "bundle.zip.age", str(mine.to_public()))
    assert pyrage.decrypt(bundle.read_bytes(), [mine])[:2] == b"PK"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bundle.read_bytes(), [other])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    with pytest.raises(UsageError, match="age public key"):
        check_recipient("nonsense")
