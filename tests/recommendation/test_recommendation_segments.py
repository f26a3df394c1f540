"""Segments, lookalikes and what happens where there is too little to find any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import Cancelled, StudioError, UsageError
from mmstudio.features import Features
from mmstudio.jobs import Progress, run_inline
from mmstudio.library import Library, NewInteraction, NewItem
from mmstudio.recommendation import Recommender, segments
from mmstudio.recommendation.lookalikes import lookalikes
from support.shops import small_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Recommender]]:
    with small_shop(tmp_path_factory.mktemp("shop"), people=60, texts=False) as (library, features):
        recommender = Recommender(library, features)
        yield library, recommender
        recommender.close()


def test_the_groups_that_were_made_are_found_named_and_drawn(shop: tuple[Library, Recommender]) -> None:
    library, recommender = shop
    found = segments.find(recommender)
    assert len(found) == 3
    assert {one.words[0] for one in found} == {"Yoga", "Running", "Kitchen"}
    assert {one.name.split(", ")[0] for one in found} == {"Yoga", "Running", "Kitchen"}
    log = library.audiences.interactions()
    kind = {item.id: item.category.split("> ")[1] for item in library.items.get_many(library.items.ids())}
    for one in found:
        assert one.size == len(one.members) == 20
        own = [kind[int(i)] for m, i in zip(log.member, log.item, strict=True) if m in set(one.members)]
        assert own.count(one.words[0]) / len(own) > 0.7
        assert kind[one.items[0]] == one.words[0]
    assert sum(one.share for one in found) == pytest.approx(1)
    assert found.stability > 0.9
    assert found.quality > 0.2
    assert found.map.points.shape == (60, 2)
    assert np.abs(found.map.points).max() <= 1
    for number, one in enumerate(found):
        assert set(found.map.members[found.map.segment == number].tolist()) == set(one.members)


def test_the_same_seed_finds_the_same_and_a_count_is_kept(shop: tuple[Library, Recommender]) -> None:
    _, recommender = shop
    again = segments.find(recommender, 4, seed=3)
    assert [one.members for one in again] == [one.members for one in segments.find(recommender, 4, seed=3)]
    assert len(again) == 4
    assert len({one.name for one in again}) == 4
    for wrong, said in ((1, "at least 2 segments"), (61, "60 members can be divided into 2 to 60")):
        with pytest.raises(UsageError, match=said):
            segments.find(recommender, wrong)
    with pytest.raises(Cancelled):
        segments.find(recommender, cancelled=lambda: True)


def test_the_work_says_what_it_tries_and_stops_in_between(shop: tuple[Library, Recommender]) -> None:
    _, recommender = shop
    said: list[Progress] = []
    found = run_inline(segments.find_work(recommender), on_progress=said.append)
    assert [one.members for one in found] == [one.members for one in segments.find(recommender)]
    assert [one.done for one in said if one.total] == list(range(len(found.tried) + 1))
    assert "Trying 2 segments" in [one.note for one in said]
    said.clear()
    with pytest.raises(Cancelled):
        run_inline(segments.find_work(recommender), on_progress=said.append, cancelled=lambda: len(said) == 3)
    assert len(said) == 3


def test_a_kept_segment_is_an_audience_and_takes_nobody_away(shop: tuple[Library, Recommender]) -> None:
    library, recommender = shop
    found = segments.find(recommender)
    first = next(one for one in found if one.words[0] == "Yoga")
    own = library.audiences.add("By hand")
    with library.db.write() as tx:
        tx.execute("UPDATE member SET audience_id = ? WHERE id = ?", (own, first.members[0]))
    kept = segments.keep(library, first)
    audience = library.audiences.get(kept)
    assert (audience.name, audience.origin) == (first.name, "found")
    assert audience.segment["size"] == 20
    assert "Yoga" in audience.brief
    assert set(library.audiences.members(kept)) == set(first.members[1:])
    assert library.audiences.members(own) == [first.members[0]]
    assert library.audiences.get(segments.keep(library, first)).name == f"{first.name} 2"
    library.undo.undo()
    library.undo.undo()
    assert library.audiences.by_name(first.name) is None


def test_lookalikes_choose_what_the_audience_chooses(shop: tuple[Library, Recommender]) -> None:
    library, recommender = shop
    skus = library.items.skus()
    found = {one.words[0]: set(one.members) for one in segments.find(recommender)}
    runners = library.audiences.add("Runners", liked=[skus["running-shoe"], skus["running-sock"]])
    near = lookalikes(recommender, runners, 10)
    assert len(near) == 10
    assert {member for member, _ in near} <= found["Running"]
    values = [value for _, value in near]
    assert values == sorted(values, reverse=True)
    assert 0 < values[-1] <= values[0] <= 1
    members = list(found["Running"])[:5]
    library.audiences.take_members(runners, members)
    assert not set(members) & {member for member, _ in lookalikes(recommender, runners, 60)}
    nobody = library.audiences.add("Nobody 👻")
    with pytest.raises(StudioError, match="Nothing says yet what the members of Nobody 👻 choose"):
        lookalikes(recommender, nobody)


def made(folder: Path, events: list[NewInteraction]) -> tuple[Library, Recommender]:
    library = Library.create(folder / "made.mmlib")
    library.items.upsert_many([NewItem(f"S{n}", f"Thing {n}") for n in range(6)])
    library.audiences.add_interactions(events)
    return library, Recommender(library, Features(library, "cpu"))


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "Too few members to find groups: 0"),
        ([NewInteraction("one", None, item) for item in (1, 2, 3)], "Too few members to find groups: 1"),
        (
            [NewInteraction(f"u{n}", None, item, "rating", 5.0) for n in range(30) for item in (1, 2)],
            "All members choose alike",
        ),
    ],
    ids=["nobody", "one user", "all alike"],
)
def test_too_little_is_said(tmp_path: Path, events: list[NewInteraction], said: str) -> None:
    library, recommender = made(tmp_path, events)
    with library:
        found = segments.find(recommender)
        assert list(found) == []
        assert said in found.note
        assert found.map.points.shape == (0, 2)


def test_ratings_that_are_all_equal_and_users_named_twice_still_make_groups(tmp_path: Path) -> None:
    events = [
        NewInteraction(f" user{n % 20} ", None, 1 + (n % 2) * 3 + (n // 20) % 3, "rating", 5.0, float(n))
        for n in range(120)
    ]
    library, recommender = made(tmp_path, events + events)
    with library:
        found = segments.find(recommender)
        assert [one.size for one in found] == [10, 10]
        assert all(one.name.startswith("Thing ") for one in found)  # nothing but titles tells them apart
