"""Findings about a library and what can be done about each; every fix can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.cleaning.duplicates import DuplicateGroup, duplicates
from mmstudio.errors import UsageError
from mmstudio.features import Features
from mmstudio.features.sounds.mfcc import COEFFICIENTS
from mmstudio.i18n import tr
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

TINY_SIDE, TINY_SECONDS = 32, 0.05
_STILL = 1e-3  # deviation over time of the loudness coefficient below which a sound never changes
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that is not as it should be.

    Attributes:
        kind: stable key: missing, corrupt, empty, tiny, silent, exact, near, item-picture, item-price,
        item-text.
        asset_ids: the assets concerned; of duplicates, those that a fix would take away.
        message: what is wrong, in the person's language.
        fix: what `fix` would do, in the person's language; empty where only a person can.
        item_ids: the items concerned.
    """

    kind: str
    asset_ids: list[int]
    message: str
    fix: str
    item_ids: tuple[int, ...] = ()


def report(library: Library) -> list[Finding]:
    """Look over the whole library; changes nothing."""
    features = Features(library)
    try:
        findings = [
            *_files(library),
            *_silent(library, features),
            *_duplicates(library, features),
            *_items(library),
        ]
    finally:
        features.close()
    return [finding for finding in findings if finding.asset_ids or finding.item_ids]


def fix(library: Library, kind: str) -> int:
    """Do what the finding of this kind proposes; returns how many assets went to the trash.

    Duplicates hand their tags and their places in items to the copy that stays. Raises UsageError where
    there is no such fix.
    """
    if kind not in FIXABLE:
        raise UsageError(
            "There is no fix for {kind}.", hint="Known are: {known}.", kind=kind, known=", ".join(FIXABLE)
        )
    if kind in ("exact", "near"):
        features = Features(library)
        try:
            groups = [group for group in duplicates(library, features) if group.kind == kind]
        finally:
            features.close()
        return sum(_merge(library, group) for group in groups)
    ids = [i for finding in report(library) if finding.kind == kind for i in finding.asset_ids]
    if ids:
        library.assets.trash(ids)
    return len(ids)


FIXABLE = ("missing", "corrupt", "empty", "tiny", "silent", "exact", "near")


def _files(library: Library) -> list[Finding]:
    trash = tr("Move them to the trash")
    known = library.assets.ids(AssetFilter(statuses=("missing",)))
    gone = set(known) | set(library.check().missing)
    broken = _where(library, AssetFilter(statuses=("corrupt",)), lambda asset: asset.size > 0)
    empty = _where(library, AssetFilter(statuses=("ok", "corrupt")), lambda asset: asset.size == 0)
    tiny = _where(library, AssetFilter(), _is_tiny)
    return [
        Finding("missing", sorted(gone), tr("{n} files are no longer where they were.", n=len(gone)), trash),
        Finding("corrupt", broken, tr("{n} files are damaged.", n=len(broken)), trash),
        Finding("empty", empty, tr("{n} files are empty.", n=len(empty)), trash),
        Finding("tiny", tiny, tr("{n} pictures or sounds are too small to be of use.", n=len(tiny)), trash),
    ]


def _is_tiny(asset: Asset) -> bool:
    if asset.kind == "image":
        return min(asset.width or TINY_SIDE, asset.height or TINY_SIDE) < TINY_SIDE
    return asset.kind == "audio" and (asset.duration or TINY_SECONDS) < TINY_SECONDS


def _silent(library: Library, features: Features) -> list[Finding]:
    """Sounds whose loudness never moves: the first MFCC's deviation over time is nothing."""
    ids, raw = features.matrix("mfcc", normalised=False)
    if not len(ids):
        return []
    loudness = 3 * COEFFICIENTS  # the column where the deviations over time begin
    still = np.abs(raw[:, loudness]) < _STILL
    found = [int(i) for i in ids[still]]
    return [
        Finding("silent", found, tr("{n} sounds are silent.", n=len(found)), tr("Move them to the trash"))
    ]


def _duplicates(library: Library, features: Features) -> list[Finding]:
    groups = duplicates(library, features)
    exact = [i for group in groups if group.kind == "exact" for i in group.asset_ids[1:]]
    near = [i for group in groups if group.kind == "near" for i in group.asset_ids[1:]]
    keep = tr("Keep the best copy with all tags, move the others to the trash")
    return [
        Finding("exact", exact, tr("{n} files are exact copies of others.", n=len(exact)), keep),
        Finding("near", near, tr("{n} files are nearly the same as others.", n=len(near)), keep),
    ]


def _items(library: Library) -> list[Finding]:
    no_picture: list[int] = []
    no_price: list[int] = []
    no_text: list[int] = []
    ids = library.items.ids()
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        heroes = library.items.heroes_of(page)
        for item in library.items.get_many(page):
            if item.id not in heroes:
                no_picture.append(item.id)
            if item.price is None:
                no_price.append(item.id)
            if not item.title.strip() or not item.description.strip():
                no_text.append(item.id)
    return [
        Finding(
            "item-picture",
            [],
            tr("{n} items have no picture.", n=len(no_picture)),
            "",
            tuple(no_picture),
        ),
        Finding("item-price", [], tr("{n} items have no price.", n=len(no_price)), "", tuple(no_price)),
        Finding(
            "item-text", [], tr("{n} items lack a title or description.", n=len(no_text)), "", tuple(no_text)
        ),
    ]


def _where(library: Library, wanted: AssetFilter, bad: Callable[[Asset], bool]) -> list[int]:
    found: list[int] = []
    ids = library.assets.ids(wanted, descending=False)
    for start in range(0, len(ids), _PAGE):
        found += [asset.id for asset in library.assets.get_many(ids[start : start + _PAGE]) if bad(asset)]
    return found


def _merge(library: Library, group: DuplicateGroup) -> int:
    """Keep the first copy: it takes over tags, the best rating and places in items."""
    keep, *others = group.asset_ids
    if not others:
        return 0
    tags = library.assets.tags_of(group.asset_ids)
    new_tags = sorted({tag for other in others for tag in tags[other]} - set(tags[keep]))
    if new_tags:
        library.assets.add_tags([keep], new_tags)
    best = max(asset.rating for asset in library.assets.get_many(group.asset_ids))
    if best > library.assets.get(keep).rating:
        library.assets.set_rating([keep], best)
    for item_id in {item for other in others for item in library.items.items_of_asset(other)}:
        links = library.items.assets_of(item_id)
        kept = {link.role for link in links if link.asset_id == keep}
        moved = []
        for link in links:
            if link.asset_id not in others:
                moved.append(link)
            elif link.role not in kept:
                kept.add(link.role)
                moved.append(replace(link, asset_id=keep))
        library.items.set_assets(item_id, moved)
    library.assets.trash(others)
    return len(others)
