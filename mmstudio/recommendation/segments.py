"""Groups of members that the events show, with readable names: found, looked at, kept as audiences."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import Cancelled, UsageError
from mmstudio.i18n import language, tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.recommendation.member_space import MemberSpace, member_space
from mmstudio.recommendation.segment_names import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library import Library
    from mmstudio.recommendation.recommender import Recommender

_FEWEST = 12  # members below which no number of groups can be told from chance
_MOST = 10
_BATCHES = 20_000  # members above which k-means goes in batches, and the number is chosen on a sample
_SEEN = 2000  # members that silhouettes are measured on
_POINTS = 5000  # of a map
_CLEAR = 0.05
_LIKES = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """Members who choose alike.

    Attributes:
        name: what sets it apart, in the person's language: "Hiking, wool, under 40".
        members: member ids of the library (what they stand for is a pseudonym).
        size: how many. share: of all members that were looked at, 0…1.
        words: what its items have more of than others, strongest first.
        items: item ids its members choose more than others, strongest first.
        spot: where its middle lies on the map.
        colour: its number on the map, 0…
    """

    name: str
    members: list[int]
    size: int
    words: tuple[str, ...]
    items: tuple[int, ...]
    spot: tuple[float, float]
    share: float = 0.0
    colour: int = 0


@dataclass(frozen=True, slots=True)
class SegmentMap:
    """Members as points; of very many a fair sample.

    Attributes:
        points: float32[M,2], in −1…1. members: int64[M]. segment: int64[M], index into the list of segments.
    """

    points: NDArray[np.float32]
    members: NDArray[np.int64]
    segment: NDArray[np.int64]


class Segmentation(list[Segment]):
    """What :func:`find` found: segments, largest first.

    Attributes:
        map: members as points.
        note: one sentence: how the number of segments was chosen, or why there are none.
        quality: silhouette of the chosen number, −1…1.
        stability: how well two halves of the members agree on the segments (adjusted Rand index), at most 1.
        tried: one row per number that was tried: "segments", "silhouette", "stability".
    """

    def __init__(
        self,
        segments: Iterable[Segment],
        found: SegmentMap,
        note: str,
        quality: float = 0.0,
        stability: float = 0.0,
        tried: Sequence[dict[str, float]] = (),
    ) -> None:
        super().__init__(segments)
        self.map = found
        self.note = note
        self.quality, self.stability = quality, stability
        self.tried = list(tried)


def find(
    recommender: Recommender,
    count: int | None = None,
    seed: int = 0,
    cancelled: Callable[[], bool] = lambda: False,
) -> Segmentation:
    """See :func:`finding`; runs to the end. Raises Cancelled once ``cancelled()`` is true, between steps."""
    steps = finding(recommender, count, seed)
    while True:
        if cancelled():
            raise Cancelled
        try:
            next(steps)
        except StopIteration as done:
            found: Segmentation = done.value
            return found


def find_work(recommender: Recommender, count: int | None = None, seed: int = 0) -> Work:
    """The same as work whose steps are shown and which stops between them; its result is the segmentation."""

    def work(context: JobContext) -> Generator[Progress, None, Segmentation]:
        steps = finding(recommender, count, seed)
        while True:
            context.raise_if_cancelled()
            try:
                yield next(steps)
            except StopIteration as done:
                found: Segmentation = done.value
                return found

    return work


def finding(
    recommender: Recommender, count: int | None = None, seed: int = 0
) -> Generator[Progress, None, Segmentation]:
    """Segments of all members that chose at least two items, step by step.

    K-means over :mod:`mmstudio.recommendation.member_space`, in small batches above 20,000 members. Where no
    ``count`` is given, the number with the largest silhouette (Rousseeuw 1987) times stability (adjusted Rand
    index of what two halves of the members say) is taken.

    Raises:
        UsageError: where ``count`` is below 2 or, of two members and more, above their number.
    """
    yield Progress(0, None, tr("Reading what members chose"))
    catalogue = recommender.catalogue()
    space = member_space(catalogue.events, seed)
    members = len(space.members)
    if count is not None and count < 2:
        raise UsageError("There are at least 2 segments.", hint="Leave the number out to have it chosen.")
    if members < (_FEWEST if count is None else 2):
        return _none(
            tr(
                "Too few members to find groups: {n} of them chose two items or more, {least} are needed.",
                n=members,
                least=_FEWEST if count is None else 2,
            )
        )
    if count is not None and count > members:
        raise UsageError(
            "{n} members can be divided into 2 to {n} segments.",
            hint="Leave the number out to have it chosen.",
            n=members,
        )
    different = len(np.unique(np.round(space.vectors, 4), axis=0)) if members <= 50_000 else members
    if different < (count or 2):
        return _none(tr("All members choose alike: there is one group, and no segment to find."))
    tried = yield from _tried(space.vectors, [count] if count else _numbers(members, different), seed)
    best = max(tried, key=lambda row: row["silhouette"] * max(row["stability"], 0.05))
    found = int(best["segments"])
    groups = _clusters(space.vectors, found, seed)
    order = np.argsort(-np.bincount(groups, minlength=found), kind="stable")
    groups = np.argsort(order, kind="stable")[groups]
    sizes = np.bincount(groups, minlength=found)
    told = describe(catalogue, _choices(space, groups, found))
    spots, points, shown = _map(space.vectors, groups, found, seed)
    segments = [
        Segment(
            name=told[number].name,
            members=space.members[groups == number].tolist(),
            size=int(sizes[number]),
            words=told[number].words,
            items=told[number].items,
            spot=(float(spots[number, 0]), float(spots[number, 1])),
            share=float(sizes[number] / members),
            colour=number,
        )
        for number in range(found)
        if sizes[number]
    ]
    said = SegmentMap(points, space.members[shown], groups[shown].astype(np.int64))
    note = _note(len(segments), best, chosen=count is None)
    return Segmentation(segments, said, note, best["silhouette"], best["stability"], tried)


def keep(library: Library, segment: Segment, name: str = "") -> int:
    """Make an audience of a segment; returns its id.

    Its members go there, except those that a person put into another audience; where none is left, the items
    they choose most become its likes. All of it can be edited by hand afterwards.
    """
    store = library.audiences
    wanted, number = name.strip() or segment.name, 2
    free = wanted
    while not name.strip() and store.by_name(free) is not None:
        free, number = f"{wanted} {number}", number + 1
    words = tr(", ").join(segment.words[:4])
    brief = tr("They choose {words}.", words=words) if words else ""
    origin = {"size": segment.size, "share": round(segment.share, 4), "words": list(segment.words)}
    audience_id = store.add(free, brief, locale=language(), segment=origin)
    if not store.take_members(audience_id, segment.members):
        store.update(audience_id, liked=list(segment.items[:_LIKES]))
    return audience_id


# -- inside ------------------------------------------------------------------------------------------------


def _none(note: str) -> Segmentation:
    nothing = np.zeros(0, np.int64)
    return Segmentation([], SegmentMap(np.zeros((0, 2), np.float32), nothing, nothing), note)


def _note(found: int, best: dict[str, float], *, chosen: bool) -> str:
    values = {"n": found, "silhouette": f"{best['silhouette']:.2f}", "stability": f"{best['stability']:.2f}"}
    if best["silhouette"] < _CLEAR:
        return tr(
            "{n} segments, but members do not fall into clear groups (clear {silhouette},"
            " steady {stability}, of 1): take them as a rough division.",
            **values,
        )
    if chosen:
        return tr(
            "{n} segments: that number divides members most clearly and most steadily"
            " (clear {silhouette}, steady {stability}, of 1).",
            **values,
        )
    return tr("{n} segments (clear {silhouette}, steady {stability}, of 1).", **values)


def _numbers(members: int, different: int) -> list[int]:
    most = min(_MOST, max(2, members // 8), different)
    return list(range(2, most + 1))


def _clusters(vectors: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    return np.asarray(_model(vectors, count, seed).predict(vectors), np.int64)


def _model(vectors: NDArray[np.float32], count: int, seed: int) -> Any:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if len(vectors) > _BATCHES:
        return MiniBatchKMeans(count, batch_size=4096, n_init=3, max_iter=30, random_state=seed).fit(vectors)
    return KMeans(count, n_init=5, random_state=seed).fit(vectors)


def _tried(
    vectors: NDArray[np.float32], numbers: Sequence[int], seed: int
) -> Generator[Progress, None, list[dict[str, float]]]:
    """Silhouette and stability of each number, on at most 20,000 members."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(seed)
    sample = vectors
    if len(vectors) > _BATCHES:
        sample = vectors[np.sort(rng.choice(len(vectors), _BATCHES, replace=False))]
    order = rng.permutation(len(sample))
    halves = sample[order[: len(sample) // 2]], sample[order[len(sample) // 2 :]]
    seen = sample[np.sort(order[:_SEEN])]
    rows = []
    for place, number in enumerate(numbers):
        yield Progress(place, len(numbers), tr("Trying {n} segments", n=number))
        whole = _model(sample, number, seed).predict(seen)
        clear = float(silhouette_score(seen, whole)) if 1 < len(set(whole.tolist())) < len(seen) else 0.0
        steady = 1.0
        if min(len(half) for half in halves) >= number:
            one, other = (_model(half, number, seed).predict(seen) for half in halves)
            steady = float(adjusted_rand_score(one, other))
        rows.append({"segments": float(number), "silhouette": round(clear, 4), "stability": round(steady, 4)})
    yield Progress(len(numbers), len(numbers), tr("Naming the segments"))
    return rows


def _choices(space: MemberSpace, groups: NDArray[np.int64], found: int) -> NDArray[np.float64]:
    """float64[S,N]: how much each segment chooses each item, every member counting 1."""
    from scipy import sparse

    share = 1 / np.maximum(np.asarray(space.chosen.sum(axis=1)).ravel(), 1e-9)
    belongs = sparse.csr_matrix((share, (groups, np.arange(len(groups)))), shape=(found, len(groups)))
    return np.asarray((belongs @ space.chosen).todense(), np.float64)


def _map(
    vectors: NDArray[np.float32], groups: NDArray[np.int64], found: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """(float32[S,2] middles, float32[P,2] points in −1…1, int64[P] which members they are).

    The two directions in which the middles differ most, filled up with where members differ most.
    """
    rng = np.random.default_rng(seed)
    shown = np.arange(len(vectors))
    if len(vectors) > _POINTS:
        shown = np.sort(rng.choice(len(vectors), _POINTS, replace=False))
    sums = np.zeros((found, vectors.shape[1]))
    np.add.at(sums, groups, vectors)
    middles = sums / np.maximum(np.bincount(groups, minlength=found), 1)[:, None]
    center = vectors[shown].mean(axis=0)
    _, values, between = np.linalg.svd(middles - middles.mean(axis=0), full_matrices=False)
    axes = between[: min(2, int(np.count_nonzero(values > 1e-6)))]
    rest = vectors[shown] - center
    rest = rest - rest @ axes.T @ axes
    axes = np.vstack([axes, np.linalg.svd(rest[:2000], full_matrices=False)[2]])[:2]
    if len(axes) < 2:
        axes = np.vstack([axes, np.zeros((2 - len(axes), vectors.shape[1]))])
    points = (vectors[shown] - center) @ axes.T
    scale = np.maximum(np.abs(points).max(axis=0), 1e-9)
    spots = np.clip((middles - center) @ axes.T / scale, -1, 1)
    return spots.astype(np.float32), (points / scale).astype(np.float32), shown.astype(np.int64)
