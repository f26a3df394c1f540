"""The ranker that learns from members: labels, the job, its files, exact scores, honest choice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import Cancelled, StudioError
from mmstudio.features import Features
from mmstudio.i18n import set_language
from mmstudio.jobs import JobContext, run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.ranker.calibration import ece, platt
from mmstudio.recommendation.ranker.deciding import sentence
from mmstudio.recommendation.ranker.method import METHOD, loaded
from mmstudio.recommendation.ranker.model import FOLDER, Ranker, buckets, sigmoid
from mmstudio.recommendation.ranker.tasks import TASKS, labels_of, worth
from support.members import group_library

Trained = tuple[Library, Recommender, dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    set_language("en")
    library = group_library(tmp_path_factory.mktemp("ranker"))
    recommender = Recommender(library, Features(library, "cpu"))
    report = run_inline(recommender.train_ranker_work())
    yield library, recommender, report
    recommender.close()
    library.close()


def test_the_report_measures_the_ranker_beside_every_simple_method(trained: Trained) -> None:
    _, _, report = trained
    assert {"blend", "ease", "popular", "ranker"} <= set(report["ndcg"])
    assert all(0 <= value <= 1 for value in report["ndcg"].values())
    assert report["ndcg"]["ranker"] > report["ndcg"]["popular"]
    assert report["best"] != "ranker"
    ahead = report["ndcg"]["ranker"] >= report["ndcg"][report["best"]]
    assert report["wins"] == (ahead and report["gain"] > 2 * report["error"] and not report["lost"])
    assert {"view", "buy", "rating"} <= set(report["kinds"])
    assert report["kinds"]["buy"]["members"] <= report["members"]
    assert report["gain"] == pytest.approx(
        report["ndcg"]["ranker"] - report["ndcg"][report["against"]], abs=2e-4
    )
    assert set(report["tasks"]) == {"view", "like", "buy", "rating"}


def test_chances_are_calibrated(trained: Trained) -> None:
    _, _, report = trained
    for task in ("view", "buy"):
        found = report["calibration"][task]
        assert found["after"] < 0.05
        assert 0 < found["share"] < 1


def test_the_choice_follows_the_figures(trained: Trained) -> None:
    library, recommender, report = trained
    audience = library.audiences.add("auto", liked=library.items.ids()[:4])
    chosen = recommender.recommend(audience, k=3, save=False).choice
    assert chosen is not None
    assert (chosen.method == "ranker") == report["wins"]
    said = sentence(report)
    assert "purchases" in said
    assert f"{100 * report['gain'] / report['ndcg'][report['against']]:+.1f} %" in said
    won = {**report, "wins": True}
    assert "is used" in sentence(won)
    assert "not used" in sentence({**report, "wins": False})


def test_by_hand_it_ranks_and_its_score_is_exactly_its_parts(trained: Trained) -> None:
    library, recommender, _ = trained
    ids = library.items.ids()
    audience = library.audiences.add("by hand", liked=ids[:6])
    rows = recommender.recommend(audience, k=20, method="ranker", diversity=1.0)
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)
    assert any(part.kind == "learned" for row in rows for part in row.parts)
    for row in rows:
        assert sum(part.value for part in row.parts) == row.score
    # Of 114 items left 24 are of the group that is liked: chance would put two of them among the first ten.
    assert sum(library.items.get(row.item_id).category == "Group 0" for row in rows[:10]) >= 4
    again = recommender.recommend(audience, k=20, method="ranker", diversity=1.0)
    assert [row.item_id for row in again] == [row.item_id for row in rows]


def test_somebody_nothing_is_known_of_can_be_ranked_for(trained: Trained) -> None:
    library, recommender, _ = trained
    rows = recommender.recommend(library.audiences.add("nobody"), k=5, method="ranker")
    assert len(rows) == 5
    assert all(np.isfinite(row.score) for row in rows)


def test_exploration_uses_its_uncertainty(trained: Trained) -> None:
    library, recommender, _ = trained
    audience = library.audiences.add("explore", liked=library.items.ids()[:3])
    catalogue = recommender.catalogue()
    spread = METHOD.spread(catalogue, recommender.profile(library.audiences.get(audience)))
    assert spread.shape == (len(catalogue.ids),)
    assert (spread >= 0).all()
    assert spread.max() > 0
    lists = [
        [r.item_id for r in recommender.recommend(audience, method="ranker", explore=1.0, seed=s, save=False)]
        for s in (1, 1, 2)
    ]
    assert lists[0] == lists[1] != lists[2]


def test_one_by_one_and_many_at_once_agree(trained: Trained) -> None:
    library, recommender, _ = trained
    catalogue = recommender.catalogue()
    audience = library.audiences.get(library.audiences.add("batch", liked=library.items.ids()[:5]))
    profile = recommender.profile(audience)
    total = np.sum([signal.values for signal in METHOD.signals(catalogue, profile)], axis=0)
    together = METHOD.batch(catalogue, [profile, profile])
    assert np.argsort(-total)[:10].tolist() == np.argsort(-together[1])[:10].tolist()


def test_it_is_kept_and_read_back(trained: Trained) -> None:
    library, recommender, _ = trained
    here = loaded(recommender.catalogue())
    again = Ranker.load(library.models_dir)
    assert here is not None
    assert again is not None
    assert again.report == here.report
    files = sorted(path.name for path in (library.models_dir / FOLDER).iterdir())
    assert [name.split(".")[-1] for name in files] == ["safetensors", "json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "weights": "../../x"}'])
def test_a_damaged_ranker_is_none(trained: Trained, tmp_path: Path, text: str) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "ranker.json").write_text(text, "utf-8")
    assert Ranker.load(tmp_path) is None


def test_a_ranker_of_another_library_is_not_used(trained: Trained, tmp_path: Path) -> None:
    library, _, _ = trained
    with group_library(tmp_path, members=5) as other:
        folder = other.models_dir / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for file in (library.models_dir / FOLDER).iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        recommender = Recommender(other, Features(other, "cpu"))
        assert "not been trained" in METHOD.ready(recommender.catalogue())
        with pytest.raises(StudioError, match="cannot rank"):
            recommender.recommend(other.audiences.add("x"), method="ranker")
        recommender.close()


def test_too_few_events_are_said(tmp_path: Path) -> None:
    with group_library(tmp_path, members=6) as library:
        recommender = Recommender(library, Features(library, "cpu"))
        with pytest.raises(StudioError) as caught:
            run_inline(recommender.train_ranker_work())
        assert caught.value.values["people"] == 6
        assert not (library.models_dir / FOLDER).exists()
        recommender.close()


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    with group_library(tmp_path) as library:
        recommender = Recommender(library, Features(library, "cpu"))
        stopped: list[bool] = []
        steps = recommender.train_ranker_work()(JobContext(1, {}, _cancelled=lambda: bool(stopped)))
        next(steps)
        stopped.append(True)
        with pytest.raises(Cancelled):
            list(steps)
        assert not (library.models_dir / FOLDER).exists()
        recommender.close()


def test_labels_of_events(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        a, b = library.items.upsert_many([NewItem("a"), NewItem("b")])
        library.interactions.add(
            [
                NewInteraction("x", None, a, "view", 1.0, 5.0),
                NewInteraction("x", None, a, "Purchase", 5.0, 9.0),
                NewInteraction("x", None, b, "rating", 1.0, 7.0),
                NewInteraction("y", None, b, "rating", 5.0, 8.0),
            ]
        )
        audience = library.audiences.add("z")
        library.audiences.decide(audience, b, "approve")
        recommender = Recommender(library, Features(library, "cpu"))
        found = labels_of(recommender.catalogue(), library.interactions.read())
        recommender.close()
    rows = {
        (int(m), int(r)): dict(zip(TASKS, zip(la.tolist(), kn.tolist(), strict=True), strict=True))
        for m, r, la, kn in zip(found.member, found.row, found.labels, found.known, strict=True)
    }
    assert len(rows) == 4
    bought = next(v for v in rows.values() if v["buy"] == (1.0, 1.0))
    assert bought["view"] == (1.0, 1.0)
    assert bought["rating"][1] == 0.0
    rated = sorted(v["rating"][0] for v in rows.values() if v["rating"][1])
    assert rated == [0.0, 1.0]
    decided = [v for (m, _), v in rows.items() if m < 0]
    assert [v["approve"] for v in decided] == [(1.0, 1.0)]
    assert decided[0]["view"][1] == 0.0
    assert np.nanmax(found.time) == 9.0


def test_worth_is_zero_where_nothing_happens_and_grows_with_every_chance() -> None:
    present = np.ones(len(TASKS), bool)
    base = np.array([0.1, 0.05, 0.01, 0.5, 0.5])
    assert worth(np.array([0, 0, 0, 1.0, 1.0]), present) == 0
    for task in range(len(TASKS)):
        more = base.copy()
        more[task] += 0.1
        assert worth(more, present) > worth(base, present)


def test_platt_puts_chances_right() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < sigmoid(0.5 * logits - 2)).astype(np.float32)
    weight = np.ones(20_000, np.float32)
    scale, offset = platt(logits, labels, weight)
    assert scale == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(-2, abs=0.1)
    assert ece(sigmoid(scale * logits + offset), labels, weight) < 0.01 < ece(sigmoid(logits), labels, weight)
    all_same = platt(logits, np.zeros(20_000, np.float32), weight)
    assert np.isfinite(all_same).all()


def test_hashed_rows_are_the_same_on_every_machine() -> None:
    assert (
        buckets(np.array([1, 2, 10**12]), 4096).tolist() == buckets(np.array([1, 2, 10**12]), 4096).tolist()
    )
    found = buckets(np.arange(1, 2000), 4096)
    assert len({tuple(pair) for pair in found.tolist()}) == 1999


def test_the_report_is_plain_json(trained: Trained) -> None:
    assert json.loads(json.dumps(trained[2])) == trained[2]
