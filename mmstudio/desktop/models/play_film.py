"""A walk that plays in the page: frames made ahead on the device thread, shown by the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.models.play_link import PlayLink
from mmstudio.generation.latents.point import Point

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player, Walk

FPS = 24
MOST_FRAMES = 480  # kept in memory; a longer film shows every other frame, or fewer
_TICK_MS = 1000 // FPS
_SHOWN = 512  # longest side of a frame kept, pixels


class FilmPlayer(QObject):
    """Makes and plays a walk; a late frame is dropped. Frames stay until another walk is wanted, so that a
    second showing starts at once.

    Signals:
        shown: a frame. ended. made: how many frames are there, of how many.
    """

    shown = Signal(QImage)
    ended = Signal()
    made = Signal(int, int)

    def __init__(self, link: PlayLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._frames: list[QImage] = []
        self._wanted = 0
        self._seconds = 1.0
        self._key: object = None
        self._loop = True
        self._started = 0.0
        self._last = -1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.playing = False

    @property
    def frames(self) -> list[QImage]:
        """The frames made so far."""
        return self._frames

    @property
    def wanted(self) -> int:
        """How many frames the walk has."""
        return self._wanted

    def play(self, points: Sequence[Point], seconds: float, kind: Walk) -> None:
        """Play a walk through points, from its beginning."""
        info = self._link.info
        if not points or info is None:
            return
        frames = max(2, round(seconds * FPS))
        while frames > MOST_FRAMES:
            frames = -(-frames // 2)
        key = (info.name, info.fingerprint, tuple(map(id, points)), frames, kind)
        whole = len(self._frames) == self._wanted > 0
        self._loop, self._seconds = kind == "loop", seconds
        if key != self._key or not whole:
            self.forget()
            self._key, self._wanted = key, frames
            self._points = list(points)  # held, so that their identity stays theirs
            self._link.call(
                "walk", lambda player: _way(player, points, frames, kind), partial(self._found, key)
            )
        self.playing = True
        self._last = -1
        self._started = time.perf_counter()
        self._timer.start()
        self.made.emit(len(self._frames), self._wanted)

    def stop(self) -> None:
        """Stop playing and making."""
        self._timer.stop()
        self._link.stop("film")
        if self.playing:
            self.playing = False
            self.ended.emit()

    def forget(self) -> None:
        """Drop the frames."""
        self._link.stop("film")
        self._frames, self._wanted, self._key = [], 0, None

    def _found(self, key: object, points: list[Point]) -> None:
        if key == self._key and self.playing:
            self._link.several("film", points, self._frame)

    def _frame(self, _place: int, image: QImage) -> None:
        if max(image.width(), image.height()) > _SHOWN:
            image = image.scaled(
                _SHOWN, _SHOWN, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        if not self._frames:
            self._started = time.perf_counter()
        self._frames.append(image)
        self.made.emit(len(self._frames), self._wanted)

    def tick(self, now: float | None = None) -> None:
        """Show the frame of this moment (``now`` seconds since the beginning, by the clock where None)."""
        if not self._frames:
            return
        since = time.perf_counter() - self._started if now is None else now
        place = int(since * self._wanted / self._seconds)
        whole = len(self._frames) == self._wanted
        if not whole:
            if place >= len(self._frames):  # what is not there yet is waited for, not skipped
                place = len(self._frames) - 1
                self._started = time.perf_counter() - place * self._seconds / self._wanted
        elif self._loop:
            place %= self._wanted
        elif place >= self._wanted:
            self.shown.emit(self._frames[-1])
            self.stop()
            return
        if place != self._last:
            self._last = place
            self.shown.emit(self._frames[place])


def _way(player: Player, points: Sequence[Point], frames: int, kind: Any) -> list[Point]:
    return list(player.walk(list(points), frames, kind))
