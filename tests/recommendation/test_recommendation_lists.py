"""Lists: rules that say what they removed, caps, pins and bans, novelty, exploration, drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mmstudio.features import Features
from mmstudio.library import Library
from mmstudio.library.records import ItemAsset, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.lists.facets import read_day
from mmstudio.recommendation.lists.making import Wish, make
from mmstudio.recommendation.lists.rules import filters
from mmstudio.recommendation.ranking import Cap, diversify
from support.libraries import add_asset
from support.media import make_image
from support.shops import small_shop

Shop = tuple[Library, Recommender]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with small_shop(tmp_path_factory.mktemp("lists"), texts=False) as (library, features):
        recommender = Recommender(library, features)
        yield library, recommender
        recommender.close()


@pytest.fixture(scope="module")
def audience(shop: Shop) -> int:
    library, _ = shop
    return library.audiences.add("a", liked=[library.items.skus()["yoga-strap"]])


def skus_of(library: Library, rows: list[object]) -> list[str]:
    return [library.items.get(row.item_id).sku for row in rows]  # type: ignore[attr-defined]


def with_rules(shop: Shop, audience: int, **rules: object) -> object:
    return replace(shop[0].audiences.get(audience), rules=rules)


def test_a_draft_is_ranked_and_nothing_is_saved(shop: Shop, audience: int) -> None:
    library, recommender = shop
    before = library.recommendations.load(audience)
    rows = recommender.recommend(audience, k=5, draft=with_rules(shop, audience, must=["steel"]))  # type: ignore[arg-type]
    assert {library.items.get(row.item_id).attributes["material"] for row in rows} == {"steel"}
    assert rows.removed == {"must have steel": 12}
    assert library.recommendations.load(audience) == before
    assert library.audiences.get(audience).rules == {}


def test_saving_can_be_left_for_later(shop: Shop, audience: int) -> None:
    library, recommender = shop
    rows = recommender.recommend(audience, k=3, save=False)
    recommender.keep(audience, rows)
    assert [one["item_id"] for one in library.recommendations.load(audience)] == [r.item_id for r in rows]


def test_a_cap_holds_and_says_what_it_passed_over(shop: Shop, audience: int) -> None:
    library, recommender = shop
    free = recommender.recommend(audience, k=6, save=False)
    yoga = sum("yoga" in sku for sku in skus_of(library, list(free)))
    assert yoga >= 3
    rows = recommender.recommend(audience, k=6, caps={"Sport > Yoga": 1}, save=False)
    assert sum("yoga" in sku for sku in skus_of(library, list(rows))) == 1
    assert len(rows) == 6
    assert rows.removed["at most 1 of Sport > Yoga"] >= yoga - 1


def test_a_cap_for_every_category_and_one_above_them(shop: Shop, audience: int) -> None:
    library, recommender = shop
    rows = recommender.recommend(audience, k=9, caps={"*": 2}, save=False)
    kinds = [sku.split("-")[0] for sku in skus_of(library, list(rows))]
    assert sorted(kinds) == ["kitchen"] * 2 + ["running"] * 2 + ["yoga"] * 2
    # "Sport" holds every category of this shop.
    assert len(recommender.recommend(audience, k=9, caps={"sport": 4}, save=False)) == 4


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_cap_for_every_category_is_one_for_each_of_them(shop: Shop, audience: int, most: int) -> None:
    library, recommender = shop
    names = {item.category for item in library.items.get_many(library.items.ids()) if item.category}
    of_each = recommender.recommend(audience, k=6, caps=dict.fromkeys(sorted(names), most), save=False)
    of_all = recommender.recommend(audience, k=6, caps={"*": most}, save=False)
    assert [one.item_id for one in of_all] == [one.item_id for one in of_each]
    assert sum(of_all.removed.values()) == sum(of_each.removed.values())


def test_pins_stand_first_and_bans_are_counted(shop: Shop, audience: int) -> None:
    library, recommender = shop
    skus = library.items.skus()
    pinned = [skus["kitchen-spoon"], skus["running-cap"]]
    draft = with_rules(shop, audience, pinned=pinned, banned=[skus["yoga-mat"], 99_999])
    rows = recommender.recommend(audience, k=5, draft=draft)  # type: ignore[arg-type]
    assert [row.item_id for row in rows[:2]] == pinned
    assert [row.placed for row in rows] == ["pinned", "pinned", "", "", ""]
    assert "yoga-mat" not in skus_of(library, list(rows))
    assert rows.removed == {"banned by hand": 1}


def test_a_liked_item_can_be_pinned_but_no_rule_is_broken_for_a_pin(shop: Shop, audience: int) -> None:
    library, recommender = shop
    skus = library.items.skus()
    draft = with_rules(shop, audience, pinned=[skus["yoga-strap"], skus["kitchen-pan"]], must=["cotton"])
    rows = recommender.recommend(audience, k=3, draft=draft)  # type: ignore[arg-type]
    assert rows[0].item_id == skus["yoga-strap"]
    assert skus["kitchen-pan"] not in [row.item_id for row in rows]
    assert "Kitchen Pan is pinned, but the rule “must have cotton” takes it out." in rows.note


def test_a_rule_that_removes_everything_is_named(shop: Shop, audience: int) -> None:
    draft = with_rules(shop, audience, must=["cotton"], price_under=1)
    rows = shop[1].recommend(audience, draft=draft)  # type: ignore[arg-type]
    assert rows == []
    assert "The rule “price under 1” removes every item." in rows.note


def test_two_rules_that_contradict_each_other_leave_nothing(shop: Shop, audience: int) -> None:
    draft = with_rules(shop, audience, must="cotton, steel")
    rows = shop[1].recommend(audience, draft=draft)  # type: ignore[arg-type]
    assert rows.removed == {"must have cotton": 12, "must have steel": 6}
    assert "leave no item" in rows.note


@pytest.mark.parametrize(
    ("rule", "value"), [("price_under", "cheap"), ("price_over", "nan"), ("on", "someday")]
)
def test_a_rule_that_cannot_be_read_is_said_and_removes_nothing(
    shop: Shop, audience: int, rule: str, value: str
) -> None:
    rows = shop[1].recommend(audience, k=20, draft=with_rules(shop, audience, **{rule: value}))  # type: ignore[arg-type]
    assert len(rows) == 17
    assert f"“{value}”" in rows.note
    assert "left out" in rows.note


def test_novelty_moves_up_what_few_people_know_and_what_does_not_fit_stays_behind() -> None:
    total = np.array([1.0, 0.9, 0.8, 0.0])
    catalogue = _Bare(4, people=[900, 400, 3, 0])
    keep = np.ones(4, bool)
    order = [
        [one.row for one in make(catalogue, total, 0 * total, keep, Wish(k=4, diversity=1.0, novelty=n))[0]]  # type: ignore[arg-type]
        for n in (0.0, 1.0)
    ]
    assert order == [[0, 1, 2, 3], [2, 1, 0, 3]]


def test_exploration_is_chance_with_a_seed() -> None:
    """Through `make`, with spreads that are known."""
    n = 40
    total, spread = np.linspace(1, 0, n), np.full(n, 0.2)
    keep = np.ones(n, bool)
    with_catalogue = _Bare(n)
    plain, _ = make(with_catalogue, total, spread, keep, Wish(k=5, diversity=1.0))  # type: ignore[arg-type]
    assert [one.row for one in plain] == [0, 1, 2, 3, 4]
    wishes = [Wish(k=5, diversity=1.0, explore=1.0, seed=seed) for seed in (1, 1, 2)]
    lists = [make(with_catalogue, total, spread, keep, wish)[0] for wish in wishes]  # type: ignore[arg-type]
    assert lists[0] == lists[1] != lists[2]
    new = {one.row for one in lists[0]} - {0, 1, 2, 3, 4}
    assert new
    assert {one.row for one in lists[0] if one.why == "explored"} == new
    certain, _ = make(with_catalogue, total, 0 * spread, keep, wishes[0])  # type: ignore[arg-type]
    assert certain == plain


class _Bare:
    """What `make` needs of a catalogue: items without features, all alike."""

    def __init__(self, n: int, people: list[int] | None = None) -> None:
        self.ids = np.arange(n)
        self.items = [NewItemWithId(k) for k in range(n)]
        self.fused = np.zeros((n, 0), np.float32)
        self.tags = [frozenset[str]()] * n
        self.events = type("Nobody", (), {"people": np.array(people or [0] * n, np.int64)})()
        items = type("Items", (), {"rights_by_item": lambda _self: {}})()
        self.library = type("Bare", (), {"items": items})()


class NewItemWithId:
    """An item with a number only."""

    def __init__(self, number: int) -> None:
        self.id, self.price, self.category = number, None, ""
        self.attributes: dict[str, str] = {}


@pytest.fixture
def dated(tmp_path: Path) -> Iterator[Shop]:
    with Library.create(tmp_path / "dated.mmlib") as library:
        library.items.upsert_many(
            [
                NewItem("always", "Always"),
                NewItem(
                    "march", "March", attributes={"valid_from": "2026-03-01", "valid_until": "31.03.2026"}
                ),
                NewItem("swiss", "Swiss", attributes={"markets": "ch; at"}),
                NewItem("odd", "Odd", attributes={"valid_until": "soon"}),
            ]
        )
        recommender = Recommender(library, Features(library, "cpu"))
        yield library, recommender
        recommender.close()


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-02-28", {"always", "swiss"}),
        ("2026-03-01", {"always", "swiss", "march"}),
        ("2026-03-31", {"always", "swiss", "march"}),
        ("01.04.2026", {"always", "swiss"}),
    ],
)
def test_dates_of_items(dated: Shop, day: str, wanted: set[str]) -> None:
    library, recommender = dated
    rows = recommender.recommend(library.audiences.add(day, rules={"on": day}), k=9)
    assert set(skus_of(library, list(rows))) == wanted


def test_markets_and_rights(dated: Shop, tmp_path: Path) -> None:
    library, recommender = dated
    skus = library.items.skus()
    for sku, rights in (
        ("always", "own"),
        ("march", "unknown"),
        ("swiss", "restricted"),
        ("odd", "licensed"),
    ):
        asset = add_asset(library, make_image(tmp_path / f"{sku}.png"), width=64)
        library.assets.set_rights([asset], rights)  # type: ignore[arg-type]
        library.items.set_assets(skus[sku], [ItemAsset(asset, "hero", 0)])
    market = recommender.recommend(library.audiences.add("us", rules={"market": "us"}), k=9)
    assert set(skus_of(library, list(market))) == {"always", "march", "odd"}
    assert market.removed == {"for the market US": 1}
    rules = {"rights": "cleared", "on": "2026-03-10"}
    cleared = recommender.recommend(library.audiences.add("cleared", rules=rules), k=9)
    assert skus_of(library, list(cleared)) == ["always"]
    assert cleared.removed == {"rights cleared": 2, "valid on 2026-03-10": 1}


def test_rights_ask_for_today_where_no_date_is_given(dated: Shop) -> None:
    _, recommender = dated
    found = filters(recommender.catalogue(), {"rights": "cleared"}, date(2026, 3, 31))
    assert [one.words for one in found] == ["rights cleared", "valid on 2026-03-31"]
    skus = [item.sku for item in recommender.catalogue().items]
    assert {sku for sku, there in zip(skus, found[1].passes, strict=True) if there} == {
        "always",
        "march",
        "swiss",
    }


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31", date(2026, 3, 31)), ("2026-03-31T23:59:00+02:00", date(2026, 3, 31)),
        ("2026/03/31", date(2026, 3, 31)), ("31.03.2026", date(2026, 3, 31)),
        ("31/03/2026", date(2026, 3, 31)), ("20260331", date(2026, 3, 31)), ("1774958400", date(2026, 3, 31)),
    ],
)  # fmt: skip
def test_days_in_many_forms(text: str, day: date) -> None:
    assert read_day(text) == day.toordinal()


@pytest.mark.parametrize("text", ["", "31.02.2026", "tomorrow", "2026", "nan", "inf"])
def test_what_is_no_day(text: str) -> None:
    assert read_day(text) is None


def test_re_ranking_with_caps_and_pins() -> None:
    vectors = np.eye(6, dtype=np.float32)
    scores = np.linspace(1, 0, 6)
    group = Cap("at most 1", np.array([1, 1, 1, 0, 0, 0], bool), 1)
    rows = np.arange(6)
    assert diversify(rows, scores, vectors, 3, 1.0, caps=[group]) == [0, 3, 4]
    assert diversify(rows, scores, vectors, 3, 1.0, caps=[group], first=[2]) == [2, 3, 4]
    assert diversify(rows, scores, vectors, 2, 1.0, first=[5]) == [5, 0]
    assert diversify(rows[:3], scores, vectors, 3, 1.0, caps=[Cap("", group.members, 0)]) == []


def test_an_edited_audience_reads_nothing_again_and_is_seen_at_once(shop: Shop) -> None:
    library, recommender = shop
    skus = library.items.skus()
    edited = library.audiences.add("edited", liked=[skus["yoga-strap"]])
    before = recommender.recommend(edited, k=4, diversity=1.0)
    read = recommender.catalogue()
    library.audiences.update(edited, liked=[skus["kitchen-pan"]])
    after = recommender.recommend(edited, k=4, diversity=1.0)
    assert recommender.catalogue() is read
    assert [row.item_id for row in after] != [row.item_id for row in before]
    library.items.upsert_many([NewItem("yoga-strap", "Renamed", price=10.0)])
    assert recommender.catalogue() is not read


def test_a_rejected_item_stays_out(shop: Shop) -> None:
    library, recommender = shop
    audience = library.audiences.add("strict", liked=[library.items.skus()["yoga-mat"]])
    first = recommender.recommend(audience, k=3)[0].item_id
    library.audiences.decide(audience, first, "reject")
    assert first not in [row.item_id for row in recommender.recommend(audience, k=17)]


def test_more_of_the_same_question_gives_the_same_answer(shop: Shop, audience: int) -> None:
    _, recommender = shop
    lists = [recommender.recommend(audience, k=6, diversity=d, save=False) for d in (0.8, 0.2, 0.8)]
    assert list(lists[0]) == list(lists[2])
    recommender.refresh()
    assert [row.to_dict() for row in recommender.recommend(audience, k=6, save=False)] == [
        row.to_dict() for row in lists[0]
    ]
