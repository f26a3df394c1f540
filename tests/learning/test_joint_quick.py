"""What a step of the joint model computes in few calls is what the formulas say; so are its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmstudio.learning.joint import media
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.nets.joint_stack import _along
from mmstudio.learning.objectives.joint import kl, kl_standard, log_loss, product
from mmstudio.learning.objectives.joint_quick import joined, laplace_loss

RANDOM = torch.Generator().manual_seed(3)
SOME = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=torch.bool)


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


@pytest.mark.parametrize("present", [SOME, torch.ones_like(SOME)], ids=["some are missing", "all are there"])
def test_the_latents_of_an_mvtcae_in_one_go(present: Tensor) -> None:
    means, spreads = drawn(3, 5, 4).requires_grad_(), drawn(3, 5, 4).requires_grad_()
    noise, weight = drawn(5, 4), drawn(5, 4)
    joint = product(means, spreads, present)
    apart = torch.where(present, kl(*joint, means, spreads).T, torch.zeros(5, 3, dtype=torch.float64))
    wanted = (joint[0] + noise * torch.exp(0.5 * joint[1]), apart.sum(1).mean(), kl_standard(*joint).mean())
    found = joined(means, spreads, present, noise)
    for a, b in zip(found, wanted, strict=True):
        assert torch.allclose(a, b)
    each = [
        torch.autograd.grad((z * weight).sum() + 0.7 * parts + 1.3 * prior, [means, spreads])
        for z, parts, prior in (found, wanted)
    ]
    for a, b in zip(*each, strict=True):
        assert torch.allclose(a, b)
    nothing = ~present.any(1)
    assert not each[0][0][:, nothing].any()  # a row of which nothing is there teaches nothing


def test_the_likelihood_of_pictures() -> None:
    made, wanted = drawn(4, 3, 2, 2).requires_grad_(), drawn(4, 3, 2, 2)
    quick, plain = laplace_loss(made, wanted), log_loss("picture", made, wanted)
    assert torch.allclose(quick, plain)
    weight = drawn(4)
    a, b = (torch.autograd.grad((loss * weight).sum(), made)[0] for loss in (quick, plain))
    assert torch.allclose(a, b)


@pytest.mark.parametrize(("width", "stride", "edge"), [(3, 1, 1), (5, 1, 2), (4, 2, 1), (1, 1, 0)])
def test_a_convolution_along_a_text(width: int, stride: int, edge: int) -> None:
    conv = nn.Conv1d(3, 5, width, stride=stride, padding=edge).double()
    h = drawn(2, 7, 3).requires_grad_()
    quick, plain = _along(conv, h), conv(h.transpose(1, 2)).transpose(1, 2)
    assert torch.allclose(quick, plain)
    weight, leaves = torch.randn(plain.shape, generator=RANDOM).double(), [h, *conv.parameters()]
    for a, b in zip(*(torch.autograd.grad((x * weight).sum(), leaves) for x in (quick, plain)), strict=True):
        assert torch.allclose(a, b)


def test_hardly_used_latents_are_not_blown_up() -> None:
    latents = np.random.default_rng(0).standard_normal((500, 4)).astype(np.float32)
    latents *= np.array([1.0, 0.8, 0.02, 0.0], np.float32)
    latents += 3
    part = Part("text", "vector", (4,), model="words", scale=media.scale_of(latents))
    rows = media.to_scale(part, latents)
    assert np.abs(rows.mean(axis=0)).max() < 1e-3
    assert rows.var(axis=0).mean() == pytest.approx(1.0, abs=1e-3)
    assert rows[:, 2].std() < 0.04
    assert np.allclose(media.from_scale(part, rows), latents, atol=1e-5)


def test_latents_that_say_nothing_at_all_stay_finite() -> None:
    part = Part("text", "vector", (4,), model="words", scale=media.scale_of(np.ones((5, 4), np.float32)))
    assert np.isfinite(media.to_scale(part, np.ones((2, 4), np.float32))).all()
