"""Storyboards as they come: media gone, silent clips, fonts missing, odd sizes, endless titles and sounds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.composition.storyboard import Rect, SoundTrack, Storyboard, TextLayer, VideoLayer
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.editor import EditorPane
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.libraries import add_asset
from support.media import make_mp4
from support.qt import settle, wait_until, watched_event_loop
from support.storefront import make_store, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
HOURS = 4 * 3600.0


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A library with a storyboard for every trouble; its path, and their ids by the name of the trouble."""
    base = tmp_path_factory.mktemp("store")
    path = make_store(base)
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        plain = Composer(library, None, None).compose("product-ad", item.id, inputs={"model": "none"})
        clip = add_asset(library, make_mp4(base / "silent.mp4"), kind="video", duration=1.0)
        rate = 8_000
        long = base / "long.flac"
        with soundfile.SoundFile(long, "w", rate, 1) as file:  # four hours of quiet, a few KB
            for _ in range(round(HOURS / 600)):
                file.write(np.zeros(600 * rate, np.float32))
        track = add_asset(library, long, kind="audio", duration=HOURS)
        gone = add_asset(library, make_mp4(base / "gone.mp4"), kind="video", duration=1.0)
        (base / "gone.mp4").unlink()
        made = {
            "missing": _with(plain, VideoLayer(name="clip", rect=Rect(0, 0, 1, 1), asset_id=gone)),
            "silent": _with(plain, VideoLayer(name="clip", asset_id=clip, gain=0.0)),
            "font": _with(plain, TextLayer(name="t", text="Words", family="No Such Font At All")),
            "narrow": replace(plain, size=(33, 4001)),
            "title": replace(plain, copy={**plain.copy, "headline": "Extraordinary " * 10_000}),
            "track": replace(plain, music=SoundTrack(track)),
            "hours": replace(
                plain,
                music=SoundTrack(track),
                duration=HOURS,
                scenes=[replace(plain.scenes[0], duration=HOURS)],
            ),
            "deleted": replace(plain, music=SoundTrack(999_999)),
            "odd": replace(plain, size=(1079, 607)),  # the newest: it opens by itself
        }
        ids = {
            name: library.storyboards.save(name, board.recipe, item.id, None, board.to_dict())
            for name, board in made.items()
        }
    return path, ids


def _with(board: Storyboard, layer: VideoLayer | TextLayer) -> Storyboard:
    """With one more layer in the first scene."""
    first = replace(board.scenes[0], layers=[*board.scenes[0].layers, layer])
    return replace(board, scenes=[first, *board.scenes[1:]])


SAID = {
    "missing": "Missing: gone",
    "silent": "Without sound: silent",
    "font": "No Such Font At All",
    "hours": "without sound",
    "deleted": "no longer in the library",
}
TROUBLES = ["missing", "silent", "font", "narrow", "odd", "title", "track", "hours", "deleted"]


@pytest.fixture
def opened(context: AppContext, boards: tuple[Path, dict[str, int]], tmp_path: Path) -> dict[str, int]:
    """The library, open."""
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(boards[0], path)
    context.adopt(Studio.open(path))
    settle(context)
    return boards[1]


def told(notices: list[Notice], trouble: str) -> bool:
    """Whether it was said in words, once, and nothing was said of what is well."""
    words = [one.text for one in notices]
    if trouble not in SAID:
        return words == []
    return sum(SAID[trouble] in one for one in words) == 1 and all("Error" not in one for one in words)


def test_every_trouble_opens_and_scrubs_in_the_preview(
    context: AppContext, opened: dict[str, int], notices: list[Notice], qtbot: QtBot
) -> None:
    pane = show_pane(PreviewPane, context, qtbot)
    settle(context)
    player = pane.stage.player
    for trouble in TROUBLES:
        notices.clear()
        with watched_event_loop(pane) as gaps:
            pane.activated(storyboard=opened[trouble])
            shows = _shows(pane, opened[trouble])
            wait_until(shows)
            for part in (0.1, 0.9, 0.5):
                seen: list[float] = []
                player.frame.connect(lambda _image, t, seen=seen: seen.append(t))
                player.seek(part * player.duration)
                wait_until(lambda seen=seen: bool(seen))  # type: ignore[misc]
            settle(context)
        assert gaps.longest_own < 0.5, trouble
        assert told(notices, trouble), (trouble, [one.text for one in notices])
        assert not pane.stage.canvas.image.isNull(), trouble
    pane._load_sound()
    settle(context)


def _shows(pane: PreviewPane, board: int) -> Callable[[], bool]:
    def shows() -> bool:
        facts = pane._facts
        return facts is not None and facts.board.id == board and not pane.stage.canvas.image.isNull()

    return shows


def test_every_trouble_opens_and_is_edited(
    context: AppContext, opened: dict[str, int], notices: list[Notice], qtbot: QtBot
) -> None:
    pane = show_pane(EditorPane, context, qtbot, (1100, 760))
    for trouble in TROUBLES:
        notices.clear()
        with watched_event_loop(pane) as gaps:
            pane.activated(storyboard=opened[trouble])
            wait_until(lambda t=trouble: pane.model.board is not None and pane.model.board.id == opened[t])  # type: ignore[misc]
            wait_until(lambda: not pane.canvas.image.isNull() and not pane.frames.busy)
            board = pane.model.board
            assert board is not None
            pane.model.choose(["headline"])
            pane.model.seek(board.duration * 0.6)
            pane.timeline.zoom(2.0)
            wait_until(lambda: not pane.frames.busy)
            settle(context)
        assert gaps.longest_own < 0.5, trouble
        assert told(notices, trouble), (trouble, [one.text for one in notices])
    pane.toggle()  # the deleted sound: it plays without
    wait_until(lambda: pane.player.position > 0)
    pane.player.pause()
    settle(context)
    pane.close_pane()
