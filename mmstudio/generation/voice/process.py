"""Running another program that may hang, fail or talk too much."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmstudio.errors import Cancelled, StudioError

_MOST = 4_000_000  # bytes of output that are read; a list of voices has a few thousand
# A program started from a desktop menu knows less of the search path than a shell does.
_PLACES = {
    "darwin": ("/opt/homebrew/bin", "/usr/local/bin"),
    "win32": (r"C:\Program Files\eSpeak NG", r"C:\Program Files (x86)\eSpeak NG"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended and what it wrote."""

    status: int
    out: str
    err: str


def find(*names: str) -> str:
    """The path of the first of these programs that is installed, or ""."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_PLACES.get(sys.platform, ())))
        if found:
            return found
    return ""


def run(
    command: Sequence[str],
    text: str = "",
    *,
    timeout: float,
    cancelled: Callable[[], bool] = lambda: False,
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run ``command`` with ``text`` as its standard input (UTF-8), without a shell.

    The program and what it started are killed after ``timeout`` seconds, on cancel, and on any error here.

    Raises:
        Cancelled: ``cancelled()`` became true. StudioError: it cannot be started, or it hung.
    """
    name = Path(command[0]).stem
    # Files instead of pipes: a program that neither reads nor stops writing cannot hold us up.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(text.encode("utf-8", "replace"))
        given.seek(0)
        try:
            process = subprocess.Popen(
                list(command),
                stdin=given,
                stdout=out,
                stderr=err,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise StudioError(
                "The program {name} cannot be started.",
                hint="Install it again, or choose another voice in Preferences.",
                name=name,
            ) from error
        until = time.monotonic() + timeout
        try:
            while True:
                try:
                    status = process.wait(0.05)
                    break
                except subprocess.TimeoutExpired:
                    pass
                if cancelled():
                    raise Cancelled
                if time.monotonic() > until:
                    raise StudioError(
                        "The program {name} did not answer within {seconds} seconds.",
                        hint="Try again, or choose another voice in Preferences.",
                        name=name,
                        seconds=f"{timeout:g}",
                    )
        finally:
            _kill(process)
        out.seek(0)
        err.seek(0)
        return Answer(
            status,
            out.read(_MOST).decode("utf-8", "replace"),
            err.read(_MOST).decode("utf-8", "replace"),
        )


def failed(name: str, answer: Answer) -> StudioError:
    """The error for a program that ended badly or made no sound: its own last line says why."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    return StudioError(
        "The program {name} could not speak this: {why}",
        hint="Choose another voice in Preferences, or write the text differently.",
        name=name,
        why=lines[-1][:200] if lines else f"exit status {answer.status}",
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]
            else:
                process.kill()
        process.wait()
