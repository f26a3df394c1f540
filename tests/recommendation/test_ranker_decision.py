"""Whether the ranker is used: the rule, and its sentence, on given figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmstudio.i18n import set_language
from mmstudio.recommendation.blend import Weighting
from mmstudio.recommendation.choosing import Settled
from mmstudio.recommendation.ranker.deciding import ENOUGH, decide, kinds_of, sentence, used, worth_of
from mmstudio.recommendation.ranker.tasks import Labels


def figures(gain: float, error: float, members: int = 100, simple: float = 0.2) -> Any:
    """float64[U,2]: the ranker's mean gain and its standard error are as asked."""
    spread = np.resize([1.0, -1.0], members)
    spread *= error * np.sqrt(members) / spread.std(ddof=1)
    return np.stack([simple + gain + spread, np.full(members, simple)], 1)


@pytest.mark.parametrize(
    ("gain", "error", "wins"), [(0.0021, 0.001, True), (0.0019, 0.001, False), (-0.01, 0.001, False)]
)
def test_a_gain_must_exceed_twice_its_error(gain: float, error: float, wins: bool) -> None:
    found = decide(figures(gain, error), {"view": figures(gain, error)})
    assert found["wins"] is wins
    assert found["gain"] == pytest.approx(gain, abs=1e-5)
    assert found["error"] == pytest.approx(error, abs=1e-5)


@pytest.mark.parametrize("kind", ["like", "buy", "approve", "rating"])
def test_a_loss_of_a_stronger_kind_speaks_against_it(kind: str) -> None:
    worse = decide(figures(0.01, 0.001), {kind: figures(-0.0021, 0.002)})
    assert worse["wins"] is False
    assert worse["lost"] == [kind]
    within = decide(figures(0.01, 0.001), {kind: figures(-0.0019, 0.002)})
    assert within["wins"] is True
    assert within["lost"] == []


def test_views_and_what_few_were_asked_for_may_lose() -> None:
    sure = figures(0.01, 0.001)
    assert decide(sure, {"view": figures(-0.01, 0.001)})["wins"] is True
    few = figures(-0.01, 0.001, members=ENOUGH - 1)
    assert decide(sure, {"buy": few})["wins"] is True
    assert decide(sure, {"buy": figures(-0.01, 0.001, members=ENOUGH)})["wins"] is False


def test_members_without_a_kind_say_nothing_of_it() -> None:
    own = np.vstack([figures(0.01, 0.001, 40), np.full((60, 2), np.nan)])
    found = decide(figures(0.01, 0.001), {"buy": own, "like": np.full((100, 2), np.nan)})
    assert set(found["kinds"]) == {"buy"}
    assert found["kinds"]["buy"]["members"] == 40


def test_one_member_decides_nothing() -> None:
    found = decide(figures(0.0, 0.0, 2)[:1] + np.array([[0.5, 0.0]]), {})
    assert found["wins"] is False
    assert found["error"] is None


def test_pairs_count_by_the_weight_of_their_events() -> None:
    #                    view like buy approve rating
    labels = np.array([[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 0],
                       [1, 1, 0, 0, 1], [1, 0, 0, 0, 0], [1, 1, 1, 0, 1]], np.float32)  # fmt: skip
    known = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 0],
                      [1, 1, 1, 0, 1], [1, 1, 1, 0, 1], [1, 1, 1, 0, 1]], np.float32)  # fmt: skip
    value = np.array([0.2, 0.6, 1.0, 0.0, 1.0, 0.0, 1.0], np.float32)  # the sixth was rated low
    part = Labels(np.arange(7), np.arange(7), labels, known, value, np.zeros(7))
    assert worth_of(part).round(6).tolist() == pytest.approx([0.2, 0.6, 1, 1, 1, 0, 1])
    found = {kind: np.flatnonzero(mask).tolist() for kind, mask in kinds_of(part).items()}
    assert found == {"view": [0], "like": [1], "buy": [2, 6], "approve": [3], "rating": [4, 6]}


def report(**more: Any) -> dict[str, Any]:
    found = decide(figures(0.01, 0.001), {"view": figures(0.02, 0.001), "buy": figures(-0.01, 0.001)})
    ndcg = {"blend": 0.2, "ease": 0.19, "ranker": 0.21}
    return {"members": 100, "ndcg": ndcg, "best": "blend", "against": "blend", **found, **more}


def test_the_sentence_says_it_per_kind() -> None:
    set_language("en")
    said = sentence(report())
    assert "is not used" in said
    assert "ranks purchases worse than the blend" in said
    assert "by weight +5.0 % ± 0.5 %; mere views +10.0 %, purchases -5.0 %" in said
    won = sentence(report(wins=True, lost=[]))
    assert "is used" in won
    assert "not surely" in sentence(report(lost=[]))
    other = sentence(report(lost=[], best="ease", ndcg={"blend": 0.2, "ease": 0.22, "ranker": 0.21}))
    assert "what goes together (EASE) ranks better" in other
    assert all("NDCG" not in one for one in (said, won, other))
    set_language("zh_CN")
    try:
        assert "购买 -5.0 %" in sentence(report())
    finally:
        set_language("en")


def test_a_report_of_an_earlier_rule_does_not_count() -> None:
    old = {"members": 9, "ndcg": {"blend": 0.1, "ranker": 0.2}, "best": "blend", "against": "blend",
           "gain": 0.1, "error": 0.01, "wins": True}  # fmt: skip
    assert not used(old)
    assert "train it again" in sentence(old)
    assert used(report(wins=True))
    assert not used(report())


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"blend": 0.15, "ease": 0.14, "popular": 0.1}, "50 % better than showing everybody what is popular"),
        ({"blend": 0.1, "popular": 0.1}, "finds most; next is popularity"),
        ({"blend": 0.1, "popular": 0.0}, "finds most; next is popularity"),
        ({"blend": 0.1}, "finds most; next is popularity"),
    ],
)
def test_what_was_chosen_is_said_without_jargon(table: dict[str, float], said: str) -> None:
    set_language("en")
    why = Settled("blend", Weighting({}), table, 40, 120, 900).why()
    assert said in why
    assert "120 hidden events of 40 members" in why
    assert "NDCG" not in why
