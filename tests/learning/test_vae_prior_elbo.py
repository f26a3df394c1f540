"""Priors of long latents, and the terms of the evidence lower bound."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.learning.engine.prior import Prior, fit_prior, prior_from, standard_prior
from mmstudio.learning.engine.registry import load_model
from mmstudio.learning.evaluation.elbo import elbo_terms, log_likelihood
from mmstudio.learning.families import settle
from support.learning import CPU, drive, make_trainer, noise_pixels, tiny_config

LONG = 200


def long_points(count: int, seed: int = 0) -> torch.Tensor:
    """Latents that live in three directions of 200, off-centre."""
    random = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(LONG, 3, generator=random))[0]
    amounts = torch.randn(count, 3, generator=random) * torch.tensor([6.0, 3.0, 2.0])
    return amounts @ directions.T + torch.linspace(-1, 1, LONG)


def test_a_long_prior_has_the_moments_of_its_data() -> None:
    points = long_points(800)
    prior = fit_prior(points, torch.full_like(points, 1e-4))
    assert prior.rest is not None
    drawn = prior.draw(4000, torch.Generator().manual_seed(1))
    assert torch.allclose(drawn.mean(0), points.mean(0), atol=0.15)
    assert torch.allclose(drawn.std(0), points.std(0), rtol=0.1, atol=0.03)
    values = torch.linalg.eigvalsh(drawn.T.cov()).flip(0)
    assert values[:3].tolist() == pytest.approx([36.0, 9.0, 4.0], rel=0.2)
    assert values[3] < 0.1


@pytest.mark.parametrize("count", [1, 2, 3, 40, 120])
def test_a_few_examples_still_give_a_distribution(count: int) -> None:
    points = long_points(count)
    prior = fit_prior(points, torch.full_like(points, 0.04), 10)
    drawn = prior.draw(300, torch.Generator().manual_seed(0))
    assert torch.isfinite(drawn).all()
    assert drawn.std(0).min() > 0.1
    assert len(prior.share) == max(1, count // 20)


@pytest.mark.parametrize("length", [8, LONG])
@pytest.mark.parametrize("jitter", [0.0, 1e-7])
def test_equal_examples_give_their_posterior_back(length: int, jitter: float) -> None:
    points = 1 + jitter * torch.randn(60, length, generator=torch.Generator().manual_seed(1))
    prior = fit_prior(points, torch.full_like(points, 0.25), 10)
    drawn = prior.draw(500, torch.Generator().manual_seed(0))
    assert torch.allclose(drawn.mean(0), torch.ones(length), atol=0.15)
    assert torch.allclose(drawn.std(0), torch.full((length,), 0.5), atol=0.1)


def test_truncation_stays_nearer_to_the_means() -> None:
    points = long_points(100)
    prior = fit_prior(points, torch.full_like(points, 0.04))
    wide = prior.draw(200, torch.Generator().manual_seed(0))
    narrow = prior.draw(200, torch.Generator().manual_seed(0), truncation=0.25)
    assert torch.allclose(narrow - prior.mean, 0.25 * (wide - prior.mean), atol=1e-4)


def test_a_long_prior_survives_the_weights_file() -> None:
    points = long_points(120)
    prior = fit_prior(points, torch.full_like(points, 0.04), 2)
    again = prior_from(prior.tensors(), LONG)
    one, two = (one.draw(5, torch.Generator().manual_seed(3)) for one in (prior, again))
    assert torch.equal(one, two)


@pytest.mark.parametrize("length", [6, LONG])
def test_the_moments_are_those_of_what_is_drawn(length: int) -> None:
    points = long_points(100)[:, :length] * 2
    prior = fit_prior(points, torch.full_like(points, 0.5), 3)
    mean, covariance = prior.moments()
    drawn = prior.draw(20_000, torch.Generator().manual_seed(0))
    assert (drawn.mean(0) - mean).norm() < 0.05 * covariance.trace().sqrt()
    assert (drawn.T.cov() - covariance).norm() < 0.1 * covariance.norm()


@pytest.mark.parametrize("length", [8, LONG])
def test_the_density_is_that_of_torch(length: int) -> None:
    random = torch.Generator().manual_seed(0)
    z = torch.randn(4, length, generator=random)
    expected = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)
    assert torch.allclose(standard_prior(length).log_density(z).float(), expected, rtol=1e-4)


def test_the_density_of_a_mixture_is_the_mean_of_its_parts() -> None:
    far = Prior(torch.tensor([0.5, 0.5]), torch.tensor([[0.0], [50.0]]), torch.ones(2, 1, 1))
    near = Prior(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))
    at = torch.tensor([[0.3]])
    assert far.log_density(at).item() == pytest.approx(near.log_density(at).item() - math.log(2))


@pytest.mark.parametrize("scale", [0.002, 0.05, 1.0])
@pytest.mark.parametrize("centre", [-1.3, -1.0, 0.0, 0.1234, 0.999])
def test_the_likelihood_of_all_levels_adds_up_to_one(centre: float, scale: float) -> None:
    levels = torch.arange(256).double() / 127.5 - 1
    logs = log_likelihood(levels, torch.full_like(levels, centre), scale)
    assert torch.isfinite(logs).all()
    assert torch.exp(logs).sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize("spatial", [0.0, 16.0])
def test_elbo_terms_fit_together(spatial: float, tmp_path: Path) -> None:
    config = tiny_config("image-vae", steps=3)
    config.options["spatial"] = spatial
    drive(make_trainer(tmp_path, settle(config)))
    model, pixels = load_model(tmp_path, CPU), noise_pixels(config)
    terms = elbo_terms(model, pixels)
    assert terms == elbo_terms(model, pixels)
    assert terms["elbo"] == pytest.approx(terms["reconstruction"] - terms["kl_prior"])
    assert terms["bits_per_dimension"] == pytest.approx(-terms["elbo"] / (3 * 16 * 16 * math.log(2)))
    # Noise cannot be written in fewer bits than it has.
    assert terms["bits_per_dimension"] > 7.9
    assert 0 <= terms["active_units"] <= terms["latent"] == config.latent
    flat = elbo_terms(model, np.full_like(pixels, 128))
    assert flat["scale"] < terms["scale"]


def test_a_model_without_an_encoder_has_no_bound(tmp_path: Path) -> None:
    config = tiny_config("image-gan", steps=1)
    drive(make_trainer(tmp_path, config))
    assert elbo_terms(load_model(tmp_path, CPU), noise_pixels(config)) == {}
