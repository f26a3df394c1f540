"""Measuring, comparing, tuning and handing on models from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mmstudio.cli import run
from mmstudio.learning import Trainings
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.library import Library
from support.learning import drive, make_trainer, picture_library, tiny_config


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    library: Library = picture_library(folder, count=5)
    with library:
        for name, family in (("a", "image-gan"), ("b", "image-vae")):
            config = tiny_config(family, name, steps=1)
            config.trained["assets"] = library.assets.ids()
            drive(make_trainer(library.models_dir / name, config))
    return Path(library.path)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_model_is_measured_and_kept(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(lib), "--model", "a", "--samples", "8", "--json"]) == 0
    found = said(capsys)
    assert found["model"] == "a"
    assert {"kernel_distance", "coverage", "copies", "notes"} <= set(found)
    assert len(found["nearest"]) == 8
    with Library.open(lib) as library:
        info = next(model for model in Trainings(library, "cpu").models() if model.name == "a")
        assert info.metrics["coverage"] == found["coverage"]
        # Beside a window that holds the library the figures are shown all the same.
        assert run(["evaluate", str(lib), "--model", "a", "--samples", "8"]) == 0
    out = capsys.readouterr()
    assert "coverage" in out.out
    assert "not kept" in out.err


def test_two_models_are_compared(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", str(lib), "--model", "a", "--against", "b", "--samples", "8", "--seeds", "2"]
    assert run([*command, "--json"]) == 0
    found = said(capsys)
    assert (found["a"]["model"], found["b"]["model"]) == ("a", "b")
    assert set(found["better"].values()) <= {"a", "b", ""}
    assert found["rated"]["wins_a"] == 0
    assert run(["evaluate", str(lib), "--model", "a", "--against", "a"]) == 2
    assert run(["evaluate", str(lib), "--against", "a"]) == 2


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_threshold_is_a_number(value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(tmp_path), "--recommender", "--threshold", value]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "--threshold is a number.",
        "Give a rating, for example --threshold 4.",
    ]


def test_settings_are_looked_for(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["tune", str(lib), "image-vae", "--trials", "1", "--steps", "4", "--size", "16"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "kernel distance" in out
    assert "--option rate=0.001" in out
    assert run(["tune", str(lib), "sound-vae"]) == 2


def test_a_model_goes_out_as_onnx_and_comes_in_as_weights(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "b.onnx"
    assert run(["models", str(lib), "export", "b", "--onnx", str(target), "--json"]) == 0
    assert said(capsys)["difference"] < 1e-3
    assert target.is_file()
    assert run(["models", str(lib), "export", "b"]) == 2
    torch.save(load_weights(lib / "models/a"), tmp_path / "given.pt")
    assert run(["models", str(lib), "add", str(tmp_path / "given.pt"), "--name", "mine", "--json"]) == 0
    assert said(capsys) == {"name": "mine"}
    assert run(["models", str(lib), "check", "mine"]) == 0
