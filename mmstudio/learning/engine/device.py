"""Where to compute."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from mmstudio.errors import StudioError
from mmstudio.features.device import cuda_state


def pick_device(name: str = "auto") -> torch.device:
    """``auto`` is CUDA, then MPS, then CPU.

    Raises:
        StudioError: where a named device is not on this computer.
    """
    has = {"cpu": True, "cuda": cuda_state()[0], "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if has[kind]))
    if not has.get(name, False):
        raise StudioError(
            "This computer has no {device} device.",
            hint="Choose “auto” or “cpu” as the device.",
            device=name,
        )
    return torch.device(name)


def speed_of(device: torch.device) -> float:
    """Multiplications a second to count on when steps are cut into pieces; a cautious constant per kind."""
    if device.type == "cpu":
        return 8e9 * torch.get_num_threads()
    return 4e12 if device.type == "cuda" else 1e12


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 on CUDA, nothing elsewhere (float16 breaks the gradient penalties; see R3GAN)."""
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


def is_out_of_memory(error: BaseException) -> bool:
    """True for the ways in which CUDA, MPS and the CPU allocator say that memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
