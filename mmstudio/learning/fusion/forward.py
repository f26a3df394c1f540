"""The shared encoder without torch: the same forward pass in NumPy, for queries and for the features job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "fused."
Weights = Mapping[str, "NDArray[np.float32]"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a forward pass gives.

    Attributes:
        vectors: float32[N, width] of length 1. attention: float32[N, M], rows add up to 1.
        logits: float32[N, L] of the tags, not calibrated.
    """

    vectors: NDArray[np.float32]
    attention: NDArray[np.float32]
    logits: NDArray[np.float32]


def encode(
    weights: Weights,
    names: Sequence[str],
    inputs: Mapping[str, NDArray[np.float32]],
    mask: NDArray[np.bool_],
) -> Encoded:
    """As :class:`mmstudio.learning.nets.fused.FusedNet`, equal to it within 1e-5.

    Args:
        weights: by the network's names under ``fused.``.
        names: the modalities in the network's order.
        inputs: modality → float32[N, D]; one that is left out is missing everywhere.
        mask: bool[N, M], every row with at least one.
    """
    count = len(mask)
    width = weights[f"{PREFIX}tags_out.weight"].shape[1]
    tokens = np.zeros((count, len(names), width), np.float32)
    scores = np.full((count, len(names)), -1e9, np.float32)
    for i, name in enumerate(names):
        rows = mask[:, i]
        if not rows.any():
            continue
        tokens[rows, i] = _tower(weights, name, inputs[name][rows])
        scores[rows, i] = _linear(weights, f"scores.{name}", tokens[rows, i])[:, 0]
    attention = _softmax(scores) * mask
    pooled = (attention[:, :, None] * tokens).sum(1)
    shared = _task(weights, pooled, "align")
    vectors = shared / np.maximum(np.linalg.norm(shared, axis=1, keepdims=True), 1e-12)
    logits = _linear(weights, "tags_out", _task(weights, pooled, "tags"))
    return Encoded(vectors.astype(np.float32), attention.astype(np.float32), logits.astype(np.float32))


def _tower(weights: Weights, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    at = f"{PREFIX}towers.{name}."
    linear = np.asarray((x - weights[at + "centre"]) @ weights[at + "base"], np.float32)
    out: NDArray[np.float32] = linear + _perceptron(weights, f"towers.{name}", linear)
    return out


def _perceptron(weights: Weights, at: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    hidden = np.maximum(_linear(weights, f"{at}.enter", x), 0.0)
    out: NDArray[np.float32] = hidden @ weights[f"{PREFIX}{at}.expand.weight"].T
    return out


def _linear(weights: Weights, at: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    out: NDArray[np.float32] = x @ weights[f"{PREFIX}{at}.weight"].T + weights[f"{PREFIX}{at}.bias"]
    return out


def _task(weights: Weights, pooled: NDArray[np.float32], task: str) -> NDArray[np.float32]:
    gate = _softmax(_linear(weights, f"gates.{task}", pooled))
    experts = [f"shared.{i}" for i in range(gate.shape[1] - 1)] + [f"own.{task}"]
    out = pooled.copy()
    for i, at in enumerate(experts):
        out += gate[:, i : i + 1] * _perceptron(weights, at, pooled)
    return out


def _softmax(x: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    out: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return out
