"""A storyboard that is a variant carries its id in file names, manifest, feed and link."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.export import Exporter
from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.variants.identity import link_with
from mmstudio.recommendation.variants.results import find_variant
from mmstudio.recommendation.variants.service import Variants
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


@pytest.fixture
def variants(shop: Shop) -> Iterator[Variants]:
    recommender = Recommender(shop.library, Features(shop.library, "cpu"))
    yield Variants(recommender)
    recommender.close()


def board(shop: Shop) -> Storyboard:
    composer = Composer(shop.library, None, None)
    return composer.save(composer.compose("product-ad", shop.bag, shop.audience))


def test_files_and_manifest_name_the_variant(shop: Shop, variants: Variants, tmp_path: Path) -> None:
    made = board(shop)
    assert made.id is not None
    own = variants.add_storyboard(made.id)
    result = run_inline(Exporter(shop.library).work(made.id, ["captions"], out=tmp_path / "out"))
    assert result["variant"] == own
    assert find_variant(Path(result["files"][0]["path"]).name) == own
    assert json.loads(Path(result["manifest"]).read_text("utf-8"))["variant"] == own


def test_a_changed_storyboard_leaves_without_the_id_and_says_so(
    shop: Shop, variants: Variants, tmp_path: Path
) -> None:
    made = board(shop)
    assert made.id is not None
    first = variants.add_storyboard(made.id)
    made.duration += 1.0
    Composer(shop.library, None, None).save(made)
    result = run_inline(Exporter(shop.library).work(made.id, ["captions"], out=tmp_path / "out"))
    assert "variant" not in result
    assert find_variant(Path(result["files"][0]["path"]).name) == ""
    assert any("without an id" in note for note in result["notes"])
    second = variants.add_storyboard(made.id)
    assert second != first
    again = run_inline(Exporter(shop.library).work(made.id, ["captions"], out=tmp_path / "out"))
    assert again["variant"] == second


def test_feed_and_links_name_the_variant(shop: Shop, variants: Variants, tmp_path: Path) -> None:
    made = board(shop)
    assert made.id is not None
    own = variants.add_storyboard(made.id)
    run_inline(Exporter(shop.library, variants.recommender).page_work([shop.audience], out=tmp_path))
    feed = json.loads((tmp_path / "feed.json").read_text("utf-8"))
    by_sku = {one["_mmstudio"]["sku"]: one for one in feed["items"]}
    assert by_sku["BAG-1"]["_mmstudio"]["variant"] == own
    assert by_sku["BAG-1"]["url"] == f"https://shop.example/bag-1?utm_content={own}"
    assert "variant" not in by_sku["LAMP-1"]["_mmstudio"]
    assert f"utm_content={own}" in (tmp_path / "recommendations.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://s.example/a?b=1#c", "https://s.example/a?b=1&utm_content=v-aaaaaaaa#c"),
        ("https://s.example/?utm_content=old", "https://s.example/?utm_content=v-aaaaaaaa"),
        ("file:///etc/hosts", "file:///etc/hosts"),
        ("https://[broken", "https://[broken"),
        ("", ""),
    ],
)
def test_links(url: str, wanted: str) -> None:
    assert link_with(url, "v-aaaaaaaa") == wanted
    assert link_with(url, "") == url
