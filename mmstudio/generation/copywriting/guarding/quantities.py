"""Numbers with what they count: prices, percentages, measures, dates, sizes and bare counts of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from mmstudio.generation.copywriting.guarding.folding import HAN, words_of
from mmstudio.generation.copywriting.guarding.numerals import Numeral, numerals
from mmstudio.generation.copywriting.guarding.units import PERCENT, Unit, currency_at, unit_at, unit_named
from mmstudio.generation.copywriting.guarding.vocabulary import counted_nouns, named

if TYPE_CHECKING:
    from collections.abc import Iterator

Bound = Literal["", "over", "under", "upto"]
QuantityKind = Literal["number", "price", "percentage", "measure", "size", "date"]

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join([*_MONTHS, *(rf"{m[:3]}\.?" for m in _MONTHS if m != "may"), r"sept\.?"])
_DATES = [
    re.compile(r"(?P<y>(?:19|20)\d\d)[-/.年](?P<m>1[0-2]|0?[1-9])(?:[-/.月](?P<d>3[01]|[12]\d|0?[1-9])日?|月)(?!\d)"),
    re.compile(rf"\b(?P<mn>{_MONTH})\s(?P<d>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?(?:,?\s(?P<y>(?:19|20)\d\d))?(?!\d)"),
    re.compile(rf"\b(?P<d>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?\s(?:of\s)?(?P<mn>{_MONTH})(?:,?\s(?P<y>(?:19|20)\d\d))?(?![a-z\d])"),
    re.compile(rf"\b(?P<mn>{_MONTH})\s(?P<y>(?:19|20)\d\d)(?!\d)"),
    re.compile(r"(?P<m>1[0-2]|0?[1-9])月(?P<d>3[01]|[12]\d|0?[1-9])[日号]"),
    re.compile(r"(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])/(?P<y>(?:19|20)\d\d)(?!\d)"),
    re.compile(r"(?:\b(?:since|in|from|est\.?|established|founded|of|by|until|before|after|year)\s|©\s?)(?P<y>(?:19|20)\d\d)(?![\d.,/]?\d|\s?(?:%|x\b))"),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)年"),
]  # fmt: skip
_LETTER_SIZE = r"(?:xxxl|xxl|xl|xxs|xs|[2-6]xl|small|medium|large|extra[- ](?:small|large)|[sml])"
_SIZES = re.compile(
    rf"\bsizes?:?\s(?P<a>{_LETTER_SIZE}(?:(?:\s?[-–/,]\s?|\s(?:to|and|through|or)\s){_LETTER_SIZE})*)(?![a-z'])"
    rf"|(?<![a-z'])(?P<b>(?:xs|s|m|l)(?:\s?[-–/]\s?(?:s|m|l|xl|xxl|xxxl|[2-6]xl))+)(?![a-z'])"
    rf"|(?<![a-z'])(?P<c>xxxl|xxl|xl|xxs|xs|[2-6]xl)(?![a-z'])"
    rf"|\bsizes?:?\s(?P<d>\d{{1,2}}(?:\.5)?(?:\s?(?:[-–]|to)\s?\d{{1,2}}(?:\.5)?)?)(?![\d%\"'])"
    rf"|(?P<e>[smlx]{{1,3}})\s?[码号]|(?P<f>\d{{2}}(?:\.5)?)\s?[码号]|(?P<g>均码|one size fits "
    rf"(?:all|most)|one[- ]size|大码|加大码)"
)
_SIZE_NAMES = {
    "small": "s",
    "medium": "m",
    "large": "l",
    "extra small": "xs",
    "extra large": "xl",
    "one size": "均码",
}
_SKIP = re.compile(
    r"^[ \t]*(?:[#>*•·-]+[ \t]*)?\(?\d{1,2}[.)、:][ \t)]"  # list numbers
    r"|\b(?:scene|step|act|part|lesson|chapter|day|shot|take|slide|section|unit|module|question|exercise)\s(?:\d{1,2}|one|two|three|four|five|six)\b(?!\s?(?:%|percent))"
    r"|第\s?[\d一二三四五六七八九十]{1,3}\s?[步幕场章节课部分集天页]|场景\s?[\d一二三四五六七八九十]{1,2}|步骤\s?[\d一二三四五六七八九十]{1,2}"
    r"|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?:\s?[-–]\s?\d{1,2}:\d\d(?::\d\d)?)?"  # time codes
    r"|\bone (?:of|another|by one|day|thing|more|and|that|who|with)\b|\b(?:no|any|every|some|each"
    r"|this|that|the|which) one\b"
    r"|^[ \t]*[一二三四五六七八九十]{1,3}[、.]",
    re.MULTILINE,
)
_CODE = re.compile(
    r"(?<![a-z0-9_$€£¥])(?!(?:us|ca|rmb|usd|eur|gbp|cny)\d)(?![lwhdx]\d)[a-z]{1,6}-?\d+[a-z0-9]*\+?|(?<![\w.])\d+(?:k|g|d|x)(?![a-z\d])"
)
_OVER = re.compile(
    r"(?:\b(?:over|more than|at least|upwards of|exceed(?:s|ing)?|minimum(?: of)?|beyond|above)"
    r"|超过|至少|不少于|高于|多于)\s?[$€£¥]?$"
)
_UNDER = re.compile(
    r"(?:\b(?:under|less than|below|fewer than|no more than|at most)|不到|低于|少于|不超过)\s?[$€£¥]?$"
)
_UPTO = re.compile(r"(?:\bup to(?: an?)?|\bas (?:much|many|long) as|最多|最长|最高|可达|高达)\s?[$€£¥]?$")
_JOIN = re.compile(r"\s?(?:[x×*]|by|乘)\s?")
_RANGE = re.compile(r"\s?(?:-|–|—|~|to|through|至|到)\s?")
_LABEL_BEFORE = re.compile(
    r"(?:(?<![a-z])(?P<l>l)|(?<![a-z])(?P<w>w)|(?<![a-z])(?P<h>h)|(?<![a-z])(?P<d>d)"
    r"|(?P<l2>length(?: of| is)?|长度?|长约?)|(?P<w2>width(?: of| is)?|宽度?)|(?P<h2>height(?: of| "
    r"is)?|高度?)|(?P<d2>depth(?: of| is)?|深度?)"
    r"|(?P<i2>inseam(?: of| is)?|内长)|(?P<r2>diameter(?: of| is)?|直径))\s?[:=]?\s?(?:约\s?)?$"
)
_LABEL_AFTER = re.compile(
    r"\s?-?(?:(?P<l>long\b|in length|length\b|l(?![a-z]))|(?P<w>wide\b|in width|width\b|across\b|w(?![a-z]))"
    r"|(?P<h>high\b|tall\b|in height|height\b|h(?![a-z]))|(?P<d>deep\b|in depth|depth\b|d(?![a-z]))"
    r"|(?P<i>inseam\b)|(?P<r>in diameter|diameter\b))|\s?(?:(?P<l2>长)|(?P<w2>宽)|(?P<h2>高)|(?P<d2>深))"
)
_CLAUSE = re.compile(r"[\n;!?。；！？•|()（）]|\.(?=\s|$)|,(?!\d)|，|、|\s[-–—]\s")
_HAN_COUNTED = re.compile(
    r"[个只条件种色层袋米年月天岁周小倍口段步套双对块片支季粒档挡门孔人位扣按球瓶包盒款级章集页元折成向面升克公千毫厘分秒盎磅斤英瓦伏轮码%]"
)
_WINDOW = 40  # characters looked at on either side for what is counted


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number (or several that belong together) with what it says.

    Attributes:
        unit: dimension of a measure, "" for counts; codes: currencies of a price.
        values: per number what it may be, in base units; step: half of its last digit, in base units.
        exact: factor of the unit as written, to compare without rounding what is in the same unit.
        before, after: stems of the words around, within the clause and up to the next number.
        label: l, w, h, d, i (inseam), r (diameter) or "": which side is measured.
        bound: "over", "under", "upto" where the text says so.
        material: the material a percentage is of, "" for none.
        key: dates as (year, month, day), sizes as names, codes as written.
    """

    start: int
    end: int
    kind: QuantityKind
    values: tuple[tuple[float, ...], ...] = ()
    unit: str = ""
    codes: frozenset[str] = frozenset()
    step: float = 0.0
    exact: float = 1.0
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    label: str = ""
    bound: Bound = ""
    material: str = ""
    key: tuple[str, ...] = ()
    form: str = "digits"
    labels: tuple[str, ...] = field(default=())


def quantities(folded: str, column: str = "") -> list[Quantity]:
    """Every quantity of a folded text, in order.

    Args:
        column: name of the column a fact is from; it counts as words before, and may name the unit.
    """
    taken: list[tuple[int, int]] = [match.span() for match in _SKIP.finditer(folded)]
    found: list[Quantity] = []
    for quantity in (*_dates(folded), *_sizes(folded), *_codes(folded)):
        if _free(taken, quantity.start, quantity.end):
            taken.append((quantity.start, quantity.end))
            found.append(quantity)
    taken.sort()
    numbers = _outside(numerals(folded), taken)
    found += _counted(folded, numbers, column)
    return sorted(found, key=lambda quantity: quantity.start)


def _free(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    return all(end <= low or start >= high for low, high in taken[-200:])


def _outside(numbers: list[Numeral], taken: list[tuple[int, int]]) -> list[Numeral]:
    """Numbers that overlap nothing taken; both are in order."""
    kept: list[Numeral] = []
    at = 0
    for number in numbers:
        while at < len(taken) and taken[at][1] <= number.start:
            at += 1
        if at == len(taken) or taken[at][0] >= number.end:
            kept.append(number)
    return kept


def _dates(folded: str) -> Iterator[Quantity]:
    for pattern in _DATES:
        for match in pattern.finditer(folded):
            parts = match.groupdict()
            month = parts.get("m") or ""
            if name := parts.get("mn"):
                month = str(next(n for n, m in enumerate(_MONTHS, 1) if m[:3] == name[:3]))
            key = (parts.get("y") or "", month.lstrip("0"), (parts.get("d") or "").lstrip("0"))
            start = match.start("y") if not month and not key[2] else match.start()
            yield Quantity(start, match.end(), "date", key=key)


def _sizes(folded: str) -> Iterator[Quantity]:
    for match in _SIZES.finditer(folded):
        said = match.group(match.lastgroup or 0)
        names = [part.strip() for part in re.split(r"\s?[-–/,]\s?|\s(?:to|and|through|or)\s", said)]
        key = tuple(_SIZE_NAMES.get(name.replace("-", " "), name) for name in names)
        if match.lastgroup == "g" and "one" in said:
            key = ("均码",)
        yield Quantity(match.start(), match.end(), "size", key=key)


def _codes(folded: str) -> Iterator[Quantity]:
    for match in _CODE.finditer(folded):
        if unit_at(folded, re.match(r"\d*", match.group()).end() + match.start()) is None:  # type: ignore[union-attr]
            yield Quantity(match.start(), match.end(), "number", key=(match.group().replace("-", ""),))


def _counted(folded: str, numbers: list[Numeral], column: str) -> list[Quantity]:
    spans: list[Quantity] = []
    for at, number in enumerate(numbers):
        one = _one(folded, number, column)
        if one is None:
            continue
        low = numbers[at - 1].end if at else 0
        high = numbers[at + 1].start if at + 1 < len(numbers) else len(folded)
        spans.append(_placed(folded, one, low, high, column))
    return _bound_materials(folded, _joined(folded, spans))


def _one(folded: str, number: Numeral, column: str) -> Quantity | None:
    """A number with its unit, or None where it counts nothing (a lone "one", 一)."""
    start, end, values = number.start, number.end, number.values
    if share := _han_share(folded, number):
        return share
    if percent := PERCENT.match(folded, end):
        return Quantity(start, percent.end(), "percentage", (values,), step=number.step, form=number.form)
    if number.form != "multiple" and (price := currency_at(folded, start, end)):
        codes, low, high = price
        cents = folded[end:high].strip().startswith("cent")
        shown = tuple(v / 100 for v in values) if cents else values
        return Quantity(low, high, "price", (shown,), codes=codes, step=0.005, form=number.form)
    spelled = number.form in ("word", "han", "multiple")
    measured = unit_at(folded, end, spelled) if number.form != "multiple" or folded[start] == "h" else None
    if measured is not None:
        unit, high = measured
        return _measure(start, high, number, unit)
    if number.form == "han" and not _counts(folded, number):
        return None
    if values in ((1.0,), (0.0,)) and number.form in ("word", "han") and folded[end : end + 1] != "-":
        return None
    if column and number.form == "digits" and (unit_of := unit_named(column)):
        return _measure(start, end, number, unit_of)
    return Quantity(start, end, "number", (values,), step=0.0, form=number.form)


def _measure(start: int, end: int, number: Numeral, unit: Unit) -> Quantity:
    values = tuple(value * unit.factor + unit.offset for value in number.values)
    return Quantity(
        start, end, "measure", (values,), unit=unit.dimension, step=number.step * unit.factor,
        exact=unit.factor, form=number.form,
    )  # fmt: skip


def _han_share(folded: str, number: Numeral) -> Quantity | None:
    """百分之二十, 两成 and 八折 (a fifth off) as percentages."""
    head = folded[max(number.start - 3, 0) : number.start]
    if head == "百分之":
        return Quantity(number.start - 3, number.end, "percentage", (number.values,), form=number.form)
    if number.form == "han" and folded.startswith("百分之", number.start):
        return None
    after = folded[number.end : number.end + 1]
    if after == "折":
        tenths = number.values[0] if number.values[0] < 10 else number.values[0] / 10
        off = round(100 - tenths * 10, 6)
        return Quantity(
            number.start, number.end + 1, "percentage", ((off,),), form=number.form, after=("discount",)
        )
    if after == "成" and folded[number.end : number.end + 2] not in ("成为", "成分"):
        return Quantity(
            number.start, number.end + 1, "percentage", ((number.values[0] * 10,),), form=number.form
        )
    return None


def _counts(folded: str, number: Numeral) -> bool:
    text = folded[number.start : number.end]
    after = folded[number.end : number.end + 1]
    if folded.startswith("百分之", number.end - 1) or (
        number.start and folded[number.start - 1] in "第每另同万"
    ):
        return False
    return bool(_HAN_COUNTED.match(after)) and (len(text) > 1 or text not in "一百千万亿零")


def _placed(folded: str, one: Quantity, low: int, high: int, column: str) -> Quantity:
    """The quantity with the words around it, its label and its bound."""
    head = folded[max(low, one.start - _WINDOW) : one.start]
    tail = folded[one.end : min(max(high, one.end), one.end + _WINDOW)]
    bound: Bound = ""
    if _OVER.search(head) or re.match(
        r"\s?\+|\s?(?:以上|or more|plus\b|and up\b)", folded[one.end : one.end + 9]
    ):
        bound = "over"
    elif _UNDER.search(head) or re.match(r"以下|以内", folded[one.end : one.end + 2]):
        bound = "under"
    elif _UPTO.search(head):
        bound = "upto"
    label = ""
    if one.unit == "length":
        found = _LABEL_AFTER.match(folded, one.end) or _LABEL_BEFORE.search(head)
        label = (found.lastgroup or "")[:1] if found else ""
    clauses = _CLAUSE.split(head)
    before = _near(clauses[-1])[-4:]
    if column:
        before = (*words_of(column.lower()), *before)
    after = one.after or _near(_CLAUSE.split(tail)[0])[:4]
    return replace(one, before=tuple(before), after=tuple(after), label=label, bound=bound)


def _near(piece: str) -> tuple[str, ...]:
    """Stems of a clause; of Han text the nouns that both languages count, else pairs of characters."""
    found = words_of(piece)
    han = "".join(HAN.findall(piece))
    if han:
        found += [noun for word, noun in counted_nouns().items() if word in han]
        found += [han[i : i + 2] for i in range(min(len(han) - 1, 8))]
    return tuple(found)


def _joined(folded: str, spans: list[Quantity]) -> list[Quantity]:
    """10 x 20 cm and 10-15 km become one quantity with several values in the unit that is given."""
    result: list[Quantity] = []
    for one in spans:
        last = result[-1] if result else None
        if (
            last is not None
            and last.kind not in ("date", "size")
            and one.kind in ("number", last.kind, "measure", "price", "percentage")
        ):
            between = folded[last.end : one.start]
            between = re.sub(r"^\s?[lwhd](?![a-z])", "", between)
            between = re.sub(r"(?<![a-z])[lwhd]\s?:?$", "", between)
            times = _JOIN.fullmatch(between)
            ranged = _RANGE.fullmatch(between) and last.form != "multiple"
            if (times or ranged) and (joined := _join(last, one)):
                result[-1] = joined
                continue
        result.append(one)
    return result


def _join(last: Quantity, one: Quantity) -> Quantity | None:
    first, second = last, one
    if first.kind == "number" and second.kind != "number" and not first.key:
        scale = second.exact if second.kind == "measure" else 1.0
        first = replace(
            first, kind=second.kind, unit=second.unit, codes=second.codes, exact=second.exact,
            values=tuple(tuple(v * scale for v in options) for options in first.values),
        )  # fmt: skip
    elif second.kind == "number" and first.kind == "measure" and not second.key:
        second = replace(
            second, kind="measure", unit=first.unit, exact=first.exact,
            values=tuple(tuple(v * first.exact for v in options) for options in second.values),
        )  # fmt: skip
    elif second.kind == "number" and first.kind == "price":
        second = replace(second, kind="price", codes=first.codes)
    if first.kind != second.kind or first.unit != second.unit or first.key or second.key:
        return None
    return replace(
        second,
        start=first.start,
        values=first.values + second.values,
        codes=first.codes & second.codes or second.codes,
        before=first.before,
        step=max(first.step, second.step),
        label="",
        labels=((*first.labels, second.label) if first.labels else (first.label, second.label)),
        bound=first.bound,
    )


def _bound_materials(folded: str, spans: list[Quantity]) -> list[Quantity]:
    """Give every percentage its material: 60% cotton / 40% polyester, cotton 60%, 棉60%涤纶40%."""
    shares = [q for q in spans if q.kind == "percentage"]
    if not shares:
        return spans
    known = named(folded, "material")
    stops = [0, *(m.end() for m in re.finditer(r"[\n;。；!?]|\.(?=\s)", folded)), len(folded) + 1]
    given: dict[int, str] = {}
    for low, high in pairwise(stops):
        here = [q for q in shares if low <= q.start < high]
        there = [m for m in known if low <= m.start < high]
        if not here or not there:
            continue
        close = any(here[-1].end <= m.start < here[-1].end + 15 for m in there)
        led = there[0].start < here[0].start and not close  # cotton 60%, polyester 40%
        for at, share in enumerate(here):
            limit = here[at + 1].start if at + 1 < len(here) else high
            follows = [m.name for m in there if share.end <= m.start < limit]
            leads = [m.name for m in there if m.end <= share.start]
            if follows and not (led and leads):
                given[share.start] = follows[0]
            elif leads:
                given[share.start] = leads[-1]
    return [replace(q, material=given.get(q.start, "")) for q in spans]
