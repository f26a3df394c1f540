"""The picture VAE and, where it is installed, pythae's VAE: quality and speed.

    python tests/benchmarks/bench_vae.py [--data DIR] [--set digits|textures] [--seen 8000] [--seeds 3]
        [--only NAME ...] [--option NAME=VALUE ...] [--size 32] [--no-speed] [--pictures DIR]

Every method sees the same number of pictures of the same set in batches of 16. 1,024 samples of each are
judged against held-out pictures (300, or a third of a small set) in the features of the network that ships
with the program: kernel distance (×1000, 0 best), density and coverage (k = 5; 1 best), and the PSNR of
held-out pictures drawn again. pythae trains its own convolutional networks (those it has for 32 pixels) and
ours (equal parameters, by its custom-encoder door), by its loss with Adam, and is drawn from by its standard
normal and by its Gaussian mixture.

Speed: pictures a second of a bare training step, ours against pythae's on the same networks and batch; of
each program's own training loop (in a thread each, taking turns step by step); and of sampling against the
bare decoder. Medians of paired rounds. CPU seconds are the process's.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmstudio.jobs import Progress, run_inline
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import ArrayData, to_bytes, to_float
from mmstudio.learning.engine.prior import prior_from
from mmstudio.learning.engine.registry import GenerativeModel, build_task
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.engine.vae_task import VaeTask
from mmstudio.learning.evaluation.metrics import kernel_distance, manifolds, psnr
from mmstudio.learning.evaluation.networks import picture_features
from mmstudio.learning.families import default_config, settle

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
BATCH, SAMPLES = 16, 1024
CPU = torch.device("cpu")
# Of one thread the CPU's time counts, which other work does not touch; of several the clock's.
CLOCK = time.process_time if torch.get_num_threads() == 1 else time.perf_counter


@dataclass(slots=True)
class Result:
    """What a method makes: samples, held-out pictures drawn again, and how many weights it has."""

    drawn: Pixels
    again: Pixels
    weights: int


def pictures(name: str, size: int, data: Path | None) -> Pixels:
    """N×3×size×size uint8 of a set."""
    if name == "digits":
        from sklearn.datasets import load_digits

        small = (load_digits().images * (255 / 16)).round().clip(0, 255).astype(np.uint8)
        large = [Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC) for one in small]
        return np.repeat(np.stack([np.asarray(one) for one in large])[:, None], 3, axis=1)
    assert data is not None
    found = []
    for path in sorted((data / "textures").glob("*.png")):
        with Image.open(path) as image:
            whole = image.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        white.alpha_composite(whole)
        side = min(white.size)
        square = white.convert("RGB").crop((0, 0, side, side))
        found.append(np.asarray(square.resize((size, size), Image.Resampling.BOX)))
    return np.stack(found).transpose(0, 3, 1, 2)


def configured(size: int, steps: int, seed: int, options: dict[str, float]) -> ModelConfig:
    """Our defaults with some options changed; ``rate`` and ``latent`` too."""
    config = default_config("image-vae", "bench", size=size, steps=steps, batch=BATCH, seed=seed)
    config.rate, config.latent = options.pop("rate", config.rate), int(options.pop("latent", config.latent))
    config.options |= options
    return settle(config)


def ours(train: Pixels, held: Pixels, steps: int, seed: int, options: dict[str, float]) -> Result:
    """Our VAE, as the trainer drives it."""
    config = configured(train.shape[-1], steps, seed, dict(options))
    data = ArrayData(train, seed, flip=config.options.get("flip", 0.0) > 0)
    task = build_task(config, CPU)
    assert isinstance(task, VaeTask)
    for step in range(steps):
        task.at(step / steps)
        for _ in task.parts(data.batch(step * BATCH, BATCH, task.random), step):
            pass
        task.average.update(task.vae, BATCH, (step + 1) * BATCH)
    net: Any = task.average.net
    model = GenerativeModel(config, net.decoder, net, None, prior_from(task.finish(data), config.latent), CPU)
    drawn = to_bytes(model.decode(model.draw(SAMPLES, torch.Generator().manual_seed(seed))))
    weights = sum(p.numel() for p in task.vae.parameters())
    return Result(drawn, to_bytes(model.decode(model.encode(held))), weights)


def pythaes(steps: int, train: Pixels, seed: int, nets: str, latent: int = 64) -> Any:
    """pythae's VAE after ``steps``; pictures are in [0, 1] as its examples have them."""
    model, random = pythae_model(train.shape[-1], nets, latent, seed), np.random.default_rng(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.from_numpy(train).float().div(255)
    for step in range(steps):
        if step % max(1, len(x) // BATCH) == 0:
            order = random.permutation(len(x))
        at = step % max(1, len(x) // BATCH) * BATCH
        pythae_step(model, optimiser, x[order[at : at + BATCH]])
    return model.eval()


def pythae_step(model: Any, optimiser: torch.optim.Optimizer, x: Tensor) -> None:
    """As its trainer does it."""
    optimiser.zero_grad()
    model({"data": x}).loss.backward()
    optimiser.step()


def pythae_model(size: int, nets: str, latent: int, seed: int) -> Any:
    """A fresh VAE of pythae on ``nets``: "own" (its convolutions for 32 pixels) or "ours"."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    config = VAEConfig(input_dim=(3, size, size), latent_dim=latent)
    torch.manual_seed(seed)
    if nets == "own":
        from pythae.models.nn.benchmarks.cifar import Decoder_Conv_AE_CIFAR, Encoder_Conv_VAE_CIFAR

        return VAE(config, encoder=Encoder_Conv_VAE_CIFAR(config), decoder=Decoder_Conv_AE_CIFAR(config))
    task = build_task(configured(size, 1, seed, {"latent": float(latent)}), CPU)
    assert isinstance(task, VaeTask)
    vae = task.vae

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = vae.encoder

        def forward(self, x: Tensor) -> Any:
            mean, log_variance = self.net(x * 2 - 1).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = vae.decoder

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=(self.net(z) + 1) / 2)

    return VAE(config, encoder=Encoder(), decoder=Decoder())


@torch.no_grad()
def drawn_by_pythae(model: Any, train: Pixels, held: Pixels, seed: int, mixture: bool) -> Result:
    """Samples by its normal prior or its Gaussian mixture (10 components, its default)."""
    torch.manual_seed(seed)
    if mixture:
        from pythae.samplers import GaussianMixtureSampler, GaussianMixtureSamplerConfig

        sampler = GaussianMixtureSampler(model, GaussianMixtureSamplerConfig(n_components=10))
        sampler.fit(torch.from_numpy(train).float().div(255))
    else:
        from pythae.samplers import NormalSampler

        sampler = NormalSampler(model)
    made = sampler.sample(num_samples=SAMPLES, batch_size=64, return_gen=True).cpu()
    again = model.reconstruct(torch.from_numpy(held).float().div(255))
    weights = sum(p.numel() for p in model.parameters())
    return Result(to_bytes(made * 2 - 1), to_bytes(again * 2 - 1), weights)


def has_pythae() -> bool:
    """Whether pythae is installed (it is no dependency of the program)."""
    import importlib.util

    return importlib.util.find_spec("pythae") is not None


Method = Callable[[Pixels, Pixels, int, int], Result]


def methods(size: int, options: dict[str, float]) -> dict[str, Method]:
    """Rows of the table."""
    found: dict[str, Method] = {
        "ours": lambda t, h, n, s: ours(t, h, n, s, options),
        "ours, sharpened": lambda t, h, n, s: ours(t, h, n, s, SHARP | options),
        "ours, spatial": lambda t, h, n, s: ours(t, h, n, s, {"spatial": 8.0} | options),
    }
    if not has_pythae():
        print("pythae: not installed: rows left out")
        return found
    for nets in ("own", "ours") if size == 32 else ("ours",):
        for prior in ("normal", "mixture"):
            found[f"pythae, {nets} nets, {prior}"] = lambda t, h, n, s, nets=nets, prior=prior: (  # type: ignore[misc]
                drawn_by_pythae(trained(n, t, s, nets), t, h, s, prior == "mixture")
            )
    return found


SHARP = {"perceptual": 0.5, "adversarial": 0.3}
_TRAINED: dict[tuple[int, int, str, int], Any] = {}


def trained(steps: int, train: Pixels, seed: int, nets: str) -> Any:
    """One training serves both ways to draw."""
    key = (steps, seed, nets, len(train))
    if key not in _TRAINED:
        _TRAINED[key] = pythaes(steps, train, seed, nets)
    return _TRAINED[key]


def quality(name: str, chosen: argparse.Namespace) -> None:
    """Print the table of one set."""
    pixels = pictures(name, chosen.size, chosen.data)
    order = np.random.default_rng(0).permutation(len(pixels))
    few = min(300, len(pixels) // 3)
    held, train = pixels[order[:few]], pixels[order[few:]]
    features, network = picture_features()
    real = features(held)
    seen = features(train)
    centre, spread = real.mean(0), max(float(real.std(0).mean()), 1e-6)
    real = (real - centre) / spread
    floor = 1000 * kernel_distance(real, (seen - centre) / spread)
    print(
        f"{name} at {chosen.size} px: {len(train)} to train, {len(held)} held out; "
        f"{chosen.seen} seen; {network}"
    )
    print(f"  training against held-out pictures: kernel distance {floor:.1f}, "
          f"coverage {manifolds(real, (seen - centre) / spread).coverage:.2f}")  # fmt: skip
    for label, method in methods(chosen.size, chosen.options).items():
        if chosen.only and label not in chosen.only:
            continue
        rows = []
        for seed in range(chosen.seeds):
            started = time.process_time()
            made = method(train, held, chosen.seen // BATCH, seed)
            seconds = time.process_time() - started
            drawn = (features(made.drawn) - centre) / spread
            found = manifolds(real, drawn)
            rows.append((1000 * kernel_distance(real, drawn), found.density, found.coverage,
                         psnr(made.again, held), seconds, made.weights))  # fmt: skip
            if chosen.pictures is not None:
                show(
                    chosen.pictures / f"{name}-{label.replace(', ', '-').replace(' ', '_')}-{seed}.png", made
                )
        distance, density, coverage, again, seconds, weights = zip(*rows, strict=True)
        print(f"  {label:27s} kernel distance {spoken(distance, 1)}  density {spoken(density, 2)}  "
              f"coverage {spoken(coverage, 2)}  PSNR {spoken(again, 1)} dB  "
              f"{statistics.mean(seconds):4.0f} CPU s  {weights[0]:,} weights", flush=True)  # fmt: skip


def show(path: Path, made: Result) -> None:
    """A sheet: two rows drawn again, four rows of samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    some = np.concatenate([made.again[:24], made.drawn[:48]])
    rows = [np.concatenate(list(some[i : i + 12]), axis=2) for i in range(0, len(some), 12)]
    Image.fromarray(np.concatenate(rows, axis=1).transpose(1, 2, 0)).save(path)


def spoken(values: tuple[float, ...], digits: int) -> str:
    """Mean ± spread."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):7.{digits}f} ± {spread:.{digits}f}"


def speed(size: int, options: dict[str, float], rounds: int = 7, steps: int = 4) -> None:
    """Print training and sampling speed, as medians of paired rounds."""
    config = configured(size, 10_000, 0, dict(options))
    task = build_task(config, CPU)
    assert isinstance(task, VaeTask)
    data = ArrayData(np.random.default_rng(0).integers(0, 256, (256, 3, size, size), dtype=np.uint8), 0)
    seen = 0

    def mine() -> None:
        nonlocal seen
        for _ in range(steps):
            for _ in task.parts(data.batch(seen, BATCH, task.random), seen // BATCH):
                pass
            seen += BATCH
            task.average.update(task.vae, BATCH, seen)

    weights = sum(p.numel() for p in task.vae.parameters())
    print(f"speed at {size} px, batch {BATCH}, {torch.get_num_threads()} threads, {weights:,} weights")
    if has_pythae():
        theirs = pythae_model(size, "ours", config.latent, 0)
        optimiser = torch.optim.Adam(theirs.parameters(), lr=1e-3)
        x = to_float(data.pixels).add(1).div(2)

        def other() -> None:
            for step in range(steps):
                pythae_step(theirs, optimiser, x[step * BATCH : (step + 1) * BATCH])

        a, b, ratio = paired(mine, other, rounds)
        made = steps * BATCH
        print(f"  bare step      ours {made / a:.1f}/s, pythae, same networks {made / b:.1f}/s: {ratio:.2f}")
        a, b, ratio = loops(config, data.pixels, 7)
        print(f"  training loop  ours {BATCH / a:.1f}/s, pythae's BaseTrainer {BATCH / b:.1f}/s: {ratio:.2f}")
    else:
        print("  pythae: not installed: row left out")
    net: Any = task.average.net
    model = GenerativeModel(config, net.decoder, net, None, prior_from(task.finish(data), config.latent), CPU)
    random = torch.Generator().manual_seed(0)

    @torch.inference_mode()
    def bare() -> None:
        for _ in range(64 // model.rows):
            net.decoder(torch.randn(model.rows, config.latent, generator=random))

    a, b, ratio = paired(lambda: model.pictures(model.draw(64, random)), bare, rounds)
    print(f"  sampling       ours {64 / a:.1f}/s, bare decoder {64 / b:.1f}/s: {ratio:.2f} of it")


class Turns:
    """Two training loops that take turns, a step each, so that both meet the same machine."""

    def __init__(self) -> None:
        self.seconds: tuple[list[float], list[float]] = ([], [])
        self.doors = (threading.Semaphore(0), threading.Semaphore(0))
        self.alone = False
        self._started = 0.0

    def begin(self, side: int) -> None:
        """Wait for the first turn."""
        self.doors[side].acquire()
        self._started = CLOCK()

    def step_ended(self, side: int) -> None:
        """Note the step that ended, let the other make one, and wait."""
        self.seconds[side].append(CLOCK() - self._started)
        self.doors[1 - side].release()
        if not self.alone:
            self.begin(side)

    def end(self, side: int) -> None:
        """Nothing more from this side."""
        self.alone = True
        self.doors[1 - side].release()


def loops(config: ModelConfig, pixels: Pixels, epochs: int) -> tuple[float, float, float]:
    """Seconds a step of both training loops, and the median over pairs of steps of theirs / ours: batches,
    logs, progress, optimiser and averages included; the first epoch, checkpoints and ends are left out."""
    turns, each = Turns(), len(pixels) // BATCH
    both = (
        threading.Thread(target=our_loop, args=(turns, replace(config, steps=epochs * each), pixels)),
        threading.Thread(target=pythae_loop, args=(turns, pixels, config.latent, epochs)),
    )
    for one in both:
        one.start()
    turns.doors[0].release()
    for one in both:
        one.join()
    pairs = list(zip(*turns.seconds, strict=False))[each:]
    a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
    return a, b, statistics.median(two / one for one, two in pairs)


def our_loop(turns: Turns, config: ModelConfig, pixels: Pixels) -> None:
    """The trainer as the studio runs it, without the grids of samples and the checkpoints, which come by the
    clock; its steps whole, as they are at these sizes with two cores."""
    config.options["whole_steps"] = 1.0
    turns.begin(0)
    with tempfile.TemporaryDirectory() as folder:
        config.save(Path(folder))
        task, data = build_task(config, CPU), ArrayData(pixels, 0)
        never: dict[str, Any] = {"grid_every": 10**9, "checkpoint_every": 10**9, "checkpoint_seconds": 1e9}
        trainer = Trainer(Path(folder), config, task, data, **never)

        def heard(progress: Progress) -> None:
            if "losses" in progress.data:  # a whole step, not a part of one
                turns.step_ended(0)

        run_inline(trainer.run, on_progress=heard)
    turns.end(0)


def pythae_loop(turns: Turns, pixels: Pixels, latent: int, epochs: int) -> None:
    """The same by pythae's trainer, networks ours."""
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    class Heard(TrainingCallback):  # type: ignore[misc]
        def on_train_step_end(self, training_config: Any, **kwargs: Any) -> None:
            turns.step_ended(1)

    logging.disable(logging.INFO)
    model = pythae_model(pixels.shape[-1], "ours", latent, 0)
    x = torch.from_numpy(pixels).float().div(255)
    turns.begin(1)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        wanted = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=BATCH,
            learning_rate=1e-3,
            no_cuda=True,
        )
        data = BaseDataset(x, torch.zeros(len(x)))
        BaseTrainer(model, data, training_config=wanted, callbacks=[Heard()]).train()
    turns.end(1)


def paired(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Median seconds of both, and the median over rounds of second / first; with one thread of the CPU, whose
    other work then does not count, else of the clock."""
    first(), second()
    times = []
    for index in range(rounds):
        pair = [0.0, 0.0]
        for which in (0, 1) if index % 2 else (1, 0):
            started = CLOCK()
            (first, second)[which]()
            pair[which] = CLOCK() - started
        times.append(pair)
    a, b = (statistics.median(column) for column in zip(*times, strict=True))
    return a, b, statistics.median(two / one for one, two in times)


def main() -> None:
    """Both sets by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", dest="sets", action="append", choices=("digits", "textures"))
    parser.add_argument("--seen", type=int, default=8_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--only", action="append")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--pictures", type=Path, help="write sheets of what was drawn here")
    chosen = parser.parse_args()
    chosen.options = {pair.split("=")[0]: float(pair.split("=")[1]) for pair in chosen.option}
    for name in chosen.sets or (("digits", "textures") if chosen.data else ("digits",)):
        quality(name, chosen)
    if not chosen.no_speed:
        for size in (32, 64):
            speed(size, chosen.options)


if __name__ == "__main__":
    main()
