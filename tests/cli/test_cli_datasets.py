"""The commands "dataset", "uses", "forget" and "models saw", and what "train" can be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli import run
from mmstudio.learning.config import load_config
from mmstudio.library import Library
from support.learning import picture_library

TRAIN = ["image-vae", "--size", "16", "--steps", "1", "--batch", "2", "--name"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with picture_library(tmp_path, count=4) as library:
        ids = library.assets.ids(order="added", descending=False)
        library.assets.add_tags(ids[:3], ["Sea"])
        library.assets.set_rights(ids[3:], "own")
        return library.path


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_doctor_speaks_and_prints_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset", str(place), "--size", "16"]) == 0
    said = capsys.readouterr().out
    assert "Only 4 pictures." in said
    assert "Rights not cleared: 3." in said
    assert run(["dataset", str(place), "--query", "tag:sea", "--leave-out", "1", "--json"]) == 0
    report = document(capsys)
    assert (report["usable"], report["found"], report["level"]) == (2, 3, "warning")
    assert run(["dataset", str(place), "nonsense"]) == 2
    assert "There is no model family" in capsys.readouterr().err


def test_training_is_told_its_shape_and_conditions(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = ["--fit", "smart", "--aspect", "1.5", "--width", "8", "--seamless", "--leave-out", "2"]
    told = ["--tag-condition", "Sea", "--palette-condition", "2", "--option", "gamma=0.5"]
    assert run(["train", str(place), "image-gan", *TRAIN[1:], "m", *shape, *told]) == 0
    config = load_config(place / "models/m")
    assert (config.fit, config.aspect, config.leave_out) == ("smart", 1.5, [2])
    assert config.widths[-1] < 64
    assert config.options["seamless"] == 1.0
    assert config.options["gamma"] == 0.5
    assert config.condition == {"tags": ["Sea"], "palette": 2, "vector": 0}
    assert config.trained["assets"] == [1, 3, 4]


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        (["--option", "beta"], 2, "“beta” is not a setting."),
        (["--option", "beta=nan"], 2, "“beta=nan” is not a setting."),
        (["--option", "taste=1"], 2, "has no setting “taste”"),
        (["--option", "rate=-1"], 2, "“rate” must lie between 1e-07 and 1."),
        (["--option", "latent=0"], 2, "“latent” must lie between 1 and"),
        (["--option", "half_life=0"], 2, "“half_life” must lie between 1 and"),
        (["--freeze", "2"], 2, "Only layers of a model to start from can stand still."),
        (["--from", "starter-image-vae", "--width", "7"], 2, "“width” comes from “starter-image-vae”"),
        (["--from", "starter-image-vae", "--option", "latent=7"], 2, "“latent” comes from"),
        (["--leave-out", "99"], 1, "The library has no asset with the number 99."),
        (["--fit", "squash"], 2, "cannot be brought into that shape"),
        (["--tag-condition", "moon"], 1, "Nothing in the library has the tag “moon”."),
        (["--vector-condition"], 1, "The library has no shared vectors"),
        (
            ["--leave-out", "1", "--leave-out", "2", "--leave-out", "3", "--leave-out", "4"],
            1,
            "were left out",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], status: int, sentence: str
) -> None:
    assert run(["train", str(place), *TRAIN, "m", *wrong]) == status
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not (place / "models/m").exists()


def test_a_device_that_is_not_there_leaves_no_model(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    missing = "mps" if torch.cuda.is_available() else "cuda"  # no computer has both
    assert run(["train", str(place), *TRAIN, "m", "--device", missing]) == 1
    assert f"This computer has no {missing} device." in capsys.readouterr().err
    assert not (place / "models/m").exists()
    assert run(["uses", str(place), "1"]) == 0
    assert "Nothing used it." in capsys.readouterr().out


def test_what_saw_what_and_forgetting(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(place), *TRAIN, "m"]) == 0
    capsys.readouterr()
    assert run(["models", str(place), "saw", "m", "--json"]) == 0
    assert [one["asset_id"] for one in document(capsys)["saw"]] == [1, 2, 3, 4]
    assert run(["uses", str(place), "1"]) == 0
    assert "image-vae" in capsys.readouterr().out
    assert run(["forget", str(place), "1"]) == 0
    said = capsys.readouterr()
    assert "“m” saw it and is marked." in said.out
    assert "--retrain" in said.err
    assert run(["models", str(place), "saw", "m"]) == 0
    assert "no-training" in capsys.readouterr().out
    assert run(["models", str(place), "list", "--json"]) == 0
    listed = {model["name"]: model["forgotten"] for model in document(capsys)["models"]}
    assert listed["m"] == 1
    assert run(["forget", str(place), "2", "--retrain", "--json"]) == 0
    document(capsys)
    with Library.open(place) as library:
        assert load_config(library.models_dir / "m 2").trained["assets"] == [3, 4]
    assert run(["uses", str(place), "99"]) == 1
    assert run(["models", str(place), "saw", "nobody"]) == 1
