"""Texts that answer something: replies, summaries of figures, explanations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mmstudio.features.texts.lexicon import polarity
from mmstudio.generation.copywriting.guarding.folding import HAN, fold, words_of
from mmstudio.generation.copywriting.lines import weight
from mmstudio.generation.copywriting.writing.pieces import Piece, Pieces, Told, tidy

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief, Context

# What a question is about → columns that answer it, in both languages.
_TOPICS: dict[str, tuple[str, ...]] = {
    r"cost|price|how much|expensive|多少钱|价格|贵": ("price",),
    r"material|fabric|made (?:of|from)|leather|cotton|材质|面料|什么做": (
        "material",
        "fabric",
        "材质",
        "面料",
    ),
    r"colou?r|颜色|色": ("color", "colour", "颜色"),
    r"size|big|fit|dimension|long|wide|tall|尺寸|多大|尺码|大小": (
        "size",
        "length",
        "width",
        "height",
        "尺寸",
        "fits",
    ),
    r"weigh|heavy|重": ("weight", "重量"),
    r"use|for what|where|occasion|用途|场合|适合": ("activity", "climate", "场合", "气候", "适合"),
}

# What opinions are worth as stars: more complaint than praise, nothing but praise.
_COMPLAINS, _PRAISES = -0.3, 0.6
_ASKED = re.compile(r"[?？]")
# A question that tells of something gone wrong: "why did the zip break after two days?"
_HAPPENED = re.compile(
    r"\b(?:why (?:did|does|is|has|are)|broke|broken|arrived|received|stopped|came)\b|"
    r"\bafter (?:one|two|a few|\d+)\b|为什么|坏了|断了|收到|怎么"
)
_MEASURED = re.compile(r"\d\s?(?:\"|'|cm|mm|m\b|inch|in\b|ft|foot|厘米|毫米|米|英寸)")


def replies(p: Pieces, brief: Brief) -> Iterator[Told]:
    """An answer to a question or a review: thanks or regret, what the facts say, or that they do not."""
    message = fold(brief.context.message[:4000])
    rating = rating_of(brief.context)
    lines = answering(p, message)
    for turn in range(max(2 * brief.count, 6)):
        entries: list[tuple[str, str]] = []
        if brief.context.author:
            entries.append((p.words("dear", author=brief.context.author[:60]) + "\n", ""))
        if rating is None:
            entries.append((p.words("thanks_question"), ""))
        elif rating >= 4:
            entries.append((p.words("thanks_review"), ""))
        elif rating <= 2:
            entries += [(p.words("sorry"), ""), (p.words("reply_sorry_next"), "")]
        else:
            entries.append((p.words("thanks_mixed"), ""))
        known = lines[turn % len(lines) :][: 1 + turn % 2] if lines else []
        entries += [(p.words("reply_fact", point=piece.text), piece.fact) for piece in known]
        if not known and rating is None:
            entries.append((p.words("reply_unknown"), ""))
        kept: list[tuple[str, str]] = []
        for text, fact in entries:
            if sum(weight(t) + 1 for t, _ in kept) + weight(text) + 20 <= max(brief.longest, 60):
                kept.append((text, fact))
        body = ("" if p.chinese else " ").join(t for t, _ in kept).replace("\n ", "\n")
        close = p.words("reply_close")
        text = f"{body}\n{close}" if weight(body) + weight(close) + 1 <= brief.longest else body
        yield Told(tidy(text), [fact for _, fact in kept if fact])


def rating_of(context: Context) -> float | None:
    """How content the writer of a message is, 1 to 5: the stars given, else what the words say (a complaint
    is answered as one also where it asks something); None for a question and for what says neither."""
    if context.rating is not None:
        return context.rating
    spoken = polarity(context.message[:4000])
    if spoken <= _COMPLAINS and _clear(context.message):
        return 1.0
    asks = "?" in context.message or "？" in context.message
    return 5.0 if spoken >= _PRAISES and not asks else None


def _clear(message: str) -> bool:
    """Whether complaints are more than a word that a question may hold ("is it heavy?")."""
    if not _ASKED.search(message):
        return True
    told = [
        part for part in re.findall(r"[^.!?。！？;；\n]+[.!?。！？;；]?", message) if not _ASKED.search(part)
    ]
    return any(polarity(part) <= _COMPLAINS for part in told) or bool(_HAPPENED.search(fold(message)))


def answering(p: Pieces, message: str) -> list[Piece]:
    """The pieces that speak of what a message asks, the most telling first; [] where none does."""
    colon, stop = ("：", "。") if p.chinese else (": ", ".")
    asked = set(words_of(message))
    han = "".join(HAN.findall(message))
    pairs = {han[i : i + 2] for i in range(len(han) - 1)}
    scored: list[tuple[float, int, Piece]] = []
    columns = {name for pattern, names in _TOPICS.items() if re.search(pattern, message) for name in names}
    if "price" in columns and p.price:
        scored.append((9.0, 0, Piece(p.words("price", price=p.price.text), p.price.fact)))
    for at, (key, a) in enumerate(p.attributes):
        value = 3.0 * (key.lower() in columns) + len(asked & set(words_of(fold(f"{key} {a.text}"))))
        scored.append((value, at, Piece(f"{key}{colon}{a.text}{stop}", a.fact)))
    for at, point in enumerate(p.points):
        folded = fold(point.text)
        value = float(len(asked & set(words_of(folded)))) + sum(pair in folded for pair in pairs)
        value += 2.0 * ("size" in columns and _MEASURED.search(folded) is not None)
        scored.append((value, 100 + at, point))
    good = [entry for entry in scored if entry[0] >= 1]
    return [piece for _, _, piece in sorted(good, key=lambda entry: (-entry[0], entry[1]))]


def summaries(p: Pieces, brief: Brief) -> Iterator[Told]:
    """What the rows say: peaks, other ends, the way from first to last. Only figures that stand there."""
    rows = [dict(row) for row in brief.context.rows]
    title = brief.context.title.strip()
    for turn in range(max(2 * brief.count, 4)):
        opening = p.words("report_open", title=title) if title else p.words("report_untitled")
        entries: list[tuple[str, list[str]]] = [(opening, [])]
        columns = _figures(rows)
        if not columns:
            entries.append((p.words("report_empty"), []))
        shift = turn % max(len(columns), 1)
        for column, values in (columns[shift:] + columns[:shift])[:4]:
            entries += _of_column(p, column, values, turn)
        kept: list[tuple[str, list[str]]] = []
        for text, facts in entries:
            if sum(weight(t) + 1 for t, _ in kept) + weight(text) <= brief.longest:
                kept.append((text, facts))
        yield Told(p.join(tidy(t) for t, _ in kept), [fact for _, facts in kept for fact in facts])


def _figures(rows: list[dict[str, object]]) -> list[tuple[str, list[tuple[str, object]]]]:
    """(column, [(name of the row, value)]) of every column with numbers; years and the like name rows."""
    found: dict[str, list[tuple[str, object]]] = {}
    for row in rows:
        for column, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
                found.setdefault(str(column), []).append((row_name(row), value))
    return list(found.items())


def row_name(row: Mapping[str, object]) -> str:
    """What a row is called: its first text, else "" (then it is not named)."""
    return next((str(value) for value in row.values() if isinstance(value, str) and value.strip()), "")


def shown(value: object) -> str:
    """A figure as it stands in a text: no powers of ten, no digits that were not there."""
    return f"{value:.10g}" if isinstance(value, float) and abs(value) < 1e10 else str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_column(
    p: Pieces, column: str, values: list[tuple[str, object]], turn: int
) -> list[tuple[str, list[str]]]:
    def fact(entry: tuple[str, object]) -> str:
        return f"{column}: {entry[0]} {shown(entry[1])}".replace("  ", " ")

    def number(entry: tuple[str, object]) -> float:
        return float(entry[1])  # type: ignore[arg-type]

    high, low = max(values, key=number), min(values, key=number)
    if len(values) == 1 or not high[0] or number(high) == number(low):
        only = values[0]
        return [(p.words("report_single", column=_capital(column), value=shown(only[1])), [fact(only)])]
    found = [
        (p.words("report_high", column=_capital(column), value=shown(high[1]), row=high[0]), [fact(high)])
    ]
    first, last = values[0], values[-1]
    if turn % 2 or len(values) == 2:
        found.append((p.words("report_low", value=shown(low[1]), row=low[0]), [fact(low)]))
    else:
        slot = (
            "report_same"
            if number(first) == number(last)
            else "report_rise"
            if number(last) > number(first)
            else "report_fall"
        )
        words = p.words(
            slot, first=shown(first[1]), row_first=first[0], last=shown(last[1]), row_last=last[0]
        )
        found.append((words, [fact(first), fact(last)]))
    return found


def explanations(p: Pieces, brief: Brief) -> Iterator[Told]:
    """The strongest reasons as they are, opened as the tone has it."""
    if p.name is None:
        return
    reasons = sorted(brief.context.reasons, key=lambda reason: -reason.weight)
    stop = "。" if p.chinese else "."
    for turn in range(max(2 * brief.count, 4)):
        entries = (
            [(p.words("why_open", name=p.name.text), p.name.fact)] if turn % 4 != 3 or not reasons else []
        )
        for reason in reasons[: 1 + (turn + 1) % 3]:
            said = reason.text.strip()
            if not said:
                continue
            said = said[:1].upper() + said[1:] if not p.chinese else said
            said = said if said[-1] in ".!?。！？" else said + stop
            entries.append((said, f"reason: {reason.text.strip()}"))
        if not reasons:
            entries.append((p.words("why_nothing", name=p.name.text), p.name.fact))
        kept: list[tuple[str, str]] = []
        for text, fact in entries:
            if sum(weight(t) + 1 for t, _ in kept) + weight(text) <= brief.longest:
                kept.append((text, fact))
        if kept:
            yield Told(tidy(p.join(t for t, _ in kept)), [fact for _, fact in kept])
