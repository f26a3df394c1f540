"""Finding sliders: fitted to measures and tags, or taken from the network, and kept only if they do what they
say on pictures they were not fitted to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.latents.directions import components, correlation, factorised, ridge, step_for
from mmstudio.generation.latents.measures import LOOKS, measure_looks
from mmstudio.generation.latents.sliders import Found, Group, Slider
from mmstudio.generation.latents.survey import SEED, Survey, plain, survey, unit
from mmstudio.i18n import mark, tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.latents.book import Book
    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.latents.space import Floats
    from mmstudio.generation.latents.tags import Probe

Array = NDArray[np.float64]
Kept = tuple[Slider, Array]
HELD_OUT = 4  # every fourth picture of a survey is not fitted to
WEAKEST = 0.35  # correlation on those, below which a slider is dropped
RIGHT_WAY = 0.75  # of the test pictures must change as the slider says
TESTED, TEST_STEP = 12, 1.5  # pictures a slider is tried on, and how far it is moved to either side
LONGEST = 2.5  # whitened units per unit of a slider
FOUND = 10
_ALIKE, _LEAST_SEEN = 0.8, 0.004  # cosine of two found directions; mean change of a pixel that can be seen
_EARLY, _ACTIVATIONS = 1, 4096  # the stage whose activations are looked at, and how many of its numbers


@dataclass(slots=True)
class _Candidate:
    """A direction to be tried: float64[S or 1, R] in the space's coordinates, per unit."""

    key: str
    label: str
    group: Group
    step: Array
    strength: float
    column: int  # of the looks, or of the probes


def find(player: Player, book: Book | None) -> Generator[Progress, None, Found]:
    """All sliders of a model, weak ones left out. Deterministic for the same weights and tags."""
    probes: list[Probe] = []
    if book is not None and book.probes is not None:
        probes = yield from book.probes()
    seen = yield from survey(player, book, features=bool(probes))
    tests = _Tests(player, probes, seen)
    yield from tests.draw()
    x = player.space.coordinates(seen.latents).astype(np.float64)
    kept = yield from _fitted(x, seen.looks.astype(np.float64), _looks, tests)
    if probes:
        scores = np.stack([probe.scores(seen.features) for probe in probes], axis=1)
        kept += yield from _fitted(x, scores, lambda i: ("tag:" + probes[i].tag, probes[i].tag, "tag"), tests)
    kept += yield from _network(player, x, seen.latents, tests)
    return Found(
        [slider for slider, _ in kept],
        {slider.key: _unwhitened(player, step) for slider, step in kept},
    )


def _looks(index: int) -> tuple[str, str, Group]:
    return LOOKS[index].key, LOOKS[index].label, "look"


def _fitted(x: Array, measures: Array, name: Any, tests: _Tests) -> Generator[Progress, None, list[Kept]]:
    """Ridge regression of each measure on whitened latents; tried, scaled to one standard deviation."""
    spread = measures.std(0)
    y = (measures - measures.mean(0)) / np.maximum(spread, 1e-12)
    held = np.arange(len(x)) % HELD_OUT == 0
    weights, level = ridge(x[~held], y[~held])
    strengths = [
        correlation(x[held] @ weights[:, i] + level[i], y[held, i]) if spread[i] > 1e-9 else 0.0
        for i in range(y.shape[1])
    ]
    usable = [i for i, strength in enumerate(strengths) if strength >= WEAKEST]
    kept = []
    for i in usable:
        key, label, group = name(i)
        looks = group == "look"
        others = np.stack([weights[:, j] for j in usable if j != i]) if looks and len(usable) > 1 else x[:0]
        for rest in (others, x[:0]) if len(others) else (x[:0],):
            step = step_for(weights[:, i], rest, LONGEST)[None]
            candidate = _Candidate(key, label, group, step, strengths[i], i)
            found = yield from tests.try_out(candidate, float(spread[i]))
            if found is not None:
                kept.append(found)
                break
    return kept


def _network(
    player: Player, x: Array, latents: Floats, tests: _Tests
) -> Generator[Progress, None, list[Kept]]:
    """What the network turns on most, by its weights and its activations; what cannot be seen is dropped."""
    rows: list[tuple[Array, str]] = []
    for first, last, count, where in _stage_groups(player):
        layers = _latent_layers(player, first, last)
        if not layers:
            continue
        for direction in factorised(layers, player.space, count):
            step = np.zeros((player.stages, player.space.rank))
            step[first:last] = direction
            rows.append((step, where))
    early = yield from _activations(player, latents)
    if early is not None:
        for direction in components(early, x[: len(early)], 4):
            step = np.broadcast_to(direction, (player.stages, player.space.rank)).copy()
            rows.append((step, mark("the whole picture")))
    chosen: list[tuple[Array, str]] = []
    for step, where in rows:
        if all(abs(_cosine(step, other)) < _ALIKE for other, _ in chosen):
            chosen.append((step, where))
    kept: list[Kept] = []
    for step, where in chosen:
        if len(kept) == FOUND:
            break
        found = yield from tests.describe(step, len(kept) + 1, where)
        if found is not None:
            kept.append(found)
    return kept


def _stage_groups(player: Player) -> list[tuple[int, int, int, str]]:
    """(first stage, one past the last, how many directions, what they decide on)."""
    if player.stages == 1:
        return [(0, 1, 7, mark("the whole picture"))]
    layout, detail = mark("the layout"), mark("colours and detail")
    return [(0, player.split, 4, layout), (player.split, player.stages, 3, detail)]


def _latent_layers(player: Player, first: int, last: int) -> list[Any]:
    decoder = player.model.decoder
    layers = [getattr(decoder, "from_latent", None)] if first == 0 else []
    styles = getattr(decoder, "styles", None)
    layers += list(styles[first : last if player.stages > 1 else None]) if styles is not None else []
    length = player.space.length
    return [layer for layer in layers if getattr(layer, "in_features", 0) == length]


def _activations(player: Player, latents: Floats) -> Generator[Progress, None, Array | None]:
    """float64[N, D] of an early stage, every few numbers of it; None for a network without stages."""
    stages = getattr(player.model.decoder, "stages", None)
    if stages is None or len(stages) < 2:
        return None
    kept: list[Array] = []

    def hear(_module: Any, _inputs: Any, output: Any) -> None:
        flat = output.detach().float().flatten(1).cpu().numpy()
        kept.append(flat[:, :: max(1, flat.shape[1] // _ACTIVATIONS)].astype(np.float64))

    step = player.model.rows
    # The decoder runs a stage's parts one by one: what its last part gives is what the stage gives.
    parts = list(stages[_EARLY].children())
    hook = (parts[-1] if parts else stages[_EARLY]).register_forward_hook(hear)
    try:
        # A part of the survey shows the few strongest components well enough.
        for first in range(0, min(len(latents), 128), step):
            part = latents[first : first + step]
            plain(player, part)
            if not kept:
                return None
            kept[-1] = kept[-1][: len(part)]
            yield Progress(0, None, tr("Looking for directions"))
    finally:
        hook.remove()
    return np.concatenate(kept)


def _cosine(a: Array, b: Array) -> float:
    return float((a * b).sum() / max(1e-12, np.linalg.norm(a) * np.linalg.norm(b)))


def _unwhitened(player: Player, step: Array) -> Floats:
    return np.asarray(step @ player.space.factor.astype(np.float64).T, np.float32)


class _Tests:
    """Pictures that sliders are tried on; none of them is in the survey."""

    def __init__(self, player: Player, probes: list[Probe], seen: Survey) -> None:
        self.player, self.probes = player, probes
        self.latents = player.space.draws(TESTED, SEED + 1)
        self.spread = np.maximum(seen.looks.astype(np.float64).std(0), 1e-9)
        self.pictures: list[NDArray[np.uint8]] = []
        self._features: Any = None

    def draw(self) -> Generator[Progress, None, None]:
        """The unmoved pictures."""
        self.pictures = yield from self._drawn(np.zeros((1, self.player.space.rank)), 0.0)

    def try_out(self, candidate: _Candidate, spread: float) -> Generator[Progress, None, Kept | None]:
        """Move test pictures to both sides; None unless most of them change as they should.

        The step is scaled so that one unit changes the measure by one standard deviation on average.
        """
        less = yield from self._drawn(candidate.step, -TEST_STEP)
        more = yield from self._drawn(candidate.step, TEST_STEP)
        gaps = (self._measure(candidate, more) - self._measure(candidate, less)) / max(spread, 1e-12)
        right = int((gaps > 0).sum())
        gain = float(gaps.mean()) / (2 * TEST_STEP)
        if right < RIGHT_WAY * TESTED or gain <= 0.1:
            return None
        reach = float(np.linalg.norm(candidate.step, axis=1).max())
        scale = min(max(1.0 / gain, 0.4), max(1.0, LONGEST / max(reach, 1e-9)))
        said = mark("Did what it says on {right} of {total} test pictures; correlation {r}")
        values = {"right": right, "total": TESTED, "r": f"{candidate.strength:.2f}"}
        strength = round(candidate.strength, 3)
        slider = Slider(candidate.key, candidate.label, candidate.group, (said, values), strength)
        return slider, candidate.step * scale

    def describe(self, step: Array, number: int, where: str) -> Generator[Progress, None, Kept | None]:
        """What a found direction does, in the words of the measures; None where nothing is seen to change."""
        less = yield from self._drawn(step, -2.0, 4)
        more = yield from self._drawn(step, 2.0, 4)
        changes = [np.abs(a.astype(int) - b).mean() / 255 for a, b in zip(more, less, strict=True)]
        change = float(np.mean(changes))
        if change < _LEAST_SEEN:
            return None
        gaps = [measure_looks(a) - measure_looks(b) for a, b in zip(more, less, strict=True)]
        effect = np.mean(gaps, axis=0) / self.spread / 4
        order = np.argsort(-np.abs(effect))
        if effect[order[0]] < 0:  # more of what it changes most is to the right
            step, effect = -step, -effect
        words = [
            LOOKS[i].label if effect[i] > 0 else LOOKS[i].less for i in order[:2] if abs(effect[i]) >= 0.2
        ]
        sentence = mark("Changes {where}: {what}") if words else mark("Changes {where}")
        said: tuple[str, dict[str, Any]] = (sentence, {"where": where, "what": words})
        return Slider(f"found:{number}", f"{number}", "found", said, round(change, 3)), step

    def _drawn(
        self, step: Array, amount: float, count: int = TESTED
    ) -> Generator[Progress, None, list[NDArray[np.uint8]]]:
        moved = np.float32(amount) * _unwhitened(self.player, step)
        whole = self.latents[:count, None] + moved[None]
        made: list[NDArray[np.uint8]] = []
        for first in range(0, count, self.player.model.rows):
            made += plain(self.player, whole[first : first + self.player.model.rows])
            yield Progress(0, None, tr("Trying sliders"))
        return made

    def _measure(self, candidate: _Candidate, pictures: list[NDArray[np.uint8]]) -> Array:
        if candidate.group == "look":
            return np.array([measure_looks(pixels)[candidate.column] for pixels in pictures])
        if self._features is None:
            from mmstudio.learning.evaluation.networks import picture_features

            self._features = picture_features(str(self.player.model.device))[0]
        rows = unit(self._features(np.stack(pictures).transpose(0, 3, 1, 2)))
        return self.probes[candidate.column].scores(rows)
