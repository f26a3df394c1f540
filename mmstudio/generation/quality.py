"""A floor under every picture shown: enough contrast, and at least one real edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.media.oklab import srgb_to_oklab

CONTRAST_FLOOR = 0.16  # OKLab distance between the lightest and darkest tenth (0–1)
SHARPNESS_FLOOR = 0.04  # OKLab distance between neighbours at the strongest hundredth, at 64 pixels


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured on the picture brought to 64 pixels.

    Attributes:
        contrast: spread of the picture along its main colour axis, 5th to 95th percentile, in OKLab units.
        sharpness: 99th percentile of the colour step between neighbouring pixels, in OKLab units.
    """

    contrast: float
    sharpness: float

    @property
    def score(self) -> float:
        """1 at the floor, higher is better."""
        return min(self.contrast / CONTRAST_FLOOR, self.sharpness / SHARPNESS_FLOOR)

    @property
    def passes(self) -> bool:
        """True where the picture may be shown."""
        return self.score >= 1.0


def measure(pixels: NDArray[np.uint8]) -> Quality:
    """Quality of an H×W×3 picture; deterministic."""
    if pixels.shape[:2] != (64, 64):
        resized = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BOX)
        pixels = np.asarray(resized)
    lab = srgb_to_oklab(pixels, np.float32)
    along = main_axis(lab)
    low, high = np.percentile(along, [5, 95])
    steps = np.concatenate(
        [
            np.linalg.norm(np.diff(lab, axis=0), axis=-1).ravel(),
            np.linalg.norm(np.diff(lab, axis=1), axis=-1).ravel(),
        ]
    )
    return Quality(float(high - low), float(np.percentile(steps, 99)))


def main_axis(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """H×W×3 OKLab → H×W: position along the first principal component, lighter is higher."""
    flat = lab.reshape(-1, 3)
    centred = flat - flat.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred / len(flat))
    axis = vectors[:, -1]
    if axis[0] < 0:
        axis = -axis
    projected: NDArray[np.float32] = (centred @ axis).reshape(lab.shape[:2]).astype(np.float32)
    return projected
