"""The self-test's window: opened without a screen, looked at, closed."""

from __future__ import annotations

import time
from pathlib import Path

_SIZE = (1280, 800)
_PATIENCE = 30.0  # seconds for the first pictures


def photograph(picture: Path) -> str:
    """Open the window, wait until it has painted, save a picture of it; says its size.

    Raises:
        RuntimeError: nothing was painted in time.
    """
    from mmstudio.desktop.app import prepare

    prepare()
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    app = QApplication(["mmstudio"])
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.window import MainWindow

    context = AppContext()
    window = MainWindow(context)
    window.resize(*_SIZE)
    window.show()
    started = time.monotonic()
    while True:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        image = window.grab().toImage()
        seen = {image.pixel(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)}
        if len(seen) > 8:
            break
        if time.monotonic() - started > _PATIENCE:
            raise RuntimeError(f"{len(seen)} colours in the window")
    image.save(str(picture))
    window.close()
    context.close()
    return f"{image.width()} × {image.height()}"
