"""Texts of the library as vectors: read once for all text extractors, fitted on them, refitted when they have
changed much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mmstudio.features.normalise import fit_statistics
from mmstudio.features.texts.fitters import Text
from mmstudio.features.texts.language import describe_texts
from mmstudio.features.texts.pausing import between_steps
from mmstudio.features.texts.words import digest
from mmstudio.features.vectors import fit_mark
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mmstudio.features.texts.fitters import Fitted, Fitter
    from mmstudio.library import Library
    from mmstudio.library.records import Asset, Item, Target

_PAGE = 500
_YES, _NO = {"yes", "true", "是"}, {"no", "false", "none", "否"}
_STALE = 0.2  # share of new or changed texts above which a model is fitted anew
_TARGETS: tuple[Target, ...] = ("asset", "item")


@dataclass(slots=True)
class _Lane:
    """One extractor with its model, its sets, and the texts that wait for it."""

    fitter: Fitter
    fitted: Fitted | None
    sets: dict[Target, int]
    stale: bool
    todo: set[str]
    written: int = 0
    page: list[tuple[Target, int, Text]] = field(default_factory=list)


def item_text(item: Item) -> str:
    """What an item says; its title counts twice."""
    attributes = " ".join(
        name if value.casefold() in _YES else value
        for name, value in item.attributes.items()
        if value.casefold() not in _NO
    )
    return f"{item.title}\n{item.title}\n{item.category}\n{item.description}\n{attributes}"


def asset_text(asset: Asset, text: str, tags: list[str]) -> str:
    """What a text file says."""
    return "\n".join([asset.title, asset.caption, " ".join(tags), text])


def extract_texts(
    library: Library, context: JobContext, fitters: Sequence[Fitter], done: int
) -> Generator[Progress, None, dict[str, int]]:
    """Bring the text vectors of items and text files up to date; returns extractor → how many were written.

    New and changed texts are read with the fitted model; where they are more than a fifth, or the model is
    missing or does not belong to the stored vectors, everything is fitted and written anew. Each text is read
    and cut into words once, however many extractors want it.
    """
    yield from describe_texts(library, context, done)
    note = tr("Reading texts")
    current: dict[str, str] = {}
    for target, target_id, text in texts_of(library):
        current[_key(target, target_id)] = digest(text)
        if len(current) % _PAGE == 0:
            between_steps(context)
            yield Progress(done, None, note)
    if not current:
        return {}
    lanes = [lane for fitter in fitters if (lane := _lane(library, fitter, current)).todo]
    if not lanes:
        return {}
    total = done + len(set().union(*(lane.todo for lane in lanes)))
    yield Progress(done, total, note)
    if any(lane.stale for lane in lanes):
        yield from _fit(library, context, [lane for lane in lanes if lane.stale], done, total)
    yield from _write(library, context, lanes, done, total)
    for lane in lanes:
        _save(library, lane, current)
    return {lane.fitter.info.name: lane.written for lane in lanes}


def _lane(library: Library, fitter: Fitter, current: dict[str, str]) -> _Lane:
    info, fitted = fitter.info, fitter.load()
    sets: dict[Target, int] = {
        target: library.features.ensure_set(
            info.name, info.version, info.parameters, info.dimension, "text", target
        )
        for target in _TARGETS
    }
    if fitted is None:
        return _Lane(fitter, None, sets, True, set(current))
    changed = {key for key, mark in current.items() if fitted.seen.get(key) != mark}
    ready = all(_marked(library, number, fitted) for number in sets.values())
    # A model that is never fitted here cannot grow stale by new texts.
    much = fitted.fitted > 0 and len(changed) > max(5, _STALE * fitted.fitted)
    if much or not ready:
        return _Lane(fitter, fitted, sets, True, set(current))
    # A vector that was lost with its file's old content is made again, though the text reads the same.
    gone = {_key(target, i) for target, number in sets.items() for i in library.features.missing(number)}
    return _Lane(fitter, fitted, sets, False, changed | (gone & set(current)))


def _marked(library: Library, set_id: int, fitted: Fitted) -> bool:
    """Whether the stored vectors of a set come from this fit."""
    kept = library.features.stats(set_id)
    return kept is not None and kept.fitted_on == fit_mark(fitted)


def _fit(
    library: Library, context: JobContext, lanes: Sequence[_Lane], done: int, total: int
) -> Generator[Progress, None, None]:
    documents: list[list[str]] = []
    for _, _, text in texts_of(library):
        documents.append(Text(text).words)
        if len(documents) % 50 == 0:
            between_steps(context)
            yield Progress(done, total, tr("Reading texts"))
    for lane in lanes:
        lane.fitted = yield from lane.fitter.fit(documents, context, done)


def _write(
    library: Library, context: JobContext, lanes: Sequence[_Lane], done: int, total: int
) -> Generator[Progress, None, None]:
    waiting = 0
    for target, target_id, raw in texts_of(library):
        wanted = [lane for lane in lanes if _key(target, target_id) in lane.todo]
        if not wanted:
            continue
        text = Text(raw)
        for lane in wanted:
            lane.page.append((target, target_id, text))
        waiting += 1
        if waiting >= _PAGE:
            done, waiting = done + waiting, 0
            for lane in lanes:
                _flush(library, lane)
                between_steps(context)
            yield Progress(done, total, tr("Reading texts"))
    for lane in lanes:
        _flush(library, lane)
    yield Progress(total, total, tr("Reading texts"))


def _flush(library: Library, lane: _Lane) -> None:
    if not lane.page or lane.fitted is None:
        return
    rows = lane.fitter.vectors(lane.fitted, [text for _, _, text in lane.page])
    for target, set_id in lane.sets.items():
        own = [(i, row) for (t, i, _), row in zip(lane.page, rows, strict=True) if t == target]
        library.features.put_many(set_id, [(i, row) for i, row in own if row.any()])
        unknown = [i for i, row in own if not row.any()]
        if unknown:  # a text that lost its words must not keep the vector of the old ones
            library.features.delete_for(unknown, target, set_id)
        lane.written += len(own) - len(unknown)
    lane.page.clear()


def _save(library: Library, lane: _Lane, seen: dict[str, str]) -> None:
    if lane.fitted is None:
        return
    fitted = replace(lane.fitted, seen=seen)
    # The model is saved last: vectors without their model are noticed and made again, the reverse is not.
    for set_id in lane.sets.values():
        found = fit_statistics(library.features.matrix(set_id)[1])
        library.features.save_stats(set_id, found.mean, found.std, found.count, fit_mark(fitted))
    lane.fitter.save(fitted)


def texts_of(library: Library) -> Iterator[tuple[Target, int, str]]:
    """Every text of the library with whose it is, a page of rows in memory at a time."""
    ids = library.assets.ids(AssetFilter(kinds=("text",)))
    for start in range(0, len(ids), _PAGE):
        assets = library.assets.get_many(ids[start : start + _PAGE])
        tags = library.assets.tags_of([asset.id for asset in assets])
        for asset in assets:
            yield "asset", asset.id, asset_text(asset, library.assets.text_of(asset.id), tags[asset.id])
    items = library.items.ids()
    for start in range(0, len(items), _PAGE):
        for item in library.items.get_many(items[start : start + _PAGE]):
            yield "item", item.id, item_text(item)


def _key(target: Target, target_id: int) -> str:
    return f"{target[0]}{target_id}"
