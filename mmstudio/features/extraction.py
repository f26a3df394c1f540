"""Extraction as a job: only what is missing, decoding beside the forward pass, stored in batches."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.cores import one_core
from mmstudio.errors import MediaError, StudioError
from mmstudio.features.device import is_out_of_memory
from mmstudio.features.loading import load_media
from mmstudio.i18n import mark, tr, tr_error
from mmstudio.jobs import JobContext, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from mmstudio.features.cluster import Cluster
    from mmstudio.features.contract import Extractor
    from mmstudio.library import Library
    from mmstudio.library.records import Asset, Facts

log = logging.getLogger(__name__)
_STORE_ROWS = 512  # rows per transaction
_STORE_SECONDS = 2.0
_POLL = 0.1  # seconds between looks at the cancel button while a slow file decodes
_NOTES = {
    "image": mark("Looking at pictures"),
    "audio": mark("Listening to sounds"),
    "video": mark("Watching videos"),
}


@dataclass(slots=True)
class Outcome:
    """What an extraction did."""

    done: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)
    paused: bool = False


@dataclass(slots=True)
class _Lane:
    """One extractor with its set and what waits for it."""

    extractor: Extractor
    set_id: int
    wanted: set[int]
    waiting: list[tuple[int, Any]] = field(default_factory=list)
    rows: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    batch_size: int = 1
    flushed: float = field(default_factory=time.monotonic)


def extract(
    library: Library,
    context: JobContext,
    sets: Sequence[tuple[Extractor, int]],
    outcome: Outcome,
    cluster: Cluster | None = None,
) -> Generator[Progress, None, None]:
    """Fill in the missing rows of feature sets, modality by modality.

    `cluster`: computers that read the files instead of this one (its extractors stand in `sets`).
    Rows are stored about every 512 files or two seconds, so that little is lost to a cancel, pause or crash.
    A file that cannot be decoded is marked and named in `outcome.failed`, the rest goes on.
    """
    lanes = [
        _Lane(extractor, set_id, set(library.features.missing(set_id)), batch_size=extractor.batch_size)
        for extractor, set_id in sets
    ]
    total = outcome.done + sum(
        len(set().union(*(lane.wanted for lane in lanes if lane.extractor.info.modality == modality)))
        for modality in {lane.extractor.info.modality for lane in lanes}
    )
    for modality in ("image", "audio", "video"):
        group = [lane for lane in lanes if lane.extractor.info.modality == modality and lane.wanted]
        if group and not outcome.paused:
            with _single_threaded(modality):
                yield from _extract_modality(library, context, modality, group, outcome, total, cluster)


def extract_far(
    library: Library,
    context: JobContext,
    sets: Sequence[tuple[Extractor, int]],
    outcome: Outcome,
    address: str,
) -> Generator[Progress, None, dict[str, Any]]:
    """:func:`extract` on the computers at `address`.

    Returns {"cluster": {"computers": names, "readers": files read at once, "left_out": [[name, reason]]}}.
    """
    from mmstudio.features.cluster import Cluster, FarExtractor

    folders = [path for root in library.roots.list() if (path := Path(root.path)).is_dir()]
    with Cluster(address, folders, [extractor for extractor, _ in sets]) as cluster:
        far = [(FarExtractor(extractor), set_id) for extractor, set_id in sets]
        yield from extract(library, context, far, outcome, cluster)
        return {
            "cluster": {
                "computers": sorted(cluster.computers),
                "readers": cluster.readers,
                "left_out": [list(pair) for pair in cluster.left_out],
            }
        }


@contextmanager
def _single_threaded(modality: str) -> Iterator[None]:
    """Sounds are transformed on several io threads at once: NumPy's products of matrices must not wake all
    cores each (measured on a busy machine of two cores: five times slower, docs/adr/0034)."""
    if modality == "image":
        yield
        return
    with one_core():
        yield


def _extract_modality(
    library: Library,
    context: JobContext,
    modality: str,
    lanes: list[_Lane],
    outcome: Outcome,
    total: int,
    cluster: Cluster | None,
) -> Generator[Progress, None, None]:
    queue = deque(sorted(set().union(*(lane.wanted for lane in lanes))))
    side = max(lane.extractor.side for lane in lanes)
    note = tr(_NOTES[modality])
    ahead = {"image": 64, "audio": 12, "video": 4}[modality]  # files decoded ahead: bounds the memory
    workers = min(4, os.cpu_count() or 1)
    if cluster is not None:  # threads only wait: one file on its way while each reader has one
        workers = 2 * cluster.readers
        ahead = max(ahead, 2 * workers)
    running: deque[tuple[Asset, Future[dict[str, Any]]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="features-io")
    try:
        yield Progress(outcome.done, total, note)
        while queue or running:
            if len(running) < ahead and queue:
                ids = [queue.popleft() for _ in range(min(ahead - len(running), len(queue)))]
                for asset in library.assets.get_many(ids):
                    wanted = [lane for lane in lanes if asset.id in lane.wanted]
                    path = library.assets.path_of(asset)
                    running.append(
                        (asset, pool.submit(_prepare, modality, path, asset, side, wanted, cluster))
                    )
                continue
            asset, future = running.popleft()
            prepared = yield from _wait(library, context, asset, future, outcome)
            outcome.done += 1
            for lane in lanes:
                if prepared is not None and lane.extractor.info.name in prepared:
                    lane.waiting.append((asset.id, prepared[lane.extractor.info.name]))
                if len(lane.waiting) >= lane.batch_size:
                    _run_batch(lane, outcome)
                    _store(library, lane, outcome)
                    yield Progress(outcome.done, total, note)
            if context.pause_requested():
                outcome.paused = True
                break
        for lane in lanes:
            if lane.waiting:
                _run_batch(lane, outcome)
            _store(library, lane, outcome, everything=True)
        yield Progress(outcome.done, total, note)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare(
    modality: str, path: Path, asset: Asset, side: int, lanes: list[_Lane], cluster: Cluster | None
) -> dict[str, Any]:
    if cluster is not None:
        return dict(
            cluster.prepare(modality, path, asset, side, [lane.extractor.info.name for lane in lanes])
        )
    media = load_media(modality, path, side, (asset.width, asset.height), asset.duration)
    return {lane.extractor.info.name: lane.extractor.prepare(media) for lane in lanes}


def _wait(
    library: Library, context: JobContext, asset: Asset, future: Future[dict[str, Any]], outcome: Outcome
) -> Generator[Progress, None, dict[str, Any] | None]:
    """The prepared file, or None where it failed; looks at the cancel button while it waits."""
    while True:
        try:
            return future.result(timeout=_POLL)
        except FutureTimeout:
            if future.done():
                raise
            context.raise_if_cancelled()
            yield Progress(outcome.done, None, tr("Reading {name}", name=asset.rel_path))
        except (MediaError, FileNotFoundError) as error:
            reason, _ = tr_error(error)
            gone = isinstance(error, FileNotFoundError) or not library.assets.path_of(asset).exists()
            if gone:
                library.assets.set_status(asset.id, "missing", reason)
            elif isinstance(error, MediaError) and error.status in ("corrupt", "empty", "unsupported"):
                library.assets.set_status(asset.id, "corrupt", reason)
            outcome.failed.append((asset.rel_path, reason))
            return None
        except (OSError, ValueError, MemoryError, ArithmeticError) as error:
            log.info("features of %s failed: %s", asset.rel_path, error)
            outcome.failed.append((asset.rel_path, tr_error(error)[0]))
            return None


def _run_batch(lane: _Lane, outcome: Outcome) -> None:
    waiting, lane.waiting = lane.waiting, []
    rows, lane.batch_size = forward_in_parts(
        lane.extractor.forward, [media for _, media in waiting], lane.batch_size
    )
    good = [bool(np.isfinite(row).all()) for row in rows]
    of_row = getattr(lane.extractor, "facts", None)  # see contract.WithFacts
    of_media = getattr(lane.extractor, "facts_of", None)  # and contract.WithMediaFacts
    for (asset_id, media), row, fine in zip(waiting, rows, good, strict=True):
        if fine:
            lane.rows.append((asset_id, row))
            if of_row is not None:
                lane.facts.append(replace(of_row(row), asset_id=asset_id))
            if of_media is not None:
                lane.facts.append(replace(of_media(media), asset_id=asset_id))
        else:
            outcome.failed.append((str(asset_id), tr("Its features are not numbers.")))


def forward_in_parts(
    forward: Callable[[list[Any]], NDArray[np.float32]], batch: list[Any], size: int
) -> tuple[NDArray[np.float32], int]:
    """Run `forward` over `batch` in parts of at most `size`; where memory runs out, the part is halved.

    Returns the rows in order, and the size that fitted. Raises StudioError where not even one fits.
    """
    rows: list[NDArray[np.float32]] = []
    at = 0
    while at < len(batch):
        try:
            rows.append(forward(batch[at : at + size]))
            at += size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if size == 1:
                raise StudioError(
                    "The device has too little memory for feature extraction.",
                    hint="Choose the processor as device in the preferences, or close other programs.",
                ) from error
            size = max(1, min(size, len(batch)) // 2)
            log.info("out of memory: the batch is halved to %d", size)
            _release_memory()
    return np.concatenate(rows), size


def _release_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _store(library: Library, lane: _Lane, outcome: Outcome, *, everything: bool = False) -> None:
    late = time.monotonic() - lane.flushed > _STORE_SECONDS
    if lane.rows and (everything or late or len(lane.rows) >= _STORE_ROWS):
        library.features.put_many(lane.set_id, lane.rows)
        library.facts.put_many(lane.facts)
        name = lane.extractor.info.name
        outcome.stored[name] = outcome.stored.get(name, 0) + len(lane.rows)
        lane.rows, lane.facts = [], []
        lane.flushed = time.monotonic()
