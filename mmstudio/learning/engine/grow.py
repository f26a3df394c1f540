"""A larger model from a smaller one: the same stages at the same resolutions, new ones that change nothing.

Growing at the fine end follows Karras et al., "Progressive growing of GANs", ICLR 2018, without the fade: a
new stage starts as bilinear resampling (its channel change is the identity, its residual branch zero), so
that the larger network begins by drawing what the smaller one drew.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from mmstudio.learning.engine.task import take
from mmstudio.learning.nets.conv import Decoder, Encoder


@torch.no_grad()
def take_grown(net: nn.Module, weights: dict[str, Tensor], prefix: str) -> int:
    """:func:`take` for a network of more stages than ``weights`` has; the number of tensors taken."""
    if not isinstance(net, Decoder | Encoder):
        return take(net, weights, prefix)
    theirs = 1 + max((int(key) for key in _stages(weights, prefix)), default=-1)
    more = len(net.stages) - theirs
    if theirs == 0 or more <= 0:
        return take(net, weights, prefix)
    new: list[nn.Module] = list(net.stages)[theirs:]
    if isinstance(net, Encoder):  # counted from the pixels: the new stages come first
        new = list(net.stages)[:more]
        at = re.compile(rf"^{re.escape(prefix)}stages\.(\d+)\.")
        weights = {
            at.sub(lambda match: f"{prefix}stages.{int(match.group(1)) + more}.", key): value
            for key, value in weights.items()
        }
    taken = take(net, weights, prefix)
    for stage in new:
        for name, module in stage.named_modules():
            if name.endswith("change") and isinstance(module, nn.Conv2d):
                torch.nn.init.dirac_(module.weight)
    return taken


def _stages(weights: dict[str, Tensor], prefix: str) -> set[str]:
    at = re.compile(rf"^{re.escape(prefix)}stages\.(\d+)\.")
    return {match.group(1) for match in map(at.match, weights) if match}
