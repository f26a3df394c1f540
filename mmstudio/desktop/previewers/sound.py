"""Sound: its waveform and its tones, played from wherever one clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop.models.heard import Heard, heard, heard_file
from mmstudio.desktop.previewers.transport import Transport
from mmstudio.desktop.views.controls import tool
from mmstudio.desktop.views.sound_play import SoundPlay, tell_silent
from mmstudio.desktop.views.spectrogram import Spectrogram
from mmstudio.desktop.views.waveform import Waveform
from mmstudio.i18n import mark, tr_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

__all__ = ["SoundView", "Waveform", "tell_silent"]


class SoundView(QWidget):
    """Waveform, spectrogram where wanted, play and pause, volume. Without a sound device time still runs.

    ``arrived`` says that a sound is there to be played.
    """

    arrived = Signal()

    def __init__(self, context: AppContext, *, tones: bool = False) -> None:
        super().__init__()
        self._context = context
        self._heard: Heard | None = None
        self.play = SoundPlay(context, self)
        self.waveform, self.spectrogram = Waveform(), Spectrogram()
        self.transport = Transport(seek_bar=False, volume=context.settings.volume)
        self.tones = tool("chart-bar", mark("Show the tones"), checkable=True,
                          tip=mark("Spectrogram: which tones are heard when, low ones below"))  # fmt: skip
        self.transport.add_tool(self.tones)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.waveform, 1)
        layout.addWidget(self.spectrogram, 1)
        layout.addWidget(self.transport)
        self.setFocusProxy(self.waveform)
        for strip, other in ((self.waveform, self.spectrogram), (self.spectrogram, self.waveform)):
            strip.sought.connect(self.seek)
            strip.toggled.connect(self.toggle)
            strip.zoomed.connect(other.set_sight)
        self.play.moved.connect(self._show)
        self.play.running.connect(self.transport.set_playing)
        self.transport.toggled.connect(self.toggle)
        self.transport.volume_changed.connect(self.play.set_volume)
        self.tones.toggled.connect(self.spectrogram.setVisible)
        self.tones.setChecked(tones)
        self.spectrogram.setVisible(tones)

    @property
    def playing(self) -> bool:
        """True while time runs."""
        return self.play.playing

    @property
    def position(self) -> float:
        """Seconds from the start."""
        return self.play.position

    @property
    def duration(self) -> float:
        """Seconds; 0 until the sound is loaded."""
        return self.play.duration

    def show_asset(self, asset: Asset) -> None:
        """Load a sound of the library; nothing plays by itself."""
        self.clear()
        library = self._context.library
        self._context.background(
            lambda: heard_file(library.assets.path_of(asset)),
            self.show_heard,
            self._failed,
            key=("sound", id(self)),
        )

    def show_samples(self, samples: NDArray[np.float32], rate: int) -> None:
        """Look over float32[C, N] in a worker, then show it."""
        self.clear()
        self._context.background(
            lambda: heard(samples, rate), self.show_heard, self._failed, key=("sound", id(self))
        )

    def show_heard(self, sound: Heard) -> None:
        """Show a sound that was looked over."""
        self._context.drop(("sound", id(self)))
        self._heard = sound
        self.play.set_sound(sound.samples, sound.rate)
        self.draw(sound)
        self.arrived.emit()

    def draw(self, sound: Heard) -> None:
        """Only the pictures of a sound; what is played stays."""
        sight = self.waveform.sight if self.waveform.duration == sound.duration else None
        self.waveform.set_peaks(sound.peaks, sound.duration)
        self.spectrogram.set_tones(sound.tones, sound.duration)
        if sight is not None:
            self.waveform.set_sight(*sight)
            self.spectrogram.set_sight(*sight)
        self._show(self.position)

    def clear(self) -> None:
        """Fall silent and give the device back."""
        self._context.drop(("sound", id(self)))
        self._heard = None
        self.play.clear()
        self.waveform.set_peaks(np.zeros((0, 2), np.float32), 0.0)
        self.spectrogram.set_tones(np.zeros((0, 0), np.uint8), 0.0)
        self.transport.set_playing(False)
        self.transport.set_time(0.0, 0.0)

    def _failed(self, error: Exception) -> None:
        for strip in (self.waveform, self.spectrogram):
            strip.set_message(tr_error(error)[0])

    def toggle(self) -> None:
        """Play or pause."""
        self.play.toggle()

    def pause(self) -> None:
        """Stand still."""
        self.play.pause()

    def seek(self, seconds: float) -> None:
        """Go to a position; playing goes on from there."""
        self.play.seek(seconds)

    def _show(self, position: float) -> None:
        self.waveform.set_position(position)
        self.spectrogram.set_position(position)
        self.transport.set_time(position, self.duration)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {"j": -5.0, "l": 5.0, ",": -0.1, ".": 0.1}
        key = event.text().lower()
        if key == "k":
            self.toggle()
        elif key in steps:
            self.seek(self.position + steps[key])
        else:
            super().keyPressEvent(event)
