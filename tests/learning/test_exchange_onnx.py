"""ONNX files: equal to the model for any batch, per-stage latents and conditions, or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.errors import StudioError, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.exchange import onnx_file
from mmstudio.learning.nets.spatial import spatial_latent
from support.learning import drive, make_trainer, picture_library, tiny_config


def model_in(trainings: Trainings, family: str, **options: float) -> None:
    config = tiny_config(family, "m", steps=1)
    config.options |= options
    if options.get("conditional"):
        config.condition = Conditions(tags=("sea", "sky"), palette=1).as_json()
    if options.get("spatial"):
        config.latent = spatial_latent(config.size, int(options["spatial"]))
    drive(make_trainer(trainings.library.models_dir / "m", config))


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("image-gan", {"styles": 0.0, "seamless": 1.0}),
        ("image-gan", {"conditional": 1.0}),
        ("image-vae", {"styles": 0.0, "spatial": 2.0}),
        ("sound-vae", {}),
    ],
)
def test_the_file_draws_what_the_model_draws(family: str, options: dict[str, float], tmp_path: Path) -> None:
    import onnxruntime

    with picture_library(tmp_path, count=1) as library:
        trainings = Trainings(library, "cpu")
        model_in(trainings, family, **options)
        model = trainings.load("m")
        target = tmp_path / "out/m.onnx"
        found = run_inline(trainings.onnx_work("m", str(target)))
        assert found["difference"] < 1e-4
        assert found["bytes"] == target.stat().st_size
        session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
        inputs = onnx_file.example_inputs(model, 5, seed=9)
        assert {i.name for i in session.get_inputs()} == set(inputs)
        if model.stages > 1:
            assert inputs["latents"].shape == (5, model.stages, model.config.latent)
        theirs = session.run(None, inputs)[0]
        ours = model.decode(*map(torch.from_numpy, inputs.values())).numpy()
        assert np.abs(theirs - ours).max() < 1e-4
        about = session.get_modelmeta().custom_metadata_map
        assert (about["name"], about["weights"]) == ("m", model.fingerprint)


def test_a_file_that_does_not_agree_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with picture_library(tmp_path, count=1) as library:
        trainings = Trainings(library, "cpu")
        model_in(trainings, "image-vae", styles=0.0)
        target = tmp_path / "out/m.onnx"
        monkeypatch.setattr(onnx_file, "AGREES", -1.0)
        with pytest.raises(StudioError, match="not kept"):
            run_inline(trainings.onnx_work("m", str(target)))
        assert list((tmp_path / "out").iterdir()) == []
        with pytest.raises(UsageError, match="onnx"):
            run_inline(trainings.onnx_work("m", str(tmp_path / "m.txt")))
