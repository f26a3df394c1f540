"""One network over the features of all modalities: attention over what is present, shared and own experts.

Every input may be missing; a missing one takes no part at all (its attention is zero, its gradient too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

TASKS = ("align", "tags", "engagement", "reconstruct")
SHARED_EXPERTS = 3


class Tower(nn.Module):
    """Features of one modality → token [N, width]: a fixed linear path plus what is learned beside it.

    The linear path (``centre`` [D], ``base`` [D, width]) comes from regularised canonical correlations, see
    ``fusion.linear``. The learned part starts at zero, so that training starts from the linear solution.
    """

    centre: Tensor
    base: Tensor

    def __init__(self, size: int, width: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("base", torch.zeros(size, width))
        self.enter = nn.Linear(width, hidden)
        self.expand = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """float32[N, D] → [N, width]."""
        return self.refine((x - self.centre) @ self.base)

    def refine(self, linear: Tensor, keep: Tensor | None = None) -> Tensor:
        """What is learned beside the linear path; ``keep`` [N, hidden] scales the hidden units (dropout)."""
        hidden = functional.relu(self.enter(linear))
        out: Tensor = linear + self.expand(hidden if keep is None else hidden * keep)
        return out


class Expert(nn.Module):
    """[N, width] → [N, width]; starts at zero."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.enter = nn.Linear(width, hidden)
        self.expand = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.expand(functional.relu(self.enter(x)))
        return out


class FusedNet(nn.Module):
    """Multi-gate mixture of experts (Ma et al., KDD 2018) over an attention pool of modality tokens.

    Args:
        sizes: modality → length of its features. labels: how many tags. width: of the shared vector.
    """

    def __init__(self, sizes: Mapping[str, int], labels: int, width: int = 128, hidden: int = 64) -> None:
        super().__init__()
        self.names = list(sizes)
        self.towers = nn.ModuleDict({name: Tower(size, width, hidden) for name, size in sizes.items()})
        self.scores = nn.ModuleDict({name: nn.Linear(width, 1) for name in sizes})
        self.shared = nn.ModuleList(Expert(width, hidden) for _ in range(SHARED_EXPERTS))
        self.own = nn.ModuleDict({task: Expert(width, hidden) for task in TASKS})
        self.gates = nn.ModuleDict({task: nn.Linear(width, SHARED_EXPERTS + 1) for task in TASKS})
        self.tags_out = nn.Linear(width, max(1, labels))
        self.engagement_out = nn.Linear(width, 1)
        self.decoders_out = nn.ModuleDict({name: nn.Linear(width, size) for name, size in sizes.items()})
        # Uncertainty weights (log variances) and the temperature of the alignment are learned with the rest.
        self.weigh_out = nn.Linear(1, len(TASKS))
        self.sharpness_out = nn.Linear(1, 1)

    def tower(self, name: str) -> Tower:
        """Of one modality."""
        found = self.towers[name]
        assert isinstance(found, Tower)
        return found

    def score(self, name: str) -> nn.Linear:
        """What decides the attention to one modality."""
        found = self.scores[name]
        assert isinstance(found, nn.Linear)
        return found

    def gate(self, task: str) -> nn.Linear:
        """What mixes the experts for one task."""
        found = self.gates[task]
        assert isinstance(found, nn.Linear)
        return found

    def tokens(self, linear: Mapping[str, Tensor], keep: Mapping[str, Tensor]) -> Tensor:
        """modality → [N, width] of the linear path (anything where missing) → [N, M, width]."""
        return torch.stack([self.tower(n).refine(linear[n], keep[n]) for n in self.names], dim=1)

    def attend(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[N, M, width] and bool[N, M] → (pooled [N, width], weights [N, M] that add up to 1)."""
        scores = torch.cat([self.scores[name](tokens[:, i]) for i, name in enumerate(self.names)], dim=1)
        weights = torch.softmax(scores.masked_fill(~mask, -1e9), dim=1) * mask
        return (weights[:, :, None] * torch.nan_to_num(tokens)).sum(1), weights

    def task(self, pooled: Tensor, task: str) -> Tensor:
        """The experts' answer for one task, [N, width]."""
        experts = torch.stack([expert(pooled) for expert in [*self.shared, self.own[task]]], dim=1)
        gate = torch.softmax(self.gates[task](pooled), dim=1)
        return pooled + (gate[:, :, None] * experts).sum(1)

    def vector(self, pooled: Tensor) -> Tensor:
        """The shared vector, [N, width] of length 1."""
        return functional.normalize(self.task(pooled, "align"), dim=1)

    def forward(self, inputs: Mapping[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(shared vector [N, width], attention [N, M], tag logits [N, L])."""
        tokens = torch.stack([self.towers[name](inputs[name]) for name in self.names], dim=1)
        pooled, weights = self.attend(tokens, mask)
        return self.vector(pooled), weights, self.tags_out(self.task(pooled, "tags"))

    def log_variances(self) -> Tensor:
        """One per task, for the uncertainty weighting."""
        return self.weigh_out.bias

    def sharpness(self) -> Tensor:
        """The inverse temperature of the alignment, between 1 and 50."""
        return (self.sharpness_out.bias[0] + 2.7).exp().clamp(1.0, 50.0)


def single(mask: Tensor, which: int) -> Tensor:
    """bool[N, M]: only one modality, where it is present."""
    only = torch.zeros_like(mask)
    only[:, which] = mask[:, which]
    return only


def pairs_of(names: Sequence[str]) -> list[tuple[int, int]]:
    """Every pair of modalities by position."""
    return [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
