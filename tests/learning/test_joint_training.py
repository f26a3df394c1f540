"""The joint model's training: exact resume, missing parts, its samplers, what it gives back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.errors import UsageError
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.set_data import SetData, load_sets, save_sets
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.joint.model import JointModel, load_joint, model_of
from support.joint import Arrays, joint_config, small_sets
from support.learning import CPU, drive

OBJECTIVES = ("mvtcae", "mmvae+", "mopoe")


def half_there(arrays: Arrays, seed: int = 1) -> Arrays:
    random = np.random.default_rng(seed)
    there = {name: random.random(len(rows)) < 0.5 for name, rows in arrays.items()}
    there["text"] |= ~np.any(list(there.values()), axis=0)
    return there


def trainer(folder: Path, config: ModelConfig, arrays: Arrays, present: Arrays | None = None) -> Trainer:
    folder.mkdir(parents=True, exist_ok=True)
    config.save(folder)
    data = SetData(arrays, present or half_there(arrays), config.seed, held=small_sets(12, seed=9)[0])
    return Trainer(folder, config, build_task(config, CPU), data, resume=True)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_resumed_training_ends_where_a_straight_one_does(tmp_path: Path, objective: str) -> None:
    arrays, _ = small_sets()
    flow = 1.0 if objective == "mvtcae" else 0.0
    config = joint_config(arrays, 6, objective, flow=flow)
    drive(trainer(tmp_path / "straight", config, arrays))
    drive(trainer(tmp_path / "stopped", config, arrays), until=4)
    drive(trainer(tmp_path / "stopped", config, arrays))
    one, two = load_weights(tmp_path / "straight"), load_weights(tmp_path / "stopped")
    assert one.keys() == two.keys()
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert any(key.startswith("score.gan") for key in one)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_losses_are_finite_and_fall_with_half_of_everything_missing(objective: str) -> None:
    arrays, _ = small_sets()
    config = joint_config(arrays, 60, objective, beta=0.1)
    config.rate = 5e-3
    task, data = build_task(config, CPU), SetData(arrays, half_there(arrays), 0)
    seen = []
    for step in range(config.steps):
        losses: dict[str, float] = {}
        for more in task.parts(data.batch(step * 8, 8, task.random), step):
            losses |= more
        seen.append(losses["redrawn"])
        assert all(np.isfinite(value) for value in losses.values())
    assert np.mean(seen[-8:]) < 0.8 * np.mean(seen[:4])


def test_what_is_missing_changes_nothing_of_what_is_learned(tmp_path: Path) -> None:
    arrays, _ = small_sets()
    present = half_there(arrays)
    config = joint_config(arrays, 3)
    drive(trainer(tmp_path / "a", config, arrays, present))
    other = {name: rows.copy() for name, rows in arrays.items()}
    other["image"][~present["image"]] = 77
    drive(trainer(tmp_path / "b", config, other, present))
    one, two = load_weights(tmp_path / "a"), load_weights(tmp_path / "b")
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.fixture(scope="module")
def trained() -> JointModel:
    arrays, _ = small_sets(160)
    config = joint_config(arrays, 350, beta=0.3, half_life=200.0)
    config.batch, config.rate, config.widths, config.options["hidden"] = 32, 4e-3, [8], 32.0
    task = build_task(config, CPU)
    data = SetData(arrays, {}, 0, held=small_sets(60, seed=5)[0])
    for step in range(config.steps):
        for _ in task.parts(data.batch(step * 32, 32, task.random), step):
            pass
        task.average.update(task.nets["joint"], 32, step * 32)
    return model_of(config, task.weights() | task.finish(data), CPU)


def test_any_part_goes_with_any_other(trained: JointModel) -> None:
    arrays, kind = small_sets(60, seed=5)
    for source in arrays:
        made = trained.generate_arrays({source: arrays[source]}, [n for n in arrays if n != source], seed=1)
        if "tags" in made:
            assert np.mean(made["tags"].argmax(1) == kind) > 0.8
        if "text" in made:
            assert np.mean(made["text"][:, 0] == kind + 1) > 0.8
        if "image" in made:
            assert np.mean(made["image"].mean((2, 3)).argmax(1) == kind % 3) > 0.8


def test_whole_sets_agree_within_themselves_and_are_scored(trained: JointModel) -> None:
    made = trained.unconditional_arrays(100, seed=3)
    assert np.mean(made["tags"].argmax(1) + 1 == made["text"][:, 0]) > 0.7
    assert set(trained.scores) == {"real", "mixture", "gan", "learned"}
    assert {"distance", "agreement"} == set(trained.scores["gan"])
    assert trained.scores["mixture"]["distance"] < 1000 * 3


def test_the_same_seed_is_the_same_set_and_rows_stand_alone(trained: JointModel) -> None:
    arrays, _ = small_sets(5)
    once = trained.generate_arrays({"text": arrays["text"]}, ["image"], seed=4)["image"]
    again = trained.generate_arrays({"text": arrays["text"]}, ["image"], seed=4)["image"]
    other = trained.generate_arrays({"text": arrays["text"]}, ["image"], seed=5)["image"]
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    first = trained.generate_arrays({"text": arrays["text"][:1]}, ["image"], seed=4)["image"]
    assert np.array_equal(first[0], once[0])


def test_media_go_in_and_come_out(trained: JointModel) -> None:
    picture = small_sets(1)[0]["image"][0].transpose(1, 2, 0)
    made = trained.generate(
        {"image": picture}, count=2, seed=1, locks={"tags": np.array([1, 0, 0], np.float32)}
    )
    assert len(made) == 2
    assert set(made[0]) == {"text", "tags"}
    assert made[0]["tags"].tolist() == [1, 0, 0]
    whole = trained.generate({}, count=1)[0]
    assert whole["image"].shape == (8, 8, 3)
    assert whole["image"].dtype == np.uint8
    assert trained.embed({"image": picture}).shape == (1, 6)


def test_what_cannot_be_made_is_said(trained: JointModel) -> None:
    with pytest.raises(UsageError, match="knows no “smell”"):
        trained.generate({"smell": 1})
    with pytest.raises(UsageError, match="nothing to make"):
        trained.generate({"text": np.array([1, 1, 0])}, want=["text"])
    with pytest.raises(UsageError, match="temperature"):
        trained.generate({}, temperature=3.0)
    with pytest.raises(UsageError, match="text"):
        trained.generate({"text": np.zeros(7)})


def test_kept_sets_come_back(tmp_path: Path) -> None:
    arrays, _ = small_sets(12)
    data = SetData(arrays, half_there(arrays), 3, held=arrays, held_present=half_there(arrays))
    save_sets(tmp_path, data)
    back = load_sets(tmp_path, 3)
    assert back is not None
    assert back.names == data.names
    random = torch.Generator()
    for seen in (0, 10, 30):
        one, two = data.batch(seen, 7, random), back.batch(seen, 7, random)
        assert all(torch.equal(one.parts[name], two.parts[name]) for name in arrays)
        assert all(torch.equal(one.present[name], two.present[name]) for name in arrays)
    (tmp_path / "set.safetensors").write_bytes(b"cut")
    assert load_sets(tmp_path, 3) is None


def test_a_model_comes_back_from_its_folder(tmp_path: Path) -> None:
    arrays, _ = small_sets()
    drive(trainer(tmp_path / "joint", joint_config(arrays, 2, "mmvae+"), arrays))
    model = load_joint(tmp_path / "joint", CPU)
    assert model.modalities == ("image", "text", "tags")
    assert model.unconditional_arrays(3, sampler="prior")["image"].shape == (3, 3, 8, 8)
