"""All parameters of a network in one tensor: one clip, one optimiser step, one average instead of hundreds.

A small network has as many parameters as a large one, and on a CPU each costs some ten microseconds in every
pass over them. Parameters that are used together lie together, so that they are one stacked tensor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmstudio.learning.engine.ema import Average

_ALIGNED = 16  # numbers: what vector instructions and oneDNN like parameters to start at


class Flat:
    """The parameters of ``net`` moved into one tensor; the network goes on as before.

    Attributes:
        tensor: all of them, what an optimiser is given; its ``grad`` is set by :meth:`gradients`.
        stacked: first name of each stack → its leaf, (number of names)×shape, which shares the memory.
    """

    def __init__(self, net: nn.Module, stacks: Sequence[Sequence[str]] = ()) -> None:
        known = dict(net.named_parameters())
        together = {name for stack in stacks for name in stack}
        order = [list(stack) for stack in stacks] + [[name] for name in known if name not in together]
        places, length = [], 0
        for names in order:
            size = sum(known[name].numel() for name in names)
            places.append((names, length, size))
            length += -(-size // _ALIGNED) * _ALIGNED
        some = next(iter(known.values()))
        self.tensor = nn.Parameter(torch.zeros(length, device=some.device, dtype=some.dtype))
        self._gradient = torch.zeros_like(self.tensor.data)
        self.stacked: dict[str, Tensor] = {}
        self._leaves: list[Tensor] = []
        self._at: dict[str, int] = {}
        self._places: list[Tensor] = []  # of the leaves' gradients
        whole = self.tensor.data
        for names, start, size in places:
            at = start
            for name in names:
                parameter = known[name]
                own = whole[at : at + parameter.numel()].view(parameter.shape)
                own.copy_(parameter.data)
                parameter.data = own
                self._at[name] = at
                at += parameter.numel()
            if len(names) > 1:
                leaf = whole[start : start + size].view(len(names), *known[names[0]].shape)
                leaf = leaf.detach().requires_grad_(known[names[0]].requires_grad)
                self.stacked[names[0]] = leaf
            else:
                leaf = known[names[0]]
            self._leaves.append(leaf)
            self._places.append(self._gradient[start : start + size].view(leaf.shape))

    def gradients(self, loss: Tensor) -> Tensor:
        """Backpropagate ``loss`` into the one gradient, which is given back; 0 where nothing came."""
        found: Sequence[Tensor | None] = torch.autograd.grad(loss, self._leaves, allow_unused=True)
        places, gradients = [], []
        for place, grad in zip(self._places, found, strict=True):
            if grad is None:
                place.zero_()
            else:
                places.append(place)
                gradients.append(grad)
        torch._foreach_copy_(places, gradients)
        self.tensor.grad = self._gradient
        return self._gradient

    def seen(self, whole: Tensor, name: str, parameter: Tensor) -> Tensor:
        """What of a tensor laid out as :attr:`tensor` belongs to a parameter, in its shape."""
        at = self._at[name]
        return whole[at : at + parameter.numel()].view(parameter.shape)

    def gathered(self, slots: Mapping[int, Mapping[str, Tensor]], names: Sequence[str]) -> dict[str, Tensor]:
        """An optimiser's slots of one parameter each (index → slot → tensor, in the order of ``names``), as
        the slots of :attr:`tensor`; zeros where there were none."""
        found: dict[str, Tensor] = {}
        for index, own in slots.items():
            for slot, value in own.items():
                if value.ndim == 0:
                    found[slot] = torch.maximum(found.get(slot, value), value)
                    continue
                whole = found.setdefault(slot, torch.zeros_like(self.tensor.data))
                start = self._at[names[index]]
                whole[start : start + value.numel()] = value.reshape(-1)
        return found


class FlatAverage(Average):
    """:class:`Average` of a network whose parameters are flat."""

    def __init__(
        self,
        net: nn.Module,
        half_life: float,
        source: Flat,
        stacks: Sequence[Sequence[str]],
        most: float = 0.1,
    ) -> None:
        super().__init__(net, half_life, most)
        self.source, self.own = source, Flat(self.net, stacks)

    @torch.no_grad()
    def update(self, net: nn.Module, batch: int, seen: int) -> None:
        """As :meth:`Average.update`."""
        del net
        self.own.tensor.data.lerp_(self.source.tensor.data, 1.0 - self.decay(batch, seen))
