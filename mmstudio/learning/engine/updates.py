"""From gradients to weights in few calls: fused optimisers, clipping, moments laid out as their weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


def adam(parameters: Iterable[Tensor], **options: Any) -> torch.optim.Adam:
    """Adam (Kingma and Ba, 2014) in one pass over memory; ``options`` are torch's."""
    own = list(parameters)
    return torch.optim.Adam(own, fused=_fuses(own), **options)


def adamw(parameters: Iterable[Tensor], **options: Any) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2017), likewise."""
    own = list(parameters)
    return torch.optim.AdamW(own, fused=_fuses(own), **options)


def clip(parameters: Iterable[Tensor], most: float) -> float:
    """Scale the gradients so that their common norm is at most ``most``; the norm before.

    The numbers of torch's ``clip_grad_norm_``, in a few calls for all of them instead of several for each.
    """
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        return 0.0
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
    if not norm <= most:  # not-a-number too: the trainer sees it in the losses
        torch._foreach_mul_(gradients, most / (norm + 1e-6))
    return norm


def laid_out_as(value: Tensor, parameter: Tensor) -> Tensor:
    """``value`` with the strides of ``parameter`` where both have the same shape; no copy where they agree.

    A fused optimiser walks over the memory of weights, gradients and moments side by side. Files keep
    tensors row by row; convolutions' weights are kept channels last: read back as they lie in the file, the
    moments of one weight would be taken for those of another (docs/adr/0205).
    """
    if value.shape != parameter.shape or value.stride() == parameter.stride():
        return value
    return torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)


def _fuses(parameters: list[Tensor]) -> bool | None:
    """True on the CPU; elsewhere torch chooses."""
    return True if all(p.device.type == "cpu" for p in parameters) else None
