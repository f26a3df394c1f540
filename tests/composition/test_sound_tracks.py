"""Sounds on the time line: offsets, lengths, effects, clips, ducking, targets; odd and hostile files."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mmstudio.composition import Scene, SoundTrack, Storyboard, VideoLayer
from mmstudio.composition.sound import (
    level,
    limited,
    looped,
    loudness,
    mix,
    mix_report,
    stems,
    true_peak,
)
from mmstudio.library import Library
from support.libraries import add_asset, new_library
from support.media import make_mp4, make_wav

RATE = 48_000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = new_library(tmp_path)
    yield made
    made.close()


def tone(seconds: float, frequency: float = 997.0, amplitude: float = 0.3) -> NDArray[np.float32]:
    t = np.arange(round(seconds * RATE)) / RATE
    wave = (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)
    return np.stack([wave, wave])


def keep(library: Library, path: Path, samples: NDArray[np.floating], rate: int = RATE) -> int:
    """Write [C,N] as float WAV and take it into the library."""
    soundfile.write(str(path), samples.T, rate, format="WAV", subtype="FLOAT")
    return add_asset(library, path, kind="audio", duration=samples.shape[1] / rate)


def pitch(samples: NDArray[np.float32], start: float, seconds: float = 0.2) -> float:
    """Loudest frequency of a stretch in Hz; 0 where it is silent."""
    part = samples[0, round(start * RATE) : round((start + seconds) * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size)))
    return float(spectrum.argmax() / seconds) if np.abs(part).max() > 1e-4 else 0.0


def strength(samples: NDArray[np.float32], frequency: float, start: float, seconds: float = 0.2) -> float:
    part = samples[0, round(start * RATE) : round((start + seconds) * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size)))
    return float(spectrum[round(frequency * seconds)])


def test_offset_and_length_choose_what_is_heard_where(library: Library, tmp_path: Path) -> None:
    stairs = np.concatenate([tone(1.0, f) for f in (400, 800, 1600)], axis=1)
    asset = keep(library, tmp_path / "stairs.wav", stairs)
    track = SoundTrack(asset, start=1.0, offset=1.2, length=1.0, loop=False, fade_in=0, fade_out=0)
    done = mix(Storyboard(duration=4.0, music=track), library)
    assert pitch(done, 0.5) == 0.0
    assert pitch(done, 1.1) == pytest.approx(800, abs=5)
    assert pitch(done, 1.8) == pytest.approx(1600, abs=5)
    assert not done[:, round(2.01 * RATE) :].any()
    looping = SoundTrack(asset, offset=2.0, fade_in=0, fade_out=0)
    assert pitch(mix(Storyboard(duration=4.0, music=looping), library), 3.4) == pytest.approx(1600, abs=5)


def test_a_true_loop_keeps_its_beat_and_anything_else_has_no_click() -> None:
    rng = np.random.default_rng(4)
    beat = np.zeros((2, RATE), np.float32)
    beat[:, 12_000:13_000] = rng.standard_normal(1000).astype(np.float32) * 0.3
    beat += tone(1.0, 110.0, 0.1)
    done = looped(beat, 5 * RATE, RATE)
    assert np.array_equal(done, np.tile(beat, (1, 5)))
    odd = tone(0.83, 333.3, 0.5)
    done = looped(odd, 4 * RATE, RATE)
    assert done.shape == (2, 4 * RATE)
    assert np.abs(np.diff(done, axis=1)).max() < 0.05
    loud = np.sqrt((done[0].reshape(-1, 2400) ** 2).mean(1))
    assert loud.min() > 0.6 * loud.max()


def test_effects_are_heard_where_they_are_put(library: Library, tmp_path: Path) -> None:
    pling = keep(library, tmp_path / "pling.wav", tone(0.3, 2000))
    board = Storyboard(
        duration=2.0,
        effects=[SoundTrack(pling, start=s, loop=False, fade_out=0.02) for s in (0.5, 1.5)],
    )
    done = mix(board, library)
    assert [pitch(done, t) > 0 for t in (0.1, 0.55, 1.1, 1.55)] == [False, True, False, True]
    assert set(stems(board, library)) == {"effects"}


def test_music_is_down_before_the_first_word_and_comes_back(library: Library, tmp_path: Path) -> None:
    music = keep(library, tmp_path / "m.wav", tone(8.0, 3000))
    words = np.zeros((1, 3 * RATE), np.float32)
    for begin in (0.0, 1.0, 1.8):  # words with pauses
        words[:, round(begin * RATE) : round((begin + 0.7) * RATE)] = tone(0.7, 200)[:1]
    voice = keep(library, tmp_path / "v.wav", words)
    ad = Storyboard(
        duration=8.0,
        music=SoundTrack(music, fade_in=0, fade_out=0),
        voice=SoundTrack(voice, start=3.0, loop=False, fade_in=0, fade_out=0),
    )
    done = mix(ad, library)
    before, first, pause, after = (strength(done, 3000, t) for t in (1.0, 3.02, 3.75, 7.5))
    assert 20 * np.log10(first / before) < -6  # down as the first word sounds
    assert pause == pytest.approx(first, rel=0.05)  # no pumping between words
    assert after == pytest.approx(before, rel=0.02)
    steps = np.abs(np.diff(stems(ad, library)["music"][0]))
    assert steps.max() < 1.2 * np.abs(np.diff(stems(ad, library)["music"][0][:RATE])).max()  # no jump
    parts = stems(ad, library)
    spoken = slice(round(3.1 * RATE), round(3.6 * RATE))
    gap = loudness(parts["voice"][:, spoken], RATE) - loudness(parts["music"][:, spoken], RATE)
    assert gap == pytest.approx(12.0, abs=3.0)
    ad.music = SoundTrack(music, fade_in=0, fade_out=0, duck=False)
    kept = mix(ad, library)
    assert strength(kept, 3000, 3.1) == pytest.approx(strength(kept, 3000, 1.0), rel=0.05)


@pytest.mark.parametrize("target", [-14.0, -16.0, -23.0])
def test_a_mix_meets_its_target_under_minus_one_dbtp(library: Library, tmp_path: Path, target: float) -> None:
    rng = np.random.default_rng(1)
    wild = (rng.standard_normal((2, 3 * RATE)) * 0.1).astype(np.float32)
    wild[:, ::9000] *= 8
    asset = keep(library, tmp_path / "wild.wav", wild)
    board = Storyboard(duration=3.0, music=SoundTrack(asset, fade_in=0, fade_out=0.1), loudness=-20.0)
    done = mix(board, library, target=target)
    report = mix_report(done, RATE)
    assert report.lufs == pytest.approx(target, abs=0.5)
    assert report.true_peak <= -1.0
    assert (report.clipped, report.silent, report.seconds) == (0, False, 3.0)
    assert np.array_equal(done, mix(board, library, target=target))  # same storyboard, same bytes
    assert mix_report(mix(board, library), RATE).lufs == pytest.approx(-20.0, abs=0.5)
    assert report.as_facts()["loudness_lufs"] == pytest.approx(target, abs=0.5)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")
def test_ffmpeg_measures_the_same(library: Library, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    sound = np.cumsum(rng.standard_normal((2, 6 * RATE)), axis=1)
    sound -= np.apply_along_axis(lambda row: np.convolve(row, np.ones(4800) / 4800, "same"), 1, sound)
    sound = (sound / np.abs(sound).max() * np.linspace(0.1, 0.9, sound.shape[1])).astype(np.float32)
    asset = keep(library, tmp_path / "s.wav", sound)
    done = mix(Storyboard(duration=6.0, music=SoundTrack(asset)), library, target=-14.0)
    path = tmp_path / "out.wav"
    soundfile.write(str(path), done.T, RATE, subtype="FLOAT")
    told = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr.rpartition("Summary:")[2]  # fmt: skip
    theirs = {key: float(re.search(rf"{key}:\s+(-?[\d.]+)", told)[1]) for key in ("I", "Peak")}  # type: ignore[index]
    report = mix_report(done, RATE)
    assert report.lufs == pytest.approx(theirs["I"], abs=0.1)
    assert report.true_peak == pytest.approx(theirs["Peak"], abs=0.3)
    assert theirs["Peak"] <= -1.0


def test_the_limiter_holds_peaks_between_samples() -> None:
    t = np.arange(RATE) / RATE
    wave = (np.sin(2 * np.pi * (RATE / 4) * t + np.pi / 4)).astype(np.float32)  # samples at 0.707, peaks at 1
    wave[:5000] = wave[-5000:] = 0
    assert true_peak(limited(np.stack([wave, wave]), RATE, -2.0)) < -1.5


def test_measures_of_a_long_sound_are_those_of_its_pieces() -> None:
    rng = np.random.default_rng(3)
    long = np.tile((rng.standard_normal((2, RATE)) * 0.1).astype(np.float32), (1, 25))
    assert loudness(long, RATE) == pytest.approx(loudness(long[:, : 9 * RATE], RATE), abs=0.05)
    assert true_peak(long) == pytest.approx(true_peak(long[:, : 3 * RATE]), abs=1e-6)


def test_a_clip_is_heard_in_step_only_when_asked(library: Library, tmp_path: Path) -> None:
    clip = add_asset(
        library, make_mp4(tmp_path / "c.mp4", seconds=2.0, audio=True), kind="video", duration=2.0
    )
    mute = add_asset(library, make_mp4(tmp_path / "m.mp4", seconds=1.0), kind="video", duration=1.0)

    def board(asset: int, gain: float | None, clip_start: float = 0.0, begin: float = 0.0) -> Storyboard:
        layer = VideoLayer(name="clip", asset_id=asset, gain=gain, clip_start=clip_start, begin=begin)
        return Storyboard(duration=6.0, scenes=[Scene("a", 1.0, 5.0, [layer])])

    assert not mix(board(clip, None), library).any()
    assert not mix(board(mute, 0.0), library).any()  # a video without sound
    done = mix(board(clip, 0.0), library)
    assert not done[:, : RATE - 480].any()
    heard = np.flatnonzero(np.abs(done[0]) > 0.01)
    assert heard[0] / RATE == pytest.approx(1.0, abs=0.04)
    assert heard[-1] / RATE == pytest.approx(6.0, abs=0.06)  # over and over, as its pictures
    # the tone fades over the clip: it is loud again where the pictures begin again
    loud = [float(np.abs(done[0, round(t * RATE) :][:4800]).max()) for t in (1.1, 2.8, 3.15)]
    assert loud[1] < 0.6 * loud[0]
    assert loud[2] > 0.8 * loud[0]
    later = mix(board(clip, 0.0, begin=2.0), library)
    assert np.flatnonzero(np.abs(later[0]) > 0.01)[0] / RATE == pytest.approx(3.0, abs=0.04)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")
def test_sound_that_begins_after_its_pictures_stays_in_step(library: Library, tmp_path: Path) -> None:
    whole, late = make_mp4(tmp_path / "c.mp4", seconds=2.0, audio=True), tmp_path / "late.mkv"
    command = f"ffmpeg -v error -i {whole} -itsoffset 0.7 -i {whole} -map 0:v -map 1:a -c copy {late}"
    subprocess.run(command.split(), check=True)
    clip = add_asset(library, late, kind="video", duration=2.7)
    layer = VideoLayer(name="clip", asset_id=clip, gain=0.0)
    done = mix(Storyboard(duration=2.0, scenes=[Scene("a", 0.0, 2.0, [layer])]), library)
    assert np.flatnonzero(np.abs(done[0]) > 0.02)[0] / RATE == pytest.approx(0.7, abs=0.04)


def test_stems_together_are_the_mix(library: Library, tmp_path: Path) -> None:
    music = keep(library, tmp_path / "m.wav", tone(3.0, 500, 0.1))
    voice = keep(library, tmp_path / "v.wav", tone(1.0, 250, 0.2))
    board = Storyboard(
        duration=3.0, music=SoundTrack(music), voice=SoundTrack(voice, start=1.0, loop=False), loudness=-23.0
    )
    parts = stems(board, library)
    assert set(parts) == {"music", "voice"}
    together = sum(parts.values())
    assert np.allclose(together, mix(board, library), atol=2e-3)
    assert max(true_peak(part) for part in parts.values()) <= -1.0
    assert stems(Storyboard(duration=1.0), library) == {}


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (11_025, 2), (22_050, 1), (96_000, 2), (48_000, 6), (44_100, 8)]
)
def test_odd_rates_and_channels(library: Library, tmp_path: Path, rate: int, channels: int) -> None:
    asset = add_asset(
        library,
        make_wav(tmp_path / "x.wav", seconds=1.0, rate=rate, channels=channels),
        kind="audio",
        duration=1.0,
    )
    done = mix(Storyboard(duration=2.5, music=SoundTrack(asset)), library)
    assert done.shape == (2, round(2.5 * RATE))
    assert pitch(done, 0.3) == pytest.approx(440, abs=5)
    assert true_peak(done) <= -1.0


def test_the_centre_of_surround_sound_is_heard_on_both_sides(library: Library, tmp_path: Path) -> None:
    block = np.zeros((6, RATE), np.float32)
    block[2] = tone(1.0)[0]  # speech sits in the centre
    block[3] = 0.9  # the low-frequency channel is left out
    done = mix(Storyboard(duration=1.0, music=SoundTrack(keep(library, tmp_path / "s.wav", block))), library)
    assert pitch(done, 0.3) == pytest.approx(997, abs=5)
    assert np.array_equal(done[0], done[1])
    assert abs(done.mean()) < 1e-3


def test_a_four_hour_track_is_read_only_where_it_is_heard(library: Library, tmp_path: Path) -> None:
    rate, seconds, offset = 8000, 4 * 3600, 3 * 3600 + 1800
    path = tmp_path / "long.wav"
    size = seconds * rate * 2
    with path.open("wb") as file:  # a hole on the disk with a tone in it
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt ")
        file.write(
            struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16) + b"data" + struct.pack("<I", size)
        )
        file.seek(44 + offset * rate * 2)
        wave = 12_000 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
        file.write(wave.astype("<i2").tobytes())
        file.truncate(44 + size)
    asset = add_asset(library, path, kind="audio", duration=float(seconds))
    track = SoundTrack(asset, offset=float(offset), fade_in=0, fade_out=0)
    done = mix(Storyboard(duration=2.0, music=track), library)
    assert pitch(done, 1.0) == pytest.approx(440, abs=5)
    behind = SoundTrack(asset, offset=float(seconds + 5))
    assert not mix(Storyboard(duration=1.0, music=behind), library).any()


def test_broken_samples_and_figures_do_not_reach_the_mix(library: Library, tmp_path: Path) -> None:
    wave = tone(1.0)
    wave[:, 100:200] = np.nan
    wave[:, 300] = np.inf
    broken = keep(library, tmp_path / "nan.wav", wave)
    empty = add_asset(library, tmp_path / "e.wav", kind="audio") if _empty(tmp_path / "e.wav") else 0
    board = Storyboard(
        duration=1.0,
        music=SoundTrack(broken, offset=float("nan"), start=-3.0, gain=float("inf"), fade_in=float("inf")),
        effects=[SoundTrack(empty), SoundTrack(broken, start=99.0), SoundTrack(broken, length=1e-9)],
        loudness=float("nan"),
    )
    done = mix(board, library)
    assert np.isfinite(done).all()
    assert true_peak(done) <= -1.0
    assert mix(Storyboard(duration=0.0, music=SoundTrack(broken)), library).shape == (2, 0)
    assert mix_report(np.zeros((2, 0), np.float32), RATE).silent
    assert mix_report(np.zeros((2, RATE), np.float32), RATE).as_facts()["loudness_lufs"] is None


def _empty(path: Path) -> bool:
    soundfile.write(str(path), np.zeros((0, 1), np.float32), RATE, format="WAV")
    return True


def test_a_quiet_or_short_sound_is_not_blown_up() -> None:
    hiss = (np.random.default_rng(2).standard_normal((2, RATE)) * 1e-5).astype(np.float32)
    assert loudness(level(hiss, RATE), RATE) < -40 or not np.isfinite(loudness(level(hiss, RATE), RATE))
    click = np.zeros((2, 1000), np.float32)
    click[:, 500] = 2.0
    assert true_peak(level(click, RATE)) <= -1.0
