"""Qt's text engine needs an application object; headless programs get one that shows nothing."""

from __future__ import annotations

import os
import sys
import threading

from PySide6.QtCore import QLoggingCategory
from PySide6.QtGui import QGuiApplication

from mmstudio.errors import StudioError

_kept: list[QGuiApplication] = []


def ensure_application() -> None:
    """Make an offscreen QGuiApplication when there is none. Call it once from the main thread.

    After that, painting on a QImage is allowed from any thread (Qt: "Threads and QPainter").

    Raises:
        StudioError: there is no application yet and this is not the main thread.
    """
    if QGuiApplication.instance() is not None:
        return
    if threading.current_thread() is not threading.main_thread():
        raise StudioError(
            "Drawing has to be prepared on the main thread first.",
            hint="Call mmstudio.composition.prepare_drawing() once before starting the job.",
        )
    # Said as an argument, not in the environment: a window started from here later must not inherit it.
    platform = ["-platform", "offscreen"] if sys.platform.startswith("linux") else []
    if "QT_LOGGING_RULES" not in os.environ:
        # Qt says on stderr that a Latin font cannot shape Hindi before it goes on to the next one
        QLoggingCategory.setFilterRules("qt.text.font.db=false")
    _kept.append(QGuiApplication(["mmstudio", *platform]))
