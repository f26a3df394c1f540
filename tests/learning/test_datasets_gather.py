"""What a training is given: descriptions of pictures, and awkward libraries, each in a clear sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import StudioError
from mmstudio.features.augment import preset
from mmstudio.features.extractors import FUSED, infos
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.datasets.describe import condition_of, palette_of, usable_tags, vector_length
from mmstudio.learning.datasets.gather import Gathered, gather
from mmstudio.learning.families import default_config
from mmstudio.library import ItemAsset, Library, NewItem
from support.learning import picture_library
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_picture


def collected(library: Library, **settings: Any) -> Gathered:
    config = default_config("image-gan", "m", size=16)
    for key, value in settings.items():
        setattr(config, key, value)
    return finish(library, config)


def finish(library: Library, config: ModelConfig) -> Gathered:
    steps = gather(library, config)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Gathered = stop.value
            return found


def give_vectors(library: Library, target: str, ids: list[int]) -> dict[int, Any]:
    info = infos()[FUSED]
    chosen = library.features.ensure_set(
        FUSED,
        info.version,
        info.parameters,
        info.dimension,
        info.modality,
        target,  # type: ignore[arg-type]
    )
    random = np.random.default_rng(len(ids))
    vectors = {i: random.normal(size=info.dimension).astype(np.float32) for i in ids}
    library.features.put_many(chosen, vectors.items())
    return vectors


def one_colour(folder: Path, *colours: tuple[int, int, int]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for colour in colours:
        paths.append(folder / f"{colour}.png")
        Image.new("RGB", (32, 32), colour).save(paths[-1])
    return paths


# -- descriptions ------------------------------------------------------------------------------------------


def test_pictures_are_described_by_tags_and_palette(tmp_path: Path) -> None:
    red, blue = (220, 20, 30), (20, 40, 200)
    with new_library(tmp_path) as library:
        first, second, third = add_files(library, *one_colour(tmp_path / "in", red, blue, (9, 9, 9)))
        library.assets.add_tags([first], ["Warm"])
        library.assets.add_tags([second], ["Cold", "Other"])
        condition = condition_of(library, ["Warm", "Cold"], 1)
        found = collected(library, condition=condition)
        assert found.conditions is not None
        told = Conditions.of(condition)
        rows = dict(zip(found.assets, found.conditions, strict=True))
        assert np.array_equal(rows[first], told.row(["Warm"], [red]))
        assert np.array_equal(rows[second], told.row(["Cold"], [blue]))
        assert rows[third][2] == 0.0  # no tag at all: it is not known what it shows
        assert np.array_equal(rows[third], told.row(None, [(9, 9, 9)]))


def test_the_palette_is_true_of_the_crop_and_of_the_copy(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        page = Image.new("RGB", (96, 32), (20, 40, 200))
        page.paste((220, 20, 30), (32, 0, 64, 32))  # all of the middle square
        page.save(tmp_path / "a.png")
        add_files(library, tmp_path / "a.png")
        recipe = preset("strong", 0).as_json()
        found = collected(library, condition={"palette": 2}, augment=recipe)
        assert found.conditions is not None
        told = Conditions.of({"palette": 2})
        assert found.augmented > 0
        for row, pixels in zip(found.conditions, found.pixels, strict=True):
            assert np.array_equal(row, told.row(palette=palette_of(pixels, 2)))
        assert np.abs(np.array(palette_of(found.pixels[0], 1)) - (220, 20, 30)).max() < 4


def test_held_out_pictures_are_described_too(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=20) as library:
        library.assets.add_tags(library.assets.ids(), ["x"])
        found = collected(library, condition={"tags": ["x"]})
        assert found.conditions is not None
        assert found.held_conditions is not None
        assert found.conditions.shape == (18, 2)
        assert np.array_equal(found.held_conditions, np.ones((2, 2), np.float32))


def test_vectors_come_from_the_item_first_then_from_the_asset(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=4) as library:
        a, b, c, d = library.assets.ids()
        with pytest.raises(StudioError, match="no shared vectors"):
            condition_of(library, vector=True)
        with pytest.raises(StudioError, match="no shared vectors"):
            collected(library, condition={"vector": 128})
        item, other = library.items.upsert_many([NewItem("1"), NewItem("2")])
        library.items.set_assets(item, [ItemAsset(a, "hero", 0), ItemAsset(b, "detail", 0)])
        library.items.set_assets(other, [ItemAsset(c, "hero", 0)])
        of_items = give_vectors(library, "item", [item])
        of_assets = give_vectors(library, "asset", [b, c])
        assert vector_length(library) == 128
        condition = condition_of(library, vector=True)
        found = collected(library, condition=condition)
        assert found.conditions is not None
        told = Conditions.of(condition)
        rows = dict(zip(found.assets, found.conditions, strict=True))
        for asset_id, vector in ((a, of_items[item]), (b, of_items[item]), (c, of_assets[c]), (d, None)):
            assert np.array_equal(rows[asset_id], told.row(vector=vector)), asset_id
        assert rows[d].sum() == 0.0


def test_tags_to_choose_from_are_those_that_tell_pictures_apart(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=8) as library:
        ids = library.assets.ids()
        library.assets.add_tags(ids, ["all"])
        library.assets.add_tags(ids[:5], ["five"])
        library.assets.add_tags(ids[:3], ["three"])
        library.assets.add_tags(ids[:2], ["two"])
        assert usable_tags(library) == [("five", 5), ("three", 3)]
        assert usable_tags(library, "tag:five") == [("three", 3)]
        library.assets.set_rights(ids[:1], "no-training")
        assert usable_tags(library) == [("five", 4)]


def test_without_conditions_nothing_is_described(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=2) as library:
        assert collected(library).conditions is None
        assert condition_of(library) == {}


# -- bad input ---------------------------------------------------------------------------------------------


def trained(library: Library, family: str = "image-gan") -> dict[str, Any]:
    found: dict[str, Any] = run_inline(
        Trainings(library, "cpu").train_work(family, "m", size=16, steps=2, batch=2)
    )
    return found


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (1, "Only one picture: the model can only draw that one"),
        (3, "Only 3 pictures: expect near copies of them"),
    ],
)
def test_few_pictures_train_and_it_is_said(tmp_path: Path, count: int, note: str) -> None:
    with picture_library(tmp_path, count=count) as library:
        result = trained(library)
        assert (result["status"], result["steps"]) == ("done", 2)
        assert note in result["notes"]


def test_all_identical_pictures_train_and_it_is_said(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        path = make_image(tmp_path / "a.png")
        add_files(library, *(Path(shutil.copy(path, tmp_path / f"{i}.png")) for i in range(24)))
        found = collected(library)
        assert "All 24 pictures are the same: the model can only draw that one" in found.notes
        assert found.held is None
        assert trained(library)["status"] == "done"


def test_mixed_sizes_and_transparency(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        sizes = ((1, 1), (300, 7), (16, 16), (500, 400))
        paths = [make_image(tmp_path / f"{w}-{h}.png", (w, h)) for w, h in sizes]
        for mode in ("RGBA", "LA", "P", "L", "I;16", "1"):
            paths.append(tmp_path / f"{mode.replace(';', '')}.png")
            picture = make_picture((40, 30))
            if mode == "I;16":
                picture = Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40) * 50)
            picture.convert(mode).save(paths[-1])
        add_files(library, *paths)
        for fit in ("crop", "smart", "pad", "stretch"):
            found = collected(library, fit=fit, aspect=1.5)
            assert found.pixels.shape == (10, 3, 16, 16), fit
            assert found.unreadable == 0


def test_pictures_that_vanish_while_they_are_read_are_counted(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=20) as library:
        steps = gather(library, default_config("image-gan", "m", size=16))
        next(steps)
        gone = library.assets.ids()[-2:]  # the oldest: read last
        for asset in library.assets.get_many(gone):
            library.assets.path_of(asset).unlink()
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                found: Gathered = stop.value
                break
        assert found.unreadable_assets == gone
        assert "2 could not be read" in found.notes
        assert len(found.assets) + len(found.held_assets) == 18


def test_only_the_held_out_ones_are_left(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=20) as library:
        whole = collected(library)
        for asset in library.assets.get_many(whole.assets):
            library.assets.path_of(asset).unlink()
        found = collected(library)
        assert found.assets == whole.held_assets
        assert found.held is None


def test_nothing_usable_is_one_sentence_each(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        ids = library.assets.ids()
        with pytest.raises(StudioError, match="no pictures to learn from"):
            collected(library, query="tag:nothing")
        with pytest.raises(StudioError, match="All media found were left out"):
            collected(library, leave_out=ids)
        for asset in library.assets.get_many(ids):
            library.assets.path_of(asset).write_bytes(b"no picture")
        with pytest.raises(StudioError, match="None of the 3 media found can be read"):
            collected(library)
        library.assets.set_rights(ids, "restricted")
        with pytest.raises(StudioError, match="The rights of all 3 media found forbid training"):
            collected(library)
        with pytest.raises(StudioError):
            trained(library)
        assert not (library.models_dir / "m" / "weights.safetensors").exists()


def test_the_record_says_what_was_left_out(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=5) as library:
        a, b, c, *rest = library.assets.ids()
        library.assets.set_rights([a], "no-training")
        library.assets.path_of(library.assets.get(b)).unlink()
        work = Trainings(library, "cpu").train_work(
            "image-vae", "m", size=16, steps=1, batch=2, leave_out=[c]
        )
        notes = run_inline(work)["notes"]
        assert {"1 left out because of their rights", "1 could not be read"} <= set(notes)
        assert "1 left out as you wished" in notes
        record = load_config(library.models_dir / "m").trained
        assert record["assets"] == sorted(rest)
        assert record["left_out_rights_assets"] == [a]
        assert (record["left_out_wished"], record["left_out_unreadable"]) == (1, 1)
        card = (library.models_dir / "m/card.md").read_text(encoding="utf-8")
        assert "Left out for their rights: 1" in card
        assert "Left out by choice: 1" in card
