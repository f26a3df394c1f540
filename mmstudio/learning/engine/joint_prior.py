"""What the samplers of whole sets are worth, on held-out joint latents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from mmstudio.learning.engine.prior import Prior
    from mmstudio.learning.engine.set_data import SetData
    from mmstudio.learning.joint.parts import Part
    from mmstudio.learning.nets.joint import JointNet


def score_samplers(
    net: JointNet, parts: Sequence[Part], prior: Prior, generator: nn.Module, data: SetData, seed: int
) -> dict[str, float]:
    return {}
