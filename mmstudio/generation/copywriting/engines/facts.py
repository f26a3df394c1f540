"""The facts writer: always there, always true. Every word with a meaning comes from a fact."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.contract import EngineStatus, Task
from mmstudio.generation.copywriting.lines import shorten, weight
from mmstudio.generation.copywriting.writing import answers, long, short
from mmstudio.generation.copywriting.writing.pieces import Pieces, Told, pieces_of
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief

_FORMS: dict[Task, Callable[[Pieces, Brief], Iterator[Told]]] = {
    "headline": short.headlines,
    "one_liner": short.one_liners,
    "description": short.descriptions,
    "bullets": short.bullets,
    "call_to_action": short.calls,
    "story_outline": long.stories,
    "script": long.scripts,
    "character_sheet": long.sheets,
    "lesson_outline": long.lessons,
    "reply": answers.replies,
    "report_summary": answers.summaries,
    "explanation": answers.explanations,
}
_ROUNDS = 8  # times the pieces are dealt anew for more variants


class FactsEngine:
    """Writes from the item's own facts and the words of its reviews; needs no model and never fails."""

    name = "facts"
    label = mark("Facts writer")

    def status(self) -> EngineStatus:
        """It is always ready."""
        return EngineStatus(True)

    def write(
        self,
        brief: Brief,
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """Up to ``brief.count`` different texts; each is a :class:`Told` with the facts it rests on."""
        seen: set[str] = set()
        for text in islice(self._texts(brief, cancelled), 40 * brief.count):
            plain = str(text).strip()
            if weight(plain) > brief.longest:
                text = Told(shorten(plain, brief.longest), text.facts)
            key = "".join(str(text).lower().split())
            if not key or key in seen:
                continue
            seen.add(key)
            if heard is not None:
                heard(str(text))
            yield text
            if len(seen) >= brief.count:
                return

    def _texts(self, brief: Brief, cancelled: Callable[[], bool]) -> Iterator[Told]:
        form = _FORMS[brief.task]
        for turn in range(_ROUNDS):
            if cancelled():
                return
            pieces = pieces_of(brief, random.Random(f"{brief.seed}/{brief.task}/{turn}"))
            pieces.wide = turn >= _ROUNDS // 2  # first only the tone's own wordings
            yield from islice(form(pieces, brief), 0, 4 * brief.count)
