"""The original and a copy of a sound in one player: A and B from the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.models.heard import heard
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.texts import name, say
from mmstudio.i18n import mark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.augment_model import Variant


class ClipView(SoundView):
    """A :class:`SoundView` over samples in memory."""

    def show_samples(self, samples: NDArray[np.float32], rate: int) -> None:
        """float32[C, N]; of more than two channels the first two are heard. Shown at once, without tones."""
        self.show_heard(heard(samples, rate, tones=False))


class ABPlayer(QWidget):
    """``switched`` carries the index of the variant that is heard now: -1 is the original."""

    switched = Signal(int)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "strip")
        self._rows: dict[str, Variant | None] = {"a": None, "b": None}
        self.heard = ""
        self.view = ClipView(context)
        self.view.waveform.setMinimumHeight(44)
        self.view.setFixedHeight(96)
        self.view.tones.hide()
        self.a, self.b = QPushButton(), QPushButton()
        group = QButtonGroup(self)
        for key, pressed in (("a", self.a), ("b", self.b)):
            pressed.setCheckable(True)
            pressed.setAutoDefault(True)
            pressed.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            group.addButton(pressed)
            pressed.clicked.connect(lambda _on=False, key=key: self.switch(key))
        say(self.a, mark("A  Original"))
        name(self.a, mark("Hear the original"), mark("Hear the original from the same place (A)"))
        name(self.b, mark("Hear the copy"), mark("Hear the copy from the same place (B)"))
        sides = QVBoxLayout()
        sides.setSpacing(4)
        sides.addStretch(1)
        sides.addWidget(self.a)
        sides.addWidget(self.b)
        sides.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(12)
        layout.addLayout(sides)
        layout.addWidget(self.view, 1)
        self._say_b()

    def set_original(self, row: Variant) -> None:
        """The A side."""
        self._rows["a"] = row
        if not self.heard:
            self._load("a")

    def set_copy(self, row: Variant | None, *, play: bool = False) -> None:
        """The B side; with ``play`` it is heard at once from the beginning."""
        self._rows["b"] = row
        self._say_b()
        if row is not None and (play or self.heard == "b"):
            self._load("b")
            if play:
                self.view.toggle()

    def switch(self, key: str) -> None:
        """Hear A or B from the same place of the sound."""
        if self._rows[key] is None:
            return
        share = self.view.position / self.view.duration if self.view.duration else 0.0
        playing = self.view.playing
        self._load(key)
        self.view.seek(share * self.view.duration)
        if playing:
            self.view.toggle()

    def play_original(self) -> None:
        """Hear A from the beginning."""
        self._load("a")
        self.view.toggle()

    def clear(self) -> None:
        """Fall silent."""
        self.view.clear()
        self._rows = {"a": None, "b": None}
        self.heard = ""
        self._say_b()

    def _load(self, key: str) -> None:
        row = self._rows[key]
        if row is None or row.samples is None:
            return
        self.heard = key
        (self.a if key == "a" else self.b).setChecked(True)
        self.view.show_samples(row.samples, row.rate)
        self.switched.emit(row.index)

    def _say_b(self) -> None:
        row = self._rows["b"]
        self.b.setEnabled(row is not None)
        say(self.b, mark("B  Copy {n}"), n="–" if row is None else row.index + 1)
