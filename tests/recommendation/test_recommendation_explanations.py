"""Why, why not and what if: what is said adds up to what was computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mmstudio.errors import NotFound, StudioError
from mmstudio.generation.copywriting.service import Copywriter
from mmstudio.library import Library
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.decisions import record, withdraw
from mmstudio.recommendation.explanations import explain, what_if, why_not, worded
from support.shops import small_shop

Shop = tuple[Library, Recommender]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with small_shop(tmp_path_factory.mktemp("shop")) as (library, features):
        recommender = Recommender(library, features)
        yield library, recommender
        recommender.close()


@pytest.fixture(scope="module")
def audience(shop: Shop) -> int:
    library, _ = shop
    skus = library.items.skus()
    liked = [skus["yoga-strap"], skus["yoga-mat"]]
    rules = {"price_under": 30, "must": ["teal", "cotton"]}
    return library.audiences.add("Yogis", "cotton mat for yoga", liked=liked, rules=rules)


def test_parts_anchors_and_words_add_up_exactly(shop: Shop, audience: int) -> None:
    library, recommender = shop
    words_seen = anchors_seen = 0
    for item_id in library.items.ids():
        found = explain(recommender, audience, item_id)
        assert sum(part.value for part in found.parts) == found.score
        for part in found.parts:
            if part.anchors:
                anchors_seen += 1
                assert sum(value for _, value in part.anchors) == part.value
        if found.words:
            words_seen += 1
            assert sum(value for _, value in found.words) == sum(
                part.value for part in found.parts if part.kind == "brief"
            )
            assert {word for word, _ in found.words} <= {"cotton", "mat", "yoga"}
    assert words_seen >= 5
    assert anchors_seen >= 10


def test_the_explanation_is_that_of_the_list(shop: Shop, audience: int) -> None:
    library, recommender = shop
    for row in recommender.recommend(audience, 3):
        found = explain(recommender, audience, row.item_id)
        assert found.score == row.score
        assert found.sentence == row.why
    strap = explain(recommender, audience, library.items.skus()["yoga-block"])
    assert "cotton" in strap.tags


def test_a_draft_is_explained_without_being_saved(shop: Shop, audience: int) -> None:
    library, recommender = shop
    skus = library.items.skus()
    draft = replace(library.audiences.get(audience), liked=[skus["kitchen-pan"]], brief="")
    found = explain(recommender, audience, skus["kitchen-knife"], draft=draft)
    assert skus["kitchen-pan"] in {item for part in found.parts for item, _ in part.anchors}
    assert not found.words
    assert library.audiences.get(audience).liked == [skus["yoga-strap"], skus["yoga-mat"]]


def test_why_not_names_the_rule_the_gap_or_the_place(shop: Shop, audience: int) -> None:
    library, recommender = shop
    skus = library.items.skus()
    ruled = why_not(recommender, audience, skus["yoga-bag"])
    assert ruled.rank == 0
    assert "price under 30" in ruled.removed_by
    assert "price under 30" in ruled.sentence
    liked = why_not(recommender, audience, skus["yoga-strap"])
    assert "liked already" in liked.sentence
    plain = replace(library.audiences.get(audience), rules={})
    listed = [one.item_id for one in recommender.recommend(audience, 3, draft=plain)]
    there = why_not(recommender, audience, listed[0], k=3, draft=plain)
    assert there.missing == 0
    assert "in the list: number 1" in there.sentence
    last = recommender.recommend(audience, 16, 1.0, draft=plain)[-1]
    gap = why_not(recommender, audience, last.item_id, k=3, diversity=1.0, draft=plain)
    assert gap.rank in (15, 16)  # two items may score the same
    third = recommender.recommend(audience, 3, 1.0, draft=plain)[-1]
    assert gap.missing == pytest.approx(third.score - last.score)
    assert gap.sentence.startswith(f"{library.items.get(last.item_id).title} is number {gap.rank}: it lacks ")


def test_what_if_is_the_list_of_the_changed_likes(shop: Shop, audience: int) -> None:
    library, recommender = shop
    skus = library.items.skus()
    who = replace(library.audiences.get(audience), rules={})
    changes = what_if(recommender, audience, without=[skus["yoga-mat"]], k=5, draft=who)
    after = recommender.recommend(audience, 5, draft=replace(who, liked=[skus["yoga-strap"]]))
    assert [c.item_id for c in changes if c.after_rank] == [one.item_id for one in after]
    before = {one.item_id: one.rank for one in recommender.recommend(audience, 5, draft=who)}
    assert {c.item_id: c.before_rank for c in changes if c.before_rank} == before
    more = what_if(recommender, audience, adding=[skus["kitchen-pan"]], k=5, draft=who)
    assert [c.item_id for c in more] != [c.item_id for c in changes]
    with pytest.raises(StudioError, match="not among the items that Yogis likes"):
        what_if(recommender, audience, without=[skus["kitchen-pan"]], draft=who)


def test_unknown_items_and_audiences_are_refused(shop: Shop, audience: int) -> None:
    _, recommender = shop
    with pytest.raises(NotFound):
        explain(recommender, audience, 9999)
    with pytest.raises(NotFound):
        why_not(recommender, 9999, 1)


def test_a_decision_counts_and_the_newest_holds(shop: Shop) -> None:
    library, recommender = shop
    skus = library.items.skus()
    who = library.audiences.add("Deciders", liked=[skus["running-shoe"]])
    before = explain(recommender, who, skus["yoga-mat"]).score
    record(library, who, skus["yoga-strap"], "reject", "storyboard 3")
    record(library, who, skus["yoga-strap"], "approve", "window")
    assert library.audiences.decisions(who) == {skus["yoga-strap"]: 1.0}
    assert [one.source for one in library.audiences.decision_log(who)] == ["storyboard 3", "window"]
    assert explain(recommender, who, skus["yoga-mat"]).score > before
    with pytest.raises(NotFound):
        record(library, who, 9999, "approve")
    with pytest.raises(ValueError, match="no decision"):
        library.audiences.decide(who, skus["yoga-mat"], "maybe")


def test_a_decision_taken_back_no_longer_counts_and_stays_in_the_log(shop: Shop) -> None:
    library, recommender = shop
    skus = library.items.skus()
    strap, mat = skus["yoga-strap"], skus["yoga-mat"]
    who = library.audiences.add("Changed minds", liked=[skus["running-shoe"]])
    before = explain(recommender, who, mat).score
    record(library, who, strap, "approve", "window")
    assert explain(recommender, who, mat).score > before
    assert withdraw(library, who, strap, "window") == "approve"
    assert explain(recommender, who, mat).score == before
    record(library, who, mat, "reject")
    assert mat not in [one.item_id for one in recommender.recommend(who, 50, save=False)]
    assert withdraw(library, who, mat) == "reject"
    assert mat in [one.item_id for one in recommender.recommend(who, 50, save=False)]
    assert library.audiences.decisions(who) == {}
    log = [one.event for one in library.audiences.decision_log(who)]
    assert log == ["approve", "withdraw", "reject", "withdraw"]
    with pytest.raises(StudioError, match="Nothing is decided"):
        withdraw(library, who, mat)
    with pytest.raises(NotFound):
        withdraw(library, 9999, mat)


def test_words_of_a_model_are_shown_only_where_facts_support_them(shop: Shop, audience: int) -> None:
    library, recommender = shop
    item = library.items.skus()["yoga-block"]
    found = explain(recommender, audience, item)
    who = library.audiences.get(audience)
    boasting = Copywriter(library, [Says("The number one choice of 5,000 doctors, now 90% off.")])
    assert worded(boasting, found, who, "folder") == (found.sentence, "template")
    honest = Copywriter(library, [Says("A block of cotton that goes with the strap you like.")])
    said, by = worded(honest, found, who, "folder")
    assert by == "folder"
    assert said == "A block of cotton that goes with the strap you like."


class Says:
    """An engine that says one text."""

    name = "folder"
    label = "Folder"

    def __init__(self, text: str) -> None:
        self._text = text

    def status(self) -> object:
        raise AssertionError("a writer that is asked to write is not asked for its status")

    def write(self, brief: object, heard: object = None, cancelled: object = None) -> Iterator[str]:
        yield self._text
