"""The page docs/open-door.md: its Python is run as it stands, and stays short."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import UsageError
from mmstudio.learning.arrays import as_pixels, measure, measure_pictures, sample, train
from mmstudio.learning.config import load_config

PAGE = Path(__file__).parents[2] / "docs/open-door.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 3
    names: dict[str, Any] = {}
    for block in blocks:
        assert len(block.splitlines()) < 20
        exec(compile(block, str(PAGE), "exec"), names)
        if "drawn" in names:
            assert names["drawn"].shape == (100, 3, 16, 16)
    assert names["again"].shape == (40, 16, 16, 3)
    assert set(names["told"]) == {"word", "even"}
    assert names["whole"]["picture"].shape == (5, 1, 8, 8)
    assert "gan" in names["model"].scores
    assert names["played"].shape == (5, 1, 4032)
    assert load_config(tmp_path / "sound-gan").trained["steps"] == 3
    assert load_config(tmp_path / "digits-vae").trained["steps"] == 6


def test_pictures_from_anywhere_are_measured_as_a_models_are(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (8, 3, 16, 16), dtype=np.uint8)
    model = train("image-gan", pictures, tmp_path / "m", size=16, steps=1, batch=2, width=8)
    own = measure(model, pictures, samples=8)
    theirs = measure_pictures(sample(model, 8), pictures, size=16)
    assert {key: own[key] for key in theirs} == theirs


def test_what_is_no_array_of_pictures_is_said(tmp_path: Path) -> None:
    good = np.zeros((4, 3, 20, 30), np.uint8)
    assert as_pixels(good, 16).shape == (4, 3, 16, 16)
    for bad in (good.astype(float), good[:, :1], good[0], good[:0]):
        with pytest.raises(UsageError, match="uint8"):
            as_pixels(bad, 16)
    with pytest.raises(UsageError, match="setting"):
        train("image-vae", good, tmp_path / "m", size=16, steps=1, options={"nothing": 1.0})
    with pytest.raises(UsageError, match="families of pictures"):
        train("sound-vae", good, tmp_path / "m", size=16, steps=1)


def test_the_same_seed_is_the_same_model(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)
    drawn = [
        sample(train("image-gan", pictures, tmp_path / name, size=16, steps=2, batch=2, width=8), 3)
        for name in ("a", "b")
    ]
    assert np.array_equal(*drawn)
