"""The chosen result of Create large: a sound with its pictures, two sounds in turn, a text as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.ab_player import ABPlayer
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.results import Result


class ResultDetail(QStackedWidget):
    """Hidden where nothing of the kind is chosen."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[int, ...] = ()
        self.sound = SoundView(context, tones=True)
        around = QWidget()
        inner = QVBoxLayout(around)
        inner.setContentsMargins(12, 4, 12, 8)
        inner.addWidget(self.sound)
        self.ab = ABPlayer(context)
        self.ab.close_button.hide()
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(4)
        self.text, self.copied = label(wrap=True), label(role="small", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for words in (self.text, self.copied):
            words.setMinimumWidth(1)
        layout.addWidget(self.copied)
        layout.addWidget(self.text)
        layout.addStretch(1)
        self.page = QScrollArea()
        self.page.setWidgetResizable(True)
        self.page.setFrameShape(QScrollArea.Shape.NoFrame)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setWidget(page)
        for widget in (around, self.ab, self.page):
            self.addWidget(widget)
        self._around = around
        self.setFixedHeight(176)
        self.hide()

    def show_results(self, chosen: Sequence[Result]) -> None:
        """One sound, two sounds, or one text; anything else hides it."""
        ids = tuple(result.id for result in chosen)
        sounds = [result for result in chosen if result.samples is not None]
        texts = [result for result in chosen if result.text]
        if ids == self._shown and not self.isHidden():
            return
        self._shown = ids
        self.silence()
        if len(sounds) == 2 and len(chosen) == 2:
            a, b = sounds
            assert a.samples is not None
            assert b.samples is not None
            self.ab.compare((a.samples, a.rate), (b.samples, b.rate), (a.recipe.words, b.recipe.words))
            self.setCurrentWidget(self.ab)
        elif len(sounds) == 1 and len(chosen) == 1 and sounds[0].samples is not None:
            self.sound.show_samples(sounds[0].samples, sounds[0].rate)
            self.setCurrentWidget(self._around)
        elif len(texts) == 1 and len(chosen) == 1:
            self.text.setText(texts[0].text)
            self.copied.setText(copied_text(texts[0]))
            self.setCurrentWidget(self.page)
        else:
            self._shown = ()
            self.hide()
            return
        self.show()

    def play(self) -> None:
        """Play or pause what is shown, as soon as it is there."""
        view = self.ab.view if self.currentWidget() is self.ab else self.sound
        if view.duration:
            view.toggle()
        else:
            view.arrived.connect(view.toggle, Qt.ConnectionType.SingleShotConnection)

    def silence(self) -> None:
        """Stop what plays."""
        self.sound.clear()
        self.ab.clear()


def copied_text(result: Result) -> str:
    """How much of a text stands in what the model learned from, in words."""
    if result.copied is None:
        return ""
    share = f"{result.copied:.0%}"
    if result.longest_copied:
        return tr(
            "{share} of its runs of five words stand in your texts; the longest run has {n} words.",
            share=share,
            n=result.longest_copied,
        )
    return tr("{share} of its runs of five words stand in your texts.", share=share)
