"""Sets through a joint model: any part from any other, from nothing, one part anew, made once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import UsageError
from mmstudio.generation import Generation
from mmstudio.generation.sets import MadeSet, SetWish, again, finished, making, reroll, trust
from mmstudio.generation.sets.joint import chosen, tags_of, traits_told
from mmstudio.generation.sets.pictures import enlarged
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.library import Library
from support.joint_library import item_library, train_joint

SMALL = {"seconds": 1.5, "size": 64, "candidates": 1, "picture_model": "starter-image-gan"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with item_library(tmp_path_factory.mktemp("shop"), 24) as made:
        train_joint(made)
        yield made


@pytest.fixture(scope="module")
def generation(library: Library) -> Generation:
    return Generation(library, Trainings(library, "cpu"))


def same(a: MadeSet, b: MadeSet) -> bool:
    media = np.array_equal(a.picture, b.picture) and np.array_equal(a.sound, b.sound)
    return bool(media and a.text == b.text)


def by(made: MadeSet) -> dict[str, str]:
    return {name: str(part.recipe.get("by")) for name, part in made.parts.items()}


@contextmanager
def learned(generation: Generation, name: str = "joint", **trained: Any) -> Iterator[None]:
    """A joint model as if it had learned longer, or been evaluated."""
    folder = generation.trainings.folder(name)
    config = load_config(folder)
    before = dict(config.trained)
    config.trained |= trained
    config.save(folder)
    try:
        yield
    finally:
        config.trained = before
        config.save(folder)


def test_the_library_s_joint_model_is_used_unless_it_is_refused(generation: Generation) -> None:
    with learned(generation, steps=400):
        made = finished(making(generation, SetWish(text="Red boots", **SMALL)))  # type: ignore[arg-type]
    assert made.wish.model == "joint"
    assert made.notes == ()
    assert by(made)["picture"] == "joint"
    assert made.picture.shape == (64, 64, 3)
    assert made.sound.shape == (2, 1.5 * made.rate)
    assert np.abs(made.sound).max() < 0.95
    assert made.text
    assert same(again(generation, made.manifest()), made)
    plain = finished(making(generation, SetWish(text="Red boots", model="none", **SMALL)))  # type: ignore[arg-type]
    assert by(plain)["picture"] == "picture"
    assert by(plain)["sound"] == "sound"


def test_a_model_that_has_learned_little_is_left_out_unless_it_is_named(generation: Generation) -> None:
    model, notes = chosen(generation, SetWish(text="Red boots"))
    assert model == ""
    assert ["joint" in note for note in notes] == [True]
    named = finished(making(generation, SetWish(text="Red boots", model="joint", **SMALL)))  # type: ignore[arg-type]
    assert by(named)["picture"] == "joint"
    assert ["2 steps" in note for note in named.notes] == [True]
    assert again(generation, named.manifest()).notes == named.notes


def test_a_model_no_better_than_chance_is_left_out(generation: Generation) -> None:
    poor = {"round_trip_10": 0.1, "chance_round_trip_10": 0.1, "coherence": 0.4, "coherence_chance": 0.5}
    with learned(generation, steps=4000, metrics=poor):
        assert chosen(generation, SetWish(text="Red boots"))[0] == ""
    with learned(generation, steps=4000, metrics=poor | {"coherence": 0.9}):
        assert chosen(generation, SetWish(text="Red boots")) == ("joint", ())


def test_of_several_models_the_best_by_its_evaluation_is_taken(
    generation: Generation, library: Library
) -> None:
    train_joint(library, "newer", seed=1)
    good = {"coherence": 0.7, "coherence_chance": 0.5, "coherence_ceiling": 0.9}
    better = {**good, "round_trip_10": 0.8, "chance_round_trip_10": 0.1}
    wish = SetWish(text="Red boots")
    try:
        with learned(generation, steps=400), learned(generation, "newer", steps=400):
            name, (note,) = chosen(generation, wish)
            assert name == "newer"
            assert "none was measured" in note
        with learned(generation, steps=400, metrics=good), learned(generation, "newer", steps=400):
            name, (note,) = chosen(generation, wish)
            assert name == "joint"
            assert "50 of 100" in note
        with (
            learned(generation, steps=400, metrics=good),
            learned(generation, "newer", steps=400, metrics=better),
        ):
            assert trust.standing(generation, "newer") == pytest.approx((0.5 + 0.7 / 0.9) / 2)
            assert chosen(generation, wish)[0] == "newer"
        with learned(generation, steps=400), learned(generation, "newer", steps=2, metrics=better):
            assert chosen(generation, wish) == ("joint", ())
    finally:
        generation.trainings.remove("newer")


def test_the_tags_of_a_set_come_from_its_own_latent(generation: Generation) -> None:
    made = finished(making(generation, SetWish(model="joint", seed=4, **SMALL)))  # type: ignore[arg-type]
    tags = tags_of(generation, made)
    assert set(tags) <= {"Boots", "Lamp", "boots", "lamp"}
    assert tags_of(generation, again(generation, made.manifest())) == tags
    given = replace(made.parts["picture"], recipe={**made.parts["picture"].recipe, "given": {
        "tags": {"by": "value", "value": ["sea"]}}})  # fmt: skip
    assert tags_of(generation, replace(made, parts={**made.parts, "picture": given})) == ["sea"]
    plain = finished(making(generation, SetWish(text="Red boots", model="none", **SMALL)))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no tags to write"):
        tags_of(generation, plain)


def test_one_part_anew_decodes_that_part_only(generation: Generation) -> None:
    made = finished(making(generation, SetWish(model="joint", seed=4, **SMALL)))  # type: ignore[arg-type]
    assert set(made.parts["picture"].recipe["want"]) == {"image", "audio", "text"}
    other = reroll(generation, made, "sound", 5)
    assert other.parts["sound"].recipe["want"] == ["audio"]
    assert same(again(generation, other.manifest()), other)


def test_traits_of_an_audience_are_told(generation: Generation, library: Library) -> None:
    traits = {"likes": ["Boots", "walking"], "age": 30, "local": True, "shy": False}
    audience = library.audiences.add("Walkers", brief="They walk", traits=traits)
    made = finished(making(generation, SetWish(model="joint", audience_id=audience, **SMALL)))  # type: ignore[arg-type]
    told = made.parts["picture"].recipe["given"]
    assert told["tags"]["value"] == ["30", "Boots", "walking", "local"]  # the model knows the category Boots
    assert traits_told(library.audiences.get(audience))["audience"] == [
        "Walkers", "age: 30", "likes: Boots", "likes: walking", "local",
    ]  # fmt: skip
    assert same(again(generation, made.manifest()), made)
    library.audiences.remove(audience)


def test_a_sound_gives_a_picture_and_words(generation: Generation, library: Library) -> None:
    from mmstudio.library import AssetFilter

    sound = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    wish = SetWish(given={"sound": str(sound)}, model="joint", size=64, candidates=2)
    made = finished(making(generation, wish))
    assert by(made) == {"picture": "joint", "sound": "asset", "text": by(made)["text"]}
    assert made.sources == (sound,)
    assert "audio" in made.parts["picture"].recipe["given"]
    assert same(again(generation, made.manifest()), made)


def test_a_set_from_nothing_and_one_part_anew(generation: Generation) -> None:
    made = finished(making(generation, SetWish(model="joint", seed=2, **SMALL)))  # type: ignore[arg-type]
    assert made.parts["picture"].recipe["given"] == {}
    other = reroll(generation, made, "picture", 9)
    assert not np.array_equal(other.picture, made.picture)
    assert np.array_equal(other.sound, made.sound)
    assert other.text == made.text
    assert set(other.parts["picture"].recipe["given"]) >= {"audio"}  # it was made to go with the others
    assert same(again(generation, other.manifest()), other)


def test_what_was_never_seen_together_is_left_to_the_rules(generation: Generation, library: Library) -> None:
    from mmstudio.library import AssetFilter

    apart = {"image text": 20, "audio text": 20, "image audio": 0}
    picture = library.assets.ids(AssetFilter(kinds=("image",)))[0]
    with learned(generation, together=apart, steps=400):
        made = finished(making(generation, SetWish(asset_id=picture, model="joint", **SMALL)))  # type: ignore[arg-type]
        spoken = finished(making(generation, SetWish(text="Red boots", model="joint", **SMALL)))  # type: ignore[arg-type]
        nothing = finished(making(generation, SetWish(model="joint", seed=2, **SMALL)))  # type: ignore[arg-type]
    assert by(made)["sound"] == "sound"
    assert ["Sound" in note for note in made.notes] == [True]
    assert by(spoken) | {"text": ""} == {"picture": "joint", "sound": "joint", "text": ""}
    assert spoken.notes == ()
    assert (by(nothing)["picture"], by(nothing)["sound"]) == ("joint", "sound")
    assert same(again(generation, made.manifest()), made)


def test_an_older_manifest_draws_as_it_did(generation: Generation) -> None:
    made = finished(making(generation, SetWish(text="Red boots", model="joint", seed=5, **SMALL)))  # type: ignore[arg-type]
    recipe = made.parts["picture"].recipe
    assert recipe["tries"] > 1
    before = {key: value for key, value in recipe.items() if key != "tries"} | {"index": 0}
    model = generation.trainings.load_any("joint")
    drawn = model.generate({"text": "Red boots"}, ["image", "audio", "text"], 1, 5)[0]["image"]
    old = replace(made, parts={**made.parts, "picture": replace(made.parts["picture"], recipe=before)})
    shown = again(generation, old.manifest()).picture
    assert np.array_equal(shown, enlarged(drawn, 64))


def test_an_item_s_line_stays_with_its_facts(generation: Generation, library: Library) -> None:
    item = library.items.ids()[0]
    made = finished(making(generation, SetWish(item_id=item, model="joint", **SMALL)))  # type: ignore[arg-type]
    assert made.parts["text"].recipe["by"] == "text"
