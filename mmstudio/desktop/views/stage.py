"""The stage: a picture that plays, with its transport. J K L, comma and full stop, Space, arrows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.controls import row, tool
from mmstudio.desktop.views.mockup import Mockup
from mmstudio.desktop.views.mockup_menu import MockupButton
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.stage_canvas import StageCanvas
from mmstudio.i18n import mark, tr

FORMATS: dict[str, tuple[int, int]] = {"1:1": (1080, 1080), "9:16": (1080, 1920), "16:9": (1920, 1080)}
_FORMAT_NAMES = {"1:1": mark("Square, 1:1"), "9:16": mark("Portrait, 9:16"), "16:9": mark("Landscape, 16:9")}
_TICKS = 1000  # slider steps per second


class ClickSlider(QSlider):
    """A slider that jumps to where it is clicked."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style = self.style()
        control = QStyle.ComplexControl.CC_Slider
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        at = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(at):
            groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
            span = max(1, groove.width() - handle.width())
            place = at.x() - groove.x() - handle.width() // 2
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, span))
            self.sliderMoved.emit(self.value())
        super().mousePressEvent(event)


class Stage(QWidget):
    """Canvas and transport around a :class:`Player`."""

    format_chosen = Signal(str)

    def __init__(self, *last: QWidget, parent: QWidget | None = None) -> None:
        """``last`` stand at the end of the transport, the pane's own next steps."""
        super().__init__(parent)
        self.player = Player(self)
        self.canvas = StageCanvas()
        self.format = "1:1"
        self._scrubbing = False
        self._counting = False
        self._build(*last)
        self.canvas.resized.connect(lambda _size: self._fit())
        self.canvas.clicked.connect(self.player.toggle)
        self.player.frame.connect(self._show_frame)
        self.player.moved.connect(self._moved)
        self.player.playing.connect(self._playing)
        self.player.counted.connect(self._counted)
        self.set_enabled(False)

    def _build(self, *last: QWidget) -> None:
        self.back_button = tool("skip-back", mark("Previous frame"), lambda: self.player.step(-1))
        self.play_button = tool("play", mark("Play"), self.player.toggle)
        self.next_button = tool("skip-forward", mark("Next frame"), lambda: self.player.step(1))
        self.scrub = ClickSlider(Qt.Orientation.Horizontal)
        name(self.scrub, mark("Position"))
        self.scrub.sliderPressed.connect(self._scrub_start)
        self.scrub.sliderReleased.connect(self._scrub_end)
        self.scrub.sliderMoved.connect(lambda v: self.player.seek(v / _TICKS))
        self.scrub.actionTriggered.connect(lambda _a: self.player.seek(self.scrub.sliderPosition() / _TICKS))
        self.time = QLabel("0:00.0 / 0:00.0")
        self.time.setProperty("role", "small")
        self.volume = ClickSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setFixedWidth(72)
        name(self.volume, mark("Volume"))
        self.sound_icon = QLabel()
        self.volume.valueChanged.connect(lambda v: self.player.set_volume(v / 100))
        self.formats = QButtonGroup(self)
        buttons: list[QWidget] = []
        for key in FORMATS:
            chip = QToolButton()
            chip.setText(key)
            chip.setCheckable(True)
            chip.setProperty("role", "chip")
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            name(chip, _FORMAT_NAMES[key])
            chip.clicked.connect(lambda _c=False, k=key: self.set_format(k))
            self.formats.addButton(chip)
            buttons.append(chip)
        buttons[0].setChecked(True)  # type: ignore[attr-defined]
        self.set_silent(True)
        self.mockups = MockupButton()
        self.mockups.chosen.connect(self._place_chosen)
        self.mockups.counts.connect(self._set_counting)
        end: list[QWidget | int] = [*last[:-1], 4, last[-1]] if last else []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(row(self.scrub, self.time))
        layout.addLayout(
            row(
                self.back_button,
                self.play_button,
                self.next_button,
                8,
                self.sound_icon,
                self.volume,
                None,
                *buttons,
                self.mockups,
                *end,
                spacing=4,
            )
        )

    # --- what is on ---------------------------------------------------------------------------------

    def set_enabled(self, enabled: bool) -> None:
        """Allow the transport, once there is something to play."""
        for widget in (self.back_button, self.play_button, self.next_button, self.scrub, self.volume):
            widget.setEnabled(enabled)
        for chip in (*self.formats.buttons(), self.mockups):
            chip.setEnabled(enabled)
        self.scrub.setRange(0, round(self.player.duration * _TICKS))
        self.scrub.setSingleStep(round(_TICKS / self.player.fps))
        self.scrub.setPageStep(_TICKS)
        self._moved(self.player.position)

    def set_silent(self, silent: bool) -> None:
        """Show whether sound will be heard."""
        self.sound_icon.setPixmap(
            icon("speaker-slash" if silent else "speaker-high", "muted").pixmap(QSize(16, 16))
        )
        words = (
            mark("This computer has no sound device; the pictures play without sound.")
            if silent
            else mark("Sound")
        )
        say(self.sound_icon, words, "setToolTip")
        say(self.sound_icon, words, "setAccessibleName")

    def set_format(self, key: str) -> None:
        """Show in another shape."""
        if key == self.format:
            return
        self.format = key
        for chip in self.formats.buttons():
            chip.setChecked(chip.text() == key)
        self._fit()
        self.format_chosen.emit(key)

    def wanted_size(self) -> QSize:
        """Device pixels of the largest picture of this format that fits, even numbers."""
        shown = self.canvas.frame_size(*FORMATS[self.format])
        return QSize(max(64, shown.width() // 2 * 2), max(64, shown.height() // 2 * 2))

    def _place_chosen(self, mockup: Mockup) -> None:
        if mockup.place == "story":
            self.set_format("9:16")  # a story is upright
        self.canvas.set_mockup(mockup)

    def _set_counting(self, counting: bool) -> None:
        self._counting = counting
        self._moved(self.player.position)

    def _counted(self, _shown: int, _dropped: int) -> None:
        if self._counting:
            self._moved(self.player.position)

    def close_stage(self) -> None:
        """Stop the drawing thread and the sound."""
        self.player.close()

    # --- transport ----------------------------------------------------------------------------------

    def _fit(self) -> None:
        self.player.set_size(self.wanted_size())

    def _show_frame(self, image: QImage, _t: float) -> None:
        self.canvas.show_image(image)

    def _moved(self, t: float) -> None:
        if not self._scrubbing:
            self.scrub.blockSignals(True)
            self.scrub.setValue(round(t * _TICKS))
            self.scrub.blockSignals(False)
        words = f"{clock_text(t)} / {clock_text(self.player.duration)}"
        if self._counting:
            counts = tr(
                "{shown} shown, {dropped} dropped", shown=self.player.shown, dropped=self.player.dropped
            )
            words = f"{words}   {counts}"
        self.time.setText(words)

    def _playing(self, playing: bool) -> None:
        self.play_button.setIcon(icon("pause" if playing else "play"))
        name(self.play_button, mark("Pause") if playing else mark("Play"))

    def _scrub_start(self) -> None:
        self._scrubbing = True
        self.player.pause()

    def _scrub_end(self) -> None:
        self._scrubbing = False
        self.player.seek(self.scrub.value() / _TICKS)

    # --- keys ---------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # Players own these keys while the stage has the focus, whatever the window uses them for.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _KEYS
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        player, key = self.player, event.key()
        if key == Qt.Key.Key_Space:
            player.toggle()
        elif key == Qt.Key.Key_K:
            player.pause()
        elif key == Qt.Key.Key_J:
            player.shuttle(-1)
        elif key == Qt.Key.Key_L:
            player.shuttle(1)
        elif key in (Qt.Key.Key_Comma, Qt.Key.Key_Left):
            player.step(-1)
        elif key in (Qt.Key.Key_Period, Qt.Key.Key_Right):
            player.step(1)
        elif key == Qt.Key.Key_Home:
            player.seek(0.0)
        elif key == Qt.Key.Key_End:
            player.seek(player.duration)
        else:
            super().keyPressEvent(event)


_KEYS = {
    Qt.Key.Key_Space,
    Qt.Key.Key_J,
    Qt.Key.Key_K,
    Qt.Key.Key_L,
    Qt.Key.Key_Comma,
    Qt.Key.Key_Period,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
}


def clock_text(seconds: float) -> str:
    """``1:05.3``."""
    tenths = round(max(0.0, seconds) * 10)
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"
