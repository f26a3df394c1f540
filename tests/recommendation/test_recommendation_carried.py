"""New items by what goes together: events of other items, carried over by what an item is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmstudio.features import Features
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import blend, choosing
from mmstudio.recommendation.carried import carried, carried_many
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.signals import Profile

KINDS = ("tea", "cups", "drills", "paint")  # tea goes with cups, drills with paint


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """Forty things of four kinds; people buy two kinds that go together; the last four nobody bought."""
    rng = np.random.default_rng(1)
    with Library.create(tmp_path_factory.mktemp("shop") / "s.mmlib") as library:
        ids = library.items.upsert_many(
            NewItem(f"s{n:02d}", f"Thing {n:02d}", category=KINDS[n % 4]) for n in range(40)
        )
        events = []
        for person in range(60):
            pair = (0, 1) if person % 2 else (2, 3)
            bought = rng.choice([n for n in range(36) if n % 4 in pair], 6, replace=False)
            events += [NewInteraction(f"u{person}", None, ids[n], "buy", 5.0) for n in bought.tolist()]
        library.interactions.add(events)
        features = Features(library, "cpu")
        yield Catalogue.load(library, features)
        features.close()


def test_a_new_item_stands_where_its_kind_goes_together_with_what_is_liked(shop: Catalogue) -> None:
    tea = Profile({0: 1.0, 4: 1.0, 8: 1.0}, (), {}, "", 3.0)
    new = {kind: 36 + place for place, kind in enumerate(KINDS)}
    found = carried(shop, tea)
    assert found is not None
    values = found[0]
    assert values[new["cups"]] > max(values[new["drills"]], values[new["paint"]])
    weighting = blend.Weighting(blend.early(shop).by, cold=0.0)  # all are about as popular here
    total = np.sum([one.values for one in blend.signals(shop, tea, weighting)], axis=0)
    assert total[new["cups"]] > max(total[new["drills"]], total[new["paint"]])


def test_shares_add_up_by_what_is_liked_and_many_are_ranked_as_one(shop: Catalogue) -> None:
    members = shop.events.members[:5].tolist()
    profiles = [profile_of_member(shop.events, one) for one in members]
    rows = carried_many(shop, profiles)
    for profile, row in zip(profiles, rows, strict=True):
        found = carried(shop, profile)
        assert found is not None
        values, split = found
        np.testing.assert_allclose(values / values.std(), row, atol=1e-4)
        for item in (0, 36, 39):
            shares = split(item)
            assert {anchor for anchor, _ in shares} <= set(profile.taste)
            assert sum(value for _, value in shares) == pytest.approx(values[item], abs=1e-6)


def test_its_weight_is_chosen_and_kept(shop: Catalogue) -> None:
    weighting = choosing.settle(shop).weighting
    assert blend.Weighting.of(weighting.to_json()) == weighting
    none = blend.Weighting(weighting.by, weighting.cold, weighting.fresh, carried=0.0)
    member = profile_of_member(shop.events, int(shop.events.members[0]))
    early = blend.batch(shop, [member], blend.early(shop))
    assert not np.array_equal(blend.batch(shop, [member], none), early)


def test_without_events_nothing_is_carried_over(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        library.items.upsert_many(NewItem(f"s{n}", f"Thing {n}") for n in range(3))
        catalogue = Catalogue.load(library, Features(library, "cpu"))
        somebody = Profile({0: 1.0}, (), {}, "", 1.0)
        assert carried(catalogue, somebody) is None
        assert not carried_many(catalogue, [somebody]).any()
