"""Recommendations: ranked, explained truthfully, ruled, and honest where nothing is known."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import NotFound
from mmstudio.features import Features
from mmstudio.i18n import set_language
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender, choosing, methods
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.signals import Profile, Signal
from support.shops import small_shop

Shop = tuple[Library, Recommender]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with small_shop(tmp_path_factory.mktemp("shop")) as (library, features):
        recommender = Recommender(library, features)
        yield library, recommender
        recommender.close()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def add(library: Library, name: str, *liked: str, brief: str = "", **more: object) -> int:
    skus = library.items.skus()
    known = library.audiences.by_name(name)
    if known is not None:
        library.audiences.remove(known.id)
    return library.audiences.add(name, brief, liked=[skus[sku] for sku in liked], **more)  # type: ignore[arg-type]


def test_the_score_is_exactly_the_sum_of_its_parts(shop: Shop) -> None:
    library, recommender = shop
    disliked = [library.items.skus()["kitchen-pan"]]
    audience = add(library, "sum", "yoga-strap", "yoga-mat", brief="cotton for yoga", disliked=disliked)
    rows = recommender.recommend(audience, k=16, diversity=1.0)
    assert len(rows) >= 10
    for row in rows:
        assert row.parts
        assert sum(part.value for part in row.parts) == row.score
        assert [part.value for part in row.parts] == sorted((p.value for p in row.parts), reverse=True)
    assert {p.kind for row in rows for p in row.parts} >= {
        "text",
        "brief",
        "together",
        "link",
        "popular",
        "disliked",
    }


def test_ranks_count_up_and_known_items_stay_out(shop: Shop) -> None:
    library, recommender = shop
    skus = library.items.skus()
    audience = add(library, "ranks", "yoga-strap", disliked=[skus["yoga-bag"]])
    rows = recommender.recommend(audience, k=30, exclude=[skus["yoga-mat"]])
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.item_id for row in rows}) == len(rows) == 15
    assert not {skus["yoga-strap"], skus["yoga-bag"], skus["yoga-mat"]} & {row.item_id for row in rows}


def test_what_goes_together_comes_first_and_says_why(shop: Shop) -> None:
    library, recommender = shop
    rows = recommender.recommend(add(library, "why", "yoga-strap"), k=5)
    assert library.items.get(rows[0].item_id).category == "Sport > Yoga"
    told = " ".join(row.why for row in rows)
    assert "like your Yoga Strap: " in told
    assert "cotton" in told
    assert "chosen together by" in told
    linked = library.items.skus()["yoga-bolster"]
    assert "the shop links it to Yoga Strap" in next(row.why for row in rows if row.item_id == linked)


def test_the_numbers_in_the_sentence_are_true(shop: Shop) -> None:
    library, recommender = shop
    skus = library.items.skus()
    rows = recommender.recommend(add(library, "numbers", "yoga-strap"), k=17)
    log = library.audiences.interactions()
    strap = set(log.member[log.item == skus["yoga-strap"]].tolist())
    checked = 0
    for row in rows:
        if "chosen together by" in row.why:
            both, people = row.why.split("chosen together by ")[1].split(";")[0].split(" of ")
            mine = set(log.member[log.item == row.item_id].tolist())
            assert (int(both), int(people)) == (len(mine & strap), len(strap))
            checked += 1
    assert checked >= 2


def test_reasons_in_chinese(shop: Shop) -> None:
    library, recommender = shop
    audience = add(library, "chinese", "yoga-strap")
    set_language("zh_CN")
    rows = recommender.recommend(audience, k=3)
    assert "像您喜欢的yogaStrap中文" in rows[0].why
    assert "like your" not in "".join(row.why for row in rows)


def test_rules_say_how_many_they_removed(shop: Shop) -> None:
    library, recommender = shop
    rules = {"price_under": 25, "must": ["cotton"], "must_not": "teal"}
    rows = recommender.recommend(add(library, "rules", "running-shoe", rules=rules), k=20)
    assert rows.removed == {"price under 25": 9, "must have cotton": 6, "must not have teal": 1}
    for row in rows:
        item = library.items.get(row.item_id)
        assert item.price is not None
        assert item.price < 25
        assert item.attributes["material"] == "cotton"
        assert item.attributes["colour"] != "teal"


def test_rules_that_leave_nothing_say_so(shop: Shop) -> None:
    library, recommender = shop
    rows = recommender.recommend(add(library, "nothing", "yoga-mat", rules={"price_under": 1}))
    assert rows == []
    assert "Loosen" in rows.note


def test_an_item_without_a_price_does_not_pass_a_price_rule(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        library.items.upsert_many([NewItem("a", "Free text"), NewItem("b", "Cheap", price=3.0)])
        recommender = Recommender(library, Features(library, "cpu"))
        rows = recommender.recommend(library.audiences.add("x", rules={"price_under": "10"}))
        assert [library.items.get(row.item_id).sku for row in rows] == ["b"]


def test_an_audience_nothing_is_known_of_gets_what_is_popular_and_is_told(shop: Shop) -> None:
    library, recommender = shop
    rows = recommender.recommend(add(library, "unknown"), k=5, diversity=1.0)
    assert "No data yet about this audience" in rows.note
    people = np.bincount(library.audiences.interactions().item)
    counts = [int(people[row.item_id]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert rows[0].why == f"chosen by {counts[0]} people"


def test_a_brief_alone_is_enough(shop: Shop) -> None:
    library, recommender = shop
    rows = recommender.recommend(add(library, "brief", brief="steel things for the kitchen"), k=4)
    assert "brief alone" in rows.note
    assert {library.items.get(row.item_id).category for row in rows[:2]} == {"Sport > Kitchen"}
    assert "fits the brief: steel" in rows[0].why


def test_members_stand_in_for_likes(shop: Shop) -> None:
    library, recommender = shop
    audience = add(library, "members")
    skus = library.items.skus()
    events = [
        NewInteraction(f"m{n}", audience, skus[sku], "buy", 5.0, 1.0 + n)
        for n in range(3)
        for sku in ("kitchen-pan", "kitchen-knife")
    ]
    library.audiences.add_interactions(events)
    rows = recommender.recommend(audience, k=6)
    assert rows.note == ""
    assert sum("Kitchen" in library.items.get(row.item_id).category for row in rows[:3]) >= 2
    assert "which members choose" in " ".join(row.why for row in rows)


def test_an_empty_library_says_what_to_do(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        recommender = Recommender(library, Features(library, "cpu"))
        rows = recommender.recommend(library.audiences.add("x", "anything", liked=[99]))
        assert rows == []
        assert "import items" in rows.note


def test_without_anything_the_list_is_honest(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        library.items.upsert_many([NewItem("a", "One"), NewItem("b", "Two")])
        recommender = Recommender(library, Features(library, "cpu"))
        rows = recommender.recommend(library.audiences.add("x"))
        assert "No data yet" in rows.note
        assert all("No data yet" in row.why and row.score == 0 for row in rows)


def test_results_are_kept_and_a_change_is_seen(shop: Shop) -> None:
    library, recommender = shop
    audience = add(library, "kept", "yoga-strap")
    rows = recommender.recommend(audience, k=4)
    saved = library.recommendations.load(audience)
    assert [row["item_id"] for row in saved] == [row.item_id for row in rows]
    library.audiences.update(audience, liked=[library.items.skus()["kitchen-pan"]])
    assert recommender.recommend(audience, k=4)[0].item_id != rows[0].item_id


def test_more_variety_on_demand(shop: Shop) -> None:
    library, recommender = shop
    audience = add(library, "variety", "yoga-strap", "yoga-mat")
    close = recommender.recommend(audience, k=6, diversity=1.0)
    mixed = recommender.recommend(audience, k=6, diversity=0.3)
    assert [row.score for row in close] == sorted((row.score for row in close), reverse=True)

    def categories(rows: list[object]) -> int:
        return len({library.items.get(row.item_id).category for row in rows})  # type: ignore[attr-defined]

    assert categories(list(mixed)) >= categories(list(close))
    assert [row.item_id for row in mixed] != [row.item_id for row in close]


def test_no_such_audience(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop[1].recommend(99_999)


def test_evaluation_beats_chance_and_repeats_itself(shop: Shop) -> None:
    _, recommender = shop
    rows = {row["method"]: row for row in recommender.evaluate(k=5, seeds=2)}
    assert {"blend", "ease", "als", "knn", "content", "popular", "random"} <= set(rows)
    assert rows["blend"]["ndcg"] > rows["random"]["ndcg"]
    assert rows["blend"]["seeds"] == 2
    for row in rows.values():
        assert 0 <= row["recall"] <= row["hit"] <= 1
        assert row["ndcg_spread"] >= 0
    again = {row["method"]: row for row in recommender.evaluate(k=5, seeds=2)}
    assert again["blend"]["ndcg"] == rows["blend"]["ndcg"]


def test_evaluation_without_events_is_empty(tmp_path: Path) -> None:
    with small_shop(tmp_path, people=0, texts=False) as (library, features):
        assert Recommender(library, features).evaluate() == []


class Slow:
    """A method of another room that counts how often it is asked, and fails if it is told to."""

    name = "slow"

    def __init__(self) -> None:
        self.asked, self.fails = 0, False
        self.others = threading.Barrier(6)

    def ready(self, catalogue: Catalogue) -> str:
        return ""

    def signals(self, catalogue: Catalogue, profile: Profile) -> list[Signal]:
        self.asked += 1
        if self.fails:
            raise ZeroDivisionError("slow")
        return [Signal("text", np.linspace(0, 1, len(catalogue.ids)))]

    def spread(self, catalogue: Catalogue, profile: Profile) -> Any:
        return np.ones(len(catalogue.ids))

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> Any:
        raise ZeroDivisionError("batch")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))
    found = Slow()
    methods.register(found)
    return found


def test_who_asks_at_once_for_the_same_has_it_worked_out_once(shop: Shop, slow: Slow) -> None:
    library, recommender = shop
    audience = library.audiences.get(add(library, "at once", "yoga-mat"))
    recommender.catalogue()

    def ask(_: int) -> Any:
        slow.others.wait(30)
        return recommender.considered(audience, "slow")[1]

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(6)))
    assert slow.asked == 1
    assert all(one is found[0] for one in found)


def test_an_error_reaches_whoever_asked_and_is_not_kept(shop: Shop, slow: Slow) -> None:
    library, recommender = shop
    audience = library.audiences.get(add(library, "fails once", "yoga-mat"))
    slow.fails = True
    with pytest.raises(ZeroDivisionError, match="slow"):
        recommender.considered(audience, "slow")
    slow.fails = False
    assert recommender.considered(audience, "slow")[1].choice.method == "slow"


def test_a_method_that_could_not_be_measured_is_said(
    slow: Slow, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_shop(tmp_path, people=60) as (library, features):
        recommender = Recommender(library, features)
        who = library.audiences.add("who", liked=library.items.ids()[:2])
        for _ in range(2):  # also of what was kept with the library
            choice = recommender.recommend(who, save=False).choice
            assert choice is not None
            assert choice.why.startswith("On ")
            assert choice.why.endswith("An error kept slow from being measured.")
            recommender.refresh()
        assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
            "the method slow could not be measured"
        ]
        recommender.close()


def test_what_could_not_be_measured_at_all_is_no_lack_of_events(shop: Shop) -> None:
    _, recommender = shop
    catalogue = recommender.catalogue()
    kept = dict(catalogue.events.kept)
    catalogue.events.kept.pop("settled", None)
    choosing.give_up(catalogue, failed=True)
    why = choosing.settled(catalogue, wait=False).why()
    catalogue.events.kept.clear()
    catalogue.events.kept.update(kept)
    assert why == "An error kept methods from being measured: the usual blend ranks. The log says more."
