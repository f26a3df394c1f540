"""A multi-gate mixture of experts over people and items, with a few heads per task for its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class MixtureShape:
    """Sizes of the network.

    Attributes:
        tasks: what is predicted. inputs: numbers per person–item pair besides the embeddings.
        buckets: rows of the table of hashed ids; each id is the sum of two rows. width: numbers per id.
        experts, hidden: number and width of the experts. heads: heads per task.
    """

    tasks: int
    inputs: int
    buckets: int = 4096
    width: int = 16
    experts: int = 4
    hidden: int = 32
    heads: int = 4


class Mixture(nn.Module):
    """MMoE (Ma et al., KDD 2018, equations 6 to 8) with ids as sums of hashed rows (Bloom embeddings, Serrà &
    Karatzoglou, RecSys 2017), people as the mean of what they chose (asymmetric factors, Koren, KDD 2008) and
    a wide part (Cheng et al., DLRS 2016) through which one given score reaches every task.

    The last layer starts at zero: before training, every task ranks by the wide part alone.
    """

    def __init__(self, shape: MixtureShape, random: torch.Generator) -> None:
        super().__init__()
        self.shape = shape
        self.ids = nn.EmbeddingBag(shape.buckets, shape.width, mode="sum")
        pair = 3 * shape.width + shape.inputs
        self.experts = nn.Linear(pair, shape.experts * shape.hidden)
        self.gates = nn.Linear(pair, shape.tasks * shape.experts)
        self.towers = nn.Parameter(torch.zeros(shape.tasks, shape.hidden, shape.heads))
        self.bias = nn.Parameter(torch.zeros(shape.tasks, shape.heads))
        self.wide = nn.Parameter(torch.full((shape.tasks,), 1.0))
        with torch.no_grad():
            self.ids.weight.normal_(0, 0.05, generator=random)
            for layer in (self.experts, self.gates):
                layer.weight.normal_(0, (2 / pair) ** 0.5, generator=random)
                layer.bias.zero_()

    def people(self, history: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
        """U×width mean embedding of histories.

        Args:
            history: int64[L] rows of the table, two per item. starts: int64[U] where each person begins.
            weights: float32[L], adding up to 1 per person (0 entries: a person nothing is known of).
        """
        found: Tensor = self.ids(history, starts, per_sample_weights=weights)
        return found

    def forward(
        self, person: Tensor, item: Tensor, given: Tensor, wide: Tensor, drop: Tensor | None = None
    ) -> Tensor:
        """Logits B×tasks×heads.

        Args:
            person, item: B×width embeddings. given: B×inputs. wide: B, the score that reaches every task.
            drop: B×experts·hidden factors (0 or 1/keep) on the experts' output, in training.
        """
        shape = self.shape
        x = torch.cat([person, item, person * item, given], 1)
        hidden = torch.relu(self.experts(x))
        if drop is not None:
            hidden = hidden * drop
        hidden = hidden.view(-1, shape.experts, shape.hidden)
        gates = torch.softmax(self.gates(x).view(-1, shape.tasks, shape.experts), 2)
        mixed = torch.einsum("bte,beh->bth", gates, hidden)
        deep = torch.einsum("bth,thk->btk", mixed, self.towers) + self.bias
        return deep + (wide[:, None] * self.wide)[:, :, None]
