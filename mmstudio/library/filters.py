"""What a person looks for: :class:`AssetFilter`. A line of the search box becomes one in ``query.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.library.query_values import number_range
from mmstudio.library.records import Origin, Rights, Status

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

__all__ = ["COLOUR_SHARE", "AssetFilter", "Measured", "number_range"]

COLOUR_SHARE = 0.1  # of a picture that a colour must cover before the picture counts as having it


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure between two inclusive bounds; None is open."""

    name: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Assets that match everything given; the default is every usable asset.

    Attributes:
        text: words that title, caption, file name, content, tags or the title of the item contain (prefixes
            match); words in quotes follow each other.
        kinds, statuses, languages, rights, orientations: any of these; empty means all.
        tags, colours, states: all of these. A colour covers a tenth of the picture at least.
        collection: id or name. item: id or sku of the item the assets belong to. category: of their item.
        min_width, max_width, min_height, max_height: pixels. min_duration, max_duration: seconds.
            min_size, max_size: bytes. min_price, max_price: of an item they belong to. Bounds are inclusive.
        taken_from, added_from: ISO 8601 beginnings, inclusive; taken_before, added_before: exclusive.
        states: ``untagged``, ``untitled``, ``used`` (by an item), ``duplicate`` (the same content twice).
        without: what must not match. either: of each group at least one must match. In both, ``statuses`` of
            () means any.
        like: an asset's number or a file to be alike; it orders a search and filters nothing here.
    """

    text: str = ""
    kinds: tuple[MediaKind, ...] = ()
    tags: tuple[str, ...] = ()
    collection: int | str | None = None
    item: int | str | None = None
    origin: Origin | None = None
    statuses: tuple[Status, ...] = ("ok",)
    min_rating: int = 0
    root: int | None = None
    min_width: int | None = None
    max_width: int | None = None
    min_duration: float | None = None
    max_duration: float | None = None
    max_rating: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_size: int | None = None
    max_size: int | None = None
    min_price: float | None = None
    max_price: float | None = None
    category: str | None = None
    languages: tuple[str, ...] = ()
    rights: tuple[Rights, ...] = ()
    colours: tuple[str, ...] = ()
    orientations: tuple[str, ...] = ()
    taken_from: str | None = None
    taken_before: str | None = None
    added_from: str | None = None
    added_before: str | None = None
    measures: tuple[Measured, ...] = ()
    states: tuple[str, ...] = ()
    without: tuple[AssetFilter, ...] = ()
    either: tuple[tuple[AssetFilter, ...], ...] = ()
    like: int | str | None = None
