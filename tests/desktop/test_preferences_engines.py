"""Preferences of voice and writing: chosen, tried, and what is missing said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.preferences import PreferencesPane
from mmstudio.desktop.views.preferences_voice import VoicePreferences
from mmstudio.desktop.views.preferences_writing import WritingPreferences
from mmstudio.settings import load_settings
from support.llm import Answering, local_server, tiny_model
from support.qt import settle, wait_until, watched_event_loop
from support.speech import alone, fake_espeak, posix_only


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    alone(monkeypatch, folder)
    return folder


@pytest.fixture
def shown(context: AppContext, qtbot: QtBot) -> Callable[[], PreferencesPane]:
    def make() -> PreferencesPane:
        pane = PreferencesPane(context)
        qtbot.addWidget(pane)
        pane.resize(1000, 700)
        pane.show()
        pane.activated()
        settle(context)
        return pane

    return make


def press(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]


def pick(box: object, key: str) -> None:
    row = box.findData(key)  # type: ignore[attr-defined]
    assert row >= 0, key
    box.setCurrentIndex(row)  # type: ignore[attr-defined]
    box.activated.emit(row)  # type: ignore[attr-defined]


def heard_line(voice: VoicePreferences) -> str:
    return voice.heard.text()


def test_without_a_program_it_is_said_what_to_install(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    voice = shown().voice
    assert "No speech program is installed" in voice.state.text()
    assert "espeak-ng" in voice.state.text()
    assert voice.state.property("role") == "error"
    press(qtbot, voice.hear_buttons["en"])
    settle(context)
    assert "No speech program is installed" in heard_line(voice)
    needed = voice.state.heightForWidth(voice.state.width())
    assert needed <= voice.state.height() < needed + 40


def test_notes_keep_their_height_at_every_width(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane]
) -> None:
    pane = shown()
    for width in (300, 1000, 420, 1600, 700):
        pane.resize(width, 600)
        settle(context)
        note = pane.voice.state
        lines = note.text().count("\n") + 1
        assert lines * 12 <= note.height() < 400


@posix_only
def test_voices_are_chosen_for_each_language_and_kept(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane]
) -> None:
    fake_espeak(only)
    voice = shown().voice
    assert "eSpeak NG" in voice.state.text()
    names = [voice.boxes["en"].itemText(row) for row in range(voice.boxes["en"].count())]
    assert names == ["Chosen for you", "English (Great Britain)", "English (America)"]
    assert voice.boxes["zh"].count() == 2
    pick(voice.boxes["en"], "espeak-ng:gmw/en")
    voice.rate.slider.setValue(30)
    voice.pitch.slider.setValue(10)
    settle(context)
    kept = load_settings()
    assert (kept.voice_en, kept.voice_rate, kept.voice_pitch) == ("espeak-ng:gmw/en", 1.5, 0.5)
    assert voice.rate.number.text() == "1.50×"
    again = shown().voice
    assert again.boxes["en"].currentData() == "espeak-ng:gmw/en"


@posix_only
def test_a_sentence_is_spoken_and_played(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    log = fake_espeak(only)
    voice = shown().voice
    press(qtbot, voice.hear_buttons["zh"])
    settle(context)
    assert voice.play.duration > 0.3
    assert voice.play.playing
    assert "s of speech" in heard_line(voice)
    assert '"sit/cmn"' in log.read_text(encoding="utf-8")
    press(qtbot, voice.hear_buttons["zh"])
    assert not voice.play.playing


@posix_only
def test_a_program_that_hangs_is_stopped_by_the_same_button(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    log = fake_espeak(only, "time.sleep(600)")
    voice = shown().voice
    press(qtbot, voice.hear_buttons["en"])
    wait_until(log.exists)
    assert not voice.hear_buttons["zh"].isEnabled()
    press(qtbot, voice.hear_buttons["en"])
    assert voice.hear_buttons["zh"].isEnabled()
    settle(context)
    assert not voice.play.playing


def test_piper_asks_for_its_voice_file(
    only: Path,
    context: AppContext,
    shown: Callable[[], PreferencesPane],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    voice = shown().voice
    assert not voice.browse.isVisible()
    pick(voice.engine, "piper")
    settle(context)
    assert voice.browse.isVisible()
    assert voice.state.text().startswith("Piper: It is not installed.")
    chosen = str(tmp_path / "a.onnx")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (chosen, ""))
    press(qtbot, voice.browse)
    settle(context)
    assert (load_settings().voice_engine, load_settings().piper_voice) == ("piper", chosen)


def test_an_open_library_hears_of_a_choice_at_once(open_context: AppContext) -> None:
    assert open_context.studio is not None
    open_context.change_setting("voice_rate", 1.5)
    open_context.change_setting("writing_engine", "server")
    settings = open_context.studio.settings
    assert (settings.voice_rate, settings.writing_engine) == (1.5, "server")


def test_facts_need_nothing(shown: Callable[[], PreferencesPane]) -> None:
    writing = shown().writing
    assert writing.state.text().startswith("Ready")
    assert not any(w.isVisible() for w in (writing.test, writing.folder, writing.server, writing.answer))


def test_a_server_is_asked_for_its_models_and_answers(
    context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    with local_server(Answering(models={"data": [{"id": "one"}, {"id": "two"}]})) as address:
        context.change_setting("writing_server", address)
        writing = shown().writing
        pick(writing.engine, "server")
        settle(context)
        assert writing.server.isVisible()
        assert not writing.folder.isVisible()
        assert writing.state.text() == f"one at {address}"
        pick(writing.model, "two")
        settle(context)
        assert writing.state.text() == f"two at {address}"
        assert load_settings().writing_model == "two"
        press(qtbot, writing.test)
        settle(context)
        assert writing.answer.toPlainText() == "A light nylon bag."
        assert writing.took.text().startswith("First word after")


def test_an_answer_streams_and_can_be_stopped(
    context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    with local_server(Answering(pieces=["word "] * 3000, pause=0.01)) as address:
        context.change_setting("writing_server", address)
        context.change_setting("writing_engine", "server")
        writing = shown().writing
        press(qtbot, writing.test)
        with watched_event_loop(writing) as gaps:
            wait_until(lambda: writing.answer.toPlainText().count("word") >= 5)
        assert gaps.longest_own < 0.5
        assert writing.test.text() == "Stop"
        press(qtbot, writing.test)
        settle(context)
        assert writing.took.text().startswith("Stopped after")
        assert writing.test.text() == "Try it"


@pytest.mark.parametrize(
    ("address", "words"), [("http://example.com", "is not this computer"), ("nonsense://", "not the address")]
)
def test_other_computers_are_refused(
    context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot, address: str, words: str
) -> None:
    context.change_setting("writing_engine", "server")
    writing = shown().writing
    writing.server.setText(address)
    writing.server.editingFinished.emit()
    settle(context)
    assert words in writing.state.text()
    press(qtbot, writing.test)
    settle(context)
    assert words in writing.took.text()


def test_a_folder_is_chosen_checked_and_tried_on_the_device_thread(
    open_context: AppContext,
    shown: Callable[[], PreferencesPane],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tiny_model(tmp_path / "model", says="Go😀up.")
    writing = shown().writing
    pick(writing.engine, "folder")
    settle(open_context)
    assert "No model folder is chosen" in writing.state.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(folder))
    press(qtbot, writing.browse)
    settle(open_context)
    assert writing.state.text().startswith("model, ")
    press(qtbot, writing.test)
    settle(open_context)
    assert writing.answer.toPlainText() == "Go😀up."
    assert open_context.studio is not None
    engine = open_context.studio.copywriter.engines["folder"]
    assert engine.loaded  # type: ignore[attr-defined]
    press(qtbot, writing.free)
    settle(open_context)
    assert not engine.loaded  # type: ignore[attr-defined]


def test_a_folder_needs_a_library_to_be_tried(
    context: AppContext, shown: Callable[[], PreferencesPane], qtbot: QtBot
) -> None:
    context.change_setting("writing_engine", "folder")
    writing: WritingPreferences = shown().writing
    press(qtbot, writing.test)
    assert "Open a library first" in writing.took.text()


def test_the_page_follows_the_language(
    only: Path, context: AppContext, shown: Callable[[], PreferencesPane]
) -> None:
    pane = shown()
    context.change_setting("language", "zh_CN")
    pane.retranslate()
    settle(context)
    assert pane.writing.engine.itemText(0) == "事实写手"
    assert pane.voice.boxes["en"].itemText(0) == "自动选择"
    assert "没有安装语音程序" in pane.voice.state.text()
