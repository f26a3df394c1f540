"""Preferences of speech: which program, which voice for a language, how fast, how high; and to hear it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon as make_icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, section, tool
from mmstudio.desktop.views.preference_rows import FIELD, Factor, Note, caption, choice, fill, form, line
from mmstudio.desktop.views.sound_play import SoundPlay
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.voice import EngineState, Speech, Voice

_ENGINES = (
    ("auto", mark("The best there is")),
    ("espeak-ng", mark("eSpeak NG")),
    ("piper", mark("Piper")),
    ("system", mark("Voices of the system")),
)
_AUTOMATIC = ("", mark("Chosen for you"))
_SENTENCES = {"en": "This is how I sound. Have a good day.", "zh": "我的声音是这样的。祝你今天愉快。"}
_EXPLANATION = mark(
    "Speech is made by a program on this computer, without the network: eSpeak NG is small and knows about a "
    "hundred languages, Piper sounds more natural and needs a voice file of your own."
)


class VoicePreferences(QWidget):
    """Lives in the preferences; :meth:`look` asks the programs anew, in a worker."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        settings = context.settings
        self._stop = threading.Event()
        self._hearing = ""  # the language that is being tried
        self._engines: list[EngineState] = []
        self._voices: dict[str, list[Voice]] = {"en": [], "zh": []}
        self.play = SoundPlay(context, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section(mark("Voice"), _EXPLANATION))
        rows = form(column)
        self.engine = choice(mark("Speech program"), _ENGINES, settings.voice_engine, self._choose_engine)
        rows.addRow(caption(mark("Speech program")), self.engine)
        self.state = Note()
        rows.addRow(label(), self.state)
        self.file = QLineEdit(settings.piper_voice)
        self.file.setFixedWidth(FIELD)
        name(self.file, mark("Voice file of Piper"), mark("An .onnx file with its .onnx.json beside it"))
        self.file.editingFinished.connect(lambda: self._choose_file(self.file.text().strip()))
        self.browse = button(mark("Choose…"), self._browse, tip=mark("Choose the voice file of Piper"))
        self._file_row = line(self.file, self.browse, None)
        rows.addRow(caption(mark("Voice file of Piper")), self._file_row)
        self._rows = rows
        self.boxes: dict[str, QComboBox] = {}
        self.hear_buttons: dict[str, QToolButton] = {}
        for language, words, hear in (
            ("en", mark("English voice"), mark("Hear the English voice")),
            ("zh", mark("Chinese voice"), mark("Hear the Chinese voice")),
        ):
            setting = f"voice_{language}"
            box = choice(
                words,
                (_AUTOMATIC,),
                getattr(settings, setting),
                lambda key, setting=setting: context.change_setting(setting, key),  # type: ignore[misc]
            )
            self.boxes[language] = box
            self.hear_buttons[language] = tool(
                "play",
                hear,
                lambda language=language: self.hear(language),  # type: ignore[misc]
            )
            rows.addRow(caption(words), line(box, self.hear_buttons[language], None))
        self.rate = Factor(
            mark("Rate of speech"), mark("1 is the voice's own rate"), settings.voice_rate,
            lambda value: context.change_setting("voice_rate", value),
        )  # fmt: skip
        rows.addRow(caption(mark("Rate of speech")), self.rate)
        self.pitch = Factor(
            mark("Pitch"), mark("1 is the voice's own pitch"), settings.voice_pitch,
            lambda value: context.change_setting("voice_pitch", value),
        )  # fmt: skip
        rows.addRow(caption(mark("Pitch")), self.pitch)
        self.heard = Note()
        rows.addRow(label(), self.heard)
        self._show_file_row()

    def retranslate(self) -> None:
        """Say again what came from the engines or stands in lists."""
        fill(self.engine, _ENGINES, self.context.settings.voice_engine)
        self._fill_voices()
        self.heard.tell("")
        self.look()

    def look(self) -> None:
        """Ask the programs which are there and which voices they have."""
        settings = self.context.settings.model_copy()

        def work() -> tuple[list[EngineState], dict[str, list[Voice]]]:
            from mmstudio.generation.voice import Voices

            voices = Voices(settings)
            return voices.engines(), {language: voices.voices(language) for language in ("en", "zh")}

        if not self._engines:
            self.state.tell(tr("Looking…"))
        self.context.background(work, self._found, self._not_found, key="voice-look")

    def hear(self, language: str) -> None:
        """Speak a sentence and play it, or stop."""
        if self._hearing or self.play.playing:
            self._stop.set()
            self.play.clear()
            self._set_hearing("")
            return
        self._stop = stop = threading.Event()
        self._set_hearing(language)
        self.heard.tell(tr("Speaking"))
        settings = self.context.settings.model_copy()

        def work() -> tuple[Speech, float]:
            from mmstudio.generation.voice import Voices

            began = time.monotonic()
            speech = Voices(settings).speak(_SENTENCES[language], language=language, cancelled=stop.is_set)
            return speech, time.monotonic() - began

        self.context.background(work, self._spoken, self._not_spoken, key="voice-hear")

    def close_view(self) -> None:
        """The window closes: fall silent."""
        self._stop.set()
        self.play.clear()

    def _spoken(self, result: tuple[Speech, float]) -> None:
        speech, took = result
        if self._stop.is_set():
            return
        self._set_hearing("")
        self.heard.tell(
            tr(
                "{seconds} s of speech, ready after {took} s",
                seconds=f"{speech.seconds:.1f}",
                took=f"{took:.1f}",
            ),
        )
        self.play.set_sound(speech.samples[None], speech.rate)
        self.play.toggle()

    def _not_spoken(self, error: Exception) -> None:
        if self._stop.is_set():
            self.heard.tell("")
            return
        self._set_hearing("")
        self.heard.tell("\n".join(part for part in tr_error(error) if part), error=True)

    def _set_hearing(self, language: str) -> None:
        self._hearing = language
        for key, pressed in self.hear_buttons.items():
            pressed.setIcon(make_icon("stop" if key == language else "play", "text", "accent"))
            pressed.setEnabled(language in ("", key))

    def _found(self, result: tuple[list[EngineState], dict[str, list[Voice]]]) -> None:
        self._engines, self._voices = result
        self._fill_voices()
        self._say_state()

    def _not_found(self, error: Exception) -> None:
        self.state.tell("\n".join(part for part in tr_error(error) if part), error=True)

    def _fill_voices(self) -> None:
        wanted = self.context.settings.voice_engine
        for language, box in self.boxes.items():
            voices = [v for v in self._voices[language] if wanted in ("auto", v.engine)]
            shown = [(voice.id, voice.name) for voice in voices]
            fill(box, [_AUTOMATIC, *shown], getattr(self.context.settings, f"voice_{language}"))

    def _say_state(self) -> None:
        wanted = self.context.settings.voice_engine
        ready = [engine for engine in self._engines if engine.ready and wanted in ("auto", engine.key)]
        if ready:
            self.state.tell(tr("{engine}: {state}", engine=ready[0].label, state=ready[0].sentence))
            return
        missing = [engine for engine in self._engines if wanted in ("auto", engine.key)]
        lines = [f"{engine.label}: {engine.sentence} {engine.hint}" for engine in missing]
        if wanted == "auto":
            lines.insert(0, tr("No speech program is installed on this computer."))
        self.state.tell("\n".join(lines), error=True)

    def _choose_engine(self, key: str) -> None:
        self.context.change_setting("voice_engine", key)
        self._show_file_row()
        self._fill_voices()
        self._say_state()
        self.look()

    def _show_file_row(self) -> None:
        shown = self.context.settings.voice_engine == "piper" or bool(self.context.settings.piper_voice)
        self._rows.setRowVisible(self._file_row, shown)

    def _browse(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(
            self, tr("Choose the voice file of Piper"), self.file.text(), tr("Piper voices (*.onnx)")
        )
        if path:
            self._choose_file(path)

    def _choose_file(self, path: str) -> None:
        self.file.setText(path)
        if path != self.context.settings.piper_voice:
            self.context.change_setting("piper_voice", path)
            self.look()
