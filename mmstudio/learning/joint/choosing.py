"""Of many drawn sets those that the model itself, looking at them again, takes for the partner of what was
given: drawing is cheap where rows need not become media, and a model knows better than it draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.learning.joint.beside import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.learning.joint.model import JointModel

Rows = Mapping[str, "NDArray[Any]"]


def agreement(model: JointModel, made: Rows, given: Rows, present: Rows | None = None) -> NDArray[np.float64]:
    """float64[N]: cosine of what each made part says of the joint latent to what the given parts say, the
    mean over the made parts; of sets from nothing (``given`` empty) the mean over pairs of parts.

    ``made`` holds N rows of each part, ``given`` one or N; ``present`` which of its N are there.
    """
    shown = {part.name for part in model.parts if part.kind in ("picture", "tokens", "vector")}
    vectors = [unit(model.embed_arrays({name: rows}).numpy()) for name, rows in made.items() if name in shown]
    if not vectors:
        return np.zeros(len(next(iter(made.values()))))
    if given:
        aim = unit(model.embed_arrays(given, present).numpy())
        return np.asarray(np.mean([(one * aim).sum(axis=1) for one in vectors], axis=0), np.float64)
    if len(vectors) < 2:
        return np.zeros(len(vectors[0]))
    pairs = [(a * b).sum(axis=1) for place, a in enumerate(vectors) for b in vectors[:place]]
    return np.asarray(np.mean(pairs, axis=0), np.float64)


def best(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Places of the ``count`` highest, best first; of equals the first drawn."""
    return np.argsort(-scores, kind="stable")[:count].astype(np.int64)


def chosen(
    model: JointModel,
    given: Rows,
    present: Rows,
    want: Sequence[str],
    seed: int,
    tries: int,
    temperature: float = 1.0,
) -> dict[str, NDArray[Any]]:
    """One set for each of N given rows, the best of ``tries``: modality → N rows."""
    count = len(next(iter(given.values())))
    many = {name: np.repeat(rows, tries, axis=0) for name, rows in given.items()}
    there = {name: np.repeat(rows, tries, axis=0) for name, rows in present.items()}
    made = model.generate_arrays(many, want, seed, temperature, there)
    scores = agreement(model, made, many, there)
    own = scores.reshape(count, tries).argmax(axis=1) + tries * np.arange(count)
    return {name: rows[own] for name, rows in made.items()}
