"""What extractors there are and what they have done in a library, for people and for tools of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.features.extractors import infos
from mmstudio.features.fitting import is_stated
from mmstudio.i18n import tr
from mmstudio.library import AssetFilter
from mmstudio.media.kinds import SUFFIXES

if TYPE_CHECKING:
    from mmstudio.features.records import ExtractorInfo
    from mmstudio.library import Library
    from mmstudio.library.records import FeatureSet


@dataclass(frozen=True, slots=True)
class Listed:
    """An extractor in a library.

    Attributes:
        name, modality, dimension, source, licence, version, parameters, metric, default: as in ExtractorInfo.
        label: in the person's language.
        count, items: assets and items with a vector.
        usable: assets that could have one.
        fitted_on: what mean and deviation were fitted on; empty before.
        stated: whether a person stated that set.
    """

    name: str
    label: str
    modality: str
    dimension: int
    source: str
    licence: str
    version: str
    parameters: str
    metric: str
    default: bool
    count: int
    items: int
    usable: int
    fitted_on: str
    stated: bool


def listing(library: Library) -> list[Listed]:
    """Every extractor; works on a read-only library too."""
    sets = {
        (known.extractor, known.version, known.params_hash, known.target): known
        for known in library.features.sets()
    }
    found = []
    for info in infos().values():
        of_assets = sets.get((info.name, info.version, info.parameters, "asset"))
        of_items = sets.get((info.name, info.version, info.parameters, "item"))
        both = [library.features.stats(one.id) for one in (of_assets, of_items) if one]
        kept = next((stats for stats in both if stats), None)
        fitted_on = kept.fitted_on if kept else ""
        found.append(
            Listed(
                info.name, tr(info.label), info.modality, info.dimension, info.source, info.licence,
                info.version, info.parameters, info.metric, info.default, _count(library, info, of_assets),
                _count(library, info, of_items), _usable(library, info), fitted_on, is_stated(fitted_on),
            )
        )  # fmt: skip
    return found


def _count(library: Library, info: ExtractorInfo, known: FeatureSet | None) -> int:
    return library.features.count(known.id) if known and known.dimension == info.dimension else 0


def _usable(library: Library, info: ExtractorInfo) -> int:
    kinds = tuple(kind for kind in SUFFIXES if kind == info.modality)
    return library.assets.count(AssetFilter(kinds=kinds)) if kinds else 0
