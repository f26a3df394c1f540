"""The taste of an audience: what it rests on, and that a set moves towards it by its strength."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import NotFound, UsageError
from mmstudio.features import Features
from mmstudio.features.extractors import FUSED, infos
from mmstudio.generation.sets import colours
from mmstudio.generation.sets.contract import SetWish
from mmstudio.generation.sets.personal import moved
from mmstudio.generation.sets.source import read
from mmstudio.jobs import run_inline
from mmstudio.library import Facts, Library, NewItem
from mmstudio.library.importing import import_work
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.taste import taste

COLOURS = {"A": (200, 40, 40), "B": (190, 60, 50), "C": (30, 60, 200)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Recommender, dict[str, int]]]:
    folder = tmp_path_factory.mktemp("taste")
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        noise = rng.integers(-8, 8, (96, 96, 3))
        pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    with Library.create(folder / "taste.mmlib") as library:
        ids = library.items.upsert_many(
            [
                NewItem("A", "Red cap", category="Hats", attributes={"material": "wool"}),
                NewItem("B", "Red scarf", category="Hats", attributes={"material": "wool"}),
                NewItem("C", "Blue pan", category="Kitchen", attributes={"material": "steel"}),
                NewItem("D", "Grey box", category="Kitchen", attributes={"material": "paper"}),
            ]
        )
        skus = dict(zip("ABCD", ids, strict=True))
        run_inline(import_work(library, [folder / f"{name}.png" for name in COLOURS]))
        assets = {Path(a.rel_path).stem: a.id for a in library.assets.get_many(library.assets.ids())}
        for name, asset in assets.items():
            library.items.link_asset(skus[name], asset, "hero")
        library.facts.put_many(
            [
                Facts(assets["A"], {"tempo": 90.0, "tempo_sure": 0.9, "key": 12.0, "key_sure": 0.8}),
                Facts(assets["B"], {"tempo": 170.0, "tempo_sure": 0.01}),
            ]
        )
        recommender = Recommender(library, Features(library, "cpu"))
        yield library, recommender, skus
        recommender.close()


def test_taste_is_that_of_the_likes(shop: tuple[Library, Recommender, dict[str, int]]) -> None:
    library, recommender, skus = shop
    who = library.audiences.add("Reds", liked=[skus["A"], skus["B"]])
    found = taste(recommender, who)
    assert found.items == (skus["A"], skus["B"])
    red = int(found.palette[0][1:3], 16), int(found.palette[0][5:7], 16)
    assert red[0] > 150 > red[1]
    assert found.tempo == 90.0  # what is not heard surely does not count
    assert (found.key, found.pitch) == ("C minor", 12)
    assert set(found.words) == {"Hats", "Wool"}
    assert "From 2 likes." in found.evidence
    assert found.known
    assert found.wish()["palette"] == list(found.palette)


def test_no_likes_is_said(shop: tuple[Library, Recommender, dict[str, int]]) -> None:
    library, recommender, skus = shop
    empty = taste(recommender, library.audiences.add("Empty"))
    assert not empty.known
    assert empty.wish() == {}
    assert "No data yet" in empty.evidence
    told = taste(recommender, library.audiences.add("Told", "wool for winter"))
    assert "only the brief" in told.evidence
    plain = taste(recommender, library.audiences.add("Plain", liked=[skus["D"]]))
    assert plain.palette == ()
    assert "picture that can be read" in plain.evidence
    with pytest.raises(NotFound):
        taste(recommender, 9999)


def test_strength_moves_a_set_and_0_is_the_set_without(
    shop: tuple[Library, Recommender, dict[str, int]],
) -> None:
    library, recommender, skus = shop
    told = taste(recommender, library.audiences.add("Reds again", liked=[skus["A"]])).wish()
    plain = read(library, SetWish(text="a calm blue evening", seed=4))
    apart = []
    for strength in (0.0, 0.3, 0.7, 1.0):
        wish = SetWish.of({"text": "a calm blue evening", "seed": 4, "taste": told, "strength": strength})
        aim = read(library, SetWish.of(wish.as_json()))
        liked = [tuple(bytes.fromhex(one[1:])) for one in told["palette"]]
        apart.append(colours.distance(aim.palette, liked))
        if strength == 0:
            assert (aim.palette, aim.mood, aim.tempo, aim.key) == (
                plain.palette, plain.mood, plain.tempo, plain.key,
            )  # fmt: skip
        assert aim.words == plain.words  # what chance is drawn by stays the same
    assert apart == sorted(apart, reverse=True)
    assert apart[-1] < 0.02 < apart[0]
    assert aim.key == 12
    assert aim.tempo in (45.0, 90.0, 180.0)
    assert aim.favourites
    with pytest.raises(UsageError, match="Strength goes from 0 to 1"):
        SetWish(strength=1.2).checked()


def test_palettes_meet_half_way() -> None:
    own, liked = [(0, 0, 0), (10, 10, 10)], [(255, 255, 255)]
    assert moved(own, liked, 1.0) == ((255, 255, 255),)
    half = moved(own, liked, 0.5)
    assert all(60 < colour[0] < 160 for colour in half)
    assert moved([], liked, 0.2) == ((255, 255, 255),)


def test_the_vector_is_the_shared_one_that_models_are_told(
    shop: tuple[Library, Recommender, dict[str, int]],
) -> None:
    library, recommender, skus = shop
    who = library.audiences.add("Shared", liked=[skus["A"], skus["B"]])
    before = taste(recommender, who)
    assert before.vector.size == 0
    assert "vector" not in before.wish()
    heroes = [link.asset_id for name in "AB" for link in library.items.assets_of(skus[name])]
    assert before.wish()["pictures"] == heroes
    info = infos()[FUSED]
    random = np.random.default_rng(0)
    rows = {
        target: library.features.ensure_set(
            FUSED, info.version, info.parameters, info.dimension, info.modality, target
        )
        for target in ("item", "asset")
    }
    of_item, of_asset = random.normal(size=(2, info.dimension)).astype(np.float32)
    library.features.put_many(rows["item"], [(skus["A"], of_item)])
    library.features.put_many(rows["asset"], [(heroes[1], of_asset)])  # an item without one of its own
    after = taste(recommender, who)
    both = of_item + of_asset
    assert np.allclose(after.vector, both / np.linalg.norm(both), atol=1e-6)
    told = SetWish.of({"taste": after.wish(), "strength": 0.5}).taste["vector"]
    assert np.allclose(told, after.vector, atol=1e-6)
