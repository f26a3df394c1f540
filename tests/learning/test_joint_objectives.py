"""The formulas of the joint model, held against torch's own distributions."""

from __future__ import annotations

import torch
from torch.distributions import Normal, kl_divergence

from mmstudio.learning.engine.joint_gan import train_gan, untrained
from mmstudio.learning.engine.joint_task import clipped
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.objectives.joint import (
    contrast,
    kl,
    kl_standard,
    log_loss,
    mixture_log_densities,
    mvtcae,
    product,
    random_subsets,
    rescaling,
    subset_products,
)

RANDOM = torch.Generator().manual_seed(0)
MEANS = torch.randn(3, 5, 4, generator=RANDOM)
SPREADS = torch.randn(3, 5, 4, generator=RANDOM)
PRESENT = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=torch.bool)


def test_a_product_of_one_is_that_one_and_of_none_the_prior() -> None:
    mean, spread = product(MEANS, SPREADS, PRESENT)
    assert torch.allclose(mean[2], MEANS[1, 2])
    assert torch.allclose(spread[2], SPREADS[1, 2], atol=1e-5)
    assert torch.equal(mean[3], torch.zeros(4))
    assert torch.equal(spread[3], torch.zeros(4))


def test_a_product_is_proportional_to_the_densities_multiplied() -> None:
    mean, spread = product(MEANS, SPREADS, PRESENT)
    points = torch.randn(7, 4, generator=RANDOM)
    together = Normal(mean[0], torch.exp(0.5 * spread[0])).log_prob(points)
    each = sum(Normal(MEANS[m, 0], torch.exp(0.5 * SPREADS[m, 0])).log_prob(points) for m in range(3))
    gap = together - each
    assert torch.allclose(gap, gap[:1].expand_as(gap), atol=1e-3)


def test_gradients_stay_finite_where_a_part_is_missing_and_was_far_off() -> None:
    means = MEANS.clone().requires_grad_()
    spreads = torch.full_like(SPREADS, -10.0).requires_grad_()
    joint = product(means, spreads, PRESENT)
    loss, _ = mvtcae(torch.ones(5, 3), PRESENT, joint, means, spreads, 5 / 6, 2.5)
    loss.backward()
    assert torch.isfinite(means.grad).all()
    assert torch.isfinite(spreads.grad).all()
    assert means.grad[0, 2].abs().sum() == 0  # type: ignore[index]  # an absent part learns nothing


def test_divergences_are_torchs() -> None:
    a, b = Normal(MEANS[0], torch.exp(0.5 * SPREADS[0])), Normal(MEANS[1], torch.exp(0.5 * SPREADS[1]))
    assert torch.allclose(kl(MEANS[0], SPREADS[0], MEANS[1], SPREADS[1]), kl_divergence(a, b).sum(1))
    standard = Normal(torch.zeros(4), torch.ones(4))
    assert torch.allclose(kl_standard(MEANS[0], SPREADS[0]), kl_divergence(a, standard).sum(1), atol=1e-5)


def test_mvtcae_is_the_published_sum() -> None:
    whole = torch.ones(5, 3, dtype=torch.bool)
    redrawn = torch.rand(5, 3, generator=RANDOM)
    joint = product(MEANS, SPREADS, whole)
    loss, said = mvtcae(redrawn, whole, joint, MEANS, SPREADS, 0.1, 2.5)
    apart = sum(kl(*joint, MEANS[m], SPREADS[m]).mean() for m in range(3))
    wanted = (3 - 0.1) / 3 * redrawn.sum(1).mean() + 2.5 * (
        0.1 / 3 * apart + 0.9 * kl_standard(*joint).mean()
    )
    assert torch.allclose(loss, wanted)
    assert set(said) == {"redrawn", "kl", "kl_parts"}


def test_the_mixture_is_over_what_is_there() -> None:
    u = torch.randn(2, 5, 4, generator=RANDOM)
    found = mixture_log_densities(u, MEANS, SPREADS, PRESENT)
    assert found.shape == (2, 5)
    for s in range(2):
        alone = Normal(MEANS[1, 2], torch.exp(0.5 * SPREADS[1, 2])).log_prob(u[s, 2]).sum()
        both = [Normal(MEANS[m, 1], torch.exp(0.5 * SPREADS[m, 1])).log_prob(u[s, 1]).sum() for m in (0, 2)]
        assert torch.allclose(found[s, 2], alone, atol=1e-4)
        mean = torch.logsumexp(torch.stack(both), 0) - torch.tensor(2.0).log()
        assert torch.allclose(found[s, 1], mean, atol=1e-4)


def test_products_of_all_subsets_at_once() -> None:
    means, spreads, there = subset_products(MEANS, SPREADS, PRESENT)
    assert there.sum(0).tolist() == [7, 3, 1, 0, 1]
    subsets = [[m for m in range(3) if (s + 1) >> m & 1] for s in range(7)]
    for s, subset in enumerate(subsets):
        kept = torch.zeros_like(PRESENT)
        kept[:, subset] = PRESENT[:, subset].all(1, keepdim=True)
        mean, spread = product(MEANS, SPREADS, kept)
        assert torch.allclose(means[s], mean, atol=1e-5)
        assert torch.allclose(spreads[s], spread, atol=1e-5)


def test_likelihoods_and_their_weights() -> None:
    assert rescaling([768, 1024, 8]) == [1024 / 768, 1.0, 128.0]
    picture = log_loss("picture", torch.zeros(2, 1, 2, 2), torch.full((2, 1, 2, 2), 0.75))
    assert picture.tolist() == [4.0, 4.0]
    logits = torch.tensor([[[0.0, 20.0], [20.0, 0.0]]])
    assert log_loss("tokens", logits, torch.tensor([[1, 0]])).item() < 1e-6
    assert log_loss("tokens", logits, torch.tensor([[0, 0]])).item() > 19
    assert log_loss("vector", torch.zeros(1, 3), torch.ones(1, 3)).item() == 1.5


def test_pairs_are_told_apart_and_absent_ones_left_out() -> None:
    same = torch.eye(5)
    whole = torch.ones(5, 2, dtype=torch.bool)
    assert contrast([same, same], whole) < 0.01 < contrast([same, same.roll(1, 0)], whole)
    assert contrast([same, same], torch.zeros(5, 2, dtype=torch.bool)) == 0


def test_a_random_subset_keeps_one_of_what_is_there() -> None:
    many = PRESENT.repeat(200, 1)
    kept = random_subsets(many, 0.9, torch.Generator().manual_seed(1))
    assert not (kept & ~many).any()
    assert torch.equal(kept.any(1), many.any(1))
    assert (random_subsets(many, 0.9, torch.Generator().manual_seed(1), empty=True).sum(1) == 0).sum() > 300


def test_a_latent_gan_starts_at_the_mixture_and_repeats_itself() -> None:
    random = torch.Generator().manual_seed(3)
    rows = torch.randn(80, 4, generator=random) + 3.0 * torch.randint(0, 2, (80, 1), generator=random)
    narrow = torch.full_like(rows, 0.01)
    mixture = fit_prior(rows, narrow, 2, 0)
    drawn = mixture.draw(20, torch.Generator().manual_seed(1))
    assert torch.equal(untrained(4, random)(drawn), drawn)
    one, two = (train_gan(rows, narrow, mixture, 5, 0.1, seed=7) for _ in range(2))
    assert torch.equal(one(drawn), two(drawn))
    assert not torch.equal(one(drawn), drawn)
    assert torch.allclose(one.centre, rows.mean(0))


def test_a_pair_counts_only_the_rows_that_have_both() -> None:
    vectors = [torch.randn(5, 4, generator=RANDOM) for _ in range(3)]
    both = PRESENT[:, 0] & PRESENT[:, 2]
    wanted = contrast([vectors[0][both], vectors[2][both]], torch.ones(int(both.sum()), 2, dtype=torch.bool))
    some = PRESENT.clone()
    some[:, 1] = False
    assert torch.allclose(contrast(vectors, some), wanted, atol=1e-5)


def test_a_gradient_is_cut_to_its_norm() -> None:
    gradient = torch.full((8,), 2.0)
    assert torch.allclose(clipped(gradient, 100.0), torch.tensor(32.0).sqrt())
    assert (gradient == 2.0).all()
    clipped(gradient, 1.0)
    assert abs(float(clipped(gradient, 1.0)) - 1.0) < 1e-5
    assert torch.isnan(clipped(torch.tensor([float("nan")]), 1.0))
