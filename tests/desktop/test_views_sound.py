"""Pictures of sounds: waveform, spectrogram, zooming and seeking, A against B."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.heard import heard, matched
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.views.ab_player import ABPlayer
from mmstudio.desktop.views.time_strip import TimeStrip
from mmstudio.desktop.views.waveform import Waveform
from mmstudio.features.sounds.loudness import measure
from support.qt import settle, wait_until
from support.storefront import names_missing

RATE = 8000


def tone(frequency: float = 440.0, seconds: float = 2.0, level: float = 0.5) -> np.ndarray:
    t = np.arange(round(RATE * seconds)) / RATE
    return (level * np.sin(2 * np.pi * frequency * t)).astype(np.float32)[None]


@pytest.fixture
def view(context: AppContext, qtbot: QtBot) -> SoundView:
    made = SoundView(context, tones=True)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.show_samples(tone(), RATE)
    wait_until(lambda: made.duration > 0)
    return made


def test_silence_and_next_to_nothing_can_be_shown(view: SoundView) -> None:
    for samples in (np.zeros((1, 1), np.float32), np.zeros((2, 400), np.float32)):
        view.show_heard(heard(samples, RATE))
        assert view.duration == samples.shape[1] / RATE
        view.grab()


def test_a_click_seeks_and_arrows_move(view: SoundView, qtbot: QtBot) -> None:
    strip = view.waveform
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.width() // 2, 20))
    assert view.position == pytest.approx(1.0, abs=0.02)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert view.position > 1.02
    qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert view.position == 0
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert view.position == pytest.approx(2.0)
    assert "0:02" in strip.accessibleDescription()


def test_both_pictures_zoom_together(view: SoundView, qtbot: QtBot) -> None:
    view.seek(1.0)
    qtbot.keyClick(view.waveform, Qt.Key.Key_Plus)
    first, last = view.waveform.sight
    assert 0 < first < 1 < last < 2
    assert view.spectrogram.sight == (first, last)
    assert view.waveform.second_at(view.waveform.x_of(1.0)) == pytest.approx(1.0, abs=0.01)
    qtbot.keyClick(view.spectrogram, Qt.Key.Key_0)
    assert view.waveform.sight == (0.0, 2.0)


def test_the_wheel_zooms_where_the_pointer_is(view: SoundView) -> None:
    strip = view.waveform
    at = QPointF(strip.width() * 0.75, 10)
    before = strip.second_at(at.x())
    turn = QWheelEvent(
        at, strip.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(strip, turn)
    assert strip.sight != (0.0, 2.0)
    assert strip.second_at(at.x()) == pytest.approx(before, abs=0.01)


def test_what_plays_stays_in_sight(view: SoundView) -> None:
    view.waveform.set_sight(0.0, 0.5)
    view.seek(1.5)
    first, last = view.waveform.sight
    assert first <= 1.5 <= last
    assert view.spectrogram.sight == (first, last)


def test_quiet_words_stand_where_there_is_no_sound(qtbot: QtBot) -> None:
    strip = Waveform()
    qtbot.addWidget(strip)
    strip.resize(200, 60)
    strip.set_message("It cannot be read.")
    assert strip.accessibleDescription() == "It cannot be read."
    assert strip.duration == 0
    strip.grab()


def lightness(strip: TimeStrip) -> np.ndarray:
    image = strip.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = range(8, image.height() - 8)
    return np.array([[image.pixelColor(x, y).red() for x in range(image.width())] for y in rows])


def test_the_loud_half_of_a_sound_is_painted_taller_and_darker(view: SoundView) -> None:
    half = np.concatenate([tone(seconds=1.0), np.zeros((1, RATE), np.float32)], axis=1)
    view.show_heard(heard(half, RATE))
    for strip in (view.waveform, view.spectrogram):
        seen = lightness(strip)
        left, right = np.array_split(seen[:, 8:-8], 2, axis=1)
        assert left.mean() < right.mean() - 4


def test_colours_follow_the_theme(view: SoundView, context: AppContext) -> None:
    light = lightness(view.spectrogram).mean()
    context.change_setting("theme", "dark")
    settle(context)
    assert lightness(view.spectrogram).mean() < light - 60


def test_time_runs_and_stops_at_the_end(view: SoundView, qtbot: QtBot) -> None:
    view.show_heard(heard(tone(seconds=0.1), RATE))
    qtbot.keyClick(view.waveform, Qt.Key.Key_K)
    wait_until(lambda: view.playing or view.position > 0)
    wait_until(lambda: not view.playing)
    assert view.position == pytest.approx(0.1)


def test_compared_sounds_are_equally_loud_and_none_is_turned_up() -> None:
    loud, quiet = tone(level=0.8), tone(660, level=0.1)
    (a, rate), (b, _rate) = matched([(loud, RATE), (quiet, RATE)])
    assert measure([a], rate).loudness == pytest.approx(measure([b], rate).loudness, abs=0.1)
    assert np.abs(a).max() < 0.8
    assert np.abs(b).max() <= np.abs(quiet).max() + 1e-6


def test_sounds_of_other_rates_and_channels_and_silence_compare() -> None:
    a, b = matched([(tone(), RATE), (np.zeros((3, 2 * RATE), np.float32), 2 * RATE)])
    assert a[0].shape == (2, 4 * RATE)
    assert b[0].shape[0] == 2
    assert a[1] == b[1] == 2 * RATE
    assert np.isfinite(b[0]).all()
    assert np.abs(a[0]).max() == pytest.approx(0.5, abs=0.02)


def test_switching_keeps_the_place(context: AppContext, qtbot: QtBot) -> None:
    player = ABPlayer(context)
    qtbot.addWidget(player)
    player.resize(600, 160)
    player.show()
    player.compare((tone(), RATE), (tone(660), RATE), ("First", "Second"))
    wait_until(lambda: player.ready)
    player.view.seek(1.25)
    a = player.view.play.samples
    qtbot.keyClick(player.view.waveform, Qt.Key.Key_B)
    assert player.at == 1
    assert player.view.position == pytest.approx(1.25)
    assert not np.array_equal(player.view.play.samples, a)
    player.view.toggle()
    wait_until(lambda: player.view.playing)
    qtbot.keyClick(player.view.waveform, Qt.Key.Key_X)
    assert player.at == 0
    assert player.view.playing
    assert player.view.position >= 1.25
    assert names_missing(player) == []
    qtbot.keyClick(player.view.waveform, Qt.Key.Key_Escape)
    assert not player.view.playing
    assert not player.ready
    settle(context)
