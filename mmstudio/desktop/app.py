"""Starts the window. Nothing heavy is imported before it is on the screen."""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mmstudio.desktop.display import check_display
from mmstudio.logs import set_up_logging
from mmstudio.paths import log_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

log = logging.getLogger(__name__)
# How long the window waits for a worker to let go of the interpreter, at every call of Qt into Python. Beside
# a busy worker a repaint of a list waited 11 ms (61 at most) with Python's own 5 ms, 2 ms (6) with this; what
# the workers lost could not be measured.
_SWITCH_S = 0.001
_IDLE_MS = 2500  # after a library opened: pictures come first
_SOON_MS = 1000  # the first preview is made ready before the engine loads


def run(library_path: str | Path | None = None) -> int:
    """Open the window, on a library where given, and return the exit status when it is closed.

    Raises:
        StudioError: there is no display here, or a system library that the window needs is missing.
    """
    prepare()
    check_display()
    sys.setswitchinterval(_SWITCH_S)
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([*sys.argv[:1]])
    app.setApplicationName("mmstudio")
    app.setApplicationDisplayName("MM Studio")
    app.setDesktopFileName("mmstudio")
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.window import MainWindow

    context = AppContext()
    catch_crashes(context)
    window = MainWindow(context)
    window.show()
    path = library_path or _last_library(context)
    if path is not None:
        # After the first paint: the person sees the window before the library opens.
        QTimer.singleShot(0, window, lambda: context.open_library(path))
    context.library_opened.connect(lambda: QTimer.singleShot(_SOON_MS, window, window.readiness.start))
    context.library_opened.connect(lambda: QTimer.singleShot(_IDLE_MS, window, window.warm_up))
    status = app.exec()
    context.close()
    return status


def prepare() -> None:
    """What has to be said to the process before Qt and torch load."""
    # An idle OpenMP thread that spins takes the cores from the window and from other programs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia*=false")
    if sys.platform == "win32":
        _find_torch_libraries()


def _find_torch_libraries() -> None:
    # On Windows torch fails to load after Qt unless its c10.dll was found first; torch is not imported here.
    spec = find_spec("torch")
    if spec is not None and spec.submodule_search_locations:
        library = Path(spec.submodule_search_locations[0]) / "lib" / "c10.dll"
        if library.is_file():
            ctypes.CDLL(str(library))


def catch_crashes(context: AppContext) -> None:
    """Send unexpected errors to the log file and the person, and crashes of native code to crash.log."""
    set_up_logging()
    try:
        log_dir().mkdir(parents=True, exist_ok=True)
        crash = (log_dir() / "crash.log").open(
            "a", encoding="utf-8"
        )  # stays open for the life of the process
        faulthandler.enable(crash)
    except OSError as error:
        log.info("no crash log can be written: %s", error)

    def unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("unexpected error", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            # The hook may run on any thread; the notice is shown on the window's.
            context.background(lambda: error, context.report)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            unexpected(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = unexpected
    threading.excepthook = in_thread


def _last_library(context: AppContext) -> str | None:
    # Also one that is gone: opening it says so, and what to do.
    recent = context.settings.recent_libraries
    return recent[0] if recent else None
