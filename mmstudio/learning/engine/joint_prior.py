"""What the samplers of whole sets are worth, on held-out joint latents; drawing by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.engine.joint_codes import (
    as_input,
    as_output,
    blank_codes,
    encode,
    flow_latents,
    joint_of,
)
from mmstudio.learning.nets.joint import Corrector

if TYPE_CHECKING:
    from mmstudio.learning.engine.prior import Prior
    from mmstudio.learning.engine.set_data import SetData
    from mmstudio.learning.joint.parts import Part
    from mmstudio.learning.nets.joint import JointNet

Sampler = Literal["mixture", "gan", "learned", "prior"]
SAMPLES, AMONG = 300, 100


def whole_latents(
    net: JointNet,
    generator: nn.Module,
    mixture: Prior,
    sampler: Sampler,
    count: int,
    random: torch.Generator,
    temperature: float = 1.0,
) -> Tensor:
    """``count``×L joint latents from nothing, on the CPU: from the Gaussian mixture, the latent GAN, the
    learned conditional prior told nothing, or N(0, I). A GAN of an older model starts from noise."""
    corrected = sampler == "gan" and isinstance(generator, Corrector)
    if sampler == "mixture" or corrected:
        drawn = mixture.draw(count, random, temperature)
        if not corrected:
            return drawn
        with torch.no_grad():
            moved: Tensor = generator(drawn.to(next(generator.parameters()).device))
        return moved.cpu()
    noise = torch.randn(count, net.latent, generator=random) * temperature
    device = next(net.parameters()).device
    with torch.no_grad():
        if sampler == "gan":
            made: Tensor = generator(noise.to(device))
            return made.cpu()
        if sampler == "learned":
            return flow_latents(net, noise.to(device), blank_codes(net, count, device)).cpu()
    return noise


@torch.no_grad()
def score_samplers(
    net: JointNet,
    parts: Sequence[Part],
    objective: str,
    mixture: Prior,
    generator: nn.Module,
    data: SetData,
    seed: int,
) -> dict[str, float]:
    """Figures by "sampler.figure".

    - distance: kernel distance ×1000 of drawn latents to the joint posteriors of held-out sets; 0 is best.
    - agreement: one part of a drawn set, encoded again, finds its partner among 100 sets; the share found at
      the first place, both ways, for the two parts that are there most often. "real": of held-out sets.
    """
    from mmstudio.learning.evaluation.metrics import kernel_distance

    batch = data.held_rows(SAMPLES) or data.rows(range(min(SAMPLES, len(data))))
    device = next(net.parameters()).device
    x = [as_input(part, batch.parts[part.name]).to(device) for part in parts]
    present = torch.stack([batch.present[part.name] for part in parts], dim=1).to(device)
    random = torch.Generator().manual_seed(seed)
    coded = encode(net, x, present)
    mean, spread = joint_of(net, objective, coded)
    noise = torch.randn(mean.shape, generator=random).to(device)
    real = (mean + noise * torch.exp(0.5 * spread)).cpu()
    # What is told of a part is no partner of it.
    own = [m for m, part in enumerate(parts) if not part.about]
    common = sorted(own, key=lambda m: -int(present[:, m].sum()))[:2]
    found: dict[str, float] = {}
    pair = sorted(common) if len(common) == 2 else None
    if pair is not None:
        both = present[:, pair[0]] & present[:, pair[1]]
        found["real.agreement"] = _found_again(net, coded.means[pair][:, both])
    names: list[Sampler] = ["mixture", "gan", *(["learned"] if net.flow is not None else [])]  # type: ignore[list-item]
    for name in names:
        z = whole_latents(net, generator, mixture, name, max(len(real), 50), random)
        if len(real) > 1:
            found[f"{name}.distance"] = 1000 * float(
                kernel_distance(z.double().numpy(), real.double().numpy())
            )
        if pair is not None:
            made = _redrawn(net, parts, z.to(device), pair)
            everything = torch.ones(len(z), len(parts), dtype=torch.bool, device=device)
            everything[:, [m for m in range(len(parts)) if m not in pair]] = False
            found[f"{name}.agreement"] = _found_again(net, encode(net, made, everything).means[pair])
    return found


def _redrawn(net: JointNet, parts: Sequence[Part], z: Tensor, pair: Sequence[int]) -> list[Tensor]:
    full = torch.cat([z, z.new_zeros(len(z), net.private)], dim=1)
    made = [z.new_zeros(len(z)) for _ in parts]
    for m in pair:
        rows = torch.from_numpy(as_output(parts[m], net.decoders[m](full).float().cpu()))
        made[m] = as_input(parts[m], rows).to(z.device)
    return made


def _found_again(net: JointNet, means: Tensor) -> float:
    """Share of rows whose nearest of 100 by the cosine of the two means (2×N×L) is their own; both ways."""
    count = means.shape[1]
    if count < 2:
        return 0.0
    hits = []
    for first in range(0, max(1, count - AMONG + 1), AMONG):
        a, b = (functional.normalize(side[first : first + AMONG, : net.latent], dim=1) for side in means)
        likeness, own = a @ b.T, torch.arange(len(a), device=a.device)
        hits += [(likeness.argmax(dim) == own).float().mean() for dim in (0, 1)]
    return float(torch.stack(hits).mean())
