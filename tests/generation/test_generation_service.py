"""Generation through its doors: pictures and sounds of small models, made again, at once and as jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.generation import Generation
from mmstudio.generation.quality import measure
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.library import AssetFilter, Library
from mmstudio.media import metadata
from mmstudio.media.audio import load_audio
from support.learning import picture_library, sound_library


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with a VAE and a GAN of a few steps."""
    with picture_library(tmp_path_factory.mktemp("pictures")) as library:
        trainings = Trainings(library, "cpu")
        for family, name in (("image-vae", "vae"), ("image-gan", "gan")):
            run_inline(trainings.train_work(family, name, size=16, steps=6, batch=2))
        yield library


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with a sound VAE of a few steps."""
    with sound_library(tmp_path_factory.mktemp("sounds")) as library:
        run_inline(Trainings(library, "cpu").train_work("sound-vae", "tones", steps=6, batch=2))
        yield library


def generation(library: Library) -> Generation:
    return Generation(library, Trainings(library, "cpu"))


@pytest.mark.parametrize("model", ["vae", "gan"])
def test_a_generated_picture_can_be_made_again_exactly(model: str, pictures: Library) -> None:
    made = generation(pictures)
    result = run_inline(made.work(model, n=3, seed=5))
    assert len(result["assets"]) == len(result["files"]) == 3
    for asset, file in zip(result["assets"], result["files"], strict=True):
        row = pictures.assets.get(asset)
        assert row.origin == "generated"
        again = made.again(asset)
        assert isinstance(again, Image.Image)
        with Image.open(file) as kept:
            assert np.array_equal(np.asarray(kept.convert("RGB")), np.asarray(again))


def test_the_recipe_is_written_into_the_file(pictures: Library, tmp_path: Path) -> None:
    result = run_inline(generation(pictures).work("vae", n=1, seed=2, out=tmp_path, add_to_library=False))
    record = metadata.read_stamp(result["files"][0])
    assert record["digital_source_type"] == metadata.TRAINED
    assert (record["model"], record["seed"]) == ("vae", 2)
    assert result["assets"] == []


def test_what_was_made_before_is_never_overwritten(pictures: Library, tones: Library, tmp_path: Path) -> None:
    def made(library: Library, model: str, **options: object) -> list[str]:
        work = generation(library).work(model, n=1, seed=2, out=tmp_path, add_to_library=False, **options)  # type: ignore[arg-type]
        return [Path(file).name for file in run_inline(work)["files"]]

    assert made(pictures, "vae") == ["vae-2-0000.png"]
    before = (tmp_path / "vae-2-0000.png").read_bytes()
    assert made(pictures, "vae", truncation=0.5) == ["vae-2-0000-2.png"], "another recipe of the same seed"
    assert made(pictures, "vae") == ["vae-2-0000.png"], "the same again is the same file"
    assert (tmp_path / "vae-2-0000.png").read_bytes() == before
    assert made(tones, "tones") == made(tones, "tones") == ["tones-2-0000.wav"]


def test_the_first_results_do_not_depend_on_how_many_are_asked_for(pictures: Library) -> None:
    made = generation(pictures)
    few, many = made.images("vae", 2, seed=3), made.images("vae", 20, seed=3)
    qualities = [measure(np.asarray(picture)).passes for picture in few]
    if all(qualities):
        assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(few, many, strict=False))
    assert len(many) == 20


def test_size_and_other_seeds(pictures: Library) -> None:
    made = generation(pictures)
    assert made.images("gan", 1, seed=0, size=96)[0].size == (96, 96)
    first, second = made.images("gan", 1, seed=0)[0], made.images("gan", 1, seed=1)[0]
    assert not np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("model", ["vae", "gan"])
def test_variations_of_a_picture_name_their_source(model: str, pictures: Library) -> None:
    source = pictures.assets.ids(AssetFilter())[-1]
    result = run_inline(generation(pictures).work(model, n=2, seed=1, like=str(source)))
    row = pictures.generations.of_asset(result["assets"][0])
    assert row is not None
    assert list(row.sources) == [source]


def test_colour_words_repaint_and_can_be_made_again(pictures: Library) -> None:
    made = generation(pictures)
    result = run_inline(made.work("vae", n=1, seed=1, text="teal and coral"))
    again = made.again(result["assets"][0])
    with Image.open(result["files"][0]) as kept:
        assert kept.size == (512, 512)
        assert np.array_equal(np.asarray(kept.convert("RGB")), np.asarray(again))


def test_a_background_passes_the_floor(pictures: Library) -> None:
    picture = generation(pictures).background("gan", [(30, 90, 160), (240, 180, 60)], (320, 180), seed=2)
    assert picture.size == (320, 180)
    assert measure(np.asarray(picture)).passes


def test_a_model_trained_further_says_so(pictures: Library) -> None:
    made = generation(pictures)
    asset = run_inline(made.work("vae", n=1, seed=77))["assets"][0]
    work = Trainings(pictures, "cpu").train_work("image-vae", "vae", steps=8, resume=True, size=16)
    run_inline(work)
    with pytest.raises(StudioError, match="trained further"):
        generation(pictures).again(asset)


def test_generated_sounds_are_heard_and_never_clipped(tones: Library) -> None:
    result = run_inline(generation(tones).work("tones", n=2, seed=0, seconds=3.0))
    for file in result["files"]:
        samples, rate = load_audio(file)
        assert rate == 44_100
        assert samples.shape == (2, 3 * 44_100)
        assert 0.02 < np.abs(samples).max() < 0.9
        assert abs(float(samples.mean())) < 1e-3
    again = generation(tones).again(result["assets"][0])
    assert isinstance(again, tuple)
    assert np.abs(again[0] - load_audio(result["files"][0])[0]).max() < 1e-3


def test_a_one_shot_and_a_variation_of_a_sound(tones: Library) -> None:
    made = generation(tones)
    source = tones.assets.ids(AssetFilter(kinds=("audio",)))[-1]
    samples, rate = made.sounds("tones", 1, seed=1, like=source)[0]
    assert rate == 44_100
    assert samples.shape[0] == 2
    assert samples.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda g: g.images("nowhere"), NotFound),
        (lambda g: g.images("vae", 0), UsageError),
        (lambda g: g.sounds("vae"), UsageError),
        (lambda g: g.images("vae", like="no-such-file.png"), NotFound),
        (lambda g: run_inline(g.work("vae", add_to_library=False)), UsageError),
        (lambda g: g.again(1), NotFound),
    ],
)
def test_wrong_requests_are_sentences(call: object, error: type[Exception], pictures: Library) -> None:
    with pytest.raises(error):
        call(generation(pictures))  # type: ignore[operator]
