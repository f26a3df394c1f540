"""Pieces laid end to end and in a ring: lengths, beats, seams and levels, on pieces made here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.finish import faded
from mmstudio.generation.sounding.fitting import Fitted, Target, choose, fitted
from mmstudio.generation.sounding.joining import Grid, Joined, crossfaded, join
from mmstudio.generation.sounding.maker import Piece
from mmstudio.generation.sounding.plan import grid_of
from mmstudio.generation.sounding.wish import RATE, SoundWish
from support import waves

LOW = 22_050


def piece(samples: np.ndarray, rate: int = LOW, score: float = 1.0, around: bool = False) -> Piece:
    return Piece(np.zeros(4, np.float32), rate, np.atleast_2d(samples).astype(np.float32), score, around)


def chord(root: float, seconds: float = 3.0, level: float = 0.2) -> np.ndarray:
    t = np.arange(round(seconds * LOW)) / LOW
    parts = [np.sin(2 * np.pi * root * ratio * t + ratio) / ratio for ratio in (1, 1.25, 1.5, 2)]
    return level * np.sum(parts, axis=0)


def joined(
    grid: Grid, following: Callable[[Fitted | None, int], Fitted], before: np.ndarray | None = None
) -> Joined:
    work = join(grid, following, before)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: Joined = stop.value
            return result


def in_turn(*pieces: Piece, tempo: float | None = None) -> Callable[[Fitted | None, int], Fitted]:
    ready = [fitted(one, Target(tempo), stereo=True, seed=0) for one in pieces]
    count = iter(range(10_000))
    return lambda last, left: ready[next(count) % len(ready)]


def test_a_bed_of_different_pieces_has_no_click_and_no_gap() -> None:
    grid = Grid(round(20.5 * RATE))
    made = joined(grid, in_turn(piece(chord(220)), piece(chord(247, level=0.05)), piece(chord(196, 2.0))))
    assert made.samples.shape == (2, grid.length)
    assert len(made.used) == len(made.seams) + 1 > 7
    assert len(measure.clicks(faded(made.samples, RATE), RATE)) == 0
    level = np.sqrt(np.square(made.samples).mean(axis=0).reshape(-1, RATE // 4).mean(axis=1))
    assert level.max() / level.min() < 10 ** (4 / 20)  # the quiet piece is brought up, cross-fades do not dip


def test_a_ring_of_one_piece_closes() -> None:
    made = joined(Grid(round(2.2 * RATE), around=True), in_turn(piece(chord(220.7))))
    assert len(measure.clicks(made.samples, RATE, around=True)) == 0
    assert measure.seam_decibel(made.samples, RATE, np.random.default_rng(0)) < -20


@pytest.mark.parametrize("tempo", [110.0, 140.0])
def test_beats_are_brought_to_the_tempo_and_stay_on_it(tempo: float) -> None:
    drums = piece(waves.clicks(124, 3.0))
    wish = SoundWish("m", kind="loop", tempo=tempo, seconds=6.0)
    grid = grid_of(wish, drums)
    beats = grid.length / grid.period
    assert beats == pytest.approx(round(beats), abs=1e-3)
    assert round(beats) % 4 == 0
    made = joined(grid, in_turn(drums, tempo=tempo))
    twice = np.concatenate([made.samples, made.samples], axis=1)  # heard over the seam
    found = measure.beat_of(twice, RATE)
    assert found is not None
    assert found.tempo == pytest.approx(tempo, rel=0.01)
    assert found.sure > 0.7
    energy = np.square(twice).mean(axis=0)
    period = round(grid.period)
    starts = np.arange(round(found.first * RATE), twice.shape[1] - period, grid.period).astype(int)
    hits = [energy[s - 800 : s + 1500].sum() / energy[s - 800 : s - 800 + period].sum() for s in starts[1:]]
    assert min(hits) > 0.7  # no beat is early, late, doubled or missing


def test_a_loop_of_wished_seconds_is_exactly_so_long_and_its_beats_fit() -> None:
    grid = grid_of(SoundWish("m", kind="loop", seconds=5.0), piece(waves.clicks(100, 3.0)))
    assert grid.length == 5 * RATE
    assert grid.tempo == pytest.approx(96.0, rel=0.02)
    assert grid_of(SoundWish("m", kind="loop", seconds=5.0), piece(chord(220))).tempo is None
    own = grid_of(SoundWish("m", kind="loop"), piece(waves.clicks(100, 3.0)))
    assert own.length / own.period == pytest.approx(4.0, abs=0.01)


def test_a_piece_that_runs_into_itself_stays_as_it_is() -> None:
    wave = chord(220, 2.0)  # whole periods of all four tones
    grid = grid_of(SoundWish("m", kind="loop"), piece(wave, around=True))
    assert grid.length == 2 * RATE
    made = joined(grid, in_turn(piece(wave, around=True)))
    assert measure.seam_decibel(made.samples, RATE, np.random.default_rng(0)) < -30


def test_what_is_gone_on_from_is_kept_up_to_the_cross_fade() -> None:
    before = np.repeat(
        np.interp(np.arange(2 * RATE) / 2, np.arange(2 * LOW), chord(220, 2.0))[None], 2, axis=0
    )
    before = before.astype(np.float32)
    kept = before.copy()
    made = joined(Grid(4 * RATE), in_turn(piece(chord(330, level=0.06))), before)
    assert np.array_equal(before[:, : -RATE // 3], kept[:, : -RATE // 3])
    whole = np.concatenate([before, made.samples], axis=1)
    assert len(measure.clicks(faded(whole, RATE), RATE)) == 0
    level = np.sqrt(np.square(whole).mean(axis=0).reshape(-1, RATE // 4).mean(axis=1))
    assert level.max() / level.min() < 10 ** (4 / 20)


def test_a_cross_fade_is_as_loud_as_what_it_joins() -> None:
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((2, 8000)).astype(np.float32) for _ in range(2))
    for old, new in ((a, b), (a, a)):
        power = np.square(crossfaded(old, new)).mean(axis=0).reshape(8, -1).mean(axis=1)
        assert power.min() > 0.85
        assert power.max() < 1.15


def test_the_piece_that_needs_least_bending_is_chosen() -> None:
    slow, right, silent = waves.clicks(95, 3.0), waves.clicks(121, 3.0), waves.clicks(120, 3.0)
    found = choose([piece(silent, score=0.5), piece(slow), piece(right)], Target(tempo=120.0))
    assert found is not None
    assert np.array_equal(found.piece.samples[0], right)
    assert (found.rejected, found.below) == (1, False)
    only = choose([piece(silent, score=0.2), piece(slow, score=0.5)], Target())
    assert only is not None
    assert only.below
    assert only.piece.score == 0.5
    assert choose([], Target()) is None


def test_a_piece_is_moved_into_the_wished_key() -> None:
    made = fitted(piece(waves.chords(0, "major")), Target(key=2), stereo=False, seed=0)
    key = measure.key_of(made.samples, RATE)
    assert key is not None
    assert key[0] == 2
    assert np.array_equal(made.samples[0], made.samples[1])
