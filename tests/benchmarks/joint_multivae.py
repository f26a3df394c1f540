"""The package multivae trained on the networks of our joint model; imported only where it is installed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from joint_sets import Array, Task, as_float
from multivae.data.datasets.base import IncompleteDataset, MultimodalBaseDataset
from multivae.models import MVTCAE, MMVAEPlus, MMVAEPlusConfig, MoPoE, MoPoEConfig, MVTCAEConfig
from multivae.models.base import BaseDecoder, BaseEncoder
from pythae.models.base.base_utils import ModelOutput
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.nets.joint import fill, make_decoder, make_encoder

Made = dict[str, Array]
WIDTH, HIDDEN = 16, 128
_FEW = 20  # rows drawn by one call


class Encoder(BaseEncoder):  # type: ignore[misc]
    """Our encoder and head behind multivae's door; ``private`` numbers are its style."""

    def __init__(self, part: Part, latent: int, private: int) -> None:
        super().__init__()
        self.latent_dim = latent
        self.style_dim = private
        self.tokens = part.kind == "tokens"
        self.net = make_encoder(part, WIDTH, HIDDEN)
        self.head = nn.Linear(HIDDEN, 2 * (latent + private))

    def forward(self, x: Tensor) -> ModelOutput:
        mean, spread = self.head(self.net(x.argmax(-1) if self.tokens else x)).chunk(2, dim=1)
        n = self.latent_dim
        # Copies: multivae writes into them where rows are missing.
        found = ModelOutput(embedding=mean[:, :n].clone(), log_covariance=spread[:, :n].clone())
        if self.style_dim:
            found["style_embedding"], found["style_log_covariance"] = mean[:, n:], spread[:, n:]
        return found


class Decoder(BaseDecoder):  # type: ignore[misc]
    """Our decoder."""

    def __init__(self, part: Part, latent: int) -> None:
        super().__init__()
        self.latent_dim = latent
        self.net = make_decoder(part, WIDTH, HIDDEN, latent)

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.net(z))


def made(task: Task, method: str, latent: int, private: int, seed: int) -> Any:
    """An untrained model of theirs: "MVTCAE", "MoPoE" or "MMVAE+", as published but for latent and epochs."""
    shapes = {p.name: (*p.shape, p.vocabulary) if p.kind == "tokens" else p.shape for p in task.parts}
    kinds = {p.name: "categorical" if p.kind == "tokens" else "laplace" for p in task.parts}
    common: dict[str, Any] = {
        "n_modalities": len(task.parts),
        "latent_dim": latent,
        "input_dims": shapes,
        "decoders_dist": kinds,
        "decoder_dist_params": {p.name: {"scale": 0.75} for p in task.parts if p.kind == "picture"},
        "uses_likelihood_rescaling": True,
    }
    own = private if method == "MMVAE+" else 0
    random = torch.Generator().manual_seed(seed)
    encoders = {p.name: fill(Encoder(p, latent, own), random) for p in task.parts}
    decoders = {p.name: fill(Decoder(p, latent + own), random) for p in task.parts}
    if method == "MVTCAE":
        return MVTCAE(MVTCAEConfig(**common, alpha=5 / 6, beta=2.5), encoders, decoders)
    if method == "MoPoE":
        return MoPoE(MoPoEConfig(**common, beta=1.0), encoders, decoders)
    config = MMVAEPlusConfig(
        **common,
        K=1,
        beta=1.0,
        modalities_specific_dim=own,
        prior_and_posterior_dist="normal",
        learn_modality_prior=True,
        loss="iwae_looser",
        reconstruction_option="single_prior",
    )
    return MMVAEPlus(config, encoders, decoders)


def take_weights(model: Any, task: Task, weights: Mapping[str, Tensor]) -> None:
    """Copy our network's weights (names of ``JointNet``) into a model of theirs."""
    with torch.no_grad():
        for m, part in enumerate(task.parts):
            for name, own in model.encoders[part.name].named_parameters():
                head, _, rest = name.partition(".")
                own.copy_(weights[f"{'encoders' if head == 'net' else 'heads'}.{m}.{rest}"])
            for name, own in model.decoders[part.name].named_parameters():
                own.copy_(weights[f"decoders.{m}.{name.partition('.')[2]}"])


def rows_of(task: Task, arrays: Mapping[str, Array]) -> dict[str, Tensor]:
    """Arrays as multivae takes them: tokens as one-hot rows."""
    found = {}
    for part in task.parts:
        if part.name in arrays:
            x = as_float(arrays[part.name])
            found[part.name] = functional.one_hot(x, part.vocabulary).float() if part.kind == "tokens" else x
    return found


class Training:
    """A model of theirs and its bare steps: Adam on the loss, data in memory, no loader."""

    def __init__(self, task: Task, model: Any, present: Made, batch: int, rate: float, seed: int) -> None:
        self.x, self.model, self.batch, self.rate = rows_of(task, task.train), model, batch, rate
        self.masks = {name: torch.from_numpy(there) for name, there in present.items()}
        self.whole = all(there.all() for there in present.values())
        self.optimiser = torch.optim.Adam(model.parameters(), lr=rate)
        self.random = np.random.default_rng(seed)
        self.order = np.empty(0, np.int64)

    def step(self, progress: float) -> float:
        """One step; the rate follows the same cosine as ours."""
        if len(self.order) < self.batch:
            self.order = np.concatenate(
                [self.order, self.random.permutation(len(next(iter(self.x.values()))))]
            )
        rows, self.order = self.order[: self.batch], self.order[self.batch :]
        data = {name: x[rows] for name, x in self.x.items()}
        if self.whole:
            given = MultimodalBaseDataset(data=data)
        else:
            given = IncompleteDataset(
                data=data, masks={name: mask[rows] for name, mask in self.masks.items()}
            )
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * (0.1 + 0.45 * (1 + np.cos(np.pi * progress)))
        self.optimiser.zero_grad()
        loss = self.model(given).loss
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())


def loop(task: Task, method: str, present: Made, batch: int, rate: float, latent: int, rows: int) -> float:
    """Examples a CPU second of an epoch of their own trainer, its loader included."""
    from multivae.trainers import BaseTrainer, BaseTrainerConfig

    x = {name: whole[:rows] for name, whole in rows_of(task, task.train).items()}
    masks = {name: torch.from_numpy(there[:rows]) for name, there in present.items()}
    whole = all(bool(mask.all()) for mask in masks.values())
    data = MultimodalBaseDataset(data=x) if whole else IncompleteDataset(data=x, masks=masks)
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=1,
            per_device_train_batch_size=batch,
            learning_rate=rate,
            no_cuda=True,
        )
        trainer = BaseTrainer(made(task, method, latent, 16, 0), train_dataset=data, training_config=config)
        trainer.prepare_training()
        started = time.process_time()
        trainer.train_step(1)
        return rows / (time.process_time() - started)


def train(
    task: Task,
    method: str,
    steps: int,
    seed: int,
    present: Made,
    batch: int,
    rate: float,
    latent: int,
    own: int,
) -> tuple[Callable[[Made, list[str], int], Made], dict[str, Any], float, int]:
    """(draw, whole sets by sampler, CPU seconds of training, weights)."""
    torch.manual_seed(seed)
    model = made(task, method, latent, own, seed)
    training = Training(task, model, present, batch, rate, seed)
    started = time.process_time()
    for step in range(steps):
        training.step(step / steps)
    spent = time.process_time() - started
    model.eval()

    @torch.no_grad()
    def draw(given: Made, want: list[str], at: int) -> Made:
        torch.manual_seed(at)
        np.random.seed(at)  # noqa: NPY002  # MMVAE+ chooses its expert by it, one for all rows of a call
        count = len(next(iter(given.values())))
        filled = {p.name: given.get(p.name, task.held[p.name][np.zeros(count, int)]) for p in task.parts}
        x, pieces = rows_of(task, filled), []  # MoPoE encodes all
        for first in range(0, count, _FEW):
            data = MultimodalBaseDataset(data={name: rows[first : first + _FEW] for name, rows in x.items()})
            pieces.append(model.predict(data, list(given), want, N=1, flatten=True))
        return {
            name: np.concatenate([_rows(task, name, piece[name].detach()) for piece in pieces])
            for name in want
        }

    @torch.no_grad()
    def prior(count: int, at: int) -> Made:
        torch.manual_seed(at)
        found = model.decode(model.generate_from_prior(count))
        return {part.name: _rows(task, part.name, found[part.name]) for part in task.parts}

    @torch.no_grad()
    def mixture(count: int, at: int) -> Made:
        torch.manual_seed(at)
        some = MultimodalBaseDataset(data={name: x[:2000] for name, x in training.x.items()})
        coded = model.encode(some, "all", N=1, flatten=True)
        z = coded.z.reshape(2000, -1)
        drawn = fit_prior(z, torch.full_like(z, 1e-4), 10, at).draw(count, torch.Generator().manual_seed(at))
        coded["z"] = drawn
        if not coded.one_latent_space:
            coded["modalities_z"] = {
                name: fit_prior(w.reshape(2000, -1), torch.full_like(w.reshape(2000, -1), 1e-4), 10, at).draw(
                    count, torch.Generator().manual_seed(at + 1)
                )
                for name, w in coded.modalities_z.items()
            }
        found = model.decode(coded)
        return {part.name: _rows(task, part.name, found[part.name]) for part in task.parts}

    weights = sum(p.numel() for p in model.parameters())
    return draw, {"prior": prior, "mixture": mixture}, spent, weights


def _rows(task: Task, name: str, rows: Tensor) -> Array:
    part = next(p for p in task.parts if p.name == name)
    if part.kind == "tokens":
        return rows.reshape(-1, *part.shape, part.vocabulary).argmax(-1).numpy()
    made = rows.reshape(-1, *part.shape).mul(255).round().clamp(0, 255).to(torch.uint8).numpy()
    return np.asarray(made)
