"""Objectives of multimodal VAEs. Means and log-variances are N×L; ``present`` is bool N×M.

- Products of experts: Hinton, "Training products of experts", 2002; Wu and Goodman, "Multimodal generative
  models for scalable weakly-supervised learning" (MVAE), NeurIPS 2018.
- MVTCAE: Hwang et al., "Multi-view representation learning via total correlation objective", NeurIPS 2021.
- MMVAE+: Palumbo et al., "MMVAE+: enhancing the generative quality of multimodal VAEs without compromises",
  ICLR 2023.
- MoPoE: Sutter et al., "Generalized multimodal ELBO", ICLR 2021.
- Likelihood rescaling: Javaloy et al., "Mitigating modality collapse in multimodal VAEs via impartial
  optimization", ICML 2022.
- Flow matching: Lipman et al., "Flow matching for generative modeling", ICLR 2023; learned conditionals in a
  joint latent: Senellart et al., "Improving multimodal joint variational autoencoders through normalizing
  flows and correlation analysis" (JNF), 2023; Bounoua et al., "Multi-modal latent diffusion", 2023.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

QUIET, LOUD = -10.0, 10.0  # bounds of a log-variance
PICTURE_SCALE = 0.75  # of the Laplace likelihood of pixels in [0, 1], as published for PolyMNIST


def product(means: Tensor, log_variances: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Product of the Gaussians M×N×L that are present (N×M); N(0, I) where none is.

    Precisions are added, absent ones as zeros: no infinities, so no not-a-number in a gradient.
    """
    there = present.T.unsqueeze(2).to(means.dtype)
    precision = torch.exp(-log_variances) * there
    total = precision.sum(0)
    nothing = ~present.any(1, keepdim=True)
    total = torch.where(nothing, torch.ones_like(total), total)
    return (precision * means).sum(0) / total, -torch.log(total)


def kl(mean: Tensor, log_variance: Tensor, mean_2: Tensor, log_variance_2: Tensor) -> Tensor:
    """KL(N(mean, variance) ‖ N(mean_2, variance_2)) of diagonal Gaussians: N, or M×N of one and M others."""
    gap = (mean - mean_2).square() + torch.exp(log_variance)
    each = log_variance_2 - log_variance + gap * torch.exp(-log_variance_2) - 1.0
    return 0.5 * each.sum(-1)


def kl_standard(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) ‖ N(0, I)): N."""
    return 0.5 * (mean.square() + torch.exp(log_variance) - 1.0 - log_variance).sum(1)


def rescaling(sizes: Sequence[int]) -> list[float]:
    """Weights of the likelihoods: the largest number of dimensions over each one's (Javaloy et al.)."""
    return [max(sizes) / size for size in sizes]


def log_loss(kind: str, made: Tensor, wanted: Tensor) -> Tensor:
    """-log p(x | z) up to a constant, summed over an example: N.

    picture: Laplace of scale 0.75 (N×C×S×S in [0, 1]); tokens: categorical (made N×T×V, wanted int64 N×T);
    bits: Bernoulli (made: logits); vector: Gaussian of variance 1.
    """
    if kind == "picture":
        return (made - wanted).abs().flatten(1).sum(1) / PICTURE_SCALE
    elif kind == "tokens":
        each = functional.cross_entropy(made.flatten(0, 1), wanted.flatten(), reduction="none")
        return each.view(wanted.shape).sum(1)
    elif kind == "bits":
        each = functional.binary_cross_entropy_with_logits(made, wanted, reduction="none")
    else:
        each = 0.5 * (made - wanted).square()
    return each.flatten(1).sum(1)


def mvtcae(
    redrawn: Tensor,
    present: Tensor,
    joint: tuple[Tensor, Tensor],
    means: Tensor,
    log_variances: Tensor,
    alpha: float,
    beta: float,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Scalar loss of the MVTCAE (Hwang et al., equation 8) and its terms.

    (M-α)/M · Σₘ -log p(xₘ|z) + β · [α/M · Σₘ KL(q(z|X) ‖ q(z|xₘ)) + (1-α) · KL(q(z|X) ‖ N(0, I))],
    with z drawn from the product q(z|X). ``redrawn`` is N×M, rescaled; means and log-variances of the parts
    M×N×L; what is absent counts nothing.
    """
    count = present.shape[1]
    there = present.to(redrawn.dtype)
    likely = (redrawn * there).sum(1).mean()
    apart = kl(*joint, means, log_variances).T
    apart = (torch.where(present, apart, torch.zeros_like(apart))).sum(1).mean()
    prior = kl_standard(*joint).mean()
    loss = (count - alpha) / count * likely + beta * (alpha / count * apart + (1 - alpha) * prior)
    return loss, {"redrawn": likely, "kl": prior, "kl_parts": apart}


def mixture_log_densities(u: Tensor, means: Tensor, log_variances: Tensor, present: Tensor) -> Tensor:
    """log of the mean over the present parts m of q(u|xₘ), at the points ``u`` (S×N×L; means M×N×L): S×N.
    Safe where a part is absent."""
    each = log_normal(u.unsqueeze(1), means, log_variances)
    each = each.masked_fill(~present.T, -1e30)
    return torch.logsumexp(each, 1) - torch.log(present.sum(1).clamp_min(1).to(u.dtype))


def log_normal(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(x; mean, variance), summed over the last dimension."""
    each = (x - mean).square() * torch.exp(-log_variance) + log_variance + math.log(2 * math.pi)
    return -0.5 * each.sum(-1)


def subset_products(means: Tensor, log_variances: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Products of the Gaussians M×N×L of every non-empty subset of the parts: means and log-variances
    S×N×L, and bool S×N, of which subsets a row has all parts (the others are N(0, I))."""
    count = present.shape[1]
    subsets = torch.arange(1, 2**count, device=present.device).unsqueeze(1)
    within = (subsets >> torch.arange(count, device=present.device)) & 1  # S×M
    there = (present.long() @ within.T == within.sum(1)).T
    precision = torch.exp(-log_variances)
    kept = within.to(means.dtype)
    total = torch.tensordot(kept, precision * present.T.unsqueeze(2), 1)
    weighed = torch.tensordot(kept, precision * means * present.T.unsqueeze(2), 1)
    total = torch.where(there.unsqueeze(2), total, torch.ones_like(total))
    weighed = torch.where(there.unsqueeze(2), weighed, torch.zeros_like(weighed))
    return weighed / total, -torch.log(total), there


def contrast(vectors: Sequence[Tensor], present: Tensor, sharpness: float = 10.0) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al., 2018; Radford et al., 2021) over all pairs of parts, N×D each;
    a pair counts where both are there. Scalar, 0 where no two are."""
    count = len(vectors)
    unit = functional.normalize(torch.stack(list(vectors)), dim=2)
    a, b = torch.triu_indices(count, count, 1, device=present.device)
    both = (present[:, a] & present[:, b]).T  # P×N
    logits = sharpness * torch.bmm(unit[a], unit[b].mT)
    own = logits.diagonal(dim1=1, dim2=2)
    absent = ~both
    rows = torch.logsumexp(logits.masked_fill(absent.unsqueeze(1), -1e30), 2) - own
    columns = torch.logsumexp(logits.masked_fill(absent.unsqueeze(2), -1e30), 1) - own
    counts = both.sum(1)
    enough = counts >= 2
    each = (0.5 * (rows + columns) * both).sum(1) / counts.clamp_min(1)
    return (each * enough).sum() / enough.sum().clamp_min(1)


def random_subsets(present: Tensor, drop: float, random: torch.Generator, *, empty: bool = False) -> Tensor:
    """bool N×M: each present part left out with probability ``drop``; at least one of them stays unless
    ``empty`` (modality dropout: Neverova et al., 2016)."""
    lots = torch.rand(present.shape, generator=random).to(present.device)
    kept = present & (lots >= drop)
    if empty:
        return kept
    best = torch.where(present, lots, torch.full_like(lots, -1.0)).argmax(1)
    one = functional.one_hot(best, present.shape[1]).bool() & present
    return torch.where(kept.any(1, keepdim=True), kept, one)
