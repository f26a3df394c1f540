"""Which processor torch works on."""

from __future__ import annotations

import logging
import warnings

log = logging.getLogger(__name__)


def choose_device(wanted: str = "auto") -> str:
    """The torch device for a setting: "auto" is CUDA, then MPS, then CPU.

    A device that was asked for but is not there falls back to the next one, with a line in the log.
    """
    import torch

    there = {
        "cuda": cuda_state()[0],
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    order = ["cuda", "mps", "cpu"] if wanted == "auto" else [wanted, "cpu"]
    for name in order:
        if there.get(name, False):
            return name
        if wanted != "auto":
            log.info("device %s is not available, the processor is used", wanted)
    return "cpu"


def cuda_state() -> tuple[bool, str]:
    """Whether CUDA can be used, and what torch said where it cannot (an old driver, say); never a warning.

    torch writes such a reason to standard error, where nobody looks for it.
    """
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        there = bool(torch.cuda.is_available())
    words = [str(one.message) for one in said]
    for line in words:
        log.info("torch about CUDA: %s", line)
    return there, "" if there or not words else words[0]


def is_out_of_memory(error: BaseException) -> bool:
    """True where torch (or Python) says that the device's memory is full."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
