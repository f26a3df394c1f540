"""Thin, honest figures of a trained model, in a named feature space (never called FID)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mmstudio.learning.engine.data import to_bytes
from mmstudio.learning.engine.registry import GenerativeModel
from mmstudio.learning.evaluation.metrics import distances, kernel_distance

__all__ = ["FEATURES", "distances", "evaluate_model", "features", "kernel_distance"]
FEATURES = "thumbnail-12"  # 12×12 thumbnails; for pictures with their horizontal and vertical differences


def evaluate_model(
    model: GenerativeModel, pixels: NDArray[np.uint8], seed: int = 0
) -> dict[str, float | str]:
    """Figures against training examples (N×C×S×S uint8).

    - psnr_db: reconstruction of VAE families, mean over examples (peak 255).
    - kernel_distance: unbiased squared MMD with the cubic polynomial kernel of KID (Bińkowski et al.,
      "Demystifying MMD GANs", ICLR 2018), times 1000, in :data:`FEATURES`; 0 is best.
    - real_kernel_distance: the same between two halves of the examples, as the floor.
    - nearest_ratio: median distance from a generated example to its nearest training example, divided by the
      median distance between training examples and their nearest neighbours; well below 1 means copying.
    - diversity: mean pairwise distance of generated examples over that of the training examples.
    """
    pixels = pixels[: min(len(pixels), 512)]
    random = torch.Generator().manual_seed(seed)
    made = to_bytes(model.decode(model.draw(max(32, min(256, len(pixels))), random)))
    real_features, made_features = features(pixels), features(made)
    # Measured from the centre of the real ones and in their spread, so that brightness alone decides nothing.
    centre, spread = real_features.mean(axis=0), max(float(real_features.std(axis=0).mean()), 1e-6)
    real_features, made_features = (real_features - centre) / spread, (made_features - centre) / spread
    figures: dict[str, float | str] = {"features": FEATURES, "examples": float(len(pixels))}
    if model.encoder is not None:
        again = to_bytes(model.decode(model.encode(pixels)))
        error = ((again.astype(np.float32) - pixels) ** 2).mean(axis=(1, 2, 3))
        figures["psnr_db"] = float(np.mean(10 * np.log10(255.0**2 / np.maximum(error, 1e-3))))
    if len(pixels) >= 4:
        figures["kernel_distance"] = 1000 * kernel_distance(real_features, made_features)
        half = len(real_features) // 2
        figures["real_kernel_distance"] = 1000 * kernel_distance(real_features[:half], real_features[half:])
        among = distances(real_features, real_features)
        np.fill_diagonal(among, np.inf)
        own = float(np.median(among.min(axis=1)))
        if own > 1e-6:
            figures["nearest_ratio"] = float(
                np.median(distances(made_features, real_features).min(axis=1)) / own
            )
            apart = float(among[np.isfinite(among)].mean())
            pairs = distances(made_features, made_features)
            figures["diversity"] = float(pairs[~np.eye(len(pairs), dtype=bool)].mean() / apart)
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}


def features(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """N×C×S×S → N×D in :data:`FEATURES`."""
    small = np.stack([_thumbnail(picture) for picture in pixels]).astype(np.float64) / 64.0
    parts = [small, 2 * np.diff(small, axis=-1), 2 * np.diff(small, axis=-2)]
    return np.concatenate([part.reshape(len(small), -1) for part in parts], axis=1)


def _thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    planes = [Image.fromarray(plane).resize((12, 12), Image.Resampling.BOX) for plane in picture]
    return np.stack([np.asarray(plane) for plane in planes])
