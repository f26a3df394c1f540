"""What the copy gate of the export says of a storyboard, as the window needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmstudio.export.copy_gate import Held
    from mmstudio.library import Library


@dataclass(frozen=True, slots=True)
class ExportWish:
    """An export that waits for the gate.

    Attributes:
        channels: none where there is no export to go on with.
        look_only: the person came to see what is held; where nothing is, no export begins by itself.
    """

    storyboard: int
    channels: tuple[str, ...] = ()
    folder: str = ""
    look_only: bool = False


@dataclass(frozen=True, slots=True)
class HeldBoard:
    """The texts of a storyboard that may not leave, and what it is about."""

    title: str
    texts: tuple[Held, ...]
    item: int | None
    audience: int | None


def read_held(library: Library, storyboard: int) -> HeldBoard:
    """Ask the gate. Not for the GUI thread. Raises NotFound, StudioError."""
    from mmstudio.composition import Storyboard
    from mmstudio.export.copy_gate import look

    kept = library.storyboards.get(storyboard)
    board = Storyboard.from_dict(kept.data, kept.id)
    found = library.items.get_many([board.item_id])[:1] if board.item_id is not None else []
    title = (found[0].title or found[0].sku) if found else board.name
    return HeldBoard(title, look(library, board).held, board.item_id, board.audience_id)


def is_held_back(library: Library, storyboard: int, options: Mapping[str, Any] | None = None) -> bool:
    """Whether a compliance check other than the claims is red and nobody answers for it; as options say."""
    from mmstudio.composition import Storyboard
    from mmstudio.export.compliance import CHECKS, look
    from mmstudio.export.options import ExportOptions

    kept = library.storyboards.get(storyboard)
    board = Storyboard.from_dict(kept.data, kept.id)
    names = [name for name in CHECKS if name != "claims"]
    checks = look(library, board, ExportOptions.from_dict(options), names=names)
    return not all(check.passes for check in checks)


def still_held(library: Library, storyboards: list[int]) -> set[int]:
    """Those of some storyboards whose texts may not leave; one that is gone does not wait."""
    held = set()
    for storyboard in storyboards:
        try:
            if read_held(library, storyboard).texts:
                held.add(storyboard)
        except NotFound:
            continue
    return held


def answer_all(
    library: Library, read: Mapping[int, Sequence[Held]], who: str, reason: str
) -> tuple[list[int], list[int]]:
    """Answer for the texts of several storyboards with one reason; each text is recorded by itself.

    Args:
        read: storyboard → its held texts as the person has read them.

    Returns (storyboards that may leave now, storyboards whose texts have changed since and still wait). One
    that is gone is in neither. Not for the GUI thread. Raises UsageError, ReadOnly.
    """
    from mmstudio.composition import Storyboard
    from mmstudio.export.copy_gate import answer_for

    free: list[int] = []
    wait: list[int] = []
    for storyboard, texts in read.items():
        try:
            now = read_held(library, storyboard)
        except NotFound:
            continue
        if tuple(texts) != now.texts:
            wait.append(storyboard)  # nobody answers for a text that they have not read
            continue
        kept = library.storyboards.get(storyboard)
        answer_for(library, Storyboard.from_dict(kept.data, kept.id), who, reason)
        (wait if read_held(library, storyboard).texts else free).append(storyboard)
    return free, wait


def read_all(library: Library, storyboards: Sequence[int]) -> dict[int, HeldBoard]:
    """The held texts of several storyboards; those that may leave or are gone are left out."""
    found: dict[int, HeldBoard] = {}
    for storyboard in storyboards:
        try:
            board = read_held(library, storyboard)
        except NotFound:
            continue
        if board.texts:
            found[storyboard] = board
    return found
