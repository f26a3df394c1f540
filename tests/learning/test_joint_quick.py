"""What a step of the joint model computes in few calls is what the formulas say; so are its derivatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmstudio.learning.joint import media
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.nets import joint_passes
from mmstudio.learning.nets.joint import PictureDecoder, PictureEncoder, TokenDecoder, TokenEncoder
from mmstudio.learning.nets.joint_stack import chosen_rows, pick_rows, repeated
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
    alike(quick, plain, [made])
    both = laplace_loss(made, wanted, 2)
    assert both.shape == (4, 3)
    assert torch.allclose(both.sum(1), plain)


def alike(quick: Tensor, plain: Tensor, leaves: list[Tensor]) -> None:
    """The same numbers, and the same derivatives of a random sum of them."""
    assert torch.allclose(quick, plain)
    weight = torch.randn(plain.shape, generator=RANDOM, dtype=plain.dtype)
    each = [torch.autograd.grad((made * weight).sum(), leaves) for made in (quick, plain)]
    for a, b in zip(*each, strict=True):
        assert a.shape == b.shape
        assert torch.allclose(a, b)


@pytest.mark.parametrize(("length", "vocabulary"), [(2, 3), (5, 7), (6, 4)])
def test_texts_in_a_pass_of_their_own(length: int, vocabulary: int) -> None:
    encoder = TokenEncoder(length, vocabulary, 3, 8).double()
    tokens = torch.randint(vocabulary, (4, length), generator=RANDOM)
    alike(joint_passes.encode_tokens(encoder, tokens), encoder(tokens), list(encoder.parameters()))
    decoder, z = TokenDecoder(length, vocabulary, 3, 6).double(), drawn(4, 6).requires_grad_()
    alike(joint_passes.decode_tokens(decoder, z), decoder(z), [z, *decoder.parameters()])


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 16), (1, 32)])
def test_pictures_in_a_pass_of_their_own(channels: int, side: int) -> None:
    encoders = [PictureEncoder(channels, side, 3, 8).double() for _ in range(2)]
    decoders = [PictureDecoder(channels, side, 3, 6).double() for _ in range(2)]
    x, z = drawn(2, 4, side, side, channels), drawn(2, 4, 6).requires_grad_()
    weights = [
        {name: torch.stack([own[name] for own in held]) for name in held[0]}
        for held in ([dict(net.named_parameters()) for net in nets] for nets in (encoders, decoders))
    ]
    plain = torch.stack([net(rows.permute(0, 3, 1, 2)) for net, rows in zip(encoders, x, strict=True)])
    alike(joint_passes.encode_pictures(weights[0], x), plain, parameters(encoders))
    made = [net(rows).permute(0, 2, 3, 1) for net, rows in zip(decoders, z, strict=True)]
    alike(joint_passes.decode_pictures(weights[1], z), torch.stack(made), [z, *parameters(decoders)])


def parameters(nets: Sequence[nn.Module]) -> list[Tensor]:
    return [parameter for net in nets for parameter in net.parameters()]


def test_rows_are_chosen_alike_however_pictures_lie() -> None:
    x = drawn(2, 3, 4, 4, 1)
    there = torch.tensor([[True, False, True, True, False, True], [False, False, True, False, True, False]]).T
    laid = x.transpose(1, 4).contiguous().transpose(1, 4)
    chosen = chosen_rows(there)
    assert chosen is not None
    assert laid.stride(1) == 1
    assert torch.equal(pick_rows(laid, chosen), pick_rows(x, chosen))
    assert torch.equal(repeated(laid, 2), repeated(x, 2))
    assert torch.equal(pick_rows(x, chosen)[0, 1], x[0, 2])
    assert torch.equal(pick_rows(x, chosen)[0, 3], x[0, 5 - 3])


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
