"""Encoders and decoders of small media with their derivatives written out: the numbers of the networks in
``nets.joint`` but for rounding.

Inside, the rows of a batch lie innermost: M×C×S×S×N, C×T×N. Weights then are the matrices that unfolded
windows are multiplied by just as they lie, and so are their gradients; a window of one channel is copied as
fast as one of many, and a rectified layer is written where the next one unfolds it. Windows are sixteen times
what they are taken from: where they outgrow a core's cache, torch's own convolutions are quicker
(docs/adr/0237).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.nets.joint import TokenDecoder, TokenEncoder

Weights = Mapping[str, Tensor]
MOST = 1_000_000  # numbers in one layer's windows


def is_small(rows: int, side: int, channels: int, wide: int) -> bool:
    """Whether the passes below are the quicker ones on a CPU for so many pictures in all, where the finest
    layer of a network has ``wide`` channels on its far side."""
    finest, next_one = channels * (side // 2) ** 2, wide * (side // 4) ** 2
    return 16 * rows * max(finest, next_one) <= MOST


def encode_pictures(weights: Weights, x: Tensor) -> Tensor:
    """M×N×S×S×C in [0, 1] → M×N×hidden, as :class:`PictureEncoder` one by one."""
    names = [*_convs(weights), "last.weight", "last.bias"]
    found: Tensor = _Encode.apply(x.transpose(1, 4), *(weights[name] for name in names))
    return found.mT


def decode_pictures(weights: Weights, z: Tensor) -> Tensor:
    """M×N×latent → M×N×S×S×C, as :class:`PictureDecoder` one by one."""
    names = ["from_latent.weight", "from_latent.bias", *_convs(weights)]
    found: Tensor = _Decode.apply(z.mT, *(weights[name] for name in names))
    return found.transpose(1, 4)


def encode_tokens(encoder: TokenEncoder, tokens: Tensor) -> Tensor:
    """int64 N×T → N×hidden, as ``encoder`` itself; two tokens and more."""
    layers = (encoder.near, encoder.far, encoder.last)
    weights = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    found: Tensor = _EncodeTokens.apply(tokens.T, encoder.embed.weight, *weights)
    return found.T


def decode_tokens(decoder: TokenDecoder, z: Tensor) -> Tensor:
    """N×latent → N×T×vocabulary, as ``decoder`` itself."""
    layers = (decoder.from_latent, decoder.near, decoder.far, decoder.out)
    weights = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    found: Tensor = _DecodeTokens.apply(z.T, decoder.length, *weights)
    return found.transpose(0, 1)


class _Encode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *weights: Tensor) -> Tensor:
        count, _, side, _, rows = x.shape
        layers = len(weights) // 2 - 1
        kept = [functional.pad(x, (0, 0, 1, 1, 1, 1))]
        for number in range(layers):
            matrix, bias = weights[2 * number].flatten(2), weights[2 * number + 1].unsqueeze(2)
            side //= 2
            seen = _room(kept[-1])
            made = x.new_empty(count, matrix.shape[1], side * side * rows)
            for m, padded in enumerate(kept[-1]):
                torch.addmm(bias[m], matrix[m], _unfolded(padded, seen), out=made[m])
            if number + 1 < layers:
                kept.append(made.new_zeros(count, made.shape[1], side + 2, side + 2, rows))
                inner = kept[-1][:, :, 1:-1, 1:-1]
                torch.clamp_min(made.view(inner.shape), 0, out=inner)
        flat = made.relu_().view(count, -1, rows)
        last, bias = weights[-2:]
        h = torch.baddbmm(bias.unsqueeze(2), last, flat).relu_()
        ctx.save_for_backward(h, last, flat, *kept, *weights[: 2 * layers : 2])
        return h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        h, last, flat, *kept = ctx.saved_tensors
        layers = len(kept) // 2
        kept, weights = kept[:layers], kept[layers:]
        to_h = _rectified(grads[0], h)
        found: list[Tensor] = [to_h.sum(2), torch.bmm(to_h, flat.mT)]
        grad = _rectified(torch.bmm(last.mT, to_h), flat)
        for number in reversed(range(layers)):
            weight, before = weights[number], kept[number]
            to_made, matrix = grad.view(*weight.shape[:2], -1), weight.flatten(2)
            own, room = torch.empty_like(matrix), _room(before)
            found += [to_made.sum(2), own.view(weight.shape)]
            below = before.new_zeros(before.shape) if number else None
            for m, padded in enumerate(before):
                torch.mm(to_made[m], _unfolded(padded, room).T, out=own[m])
                if below is not None:
                    _fold(torch.mm(matrix[m].T, to_made[m], out=room.view(matrix.shape[2], -1)), below[m])
            if below is not None:
                grad = _rectified(below[:, :, 1:-1, 1:-1], before[:, :, 1:-1, 1:-1])
        return None, *reversed(found)


class _Decode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, *weights: Tensor) -> Tensor:
        count, _, rows = z.shape
        first, bias = weights[:2]
        h = torch.baddbmm(bias.unsqueeze(2), first, z).relu_().view(count, -1, 4, 4, rows)
        kept: list[Tensor] = []
        for number in range(1, len(weights) // 2):
            weight, bias = weights[2 * number], weights[2 * number + 1]
            if number > 1:
                h = torch.clamp_min(h, 0, out=h.new_empty(h.shape))
            kept.append(h)
            side, matrix = 2 * h.shape[2] + 2, weight.flatten(2)
            made = bias[:, :, None, None, None].expand(count, -1, side, side, rows).contiguous()
            room = _room(made)
            for m, below in enumerate(h.view(*h.shape[:2], -1)):
                _fold(torch.mm(matrix[m].T, below, out=room.view(matrix.shape[2], -1)), made[m])
            h = made[:, :, 1:-1, 1:-1]
        ctx.save_for_backward(z, first, *kept, *weights[2::2])
        return h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        z, first, *kept = ctx.saved_tensors
        layers = len(kept) // 2
        kept, weights = kept[:layers], kept[layers:]
        count, _, rows = z.shape
        grad, found = grads[0], []
        for number in reversed(range(layers)):
            weight, h = weights[number], kept[number].view(count, kept[number].shape[1], -1)
            matrix = weight.flatten(2)
            own, below = torch.empty_like(matrix), torch.empty_like(h)
            found += [grad.sum((2, 3, 4)), own.view(weight.shape)]
            whole = functional.pad(grad, (0, 0, 1, 1, 1, 1))
            room = _room(whole)
            for m, padded in enumerate(whole):
                seen = _unfolded(padded, room)
                torch.mm(h[m], seen.T, out=own[m])
                torch.mm(matrix[m], seen, out=below[m])
            grad = _rectified(below, h).view(kept[number].shape)
        to_first = grad.view(count, -1, rows)
        found += [to_first.sum(2), torch.bmm(to_first, z.mT)]
        return torch.bmm(first.mT, to_first), *reversed(found)


class _EncodeTokens(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tokens: Tensor, *weights: Tensor) -> Tensor:
        table, near, near_bias, far, far_bias, last, last_bias = weights
        length, rows = tokens.shape
        padded = table.new_zeros(table.shape[1], length + 2, rows)
        padded[:, 1:-1] = table.T[:, tokens]
        first, matrix_1 = _along(padded, 3, 1), near.flatten(1)
        made = torch.addmm(near_bias.unsqueeze(1), matrix_1, first).view(-1, length, rows)
        padded = made.new_zeros(len(made), length + 2, rows)
        h1 = torch.clamp_min(made, 0, out=padded[:, 1:-1])
        second, matrix_2 = _along(padded, 4, 2), far.flatten(1)
        h2 = torch.addmm(far_bias.unsqueeze(1), matrix_2, second).relu_()
        h3 = torch.addmm(last_bias.unsqueeze(1), last, h2.view(-1, rows)).relu_()
        ctx.entries = len(table)
        ctx.save_for_backward(tokens, first, matrix_1, h1, second, matrix_2, h2, last, h3)
        return h3

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tokens, first, near, h1, second, far, h2, last, h3 = ctx.saved_tensors
        length, rows = tokens.shape
        to_h3 = _rectified(grads[0], h3)
        to_h2 = _rectified(torch.mm(last.T, to_h3).view(h2.shape), h2)
        to_h1 = _rectified(_laid(torch.mm(far.T, to_h2), 4, 2, length, rows), h1).view(len(h1), -1)
        to_entries = _laid(torch.mm(near.T, to_h1), 3, 1, length, rows)
        to_table = grads[0].new_zeros(ctx.entries, len(to_entries))
        to_table.index_add_(0, tokens.flatten(), to_entries.permute(1, 2, 0).reshape(length * rows, -1))
        return (
            None,
            to_table,
            torch.mm(to_h1, first.T).view(len(to_h1), -1, 3),
            to_h1.sum(1),
            torch.mm(to_h2, second.T).view(len(to_h2), -1, 4),
            to_h2.sum(1),
            torch.mm(to_h3, h2.view(-1, rows).T),
            to_h3.sum(1),
        )


class _DecodeTokens(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, length: int, *weights: Tensor) -> Tensor:
        begin, begin_bias, *middle, out, out_bias = weights
        rows = z.shape[1]
        made = torch.addmm(begin_bias.unsqueeze(1), begin, z).view(-1, length, rows)
        kept: list[Tensor] = []
        for weight, bias in (middle[:2], middle[2:]):
            padded = made.new_zeros(len(made), length + 4, rows)
            h = torch.clamp_min(made, 0, out=padded[:, 2:-2])
            seen, matrix = _along(padded, 5, 1), weight.flatten(1)
            made = torch.addmm(bias.unsqueeze(1), matrix, seen).view(-1, length, rows)
            kept += [h, seen, matrix]
        h, last = made.relu_().view(len(made), -1), out.squeeze(2)
        ctx.save_for_backward(z, begin, h, last, *kept)
        return torch.addmm(out_bias, h.T, last.T).view(length, rows, -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        z, begin, above, last, *kept = ctx.saved_tensors
        length, rows, _ = grads[0].shape
        said = grads[0].reshape(length * rows, -1)
        found = [said.sum(0), torch.mm(said.T, above.T).unsqueeze(2)]
        grad = _rectified(torch.mm(last.T, said.T), above)
        for h, seen, matrix in (kept[3:], kept[:3]):
            found += [grad.sum(1), torch.mm(grad, seen.T).view(len(grad), -1, 5)]
            below = _laid(torch.mm(matrix.T, grad), 5, 1, length, rows, edge=2)
            grad = _rectified(below, h).view(len(h), -1)
        to_begin = grad.view(-1, rows)
        found += [to_begin.sum(1), torch.mm(to_begin, z.T)]
        return torch.mm(begin.T, to_begin), None, *reversed(found)


def _room(padded: Tensor) -> Tensor:
    """Where the windows of one picture of M×C×(H+2)×(W+2)×N find room, C×4×4×H/2×W/2×N: one after the other
    in the same place, they stay in the core's cache."""
    _, channels, high, wide, rows = padded.shape
    return padded.new_empty(channels, 4, 4, high // 2 - 1, wide // 2 - 1, rows)


def _unfolded(padded: Tensor, room: Tensor) -> Tensor:
    """Windows of a 4×4 convolution of stride 2 over C×(H+2)×(W+2)×N, the edge included, in ``room``:
    16C×(H/2·W/2·N)."""
    a, b, c, _ = padded.stride()
    room.copy_(padded.as_strided(room.shape, (a, b, c, 2 * b, 2 * c, 1)))
    return room.view(16 * len(padded), -1)


def _fold(windows: Tensor, out: Tensor) -> None:
    """The other way round: windows laid over each other and added to ``out``, C×(2H+2)×(2W+2)×N."""
    channels, high, wide, rows = out.shape
    high, wide = high // 2 - 1, wide // 2 - 1
    grids = out.view(channels, high + 1, 2, wide + 1, 2, rows)
    quarters = windows.view(channels, 2, 2, 2, 2, high, wide, rows)
    for a in (0, 1):  # a window of stride 2 is four quarters, each of which lies on a grid of its own
        for b in (0, 1):
            grids[:, a : a + high, :, b : b + wide].add_(quarters[:, a, :, b].permute(0, 3, 1, 4, 2, 5))


def _along(padded: Tensor, width: int, stride: int) -> Tensor:
    """C×T×N, its edges included → (C·width)×(T'·N): what a convolution along the second axis sees."""
    channels, length, rows = padded.shape
    places = (length - width) // stride + 1
    seen = padded.as_strided((channels, width, places, rows), (length * rows, rows, stride * rows, 1))
    return seen.reshape(channels * width, places * rows)


def _laid(windows: Tensor, width: int, stride: int, length: int, rows: int, edge: int = 1) -> Tensor:
    """The other way round: (C·width)×(T'·N) added up → C×``length``×N, without its edges."""
    each = windows.view(-1, width, windows.shape[1] // rows, rows)
    out = windows.new_zeros(len(each), length + 2 * edge, rows)
    for at in range(width):
        out[:, at : at + stride * each.shape[2] : stride].add_(each[:, at])
    return out[:, edge : edge + length]


def _rectified(grad: Tensor, made: Tensor) -> Tensor:
    """What comes through a rectified layer that gave ``made``, row by row as the shape says."""
    out = grad.new_empty(made.shape)
    torch.ops.aten.threshold_backward.grad_input(grad, made, 0, grad_input=out)
    return out


def _convs(weights: Weights) -> list[str]:
    count = sum(name.startswith("convs.") and name.endswith(".weight") for name in weights)
    return [f"convs.{number}.{what}" for number in range(count) for what in ("weight", "bias")]
