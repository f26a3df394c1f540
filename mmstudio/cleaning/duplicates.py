"""Files that are the same, or so nearly the same that a person would call them copies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mmstudio.cleaning import pictures, sounds, texts, videos
from mmstudio.cleaning.cache import Cache
from mmstudio.cleaning.records import DuplicateGroup
from mmstudio.errors import Cancelled, MediaError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter
from mmstudio.library.colours import COLOUR_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features import Features
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

_THREADS, _AHEAD = 2, 16
_KINDS = (("image", pictures), ("video", videos), ("audio", sounds), ("text", texts))
T = TypeVar("T")
R = TypeVar("R")
Steps = Generator[Progress, None, list[DuplicateGroup]]


@dataclass(slots=True)
class Seen:
    """What a search for copies learns on the way.

    Attributes:
        unreadable: [path, reason] of files that could not be decoded.
        wordless: texts without a single word.
    """

    unreadable: list[tuple[str, str]] = field(default_factory=list)
    wordless: list[int] = field(default_factory=list)


def duplicates(library: Library, features: Features) -> list[DuplicateGroup]:
    """Groups of copies among the usable assets, exact ones first, then by similarity.

    What a person ignored is left out. The first run decodes every file; later ones only what is new.
    """
    steps = search(library, features, JobContext(0, {}), Seen())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: list[DuplicateGroup] = end.value
            return found


def search(library: Library, features: Features, context: JobContext, seen: Seen) -> Steps:
    """The same as a job. Raises Cancelled; what was computed until then is kept."""
    assets = library.assets.get_many(library.assets.ids(AssetFilter(), order="added", descending=False))
    ignored = library.ignored.all()
    by_hash: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        by_hash[asset.sha256].append(asset)
    groups = []
    single = []
    for copies in by_hash.values():
        ordered = best_first(library, copies) if len(copies) > 1 else copies
        single.append(ordered[0])
        sames = {(one.id, other.id): 1.0 for one in ordered for other in ordered if one.id != other.id}
        groups += _stars("exact", ordered, sames, ignored)
    verdicts = Cache(library, "pairs", "-".join(module.VERSION for _, module in _KINDS))
    asked: list[str] = []
    near: list[DuplicateGroup] = []
    for kind, _ in _KINDS:
        chosen = [asset for asset in single if asset.kind == kind]
        look = _Look(library, features, context, seen, verdicts, asked)
        similar = yield from look.alike(kind, chosen)
        if similar:
            by_id = {asset.id: asset for asset in chosen}
            paired = best_first(library, [by_id[i] for i in sorted({i for pair in similar for i in pair})])
            near += _stars("near", paired, similar, ignored)
    verdicts.save(asked)
    return groups + sorted(near, key=lambda group: (-group.score, group.asset_ids))


def best_first(library: Library, assets: Iterable[Asset]) -> list[Asset]:
    """Copies, the one most worth keeping first: most pixels, longest, used by most items, best rated,
    largest, oldest."""

    def worth(asset: Asset) -> tuple[float, ...]:
        items = len(library.items.items_of_asset(asset.id))
        size = -len(library.assets.text_of(asset.id)) if asset.kind == "text" else -asset.size
        return (-_pixels(asset), -round(asset.duration or 0, 1), -items, -asset.rating, size, asset.id)

    return sorted(assets, key=worth)


def why_kept(library: Library, keep: Asset, others: Sequence[Asset]) -> str:
    """Why a copy comes first, one reason in the person's language; empty where they are equal in all."""
    items = {a.id: len(library.items.items_of_asset(a.id)) for a in (keep, *others)}
    reasons: tuple[tuple[Callable[[Asset], float], str], ...] = (
        (_pixels, tr("most pixels")),
        (lambda asset: round(asset.duration or 0, 1), tr("longest")),
        (lambda asset: items[asset.id], tr("used by most items")),
        (lambda asset: asset.rating, tr("best rated")),
        (lambda asset: asset.size, tr("largest file")),
        (lambda asset: -asset.id, tr("added first")),
    )
    for worth, reason in reasons:
        most, rest = worth(keep), max((worth(other) for other in others), default=worth(keep))
        if most > rest:
            return reason
        if most < rest:
            return ""
    return ""


def _pixels(asset: Asset) -> int:
    return (asset.width or 0) * (asset.height or 0)


def _stars(
    kind: str, ordered: Sequence[Asset], similar: dict[tuple[int, int], float], ignored: set[tuple[str, str]]
) -> list[DuplicateGroup]:
    """Groups in which every copy was found alike the one that is kept.

    Chains are not followed: of three pictures of which only neighbours are alike, two are a group.
    """
    left, groups = [asset.id for asset in ordered], []
    while len(left) > 1:
        keep, *rest = left
        copies = {}
        for other in rest:
            low, high = min(keep, other), max(keep, other)
            score = similar.get((keep, other), similar.get((other, keep)))
            if score is not None and (kind, f"{low}+{high}") not in ignored:
                copies[other] = score
        if copies:
            groups.append(
                DuplicateGroup("exact" if kind == "exact" else "near", [keep, *copies], min(copies.values()))
            )
        left = [other for other in rest if other not in copies]
    return groups


def _other_colours(one: Asset, other: Asset) -> bool:
    """Whether the file names say different colours: jacket-black.jpg is no copy of jacket-blue.jpg."""
    said = [_colours_named(PurePosixPath(asset.rel_path).stem.casefold()) for asset in (one, other)]
    return bool(said[0] and said[1] and said[0] != said[1])


def _colours_named(stem: str) -> set[str]:
    words = {word: colour for word, colour in COLOUR_WORDS.items() if word.isascii()}
    chinese = {word: colour for word, colour in COLOUR_WORDS.items() if not word.isascii() and len(word) > 1}
    spelled = set(re.findall(r"[a-z]+", stem))
    return {words[word] for word in spelled & words.keys()} | {c for w, c in chinese.items() if w in stem}


class _Look:
    """Fingerprints and verdicts of one kind of media, from the cache or made now."""

    def __init__(
        self,
        library: Library,
        features: Features,
        context: JobContext,
        seen: Seen,
        verdicts: Cache,
        asked: list[str],
    ) -> None:
        self._library, self._features, self._context = library, features, context
        self._seen, self._verdicts, self._asked = seen, verdicts, asked
        self._small = lru_cache(maxsize=4096)(self._read_small)
        self._wave = lru_cache(maxsize=128)(self._read_wave)

    def alike(
        self, kind: str, assets: list[Asset]
    ) -> Generator[Progress, None, dict[tuple[int, int], float]]:
        """Similarity 0…1 by pair of ids, of the pairs that are copies."""
        if not assets:
            return {}
        prints = yield from self._prints(kind, assets)
        if kind == "text":
            self._seen.wordless += [a.id for a, blob in zip(assets, prints, strict=True) if not blob]
        found: dict[tuple[int, int], float] = {}
        proposed = sorted(set(self._proposed(kind, assets, prints)))
        new = []
        for i, j, share in proposed:
            key = f"{assets[i].sha256[:20]}{assets[j].sha256[:20]}{share:.2f}"
            self._asked.append(key)
            known = self._verdicts.rows.get(key)
            if known is None:
                new.append((i, j, share, key))
            elif score := float(np.frombuffer(known, np.float32)[0]):
                found[assets[i].id, assets[j].id] = score

        def compare(pair: tuple[int, int, float, str]) -> float:
            i, j, share, _ = pair
            if kind == "image":
                if _other_colours(assets[i], assets[j]):
                    return 0.0
                return pictures.alike(self._small(assets[i]), self._small(assets[j]), share)
            return self._compare(kind, assets[i], assets[j], prints[i], prints[j])

        try:
            for done, (pair, outcome) in enumerate(self._many(compare, new), 1):
                if not isinstance(outcome, MediaError | OSError):
                    score = float(outcome)
                    i, j, _, key = pair
                    self._verdicts.put(key, np.float32(score).tobytes())
                    if score:
                        pair_ids = (assets[i].id, assets[j].id)
                        found[pair_ids] = max(score, found.get(pair_ids, 0.0))
                yield Progress(done, len(new), tr("Compare what looks alike"))
        except Cancelled:
            self._verdicts.save(list(self._verdicts.rows))
            raise
        return found

    def _prints(self, kind: str, assets: list[Asset]) -> Generator[Progress, None, list[bytes]]:
        module = dict(_KINDS)[kind]
        cache = Cache(self._library, kind, module.VERSION)
        missing = [asset for asset in assets if asset.sha256 not in cache.rows]
        fresh: dict[str, bytes] = {}
        try:
            for done, (asset, blob) in enumerate(
                self._many(lambda asset: self._fingerprint(kind, asset), missing), 1
            ):
                if isinstance(blob, bytes):
                    cache.put(asset.sha256, blob)
                else:
                    fresh[asset.sha256] = b""
                    self._seen.unreadable.append((asset.rel_path, tr_error(blob)[0]))
                yield Progress(done, len(missing), tr("Take fingerprints"))
        finally:
            cache.save([asset.sha256 for asset in assets])
        return [cache.rows.get(asset.sha256, fresh.get(asset.sha256, b"")) for asset in assets]

    def _fingerprint(self, kind: str, asset: Asset) -> bytes:
        path = self._library.assets.path_of(asset)
        if kind == "image":
            thumbnail = self._library.assets.thumbnail_path(asset.sha256)
            return pictures.fingerprint(pictures.read(thumbnail if thumbnail.is_file() else path))
        if kind == "audio":
            return sounds.fingerprint(path)
        if kind == "video":
            return videos.fingerprint(path, self._context)
        return texts.fingerprint(self._library.assets.text_of(asset.id))

    def _proposed(self, kind: str, assets: list[Asset], prints: list[bytes]) -> Iterator[pictures.Pair]:
        if kind != "image":
            propose = {"audio": sounds.pairs, "video": videos.pairs, "text": texts.pairs}[kind]
            yield from ((i, j, 1.0) for i, j in propose(prints))
        else:
            there = [i for i, blob in enumerate(prints) if blob]
            codes = np.frombuffer(b"".join(prints[i] for i in there), np.uint64).reshape(len(there), -1)
            found = [*pictures.whole_pairs(codes), *self._crops([assets[i] for i in there], codes)]
            yield from ((there[i], there[j], share) for i, j, share in found)
            look = self._features.vectors.space("cnn")
            rows = [(i, row) for i in there if (row := look.row(assets[i].id)) is not None]
            if len(rows) > 1:
                unit = look.unit[[row for _, row in rows]]
                yield from ((rows[i][0], rows[j][0], 1.0) for i, j, _ in pictures.close_pairs(unit))

    def _crops(self, assets: list[Asset], codes: NDArray[np.uint64]) -> Iterator[pictures.Pair]:
        """Crops among pictures: what was compared before is known, only new ones are compared with all."""
        compared = Cache(self._library, "compared", pictures.VERSION)
        known = Cache(self._library, "crops", pictures.VERSION)
        rows = {asset.sha256[:20]: row for row, asset in enumerate(assets)}
        for key, blob in known.rows.items():
            one, other = rows.get(key[:20]), rows.get(key[20:])
            if one is not None and other is not None:
                yield one, other, float(np.frombuffer(blob, np.float32)[0])
        new = np.array([asset.sha256 not in compared.rows for asset in assets], bool)
        for one, other, share in pictures.crop_pairs(codes, new, self._context.raise_if_cancelled):
            known.put(assets[one].sha256[:20] + assets[other].sha256[:20], np.float32(share).tobytes())
            yield one, other, share
        for asset in assets:
            compared.put(asset.sha256, b"")
        if new.any():
            known.save([key for key in known.rows if key[:20] in rows and key[20:] in rows])
            compared.save([asset.sha256 for asset in assets])

    def _compare(self, kind: str, one: Asset, other: Asset, a: bytes, b: bytes) -> float:
        if kind == "audio":
            return sounds.alike(self._wave(one), self._wave(other)) if sounds.maybe_alike(a, b) else 0.0
        if kind == "video":
            return videos.alike(a, b)
        return texts.alike(self._library.assets.text_of(one.id), self._library.assets.text_of(other.id))

    def _read_wave(self, asset: Asset) -> NDArray[np.float32]:
        return sounds.waveform(self._library.assets.path_of(asset))

    def _read_small(self, asset: Asset) -> NDArray[np.uint8]:
        thumbnail = self._library.assets.thumbnail_path(asset.sha256)
        path = thumbnail if thumbnail.is_file() else self._library.assets.path_of(asset)
        return pictures.small(pictures.read(path))

    def _many(
        self, call: Callable[[T], R], inputs: Sequence[T]
    ) -> Iterator[tuple[T, R | MediaError | OSError]]:
        """Results in order, a few threads ahead; polled for a cancel. Files that cannot be had come as their
        error."""

        def safely(one: T) -> R | MediaError | OSError:
            try:
                return call(one)
            except (MediaError, OSError) as error:
                return error

        if not inputs:
            return
        waiting: list[tuple[T, Future[R | MediaError | OSError]]] = []
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="doctor")
        begun = 0
        try:
            while True:
                while len(waiting) < _AHEAD and begun < len(inputs):
                    waiting.append((inputs[begun], pool.submit(safely, inputs[begun])))
                    begun += 1
                if not waiting:
                    return
                first = waiting[0][1]
                while not first.done():
                    self._context.raise_if_cancelled()
                    wait([first], timeout=0.1, return_when=FIRST_COMPLETED)
                self._context.raise_if_cancelled()
                one_done, future = waiting.pop(0)
                yield one_done, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
