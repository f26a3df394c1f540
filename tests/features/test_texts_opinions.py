"""Key phrases, sentiment, aspects, quotes: what texts and reviews say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.errors import NotFound
from mmstudio.features import Features
from mmstudio.features.texts.aspects import NounCounts, aspects
from mmstudio.features.texts.lexicon import polarity
from mmstudio.features.texts.phrases import (
    FROM_REVIEW,
    FROM_TEXT,
    FROM_TITLE,
    description_fields,
    key_phrases,
)
from mmstudio.features.texts.quotes import choose_quotes, initials, quotable, review_sentences, source_of
from mmstudio.features.texts.sentiment import learn_sentiment
from mmstudio.jobs import run_inline
from mmstudio.library import Library, Review
from mmstudio.library.records import NewItem, NewReview

GOOD = [
    "great bag",
    "love the strap",
    "very comfortable",
    "works well",
    "a sturdy zip",
    "best lamp",
    "nice light",
]
BAD = [
    "zip broke",
    "poor quality",
    "flimsy strap",
    "it leaks",
    "hate the colour",
    "waste of money",
    "too heavy",
]


def review(text: str, rating: float | None = 5.0, author: str = "Bo Lindqvist", number: int = 1) -> Review:
    return Review(number, 1, author, rating, "", text, "2024-05-01T10:00:00")


def rated(count: int = 60) -> list[Review]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        content = number % 3 > 0
        words = rng.choice(GOOD if content else BAD, 3, replace=False)
        found.append(review(". ".join(words) + ".", 5.0 if content else 1.0, number=number))
    return found


# -- the lexicon -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I love it!", 1), ("Very comfortable and sturdy.", 1), ("The zip broke.", -1),
        ("Not comfortable.", -1),
        ("It never broke.", 1), ("这个包很舒服，我喜欢。", 1), ("太贵了，不值。", -1), ("不喜欢", -1),
        ("It is blue.", 0),
        ("", 0), ("12345", 0),
    ],
)  # fmt: skip
def test_words_of_praise_and_complaint(text: str, sign: int) -> None:
    assert np.sign(polarity(text)) == sign


@given(st.text(max_size=120))
@settings(max_examples=80, deadline=None)
def test_polarity_is_bounded(text: str) -> None:
    assert -1 <= polarity(text) <= 1


# -- sentiment -------------------------------------------------------------------------------------------


def test_sentiment_is_learned_with_its_accuracy_and_the_majority_beside_it() -> None:
    learned = learn_sentiment(rated())
    quality = learned.quality
    assert quality.learned
    assert (quality.positive, quality.negative) == (40, 20)
    assert quality.majority == pytest.approx(40 / 60)
    assert quality.accuracy is not None
    assert quality.balanced is not None
    assert quality.accuracy > 0.9 > quality.majority
    assert quality.balanced > 0.9
    assert "67 %" in quality.sentence()
    assert learned.score("Great bag, love the strap.") > 0.5
    assert learned.score("It leaks. Waste of money.") < -0.5
    again = learn_sentiment(list(reversed(rated())))
    np.testing.assert_array_equal(again.scores(GOOD), learned.scores(GOOD))


def test_ratings_that_say_nothing_teach_nothing() -> None:
    rng = np.random.default_rng(1)
    words = ["bag", "lamp", "strap", "zip", "light", "desk", "room", "day", "week"]
    mixed = [review(" ".join(rng.choice(words, 6)), float(rng.choice([1, 5])), number=n) for n in range(80)]
    quality = learn_sentiment(mixed).quality
    assert quality.balanced is not None
    assert 0.25 < quality.balanced < 0.75


@pytest.mark.parametrize(
    "reviews",
    [
        [], rated(20), [review(f"Great bag {n}.", 5.0, number=n) for n in range(60)],
        [review("Great bag.", None, number=n) for n in range(60)],
        [review("", 5.0, number=n) for n in range(60)],
        [review("Fine.", 3.0, number=n) for n in range(60)],
    ],
)  # fmt: skip
def test_too_few_ratings_or_one_side_only_leave_it_to_the_lexicon(reviews: list[Review]) -> None:
    judge = learn_sentiment(reviews)
    assert not judge.quality.learned
    assert judge.score("I love it!") > 0
    assert judge.score("The zip broke.") < 0
    assert "word list" in judge.quality.sentence()


# -- quotes ----------------------------------------------------------------------------------------------


def test_quotes_are_whole_positive_sentences_with_rating_day_and_initials() -> None:
    found = choose_quotes(
        [
            review("I use it daily. It is really comfortable and I love it! the zip is nice", 5.0, number=1),
            review("It is the best bag I have owned.", 2.0, number=2),
            review("Great size but the zip broke after a week. The strap is really soft.", 4.0, "", 3),
        ]
    )
    assert {quote.text for quote in found} == {
        "It is really comfortable and I love it!", "The strap is really soft.",
    }  # fmt: skip
    first = next(quote for quote in found if quote.review_id == 1)
    assert first.source == "review by B. L., 5/5, 2024-05-01"
    assert next(quote for quote in found if quote.review_id == 3).source == "review, 4/5, 2024-05-01"


@given(st.text(max_size=160), st.sampled_from([None, 1.0, 4.0, 5.0]))
@settings(max_examples=120, deadline=None)
def test_a_quote_is_always_a_sentence_of_its_review(text: str, rating: float | None) -> None:
    said = f"{text} I love this bag and the strap is great. {text}"
    for quote in choose_quotes([review(said, rating)]):
        assert quote.text in review_sentences(said)
        assert rating != 1.0


def test_a_sentence_that_the_judge_finds_sour_is_not_quoted() -> None:
    said = [review("It is really comfortable and I love it!")]
    assert choose_quotes(said, judge=lambda _text: -0.5) == []
    assert len(choose_quotes(said, judge=lambda _text: 0.9)) == 1


def test_markup_and_numbers_do_not_cut_a_review() -> None:
    assert review_sentences("It holds 3.5&nbsp;litres.<br>I love it!<script>x. y.</script>") == [
        "It holds 3.5 litres.", "I love it!",
    ]  # fmt: skip
    assert quotable("It holds 3.5 litres and I love it.") > 0
    assert quotable("这个包真的很舒服，我很喜欢。", True) > 0
    assert quotable("这个包真的很舒服，我很喜欢。", False) == 0


@pytest.mark.parametrize(
    ("author", "short"),
    [
        ("Bo Lindqvist", "B. L."),
        ("ann", "A."),
        ("王小明", "王**"),
        ("bo.l@shop.example", "B. L."),
        ("", ""),
        ("--", ""),
    ],
)
def test_names_are_kept_as_initials(author: str, short: str) -> None:
    assert initials(author) == short
    assert author not in source_of(review("x", 4.0, author)) or not author


# -- aspects ---------------------------------------------------------------------------------------------


def test_aspects_have_a_sentiment_and_an_example() -> None:
    spoken = [
        "The strap is great.", "I love the strap.", "My strap is sturdy.", "The zipper broke.",
        "The zipper is poor.", "Sadly the zipper is broken.", "It is very comfortable.", "So comfy!",
    ]  # fmt: skip
    nouns = NounCounts()
    for sentence in spoken:
        nouns.add(sentence)
    found = {aspect.name: aspect for aspect in aspects(spoken, learn_sentiment([]), nouns)}
    assert {"strap", "zipper", "comfort"} <= set(found)
    assert found["strap"].mentions == 3
    assert found["strap"].sentiment > 0.3 > -0.3 > found["zipper"].sentiment
    assert found["zipper"].example in spoken
    assert "zipper" in found["zipper"].example
    assert "strap" not in {a.name for a in aspects(spoken, learn_sentiment([]), nouns, {"strap"})}
    assert aspects([], learn_sentiment([]), NounCounts()) == []


def test_aspects_of_chinese_reviews() -> None:
    spoken = ["价格很便宜。", "价格太贵了。", "质量很好，很结实。", "做工不错。"]
    found = {aspect.name for aspect in aspects(spoken, learn_sentiment([]), NounCounts())}
    assert found == {"价格", "质量"}


# -- key phrases -----------------------------------------------------------------------------------------


def rarity(word: str) -> float:
    return 0.5 if word in {"bag", "travel"} else 2.0


def test_key_phrases_name_what_is_special() -> None:
    description = (
        "A bag for travel.\n- Padded laptop sleeve.\n- Dual top handles.\nThe laptop sleeve is removable."
    )
    found = key_phrases([("Harbour Bag", FROM_TITLE), *description_fields(description)], rarity, 4)
    texts = [phrase.text for phrase in found]
    assert any("laptop sleeve" in text for text in texts[:2])
    assert "Dual top handles" in texts
    assert all(text in description for text in texts)
    assert [phrase.score for phrase in found] == sorted((p.score for p in found), reverse=True)


def test_key_phrases_of_chinese_and_mixed_texts() -> None:
    found = [p.text for p in key_phrases([("防滑瑜伽垫，适合在家练习瑜伽。", FROM_TEXT)], rarity, 5)]
    assert any("瑜伽" in text for text in found)
    mixed = [p.text for p in key_phrases([("Yoga 瑜伽垫 with grip surface", FROM_TEXT)], rarity, 5)]
    assert all(text.isascii() != any("\u4e00" <= c <= "\u9fff" for c in text) for text in mixed)


def test_little_said_gives_little() -> None:
    assert key_phrases([], rarity) == []
    assert key_phrases([("", FROM_TITLE), ("of the and", FROM_TEXT)], rarity) == []
    assert key_phrases([("Harbour Bag", FROM_TITLE)], rarity)[0].text.startswith("Harbour")
    once = [("Nice coffee table", FROM_REVIEW), ("Canvas tote", FROM_TEXT)]
    assert "coffee table" not in {p.text for p in key_phrases(once, rarity)}


def test_a_text_of_five_megabytes_is_no_trouble() -> None:
    long = "The canvas bag has a leather strap. " * 140_000
    assert key_phrases([(long, FROM_TEXT)], rarity, 3)
    found = review_sentences(long)
    assert set(found) == {"The canvas bag has a leather strap."}
    assert len(found) > 1000


# -- a library -------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "shop.mmlib") as opened:
        bag, lamp = opened.items.upsert_many(
            [
                NewItem(
                    sku="bag", title="Harbour Bag", description="- Padded laptop sleeve.\n- Leather strap."
                ),
                NewItem(sku="lamp", title="Reading Lamp", description="A warm light."),
            ]
        )
        opened.items.add_reviews(
            [
                NewReview(
                    bag,
                    f"{one.text} Number {one.id}.",
                    author="Bo",
                    rating=one.rating,
                    created_at="2024-05-01",
                )
                for one in rated()
            ]
            + [NewReview(bag, "The strap is really comfortable and I love it!", author="Ann Li", rating=5.0)]
        )
        opened.items.add_reviews([NewReview(lamp, "Nice light.", rating=3.0)])
        yield opened


def test_the_opinion_of_an_item_and_of_a_library(library: Library) -> None:
    features = Features(library, "cpu")
    bag = library.items.skus()["bag"]
    found = features.texts.opinion(bag)
    assert (found.reviews, found.rated) == (61, 61)
    assert found.quality.learned
    assert found.praising == pytest.approx(41 / 61, abs=0.05)
    assert 0.25 < found.complaining < 0.4
    assert "The strap is really comfortable and I love it!" in {quote.text for quote in found.quotes}
    assert features.texts.opinion().reviews == 62
    assert features.texts.quotes(bag, 1)[0].author == "A. L."
    judge = features.texts.sentiment()
    library.items.update(bag, title="Harbour Bag 2")
    assert features.texts.sentiment() is judge
    library.items.add_reviews([NewReview(bag, "Great bag.", rating=5.0)])
    assert features.texts.sentiment() is not judge
    with pytest.raises(NotFound):
        features.texts.opinion(99_999)
    features.close()


def test_key_phrases_of_an_item_before_and_after_extraction(library: Library) -> None:
    features = Features(library, "cpu")
    bag = library.items.skus()["bag"]
    for _ in range(2):
        texts = {phrase.text for phrase in features.texts.key_phrases(bag)}
        assert {"Padded laptop sleeve", "Leather strap"} <= texts
        run_inline(features.work(extractor="tfidf-svd"))
    with pytest.raises(NotFound):
        features.texts.key_phrases(99_999)
    assert features.texts.of_item(library.items.skus()["lamp"]).opinion is not None
    features.close()


def test_a_library_without_reviews(tmp_path: Path) -> None:
    with Library.create(tmp_path / "empty.mmlib") as library:
        features = Features(library, "cpu")
        found = features.texts.opinion()
        assert (found.reviews, found.sentiment, found.aspects, found.quotes) == (0, None, [], [])
        (item,) = library.items.upsert_many([NewItem(sku="1", title="Lamp")])
        assert features.texts.of_item(item).opinion is None
        features.close()
