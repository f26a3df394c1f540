"""Protocols of evaluation: what is hidden stays hidden, measures by hand, tables and the shell."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from mmstudio.cli.app import app
from mmstudio.errors import NotFound
from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import ItemLink, NewInteraction, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.evaluation import as_csv, as_svg, evaluate, protocols
from mmstudio.recommendation.evaluation.measures import of_lists, of_person
from mmstudio.recommendation.methods.linear import ease
from mmstudio.recommendation.refitting import adopt, behind

KINDS = ("crime", "comedy", "western")
CLASSIC = {"blend", "ease", "als", "knn", "content", "popular", "random"}


def fill(library: Library, people: int = 45, items: int = 45) -> None:
    rng = np.random.default_rng(8)
    ids = library.items.upsert_many(
        NewItem(f"f{n:02d}", f"{KINDS[n % 3].title()} {n}", category=KINDS[n % 3]) for n in range(items)
    )
    events = []
    for person in range(people):
        love = np.where(np.arange(items) % 3 == person % 3, 10.0, 1.0)
        for step, n in enumerate(rng.choice(items, 15, replace=False, p=love / love.sum()).tolist()):
            stars = 5.0 if n % 3 == person % 3 else 2.0
            events.append(
                NewInteraction(f"{person}", None, ids[n], "rating", stars, 1e9 + 1000 * person + step)
            )
    library.interactions.add(events)
    library.items.add_links(
        [ItemLink(ids[n], ids[(n + 3 * s) % items], "related") for n in range(items) for s in (1, 2)]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("protocols") / "films.mmlib"
    with Library.create(path) as library:
        fill(library)
    return path


@pytest.fixture(scope="module")
def films(folder: Path) -> Iterator[Catalogue]:
    with Library.open(folder, read_only=True) as library:
        features = Features(library, "cpu")
        yield Catalogue.load(library, features)
        features.close()


@pytest.mark.parametrize("name", ["random", "ratio811", "leave-last", "cold-items", "few-shot"])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_hidden_is_not_in_training(films: Catalogue, name: str, seed: int) -> None:
    threshold = protocols.PROTOCOLS[name].threshold
    part = protocols.split(films.events, name, threshold, seed)
    assert part is not None
    trained = set(zip(part.train.members[part.train.who].tolist(), part.train.col.tolist(), strict=True))
    for asked in part.asked.values():
        for u, targets in enumerate(asked.targets):
            assert len(targets)
            assert not set(targets.tolist()) & set(asked.seen[u].tolist())
            assert not set(targets.tolist()) & set(asked.profiles[u].taste)
            if asked.members:
                assert not {(asked.members[u], row) for row in targets.tolist()} & trained
    if name == "cold-items":
        assert part.candidates is not None
        assert not part.candidates[part.train.col].any()
        assert all(part.candidates[targets].all() for targets in part.asked[0].targets)
    if name == "few-shot":
        assert [len(part.asked[k].profiles[0].taste) for k in (1, 3, 5, 10)] == [1, 3, 5, 10]
        assert len(part.train.members) == len(films.events.members) - int(0.3 * len(films.events.members))
    if name == "leave-last":
        own = films.events.met(part.asked[0].members[0])
        assert part.asked[0].targets[0].tolist() == [own[-1]]


def test_cornac_leaves_out_only_what_was_liked(films: Catalogue) -> None:
    seen = protocols.split(films.events, "random", 4.0, 0)
    cornac = protocols.split(films.events, "random", 4.0, 0, mask="cornac")
    assert seen is not None
    assert cornac is not None
    pairs = [(set(c), set(s)) for c, s in zip(cornac.asked[0].seen, seen.asked[0].seen, strict=True)]
    assert all(c <= s for c, s in pairs)
    assert any(c < s for c, s in pairs)


@pytest.mark.parametrize("name", ["random", "cold-items", "few-shot", "leave-last"])
def test_rows_of_every_method_with_popularity_and_chance(films: Catalogue, name: str) -> None:
    rows = evaluate(films, protocol=name, seeds=2, methods=["blend", "knn"])
    assert {row["method"] for row in rows} == {"blend", "knn", "popular", "random"}
    known = {row["known"] for row in rows}
    assert known == ({1, 3, 5, 10} if name == "few-shot" else {None})
    for count in known:
        by = {row["method"]: row for row in rows if row["known"] == count}
        assert by["blend"]["ndcg"] > by["random"]["ndcg"]
        for row in by.values():
            assert 0 <= row["recall"] <= row["hit"] <= 1
            assert 0 <= row["auc"] <= 1
            assert 0 <= row["gini"] <= 1
            assert 0 < row["coverage"] <= 1
            assert row["seeds"] == 2
            assert row["ndcg_spread"] >= 0
            assert row["query_p95_ms"] >= row["query_ms"] >= 0
    if name == "random":
        assert all(0 < row["rmse"] < 2 for row in rows)


def test_measures_by_hand() -> None:
    scores = np.array([0.9, 0.1, 0.8, 0.4, -np.inf], np.float32)
    top, own = of_person(scores, np.array([2, 1]), 2)
    assert top.tolist() == [0, 2]
    assert own["recall"] == own["precision"] == own["mrr"] == 0.5
    assert own["map"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert own["auc"] == pytest.approx(1 / 4)  # of four pairs (2>0, 2>3, 1>0, 1>3) one is right


def test_equal_scores_are_no_success() -> None:
    _, own = of_person(np.zeros(101, np.float32), np.array([50]), 10)
    assert own["auc"] == pytest.approx(0.5)
    assert own["map"] == pytest.approx(1 / 51)


def test_measures_of_lists_by_hand() -> None:
    from scipy import sparse

    content = sparse.csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    people = np.array([8, 4, 2, 1])
    same = of_lists([np.array([0, 1]), np.array([0, 1])], content, people, 8, 4)
    assert same["ild"] == pytest.approx(0)
    assert same["coverage"] == 0.5
    assert same["gini"] == pytest.approx(0.5)
    assert same["novelty"] == pytest.approx(0.5)
    mixed = of_lists([np.array([0, 2]), np.array([1, 3])], content, people, 8, 4)
    assert (mixed["ild"], mixed["gini"]) == (pytest.approx(1), pytest.approx(0))


def test_links_are_predicted_from_content_and_weights_are_earned(films: Catalogue) -> None:
    rows = {row["method"]: row for row in evaluate(films, protocol="links", seeds=2)}
    assert set(rows) == {"facts", "fused", "tfidf", "category", "random"}
    assert rows["facts"]["recall"] > rows["random"]["recall"]
    assert rows["fused"]["recall"] == rows["facts"]["recall"]


def test_nobody_to_ask_and_names_that_are_none(films: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no protocol"):
        evaluate(films, protocol="magic")
    with pytest.raises(NotFound, match="no method"):
        evaluate(films, methods=["magic"], seeds=1)
    with Library.create(tmp_path / "l.mmlib") as library:
        library.items.upsert_many([NewItem("a", "A")])
        empty = Catalogue.load(library, Features(library, "cpu"))
        for name in protocols.PROTOCOLS:
            assert evaluate(empty, protocol=name, seeds=1) == []


def test_one_user_only_and_ratings_that_are_all_equal(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        ids = library.items.upsert_many(
            NewItem(f"i{n}", f"Item {n}", category=KINDS[n % 3]) for n in range(40)
        )
        library.interactions.add(
            NewInteraction("only", None, ids[n], "rating", 3.0, 1e9 + n) for n in range(30)
        )
        one = Catalogue.load(library, Features(library, "cpu"))
        for name in ("random", "ratio811", "leave-last", "cold-items", "few-shot"):
            for row in evaluate(one, protocol=name, seeds=1, threshold=3.0):
                assert np.isfinite(row["ndcg"])
                assert 0 <= row["recall"] <= 1
        recommender = Recommender(library, Features(library, "cpu"))
        lists = list(recommender.members(5))
        assert len(lists) == 1
        assert {item for item, _ in lists[0][1]} <= set(ids[30:])
        found = recommender.recommend(library.audiences.add("new"), k=3)
        assert found.choice is not None
        assert "Too few events" in found.choice.why
        recommender.close()


def test_a_table_as_csv_and_as_a_plot(films: Catalogue) -> None:
    rows = evaluate(films, protocol="random", seeds=1, methods=["knn"])
    read = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert [row["method"] for row in read] == [row["method"] for row in rows]
    assert float(read[0]["ndcg"]) == rows[0]["ndcg"]
    drawing = ElementTree.fromstring(as_svg(rows))
    texts = [node.text for node in drawing.iter() if node.tag.endswith("text")]
    assert "popularity" in texts
    assert any(text and text.startswith("NDCG@10") for text in texts)
    ElementTree.fromstring(as_svg([]))


def test_as_a_job_it_can_be_cancelled_and_gives_rows(folder: Path) -> None:
    with Library.open(folder, read_only=True) as library:
        recommender = Recommender(library, Features(library, "cpu"))
        result = run_inline(recommender.evaluate_work(protocol="random", seeds=1, methods=["popular"]))
        assert {row["method"] for row in result["rows"]} == {"popular", "random"}
        recommender.close()


def test_on_the_shell(folder: Path, tmp_path: Path) -> None:
    shell = CliRunner()
    base = ["evaluate", str(folder), "--recommender", "--seeds", "1", "--method", "knn"]
    done = shell.invoke(app, [*base, "--protocol", "leave-last", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert {row["method"] for row in rows} == {"knn", "popular", "random"}
    done = shell.invoke(app, [*base, "--out", str(tmp_path / "t.svg")])
    assert done.exit_code == 0
    assert (tmp_path / "t.svg").read_text(encoding="utf-8").startswith("<svg")
    out = tmp_path / "recs.csv"
    done = shell.invoke(
        app, ["recommend", str(folder), "--all-members", "-k", "4", "--method", "knn", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    read = list(csv.DictReader(out.open(encoding="utf-8")))
    assert list(read[0]) == ["member", "item", "rank", "score"]
    assert len(read) == 45 * 4
    assert {row["member"] for row in read} == {str(n) for n in range(45)}
    assert [row["rank"] for row in read[:4]] == ["1", "2", "3", "4"]
    assert shell.invoke(app, ["recommend", str(folder)]).exit_code == 2


def test_a_few_new_events_need_no_refit_and_many_are_fitted_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmstudio.recommendation.refitting._SMALL", 100)
    with Library.create(tmp_path / "l.mmlib") as library:
        fill(library)
        features = Features(library, "cpu")
        before = Catalogue.load(library, features)
        fitted = ease(before.events)
        new = library.items.upsert_many([NewItem("a-new", "Another western", category="western")])[0]
        library.interactions.add([NewInteraction("stranger", None, new, "buy", 5.0)])
        after = Catalogue.load(library, features, before)
        moved = after.events.kept["ease"]
        assert moved is not fitted
        old, here = before.row[int(before.ids[3])], after.row[int(before.ids[3])]
        np.testing.assert_allclose(
            fitted.one({old: 1.0})[0], moved.one({here: 1.0})[0][[after.row[int(i)] for i in before.ids]]
        )
        assert after.events.kept["drift"] == 1
        more = [NewInteraction(f"n{n}", None, int(before.ids[n % 9]), "buy", 5.0) for n in range(40)]
        library.interactions.add(more)
        again = Catalogue.load(library, features)
        thread = adopt(again, before)
        assert isinstance(thread, threading.Thread)
        thread.join(60)
        assert again.events.kept["drift"] == 0
        np.testing.assert_array_equal(
            again.events.kept["ease"].matrix,
            ease(again.events.subset(np.ones(len(again.events.who), bool))).matrix,
        )
        features.close()


def test_events_that_cannot_be_learned_from_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mmstudio.recommendation.refitting._SMALL", 100)
    with Library.create(tmp_path / "l.mmlib") as library:
        fill(library)
        features = Features(library, "cpu")
        before = Catalogue.load(library, features)
        ease(before.events)
        library.interactions.add(
            NewInteraction(f"n{n}", None, int(before.ids[n % 9]), "buy", 5.0) for n in range(40)
        )
        after = Catalogue.load(library, features)
        assert behind(after) == ""
        heard = threading.Event()
        library.changes.subscribe(lambda topic, _ids: heard.set() if topic == "methods" else None)
        whole, after.events.rating = after.events.rating, after.events.rating[:-1]  # as of a damaged table
        thread = adopt(after, before)
        assert isinstance(thread, threading.Thread)
        thread.join(60)
        assert behind(after).startswith("The newest events could not be learned from")
        assert heard.is_set()
        assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
            "events could not be fitted anew"
        ]
        after.events.rating = whole
        thread = adopt(after, before)
        assert isinstance(thread, threading.Thread)
        thread.join(60)
        assert behind(after) == ""
        features.close()
