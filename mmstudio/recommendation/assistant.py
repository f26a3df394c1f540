"""From a brief to proposals: traits, rules, likes and angles for copy. A person confirms every one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Engine
    from mmstudio.library import Library
    from mmstudio.library.records import Audience

Part = Literal["trait", "rule", "tag", "angle"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that the brief seems to say.

    Attributes:
        part: where it goes: a trait, a rule, a tag they like, or an angle for copy.
        key: name of the trait or rule ("age", "price_under"); "" for tags and angles.
        value: plain JSON. words: what of the brief it rests on. label: one line for a person.
        by: "rules", or the name of the language model's engine.
    """

    part: Part
    key: str
    value: Any
    words: str
    label: str
    by: str = "rules"


def propose(library: Library, audience: Audience, engine: Engine | None = None) -> list[Proposal]:
    """What the brief of an audience proposes; nothing is changed. [] for an empty brief."""
    raise NotImplementedError


def apply(library: Library, audience_id: int, proposals: list[Proposal]) -> None:
    """Take confirmed proposals into the audience, as one step that can be undone. Raises NotFound."""
    raise NotImplementedError
