"""The guard holds every figure, material, colour and claim against the item's facts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.generation.copywriting.contract import Brand, BrandRule
from mmstudio.generation.copywriting.guard import LONGEST, blocking, check
from support.copy import BAG, BARE, brand_of, held, marks


@pytest.mark.parametrize(
    "text",
    [
        "Yours for $45.", "It costs 45.00 USD.", "US$45", "forty-five dollars", "售价45美元",
        "四十五美元", "Under $50.",
        "29 inches long, 13 inches wide and 11 inches high.", "73.7 cm long", "29 x 13 x 11 inches",
        '11" tall',
        "340 g", "0.34 kg", "twelve ounces", "重340克", "It weighs 12 oz.",
        "60% cotton and 40% polyester", "sixty percent cotton", "cotton 60%", "棉60%", "百分之六十棉",
        "three colours", "3 colors", "三种颜色", "four pockets", "四个口袋", "two front pockets",
        "up to 15 hours", "最长15小时", "sizes S to XL", "since 1998", "made in Portugal",
        "Portuguese made",
        "organic cotton", "cotton", "有机棉", "nylon", "尼龙", "navy blue", "藏青", "in blue",
        "Waterproof", "防水",
        "1-year warranty", "one-year limited warranty", "A roomy bag for two days away.",
        "“Holds 3 bottles of water!”", "１２ oz", "٤٥ USD",
    ],
)  # fmt: skip
def test_what_a_fact_says_is_supported_in_other_words_too(text: str) -> None:
    found = marks(text)
    assert not blocking(found), [(span.kind, span.text) for span in blocking(found)]
    assert found or text.startswith("A roomy")
    assert all(span.fact for span in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yours for $49.", "$49"), ("45 EUR", "45 EUR"), ("Under $40.", "$40"), ("¥45", "¥45"),
        ("一百元", "一百元"),
        ("13 inches long", "13 inches"), ("29 cm wide", "29 cm"),
        ("29 x 13 x 12 inches", "29 x 13 x 12 inches"),
        ("350 g", "350 g"), ("14 oz", "14 oz"), ("重500克", "500克"),
        ("40% cotton", "40%"), ("60% polyester", "60%"), ("twenty percent off", "twenty percent"),
        ("八折", "八折"),
        ("five colours", "five"), ("three pockets", "three"), ("五个口袋", "五"),
        ("over 15 hours", "15 hours"),
        ("15 hours of light", "15 hours"), ("half the weight", "half"),
        ("sizes S to XXL", "sizes S to XXL"),
        ("since 1897", "1897"), ("2-year warranty", "2-year"), ("made in Italy", "made in Italy"),
        ("意大利进口", "意大利进口"), ("merino wool", "merino wool"), ("genuine leather", "leather"),
        ("羊毛", "羊毛"),
        ("in red", "red"), ("pure cotton", "cotton"), ("windproof", "windproof"),
        ("free shipping", "free shipping"),
        ("包邮", "包邮"), ("the best bag", "best"), ("the lightest of all", "lightest"),
        ("最轻", "最轻"),
        ("clinically proven", "clinically proven"), ("BPA-free", "BPA-free"),
        ("award-winning", "award-winning"),
        ("better than others", "better than"), ("lifetime warranty", "lifetime"), ("only 3 left", "3"),
        ("IP67", "IP67"), ("UPF 50+", "50"), ("loved by thousands", "thousands"),
        ("TechWeave®", "TechWeave®"),
        ("holds 3 bottles", "3"), ("全球领先", "全球领先"), ("World's number one", "World's number one"),
        ("全球第一的背包", "全球第一"), ("全国销量第一", "全国销量第一"), ("行业第一", "行业第一"),
        ("连续三年销量第一", "销量第一"), ("中国第一品牌", "中国第一"), ("口碑稳居第一", "稳居第一"),
        ("全球第1", "全球第1"), ("市场占有率第一", "占有率第一"), ("業界第一", "業界第一"),
    ],
)  # fmt: skip
def test_what_no_fact_says_is_not_supported(text: str, words: str) -> None:
    found = held(text)
    assert found
    assert any(words in one or one in words for one in found), found


@pytest.mark.parametrize(
    "text",
    [
        "Do your best and take a look.", "One of those days. Every one of us.",
        "Step 1: open it.\nStep 2: close it.",
        "1. First this\n2. Then that", "Scene 1 (0:00-0:05)", "十分喜欢，四季都好，千万别错过",
        "They rose early.", "第3幕",
        "第一步：打开它。", "第一章", "第一次就喜欢上它", "第一眼就爱上",
        "这是我的第一天", "进入全球市场的第一步", "把它放在第一位",
        "Read this twice.", "Nothing to see", "In the forest, with interest",
    ],
)  # fmt: skip
def test_words_that_claim_nothing_are_left_alone(text: str) -> None:
    assert marks(text, None) == []


def test_spans_say_where_what_and_by_which_fact() -> None:
    text = "Navy nylon for $45, now windproof."
    found = marks(text)
    assert [(text[s.start : s.end], s.kind, s.status) for s in found] == [
        ("Navy", "colour", "supported"),
        ("nylon", "material", "supported"),
        ("$45", "price", "supported"),
        ("windproof", "claim", "unsupported"),
    ]
    assert [s.fact for s in found] == ["color: Navy", "material: Nylon", "price: 45 USD", ""]
    assert all(s.text == text[s.start : s.end] for s in found)


def test_reviews_support_only_what_is_quoted_of_them() -> None:
    assert held("“Holds 3 bottles of water!”") == []
    assert held("It has room for 3 bottles.") == ["3"]


def test_a_kind_supports_the_whole_and_not_the_reverse() -> None:
    assert held("Made of cotton.") == []
    assert held("Made of pima cotton.") == ["pima cotton"]
    assert held("A leather bag") == ["leather"]


def test_the_brands_rules_come_before_facts() -> None:
    brand = brand_of(("ban", "roomy"), ("allow", "free shipping"), ("ban", "nylon"), ("allow", "Nylon"))
    found = marks("A roomy nylon bag with free shipping.", brand=brand)
    assert [(s.text, s.status) for s in found] == [
        ("roomy", "banned"),
        ("nylon", "supported"),
        ("free shipping", "supported"),
    ]
    assert found[2].fact == "brand: free shipping"
    assert [s.status for s in marks("A broomy roominess.", brand=brand)] == []


def test_a_required_sentence_is_missed_once_and_only_where_it_is_needed() -> None:
    brand = Brand(
        (BrandRule("require", "Terms apply.", "en", "warranty"), BrandRule("require", "广告", "zh"))
    )
    [_, _, missing] = marks("A 1-year warranty.", brand=brand)
    assert (missing.status, missing.text, missing.start) == ("missing", "Terms apply.", 18)
    assert not blocking(marks("A 1-year warranty. terms  apply", brand=brand))
    assert not blocking(marks("A bag.", brand=brand))
    assert [s.text for s in marks("一个包", locale="zh_CN", brand=brand)] == ["广告"]


def test_nothing_is_known_of_nothing() -> None:
    assert held("The X-100.", BARE) == []
    assert held("The X-200 in red.", BARE) == ["X-200", "red"]
    assert held("For $45", None) == ["$45"]


@pytest.mark.parametrize(
    "text", ["", " ", "a", "🙂🙂🙂", "שלום עולם", "حقيبة بسعر ٩٩ USD", "\x00\x01", "\ud800"]
)
def test_odd_texts_are_read(text: str) -> None:
    for span in marks(text):
        assert text[span.start : span.end] == span.text
    assert ("٩٩ USD" in held(text)) is ("٩٩" in text)


def test_a_line_of_a_megabyte_is_checked_in_front_and_held() -> None:
    started = time.process_time()
    found = check("cotton 12 " * 100_000, [], "en")
    assert (found[-1].start, found[-1].status) == (LONGEST, "unsupported")
    assert time.process_time() - started < 30


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_spans_are_in_order_and_never_overlap(text: str) -> None:
    found = marks(text)
    for one, other in pairwise(found):
        assert one.end <= other.start
    assert all(0 <= s.start < s.end <= len(text) and s.text == text[s.start : s.end] for s in found)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9999), st.sampled_from(["${n}", "{n} USD", "{n} dollars", "{n}美元", "US${n}.00"]))
def test_only_the_items_price_is_supported(price: int, form: str) -> None:
    assert bool(held(f"Now {form.format(n=price)}.")) is (price != BAG.price)


@pytest.mark.parametrize(
    "text",
    ["Free   shipping", "Free\u00a0 shipping", "Free ship\u00adping", "F\u200bree shipping", "FREE SHIPPING"],
)
def test_spaces_and_invisible_characters_hide_nothing(text: str) -> None:
    [span] = marks(text)
    assert (span.start, span.end, span.text) == (0, len(text), text)
