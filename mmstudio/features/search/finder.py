"""Search: a query line, likeness, or both, fused into one list of assets and items with reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import NotFound
from mmstudio.features.search import by_words
from mmstudio.features.search.evidence import Evidence, Fused, fuse
from mmstudio.features.search.likeness import Likeness
from mmstudio.features.texts.words import tokens
from mmstudio.library import AssetFilter, parse_query
from mmstudio.library.asset_rows import BEST
from mmstudio.library.query import filters_nothing, parts
from mmstudio.library.relevance import positive_text
from mmstudio.media.kinds import SUFFIXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.records import Hit
    from mmstudio.features.service import Features


@dataclass(frozen=True, slots=True)
class FoundAssets:
    """What a query line finds among the assets.

    Attributes:
        ids: best first; with words all that match them, then what is near in meaning only.
        exact: how many of them match words and filters.
        fused: the rankings behind the order, which can say why.
    """

    ids: list[int]
    exact: int
    fused: Fused

    def reasons(self, asset_ids: list[int]) -> dict[int, str]:
        """Why some of them are there."""
        return self.fused.reasons(asset_ids)


class Finder:
    """Searches one library."""

    def __init__(self, features: Features) -> None:
        self._features, self._library = features, features.library
        self.likeness = Likeness(features)

    def hits(
        self,
        text: str | None,
        file: Path | None,
        asset: int | None,
        item: int | None,
        kind: str | None,
        k: int,
    ) -> list[Hit]:
        """See :meth:`mmstudio.features.Features.search`."""
        deep = max(k, 200)
        wanted = _of_kind(parse_query(text or ""), kind)
        try:
            asset, file = _asked_likeness(wanted, asset, file)
        except NotFound:  # a path that is still being typed
            return []
        allowed = None if _all_usable(wanted) else self._allowed(wanted)
        rankings: list[Evidence] = []
        if text and text.strip() and (positive_text(wanted).strip() or not _likeness(asset, file, item)):
            rankings += self._words(text, wanted, kind, deep, deeply=True)[1]
        try:
            rankings += self._alike(asset, file, item, deep, allowed)
        except NotFound:
            if wanted.like is None:
                raise  # only what is typed into the line is never an error
        kept = [one.first(deep) for one in self._narrowed(rankings, wanted, kind, allowed)]
        return fuse(kept, deep).hits(k)

    def assets(self, line: str, deep: int = BEST, *, deeply: bool = False) -> FoundAssets:
        """Assets of a query line in order of relevance, for a view that shows all of them.

        ``deeply`` also asks networks (likeness to a file, CLIP), on the device thread; without it only what
        is stored is compared, in milliseconds. Raises MediaError for a file that cannot be read.
        """
        wanted = parse_query(line)
        try:
            asset, file = _asked_likeness(wanted, None, None)
        except NotFound:  # a path that is still being typed
            return FoundAssets([], 0, fuse([]))
        if _likeness(asset, file, None):
            return self._alike_assets(line, wanted, asset, file, deep, deeply=deeply)
        matches, rankings = self._words(line, wanted, "asset", deep, deeply=deeply)
        ranked = [one for one in rankings if one.target == "asset"]
        fused = fuse(self._narrowed(ranked, wanted, None, None), None)
        order = fused.assets
        matching = np.isin(order, matches)
        first = order[matching]
        rest = matches[~np.isin(matches, first)]
        ids = np.concatenate([first, rest, order[~matching][:deep]])
        return FoundAssets(ids.tolist(), len(matches), fused)

    def networks_help(self, line: str) -> bool:
        """Whether :meth:`assets` finds more ``deeply``: a file must be read, or a network knows words."""
        wanted = parse_query(line)
        if isinstance(wanted.like, str):
            return True
        return bool(positive_text(wanted).strip()) and self.likeness.knows_words

    def _alike_assets(
        self, line: str, wanted: AssetFilter, asset: int | None, file: Path | None, deep: int, *, deeply: bool
    ) -> FoundAssets:
        allowed = None if _all_usable(wanted) else self._allowed(wanted)
        try:
            rankings = (
                [] if file is not None and not deeply else self._alike(asset, file, None, deep, allowed)
            )
        except NotFound:  # a number or path that is still being typed
            rankings = []
        if positive_text(wanted).strip():
            rankings += self._words(line, wanted, "asset", deep, deeply=deeply)[1]
        ranked = [one for one in rankings if one.target == "asset"]
        fused = fuse(self._narrowed(ranked, wanted, None, allowed), deep)
        return FoundAssets(fused.assets.tolist(), len(fused.assets), fused)

    # -- rankings ------------------------------------------------------------------------------------------

    def _words(
        self, line: str, wanted: AssetFilter, kind: str | None, deep: int, *, deeply: bool
    ) -> tuple[NDArray[np.int64], list[Evidence]]:
        """(all assets that match, newest first; rankings of assets and items)."""
        text = positive_text(wanted)
        words = tokens(text)
        plain = replace(wanted, like=None)
        matches, rankings = by_words.full_text(self._library, plain, words, deep)
        with_items = kind == "item" or (kind is None and _speaks_of_items(plain))
        if with_items:
            rankings.append(by_words.items_by_words(self._library, _without_like(line), plain, words))
        if not text.strip():
            return matches.ids, rankings
        meant = by_words.by_meaning(self._library, self._features.vectors, words)
        items = [one for one in meant if one.target == "item"]
        rankings += [one for one in meant if one.target == "asset" or with_items]
        if kind != "item":
            rankings += [by_words.media_of(self._library, one) for one in items]
        shared = self.likeness.shared_text(text, 200)
        rankings += [one for one in shared if one.target == "asset" or with_items]
        if deeply:
            rankings += self.likeness.clip(text, 200)
        return matches.ids, rankings

    def _alike(
        self,
        asset: int | None,
        file: Path | None,
        item: int | None,
        deep: int,
        allowed: NDArray[np.int64] | None,
    ) -> list[Evidence]:
        found: list[Evidence] = []
        among = None if allowed is None else np.sort(allowed)
        if file is not None:
            found += self.likeness.to_file(file, deep, among)
        if asset is not None:
            found += self.likeness.to_asset(asset, deep, among)
        if item is not None:
            found.append(self.likeness.to_item(item, deep))
            hero = self._library.items.hero_of(item)
            if hero is not None:
                found += self.likeness.to_asset(hero, deep, among)
            return found
        found = [replace(one, source=f"like {n}") for n, one in enumerate(found)]
        return found + [self.likeness.items_of(one) for one in found if one.target == "asset"]

    # -- what is allowed -----------------------------------------------------------------------------------

    def _allowed(self, wanted: AssetFilter) -> NDArray[np.int64]:
        """int64[N]: assets that pass the filters beside the words."""
        rest = replace(wanted, text="", either=_filters_of(wanted), like=None)
        return self._library.assets.matches(rest, 0).ids

    def _narrowed(
        self,
        rankings: list[Evidence],
        wanted: AssetFilter,
        kind: str | None,
        allowed: NDArray[np.int64] | None,
    ) -> list[Evidence]:
        """Rankings without what the filters and the wanted kind leave out."""
        rankings = [one for one in rankings if len(one.ids)]
        if allowed is None and not all(one.exact or one.target == "item" for one in rankings):
            allowed = self._allowed(wanted)
        items = kind == "item" or (kind is None and not wanted.kinds)
        rest = AssetFilter(min_price=wanted.min_price, max_price=wanted.max_price, category=wanted.category)
        if items and rest != AssetFilter():
            allowed_items = np.array(self._library.items.ids_of(rest), np.int64)
            rankings = [one.only(allowed_items) if one.target == "item" else one for one in rankings]
        return [
            one if one.exact or one.target == "item" or allowed is None else one.only(allowed)
            for one in rankings
            if (one.target == "item" and items) or (one.target == "asset" and kind != "item")
        ]


def _of_kind(wanted: AssetFilter, kind: str | None) -> AssetFilter:
    return replace(wanted, kinds=(kind,)) if kind in SUFFIXES else wanted


def _asked_likeness(
    wanted: AssetFilter, asset: int | None, file: Path | None
) -> tuple[int | None, Path | None]:
    """(asset, file) to be alike; the query line's ``like:`` counts where nothing else was named."""
    if asset is not None or file is not None or wanted.like is None:
        return asset, file
    if isinstance(wanted.like, int):
        return wanted.like, None
    path = Path(wanted.like).expanduser()
    if not path.is_absolute() or not path.is_file():
        raise NotFound("There is no file {name}.", name=wanted.like)
    return None, path


def _likeness(asset: int | None, file: Path | None, item: int | None) -> bool:
    return asset is not None or file is not None or item is not None


def _all_usable(wanted: AssetFilter) -> bool:
    return filters_nothing(replace(wanted, either=_filters_of(wanted)))


def _filters_of(wanted: AssetFilter) -> tuple[tuple[AssetFilter, ...], ...]:
    """Alternatives that are filters throughout; with a word in it, a group says nothing about the others."""
    return tuple(group for group in wanted.either if not any(one.text for one in group))


def _speaks_of_items(wanted: AssetFilter) -> bool:
    """Whether a line holds only words and what items have: price and category."""
    plain = replace(wanted, min_price=None, max_price=None, category=None)
    if all(one.text for group in wanted.either for one in group):
        plain = replace(plain, either=())
    return filters_nothing(plain) and (bool(wanted.text or wanted.either) or plain != wanted)


def _without_like(line: str) -> str:
    for part in reversed(parts(line)):
        if part.key == "like":
            line = f"{line[: part.start]} {line[part.stop :]}"
    return line
