"""The copywriter of a generation's library, with every engine that can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.service import Copywriter
    from mmstudio.generation.service import Generation


def copywriter_of(generation: Generation) -> Copywriter:
    """The copywriter that the studio gave the generation, else one with the facts writer alone."""
    from mmstudio.generation.copywriting.service import Copywriter

    given = getattr(generation, "copywriter", None)
    return given if isinstance(given, Copywriter) else Copywriter(generation.library)
