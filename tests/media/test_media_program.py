"""The doors of film and AAC through a separately installed ffmpeg, as a bundle without PyAV uses them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import MediaError, StudioError
from mmstudio.media.audio import audio_info, load_audio
from mmstudio.media.encode import VideoWriter, encode_audio, video_codecs
from mmstudio.media.metadata import read_stamp, stamp
from mmstudio.media.program import inside
from mmstudio.media.video import VideoReader

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="needs the program ffmpeg"
)
RATE = 48_000


@pytest.fixture(autouse=True)
def by_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMSTUDIO_CODECS", "program")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A second of rising grey with a tone; an odd width, as pictures have it."""
    path = tmp_path / "-film 影.mp4"
    t = np.arange(RATE) / RATE
    tone = np.tile(0.4 * np.sin(2 * np.pi * 440 * t), (2, 1)).astype(np.float32)
    with VideoWriter(path, 63, 48, 10, audio_rate=RATE) as writer:
        for index in range(10):
            writer.write_frame(np.full((48, 63, 3), 20 * index + 20, np.uint8))
        writer.write_audio(tone)
    return path


def test_a_film_written_and_read_by_the_program(film: Path) -> None:
    assert not inside()
    assert "h264" in video_codecs()
    with VideoReader(film) as reader:
        assert (reader.width, reader.height, round(reader.fps), reader.has_audio) == (64, 48, 10, True)
        assert abs(reader.duration - 1.0) < 0.06
        levels = [float(np.asarray(reader.frame_at(t)).mean()) for t in (0.05, 0.55, 0.95, 0.15, 9.0)]
        assert np.allclose(levels, [20, 120, 200, 40, 200], atol=4)
        small = list(reader.small_frames(16, 12))
        assert [round(t, 2) for t, _ in small] == [round(0.1 * i, 2) for i in range(10)]
        assert small[3][1].shape == (12, 16, 3)
        keys = list(reader.small_frames(16, 12, [0.0, 0.9]))
        assert len(keys) == 1
    samples, rate = load_audio(film)
    assert (samples.shape[0], rate) == (2, RATE)
    assert abs(audio_info(film).duration - 1.0) < 0.06
    assert abs(float(np.abs(samples).max()) - 0.4) < 0.03


def test_marks_go_in_and_come_back(film: Path) -> None:
    stamp(film, {"title": "A film", "software": "MM Studio", "recipe": "product-ad", "seed": 3})
    found = read_stamp(film)
    assert (found["title"], found["recipe"], found["seed"]) == ("A film", "product-ad", 3)
    with VideoReader(film) as reader:
        assert reader.has_audio


def test_sound_in_mp4_and_opus(tmp_path: Path) -> None:
    t = np.arange(RATE) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 330 * t))[None].astype(np.float32)
    for name in ("a.m4a", "a.opus"):
        encode_audio(tmp_path / name, tone, RATE, 96_000)
        samples, _ = load_audio(tmp_path / name, mono=True)
        middle = samples[0, RATE // 4 : RATE // 2]
        assert abs(float(np.sqrt((middle**2).mean())) - 0.3 / np.sqrt(2)) < 0.02


def test_hostile_files_are_a_sentence_and_leave_no_process(tmp_path: Path, film: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[:700])
    listing = tmp_path / "list.mkv"
    listing.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    for path in (cut, listing):
        with pytest.raises(MediaError):
            VideoReader(path)


def test_without_the_program_the_remedy_is_said(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudioError) as error:
        VideoReader(film)
    assert "ffprobe" in error.value.message
    assert "ffmpeg" in error.value.hint


def test_a_film_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out" / "film.mp4"
    path.parent.mkdir()
    with pytest.raises(RuntimeError), VideoWriter(path, 32, 32, 10, audio_rate=RATE) as writer:
        writer.write_frame(np.zeros((32, 32, 3), np.uint8))
        raise RuntimeError("stopped")
    assert list(path.parent.iterdir()) == []


def test_a_gif_through_the_program(tmp_path: Path) -> None:
    from PIL import Image

    from mmstudio.media.gif import write_gif

    frames = [np.full((24, 32, 3), (40 * i, 90, 200 - 30 * i), np.uint8) for i in range(5)]
    assert list(write_gif(tmp_path / "a.gif", lambda: frames, 10))[-1] == 10
    with Image.open(tmp_path / "a.gif") as made:
        assert (made.n_frames, made.size, made.info["loop"]) == (5, (32, 24), 0)
