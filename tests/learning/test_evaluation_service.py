"""A model measured through the door a person uses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import Cancelled, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.evaluation import copying
from mmstudio.learning.evaluation.drawing import draw
from mmstudio.learning.evaluation.report import MEASURES, Evaluation, stored
from mmstudio.library import Library
from support.learning import picture_library, sound_library


def trained(library: Library, family: str = "image-vae", steps: int = 2) -> Trainings:
    trainings = Trainings(library, "cpu")
    run_inline(trainings.train_work(family, "m", size=16, steps=steps, batch=2))
    return trainings


def test_a_vae_is_measured_and_the_report_kept(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=6) as library:
        trainings = trained(library)
        found = Evaluation.of(run_inline(trainings.evaluate_work("m", samples=8)))
        assert str(found.figures["features"]).startswith("starter-backbone@")
        assert found.figures["samples"] == 8
        wanted = {"kernel_distance", "frechet_distance", "precision", "recall", "density", "coverage"}
        wanted |= {"nearest_ratio", "diversity", "copies", "psnr_db", "ssim", "elbo"}
        assert wanted <= set(found.figures)
        assert wanted <= set(MEASURES)
        assert "principal components" in str(found.figures["frechet_in"])
        assert any("Only" in note for note in found.notes)
        assert stored(library, "m") == found
        assert load_config(trainings.folder("m")).trained["metrics"] == found.figures
        assert "coverage" in (trainings.folder("m") / "card.md").read_text()


def test_each_sample_has_its_nearest_training_picture_beside_it(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=6) as library:
        trainings = trained(library, "image-gan")
        found = Evaluation.of(run_inline(trainings.evaluate_work("m", samples=30)))
        assert len(found.nearest) == 30
        assert [n.distance for n in found.nearest] == sorted(n.distance for n in found.nearest)
        assert {n.asset for n in found.nearest} <= set(load_config(trainings.folder("m")).trained["assets"])
        first, last = found.nearest[0], found.nearest[-1]
        assert Path(first.drawn).is_file()
        assert Path(first.training).is_file()
        assert (last.drawn, last.training) == ("", "")  # only the nearest are kept as pictures
        assert Path(found.sheet).is_file()
        # Training pictures are no part of a model that may be given away.
        assert library.models_dir not in Path(first.training).parents
        trainings.remove("m")
        assert not Path(first.training).exists()
        assert stored(library, "m") is None


def test_the_same_seed_measures_the_same(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=5) as library:
        trainings = trained(library)
        assert trainings.evaluate("m") == trainings.evaluate("m")
        few, many = draw(trainings.load("m"), 3, 7), draw(trainings.load("m"), 20, 7)
        assert np.array_equal(few, many[:3])


def test_sounds_and_starters_are_measured_too(tmp_path: Path) -> None:
    with sound_library(tmp_path) as library:
        figures = trained(library, "sound-vae", steps=1).evaluate("m")
        assert figures["features"] == "thumbnail-12"


def test_a_model_that_never_saw_the_library_says_so(tmp_path: Path) -> None:
    import shutil

    with picture_library(tmp_path, count=5) as library:
        trainings = trained(library)
        shutil.copytree(trainings.folder("m"), tmp_path / "copy")
        trainings.remove("m")
        trainings.add(tmp_path / "copy")
        found = Evaluation.of(run_inline(trainings.evaluate_work("m", samples=8)))
        assert any("not against what it learned from" in note for note in found.notes)
        assert {near.asset for near in found.nearest} == {0}


def test_cancelling_leaves_the_earlier_figures(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=5) as library:
        trainings = trained(library)
        before = trainings.evaluate("m")
        count = iter(range(100))
        with pytest.raises(Cancelled):
            run_inline(trainings.evaluate_work("m", seed=1), cancelled=lambda: next(count) > 4)
        kept = stored(library, "m")
        assert kept is not None
        assert kept.figures["kernel_distance"] == before["kernel_distance"]


def test_one_picture_and_equal_pictures_are_measured_without_figures_that_mean_nothing(
    tmp_path: Path,
) -> None:
    with picture_library(tmp_path, count=1) as library:
        found = trained(library).evaluate("m")
        assert "kernel_distance" not in found
        assert "psnr_db" in found


def test_the_shared_encoder_draws_nothing_to_measure(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=1) as library:
        trainings = trained(library)
        folder = trainings.folder("m")
        config = load_config(folder)
        config.family = "fused"
        config.save(folder)
        with pytest.raises(UsageError, match="makes nothing"):
            run_inline(trainings.evaluate_work("m"))


def test_copies_are_told_from_new_pictures() -> None:
    random = np.random.default_rng(0)
    train, held, new = (random.integers(0, 256, (40, 3, 16, 16), dtype=np.uint8) for _ in range(3))
    rows = [part.reshape(len(part), -1) / 255.0 for part in (train, held, new)]
    fresh = copying.space(*rows)
    assert not copying.too_near(fresh, fresh).any()
    assert np.median(fresh.ratios()) == pytest.approx(1.0, abs=0.05)
    noisy = rows[0] + 0.01 * random.normal(size=rows[0].shape)
    copied = copying.space(rows[0], rows[1], noisy)
    assert copying.too_near(copied, copied).all()
    assert (copied.which == np.arange(40)).all()
    assert copying.real_near(copied, copied) == 0.0
    twins = np.where((np.arange(40) < 10)[:, None], rows[0], rows[1])  # a quarter lies on training pictures
    alike = copying.space(rows[0], twins, rows[2])
    assert copying.real_near(alike, alike) == 0.25


def test_mirrored_copies_are_found() -> None:
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    mirror = np.ascontiguousarray(train[..., ::-1])
    rows = [part.reshape(20, -1) / 255.0 for part in (train, mirror)]
    nothing = np.zeros((0, 64))
    assert copying.space(rows[0], nothing, rows[1]).nearest.min() > 1
    assert copying.space(rows[0], nothing, rows[1], rows[0]).nearest.max() == pytest.approx(0, abs=1e-6)
