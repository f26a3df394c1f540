"""The first preview is there at once, and sound leads the pictures through a real PortAudio stream."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer, SoundTrack
from mmstudio.composition.sound import mix
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.views.board_frames import frame_source
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock
from mmstudio.desktop.window import MainWindow
from mmstudio.library import AssetFilter, Library
from mmstudio.media.sound_pipe import sound_pipe
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import make_store

RATE = 48_000
SIZE = (1280, 720)


@pytest.fixture
def ad(tmp_path: Path) -> Path:
    """A library with one ad in it that has music."""
    path = make_store(tmp_path)
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        board = Composer(library, None, None).compose("product-ad", item.id)
        sound = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
        board.music = SoundTrack(sound)
        library.storyboards.save(board.name, board.recipe, item.id, None, board.to_dict(), board.id)
    return path


def test_a_window_left_alone_makes_the_first_preview_ready(
    context: AppContext, ad: Path, make_window: Callable[[AppContext], MainWindow]
) -> None:
    context.adopt(Studio.open(ad))
    window = make_window(context)
    context.navigate("library")
    assert "preview" not in window.panes
    window.readiness.start()
    wait_until(lambda: window.readiness.ready)
    settle(context)
    pane = window.panes["preview"]
    assert isinstance(pane, PreviewPane)
    assert window.current == "library"  # nothing is shown that nobody asked for
    assert pane._facts is None
    assert pane.stage.player.silent
    kept = pane._kept
    assert kept is not None
    context.navigate("preview")
    wait_until(lambda: pane._facts is not None and not pane.stage.canvas.image.isNull())
    assert pane._kept is kept  # the pictures that were read ahead are those that are shown
    assert pane._facts is not None
    assert pane._facts.board.id == kept[0]
    context.close_library()
    settle(context)
    assert not window.readiness.ready


def test_without_a_storyboard_it_is_ready_as_well(
    context: AppContext, tmp_path: Path, make_window: Callable[[AppContext], MainWindow]
) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    window = make_window(context)
    window.readiness.start()
    wait_until(lambda: window.readiness.ready)
    assert window.current != "preview"
    window.readiness.start()  # once is enough
    assert window.readiness.ready


def test_it_plays_through_portaudio_and_the_sound_never_waits(ad: Path, qtbot: QtBot) -> None:
    pytest.importorskip("sounddevice", exc_type=OSError)
    library = Library.open(ad)
    row = library.storyboards.list()[0]
    from mmstudio.composition import Storyboard

    board = Storyboard.from_dict(library.storyboards.get(row.id).data, row.id)
    board.duration = 3.0
    samples = mix(board, library, RATE)
    player = Player()
    player.set_size(QSize(*SIZE))
    sizes: set[tuple[int, int]] = set()
    off: list[tuple[float, float]] = []
    try:
        with sound_pipe() as device:
            clock = SoundClock(samples, RATE, 1.0)
            player.set_clock(clock)
            player.load(frame_source(board, library, (1920, 1080)), board.duration, 30.0, False)
            wait_until(lambda: not player._frames.busy)

            def on_frame(image: object, t: float) -> None:
                heard = device.heard(time.perf_counter())
                if player.is_playing and heard is not None:
                    sizes.add((image.width(), image.height()))  # type: ignore[attr-defined]
                    off.append((t, t - heard))

            player.frame.connect(on_frame)
            player.play()
            wait_until(lambda: not player.is_playing)
            device.expect_end()
            heard = device.samples()
            gaps = device.underruns + device.late + clock.underflows
            player.set_clock(SilentClock())
    except OSError as error:
        pytest.skip(f"no ALSA: {error}")
    finally:
        player.close()
        library.close()
    assert sizes == {SIZE}
    assert player.shown + player.dropped <= 91
    assert off[-1][0] > 2.0  # to the end, however busy the machine is
    # What was heard is the mix itself, from its first sample on and without a hole.
    first = int(np.argmax(np.abs(heard[0]) > 1e-6))
    start = int(np.argmax(np.abs(samples[0]) > 1e-6))
    length = min(heard.shape[1] - first, samples.shape[1] - start)
    assert length > 2.0 * RATE
    np.testing.assert_allclose(
        heard[:, first : first + length], samples[:, start : start + length], atol=1e-6
    )
    early = statistics.median(away for t, away in off if t < 1.5)
    late = statistics.median(away for t, away in off if t >= 1.5)
    assert abs(late - early) < 0.25 if gaps else abs(late - early) < 0.1  # pictures follow what is heard
