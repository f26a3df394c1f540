"""Shots of videos: found where they were cut, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import MediaError
from mmstudio.features import Features
from mmstudio.features.loading import load_media
from mmstudio.features.videos import scenes as looking
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import Scene
from mmstudio.media.video import VideoReader
from support.clips import flash, shot, write_frames
from support.library import add_files
from support.media import make_mp4

LENGTHS = (30, 22, 41, 15)
STARTS = np.cumsum((0, *LENGTHS[:-1])) / 25


def cut_film(path: Path, *, pan: float = 1.0, times: list[float] | None = None, key_every: int = 250) -> Path:
    frames = [frame for seed, length in enumerate(LENGTHS) for frame in shot(length, 11 * seed + 1, pan=pan)]
    return write_frames(path, frames, times, key_every=key_every)


def scenes_of(path: Path) -> list[Scene]:
    with VideoReader(path) as reader:
        return looking.find_scenes(reader)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("pan", [0.0, 1.0, 3.0])
def test_cuts_are_found_to_the_frame(tmp_path: Path, suffix: str, pan: float) -> None:
    found = scenes_of(cut_film(tmp_path / f"film.{suffix}", pan=pan))
    np.testing.assert_allclose([scene.start for scene in found], STARTS, atol=0.005)
    assert found[-1].stop == pytest.approx(sum(LENGTHS) / 25, abs=0.05)
    for before, after in pairwise(found):
        assert before.stop == after.start
    assert all(scene.start <= scene.key_time < scene.stop for scene in found)


def test_times_of_a_variable_frame_rate_are_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    gaps = rng.choice([0.02, 0.04, 0.2], sum(LENGTHS))
    times = (np.cumsum(gaps) - gaps[0]).tolist()
    found = scenes_of(cut_film(tmp_path / "film.mkv", times=times))
    expected = [times[i] for i in np.cumsum((0, *LENGTHS[:-1]))]
    np.testing.assert_allclose([scene.start for scene in found], expected, atol=0.005)


def test_pans_noise_and_flashes_are_no_cuts(tmp_path: Path) -> None:
    frames = shot(75, 3, pan=4.0, noise=12.0)
    flash(frames, 30)
    assert len(scenes_of(write_frames(tmp_path / "one.mp4", frames))) == 1
    assert len(scenes_of(write_frames(tmp_path / "black.mp4", [np.zeros((64, 96, 3), np.uint8)] * 20))) == 1


def test_single_frame_and_very_short_shots(tmp_path: Path) -> None:
    (only,) = scenes_of(write_frames(tmp_path / "frame.mp4", shot(1, 1)))
    assert only.start == only.key_time == 0.0 < only.stop
    frames = shot(20, 1) + shot(2, 12) + shot(20, 23)  # two frames flash by: not a shot of its own
    found = scenes_of(write_frames(tmp_path / "brief.mp4", frames))
    assert len(found) == 2


def test_long_videos_are_looked_at_in_key_frames(tmp_path: Path) -> None:
    with VideoReader(cut_film(tmp_path / "film.mp4", key_every=10)) as reader:
        found = looking.find_scenes(reader, whole=False)
    np.testing.assert_allclose([scene.start for scene in found], [0, 1.2, 2.4, 4.0], atol=0.005)
    assert found[-1].stop == pytest.approx(sum(LENGTHS) / 25, abs=0.05)


def test_real_clips_are_single_shots() -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "clips"
    paths = sorted(folder.glob("*.mkv"))
    if not paths:
        pytest.skip("the real clips of ../shared/data are not here")
    assert [len(scenes_of(path)) for path in paths] == [1] * len(paths)


def test_key_times_share_the_frames_by_length() -> None:
    shots = [Scene(0, 8, 3), Scene(8, 9, 8.2), Scene(9, 9.4, 9.1)]
    found = looking.key_times(shots, 8)
    assert len(found) == 8
    assert [t for t, _ in found][-2:] == [8.2, 9.1]
    assert sum(weight for _, weight in found) == pytest.approx(1)
    in_first = sum(weight for t, weight in found if t < 8)
    assert in_first == pytest.approx(8 / 9.4, abs=1e-6)
    many = [Scene(i, i + 1 + i % 3, i + 0.5) for i in range(30)]
    assert len(looking.key_times(many, 8)) == 8


def test_truncated_video_gives_what_comes_before(tmp_path: Path) -> None:
    whole = cut_film(tmp_path / "film.mkv").read_bytes()
    path = tmp_path / "broken.mkv"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    clip = load_media("video", path, 64, (None, None), None)
    assert 1 <= len(clip.scenes) < len(LENGTHS) + 1
    assert clip.scenes[-1].stop < sum(LENGTHS) / 25
    assert len(clip.frames) == len(clip.weights) >= 1
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(cut_film(tmp_path / "film.mp4").read_bytes()[:2000])
    with pytest.raises(MediaError):
        load_media("video", headless, 64, (None, None), None)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "films.mmlib") as opened:
        yield opened


def test_features_write_scenes_and_measures(library: Library, tmp_path: Path) -> None:
    talk = make_mp4(tmp_path / "m" / "talk.mp4", audio=True, seconds=2)
    cut, spoken = add_files(library, cut_film(tmp_path / "m" / "film.mp4"), talk)
    features = Features(library, "cpu")
    result = run_inline(features.work(extractor="video-cnn"))
    features.close()
    assert result["extracted"] == {"video-cnn": 2}
    assert len(library.facts.scenes_of(cut)) == len(LENGTHS)
    told = library.facts.measures_of([cut, spoken])
    assert told[cut]["scenes"] == 4
    assert told[spoken]["scenes"] == 1
    assert {"sharpness", "exposure", "contrast", "colourfulness"} <= set(told[cut])
    assert "loudness" not in told[cut]
    assert -40 < told[spoken]["loudness"] < -5


def test_weights_of_shots_reach_the_vector(library: Library, tmp_path: Path) -> None:
    long_then_short = [*shot(60, 1, pan=0, noise=0), *shot(12, 45, pan=0, noise=0)]
    names = ["both.mp4", "first.mp4", "second.mp4"]
    parts = [long_then_short, shot(60, 1, pan=0, noise=0), shot(60, 45, pan=0, noise=0)]
    ids = add_files(
        library, *(write_frames(tmp_path / "m" / n, f) for n, f in zip(names, parts, strict=True))
    )
    features = Features(library, "cpu")
    run_inline(features.work(extractor="video-cnn"))
    found, raw = features.matrix("video-cnn", normalised=False)
    features.close()
    both, first, second = (raw[found.tolist().index(i), :-121] for i in ids)
    share = float((both - second) @ (first - second) / ((first - second) @ (first - second)))
    assert share == pytest.approx(60 / 72, abs=0.08)
