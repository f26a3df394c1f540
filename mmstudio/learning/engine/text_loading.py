"""A model folder → a :class:`TextModel`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmstudio.errors import StudioError
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_weights, weights_id
from mmstudio.learning.engine.prior import prior_from
from mmstudio.learning.engine.task import take
from mmstudio.learning.nets.text import filled, make_lm, make_text_vae
from mmstudio.learning.texts.bpe import load_bpe
from mmstudio.learning.texts.copying import load_index
from mmstudio.learning.texts.likeness import load_likeness
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.ngram import BESIDE_VAE, NGRAM, SHARES, Mixture, load_ngram


def load_text_model(folder: Path, device: torch.device) -> TextModel:
    """Rebuild a text-lm or text-vae.

    Raises:
        NotFound: no weights yet. StudioError: damaged, without its vocabulary, or from a newer MM Studio.
    """
    config = load_config(folder)
    weights = load_weights(folder)
    bpe = load_bpe(folder)
    random = torch.Generator().manual_seed(0)
    vae = config.family == "text-vae"
    net: nn.Module = (
        filled(lambda: make_text_vae(config, len(bpe)), device, random)
        if vae
        else filled(lambda: make_lm(config, len(bpe)), device, random)
    )
    if take(net, weights, "text.") < len(net.state_dict()):
        raise StudioError(
            "The weights of “{name}” and its vocabulary do not belong together.",
            hint="Restore the model's folder from a copy, or train it again.",
            name=folder.name,
        )
    net.requires_grad_(False).eval()
    prior = prior_from(weights, config.latent) if vae else None
    mixture = _beside(folder, len(bpe)) if vae else _mixture(folder, weights, len(bpe))
    likeness = load_likeness(folder) if vae else None
    return TextModel(
        config, net, bpe, device, load_index(folder), prior, weights_id(folder), mixture, likeness
    )


def _beside(folder: Path, symbols: int) -> Mixture | None:
    """The counts that a text VAE writes with; None for one of an earlier version, or told to do without."""
    ngram = load_ngram(folder)
    if ngram is None or ngram.symbols != symbols:
        return None
    return Mixture(ngram, np.full(ngram.order, BESIDE_VAE))


def _mixture(folder: Path, weights: dict[str, Tensor], symbols: int) -> Mixture | None:
    """The counts that a text writer was mixed with; None for one that writes alone."""
    if SHARES not in weights:
        return None
    ngram, shares = load_ngram(folder), weights[SHARES].double().numpy()
    if ngram is None or ngram.symbols != symbols or ngram.order != len(shares):
        raise StudioError(
            "The counted phrases of “{name}” ({file}) are missing or damaged.",
            hint="Restore the model's folder from a copy, or train it again.",
            name=folder.name,
            file=NGRAM,
        )
    return Mixture(ngram, shares)
