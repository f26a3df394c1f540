"""Projection: a picture's place is found, nearer with every look, and others get their turn meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.generation.latents import Point
from mmstudio.generation.latents.player import Player
from support.latents import player_for


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    return player_for(tmp_path_factory.mktemp("gan"))


def test_a_picture_of_the_model_is_found_again(player: Player) -> None:
    wanted = player.draw(Point(11))
    found, distances = looked_for(player, wanted)
    away = np.abs(player.draw(found).astype(int) - wanted).mean() / 255
    strangers = [np.abs(player.draw(Point(s)).astype(int) - wanted).mean() / 255 for s in range(20, 30)]
    assert away < 0.5 * np.mean(strangers)
    assert away == pytest.approx(distances[-1], abs=0.01)
    assert Point.of(found.as_json()) == found
    again, _ = looked_for(player, wanted)
    assert again == found


def test_an_encoder_is_the_start_and_is_improved_on(tmp_path: Path) -> None:
    player = player_for(tmp_path, "image-vae")
    wanted = player.draw(Point(11))
    _, distances = looked_for(player, wanted)
    coded = player.model.encode(wanted.transpose(2, 0, 1)[None])[0].numpy()
    start = player.draw(Point(base=coded.tolist()))
    assert distances[0] == pytest.approx(np.abs(start.astype(int) - wanted).mean() / 255, abs=0.01)
    assert distances[-1] < 0.95 * distances[0]


def test_pictures_of_any_shape_are_brought_to_the_model(tmp_path: Path) -> None:
    player = player_for(tmp_path, "image-vae", aspect=2.0)
    flat = np.full((7, 300, 3), 200, np.uint8)
    assert player.draw(looked_for(player, flat, 11)[0]).shape == (16, 32, 3)
    tiny = np.zeros((1, 1, 3), np.uint8)
    assert player.draw(looked_for(player, tiny, 11)[0]).shape == (16, 32, 3)


def looked_for(player: Player, pixels: np.ndarray, rounds: int = 80) -> tuple[Point, list[float]]:
    """Where a picture is, and how near it came on the way."""
    distances: list[float] = []
    looking = player.project(pixels, 0, rounds)
    while True:
        try:
            progress = next(looking)
        except StopIteration as stop:
            assert distances == sorted(distances, reverse=True)
            return stop.value, distances
        if progress.data:
            distances.append(progress.data["distance"])
            assert isinstance(progress.data["point"], Point)
            assert progress.note
