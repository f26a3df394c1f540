"""Recipes: what they need, patterns, options, broken ones, composing again with what is locked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer, Storyboard, TextLayer, reframe
from mmstudio.composition.inputs import Inputs
from mmstudio.composition.layout import form_of
from mmstudio.composition.recipe import (
    GROUPS,
    Recipe,
    broken_recipes,
    for_items,
    get_recipe,
    recipe_folders,
    recipes,
)
from mmstudio.composition.render import Renderer
from mmstudio.composition.steps import STEPS, load_step
from mmstudio.composition.storyboard import ImageLayer
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.jobs import run_inline
from mmstudio.library import ItemAsset, NewItem, NewReview
from support.libraries import add_asset
from support.media import make_wav
from support.shop import Shop, make_shop, studio_photo


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


@pytest.fixture
def composer(shop: Shop) -> Composer:
    return Composer(shop.library, None, None)


def texts(board: Storyboard) -> list[str]:
    return [
        board.text_of(layer)
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, TextLayer)
    ]


# --- the recipes themselves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", recipes(), ids=lambda one: one.name)
def test_every_recipe_of_the_program_is_whole(recipe: Recipe) -> None:
    assert recipe.group in GROUPS
    assert recipe.summary
    assert recipe.needs or recipe.takes
    for step in recipe.steps:
        assert callable(load_step(step))
    for shape in ("square", "tall", "wide"):
        for scene in recipe.scenes:
            places = recipe.places(shape, scene["name"])
            slots = {entry["slot"] for entry in scene["layers"] if entry.get("slot")}
            slots |= {stack["slot"] for stack in scene.get("stacks", []) if stack.get("slot")}
            assert slots <= set(places), (shape, scene["name"])
            for place in places.values():
                x, y, w, h = place["rect"]
                inside = x >= 0 and y >= 0 and x + w <= 1.0001 and y + h <= 1.0001
                assert inside, (shape, scene["name"])


def test_the_six_uses_have_a_recipe_each() -> None:
    assert {recipe.group for recipe in recipes()} == set(GROUPS)
    assert for_items(recipes())[0].name == "product-ad"
    assert not broken_recipes()


def test_pictures_of_recipes_are_small() -> None:
    pictures = [recipe.picture for recipe in recipes() if recipe.picture is not None]
    assert len(pictures) >= 8
    assert all(picture.stat().st_size < 25_000 for picture in pictures)


def test_a_recipe_of_ones_own_is_listed_and_a_broken_one_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMSTUDIO_HOME", str(tmp_path))
    own = recipe_folders()[-1]
    assert own.is_relative_to(tmp_path)
    plain = (get_recipe("product-card").folder / "recipe.toml").read_text("utf-8")
    for name, text in {
        "mine": plain.replace('label = "Product card"', 'label = "Mine"'),
        "no-step": plain.replace('"palette"', '"run-my-python"'),
        "no-toml": "name = [",
        "no-layer": plain.replace('kind = "shape"', 'kind = "hologram"'),
    }.items():
        (own / name).mkdir(parents=True)
        (own / name / "recipe.toml").write_text(text, "utf-8")
    (own / "empty").mkdir()
    mine = next(recipe for recipe in recipes() if recipe.name == "mine")
    assert mine.own
    assert mine.label == "Mine"
    reasons = {one.name: one.reason for one in broken_recipes()}
    assert set(reasons) == {"no-step", "no-toml", "no-layer", "empty"}
    assert "run-my-python" in reasons["no-step"]
    assert "hologram" in reasons["no-layer"]
    with pytest.raises(StudioError, match="no-step"):
        get_recipe("no-step")
    with pytest.raises(NotFound):
        get_recipe("../mine")


def test_steps_are_named_not_code() -> None:
    assert all(path.startswith("mmstudio.composition.") for path in STEPS.values())
    with pytest.raises(NotFound):
        load_step("os:system")


# --- what they are given ------------------------------------------------------------------------------------


def test_what_is_missing_or_unknown_is_said_at_once(composer: Composer, shop: Shop) -> None:
    with pytest.raises(UsageError, match="needs an item"):
        composer.compose("product-ad")
    with pytest.raises(UsageError, match="needs a text"):
        composer.compose("story", inputs={"text": " \n "})
    with pytest.raises(UsageError, match="no option called colour"):
        composer.compose("product-ad", shop.bag, inputs={"options": {"colour": "red"}})
    with pytest.raises(UsageError, match="length cannot be endless"):
        composer.compose("product-ad", shop.bag, inputs={"options": {"length": "endless"}})
    with pytest.raises(UsageError, match="takes no nonsense"):
        composer.compose("product-ad", shop.bag, inputs={"nonsense": 1})
    assert not shop.library.storyboards.list()


def test_a_storyboard_can_be_composed_again_from_what_it_keeps(composer: Composer, shop: Shop) -> None:
    first = composer.compose("product-ad", shop.bag, shop.audience, seed=3, headline="Mine")
    again = composer.again(composer.load(first.id or 0))
    assert again.to_dict() == first.to_dict()
    assert again.id == first.id
    other = composer.again(first, seed=9)
    assert other.seed == 9
    assert other.inputs["seed"] == 9
    assert other.copy["headline"] == "Mine"


def test_what_is_locked_stays_when_the_rest_is_made_anew(composer: Composer, shop: Shop) -> None:
    board = composer.compose("product-ad", shop.bag)
    words = next(
        layer for layer in board.scenes[0].layers if isinstance(layer, TextLayer) and layer.bind == "headline"
    )
    hero = next(layer for layer in board.scenes[0].layers if isinstance(layer, ImageLayer))
    board.copy["headline"], words.locked = "Kept as it is", True
    hero.locked, hero.rect.x = True, 0.31
    again = composer.again(board, seed=5)
    assert again.copy["headline"] == "Kept as it is"
    kept = next(layer for layer in again.scenes[0].layers if isinstance(layer, ImageLayer))
    assert kept.locked
    assert kept.rect.x == 0.31
    assert "headline" not in again.facts or again.facts["headline"] == board.facts.get("headline")


def test_the_job_says_how_far_it_is(composer: Composer, shop: Shop) -> None:
    seen: list[int] = []
    work = composer.work("product-ad", shop.bag, inputs=Inputs(title="x").to_dict())
    result = run_inline(work, on_progress=lambda progress: seen.append(progress.done))
    assert composer.load(result["storyboard"]).item_id == shop.bag
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert len(seen) > 4


# --- product card and ad ------------------------------------------------------------------------------------


@pytest.fixture
def rich(shop: Shop) -> int:
    """An item with five pictures and good reviews."""
    media = shop.folder / "media"
    colours = [(200, 60, 40), (40, 90, 160), (60, 140, 80), (150, 90, 160), (220, 170, 60)]
    ids = [
        add_asset(shop.library, studio_photo(media / f"tent-{n}.png", colour, 300), width=300)
        for n, colour in enumerate(colours)
    ]
    (item,) = shop.library.items.upsert_many(
        [
            NewItem(
                sku="TENT-1",
                title="Two Season Tent",
                description=(
                    "A light tent for two people.\n- Stands up in three minutes.\n- Two doors and a porch.\n"
                    "- Folds into a bag of its own.\n- Floor keeps water out."
                ),
                price=249.0,
                currency="EUR",
                category="Gear > Tents",
            )
        ]
    )
    shop.library.items.set_assets(
        item, [ItemAsset(one, "hero" if n == 0 else "detail", n) for n, one in enumerate(ids)]
    )
    shop.library.items.add_reviews(
        [
            NewReview(item, "A great tent that keeps us dry all night.", author="Cy Dee", rating=5.0),
            NewReview(item, "We love it and it packs small.", author="Ed", rating=4.0),
        ]
    )
    return item


def test_the_ad_has_a_scene_for_every_picture_and_a_review(composer: Composer, rich: int) -> None:
    board = composer.compose("product-ad", rich)
    patterns = [scene.pattern or scene.name for scene in board.scenes]
    assert patterns[:2] == ["hero", "detail"]
    assert patterns[-2:] == ["quote", "card"]
    looks = [layer for scene in board.scenes for layer in scene.layers if layer.source.endswith(".look")]
    shown = {layer.asset_id for layer in looks if isinstance(layer, ImageLayer)}
    assert len(shown) == 3
    assert shown.isdisjoint(
        {layer.asset_id for layer in board.scenes[0].layers if isinstance(layer, ImageLayer)}
    )
    points = [words for slot, words in board.copy.items() if slot.endswith(".point")]
    assert len(points) == len(set(points)) >= 2
    assert all(board.facts[slot] for slot in board.copy if slot.endswith(".point"))
    assert board.copy["quote_by"].startswith("★")
    assert board.scenes[-1].end == pytest.approx(board.duration)
    short = composer.compose("product-ad", rich, inputs={"options": {"length": "short"}})
    assert len(short.scenes) == 3


def test_the_ad_waits_for_its_voice(composer: Composer, shop: Shop) -> None:
    sound = make_wav(shop.folder / "media" / "voice.wav", seconds=12.0)
    voice = add_asset(shop.library, sound, kind="audio", duration=12.0)
    shop.library.items.link_asset(shop.bag, voice, "voice")
    board = composer.compose("product-ad", shop.bag)
    assert board.voice is not None
    assert board.voice.start + 12.0 < board.duration < 20.0


def test_the_card_stands_still_and_shows_a_good_rating(composer: Composer, shop: Shop, rich: int) -> None:
    board = composer.compose("product-card", rich)
    assert board.pages
    assert len(board.scenes) == 1
    assert board.music is None
    assert "4.5" in board.copy["rating"]
    assert board.facts["rating"]
    assert composer.compose("product-card", shop.bag).copy["rating"] == ""  # 3 of 5 is nothing to show off


# --- pages, e-mail, banners ---------------------------------------------------------------------------------


def test_a_catalogue_has_a_page_for_every_four_items(composer: Composer, shop: Shop, rich: int) -> None:
    ids = [shop.bag, shop.lamp, rich]
    board = composer.compose("catalogue-page", inputs={"item_ids": ids, "title": "Spring"})
    assert board.pages
    assert [scene.pattern for scene in board.scenes] == ["page4"]
    assert board.item_id is None  # its words are about several items
    said = texts(board)
    assert {"Harbour Weekend Bag", "Reading Lamp", "Two Season Tent", "€129", "$50"} & set(said) >= {
        "Harbour Weekend Bag", "Reading Lamp", "Two Season Tent"
    }  # fmt: skip
    assert not any(layer.name.startswith("d_") for layer in board.scenes[0].layers)  # three items, four cells
    group = board.blocks[1]
    assert group.kind == "group"
    assert len(group.data["blocks"]) == 3
    several = composer.compose(
        "catalogue-page", inputs={"item_ids": ids, "options": {"per_page": "1", "cover": "auto"}}
    )
    assert [scene.pattern or scene.name for scene in several.scenes] == ["cover", "page1", "page1", "page1"]


def test_items_without_pictures_are_said(composer: Composer, shop: Shop) -> None:
    (bare,) = shop.library.items.upsert_many([NewItem(sku="BARE", title="Bare")])
    with pytest.raises(NotFound, match="None of the items has a picture"):
        composer.compose("catalogue-page", inputs={"item_ids": [bare]})


def test_an_email_has_a_header_and_blocks(composer: Composer, shop: Shop, rich: int) -> None:
    board = composer.compose(
        "email", inputs={"item_ids": [shop.bag, rich], "title": "News", "text": "Dear all"}
    )
    kinds = [block.kind for block in board.blocks]
    assert kinds[0] == "heading"
    assert "button" in kinds
    assert kinds[-1] == "group"
    assert board.blocks[1].text == "Dear all"
    button = next(block for block in board.blocks if block.kind == "button")
    assert button.data["url"] == "https://shop.example/bag-1"


BANNERS = [(300, 250), (728, 90), (160, 600), (300, 600), (970, 250), (320, 100)]


@pytest.mark.parametrize("size", BANNERS)
def test_banners_keep_their_words_apart(composer: Composer, shop: Shop, size: tuple[int, int]) -> None:
    board = reframe(composer.compose("banner-set", shop.bag), size)
    boxes = [
        layer.rect
        for layer in board.scenes[0].layers
        if isinstance(layer, TextLayer) and layer.rect.w > 0 and board.text_of(layer)
    ]
    assert len(boxes) >= 3
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            apart = a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y
            assert apart
    frame = Renderer(board, shop.library).card()
    assert (frame.width(), frame.height()) == size


def test_flat_and_narrow_canvases_have_forms_of_their_own() -> None:
    assert [form_of(size) for size in BANNERS[:5]] == ["square", "strip", "tower", "tall", "flat"]
    ad = get_recipe("product-ad")
    assert ad.places("strip", "hero") == ad.places("wide", "hero")
