"""The joint model and, where it is installed, the package multivae: coherence, quality, diversity, speed.

    python tests/benchmarks/bench_joint.py [--set poly|triple ...] [--rows 3000] [--steps 1000] [--seeds 1]
        [--equal STEPS] [--only NAME ...] [--option NAME=VALUE ...] [--missing 0.5] [--no-speed]
        [--no-quality] [--same]

Sets: "poly", five pictures of one digit on five kinds of made background (scikit-learn's digits at 16
pixels, after PolyMNIST); "triple", a written digit, a spoken-digit-like tone (16×16) and the digit's word,
letter by letter. Every method has the same networks, latent of 32 (MMVAE+: 16 shared, 16 private), batches
of 32, as many steps, Adam from 2e-3 down to a tenth along a cosine. MVTCAE has alpha 5/6, beta 2.5, MoPoE
and MMVAE+ beta 1. "default" is our default; "our …" and "multivae …" are the published objectives, ours
without the learned prior.

Figures on 500 held-out sets, with a judge network per modality (its share of right answers on held-out
media is the ceiling): coherence of what is drawn from one and from two modalities, and of whole sets (all
modalities show one digit: from the prior, or what our default has in its place / a Gaussian mixture / the
latent GAN); Fréchet distance in the judges' features of pictures (the tone is one) drawn from one other
modality and from all others (floor: held-out against training media); spread: standard deviation of pixels
over 8 draws from the same one modality, mean over pixels; real: over held-out media of one digit. CPU
seconds are the process's, of training. With --equal every method trains for as many steps as cost what so
many of our default cost with all that it does afterwards: steps of all methods are timed in turns, so that
work beside it slows all alike. "right" is the spread among those draws that show the right digit: wrong
digits spread too.

--same: losses of our MVTCAE and theirs from the same weights, on the same batches and noise, step by step,
theirs without the constant of the pictures' likelihood, which we leave out.

Speed: examples a CPU second of bare training steps, and of each program's own training loop, ours against
theirs; medians of alternating rounds.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from joint_sets import Array, Judges, Task, poly, triple

from mmstudio.jobs import JobContext
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.joint_task import JointTask
from mmstudio.learning.engine.set_data import SetData
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config
from mmstudio.learning.joint.model import model_of
from mmstudio.learning.objectives.joint import PICTURE_SCALE

try:
    import joint_multivae
except ImportError as error:
    joint_multivae = None  # type: ignore[assignment]
    print(f"multivae is left out: {error}")

BATCH, LATENT, SHARED, SAMPLES, RATE = 32, 32, 16, 500, 2e-3
CPU = torch.device("cpu")
PURE = {"flow": 0.0, "gan": 0.0}
DEFAULT: dict[str, float] = {}
# Our objective, theirs, our options; our default has no counterpart and stands against their MMVAE+.
PAIRS = (
    ("mvtcae", "MVTCAE", PURE), ("mopoe", "MoPoE", PURE), ("mmvae+", "MMVAE+", PURE),
    ("mvtcae", "MMVAE+", DEFAULT),
)  # fmt: skip
AFTER = {"default": 0.15, "our": 0.05}  # of all time is for what comes after the steps: mixture, latent GAN
OURS = {
    "default": ("mvtcae", DEFAULT),
    "our MVTCAE": ("mvtcae", {**PURE, "beta": 2.5}),
    "our MoPoE": ("mopoe", {**PURE, "beta": 1.0}),
    "our MMVAE+": ("mmvae+", {**PURE, "beta": 1.0}),
}
THEIRS = ("MVTCAE", "MoPoE", "MMVAE+")
Made = dict[str, Array]
Options = Mapping[str, float]


@dataclass(slots=True)
class Trained:
    """A trained method: rows given → rows wanted; whole sets by sampler."""

    draw: Callable[[Made, list[str], int], Made]
    whole: dict[str, Callable[[int, int], Made]]
    cpu: float
    weights: int


def configured(task: Task, objective: str, steps: int, seed: int, options: Options) -> ModelConfig:
    """Our config of a method."""
    config = default_config("joint", "bench", size=16, steps=steps, batch=BATCH, seed=seed)
    config.parts = {"objective": objective, "modalities": [part.as_json() for part in task.parts]}
    config.latent = int(options.get("latent", SHARED if objective == "mmvae+" else LATENT))
    config.widths, config.rate = [16], RATE
    more = {"hidden": 128.0, "private": 16.0} | {k: v for k, v in options.items() if k != "latent"}
    config.options |= more
    return config


def ours(objective: str, options: Options, task: Task, steps: int, seed: int, present: Made) -> Trained:
    """Our training, as the trainer drives it."""
    config = configured(task, objective, steps, seed, options)
    data = SetData(task.train, present, seed, held=task.held)
    joint = JointTask(config, CPU)
    started = time.process_time()
    for step in range(steps):
        one_step(joint, data, step)
    weights = joint.weights() | joint.finish(data)  # the latent GAN learns here
    spent = time.process_time() - started
    model = model_of(config, weights, CPU)
    print({name: {k: round(v, 3) for k, v in found.items()} for name, found in model.scores.items()})
    names: list[Any] = ["learned" if config.options["flow"] else "prior", "mixture"]
    names += ["gan"] if config.options["gan"] else []
    whole: dict[str, Callable[[int, int], Made]] = {name: partial(_whole, model, name) for name in names}
    return Trained(model.generate_arrays, whole, spent, sum(p.numel() for p in joint.net.parameters()))


def one_step(joint: JointTask, data: SetData, step: int) -> None:
    """One training step with its average."""
    joint.at(step / joint.config.steps)
    for _ in joint.parts(data.batch(step * BATCH, BATCH, joint.random), step):
        pass
    joint.average.update(joint.net, BATCH, (step + 1) * BATCH)


def _whole(model: Any, name: Any, count: int, seed: int) -> Made:
    found: Made = model.unconditional_arrays(count, seed, name)
    return found


def theirs(method: str, task: Task, steps: int, seed: int, present: Made) -> Trained:
    """multivae's model on our networks."""
    latent = SHARED if method == "MMVAE+" else LATENT
    return Trained(*joint_multivae.train(task, method, steps, seed, present, BATCH, RATE, latent, 16))


Maker = Callable[[Task, int, int, Made], Trained]


def methods(more: Options) -> dict[str, Maker]:
    """Every method by name, in the order of the table."""
    found: dict[str, Maker] = {"default": partial(ours, "mvtcae", more)}
    if joint_multivae is not None:
        found |= {f"multivae {name}": partial(theirs, name) for name in THEIRS}
    return found | {name: partial(ours, *own) for name, own in OURS.items() if name != "default"}


def equal_steps(task: Task, share: float, steps: int, more: Options, rounds: int = 5) -> dict[str, int]:
    """Method → how many of its steps cost as much as ``steps`` of our default and what comes after them."""
    present = masks(task, share, 0)
    works: dict[str, Callable[[int], object]] = {}
    for name, (objective, published) in OURS.items():
        option: Options = more if name == "default" else published
        joint = JointTask(configured(task, objective, 10_000, 0, option), CPU)
        works[name] = partial(one_step, joint, SetData(task.train, present, 0))
    for name in THEIRS if joint_multivae is not None else ():
        model = joint_multivae.made(task, name, SHARED if name == "MMVAE+" else LATENT, 16, 0)
        other = joint_multivae.Training(task, model, present, BATCH, RATE, 0)
        works[f"multivae {name}"] = partial(_their_step, other)
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            started = time.process_time()
            for step in range(4):
                work(4 * turn + step)
            found[name] += [(time.process_time() - started) / 4] if turn else []
    # Work beside this one slows a whole round: rates are compared within it.
    cost = {
        name: statistics.median(own / first for own, first in zip(times, found["default"], strict=True))
        for name, times in found.items()
    }
    after = {name: AFTER.get(name, AFTER.get(name.split()[0], 0.0)) for name in works}
    count = {
        name: round(steps / (1 - AFTER["default"]) * (1 - after[name]) / own) for name, own in cost.items()
    }
    print(f"steps at equal time, {share:.0%} missing: {count}", flush=True)
    return count


def _their_step(training: Any, step: int) -> None:
    training.step(step / 10_000)


def masks(task: Task, share: float, seed: int) -> Made:
    """Which media are there; at least one of each set."""
    random = np.random.default_rng([seed, 3])
    count = len(task.train_digit)
    lots = random.random((count, len(task.parts)))
    there = lots >= share
    there[np.arange(count), lots.argmax(1)] = True
    return {part.name: there[:, m] for m, part in enumerate(task.parts)}


def print_floor(task: Task, judges: Judges) -> None:
    """Ceilings, floors and the head of the table."""
    ceiling = {n: float(np.mean(judges.told(n, rows) == task.held_digit)) for n, rows in task.held.items()}
    floor = {n: judges.distance(n, task.train[n][:SAMPLES], rows) for n, rows in task.held.items()}
    real = np.mean([spread(task.held[p.name], task.held_digit) for p in task.parts if p.kind == "picture"])
    print(f"\n{task.name}: {len(task.train_digit)} sets; ceilings {brief(ceiling)}; floors {brief(floor)};")
    print(f"spread of real media {real:.3f}")
    print(
        f"{'method':16} {'from 1':>7} {'from 2':>7} {'whole: own/mixture/GAN':>24} {'FD|1':>7} {'FD|rest':>8}"
        f" {'spread':>7} {'right':>6} {'CPU s':>7} {'weights':>8}",
        flush=True,
    )


def brief(values: Mapping[str, float]) -> str:
    """name value, name value."""
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items())


def spread(rows: Array, digit: Array) -> float:
    """Standard deviation of pixels within a digit, mean over pixels and digits."""
    return float(np.mean([(rows[digit == d] / 255.0).std(0).mean() for d in range(10)]))


def right_spread(judges: Judges, name: str, rows: Array, digit: Array) -> float:
    """Of eight draws for each digit: standard deviation among those that show it, mean over pixels."""
    shown = (judges.told(name, rows) == np.repeat(digit, 8)).reshape(-1, 8)
    drawn = rows.reshape(len(shown), 8, -1) / 255.0
    found = [some[own].std(0, ddof=1).mean() for some, own in zip(drawn, shown, strict=True) if own.sum() > 2]
    return float(np.mean(found)) if found else float("nan")


def print_row(method: str, seed: int, task: Task, judges: Judges, trained: Trained) -> None:
    """Measure a method and print its row."""
    names = [part.name for part in task.parts]
    pictures = {part.name for part in task.parts if part.kind == "picture"}
    one: dict[str, float] = {}
    two, near, far, wide, right = [], [], [], [], []
    for source in names:
        want = [name for name in names if name != source]
        made = trained.draw({source: task.held[source]}, want, 1)
        one[source] = judges.right(made, task.held_digit)
        near += [judges.distance(n, made[n], task.held[n]) for n in want if n in pictures]
        few = {source: np.repeat(task.held[source][:30], 8, axis=0)}
        again = trained.draw(few, [n for n in want if n in pictures], 2)
        wide += [float((rows.reshape(30, 8, -1) / 255.0).std(1).mean()) for rows in again.values()]
        right += [right_spread(judges, n, rows, task.held_digit[:30]) for n, rows in again.items()]
    for pair in [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]][:4]:
        want = [name for name in names if name not in pair]
        two.append(judges.right(trained.draw({n: task.held[n] for n in pair}, want, 3), task.held_digit))
    for target in sorted(pictures):
        made = trained.draw({n: task.held[n] for n in names if n != target}, [target], 4)
        far.append(judges.distance(target, made[target], task.held[target]))
    joint = " / ".join(f"{judges.agree(whole(SAMPLES, 5)):.3f}" for whole in trained.whole.values())
    print(
        f"{method:16} {np.mean(list(one.values())):7.3f} {np.mean(two):7.3f} {joint:>24} {np.mean(near):7.2f}"
        f" {np.mean(far):8.2f} {np.mean(wide):7.3f} {np.nanmean(right):6.3f} {trained.cpu:7.1f}"
        f" {trained.weights:8d}"
        f"  seed {seed}; from each: {brief(one)}",
        flush=True,
    )


def speed(task: Task, share: float, rounds: int = 5, steps: int = 6) -> None:
    """Examples a CPU second of bare steps, ours and theirs in turn."""
    present = masks(task, share, 0)
    print(f"\n{task.name}, {share:.0%} missing: examples a CPU second, ours against multivae")
    for objective, name, own in PAIRS:
        config = configured(task, objective, 1000, 0, own)
        joint, data = JointTask(config, CPU), SetData(task.train, present, 0)
        latent = SHARED if name == "MMVAE+" else LATENT
        other = joint_multivae.Training(
            task, joint_multivae.made(task, name, latent, 16, 0), present, BATCH, RATE, 0
        )
        found: list[tuple[float, float]] = []
        for turn in range(rounds + 1):
            times = []
            for work in (partial(one_step, joint, data), lambda step, other=other: other.step(step / 1000)):
                started = time.process_time()
                for step in range(steps):
                    work(turn * steps + step)
                times.append(BATCH * steps / (time.process_time() - started))
            found += [(times[0], times[1])] if turn else []  # the first warms up
        mine, other_speed = (statistics.median(pair[i] for pair in found) for i in (0, 1))
        ratio = statistics.median(a / b for a, b in found)
        called = "default" if own is DEFAULT else name
        print(f"{called:8} {mine:8.0f} {other_speed:8.0f}  ×{ratio:.2f}", flush=True)


def same(task: Task, share: float, steps: int = 101) -> None:
    """Losses of both programs' MVTCAE where nothing but the program differs."""
    present = masks(task, share, 0)
    joint = JointTask(configured(task, "mvtcae", 1000, 0, OURS["our MVTCAE"][1]), CPU)
    data = SetData(task.train, present, 0)
    other = joint_multivae.Training(
        task, joint_multivae.made(task, "MVTCAE", LATENT, 16, 0), present, BATCH, RATE, 0
    )
    joint_multivae.take_weights(other.model, task, dict(joint.net.named_parameters()))
    orders = [np.random.default_rng([0, epoch]).permutation(len(data)) for epoch in range(2)]
    other.order = np.concatenate(orders)[: BATCH * steps]  # as SetData takes them
    print(
        f"\n{task.name}, {share:.0%} missing: losses from the same weights, batches and noise, ours, theirs"
    )
    for step in range(steps):
        batch = data.batch(step * BATCH, BATCH, joint.random)
        joint.at(step / 1000)
        joint.random.manual_seed(step)
        torch.manual_seed(step)
        mine = next(iter(joint.parts(batch, step)))["loss"] * joint.most
        here = [
            (batch.present[part.name].float().mean(), part) for part in task.parts if part.kind == "picture"
        ]
        numbers = sum(float(share) * part.size for share, part in here)  # likelihoods of pictures weigh 1
        theirs_too = other.step(step / 1000)
        theirs_too -= (1 - 5 / 6 / len(task.parts)) * numbers * math.log(2 * PICTURE_SCALE)
        if step in (0, 1, 2, 5, 10, 20, 50, 100):
            print(f"step {step:4} {mine:9.3f} {theirs_too:9.3f}, apart {theirs_too - mine:8.3f}", flush=True)


def loops(task: Task, share: float, rounds: int = 3, steps: int = 30) -> None:
    """Examples a CPU second of both programs' own training loops, loader and records included."""
    present = masks(task, share, 0)
    print(f"{task.name}, {share:.0%} missing: the same of the programs' own training loops")
    for objective, name, own in PAIRS:
        latent = SHARED if name == "MMVAE+" else LATENT
        found = []
        for _ in range(rounds):
            mine = our_loop(configured(task, objective, steps + 2, 0, own), task, present)
            other = joint_multivae.loop(task, name, present, BATCH, RATE, latent, BATCH * steps)
            found.append((mine, other))
        mine, other = (statistics.median(pair[i] for pair in found) for i in (0, 1))
        ratio = statistics.median(a / b for a, b in found)
        print(f"{'default' if own is DEFAULT else name:8} {mine:8.0f} {other:8.0f}  ×{ratio:.2f}", flush=True)


def our_loop(config: ModelConfig, task: Task, present: Made) -> float:
    """Of the trainer, from the end of its first step to the end of the last but one."""
    with tempfile.TemporaryDirectory() as folder:
        data = SetData(task.train, present, 0)
        # Pictures of the progress come ten times a training, not ten times these few steps.
        trainer = Trainer(Path(folder), config, JointTask(config, CPU), data, grid_every=config.steps)
        times: dict[int, float] = {}
        for progress in trainer.run(JobContext(0, {})):
            if (progress.data or {}).get("losses"):
                times[int(progress.done)] = time.process_time()
        return BATCH * (config.steps - 2) / (times[config.steps - 1] - times[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", nargs="*", default=["triple", "poly"], choices=["poly", "triple"])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--equal", type=int, default=0, help="the time of so many steps of our default")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--option", nargs="*", default=[], help="of our default")
    parser.add_argument("--missing", type=float, default=0.0)
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--same", action="store_true", help="only the losses, side by side")
    options = parser.parse_args()
    torch.set_num_threads(1)
    more = {key: float(value) for key, value in (each.split("=") for each in options.option)}
    for name in options.set:
        task = {"poly": poly, "triple": triple}[name](options.rows, SAMPLES, 0)
        if options.same:
            for share in (0.0, 0.5):
                same(task, share)
            continue
        if not options.no_speed and joint_multivae is not None:
            for share in (0.0, 0.5):
                speed(task, share)
                loops(task, share)
        steps = equal_steps(task, options.missing, options.equal, more) if options.equal else {}
        if options.no_quality:
            continue
        judges = Judges(task)
        print_floor(task, judges)
        for method, make in methods(more).items():
            if options.only and method not in options.only:
                continue
            for seed in range(options.seeds):
                present = masks(task, options.missing, seed)
                made = make(task, steps.get(method, options.steps), seed, present)
                print_row(method, seed, task, judges, made)


if __name__ == "__main__":
    main()
