"""Sound: its waveform, played from wherever one clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.previewers.transport import Transport
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock, open_clock
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

_BINS = 600
_LONGEST_S = 1200.0  # of longer recordings the first 20 minutes are played: memory
_TICK_MS = 33


class Waveform(QWidget):
    """Peaks, what has been heard in the accent colour; clicks and arrows seek."""

    sought = Signal(float)  # seconds

    def __init__(self) -> None:
        super().__init__()
        self._peaks: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self._position = self._duration = 0.0
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(72)
        name(self, mark("Waveform"), mark("Click to go there; K plays and pauses, J and L go back and on"))

    def set_peaks(self, peaks: NDArray[np.float32], duration: float) -> None:
        """Show float32 [bins, 2] of lows and highs over ``duration`` seconds."""
        self._peaks, self._duration, self._message = peaks, duration, ""
        self.update()

    def set_message(self, message: str) -> None:
        """Show words in place of a waveform."""
        self._peaks, self._message = self._peaks[:0], message
        self.update()

    def set_position(self, position: float) -> None:
        """Seconds heard."""
        self._position = position
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        if self._message or not len(self._peaks):
            painter.setPen(theme.color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._message or tr("Loading…"))
            return
        heard = self.width() * (self._position / self._duration if self._duration else 0.0)
        shape = self._shape()
        for role, left, right in (("accent", 0.0, heard), ("muted", heard, float(self.width()))):
            painter.setClipRect(QRectF(left, 0, right - left, self.height()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(role))
            painter.drawPolygon(shape)
        painter.setClipping(False)
        painter.fillRect(QRectF(heard - 0.75, 4, 1.5, self.height() - 8), theme.color("accent"))

    def _shape(self) -> QPolygonF:
        count = len(self._peaks)
        loudest = max(0.05, float(np.abs(self._peaks).max()))
        middle, half = self.height() / 2, (self.height() - 16) / 2 / loudest
        xs = np.linspace(0, self.width(), count)
        highs = middle - np.maximum(self._peaks[:, 1] * half, 0.5)
        lows = middle - np.minimum(self._peaks[:, 0] * half, -0.5)
        points = [QPointF(x, y) for x, y in zip(xs, highs, strict=True)]
        points += [QPointF(x, y) for x, y in zip(xs[::-1], lows[::-1], strict=True)]
        return QPolygonF(points)

    def _seek_to(self, x: float) -> None:
        if self._duration:
            self.sought.emit(max(0.0, min(1.0, x / max(1, self.width()))) * self._duration)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek_to(event.position().x())


class SoundView(QWidget):
    """Waveform, play and pause, volume. Without a sound device time still runs, and a notice says so."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._clock: SoundClock | SilentClock = SilentClock()
        self._duration = self._position = 0.0
        self._load = 0  # number of the load in hand: a device that opens late is given back
        self._device_ready = self._told_silent = False
        self._samples: NDArray[np.float32] = np.zeros((1, 0), np.float32)
        self._rate = 44_100
        self.waveform = Waveform()
        self.transport = Transport(seek_bar=False, volume=context.settings.volume)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.waveform, 1)
        layout.addWidget(self.transport)
        self.setFocusProxy(self.waveform)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.waveform.sought.connect(self.seek)
        self.transport.toggled.connect(self.toggle)
        self.transport.volume_changed.connect(self._set_volume)

    @property
    def playing(self) -> bool:
        """True while time runs."""
        return self._timer.isActive()

    @property
    def position(self) -> float:
        """Seconds from the start."""
        return self._position

    @property
    def duration(self) -> float:
        """Seconds; 0 until the sound is loaded."""
        return self._duration

    def show_asset(self, asset: Asset) -> None:
        """Load a sound of the library; nothing plays by itself."""
        self.clear()
        library = self._context.library

        def load() -> tuple[NDArray[np.float32], int, NDArray[np.float32]]:
            from mmstudio.media.audio import load_audio, peaks

            samples, rate = load_audio(library.assets.path_of(asset), duration=_LONGEST_S)
            if samples.shape[0] > 2:
                samples = samples[:2]
            return samples, rate, peaks(samples.mean(axis=0), min(_BINS, max(1, samples.shape[1])))

        self._context.background(load, self._loaded, self._failed, key=("sound", id(self)))

    def clear(self) -> None:
        """Fall silent and give the device back."""
        self._context.drop(("sound", id(self)))
        self._timer.stop()
        if isinstance(self._clock, SoundClock):
            self._clock.close()
        self._clock, self._device_ready = SilentClock(), False
        self._duration = self._position = 0.0
        self._load += 1
        self.waveform.set_peaks(np.zeros((0, 2), np.float32), 0.0)
        self.transport.set_playing(False)
        self.transport.set_time(0.0, 0.0)

    def _loaded(self, sound: tuple[NDArray[np.float32], int, NDArray[np.float32]]) -> None:
        self._samples, self._rate, shape = sound
        self._duration = self._samples.shape[1] / self._rate
        self.waveform.set_peaks(shape, self._duration)
        self._show(0.0)

    def _failed(self, error: Exception) -> None:
        self.waveform.set_message(tr_error(error)[0])

    def toggle(self) -> None:
        """Play or pause. The sound device is taken, in a worker, when something is first to be heard."""
        if self.playing:
            self.pause()
        elif self._duration and self._device_ready:
            self._play()
        elif self._duration:
            samples, rate, loud, load = self._samples, self._rate, self.transport.loudness, self._load

            def ready(clock: SoundClock | SilentClock) -> None:
                if load == self._load and not self._device_ready:
                    self._use(clock)
                    self._play()
                elif isinstance(clock, SoundClock):
                    clock.close()

            self._context.background(lambda: open_clock(samples, rate, loud), ready)

    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            self._timer.stop()
            self._clock.stop()
            self.transport.set_playing(False)

    def seek(self, seconds: float) -> None:
        """Go to a position; playing goes on from there."""
        if not self._duration:
            return
        seconds = max(0.0, min(seconds, self._duration))
        if self.playing:
            self._clock.stop()
            self._clock.start(seconds)
        self._show(seconds)

    def _play(self) -> None:
        self._clock.start(0.0 if self._position >= self._duration - 0.02 else self._position)
        self._timer.start()
        self.transport.set_playing(True)

    def _use(self, clock: SoundClock | SilentClock) -> None:
        self._clock, self._device_ready = clock, True
        if clock.silent and not self._told_silent:
            self._told_silent = True
            tell_silent(self._context)

    def _tick(self) -> None:
        position = self._clock.position()
        if position >= self._duration:
            self.pause()
        self._show(min(position, self._duration))

    def _show(self, position: float) -> None:
        self._position = position
        self.waveform.set_position(position)
        self.transport.set_time(position, self._duration)

    def _set_volume(self, volume: float) -> None:
        if isinstance(self._clock, SoundClock):
            self._clock.set_volume(volume)
        self._context.change_setting("volume", volume)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {"j": -5.0, "l": 5.0, ",": -0.1, ".": 0.1}
        key = event.text().lower()
        if key == "k":
            self.toggle()
        elif key in steps:
            self.seek(self.position + steps[key])
        else:
            super().keyPressEvent(event)


def tell_silent(context: AppContext) -> None:
    """Say once that there is no sound device."""
    context.notify(
        tr("No sound device was found, so nothing will be heard."),
        tr("Connect headphones or a loudspeaker and play again."),
        level="warning",
    )
