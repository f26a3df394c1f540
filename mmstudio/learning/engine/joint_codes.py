"""From media to joint latents and back: what training, sampling and scoring of a joint model share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.joint.parts import Part, objective_of, read_parts
from mmstudio.learning.nets.joint import JointNet
from mmstudio.learning.nets.joint_stack import (
    Stack,
    chosen_rows,
    encode_alone,
    encode_pictures,
    in_order,
    linear,
    pick_rows,
    spread_rows,
)
from mmstudio.learning.objectives.joint import LOUD, QUIET, product

FLOW_STEPS = 12


@dataclass(slots=True)
class Coded:
    """What the encoders say of a batch.

    Attributes:
        means, log_variances: M×N×(latent + private).
        told: contexts N×C per part, none without a learned prior. present: N×M.
    """

    means: Tensor
    log_variances: Tensor
    told: list[Tensor]
    present: Tensor


def make_joint(config: ModelConfig) -> JointNet:
    """The network of a config, not yet filled."""
    options = config.options
    private = int(options["private"]) if objective_of(config.parts) == "mmvae+" else 0
    learned = options.get("flow", 0.0) > 0
    return JointNet(
        read_parts(config.parts),
        config.latent,
        private,
        config.widths[0],
        int(options["hidden"]),
        int(options["context"]) if learned else 0,
        int(options["flow_width"]),
    )


def likelihood_size(part: Part) -> int:
    """Numbers that a part's likelihood is over; a token counts as its one-hot row."""
    return part.size * (part.vocabulary if part.kind == "tokens" else 1)


def as_input(part: Part, rows: Tensor) -> Tensor:
    """A batch's rows as the networks see them: pictures in [0, 1]."""
    return rows.float().div(255.0) if rows.dtype == torch.uint8 else rows


def encode(
    net: JointNet,
    x: Sequence[Tensor],
    present: Tensor,
    stacks: Sequence[Stack] = (),
    stacked: Sequence[Tensor] = (),
    quick: bool = False,
) -> Coded:
    """Run the encoders on the rows that are there; the others are zeros. ``quick``: as training does.

    Parts of a stack are taken from ``stacked`` (its M×N×S×S×C) and encoded in one pass, others from ``x``.
    """
    rows, everything = len(present), bool(present.all())
    pieces: list[tuple[Sequence[int], Tensor]] = []
    told: dict[int, Tensor] = {}
    for stack, pictures in zip(stacks, stacked, strict=True):
        chosen = None if everything else chosen_rows(present[:, list(stack.which)])
        h = encode_pictures(stack.under("encoder."), pick_rows(pictures, chosen))
        w = stack.weights
        made = spread_rows(linear(h, w["head.weight"], w["head.bias"]), chosen, rows)
        pieces.append((stack.which, made))
        if net.context:
            said = spread_rows(linear(h, w["context.weight"], w["context.bias"]), chosen, rows)
            told |= dict(zip(stack.which, said, strict=True))
    together = {m for stack in stacks for m in stack.which}
    for m, (encoder, head) in enumerate(zip(net.encoders, net.heads, strict=True)):
        if m in together:
            continue
        there = present[:, m]
        whole = everything or bool(there.all())
        if not whole and not bool(there.any()):
            blank = present.new_zeros((1, rows, 2 * (net.latent + net.private)), dtype=torch.float32)
            pieces.append(((m,), blank))
            told[m] = present.new_zeros((rows, net.context), dtype=torch.float32)
            continue
        own = x[m] if whole else x[m][there]
        h = encode_alone(encoder, own) if quick else encoder(own)
        pieces.append(((m,), _spread_out(head(h), there, whole).unsqueeze(0)))
        if net.context:
            told[m] = _spread_out(net.contexts[m](h), there, whole)
    mean, spread = in_order(pieces).chunk(2, dim=2)
    contexts = [told[m] for m in range(len(net.encoders))] if net.context else []
    return Coded(mean, spread.clamp(QUIET, LOUD), contexts, present)


def _spread_out(rows: Tensor, there: Tensor, whole: bool) -> Tensor:
    if whole:
        return rows
    full = rows.new_zeros(len(there), rows.shape[1])
    full[there] = rows
    return full


def joint_of(
    net: JointNet, objective: str, coded: Coded, kept: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of the joint latent from the parts that are ``kept`` (N×M), all by default.

    The mixture of MMVAE+ is told by its mean expert: the parts' means averaged.
    """
    kept = coded.present if kept is None else kept & coded.present
    means, spreads = coded.means[..., : net.latent], coded.log_variances[..., : net.latent]
    if objective != "mmvae+":
        return product(means, spreads, kept)
    share = (kept.float() / kept.sum(1, keepdim=True).clamp_min(1)).T.unsqueeze(2)
    spread = torch.log((share * spreads.exp()).sum(0).clamp_min(1e-6))
    return (share * means).sum(0), torch.where(kept.any(1, keepdim=True), spread, torch.zeros_like(spread))


def latents_for(
    net: JointNet,
    objective: str,
    coded: Coded,
    kept: Tensor,
    random: torch.Generator,
    temperature: float = 1.0,
) -> Tensor:
    """Joint latents N×L that go with the parts that are ``kept`` (N×M); the same on every device.

    With a learned conditional prior they come from it (Heun's method on the flow); otherwise from the
    objective's own posterior: a random expert of MMVAE+, the product else.
    """
    rows = len(kept)
    noise = torch.randn(rows, net.latent, generator=random).to(kept.device) * temperature
    kept = kept & coded.present
    if net.flow is not None:
        return flow_latents(net, noise, net.known(coded.told, kept))
    if objective == "mmvae+":
        share = kept.float().cpu() + 1e-9
        lots = torch.multinomial(share, 1, generator=random)[:, 0].to(kept.device)
        row = torch.arange(rows, device=kept.device)
        mean = coded.means[lots, row, : net.latent]
        spread = coded.log_variances[lots, row, : net.latent]
        nothing = ~kept.any(1, keepdim=True)
        mean = torch.where(nothing, torch.zeros_like(mean), mean)
        spread = torch.where(nothing, torch.zeros_like(spread), spread)
    else:
        mean, spread = joint_of(net, objective, coded, kept)
    return mean + noise * torch.exp(0.5 * spread)


def flow_latents(net: JointNet, noise: Tensor, known: Tensor) -> Tensor:
    """From noise to latents along the learned velocity, Heun's method in :data:`FLOW_STEPS` steps."""
    assert net.flow is not None
    z, step = noise, 1.0 / FLOW_STEPS
    for index in range(FLOW_STEPS):
        time = z.new_full((len(z),), index * step)
        first = net.flow(z, time, known)
        second = net.flow(z + step * first, time + step, known)
        z = z + 0.5 * step * (first + second)
    return z


def blank_codes(net: JointNet, count: int, device: torch.device) -> Tensor:
    """What the conditional prior is told where nothing is known: ``count`` rows."""
    parts = len(net.encoders)
    nothing = torch.zeros(count, parts, dtype=torch.bool, device=device)
    return net.known([torch.zeros(count, net.context, device=device)] * parts, nothing)


def all_subsets(count: int) -> list[list[int]]:
    """Every non-empty subset of the first ``count`` numbers."""
    return [list(s) for size in range(1, count + 1) for s in combinations(range(count), size)]


def as_output(part: Part, made: Tensor) -> NDArray[Any]:
    """What a decoder says → rows of the part: uint8 pictures, the likeliest tokens, 0 or 1, or values."""
    if part.kind == "picture":
        return made.mul(255).round().clamp(0, 255).to(torch.uint8).numpy()
    if part.kind == "tokens":
        return made.argmax(2).numpy()
    if part.kind == "bits":
        return (made > 0).float().numpy()
    return made.numpy()
