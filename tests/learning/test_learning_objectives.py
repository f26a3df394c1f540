"""Objectives against closed forms and numerical derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from mmstudio.learning.engine.evaluate import kernel_distance
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import Decoder, Encoder
from mmstudio.learning.objectives.augment import diff_augment
from mmstudio.learning.objectives.gan import discriminator_loss, generator_loss, gradient_penalty
from mmstudio.learning.objectives.vae import free_bits, gradient_l1, kl_per_dimension


def test_kl_matches_the_closed_form_of_torch() -> None:
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.2, -0.7]])
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))[0]
    assert torch.allclose(kl_per_dimension(mean, log_variance), expected)
    assert free_bits(torch.tensor([0.0, 1.0]), 0.25).item() == pytest.approx(0.625)


def test_relativistic_losses_are_even_when_scores_are() -> None:
    scores = torch.zeros(3)
    assert discriminator_loss(scores, scores).item() == pytest.approx(math.log(2))
    assert generator_loss(scores, scores).item() == pytest.approx(math.log(2))
    assert discriminator_loss(scores + 5, scores).item() < generator_loss(scores + 5, scores).item()


def test_the_gradient_penalty_of_a_linear_score_is_half_its_squared_norm() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    with torch.no_grad():
        net[1].weight.fill_(0.5)  # type: ignore[operator, union-attr]
    scores, penalty = gradient_penalty(net, torch.zeros(4, 3, 2, 2))
    assert scores.shape == (4,)
    assert penalty.item() == pytest.approx(0.5 * 12 * 0.25)


def test_gradient_l1_sees_edges_and_not_brightness() -> None:
    x = torch.zeros(1, 1, 8, 8)
    assert gradient_l1(x, x + 0.5).item() == pytest.approx(0.0)
    y = x.clone()
    y[..., 4:] = 1.0
    assert gradient_l1(x, y).item() > 0


def test_augmentation_repeats_with_its_generator_and_is_differentiable() -> None:
    x = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    first = diff_augment(x, torch.Generator().manual_seed(5))
    second = diff_augment(x, torch.Generator().manual_seed(5))
    assert first.shape == x.shape
    assert torch.equal(first, second)
    assert not torch.equal(first, x)
    first.sum().backward()
    assert x.grad is not None
    assert torch.equal(diff_augment(x, torch.Generator(), 0.0), x)


def test_networks_are_the_same_for_the_same_seed_and_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    nets = [
        materialise(lambda: Decoder(3, [16, 8, 8], 4), torch.device("cpu"), torch.Generator().manual_seed(1))
        for _ in range(2)
    ]
    assert torch.equal(before, torch.get_rng_state())
    z = torch.ones(2, 4)
    assert torch.equal(nets[0](z), nets[1](z))
    assert nets[0](z).shape == (2, 3, 16, 16)
    encoder = materialise(lambda: Encoder(1, [16, 8, 8], 6), torch.device("cpu"), torch.Generator())
    assert encoder(torch.zeros(2, 1, 16, 16)).shape == (2, 6)


def test_the_fitted_prior_has_the_moments_of_its_data() -> None:
    random = torch.Generator().manual_seed(0)
    points = torch.randn(2000, 2, generator=random) * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, -3.0])
    prior = fit_prior(points, torch.full_like(points, 1e-4))
    drawn = prior.draw(5000, random)
    assert torch.allclose(drawn.mean(0), torch.tensor([1.0, -3.0]), atol=0.15)
    assert torch.allclose(drawn.std(0), torch.tensor([2.0, 0.5]), atol=0.15)


def test_one_example_still_gives_a_distribution() -> None:
    prior = fit_prior(torch.ones(1, 3), torch.full((1, 3), 0.04))
    drawn = prior.draw(500, torch.Generator().manual_seed(0))
    assert drawn.std(0).min() > 0.1


def test_kernel_distance_is_near_zero_for_one_distribution_and_large_for_two() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(200, 6)), random.normal(size=(200, 6))
    assert abs(kernel_distance(x, y)) < 0.1
    assert kernel_distance(x, y + 2.0) > 1.0
