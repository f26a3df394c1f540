"""Weights from elsewhere: what is of this program comes in, with nothing beside it; all else is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from mmstudio import paths
from mmstudio.errors import NotFound, StudioError
from mmstudio.learning import Trainings
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_weights, write_tensors
from mmstudio.learning.engine.registry import load_model
from mmstudio.learning.exchange.state_dict import is_ours
from mmstudio.learning.nets.spatial import spatial_latent
from mmstudio.library import Library
from support.learning import CPU, drive, make_trainer, picture_library, tiny_config


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return picture_library(tmp_path / "lib", count=1)


def weights_of(folder: Path, family: str, **options: float) -> dict[str, torch.Tensor]:
    config = tiny_config(family, "there", steps=1)
    config.options |= options
    if "spatial" in options:
        config.latent = spatial_latent(config.size, int(options["spatial"]))
    if "conditional" in options:
        config.condition = Conditions(tags=("sea",)).as_json()
    drive(make_trainer(folder, config))
    return load_weights(folder)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("image-gan", {}),
        ("image-vae", {"styles": 0.0}),
        ("image-vae", {"spatial": 2.0, "styles": 0.0}),
    ],
)
def test_weights_alone_say_what_they_are_of(
    family: str, options: dict[str, float], suffix: str, library: Library, tmp_path: Path
) -> None:
    weights = weights_of(tmp_path / "there", family, **options)
    there = load_model(tmp_path / "there", CPU)
    file = tmp_path / f"mine{suffix}"
    if suffix == ".pt":
        torch.save({"state_dict": {f"module.{key}": value for key, value in weights.items()}}, file)
    else:
        write_tensors(file, weights, {})
    with library:
        trainings = Trainings(library, "cpu")
        assert is_ours(file)
        assert trainings.add(file) == "mine"
        mine = trainings.load("mine")
        z = there.draw(2, torch.Generator().manual_seed(1))
        assert torch.equal(mine.decode(z), there.decode(z))
        assert mine.config.size == 16
        assert mine.config.widths == there.config.widths
        assert "mine" in (trainings.folder("mine") / "card.md").read_text()
        with pytest.raises(StudioError, match="already"):
            trainings.add(file)


def test_a_generator_without_its_discriminator_draws(library: Library, tmp_path: Path) -> None:
    weights = weights_of(tmp_path / "there", "image-gan")
    bare = {key.removeprefix("generator."): value for key, value in weights.items() if key.startswith("gen")}
    torch.save(bare, tmp_path / "g.pth")
    with library:
        trainings = Trainings(library, "cpu")
        assert trainings.add(tmp_path / "g.pth", name="drawn") == "drawn"
        assert trainings.check("drawn") == ""


def test_a_config_beside_the_file_says_what_tensors_cannot(library: Library, tmp_path: Path) -> None:
    weights = weights_of(tmp_path / "there", "image-gan", conditional=1.0, seamless=1.0)
    torch.save(weights, tmp_path / "there/weights.pt")
    torch.save(weights, tmp_path / "alone.pt")
    with library:
        trainings = Trainings(library, "cpu")
        with pytest.raises(StudioError, match="conditions"):
            trainings.add(tmp_path / "alone.pt")
        name = trainings.add(tmp_path / "there/weights.pt", name="sea")
        config = load_config(trainings.folder(name))
        assert config.options["seamless"] == 1.0
        assert config.condition["tags"] == ["sea"]


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("ran-code"),))


def test_what_is_not_ours_is_refused_in_a_sentence(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = weights_of(tmp_path / "there", "image-vae")
    (tmp_path / "code.pt").write_bytes(pickle.dumps({"a": Harmful()}))
    torch.save({"generator": Harmful()}, tmp_path / "code2.pt")
    torch.save({"layer.weight": torch.zeros(2, 2)}, tmp_path / "other.pt")
    torch.save(weights | {"vae.more": torch.zeros(1)}, tmp_path / "more.pt")
    torch.save(weights | {"vae.decoder.out.bias": torch.zeros(4)}, tmp_path / "shape.pt")
    torch.save(weights | {"vae.decoder.out.bias": torch.full((3,), float("nan"))}, tmp_path / "nan.pt")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0")
    torch.save([1, 2], tmp_path / "list.pt")
    sentences = {
        "code.pt": "code",
        "code2.pt": "code",
        "other.pt": "not of a model",
        "more.pt": "not of a model",
        "shape.pt": "not of a model",
        "nan.pt": "not all numbers",
        "cut.safetensors": "damaged",
        "list.pt": "not of a model",
    }
    with library:
        trainings = Trainings(library, "cpu")
        for name, words in sentences.items():
            with pytest.raises(StudioError, match=words):
                trainings.add(tmp_path / name)
        with pytest.raises(NotFound):
            trainings.add(tmp_path / "nothing.pt")
    assert not (tmp_path / "ran-code").exists()
    assert not is_ours(tmp_path / "other.pt")
    root = paths.user_models_dir()
    assert not root.is_dir() or [p.name for p in root.iterdir()] == []
