"""Tagging of one library: learn a tag from the assets that carry it, suggest it for others."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.features.extractors import TEXT
from mmstudio.features.tagging.calibration import deserving
from mmstudio.features.tagging.fewshot import Taught, accuracy_of, teach
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
_LIKELY, _LEAST_OTHERS = 0.5, 5
_FAVOUR = 0.1  # of the log loss
_DOUBT = 2.0  # examples: with this many, half of what they show is believed
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
        best: _Trial | None = None
        for name in SPACES[kind]:
            space = self._vectors.space(name)
            rows = _rows_of_kind(self._library, space, kind, name)
            trial = _try(tag, name, space, rows, examples, refused, carried)
            if trial is not None and (best is None or trial.loss < best.loss):
                best = trial
        if best is None:
            return Lesson(tag, kind, len(examples), len(refused), 0, "", None, None, [], self._without(kind))
        sure, share = best.sure()
        # Among those drawn at random some deserve the tag too: what looks like it is no counter-example.
        likely = best.wanted[sure > _LIKELY]
        doubtful = np.isin(best.others, likely)
        if doubtful.any() and (~doubtful).sum() >= _LEAST_OTHERS:
            best = replace(best, others=best.others[~doubtful])
            best = replace(best, taught=_taught(best.space, best.rows, best.parts))
            sure, share = best.sure()
        used, no = len(best.positive), len(best.negative)
        right = accuracy_of(best.taught, used, no, 0.0 if doubtful.any() else share)
        # What left-out examples show that the model cannot tell apart, it cannot be sure of elsewhere.
        trust = max(0.0, 2 * right - 1) * used / (used + _DOUBT)
        confidence = trust * sure + (1 - trust) * share
        ids = best.space.ids[best.wanted]
        order = np.lexsort((ids, -confidence))[:k]
        found = [Suggestion(int(ids[i]), float(confidence[i])) for i in order]
        accuracy, error = (right, best.taught.error) if used >= 2 else (None, None)
        advice = _advice(used, len(examples), accuracy, bool(no))
        return Lesson(tag, kind, used, no, len(best.others), best.name, accuracy, error, found, advice)

    def _without(self, kind: str) -> str:
        if any(len(self._vectors.space(name).ids) for name in SPACES[kind]):
            return tr("There is nothing else of this kind to compare the examples with.")
        return tr("The examples have no features yet: extract features first.")


@dataclass(frozen=True, slots=True)
class _Trial:
    """A tag learned in one space; every array holds rows of the space.

    Attributes:
        rows: those of the kind. positive, negative, others: examples, refused, drawn at random.
        wanted: those to be suggested or not. loss: smaller is better.
    """

    name: str
    space: Space
    rows: NDArray[np.int64]
    positive: NDArray[np.int64]
    negative: NDArray[np.int64]
    others: NDArray[np.int64]
    wanted: NDArray[np.int64]
    taught: Taught
    loss: float

    @property
    def parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Examples, refused, others."""
        return self.positive, self.negative, self.others

    def sure(self) -> tuple[NDArray[np.float64], float]:
        """(probability of each wanted row, the share of them that deserves the tag, at most a half)."""
        scores = self.taught.scores(self.space.unit[self.wanted])
        # What was learned from is judged by a model that has not seen it.
        _, here, there = np.intersect1d(self.wanted, self.others, return_indices=True)
        scores[here] = self.taught.left_out[len(self.positive) + len(self.negative) :][there]
        sure = deserving(scores, self.taught.left_out[: len(self.positive)])
        return sure, min(0.5, float(sure.mean())) if len(sure) else 0.0


def _try(
    tag: str,
    name: str,
    space: Space,
    rows: NDArray[np.int64],
    examples: list[int],
    refused: set[int],
    carried: set[int],
) -> _Trial | None:
    positive = np.intersect1d(rows, _places(space, sorted(examples)))[:_MOST]
    negative = np.intersect1d(rows, _places(space, sorted(refused)))
    taken = _places(space, sorted({*examples, *carried, *refused}))
    wanted = np.setdiff1d(rows, taken, assume_unique=True)
    random = np.random.default_rng(zlib.crc32(tag.casefold().encode()))
    others = random.permutation(wanted)[: max(_OTHERS, 3 * len(positive))]
    if not len(positive) or not len(others) + len(negative):
        return None
    taught = _taught(space, rows, (positive, negative, others))
    # The shared vector holds what the others hold and more; a few examples often favour one by luck.
    loss = taught.loss - (_FAVOUR if name == "fused" else 0.0)
    return _Trial(name, space, rows, positive, negative, others, wanted, taught, loss)


def _taught(
    space: Space,
    rows: NDArray[np.int64],
    parts: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> Taught:
    chosen = np.concatenate(parts)
    labels = np.zeros(len(chosen))
    labels[: len(parts[0])] = 1.0
    sample = rows if len(rows) <= _CENTRE else rows[:: len(rows) // _CENTRE]
    centre = space.unit[sample].astype(np.float32).mean(0)
    return teach(space.unit[chosen].astype(np.float32), labels, centre)


def _advice(used: int, given: int, accuracy: float | None, any_refused: bool) -> str:
    if used < ENOUGH:
        return tr("Give at least {n} examples: the guesses rest on too little.", n=ENOUGH)
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
