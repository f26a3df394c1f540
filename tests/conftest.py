"""Rules of the whole suite: no network but loopback, no screen, an own home folder, no stray warnings."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia*=false;qt.qpa.fonts*=false;qt.text.font.db=false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers share two cores
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ["LC_ALL"] = "C.UTF-8"
# No test touches the keyring of the computer; the few that need one set a class of their own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("mmstudio", deadline=None)
settings.load_profile("mmstudio")
_MANY = 200  # modules
LOOPBACK = {"127.0.0.1", "::1", "localhost", ""}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of long tests begin first: begun last, one would leave the other worker idle at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True, scope="module")
def _modules_are_no_garbage() -> Iterator[None]:
    """What torch and its like bring along is not looked through for garbage after every few tests."""
    before = len(sys.modules)
    yield
    if len(sys.modules) > before + _MANY:
        gc.collect()
        gc.freeze()


def pytest_collection_finish() -> None:
    """The same of what collecting has imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything but loopback fails at once, by name."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise RuntimeError(f"the test reached for the network: {address!r}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders below one of their own: pytest looks through all there are to number the next."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, data and logs of a test go to a folder of its own; the language is English.

    ``tmp_path`` is asked for first, so that it goes last: what lies in it is closed by then.
    """
    from mmstudio.i18n import set_language

    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("MMSTUDIO_HOME", str(home))
    set_language("en")
    return home


@pytest.fixture(autouse=True, scope="session")
def _one_application(qapp: Any) -> None:
    """Drawing makes a QGuiApplication where none is; the window's tests in that process need more."""


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("mmstudio"):
            self.seen.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_log_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """A warning in the log that the test did not expect fails it (mark expected ones with caplog.clear())."""
    handler = _Warnings()
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
    if handler.seen and "caplog" not in request.fixturenames:
        pytest.fail("unexpected log lines:\n" + "\n".join(handler.seen))
