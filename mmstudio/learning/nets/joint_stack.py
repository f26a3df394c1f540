"""The joint model's networks as training runs them: the same numbers but for rounding, in less time.

Several pictures' encoders and decoders go in one pass: one grouped convolution instead of one for each part.

Parts whose pictures have the same shape have networks of the same shape. On a CPU most of a small
convolution's time is its start, so that five of them in one call cost two thirds of five calls; with few
channels, and along a text, a matrix product over unfolded windows is quicker still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    h = functional.relu(linear(z, weights["from_latent.weight"], weights["from_latent.bias"]))
    h, side, number = h.transpose(0, 1).reshape(rows, -1, 4, 4), 4, 0
    while f"convs.{number + 1}.weight" in weights:
        w, b = weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"]
        h = functional.conv_transpose2d(h, w.flatten(0, 1), b.flatten(), stride=2, padding=1, groups=count)
        h, side, number = functional.relu(h, inplace=True), 2 * side, number + 1
    w, b = weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"]
    channels = w.shape[2]
    rowwise = h.view(rows, count, -1, side * side).permute(1, 0, 3, 2).reshape(count, rows * side * side, -1)
    windows = torch.bmm(rowwise, w.permute(0, 1, 3, 4, 2).reshape(count, -1, 16 * channels))
    made: Tensor = _Fold.apply(windows, (count, rows, side, side, channels))
    return made + b[:, None, None, None]


def encode_alone(encoder: nn.Module, x: Tensor) -> Tensor:
    """N rows of one part → N×hidden, as ``encoder`` itself."""
    if not isinstance(encoder, TokenEncoder):
        found: Tensor = encoder(x)
        return found
    h = functional.relu(_along(encoder.near, encoder.embed(x)))
    h = functional.relu(_along(encoder.far, h)) if encoder.length > 1 else h
    return functional.relu(encoder.last(h.transpose(1, 2).flatten(1)))


def decode_alone(decoder: nn.Module, z: Tensor) -> Tensor:
    """N×latent → N rows of one part, as ``decoder`` itself."""
    if not isinstance(decoder, TokenDecoder):
        found: Tensor = decoder(z)
        return found
    h = functional.relu(decoder.from_latent(z)).view(len(z), decoder.width, decoder.length).transpose(1, 2)
    h = functional.relu(_along(decoder.far, functional.relu(_along(decoder.near, h))))
    return _along(decoder.out, h)


def _along(conv: nn.Conv1d, h: Tensor) -> Tensor:
    """A convolution along the second axis of N×T×C → N×T'×C', as one matrix product."""
    width, stride = conv.kernel_size[0], conv.stride[0]
    assert conv.bias is not None
    if width == 1:
        return functional.linear(h, conv.weight.squeeze(2), conv.bias)
    windows: Tensor = _Windows.apply(h, width, stride, int(conv.padding[0]))
    kernel = conv.weight.permute(0, 2, 1).reshape(conv.weight.shape[0], -1)
    return functional.linear(windows, kernel, conv.bias)


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
    """M×N×… → M×K×…: the chosen rows of each part."""
    if rows is None:
        return x
    return x[torch.arange(len(x), device=x.device).unsqueeze(1), rows[0]]


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


class _Windows(torch.autograd.Function):
    """N×T×C → N×T'×(width·C): what a convolution along the second axis sees at each place."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, width: int, stride: int, edge: int) -> Tensor:
        count, length, channels = h.shape
        ctx.sizes = (width, stride, edge, length)
        padded = h.new_zeros(count, length + 2 * edge, channels)
        padded[:, edge : edge + length] = h
        places = (length + 2 * edge - width) // stride + 1
        strides = ((length + 2 * edge) * channels, stride * channels, 1)
        return padded.as_strided((count, places, width * channels), strides).contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        width, stride, edge, length = ctx.sizes
        count, places = grads[0].shape[:2]
        each = grads[0].view(count, places, width, -1)
        out = each.new_zeros(count, length + 2 * edge, each.shape[3])
        for at in range(width):
            out[:, at : at + stride * places : stride].add_(each[:, :, at])
        return out[:, edge : edge + length], None, None, None


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
