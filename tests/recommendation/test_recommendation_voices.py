"""Voices, blend and choice: exact shares, folding in, new items, and what validation chooses."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import NotFound, StudioError
from mmstudio.features import Features
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender, blend, choosing
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.events import Events, strengths
from mmstudio.recommendation.everyone import everyone
from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.methods.factors import ALPHA, REGULARIZATION, factors
from mmstudio.recommendation.methods.linear import ease, neighbours
from mmstudio.recommendation.scoring import Scoring, choice_of, method_of
from mmstudio.recommendation.signals import Profile, Signal
from mmstudio.recommendation.voices import voices

GENRES = ("crime", "comedy", "western", "music")


def made(folder: Path, people: int = 90, items: int = 80, new: int = 4) -> Library:
    """Items of four genres; people love one, take others by popularity; nobody took the last ones."""
    rng = np.random.default_rng(3)
    library = Library.create(folder / "made.mmlib")
    ids = library.items.upsert_many(
        NewItem(f"f{n}", f"Film {n} ({1960 + n % 50})", category=f"{GENRES[n % 4]}|drama")
        for n in range(items)
    )
    popular = 1 / np.arange(1, items + 1) ** 0.5
    events = []
    for person in range(people):
        love = np.where(np.arange(items) % 4 == person % 4, 8.0, 1.0) * popular
        love[items - new :] = 0
        for step, n in enumerate(rng.choice(items, 12, replace=False, p=love / love.sum()).tolist()):
            stars = 5.0 if n % 4 == person % 4 else float(rng.integers(2, 5))
            events.append(
                NewInteraction(f"u{person}", None, ids[n], "rating", stars, 1e9 + person * 1000 + step)
            )
    library.interactions.add(events)
    return library


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with made(tmp_path_factory.mktemp("films")) as library:
        features = Features(library, "cpu")
        yield Catalogue.load(library, features)
        features.close()


def somebody(films: Catalogue, n: int = 0) -> Profile:
    return profile_of_member(films.events, int(films.events.members[n]))


def crime(films: Catalogue, count: int) -> list[int]:
    """The most chosen items of a genre."""
    rows = [row for row, item in enumerate(films.items) if item.category == "crime|drama"]
    return sorted(rows, key=lambda row: -films.events.people[row])[:count]


def test_shares_of_every_voice_add_up_to_its_score(films: Catalogue) -> None:
    profile = somebody(films)
    names = set()
    for voice in voices(films):
        values, split = voice.engine(films).one(voice.given(profile))
        for row in (0, 5, 40, 78):
            assert sum(value for _, value in split(row)) == pytest.approx(float(values[row]), abs=1e-5)
            assert {anchor for anchor, _ in split(row)} <= set(voice.given(profile))
        names.add(voice.name)
        assert method_of(voice.name).signals(films, profile)  # validation may choose any of them
    assert names == {"ease", "als", "knn", "likelier", "beside", "markov", "decayed", "content"}


@pytest.mark.parametrize("method", ["blend", "ease", "als", "knn", "markov", "content", "popular", "auto"])
def test_signals_split_exactly_and_add_up_in_any_order(films: Catalogue, method: str) -> None:
    scored = Scoring.of(films, somebody(films, 1), method)
    assert scored.signals
    for row in range(0, 80, 7):
        parts = [float(signal.values[row]) for signal in scored.signals]
        assert sum(parts) == sum(reversed(parts)) == scored.total[row]
        for signal in scored.signals:
            shares = signal.split(row)
            assert sum(value for _, value in shares) == signal.values[row]
            assert [abs(v) for _, v in shares] == sorted((abs(v) for _, v in shares), reverse=True)
    assert (scored.spread > 0).all()


def test_a_signal_whose_shares_are_off_by_rounding_is_still_exact() -> None:
    signal = Signal("text", np.array([0.3, 0.0]), lambda _row: [(1, 0.1), (2, 0.2 + 1e-9), (1, 1e-12)])
    assert sum(value for _, value in signal.split(0)) == signal.values[0]
    assert signal.split(1) == []
    assert signal.source[0] == 2
    assert signal.times(0.5).values[0] == pytest.approx(0.15)


def test_one_person_and_many_are_ranked_alike(films: Catalogue) -> None:
    settled = choosing.settled(films)
    profiles = [somebody(films, n) for n in range(5)]
    many = blend.batch(films, profiles, settled.weighting)
    for u, profile in enumerate(profiles):
        one = np.sum([signal.values for signal in blend.signals(films, profile, settled.weighting)], axis=0)
        scaled = many[u] / many[u].max() * 0.9
        np.testing.assert_allclose(scaled, one, atol=2e-4)


def test_factors_fold_a_person_in_as_the_package_does(films: Catalogue) -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    found = factors(films.events)
    model = AlternatingLeastSquares(
        factors=found.y.shape[1], alpha=ALPHA, regularization=REGULARIZATION, iterations=1, random_state=0,
        num_threads=1,
    )  # fmt: skip
    model.fit(films.events.x, show_progress=False)
    model.item_factors = found.y
    model._YtY = None
    person = np.asarray(model.recalculate_user(0, films.events.x[:1])).ravel()
    wanted = found.y @ person
    mine, split = found.one(somebody(films).taste)
    np.testing.assert_allclose(mine, wanted, rtol=0.02, atol=0.02)
    assert sum(v for _, v in split(3)) == pytest.approx(float(mine[3]), abs=1e-5)


def test_a_new_person_needs_no_fit(films: Catalogue) -> None:
    before = ease(films.events).matrix
    likes = crime(films, 3)
    scored = Scoring.of(films, Profile(dict.fromkeys(likes, 1.0), (), {}, "", 3.0), "ease")
    assert ease(films.events).matrix is before
    unseen = [row for row in np.argsort(-scored.total).tolist() if row not in likes][:5]
    assert sum(films.items[row].category == "crime|drama" for row in unseen) >= 4


def test_items_without_events_are_placed_by_content(films: Catalogue) -> None:
    new = np.flatnonzero(films.events.people == 0)
    assert len(new) == 4
    loves = Profile(dict.fromkeys(crime(films, 3), 1.0), (), {}, "", 3.0)
    scored = Scoring.of(films, loves, "blend")
    first = max(new, key=lambda row: scored.total[row])
    assert films.items[first].category == "crime|drama"
    assert all(scored.total[row] < scored.total.max() for row in new)


def test_validation_chooses_says_why_and_is_kept(tmp_path: Path) -> None:
    with made(tmp_path) as library:
        recommender = Recommender(library, Features(library, "cpu"))
        choice = choice_of(recommender.catalogue())
        table = {row["method"]: row["ndcg"] for row in choice.table}
        assert table["blend"] > table["popular"] > 0
        assert choice.method == "blend" or table[choice.method] > table["blend"]
        assert choice.why.startswith("On ")
        better = 100 * (table[choice.method] / table["popular"] - 1)
        told = re.search(r"(\d+) % better", choice.why)  # the table rounds to four places, the sentence after
        assert told is not None
        assert int(told[1]) == pytest.approx(better, abs=1.5)
        kept = library.index_dir / "recommender.json"
        assert kept.is_file()
        recommender.refresh()
        assert choosing.settled(recommender.catalogue(), wait=False).why() == choice.why
        kept.write_text('{"version": 0', encoding="utf-8")
        recommender.refresh()
        assert choosing.settled(recommender.catalogue(), wait=False).table == {}
        again = choice_of(recommender.catalogue())
        assert again == choice
        recommender.close()


def test_where_nobody_shall_wait_the_usual_weights_rank_first(tmp_path: Path) -> None:
    with made(tmp_path) as library:
        recommender = Recommender(library, Features(library, "cpu"), measure_first=False)
        measured = threading.Event()
        library.changes.subscribe(lambda topic, _ids: measured.set() if topic == "methods" else None)
        who = library.audiences.add("Film people", liked=library.items.ids()[:3])
        first = recommender.recommend(who, save=False).choice
        assert first is not None
        assert first.waiting
        assert (first.method, first.table) == ("blend", [])
        assert measured.wait(240)
        second = recommender.recommend(who, save=False).choice
        assert second is not None
        assert not second.waiting
        assert second.why.startswith("On ")
        assert (library.index_dir / "recommender.json").is_file()
        recommender.refresh()  # kept with the library: nothing is measured again
        third = recommender.recommend(who, save=False).choice
        assert third == second
        recommender.close()


def test_who_asks_for_the_choice_has_it_measured_first(tmp_path: Path) -> None:
    with made(tmp_path) as library:
        recommender = Recommender(library, Features(library, "cpu"), measure_first=False)
        choice = choice_of(recommender.catalogue())
        assert choice.table
        who = library.audiences.add("Film people", liked=library.items.ids()[:3])
        assert recommender.recommend(who, save=False).choice == choice
        recommender.close()


def test_weights_between_two_numbers_of_choices_are_interpolated() -> None:
    weighting = blend.Weighting({"ease": (0.0, 1.0, 1.0, 1.0, 2.0)})
    assert weighting.at("ease", 0) == weighting.at("ease", 1) == 0.0
    assert 0 < weighting.at("ease", 2) < 1
    assert weighting.at("ease", 5000) == 2.0
    assert weighting.at("unknown", 3) == 0.0
    assert blend.Weighting.of(weighting.to_json()) == weighting


def test_popularity_falls_as_evidence_grows(films: Catalogue) -> None:
    early = blend.early(films)
    weights = [early.at("popular", k) for k in (1, 3, 5, 10, 30)]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < weights[0] / 3


def test_everybody_gets_a_list_without_what_they_met(films: Catalogue) -> None:
    lists = dict(everyone(films, 5))
    assert len(lists) == len(films.events.members) == 90
    ids, names = films.library.interactions.member_names()
    for member, name in zip(ids.tolist(), names, strict=True):
        own = lists[name]
        assert len(own) == 5
        assert [score for _, score in own] == sorted((score for _, score in own), reverse=True)
        met = {int(films.ids[row]) for row in films.events.met(member)}
        assert not met & {item for item, _ in own}


def test_methods_that_cannot_rank_say_so(films: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no method called"):
        Scoring.of(films, somebody(films), "magic")
    with Library.create(tmp_path / "l.mmlib") as library:
        ids = library.items.upsert_many(NewItem(f"i{n}", f"Item {n}") for n in range(4))
        library.interactions.add(NewInteraction(f"u{n % 3}", None, ids[n % 4], "buy", 5.0) for n in range(9))
        catalogue = Catalogue.load(library, Features(library, "cpu"))
        with pytest.raises(StudioError, match="too few events"):
            Scoring.of(catalogue, Profile({0: 1.0}, (), {}, "", 1.0), "als")


def log(*rows: tuple[str, float]) -> Any:
    from mmstudio.library.records import Interactions

    names = tuple(dict.fromkeys(name for name, _ in rows))
    code = np.array([names.index(name) for name, _ in rows], np.int16)
    weight = np.array([value for _, value in rows], np.float32)
    count = np.arange(len(rows))
    return Interactions(count, count, weight, count * np.nan, code, names)


def test_ratings_on_other_scales_and_ratings_all_equal() -> None:
    value, rating = strengths(log(*[("rating", r) for r in (100.0, 80.0, 70.0, 20.0)]))
    assert value.tolist() == pytest.approx([1.0, 1.0, 0.6, 0.0])
    assert rating.tolist() == [5.0, 4.0, 3.5, 1.0]
    value, rating = strengths(log(*[("rating", 3.0)] * 12))
    assert value.tolist() == [1.0] * 12
    assert np.isnan(rating).all()  # no threshold may take them for disliked
    value, rating = strengths(log(("view", 1.0), ("buy", 9.0), ("rating", 2.0)))
    assert value.tolist() == pytest.approx([0.2, 1.0, 0.0])
    assert np.isnan(rating[:2]).all()


def test_one_user_an_untouched_item_and_a_user_with_very_many_events() -> None:
    one = Events(np.zeros(3, np.int64), np.arange(3), np.ones(3, np.float32), 5)
    assert one.score({0: 1.0}).tolist()[3:] == [0.0, 0.0]
    assert one.people.tolist() == [1, 1, 1, 0, 0]
    items = 3000
    member = np.r_[np.zeros(items, np.int64), np.repeat(np.arange(1, 40), 5)]
    item = np.r_[np.arange(items), np.tile(np.arange(5), 39)]
    when = np.arange(len(member), dtype=np.float64)
    events = Events(member, item, np.ones(len(member), np.float32), items, dense=0, when=when)
    near = neighbours(events)
    assert near.matrix.nnz <= items * 200 + 25
    assert set(np.argsort(-near.one({0: 1.0})[0])[:4].tolist()) == {1, 2, 3, 4}
