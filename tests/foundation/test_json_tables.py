"""JSON tables of the program: what stands twice in one would silently replace what stood first."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mmstudio.paths import resource

RESOURCES = resource("translations").parent


def doubled(text: str) -> list[str]:
    """Keys that stand more than once in one object of a JSON text."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(key for key, _ in pairs)
        found.extend(key for key, count in counts.items() if count > 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return found


def test_a_doubled_key_is_found_at_any_depth() -> None:
    assert doubled('{"a": 1, "b": {"c": 1, "d": [{"e": 1, "e": 1}], "c": 2}, "a": 1}') == ["e", "c", "a"]
    assert doubled('{"a": {"b": 1}, "c": {"b": 1}}') == []


@pytest.mark.parametrize(
    "file", sorted(RESOURCES.rglob("*.json")), ids=lambda file: file.relative_to(RESOURCES).as_posix()
)
def test_no_key_stands_twice(file: Path) -> None:
    assert doubled(file.read_text(encoding="utf-8")) == []
