"""The joint model's networks as training runs them: the same numbers but for rounding, in less time.

Several pictures' encoders and decoders go in one pass: one grouped convolution instead of one for each part.

Parts whose pictures have the same shape have networks of the same shape. On a CPU most of a small
convolution's time is its start, so that five of them in one call cost two thirds of five calls; with few
channels a matrix product over unfolded windows is quicker still, and where all is small ``joint_passes`` is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets import joint_passes
from mmstudio.learning.nets.joint import JointNet, PartShape, TokenDecoder, TokenEncoder

Weights = Mapping[str, Tensor]


@dataclass(slots=True)
class Stack:
    """Parts of one shape and their weights.

    Attributes:
        which: places of the parts among all of them.
        names: of the parameters, as :class:`JointNet` calls those of each part, in the order of ``which``.
        weights: what the parameters are called within a part ("encoder.last.bias") → M×(its shape).
    """

    which: tuple[int, ...]
    names: dict[str, list[str]]
    weights: dict[str, Tensor]

    def under(self, head: str) -> dict[str, Tensor]:
        """The weights below ``head``."""
        return {key[len(head) :]: value for key, value in self.weights.items() if key.startswith(head)}


def stacks_of(net: JointNet, parts: Sequence[PartShape]) -> list[Stack]:
    """Which parts go together: two or more pictures of one shape. The weights are filled in later."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for m, part in enumerate(parts):
        if part.kind == "picture":
            alike.setdefault(tuple(part.shape), []).append(m)
    found = []
    known = dict(net.named_parameters())
    for which in alike.values():
        if len(which) < 2:
            continue
        names: dict[str, list[str]] = {}
        for own, outer in (("encoder", "encoders"), ("head", "heads"), ("context", "contexts"),
                           ("decoder", "decoders")):  # fmt: skip
            head = f"{outer}.{which[0]}."
            for name in known:
                if name.startswith(head):
                    rest = name[len(head) :]
                    names[f"{own}.{rest}"] = [f"{outer}.{m}.{rest}" for m in which]
        found.append(Stack(tuple(which), names, {}))
    return found


def encode_pictures(weights: Weights, x: Tensor) -> Tensor:
    """M×N×S×S×C in [0, 1] → M×N×hidden, as :class:`PictureEncoder` one by one."""
    count, rows = x.shape[:2]
    first = weights["convs.0.weight"]
    if rows_lie_innermost(x.device, count * rows, x.shape[2], *first.shape[2:0:-1]):
        return joint_passes.encode_pictures(weights, x)
    windows = _unfolded(x)
    kernel = first.permute(0, 3, 4, 2, 1).reshape(count, -1, first.shape[1])
    h = functional.relu(torch.baddbmm(weights["convs.0.bias"].unsqueeze(1), windows, kernel), inplace=True)
    side, number = x.shape[2] // 2, 1
    h = h.view(count, rows, side, side, -1).permute(1, 0, 4, 2, 3).reshape(rows, -1, side, side)
    while f"convs.{number}.weight" in weights:
        w, b = weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"]
        h = functional.conv2d(h, w.flatten(0, 1), b.flatten(), stride=2, padding=1, groups=count)
        h, number = functional.relu(h, inplace=True), number + 1
    flat = h.view(rows, count, -1).transpose(0, 1)
    return functional.relu(linear(flat, weights["last.weight"], weights["last.bias"]))


def decode_pictures(weights: Weights, z: Tensor) -> Tensor:
    """M×N×latent → M×N×S×S×C, as :class:`PictureDecoder` one by one."""
    count, rows = z.shape[:2]
    layers = sum(name.startswith("convs.") for name in weights) // 2
    w = weights[f"convs.{layers - 1}.weight"]
    if rows_lie_innermost(z.device, count * rows, 4 << layers, *w.shape[2:0:-1]):
        return joint_passes.decode_pictures(weights, z)
    h = functional.relu(linear(z, weights["from_latent.weight"], weights["from_latent.bias"]))
    h, side, number = h.transpose(0, 1).reshape(rows, -1, 4, 4), 4, 0
    while number + 1 < layers:
        w, b = weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"]
        h = functional.conv_transpose2d(h, w.flatten(0, 1), b.flatten(), stride=2, padding=1, groups=count)
        h, side, number = functional.relu(h, inplace=True), 2 * side, number + 1
    w, b = weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"]
    channels = w.shape[2]
    rowwise = h.view(rows, count, -1, side * side).permute(1, 0, 3, 2).reshape(count, rows * side * side, -1)
    windows = torch.bmm(rowwise, w.permute(0, 1, 3, 4, 2).reshape(count, -1, 16 * channels))
    made: Tensor = _Fold.apply(windows, (count, rows, side, side, channels))
    return made + b[:, None, None, None]


def rows_lie_innermost(device: torch.device, rows: int, side: int, channels: int, wide: int) -> bool:
    """Whether ``joint_passes`` takes so many pictures in all: then M×N×S×S×C is best laid out with N
    innermost. ``wide``: channels of the finest layer."""
    return device.type == "cpu" and joint_passes.is_small(rows, side, channels, wide)


def encode_alone(encoder: nn.Module, x: Tensor) -> Tensor:
    """N rows of one part → N×hidden, as ``encoder`` itself."""
    if isinstance(encoder, TokenEncoder) and encoder.length > 1:
        return joint_passes.encode_tokens(encoder, x)
    found: Tensor = encoder(x)
    return found


def decode_alone(decoder: nn.Module, z: Tensor) -> Tensor:
    """N×latent → N rows of one part, as ``decoder`` itself."""
    if isinstance(decoder, TokenDecoder):
        return joint_passes.decode_tokens(decoder, z)
    found: Tensor = decoder(z)
    return found


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """M×N×A through M layers (weight M×B×A, bias M×B) → M×N×B."""
    return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def chosen_rows(there: Tensor) -> tuple[Tensor, Tensor] | None:
    """Which rows of each part are worked on, from bool N×M: (rows M×K, which of them count M×K), K the
    largest number that any part has; None where all are there. No row comes twice for a part."""
    if bool(there.all()):
        return None
    counts = there.sum(0)
    most = max(1, int(counts.max()))
    order = torch.argsort(~there, dim=0, stable=True)[:most].T.contiguous()
    return order, there.T.gather(1, order)


def spread_rows(made: Tensor, rows: tuple[Tensor, Tensor] | None, count: int) -> Tensor:
    """M×K×D of chosen rows → M×``count``×D, zeros where nothing is there."""
    if rows is None:
        return made
    order, counts = rows
    made = made * counts.unsqueeze(2).to(made.dtype)
    full = made.new_zeros(made.shape[0], count, made.shape[2])
    return full.scatter(1, order.unsqueeze(2).expand_as(made), made)


def pick_rows(x: Tensor, rows: tuple[Tensor, Tensor] | None) -> Tensor:
    """M×N×… → M×K×…: the chosen rows of each part, taken round again where N is fewer; they lie as before."""
    if rows is None:
        return x
    order = rows[0] % x.shape[1]
    if x.ndim == 5 and x.stride(1) == 1:
        own = x.transpose(1, 4)
        return own.gather(4, order[:, None, None, None].expand(*own.shape[:4], -1)).transpose(1, 4)
    return x[torch.arange(len(x), device=x.device).unsqueeze(1), order]


def repeated(x: Tensor, times: int) -> Tensor:
    """M×N×S×S×C → M×(times·N)×S×S×C, laid out as before."""
    if times == 1:
        return x
    if x.stride(1) == 1:
        return x.transpose(1, 4).repeat(1, 1, 1, 1, times).transpose(1, 4)
    return x.repeat(1, times, 1, 1, 1)


def in_order(pieces: Sequence[tuple[Sequence[int], Tensor]]) -> Tensor:
    """Tensors K×… with the places of their K rows → all rows M×… in the order of their places."""
    rows = torch.cat([piece for _, piece in pieces])
    order = [place for which, _ in pieces for place in which]
    if order == sorted(order):
        return rows
    back = sorted(range(len(order)), key=order.__getitem__)
    return rows.index_select(0, torch.tensor(back, device=rows.device))


def _unfolded(x: Tensor) -> Tensor:
    """Windows of a 4×4 convolution of stride 2 and padding 1: M×N×H×W×C → M×(N·H/2·W/2)×16C."""
    count, rows, high, wide, channels = x.shape
    p = functional.pad(x, (0, 0, 1, 1, 1, 1)).contiguous()
    a, b, c, d, _ = p.stride()
    seen = p.as_strided((count, rows, high // 2, wide // 2, 4, 4 * channels), (a, b, 2 * c, 2 * d, c, 1))
    return seen.reshape(count, rows * (high // 2) * (wide // 2), 16 * channels)


class _Fold(torch.autograd.Function):
    """The other way round: windows laid over each other and added up."""

    @staticmethod
    def forward(ctx: Any, windows: Tensor, shape: tuple[int, int, int, int, int]) -> Tensor:
        del ctx
        count, rows, high, wide, channels = shape
        out = windows.new_zeros(count, rows, high + 1, 2, wide + 1, 2, channels)
        quarters = windows.view(count, rows, high, wide, 2, 2, 2, 2, channels)
        for a in (0, 1):  # a window of stride 2 is four quarters, each of which lies on a grid of its own
            for b in (0, 1):
                some = quarters[:, :, :, :, a, :, b].permute(0, 1, 2, 4, 3, 5, 6)
                out[:, :, a : a + high, :, b : b + wide].add_(some)
        return out.view(count, rows, 2 * high + 2, 2 * wide + 2, channels)[:, :, 1:-1, 1:-1]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        del ctx
        return _unfolded(grads[0]), None
