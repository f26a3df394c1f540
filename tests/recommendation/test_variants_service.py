"""Variants: stable ids, traits and checks, ranking before and after results, shrunk and split exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.desktop.models.variants import picture_of
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.features import Features
from mmstudio.generation.sets.keeping import save
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.library.variants import VariantResult, variant_id
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.variants.appeal import predict
from mmstudio.recommendation.variants.service import Variants
from mmstudio.studio import Studio
from support.made_sets import made_set
from support.shop import Shop, make_shop

WARM, COLD = {"ground": "#e07030", "accent": "#f0b060"}, {"ground": "#3060a0", "accent": "#80a0d0"}


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


def board(
    shop: Shop, headline: str = "A bag", palette: dict[str, str] = WARM, item: int | None = None
) -> int:
    data: dict[str, Any] = {
        "schema": 1,
        "scenes": [{"layers": [{"kind": "text", "bind": "headline"}]}],
        "copy": {"headline": headline},
        "palette": palette,
        "duration": 8.0,
        "locale": "en",
    }
    return shop.library.storyboards.save(headline, "product-ad", item or shop.bag, shop.audience, data)


def results(library: Library, counts: dict[str, tuple[int, int]]) -> None:
    library.variants.add_results(
        VariantResult(one, "2026-03-01", "", "click", n, k) for one, (n, k) in counts.items()
    )


def test_an_id_is_stable_and_follows_the_content(shop: Shop, variants: Variants) -> None:
    number = board(shop)
    own = variants.add_storyboard(number)
    assert own.startswith("v-")
    assert len(own) == 10
    assert variants.add_storyboard(number) == own
    assert len(variants.store.list()) == 1
    assert variants.add_storyboard(board(shop, "Another bag")) != own
    assert variants.add_storyboard(number, shop.chinese) != own
    assert variant_id({"a": 1, "b": 2}) == variant_id({"b": 2, "a": 1})


def test_traits_and_checks_of_a_storyboard(shop: Shop, variants: Variants) -> None:
    shop.library.brand.add("ban", "cheap")
    warm = variants.store.get(variants.add_storyboard(board(shop, "A canvas bag")))
    cold = variants.store.get(variants.add_storyboard(board(shop, "A cheap bag", COLD)))
    assert warm.features["warmth"] > cold.features["warmth"]
    assert warm.checks["copy"]["ok"]
    assert "banned" in cold.checks["copy"]["words"]
    # What fails a check stands last, whatever its fit.
    ranked = variants.rank(shop.audience)
    assert [one.variant.id for one in ranked] == [warm.id, cold.id]
    assert ranked[1].problems


def test_before_any_result_the_order_is_fit_and_says_so(shop: Shop, variants: Variants) -> None:
    shop.library.audiences.update(shop.audience, brief="travel weekend light")
    fits = variants.add_storyboard(board(shop, "Travel light this weekend"))
    other = variants.add_storyboard(board(shop, "A bag"))
    ranked = variants.rank(shop.audience)
    assert [one.variant.id for one in ranked] == [fits, other]
    assert all(one.evidence == 0 for one in ranked)
    assert "No results yet" in ranked[0].why
    assert variants.store.get(fits).appeal is None  # a fit is no share of people


def test_results_count_and_few_of_them_count_little(shop: Shop, variants: Variants) -> None:
    ids = [variants.add_storyboard(board(shop, f"Bag {n}")) for n in range(4)]
    results(shop.library, {ids[0]: (5000, 250), ids[1]: (5000, 150), ids[2]: (4, 2)})
    ranked = {one.variant.id: one for one in variants.rank(shop.audience)}
    assert ranked[ids[0]].rank < ranked[ids[1]].rank
    assert ranked[ids[0]].appeal == pytest.approx(0.05, abs=0.005)
    assert 0.02 < ranked[ids[2]].appeal < 0.25  # two of four are not half of all people
    assert ranked[ids[2]].high - ranked[ids[2]].low > ranked[ids[0]].high - ranked[ids[0]].low
    assert ranked[ids[3]].evidence == 0
    for one in ranked.values():
        assert one.base + sum(part.value for part in one.parts) == one.appeal
        assert one.low <= one.appeal <= one.high
    assert variants.store.get(ids[0]).appeal == ranked[ids[0]].appeal


def test_traits_that_work_are_learned_for_variants_nobody_saw() -> None:
    """Warm variants get twice the clicks of cold ones; a new warm one is foreseen above a new cold one."""
    rng = np.random.default_rng(0)
    traits = [{"warmth": float(rng.random()), "words": float(rng.random())} for _ in range(40)]
    counts = [(2000, int(rng.binomial(2000, 0.02 + 0.04 * one["warmth"]))) for one in traits]
    new = [{"warmth": 0.9, "words": 0.5}, {"warmth": 0.1, "words": 0.5}]
    found = predict([*traits, *new], [*counts, (0, 0), (0, 0)])
    warm, cold = found[-2], found[-1]
    assert warm.value == pytest.approx(0.056, abs=0.012)
    assert cold.value == pytest.approx(0.024, abs=0.012)
    assert max(warm.parts, key=lambda name: warm.parts[name]) == "warmth"


def test_where_traits_tell_nothing_none_is_learned() -> None:
    rng = np.random.default_rng(1)
    traits = [{"warmth": float(rng.random())} for _ in range(30)]
    counts = [(500, int(rng.binomial(500, 0.1))) for _ in traits]
    found = predict([*traits, {"warmth": 1.0}], [*counts, (0, 0)])
    assert found[-1].value == pytest.approx(0.1, abs=0.02)
    assert np.ptp([one.value for one in found]) < 0.06


def test_a_set_and_a_file_are_candidates_too(shop: Shop, variants: Variants, tmp_path: Path) -> None:
    asset = shop.library.items.hero_of(shop.bag)
    assert asset is not None
    picture = variants.store.get(variants.add_asset(asset, shop.audience))
    assert (picture.kind, picture.item_id) == ("asset", shop.bag)
    manifest = {
        "kind": "set", "title": "Away", "text": "Two days away", "palette": [[220, 120, 60]], "tempo": 90.0,
        "agreement": {"colours": 0.8}, "wish": {"item_id": shop.bag, "audience_id": shop.audience},
    }  # fmt: skip
    made = variants.store.get(variants.add_set(manifest, [asset]))
    assert (made.kind, made.audience_id, made.item_id) == ("set", shop.audience, shop.bag)
    assert made.features["tempo"] == pytest.approx(0.45)
    assert len(variants.rank(shop.audience)) == 2
    wrong = tmp_path / "x.json"
    wrong.write_text("[1]", "utf-8")
    with pytest.raises(StudioError, match="no manifest"):
        variants.add_set_file(wrong)


def test_a_set_from_its_manifest_has_its_picture_sound_and_text(
    shop: Shop, variants: Variants, tmp_path: Path
) -> None:
    generation = Studio(shop.library).generation
    kept = save(generation, made_set(1), None, True)
    own = variants.store.get(variants.add_set_file(kept["manifest"], shop.audience))
    assert own.source["asset_ids"] == [kept["assets"][part] for part in ("picture", "sound", "text")]
    assert own.checks["files"]["ok"]
    assert picture_of(shop.library, own) == kept["assets"]["picture"]

    # Made somewhere else: only files that were imported tell by their content.
    out = tmp_path / "out"
    elsewhere = save(generation, made_set(2), out, False)
    assert variants.store.get(variants.add_set_file(elsewhere["manifest"])).source["asset_ids"] == []
    run_inline(import_work(shop.library, [out]))
    found = variants.store.get(variants.add_set_file(elsewhere["manifest"])).source["asset_ids"]
    kinds = [asset.kind for asset in shop.library.assets.get_many(found)]
    assert sorted(kinds) == ["audio", "image", "text"]
    assert picture_of(shop.library, variants.store.get(variants.add_set_file(elsewhere["manifest"]))) in found

    # A given picture that was taken as it is was not copied.
    hero = shop.library.items.hero_of(shop.bag)
    manifest = {**made_set(3).manifest(), "parts": {"picture": {"recipe": {"by": "asset", "asset": hero}}}}
    given = tmp_path / "given.json"
    given.write_text(json.dumps(manifest), "utf-8")
    assert variants.store.get(variants.add_set_file(given)).source["asset_ids"] == [hero]


def test_a_plan_is_kept_with_its_control_first(shop: Shop, variants: Variants) -> None:
    ids = [variants.add_storyboard(board(shop, f"Bag {n}")) for n in range(3)]
    plan = variants.plan("Spring", ids[::-1], base=0.1, effect=0.02, per_day=1000)
    assert list(plan.shares) == ids[::-1]
    assert sum(plan.shares.values()) == pytest.approx(1)
    assert plan.each > 3841
    assert plan.total == 3 * plan.each
    assert plan.days == -(-plan.total // 1000)
    assert variants.plans() == [plan]
    results(shop.library, dict.fromkeys(ids[:2], (plan.each, plan.each // 10)))
    results(shop.library, {ids[2]: (plan.each, plan.each // 20)})
    _, verdict, warning = variants.verdict(plan.id)
    assert verdict.ready
    assert verdict.winner in ids[:2]  # both beat the control
    assert warning == ""


def test_plans_that_cannot_be(shop: Shop, variants: Variants) -> None:
    one = variants.add_storyboard(board(shop))
    with pytest.raises(UsageError):
        variants.plan("x", [one], base=0.1, effect=0.02)
    with pytest.raises(UsageError, match="twice"):
        variants.plan("x", [one, one], base=0.1, effect=0.02)
    with pytest.raises(NotFound):
        variants.plan("x", [one, "v-aaaaaaaa"], base=0.1, effect=0.02)
    assert variants.plans() == []


def test_results_from_a_file_replace_those_of_the_same_day(
    shop: Shop, variants: Variants, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no variants yet"):
        variants.read(tmp_path / "r.csv")
    own = variants.add_storyboard(board(shop))
    path = tmp_path / "r.csv"
    for shown, clicks in ((100, 5), (200, 9)):
        path.write_text(
            f"variant,day,impressions,clicks\n{own},2026-03-01,{shown},{clicks}\nx,,1,1\n", "utf-8"
        )
        report = variants.read(path)
        assert (report.kept, report.variants, [line for line, _ in report.problems]) == (1, [own], [3])
    assert variants.counts() == {own: (200, 9)}


def test_a_plan_and_results_can_be_undone(shop: Shop, variants: Variants, tmp_path: Path) -> None:
    ids = [variants.add_storyboard(board(shop, f"Bag {n}")) for n in range(2)]
    results(shop.library, {ids[0]: (100, 5)})
    path = tmp_path / "r.csv"
    day = variants.store.results()[0].day
    path.write_text(f"variant,day,impressions,clicks\n{ids[0]},{day},200,9\n{ids[1]},{day},50,1\n", "utf-8")
    variants.read(path)
    plan = variants.plan("Spring", ids, base=0.1, effect=0.02)
    undo, before = shop.library.undo, {ids[0]: (100, 5)}
    assert undo.labels[0] == "Plan the comparison Spring"
    undo.undo()
    assert variants.plans() == []
    assert undo.undo() == "Read results of variants: 2 rows"
    assert variants.counts() == before
    undo.redo()
    assert variants.counts() == {ids[0]: (200, 9), ids[1]: (50, 1)}
    undo.redo()
    assert variants.plans() == [plan]


def test_a_removed_variant_comes_back_with_its_results_and_its_place(shop: Shop, variants: Variants) -> None:
    ids = [variants.add_storyboard(board(shop, f"Bag {n}")) for n in range(2)]
    results(shop.library, {ids[0]: (100, 5)})
    variants.plan("Spring", ids, base=0.1, effect=0.02)
    was = variants.store.get(ids[0]), variants.store.results(), variants.plans()
    variants.store.remove(ids[0])
    assert list(variants.plans()[0].shares) == ids[1:]
    shop.library.undo.undo()
    assert (variants.store.get(ids[0]), variants.store.results(), variants.plans()) == was


def test_removing_a_variant_takes_its_results(shop: Shop, variants: Variants) -> None:
    own = variants.add_storyboard(board(shop))
    results(shop.library, {own: (10, 1)})
    variants.store.remove(own)
    assert variants.store.results() == []
    with pytest.raises(NotFound):
        variants.store.get(own)


def test_rank_of_nothing_and_of_nobody(shop: Shop, variants: Variants) -> None:
    assert variants.rank(shop.audience) == []
    with pytest.raises(NotFound):
        variants.rank(99_999)
    with pytest.raises(NotFound):
        variants.rank(shop.audience, ["v-aaaaaaaa"])
