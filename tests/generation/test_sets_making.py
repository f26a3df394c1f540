"""Whole sets with the models that every library has: made, changed in one part, made once more, saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import NotFound, ReadOnly, StudioError, UsageError
from mmstudio.features.sounds.loudness import measure as level
from mmstudio.generation import Generation
from mmstudio.generation.quality import measure
from mmstudio.generation.sets import MadeSet, SetWish, again, finished, making, reroll
from mmstudio.generation.sets.agreement import between
from mmstudio.generation.sets.keeping import set_work
from mmstudio.generation.sounding.measure import clicks
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.library import Library
from mmstudio.media import metadata
from mmstudio.media.audio import load_audio
from support.media import make_image, make_wav
from support.shop import Shop, make_shop

SMALL = {"seconds": 1.5, "size": 96, "candidates": 2, "picture_model": "starter-image-gan"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("shop"))
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def generation(shop: Shop) -> Generation:
    return Generation(shop.library, Trainings(shop.library, "cpu"))


@pytest.fixture(scope="module")
def made(shop: Shop, generation: Generation) -> MadeSet:
    return finished(making(generation, SetWish(item_id=shop.bag, seed=3, **SMALL)))  # type: ignore[arg-type]


def same(a: MadeSet, b: MadeSet) -> bool:
    return bool(
        np.array_equal(a.picture, b.picture) and np.array_equal(a.sound, b.sound) and a.text == b.text
    )


def test_a_set_of_an_item_is_a_picture_a_bed_and_a_line(made: MadeSet, shop: Shop) -> None:
    assert made.picture.shape == (96, 96, 3)
    assert measure(made.picture).passes
    assert made.sound.dtype == np.float32
    assert made.sound.shape == (2, 1.5 * made.rate)
    assert np.abs(made.sound).max() < 0.9
    assert level([made.sound], made.rate).loudness == pytest.approx(-18, abs=1.5)
    edge = made.rate // 50  # a drum's attack within may stand alone; begin and end may not
    assert all(edge < at < made.sound.shape[1] - edge for at in clicks(made.sound, made.rate))
    assert made.text in made.variants
    assert made.title
    assert made.sources == (shop.library.items.hero_of(shop.bag),)
    assert made.agreement["palette"] < 0.08
    assert set(made.seeds) == {"picture", "sound", "text"}


def test_a_manifest_makes_the_same_bytes(made: MadeSet, generation: Generation) -> None:
    manifest = json.loads(json.dumps(made.manifest()))
    once_more = again(generation, manifest)
    assert same(made, once_more)
    assert once_more.manifest() == made.manifest()
    assert {"seed", "model", "recipe"} <= set(manifest["parts"]["picture"])
    assert manifest["parts"]["picture"]["recipe"]["weights"]
    assert manifest["parts"]["sound"]["recipe"]["latent"]["shape"]


def test_one_part_changes_alone(made: MadeSet, generation: Generation) -> None:
    other = reroll(generation, made, "picture", 99)
    assert not np.array_equal(other.picture, made.picture)
    assert np.array_equal(other.sound, made.sound)
    assert (other.text, other.title, other.tempo, other.key) == (made.text, made.title, made.tempo, made.key)
    assert other.palette == made.palette
    assert same(again(generation, other.manifest()), other)
    spoken = reroll(generation, made, "text", 1)
    assert np.array_equal(spoken.picture, made.picture)
    with pytest.raises(UsageError, match="no part"):
        reroll(generation, made, "video", 1)  # type: ignore[arg-type]


def test_another_variant_that_was_chosen_stays_chosen(made: MadeSet, generation: Generation) -> None:
    edited = replace(made, text="Another line.")
    assert again(generation, edited.manifest()).text == "Another line."


def test_what_was_given_stays_where_it_is_locked(generation: Generation, tmp_path: Path) -> None:
    picture, sound = make_image(tmp_path / "p.png", size=(50, 40)), make_wav(tmp_path / "s.wav", seconds=1.0)
    wish = SetWish(given={"picture": str(picture), "sound": str(sound)})
    both = finished(making(generation, wish))
    assert both.picture.shape == (40, 50, 3)
    assert both.sound.shape == (2, both.rate)
    assert both.text
    assert both.parts["sound"].model == ""
    assert same(again(generation, both.manifest()), both)
    with pytest.raises(UsageError, match="given"):
        reroll(generation, both, "sound", 1)
    run_inline(set_work(generation, manifest=both.manifest(), out=tmp_path / "out", add_to_library=False))
    (kept,) = (tmp_path / "out").glob("*.png")
    assert str(tmp_path) not in json.dumps(metadata.read_stamp(kept))
    make_image(picture, seed=9, size=(50, 40))
    with pytest.raises(StudioError, match="has changed"):
        again(generation, both.manifest())


def test_a_sentence_can_be_kept_word_for_word(generation: Generation, tmp_path: Path) -> None:
    sound = make_wav(tmp_path / "s.wav", seconds=1.0)
    picture = make_image(tmp_path / "p.png")
    words = "Morning — 早安!"
    kept = finished(
        making(generation, SetWish(given={"text": words, "sound": str(sound)}, size=64, candidates=1))
    )
    assert kept.text == words
    assert kept.parts["picture"].model
    with pytest.raises(UsageError, match="one thing"):
        finished(making(generation, SetWish(text="a", file=str(picture))))


def test_silence_is_one_sentence(generation: Generation, tmp_path: Path) -> None:
    from mmstudio.media.audio import write_wav

    write_wav(tmp_path / "quiet.wav", np.zeros((1, 22_050), np.float32), 22_050)
    with pytest.raises(StudioError):
        finished(making(generation, SetWish(file=str(tmp_path / "quiet.wav"), candidates=1, size=64)))


def test_parts_of_one_set_agree_more_than_parts_of_two(made: MadeSet, generation: Generation) -> None:
    other = finished(making(generation, SetWish(text="night sea", seed=8, **SMALL)))  # type: ignore[arg-type]
    mixed = between(other, made), between(made, other)
    assert max(made.agreement["palette"], other.agreement["palette"]) < min(one["palette"] for one in mixed)


def test_a_set_becomes_three_assets_with_one_lineage(
    made: MadeSet, generation: Generation, shop: Shop
) -> None:
    library: Library = shop.library
    result = run_inline(set_work(generation, manifest=made.manifest()))
    (kept,) = result["sets"]
    kinds = [library.assets.get(asset).kind for asset in kept["assets"].values()]
    assert kinds == ["image", "audio", "text"]
    rows = [library.generations.of_asset(asset) for asset in kept["assets"].values()]
    assert len({row.params["set"] for row in rows if row is not None}) == 1
    assert all(row is not None and tuple(row.sources) == made.sources for row in rows)
    collection = next(c for c in library.collections.list() if c.id == kept["collection"])
    assert collection.count == 3
    assert json.loads(Path(kept["manifest"]).read_text(encoding="utf-8")) == made.manifest()
    picture = generation.again(kept["assets"]["picture"])
    assert isinstance(picture, Image.Image)
    assert np.array_equal(np.asarray(picture), made.picture)
    assert generation.again(kept["assets"]["text"]) == made.text


def test_files_are_the_same_bytes_each_time(made: MadeSet, generation: Generation, tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        run_inline(set_work(generation, manifest=made.manifest(), out=folder, add_to_library=False))
    names = sorted(path.name for path in folders[0].iterdir())
    assert len(names) == 4
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    with Image.open(folders[0] / next(n for n in names if n.endswith(".png"))) as kept:
        assert np.array_equal(np.asarray(kept), made.picture)
    samples, _ = load_audio(folders[0] / next(n for n in names if n.endswith(".wav")))
    assert np.abs(samples - made.sound).max() < 1e-4
    stamped = metadata.read_stamp(folders[0] / next(n for n in names if n.endswith(".png")))
    assert stamped["set"] in names[0]


def test_nothing_half_done_stays(made: MadeSet, generation: Generation, tmp_path: Path) -> None:
    broken = made.manifest()
    broken["parts"]["sound"]["recipe"]["weights"] = "other"
    with pytest.raises(StudioError, match="trained further"):
        run_inline(set_work(generation, manifest=broken, out=tmp_path / "out", add_to_library=False))
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="does not describe"):
        again(generation, {"kind": "storyboard"})
    with pytest.raises(UsageError):
        run_inline(set_work(generation, {}, add_to_library=False))
    with pytest.raises(NotFound):
        finished(making(generation, SetWish(text="sea", model="nothing-of-the-kind")))
    with pytest.raises(UsageError, match="no joint model"):
        finished(making(generation, SetWish(text="sea", model="starter-image-gan")))


def test_a_library_that_is_read_only_keeps_nothing(shop: Shop, tmp_path: Path) -> None:
    with Library.open(shop.library.path, read_only=True) as reading, pytest.raises(ReadOnly):
        run_inline(set_work(Generation(reading, Trainings(reading, "cpu")), {"text": "sea"}))
