"""Points and players: the same point gives the same picture; moves in latent space do what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.errors import UsageError
from mmstudio.generation.latents import Point
from mmstudio.generation.latents.player import Player
from mmstudio.generation.latents.space import Space, slerp
from mmstudio.learning.engine.prior import fit_prior, standard_prior
from support.latents import player_for

KINDS = [("image-gan", {}), ("image-vae", {}), ("image-gan", {"styles": 0.0})]


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    return player_for(tmp_path_factory.mktemp("gan"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Player:
    """A model with one latent for the whole picture."""
    return player_for(tmp_path_factory.mktemp("plain"), styles=0.0)


@pytest.mark.parametrize(("family", "options"), KINDS)
def test_a_point_gives_the_same_picture_alone_among_others_and_loaded_anew(
    family: str, options: dict[str, float], tmp_path: Path
) -> None:
    one, again = player_for(tmp_path / "a", family, **options), player_for(tmp_path / "b", family, **options)
    points = [Point(seed, 0.8) for seed in range(19)]
    together = one.draw_many(points)
    for point, picture in zip(points, together, strict=True):
        assert np.array_equal(one.draw(point), picture)
        assert np.array_equal(again.draw(Point.of(point.as_json())), picture)
    assert len({picture.tobytes() for picture in together}) == len(points)


numbers = st.floats(-4, 4, width=32)
points = st.builds(
    Point,
    seed=st.integers(0, 2**40),
    truncation=st.floats(0, 2),
    sliders=st.dictionaries(st.sampled_from(["warmer", "tag:cat"]), st.floats(0.5, 3)),
    base=st.none() | st.lists(numbers, min_size=8, max_size=8),
    condition=st.just({}) | st.just({"tags": ["cat"], "palette": [[1, 2, 3]]}),
)


@given(points, st.none() | st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_points_survive_json(point: Point, fine_seed: int | None) -> None:
    mixed = replace(point, fine_seed=fine_seed, fine_from=2 if fine_seed is not None else 0)
    assert Point.of(mixed.as_json()) == mixed


@pytest.mark.parametrize(
    "broken", [{"seed": "x"}, {"base": [float("nan")]}, {"sliders": 3}, {"fine": "abc"}, {"base": [1e9]}]
)
def test_what_is_no_point_is_a_sentence(broken: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Point.of(broken)


def test_a_base_of_another_model_still_gives_a_picture(player: Player) -> None:
    for length in (0, 3, 8, 24, 700):
        assert player.draw(Point(base=[0.5] * length)).shape == (16, 16, 3)


def test_truncation_shrinks_towards_the_middle(player: Player) -> None:
    whole, half, none = (player.latent(Point(3, t)) for t in (1.0, 0.5, 0.0))
    assert np.allclose(half, whole / 2, atol=1e-6)
    assert not none.any()
    based = Point(base=player.latent(Point(3))[0].tolist())
    assert np.allclose(player.latent(replace(based, truncation=0.5)), half, atol=1e-6)


def test_keeping_the_layout_changes_only_the_fine_stages_and_the_other_way_round(player: Player) -> None:
    old = Point(1)
    layout, colours = player.reroll(old, "layout", 7), player.reroll(old, "colours", 7)
    before, new = player.latent(old), player.latent(Point(7))
    split = player.split
    assert np.array_equal(player.latent(layout), np.concatenate([before[:split], new[split:]]))
    assert np.array_equal(player.latent(colours), np.concatenate([new[:split], before[split:]]))
    twice = player.reroll(colours, "colours", 8)
    assert np.array_equal(player.latent(twice)[split:], before[split:])
    assert player.latent(player.reroll(colours, "nothing", 9)).tobytes() == player.latent(Point(9)).tobytes()


def test_keeping_the_colours_of_a_model_with_one_latent(plain: Player) -> None:
    old, new = Point(1), Point(7)
    partly = plain.latent(plain.reroll(old, "layout", 7))
    near, far = (np.linalg.norm(partly - plain.latent(point)) for point in (old, new))
    assert near < far
    for _ in plain.find_sliders():
        pass
    found = plain.found()
    assert found is not None
    basis = found.colour_basis(plain.space)
    assert basis is not None
    see = [plain.space.white(plain.latent(p))[0] @ basis.T for p in (old, new)]
    kept = plain.space.white(plain.latent(plain.reroll(old, "colours", 7)))[0] @ basis.T
    moved = plain.space.white(plain.latent(plain.reroll(old, "layout", 7)))[0] @ basis.T
    assert np.allclose(kept, see[0], atol=1e-4)
    assert np.allclose(moved, see[1], atol=1e-4)


@given(st.integers(0, 10**6), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_slerp_keeps_the_length_and_turns_evenly(seed: int, t: float) -> None:
    a, b = np.random.default_rng(seed).standard_normal((2, 16)).astype(np.float32)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    middle = slerp(a, b, t)
    assert np.linalg.norm(middle) == pytest.approx(np.linalg.norm(a), rel=1e-4)
    turned = np.arccos(np.clip(middle @ a / np.linalg.norm(a) ** 2, -1, 1))
    whole = np.arccos(np.clip(b @ a / np.linalg.norm(a) ** 2, -1, 1))
    assert turned == pytest.approx(t * whole, abs=2e-3)


def test_slerp_of_equal_opposite_and_empty_directions_is_finite() -> None:
    a = np.ones(4, np.float32)
    for b in (a, -a, np.zeros(4, np.float32)):
        assert np.isfinite(slerp(a, b, 0.3)).all()


def test_in_betweens_meet_both_ends_and_mix_sliders(player: Player) -> None:
    a, b = Point(1, sliders={"warmer": 2.0}), Point(2)
    assert player.between(a, b, 0.0) is a
    assert player.between(a, b, 1.0) is b
    middle = player.between(a, b, 0.25)
    assert middle.sliders == {"warmer": 1.5}
    lengths = [np.linalg.norm(player.core(p)[0]) for p in (a, b)]
    between = np.linalg.norm(player.core(player.between(a, b, 0.5))[0])
    assert min(lengths) * 0.99 <= between <= max(lengths) * 1.01


def test_variations_are_near_and_differ(player: Player) -> None:
    point = Point(4, 0.9, condition={})
    made = player.vary(point, 4, seed=1, spread=0.2)
    gaps = [np.linalg.norm(player.latent(p) - player.latent(point)) for p in made]
    others = [np.linalg.norm(player.latent(Point(s, 0.9)) - player.latent(point)) for s in range(20, 30)]
    assert min(gaps) > 0
    assert max(gaps) < np.mean(others)
    assert made == player.vary(point, 4, seed=1, spread=0.2)
    assert np.allclose(
        player.latent(player.vary(point, 1, seed=1, spread=0.0)[0]), player.latent(point), atol=1e-5
    )


def test_mixing_takes_the_other_latent_from_a_stage_on(player: Player, plain: Player) -> None:
    a, b = Point(1), Point(2, truncation=0.5)
    for first in range(player.stages + 1):
        mixed = player.latent(player.mix(a, b, first))
        expected = np.concatenate([player.latent(a)[:first], player.latent(b)[first:]])
        assert np.allclose(mixed, expected, atol=1e-6)
    assert player.mix(a, Point(9), 1).fine_seed == 9
    assert plain.mix(a, b, 1) is a


def test_mixing_what_is_mixed(player: Player) -> None:
    first = player.mix(Point(1), Point(2), 2)
    twice = player.latent(player.mix(first, Point(3), 1))
    assert np.allclose(twice[0], player.latent(Point(1))[0])
    assert np.allclose(twice[1:], player.latent(Point(3))[1:])
    back = player.latent(player.mix(Point(3), first, 1))
    assert np.allclose(back[2], player.latent(Point(2))[2])
    assert np.allclose(back[1], player.latent(Point(1))[1])


def test_a_loop_goes_round_at_even_steps_and_a_walk_has_ends(player: Player) -> None:
    keys = [Point(1), Point(2), Point(3)]
    loop = player.walk(keys, 12, "loop")
    assert [loop[0], loop[4], loop[8]] == keys
    again = player.walk(keys, 24, "loop")
    assert all(np.allclose(player.latent(loop[i]), player.latent(again[2 * i]), atol=1e-6) for i in range(12))
    steps = [
        float(np.linalg.norm(player.latent(loop[i]) - player.latent(loop[(i + 1) % 12]))) for i in range(12)
    ]
    assert max(steps) < 1.6 * np.median(steps)  # the step from the last to the first is like any other
    walk = player.walk(keys, 11, "walk")
    assert [walk[0], walk[5], walk[10]] == keys


def test_a_loop_around_one_point_is_a_circle(player: Player) -> None:
    loop = [player.latent(p)[0] for p in player.walk([Point(5)], 10, "loop")]
    steps = [float(np.linalg.norm(loop[i] - loop[(i + 1) % 10])) for i in range(10)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)
    assert min(steps) > 0.1
    assert player.walk([Point(5)], 3, "walk") == [Point(5)] * 3


@pytest.mark.parametrize(("points", "frames"), [([], 10), ([Point(1)], 0), ([Point(1)], 10**6)])
def test_impossible_walks_are_sentences(points: list[Point], frames: int, player: Player) -> None:
    with pytest.raises(UsageError):
        player.walk(points, frames, "loop")


@pytest.mark.parametrize("aspect", [1.5, 0.5])
def test_pictures_have_the_aspect_of_the_model(aspect: float, tmp_path: Path) -> None:
    player = player_for(tmp_path, aspect=aspect)
    assert player.draw(Point(1)).shape == (player.size[1], player.size[0], 3)
    assert player.size[0] / player.size[1] == pytest.approx(aspect)


def test_what_a_model_is_told_shows_and_can_be_half_told(tmp_path: Path) -> None:
    player = player_for(tmp_path, condition={"tags": ["cat", "dog"], "palette": 2, "vector": 0})
    cat, dog = (Point(1, condition={"tags": [tag]}) for tag in ("cat", "dog"))
    red = Point(1, condition={"palette": [[250, 10, 10]]})
    drawn = [player.draw(p) for p in (cat, dog, red, Point(1))]
    assert len({picture.tobytes() for picture in drawn}) == 4
    assert all(
        np.array_equal(a, b) for a, b in zip(drawn, player.draw_many([cat, dog, red, Point(1)]), strict=True)
    )
    ends = [player.draw(player.between(cat, dog, t)).astype(int) for t in (0.001, 0.999)]
    assert np.abs(ends[0] - drawn[0]).max() <= 2
    assert np.abs(ends[1] - drawn[1]).max() <= 2


def test_a_mixture_is_whitened_by_its_two_moments_and_pulls_to_the_nearest_mean() -> None:
    import torch

    random = np.random.default_rng(0)
    middles = np.repeat(np.array([[6.0, 0, 0], [-6.0, 0, 0]]), 200, axis=0)
    rows = torch.from_numpy(middles + random.normal(size=(400, 3)))
    prior = fit_prior(rows, torch.full((400, 3), 0.01), components=2)
    space = Space.of(prior)
    drawn = space.draws(4000, 1)
    white = space.white(drawn)
    assert np.allclose(white.mean(0), 0, atol=0.1)
    assert np.allclose(np.cov(white.T), np.eye(3), atol=0.12)
    assert np.allclose(space.back(white), drawn, atol=1e-4)
    near = np.array([5.0, 1.0, 0.0], np.float32)
    assert np.allclose(space.pull(near, 0.0), prior.mean[prior.mean[:, 0].argmax()].numpy(), atol=1e-5)


def test_long_latents_are_whitened_by_their_variances(tmp_path: Path) -> None:
    import torch

    from mmstudio.learning.engine.prior import Prior

    random = torch.Generator().manual_seed(0)
    length = 1500
    prior = Prior(
        torch.ones(1),
        torch.randn(1, length, generator=random),
        torch.randn(1, length, 5, generator=random),
        torch.full((1, length), 0.1),
    )
    space = Space.of(prior)
    drawn = space.draws(300, 2)
    assert np.allclose(space.back(space.white(drawn)), drawn, atol=1e-3)
    assert space.rank == 5
    assert np.allclose(np.cov(space.coordinates(drawn).T), np.eye(5), atol=0.3)
    assert np.allclose(space.pull(drawn[0], 0.0), prior.mean[0].numpy(), atol=1e-5)
    unfitted = Space.of(standard_prior(length))
    assert np.allclose(unfitted.white(unfitted.draw(1)), unfitted.draw(1), atol=1e-5)
    assert unfitted.coordinates(unfitted.draws(3, 1)).shape == (3, unfitted.rank)
