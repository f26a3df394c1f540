"""One family under training: its networks, its optimisers, one step in parts."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch, TrainingData
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.updates import laid_out_as

Data = TypeVar("Data", bound=TrainingData)


class Task(ABC, Generic[Data]):
    """Networks by name, optimisers by name, one moving average; subclasses say what a step is."""

    nets: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Optimizer]
    averaged: str  # the net that is sampled from
    average: Average
    satisfied = False  # True ends the training early: more steps would only make it worse
    splits = False  # True where a step can be cut into pieces, with the same result but for rounding
    speed = 0.0  # multiplications a second that are counted on; 0: steps are never cut
    most_rows = 0  # examples that fit into memory at once, once it ran out; 0: all

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        self.random = torch.Generator().manual_seed(config.seed)
        self.rate_scale = 1.0

    @abstractmethod
    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        """One training step on ``batch``, in interruptible parts of at most about a quarter of a second.

        Each part yields the losses it knows; the moving average is the trainer's business.
        """

    @abstractmethod
    def preview(self, data: Data, seed: int, count: int) -> Tensor:
        """A grid's worth of pictures in [-1, 1], always from the same latents, drawn with the average."""

    def sampler(self, data: Data, seed: int) -> Callable[[int], Tensor] | None:
        """What draws the next ``count`` examples (count×C×H×W in [-1, 1]) with the average, to be judged;
        None for a family that draws nothing. Its random numbers are its own."""
        del data, seed
        return None

    def pieces(self, count: int, cost: float) -> list[slice]:
        """``count`` examples of ``cost`` multiplications each, in pieces of at most about 200 ms.

        Depends only on numbers kept in the state, never on the clock: the same training adds up its gradients
        in the same order wherever it is resumed.
        """
        rows = max(1, int(0.2 * self.speed / cost)) if self.speed else count
        rows = min(rows, self.most_rows or count, count)
        number = -(-count // rows)
        edges = [count * i // number for i in range(number + 1)]
        return [slice(a, b) for a, b in pairwise(edges)]

    def finish(self, data: Data) -> dict[str, Tensor]:
        """What is fitted after training (a prior), for the weights file."""
        del data
        return {}

    @abstractmethod
    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Take what fits of another model's weights."""

    def at(self, progress: float) -> None:
        """Set the learning rates for ``progress`` in [0, 1]: cosine down to a tenth.

        An option ``NAME_rate`` multiplies the rate of one optimiser (two time scales: Heusel et al., 2017).
        """
        rate = self.config.rate * self.rate_scale * cosine(1.0, 0.1, progress)
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = rate * self.config.options.get(f"{name}_rate", 1.0)

    def weights(self) -> dict[str, Tensor]:
        """The shippable weights: the average where there is one, the raw net elsewhere."""
        nets = self.nets | {self.averaged: self.average.net}
        return {
            f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()
        }

    def state(self) -> TrainingState:
        """Everything a bit-exact resume needs."""
        tensors: dict[str, Tensor] = {"random": self.random.get_state()}
        nets = self.nets | {"average": self.average.net}
        for name, net in nets.items():
            tensors |= {f"net.{name}.{key}": value for key, value in net.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            for index, slots in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser.{name}.{index}.{key}": value for key, value in slots.items()}
        numbers = {"rate_scale": self.rate_scale, "speed": self.speed, "most_rows": self.most_rows}
        return TrainingState(tensors, numbers)

    def restore(self, state: TrainingState) -> None:
        """Back from :meth:`state`."""
        self.rate_scale = float(state.numbers["rate_scale"])
        self.speed = float(state.numbers.get("speed", 0.0))
        self.most_rows = int(state.numbers.get("most_rows", 0))
        self.random.set_state(state.tensors["random"])
        for name, net in (self.nets | {"average": self.average.net}).items():
            prefix = f"net.{name}."
            net.load_state_dict(
                {key[len(prefix) :]: value for key, value in state.tensors.items() if key.startswith(prefix)}
            )
        for name, optimiser in self.optimisers.items():
            slots: dict[int, dict[str, Any]] = {}
            for key, value in state.tensors.items():
                if key.startswith(f"optimiser.{name}."):
                    _, _, index, slot = key.split(".", 3)
                    slots.setdefault(int(index), {})[slot] = value
            own = [p for group in optimiser.param_groups for p in group["params"]]
            for at, held in slots.items():
                slots[at] = {slot: laid_out_as(value, own[at]) for slot, value in held.items()}
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": slots, "param_groups": groups})


def cosine(start: float, end: float, progress: float) -> float:
    """Half a cosine from ``start`` to ``end``."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))


def take(net: nn.Module, weights: dict[str, Tensor], prefix: str) -> int:
    """Copy every parameter of ``net`` that ``weights`` has under ``prefix`` in the same shape; how many."""
    own, taken = net.state_dict(), 0
    for key, value in own.items():
        given = weights.get(prefix + key)
        if given is not None and given.shape == value.shape:
            value.copy_(given)
            taken += 1
    return taken
