"""The picture GANs against each other and, where it is installed, lightweight-gan: quality and speed.

    python tests/benchmarks/bench_gan.py [--data DIR] [--set digits|textures|stacked] [--seen 24000]
        [--seeds 3] [--only NAME ...] [--option NAME=VALUE ...] [--width 16] [--limit 600]

Every method sees the same number of pictures of the same set in batches of 16, drawn the same way. Judged on
1,024 samples of the averaged generator in the features of the network that ships with the program: kernel
distance (×1000, 0 best) and coverage (k = 5, 1 best) against held-out pictures, with nearest_ratio (below
0.9: copying). A run ends after --limit CPU seconds of the process, however few it has seen: lightweight-gan
takes several seconds a step on a CPU. Sets: scikit-learn digits (1,797, at 32 px), DIR/textures (356, at
32 px), three digits stacked as the channels of one picture (modes reached of 1,000, told by a classifier of
single digits).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PIL import Image

from mmstudio.learning.engine.data import ArrayData, to_bytes
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.evaluate import distances, kernel_distance
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.evaluation.networks import picture_features
from mmstudio.learning.families import default_config

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Draw = Callable[[int], torch.Tensor]
BATCH, SAMPLES = 16, 1024
FLIPPED = {"textures"}


def digits(side: int = 32) -> tuple[Pixels, np.ndarray[Any, np.dtype[np.int64]]]:
    """N×1×side×side uint8 and their labels."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    small = (bundle.images * (255 / 16)).round().clip(0, 255).astype(np.uint8)
    large = [np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in small]
    return np.stack(large)[:, None], bundle.target


def pictures(name: str, data: Path | None) -> Pixels:
    """N×3×32×32 uint8 of a set."""
    if name == "digits":
        return np.repeat(digits()[0], 3, axis=1)
    if name == "stacked":
        grey, _ = digits()
        some = np.random.default_rng(0).integers(0, len(grey), (20_000, 3))
        return np.concatenate([grey[some[:, i]] for i in range(3)], axis=1)
    assert data is not None
    found = []
    for path in sorted((data / "textures").glob("*.png")):
        with Image.open(path) as image:
            whole = image.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        white.alpha_composite(whole)
        side = min(white.size)
        tile = white.convert("RGB").crop((0, 0, side, side)).resize((32, 32), Image.Resampling.BOX)
        found.append(np.asarray(tile))
    return np.stack(found).transpose(0, 3, 1, 2)


@dataclass(slots=True)
class Run:
    """What every method is given; ``seen`` becomes what it got to see."""

    pixels: Pixels
    held: Pixels
    seen: int
    seed: int
    flip: bool
    width: int
    until: float

    def over(self, step: int) -> bool:
        """True where the CPU time is spent; notes how far it came."""
        if time.process_time() < self.until:
            return False
        self.seen = step * BATCH
        return True


def ours(family: str, options: dict[str, float], run: Run) -> Draw:
    """Train one of our families."""
    steps = run.seen // BATCH
    config = default_config(
        family, "bench", size=32, steps=steps, batch=BATCH, seed=run.seed, width=run.width
    )
    for key, value in options.items():
        if key == "rate":
            config.rate = value
        else:
            config.options[key] = value
    config.options.setdefault("colour", float(len(run.pixels) < 1000))
    task = build_task(config, torch.device("cpu"))
    data = ArrayData(run.pixels, run.seed, flip=run.flip, held=run.held)
    for step in range(steps):
        if run.over(step):
            break
        task.at(step / steps)
        for _ in task.parts(data.batch(step * BATCH, BATCH, task.random), step):
            pass
        task.average.update(task.nets[task.averaged], BATCH, (step + 1) * BATCH)
    draw = task.sampler(data, 1)
    assert draw is not None
    return draw


def lightweight(run: Run) -> Draw:
    """lightweight-gan's networks, losses, penalty cadence and rates, in a loop without its CUDA calls.

    Its own moving average starts at step 20,000; it gets ours, which is kinder at this length.
    """
    torch.manual_seed(run.seed)
    really = torch.cuda.is_available
    torch.cuda.is_available = lambda: True  # type: ignore[assignment]
    try:
        from lightweight_gan import lightweight_gan as lg
    finally:
        torch.cuda.is_available = really
    common = {"image_size": 32, "fmap_max": 96, "fmap_inverse_coef": 10}
    generator, discriminator = lg.Generator(latent_dim=64, **common), lg.Discriminator(**common)
    for net in (generator, discriminator):
        for module in net.modules():
            if type(module) in {torch.nn.Conv2d, torch.nn.Linear}:
                torch.nn.init.kaiming_normal_(module.weight, a=0, mode="fan_in", nonlinearity="leaky_relu")
    augmented = lg.AugWrapper(discriminator, 32)
    optimisers = [
        torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.9)) for net in (generator, discriminator)
    ]
    average = Average(generator, 10_000.0)
    data = ArrayData(run.pixels, run.seed, flip=run.flip)
    random = torch.Generator().manual_seed(run.seed)
    kind = {"prob": 0.25 if len(run.pixels) < 1000 else 0.0, "types": ["translation", "cutout"]}
    weights = sum(p.numel() for net in (generator, discriminator) for p in net.parameters())
    print(f"  lightweight-gan: {weights:,} weights")
    for step in range(run.seen // BATCH):
        if run.over(step):
            break
        x = data.batch(step * BATCH, BATCH, random).x
        penalised = step % 4 == 0
        optimisers[1].zero_grad()
        with torch.no_grad():
            fake = generator(torch.randn(BATCH, 64))
        x.requires_grad_(penalised)
        fake, (fake_out, fake_32, _) = augmented(
            fake, detach=True, input_requires_grad=penalised, return_discr_input=True, **kind
        )
        real_out, real_32, aux = augmented(x, calc_aux_loss=True, **kind)
        loss = lg.hinge_loss(real_out, fake_out) + lg.hinge_loss(real_32, fake_32) + aux
        if penalised:
            for outs, into in (([real_out, real_32], x), ([fake_out, fake_32], fake)):
                ones = [torch.ones_like(out) for out in outs]
                (gradient,) = torch.autograd.grad(outs, into, ones, create_graph=True)
                loss = loss + 0.5 * 10 * gradient.reshape(BATCH, -1).norm(2, dim=1).square().mean()
        loss.backward()
        optimisers[1].step()
        optimisers[0].zero_grad()
        out, out_32, _ = augmented(generator(torch.randn(BATCH, 64)), **kind)
        (lg.gen_hinge_loss(out, None) + lg.gen_hinge_loss(out_32, None)).backward()
        optimisers[0].step()
        average.update(generator, BATCH, (step + 1) * BATCH)
        for mine, theirs in zip(average.net.buffers(), generator.buffers(), strict=True):
            mine.copy_(theirs)
    average.net.eval()
    random = torch.Generator().manual_seed(1)
    draw: Draw = torch.no_grad()(lambda count: average.net(torch.randn(count, 64, generator=random)))
    return draw


def modes(made: Pixels) -> str:
    """How many of the 1,000 triples of digits the samples show, and the entropy gap to uniform, in nats."""
    from sklearn.svm import SVC

    grey, labels = digits()
    judge = SVC(gamma=0.001 * (16 / 255) ** 2).fit(_eighth(grey[:, 0]), labels)
    told = [judge.predict(_eighth(made[:, channel])) for channel in range(3)]
    counts = np.bincount(told[0] * 100 + told[1] * 10 + told[2], minlength=1000)
    share = counts[counts > 0] / counts.sum()
    gap = float((share * np.log(share * 1000)).sum())
    return f"modes {np.count_nonzero(counts)} of 1,000 in {len(made):,} samples, KL to uniform {gap:.3f}"


def _eighth(planes: Pixels) -> Pixels:
    """N×32×32 → N×64, brought to 8×8."""
    shrunk = [np.asarray(Image.fromarray(one).resize((8, 8), Image.Resampling.BOX)) for one in planes]
    return np.stack(shrunk).reshape(len(planes), -1)


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", choices=("digits", "textures", "stacked"), default="digits")
    parser.add_argument("--seen", type=int, default=24_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--limit", type=float, default=600.0)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--option", nargs="*", default=[])
    arguments = parser.parse_args()
    if arguments.set == "textures" and arguments.data is None:
        parser.error("textures need --data")
    options = {key: float(value) for key, _, value in (one.partition("=") for one in arguments.option)}
    pixels = pictures(arguments.set, arguments.data)
    order = np.random.default_rng(0).permutation(len(pixels))
    edge = max(100, len(pixels) // 10) if len(pixels) < 10_000 else 1000
    held, train = pixels[order[:edge]], pixels[order[edge:]]
    features, name = picture_features()

    def of(rows: Pixels) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.concatenate([features(rows[i : i + 64]) for i in range(0, len(rows), 64)])

    real, unseen = of(train[:2000]), of(held)
    centre, spread = real.mean(0), max(float(real.std(0).mean()), 1e-6)
    real, unseen = (real - centre) / spread, (unseen - centre) / spread
    own = float(np.median(distances(unseen, real).min(1)))
    floor = 1000 * kernel_distance(real[: len(real) // 2], unseen)
    print(f"{arguments.set}: {len(train)} to learn from, {len(held)} held out; features {name}")
    print(f"real against held out: kernel distance {floor:.1f}")
    methods: dict[str, Callable[[Run], Draw]] = {
        "ours": lambda run: ours("image-gan", options, run),
        "plain 2014": lambda run: ours("image-gan-plain", {}, run),
        "lightweight-gan": lightweight,
    }
    for method, train_one in methods.items():
        if arguments.only and method not in arguments.only:
            continue
        rows = []
        for seed in range(arguments.seeds):
            started = time.process_time()
            until = started + arguments.limit
            flip = arguments.set in FLIPPED
            run = Run(train, held, arguments.seen, seed, flip, arguments.width, until)
            try:
                draw = train_one(run)
            except ImportError as error:
                print(f"{method}: not installed ({error.name}), row left out")
                break
            cpu = time.process_time() - started
            made = np.concatenate([to_bytes(draw(64)) for _ in range(SAMPLES // 64)])
            found = (of(made) - centre) / spread
            near = float(np.median(distances(found, real).min(1))) / own
            radius = np.sort(distances(unseen, unseen), axis=1)[:, 5]
            coverage = float((distances(unseen, found).min(1) < radius).mean())
            rows.append((1000 * kernel_distance(unseen, found), coverage, near, run.seen, run.seen / cpu))
            if arguments.set == "stacked":
                more = np.concatenate([to_bytes(draw(64)) for _ in range(24_576 // 64)])
                print(f"  {method}, seed {seed}: {modes(more)}")
        words = []
        labels = ("kernel distance", "coverage", "nearest ratio", "seen", "seen per CPU-s")
        for label, column in zip(labels, zip(*rows, strict=True), strict=True) if rows else ():
            spread_of = statistics.stdev(column) if len(column) > 1 else 0.0
            words.append(f"{label} {statistics.mean(column):.2f} ± {spread_of:.2f}")
        if words:
            print(f"{method}: {', '.join(words)}", flush=True)


if __name__ == "__main__":
    main()
