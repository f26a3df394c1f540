"""How a reviewer is named wherever a person reads it: by initials, or in full where consent is recorded."""

from __future__ import annotations

import re

from mmstudio.library.records import Review

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def shown_author(review: Review) -> str:
    """The author as it may be shown: the name with recorded consent, else initials; "" for none.

    A mail address is never shown: of one, the initials of the part before "@" are, whatever was agreed to.
    """
    if review.consent and "@" not in review.author:
        return " ".join(review.author.split())
    return initials(review.author)


def initials(author: str) -> str:
    """``Bo Lindqvist`` → ``B. L.``, ``王小明`` → ``王**``, "" for none; of an address the part before "@"."""
    name = author.split("@")[0]
    words = [word for word in re.split(r"[\s._\-]+", name) if word[:1].isalnum()]
    if not words:
        return ""
    if _HAN.match(words[0]):
        return words[0][0] + "*" * min(len(words[0]) - 1, 2)
    return " ".join(f"{word[0].upper()}." for word in words[:3])
