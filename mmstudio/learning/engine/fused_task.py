"""Training of the shared encoder, as the trainer wants it.

Training sees the tokens of the linear path only, each made by a fit without its own group; so steps are
small, and what is learned on top corrects the errors that new media will have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.task import Task
from mmstudio.learning.fusion.forward import encode
from mmstudio.learning.fusion.inputs import media_mask
from mmstudio.learning.fusion.linear import fit_linear
from mmstudio.learning.fusion.measure import by_group, first_of_groups, pair_to_measure, reciprocal_ranks
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.fused import TASKS, FusedNet, pairs_of, single
from mmstudio.learning.objectives.fused import alignment, masked_mean, soft_targets, tag_loss, weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.fusion.examples import Examples

LOOK_EVERY = 20  # steps between two looks at what was held out


class FusedData(ArrayData):
    """Numbers of examples instead of pictures: one example of each of ``count`` different groups."""

    def __init__(self, examples: Examples, seed: int) -> None:
        self.examples, self.seed = examples, seed
        self._orders = {}
        self._train = np.flatnonzero(~examples.held)
        group = examples.group[self._train]
        self._members = [self._train[group == one] for one in np.unique(group)]

    def __len__(self) -> int:
        return len(self._members)

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """int64[≤count, 2]: two examples (often the same) of each group, for mixing."""
        count = min(count, len(self))
        epoch, offset = divmod(seen, len(self))
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self))
        after = np.random.default_rng([self.seed, epoch + 1]).permutation(len(self))
        chosen = np.concatenate([order[offset:], after])[:count]
        _, first = np.unique(chosen, return_index=True)  # a group may come twice where two epochs meet
        draws = torch.rand(len(first), 2, generator=random).numpy()
        rows = [
            [members[int(draw * len(members))] for draw in pair]
            for members, pair in zip([self._members[g] for g in chosen[np.sort(first)]], draws, strict=True)
        ]
        return Batch(torch.from_numpy(np.array(rows, np.int64)))


class FusedTask(Task[FusedData]):
    """Alignment, tags, engagement and reconstruction together, weighed by their uncertainty."""

    averaged = "fused"
    extra: dict[str, Tensor]  # tensors that go into the weights file beside the network's

    def __init__(self, config: ModelConfig, device: torch.device, examples: Examples) -> None:
        super().__init__(config, device)
        self.examples, self.extra = examples, {}
        self.names = examples.names
        labels = examples.labels
        sizes = {name: X.shape[1] for name, X in examples.features.items()}
        width, hidden = config.latent, config.widths[0]
        net = materialise(
            lambda: FusedNet(sizes, len(labels.names), width, hidden), torch.device("cpu"), self.random
        )
        train = ~examples.held
        start = fit_linear(
            {name: X[train] for name, X in examples.features.items()},
            {name: mask[train] for name, mask in examples.present.items()},
            examples.group[train],
            labels.Y[train],
            width,
        )
        with torch.no_grad():
            for name, path in start.items():
                tower = net.tower(name)
                tower.centre.copy_(torch.from_numpy(path.centre))
                tower.base.copy_(torch.from_numpy(path.base))
                net.score(name).weight.zero_()
            for task in TASKS:
                net.gate(task).weight.mul_(0.1)
            net.tags_out.weight.mul_(0.1)
        self.net: FusedNet = net.to(device)
        self.nets = {"fused": self.net}
        slow = ("towers.", "shared.", "own.align.", "gates.align.", "scores.", "sharpness")
        halves: dict[str, list[torch.nn.Parameter]] = {"shared": [], "own": []}
        for name, parameter in self.net.named_parameters():
            halves["shared" if name.startswith(slow) else "own"].append(parameter)
        # What every task shares starts from a good linear solution and moves slowly (see shared_rate): on a
        # few hundred items it would soon learn them by heart.
        self.optimisers = {
            half: torch.optim.AdamW(
                parameters, lr=config.rate, betas=(0.9, 0.99), weight_decay=config.options["decay"]
            )
            for half, parameters in halves.items()
        }
        self.average = Average(self.net, config.options["half_life"])
        # What training sees: tokens of the linear path by a fit that has not seen the row's own group.
        self.linear = {}
        for name, path in start.items():
            full = np.zeros((len(examples), width), np.float32)
            full[train] = path.seen
            self.linear[name] = torch.from_numpy(full).to(device)
        self.X = {name: torch.from_numpy(X).to(device) for name, X in examples.features.items()}
        self.mask = torch.from_numpy(examples.mask()).to(device)
        self.Y = torch.from_numpy(labels.Y).to(device)
        self.known = torch.from_numpy(labels.known).to(device)
        self.engagement = torch.from_numpy(examples.engagement).to(device)
        positive = (labels.Y[train] * labels.known[train]).sum(0)
        negative = labels.known[train].sum(0) - positive
        weight = np.clip(np.sqrt(negative / np.maximum(positive, 1.0)), 1.0, 5.0).astype(np.float32)
        self.weight = torch.from_numpy(weight).to(device)
        self.pair = pair_to_measure(
            {name: mask[examples.held] for name, mask in examples.present.items()},
            examples.group[examples.held],
        )
        # Without anything held out the steps are known: the last weights are the best.
        self.final = not bool(examples.held.any())
        self.best: dict[str, Tensor] = self._copy()
        self.best_score, self.best_step = (0.0 if self.final else self._score()), 0

    # -- a step --------------------------------------------------------------------------------------------

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options = self.config.options
        one, two = batch.x[:, 0].to(self.device), batch.x[:, 1].to(self.device)
        share = self._rand(len(one), 1)
        linear: dict[str, Tensor] = {}
        masks = []
        for i, name in enumerate(self.names):
            both = (self.mask[one, i] & self.mask[two, i])[:, None]
            seen = self.linear[name]
            mixed = torch.where(both, share * seen[one] + (1 - share) * seen[two], seen[one])
            kept = (self._rand(*mixed.shape) >= options["blank"]).float() / (1 - options["blank"])
            linear[name] = mixed * kept
            masks.append(self.mask[one, i])
        mask = torch.stack(masks, dim=1)
        hidden = self.config.widths[0]
        keep = {
            name: (self._rand(len(one), hidden) >= options["drop"]).float() / (1 - options["drop"])
            for name in self.names
        }
        tokens = self.net.tokens(linear, keep)
        losses = torch.stack(
            [
                self._align(tokens, mask, one),
                self._tags(tokens, mask, one),
                self._engage(tokens, mask, one),
                self._rebuild(tokens, mask, one),
            ]
        )
        active = (losses.detach() > 0).float()
        loss = weighed(losses, self.net.log_variances(), active)
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        for optimiser in self.optimisers.values():
            optimiser.step()
        found = {"loss": loss.item(), "gradient": float(norm)}
        found |= {task: losses[i].item() for i, task in enumerate(TASKS) if active[i]}
        if step and step % LOOK_EVERY == 0 and not self.final:
            found["held_out"] = self._look(step)
        yield found

    def _align(self, tokens: Tensor, mask: Tensor, rows: Tensor) -> Tensor:
        total, used = tokens.new_zeros(()), 0
        alone = [self.net.vector(self.net.attend(tokens, single(mask, i))[0]) for i in range(len(self.names))]
        for a, b in pairs_of(self.names):
            both = mask[:, a] & mask[:, b]
            if int(both.sum()) < 2:
                continue
            kin = self.X[self.names[a if self.names[a] == "text" else b]][rows[both]]
            targets = soft_targets(functional.normalize(kin, dim=1), self.config.options["soft"])
            total = total + alignment(alone[a][both], alone[b][both], self.net.sharpness(), targets)
            used += 1
        return total / max(1, used)

    def _tags(self, tokens: Tensor, mask: Tensor, rows: Tensor) -> Tensor:
        if not self.Y.shape[1]:
            return tokens.new_zeros(())
        pooled, _ = self.net.attend(tokens, self._without_text(mask))
        logits = self.net.tags_out(self.net.task(pooled, "tags"))
        return tag_loss(logits, self.Y[rows], self.known[rows], self.weight)

    def _engage(self, tokens: Tensor, mask: Tensor, rows: Tensor) -> Tensor:
        wanted = self.engagement[rows]
        there = torch.isfinite(wanted)
        if not there.any():
            return tokens.new_zeros(())
        pooled, _ = self.net.attend(tokens, self._dropped(mask))
        guess = self.net.engagement_out(self.net.task(pooled, "engagement"))[:, 0]
        each = functional.smooth_l1_loss(guess, torch.nan_to_num(wanted), reduction="none")
        return masked_mean(each, there)

    def _rebuild(self, tokens: Tensor, mask: Tensor, rows: Tensor) -> Tensor:
        pooled, _ = self.net.attend(tokens, self._dropped(mask))
        told = self.net.task(pooled, "reconstruct")
        total = tokens.new_zeros(())
        for i, name in enumerate(self.names):
            made = functional.normalize(self.net.decoders_out[name](told), dim=1)
            each = 1 - (made * functional.normalize(self.X[name][rows], dim=1)).sum(1)
            total = total + masked_mean(each, mask[:, i])
        return total / len(self.names)

    def _without_text(self, mask: Tensor) -> Tensor:
        """Tags are told from the media; from the text only where there is nothing else: it may hold them."""
        if "text" not in self.names:
            return self._dropped(mask)
        media = mask.clone()
        media[:, self.names.index("text")] &= mask.sum(1) == 1
        return self._dropped(media)

    def _dropped(self, mask: Tensor) -> Tensor:
        """Modality dropout (Neverova et al. 2016): each is left out now and then, one always stays."""
        kept = mask & (self._rand(*mask.shape) >= self.config.options["modality_drop"])
        nothing = ~kept.any(1)
        kept[nothing] = mask[nothing]
        return kept

    def _rand(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self.random).to(self.device)

    # -- stopping ------------------------------------------------------------------------------------------

    def _look(self, step: int) -> float:
        score = self._score()
        if score > self.best_score + 1e-4:
            self.best, self.best_score, self.best_step = self._copy(), score, step
        self.satisfied = step - self.best_step >= self.config.options["patience"]
        return round(score, 5)

    def _score(self) -> float:
        """Mean reciprocal rank of what was held out, both ways; without pairs minus the loss of the tags."""
        examples = self.examples
        held = np.flatnonzero(examples.held)
        weights = {
            f"fused.{key}": value.cpu().numpy() for key, value in self.average.net.state_dict().items()
        }
        mask = examples.mask()[held]
        inputs = {name: X[held] for name, X in examples.features.items()}
        group = examples.group[held]
        score = 0.0
        if self.pair is not None:
            sides = []
            for name in self.pair:
                i = self.names.index(name)
                rows = np.flatnonzero(mask[:, i])
                if name == "text":
                    rows = rows[first_of_groups(group[rows])]
                only = np.zeros_like(mask[rows])
                only[:, i] = True
                made = encode(weights, self.names, {n: X[rows] for n, X in inputs.items()}, only)
                sides.append((made.vectors, group[rows]))
            (a, ga), (b, gb) = sides
            score += float(by_group(reciprocal_ranks(a, ga, b, gb), ga).mean())
            score += float(by_group(reciprocal_ranks(b, gb, a, ga), gb).mean())
        if len(examples.labels.names):
            score -= self._tag_loss(weights, mask, inputs, held)
        return score

    def _tag_loss(
        self,
        weights: dict[str, NDArray[np.float32]],
        mask: NDArray[np.bool_],
        inputs: dict[str, NDArray[np.float32]],
        held: NDArray[np.int64],
    ) -> float:
        media = media_mask(self.names, mask)
        logits = encode(weights, self.names, inputs, media).logits
        labels = self.examples.labels
        known = labels.known[held]
        each = np.logaddexp(0.0, logits) - labels.Y[held] * logits
        return float((each * known).sum() / max(1.0, known.sum()))

    def _copy(self) -> dict[str, Tensor]:
        return {key: value.detach().clone() for key, value in self.average.net.state_dict().items()}

    # -- as the trainer wants it -----------------------------------------------------------------------------

    def preview(self, data: FusedData, seed: int, count: int) -> Tensor:
        """Nothing to look at."""
        del data, seed, count
        return torch.empty(0)

    def weights(self) -> dict[str, Tensor]:
        """The best weights so far, as measured on what was held out."""
        best = self._copy() if self.final else self.best
        return {f"fused.{key}": value for key, value in best.items()} | self.extra

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Encoders depend on their library's tags and modalities: none starts from another."""
        del weights

    def state(self) -> TrainingState:
        state = super().state()
        state.tensors |= {f"best.{key}": value for key, value in self.best.items()}
        state.numbers |= {"best_score": self.best_score, "best_step": self.best_step}
        state.numbers["satisfied"] = self.satisfied
        return state

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        prefix = "best."
        self.best = {
            key[len(prefix) :]: value.to(self.device)
            for key, value in state.tensors.items()
            if key.startswith(prefix)
        }
        self.best_score = float(state.numbers["best_score"])
        self.best_step = int(state.numbers["best_step"])
        self.satisfied = bool(state.numbers["satisfied"])
