"""Few calls instead of many: the same numbers, and memory that is given back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from mmstudio.learning.engine.memory import kept_memory
from mmstudio.learning.engine.updates import adam, adamw, clip, laid_out_as
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.objectives.vae import gradient_l1, redrawn
from support.learning import make_trainer, tiny_config

CPU = torch.device("cpu")


def net(seed: int = 0) -> nn.Module:
    """Convolutions whose weights lie channels last, and a linear layer."""
    random = torch.Generator().manual_seed(seed)
    return materialise(
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(64, 2)),
        CPU,
        random,
    )


def step(of: nn.Module, optimiser: torch.optim.Optimizer, seed: int) -> None:
    optimiser.zero_grad()
    x = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    of(x).square().sum().backward()
    optimiser.step()


@pytest.mark.parametrize("make", [adam, adamw])
def test_moments_read_back_from_a_file_belong_to_their_weights(make: type[torch.optim.Adam]) -> None:
    straight = net()
    one = make(straight.parameters(), lr=0.01)
    step(straight, one, 1)
    resumed = net()
    resumed.load_state_dict({key: value.clone() for key, value in straight.state_dict().items()})
    two = make(resumed.parameters(), lr=0.01)
    state = one.state_dict()
    own = list(resumed.parameters())
    slots = {
        at: {key: laid_out_as(value.clone(memory_format=torch.contiguous_format), own[at])
             for key, value in held.items()}
        for at, held in state["state"].items()
    }  # fmt: skip
    two.load_state_dict({"state": slots, "param_groups": two.state_dict()["param_groups"]})
    for seed in (2, 3):
        step(straight, one, seed)
        step(resumed, two, seed)
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_fused_optimiser_is_the_plain_one_but_for_rounding() -> None:
    fused, plain = net(), net()
    both = adamw(fused.parameters(), lr=0.01), torch.optim.AdamW(plain.parameters(), lr=0.01)
    for seed in range(3):
        step(fused, both[0], seed)
        step(plain, both[1], seed)
    for a, b in zip(fused.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("most", [0.1, 1e9])
def test_clipping_is_that_of_torch(most: float) -> None:
    one, two = net(), net()
    for each in (one, two):
        step(each, torch.optim.SGD(each.parameters(), lr=0.0), 4)
    norm = clip(one.parameters(), most)
    assert norm == pytest.approx(float(nn.utils.clip_grad_norm_(two.parameters(), most)), rel=1e-5)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)
    assert clip(net().parameters(), 1.0) == 0.0  # nothing has a gradient yet


@pytest.mark.parametrize("shape", [(2, 3, 32, 32), (2, 1, 9, 14), (1, 3, 6, 4), (2, 3, 2, 2)])
@pytest.mark.parametrize("share", [0.5, 0.0])
def test_the_loss_of_a_reconstruction_is_the_sum_of_its_terms(shape: tuple[int, ...], share: float) -> None:
    random = torch.Generator().manual_seed(0)
    y, x = (torch.randn(shape, generator=random) for _ in range(2))
    y = y.contiguous(memory_format=torch.channels_last).requires_grad_()
    total, pixels = redrawn(y, x, share)
    (gradient,) = torch.autograd.grad(3.0 * total, y)
    expected = functional.l1_loss(y, x) + share * gradient_l1(y, x)
    (reference,) = torch.autograd.grad(3.0 * expected, y)
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(pixels, functional.l1_loss(y, x).detach())
    torch.testing.assert_close(gradient, reference)
    assert not pixels.requires_grad


def test_memory_is_kept_within_and_released_after_nested_trainings() -> None:
    with kept_memory(), kept_memory():
        held = [torch.ones(1 << 18) for _ in range(4)]
        assert sum(float(block.sum()) for block in held) == 4 * (1 << 18)
    with pytest.raises(ValueError, match="within"), kept_memory():
        raise ValueError("within")


def test_a_step_of_a_training_has_one_line_and_one_event(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    from support.learning import drive

    trainer = make_trainer(tmp_path, tiny_config("image-vae", steps=3))
    drive(trainer)
    (file,) = (tmp_path / "tb").iterdir()
    points = [event for event in EventFileLoader(str(file)).Load() if event.HasField("summary")]
    assert [event.step for event in points] == [1, 2, 3]
    assert {value.tag for value in points[0].summary.value} >= {"loss", "pixels", "edges", "kl", "gradient"}
    assert len((tmp_path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 3
