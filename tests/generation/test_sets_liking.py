"""What an audience likes reaches the picture model of a set: as what it is told and where it starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import UsageError
from mmstudio.generation import Generation
from mmstudio.generation.sets import SetWish, liking, pictures, recipes
from mmstudio.generation.sets.judge import Judge
from mmstudio.generation.sets.making import finished
from mmstudio.generation.sets.packing import unpacked
from mmstudio.generation.sets.source import read
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.conditions import Conditions
from support.latents import add_random_model
from support.libraries import new_library
from support.library import add_files
from support.media import make_image

LIKED = [0.5, -1.0, 2.0, 0.25]
OTHER = [-2.0, 0.5, 0.0, 1.0]


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    folder = tmp_path_factory.mktemp("liking")
    with new_library(folder) as library:
        add_files(library, *(make_image(folder / f"p/{i}.png", seed=i, size=(32, 32)) for i in range(3)))
        add_random_model(library, "told", condition={"tags": [], "palette": 0, "vector": 4})
        add_random_model(library, "vae", "image-vae")
        yield Generation(library, Trainings(library, "cpu"))


def drawn(generation: Generation, model: str, strength: float = 0.0, **taste: Any) -> pictures.Picture:
    wish = SetWish(text="a calm blue evening", seed=4, size=64, candidates=2, picture_model=model)
    kept = json.loads(json.dumps(wish.as_json() | {"taste": taste, "strength": strength}))
    wish = SetWish.of(kept)
    given = read(generation.library, wish)
    judge = Judge(generation.library, generation.trainings.device)
    try:
        return finished(pictures.drawing(generation, given, wish, 4, judge))
    finally:
        judge.close()


def test_a_vector_can_be_told_by_half() -> None:
    conditions = Conditions(palette=1, vector=4)
    vector = np.asarray(LIKED, np.float32)
    whole = conditions.row(vector=vector)
    assert np.array_equal(conditions.row(vector=vector, share=0.0), conditions.row())
    assert np.allclose(conditions.row(vector=vector, share=0.5), 0.5 * whole)
    assert whole[-1] == 1.0


def test_the_vector_of_the_taste_is_told_by_its_strength(generation: Generation) -> None:
    plain = drawn(generation, "told")
    assert np.array_equal(drawn(generation, "told", 0.0, vector=LIKED).pixels, plain.pixels)
    half, full, other = (
        drawn(generation, "told", strength, vector=vector)
        for strength, vector in ((0.5, LIKED), (1.0, LIKED), (1.0, OTHER))
    )
    far = [np.abs(one.pixels.astype(int) - plain.pixels).mean() for one in (half, full)]
    assert 0 < far[0] < far[1]
    assert not np.array_equal(full.pixels, other.pixels)
    told = half.made.recipe["point"]["condition"]
    assert told == {"vector": LIKED, "vector_share": 0.5}
    # The manifest alone makes the same picture again.
    recipe = json.loads(json.dumps(half.made.recipe))
    assert np.array_equal(recipes.picture_of(generation, recipe), half.pixels)


@pytest.mark.parametrize(
    "taste", [{"vector": LIKED[:3]}, {"vector": ["a", 1, 2, 3]}, {"vector": [float("nan")] * 4},
              {"vector": [0.0] * 4}, {"vector": 3}, {"pictures": [9999]}, {"pictures": "x"}, {}]
)  # fmt: skip
def test_what_no_model_can_be_told_changes_nothing(generation: Generation, taste: dict[str, Any]) -> None:
    plain = drawn(generation, "told")
    assert np.array_equal(drawn(generation, "told", 1.0, **taste).pixels, plain.pixels)
    assert liking.middle(generation, generation.player("vae"), SetWish(taste=taste, strength=1.0)) is None


def test_a_vae_starts_near_the_liked_pictures(generation: Generation) -> None:
    player, ids = generation.player("vae"), generation.library.assets.ids()[:2]
    middle = liking.middle(generation, player, SetWish(taste={"pictures": ids}, strength=1.0))
    assert middle is not None
    aim = player.space.white(middle)
    apart = []
    for strength in (0.0, 0.5, 1.0):
        made = drawn(generation, "vae", strength, pictures=ids)
        apart.append(float(np.linalg.norm(player.space.white(unpacked(made.made.recipe["latent"])) - aim)))
        assert np.array_equal(recipes.picture_of(generation, made.made.recipe), made.pixels)
    assert apart[0] > apart[1] > apart[2] > 0  # chance keeps its part, also at full strength


def test_several_liked_pictures_lie_as_far_out_as_each_of_them(generation: Generation) -> None:
    player, ids = generation.player("vae"), generation.library.assets.ids()

    def length(*pictures: int) -> float:
        found = liking.middle(generation, player, SetWish(taste={"pictures": pictures}, strength=0.5))
        assert found is not None
        return float(np.linalg.norm(player.space.white(found)))

    assert length(*ids[:3]) == pytest.approx(np.mean([length(one) for one in ids[:3]]), rel=1e-4)


def test_a_gan_knows_the_place_of_what_it_made_itself(generation: Generation) -> None:
    made = run_inline(generation.draw_work(model="told", point={"seed": 11}))
    player = generation.player("told")
    wish = SetWish(taste={"pictures": made["assets"]}, strength=1.0)
    middle = liking.middle(generation, player, wish)
    assert middle is not None
    assert np.allclose(middle, player.space.draw(11)[None], atol=1e-4)
    assert liking.middle(generation, generation.player("told"), SetWish(taste=wish.taste)) is None


def test_pictures_alone_can_be_made_for_an_audience(generation: Generation) -> None:
    ids = generation.library.assets.ids()[:2]

    def made(model: str, **taste: Any) -> list[tuple[np.ndarray, str]]:
        found = run_inline(generation.work(model, 2, seed=5, floor=False, **taste))
        pictures = [np.asarray(generation.again(one)) for one in found["assets"]]
        return list(zip(pictures, found["files"], strict=True))

    for model, taste in (("told", {"vector": LIKED}), ("vae", {"pictures": ids})):
        plain, none, liked = (
            made(model),
            made(model, taste=taste, strength=0.0),
            made(model, taste=taste, strength=0.8),
        )
        for one, same, other in zip(plain, none, liked, strict=True):
            assert np.array_equal(one[0], same[0])
            assert not np.array_equal(one[0], other[0])
            with Image.open(other[1]) as file:  # what the library keeps makes it once more
                assert np.array_equal(np.asarray(file), other[0])
    with pytest.raises(UsageError, match="cannot be told what people like"):
        made("told", taste={"palette": ["#aa0000"]}, strength=0.5)
