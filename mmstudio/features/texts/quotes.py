"""Sentences of reviews that may be quoted: whole, content, and safe to stand beside a product."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.features.texts.lexicon import polarity
from mmstudio.features.texts.sentences import is_whole, sentences
from mmstudio.features.texts.words import MAX_CHARACTERS
from mmstudio.library.reviewers import initials, shown_author

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mmstudio.library.records import Review

__all__ = ["Quote", "choose_quotes", "initials", "quotable", "review_sentences", "source_of"]

LEAST_RATING = 4.0  # a review rated less is never quoted
LONGEST = 120  # characters, Han counts double
_LEAST_SCORE = 0.2  # sentiment below which a sentence is not content enough
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_GOOD = re.compile(
    r"\b(love|loves|great|perfect|excellent|amazing|best|awesome|fantastic|comfortable|comfy|soft|favou?rite"
    r"|warm|quality|sturdy|durable|stylish|beautiful|nice|easy|happy|recommend|fits? (?:great|well|perfectly)"
    r"|light|roomy|holds?|keeps?)\b|喜欢|很好|舒服|完美|推荐|漂亮|满意|不错|方便|柔软|值得",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(not|no|never|but|however|although|though|tho|wish|only|issue|problem|bad|poor|broke|broken|worst"
    r"|hate|disappoint\w*|return\w*|small|tight|cheap|flimsy|shrink\w*|shrunk|loose|ugly|uncomfortable|expensive"
    r"|hard|except|less|didn'?t|don'?t|doesn'?t|isn'?t|wasn'?t|won'?t|can'?t|cannot|couldn'?t|wouldn'?t|otherwise"
    r"|unless|sadly|unfortunately|decent|ok|okay|pretty good|kinda|meh|nothing|needs?"
    r"|should|could|hippees|drunk|sex\w*|damn|hell"
    r"|dump\w*|competitor|refund|thin|itch\w*|sweat\w*|smell\w*)\b|不(?!错)|没|但|差|坏|退|失望|可惜|除了|松|掉|太|贵|就是|略|稍|有点|一点",
    re.IGNORECASE,
)
_CARELESS = re.compile(r"[?:;]|!!|\.\.|:\(|\d{3}|https?|@|\b(u|ur|bc|gf|bf|lol)\b", re.IGNORECASE)
_UNSPOKEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<br\s*/?>|</(?:p|li|div)>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]{0,200}>")


@dataclass(frozen=True, slots=True)
class Quote:
    """A whole sentence of a review, word for word, and what may be said about where it is from.

    Attributes:
        author: initials ("B. L."), the name where consent is recorded, "" where the review has none.
        rating: as the review gives it; date: its day (ISO 8601) or "".
        score: how well it quotes, larger is better.
    """

    text: str
    author: str
    rating: float | None
    date: str
    review_id: int
    score: float

    @property
    def source(self) -> str:
        """Where it is from, as it is kept beside a line of copy: ``review by B. L., 5/5, 2024-05-01``."""
        return _source(self.author, self.rating, self.date)


def source_of(review: Review) -> str:
    """Where a sentence of a review is from: initials (the name with consent), rating, day."""
    return _source(shown_author(review), review.rating, _day(review))


def _source(author: str, rating: float | None, date: str) -> str:
    parts = [f"review by {author}" if author else "review"]
    if rating is not None:
        parts.append(f"{rating:g}/5" if rating <= 5 else f"{rating:g}")
    return ", ".join([*parts, *([date] if date else [])])


def _day(review: Review) -> str:
    return (review.created_at or "")[:10]


def review_sentences(text: str) -> list[str]:
    """Whole sentences of a review without markup; what it says inside scripts is not said.

    Of a review above 50,000 characters only the whole sentences before that are read.
    """
    if len(text) > MAX_CHARACTERS:
        return review_sentences(text[:MAX_CHARACTERS])[:-1]
    text = _TAGS.sub(" ", _BREAKS.sub("\n", _UNSPOKEN.sub(" ", text)))
    text = "".join(c if c >= " " or c == "\n" else " " for c in html.unescape(text))
    return sentences(text)


def quotable(text: str, chinese: bool | None = None) -> float:
    """How well a sentence quotes, 0 where it may not be quoted.

    It is whole, says something good and nothing bad, reads like written with care, and is in the reader's
    language (``chinese``; None takes any).
    """
    length = len(text) + len(_HAN.findall(text))
    han = _HAN.search(text) is not None
    if not 18 <= length <= LONGEST or _BAD.search(text) or not _GOOD.search(text) or not is_whole(text):
        return 0.0
    letters = [c for c in text if c.isalpha()]
    if (chinese is not None and han != chinese) or _CARELESS.search(text) or text[-1] not in ".!。！…":
        return 0.0
    if sum(c.isupper() for c in letters) > 0.5 * max(len(letters), 1):
        return 0.0
    return 1.0 + len(_GOOD.findall(text)) * 0.4 - abs(length - 55) / 90


def choose_quotes(
    reviews: Iterable[Review],
    judge: Callable[[str], float] = polarity,
    chinese: bool | None = None,
    extra: Callable[[str], float] = lambda _text: 0.0,
) -> list[Quote]:
    """Every sentence that may be quoted, the best first; of equals the earlier one.

    Args:
        judge: sentence → -1 … 1; a sentence it does not find content is left out.
        chinese: whether the reader reads Chinese; None takes both languages.
        extra: what a sentence gains by suiting the reader.
    """
    found: list[Quote] = []
    for review in reviews:
        if review.rating is not None and review.rating < LEAST_RATING:
            continue
        for text in review_sentences(review.text):
            value = quotable(text, chinese)
            if value <= 0:
                continue
            content = judge(text)
            if content < _LEAST_SCORE:
                continue
            value += 0.5 * content + extra(text) + 0.1 * min(review.rating or 0, 5)
            found.append(Quote(text, shown_author(review), review.rating, _day(review), review.id, value))
    return sorted(found, key=lambda quote: -quote.score)
