from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.media.audio import load_audio, peaks, resample, write_wav
from mmstudio.media.encode import VideoWriter, encode_audio, video_codecs
from mmstudio.media.probe import probe
from mmstudio.media.video import VideoReader
from support.media import make_jpeg, make_m4a, make_mp4, make_text, make_tone, make_wav


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "m4a", "opus"])
def test_every_sound_format_loads(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    if suffix in ("m4a", "opus"):
        make_m4a(path, 0.6, 48000)
    else:
        make_wav(path, 0.6, 44100, channels=2)
    info = probe(path)
    assert info.kind == "audio"
    assert info.duration == pytest.approx(0.6, abs=0.08)
    samples, rate = load_audio(path, rate=16000, mono=True)
    assert rate == 16000
    assert samples.dtype == np.float32
    assert samples.shape[0] == 1
    assert samples.shape[1] == pytest.approx(9600, abs=1300)
    spectrum = np.abs(np.fft.rfft(samples[0]))
    assert np.argmax(spectrum) * rate / samples.shape[1] == pytest.approx(440, abs=5)


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_a_part_of_a_sound(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    (make_wav if suffix == "wav" else make_m4a)(path, 3.0, 44100)
    whole, rate = load_audio(path)
    part, _ = load_audio(path, start=2.0, duration=0.25)
    assert part.shape[1] == pytest.approx(0.25 * rate, abs=2)
    offset = 2 * rate
    assert np.abs(part - whole[:, offset : offset + part.shape[1]]).max() < 0.02


def test_sound_of_a_video_and_a_video_without(tmp_path: Path) -> None:
    samples, rate = load_audio(make_mp4(tmp_path / "loud.mp4", audio=True))
    assert samples.shape[0] == 2
    assert samples.shape[1] == pytest.approx(rate, abs=2500)
    with pytest.raises(MediaError) as caught:
        load_audio(make_mp4(tmp_path / "mute.mp4"))
    assert caught.value.status == "unsupported"


def test_wav_round_trip_and_peaks(tmp_path: Path) -> None:
    tone = make_tone(0.5, 8000, channels=2)
    write_wav(tmp_path / "out.wav", tone * 3, 8000)
    read, rate = load_audio(tmp_path / "out.wav")
    assert (read.shape, rate) == (tone.shape, 8000)
    assert read.max() == pytest.approx(1.0, abs=1e-3)
    extremes = peaks(tone, 10)
    assert extremes.shape == (10, 2)
    assert (extremes[:, 0] <= extremes[:, 1]).all()
    assert extremes[0, 1] == pytest.approx(0.5, abs=0.02)
    assert peaks(np.zeros((1, 0), np.float32), 4).tolist() == [[0, 0]] * 4
    assert resample(tone, 8000, 4000).shape == (2, 2000)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_every_video_format(tmp_path: Path, suffix: str) -> None:
    path = make_mp4(tmp_path / f"clip.{suffix}", (96, 64), seconds=1.0, fps=10, audio=True)
    info = probe(path)
    assert (info.kind, info.width, info.height, info.has_audio) == ("video", 96, 64, True)
    assert info.duration == pytest.approx(1.0, abs=0.1)
    assert info.fps == pytest.approx(10, abs=0.1)


def test_frames_are_the_ones_asked_for_in_any_order(tmp_path: Path) -> None:
    path = make_mp4(tmp_path / "clip.mp4", (160, 48), seconds=3.0, fps=10)

    def left(picture: object) -> float:
        bright = np.asarray(picture, float).min(axis=2) > 225
        return float(np.nonzero(bright.any(axis=0))[0].mean())

    with VideoReader(path) as video:
        expected = {t: int(round(t * 10) * 152 / 29) + 3.5 for t in (0.0, 0.5, 1.2, 2.9)}
        for t in (2.9, 0.0, 1.2, 0.5, 2.9):
            assert left(video.frame_at(t + 0.02)) == pytest.approx(expected[t], abs=3)
        times = [t for t, _ in video.frames(0.0, 1.0, 0.25)]
        assert times == [0.0, 0.25, 0.5, 0.75]
        assert video.frame_at(99.0).size == (160, 48)
        assert video.frame_at(0.0, max_side=80).size == (80, 24)


def test_rotation_is_applied(tmp_path: Path) -> None:
    path = make_mp4(tmp_path / "phone.mp4", (96, 48), rotation=90)
    info = probe(path)
    assert (info.width, info.height) == (48, 96)
    with VideoReader(path) as turned, VideoReader(make_mp4(tmp_path / "flat.mp4", (96, 48))) as flat:
        expected = np.rot90(np.asarray(flat.frame_at(0.0), float), k=-1)
        assert np.abs(np.asarray(turned.frame_at(0.0), float) - expected).mean() < 3


@pytest.mark.parametrize("codec", video_codecs())
def test_written_video_keeps_colours_length_and_sound(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "out.mp4"
    colour = np.array([200, 60, 90], np.uint8)
    frame = np.broadcast_to(colour, (65, 97, 3)).copy()  # odd on purpose
    with VideoWriter(path, 97, 65, 12, audio_rate=48000, codec=codec) as writer:
        assert writer.codec_name == codec
        for _ in range(12):
            writer.write_frame(frame)
        writer.write_audio(make_tone(1.0, 48000, channels=2))
    with VideoReader(path) as video:
        assert (video.width, video.height) == (98, 66)
        assert video.duration == pytest.approx(1.0, abs=0.1)
        assert len(list(video.frames(step=1 / 12))) in (12, 13)
        centre = np.asarray(video.frame_at(0.5), int)[30, 40]
        assert np.abs(centre - colour.astype(int)).max() <= 6
    assert load_audio(path)[0].shape[1] == pytest.approx(48000, abs=3000)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "faststart"


def test_the_same_frames_are_the_same_film_whatever_lies_in_memory(tmp_path: Path) -> None:
    # twelve blocks wide: x264's AVX-512 reads beyond such a row
    rng = np.random.default_rng(0)
    ground = Image.fromarray(rng.integers(0, 256, (12, 20, 3), np.uint8))
    size = (192, 108)
    frames = [
        np.asarray(
            ground.resize(size, Image.Resampling.BICUBIC, (i * 0.2, i * 0.1, 18 + i * 0.2, 10 + i * 0.1))
        )
        for i in range(10)
    ]
    found, held = set(), []
    for turn in range(40):
        held.append(bytearray(int(rng.integers(1, 200_000))))
        path = tmp_path / f"{turn}.mp4"
        with VideoWriter(path, *size, 10) as writer:
            for frame in frames:
                writer.write_frame(frame)
        found.add(path.read_bytes())
    assert len(found) == 1


def test_webm_is_written_without_h264(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.webm", 64, 64, 10) as writer:
        writer.write_frame(np.zeros((64, 64, 3), np.uint8))
        assert writer.codec_name in ("vp9", "av1")
    assert probe(tmp_path / "out.webm").format == "matroska"


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
def test_encode_audio(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"
    encode_audio(path, make_tone(0.5, 48000, channels=2), 48000)
    assert probe(path).duration == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("name", ["words.mp4", "list.mp4", "photo.mp4", "zero.mp4", "words.wav", "zero.wav"])
def test_what_is_no_sound_or_video_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("zero"):
        path.touch()
    elif name == "photo.mp4":
        make_jpeg(path)
    elif name == "list.mp4":
        make_text(path, "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/part.ts\n")
    else:
        make_text(path, "This is a letter, not a film. " * 50)
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert caught.value.status == ("empty" if name.startswith("zero") else "corrupt")
    assert name in caught.value.message
