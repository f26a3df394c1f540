"""Fine-tuning a picture network: its last stages and a head learn, early ones and all statistics stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.task import Task
from mmstudio.learning.objectives.contrast import nt_xent, random_view, supervised_contrast

_PROJECTION = 128


class Indices(ArrayData):
    """The order of a training as row numbers: labels and pictures are the task's."""

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        del random
        return Batch(torch.tensor([self._index(position) for position in range(seen, seen + count)]))


class Head(nn.Module):
    """What stands on the network while it learns: a projection to be compared, a linear layer of labels.

    Vectors come in as the studio compares them, standardised: their raw numbers lie all on one side, where
    cosines say little. The statistics are those of the network as it was.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, rows: NDArray[np.float32], labels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.from_numpy(rows.mean(0)))
        self.register_buffer("spread", torch.from_numpy(rows.std(0)).clamp(min=1e-3))
        self.project = nn.Linear(rows.shape[1], _PROJECTION)
        self.say = nn.Linear(rows.shape[1], labels)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """N×D → (N×128 to be compared, N×K scores of labels)."""
        z = (vectors - self.centre) / self.spread
        return self.project(z), self.say(z)


class FineTuneTask(Task[Indices]):
    """Supervised contrast plus a linear head where there are labels, else two views of each picture (SimCLR).

    Args:
        net: the network, N×3×S×S normalised → N×D, on ``device`` already.
        pixels: uint8[N, 3, S, S].
        labels: float32[N, K] of 0 and 1, or None.
        single: each picture has one label (softmax) rather than any number (one logistic each).
        mean, std: how the network wants its pictures, for values in [0, 1].
        stages: how many of the last stages learn.
    """

    averaged = "backbone"

    def __init__(
        self,
        config: ModelConfig,
        device: torch.device,
        net: nn.Module,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.float32] | None,
        *,
        single: bool,
        mean: Sequence[float],
        std: Sequence[float],
        stages: int,
    ) -> None:
        super().__init__(config, device)
        self.pixels, self.single = pixels, single
        self.labels = None if labels is None else torch.from_numpy(np.array(labels))
        self.mean = torch.tensor(list(mean)).view(1, 3, 1, 1).to(device)
        self.std = torch.tensor(list(std)).view(1, 3, 1, 1).to(device)
        freeze(net, stages)
        some = pixels[:: max(1, len(pixels) // 512)]
        head = Head(embed(net, some, mean, std, device), 1 if labels is None else labels.shape[1])
        for layer in (head.project, head.say):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5, generator=self.random)
            nn.init.zeros_(layer.bias)
        head.to(device)
        self.head = head
        self.nets = {"backbone": net, "head": head}
        learning = [p for p in net.parameters() if p.requires_grad]
        self.optimisers = {
            "backbone": torch.optim.AdamW(learning, lr=config.rate, weight_decay=1e-3),
            "head": torch.optim.AdamW(head.parameters(), lr=config.rate, weight_decay=1e-3),
        }
        self.average = Average(net, config.options["half_life"])

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        del step
        net, head = self.nets["backbone"], self.head
        x = torch.from_numpy(self.pixels[batch.x.numpy()]).to(self.device).float().div_(255.0)
        supervised = self.labels is not None
        colour = 0.5 if supervised else 1.0
        views = torch.cat([random_view(x, self.random, colour=colour) for _ in range(2)])
        views = (views - self.mean) / self.std
        with autocast(self.device):
            vectors = net(views.contiguous(memory_format=torch.channels_last))
        projected, said = head(vectors.float())
        losses: dict[str, Tensor] = {}
        if supervised:
            assert self.labels is not None
            labels = self.labels[batch.x].to(self.device)
            both = torch.cat([labels, labels])
            losses["contrast"] = supervised_contrast(projected, both)
            losses["labels"] = (
                functional.cross_entropy(said, both.argmax(1))
                if self.single
                else functional.binary_cross_entropy_with_logits(said, both)
            )
        else:
            n = len(batch.x)
            losses["contrast"] = nt_xent(projected[:n], projected[n:])
        loss = sum(losses.values(), torch.zeros((), device=self.device))
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        learning = [p for p in [*net.parameters(), *head.parameters()] if p.requires_grad]
        norm = torch.nn.utils.clip_grad_norm_(learning, 1.0)
        if bool(torch.isfinite(norm)):
            for optimiser in self.optimisers.values():
                optimiser.step()
        yield {"loss": loss.item(), "gradient": float(norm), **{k: v.item() for k, v in losses.items()}}

    @torch.no_grad()
    def preview(self, data: Indices, seed: int, count: int) -> Tensor:
        """What the network is shown: views of the first pictures."""
        del data
        x = torch.from_numpy(np.array(self.pixels[:count])).float().div_(255.0)
        return random_view(x, torch.Generator().manual_seed(seed)) * 2 - 1

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Nothing to do: the network is built with its weights."""
        del weights


def stages_of(net: nn.Module) -> list[list[nn.Module]]:
    """The parts of a picture network from first to last, each a step of its depth.

    Known are the starter (``stem``, ``stages``), ResNets (``layer1`` … ``layer4``) and the networks of
    torchvision whose layers lie in ``features``; anything else is taken as its children.
    """
    children = dict(net.named_children())
    if "stages" in children:
        return [[children["stem"]], *([stage] for stage in children["stages"].children())]
    if "layer4" in children:
        first = [child for name, child in children.items() if not name.startswith(("layer", "fc"))]
        return [first, *([children[f"layer{n}"]] for n in range(1, 5))]
    if "features" in children:
        blocks = list(children["features"].children())
        rest = [child for name, child in children.items() if name != "features"]
        third = max(1, len(blocks) // 4)
        groups = [blocks[i : i + third] for i in range(0, len(blocks), third)]
        groups[-1] = groups[-1] + rest
        return groups
    return [[child] for child in children.values()]


def freeze(net: nn.Module, stages: int) -> int:
    """Let only the last ``stages`` learn; norms keep their statistics. How many weights learn."""
    net.requires_grad_(False)
    for group in stages_of(net)[-max(1, stages) :]:
        for module in group:
            module.requires_grad_(True)
    net.eval()  # few pictures in a batch would spoil the statistics of batch normalisation
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


@torch.inference_mode()
def embed(
    net: nn.Module,
    pixels: NDArray[np.uint8],
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device,
) -> NDArray[np.float32]:
    """uint8[N, 3, S, S] → float32[N, D], as the features room computes them."""
    net.eval()
    m = torch.tensor(list(mean)).view(1, 3, 1, 1).to(device)
    s = torch.tensor(list(std)).view(1, 3, 1, 1).to(device)
    rows = []
    for first in range(0, len(pixels), 64):
        x = torch.from_numpy(np.array(pixels[first : first + 64])).to(device).float().div_(255.0)
        x = ((x - m) / s).contiguous(memory_format=torch.channels_last)
        rows.append(net(x).float().cpu().numpy())
    return np.concatenate(rows).astype(np.float32)


@torch.inference_mode()
def views_of(pixels: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """One random view of every picture, uint8 in and out, the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    made = []
    for first in range(0, len(pixels), 64):
        x = torch.from_numpy(np.array(pixels[first : first + 64])).float().div_(255.0)
        made.append(random_view(x, random).mul(255.0).round().to(torch.uint8).numpy())
    return np.concatenate(made)
