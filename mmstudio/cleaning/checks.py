"""What is wrong with single files, items, classes and languages; nothing here changes anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.cleaning.records import Subject
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter
from mmstudio.library.query_words import BLURRED, CLIPPED, SILENT

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

Found = dict[str, list[Subject]]

TINY_SIDE, TINY_SECONDS = 32, 0.05  # px, s
# Of the measures of docs/library-format.md; beyond these a person would call a file unusable. Of 120 photos
# of shops and groceries none is below 0.65 in sharpness; blurred over a hundredth of their side, all shop
# photos are below 0.18 and half of the groceries below 0.3.
DARK_ABOVE = 0.85  # the others are those of the words "blurred", "silent" and "clipped" in a search
SILENT_LUFS = -69.0
SMALL_SHARE, SMALL_MOST = 0.1, 9  # of the largest class; a class of ten is never small
ODD_SHARE = 0.1  # of the texts; a language that fewer use is odd
_PAGE = 1000


def asset_subject(asset_id: int, value: float | None = None, word: str = "") -> Subject:
    """An asset as a subject of its own."""
    return Subject(str(asset_id), (asset_id,), value=value, word=word)


def files(library: Library, context: JobContext) -> Generator[Progress, None, Found]:
    """missing, corrupt, empty and tiny; looks whether every file is there."""
    found: Found = {"missing": [], "corrupt": [], "empty": [], "tiny": []}
    ids = library.assets.ids(AssetFilter(statuses=("ok", "missing", "corrupt")), descending=False)
    for start in range(0, len(ids), _PAGE):
        for asset in library.assets.get_many(ids[start : start + _PAGE]):
            context.raise_if_cancelled()
            kind = _what(library, asset)
            if kind:
                found[kind].append(asset_subject(asset.id, _measured(kind, asset)))
        yield Progress(min(start + _PAGE, len(ids)), len(ids), tr("Look for files"))
    return found


def _what(library: Library, asset: Asset) -> str:
    try:
        there = library.assets.path_of(asset).is_file()
    except OSError:
        there = False
    if not there:
        return "missing"
    if asset.status == "missing":
        return ""  # it is back; the next look for changes says so
    if asset.size == 0:
        return "empty"
    if asset.status == "corrupt":
        return "corrupt"
    if asset.kind in ("image", "video"):
        small = min(asset.width or TINY_SIDE, asset.height or TINY_SIDE) < TINY_SIDE
        return "tiny" if small else ""
    return "tiny" if asset.kind == "audio" and (asset.duration or TINY_SECONDS) < TINY_SECONDS else ""


def _measured(kind: str, asset: Asset) -> float | None:
    if kind != "tiny":
        return None
    return asset.duration if asset.kind == "audio" else float(min(asset.width or 0, asset.height or 0))


def measures(library: Library, told: Iterable[int]) -> tuple[Found, dict[str, int]]:
    """blurred, dark, silent and clipped by the measures that extraction took, and how many assets lack them.

    What is `told` already (missing, tiny …) is not blurred as well, what is dark not also blurred, what is
    silent not also clipped.
    """
    pictures = _of_kind(library, "image")
    sounds = _of_kind(library, "audio")
    found: Found = {}
    passed = set(told)
    for kind, name, among, above, limit in (
        ("dark", "dark", pictures, True, DARK_ABOVE),
        ("blurred", "sharpness", pictures, False, BLURRED),
        ("silent", "silence", sounds, True, SILENT),
        ("clipped", "clipping", sounds, True, CLIPPED),
    ):
        ids, values = library.facts.column(name)
        keep = np.flatnonzero(values >= limit if above else values < limit)
        order = keep[np.argsort(-values[keep] if above else values[keep], kind="stable")]
        chosen = [int(i) for i in order if int(ids[i]) in among and int(ids[i]) not in passed]
        found[kind] = [asset_subject(int(ids[i]), float(values[i])) for i in chosen]
        passed |= {int(ids[i]) for i in chosen}
    loud_ids, loudness = library.facts.column("loudness")
    for asset_id, value in zip(loud_ids.tolist(), loudness.tolist(), strict=True):
        if value <= SILENT_LUFS and asset_id in sounds and asset_id not in passed:
            found["silent"].append(asset_subject(asset_id, 1.0))
            passed.add(asset_id)
    waiting = {
        "blurred": len(library.facts.without("sharpness", ("image",))),
        "silent": len(library.facts.without("silence", ("audio",))),
    }
    return found, waiting


def _of_kind(library: Library, kind: str) -> set[int]:
    return set(library.assets.ids(AssetFilter(kinds=(kind,))))  # type: ignore[arg-type]


def items(library: Library) -> Found:
    """Items without a title, a description, a price, a picture."""
    found: Found = {"item-title": [], "item-text": [], "item-price": [], "item-picture": []}
    ids = library.items.ids()
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        heroes = library.items.heroes_of(page)
        for item in library.items.get_many(page):
            subject = Subject(f"item:{item.id}", (), (item.id,), word=item.title or item.sku)
            for kind, lacks in (
                ("item-title", not item.title.strip()),
                ("item-text", not item.description.strip()),
                ("item-price", item.price is None),
                ("item-picture", item.id not in heroes),
            ):
                if lacks:
                    found[kind].append(subject)
    return found


def balance(library: Library) -> tuple[Found, dict[str, int], dict[str, int]]:
    """Classes that a model could hardly learn beside the largest: (found, categories, tags with counts)."""
    categories, tags = dict(library.items.categories()), dict(library.assets.all_tags())
    found = {
        "category-small": [Subject(f"category:{name}", value=n, word=name) for name, n in _small(categories)],
        "tag-small": [Subject(f"tag:{name}", value=n, word=name) for name, n in _small(tags)],
    }
    return found, categories, tags


def _small(counts: dict[str, int]) -> list[tuple[str, int]]:
    if len(counts) < 2:
        return []
    limit = min(SMALL_SHARE * max(counts.values()), SMALL_MOST)
    return sorted(((name, n) for name, n in counts.items() if n < limit), key=lambda pair: (pair[1], pair[0]))


def languages(library: Library) -> tuple[Found, dict[str, int]]:
    """Texts in a language that few others are in, and how many texts there are in each ("" for unknown).

    Where no language is in the majority, none is odd.
    """
    spoken: dict[int, str] = {}
    ids = library.assets.ids(AssetFilter(kinds=("text",)), descending=False)
    for start in range(0, len(ids), _PAGE):
        for asset in library.assets.get_many(ids[start : start + _PAGE]):
            spoken[asset.id] = asset.language or ""
    counts = dict(Counter(spoken.values()).most_common())
    known = {name: n for name, n in counts.items() if name}
    total = sum(known.values())
    odd: set[str] = set()
    if total and max(known.values()) > total / 2:
        odd = {name for name, n in known.items() if n < ODD_SHARE * total}
    subjects = [asset_subject(i, word=name) for i, name in spoken.items() if name in odd]
    return {"language": subjects}, counts
