"""A text spoken with the voice of the preferences: heard at once, saved with the times of its words."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from mmstudio.desktop.icons import icon as make_icon
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.sound_play import SoundPlay
from mmstudio.i18n import mark, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.voice import Speech

_SHOWN = 60  # characters of the text in the bar


class SpeakBar(QFrame):
    """Hidden until something is spoken. ``closed``: the person is done with it."""

    closed = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.text, self.language = "", ""
        self.item: int | None = None
        self._stop = threading.Event()
        self._busy = self._saving = self._saved = False
        self.setProperty("surface", "strip")
        self.play = SoundPlay(context, self)
        self.play.running.connect(lambda _on: self._show())
        self.play_button = tool("play", mark("Hear it or stop"), self.toggle)
        self.words = label(role="muted")
        self.words.setMinimumWidth(1)
        self.setup_button = button(
            mark("Set it up"), lambda: context.navigate("preferences", section="voice"), "link"
        )
        self.save_button = button(
            mark("Save to library"), self.save, icon="floppy-disk",
            tip=mark("As a sound with the times of its words; an item's storyboards take it as their voice"),
        )  # fmt: skip
        self.close_button = tool("x", mark("Close"), self.close_bar)
        line = row(
            self.play_button, self.words, self.setup_button, self.save_button, self.close_button,
            margins=(12, 6, 8, 6),
        )  # fmt: skip
        line.setStretch(1, 1)
        self.setLayout(line)
        name(self, mark("Spoken text"))
        self.setup_button.hide()
        self.hide()

    def speak(self, text: str, *, item: int | None = None, language: str = "") -> None:
        """Speak a text in a worker and play it; the same text again plays or stops."""
        if text == self.text and not self.isHidden() and not self.setup_button.isVisibleTo(self):
            self.toggle()
            return
        self._fall_silent()
        self.text, self.item, self.language, self._saved = text, item, language, False
        self._stop = stop = threading.Event()
        self._busy = True
        self.setup_button.hide()
        say(self.words, mark("Speaking"))
        self.show()
        self._show()
        settings = self.context.settings.model_copy()

        def work() -> Speech:
            from mmstudio.generation.voice import Voices

            return Voices(settings).speak(text, language=language, cancelled=stop.is_set)

        def spoken(speech: Speech) -> None:
            if stop.is_set():
                return
            self._busy = False
            short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
            seconds = f"{speech.seconds:.1f}"
            say(self.words, mark("{seconds} s: “{text}”"), seconds=seconds, text=" ".join(short.split()))
            self.play.set_sound(speech.samples[None], speech.rate)
            self.play.toggle()
            self._show()

        def failed(error: Exception) -> None:
            if stop.is_set():
                return
            self._busy = False
            unsay(self.words)
            self.words.setText(" ".join(part for part in tr_error(error) if part))
            self.words.setToolTip(self.words.text())
            self.setup_button.show()
            self._show()

        self.context.background(work, spoken, failed, key="speak-bar", owner=self)

    def toggle(self) -> None:
        """Play it, or stop."""
        if not self._busy:
            self.play.toggle()

    def save(self) -> None:
        """Put it into the library by a job, and to the item that it is about as its voice."""
        studio, item = self.context.studio, self.item
        if studio is None or self._busy or self._saving or self._saved or self.context.read_only:
            return
        handle = self.context.submit("speak", {"text": self.text, "language": self.language})
        if handle is None:
            return
        self._saving = True
        self._show()

        def done(result: dict[str, Any]) -> None:
            self._saving, self._saved = False, True
            self._show()
            if item is not None and result["assets"]:
                asset = int(result["assets"][0])
                self.context.background(
                    lambda: studio.library.items.link_asset(item, asset, "voice"), lambda _r: None, owner=self
                )

        def ended(_event: Any) -> None:
            self._saving = False
            self._show()

        JobWatch(self.context, handle, self, on_done=done, on_ended=ended)

    def close_bar(self) -> None:
        """Fall silent and hide."""
        self._fall_silent()
        self.text = ""
        self.hide()
        self.closed.emit()

    def _fall_silent(self) -> None:
        self._stop.set()
        self._busy = False
        self.play.clear()

    def _show(self) -> None:
        ready = not self._busy and not self.setup_button.isVisibleTo(self)
        self.play_button.setEnabled(ready)
        self.play_button.setIcon(make_icon("stop" if self.play.playing else "play", "text", "accent"))
        self.save_button.setEnabled(
            ready and not self._saving and not self._saved and not self.context.read_only
        )
        say(self.save_button, mark("Saved") if self._saved else mark("Save to library"))
