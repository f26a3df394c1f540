"""Copy rests on facts, reads well, and never invents."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.generation.copywriting.facts import attributes_of, category_of, facts_of
from mmstudio.generation.copywriting.lines import CALL, HEADLINE, LINE, CopyLine, FactsWriter, shorten, weight
from mmstudio.generation.price import format_price
from mmstudio.library import Audience, Item, Review

WRITER = FactsWriter()


def item(**fields: object) -> Item:
    plain: dict[str, object] = {
        "id": 1, "sku": "A1", "title": "Harbour Bag", "description": "", "price": 34.0, "currency": "USD",
        "category": "Gear > Bags", "url": "", "attributes": {},
    }  # fmt: skip
    return Item(**{**plain, **fields})  # type: ignore[arg-type]


def review(text: str, rating: float | None = 5.0, author: str = "Bo") -> Review:
    return Review(1, 1, author, rating, "", text, None)


def audience(locale: str = "en", brief: str = "") -> Audience:
    return Audience(1, "A", brief, locale, "", {}, [], [], {})


DESCRIPTION = """A roomy bag for two days away.
- Padded shoulder strap.
- Wipes clean in a moment.
- Machine wash/dry.
- L 29" x W 13" x H 11"."""


def test_lines_are_phrases_of_the_description() -> None:
    line = WRITER.one_liner(item(description=DESCRIPTION))
    assert line.text == "Padded shoulder strap. Wipes clean in a moment."
    assert line.facts == ["description: Padded shoulder strap.", "description: Wipes clean in a moment."]
    assert WRITER.headline(item()) == CopyLine("Harbour Bag", ["title: Harbour Bag"])


def test_the_audience_decides_what_comes_first() -> None:
    made = item(description="- Fits under an aeroplane seat.\n- Made for muddy dogs and muddy boots.")
    line = WRITER.one_liner(made, [], audience(brief="dog owners with muddy boots"))
    assert "muddy" in line.text.split(". ")[0] or line.text.startswith("Made for muddy")


def test_attributes_serve_when_there_is_no_description() -> None:
    made = item(attributes={"material": "Nylon | Polyester", "features_bags": "Waterproof", "tax_class": "x"})
    assert WRITER.one_liner(made).text == "Nylon · Polyester · Waterproof"
    assert WRITER.one_liner(made, [], audience("zh_CN")).text == "尼龙 · 涤纶 · 防水"


def test_shop_plumbing_is_no_fact() -> None:
    made = item(
        attributes={
            "product_websites": "base",
            "additional_attributes": "has_options=1,material=Wool|Cotton&reg;,sale=No",
            "out_of_stock_qty": "0",
            "base_image": "/m/h.jpg",
            "eco": "yes",
        }
    )
    assert attributes_of(made) == {"material": ["Wool", "Cotton®"]}


def test_categories_are_the_last_step_that_means_something() -> None:
    assert category_of(item()) == "Bags"
    assert category_of(item(category="Gear > Bags > Collections > New")) == "Bags"
    assert category_of(item(category="")) == ""
    assert (
        category_of(item(category="", attributes={"categories": "Default Category/Men/Tops,Other"})) == "Tops"
    )


@pytest.mark.parametrize(
    ("text", "rating", "kept"),
    [
        ("It's really roomy and I love it!", 5.0, True),
        ("It's really roomy and I love it!", 2.0, False),
        ("I love it but the zip broke.", 5.0, False),
        ("LOVE IT LOVE IT LOVE IT SO MUCH!", 5.0, False),
        ("great", 5.0, False),
        ("Not soft at all.", 5.0, False),
        ("这个包真的很好用，我很喜欢它。", 5.0, False),
    ],
)
def test_only_whole_good_sentences_are_quoted(text: str, rating: float, kept: bool) -> None:
    quote = WRITER.quote(item(), [review(text, rating)])
    assert (quote.text == text) is kept
    if not kept:
        assert quote == CopyLine("") or quote.text in text


def test_a_quote_keeps_its_source_and_is_never_cut() -> None:
    said = Review(
        1, 1, "Bo Lindqvist", 5.0, "", "It holds 3.5 litres and I love it! so good", "2024-05-01T08:00:00"
    )
    quote = WRITER.quote(item(), [said])
    assert quote.text == "It holds 3.5 litres and I love it!"
    assert quote.facts == [f"review by B. L., 5/5, 2024-05-01: {quote.text}"]


def test_a_learned_judge_decides_what_is_content() -> None:
    said = [review("It's really roomy and I love it!")]
    assert FactsWriter(lambda _text: 0.9).quote(item(), said).text
    assert FactsWriter(lambda _text: -0.9).quote(item(), said) == CopyLine("")


def test_chinese_reviews_and_calls_for_chinese_readers() -> None:
    reader = audience("zh_CN")
    assert WRITER.quote(item(), [review("这个包真的很舒服，我很喜欢。")], reader).text.startswith("这个包")
    assert WRITER.call_to_action(item(), [], reader).text == "立即选购"
    assert WRITER.call_to_action(item(category="背包"), [], reader).text == "选购背包"
    assert WRITER.call_to_action(item(price=None), [], reader).text == "了解更多"
    assert WRITER.call_to_action(item(price=None)).text == "Learn more"


def test_a_line_in_another_language_is_not_passed_off() -> None:
    made = item(description="- 轻便防水面料。", attributes={"材质": "帆布"})
    assert WRITER.one_liner(made).text != "轻便防水面料。"
    assert WRITER.one_liner(made, [], audience("zh")).text == "轻便防水面料。"


def test_the_catalogues_own_translation_is_used() -> None:
    made = item(
        title="Clay Mug", attributes={"title_zh": "陶土马克杯", "description_zh": "圆润杯身，容量400毫升。"}
    )
    reader = audience("zh_CN")
    assert WRITER.headline(made, [], reader).text == "陶土马克杯"
    assert WRITER.one_liner(made, [], reader).text == "圆润杯身，容量400毫升。"
    assert WRITER.headline(made).text == "Clay Mug"
    assert WRITER.one_liner(made) == CopyLine("")


def test_nothing_known_gives_nothing() -> None:
    bare = item(title="", price=None, category="", sku="X-9")
    assert WRITER.headline(bare).text == "X-9"
    assert WRITER.one_liner(bare) == CopyLine("")
    assert WRITER.price(bare) == CopyLine("")
    assert WRITER.eyebrow(bare) == CopyLine("")


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=120)


@settings(max_examples=80, deadline=None)
@given(words, words, words, st.sampled_from(["en", "zh_CN", "de"]))
def test_never_longer_than_its_limit_and_never_a_word_of_its_own(
    title: str, description: str, said: str, locale: str
) -> None:
    made = item(title=title, description=description)
    reader = audience(locale)
    known = " ".join(f.text for f in facts_of(made, [review(said)])) + " · “”。. …" + made.sku
    for line, limit in (
        (WRITER.headline(made, [], reader), HEADLINE),
        (WRITER.one_liner(made, [review(said)], reader), LINE + 2),
        (WRITER.call_to_action(made, [], reader), CALL),
    ):
        assert weight(line.text) <= limit + 1
        assert not any(ord(c) < 32 for c in line.text)
    text = WRITER.one_liner(made, [review(said)], reader).text
    for word in re.findall(r"[^\W\d_]{3,}", text):
        assert word.lower() in known.lower()


def test_shortening_ends_at_a_word() -> None:
    assert shorten("one two three four", 12) == "one two…"
    assert shorten("春江潮水连海平", 9) == "春江潮水…"
    assert shorten("short", 10) == "short"


@pytest.mark.parametrize(
    ("price", "currency", "locale", "text"),
    [
        (34, "USD", "en_US", "$34"),
        (34.5, "USD", "en", "$34.50"),
        (1299.5, "EUR", "de_DE", "1.299,50\u00a0€"),
        (1299, "EUR", "en_GB", "€1,299"),
        (99, "CNY", "zh_CN", "¥99"),
        (99, "USD", "zh_CN", "US$99"),
        (99, "CNY", "en", "CN¥99"),
        (1500.4, "JPY", "ja", "¥1,500"),
        (12, "CHF", "en", "CHF\u00a012"),
        (5, "XYZ", "en", "XYZ\u00a05"),
        (5, "", "en", "5"),
        (None, "USD", "en", ""),
        (-1, "USD", "en", ""),
        (float("nan"), "USD", "en", ""),
    ],
)
def test_prices_are_written_as_people_write_them(
    price: float | None, currency: str, locale: str, text: str
) -> None:
    assert format_price(price, currency, locale) == text


def test_scripts_and_styles_are_never_copy() -> None:
    hostile = "<style>b{color:red}</style>Soft wool.\n<script>\nalert(3)\n</script>\n<script>steal()"
    words = " ".join(
        fact.text for fact in facts_of(item(title="Scarf<script>alert(1)</script>", description=hostile))
    )
    assert "Soft wool" in words
    assert not re.search(r"alert|steal|color", words)
