"""An open library per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.library import Library
from support.libraries import new_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library, closed after the test."""
    with new_library(tmp_path) as opened:
        yield opened


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder outside the library, for originals."""
    folder = tmp_path / "media"
    folder.mkdir()
    return folder
