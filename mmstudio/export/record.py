"""The head of a manifest: what an export was made from."""

from __future__ import annotations

from typing import Any

from mmstudio.composition import Storyboard


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
