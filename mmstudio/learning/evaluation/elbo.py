"""What a VAE's evidence lower bound is made of, in nats and in bits.

log p(x) ≥ E_q[log p(x|z)] - KL(q(z|x) ‖ p(z)) (Kingma and Welling, 2013, equation 3). The likelihood is a
Laplace distribution around the reconstruction, integrated over each of the 256 levels, so that it is a
probability and the bits count: ½·(e^{-l/b} - e^{-r/b}) and its mirror images; b is the mean absolute error of
the pictures measured (the maximum of the likelihood), at least a fifth of a level.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.engine.registry import GenerativeModel

ACTIVE = 0.05  # nats a latent dimension carries at least to count as used
MOST = 256  # pictures measured
_LEVEL = 2.0 / 255.0
_CHUNK = 32


def elbo_terms(model: GenerativeModel, pixels: NDArray[np.uint8], seed: int = 0) -> dict[str, float]:
    """Terms for N×C×S×S uint8, means over at most :data:`MOST` of them; {} for a family without an encoder.

    - reconstruction: E_q[log p(x|z)] in nats a picture, one sample of z each.
    - scale: b, in units where black is -1 and white 1.
    - kl: KL(q(z|x) ‖ N(0, I)) in nats a picture, in closed form.
    - kl_prior: the same to the mixture that is drawn from, by the sample: log q(z|x) - log p(z).
    - elbo: reconstruction - kl_prior, nats a picture; a bound for the model that draws.
    - bits_per_dimension: -elbo / (C·S·S · ln 2).
    - active_units: latent dimensions whose KL to N(0, 1), as mean over the pictures, is above
      :data:`ACTIVE` nats (after Burda et al., "Importance weighted autoencoders", ICLR 2016, section 5.1,
      who count variances of the means); latent: how many there are.

    Raises:
        ValueError: no pictures.
    """
    import torch

    from mmstudio.learning.engine.data import to_float

    if model.encoder is None:
        return {}
    if len(pixels) == 0:
        raise ValueError("no pictures")
    pixels = pixels[np.linspace(0, len(pixels) - 1, min(len(pixels), MOST)).astype(int)]
    random = torch.Generator().manual_seed(seed)
    pictures, redrawn, means, logs, latents = [], [], [], [], []
    with torch.inference_mode():
        for first in range(0, len(pixels), _CHUNK):
            x = to_float(pixels[first : first + _CHUNK])
            mean, log_variance = (part.float().cpu() for part in model.encoder.encode(x.to(model.device)))
            z = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=random)
            pictures.append(x)
            redrawn.append(model.decode(z))
            means.append(mean)
            logs.append(log_variance)
            latents.append(z)
        x, y, mean, log_variance, z = map(torch.cat, (pictures, redrawn, means, logs, latents))
        scale = max(float((x - y).abs().mean()), _LEVEL / 5)
        reconstruction = float(log_likelihood(x, y, scale).sum(dim=(1, 2, 3)).mean())
        each = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=0)
        inside = log_variance + (z - mean).square() / log_variance.exp() + math.log(2 * math.pi)
        kl_prior = float((-0.5 * inside.double().sum(1) - model.prior.log_density(z)).mean())
    elbo = reconstruction - kl_prior
    return {
        "reconstruction": reconstruction,
        "scale": scale,
        "kl": float(each.sum()),
        "kl_prior": kl_prior,
        "elbo": elbo,
        "bits_per_dimension": -elbo / (x[0].numel() * math.log(2)),
        "active_units": float((each > ACTIVE).sum()),
        "latent": float(mean.shape[1]),
    }


def log_likelihood(x: Tensor, y: Tensor, scale: float) -> Tensor:
    """log P(level of x) under a Laplace distribution around ``y``, element by element, in nats.

    ``x`` holds levels k/127.5 - 1; the outermost levels take the tails, so that 256 levels add up to 1.
    """
    import torch

    x, y = x.double(), y.double()
    left = torch.where(x <= -1 + _LEVEL / 2, -torch.inf, x - _LEVEL / 2)
    right = torch.where(x >= 1 - _LEVEL / 2, torch.inf, x + _LEVEL / 2)
    # By symmetry the level is looked at from the side on which it lies, where exponentials are small.
    below = (left + right) / 2 < y
    near = torch.where(below, y - right, left - y) / scale
    far = torch.where(below, y - left, right - y) / scale
    around = near < 0  # the centre lies inside the level
    outside = -near.clamp_min(0) + torch.log(0.5 * -torch.expm1(-(far - near.clamp_min(0))))
    inside = torch.log(1 - 0.5 * torch.exp(near.clamp_max(0)) - 0.5 * torch.exp(-far))
    return torch.where(around, inside, outside)
