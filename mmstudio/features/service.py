"""The features of one library: extraction, vectors, likeness, search, export."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import MediaError, NotFound, UsageError
from mmstudio.features.contract import Extractor
from mmstudio.features.device import choose_device
from mmstudio.features.exporting import export_vectors
from mmstudio.features.extraction import Outcome, extract
from mmstudio.features.extractors import build, infos
from mmstudio.features.fitting import fit_on, keep_fitted
from mmstudio.features.fusion import item_vectors
from mmstudio.features.gaps import with_gaps
from mmstudio.features.listing import Listed, listing
from mmstudio.features.loading import load_media
from mmstudio.features.pictures import colour
from mmstudio.features.pictures.told import look_of
from mmstudio.features.search import ranking as finding
from mmstudio.features.texts.reading import READ, ReadOutcome
from mmstudio.features.texts.words import tokens
from mmstudio.features.vectors import Vectors, comparable, known
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.media.image import image_array
from mmstudio.media.kinds import kind_of
from mmstudio.media.text import load_text
from mmstudio.media.video import VideoReader

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from mmstudio.features.inside.service import Inside
    from mmstudio.features.records import ExtractorInfo, Hit, ItemVectors
    from mmstudio.features.texts.service import Texts
    from mmstudio.library import Library
    from mmstudio.library.records import Target

_LIKENESS = {"image": "cnn", "audio": "mfcc", "video": "video-cnn"}
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

    # -- extraction --------------------------------------------------------------------------------------

    def work(self, kind: str | None = None, extractor: str | None = None, fit: str | None = None) -> Work:
        """Extract what is missing, of all media or one kind, with all extractors or one.

        `fit`: then fit mean and deviation of that one extractor on the assets that this query line finds (""
        is all of them again); see `fitting.fit_on`.

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
            return (yield from self._run(context, names, reads, extractor == READ, fit))

        return run

    def _run(
        self, context: JobContext, names: list[str], reads: bool, only_reads: bool, fit: str | None
    ) -> Generator[Progress, None, dict[str, Any]]:
        started, outcome = time.monotonic(), Outcome()
        running = self._running()
        sets = [(running[name], self._ensure(running[name].info)) for name in names if name in running]
        yield from extract(self.library, context, sets, outcome)
        for extractor, set_id in sets:
            keep_fitted(self.library, extractor.info, set_id, bool(outcome.stored.get(extractor.info.name)))
            if fit is not None and not outcome.paused:
                fit_on(self.library, extractor.info, set_id, fit)
        extracted = dict.fromkeys(names, 0) | outcome.stored
        if not outcome.paused:
            texts, outcome.paused = yield from self.texts.extract(context, names, outcome.done, self.device)
            extracted |= texts
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
        }

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
        return finding.fuse([self._like_asset(asset_id, k)], k)

    def similar_items(self, item_id: int, k: int = 20) -> list[Hit]:
        """Items nearest to one over the modalities that both have."""
        return finding.fuse(
            [finding.like_item(self.library, self.vectors, self.item_vectors(), item_id, k)], k
        )

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
            text: a query line as in the search box (``kind:sound beach``).
            file: a media file anywhere on disk to find the like of.
            asset, item: an asset or item of the library to find the like of.
            kind: "image", "audio", "video", "text" or "item"; None for everything.
            k: how many results at most.

        Returns:
            Hits, best first, each with its reasons. Raises MediaError for a file that cannot be read.
        """
        if kind not in (None, "image", "audio", "video", "text", "item"):
            raise UsageError("There is no kind of media {kind}.", kind=kind)
        rankings: list[finding.Ranking] = []
        deep = max(k, 50)
        if text and text.strip():
            rankings += finding.by_words(self.library, self.vectors, text, kind)
        likeness: list[finding.Ranking] = []
        if file is not None:
            likeness.append(self._like_file(Path(file), deep))
        if asset is not None:
            likeness.append(self._like_asset(asset, deep))
        if item is not None:
            items = finding.like_item(self.library, self.vectors, self.item_vectors(), item, deep)
            hero = self.library.items.hero_of(item)
            rankings.append(items)
            if hero is not None:
                likeness.append(self._like_asset(hero, deep))
        for ranking in likeness:
            used_by = finding.items_of(self.library, ranking).found if item is None else []
            rankings.append(finding.Ranking(sorted(ranking.found + used_by, key=lambda e: (-e[1], e[0]))))
        return finding.fuse([self._of_kind(ranking, kind) for ranking in rankings], k)

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

    # -- inside ------------------------------------------------------------------------------------------

    def _of_kind(self, ranking: finding.Ranking, kind: str | None) -> finding.Ranking:
        if kind is None:
            return ranking
        if kind == "item":
            return finding.Ranking([entry for entry in ranking.found if entry[0][0] == "item"])
        ids = [number for (target, number), _, _ in ranking.found if target == "asset"]
        right = {asset.id for asset in self.library.assets.get_many(ids) if asset.kind == kind}
        return finding.Ranking([e for e in ranking.found if e[0][0] == "asset" and e[0][1] in right])

    def _like_asset(self, asset_id: int, k: int) -> finding.Ranking:
        asset = self.library.assets.get(asset_id)
        if asset.kind == "text":
            text = self.library.assets.text_of(asset_id)
            return self._like_text(f"{asset.title}\n{text}", k, leave_out=asset_id)
        name = _LIKENESS[asset.kind]
        space = self.vectors.space(name)
        row = space.row(asset_id)
        if row is not None:
            return finding.like_vector(self.vectors, name, space.unit[row], k, leave_out=asset_id)
        if not len(space.ids):
            return finding.Ranking([])
        try:
            query = self._vector_of(self.library.assets.path_of(asset), asset.kind)
        except (MediaError, FileNotFoundError):
            return finding.Ranking([])
        return finding.like_vector(self.vectors, name, query, k, leave_out=asset_id)

    def _like_file(self, path: Path, k: int) -> finding.Ranking:
        kind = kind_of(path)
        if kind is None:
            raise MediaError(
                "{name} is not a picture, sound, video or text.", status="unsupported", name=path.name
            )
        if not path.is_file():
            raise NotFound("There is no file {name}.", name=str(path))
        if kind == "text":
            doc = load_text(path)
            return self._like_text(f"{doc.title}\n{doc.text}", k)
        return finding.like_vector(self.vectors, _LIKENESS[kind], self._vector_of(path, kind), k)

    def _vector_of(self, path: Path, kind: str) -> NDArray[np.float32]:
        """The compared vector of any file, as the stored ones are made."""
        extractor = self._running()[_LIKENESS[kind]]
        duration = None
        if kind == "audio":
            from mmstudio.media.audio import audio_info

            duration = audio_info(path).duration
        media = load_media(kind, path, extractor.side, (None, None), duration)
        rows = extractor.forward([extractor.prepare(media)])
        statistics = self.vectors.space(extractor.info.name).statistics
        return np.asarray(comparable(extractor.info, rows, statistics)[0])

    def _like_text(self, text: str, k: int, leave_out: int | None = None) -> finding.Ranking:
        model, words = self.vectors.text_model(), tokens(text)
        if model is None or not model.knows(words):
            return finding.Ranking([])
        found = finding.by_text_vector(self.library, self.vectors, model, model.vectors([words])[0], words)
        return finding.Ranking([e for e in found if e[0] != ("asset", leave_out)][:k])
