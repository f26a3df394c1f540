"""Which processor torch works on."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

log = logging.getLogger(__name__)


def read_libraries() -> None:
    """Load torch's own libraries before torch is imported, without the lock of the interpreter (Linux).

    `import torch` holds the lock while the system maps them and runs their first lines, half a second in
    which a window stands still; a foreign call lets go of it, and the import then finds them in memory. Where
    it cannot be done nothing happens, and the import does it.
    """
    if sys.platform != "linux" or "torch" in sys.modules:
        return
    found = find_spec("torch")
    places = found.submodule_search_locations if found is not None else None
    if not places:
        return
    folder = Path(next(iter(places))) / "lib"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    # The first is what torch opens for everybody before all else; it must be there for the second.
    if dlopen(os.fsencode(folder / "libtorch_global_deps.so"), os.RTLD_GLOBAL | os.RTLD_NOW):
        dlopen(os.fsencode(folder / "libtorch.so"), os.RTLD_NOW)


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
