"""Which assets a training is about: what the search finds, less what may not or should not be used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from mmstudio.library import AssetFilter, parse_query

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library
    from mmstudio.library.records import Rights

FORBIDDEN: tuple[Rights, ...] = ("no-training", "restricted")


@dataclass(slots=True)
class Chosen:
    """What is there: ``usable`` in the order of the training, and ids of what is not used and why."""

    usable: list[Asset] = field(default_factory=list)
    forbidden: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


def modality_of(config: ModelConfig) -> Literal["image", "audio"]:
    """What a model of pictures or sounds learns from."""
    return "audio" if config.channels == 1 else "image"


def wanted(config: ModelConfig) -> AssetFilter:
    """The search of a training: of its modality, and only what was imported unless the query says more."""
    found = replace(parse_query(config.query), kinds=(modality_of(config),))
    return found if found.origin is not None else replace(found, origin="imported")


def choose(library: Library, config: ModelConfig) -> Chosen:
    """What ``config.query`` finds, sorted by what may be used (all of the modality where it is empty)."""
    taken = set(config.leave_out)
    chosen = Chosen()
    for asset in library.assets.get_many(library.assets.ids(wanted(config))):
        if asset.id in taken:
            chosen.left_out.append(asset.id)
        elif asset.rights in FORBIDDEN:
            chosen.forbidden.append(asset.id)
        else:
            chosen.usable.append(asset)
    return chosen


def forbidden_now(library: Library) -> set[int]:
    """Ids of all assets whose rights forbid training now, whatever else is the matter with them."""
    return set(library.assets.ids(AssetFilter(rights=FORBIDDEN, statuses=())))
