"""The architecture of the project's own picture network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def build_starter(widths: tuple[int, ...], bands: int = 1) -> nn.Module:
    """A small residual network (He et al. 2016): a stride-2 stem, then one stride-2 stage per further width.

    Gives float32[N, widths[-2] + bands * widths[-1]]: the average of the last stage but one, and of each of
    `bands` horizontal bands of the last stage, so that parts, wholes and what is above what all count, while
    left and right do not.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.a = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.na = nn.BatchNorm2d(outputs)
            self.b = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.nb = nn.BatchNorm2d(outputs)
            same = stride == 1 and inputs == outputs
            self.skip: nn.Module = (
                nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            )

        def forward(self, x: Tensor) -> Tensor:
            y = functional.relu(self.na(self.a(x)))
            return functional.relu(self.nb(self.b(y)) + self.skip(x))

    class Starter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
            )
            pairs = list(pairwise(widths))
            self.stages = nn.ModuleList(Block(i, o, 2) for i, o in pairs)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            outputs: list[Tensor] = []
            for stage in self.stages:
                x = stage(x)
                outputs.append(x)
            parts = functional.adaptive_avg_pool2d(outputs[-1].float(), (bands, 1))
            return torch.cat([outputs[-2].float().mean((2, 3)), parts.flatten(1)], dim=1)

    return Starter()


def randomise(net: nn.Module, generator: Any) -> None:
    """He-normal convolution weights drawn from an explicit generator (He et al. 2015); norms at identity."""
    from torch import nn

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
