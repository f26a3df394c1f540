"""The picture VAE's options: grid latent, discriminator beside it, frozen stages; each resumes exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from mmstudio.errors import StudioError, UsageError
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import load_state, load_weights
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.engine.vae_task import VaeTask
from mmstudio.learning.families import default_config, settle
from mmstudio.learning.nets.vae import SpatialVAE, make_vae
from mmstudio.learning.objectives.vae import bounded, feature_l1
from mmstudio.learning.service import Trainings
from mmstudio.learning.training import Wish, new_config
from support.learning import CPU, drive, make_trainer, noise_pixels, picture_library, tiny_config

SHARP = {"perceptual": 0.5, "adversarial": 0.3, "adversarial_from": 0.4}
KINDS: dict[str, dict[str, float]] = {
    "sharp": SHARP,
    "grid": {"spatial": 2.0, "seamless": 1.0},
    "everything": SHARP | {"spatial": 2.0, "seamless": 1.0, "freeze": 1.0},
}


def vae_config(steps: int = 4, **options: float) -> ModelConfig:
    """A tiny picture VAE with options."""
    config = tiny_config("image-vae", steps=steps)
    config.options |= options
    return settle(config)


def steps_of(folder: Path, config: ModelConfig) -> list[dict[str, float]]:
    """The losses of each step of a whole run."""
    seen = drive(make_trainer(folder, config))
    return [data["losses"] for progress in seen if (data := progress.data or {}).get("losses")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_run_with_every_option_ends_in_the_same_weights(kind: str, tmp_path: Path) -> None:
    config = vae_config(5, **KINDS[kind])
    drive(make_trainer(tmp_path / "whole", config))
    for until in (2, 3, None):
        drive(make_trainer(tmp_path / "parts", config, resume=until != 2), until=until)
    whole, parts = load_state(tmp_path / "whole"), load_state(tmp_path / "parts")
    assert whole is not None
    assert parts is not None
    assert whole.tensors.keys() == parts.tensors.keys()
    assert all(torch.equal(value, parts.tensors[key]) for key, value in whole.tensors.items())
    first, second = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_grid_latent_is_handed_around_flat_and_comes_back(tmp_path: Path) -> None:
    config = vae_config(3, spatial=2.0)
    assert config.latent == 2 * 4 * 4
    drive(make_trainer(tmp_path, config))
    model = load_model(tmp_path, CPU)
    z = model.encode(noise_pixels(config))
    assert z.shape == (12, 32)
    assert model.stages == 1
    together, alone = model.pictures(z), model.pictures(z[3:4])
    assert together.shape == (12, 16, 16, 3)
    assert (together[3] == alone[0]).all()
    assert model.draw(5, torch.Generator().manual_seed(0)).shape == (5, 32)


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_the_grid_has_an_eighth_of_the_pixels_and_at_least_four_cells(size: int) -> None:
    config = default_config("image-vae", "grid", size=size, width=4)
    config.options["spatial"] = 3.0
    net = make_vae(settle(config))
    assert isinstance(net, SpatialVAE)
    assert config.latent == net.latent == 3 * max(4, size // 8) ** 2
    mean, log_variance = net.encode(torch.zeros(2, 3, size, size))
    assert mean.shape == log_variance.shape == (2, config.latent)
    assert net.decoder(mean).shape == (2, 3, size, size)


def test_a_seamless_grid_moves_with_what_it_draws() -> None:
    config = vae_config(spatial=2.0, seamless=1.0)
    task = build_task(config, CPU)
    assert isinstance(task, VaeTask)
    z = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        here = task.vae.decoder(z.flatten(1))
        moved = task.vae.decoder(z.roll(1, -1).flatten(1))
    assert torch.allclose(here.roll(4, -1), moved, atol=1e-5)


def test_the_discriminator_learns_before_the_decoder_hears_it(tmp_path: Path) -> None:
    config = vae_config(10, perceptual=0.5, adversarial=0.3, adversarial_from=0.5)
    quiet = vae_config(10)
    said, plain = steps_of(tmp_path / "said", config), steps_of(tmp_path / "plain", quiet)
    first = next(i for i, losses in enumerate(said) if "discriminator" in losses)
    heard = next(i for i, losses in enumerate(said) if "adversarial" in losses)
    assert (first, heard) == (4, 5) or (first, heard) == (5, 5)
    assert {"perceptual", "real", "fake"} <= set(said[-1])
    assert "discriminator" not in plain[-1]


def test_a_step_in_pieces_is_the_same_step_with_a_discriminator(tmp_path: Path) -> None:
    config = vae_config(2, perceptual=0.5, adversarial=0.3, adversarial_from=0.0)
    whole, parts = make_trainer(tmp_path / "whole", config), make_trainer(tmp_path / "parts", config)
    whole.task.speed, parts.task.speed, parts.task.most_rows = 0.0, 0.0, 1
    drive(whole)
    drive(parts)
    one, two = load_weights(tmp_path / "whole"), load_weights(tmp_path / "parts")
    assert all(torch.allclose(one[key], two[key], atol=2e-3) for key in one if key.startswith("vae."))


@pytest.mark.parametrize("spatial", [0.0, 2.0])
def test_frozen_stages_stay_and_the_others_move(spatial: float, tmp_path: Path) -> None:
    config = vae_config(3, freeze=1.0, spatial=spatial)
    before = {key: value.clone() for key, value in build_task(config, CPU).weights().items()}
    drive(make_trainer(tmp_path, config))
    after = load_weights(tmp_path)
    frozen = [key for key in before if key.startswith(("vae.encoder.stem", "vae.encoder.stages.0."))]
    assert frozen
    assert all(torch.equal(before[key], after[key]) for key in frozen)
    free = [key for key in before if key.startswith("vae.encoder.stages.1.") and before[key].any()]
    assert not all(torch.equal(before[key], after[key]) for key in free)


def test_a_base_hands_on_its_discriminator(tmp_path: Path) -> None:
    config = vae_config(3, **SHARP)
    drive(make_trainer(tmp_path, config))
    weights = load_weights(tmp_path)
    task = build_task(config, CPU)
    task.start_from(weights)
    assert torch.equal(task.nets["critic"].state_dict()["stem.weight"], weights["critic.stem.weight"])


def test_a_checkpoint_on_the_way_fits_its_prior_to_a_few_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = vae_config(2)
    trainer: Trainer = make_trainer(tmp_path, config)
    task = trainer.task
    assert isinstance(task, VaeTask)
    seen: list[int] = []
    encode = task.average.net.encode

    def counting(x: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(len(x))
        found: tuple[Tensor, Tensor] = encode(x)  # type: ignore[operator]
        return found

    monkeypatch.setattr(task.average.net, "encode", counting)
    trainer.data.pixels = noise_pixels(config, 600)
    task.finish(trainer.data)
    assert sum(seen) == 256
    drive(trainer)
    seen.clear()
    task.finish(trainer.data)
    assert sum(seen) == 600


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"spatial": -1.0}, "spatial"),
        ({"spatial": 99.0}, "spatial"),
        ({"adversarial": -0.1}, "adversarial"),
        ({"adversarial_from": 1.5}, "adversarial_from"),
        ({"beta": float("nan")}, "beta"),
    ],
)
def test_options_out_of_range_are_one_sentence(options: dict[str, float], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        vae_config(**options)


def test_a_vae_says_that_it_takes_no_condition() -> None:
    config = tiny_config("image-vae")
    config.condition = {"tags": ["red"], "palette": 0, "vector": 0}
    with pytest.raises(StudioError, match="no tags"):
        settle(config)


def test_bounded_gradients_keep_their_direction_and_never_exceed_their_share() -> None:
    random = torch.Generator().manual_seed(0)
    reference = torch.randn(3, 2, 4, 4, generator=random)
    loud, quiet = 100 * torch.randn(3, 2, 4, 4, generator=random), 1e-3 * torch.ones(3, 2, 4, 4)
    held = bounded(loud, reference, 0.5)
    assert torch.allclose(held.flatten(1).norm(dim=1), 0.5 * reference.flatten(1).norm(dim=1))
    assert torch.allclose(torch.cosine_similarity(held.flatten(1), loud.flatten(1)), torch.ones(3))
    assert torch.equal(bounded(quiet, reference, 0.5), quiet)
    assert bounded(torch.zeros(1, 4), torch.ones(1, 4), 1.0).abs().sum() == 0


def test_feature_l1_is_the_mean_over_stages() -> None:
    stages = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 2, 2)]
    assert feature_l1(stages, [stages[0] + 1.0, stages[1] + 3.0]).item() == pytest.approx(2.0)


def test_a_base_with_another_latent_is_refused_in_a_sentence(tmp_path: Path) -> None:
    library = picture_library(tmp_path)
    trainings = Trainings(library, "cpu")
    for name, options in (("flat", {}), ("grid", {"spatial": 2.0})):
        config = vae_config(1, **options)
        drive(make_trainer(library.models_dir / name, config))
    wrong = [
        Wish("image-vae", base="flat", options={"spatial": 2.0}),
        Wish("image-vae", base="grid", size=32),
        Wish("image-gan", base="grid"),
    ]
    for wish in wrong:
        with pytest.raises(UsageError, match="latent"):
            new_config(trainings, wish, "new")
    config = new_config(trainings, Wish("image-vae", base="grid"), "new")
    assert config.latent == 32
    library.close()
