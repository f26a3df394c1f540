"""The page that flows shows and says what the scenes show and say after an edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.editing.alternatives import lay_sound, place
from mmstudio.composition.editing.layers import write_slot
from mmstudio.composition.editing.sounds import remove_track
from mmstudio.export.web.blocks import walk
from mmstudio.library import Library
from mmstudio.library.importing import register_generated
from support.libraries import add_asset, new_library
from support.media import make_wav
from support.shop import make_shop


def _picture(library: Library, folder: Path, name: str, shade: int) -> int:
    file = folder / f"{name}.png"
    Image.fromarray(np.full((60, 60, 3), shade, np.uint8)).save(file)
    return add_asset(library, file, title=name)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return new_library(tmp_path)


def _pictures(board: Storyboard) -> list[int | None]:
    return [block.asset_id for block in walk(board.blocks) if block.kind == "picture"]


def _words(board: Storyboard) -> list[str]:
    return [block.text for block in walk(board.blocks) if block.text]


def test_a_report_page_shows_the_picture_that_was_dropped(library: Library, tmp_path: Path) -> None:
    one, two, other = (
        _picture(library, tmp_path, name, n * 50) for n, name in enumerate(("One", "Two", "New"))
    )
    made_file = tmp_path / "made.png"
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(made_file)
    made = register_generated(library, made_file, "image", "Drawn", model="m", seed=1)
    board = Composer(library, None, None).compose(
        "case-report", inputs={"text": "A cough.", "asset_ids": [one, two], "title": "A case"}
    )
    page = next(n for n, scene in enumerate(board.scenes) if scene.name == "studies2")
    assert _pictures(board) == [one, two]
    swapped = place(library, board, page, "picture1", other)
    assert _pictures(swapped) == [other, two]
    block = next(block for block in walk(swapped.blocks) if block.asset_id == other)
    assert (block.text, block.data["alt"]) == ("New", "New")
    assert _pictures(board) == [one, two]  # what undo goes back to
    drawn = place(library, swapped, page, "picture2", made)
    assert _pictures(drawn) == [other, made]
    assert "SYNTHETIC · Drawn" in _words(drawn)
    # a picture that stands twice is exchanged where it was exchanged only
    twice = place(library, swapped, page, "picture2", other)
    again = place(library, twice, page, "picture1", one)
    assert _pictures(again) == [one, other]


def test_an_email_says_what_was_written_by_hand(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    board = Composer(shop.library, None, None).compose("email", inputs={"item_ids": [shop.bag, shop.lamp]})
    board = write_slot(board, "title", "Only this week")
    assert _words(board)[0] == "Only this week"
    shop.library.close()


def test_words_and_voice_follow(library: Library, tmp_path: Path) -> None:
    board = Composer(library, None, None).compose(
        "story", inputs={"text": "# The lamp\nA lamp stands on a hill.\n\nSomebody lights it.", "seed": 1}
    )
    slot = next(slot for slot, words in board.copy.items() if "stands on a hill" in words)
    said = write_slot(board, slot, "A lamp stood on a rock.")
    assert "A lamp stood on a rock." in _words(said)
    assert not any("stands on a hill" in words for words in _words(said))
    gone = write_slot(board, slot, "")
    assert len(_words(gone)) == len(_words(board)) - 1
    sounds = [
        add_asset(library, make_wav(tmp_path / f"{n}.wav"), kind="audio", title=f"Sound {n}", duration=1.0)
        for n in (1, 2)
    ]
    sheet = Composer(library, None, None).compose(
        "character", inputs={"text": "Mira Stone\nKeeper of the light", "track_id": sounds[0]}
    )
    other, _ = lay_sound(library, sheet, "voice", sounds[1])
    assert [block.asset_id for block in walk(other.blocks) if block.kind == "sound"] == [sounds[1]]
    assert not [block for block in walk(remove_track(other, "voice").blocks) if block.kind == "sound"]
