"""What is done about findings: every call is one step of undo, and undo brings everything back."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.cleaning.duplicates import best_first
from mmstudio.cleaning.records import Report, Subject
from mmstudio.cleaning.report import examine, last_report, remember
from mmstudio.cleaning.words import FIXABLE, KINDS
from mmstudio.errors import UsageError
from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Asset, Item

# The stricter one of two copies' rights holds for what is kept.
_STRICT = ("unknown", "own", "licensed", "no-training", "restricted")


def fix(library: Library, kind: str, keys: Collection[str] | None = None) -> int:
    """Do what the finding of this kind proposes; returns how many assets went to the trash.

    Args:
        library: open for writing.
        kind: one of :data:`FIXABLE`. Copies hand everything they have to the one that stays (:func:`merge`).
        keys: only these subjects; all of the kind where None.

    Looks anew first, so that nothing is fixed that is no longer so. Raises UsageError where there is no such
    fix.
    """
    steps = _fix(library, JobContext(0, {}), kind, keys)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return int(end.value)


def fix_work(library: Library, kind: str, keys: Collection[str] | None = None) -> Work:
    """The same as a job; its result is {"fixed": n}. Cancelled, nothing is changed."""

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        return {"fixed": (yield from _fix(library, context, kind, keys))}

    return work


def _fix(
    library: Library, context: JobContext, kind: str, keys: Collection[str] | None
) -> Generator[Progress, None, int]:
    if kind not in FIXABLE:
        raise UsageError(
            "There is no fix for {kind}.", hint="Known are: {known}.", kind=kind, known=", ".join(FIXABLE)
        )
    made: Report = yield from examine(library, context, [kind])
    finding = made.finding(kind)
    subjects = [s for s in finding.subjects if keys is None or s.key in keys] if finding else []
    if "merge" in KINDS[kind].fixes:
        return merge(library, subjects, context)
    return trash(library, kind, subjects)


def trash(library: Library, kind: str, subjects: Iterable[Subject]) -> int:
    """Move the assets of subjects to the trash; returns how many were not there before."""
    ids = list(dict.fromkeys(i for subject in subjects for i in subject.asset_ids))
    there = [asset.id for asset in library.assets.get_many(ids) if asset.status != "trashed"]
    if there:
        with library.undo.as_one(mark("Move {n} files to the trash"), n=len(there)):
            library.assets.trash(there)
        forget(library, kind, {str(i) for i in there})
    return len(there)


def merge(
    library: Library, subjects: Iterable[Subject], context: JobContext | None = None, keep: int | None = None
) -> int:
    """Keep one copy of each group with everything its copies have; the copies go to the trash.

    The one that stays takes over tags, the best rating, the stricter rights, titles and captions that say
    something else, places in items (with their roles and order) and in collections.

    Args:
        library: open for writing.
        subjects: groups of copies, the one to keep first. Assets that are no longer usable are left out.
        context: polled for a cancel, upon which nothing is changed.
        keep: keep this one of the (single) group instead.

    Returns:
        how many copies went to the trash.
    """
    groups = []
    for subject in subjects:
        ids = sorted(subject.asset_ids, key=lambda i: i != keep)
        usable = [asset for asset in library.assets.get_many(ids) if asset.status == "ok"]
        if len(usable) > 1:
            groups.append((subject.key, usable))
    gone = [asset.id for _, assets in groups for asset in assets[1:]]
    if not gone:
        return 0
    with library.undo.as_one(mark("Merge {n} copies"), n=len(gone)):
        for _, (first, *others) in groups:
            if context is not None:
                context.raise_if_cancelled()
            hand_over(library, first, others)
        library.assets.trash(gone)  # last: files that moved to the trash would not come back on an error
    keys = {key for key, _ in groups}
    forget(library, "exact", keys)
    forget(library, "near", keys)
    return len(gone)


def hand_over(library: Library, keep: Asset, others: Sequence[Asset]) -> None:
    """Give an asset what others have and it lacks; they keep it too."""
    assets, ids = library.assets, [other.id for other in others]
    tags = assets.tags_of([keep.id, *ids])
    new_tags = sorted({tag for i in ids for tag in tags[i]} - set(tags[keep.id]))
    if new_tags:
        assets.add_tags([keep.id], new_tags)
    rating = max(one.rating for one in (keep, *others))
    if rating > keep.rating:
        assets.set_rating([keep.id], rating)
    rights = max((one.rights for one in (keep, *others)), key=_STRICT.index)
    if rights != keep.rights:
        assets.set_rights([keep.id], rights)
    _words(library, keep, others)
    for item_id in sorted({item for i in ids for item in library.items.items_of_asset(i)}):
        _take_places(library, item_id, keep.id, ids)
    for collection in library.collections.list():
        members = set(
            assets.ids(AssetFilter(collection=collection.id, statuses=("ok", "missing", "corrupt")))
        )
        if members & set(ids) and keep.id not in members:
            library.collections.put(collection.id, [keep.id])


def _words(library: Library, keep: Asset, others: Sequence[Asset]) -> None:
    """A title that a person gave comes before a file name; what else the copies say goes into the caption."""
    given = [one.title for one in (keep, *others) if one.title and not _is_file_name(one)]
    if given and given[0] != keep.title:
        library.assets.set_title([keep.id], given[0])
    title = given[0] if given else keep.title
    said = [keep.caption.strip()] if keep.caption.strip() else []
    for text in [*given, *(one.caption.strip() for one in others)]:
        if text and text != title and not any(text in earlier for earlier in said):
            said.append(text)
    caption = "\n".join(said)
    if caption != keep.caption.strip():
        library.assets.set_caption([keep.id], caption)


def _is_file_name(asset: Asset) -> bool:
    stem = Path(asset.rel_path).stem
    plain = stem.replace("_", " ").replace("-", " ").casefold()
    return asset.title.casefold() in (stem.casefold(), plain)


def _take_places(library: Library, item_id: int, keep: int, others: Collection[int]) -> None:
    links = library.items.all_assets_of(item_id)
    kept = {link.role for link in links if link.asset_id == keep}
    moved = []
    for link in links:
        if link.asset_id not in others:
            moved.append(link)
        elif link.role not in kept:
            kept.add(link.role)
            moved.append(replace(link, asset_id=keep))
    if moved != links:
        library.items.set_assets(item_id, moved)


def ignore(library: Library, kind: str, keys: Iterable[str]) -> int:
    """Leave findings alone from now on; returns how many.

    Of a group of copies every pair is remembered: a new copy of one of them is still found.
    """
    wanted = list(dict.fromkeys(keys))
    if kind not in KINDS:
        raise UsageError(
            "There is no kind of finding {kind}.",
            hint="Known are: {known}.",
            kind=kind,
            known=", ".join(KINDS),
        )
    with library.undo.as_one(mark("Ignore {n} findings"), n=len(wanted)):
        library.ignored.add((kind, key) for whole in wanted for key in _pairs(kind, whole))
    forget(library, kind, set(wanted), ignored=True)
    return len(wanted)


def mind(library: Library, kind: str) -> int:
    """Report again what was ignored of a kind; returns how many."""
    ignored = [pair for pair in library.ignored.all() if pair[0] == kind]
    library.ignored.remove(ignored)
    return len(ignored)


def _pairs(kind: str, key: str) -> list[str]:
    if kind not in ("exact", "near"):
        return [key]
    ids = sorted(int(part) for part in key.split("+") if part.isdigit())
    return [f"{one}+{other}" for place, one in enumerate(ids) for other in ids[place + 1 :]]


def subject_of(library: Library, asset_ids: Iterable[int]) -> Subject:
    """A group of these assets, the best copy first."""
    ordered = best_first(library, library.assets.get_many(list(asset_ids)))
    ids = tuple(asset.id for asset in ordered)
    return Subject("+".join(str(i) for i in sorted(ids)), ids)


def items_named(items: Iterable[Item]) -> str:
    """Titles of items in one line."""
    return tr(", ").join(item.title or item.sku for item in items)


def forget(library: Library, kind: str, keys: set[str], *, ignored: bool = False) -> None:
    """Take fixed subjects out of the report that is remembered, so that it stays true until the next."""
    made = last_report(library)
    if made is None:
        return
    findings = []
    for finding in made.findings:
        left = finding
        if finding.kind == kind:
            kept = tuple(subject for subject in finding.subjects if subject.key not in keys)
            more = len(finding.subjects) - len(kept) if ignored else 0
            left = replace(finding, subjects=kept, ignored=finding.ignored + more)
        if left.subjects or left.ignored:
            findings.append(left)
    remember(library, replace(made, findings=tuple(findings)))
