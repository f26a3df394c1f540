"""One sound being played: position, play and pause, seeking, and another sound at the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock, open_clock
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext

_TICK_MS = 33
_told: WeakSet[QObject] = WeakSet()  # contexts in which it was said that there is no sound device
_END_S = 0.02


class SoundPlay(QObject):
    """Without a sound device time still runs, and a notice says so once.

    Signals:
        moved: seconds from the start.
        running: True while it plays.
    """

    moved = Signal(float)
    running = Signal(bool)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._clock: SoundClock | SilentClock = SilentClock()
        self._samples: NDArray[np.float32] = np.zeros((1, 0), np.float32)
        self._rate = 44_100
        self._position = 0.0
        self._load = 0  # number of the sound in hand: a device that opens late is given back
        self._ready = self._opening = False
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def playing(self) -> bool:
        """True while time runs."""
        return self._timer.isActive()

    @property
    def silent(self) -> bool:
        """True while no sound device plays."""
        return self._clock.silent

    @property
    def position(self) -> float:
        """Seconds from the start."""
        return self._position

    @property
    def duration(self) -> float:
        """Seconds; 0 without a sound."""
        return self._samples.shape[1] / self._rate if self._rate else 0.0

    @property
    def samples(self) -> NDArray[np.float32]:
        """float32[C, N], one or two channels."""
        return self._samples

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self._rate

    def set_sound(self, samples: NDArray[np.float32], rate: int) -> None:
        """Take float32[C, N]; of more than two channels the first two are heard. Nothing plays by itself."""
        self.clear()
        self._samples, self._rate = np.ascontiguousarray(samples[:2], np.float32), rate
        self._show(0.0)

    def swap(self, samples: NDArray[np.float32]) -> None:
        """Go on with another sound of the same rate and channels at the same place, without a gap."""
        playing = self.playing
        same = samples.shape[0] == self._samples.shape[0]
        self._samples = np.ascontiguousarray(samples, np.float32)
        if isinstance(self._clock, SoundClock) and same:
            self._clock.swap(self._samples)
        elif isinstance(self._clock, SoundClock):
            self._give_back()
        if self._position > self.duration:
            self.pause()
            self._show(self.duration)
        elif playing and not self._ready:
            self.toggle()

    def clear(self) -> None:
        """Fall silent and give the device back."""
        was = self.playing
        self._timer.stop()
        self._give_back()
        self._samples = np.zeros((1, 0), np.float32)
        self._position = 0.0
        if was:
            self.running.emit(False)
        self.moved.emit(0.0)

    def _give_back(self) -> None:
        self._load += 1
        if isinstance(self._clock, SoundClock):
            self._clock.close()
        self._clock, self._ready, self._opening = SilentClock(), False, False

    def toggle(self) -> None:
        """Play or pause. The sound device is taken, in a worker, when something is first to be heard."""
        if self.playing:
            self.pause()
        elif self.duration and self._ready:
            self._play()
        elif self.duration and not self._opening:
            self._opening = True
            samples, rate, load = self._samples, self._rate, self._load
            loud = self._context.settings.volume

            def ready(clock: SoundClock | SilentClock) -> None:
                if load != self._load or self._ready:
                    if isinstance(clock, SoundClock):
                        clock.close()
                    return
                self._opening = False
                self._use(clock)
                self._play()

            self._context.background(lambda: open_clock(samples, rate, loud), ready, owner=self)

    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            self._timer.stop()
            self._clock.stop()
            self.running.emit(False)

    def seek(self, seconds: float) -> None:
        """Go to a position; playing goes on from there."""
        if not self.duration:
            return
        seconds = max(0.0, min(seconds, self.duration))
        if self.playing:
            self._clock.stop()
            self._clock.start(seconds)
        self._show(seconds)

    def set_volume(self, volume: float) -> None:
        """0 to 1; remembered."""
        if isinstance(self._clock, SoundClock):
            self._clock.set_volume(volume)
        self._context.change_setting("volume", volume)

    def _play(self) -> None:
        self._clock.start(0.0 if self._position >= self.duration - _END_S else self._position)
        self._timer.start()
        self.running.emit(True)

    def _use(self, clock: SoundClock | SilentClock) -> None:
        self._clock, self._ready = clock, True
        if isinstance(clock, SoundClock):
            clock.swap(self._samples)  # it may have been swapped while the device was opened
        elif self._context not in _told:
            _told.add(self._context)
            tell_silent(self._context)

    def _tick(self) -> None:
        position = self._clock.position()
        if position >= self.duration:
            self.pause()
        self._show(min(position, self.duration))

    def _show(self, position: float) -> None:
        self._position = position
        self.moved.emit(position)


def tell_silent(context: AppContext) -> None:
    """Say that there is no sound device."""
    context.notify(
        tr("No sound device was found, so nothing will be heard."),
        tr("Connect headphones or a loudspeaker and play again."),
        level="warning",
    )
