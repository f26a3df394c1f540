"""What else could stand somewhere: recommended now, made by an own model; several media dropped at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.composition.editing import guides
from mmstudio.composition.editing.alternatives import alternatives, choose
from mmstudio.composition.editing.base import layer_of, set_values
from mmstudio.composition.editing.filling import fill, places_from
from mmstudio.composition.layout import reframe
from mmstudio.composition.storyboard import GeneratedLayer, ImageLayer, Storyboard, VideoLayer
from mmstudio.errors import StudioError, UsageError
from mmstudio.library import AssetFilter
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.latents import add_random_model
from support.libraries import add_asset
from support.media import make_mp4
from support.storefront import make_store


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A shop with an audience, and its services."""
    made = Studio.open(make_store(tmp_path), settings=Settings(device="cpu"))
    made.measure_first = False
    yield made
    made.close()


@pytest.fixture
def ad(studio: Studio) -> Storyboard:
    """An ad for the first audience."""
    item = studio.library.items.by_sku("SKU-0")
    assert item is not None
    audience = studio.library.audiences.list()[0].id
    return Composer(studio.library, None, None).compose(
        "product-ad", item.id, audience, inputs={"model": "none"}
    )


def pictures(studio: Studio, count: int) -> list[int]:
    """Pictures of the library."""
    return list(studio.library.assets.ids(AssetFilter(kinds=("image",))))[-count:]


# --- alternatives ---------------------------------------------------------------------------------------


def test_the_recommender_is_asked_now(studio: Studio, ad: Storyboard) -> None:
    assert ad.audience_id is not None
    assert studio.library.recommendations.load(ad.audience_id) == []
    in_a_hurry = alternatives(studio.library, ad, 1, "picture", studio, live=False)
    assert "recommended" not in [one.origin for one in in_a_hurry]
    found = [
        one.asset_id
        for one in alternatives(studio.library, ad, 1, "picture", studio)
        if one.origin == "recommended"
    ]
    own = [ad.item_id] if ad.item_id is not None else []
    ranked = studio.recommender.recommend(ad.audience_id, 8, exclude=own, save=False)
    heroes = [
        link.asset_id
        for one in ranked
        for link in studio.library.items.assets_of(one.item_id)
        if link.role == "hero"
    ]
    assert found
    assert found == [one for one in heroes if one in found]
    assert studio.library.recommendations.load(ad.audience_id) == []  # looking changes nothing


def test_an_own_model_comes_before_grounds_and_its_picture_says_whose_it_is(
    studio: Studio, ad: Storyboard
) -> None:
    ground = layer_of(ad, 0, "background")
    assert isinstance(ground, GeneratedLayer)
    found = alternatives(studio.library, ad, 0, "background", studio)
    starters = [one for one in found if one.origin == "made"]
    assert starters
    assert not any(one.own for one in starters)
    assert all("background in the palette's colours" in one.why for one in starters)
    add_random_model(studio.library, "my-flowers")
    made = [one for one in alternatives(studio.library, ad, 0, "background", studio) if one.origin == "made"]
    assert [one.model for one in made] == ["my-flowers"] * 4
    assert all(one.own for one in made)
    assert len({one.seed for one in made}) == 4
    chosen = choose(studio.library, ad, 0, "background", made[1], studio)
    drawn = layer_of(chosen, 0, "background")
    assert isinstance(drawn, GeneratedLayer)
    assert (drawn.model, drawn.seed) == ("my-flowers", made[1].seed)
    asset = studio.library.assets.get(drawn.asset_id or 0)
    assert asset.origin == "generated"
    row = studio.library.generations.of_asset(asset.id)
    assert row is not None
    assert row.model == "my-flowers"
    assert [s.kind for s in chosen.sources if s.asset_id == asset.id] == ["generated"]


# --- several at once ------------------------------------------------------------------------------------


def test_a_drop_of_several_fills_the_places_behind_and_makes_scenes(studio: Studio, ad: Storyboard) -> None:
    places = places_from(ad, 0, "hero")
    assert places[0] == (0, "hero")
    assert len(places) < 6
    ids = pictures(studio, 6)
    done = fill(studio.library, ad, 0, "hero", ids)
    for (scene, name), asset in zip(places, ids, strict=False):
        assert layer_of(done.board, scene, name).asset_id == asset  # type: ignore[union-attr]
    rest = ids[len(places) :]
    assert (done.placed, done.added, done.sounds) == (len(places), len(rest), 0)
    assert len(done.board.scenes) == len(ad.scenes) + len(rest)
    new = done.board.scenes[len(ad.scenes) :]
    assert [one.layers[-1].asset_id for one in new] == rest  # type: ignore[union-attr]
    assert done.board.duration == pytest.approx(sum(scene.duration for scene in done.board.scenes))
    assert done.first == (0, "hero")
    assert len({scene.name for scene in done.board.scenes}) == len(done.board.scenes)
    assert len(ad.scenes) == len(reframe(done.board, (1080, 1920)).scenes) - len(rest)


def test_sounds_clips_and_locked_places_in_a_drop(studio: Studio, ad: Storyboard, tmp_path: Path) -> None:
    library = studio.library
    clip = add_asset(library, make_mp4(tmp_path / "clip.mp4"), kind="video", duration=1.0)
    sound = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    ad.music = None
    locked = set_values(ad, 0, "hero", opacity=1.0)
    layer_of(locked, 0, "hero").locked = True
    assert (0, "hero") not in places_from(locked, 0, "hero")
    done = fill(library, ad, 0, "hero", [clip, sound], t=1.5)
    assert isinstance(layer_of(done.board, 0, "hero"), VideoLayer)
    assert (done.placed, done.added, done.sounds) == (1, 0, 1)
    assert done.board.music is not None
    again = fill(library, done.board, 0, "", [sound], t=1.5)
    assert again.board.effects[-1].start == 1.5
    assert again.first is None


def test_what_may_not_be_used_is_left_out_and_said(studio: Studio, ad: Storyboard) -> None:
    first, second = pictures(studio, 2)
    studio.library.assets.set_rights([first], "restricted")
    done = fill(studio.library, ad, 0, "hero", [first, second])
    held = layer_of(done.board, 0, "hero")
    assert isinstance(held, ImageLayer)
    assert held.asset_id == second
    assert len(done.refused) == 1
    with pytest.raises(StudioError):
        fill(studio.library, ad, 0, "hero", [first])


def test_a_drop_beside_every_place_lies_on_top(studio: Studio, ad: Storyboard) -> None:
    one, two = pictures(studio, 2)
    done = fill(studio.library, ad, 1, "", [one, two])
    assert done.first == (1, done.board.scenes[1].layers[-1].name)
    assert len(done.board.scenes[1].layers) == len(ad.scenes[1].layers) + 1
    assert len(done.board.scenes) == len(ad.scenes) + 1


# --- guides ---------------------------------------------------------------------------------------------


def test_guides_are_kept_moved_and_refused(ad: Storyboard) -> None:
    made = guides.add_guide(guides.add_guide(ad, "x", 0.25), "y", 1.0)
    again = Storyboard.from_dict(made.to_dict())
    assert [(one.axis, one.at) for one in guides.guides_of(again)] == [("x", 0.25), ("y", 1.0)]
    assert guides.move_guide(made, "x", 0, 0.5).guides["x"] == [0.5]
    assert guides.remove_guide(made, "x", 0).guides == {"y": [1.0]}
    assert guides.remove_guides(made).guides == {}
    assert "guides" not in made.content()
    broken = {**ad.to_dict(), "guides": {"x": [0.5, 7], "z": [0.1], "y": []}}
    assert Storyboard.from_dict(broken).guides == {"x": [0.5], "y": []}
    with pytest.raises(StudioError):
        Storyboard.from_dict({**ad.to_dict(), "guides": {"x": "here"}})
    with pytest.raises(UsageError):
        guides.add_guide(ad, "x", 1.2)
    with pytest.raises(UsageError):
        guides.remove_guide(ad, "y", 0)
    full = ad
    for n in range(guides.MOST):
        full = guides.add_guide(full, "x", n / guides.MOST)
    with pytest.raises(UsageError):
        guides.add_guide(full, "x", 0.99)
