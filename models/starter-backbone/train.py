"""Trains the starter picture backbone: SimCLR (Chen et al. 2020) on pictures whose licence allows it.

    python models/starter-backbone/train.py --emoji FOLDER --photos FOLDER --out FOLDER [--epochs 60]

FOLDER holds pictures of any size (searched recursively). Everything is in memory; one CPU core with bfloat16
units needs about a quarter of an hour. Writes config.json and weights.safetensors (float16).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.features.pictures.backbones import build_starter, randomise

STORED, SEEN, BATCH, TEMPERATURE = 80, 64, 256, 0.2
WIDTHS = (32, 64, 128, 192)


def load(folder: Path) -> np.ndarray:
    """uint8[N,4,80,80]: the middle square of every picture, with its transparency."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".png", ".jpg", ".jpeg"}):
        with Image.open(path) as picture:
            rgba = picture.convert("RGBA")
        side = min(rgba.size)
        left, top = (rgba.width - side) // 2, (rgba.height - side) // 2
        rgba = rgba.crop((left, top, left + side, top + side)).resize((STORED, STORED), Image.Resampling.BOX)
        found.append(np.asarray(rgba).transpose(2, 0, 1))
    return np.stack(found)


def view(batch: Tensor, g: torch.Generator) -> Tensor:
    """One random view, float32[N,3,64,64] in -1…1: background, crop, flip, small turn, colour, grey, blur."""
    n = len(batch)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=g)

    x = batch.float() / 255
    white = (rand(n, 1, 1, 1) < 0.5).float()
    ground = white + (1 - white) * rand(n, 3, 1, 1)
    alpha = x[:, 3:]
    x = x[:, :3] * alpha + ground * (1 - alpha)

    scale = (0.25 + 0.75 * rand(n)).sqrt()
    ratio = torch.exp((rand(n) - 0.5) * 2 * math.log(4 / 3)).sqrt()
    sx, sy = (scale * ratio).clamp(max=1), (scale / ratio).clamp(max=1)
    tx, ty = (rand(n) * 2 - 1) * (1 - sx), (rand(n) * 2 - 1) * (1 - sy)
    flip = torch.where(rand(n) < 0.5, -1.0, 1.0)
    angle = (rand(n) - 0.5) * 0.4
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = sx * flip * angle.cos(), -sx * angle.sin(), tx
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = sy * flip * angle.sin(), sy * angle.cos(), ty
    grid = functional.affine_grid(theta, [n, 3, SEEN, SEEN], align_corners=False)
    x = functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    jitter = (rand(n, 1, 1, 1) < 0.8).float()
    grey = x.mean(1, keepdim=True)
    x = x + jitter * (rand(n, 1, 1, 1) - 0.5) * 1.2 * (x - grey)  # saturation
    middle = x.mean((1, 2, 3), keepdim=True)
    x = x + jitter * (rand(n, 1, 1, 1) - 0.5) * 0.8 * (x - middle)  # contrast
    x = x + jitter * ((rand(n, 1, 1, 1) - 0.5) * 0.5 + (rand(n, 3, 1, 1) - 0.5) * 0.2)  # light and tint
    x = torch.where(rand(n, 1, 1, 1) < 0.2, x.mean(1, keepdim=True).expand_as(x), x)
    soft = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="reflect"), 3, 1)
    x = torch.where(rand(n, 1, 1, 1) < 0.25, soft, x)
    return (x.clamp(0, 1) * 2 - 1).contiguous(memory_format=torch.channels_last)


def nt_xent(a: Tensor, b: Tensor) -> Tensor:
    """Normalised temperature-scaled cross entropy of SimCLR over 2N views."""
    z = functional.normalize(torch.cat([a, b]).float(), dim=1)
    similarity = z @ z.T / TEMPERATURE
    similarity.fill_diagonal_(-1e4)
    n = len(a)
    target = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return functional.cross_entropy(similarity, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emoji", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    sets = [load(options.emoji), load(options.photos)]
    data = torch.from_numpy(np.concatenate(sets))
    g = torch.Generator().manual_seed(options.seed)
    net = build_starter(WIDTHS)
    dimension = WIDTHS[-2] + WIDTHS[-1]
    head = nn.Sequential(
        nn.Linear(dimension, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 128, bias=False)
    )
    for part in (net, head):
        randomise(part, g)
    net.to(memory_format=torch.channels_last)
    parameters = [*net.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-3)
    steps = options.epochs * (len(data) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    mean_net = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    started, losses = time.perf_counter(), []
    for epoch in range(options.epochs):
        order = torch.randperm(len(data), generator=g)
        losses = []
        for start in range(0, len(data) - BATCH + 1, BATCH):
            batch = data[order[start : start + BATCH]]
            with torch.autocast("cpu", torch.bfloat16):
                both = head(net(torch.cat([view(batch, g), view(batch, g)])))
            loss = nt_xent(both[:BATCH], both[BATCH:])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            mean_net.update_parameters(net)
            losses.append(float(loss.detach()))
        print(
            f"epoch {epoch + 1} loss {np.mean(losses):.3f} {time.perf_counter() - started:.0f} s", flush=True
        )

    options.out.mkdir(parents=True, exist_ok=True)
    state = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in mean_net.module.state_dict().items()
    }
    save_file(state, str(options.out / "weights.safetensors"))
    config = {
        "kind": "image-backbone", "architecture": "starter-resnet", "widths": WIDTHS, "bands": 3, "size": 96,
        "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "licence": "Apache-2.0",
        "label": "Starter picture network (self-supervised)",
        "training": {
            "method": "SimCLR", "pictures": len(data), "epochs": options.epochs, "seed": options.seed,
            "seconds": round(time.perf_counter() - started), "loss": round(float(np.mean(losses)), 4),
        },
    }  # fmt: skip
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
