"""Two to four storyboards beside each other, played in step: variants of an ad, or an ad for audiences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.elided import Elided
from mmstudio.desktop.views.frame_thread import FrameSource, FrameThread
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.stage import ClickSlider, clock_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock

MOST = 4
_TICKS = 1000


@dataclass(frozen=True, slots=True)
class Beside:
    """One of those shown: its storyboard, what it is called, how its frames are made."""

    storyboard: int
    title: str
    audience: str  # "" for everyone
    verdict: str  # marked English
    make: Callable[[], FrameSource]
    duration: float
    fps: float
    ratio: float


class _Column(QWidget):
    """A picture with its name and what can be done with it."""

    def __init__(self, beside: Beside, opened: Callable[[int], None], heard: Callable[[int], None]) -> None:
        super().__init__()
        self.beside = beside
        self.canvas = PictureCanvas()
        self.canvas.setMinimumSize(96, 96)
        self.title = Elided(beside.title)
        self.audience = Elided("", "small")
        self.hear = tool(
            "speaker-high", mark("Hear this one"), lambda: heard(beside.storyboard), checkable=True
        )
        self.open = tool("arrow-square-out", mark("Open this one"), lambda: opened(beside.storyboard))
        self.retranslate()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.title)
        texts.addWidget(self.audience)
        head = row(spacing=4)
        head.addLayout(texts, 1)
        head.addWidget(self.hear)
        head.addWidget(self.open)
        column.addLayout(head)
        column.addWidget(self.canvas, 1)

    def retranslate(self) -> None:
        """Say for whom it is and how it was judged."""
        beside = self.beside
        words = [beside.audience or tr("Everyone"), tr(beside.verdict) if beside.verdict else ""]
        self.audience.setText(" · ".join(w for w in words if w))
        told = " · ".join(w for w in (beside.title, *words) if w)
        self.canvas.setAccessibleName(told)  # which of them a screen reader is at
        for one in (self.hear, self.open):
            one.setAccessibleDescription(told)

    def size_wanted(self) -> QSize:
        """Device pixels of the picture."""
        most = self.canvas.device_size()
        shown = QSize(round(self.beside.ratio * 1000), 1000).scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
        return QSize(max(64, shown.width() // 2 * 2), max(64, shown.height() // 2 * 2))


class SideBySide(QWidget):
    """The first leads: its player keeps the time; the others draw what is due on threads of their own.

    Signals:
        closed: back to one. opened: a storyboard to show alone. heard: a storyboard whose sound is wanted.
    """

    closed = Signal()
    opened = Signal(int)
    heard = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.player = Player(self)
        self.columns: list[_Column] = []
        self._followers: list[FrameThread] = []
        self._resting = True  # each shows its last picture until something moves
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name(self, mark("Side by side"), mark("Space plays all, comma and full stop step, Escape goes back"))
        self.grid = QGridLayout()
        self.grid.setSpacing(12)
        self.play_button = tool("play", mark("Play all"), self.player.toggle)
        self.scrub = ClickSlider(Qt.Orientation.Horizontal)
        name(self.scrub, mark("Position"))
        self.scrub.sliderPressed.connect(self.player.pause)
        self.scrub.sliderMoved.connect(lambda v: self.player.seek(v / _TICKS))
        self.scrub.actionTriggered.connect(lambda _a: self.player.seek(self.scrub.sliderPosition() / _TICKS))
        self.time = label(role="small")
        self.back_button = button(mark("Back to one"), self.closed.emit, icon="arrow-left")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.addLayout(self.grid, 1)
        layout.addLayout(row(self.play_button, self.scrub, self.time, self.back_button))
        self.player.frame.connect(self._first)
        self.player.moved.connect(self._moved)
        self.player.playing.connect(self._playing)

    def show_all(self, shown: list[Beside]) -> None:
        """Show these, at most four; the first is heard."""
        self.clear()
        shown = shown[:MOST]
        for place, beside in enumerate(shown):
            column = _Column(beside, self.opened.emit, self.heard.emit)
            column.canvas.resized.connect(lambda _size: self._fit())
            self.columns.append(column)
            self.grid.addWidget(column, 0, place)
            self.grid.setColumnStretch(place, 1)
        for place, beside in enumerate(shown[1:], 1):
            thread = FrameThread()
            thread.drawn.connect(
                lambda image, _t, generation, c=self.columns[place].canvas, one=thread: self._drawn(
                    image, generation, c, one
                )
            )
            thread.failed.connect(lambda words, _n, c=self.columns[place].canvas: c.show_message(words))
            thread.use(beside.make, beside.duration, beside.fps)
            self._followers.append(thread)
        self.mark_heard(shown[0].storyboard)
        self._resting = True
        self._fit()
        longest = max(one.duration for one in shown)
        first = shown[0]
        self.scrub.setRange(0, round(longest * _TICKS))
        self.player.load(first.make, first.duration, first.fps, False)
        self.player.duration = longest  # a shorter one stays on its last frame
        self.player.show_poster(first.duration)
        self._want_all(0.0)

    def set_clock(self, clock: SoundClock | SilentClock) -> None:
        """The sound that leads from now on."""
        self.player.set_clock(clock)

    def mark_heard(self, storyboard: int) -> None:
        """Show which one is heard."""
        for column in self.columns:
            column.hear.setChecked(column.beside.storyboard == storyboard)

    def clear(self) -> None:
        """Stop and forget."""
        self.player.unload()
        for thread in self._followers:
            thread.close()
        self._followers = []
        for column in self.columns:
            self.grid.removeWidget(column)
            column.hide()
            column.deleteLater()
        for place in range(MOST):
            self.grid.setColumnStretch(place, 0)
        self.columns = []

    def close_view(self) -> None:
        """Give threads and sound back."""
        self.clear()
        self.player.close()

    def _fit(self) -> None:
        if not self.columns:
            return
        self.player.set_size(self.columns[0].size_wanted())
        for thread, column in zip(self._followers, self.columns[1:], strict=False):
            size = column.size_wanted()
            thread.set_size(size)
        if not self.player.is_playing:
            self._want_all(self.player.position)

    def _want_all(self, t: float) -> None:
        for thread, column in zip(self._followers, self.columns[1:], strict=False):
            thread.want(column.beside.duration if self._resting else t)

    def _first(self, image: QImage, _t: float) -> None:
        if self.columns:
            self.columns[0].canvas.show_image(image)

    def _drawn(self, image: QImage, _generation: int, canvas: PictureCanvas, thread: FrameThread) -> None:
        if thread in self._followers:
            canvas.show_image(image)

    def _moved(self, t: float) -> None:
        self.scrub.blockSignals(True)
        self.scrub.setValue(round(t * _TICKS))
        self.scrub.blockSignals(False)
        self.time.setText(f"{clock_text(t)} / {clock_text(self.player.duration)}")
        if self.player.is_playing or t > 0:
            self._resting = False
        if not self.player.is_playing:
            self._want_all(t)
            return
        for thread, column in zip(self._followers, self.columns[1:], strict=False):
            newest = thread.follow(t, self.player.speed)
            if newest is not None:
                column.canvas.show_image(newest[1])

    def _playing(self, playing: bool) -> None:
        from mmstudio.desktop.icons import icon

        self.play_button.setIcon(icon("pause" if playing else "play"))
        name(self.play_button, mark("Pause") if playing else mark("Play all"))
        if playing:
            self._resting = False
        else:
            self._want_all(self.player.position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Space:
            self.player.toggle()
        elif key == Qt.Key.Key_K:
            self.player.pause()
        elif key in (Qt.Key.Key_J, Qt.Key.Key_L):
            self.player.shuttle(1 if key == Qt.Key.Key_L else -1)
        elif key in (Qt.Key.Key_Comma, Qt.Key.Key_Left):
            self.player.step(-1)
        elif key in (Qt.Key.Key_Period, Qt.Key.Key_Right):
            self.player.step(1)
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
