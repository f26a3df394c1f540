"""Starting and ending the program; errors nobody expected."""

from __future__ import annotations

import faulthandler
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.desktop.app import _last_library, catch_crashes
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.paths import log_dir
from mmstudio.studio import Studio
from support.qt import settle, wait_until

START = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
from mmstudio.desktop.app import run
def end():
    windows = [w for w in app.topLevelWidgets() if type(w).__name__ == "MainWindow"]
    if windows and windows[0].context.studio is not None:
        print(windows[0].windowTitle(), "torch" in sys.modules)
        windows[0].close()
    else:
        QTimer.singleShot(20, end)
QTimer.singleShot(0, end)
sys.exit(run(sys.argv[1]))
"""


def test_the_window_opens_on_a_library_and_ends_with_0(studio: Studio) -> None:
    path = studio.library.path
    studio.close()
    done = subprocess.run(
        [sys.executable, "-c", START, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Test – MM Studio False"


@pytest.fixture
def hooks(context: AppContext) -> Iterator[None]:
    before = sys.excepthook, threading.excepthook
    handlers = list(logging.getLogger().handlers)
    catch_crashes(context)
    yield
    sys.excepthook, threading.excepthook = before
    for handler in [h for h in logging.getLogger().handlers if h not in handlers]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    faulthandler.enable(sys.__stderr__)


@pytest.mark.usefixtures("hooks")
def test_an_error_in_a_thread_reaches_person_and_log_file(
    context: AppContext, notices: list[Notice], caplog: pytest.LogCaptureFixture
) -> None:
    thread = threading.Thread(target=lambda: [][0], name="worker")
    thread.start()
    thread.join()
    wait_until(lambda: bool(notices))
    settle(context)
    assert "did not expect" in notices[0].text
    assert "IndexError" in notices[0].hint
    assert "IndexError" in (log_dir() / "mmstudio.log").read_text(encoding="utf-8")
    assert "unexpected error" in caplog.text


@pytest.mark.usefixtures("hooks")
def test_crashes_of_native_code_have_a_place_to_go(tmp_path: Path) -> None:
    assert (log_dir() / "crash.log").is_file()


def test_the_last_library_that_is_gone_is_opened_to_say_so(
    context: AppContext, notices: list[Notice], tmp_path: Path
) -> None:
    context.settings.recent_libraries = [str(tmp_path / "Gone.mmlib")]
    path = _last_library(context)
    assert path is not None
    context.open_library(path)
    wait_until(lambda: bool(notices))
    assert "Gone.mmlib" in notices[0].text
    assert notices[0].hint
    assert not (tmp_path / "Gone.mmlib").exists()
