"""Keeps what is edited: soon after each change, never over somebody else's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mmstudio.composition.storyboard import Storyboard
from mmstudio.errors import Conflict

if TYPE_CHECKING:
    from mmstudio.library import Library

DELAY_S = 0.8  # after the last change
LONGEST_S = 2.0  # a change waits at most this long, however busily one edits


class Keeper:
    """Saves one storyboard as it changes; may be called from any thread, one save at a time.

    It remembers what the library held when it last read or wrote, so that another writer (a second window,
    the shell, an import of remarks) is noticed instead of overwritten.

    Args:
        board: as it was loaded; it has an id.
    """

    def __init__(self, library: Library, board: Storyboard) -> None:
        assert board.id is not None, "an edited storyboard was saved before"
        self.id = board.id
        self._library = library
        self._lock = threading.Lock()
        self._seen: dict[str, Any] = library.storyboards.get(board.id).data

    def save(self, board: Storyboard, *, over: bool = False) -> None:
        """Keep this state.

        Args:
            over: also over somebody else's changes.

        Raises:
            NotFound: it was deleted meanwhile. Conflict: somebody else changed it; nothing is written.
            StudioError: the library cannot be written to.
        """
        with self._lock:
            data = board.to_dict()
            self._library.storyboards.save(
                board.name, board.recipe, board.item_id, board.audience_id, data, id=self.id,
                expected=None if over else self._seen,
            )  # fmt: skip
            self._seen = self._library.storyboards.get(self.id).data

    def theirs(self) -> Storyboard | None:
        """Somebody else's newer state, None where there is none. Raises NotFound, StudioError."""
        with self._lock:
            row = self._library.storyboards.get(self.id)
            return None if row.data == self._seen else Storyboard.from_dict(row.data, self.id)

    def take(self) -> Storyboard:
        """The state in the library, which one goes on from. Raises NotFound, StudioError."""
        with self._lock:
            row = self._library.storyboards.get(self.id)
            self._seen = row.data
            return Storyboard.from_dict(row.data, self.id)


__all__ = ["DELAY_S", "LONGEST_S", "Conflict", "Keeper"]
