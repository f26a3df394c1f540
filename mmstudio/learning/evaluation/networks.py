"""The named networks that pictures are measured in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Features = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def picture_features(device: str = "cpu") -> tuple[Features, str]:
    """What turns N×3×S×S uint8 into N×D, and its name with a fingerprint of its weights.

    The network that ships with the program, whatever else is installed: figures compare between computers.
    They are distances in that network's features, never FID, which means Inception-v3 and its protocol.
    """
    from mmstudio.features.pictures.backbones import Backbone, random_backbone, starter_backbone

    spec = starter_backbone() or random_backbone()
    net: list[Backbone] = []  # built at the first picture

    def features(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        import torch
        from torch.nn import functional

        if not net:
            net.append(Backbone(spec, device))
        x = torch.from_numpy(np.array(pixels)).float()
        shape = (spec.size, spec.size)
        x = functional.interpolate(x, shape, mode="bilinear", antialias=True, align_corners=False)
        whole = x.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return net[0](np.ascontiguousarray(whole)).astype(np.float64)

    return features, f"{spec.name or spec.architecture}@{spec.fingerprint()[:8]}"
