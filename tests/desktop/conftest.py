"""A context, a small library and a window for the tests of the desktop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.window import MainWindow
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.library import add_files
from support.media import make_image, make_mp4, make_text, make_wav
from support.qt import dispose, settle, wait_until


@pytest.fixture
def context(qtbot: QtBot) -> Iterator[AppContext]:
    """A context with default settings in English and light colours; closed at the end."""
    made = AppContext(Settings(language="en", theme="light", reduce_motion=True))
    yield made
    settle(made)
    made.close()
    dispose(made)


@pytest.fixture
def notices(context: AppContext) -> list[Notice]:
    """What the person was told, in order."""
    heard: list[Notice] = []
    context.notice.connect(heard.append)
    return heard


@pytest.fixture(scope="session")
def _media_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for n in range(3):
        make_image(folder / f"picture_{n}.png", (96, 64), seed=n)
    make_wav(folder / "loop.wav", seconds=0.6)
    make_mp4(folder / "clip.mp4")
    make_text(folder / "words.txt", "Sea and sand\n\nA day at the beach.\n")
    return folder


@pytest.fixture
def media(tmp_path: Path, _media_once: Path) -> Path:
    """A folder with three pictures, a sound, a clip and a text."""
    return shutil.copytree(_media_once, tmp_path / "media")


@pytest.fixture
def studio(tmp_path: Path, media: Path) -> Studio:
    """An open library with the media in it; the context that adopts it closes it."""
    made = Studio.create(tmp_path / "Test.mmlib")
    add_files(made.library, *sorted(media.iterdir()), tags=("summer",))
    return made


@pytest.fixture
def open_context(context: AppContext, studio: Studio) -> AppContext:
    """A context with the library open."""
    context.adopt(studio)
    settle(context)
    return context


@pytest.fixture
def make_window(qtbot: QtBot) -> Iterator[Callable[[AppContext], MainWindow]]:
    """Makes a shown window; closed at the end the way a person closes it."""
    windows: list[MainWindow] = []

    def make(context: AppContext) -> MainWindow:
        window = MainWindow(context)
        window.resize(1280, 800)
        window.show()
        windows.append(window)
        settle(context)
        return window

    yield make
    for window in windows:
        window.close()
        wait_until(lambda w=window: not w.isVisible())
        dispose(window)
