"""Training of the joint model: a multimodal objective, a learned conditional prior, a GAN over latents."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.joint_codes import (
    Coded,
    all_subsets,
    as_input,
    encode,
    joint_of,
    latents_for,
    likelihood_size,
    make_joint,
)
from mmstudio.learning.engine.joint_gan import MOST_ROUNDS, train_gan, untrained
from mmstudio.learning.engine.joint_prior import score_samplers
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.engine.set_data import SetData
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.joint.parts import Part, objective_of, read_parts
from mmstudio.learning.nets.joint import JointNet, fill
from mmstudio.learning.objectives.joint import (
    contrast,
    kl_standard,
    log_loss,
    log_normal,
    mixture_log_density,
    mvtcae,
    product,
    random_subsets,
    rescaling,
)

COMPONENTS = 20
PRIOR_EXAMPLES = 4096
REPEATS = 2  # noises and times that the conditional prior sees of each example in a step
_CHUNK = 256


class JointTask(Task[SetData]):
    """Adam on the objective of the config (MVTCAE, MMVAE+ or MoPoE) and on the flow-matching loss of the
    conditional prior p(z | some parts); in the end a small R3GAN over joint latents."""

    averaged = "joint"

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.kinds: tuple[Part, ...] = read_parts(config.parts)
        self.objective = objective_of(config.parts)
        self.net = make_joint(config).to(device)
        fill(self.net, self.random)
        self.nets = {"joint": self.net}
        self.optimisers = {
            "joint": torch.optim.Adam(
                self.net.parameters(), lr=config.rate, fused=device.type == "cpu" or None
            ),
        }
        self.average = Average(self.net, config.options["half_life"])
        self.scales = rescaling([likelihood_size(part) for part in self.kinds])
        self.most = max(likelihood_size(part) for part in self.kinds)
        self._ended = False

    # -- a step ------------------------------------------------------------------------------------------

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options = self.config.options
        x, present = self._inputs(batch)
        coded = encode(self.net, x, present)
        used = coded.present
        if options.get("modality_drop", 0.0) > 0:
            used = random_subsets(coded.present, options["modality_drop"], self.random)
        loss, said, z = self._objective(x, coded, used)
        loss = loss / self.most
        if self.net.flow is not None:
            matched = self._match(z.detach(), coded)
            loss = loss + options["flow"] * matched
            said["flow"] = matched
            if options.get("align", 0.0) > 0:
                aligned = contrast(coded.told, coded.present)
                loss = loss + options["align"] * aligned
                said["align"] = aligned
        self.optimisers["joint"].zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = clipped(self.net, 1.0)
        self.optimisers["joint"].step()
        found = {"loss": loss.item(), "gradient": norm}
        found |= {name: value.item() for name, value in said.items()}
        self._ended = step + 1 >= self.config.steps
        yield found

    def _inputs(self, batch: Batch) -> tuple[list[Tensor], Tensor]:
        x = [as_input(part, batch.parts[part.name]).to(self.device) for part in self.kinds]
        present = torch.stack([batch.present[part.name] for part in self.kinds], dim=1)
        return x, present.to(self.device)

    def _objective(
        self, x: list[Tensor], coded: Coded, used: Tensor
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        if self.objective == "mmvae+":
            return self._mmvae_plus(x, coded)
        if self.objective == "mopoe":
            return self._mopoe(x, coded)
        joint = product(coded.means, coded.log_variances, used)
        z = self._draw(*joint)
        redrawn = torch.stack(self._losses(x, z, coded.present), dim=1)
        alpha, beta = self.config.options["alpha"], self.config.options["beta"]
        # What modality dropout hid is still to be drawn, but says nothing of the latent.
        loss, said = mvtcae(redrawn, coded.present, joint, coded.means, coded.log_variances, alpha, beta)
        return loss, said, z

    def _mopoe(self, x: list[Tensor], coded: Coded) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Mixture of the products of all subsets (Sutter et al., 2021): each row is drawn from one of them,
        the Kullback-Leibler terms of all count equally."""
        present, subsets = coded.present, all_subsets(len(self.kinds))
        there = torch.stack([present[:, s].all(1) for s in subsets], dim=1)
        means, spreads, kls = [], [], []
        for subset in subsets:
            kept = torch.zeros_like(present)
            kept[:, subset] = present[:, subset]
            mean, spread = product(coded.means, coded.log_variances, kept)
            means.append(mean)
            spreads.append(spread)
            kls.append(kl_standard(mean, spread))
        share = there.float() / there.sum(1, keepdim=True).clamp_min(1)
        lots = torch.multinomial(share.cpu() + 1e-12, 1, generator=self.random)[:, 0].to(self.device)
        row = torch.arange(len(present), device=self.device)
        z = self._draw(torch.stack(means)[lots, row], torch.stack(spreads)[lots, row])
        likely = sum(self._losses(x, z, present), z.new_zeros(len(z))).mean()
        bound = (share * torch.stack(kls, dim=1)).sum(1).mean()
        return likely + self.config.options["beta"] * bound, {"redrawn": likely, "kl": bound}, z

    def _mmvae_plus(self, x: list[Tensor], coded: Coded) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """MMVAE+ with K = 1 (Palumbo et al., 2023, equation 4): from each part draw itself with its private
        latent and every other with one from the learned private prior."""
        net, latent, present = self.net, self.net.latent, coded.present
        means, spreads = coded.means[..., :latent], coded.log_variances[..., :latent]
        own_means, own_spreads = coded.means[..., latent:], coded.log_variances[..., latent:]
        u = [self._draw(mean, spread) for mean, spread in zip(means, spreads, strict=True)]
        w = [self._draw(mean, spread) for mean, spread in zip(own_means, own_spreads, strict=True)]
        count, rows = len(self.kinds), len(present)
        likely = [u[0].new_zeros(rows) for _ in range(count)]
        for target in range(count):
            drawn = [torch.randn(rows, net.private, generator=self.random) for _ in range(count)]
            scale = torch.exp(0.5 * net.spreads[target])
            full = [
                torch.cat([u[s], w[s] if s == target else drawn[s].to(self.device) * scale], dim=1)
                for s in range(count)
            ]
            made = net.decoders[target](torch.cat(full))  # one large pass is quicker than many small ones
            wanted = x[target].repeat(count, *[1] * (x[target].ndim - 1))
            each = log_loss(self.kinds[target].kind, made, wanted) * self.scales[target]
            for source, part in enumerate(each.chunk(count)):
                likely[source] = likely[source] + part * present[:, target]
        total = u[0].new_zeros(())
        redrawn, bounds = u[0].new_zeros(()), u[0].new_zeros(())
        there = present.float() / present.sum(1, keepdim=True).clamp_min(1)
        zeros = torch.zeros_like(u[0])
        for source in range(count):
            bound = (
                mixture_log_density(u[source], means, spreads, present)
                - log_normal(u[source], zeros, zeros)
                + log_normal(w[source], own_means[source], own_spreads[source])
                - log_normal(w[source], torch.zeros_like(w[source]), torch.zeros_like(w[source]))
            )
            weight = there[:, source]
            redrawn = redrawn + (weight * likely[source]).sum() / rows
            bounds = bounds + (weight * bound).sum() / rows
        total = redrawn + self.config.options["beta"] * bounds
        lots = torch.multinomial(there.cpu() + 1e-12, 1, generator=self.random)[:, 0].to(self.device)
        z = torch.stack(u)[lots, torch.arange(rows, device=self.device)]
        return total, {"redrawn": redrawn, "kl": bounds}, z

    def _losses(self, x: list[Tensor], z: Tensor, present: Tensor) -> list[Tensor]:
        """Rescaled -log p(xₘ | z) per part: N each, 0 where absent (those rows are not decoded at all)."""
        found = []
        for m, part in enumerate(self.kinds):
            there = present[:, m]
            whole = bool(there.all())
            if not whole and not bool(there.any()):
                found.append(z.new_zeros(len(z)))
                continue
            made = self.net.decoders[m](z if whole else z[there])
            each = log_loss(part.kind, made, x[m] if whole else x[m][there]) * self.scales[m]
            found.append(each if whole else z.new_zeros(len(z)).masked_scatter(there, each))
        return found

    def _match(self, z: Tensor, coded: Coded) -> Tensor:
        """Conditional flow matching (Lipman et al., 2023, equation 23) on the straight path from noise to
        z, told a random subset of the parts, now and then none."""
        assert self.net.flow is not None
        target = z.repeat(REPEATS, 1)
        told = [c.repeat(REPEATS, 1) for c in coded.told]
        drop = torch.rand(1, generator=self.random).item()
        kept = random_subsets(coded.present.repeat(REPEATS, 1), 0.25 + 0.5 * drop, self.random, empty=True)
        noise = torch.randn(target.shape, generator=self.random).to(self.device)
        time = torch.rand(len(target), generator=self.random).to(self.device)
        along = time[:, None]
        velocity = self.net.flow((1 - along) * noise + along * target, time, self.net.known(told, kept))
        return functional.mse_loss(velocity, target - noise)

    def _draw(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        noise = torch.randn(mean.shape, generator=self.random).to(self.device)
        return mean + noise * torch.exp(0.5 * log_variance)

    # -- afterwards --------------------------------------------------------------------------------------

    @torch.no_grad()
    def finish(self, data: SetData) -> dict[str, Tensor]:
        """The Gaussian mixture over joint latents; at the end of the training also the GAN that corrects its
        draws (a few seconds), and the samplers' scores."""
        most = PRIOR_EXAMPLES if self._ended else 512
        net = self.average.net
        assert isinstance(net, JointNet)
        means, variances = self._posteriors(net, data, most)
        prior = fit_prior(means, variances, COMPONENTS, self.config.seed)
        found, seed, options = prior.tensors(), self.config.seed, self.config.options
        generator = untrained(self.config.latent, torch.Generator().manual_seed(seed))
        if self._ended and options.get("gan", 1.0) > 0:
            rounds = min(MOST_ROUNDS, self.config.steps // 2)
            generator = train_gan(means, variances, prior, rounds, options["gamma"], seed)
        found |= {f"generator.{name}": value for name, value in generator.state_dict().items()}
        if self._ended:
            scores = score_samplers(
                net, self.kinds, self.objective, prior, generator.to(self.device), data, seed
            )
            found |= {f"score.{name}": torch.tensor(value) for name, value in scores.items()}
        return found

    def _posteriors(self, net: JointNet, data: SetData, most: int) -> tuple[Tensor, Tensor]:
        count = min(len(data), most)
        which = [len(data) * i // count for i in range(count)]
        means, variances = [], []
        for first in range(0, count, _CHUNK):
            x, present = self._inputs(data.rows(which[first : first + _CHUNK]))
            mean, log_variance = joint_of(net, self.objective, encode(net, x, present))
            means.append(mean.cpu())
            variances.append(log_variance.exp().cpu())
        return torch.cat(means), torch.cat(variances)

    @torch.no_grad()
    def preview(self, data: SetData, seed: int, count: int) -> Tensor:
        """Pictures drawn for what is known of the first sets, below the real ones; empty without pictures."""
        pictures = [m for m, part in enumerate(self.kinds) if part.kind == "picture" and part.shape[0] == 3]
        if not pictures or not len(data):
            return torch.empty(0)
        m, net = pictures[0], self.average.net
        assert isinstance(net, JointNet)
        row = max(1, count // 4)
        x, present = self._inputs(data.rows([i % len(data) for i in range(row)]))
        coded = encode(net, x, present)
        others = present.clone()
        others[:, m] = False
        random = torch.Generator().manual_seed(seed)
        made = [x[m]]
        for kept in (present, others, torch.zeros_like(present)):
            z = latents_for(net, self.objective, coded, kept, random)
            own = torch.zeros(len(z), net.private, device=z.device)
            made.append(net.decoders[m](torch.cat([z, own], dim=1)))
        return torch.cat(made).clamp(0, 1).mul(2).sub(1)

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._ended = int(state.numbers.get("step", 0)) >= self.config.steps

    def start_from(self, weights: dict[str, Tensor]) -> None:
        for name, net in self.nets.items():
            take(net, weights, f"{name}.")
        self.average = Average(self.net, self.config.options["half_life"])


def clipped(net: nn.Module, most: float) -> float:
    """The norm of all gradients together, which are scaled down to ``most`` where it is larger; as
    ``clip_grad_norm_``, in a few calls for all of them instead of several for each."""
    grads = [p.grad for p in net.parameters() if p.grad is not None]
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))))
    if norm > most:  # not-a-number stays what it is: the trainer sees it in the losses
        torch._foreach_mul_(grads, most / (norm + 1e-6))
    return norm
