"""Composing an item, overriding and editing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmstudio.composition import Composer, ImageLayer, Storyboard
from mmstudio.composition.palette import contrast, rgb_of
from mmstudio.errors import NotFound, UsageError
from support.libraries import add_asset
from support.media import make_wav
from support.shop import Shop, make_shop


class FakeModel:
    """A picture and sound model of a few lines, with the doors of Generation that composing uses."""

    def default_model(self, _names: object = None) -> str:
        return "tiny-gan"

    def background(self, model: str, palette: object, size: tuple[int, int], seed: int) -> Image.Image:
        rng = np.random.default_rng(seed)
        small = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)

    def sounds(self, model: str, n: int, seed: int, seconds: float) -> list[tuple[NDArray[np.float32], int]]:
        t = np.arange(round(seconds * 44100)) / 44100
        tone = (0.2 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
        return [(np.stack([tone, tone]), 44100)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def composer(shop: Shop, generation: FakeModel | None = None) -> Composer:
    return Composer(shop.library, None, generation)  # type: ignore[arg-type]


def image_ids(board: Storyboard, source: str) -> set[int | None]:
    return {
        layer.asset_id
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, ImageLayer) and layer.source == source
    }


def test_words_price_and_sources_come_from_the_item(shop: Shop) -> None:
    board = composer(shop).compose("product-ad", shop.bag, shop.audience)
    assert board.copy["headline"] == "Harbour Weekend Bag"
    assert board.copy["price"] == "€129"
    assert board.copy["cta"] == "Shop bags"
    assert "strap" in board.copy["line"]
    assert board.copy["quote"] == "I love it!" or "weekend" in board.copy["quote"]
    assert all(board.facts[slot] for slot in ("headline", "line", "price", "cta"))
    assert {s.part for s in board.sources} >= {"hero", "background", "copy", "music"}
    assert next(s for s in board.sources if s.part == "background").kind == "drawn"
    assert not board.has_generated_part()
    assert "price" in board.captions[-1].text or board.copy["price"] in board.captions[-1].text


def test_chinese_audience_gets_chinese_words(shop: Shop) -> None:
    board = composer(shop).compose("product-ad", shop.bag, shop.chinese)
    assert board.locale == "zh_CN"
    assert board.copy["cta"] == "立即选购"
    assert board.copy["line"] == "帆布 · 皮革 · 红色"


def test_a_model_makes_the_background_once_and_it_is_kept(shop: Shop) -> None:
    board = composer(shop, FakeModel()).compose("product-ad", shop.bag, shop.audience, seed=4)
    again = composer(shop, FakeModel()).compose("product-ad", shop.bag, shop.audience, seed=4)
    source = next(s for s in board.sources if s.part == "background")
    assert (source.kind, source.detail) == ("generated", "tiny-gan")
    assert source.asset_id is not None
    asset = shop.library.assets.get(source.asset_id)
    assert asset.origin == "generated"
    assert shop.library.assets.path_of(asset).is_file()
    assert [s.asset_id for s in again.sources] == [s.asset_id for s in board.sources]
    assert board.has_generated_part()
    kept = shop.library.generations.of_asset(asset.id)
    assert kept is not None
    assert kept.model == "tiny-gan"


def test_text_reads_on_every_ground_even_of_a_loud_background(shop: Shop) -> None:
    board = composer(shop, FakeModel()).compose("product-ad", shop.bag)
    source = next(s for s in board.sources if s.part == "background")
    assert source.asset_id is not None
    path = shop.library.assets.path_of(shop.library.assets.get(source.asset_id))
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)[::997]
    text = rgb_of(board.palette["on_ground"])
    ratios = [contrast(text, (int(r), int(g), int(b))) for r, g, b in pixels]
    assert np.percentile(ratios, 2) >= 4.5


def test_music_prefers_loops_and_else_a_model_makes_it(shop: Shop, tmp_path: Path) -> None:
    board = composer(shop).compose("product-ad", shop.bag)
    assert board.music is not None
    assert board.music.asset_id is not None
    loop = shop.library.assets.get(board.music.asset_id)
    assert "loop" in loop.rel_path
    shop.library.assets.trash([loop.id])
    made = composer(shop, FakeModel()).compose("product-ad", shop.bag)
    assert made.music is not None
    assert made.music.source == "generated"
    silent = make_shop(tmp_path / "silent")
    silent.library.assets.trash([a for a in silent.library.assets.ids() if _is_audio(silent, a)])
    assert composer(silent).compose("product-ad", silent.bag).music is None
    silent.library.close()


def _is_audio(shop: Shop, asset_id: int) -> bool:
    return shop.library.assets.get(asset_id).kind == "audio"


def test_overrides_stand_and_are_marked_as_a_persons(shop: Shop) -> None:
    lamp_photo = shop.library.items.hero_of(shop.lamp)
    board = composer(shop).compose(
        "product-ad",
        shop.bag,
        shop.audience,
        overrides={"headline": "Off we go", "price": 99.5, "hero": lamp_photo, "line": ""},
    )
    assert board.copy["headline"] == "Off we go"
    assert board.copy["price"] == "€99.50"
    assert board.copy["line"] == ""
    assert image_ids(board, "hero") == {lamp_photo}
    assert "headline" not in board.facts
    assert {s.part for s in board.sources if s.kind == "person"} == {"headline", "price", "line"}


def test_edits_reach_every_scene_and_the_captions(shop: Shop) -> None:
    made = composer(shop)
    board = made.compose("product-ad", shop.bag)
    assert board.id is not None
    edited = made.edit(board.id, headline="A new name", price="nur heute")
    assert edited.id == board.id
    assert made.load(board.id).copy["headline"] == "A new name"
    assert any("A new name" in caption.text for caption in edited.captions)
    assert any("nur heute" in caption.text for caption in edited.captions)
    lamp_photo = shop.library.items.hero_of(shop.lamp)
    assert image_ids(made.edit(board.id, hero=lamp_photo), "hero") == {lamp_photo}


def test_what_cannot_be_composed_is_said(shop: Shop) -> None:
    made = composer(shop)
    with pytest.raises(NotFound):
        made.compose("product-ad", 9_999)
    with pytest.raises(NotFound, match="no recipe"):
        made.compose("nothing", shop.bag)
    with pytest.raises(UsageError, match="colour"):
        made.compose("product-ad", shop.bag, overrides={"colour": "red"})
    shop.library.items.set_assets(shop.lamp, [])
    with pytest.raises(NotFound, match="no picture"):
        made.compose("product-ad", shop.lamp)


def test_a_whole_view_is_preferred_to_a_close_up(shop: Shop, tmp_path: Path) -> None:
    from mmstudio.library import ItemAsset

    close = tmp_path / "close-alt.png"
    pixels = np.full((300, 300, 3), 255, np.uint8)
    pixels[40:260] = (30, 60, 120)
    Image.fromarray(pixels).save(close)
    close_id = add_asset(shop.library, close, width=300)
    hero = shop.library.items.hero_of(shop.bag)
    assert hero is not None
    shop.library.items.set_assets(shop.bag, [ItemAsset(close_id, "hero", 0), ItemAsset(hero, "detail", 0)])
    board = composer(shop).compose("product-ad", shop.bag)
    assert image_ids(board, "hero") == {hero}
    assert image_ids(board, "detail") == {close_id}


def test_an_items_own_music_comes_first(shop: Shop, tmp_path: Path) -> None:
    own = add_asset(shop.library, make_wav(tmp_path / "own.wav", seconds=1.0), kind="audio", duration=1.0)
    shop.library.items.link_asset(shop.bag, own, "music", 0)
    board = composer(shop).compose("product-ad", shop.bag)
    assert board.music is not None
    assert board.music.asset_id == own
