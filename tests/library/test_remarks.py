"""Remarks on storyboards: kept in order, told apart, refused where they are none, gone with their board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.errors import NotFound, UsageError
from mmstudio.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "Remarks.mmlib") as made:
        yield made


@pytest.fixture
def board(library: Library) -> int:
    return library.storyboards.save("Ad", "hand", None, None, {"schema": 2})


def test_they_come_in_the_order_of_their_time(library: Library, board: int) -> None:
    heard: list[str] = []
    library.changes.subscribe(lambda topic, _ids: heard.append(topic))
    late = library.remarks.add(board, "A", "Later", at=3.0, x=0.2, y=0.9)
    soon = library.remarks.add(board, "B", "Soon\x00\u202e", at=1.0)
    whole = library.remarks.add(board, "C", "The whole")
    assert [r.id for r in library.remarks.of(board)] == [whole, soon, late]
    assert library.remarks.of(board)[1].text == "Soon"  # no control characters, no turning of direction
    assert heard == ["remarks"] * 3
    library.remarks.set_done(late)
    assert [r.done for r in library.remarks.of(board)] == [False, False, True]
    library.remarks.set_done(late, False)
    assert not any(r.done for r in library.remarks.of(board))


def test_the_same_digest_is_the_same_remark(library: Library, board: int) -> None:
    first = library.remarks.add(board, "A", "Hello", digest="d1", created_at="2026-01-01T00:00:00+00:00")
    assert library.remarks.add(board, "A", "Hello", digest="d1") == first
    assert library.remarks.find("d1") == first
    assert library.remarks.find("d2") is None
    assert library.remarks.add(board, "A", "Hello") != library.remarks.add(board, "A", "Hello")
    assert len(library.remarks.of(board)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " \n"},
        {"text": "x" * 4001},
        {"at": -0.1},
        {"at": float("nan")},
        {"x": 0.5},
        {"x": 0.5, "y": 1.1},
    ],
)
def test_what_is_no_remark_is_refused(library: Library, board: int, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        library.remarks.add(**{"storyboard_id": board, "who": "A", "text": "Hello", **wrong})
    assert not library.remarks.of(board)


def test_they_go_with_their_storyboard(library: Library, board: int) -> None:
    library.remarks.add(board, "A", "Hello")
    library.storyboards.remove(board)
    assert not library.remarks.of(board)
    with pytest.raises(NotFound):
        library.remarks.add(board, "A", "Hello")
    with pytest.raises(NotFound):
        library.remarks.set_done(99)
