"""A wish becomes a sound."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.features.sounds.seam import quiet_start
from mmstudio.generation.latents.space import Floats
from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.finish import faded, level, trimmed
from mmstudio.generation.sounding.fitting import Fitted, Target, choose, fitted
from mmstudio.generation.sounding.hearing import Given, given
from mmstudio.generation.sounding.joining import Grid, Joined, join
from mmstudio.generation.sounding.maker import BLOCK, Maker, Piece
from mmstudio.generation.sounding.measure import Samples
from mmstudio.generation.sounding.plan import grid_of, tempo_of
from mmstudio.generation.sounding.timbre import colour_of, recoloured
from mmstudio.generation.sounding.wish import RATE, MadeSound, SoundWish, key_name, key_number
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation

CORES = min(2, os.cpu_count() or 1)  # that play pieces at once
PATIENCE = 2  # blocks of latents looked through before silence is settled for
MORE = 12.0  # seconds a given sound is gone on for, where none are asked for
_BETWEEN = 0.15  # spread around a place between two sounds, where the place itself is silent
_HOME = 0.3  # how far each piece's surroundings are pulled back to the first one
_END = 1.5  # seconds a bed fades out over
_HEARD = 12.0  # seconds of the result that tempo and key are measured in
_LONGEST_CARRIER = 120.0  # seconds
_FAINT = 1e-4  # of a spectrum: what is less in one sound does not take it away from another


def make_sound(generation: Generation, wish: SoundWish) -> MadeSound:
    """Make what is wished for. Loads torch: for the device thread or a job.

    Raises:
        UsageError: the wish cannot be had, or the model makes no sounds.
        NotFound: no such model, asset or file.
        StudioError: a sound given is silent. MediaError: it cannot be read.
    """
    making = making_sound(generation, wish)
    while True:
        try:
            next(making)
        except StopIteration as stop:
            made: MadeSound = stop.value
            return made


def making_sound(generation: Generation, wish: SoundWish) -> Generator[Progress, None, MadeSound]:
    """The same for a job: yields between pieces (a second of work at the most), returns the sound."""
    yield Progress(0, 100, tr("Preparing"))
    work = _Work(generation, wish.checked())
    for share in _making(work):
        yield Progress(round(90 * share), 100, tr("Making"))
    samples = work.samples
    around = wish.kind == "loop"
    samples, loudness = level(samples, RATE, wish.loudness, around)
    yield Progress(95, 100, tr("Measuring"))
    return MadeSound(samples, RATE, work.latents(), work.params(samples, loudness))


@dataclass(slots=True)
class _Work:
    """What is known while a wish is made."""

    generation: Generation
    wish: SoundWish
    samples: Samples = field(default_factory=lambda: np.zeros((2, 0), np.float32))
    used: list[Floats] = field(default_factory=list)
    heard: dict[str, Given] = field(default_factory=dict)
    rejected: int = 0
    below: int = 0
    grid: Grid | None = None
    maker: Maker = field(init=False)

    def __post_init__(self) -> None:
        self.maker = Maker(self.generation.sound_model(self.wish.model), self.wish)

    def given(self, part: str, source: Any, longest: float = 600.0) -> Given:
        """A sound the wish names, kept for the record."""
        found = given(source, self.generation.path_of, self.maker, longest)
        self.heard[part] = found
        return found

    def latents(self) -> Floats:
        """float32[K, L]."""
        return np.stack(self.used) if self.used else np.zeros((0, self.maker.space.length), np.float32)

    def params(self, samples: Samples, loudness: float) -> dict[str, Any]:
        """The record of the finished sound."""
        model, part = self.maker.model, samples[:, : round(_HEARD * RATE)]
        beat, key = measure.beat_and_key(part, RATE)
        tempo = None if beat is None or beat.sure < measure.SURE else beat.tempo
        if self.grid is not None and self.grid.tempo is not None:
            tempo = self.grid.tempo
        return {
            "wish": self.wish.as_json(),
            "weights": model.fingerprint,
            "steps": model.config.trained.get("steps", 0),
            "sources": sorted({found.asset for found in self.heard.values() if found.asset is not None}),
            "heard": {part: found.mark for part, found in self.heard.items() if found.mark},
            "seconds": round(samples.shape[1] / RATE, 3),
            "tempo": None if tempo is None else round(tempo, 2),
            "key": None if key is None or key[1] < measure.SURE / 3 else key_name(key[0]),
            "loudness": round(loudness, 2),
            "true_peak": round(measure.true_peak(samples), 2),
            "pieces": len(self.used),
            "rejected": self.rejected,
            "below_floor": self.below,
        }


def _making(work: _Work) -> Iterator[float]:
    wish, maker = work.wish, work.maker
    target = Target(wish.tempo, None if wish.key is None else key_number(wish.key))
    colour = None if wish.timbre_of is None else work.given("timbre_of", wish.timbre_of, 60.0)
    before: Samples | None = None
    carrier: Piece | None = None
    if wish.continue_from is not None:
        source = work.given("continue_from", wish.continue_from)
        before, anchor, target = _end_of(source, wish, maker, target)
        first = _first(work, maker.near(anchor, wish.spread), target, throughout=True)
    elif colour is not None and wish.like is not None:
        like = work.given("like", wish.like, _LONGEST_CARRIER)
        carrier = Piece(like.place(maker), RATE, like.sound(maker), 1.0)
        first = carrier
    else:
        first, anchor = _started(work, target)
    yield 0.1
    longest = 0.0 if wish.seconds is None else wish.seconds
    if wish.kind == "one-shot" and longest <= first.samples.shape[1] / first.rate + 0.01:
        work.samples = _one_shot(work, first, target)
        work.used = [first.latent]
    else:
        total = wish
        if before is not None:
            total = _rest(wish, before, work.heard["continue_from"].name)
        grid = grid_of(total, first)
        if before is not None:
            grid = Grid(grid.length, target.tempo or tempo_of(first))
        target = _settled(target, grid, first)
        with _Stream(work, first, target, carrier is not None) as stream:
            stream.left = grid.length
            joined: Joined = yield from _shares(join(grid, stream, before))
        work.grid = grid
        work.used = [first.latent] if carrier is not None else [one.piece.latent for one in joined.used]
        work.samples = joined.samples
        if before is not None:
            work.samples = np.concatenate([before, joined.samples], axis=1)
        if wish.kind == "loop" and wish.choosing >= 2:
            back = quiet_start(work.samples, RATE, np.random.default_rng(wish.seed % 2**63))
            work.samples = np.roll(work.samples, back, axis=1)
        if wish.kind != "loop":
            end = min(_END if wish.kind == "bed" else 0.4, 0.25 * work.samples.shape[1] / RATE)
            work.samples = faded(work.samples, RATE, 0.005, end)
    if colour is not None:
        work.samples = _coloured(work, colour, wish)


def _shares(joining: Generator[float, None, Joined]) -> Generator[float, None, Joined]:
    while True:
        try:
            share = next(joining)
        except StopIteration as stop:
            joined: Joined = stop.value
            return joined
        yield 0.1 + 0.8 * share


def _started(work: _Work, target: Target) -> tuple[Piece, Floats]:
    """The first piece, and the latent that all of it is around."""
    wish, maker = work.wish, work.maker
    itself = wish.index == 0 or wish.spread == 0.0
    if wish.between is not None:
        a, b = (work.given(f"between {i}", part, 60.0) for i, part in enumerate(wish.between))
        place = maker.space.between(a.place(maker), b.place(maker), wish.at)
        latents = maker.near(place, _BETWEEN, itself=True)
        piece = _first(work, latents, target, looks=1, throughout=False)
    elif wish.like is not None:
        place = work.given("like", wish.like, 60.0).place(maker)
        latents = maker.near(place, wish.spread, itself=itself)
        piece = _first(work, latents, target, looks=1 if itself else 0, throughout=False)
    else:
        piece = _first(work, None, target, throughout=wish.kind != "one-shot")
    return piece, piece.latent


def _first(work: _Work, latents: Floats | None, target: Target, *, throughout: bool, looks: int = 0) -> Piece:
    """The first piece: of given latents, and drawn from all that the model learned where those are silent."""
    maker = work.maker

    def pieces() -> Iterator[Piece]:
        for block in range(PATIENCE):
            yield from maker.pieces(
                latents if block == 0 and latents is not None else maker.draws(), throughout
            )

    choice = choose(pieces(), target, looks) if looks else choose(pieces(), target)
    assert choice is not None  # at least a silent one
    work.rejected += choice.rejected
    work.below += choice.below
    return choice.piece


def _settled(target: Target, grid: Grid, first: Piece) -> Target:
    """What all pieces are brought to: what was wished, else what the first one is."""
    key = target.key
    if key is None:
        from mmstudio.features.sounds.tonality import key_of

        found = key_of(first.chroma)
        key = found[0] if found is not None and found[1] >= measure.SURE else None
    return Target(grid.tempo, key)


class _Stream:
    """Piece after piece, each near the one before; the next ones are played on other cores while one is laid.

    Which piece comes next is told by spectrograms alone, so that it does not wait for the one before to be
    played.
    """

    def __init__(self, work: _Work, first: Piece, target: Target, same: bool) -> None:
        self.work, self.target, self.same = work, target, same
        self.home = self._last = first
        self.left = 0  # samples that are still to be filled at the least
        self._longest = round((work.maker.shape.seconds * 1.5 + 1.2) * RATE)  # that one piece fills
        self._coming: deque[tuple[Future[Fitted], int]] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._limits: Any = None
        self._ahead: Iterator[Piece] = iter(())
        self._kept: Fitted | None = None
        self._left = 0

    def __enter__(self) -> _Stream:
        if self.work.wish.choosing >= 2 and not self.same:
            from threadpoolctl import threadpool_limits

            # Each piece on one core: the threads that libraries begin for small sums wait for each other,
            # and take from these (a bed 21 times as fast as it plays with them, 28 without).
            self._limits = threadpool_limits(1)
            alone = partial(threadpool_limits, 1, "openmp")  # counts for the thread that asks
            if CORES > 1:
                self._pool = ThreadPoolExecutor(CORES, thread_name_prefix="pieces", initializer=alone)
        return self

    def __exit__(self, *_: object) -> None:
        if self._limits is not None:
            self._limits.restore_original_limits()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, last: Fitted | None) -> Fitted:
        if last is None or self.same:
            if self._kept is None:
                self._look_ahead(self.left - self._longest)
                self._kept = self._fitted(self.home)
            return self._kept
        if self._pool is None:
            piece, rejected = self._next(last.piece)
            self.work.rejected += rejected
            return self._fitted(piece)
        self.left -= last.samples.shape[1]
        if not self._coming:
            self._submit()
        self._look_ahead(self.left)
        coming, rejected = self._coming.popleft()
        self.work.rejected += rejected
        return coming.result()

    def _look_ahead(self, left: int) -> None:
        """Have pieces played that surely come, one for each core and one more."""
        while self._pool is not None and len(self._coming) <= CORES:
            if left <= self._longest * len(self._coming):
                break
            self._submit()

    def _submit(self) -> None:
        assert self._pool is not None
        self._last, rejected = self._next(self._last)
        self._coming.append((self._pool.submit(self._fitted, self._last), rejected))

    def _fitted(self, piece: Piece) -> Fitted:
        return fitted(piece, self.target, self.work.wish.stereo, self.work.wish.seed)

    def _next(self, last: Piece) -> tuple[Piece, int]:
        """The piece after ``last``, and how many were silent before it."""
        maker, space = self.work.maker, self.work.maker.space
        looks, rejected = 4, 0
        for _ in range(PATIENCE):
            if self._left < looks:
                near = space.between(last.latent, self.home.latent, _HOME)
                spread = self.work.wish.spread
                self._ahead, self._left = maker.pieces(maker.near(near, spread), throughout=True), BLOCK
            some = list(islice(self._ahead, looks))
            self._left -= len(some)
            choice = choose(some, self.target)
            if choice is not None and not choice.below:
                return choice.piece, rejected + choice.rejected
            rejected += len(some)
        return last, rejected  # once more what sounded


def _one_shot(work: _Work, piece: Piece, target: Target) -> Samples:
    wish = work.wish
    samples = fitted(piece, target, wish.stereo, wish.seed, once=True).samples
    samples = trimmed(samples, RATE)
    if wish.seconds is not None:
        samples = samples[:, : round(wish.seconds * RATE)]
    return faded(samples, RATE, end=0.3 if piece.around else 0.03)


def _end_of(source: Given, wish: SoundWish, maker: Maker, target: Target) -> tuple[Samples, Floats, Target]:
    """What is gone on from up to where it is left (a copy), the latent of its end, and its tempo and key."""
    samples = source.sound(maker)
    if not wish.stereo:
        samples = np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
    step = RATE // 20
    short = [float(np.sqrt(np.square(part).mean())) for part in _steps(samples, step)]
    loud = np.flatnonzero(np.array(short) > 0.25 * np.median([s for s in short if s > 0.1 * max(short)]))
    end = min(samples.shape[1], (int(loud[-1]) + 1) * step)
    tail = samples[:, max(0, end - round(12.0 * RATE)) : end]
    beat = measure.beat_of(tail, RATE)
    tempo, key = target.tempo, target.key
    if beat is not None and beat.sure >= measure.SURE:
        tempo = tempo or beat.tempo
        period = 60 / beat.tempo * RATE
        first = end - tail.shape[1] + beat.first * RATE
        beats = int((end - first) / period)
        end = round(first + beats * period) if beats >= 1 else end
    if key is None:
        found = measure.key_of(tail, RATE)
        key = found[0] if found is not None and found[1] >= measure.SURE else None
    piece = round(maker.shape.seconds * RATE)
    source.latent = maker.hear(samples[:, max(0, end - piece) : end], RATE)
    return samples[:, :end].copy(), source.latent, Target(tempo, key)


def _steps(samples: Samples, step: int) -> Iterator[Samples]:
    for at in range(0, samples.shape[1], step):
        yield samples[:, at : at + step]


def _rest(wish: SoundWish, before: Samples, name: str) -> SoundWish:
    """The wish for what comes after a given sound."""
    from dataclasses import replace

    rest = MORE if wish.seconds is None else wish.seconds - before.shape[1] / RATE
    if rest < 0.5:
        raise UsageError(
            "{name} is {seconds} seconds long already.",
            hint="Ask for more seconds than that.",
            name=name,
            seconds=round(before.shape[1] / RATE, 1),
        )
    return replace(wish, seconds=rest)


def _coloured(work: _Work, colour: Given, wish: SoundWish) -> Samples:
    """The sound in another's colour: its spectrum's envelope, half of it as the model hears it where it
    can."""
    maker = work.maker
    wanted, texture = colour_of(colour.sound(maker), RATE), colour.sound(maker)
    if maker.model.encoder is not None and work.used:
        place = maker.space.between(work.used[0], colour.place(maker), wish.amount)
        piece = next(maker.pieces(place[None], throughout=False))
        if piece.score >= 1.0:
            own = fitted(piece, Target(), wish.stereo, wish.seed).samples
            wanted = np.sqrt((wanted + _FAINT) * (colour_of(own, RATE) + _FAINT))
            wanted = np.asarray(wanted / wanted.sum(), np.float32)
    return recoloured(work.samples, texture, wanted, wish.amount, RATE, wish.kind == "loop")
