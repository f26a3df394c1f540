"""Few known choices: conditional popularity by Bayes' rule, and popularity where nothing is surely better."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.features import Features
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import choosing
from mmstudio.recommendation.blend import Weighting
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.events import Events
from mmstudio.recommendation.methods.likelier import PRIORS, likelier, prior

PEOPLE, ITEMS, CHOICES = 160, 60, 12


def chosen(grouped: float, seed: int = 0) -> list[tuple[int, int]]:
    """(person, item): people take popular items, and those of their third ``grouped`` times as often."""
    rng = np.random.default_rng(seed)
    popular = 1 / np.arange(1, ITEMS + 1) ** 0.7
    pairs = []
    for person in range(PEOPLE):
        worth = popular * np.where(np.arange(ITEMS) % 3 == person % 3, grouped, 1.0)
        pairs += [(person, int(i)) for i in rng.choice(ITEMS, CHOICES, replace=False, p=worth / worth.sum())]
    return pairs


def events_of(pairs: list[tuple[int, int]]) -> Events:
    who, what = (np.array(column) for column in zip(*pairs, strict=True))
    return Events(who, what, np.ones(len(who), np.float32), ITEMS)


def test_with_equal_weights_the_order_is_that_of_the_conditional_chance() -> None:
    events = events_of(chosen(6.0))
    worth, engine = prior(events), likelier(events)
    x = np.asarray(events.x.todense())
    share, spread = x.mean(axis=0), np.log1p(events.people).std()
    for known in (0, 7, 31):
        values, split = engine.one({known: 1.0})
        ours = np.log(share) + spread * values
        both = x[:, known] @ x
        theirs = (both + worth * share) / (x[:, known].sum() + worth)
        others = np.flatnonzero((np.arange(ITEMS) != known) & (share > 0))
        np.testing.assert_allclose(np.diff(ours[others]), np.diff(np.log(theirs[others])), atol=1e-5)
        assert values[known] == 0
        for row in others[:5].tolist():
            assert sum(value for _, value in split(row)) == pytest.approx(float(values[row]), abs=1e-6)


def test_the_prior_is_strong_where_choices_say_nothing_of_each_other() -> None:
    assert prior(events_of(chosen(1.0))) >= 160
    assert prior(events_of(chosen(30.0))) <= 40
    assert prior(events_of([(0, 0), (1, 1)])) in PRIORS


def test_nobody_and_single_pairs_are_no_trouble() -> None:
    empty = Events(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32), 4)
    assert not likelier(empty).one({1: 1.0})[0].any()
    alone = Events(np.zeros(3, np.int64), np.arange(3), np.ones(3, np.float32), 4)
    assert np.isfinite(likelier(alone).one({1: 1.0})[0]).all()


def settled(folder: Path, grouped: float) -> choosing.Settled:
    with Library.create(folder / f"made {grouped:g}.mmlib") as library:
        ids = library.items.upsert_many(NewItem(f"i{n}", f"Thing {n}") for n in range(ITEMS))
        library.interactions.add(
            NewInteraction(f"u{who}", None, ids[what], "buy", 5.0) for who, what in chosen(grouped)
        )
        features = Features(library, "cpu")
        found = choosing.settle(Catalogue.load(library, features))
        features.close()
    return found


def test_one_choice_counts_where_it_says_something_and_popularity_rules_where_not(tmp_path: Path) -> None:
    telling, silent = (settled(tmp_path, grouped).weighting for grouped in (30.0, 1.0))
    assert telling.at("likelier", 1) > 0
    weights = {name: silent.at(name, 1) for name in silent.by}
    assert weights.pop("popular") == 1.0
    weights.pop("likelier")  # shrunk to nothing by its prior
    assert not any(weights.values())


@pytest.mark.parametrize("order", ["by member", "shuffled"])
def test_events_are_the_same_in_any_order_and_twice(order: str) -> None:
    rng = np.random.default_rng(1)
    who, what = rng.integers(1, 9, 300), rng.integers(0, 12, 300)
    value = (rng.random(300) * rng.integers(0, 2, 300)).astype(np.float32)
    when = np.where(rng.random(300) < 0.2, np.nan, rng.random(300))
    at = np.lexsort((what, who)) if order == "by member" else rng.permutation(300)
    events = Events(who[at] - 20, what[at], value[at], 12, when=when[at])  # far and negative numbers too
    pairs = sorted(set(zip((who - 20).tolist(), what.tolist(), strict=True)))
    assert list(zip(events.members[events.who].tolist(), events.col.tolist(), strict=True)) == pairs
    for place, (member, item) in enumerate(pairs):
        mine = (who - 20 == member) & (what == item)
        assert events.value[place] == value[mine].max()
        known = when[mine][np.isfinite(when[mine])]
        np.testing.assert_equal(events.when[place], known.max() if len(known) else np.nan)
    assert events.x.nnz == np.count_nonzero(events.value)
    assert events.x.has_canonical_format


def test_new_items_stand_lower_for_somebody_of_whom_little_is_known() -> None:
    weighting = Weighting({"popular": (1.0,) * 5}, fresh=0.4, fresh_few=0.1)
    few, some, many = (weighting.fresh_at(k) for k in (1, 5, 300))
    assert (few, many) == (pytest.approx(0.1), pytest.approx(0.4))
    assert few < some < many
    assert Weighting.of(weighting.to_json()) == weighting
    assert Weighting({}, fresh=0.4).fresh_at(1) == 0.4
