"""Texts of the library as vectors: fitted on them, refitted when they have changed much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.features.extractors import TEXT, infos
from mmstudio.features.normalise import fit_statistics
from mmstudio.features.texts.words import TextModel, digest, fit_text_model, save_text_model, tokens
from mmstudio.features.vectors import Vectors, fit_mark
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mmstudio.library import Library
    from mmstudio.library.records import Asset, Item, Target

_PAGE = 500
_YES, _NO = {"yes", "true", "是"}, {"no", "false", "none", "否"}
_STALE = 0.2  # share of new or changed texts above which the model is fitted anew


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
    library: Library, context: JobContext, vectors: Vectors, done: int
) -> Generator[Progress, None, dict[str, int]]:
    """Bring the text vectors of items and text files up to date; returns how many were written per target.

    New and changed texts are read with the fitted model; where they are more than a fifth, or the model is
    missing or does not belong to the stored vectors, everything is fitted and written anew.
    """
    note = tr("Reading texts")
    current: dict[str, str] = {}
    for target, target_id, text in _texts(library):
        current[_key(target, target_id)] = digest(text)
        if len(current) % _PAGE == 0:
            context.raise_if_cancelled()
            yield Progress(done, None, note)
    if not current:
        return {}
    model = vectors.text_model()
    changed = {key for key, mark in current.items() if model is None or model.seen.get(key) != mark}
    targets: tuple[Target, ...] = ("asset", "item")
    stale = (
        model is None
        or len(changed) > max(5, _STALE * model.fitted)
        or not all(vectors.text_ready(model, target) for target in targets)
    )
    if not stale and not changed:
        return {}
    total = done + len(changed if not stale else current)
    yield Progress(done, total, note)
    if model is None or stale:
        documents = []
        for _, _, text in _texts(library):
            documents.append(tokens(text))
            if len(documents) % 50 == 0:
                context.raise_if_cancelled()
                yield Progress(done, total, note)
        model = fit_text_model(documents, {})
        changed = set(current)
    written = yield from _write(library, context, model, changed, done, total)
    _save(library, vectors, model, current)
    return written


def _write(
    library: Library, context: JobContext, model: TextModel, changed: set[str], done: int, total: int
) -> Generator[Progress, None, dict[str, int]]:
    info = infos()[TEXT]
    written: dict[str, int] = {}
    page: list[tuple[Target, int, list[str]]] = []

    def flush() -> None:
        rows = model.vectors([words for _, _, words in page])
        for target in ("asset", "item"):
            known = [(i, row) for (t, i, _), row in zip(page, rows, strict=True) if t == target and row.any()]
            unknown = [i for (t, i, _), row in zip(page, rows, strict=True) if t == target and not row.any()]
            set_id = library.features.ensure_set(
                TEXT, info.version, info.parameters, info.dimension, "text", target
            )
            library.features.put_many(set_id, known)
            if unknown:  # a text that lost its words must not keep the vector of the old ones
                library.features.delete_for(unknown, target)
            written[target] = written.get(target, 0) + len(known)
        page.clear()

    for target, target_id, text in _texts(library):
        if _key(target, target_id) not in changed:
            continue
        page.append((target, target_id, tokens(text)))
        if len(page) >= _PAGE:
            flush()
            context.raise_if_cancelled()
            done += _PAGE
            yield Progress(done, total, tr("Reading texts"))
    flush()
    yield Progress(total, total, tr("Reading texts"))
    return written


def _save(library: Library, vectors: Vectors, model: TextModel, seen: dict[str, str]) -> None:
    info = infos()[TEXT]
    # The model is saved last: vectors without their model are noticed and made again, the reverse is not.
    targets: tuple[Target, ...] = ("asset", "item")
    for target in targets:
        set_id = library.features.ensure_set(
            TEXT, info.version, info.parameters, info.dimension, "text", target
        )
        fitted = fit_statistics(library.features.matrix(set_id)[1])
        library.features.save_stats(set_id, fitted.mean, fitted.std, fitted.count, fit_mark(model))
    save_text_model(
        TextModel(model.vocabulary, model.idf, model.components, model.fit, seen, model.fitted),
        vectors.text_model_path,
    )


def _texts(library: Library) -> Iterator[tuple[Target, int, str]]:
    """Every text, a page of rows in memory at a time."""
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
