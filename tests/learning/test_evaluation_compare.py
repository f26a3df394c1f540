"""Two models side by side, by figures and by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import ReadOnly, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.evaluation.compare import _better, enlarged
from mmstudio.learning.evaluation.drawing import draw
from mmstudio.learning.evaluation.rating import Ratings, draw_pairs
from mmstudio.learning.evaluation.report import Comparison, Side
from mmstudio.library import Library
from support.learning import drive, make_trainer, picture_library, tiny_config


def with_models(tmp_path: Path) -> Library:
    library = picture_library(tmp_path, count=5)
    for name, family in (("a", "image-gan"), ("b", "image-vae"), ("s", "sound-vae")):
        config = tiny_config(family, name, steps=1)
        config.trained["assets"] = library.assets.ids()
        drive(make_trainer(library.models_dir / name, config))
    return library


def test_both_are_drawn_from_the_same_seeds_and_measured_alike(tmp_path: Path) -> None:
    with with_models(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        found = Comparison.of(run_inline(trainings.compare_work("a", "b", samples=8, seeds=2)))
        assert found.features.startswith("starter-backbone@")
        assert set(found.a.mean) == set(found.b.mean) >= {"kernel_distance", "coverage", "nearest_ratio"}
        assert all(spread >= 0 for spread in found.a.spread.values())
        assert Path(found.a.sheet).is_file()
        assert Path(found.b.sheet).is_file()
        other = Comparison.of(run_inline(trainings.compare_work("b", "a", samples=8, seeds=2)))
        assert other.b.mean == found.a.mean
        with pytest.raises(UsageError, match="different"):
            run_inline(trainings.compare_work("a", "a"))
        with pytest.raises(UsageError, match="different media"):
            run_inline(trainings.compare_work("a", "s"))


def test_a_difference_counts_beyond_the_spread_of_the_seeds() -> None:
    def sides(a: float, b: float, spread: float, key: str) -> tuple[str, Side, Side]:
        return key, Side("x", {key: a}, {key: spread}), Side("y", {key: b}, {key: spread / 2})

    assert _better(*sides(1.0, 3.0, 0.5, "kernel_distance")) == "a"
    assert _better(*sides(1.0, 1.4, 0.5, "kernel_distance")) == ""
    assert _better(*sides(0.2, 0.9, 0.1, "coverage")) == "b"
    assert _better(*sides(1.6, 0.9, 0.1, "diversity")) == "b"  # the nearer to one
    assert _better(*sides(1.6, 0.9, 0.1, "real_kernel_distance")) == ""


def test_pairs_hide_which_is_which_and_choices_are_counted(tmp_path: Path) -> None:
    with with_models(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        pairs = draw_pairs(trainings, "a", "b", count=12, seed=4)
        assert {pair.left_model for pair in pairs} == {"a", "b"}
        assert all({pair.left_model, pair.right_model} == {"a", "b"} for pair in pairs)
        again = draw_pairs(trainings, "a", "b", count=12, seed=4)
        assert all(np.array_equal(x.left, y.left) for x, y in zip(pairs, again, strict=True))
        of_a = draw(trainings.load("a"), 12, 4)
        assert all(np.array_equal(p.left if p.left_model == "a" else p.right, of_a[p.number]) for p in pairs)
        ratings = trainings.ratings
        assert ratings.standing("a", "b").share == 0.5
        for pair in pairs[:9]:
            ratings.choose(pair, "left" if pair.left_model == "b" else "right")
        standing = ratings.choose(pairs[9], "neither")
        assert (standing.wins_a, standing.wins_b, standing.neither) == (0, 9, 1)
        assert standing.better == "b"
        assert standing.high < 0.5
        assert Ratings(library).standing("b", "a") == standing
        assert ratings.standings() == [standing]
        # Half a line of a full disk does not cost the others.
        with ratings.path.open("a") as file:
            file.write('{"a": "a", "b')
        assert ratings.standing("a", "b") == standing
        with pytest.raises(UsageError, match="Choose left"):
            ratings.choose(pairs[0], "up")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="different"):
            draw_pairs(trainings, "a", "a")


def test_nothing_is_rated_in_a_library_open_for_reading(tmp_path: Path) -> None:
    with with_models(tmp_path) as library:
        path = library.path
        pairs = draw_pairs(Trainings(library, "cpu"), "a", "b", count=1)
        with Library.open(path, read_only=True) as reading, pytest.raises(ReadOnly):
            Ratings(reading).choose(pairs[0], "left")


def test_smaller_pictures_are_enlarged_to_the_larger_models_size() -> None:
    flat = np.full((2, 3, 16, 16), 77, np.uint8)
    assert (enlarged(flat, 32) == 77).all()
    assert enlarged(flat, 32).shape == (2, 3, 32, 32)
    assert enlarged(flat, 16) is flat
