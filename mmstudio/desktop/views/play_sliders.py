"""The sliders of a model: look, tags, found directions; each with its amount and a way back to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, section, tool
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.generation.latents.point import MOST
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.generation.latents.sliders import Slider
    from mmstudio.jobs import Progress

_FINE = 20  # steps of a slider per unit
_SETTLE_MS = 600  # arrow keys within this time are one change
_GROUPS = {
    "look": (
        mark("Look"),
        mark(
            "Directions that were fitted to what can be measured on a picture, such as its warmth. They "
            "change other things too where the model learned that these go together."
        ),
    ),
    "tag": (
        mark("Tags"),
        mark(
            "Directions that were fitted to the tags of your pictures. More of a tag makes the picture more "
            "like those that have it."
        ),
    ),
    "found": (
        mark("Found directions"),
        mark(
            "The directions this network turns its pictures along most, found without words. What each one "
            "does is for you to see."
        ),
    ),
}


class SettledSlider(QSlider):
    """A slider whose every drag, and every burst of arrow keys, is one change.

    Signals:
        moved: the value while it changes. settled: it stays there now.
    """

    moved = Signal(int)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_SETTLE_MS)
        self._rest.timeout.connect(self.settled)
        self.valueChanged.connect(self._changed)
        self.sliderReleased.connect(self.flush)

    def show_value(self, value: int) -> None:
        """Stand somewhere without a signal."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)

    def flush(self) -> None:
        """A change under way ends now."""
        if self._rest.isActive():
            self._rest.stop()
            self.settled.emit()

    def _changed(self, value: int) -> None:
        self.moved.emit(value)
        if self.isSliderDown():
            self._rest.stop()
            self._rest.setInterval(_SETTLE_MS)
        self._rest.start()


class CentredSlider(SettledSlider):
    """A slider whose nothing is in the middle; the track is lit from there to where it stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("centred", "true")

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        y, middle = self.height() / 2 - 2, self.width() / 2
        painter.setBrush(theme.color("border"))
        painter.drawRoundedRect(QRectF(0, y, self.width(), 4), 2, 2)
        painter.drawRoundedRect(QRectF(middle - 1, y - 3, 2, 10), 1, 1)
        if self.isEnabled() and self.value():
            at = handle.center().x() + 0.5
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(min(at, middle), y, abs(at - middle), 4), 2, 2)
        painter.end()
        super().paintEvent(event)


class SliderRow(QWidget):
    """One direction: its name, amount, reset."""

    def __init__(self, slider: Slider, words: str, panel: SliderPanel) -> None:
        super().__init__()
        self.key = slider.key
        self.words = QLabel(words)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.amount = label(role="small")
        self.reset = tool("arrow-counter-clockwise", mark("Reset"), lambda: panel.put_back(self.key))
        self.reset.setAccessibleName(tr("Reset: {what}", what=words))
        self.reset.setToolTip(self.reset.accessibleName())
        self.reset.setIconSize(QSize(14, 14))
        self.reset.setFixedSize(24, 24)
        self.slider = CentredSlider()
        self.slider.setRange(-round(MOST * _FINE), round(MOST * _FINE))
        self.slider.setSingleStep(2)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(words)
        tip = slider.why or words
        for widget in (self.words, self.slider):
            widget.setToolTip(tip)
            widget.setStatusTip(tip)
        self.slider.setAccessibleDescription(tip)
        self.slider.moved.connect(lambda value: panel.push(self.key, value / _FINE))
        self.slider.settled.connect(panel.settled)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(4)
        top.addWidget(self.words, 1)
        top.addWidget(self.amount)
        top.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.slider)
        self.show_amount(0.0)

    def show_amount(self, amount: float) -> None:
        """Stand at an amount without a signal."""
        if not self.slider.isSliderDown():
            self.slider.show_value(round(amount * _FINE))
        self.amount.setText(f"{amount:+.1f}" if round(amount, 1) else "0")
        self.reset.setEnabled(bool(amount))


class SliderPanel(QScrollArea):
    """Signals: ``pushed`` (key, amount) while a slider moves, ``settled`` when it stays, ``find_wanted`` and
    ``find_cancelled``, ``reset_wanted`` with a key or "" for all."""

    pushed = Signal(str, float)
    settled = Signal()
    find_wanted = Signal()
    find_cancelled = Signal()
    reset_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, SliderRow] = {}
        self._sliders: list[Slider] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.find_note = label(
            mark(
                "Sliders make a picture warmer, darker or busier. The first time, the model is looked at for "
                "them; that takes some seconds."
            ),
            "muted",
            wrap=True,
        )
        self.find_button = button(mark("Find sliders"), self.find_wanted.emit, icon="sliders-horizontal")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.progress_note = label(role="small", wrap=True)
        self.cancel_button = button(mark("Cancel"), self.find_cancelled.emit)
        self.reset_all = button(
            mark("Reset all"), lambda: self.reset_wanted.emit(""), icon="arrow-counter-clockwise"
        )
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        for widget in (self.find_note, self.find_button, self.bar, self.progress_note, self.cancel_button):
            layout.addWidget(widget)
        layout.addLayout(self._list)
        layout.addWidget(self.reset_all)
        layout.addStretch(1)
        self.setWidget(body)
        let_wrap(body)
        self.set_sliders([])

    # --- what is there ------------------------------------------------------------------------------

    def set_sliders(self, sliders: Sequence[Slider]) -> None:
        """Offer a model's sliders; without any, a way to find them."""
        self._sliders = list(sliders)
        empty(self._list)
        self.rows = {}
        for group, (title, explanation) in _GROUPS.items():
            these = [s for s in self._sliders if s.group == group]
            if these:
                self._list.addWidget(section(title, explanation))
            for slider in these:
                words = _words(slider)
                made = SliderRow(slider, words, self)
                self.rows[slider.key] = made
                self._list.addWidget(made)
        self._finding(None)

    def retranslate(self) -> None:
        """Name the sliders again; they stand where they stood."""
        amounts = {key: made.slider.value() / _FINE for key, made in self.rows.items()}
        self.set_sliders(self._sliders)
        self.show_amounts(amounts)

    def show_finding(self, progress: Progress | None) -> None:
        """They are being looked for; None before the first sign of progress."""
        self._finding(progress, busy=True)

    def show_failed(self) -> None:
        """Looking for them ended without any."""
        self._finding(None)

    def _finding(self, progress: Progress | None, *, busy: bool = False) -> None:
        none = not self._sliders
        self.find_note.setVisible(none and not busy)
        self.find_button.setVisible(none and not busy)
        self.bar.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.progress_note.setVisible(busy)
        self.reset_all.setVisible(not none)
        say(self.bar, mark("Finding sliders"), "setAccessibleName")
        if progress is None or not progress.total:
            self.bar.setRange(0, 0)
            self.progress_note.setText(tr("Finding sliders"))
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * progress.done / progress.total))
            self.progress_note.setText(progress.note or tr("Finding sliders"))

    # --- where they stand ---------------------------------------------------------------------------

    def show_amounts(self, amounts: dict[str, float]) -> None:
        """Stand where a point stands."""
        for key, made in self.rows.items():
            made.show_amount(amounts.get(key, 0.0))
        self.reset_all.setEnabled(any(amounts.values()))

    def push(self, key: str, amount: float) -> None:
        """A slider moves."""
        self.pushed.emit(key, amount)

    def put_back(self, key: str) -> None:
        """One slider to nothing."""
        self.reset_wanted.emit(key)

    def flush(self) -> None:
        """End a change under way."""
        for made in self.rows.values():
            made.slider.flush()


def _words(slider: Slider) -> str:
    if slider.group == "tag":
        return slider.label
    return tr("Direction {n}", n=slider.label) if slider.label.isdigit() else tr(slider.label)
