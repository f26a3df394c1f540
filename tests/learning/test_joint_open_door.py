"""Joint models on plain arrays: what docs/open-door.md shows, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import UsageError
from mmstudio.learning.open_door.joint import as_rows, draw, part_of, train
from support.joint import small_sets

SMALL = {"hidden": 16.0, "context": 8.0, "flow_width": 16.0}


def test_the_same_call_goes_on_and_the_same_seed_is_the_same_model(tmp_path: Path) -> None:
    arrays, _ = small_sets(24)
    more: dict[str, Any] = {"latent": 4, "batch": 8, "width": 4, "options": SMALL, "device": "cpu"}
    train(arrays, tmp_path / "a", steps=2, **more)
    longer = train(arrays, tmp_path / "a", steps=4, **more)
    assert longer.config.trained["steps"] == 4
    twins = [train(arrays, tmp_path / name, steps=2, objective="mmvae+", **more) for name in ("b", "c")]
    drawn = [draw(model, {}, count=3, seed=1)["image"] for model in twins]
    assert np.array_equal(*drawn)


def test_rows_that_cannot_be_learned_are_said(tmp_path: Path) -> None:
    assert part_of("x", np.zeros((3, 2), np.float32)).kind == "bits"
    assert part_of("x", np.full((3, 2), 0.5, np.float32)).kind == "vector"
    assert part_of("x", np.array([[3, 0]])).vocabulary == 4
    for bad in (
        np.zeros((3, 1, 12, 12), np.uint8),
        np.zeros((3, 1, 8, 8), np.float32),
        np.array([[-1]]),
        np.array([[np.nan]]),
        np.array([["a"]]),
    ):
        with pytest.raises(UsageError, match="cannot be learned"):
            as_rows("x", bad)
    with pytest.raises(UsageError, match="same number of rows"):
        train({"a": np.zeros((3, 1)), "b": np.zeros((2, 1))}, tmp_path / "m")
    with pytest.raises(UsageError, match="mask"):
        train({"a": np.zeros((3, 1))}, tmp_path / "m", present={"a": np.ones(2, bool)})
    with pytest.raises(UsageError, match="objective"):
        train({"a": np.zeros((3, 1))}, tmp_path / "m", objective="best")
