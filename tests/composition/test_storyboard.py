"""The storyboard as data, recipes and places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import (
    FORMATS,
    Composer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Scene,
    ShapeLayer,
    SoundTrack,
    Storyboard,
    TextLayer,
    VideoLayer,
    recipes,
    reframe,
)
from mmstudio.composition.recipe import get_recipe, read_recipe
from mmstudio.errors import NotFound, StudioError, UsageError
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def composed(shop: Shop, item: int | None = None, audience: int | None = None, **more: object) -> Storyboard:
    composer = Composer(shop.library, None, None)
    return composer.compose("product-ad", item or shop.bag, audience, **more)  # type: ignore[arg-type]


def test_every_layer_survives_json() -> None:
    board = Storyboard(
        name="All kinds",
        scenes=[
            Scene(
                "one",
                0,
                2,
                [
                    ImageLayer("a", asset_id=3, focus=(0.2, 0.8)),
                    GeneratedLayer("b", colours=["#ffffff"]),
                    ShapeLayer("c", fade=True),
                    TextLayer("d", bind="headline"),
                    LogoLayer("e", asset_id=4),
                    VideoLayer("f", asset_id=5, clip_start=1.5),
                ],
            )
        ],
        music=SoundTrack(asset_id=6),
        copy={"headline": "Hello"},
    )
    back = Storyboard.from_dict(json.loads(json.dumps(board.to_dict())))
    assert back == board
    assert back.asset_ids() == [3, 4, 5, 6]


def test_a_composed_storyboard_survives_the_library(shop: Shop) -> None:
    board = composed(shop, audience=shop.audience)
    assert board.id is not None
    assert Composer(shop.library, None, None).load(board.id) == board
    assert 6 <= board.duration <= 10
    assert board.duration == pytest.approx(sum(s.duration for s in board.scenes))


def test_a_newer_schema_is_refused_and_rubbish_is_named() -> None:
    with pytest.raises(StudioError, match="newer version"):
        Storyboard.from_dict({"schema": 99})
    with pytest.raises(StudioError, match="cannot be read"):
        Storyboard.from_dict({"schema": 1, "scenes": [{"layers": [{"kind": "nonsense"}]}]})
    with pytest.raises(StudioError, match="cannot be read"):
        Storyboard.from_dict({"schema": 1, "scenes": 5})


def test_reframing_keeps_words_and_pictures_and_comes_back(shop: Shop) -> None:
    board = composed(shop)
    for size in FORMATS.values():
        other = reframe(board, size)
        assert other.size == size
        assert other.copy == board.copy
        assert other.asset_ids() == board.asset_ids()
        for scene in other.scenes:
            for layer in scene.layers:
                rect = layer.rect
                assert rect.x >= -0.001
                assert rect.x + rect.w <= 1.001
                assert rect.y >= -0.001
                assert rect.y + rect.h <= 1.001
    assert reframe(reframe(board, FORMATS["wide"]), FORMATS["square"]) == board


def test_a_layer_placed_by_hand_stays_where_it_is(shop: Shop) -> None:
    board = composed(shop)
    layer = board.scenes[0].layers[1]
    layer.slot, layer.rect.x = "", 0.123
    assert reframe(board, FORMATS["tall"]).scenes[0].layers[1].rect.x == 0.123


def test_an_impossible_canvas_is_refused(shop: Shop) -> None:
    with pytest.raises(UsageError, match="not possible"):
        reframe(composed(shop), (10, 100_000))


def test_recipes_are_listed_and_own_ones_win(_own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "product-ad" in [recipe.name for recipe in recipes()]
    from mmstudio.paths import data_dir, resource

    own = data_dir() / "recipes" / "mine"
    own.mkdir(parents=True)
    text = (resource("recipes") / "product-ad" / "recipe.toml").read_text("utf-8")
    (own / "recipe.toml").write_text(text.replace('name = "product-ad"', 'name = "mine"', 1), "utf-8")
    broken = data_dir() / "recipes" / "broken"
    broken.mkdir()
    (broken / "recipe.toml").write_text("scenes = 3", "utf-8")
    names = [recipe.name for recipe in recipes()]
    assert "mine" in names
    assert "broken" not in names
    assert get_recipe("mine").folder == own
    with pytest.raises(StudioError, match="cannot be read"):
        read_recipe(broken / "recipe.toml")


@pytest.mark.parametrize("name", ["nothing", "../product-ad", "..\\x", ""])
def test_an_unknown_recipe_is_named(name: str) -> None:
    with pytest.raises(NotFound, match="no recipe"):
        get_recipe(name)
