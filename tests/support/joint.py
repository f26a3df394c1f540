"""Small sets whose parts belong together: a kind decides the picture, the tokens and the bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families import default_config, settle
from mmstudio.learning.open_door.joint import part_of

Arrays = dict[str, np.ndarray[Any, Any]]


def small_sets(count: int = 48, kinds: int = 3, seed: int = 0) -> tuple[Arrays, np.ndarray[Any, Any]]:
    """({"image": uint8 N×3×8×8, "text": int64 N×3, "tags": float32 N×kinds}, the kind of each row)."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, kinds, count)
    image = np.zeros((count, 3, 8, 8), np.uint8)
    for row, own in zip(image, kind, strict=True):
        row[own % 3] = 200
        row[:, 2 * own : 2 * own + 2] = 255
    noise = random.integers(0, 40, image.shape)
    image = (image * (215 / 255)).astype(np.uint8) + noise.astype(np.uint8)
    text = np.stack([kind + 1, 2 * kind % 4, np.zeros(count, int)], axis=1)
    return {"image": image, "text": text, "tags": np.eye(kinds, dtype=np.float32)[kind]}, kind


def joint_config(arrays: Arrays, steps: int = 6, objective: str = "mvtcae", **options: float) -> ModelConfig:
    """A config small enough for a test."""
    config = default_config("joint", "joint", size=16, steps=steps, batch=8)
    config.latent, config.widths = 6, [4]
    config.parts = {
        "objective": objective,
        "modalities": [part_of(name, rows).as_json() for name, rows in arrays.items()],
    }
    config.options |= {"hidden": 16.0, "context": 8.0, "flow_width": 16.0, "private": 3.0} | options
    return settle(config)
