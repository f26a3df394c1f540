"""The head of a manifest: what an export was made from, and what a list of many exports says of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.media.metadata import TRAINED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmstudio.export.compliance import Check
    from mmstudio.library import Library


@dataclass(frozen=True, slots=True)
class Standing:
    """What a list says of the files of one storyboard.

    Attributes:
        origin: the IPTC digital source type, "" where no model took part.
        compliance: "green", "amber" (left with a note) or "answered" (a person answers for a red check).
        approval: the last verdict on a saved storyboard (approved, changes, rejected), "" without one.
        licences: of what is seen and heard, each once: the name of the licence, or else the word of rights.
    """

    origin: str = ""
    compliance: str = ""
    approval: str = ""
    licences: tuple[str, ...] = ()

    @property
    def generated(self) -> str:
        """Whether a model made it: "yes", "partly", "no"."""
        return "no" if not self.origin else "yes" if self.origin == TRAINED else "partly"


def standing_of(
    library: Library, board: Storyboard, record: Mapping[str, Any], checks: Sequence[Check]
) -> Standing:
    """What is known of a storyboard that leaves with this record and these checks."""
    ids = board.asset_ids()
    rights = library.asset_rights.of(ids)
    assets = {asset.id: asset for asset in library.assets.get_many(ids)}
    words = [rights[number].licence or assets[number].rights for number in ids if number in assets]
    verdicts = library.storyboards.approvals(board.id) if board.id is not None else ()
    states = {check.state for check in checks}
    worst = "answered" if "red" in states else "amber" if "amber" in states else "green"
    return Standing(
        str(record.get("digital_source_type", "")),
        worst if states else "",
        verdicts[-1].verdict if verdicts else "",
        tuple(dict.fromkeys(words)),
    )


def parts_of(board: Storyboard) -> dict[str, Any]:
    """The words and facts of a storyboard, and where each part came from; no path of this machine."""
    return {
        "item": board.item_id,
        "audience": board.audience_id,
        "copy": board.copy,
        "facts": board.facts,
        "sources": [
            {"part": s.part, "kind": s.kind, "detail": s.detail, "rights": s.rights} for s in board.sources
        ],
        "fonts": [
            {"family": f.family, "style": f.style, "file": f.file, "sha256": f.sha256} for f in board.fonts
        ],
    }
