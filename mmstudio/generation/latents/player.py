"""A model being played with: points become latents and pictures. All of it belongs on the device thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.latents.point import Point
from mmstudio.generation.latents.shape import shaped, shown_size
from mmstudio.generation.latents.sliders import Found, Slider
from mmstudio.generation.latents.space import Floats, Space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmstudio.generation.latents.book import Book
    from mmstudio.jobs import Progress
    from mmstudio.learning.conditions import Conditions
    from mmstudio.learning.engine.registry import GenerativeModel

Keep = Literal["nothing", "layout", "colours"]
Walk = Literal["walk", "loop"]
ROUNDS = 120  # of a projection
SPREAD = 0.35  # of a variation: 0 is the same, 1 another picture


class Player:
    """One picture model.

    Attributes:
        model_name: its name. size: (width, height) of what it draws. stages: how many take a latent of their
            own, 1 where the picture has one. conditions: what it can be told.
        split: the first of the stages that decide on colours and detail rather than on layout.
    """

    def __init__(
        self,
        model: GenerativeModel,
        *,
        book: Book | None = None,
        vector_of: Callable[[int | str], NDArray[np.float32] | None] | None = None,
    ) -> None:
        """``book`` keeps what is found out about the model; ``vector_of`` knows fused vectors by id."""
        self.model, self._book, self._vector_of = model, book, vector_of
        self.model_name = model.config.name
        self.fingerprint = model.fingerprint
        self.size = shown_size(model.config)
        self.stages = model.stages
        self.split = max(1, (self.stages + 1) // 2)
        self.conditions: Conditions = model.conditions
        self.space = Space.of(model.prior)
        self._found: Found | None = None

    # -- pictures ----------------------------------------------------------------------------------------

    def draw(self, point: Point) -> NDArray[np.uint8]:
        """uint8 H×W×3 at the model's own size and aspect."""
        return self.draw_many([point])[0]

    def draw_many(self, points: Sequence[Point]) -> list[NDArray[np.uint8]]:
        """One picture per point, each bit for bit what :meth:`draw` gives."""
        if not points:
            return []
        latents = np.stack([self.latent(point) for point in points])
        return self.draw_latents(latents, self.condition_rows(points))

    def draw_latents(
        self, latents: Floats, conditions: NDArray[np.float32] | None = None
    ) -> list[NDArray[np.uint8]]:
        """float32[N, S, L] (or [N, 1, L]) and float32[N, width] → N pictures, uint8 H×W×3."""
        import torch

        z = torch.from_numpy(np.ascontiguousarray(latents, np.float32))
        z = z if self.stages > 1 else z[:, 0]
        c = None if conditions is None else torch.from_numpy(np.ascontiguousarray(conditions, np.float32))
        return [shaped(pixels, self.model.config) for pixels in self.model.pictures(z, c)]

    def condition_rows(self, points: Sequence[Point]) -> NDArray[np.float32] | None:
        """float32[N, width], or None for a model that is told nothing or points that tell nothing."""
        if not self.conditions.width or not any(any(point.condition.values()) for point in points):
            return None
        return np.stack([self._condition_row(point.condition) for point in points])

    def _condition_row(self, told: dict[str, Any]) -> NDArray[np.float32]:
        vector = None
        if told.get("vector_of") is not None and self._vector_of is not None and self.conditions.vector:
            vector = self._vector_of(told["vector_of"])
        share = 1.0
        if told.get("vector") and len(told["vector"]) == self.conditions.vector:
            vector, share = np.asarray(told["vector"], np.float32), float(told.get("vector_share", 1.0))
        return self.conditions.row(told.get("tags") or None, told.get("palette") or None, vector, share=share)

    # -- latents -----------------------------------------------------------------------------------------

    def latent(self, point: Point) -> Floats:
        """float32[S, L], or [1, L] for a model with one latent: seed or base, mixing, truncation, sliders."""
        return np.asarray(self.core(point) + self.offset(point), np.float32)

    def core(self, point: Point, *, truncated: bool = True) -> Floats:
        """:meth:`latent` without the sliders."""
        rows = self._part(point.seed, point.base, point.truncation if truncated else 1.0)
        if self.stages > 1 and (point.fine is not None or point.fine_seed is not None):
            seed = point.fine_seed if point.fine_seed is not None else point.seed
            other = self._part(seed, point.fine, point.truncation if truncated else 1.0)
            rows = np.concatenate([rows[: point.fine_from], other[point.fine_from :]])
        return rows

    def _part(self, seed: int, base: list[float] | None, truncation: float) -> Floats:
        if base is None:
            rows = self.space.draw(seed, truncation)[None]
        else:
            rows = self.space.pull(self._rows(base), truncation)
        return np.ascontiguousarray(np.broadcast_to(rows, (self.stages, self.space.length)))

    def _rows(self, numbers: list[float]) -> Floats:
        """float32[1 or S, L] of a point's list; one of another model's shape is cut or filled by the mean."""
        flat = np.asarray(numbers, np.float32)
        length = self.space.length
        if flat.size in (length, self.stages * length):
            return flat.reshape(-1, length)
        full = self.space.mean.copy()
        full[: min(length, flat.size)] = flat[:length]
        return full[None]

    def offset(self, point: Point) -> Floats:
        """float32[S, L]: what a point's sliders add."""
        total = np.zeros((self.stages, self.space.length), np.float32)
        moved = {key: amount for key, amount in point.sliders.items() if amount}
        if not moved:
            return total
        found = self.found()
        for key in sorted(moved):
            direction = None if found is None else found.direction(key)
            if direction is not None:
                total += np.float32(moved[key]) * direction
        return total

    # -- moves -------------------------------------------------------------------------------------------

    def reroll(self, point: Point, keep: Keep, seed: int) -> Point:
        """Another picture: nothing kept, or the layout (coarse stages), or colours and detail (fine ones).

        A model with one latent keeps what the colour sliders measure, or everything but that; before its
        sliders are found it goes a part of the way only.
        """
        if keep == "nothing":
            return replace(point, seed=seed, base=None, fine=None, fine_seed=None, fine_from=0)
        if self.stages == 1:
            return self._reroll_one(point, keep, seed)
        if keep == "layout":
            return replace(point, fine_seed=seed, fine=None, fine_from=self.split)
        new = replace(point, seed=seed, base=None, fine_from=self.split)
        if _is_seed(point):
            return replace(new, fine_seed=point.seed, fine=None)
        return replace(new, fine_seed=None, fine=self._listed(self.core(point, truncated=False)))

    def _reroll_one(self, point: Point, keep: Keep, seed: int) -> Point:
        old = self.space.white(self.core(point, truncated=False))
        new = self.space.white(self.space.draw(seed)[None])
        found = self.found()
        basis = None if found is None else found.colour_basis(self.space)
        if basis is None:
            t = 0.35 if keep == "layout" else 0.65
            mixed = self.space.between(self.space.back(old), self.space.back(new), t)
            return self.based(point, mixed)
        kept, other = (new, old) if keep == "layout" else (old, new)
        # `kept` gives the part that the colour sliders see, `other` all the rest.
        white = other + (kept - other) @ basis.T @ basis
        return self.based(point, self.space.back(np.asarray(white, np.float32)))

    def between(self, a: Point, b: Point, t: float) -> Point:
        """``t`` of the way from ``a`` (0) to ``b`` (1): latents on the sphere, sliders in proportion."""
        if t <= 0.0:
            return a
        if t >= 1.0:
            return b
        first, second = self.core(a), self.core(b)
        condition = a.condition
        if a.condition != b.condition:  # what is told is added to the latent: so it can be half-told
            first, second = first + self._told(a), second + self._told(b)
            condition = {}
        rows = self.space.between(first, second, t)
        keys = sorted({*a.sliders, *b.sliders})
        sliders = {key: (1 - t) * a.sliders.get(key, 0.0) + t * b.sliders.get(key, 0.0) for key in keys}
        return Point(a.seed, 1.0, sliders, self._listed(rows), condition=condition)

    def _told(self, point: Point) -> Floats:
        """float32[1, L] that a point's condition adds to its latent (see ``nets.conv.Decoder``)."""
        import torch

        embed = getattr(self.model.decoder, "embed", None)
        rows = self.condition_rows([point])
        if embed is None or rows is None:
            return np.zeros((1, self.space.length), np.float32)
        with torch.inference_mode():
            added: Floats = embed(torch.from_numpy(rows).to(self.model.device)).float().cpu().numpy()
        return added

    def vary(self, point: Point, n: int, seed: int, spread: float = SPREAD) -> list[Point]:
        """``n`` neighbours; ``spread`` 0…1 from the same to another picture.

        x′ = √(1−s²)·x + s·ε in whitened space keeps the prior what it is (the preconditioned Crank–Nicolson
        step, Cotter et al., Statistical Science 2013).
        """
        s = min(1.0, max(0.0, spread))
        white = self.space.white(self.core(point, truncated=False))
        noise = np.random.default_rng(seed % 2**63).standard_normal((n, 1, self.space.length))
        moved = np.sqrt(1 - s * s) * white + s * noise
        return [self.based(point, self.space.back(one.astype(np.float32))) for one in moved]

    def mix(self, a: Point, b: Point, from_stage: int) -> Point:
        """``a`` whose stages from ``from_stage`` on are those of ``b``; ``a`` itself for a model without
        stages."""
        if self.stages == 1 or from_stage >= self.stages:
            return a
        if from_stage <= 0:
            return b
        pure = _is_seed(b) and b.truncation == a.truncation and not a.fine_from
        if pure and a.sliders == b.sliders:
            return replace(a, fine_seed=b.seed, fine=None, fine_from=from_stage)
        fine = self.latent(b) - self.offset(a)  # so that with a's sliders it is b's latent
        base = a.base if a.truncation == 1.0 and a.fine_from == 0 else self._listed(self.core(a))
        return replace(
            a, truncation=1.0, base=base, fine=self._listed(fine), fine_seed=None, fine_from=from_stage
        )

    def walk(self, points: Sequence[Point], frames: int, kind: Walk = "walk") -> list[Point]:
        """``frames`` points through the key points; a loop comes back so that its first frame follows its
        last. See :mod:`mmstudio.generation.latents.walks`."""
        from mmstudio.generation.latents.walks import along

        return along(self, points, frames, kind)

    # -- what is known of the model ----------------------------------------------------------------------

    def found(self) -> Found | None:
        """The directions found earlier, from the cache; None before the first time."""
        if self._found is None and self._book is not None:
            self._found = self._book.sliders(self)
        return self._found

    def sliders(self) -> list[Slider]:
        """What can be moved; empty until :meth:`find_sliders` ran once for these weights."""
        found = self.found()
        return [] if found is None else list(found.sliders)

    def find_sliders(self) -> Generator[Progress, None, list[Slider]]:
        """Find the sliders, or take them from the cache; yields between pieces of work.

        Those of looks and of the network depend on the weights alone; other tags in the library find anew.
        """
        stale = self._book is not None and not self._book.is_fresh(self)
        if self.found() is None or stale:
            from mmstudio.generation.latents.finding import find

            self._found = yield from find(self, self._book)
            if self._book is not None:
                self._book.keep_sliders(self, self._found)
        return self.sliders()

    def project(
        self, pixels: NDArray[np.uint8], seed: int = 0, rounds: int = ROUNDS
    ) -> Generator[Progress, None, Point]:
        """The point whose picture is nearest to ``pixels`` (uint8 H×W×3).

        Yields Progress with data {"point": Point, "distance": mean absolute difference 0…1}; its last
        Progress says how near it came.
        """
        from mmstudio.generation.latents.projection import project

        return (yield from project(self, pixels, seed, self._book, rounds))

    # -- inside ------------------------------------------------------------------------------------------

    def _listed(self, rows: Floats) -> list[float]:
        same = len(rows) == 1 or bool((rows == rows[:1]).all())
        numbers: list[float] = np.asarray(rows[:1] if same else rows, np.float32).ravel().tolist()
        return numbers

    def based(self, point: Point, rows: Floats) -> Point:
        """A point at float32[1 or S, L], with another's sliders, truncation and condition."""
        return replace(point, base=self._listed(rows), fine=None, fine_seed=None, fine_from=0)

    def batches(self, points: Sequence[Point], rows: int = 0) -> Iterator[list[NDArray[np.uint8]]]:
        """:meth:`draw_many` in pieces of one pass each, so that others get their turn between them."""
        step = rows or self.model.rows
        for first in range(0, len(points), step):
            yield self.draw_many(points[first : first + step])


def _is_seed(point: Point) -> bool:
    """True where a point is a seed's latent and nothing else (sliders aside)."""
    return point.base is None and point.fine is None and point.fine_seed is None
