"""Preferences: applied at once, saved by themselves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, help_dot, row, section
from mmstudio.desktop.views.preference_rows import FIELD, caption, form
from mmstudio.desktop.views.preferences_gpu import GpuPreferences
from mmstudio.desktop.views.preferences_voice import VoicePreferences
from mmstudio.desktop.views.preferences_writing import WritingPreferences
from mmstudio.i18n import mark, tr
from mmstudio.paths import log_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_THEMES = (("system", mark("Like the system")), ("light", mark("Light")), ("dark", mark("Dark")))
_LANGUAGES = (("system", mark("Like the system")), ("en", "English"), ("zh_CN", "简体中文"))
_DEVICES = (
    ("auto", mark("The fastest there is")),
    ("cpu", mark("Processor (CPU)")),
    ("cuda", mark("NVIDIA graphics card (CUDA)")),
    ("mps", mark("Apple graphics (MPS)")),
)


class PreferencesPane(Pane):
    """Language, theme, motion, device, your name for approvals, voice, writing; folders of the program."""

    key = "preferences"
    name = mark("Preferences")
    icon = "gear"
    with_inspector = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._choices: list[tuple[QComboBox, Sequence[tuple[str, str]]]] = []
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(8)
        column.addWidget(section(mark("How it looks")))
        look = form(column)
        self.theme = self._choice(look, mark("Colours"), "theme", _THEMES)
        self.language = self._choice(look, mark("Language"), "language", _LANGUAGES)
        self.motion = QCheckBox()
        say(self.motion, mark("Show no motion"))
        self.motion.setChecked(context.settings.reduce_motion)
        self.motion.toggled.connect(lambda on: context.change_setting("reduce_motion", on))
        look.addRow(QLabel(), self.motion)
        column.addWidget(section(mark("How it works")))
        work = form(column)
        self.device = self._choice(
            work,
            mark("Compute with"),
            "device",
            _DEVICES,
            mark(
                "Training and generation run here. A graphics card is many times faster; without one the "
                "processor does the same work in more time. It takes effect when a library is next opened."
            ),
        )
        self.device_note = label(role="small", wrap=True)
        work.addRow(QLabel(), self.device_note)
        self.reviewer = QLineEdit(context.settings.reviewer)
        self.reviewer.setFixedWidth(FIELD)
        name(self.reviewer, mark("Your name"), mark("Written beside your approvals"))
        self.reviewer.editingFinished.connect(
            lambda: context.change_setting("reviewer", self.reviewer.text().strip())
        )
        work.addRow(caption(mark("Your name")), self.reviewer)
        self.gpu = GpuPreferences(context)
        self.gpu.setVisible(sys.platform != "darwin")  # there the one build knows Apple's graphics
        column.addWidget(self.gpu)
        self.voice, self.writing = VoicePreferences(context), WritingPreferences(context)
        column.addWidget(self.voice)
        column.addWidget(self.writing)
        column.addWidget(section(mark("Privacy")))
        column.addWidget(
            label(
                mark("Nothing leaves this computer: no account, no upload, no counting."), "muted", wrap=True
            )
        )
        column.addWidget(section(mark("When something went wrong")))
        self.logs = action(
            self, mark("Open the log folder"), self._open_logs, icon="folder-open",
            tip=mark("The details of errors are in the log files"),
        )  # fmt: skip
        column.addLayout(
            row(button(mark("Open the log folder"), self.logs.trigger, icon="folder-open"), None)
        )
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        self.root.addWidget(area)
        context.setting_changed.connect(self._follow)
        self._say_device()

    def retranslate(self) -> None:
        for box, choices in self._choices:
            for place, (_key, words) in enumerate(choices):
                box.setItemText(place, tr(words))
        self.gpu.retranslate()
        self.voice.retranslate()
        self.writing.retranslate()
        self._say_device()

    def activated(self, **args: Any) -> None:
        self.gpu.look()
        self.voice.look()
        self.writing.look()

    def close_pane(self) -> None:
        self.gpu.close_view()
        self.voice.close_view()
        self.writing.close_view()

    def _choice(
        self,
        form: QFormLayout,
        words: str,
        setting: str,
        choices: Sequence[tuple[str, str]],
        explanation: str = "",
    ) -> QComboBox:
        box = QComboBox()
        name(box, words)
        for key, text in choices:
            box.addItem(tr(text), key)
        box.setCurrentIndex(box.findData(getattr(self.context.settings, setting)))
        box.activated.connect(lambda _row: self.context.change_setting(setting, box.currentData()))
        box.setFixedWidth(FIELD)
        self._choices.append((box, choices))
        if explanation:
            holder = QWidget()
            line = row(box, help_dot(explanation), None)
            holder.setLayout(line)
            form.addRow(caption(words), holder)
        else:
            form.addRow(caption(words), box)
        return box

    def _follow(self, setting: str) -> None:
        boxes: dict[str, QComboBox] = {
            "theme": self.theme,
            "language": self.language,
            "device": self.device,
        }
        box = boxes.get(setting)
        if box is not None:
            box.setCurrentIndex(box.findData(getattr(self.context.settings, setting)))
        if setting == "device":
            self._say_device()

    def _say_device(self) -> None:
        if self.context.settings.device == "auto":
            self.device_note.setText(
                tr("CUDA where there is a card, then Apple graphics, then the processor.")
            )
        else:
            self.device_note.setText(tr("Takes effect when a library is next opened."))

    def _open_logs(self) -> None:
        folder = log_dir()

        def make() -> Any:
            folder.mkdir(parents=True, exist_ok=True)

        self.context.background(make, lambda _none: self._show_folder(str(folder)), owner=self)

    def _show_folder(self, folder: str) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
