"""The rules of the house that are checked by looking at it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mmstudio

PACKAGE = Path(mmstudio.__file__).parent
HEAVY = ("torch", "torchvision", "torchaudio", "librosa", "scipy", "sklearn", "transformers", "numba", "av")


@pytest.mark.parametrize("module", ["mmstudio.desktop.app", "mmstudio.desktop.window", "mmstudio.cli"])
def test_starting_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []


def test_the_rooms_below_the_desktop_work_without_qt() -> None:
    code = (
        "import sys\n"
        "class NoQt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'PySide6': raise ImportError('no Qt here')\n"
        "sys.meta_path.insert(0, NoQt())\n"
        "import mmstudio.library, mmstudio.library.importing, mmstudio.features, mmstudio.cleaning\n"
        "import mmstudio.learning, mmstudio.recommendation\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr


def test_no_file_is_longer_than_600_lines() -> None:
    long = {
        str(file.relative_to(PACKAGE)): lines
        for file in PACKAGE.rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert not long, f"a file this long is a missing room: {long}"


def test_data_folders_are_not_packages() -> None:
    root = PACKAGE.parent
    assert not [
        folder for folder in ("packaging", "models", "resources") if (root / folder / "__init__.py").exists()
    ]
