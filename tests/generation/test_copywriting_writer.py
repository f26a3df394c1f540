"""The facts writer: every task, tone and language; every word with a meaning is a fact."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from mmstudio.generation.copywriting.contract import (
    LIMITS,
    TASKS,
    TONES,
    Brief,
    Context,
    Reason,
    Task,
    Variant,
)
from mmstudio.generation.copywriting.engines.facts import FactsEngine
from mmstudio.generation.copywriting.facts import facts_of
from mmstudio.generation.copywriting.guard import blocking, check
from mmstudio.generation.copywriting.lines import weight
from mmstudio.generation.copywriting.ranking import ranked, readability
from mmstudio.generation.copywriting.service import facts_for
from mmstudio.generation.copywriting.tables import table
from mmstudio.generation.copywriting.tones import tone_of
from support.copy import BAG, BARE, REVIEWS, reader

CONTEXT = Context(
    message="What is it made of?",
    author="Jo",
    reasons=(Reason("People like you kept this one.", 2.0), Reason("similar in style", 1.0)),
    title="Sales in spring",
    rows=({"month": "March", "sales": 12}, {"month": "April", "sales": 30}, {"month": "May", "sales": 21.5}),
)


def brief(task: Task, **more: Any) -> Brief:
    return Brief(task, **{"item": BAG, "reviews": REVIEWS, "context": CONTEXT, "count": 3, "seed": 1, **more})


def written(wish: Brief) -> list[Any]:
    return list(FactsEngine().write(wish))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_task_gives_different_true_texts_within_its_limit(task: Task, locale: str) -> None:
    for tone in TONES:
        wish = brief(task, tone=tone, locale=locale)
        found = written(wish)
        assert len(found) >= (2 if task in ("call_to_action", "one_liner") else 3)
        assert len({str(text) for text in found}) == len(found)
        for text in found:
            assert 0 < weight(text) <= LIMITS[task]
            spans = check(text, facts_for(wish), locale)
            assert not blocking(spans), (tone, text, [span.text for span in blocking(spans)])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_sku_alone_is_enough(task: Task, locale: str) -> None:
    wish = Brief(task, BARE, locale=locale)
    found = written(wish)
    assert found
    assert all(text and not blocking(check(text, facts_for(wish), locale)) for text in found)


def test_without_an_item_only_reports_and_replies_are_written() -> None:
    made = {task for task in TASKS if written(Brief(task, context=CONTEXT))}
    assert made == {"report_summary", "reply", "call_to_action"}


def test_the_same_seed_gives_the_same_texts_and_another_others() -> None:
    assert written(brief("description")) == written(brief("description"))
    assert written(brief("description")) != written(brief("description", seed=2))


def test_tones_change_words_order_and_length_never_facts() -> None:
    texts = {tone: str(written(brief("description", tone=tone))[0]) for tone in TONES}
    assert len(set(texts.values())) == len(TONES)
    assert len(texts["urgent"]) < len(texts["neutral"])
    labels = {fact.label for fact in facts_of(BAG, REVIEWS, "en")}
    for tone in TONES:
        for text in written(brief("description", tone=tone)):
            assert text.facts
            assert all(
                fact.split(": ")[0] in {label.split(": ")[0] for label in labels} for fact in text.facts
            )


def test_what_the_audience_cares_about_comes_first() -> None:
    cares = reader(brief="people who need a padded strap for the shoulder")
    first = written(brief("bullets", audience=cares))[0].splitlines()[0]
    assert first == "- Padded shoulder strap"
    asked = written(brief("one_liner", words=("pockets",)))
    assert "Two front pockets." in asked[0]


def test_an_audience_brings_its_language_and_tone() -> None:
    chinese = written(brief("headline", audience=reader("zh_CN", tone="俏皮活泼")))
    assert any("Harbour Bag" in text and re.search("[\u4e00-\u9fff]", text) for text in chinese)


@pytest.mark.parametrize(
    ("words", "tone"),
    [
        ("", "neutral"),
        ("Friendly and witty", "warm"),
        ("business-like", "formal"),
        ("俏皮", "playful"),
        ("?", "neutral"),
    ],
)
def test_tones_are_found_in_peoples_words(words: str, tone: str) -> None:
    assert tone_of(words) == tone


def test_a_script_has_scenes_and_two_who_speak() -> None:
    text = written(brief("script"))[0]
    scenes = re.findall(r"(?m)^Scene (\d)$", text)
    assert scenes == [str(n + 1) for n in range(len(scenes))]
    assert len(scenes) >= 3
    speakers = {line.split(":")[0] for line in text.splitlines() if ":" in line}
    assert len(speakers - {"Picture", "Sound", "Text on screen"}) == 2
    assert "$45" in text
    short = written(brief("script", limit=300))
    assert all(weight(one) <= 300 for one in short)


def test_replies_answer_from_facts_or_say_that_they_cannot() -> None:
    answer = written(brief("reply"))[0]
    assert "Jo" in answer
    assert "Cotton" in answer
    unknown = brief("reply", context=Context(message="Does it come with a whistle?"))
    assert "rather ask than guess" in written(unknown)[0]
    angry = brief("reply", context=Context(message="The zip broke!", rating=1.0))
    assert "sorry" in written(angry)[0].lower()
    assert "Thank you" in written(brief("reply", context=Context(message="Lovely", rating=5.0)))[0]


def test_a_summary_says_only_figures_that_are_there() -> None:
    for text in written(brief("report_summary")):
        assert set(re.findall(r"\d+(?:\.\d+)?", text)) <= {"12", "30", "21.5"}
    text = written(brief("report_summary"))[0]
    assert "30 (April)" in text
    odd = Context(rows=({"a": None, "b": True, "n": float("nan")}, {}))
    assert written(Brief("report_summary", context=odd))


def test_an_explanation_gives_the_strongest_reason_first() -> None:
    for text in written(brief("explanation")):
        assert "People like you kept this one." in text
        similar = text.find("Similar in style")
        assert similar < 0 or similar > text.find("People like you")


def test_connecting_words_claim_nothing() -> None:
    for name in ("phrases_en", "phrases_zh"):
        for slot, tones in table(name).items():
            for wording in (words for texts in tones.values() for words in texts):
                plain = re.sub(r"\{\w+\}", "Qzzx", wording)
                assert check(plain, []) == [], f"{slot}: {wording}"
    english, chinese = table("phrases_en"), table("phrases_zh")
    assert set(english) == set(chinese)


def test_ranking_prefers_safe_varied_fitting_texts() -> None:
    wish = brief("one_liner", count=2)
    spans = tuple(check("The best bag for $99", facts_for(wish)))
    bad = Variant("The best bag for $99", "folder", (), spans)
    good = Variant("Padded shoulder strap. Two front pockets.", "facts", ("description",))
    like = Variant("Padded shoulder strap. Two front pockets!", "facts", ("description",))
    other = Variant("Three natural colors, forty to sixty words.", "facts", ("description",))
    found = ranked([bad, good, like, other], wish)
    assert {variant.text for variant in found} == {good.text, other.text}
    assert ranked([bad], wish)[0].score < found[1].score
    assert readability("Short words. All good.") > readability("Notwithstanding " * 40)


def test_hostile_items_are_written_about() -> None:
    wild = replace(
        BAG, title="{name} %s \x00 <b>🙂</b>", description="- {0}\n" + "word " * 50_000, category="{x}",
        attributes={"{k}": "{v}", "material": "—"},
    )  # fmt: skip
    right = replace(BARE, title="حقيبة يد", description="حقيبة واسعة ومريحة للسفر كل يوم.")
    for item in (wild, right):
        for task in TASKS:
            found = written(Brief(task, item, context=Context(message="\ud800 {x}" * 10_000, author="{a}")))
            assert found
            assert all(weight(text) <= LIMITS[task] for text in found)


def test_cancelling_ends_the_writing_and_pieces_are_heard() -> None:
    heard: list[str] = []
    assert list(FactsEngine().write(brief("bullets"), heard.append))
    assert len(heard) == 3
    assert list(FactsEngine().write(brief("bullets"), cancelled=lambda: True)) == []
