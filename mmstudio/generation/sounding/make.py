"""A wish becomes a sound."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.features.sounds.seam import quiet_start
from mmstudio.generation.latents.space import Floats
from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.cores import Cores
from mmstudio.generation.sounding.finish import faded, level, trimmed
from mmstudio.generation.sounding.fitting import Target, choose, fitted
from mmstudio.generation.sounding.hearing import Given, given
from mmstudio.generation.sounding.joining import Grid, Joined, join
from mmstudio.generation.sounding.maker import Maker, Piece
from mmstudio.generation.sounding.measure import Samples
from mmstudio.generation.sounding.plan import grid_of, tempo_of
from mmstudio.generation.sounding.stream import PATIENCE, Stream
from mmstudio.generation.sounding.timbre import colour_of, recoloured
from mmstudio.generation.sounding.wish import RATE, MadeSound, SoundWish, key_name, key_number
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation

MORE = 12.0  # seconds a given sound is gone on for, where none are asked for
_FULL = 0.85  # of a piece, that it fills at the most when it is cut at a beat
_BETWEEN = 0.15  # spread around a place between two sounds, where the place itself is silent
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
    model = generation.sound_model(wish.checked().model)
    with Cores() as cores:
        work = _Work(generation, wish, Maker(model, wish, cores))
        for share in _making(work):
            yield Progress(round(90 * share), 100, tr("Making"))
        samples, loudness = level(work.samples, RATE, wish.loudness, wish.kind == "loop", cores.each)
        yield Progress(95, 100, tr("Measuring"))
        return MadeSound(samples, RATE, work.latents(), work.params(samples, loudness))


@dataclass(slots=True)
class _Work:
    """What is known while a wish is made."""

    generation: Generation
    wish: SoundWish
    maker: Maker
    samples: Samples = field(default_factory=lambda: np.zeros((2, 0), np.float32))
    used: list[Floats] = field(default_factory=list)
    heard: dict[str, Given] = field(default_factory=dict)
    rejected: int = 0
    below: int = 0
    grid: Grid | None = None

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
        hearing = self.maker.cores.submit(lambda: measure.beat_and_key(part, RATE))
        peak = measure.true_peak(samples, self.maker.cores.each)
        beat, key = hearing.result()
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
            "true_peak": round(peak, 2),
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
    playing = maker.cores.submit(first.play)
    stream = Stream(maker, first, same=carrier is not None)
    if _goes_on(wish, maker):
        stream.prepare()  # while the first is played
    yield 0.1
    playing.result()
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
        stream.begin(target)
        joined: Joined = yield from _shares(join(grid, stream, before))
        work.rejected += stream.rejected
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


def _goes_on(wish: SoundWish, maker: Maker) -> bool:
    """Whether a second piece is likely to be needed."""
    if wish.kind == "bed":
        return True
    usual = maker.shape.seconds if wish.tempo is not None else 0.0
    return (wish.seconds or usual) > _FULL * maker.shape.seconds


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
    # Several are looked at where something matters, or much is silent: they are drawn side by side.
    many = target.any or (throughout and work.wish.kind == "loop")
    ahead = 1 if many and maker.cores.several and looks != 1 else 0

    def pieces() -> Iterator[Piece]:
        for block in range(PATIENCE):
            some = latents if block == 0 and latents is not None else maker.draws()
            yield from maker.pieces(some, throughout, ahead)

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
