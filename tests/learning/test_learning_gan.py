"""The picture GAN: adaptation, conditions, seams, frozen layers, judged trainings, advice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.jobs import JobContext
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.engine.adapt import MOST, Adaptive
from mmstudio.learning.engine.checkpoint import best_of, load_weights, save_best
from mmstudio.learning.engine.data import ArrayData, load_data, remove_data, save_data
from mmstudio.learning.engine.gan_task import GanTask, PlainGanTask
from mmstudio.learning.engine.judge import Judge, better, figures
from mmstudio.learning.engine.logs import read_figures
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.engine.watch import Watch
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import Decoder, Discriminator
from support.learning import CPU, drive, make_trainer, noise_pixels, tiny_config


def _heard(adaptive: Adaptive, *, real: float, held: float, fake: float, times: int = 60) -> Adaptive:
    for _ in range(times):
        adaptive.hear(16, real, fake, held, 0.0, counts=False)
    return adaptive


def test_augmentation_grows_where_held_out_pictures_look_generated_and_shrinks_where_not() -> None:
    knows = _heard(Adaptive(0.1, moves=True, ramp=1600), real=3.0, held=0.2, fake=0.0)
    assert knows.overfit == pytest.approx(2.8 / 3.0)
    assert knows.strength == pytest.approx(0.7)
    honest = _heard(Adaptive(0.3, moves=True, ramp=1600), real=3.0, held=2.9, fake=0.0)
    assert honest.strength == 0.0
    assert _heard(Adaptive(0.1, moves=True, ramp=100), real=3, held=0, fake=0).strength == MOST
    assert _heard(Adaptive(0.3, moves=False, ramp=100), real=3, held=0, fake=0).strength == 0.3


def test_overfitting_does_not_change_when_all_scores_shift() -> None:
    one = _heard(Adaptive(0, moves=True, ramp=1e4), real=2.0, held=1.0, fake=-1.0)
    two = _heard(Adaptive(0, moves=True, ramp=1e4), real=12.0, held=11.0, fake=9.0)
    assert one.overfit == pytest.approx(two.overfit)


def test_pairs_decide_where_nothing_is_held_out() -> None:
    adaptive = Adaptive(0.0, moves=True, ramp=160)
    for _ in range(5):
        adaptive.hear(16, 1.0, 0.0, None, 1.0, counts=True)
    assert adaptive.strength == pytest.approx(0.5)


def test_a_condition_says_what_is_known() -> None:
    conditions = Conditions(("cat", "dog"), palette=2, vector=4)
    assert conditions.width == 3 + 7 + 5
    assert not conditions.row().any()
    row = conditions.row({"dog", "bird"}, [(255, 255, 255)], np.array([3.0, 0, 0, 0], np.float32))
    tags, palette, vector = (row[group] for group in conditions.groups)
    assert tags.tolist() == [0, 1, 1]
    assert palette[0] == pytest.approx(1.0, abs=0.01)
    assert palette[:3].tolist() == palette[3:6].tolist()
    assert vector.tolist() == [2, 0, 0, 0, 1]
    assert Conditions.of(conditions.as_json()) == conditions
    assert Conditions.of({}).as_json() == {}


def test_a_seamless_generator_continues_on_the_other_side() -> None:
    random = torch.Generator().manual_seed(0)
    net = materialise(lambda: Decoder(3, [24, 24, 24], 8, seamless=True), CPU, random)
    plain = materialise(lambda: Decoder(3, [24, 24, 24], 8), CPU, torch.Generator().manual_seed(0))
    for one in (net, plain):
        for name, value in one.named_parameters():
            if name.endswith("expand.weight"):
                torch.nn.init.normal_(value, 0, 0.1, generator=random)
    z = torch.randn(8, 8, generator=random)
    with torch.no_grad():
        for axis in (-1, -2):
            assert _seam(net(z), axis) < 1.3 < _seam(plain(z), axis)


def _seam(x: torch.Tensor, axis: int) -> float:
    """Step across the edge over the mean step between neighbours."""
    size = x.shape[axis]
    across = (x.select(axis, 0) - x.select(axis, size - 1)).abs().mean()
    return float(across / x.diff(dim=axis).abs().mean())


def test_every_stage_can_have_a_latent_of_its_own() -> None:
    net = GanTask(tiny_config("image-gan"), CPU).generator
    for style in net.styles or []:
        torch.nn.init.normal_(style.weight, 0, 0.2, generator=torch.Generator().manual_seed(1))
    a, b = torch.randn(2, 1, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        same = net(torch.stack([a] * 3, dim=1))
        assert torch.allclose(same, net(a), atol=1e-6)
        assert not torch.allclose(net(torch.stack([a, a, b], dim=1)), same, atol=1e-3)


def _conditional(tmp_path: Path) -> tuple[Trainer, ArrayData]:
    config = tiny_config("image-gan", steps=3)
    config.condition = Conditions(("a", "b"), palette=1).as_json()
    tmp_path.mkdir(exist_ok=True)
    config.save(tmp_path)
    rows = np.random.default_rng(0).random((12, Conditions.of(config.condition).width)).astype(np.float32)
    pixels = noise_pixels(config)
    data = ArrayData(
        pixels, 0, conditions=rows, held=noise_pixels(config, 4, seed=9), held_conditions=rows[:4]
    )
    return Trainer(tmp_path, config, build_task(config, CPU), data, resume=True), data


def test_a_conditional_gan_trains_resumes_exactly_and_draws_with_and_without_a_condition(
    tmp_path: Path,
) -> None:
    drive(_conditional(tmp_path / "whole")[0])
    drive(_conditional(tmp_path / "parts")[0], until=1)
    drive(_conditional(tmp_path / "parts")[0])
    one, two = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.equal(one[key], two[key]) for key in one)
    model = load_model(tmp_path / "whole", CPU)
    z = model.draw(2, torch.Generator().manual_seed(0))
    c = torch.from_numpy(np.stack([model.conditions.row({"a"}, [(200, 20, 20)])] * 2))
    with_c, without = model.pictures(z, c), model.pictures(z)
    assert with_c.shape == without.shape == (2, 16, 16, 3)
    assert (with_c != without).any()


def test_the_projection_makes_the_score_depend_on_the_condition() -> None:
    net = materialise(lambda: Discriminator(3, [8, 8, 8], 3), CPU, torch.Generator().manual_seed(0))
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(net.score(x, torch.zeros(2, 3)), net.score(x))
        assert not torch.equal(net.score(x, torch.ones(2, 3)), net.score(x))


def test_frozen_layers_stay_and_the_others_learn(tmp_path: Path) -> None:
    config = tiny_config("image-gan", steps=2)
    config.options["freeze"] = 1.0
    trainer = make_trainer(tmp_path, config)
    before = {key: value.clone() for key, value in trainer.task.nets["discriminator"].state_dict().items()}
    drive(trainer)
    after = trainer.task.nets["discriminator"].state_dict()
    kept = [key for key in before if key.startswith(("stem", "stages.0."))]
    assert kept
    assert all(torch.equal(before[key], after[key]) for key in kept)
    assert not torch.equal(before["to_latent.weight"], after["to_latent.weight"])


def test_the_plain_gan_has_no_penalty(tmp_path: Path) -> None:
    config = tiny_config("image-gan-plain", steps=2)
    drive(make_trainer(tmp_path, config))
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert all("penalty" not in line["losses"] for line in lines)
    assert isinstance(build_task(config, CPU), PlainGanTask)


def test_training_data_come_back_as_they_were_kept(tmp_path: Path) -> None:
    pixels, held = np.zeros((3, 3, 4, 4), np.uint8), np.ones((2, 3, 4, 4), np.uint8)
    rows = np.eye(3, dtype=np.float32)
    save_data(tmp_path, pixels=pixels, held=held, conditions=rows, held_conditions=rows[:2])
    data = load_data(tmp_path, 0)
    assert data is not None
    batch = data.batch(0, 2, torch.Generator())
    assert batch.held is not None
    assert batch.c is not None
    assert float(batch.held.min()) > float(batch.x.max())
    save_data(tmp_path, pixels=pixels, held=None, conditions=None, held_conditions=None)
    data = load_data(tmp_path, 0)
    assert data is not None
    assert data.held is None
    remove_data(tmp_path)
    assert load_data(tmp_path, 0) is None


def test_a_judged_training_keeps_its_best_and_the_figures(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=4)
    data = ArrayData(noise_pixels(config), 0)
    config.save(tmp_path)
    task = build_task(config, CPU)
    trainer = Trainer(tmp_path, config, task, data, judge=Judge(data.pixels), judge_every=2)
    progress = drive(trainer)
    lines = read_figures(tmp_path)
    assert [line["step"] for line in lines] == [2, 4]
    assert {"kernel_distance", "nearest_ratio", "diversity"} <= set(lines[0]["figures"])
    assert any((one.data or {}).get("figures") for one in progress)
    best = best_of(tmp_path)
    assert best is not None
    assert best["figures"] == trainer.best
    assert trainer.best in [line["figures"] for line in lines]
    save_best(tmp_path, 3, {"x": torch.ones(1)}, {"kernel_distance": 0.0})
    assert set(load_weights(tmp_path)) == {"x"}
    assert "x" not in load_weights(tmp_path, "last")
    (tmp_path / "best-0000003.safetensors").write_bytes(b"cut")
    assert "x" not in load_weights(tmp_path)


def test_judging_changes_nothing_in_the_training(tmp_path: Path) -> None:
    config = tiny_config("image-gan", steps=4)
    drive(make_trainer(tmp_path / "plain", config))
    judged = make_trainer(tmp_path / "judged", config, judge=Judge(noise_pixels(config)), judge_every=1)
    drive(judged)
    one, two = load_weights(tmp_path / "plain", "last"), load_weights(tmp_path / "judged", "last")
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_copying_counts_more_than_closeness() -> None:
    near = {"kernel_distance": 1.0, "nearest_ratio": 0.5, "diversity": 1.0}
    own = {"kernel_distance": 5.0, "nearest_ratio": 1.0, "diversity": 1.0}
    assert better(own, near)
    assert not better(near, own)
    assert better(own | {"kernel_distance": 4.0}, own)
    assert better(own, None)
    assert not better({}, own)


def test_copies_and_collapse_show_in_the_figures() -> None:
    random = np.random.default_rng(0)
    train, held = random.normal(size=(60, 8)), random.normal(size=(20, 8))
    fresh = figures(train, held, random.normal(size=(60, 8)))
    copied = figures(train, held, train[:30] + 1e-3)
    alike = figures(train, held, np.tile(train[:1], (30, 1)) + 0.05 * random.normal(size=(30, 8)))
    assert 0.8 < fresh["nearest_ratio"] < 1.25
    assert copied["nearest_ratio"] < 0.1
    assert alike["diversity"] < 0.2 < fresh["diversity"]
    assert alike["kernel_distance"] > fresh["kernel_distance"]
    assert figures(np.ones((9, 3)), np.ones((9, 3)), np.ones((9, 3))) == {}


def test_advice_comes_when_there_is_something_to_do() -> None:
    watch = Watch()
    watch.hear({"real": 0.5, "fake": 0.2}, {"diversity": 0.9, "nearest_ratio": 1.0, "kernel_distance": 30.0})
    assert watch.advice() == ""
    watch.hear({}, {"diversity": 0.2, "nearest_ratio": 1.0, "kernel_distance": 300.0})
    assert "alike" in watch.advice()
    watch.hear({}, {"diversity": 0.9, "nearest_ratio": 0.6, "kernel_distance": 3.0})
    assert "close to training pictures" in watch.advice()
    far = Watch()
    for _ in range(60):
        far.hear({"real": 9.0, "fake": 0.0, "overfit": 1.0, "augment": 0.8})
    assert "far ahead" in far.advice()
    known = Watch()
    for _ in range(60):
        known.hear({"real": 2.0, "fake": 0.0, "overfit": 1.0, "augment": 0.8})
    assert "by heart" in known.advice()


def test_a_run_with_held_out_pictures_keeps_its_strength_exactly(tmp_path: Path) -> None:
    trainer, _ = _conditional(tmp_path)
    run = trainer.run(JobContext(0, {}))
    for progress in run:
        if progress.done == 2:
            run.close()
            break
    again, _ = _conditional(tmp_path)
    assert isinstance(again.task, GanTask)
    assert isinstance(trainer.task, GanTask)
    assert again.task.adaptive.numbers() == trainer.task.adaptive.numbers()
    assert again.task.adaptive.numbers()["looks"] > 0
