"""Keeps the computer from falling asleep while a job runs."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
from typing import Any

log = logging.getLogger(__name__)


class Awake:
    """Counts running jobs; the first keeps the system awake, the last lets it sleep again.

    Windows: SetThreadExecutionState. macOS: ``caffeinate``. Linux: ``systemd-inhibit``. Where the system
    offers none of these the jobs run all the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._helper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Awake:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._hold()
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                self._release()

    def _hold(self) -> None:
        if sys.platform == "win32":
            _windows_state(0x80000001)  # ES_CONTINUOUS | ES_SYSTEM_REQUIRED
            return
        command = _inhibit_command()
        if command is None:
            return
        try:
            self._helper = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            log.info("the system cannot be kept awake: %s", error)

    def _release(self) -> None:
        if sys.platform == "win32":
            _windows_state(0x80000000)
        helper, self._helper = self._helper, None
        if helper is not None:
            if helper.stdin is not None:
                helper.stdin.close()  # the helper waits on its input and ends with it
            helper.terminate()
            helper.wait(timeout=5)


def _inhibit_command() -> list[str] | None:
    if sys.platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "cat"]
    if sys.platform.startswith("linux") and shutil.which("systemd-inhibit") and shutil.which("cat"):
        return ["systemd-inhibit", "--what=sleep:idle", "--who=MM Studio", "--why=A job is running", "cat"]
    return None


def _windows_state(flags: int) -> None:
    import ctypes

    windll: Any = getattr(ctypes, "windll", None)
    if windll is not None:
        windll.kernel32.SetThreadExecutionState(flags)
