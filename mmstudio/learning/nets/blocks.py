"""Blocks shared by every network: residual, up, down; no normalisation layers, no dropout.

Residual nets without normalisation follow R3GAN (Huang et al., NeurIPS 2024, section 3) and Fixup
(Zhang et al., ICLR 2019): the last convolution of each block starts at zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
Net = TypeVar("Net", bound=nn.Module)


class Residual(nn.Module):
    """x + 1×1(φ(3×3(φ(1×1(x))))), φ = leaky ReLU; N×C×H×W in and out.

    ``seamless`` pads with the opposite edge, so that what is drawn continues on the other side.
    """

    def __init__(self, channels: int, seamless: bool = False) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding(seamless))
        self.expand = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.leaky_relu(self.reduce(x), SLOPE, inplace=True)
        h = functional.leaky_relu(self.mix(h), SLOPE, inplace=True)
        out: Tensor = x + self.expand(h)
        return out


def padding(seamless: bool) -> Literal["circular", "zeros"]:
    """The padding mode of a 3×3 convolution."""
    return "circular" if seamless else "zeros"


class Up(nn.Module):
    """Twice the resolution (bilinear), channels changed by a 1×1 convolution at the lower resolution."""

    def __init__(self, channels_in: int, channels_out: int, seamless: bool = False) -> None:
        super().__init__()
        self.change = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self.seamless = seamless

    def forward(self, x: Tensor) -> Tensor:
        h = self.change(x)
        if not self.seamless:
            return functional.interpolate(h, scale_factor=2.0, mode="bilinear", align_corners=False)
        h = functional.pad(h, (1, 1, 1, 1), mode="circular")
        h = functional.interpolate(h, scale_factor=2.0, mode="bilinear", align_corners=False)
        return h[:, :, 2:-2, 2:-2]


class Down(nn.Module):
    """Half the resolution (2×2 mean, which is bilinear at this factor), then a 1×1 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.change = nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.change(functional.avg_pool2d(x, 2))
        return out


def materialise(build: Callable[[], Net], device: torch.device, random: torch.Generator) -> Net:
    """Build a network without touching the global random generator.

    The modules are made on the meta device (no numbers drawn), then filled on the CPU from ``random``
    (He et al., 2015, for leaky ReLU; biases zero; the last layer of each residual block zero), so that
    a seed gives the same weights on every device.
    """
    with torch.device("meta"):
        net = build()
    net = net.to_empty(device=torch.device("cpu"))
    gain = torch.nn.init.calculate_gain("leaky_relu", SLOPE)
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            if name.endswith("expand") or "styles." in name:
                torch.nn.init.zeros_(module.weight)
            else:
                last = name.endswith(("out", "to_latent", "from_latent", "change", "embed"))
                std = (1.0 if last else gain) / fan_in**0.5
                torch.nn.init.normal_(module.weight, 0.0, std, generator=random)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm) and module.elementwise_affine:
            torch.nn.init.ones_(module.weight)
            torch.nn.init.zeros_(module.bias)
    net = net.to(device=device)
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net
