"""The graphics card in the preferences: what is used, installed from a folder, and removed."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.views.preferences_gpu import GpuPreferences
from support.qt import wait_until


def test_a_folder_without_wheels_is_said_and_changes_nothing(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    view = GpuPreferences(context)
    qtbot.addWidget(view)
    view.show()
    view.look()
    wait_until(lambda: "own build" in view.state.text())
    assert not view.fetch.isVisible()
    assert not view.remove.isEnabled()
    empty = tmp_path / "empty"
    empty.mkdir()
    view.install(empty)
    assert view.cancel.isVisible()
    wait_until(lambda: "SHA256SUMS" in view.state.text())
    assert not view.busy
    assert view.folder.isEnabled()
