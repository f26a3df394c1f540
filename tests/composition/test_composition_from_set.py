"""A set becomes a storyboard; a spoken asset brings its captions along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.from_set import storyboard_of_set
from mmstudio.composition.storyboard import GeneratedLayer, ImageLayer
from mmstudio.library import Library, NewItem
from mmstudio.library.importing import register_generated
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_wav

WORDS = [("Hello", 0.0, 0.4), ("there.", 0.4, 0.8), ("Two", 1.5, 1.8), ("pockets.", 1.8, 2.4)]
TIMINGS = {"words": [{"text": text, "start": start, "end": end} for text, start, end in WORDS]}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path) as made:
        yield made


@pytest.fixture
def assets(library: Library, tmp_path: Path) -> dict[str, int]:
    """Picture and sound of a saved set."""
    picture, sound = add_files(library, make_image(tmp_path / "a.png", seed=5), make_wav(tmp_path / "a.wav"))
    return {"picture": picture, "sound": sound}


def item_of(library: Library, picture: int | None) -> int:
    (item,) = library.items.upsert_many([NewItem(sku="B", title="Harbour Bag", description="A roomy bag.")])
    if picture is not None:
        library.items.link_asset(item, picture, "hero")
    return item


def test_a_set_without_an_item_becomes_one(library: Library, assets: dict[str, int]) -> None:
    board = storyboard_of_set(
        Composer(library, None, None), library, assets, title="Calm sea", text="Calm and blue.", mark="ab12"
    )
    item = library.items.by_sku("set-ab12")
    assert item is not None
    assert (board.id, board.item_id) == (board.id, item.id)
    assert board.id is not None
    assert (board.copy["headline"], board.copy["line"]) == ("Calm sea", "Calm and blue.")
    heroes = [layer for s in board.scenes for layer in s.layers if isinstance(layer, ImageLayer)]
    assert {layer.asset_id for layer in heroes} == {assets["picture"]}
    assert board.music is not None
    assert board.music.asset_id == assets["sound"]


def test_an_item_s_own_picture_stays_in_front_of_the_set_s(
    library: Library, assets: dict[str, int], tmp_path: Path
) -> None:
    (hero,) = add_files(library, make_image(tmp_path / "hero.png", seed=9))
    item = item_of(library, hero)
    board = storyboard_of_set(
        Composer(library, None, None), library, assets, title="Bag", text="A roomy bag.", item_id=item
    )
    layers = [layer for scene in board.scenes for layer in scene.layers]
    assert {layer.asset_id for layer in layers if isinstance(layer, ImageLayer)} == {hero}
    (behind,) = {layer.asset_id for layer in layers if isinstance(layer, GeneratedLayer)}
    assert behind is not None
    made = library.generations.of_asset(behind)
    assert made is not None
    assert made.sources == [assets["picture"]]
    kept = Storyboard.from_dict(library.storyboards.get(board.id or 0).data, board.id)
    assert kept.copy["line"] == "A roomy bag."
    assert [source.asset_id for source in kept.sources if source.part == "music"] == [assets["sound"]]


def test_a_voice_is_laid_over_the_music_and_its_words_are_the_captions(
    library: Library, assets: dict[str, int], tmp_path: Path
) -> None:
    item = item_of(library, assets["picture"])
    file = make_wav(tmp_path / "said.wav", seconds=2.5)
    voice = register_generated(
        library, file, "audio", "Hello there", model="voice x", params={"timings": TIMINGS}
    )
    library.items.link_asset(item, voice, "voice")
    composer = Composer(library, None, None)
    board = composer.compose("product-ad", item)
    assert board.voice is not None
    assert (board.voice.asset_id, board.voice.loop) == (voice, False)
    start = board.voice.start
    assert [caption.text for caption in board.captions] == ["Hello there.", "Two pockets."]
    assert board.captions[1].start == pytest.approx(1.5 + start)
    assert board.captions[1].end == pytest.approx(2.4 + start)
    again = composer.edit(board.id or 0, headline="Bag")
    assert [caption.text for caption in again.captions] == ["Hello there.", "Two pockets."]


def test_a_voice_without_times_leaves_the_captions_of_the_scenes(
    library: Library, assets: dict[str, int], tmp_path: Path
) -> None:
    item = item_of(library, assets["picture"])
    (voice,) = add_files(library, make_wav(tmp_path / "said.wav", seconds=1.0, frequency=300.0))
    library.items.link_asset(item, voice, "voice")
    board = Composer(library, None, None).compose("product-ad", item)
    assert board.voice is not None
    assert "Harbour Bag" in board.captions[0].text
