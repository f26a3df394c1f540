"""The training engine: exact resume, checkpoints, guards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from mmstudio.errors import StudioError
from mmstudio.jobs import JobContext
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_state, load_weights
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.gan_task import GanTask, generator_from_vae
from mmstudio.learning.engine.registry import load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.engine.vae_task import VaeTask
from mmstudio.learning.families import families
from support.learning import CPU, drive, make_trainer, noise_pixels, tiny_config

MEDIA = sorted(name for name, info in families().items() if info.modality in ("image", "audio"))


@pytest.mark.parametrize("family", MEDIA)  # the others: test_learning_fusion.py, test_text_training.py, …
def test_a_stopped_and_resumed_run_ends_in_the_same_weights(family: str, tmp_path: Path) -> None:
    config = tiny_config(family, steps=5)
    drive(make_trainer(tmp_path / "whole", config))
    drive(make_trainer(tmp_path / "parts", config), until=2)
    drive(make_trainer(tmp_path / "parts", config, resume=True), until=3)
    drive(make_trainer(tmp_path / "parts", config, resume=True))
    whole, parts = load_state(tmp_path / "whole"), load_state(tmp_path / "parts")
    assert whole is not None
    assert parts is not None
    assert whole.numbers == parts.numbers
    assert whole.tensors.keys() == parts.tensors.keys()
    for key, value in whole.tensors.items():
        assert torch.equal(value, parts.tensors[key]), key
    first, second = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_killed_between_checkpoints_resumes_from_the_last_one_to_the_same_weights(
    tmp_path: Path,
) -> None:
    config = tiny_config("image-gan", steps=6)
    drive(make_trainer(tmp_path / "whole", config))
    killed = make_trainer(tmp_path / "parts", config, checkpoint_every=2).run(JobContext(0, {}))
    for progress in killed:
        if progress.done == 3:
            break  # as kill -9: never closed before the next run starts
    until = time.monotonic() + 300
    while (kept := load_state(tmp_path / "parts")) is None or kept.numbers["step"] < 2:
        assert time.monotonic() < until, "the checkpoint, written beside the training, did not come"
    resumed = make_trainer(tmp_path / "parts", config, resume=True)
    assert resumed.step == 2
    drive(resumed)
    whole, parts = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    steps = [json.loads(line)["step"] for line in (tmp_path / "parts/metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4, 5, 6]
    del killed


def test_drawing_during_training_changes_nothing(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=4)
    drive(make_trainer(tmp_path / "quiet", config))
    trainer = make_trainer(tmp_path / "busy", config)
    for _ in trainer.run(JobContext(0, {})):
        model = load_model(tmp_path / "busy", CPU)
        model.pictures(model.draw(2, torch.Generator().manual_seed(9)))
    quiet, busy = load_weights(tmp_path / "quiet"), load_weights(tmp_path / "busy")
    assert all(torch.equal(quiet[key], busy[key]) for key in quiet)


def test_progress_carries_losses_grid_and_speed(tmp_path: Path) -> None:
    seen = drive(make_trainer(tmp_path, tiny_config("image-vae", steps=3)))
    last = seen[-1]
    assert (last.done, last.total) == (3, 3)
    assert last.data is not None
    assert {"loss", "pixels", "kl"} <= set(last.data["losses"])
    assert last.data["per_second"] > 0
    assert Path(last.data["grid"]).is_file()
    assert list((tmp_path / "tb").iterdir())


def test_a_checkpoint_cut_in_half_falls_back_to_the_one_before(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=4)
    drive(make_trainer(tmp_path, config, checkpoint_every=2))
    for file in tmp_path.glob("*-0000004.safetensors"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    state = load_state(tmp_path)
    assert state is not None
    assert state.numbers["step"] == 2
    drive(make_trainer(tmp_path, config, resume=True))
    assert load_state(tmp_path).numbers["step"] == 4  # type: ignore[union-attr]


def test_weights_with_no_whole_copy_left_are_reported_as_damaged(tmp_path: Path) -> None:
    drive(make_trainer(tmp_path, tiny_config("image-vae", steps=1)))
    for file in tmp_path.glob("weights-*.safetensors"):
        file.write_bytes(b"cut")
    with pytest.raises(StudioError, match="damaged"):
        load_weights(tmp_path)


def test_a_config_from_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    config = tiny_config("image-vae")
    config.format = 99
    config.save(tmp_path)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(StudioError, match="newer MM Studio"):
        load_config(tmp_path)
    assert (tmp_path / "config.json").read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": "x"}'])
def test_a_broken_config_is_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(StudioError, match=r"config\.json"):
        load_config(tmp_path)


class _Unstable(VaeTask):
    """Gives a loss that is not a number at chosen steps, the first time they come."""

    bad = {3}

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        yield from super().parts(batch, step)
        if step in self.bad and self.rate_scale > 0.4:
            with torch.no_grad():
                next(self.vae.parameters()).fill_(float("nan"))
            yield {"loss": float("nan")}


def test_not_a_number_rolls_back_and_goes_on(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=5)
    config.save(tmp_path)
    task = _Unstable(config, CPU)
    trainer = Trainer(tmp_path, config, task, ArrayData(noise_pixels(config), 0), checkpoint_every=2)
    seen = drive(trainer)
    assert trainer.rollbacks == 2
    assert task.rate_scale == 0.25
    assert seen[-1].done == 5
    assert "Unstable" in seen[-1].note
    assert all(torch.isfinite(value).all() for value in load_weights(tmp_path).values())


class _Hopeless(_Unstable):
    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        yield {"loss": float("inf")}


def test_a_training_that_stays_unstable_stops_with_a_sentence(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=5)
    trainer = Trainer(tmp_path, config, _Hopeless(config, CPU), ArrayData(noise_pixels(config), 0))
    with pytest.raises(StudioError, match="unstable"):
        drive(trainer)
    assert load_state(tmp_path) is not None


class _Greedy(VaeTask):
    """Runs out of memory above a batch of one."""

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        if (self.most_rows or len(batch.x)) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        yield from super().parts(batch, step)


def test_out_of_memory_halves_the_batch_and_goes_on(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=2)
    trainer = Trainer(tmp_path, config, _Greedy(config, CPU), ArrayData(noise_pixels(config), 0))
    seen = drive(trainer)
    assert trainer.task.most_rows == 1
    assert trainer.seen == 2 * config.batch
    assert "1 at a time" in seen[-1].note


def test_every_epoch_shows_each_example_once_in_a_new_order() -> None:
    pixels = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    data, random = ArrayData(pixels, seed=3), torch.Generator()
    drawn = data.batch(0, 10, random).x.add(1).mul(127.5).round().int().flatten().tolist()
    assert sorted(drawn[:5]) == sorted(drawn[5:]) == [0, 1, 2, 3, 4]
    assert drawn[:5] != drawn[5:]
    again = ArrayData(pixels, seed=3).batch(4, 3, random).x.add(1).mul(127.5).round().int().flatten().tolist()
    assert again == drawn[4:7]


def test_a_gan_started_from_a_vae_draws_what_its_decoder_draws(tmp_path: Path) -> None:
    vae = tiny_config("image-vae", steps=3)
    drive(make_trainer(tmp_path, vae))
    weights = load_weights(tmp_path)
    model = load_model(tmp_path, CPU)
    folded = generator_from_vae(weights, vae.latent)
    z = torch.randn(4, vae.latent, generator=torch.Generator().manual_seed(0))
    prior = model.prior  # few examples: a single Gaussian
    original = model.decode(prior.mean + z @ prior.factor[0].T)
    model.decoder.load_state_dict({k.removeprefix("generator."): v for k, v in folded.items()})
    assert torch.allclose(model.decode(z), original, atol=1e-4)


def test_a_larger_model_begins_by_drawing_what_the_smaller_one_drew() -> None:
    small, large = tiny_config("image-gan"), tiny_config("image-gan")
    large.size, large.widths = 32, [*small.widths, small.widths[-1]]
    one, two = GanTask(small, CPU), GanTask(large, CPU)
    two.start_from(one.weights())
    z = torch.randn(3, small.latent, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before, after = one.generator(z), two.generator(z)
    shrunk = functional.avg_pool2d(after, 2)
    assert after.shape[-1] == 32
    assert float((shrunk - before).abs().mean()) < 0.2 * float(before.std())


def test_pieces_depend_on_the_counted_speed_alone_and_cover_the_batch() -> None:
    task = GanTask(tiny_config("image-gan"), CPU)
    assert task.pieces(10, 1e12) == [slice(0, 10)]
    task.speed = 1e10
    assert task.pieces(10, 5e8) == [slice(0, 3), slice(3, 6), slice(6, 10)]
    assert len(task.pieces(10, 1e12)) == 10
    task.most_rows = 2
    assert [part.stop - part.start for part in task.pieces(6, 1.0)] == [2, 2, 2]


@pytest.mark.parametrize("family", ["image-gan", "image-vae"])
def test_a_step_in_pieces_learns_the_same(family: str, tmp_path: Path) -> None:
    config = tiny_config(family, steps=2)
    config.options["augment"] = config.options["adaptive"] = 0.0  # its random numbers depend on the pieces
    whole, parts = make_trainer(tmp_path / "whole", config), make_trainer(tmp_path / "parts", config)
    whole.task.speed, parts.task.speed, parts.task.most_rows = 0.0, 0.0, 1
    drive(whole)
    drive(parts)
    one, two = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.allclose(one[key], two[key], atol=2e-3) for key in one)


def test_a_step_stopped_in_the_middle_is_finished_before_it_is_kept(tmp_path: Path) -> None:
    config = tiny_config("image-gan", steps=3)
    drive(make_trainer(tmp_path / "whole", config))
    stopped = make_trainer(tmp_path / "parts", config)
    run = stopped.run(JobContext(0, {}))
    seen = 0
    for progress in run:
        seen += not (progress.data or {}).get("losses")
        if seen == 3:  # after the start, inside the first step
            run.close()
            break
    resumed = make_trainer(tmp_path / "parts", config, resume=True)
    assert resumed.step == 1
    drive(resumed)
    one, two = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_happened_is_said_for_a_while_and_then_advice_comes_through(tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=103)
    trainer = make_trainer(tmp_path, config)
    trainer.notice = "8 are held out"
    notes = [progress.note for progress in drive(trainer) if (progress.data or {}).get("losses")]
    assert notes[:99] == ["8 are held out"] * 99
    assert "8 are held out" not in notes[-1]
