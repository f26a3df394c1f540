"""How long a sound becomes and where its beats fall."""

from __future__ import annotations

import numpy as np

from mmstudio.generation.sounding.finish import sounding
from mmstudio.generation.sounding.joining import FADE_BEAT, FADE_FREE, Grid
from mmstudio.generation.sounding.maker import Piece
from mmstudio.generation.sounding.wish import FASTEST, RATE, SLOWEST, SoundWish

BED = 30.0  # seconds, where none are asked for
_BAR = 4  # beats
_SLACK = 0.1  # of a piece without a beat, for a place where its end meets its beginning well


def grid_of(wish: SoundWish, piece: Piece) -> Grid:
    """The grid of a loop or a bed that begins with ``piece``.

    A loop at a wished tempo is whole bars of four beats long (whole beats where that is less than a bar), the
    nearest to the wished seconds. Without a wished tempo it is exactly as long as wished, and the piece's
    beat is bent a little so that a whole number fits. Without either it is as long as the piece gives.
    """
    if wish.kind == "loop":
        return _loop(wish, piece)
    length = round((wish.seconds or BED) * RATE)
    return Grid(length, wish.tempo or tempo_of(piece))


def tempo_of(piece: Piece) -> float | None:
    """A piece's own beats per minute, brought into 40 to 210; None without a beat."""
    if piece.beat is None:
        return None
    tempo = piece.beat.tempo
    while tempo > FASTEST:
        tempo /= 2
    while tempo < SLOWEST:
        tempo *= 2
    return tempo


def sounding_seconds(piece: Piece) -> float:
    """How long a piece sounds for; all of one that runs into its beginning."""
    count = int(piece.samples.shape[1])
    if piece.around:
        return count / piece.rate
    return sounding(piece.samples, piece.rate) / piece.rate


def _loop(wish: SoundWish, piece: Piece) -> Grid:
    own: float = sounding_seconds(piece)
    if wish.tempo is not None:
        beats = (wish.seconds or own) * wish.tempo / 60
        whole = _BAR * round(beats / _BAR) if beats >= 0.75 * _BAR else round(beats)
        return Grid(round(max(whole, 1) * 60 / wish.tempo * RATE), wish.tempo, around=True)
    tempo = tempo_of(piece)
    if wish.seconds is not None:
        length = round(wish.seconds * RATE)
        if tempo is not None:
            beats = max(1, round(wish.seconds * tempo / 60))
            bent = beats * 60 * RATE / length
            tempo = bent if abs(np.log2(bent / tempo)) < 0.2 else None
        return Grid(length, tempo, around=True)
    if tempo is not None and piece.beat is not None:
        usable = own if piece.around else own - max(piece.beat.first, FADE_BEAT) - 0.02
        beats = int(usable * tempo / 60 + 0.02)
        if beats >= 1:
            beats -= beats % _BAR if beats >= _BAR else 0
            return Grid(round(beats * 60 / tempo * RATE), tempo, around=True)
    free = own if piece.around else max((own - FADE_FREE) * (1 - _SLACK), 0.2)
    return Grid(round(free * RATE), None, around=True)
