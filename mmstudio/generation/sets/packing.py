"""Latents in a manifest: float32 numbers as text, exactly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError


def packed(latent: NDArray[np.float32]) -> dict[str, Any]:
    """float32 of any shape → {"shape": [...], "float32": base64 of its little-endian bytes}."""
    data = np.ascontiguousarray(latent).astype("<f4").tobytes()
    return {"shape": list(latent.shape), "float32": base64.b64encode(data).decode("ascii")}


def unpacked(data: Mapping[str, Any]) -> NDArray[np.float32]:
    """Back from :func:`packed`. Raises StudioError where it is damaged."""
    try:
        raw = base64.b64decode(str(data["float32"]), validate=True)
        found = np.frombuffer(raw, "<f4").reshape([int(length) for length in data["shape"]])
        return found.astype(np.float32)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise StudioError(
            "The latent in this manifest is damaged.", hint="Make the set again from its seed."
        ) from error
