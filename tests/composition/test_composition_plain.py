"""Storyboards as plain data: the same as the standard library's, and nothing shared with the original."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from mmstudio.composition.plain import plain


@dataclass
class _Part:
    words: list[str]
    place: tuple[float, float] = (0.0, 1.0)


@dataclass
class _Whole:
    parts: list[_Part]
    more: dict[str, Any] = field(default_factory=dict)
    many: frozenset[int] = frozenset({1})


def test_it_is_what_asdict_gives_and_shares_nothing() -> None:
    whole = _Whole(
        [_Part(["a"]), _Part([], (0.5, 0.5))], {"deep": {"list": [1, None, True]}, "part": _Part(["b"])}
    )
    made = plain(whole)
    assert made == asdict(whole)
    assert type(made["parts"][0]["place"]) is tuple
    made["parts"][0]["words"].append("x")
    made["more"]["deep"]["list"].append(2)
    assert whole.parts[0].words == ["a"]
    assert whole.more["deep"]["list"] == [1, None, True]
