"""The music video: cuts on the beats of clicks whose times are known, a walk that follows the energy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.making.beats import RATE, Beats, find_beats
from mmstudio.composition.making.music_video import Shot, cut_points, walk_places
from mmstudio.composition.storyboard import ImageLayer
from mmstudio.errors import MediaError, StudioError, UsageError
from mmstudio.library import Library
from mmstudio.media.audio import write_wav
from support.libraries import add_asset
from support.media import make_mp4
from support.shop import Shop, make_shop, scene_photo

_WITHIN = 0.040  # seconds that a cut may be off its beat


def clicks(bpm: float, seconds: float, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Clicks over quiet noise, three times as loud in the middle third: samples at 22,050 Hz, and times."""
    rng = np.random.default_rng(seed)
    samples = (0.003 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)
    times = np.arange(0.37, seconds - 0.1, 60 / bpm)
    t = np.arange(round(0.03 * RATE)) / RATE
    tick = (np.sin(2 * np.pi * 1500 * t) * np.exp(-t / 0.006)).astype(np.float32)
    for at in times:
        start = round(at * RATE)
        loud = 0.6 if seconds / 3 < at < 2 * seconds / 3 else 0.2
        samples[start : start + len(tick)] += loud * tick
    return samples, times


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def track_of(shop: Shop, samples: NDArray[np.float32], name: str = "track") -> int:
    path = shop.folder / "media" / f"{name}.wav"
    write_wav(path, samples[None], RATE)
    return add_asset(shop.library, path, kind="audio", duration=len(samples) / RATE)


@pytest.mark.parametrize("bpm", [75, 90, 128, 143])
def test_every_cut_is_on_a_beat(bpm: int) -> None:
    samples, times = clicks(bpm, 24.0, bpm)
    heard = find_beats(samples)
    assert heard.tempo == pytest.approx(bpm, rel=0.04)
    for pace in ("calm", "normal", "fast"):
        cuts = np.array(cut_points(heard, pace, 30))
        assert cuts[0] == 0.0
        assert cuts[-1] == pytest.approx(24.0, abs=0.01)
        off = np.abs(cuts[1:-1, None] - times[None]).min(axis=1)
        assert off.max() < _WITHIN
        assert np.diff(cuts).min() >= 0.36


def test_loud_parts_are_cut_faster() -> None:
    samples, _ = clicks(120, 24.0)
    cuts = np.array(cut_points(find_beats(samples), "normal", 30))
    middle = np.count_nonzero((cuts > 8.5) & (cuts < 15.5))
    outside = np.count_nonzero((cuts > 0.5) & (cuts < 7.5))
    assert middle > 1.5 * outside


@pytest.mark.parametrize("samples", [np.zeros(5 * RATE), np.full(3 * RATE, np.nan), np.ones(RATE)])
def test_what_has_no_beat_is_cut_evenly(samples: NDArray[np.float64]) -> None:
    heard = find_beats(samples.astype(np.float32))
    assert heard.tempo == 0.0
    assert np.allclose(np.diff(heard.times), 0.5)
    assert np.all(heard.energy == 0.5)


def test_the_walk_goes_further_where_it_is_louder() -> None:
    heard = Beats(np.array([0.0, 4.0, 4.01, 8.0]), 120.0, np.array([0.0, 0.0, 1.0, 1.0]), 8.0)
    shown = [Shot(0.0, 2.0, None, 0.0), Shot(5.0, 7.0, None, 2.0)]
    keys, places = walk_places(heard, shown, 3, 4.0)
    steps = np.diff(places)
    assert steps[:7].max() < steps[9:].min()
    assert len(keys) == int(places[-1]) + 2
    assert walk_places(heard, shown, 3, 4.0) == (keys, places)


def board_of(shop: Shop, **given: object) -> Storyboard:
    return Composer(shop.library, None, None).compose("music-video", inputs=given)


def test_a_video_of_pictures_is_cut_on_the_beats(shop: Shop) -> None:
    samples, times = clicks(120, 12.0)
    track = track_of(shop, samples)
    media = shop.folder / "media"
    ids = [add_asset(shop.library, scene_photo(media / f"p{n}.png", n), width=480) for n in range(3)]
    board = board_of(shop, track_id=track, asset_ids=ids, title="Clicks", options={"pace": "fast"})
    starts = np.array([scene.start for scene in board.scenes][1:])
    assert np.abs(starts[:, None] - times[None]).min(axis=1).max() < _WITHIN
    # what is seen: the first frame that shows a scene, at 30 frames a second
    frames = np.arange(round(board.duration * board.fps)) / board.fps
    shown = np.array([board.scene_at(t) for t in frames])
    seen = frames[1:][np.diff(shown) > 0]
    assert np.abs(seen[:, None] - times[None]).min(axis=1).max() < _WITHIN
    assert all(scene.transition.kind == "cut" for scene in board.scenes)
    pictures = [layer.asset_id for s in board.scenes for layer in s.layers if isinstance(layer, ImageLayer)]
    assert all(a != b for a, b in itertools.pairwise(pictures))
    assert board.music is not None
    assert board.music.asset_id == track
    assert not board.music.loop
    assert board.copy["shot1.title"] == "Clicks"
    assert board.duration == pytest.approx(12.0, abs=0.01)


def test_without_items_the_pictures_are_seen_beside_the_clips(tmp_path: Path) -> None:
    with Library.create(tmp_path / "own.mmlib") as library:
        own = tmp_path / "own"
        own.mkdir()
        pictures = {add_asset(library, scene_photo(own / f"p{n}.png", n), width=480) for n in range(3)}
        write_wav(own / "track.wav", clicks(120, 8.0)[0][None], RATE)
        track = add_asset(library, own / "track.wav", kind="audio", duration=8.0)
        clip = add_asset(library, make_mp4(own / "clip.mp4"), kind="video", width=64, duration=1.0)
        board = Composer(library, None, None).compose("music-video", inputs={"track_id": track})
        seen = {getattr(layer, "asset_id", None) for scene in board.scenes for layer in scene.layers}
    assert pictures | {clip} <= seen


def test_only_the_beginning_of_a_long_track_is_used(shop: Shop) -> None:
    track = track_of(shop, clicks(100, 40.0)[0])
    board = board_of(shop, track_id=track, options={"seconds": 6})
    assert board.duration == pytest.approx(6.0, abs=0.01)
    assert board.music is not None
    assert board.music.length == pytest.approx(6.0, abs=0.01)


def test_what_is_no_track_or_too_short_is_said(shop: Shop) -> None:
    picture = shop.library.items.hero_of(shop.bag)
    with pytest.raises(MediaError, match="is not a sound"):
        board_of(shop, track_id=picture)
    with pytest.raises(MediaError, match="too short"):
        board_of(shop, track_id=track_of(shop, np.ones(RATE // 3, np.float32), "tap"))
    with pytest.raises(UsageError, match="needs a sound"):
        board_of(shop, asset_ids=[picture])


def test_a_track_whose_file_is_gone_is_said(shop: Shop) -> None:
    track = track_of(shop, clicks(120, 5.0)[0], "gone")
    (shop.folder / "media" / "gone.wav").unlink()
    with pytest.raises(StudioError, match="not there any more"):
        board_of(shop, track_id=track)


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    made = make_shop(tmp_path / "bare")
    track = track_of(made, clicks(120, 5.0)[0])
    for asset_id in made.library.assets.ids():
        if made.library.assets.get(asset_id).kind == "image":
            made.library.assets.set_status(asset_id, "missing")
    with pytest.raises(UsageError, match="nothing to show"):
        board_of(made, track_id=track)
    made.library.close()
