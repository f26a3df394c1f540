"""Plays a storyboard: frames are drawn ahead on an own thread, sound leads, late frames are dropped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.views.frame_thread import FrameSource, FrameThread
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock

__all__ = ["FrameSource", "FrameThread", "Player"]
_TICK_MS = 8  # a frame of 30 a second is shown at most this late
_FASTEST = 8.0


class Player(QObject):
    """Transport over a frame source and its sound.

    Signals:
        frame: the picture to show and its time in seconds.
        moved: the position in seconds.
        playing: whether time runs.
        failed: a sentence when a frame cannot be drawn.
        counted: frames shown and frames dropped since it began to play.
    """

    frame = Signal(QImage, float)
    moved = Signal(float)
    playing = Signal(bool)
    failed = Signal(str)
    counted = Signal(int, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frames = FrameThread()  # no parent: its thread may outlive a closed window
        self._frames.drawn.connect(self._on_drawn)
        self._frames.failed.connect(self._on_failed)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._sound: SoundClock | SilentClock = SilentClock()
        self._clock: SoundClock | SilentClock = self._sound
        self._generation = 0
        self._position = 0.0
        self._speed = 0.0
        self._volume = 1.0
        self.duration = 0.0
        self.fps = 30.0
        self._size = QSize(640, 640)
        self._poster: float | None = None
        self._shown: int | None = None  # number of the frame shown last while it plays
        self._due = -1
        self.shown = self.dropped = 0
        self._then: Callable[[], None] | None = None

    # --- what plays -------------------------------------------------------------------------------

    def load(self, make: Callable[[], FrameSource], duration: float, fps: float, keep_position: bool) -> None:
        """Take a new source. ``make`` is called on the drawing thread; ``duration`` in seconds."""
        position = min(self._position, duration) if keep_position else 0.0
        self.pause()
        self.duration, self.fps = duration, max(1.0, fps)
        self._generation = self._frames.use(make, duration, self.fps)
        self.seek(position)

    def once_drawn(self, call: Callable[[], None]) -> None:
        """Call once the source's next picture is there, or cannot be drawn; at once while it plays.

        For what is not to take the processor from the first picture that somebody waits for.
        """
        if self.is_playing:
            call()
        else:
            self._then = call

    def unload(self) -> None:
        """Forget the source."""
        self._then = None
        self.pause()
        self._generation = self._frames.use(None)
        self.set_clock(SilentClock())
        self.duration = self._position = 0.0

    def set_clock(self, clock: SoundClock | SilentClock) -> None:
        """Give the sound (or its absence) that leads; see :func:`open_clock`."""
        was_playing = self.is_playing
        self.pause()
        if isinstance(self._sound, SoundClock):
            self._sound.close()
        self._sound = clock
        self.set_volume(self._volume)
        if was_playing:
            self.play()

    def set_size(self, size: QSize) -> None:
        """Largest picture wanted, in device pixels."""
        if size != self._size and not size.isEmpty():
            self._size = size
            self._frames.set_size(size)
            if not self.is_playing:
                self._want(self._position if self._poster is None else self._poster)

    def set_volume(self, volume: float) -> None:
        """0 to 1."""
        self._volume = volume
        if isinstance(self._sound, SoundClock):
            self._sound.set_volume(volume)

    def show_poster(self, t: float) -> None:
        """Show the picture at ``t`` until something moves; playing still begins where it stood."""
        self._poster = t
        self._want(t)

    # --- transport --------------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """True where nothing will be heard."""
        return self._sound.silent

    @property
    def is_playing(self) -> bool:
        """True while time runs."""
        return self._timer.isActive()

    @property
    def position(self) -> float:
        """Seconds from the start."""
        return self._position

    @property
    def speed(self) -> float:
        """Seconds of the storyboard a second; negative backwards, 0 standing still."""
        return self._speed

    def play(self, speed: float = 1.0) -> None:
        """Run at ``speed``; sound is heard at normal speed only."""
        if self.duration <= 0:
            return
        self._go_on()  # playing waits for nothing
        if self.is_playing:
            self._clock.stop()
        if speed > 0 and self._position >= self.duration - 1e-3:
            self._position = 0.0
        self._speed, self._poster = speed, None
        self._shown, self.shown, self.dropped = None, 0, 0
        self._clock = self._sound if speed == 1.0 else SilentClock(speed)
        self._clock.start(self._position)
        self._timer.start()
        self.playing.emit(True)

    def pause(self) -> None:
        """Stand still."""
        if not self.is_playing:
            return
        self._timer.stop()
        self._clock.stop()
        self._frames.rest()
        self._speed = 0.0
        self.playing.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def shuttle(self, direction: int) -> None:
        """J and L: run backwards or forwards, faster with each press."""
        speed = self._speed * 2 if self._speed * direction > 0 else float(direction)
        self.play(max(-_FASTEST, min(_FASTEST, speed)))

    def step(self, frames: int) -> None:
        """Move by whole frames."""
        self.pause()
        self.seek((round(self._position * self.fps) + frames) / self.fps)

    def seek(self, t: float) -> None:
        """Go to ``t`` seconds."""
        self._position = max(0.0, min(t, self.duration))
        self._poster = None
        if self.is_playing:
            self._clock.stop()
            self._clock.start(self._position)
            self._shown = None
        self._want(self._position)
        self.moved.emit(self._position)

    def close(self) -> None:
        """End the thread and give the sound device back."""
        self.pause()
        if isinstance(self._sound, SoundClock):
            self._sound.close()
        self._frames.close()

    # --- running ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        at = self._clock.position()
        if at >= self.duration or (self._speed < 0 and at <= 0):
            self.pause()
            self.seek(self.duration if at >= self.duration else 0.0)
            return
        self._position = max(0.0, at)
        self._follow()

    def _follow(self) -> None:
        """Show the newest frame that is due; those it jumps over were dropped, the sound never waits."""
        due = self._frames.index_of(self._position)
        if due != self._due:
            self._due = due
            self.moved.emit(self._position)
        if due == self._shown:
            return
        newest = self._frames.follow(self._position, self._speed)
        if newest is None or newest[0] == self._shown:
            return
        index, image = newest
        if self._shown is not None and abs(self._speed) == 1.0:
            self.dropped += max(abs(index - self._shown) - 1, 0)
        self.shown += 1
        self._shown = index
        self.frame.emit(image, index / self.fps)
        self.counted.emit(self.shown, self.dropped)

    def _want(self, t: float) -> None:
        # The end itself shows the last frame, not the nothing behind it.
        self._frames.want(max(0.0, min(t, self.duration - 1 / self.fps)))

    def _on_drawn(self, image: QImage, t: float, generation: int) -> None:
        if generation == self._generation:
            self.frame.emit(image, t)
            self._go_on()

    def _on_failed(self, message: str, generation: int) -> None:
        if generation == self._generation:
            self.pause()
            self.failed.emit(message)
            self._go_on()

    def _go_on(self) -> None:
        call, self._then = self._then, None
        if call is not None:
            call()
