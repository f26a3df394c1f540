"""The features of one library: extraction, vectors, likeness, search, export."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import MediaError, UsageError
from mmstudio.features.contract import Encoder, Extractor
from mmstudio.features.device import choose_device
from mmstudio.features.exporting import export_vectors
from mmstudio.features.extraction import Outcome, extract, extract_far
from mmstudio.features.extractors import FUSED, build, infos
from mmstudio.features.fitting import fit_on, keep_fitted
from mmstudio.features.fusion import item_vectors
from mmstudio.features.gaps import with_gaps
from mmstudio.features.listing import Listed, listing
from mmstudio.features.pictures import colour
from mmstudio.features.pictures.told import look_of
from mmstudio.features.search.evidence import fuse
from mmstudio.features.texts.reading import READ, ReadOutcome
from mmstudio.features.vectors import Vectors, known
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.media.image import image_array
from mmstudio.media.video import VideoReader

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from mmstudio.features.inside.service import Inside
    from mmstudio.features.records import ExtractorInfo, Hit, ItemVectors
    from mmstudio.features.search.finder import Finder
    from mmstudio.features.tagging import Tagger
    from mmstudio.features.texts.service import Texts
    from mmstudio.library import Library
    from mmstudio.library.records import Target

_PALETTES = 512  # kept in memory


class Features:
    """Feature extraction and search over a library.

    Args:
        library: an open library; a read-only one can be searched but not extracted.
        device: "auto", "cpu", "cuda" or "mps".
    """

    def __init__(self, library: Library, device: str = "auto") -> None:
        self.library, self._device = library, device
        self.vectors = Vectors(library)
        self.shared: Encoder | None = None  # set by the studio: learning lies above this room
        self._extractors: tuple[str, dict[str, Extractor]] | None = None
        self._items: tuple[int, ItemVectors] | None = None
        self._palettes: OrderedDict[str, list[tuple[int, int, int]]] = OrderedDict()
        self._lock = threading.RLock()

    def close(self) -> None:
        """Stop following the library; the object is not used afterwards."""
        self.vectors.close()

    @property
    def device(self) -> str:
        """The torch device in use: "cuda", "mps" or "cpu"."""
        return choose_device(self._device)

    def extractors(self) -> dict[str, ExtractorInfo]:
        """Every extractor by name."""
        return infos()

    @cached_property
    def inside(self) -> Inside:
        """Maps of the library, reasons for likeness, what the picture network looks at."""
        from mmstudio.features.inside.service import Inside

        return Inside(self)

    @cached_property
    def texts(self) -> Texts:
        """Languages, key phrases, word meanings, opinions and quotes."""
        from mmstudio.features.texts.service import Texts

        return Texts(self.library, self.vectors)

    @cached_property
    def tagger(self) -> Tagger:
        """Tags from a few examples."""
        from mmstudio.features.tagging import Tagger

        return Tagger(self.library, self.vectors)

    # -- extraction --------------------------------------------------------------------------------------

    def work(
        self,
        kind: str | None = None,
        extractor: str | None = None,
        fit: str | None = None,
        cluster: str | None = None,
    ) -> Work:
        """Extract what is missing, of all media or one kind, with all extractors or one.

        `fit`: then fit mean and deviation of that one extractor on the assets that this query line finds (""
        is all of them again); see `fitting.fit_on`. `cluster`: address of computers that read pictures,
        sounds and videos instead of this one; see `cluster.Cluster`.

        The job's result: extracted (name → new rows), failed ([path, reason] pairs), files, seconds, and read
        (pictures whose text was looked for, and in how many there was some). Raises UsageError for an unknown
        kind or extractor.
        """
        known_ones = infos()
        if extractor is not None and extractor not in known_ones and extractor != READ:
            self.texts.refuse(extractor)
            raise UsageError(
                "There is no feature extractor {name}.",
                hint="Known are: {known}.",
                name=extractor,
                known=", ".join(known_ones),
            )
        if kind is not None and kind not in ("image", "audio", "video", "text"):
            raise UsageError("There is no kind of media {kind}.", kind=kind)
        if fit is not None and (extractor not in known_ones or known_ones[extractor].modality == "text"):
            raise UsageError("Name an extractor of pictures, sounds or videos to fit its statistics.")
        names = [
            name
            for name, info in known_ones.items()
            if (name == extractor or (extractor is None and info.default)) and kind in (None, info.modality)
        ]

        reads = extractor == READ or (extractor is None and kind in (None, "image"))

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            return (yield from self._run(context, names, reads, extractor == READ, fit, cluster))

        return run

    def _run(
        self,
        context: JobContext,
        names: list[str],
        reads: bool,
        only_reads: bool,
        fit: str | None,
        cluster: str | None,
    ) -> Generator[Progress, None, dict[str, Any]]:
        started, outcome = time.monotonic(), Outcome()
        joined: dict[str, Any] = {}
        known = infos()
        sets = {n: self._ensure(known[n]) for n in names if known[n].modality in ("image", "audio", "video")}
        if any(self.library.features.missing(set_id) for set_id in sets.values()):
            running = self._running()  # loads torch: not for a run that has nothing to do
            wanted = [(running[n], sets[n]) for n in sets]
            if cluster is None:
                yield from extract(self.library, context, wanted, outcome)
            else:
                yield Progress(0, None, tr("Waiting for the computers of the cluster"))
                joined = yield from extract_far(self.library, context, wanted, outcome, cluster)
        for name, set_id in sets.items():
            keep_fitted(self.library, known[name], set_id, bool(outcome.stored.get(name)))
            if fit is not None and not outcome.paused:
                fit_on(self.library, known[name], set_id, fit)
        extracted = dict.fromkeys(names, 0) | outcome.stored
        if not outcome.paused:
            texts, outcome.paused = yield from self.texts.extract(context, names, outcome.done, self._device)
            extracted |= texts
        if self.shared is not None and not outcome.paused and not only_reads:
            encoded = sum((yield from self.shared.refresh(context)).values())
            extracted |= {FUSED: encoded} if encoded else {}
        read = ReadOutcome()
        if reads and not outcome.paused:  # last: everything else is there already while pictures are read
            yield from self.texts.read(context, read, outcome.done, required=only_reads)
            outcome.failed += read.failed
            outcome.paused = context.pause_requested()
        if outcome.paused:
            context.paused()
        return {
            "extracted": extracted,
            "failed": [list(pair) for pair in outcome.failed],
            "files": outcome.done,
            "read": {"pictures": read.files, "with_text": read.found},
            "seconds": round(time.monotonic() - started, 3),
        } | joined

    def _running(self) -> dict[str, Extractor]:
        device = self.device
        with self._lock:
            if self._extractors is None or self._extractors[0] != device or self._outdated():
                self._extractors = (device, build(device))
            return self._extractors[1]

    def _outdated(self) -> bool:
        """True where the weights on disk are others than those loaded."""
        now = infos()
        return self._extractors is not None and any(
            extractor.info != now[name] for name, extractor in self._extractors[1].items()
        )

    def _ensure(self, info: ExtractorInfo, target: Target = "asset") -> int:
        return self.library.features.ensure_set(
            info.name, info.version, info.parameters, info.dimension, info.modality, target
        )

    # -- vectors -----------------------------------------------------------------------------------------

    def matrix(
        self, name: str, normalised: bool = True, target: Target = "asset"
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(ids int64[N], X float32[N, D]) of one extractor; normalised is (x - mean) / deviation per column.

        "tfidf-svd" has a set for text files (target "asset") and one for items (target "item"). Raises
        NotFound.
        """
        space = self.vectors.space(name, target)
        if not normalised:
            return space.ids, space.raw
        rows = space.statistics.apply(with_gaps(space.info, space.raw))
        return space.ids, np.nan_to_num(rows, nan=0.0)

    def item_vectors(self) -> ItemVectors:
        """One vector per item over its media, with a mask per modality."""
        with self._lock:
            generation = self.vectors.generation
            if self._items is None or self._items[0] != generation:
                self._items = (generation, item_vectors(self.library, self.vectors))
            return self._items[1]

    def export(self, name: str, path: Path) -> Path:
        """Write ids, paths, raw and normalised rows, mean and deviation of an extractor as an .npz file.

        Its arrays are those of `exporting.export_vectors`. Raises NotFound where there is nothing to write.
        """
        self.texts.refuse(name)
        return export_vectors(self.library, self.vectors, known(name), Path(path))

    def listing(self) -> list[Listed]:
        """Every extractor with what it has done in this library."""
        return listing(self.library)

    # -- likeness and search -----------------------------------------------------------------------------

    def neighbours(self, asset_id: int, k: int = 20) -> list[Hit]:
        """Assets of the same kind nearest to one; empty where it has no features and none can be made."""
        found = [one for one in self.finder.likeness.to_asset(asset_id, k)[:1] if one.target == "asset"]
        return fuse(found).hits(k)

    def similar_items(self, item_id: int, k: int = 20) -> list[Hit]:
        """Items nearest to one over the modalities that both have."""
        return fuse([self.finder.likeness.to_item(item_id, k)]).hits(k)

    @cached_property
    def finder(self) -> Finder:
        """The search behind :meth:`search`, for views that show everything that is found."""
        from mmstudio.features.search.finder import Finder

        return Finder(self)

    def running(self, name: str) -> Extractor:
        """An extractor that reads files, ready to run on the device in use; for the device thread."""
        return self._running()[name]

    def search(
        self,
        text: str | None = None,
        file: str | Path | None = None,
        asset: int | None = None,
        item: int | None = None,
        kind: str | None = None,
        k: int = 20,
    ) -> list[Hit]:
        """Find assets and items by words, by likeness, or both.

        Args:
            text: a query line as in the search box (``kind:sound beach like:12``).
            file: a media file anywhere on disk to find the like of.
            asset, item: an asset or item of the library to find the like of.
            kind: "image", "audio", "video", "text" or "item"; None for everything.
            k: how many results at most.

        Returns:
            Hits, best first, each with its reasons. Raises MediaError for a file that cannot be read.
        """
        if kind not in (None, "image", "audio", "video", "text", "item"):
            raise UsageError("There is no kind of media {kind}.", kind=kind)
        return self.finder.hits(text, None if file is None else Path(file), asset, item, kind, k)

    def palette(self, asset_id: int) -> list[tuple[int, int, int]]:
        """Up to five telling colours (sRGB, 0…255) of a picture or video, the most telling first.

        Raises MediaError where there is nothing to see, NotFound.
        """
        asset = self.library.assets.get(asset_id)
        with self._lock:
            if asset.sha256 in self._palettes:
                self._palettes.move_to_end(asset.sha256)
                return self._palettes[asset.sha256]
        path = self.library.assets.path_of(asset)
        if asset.kind == "image":
            picture = image_array(path, max_side=192)
        elif asset.kind == "video":
            with VideoReader(path) as reader:
                picture = np.asarray(reader.frame_at(reader.duration / 2, 192).convert("RGB"))
        else:
            raise MediaError(
                "{name} has no colours.", status="unsupported", name=asset.title or asset.rel_path
            )
        found = colour.palette(picture)
        with self._lock:
            self._palettes[asset.sha256] = found
            while len(self._palettes) > _PALETTES:
                self._palettes.popitem(last=False)
        return found

    def look(self, asset_id: int) -> dict[str, Any]:
        """What a person can read off a picture: see :func:`mmstudio.features.pictures.told.look_of`."""
        return look_of(self.library, self.vectors, asset_id)
