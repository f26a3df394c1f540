"""Pictures' networks in one pass, and parameters in one tensor: the same numbers as one by one."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.flat import Flat, FlatAverage
from mmstudio.learning.engine.joint_codes import as_input, encode
from mmstudio.learning.engine.joint_task import Given, JointTask
from mmstudio.learning.families import default_config
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.objectives.joint import log_loss, mvtcae, product

ROWS = 6
PARTS = (
    Part("a", "picture", (3, 16, 16)),
    Part("words", "tokens", (4,), vocabulary=5),
    Part("b", "picture", (3, 16, 16)),
    Part("small", "picture", (1, 8, 8)),
)


def made_task(objective: str = "mvtcae", flow: float = 1.0, parts: tuple[Part, ...] = PARTS) -> JointTask:
    config = default_config("joint", "j", size=16, steps=10, batch=ROWS)
    config.parts = {"objective": objective, "modalities": [part.as_json() for part in parts]}
    config.latent, config.widths = 6, [4]
    config.options |= {"hidden": 16.0, "context": 8.0, "flow_width": 16.0, "private": 3.0, "flow": flow}
    return JointTask(config, torch.device("cpu"))


def made_batch(parts: tuple[Part, ...] = PARTS, whole: bool = False) -> Batch:
    random = torch.Generator().manual_seed(5)
    rows: dict[str, Tensor] = {}
    there: dict[str, Tensor] = {}
    for m, part in enumerate(parts):
        most = part.vocabulary or 256
        kind = torch.int64 if part.kind == "tokens" else torch.uint8
        rows[part.name] = torch.randint(most, (ROWS, *part.shape), generator=random, dtype=kind)
        there[part.name] = torch.tensor([whole or (row + m) % 3 > 0 for row in range(ROWS)])
    return Batch(torch.empty(ROWS, 0), parts=rows, present=there)


@pytest.mark.parametrize("whole", [True, False])
def test_a_stack_gives_the_numbers_and_gradients_of_each_network_alone(whole: bool) -> None:
    task, batch = made_task(), made_batch(whole=whole)
    assert [stack.which for stack in task.stacks] == [(0, 2)]
    x, present = task._inputs(batch)
    pictures = [task._stacked(stack, batch) for stack in task.stacks]
    alone, together = (
        encode(task.net, x, present),
        encode(task.net, x, present, task.stacks, pictures, quick=True),
    )
    assert torch.allclose(alone.means, together.means, atol=1e-5)
    assert torch.allclose(alone.log_variances, together.log_variances, atol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(alone.told, together.told, strict=True))
    z = torch.randn(len(PARTS), ROWS, 6, generator=torch.Generator().manual_seed(1))
    likely = task._redrawn(Given(x, pictures, together), z, present)
    wanted = torch.stack(
        [
            log_loss(part.kind, task.net.decoders[m](z[m]), x[m]) * task.scales[m] * present[:, m]
            for m, part in enumerate(PARTS)
        ]
    )
    assert torch.allclose(likely, wanted, rtol=1e-4)
    known = dict(task.net.named_parameters())
    gradient = task.flat.gradients(likely.sum() / 1000 + together.means.sum())
    each = torch.autograd.grad(
        wanted.sum() / 1000 + alone.means.sum(), list(known.values()), allow_unused=True
    )
    for (name, parameter), own in zip(known.items(), each, strict=True):
        found = task.flat.seen(gradient, name, parameter)
        assert torch.allclose(found, torch.zeros_like(found) if own is None else own, atol=1e-4), name


@pytest.mark.parametrize("objective", ["mvtcae", "mmvae+", "mopoe"])
def test_a_step_of_each_objective_moves_the_weights_and_says_its_terms(objective: str) -> None:
    task = made_task(objective)
    before = {name: p.detach().clone() for name, p in task.net.named_parameters()}
    said = [part for step in range(2) for part in task.parts(made_batch(), step)]
    assert {"loss", "gradient", "redrawn", "kl", "flow", "align"} <= set(said[0])
    assert all(torch.isfinite(torch.tensor(list(one.values()))).all() for one in said)
    moved = {name for name, p in task.net.named_parameters() if not torch.equal(p, before[name])}
    assert {"encoders.0.convs.0.weight", "decoders.2.convs.0.weight", "heads.3.bias"} <= moved


@pytest.mark.parametrize("whole", [True, False])
def test_steps_of_an_mvtcae_are_those_of_its_formulas_on_plain_networks(whole: bool) -> None:
    """The same weights, batches and noise: Adam on the published sum gives the same losses step by step."""
    task, batch = made_task(flow=0.0), made_batch(whole=whole)
    net, random = copy.deepcopy(task.net), torch.Generator()
    random.set_state(task.random.get_state())
    optimiser = torch.optim.Adam(net.parameters(), lr=task.config.rate)
    options, x = task.config.options, [as_input(part, batch.parts[part.name]) for part in PARTS]
    present = torch.stack([batch.present[part.name] for part in PARTS], dim=1)
    for step in range(4):
        coded = encode(net, x, present)
        mean, spread = product(coded.means, coded.log_variances, present)
        z = mean + torch.randn(mean.shape, generator=random) * torch.exp(0.5 * spread)
        redrawn = [
            log_loss(part.kind, decoder(z), rows) * scale
            for part, decoder, rows, scale in zip(PARTS, net.decoders, x, task.scales, strict=True)
        ]
        terms = (coded.means, coded.log_variances, options["alpha"], options["beta"])
        loss, _ = mvtcae(torch.stack(redrawn, dim=1), present, (mean, spread), *terms)
        loss = loss / task.most
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        said = next(iter(task.parts(batch, step)))
        assert said["loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_pairs_with_an_absent_part_say_nothing() -> None:
    """What lies in a row that is not there changes neither loss nor gradient."""
    losses = []
    for filled in (0, 255):
        task, batch = made_task("mmvae+"), made_batch()
        for name, rows in batch.parts.items():
            rows[~batch.present[name]] = min(filled, 4) if name == "words" else filled
        losses.append(next(iter(task.parts(batch, 0))))
    assert losses[0] == losses[1]


def test_a_flat_network_learns_as_one_with_parameters_of_its_own() -> None:
    nets = [nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1)) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    flat = Flat(nets[1])
    optimisers = [torch.optim.Adam(nets[0].parameters(), 0.1), torch.optim.Adam([flat.tensor], 0.1)]
    averages = [Average(nets[0], 50.0), FlatAverage(nets[1], 50.0, flat, [])]
    x, y = torch.linspace(-1, 1, 12).view(4, 3), torch.ones(4, 1)
    for step in range(1, 4):
        losses = [functional.mse_loss(net(x), y) for net in nets]
        optimisers[0].zero_grad()
        torch.autograd.backward(losses[0])
        flat.gradients(losses[1])
        for optimiser, average, net in zip(optimisers, averages, nets, strict=True):
            optimiser.step()
            average.update(net, 4, 4 * step)
    for a, b in ((nets[0], nets[1]), (averages[0].net, averages[1].net)):
        other = b.state_dict()
        assert all(torch.allclose(value, other[key], atol=1e-6) for key, value in a.state_dict().items())


def test_a_short_training_is_averaged_over_its_last_steps() -> None:
    """A half-life of a fiftieth of what was seen: after 500 examples a step on 10 counts half."""
    assert made_task().average.decay(10, 500) == pytest.approx(0.5)
    assert Average(nn.Linear(1, 1), 2000.0).decay(10, 100) == pytest.approx(0.5)


def test_a_state_of_before_parameters_lay_together_is_read() -> None:
    task = made_task()
    next(iter(task.parts(made_batch(), 0)))
    state = task.state()
    old = {key: value for key, value in state.tensors.items() if not key.startswith("optimiser.")}
    for index, (name, parameter) in enumerate(task.net.named_parameters()):
        for slot in ("exp_avg", "exp_avg_sq"):
            value = state.tensors[f"optimiser.joint.0.{slot}"]
            old[f"optimiser.joint.{index}.{slot}"] = task.flat.seen(value, name, parameter).clone()
        old[f"optimiser.joint.{index}.step"] = torch.tensor(1.0)
    again, resumed = made_task(), made_task()
    again.restore(state)
    resumed.restore(TrainingState(old, dict(state.numbers)))
    one, two = (next(iter(each.parts(made_batch(), 1))) for each in (again, resumed))
    assert one == two
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.net.state_dict().values(), resumed.net.state_dict().values(), strict=True)
    )


def test_inputs_are_the_same_however_they_are_laid_out() -> None:
    task, batch = made_task(), made_batch()
    pictures = task._stacked(task.stacks[0], batch)
    assert torch.equal(pictures[1].permute(0, 3, 1, 2), as_input(PARTS[2], batch.parts["b"]))
