"""Play, position, time and volume: the same under every player."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import tool
from mmstudio.desktop.words import duration_text
from mmstudio.i18n import mark

_STEPS = 1000
_ROOMY = 340  # pixels from which there is room for the volume


class Transport(QWidget):
    """Signals: ``toggled`` play or pause, ``sought`` seconds, ``volume_changed`` 0 to 1."""

    toggled = Signal()
    sought = Signal(float)
    volume_changed = Signal(float)

    def __init__(self, *, seek_bar: bool, volume: float) -> None:
        super().__init__()
        self._duration = 0.0
        self._audible = True
        self.play = tool("play-fill", mark("Play or pause"), self.toggled.emit, tip=mark("Play or pause (K)"))
        self.time = label(role="small")
        self.time.setMinimumWidth(84)
        self.position = QSlider(Qt.Orientation.Horizontal)
        self.position.setRange(0, _STEPS)
        name(self.position, mark("Position"))
        self.position.setVisible(seek_bar)
        self.position.valueChanged.connect(self._moved)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setValue(round(volume * 100))
        self.volume.setFixedWidth(72)
        name(self.volume, mark("Volume"))
        self.volume.valueChanged.connect(lambda value: self.volume_changed.emit(value / 100))
        self.mute = tool("speaker-high", mark("Mute"), self._mute)
        self._loud = round(volume * 100) or 80
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(4)
        layout.addWidget(self.play)
        layout.addWidget(self.time)
        if seek_bar:
            layout.addWidget(self.position, 1)
        else:
            layout.addStretch(1)
        layout.addWidget(self.mute)
        layout.addWidget(self.volume)

    def add_tool(self, widget: QWidget) -> None:
        """One more control, before the volume."""
        line = self.layout()
        assert isinstance(line, QHBoxLayout)
        line.insertWidget(line.indexOf(self.mute), widget)

    @property
    def loudness(self) -> float:
        """The volume chosen, 0 to 1."""
        return self.volume.value() / 100

    def set_playing(self, playing: bool) -> None:
        """Show what the button would do."""
        self.play.setIcon(icon("pause-fill" if playing else "play-fill"))

    def set_time(self, position: float, duration: float) -> None:
        """Seconds from the start, and in all."""
        self._duration = duration
        self.time.setText(f"{duration_text(position)} / {duration_text(duration)}")
        self.position.blockSignals(True)
        self.position.setValue(round(position / duration * _STEPS) if duration > 0 else 0)
        self.position.blockSignals(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_volume()

    def _show_volume(self) -> None:
        # In a narrow place the position is worth more than the volume; mute stays.
        self.mute.setVisible(self._audible)
        self.volume.setVisible(self._audible and self.width() >= _ROOMY)

    def set_audible(self, audible: bool) -> None:
        """Whether there is sound to turn up or down."""
        self._audible = audible
        self._show_volume()

    def _moved(self, value: int) -> None:
        self.sought.emit(value / _STEPS * self._duration)

    def _mute(self) -> None:
        if self.volume.value():
            self._loud = self.volume.value()
            self.volume.setValue(0)
            self.mute.setIcon(icon("speaker-x"))
        else:
            self.volume.setValue(self._loud)
            self.mute.setIcon(icon("speaker-high"))
