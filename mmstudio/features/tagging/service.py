"""Tagging of one library: learn a tag from the assets that carry it, suggest it for others."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.features.extractors import TEXT
from mmstudio.features.tagging.calibration import adjusted
from mmstudio.features.tagging.fewshot import Taught, teach
from mmstudio.features.tagging.records import Lesson, Suggestion
from mmstudio.i18n import tr
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.vectors import Space, Vectors
    from mmstudio.library import Library

# kind → sets of vectors to try; which tells the tag apart best is measured
SPACES = {
    "image": ("cnn", "colour", "fused"),
    "audio": ("mfcc", "sound-shape", "fused"),
    "video": ("video-cnn", "fused"),
    "text": (TEXT, "fused"),
}
ENOUGH, GOOD = 3, 0.8
_OTHERS, _MOST = 100, 400  # counter-examples drawn at random; examples learned from at most
_CENTRE = 2000  # rows that the mean is taken over


class Tagger:
    """Learns and suggests tags; writes nothing itself."""

    def __init__(self, library: Library, vectors: Vectors) -> None:
        self._library, self._vectors = library, vectors

    def learn(self, tag: str, examples: Sequence[int] | None = None, k: int = 200) -> list[Lesson]:
        """One lesson per kind of media among the examples, most examples first; fast enough to follow clicks.

        Args:
            tag: its name. examples: asset ids to learn from; those that carry the tag where None.
            k: suggestions per kind at most.

        Raises:
            UsageError: the tag has no name, or there is no example.
        """
        name = " ".join(tag.split())
        if not name:
            raise UsageError("Give the tag a name.")
        carried = self._library.assets.ids(AssetFilter(tags=(name,)))
        chosen = list(dict.fromkeys([*(examples if examples is not None else carried)]))
        assets = [asset for asset in self._library.assets.get_many(chosen) if asset.status == "ok"]
        if not assets:
            raise UsageError(
                "There is no example of the tag “{tag}” yet.",
                hint="Select three to ten media that deserve it, or give their numbers with --examples.",
                tag=name,
            )
        refused = self._library.assets.refused(name) - {asset.id for asset in assets}
        by_kind: dict[str, list[int]] = {}
        for asset in assets:
            by_kind.setdefault(asset.kind, []).append(asset.id)
        kinds = sorted(by_kind, key=lambda kind: -len(by_kind[kind]))
        return [self._lesson(name, kind, by_kind[kind], refused, set(carried), k) for kind in kinds]

    def _lesson(
        self, tag: str, kind: str, examples: list[int], refused: set[int], carried: set[int], k: int
    ) -> Lesson:
        random = np.random.default_rng(zlib.crc32(tag.casefold().encode()))
        best: tuple[float, str, Space, Taught, int, int, int] | None = None
        for name in SPACES[kind]:
            space = self._vectors.space(name)
            rows = _rows_of_kind(self._library, space, kind, name)
            positive = np.intersect1d(rows, _places(space, examples))[:_MOST]
            negative = np.intersect1d(rows, _places(space, sorted(refused)))
            taken = _places(space, sorted({*examples, *carried, *refused}))
            rest = np.setdiff1d(rows, taken, assume_unique=True)
            others = random.permutation(rest)[: max(_OTHERS, 3 * len(positive))]
            if not len(positive) or not len(others) + len(negative):
                continue
            chosen = np.concatenate([positive, negative, others])
            labels = np.zeros(len(chosen))
            labels[: len(positive)] = 1.0
            sample = rows if len(rows) <= _CENTRE else rows[:: len(rows) // _CENTRE]
            centre = space.unit[sample].astype(np.float32).mean(0)
            taught = teach(space.unit[chosen].astype(np.float32), labels, centre)
            if best is None or taught.loss < best[0] - 1e-3:
                best = (taught.loss, name, space, taught, len(positive), len(negative), len(others))
        if best is None:
            return Lesson(tag, kind, len(examples), len(refused), 0, "", None, None, [], self._without(kind))
        _, name, space, taught, used, no, others_used = best
        rows = _rows_of_kind(self._library, space, kind, name)
        wanted = np.setdiff1d(
            rows, _places(space, sorted({*examples, *carried, *refused})), assume_unique=True
        )
        confidence = adjusted(taught.platt(taught.scores(space.unit[wanted])), 0.5)
        order = np.lexsort((space.ids[wanted], -confidence))[:k]
        found = [Suggestion(int(space.ids[wanted[i]]), float(confidence[i])) for i in order]
        accuracy = taught.accuracy if used >= 2 else None
        error = taught.error if used >= 2 else None
        advice = _advice(used, len(examples), accuracy, bool(no))
        return Lesson(tag, kind, used, no, others_used, name, accuracy, error, found, advice)

    def _without(self, kind: str) -> str:
        if any(len(self._vectors.space(name).ids) for name in SPACES[kind]):
            return tr("There is nothing else of this kind to compare the examples with.")
        return tr("The examples have no features yet: extract features first.")


def _advice(used: int, given: int, accuracy: float | None, any_refused: bool) -> str:
    if used < ENOUGH:
        return tr("Add {n} more examples: the guesses rest on too little.", n=ENOUGH - used)
    if accuracy is not None and accuracy < GOOD:
        if any_refused:
            return tr("Add more examples that differ from each other: this tag is hard to tell apart.")
        return tr("Add more examples, or refuse what does not fit: this tag is hard to tell apart.")
    if used < given:
        return tr("{n} examples have no features yet and were left out.", n=given - used)
    return ""


def _places(space: Space, ids: Sequence[int]) -> NDArray[np.int64]:
    """Rows of a space, rising; ids that it lacks are left out."""
    _, here, _ = np.intersect1d(space.ids, np.asarray(ids, np.int64), assume_unique=True, return_indices=True)
    return here.astype(np.int64)


def _rows_of_kind(library: Library, space: Space, kind: str, name: str) -> NDArray[np.int64]:
    """Rows of one kind; the shared vector's set holds all kinds."""
    if name != "fused" or not len(space.ids):
        return np.arange(len(space.ids))
    ids = library.assets.ids(AssetFilter(kinds=(kind,)))  # type: ignore[arg-type]
    return np.sort(_places(space, sorted(ids)))
