"""Training of the joint model: a multimodal objective, a learned conditional prior, a GAN over latents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.flat import Flat, FlatAverage
from mmstudio.learning.engine.joint_codes import (
    Coded,
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
from mmstudio.learning.nets.joint_stack import (
    Stack,
    chosen_rows,
    decode_alone,
    decode_pictures,
    in_order,
    pick_rows,
    repeated,
    rows_lie_innermost,
    spread_rows,
    stacks_of,
)
from mmstudio.learning.objectives.joint import (
    contrast,
    kl_standard,
    log_loss,
    log_normal,
    mixture_log_densities,
    mvtcae,
    product,
    random_subsets,
    rescaling,
    subset_products,
)
from mmstudio.learning.objectives.joint_quick import joined, laplace_loss

COMPONENTS = 20
PRIOR_EXAMPLES = 4096
AVERAGED = 0.02  # of what was seen is the longest half-life of the weights' average (docs/adr/0238)
REPEATS = 2  # noises and times that the conditional prior sees of each example in a step
_CHUNK = 256


@dataclass(slots=True)
class Given:
    """A batch: each part as its network sees it (nothing for those of a stack), each stack's pictures
    M×N×S×S×C, and what the encoders say."""

    x: list[Tensor]
    stacked: list[Tensor]
    coded: Coded


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
        self.stacks = stacks_of(self.net, self.kinds)
        self._together = [names for stack in self.stacks for names in stack.names.values()]
        self.flat = Flat(self.net, self._together)
        for stack in self.stacks:
            stack.weights = {key: self.flat.stacked[names[0]] for key, names in stack.names.items()}
        self._alone = [m for m in range(len(self.kinds)) if all(m not in s.which for s in self.stacks)]
        self.optimisers = {
            "joint": torch.optim.Adam([self.flat.tensor], lr=config.rate, fused=device.type == "cpu" or None),
        }
        self.average = self._averaged()
        self.scales = rescaling([likelihood_size(part) for part in self.kinds])
        self.most = max(likelihood_size(part) for part in self.kinds)
        self._ended = False

    def _averaged(self) -> Average:
        half_life = self.config.options["half_life"]
        return FlatAverage(self.net, half_life, self.flat, self._together, AVERAGED)

    # -- a step ------------------------------------------------------------------------------------------

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options = self.config.options
        x, present = self._inputs(batch, alone=True)
        stacked = [self._stacked(stack, batch) for stack in self.stacks]
        coded = encode(self.net, x, present, self.stacks, stacked, quick=True)
        given = Given(x, stacked, coded)
        used = coded.present
        if options.get("modality_drop", 0.0) > 0:
            used = random_subsets(coded.present, options["modality_drop"], self.random)
        loss, said, z = self._objective(given, used)
        loss = loss / self.most
        if self.net.flow is not None:
            matched = self._match(z.detach(), coded)
            loss = loss + options["flow"] * matched
            said["flow"] = matched
            if options.get("align", 0.0) > 0:
                aligned = contrast(coded.told, coded.present)
                loss = loss + options["align"] * aligned
                said["align"] = aligned
        # As published, nothing is clipped: that held MMVAE+ back. The bound is against a step gone wild.
        norm = clipped(self.flat.gradients(loss), 1.0 if self.net.flow is not None else 100.0)
        self.optimisers["joint"].step()
        values = torch.stack([loss.detach(), norm, *(value.detach() for value in said.values())]).tolist()
        self._ended = step + 1 >= self.config.steps
        yield dict(zip(("loss", "gradient", *said), values, strict=True))

    def _inputs(self, batch: Batch, alone: bool = False) -> tuple[list[Tensor], Tensor]:
        """Each part as its network sees it, and which are there N×M; ``alone``: nothing for a stack's."""
        blank = torch.empty(0)
        x = [
            blank
            if alone and m not in self._alone
            else as_input(part, batch.parts[part.name]).to(self.device)
            for m, part in enumerate(self.kinds)
        ]
        present = torch.stack([batch.present[part.name] for part in self.kinds], dim=1)
        return x, present.to(self.device)

    def _stacked(self, stack: Stack, batch: Batch) -> Tensor:
        """M×N×S×S×C in [0, 1]; laid out as the encoders like it."""
        whole = torch.stack([batch.parts[self.kinds[m].name] for m in stack.which])
        count, rows, channels, side = whole.shape[:4]
        if rows_lie_innermost(self.device, count * rows, side, channels, self.config.widths[0]):
            laid = whole.permute(0, 2, 3, 4, 1).contiguous().transpose(1, 4)
        else:
            laid = whole.permute(0, 1, 3, 4, 2).contiguous()
        return as_input(self.kinds[stack.which[0]], laid.to(self.device))

    def _objective(self, given: Given, used: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        if self.objective == "mmvae+":
            return self._mmvae_plus(given)
        if self.objective == "mopoe":
            return self._mopoe(given)
        coded = given.coded
        if used is coded.present:
            return self._mvtcae_whole(given)
        joint = product(coded.means, coded.log_variances, used)
        z = self._draw(*joint)
        redrawn = self._redrawn(given, z.expand(len(self.kinds), *z.shape), coded.present).T
        alpha, beta = self.config.options["alpha"], self.config.options["beta"]
        # What modality dropout hid is still to be drawn, but says nothing of the latent.
        loss, said = mvtcae(redrawn, coded.present, joint, coded.means, coded.log_variances, alpha, beta)
        return loss, said, z

    def _mvtcae_whole(self, given: Given) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The same where modality dropout hides nothing."""
        coded, count = given.coded, len(self.kinds)
        noise = torch.randn(coded.means.shape[1:], generator=self.random).to(self.device)
        z, apart, prior = joined(coded.means, coded.log_variances, coded.present, noise)
        likely = self._redrawn(given, z.expand(count, *z.shape), coded.present).sum() / len(z)
        alpha, beta = self.config.options["alpha"], self.config.options["beta"]
        loss = (count - alpha) / count * likely + beta * alpha / count * apart + beta * (1 - alpha) * prior
        return loss, {"redrawn": likely, "kl": prior, "kl_parts": apart}, z

    def _mopoe(self, given: Given) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Mixture of the products of all subsets (Sutter et al., 2021): each row is drawn from one of them,
        the Kullback-Leibler terms of all count equally."""
        coded = given.coded
        present = coded.present
        means, spreads, there = subset_products(coded.means, coded.log_variances, present)
        bounds = kl_standard(means.flatten(0, 1), spreads.flatten(0, 1)).view(there.shape)
        share = there.float() / there.sum(0).clamp_min(1)
        lots = torch.multinomial(share.T.cpu() + 1e-12, 1, generator=self.random)[:, 0].to(self.device)
        row = torch.arange(len(present), device=self.device)
        z = self._draw(means[lots, row], spreads[lots, row])
        likely = self._redrawn(given, z.expand(len(self.kinds), *z.shape), present).sum(0).mean()
        bound = (share * bounds).sum(0).mean()
        return likely + self.config.options["beta"] * bound, {"redrawn": likely, "kl": bound}, z

    def _mmvae_plus(self, given: Given) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """MMVAE+ with K = 1 (Palumbo et al., 2023, equation 4): from each part draw itself with its private
        latent and every other with one from the learned private prior. Pairs of which one is absent are not
        drawn."""
        net, coded = self.net, given.coded
        latent, present, count, rows = net.latent, coded.present, len(self.kinds), len(coded.present)
        means, spreads = coded.means[..., :latent], coded.log_variances[..., :latent]
        own_means, own_spreads = coded.means[..., latent:], coded.log_variances[..., latent:]
        u, w = self._draw(means, spreads), self._draw(own_means, own_spreads)
        noise = torch.randn(count, count, rows, net.private, generator=self.random).to(self.device)
        private = noise * torch.exp(0.5 * torch.stack(list(net.spreads)))[:, None, None]
        itself = torch.eye(count, dtype=torch.bool, device=self.device)[:, :, None, None]
        private = torch.where(itself, w.unsqueeze(0), private)
        z = torch.cat([u.expand(count, *u.shape), private], dim=3).flatten(1, 2)  # targets × (sources · rows)
        pairs = present.T.unsqueeze(1) & present.T.unsqueeze(0)
        likely = self._redrawn(given, z, pairs.flatten(1).T).view(count, count, rows).sum(0)
        bound = (
            mixture_log_densities(u, means, spreads, present)
            - log_normal(u, u.new_zeros(()), u.new_zeros(()))
            + log_normal(w, own_means, own_spreads)
            - log_normal(w, w.new_zeros(()), w.new_zeros(()))
        )
        weight = (present.float() / present.sum(1, keepdim=True).clamp_min(1)).T
        redrawn, bounds = (weight * likely).sum() / rows, (weight * bound).sum() / rows
        lots = torch.multinomial(weight.T.cpu() + 1e-12, 1, generator=self.random)[:, 0].to(self.device)
        chosen = u[lots, torch.arange(rows, device=self.device)]
        total = redrawn + self.config.options["beta"] * bounds
        return total, {"redrawn": redrawn, "kl": bounds}, chosen

    def _redrawn(self, given: Given, z: Tensor, wanted: Tensor) -> Tensor:
        """Rescaled -log p(xₘ | z) for latents M×(K·N)×L, K of each row one after another: M×(K·N), 0 where
        not ``wanted`` (bool (K·N)×M): those are not decoded at all."""
        count, everything = z.shape[1], bool(wanted.all())
        pieces: list[tuple[Sequence[int], Tensor]] = []
        for stack, x in zip(self.stacks, given.stacked, strict=True):
            which = list(stack.which)
            chosen = None if everything else chosen_rows(wanted[:, which])
            if z.stride(0) == 0:  # one latent for all parts
                own = z[: len(which)]
            else:
                own = z if len(which) == len(z) else z[which]
            made = decode_pictures(stack.under("decoder."), pick_rows(own, chosen))
            target = pick_rows(x, chosen) if chosen is not None else repeated(x, count // x.shape[1])
            each = laplace_loss(made, target, 2)
            each = spread_rows(each.unsqueeze(2), chosen, count).squeeze(2)
            pieces.append((which, each * self.scales[which[0]]))  # parts of one shape have one scale
        for m in self._alone:
            there, kind = wanted[:, m], self.kinds[m].kind
            whole = everything or bool(there.all())
            rows = None if whole else torch.nonzero(there)[:, 0]
            if rows is not None and not len(rows):
                pieces.append(((m,), z.new_zeros(1, count)))
                continue
            made = decode_alone(self.net.decoders[m], z[m] if rows is None else z[m][rows])
            target = given.x[m]
            if rows is not None:
                target = target[rows % len(target)]
            elif count > len(target):
                target = target.repeat(count // len(target), *[1] * (target.ndim - 1))
            each = log_loss(kind, made, target) * self.scales[m]
            each = each if rows is None else z.new_zeros(count).index_put((rows,), each)
            pieces.append(((m,), each.unsqueeze(0)))
        return in_order(pieces)

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
        super().restore(self._flattened(state))
        self._ended = int(state.numbers.get("step", 0)) >= self.config.steps

    def start_from(self, weights: dict[str, Tensor]) -> None:
        for name, net in self.nets.items():
            take(net, weights, f"{name}.")
        self.average = self._averaged()

    def _flattened(self, state: TrainingState) -> TrainingState:
        """A state of before the parameters lay together has the optimiser's numbers of each one alone."""
        head = "optimiser.joint."
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.tensors.items():
            if key.startswith(head):
                index, slot = key[len(head) :].split(".")
                slots.setdefault(int(index), {})[slot] = value
        one = slots.get(0, {}).get("exp_avg")
        if one is None or (len(slots) == 1 and one.shape == self.flat.tensor.shape):
            return state
        names = [name for name, _ in self.net.named_parameters()]
        kept = {key: value for key, value in state.tensors.items() if not key.startswith(head)}
        kept |= {f"{head}0.{slot}": value for slot, value in self.flat.gathered(slots, names).items()}
        return TrainingState(kept, state.numbers)


def clipped(gradient: Tensor, most: float) -> Tensor:
    """The norm of a gradient, which is scaled down to ``most`` where it is larger. Not-a-number stays what
    it is: the trainer sees it in the losses."""
    norm: Tensor = torch.dot(gradient, gradient).sqrt()
    if norm.device.type != "cpu" or not norm.item() < most:  # a CPU need not wait for its own numbers
        gradient.mul_((most / (norm + 1e-6)).clamp_max(1.0))
    return norm
