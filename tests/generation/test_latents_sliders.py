"""Sliders: they do what they say on pictures they were not fitted to, weak ones are dropped, all is kept."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmstudio.generation.latents import Point
from mmstudio.generation.latents.book import Book
from mmstudio.generation.latents.directions import components, correlation, factorised, ridge, step_for
from mmstudio.generation.latents.measures import LOOKS, measure_looks
from mmstudio.generation.latents.player import Player
from mmstudio.generation.latents.space import Space
from mmstudio.generation.latents.tags import TagProbes
from mmstudio.jobs import Progress
from mmstudio.learning.engine.prior import standard_prior
from support.latents import player_for
from support.libraries import new_library
from support.library import add_files
from support.media import make_image

KEYS = [look.key for look in LOOKS]


def finish(work: Generator[Progress, None, Any]) -> tuple[int, Any]:
    """How often it yielded, and what it returned."""
    yields = 0
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return yields, stop.value
        yields += 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sliders")


@pytest.fixture(scope="module")
def player(folder: Path) -> Player:
    player = player_for(folder)
    yields, found = finish(player.find_sliders())
    assert yields > 10  # others get their turn
    assert found == player.sliders()
    return player


def test_labelled_sliders_move_new_pictures_by_about_their_unit(player: Player) -> None:
    looks = [slider for slider in player.sliders() if slider.group == "look"]
    assert {"lighter", "warmer"} <= {slider.key for slider in looks}
    seeds = range(500, 524)
    plain = player.draw_many([Point(seed) for seed in seeds])
    spread = np.array([measure_looks(picture) for picture in plain]).std(0)
    for slider in looks:
        column = KEYS.index(slider.key)
        gains = []
        for amount in (-1.0, 1.0):
            moved = player.draw_many([Point(seed, sliders={slider.key: amount}) for seed in seeds])
            gaps = [
                measure_looks(a)[column] - measure_looks(b)[column] for a, b in zip(moved, plain, strict=True)
            ]
            gains.append(float(np.mean(gaps)) / spread[column])
        assert gains[0] < -0.3, slider
        assert gains[1] > 0.3, slider
        assert gains[1] - gains[0] < 5, slider


def test_every_slider_says_how_strong_it_is(player: Player) -> None:
    for slider in player.sliders():
        assert slider.why
        assert 0 < slider.strength <= 1
        assert slider.group in ("look", "tag", "found")
    numbers = [slider.key for slider in player.sliders() if slider.group == "found"]
    assert numbers == [f"found:{i + 1}" for i in range(len(numbers))]
    assert 1 <= len(numbers) <= 10


def test_found_sliders_change_the_picture_and_differ_from_each_other(player: Player) -> None:
    keys = [slider.key for slider in player.sliders() if slider.group == "found"]
    drawn = player.draw_many([Point(3, sliders={key: 2.0}) for key in keys] + [Point(3)])
    assert len({picture.tobytes() for picture in drawn}) == len(drawn)


def test_sliders_are_kept_for_the_weights_and_found_alike_again(player: Player, folder: Path) -> None:
    kept = Player(player.model, book=Book(folder / "book"))
    assert kept.sliders() == player.sliders()
    point = Point(2, sliders={"warmer": 1.5, "found:1": -1.0})
    assert np.array_equal(kept.draw(point), player.draw(point))
    assert finish(kept.find_sliders())[0] == 0
    anew = Player(player.model)
    finish(anew.find_sliders())
    assert np.array_equal(anew.draw(point), player.draw(point))
    other = Player(player.model, book=Book(folder / "book"))
    other.fingerprint = "0123456789abcdef"
    assert other.sliders() == []


def test_a_broken_cache_is_found_anew_and_a_read_only_one_left_alone(player: Player, tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    found = player.found()
    assert found is not None
    book.keep_sliders(player, found)
    (path,) = (tmp_path / "book").rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:200])
    assert Player(player.model, book=book).sliders() == []
    path.unlink()
    Book(tmp_path / "book", writes=False).keep_sliders(player, found)
    assert not list((tmp_path / "book").rglob("*.safetensors"))


def test_sliders_that_a_model_does_not_have_change_nothing(player: Player) -> None:
    assert np.array_equal(player.draw(Point(1, sliders={"gone": 2.0})), player.draw(Point(1)))


def test_tags_of_the_library_become_sliders(tmp_path: Path) -> None:
    from PIL import Image

    with new_library(tmp_path) as library:
        files = []
        for i in range(24):
            shade = np.random.default_rng(i).integers(0, 60, (32, 32, 3)) + (180 if i % 2 else 10)
            path = tmp_path / f"pictures/{i}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(shade.astype(np.uint8)).save(path)
            files.append(path)
        ids = add_files(library, *files)
        library.assets.add_tags([asset for i, asset in enumerate(ids) if i % 2], ["bright"])
        probes = TagProbes(library)
        assert probes.tags() == ["bright"]
        _, learned = finish(probes())
        assert learned[0].accuracy > 0.9
        player = player_for(tmp_path / "model")
        tagged = Player(player.model, book=Book(tmp_path / "book", probes=probes))
        found = {slider.key: slider for slider in finish(tagged.find_sliders())[1]}
        assert found["tag:bright"].label == "bright"
        seeds = range(40, 56)
        light = [
            np.mean(tagged.draw_many([Point(seed, sliders={"tag:bright": amount}) for seed in seeds]))
            for amount in (-1.0, 1.0)
        ]
        assert light[1] > light[0]
        library.assets.add_tags(ids[:6], ["early"])
        assert not Book(tmp_path / "book", probes=probes).is_fresh(tagged)


def test_a_library_with_too_few_tagged_pictures_gives_none(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        ids = add_files(library, *(make_image(tmp_path / f"{i}.png", seed=i) for i in range(4)))
        library.assets.add_tags(ids, ["all"])
        assert finish(TagProbes(library)())[1] == []


def test_measures_say_what_they_are_named_after() -> None:
    grey = np.full((64, 64, 3), 120, np.uint8)
    warm, green, dots = grey.copy(), grey.copy(), grey.copy()
    warm[..., 0] += 60
    green[..., 1] += 40
    dots[::4, ::4] = 255
    middle = grey.copy()
    middle[24:40, 24:40] = 240
    half = grey.copy()
    half[:, :32] = 200
    base = dict(zip(KEYS, measure_looks(grey), strict=True))
    value = lambda pixels, key: dict(zip(KEYS, measure_looks(pixels), strict=True))[key]  # noqa: E731
    assert value(np.full_like(grey, 200), "lighter") > base["lighter"]
    assert value(warm, "warmer") > base["warmer"] + 0.02
    assert value(warm, "colourful") > base["colourful"]
    assert value(green, "greener") > base["greener"] + 0.02
    assert value(dots, "busier") > base["busier"]
    assert value(half, "contrast") > base["contrast"]
    assert value(half, "symmetric") < 0 < value(middle, "symmetric")
    assert value(middle, "vignette") > base["vignette"]


def test_ridge_finds_the_direction_and_says_nothing_of_noise() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 20))
    truth = random.normal(size=20)
    Y = np.stack([X @ truth + 0.1 * random.normal(size=300), random.normal(size=300)], axis=1)
    weights, level = ridge(X[:200], Y[:200])
    predicted = X[200:] @ weights + level
    assert correlation(predicted[:, 0], Y[200:, 0]) > 0.99
    assert abs(correlation(predicted[:, 1], Y[200:, 1])) < 0.3
    assert correlation(np.ones(5), np.arange(5.0)) == 0.0


def test_a_step_changes_its_measure_by_one_and_leaves_the_others() -> None:
    random = np.random.default_rng(1)
    own, other = random.normal(size=(2, 16)) * 0.4
    step = step_for(own, other[None], 3.0)
    assert step @ own == pytest.approx(1.0)
    assert step @ other == pytest.approx(0.0, abs=1e-9)
    alike = step_for(own, own[None] * 1.001, 3.0)  # nothing is left beside the other: the plain step
    assert alike @ own == pytest.approx(1.0)


def test_factorised_weights_are_the_singular_vectors_and_components_the_strongest_latents() -> None:
    layer = torch.nn.Linear(4, 30)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(30, 4, generator=torch.Generator().manual_seed(0)))
        layer.weight[:, 2] *= 9
    space = Space.of(standard_prior(4))
    rows = factorised([layer], space, 2)
    assert abs(rows[0, 2]) > 0.95
    assert np.allclose(rows @ rows.T, np.eye(2), atol=1e-9)
    X = np.random.default_rng(0).normal(size=(60, 4))
    found = components(X @ np.diag([1.0, 5.0, 1.0, 1.0]), X, 1)
    assert abs(found[0, 1]) > 0.9
    assert components(np.ones((10, 3)), X[:10], 2).shape == (0, 4)
