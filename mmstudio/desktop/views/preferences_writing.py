"""Preferences of writing: from facts alone, with a model in a folder, or with a server on this computer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, section, tool
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.preference_rows import FIELD, Note, caption, choice, fill, form, line
from mmstudio.desktop.workers import Bell
from mmstudio.i18n import language, mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.copywriting.engines import LanguageModel

_ENGINES = (
    ("facts", mark("Facts writer")),
    ("folder", mark("Language model in a folder")),
    ("server", mark("Local server")),
)
_FIRST = ("", mark("Its first model"))
_TOKENS = 80
_QUESTIONS = {"en": "Write one short sentence about rain.", "zh_CN": "写一句关于雨的短句。"}
_EXPLANATION = mark(
    "Texts can always be put together from an item's own facts. A language model on this computer writes "
    "more freely; every number and claim in its texts is still checked against the facts."
)


class WritingPreferences(QWidget):
    """Lives in the preferences; :meth:`look` checks folder or server, in a worker."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        settings = context.settings
        self._stop = threading.Event()
        self._run = 0
        self._busy = False
        self._models: list[str] = []
        self._pieces = Bell()
        self._pieces.rung.connect(self._heard)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section(mark("Writing copy"), _EXPLANATION))
        rows = form(column)
        self.engine = choice(mark("Write with"), _ENGINES, settings.writing_engine, self._choose_engine)
        rows.addRow(caption(mark("Write with")), self.engine)
        self.folder = QLineEdit(settings.writing_folder)
        self.folder.setFixedWidth(FIELD)
        name(
            self.folder,
            mark("Model folder"),
            mark("A folder with config.json, tokenizer.json and *.safetensors"),
        )
        self.folder.editingFinished.connect(lambda: self._choose_folder(self.folder.text().strip()))
        self.browse = button(mark("Choose…"), self._browse, tip=mark("Choose the model folder"))
        self._folder_row = line(self.folder, self.browse, None)
        rows.addRow(caption(mark("Model folder")), self._folder_row)
        self._rows = rows
        self.server = QLineEdit(settings.writing_server)
        self.server.setFixedWidth(FIELD)
        name(
            self.server,
            mark("Address of the server"),
            mark("Only this computer: Ollama listens at http://localhost:11434, llama.cpp at :8080"),
        )
        self.server.editingFinished.connect(lambda: self._choose_server(self.server.text().strip()))
        rows.addRow(caption(mark("Address of the server")), self.server)
        self.model = choice(
            mark("Model"), (_FIRST,), "", lambda key: self._change("writing_model", key, look=True)
        )
        self.again = tool("arrow-clockwise", mark("Ask the server for its models again"), self.look)
        self._model_row = line(self.model, self.again, None)
        rows.addRow(caption(mark("Model")), self._model_row)
        self.state = Note()
        rows.addRow(label(), self.state)
        self.test = button(mark("Try it"), self.try_it, icon="play", tip=mark("Let it write a sentence"))
        self.free = button(
            mark("Free the memory"), self._free, "quiet",
            tip=mark("The model is let go and loaded again when it is next needed"),
        )  # fmt: skip
        self._test_row = line(self.test, self.free, None)
        rows.addRow(label(), self._test_row)
        self.answer = TextField(lines=2, most=6)
        self.answer.setReadOnly(True)
        self.answer.setMinimumWidth(FIELD)
        self.answer.setMaximumWidth(2 * FIELD)
        name(self.answer, mark("What it wrote"))
        self.took = Note()
        rows.addRow(label(), self.answer)
        rows.addRow(label(), self.took)
        self.free.hide()
        self._show_rows()

    def retranslate(self) -> None:
        """Say again what stands in lists or came from an engine."""
        fill(self.engine, _ENGINES, self.context.settings.writing_engine)
        self._fill_models()
        self.look()

    def look(self) -> None:
        """Check what is chosen without loading a model."""
        settings = self.context.settings.model_copy()
        wanted = settings.writing_engine
        if wanted == "facts":
            self.context.drop("writing-look")
            self.state.tell(tr("Ready: copy is put together from an item's facts and reviews."))
            return

        def work() -> tuple[list[str], bool, str]:
            from mmstudio.generation.copywriting.engines import FolderEngine, ServerEngine

            engine = ServerEngine(settings.writing_server, settings.writing_model)
            status = FolderEngine(settings.writing_folder).status() if wanted == "folder" else engine.status()
            models = engine.models() if wanted == "server" and status.ready else []
            return models, status.ready, " ".join(p for p in (status.sentence, status.hint) if p)

        self.state.tell(tr("Looking…"))
        self.context.background(work, self._looked, self._not_looked, key="writing-look")

    def try_it(self) -> None:
        """Let the model write a sentence, or stop it."""
        if self._busy:
            self._stop.set()
            return
        wanted, studio = self.context.settings.writing_engine, self.context.studio
        if wanted == "folder" and studio is None:
            self.took.tell(tr("Open a library first: the model works beside its jobs."), error=True)
            self._show_answer(False, True)
            return
        self._stop = stop = threading.Event()
        self._run += 1
        run, bell = self._run, self._pieces
        settings = self.context.settings.model_copy()
        question = [{"role": "user", "content": _QUESTIONS.get(language(), _QUESTIONS["en"])}]

        def work() -> tuple[float, float]:
            from mmstudio.generation.copywriting.answers import without_thoughts
            from mmstudio.generation.copywriting.engines import Ask, ServerEngine

            engine: LanguageModel
            if studio is not None and wanted == "folder":
                engine = studio.copywriter.engines["folder"]  # type: ignore[assignment]  # loaded only once
            else:
                engine = ServerEngine(settings.writing_server, settings.writing_model)
            began = time.monotonic()
            first = 0.0
            for piece in without_thoughts(engine.stream(Ask(question, _TOKENS), stop.is_set)):
                first = first or time.monotonic() - began
                bell.ring((run, piece))
            return first, time.monotonic() - began

        self._set_busy(True)
        self.answer.setPlainText("")
        self._show_answer(True, True)
        self.took.tell(tr("The model is being loaded and asked…"))
        if wanted == "folder":
            self.context.ask("writing-test", work, self._wrote, self._not_wrote)
        else:
            self.context.background(work, self._wrote, self._not_wrote, key="writing-test")

    def close_view(self) -> None:
        """The window closes: stop."""
        self._stop.set()

    @Slot(object)
    def _heard(self, message: tuple[int, str]) -> None:
        run, piece = message
        if run == self._run and self._busy:
            self.answer.setPlainText(self.answer.toPlainText() + piece)

    def _wrote(self, times: tuple[float, float]) -> None:
        self._set_busy(False)
        first, whole = times
        stopped = self._stop.is_set()
        words = (
            mark("Stopped after {all} s.")
            if stopped
            else mark("First word after {first} s, done after {all} s.")
        )
        self.took.tell(tr(words, first=f"{first:.1f}", all=f"{whole:.1f}"))
        self.free.setVisible(self.context.settings.writing_engine == "folder")

    def _not_wrote(self, error: Exception) -> None:
        self._set_busy(False)
        self._show_answer(bool(self.answer.toPlainText()), True)
        self.took.tell(" ".join(part for part in tr_error(error) if part), error=True)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        say(self.test, mark("Stop") if busy else mark("Try it"))

    def _free(self) -> None:
        studio = self.context.studio
        self.free.hide()
        if studio is not None:

            def work() -> Any:
                studio.copywriter.engines["folder"].free()  # type: ignore[attr-defined]

            self.context.ask(
                "writing-free", work, lambda _none: self.took.tell(tr("The memory is free again."))
            )

    def _looked(self, result: tuple[list[str], bool, str]) -> None:
        self._models, ready, sentence = result
        self._fill_models()
        self.state.tell(sentence, error=not ready)

    def _not_looked(self, error: Exception) -> None:
        self.state.tell(" ".join(part for part in tr_error(error) if part), error=True)

    def _fill_models(self) -> None:
        chosen = self.context.settings.writing_model
        names = [*self._models] if not chosen or chosen in self._models else [chosen, *self._models]
        fill(self.model, [_FIRST, *((model, model) for model in names)], chosen)

    def _choose_engine(self, key: str) -> None:
        self._stop.set()
        self._change("writing_engine", key, look=True)
        self._show_rows()

    def _show_rows(self) -> None:
        wanted = self.context.settings.writing_engine
        self._rows.setRowVisible(self._folder_row, wanted == "folder")
        for field in (self.server, self._model_row):
            self._rows.setRowVisible(field, wanted == "server")
        self._rows.setRowVisible(self._test_row, wanted != "facts")
        self._show_answer(False, False)
        self.free.hide()

    def _show_answer(self, answer: bool, took: bool) -> None:
        self._rows.setRowVisible(self.answer, answer)
        self._rows.setRowVisible(self.took, took)

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Choose the model folder"), self.folder.text())
        if path:
            self._choose_folder(path)

    def _choose_folder(self, path: str) -> None:
        self.folder.setText(path)
        self._change("writing_folder", path, look=True)

    def _choose_server(self, address: str) -> None:
        self._models = []
        self._change("writing_server", address, look=True)

    def _change(self, setting: str, value: str, *, look: bool) -> None:
        if getattr(self.context.settings, setting) == value:
            return
        self.context.change_setting(setting, value)
        if look:
            self.look()
