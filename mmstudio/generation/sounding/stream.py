"""Piece after piece for a loop or a bed, the next ones played on other cores while one is laid."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from itertools import chain, islice

from mmstudio.generation.sounding.cores import COUNT
from mmstudio.generation.sounding.fitting import Fitted, Target, choose, fitted
from mmstudio.generation.sounding.maker import BLOCK, Maker, Piece
from mmstudio.generation.sounding.wish import RATE

PATIENCE = 2  # blocks of latents looked through before silence is settled for
_LOOKS = 4
_HOME = 0.3  # how far each piece's surroundings are pulled back to the first one
_FILLS = (
    0.7  # of its length, that a piece fills once it is cut at a beat: .57 on average at a tempo, .75 without
)


class Stream:
    """Piece after piece, each near the one before; ``same`` gives the first one again and again.

    Which piece comes next is told by spectrograms alone, so that it does not wait for the one before to be
    played.

    Attributes:
        rejected: how many were silent among those given so far.
    """

    def __init__(self, maker: Maker, first: Piece, *, same: bool) -> None:
        self.maker, self.wish, self.same, self.rejected = maker, maker.wish, same, 0
        self.home = self._last = first
        self._target = Target()
        self._fills = max(round(_FILLS * maker.shape.seconds * RATE), 1)  # samples of a piece, about
        self._coming: deque[tuple[Future[Fitted], int]] = deque()
        self._ahead: Iterator[Piece] = iter(())
        self._kept: Fitted | None = None
        self._left = 0  # of the latents drawn around the last one
        self._several = maker.cores.several and self.wish.choosing >= 2 and not same

    def prepare(self) -> None:
        """Draw what may come next."""
        if self._several:
            self._surround(self.home)
            first = next(self._ahead)
            self._ahead = chain([first], self._ahead)

    def begin(self, target: Target) -> None:
        """State what pieces are brought to."""
        self._target = target

    def __call__(self, last: Fitted | None, left: int) -> Fitted:
        """The piece after ``last`` (None: the first), where ``left`` samples (at 44.1 kHz) are missing."""
        if last is None or self.same:
            if self._kept is None:
                self._look_ahead(left - self._fills)
                self._kept = self._fitted(self.home)
            return self._kept
        if not self._several:
            piece, rejected = self._next(last.piece)
            self.rejected += rejected
            return self._fitted(piece)
        if not self._coming:
            self._submit()
        self._look_ahead(left)
        coming, rejected = self._coming.popleft()
        self.rejected += rejected
        return coming.result()

    def _look_ahead(self, left: int) -> None:
        """Have pieces played that are likely to come, one for each core and one more."""
        while self._several and len(self._coming) <= COUNT and left > self._fills * len(self._coming):
            self._submit()

    def _submit(self) -> None:
        self._last, rejected = self._next(self._last)
        self._coming.append((self.maker.cores.submit(partial(self._fitted, self._last)), rejected))

    def _fitted(self, piece: Piece) -> Fitted:
        return fitted(piece, self._target, self.wish.stereo, self.wish.seed)

    def _surround(self, last: Piece) -> None:
        space = self.maker.space
        near = space.between(last.latent, self.home.latent, _HOME)
        latents = self.maker.near(near, self.wish.spread)
        self._ahead, self._left = self.maker.pieces(latents, throughout=True), BLOCK

    def _next(self, last: Piece) -> tuple[Piece, int]:
        """The piece after ``last``, and how many were silent before it."""
        rejected = 0
        for _ in range(PATIENCE):
            if self._left < _LOOKS:
                self._surround(last)
            some = list(islice(self._ahead, _LOOKS))
            self._left -= len(some)
            choice = choose(some, self._target)
            if choice is not None and not choice.below:
                return choice.piece, rejected + choice.rejected
            rejected += len(some)
        return last, rejected  # once more what sounded
