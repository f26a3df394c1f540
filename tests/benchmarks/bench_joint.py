"""The joint model and, where it is installed, the package multivae: coherence, quality, diversity, speed.

    python tests/benchmarks/bench_joint.py [--set poly|triple ...] [--rows 6000] [--epochs 20] [--seeds 1]
        [--only NAME ...] [--option NAME=VALUE ...] [--no-speed] [--missing]

Sets: "poly", five pictures of one digit on five kinds of made background (scikit-learn's digits at 16 pixels,
after PolyMNIST); "triple", a written digit, a spoken-digit-like tone (16×16) and the digit's word. Every method
has the same networks, latent (MMVAE+: shared and private as published), batch, epochs and Adam at 1e-3.

Figures on 1,000 held-out sets, with a judge network per modality (its share of right answers on held-out media
is the ceiling): coherence of what is drawn from one and from two modalities, and with all modalities drawn
(prior or the model's own way / Gaussian mixture / latent GAN); Fréchet distance in the judges' features
of what is drawn from one other and from all others (the floor is held-out against training media);
spread: standard deviation of pixels over 8 draws from the same one modality, mean over pixels, real: over
held-out media of the same digit. CPU seconds are the process's, for training.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from joint_sets import Array, Judges, Task, poly, triple

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.joint_task import JointTask
from mmstudio.learning.engine.set_data import SetData
from mmstudio.learning.families import default_config

BATCH, LATENT, SAMPLES = 64, 32, 1000
CPU = torch.device("cpu")
Made = dict[str, Array]


@dataclass(slots=True)
class Trained:
    """A trained method: rows given → rows wanted; whole sets by sampler."""

    draw: Callable[[Made, list[str], int], Made]
    whole: dict[str, Callable[[int, int], Made]]
    cpu: float
    weights: int
    more: dict[str, float] = field(default_factory=dict)


def configured(
    task: Task, objective: str, steps: int, seed: int, options: Mapping[str, float]
) -> ModelConfig:
    config = default_config("joint", "bench", size=16, steps=steps, batch=BATCH, seed=seed)
    config.parts = {"objective": objective, "modalities": [part.as_json() for part in task.parts]}
    config.latent = int(options.get("latent", LATENT))
    config.widths = [16]
    config.options |= {"hidden": 128.0, "private": 16.0} | {k: v for k, v in options.items() if k != "latent"}
    return config


def ours(
    task: Task, objective: str, epochs: int, seed: int, options: Mapping[str, float], present: Made
) -> Trained:
    steps = epochs * len(task.train_digit) // BATCH
    config = configured(task, objective, steps, seed, options)
    data = SetData(task.train, present, seed, held=task.held)
    joint = JointTask(config, CPU)
    started = time.process_time()
    for step in range(steps):
        joint.at(step / steps)
        for _ in joint.parts(data.batch(step * BATCH, BATCH, joint.random), step):
            pass
        joint.average.update(joint.net, BATCH, (step + 1) * BATCH)
    spent = time.process_time() - started
    from mmstudio.learning.joint.model import model_of

    model = model_of(config, joint.weights() | joint.finish(data), CPU)

    def draw(given: Made, want: list[str], at: int) -> Made:
        return model.generate_arrays(given, want, at)

    samplers = ["learned", "mixture", "gan"] if config.options["flow"] else ["prior", "mixture", "gan"]
    whole = {name: (lambda n, s, name=name: model.unconditional_arrays(n, s, name)) for name in samplers}
    return Trained(draw, whole, spent, sum(p.numel() for p in joint.net.parameters()), model.scores)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", nargs="*", default=["poly", "triple"], choices=["poly", "triple"])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--option", nargs="*", default=[])
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    more = {key: float(value) for key, value in (each.split("=") for each in options.option)}
    for name in options.set:
        bench(name, options, more)


def bench(name: str, options: argparse.Namespace, more: Mapping[str, float]) -> None:
    task = {"poly": poly, "triple": triple}[name](options.rows, SAMPLES, 0)
    judges = Judges(task)
    print_floor(task, judges)
    for method, make in methods(more).items():
        if options.only and method not in options.only:
            continue
        for seed in range(options.seeds):
            present = masks(task, 0.5 if options.missing else 0.0, seed)
            print_row(method, seed, task, judges, make(task, options.epochs, seed, present))


Maker = Callable[[Task, int, int, Made], Trained]


def methods(more: Mapping[str, float]) -> dict[str, Maker]:
    pure = {"flow": 0.0, "gan": 0.0}
    return {
        "default": lambda t, e, s, p: ours(t, "mvtcae", e, s, more, p),
        "our MVTCAE": lambda t, e, s, p: ours(t, "mvtcae", e, s, pure | dict(more), p),
        "our MoPoE": lambda t, e, s, p: ours(t, "mopoe", e, s, pure | {"beta": 1.0} | dict(more), p),
        "our MMVAE+": lambda t, e, s, p: ours(
            t, "mmvae+", e, s, pure | {"beta": 1.0, "latent": 16.0, "private": 16.0} | dict(more), p
        ),
    }


def masks(task: Task, share: float, seed: int) -> Made:
    """Which media are there; at least one of each set."""
    random = np.random.default_rng([seed, 3])
    count = len(task.train_digit)
    lots = random.random((count, len(task.parts)))
    there = lots >= share
    there[np.arange(count), lots.argmax(1)] = True
    return {part.name: there[:, m] for m, part in enumerate(task.parts)}


def print_floor(task: Task, judges: Judges) -> None:
    ceiling = {n: float(np.mean(judges.told(n, rows) == task.held_digit)) for n, rows in task.held.items()}
    floor = {n: judges.distance(n, task.train[n][:SAMPLES], rows) for n, rows in task.held.items()}
    real = np.mean([spread(task.held[p.name], task.held_digit) for p in task.parts if p.kind == "picture"])
    print(
        f"\n{task.name}: {len(task.train_digit)} sets; ceilings {brief(ceiling)}; floors {brief(floor)};"
        f" spread of real media {real:.3f}"
    )
    print(
        f"{'method':14} {'from 1':>7} {'from 2':>7} {'joint: own/mixture/GAN':>24} {'FD|1':>7} {'FD|rest':>8}"
        f" {'spread':>7} {'CPU s':>7} {'weights':>8}"
    )


def brief(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items())


def spread(rows: Array, digit: Array) -> float:
    return float(np.mean([(rows[digit == d] / 255.0).std(0).mean() for d in range(10)]))


def print_row(method: str, seed: int, task: Task, judges: Judges, trained: Trained) -> None:
    names = [part.name for part in task.parts]
    pictures = {part.name for part in task.parts if part.kind == "picture"}
    one, two, near, far, wide, each = [], [], [], [], [], {}
    for source in names:
        want = [name for name in names if name != source]
        made = trained.draw({source: task.held[source]}, want, 1)
        each[source] = judges.right(made, task.held_digit)
        one.append(each[source])
        near += [judges.distance(n, made[n], task.held[n]) for n in want if n in pictures]
        few = {source: np.repeat(task.held[source][:40], 8, axis=0)}
        again = trained.draw(few, [n for n in want if n in pictures], 2)
        for rows in again.values():
            wide.append(float((rows.reshape(40, 8, -1) / 255.0).std(1).mean()))
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]][:6]
    for pair in pairs:
        want = [name for name in names if name not in pair]
        made = trained.draw({n: task.held[n] for n in pair}, want, 3)
        two.append(judges.right(made, task.held_digit))
    for target in sorted(pictures):
        made = trained.draw({n: task.held[n] for n in names if n != target}, [target], 4)
        far.append(judges.distance(target, made[target], task.held[target]))
    joint = [judges.agree(whole(SAMPLES, 5)) for whole in trained.whole.values()]
    print(
        f"{method:14} {np.mean(one):7.3f} {np.mean(two):7.3f} {' / '.join(f'{j:.3f}' for j in joint):>24}"
        f" {np.mean(near):7.2f} {np.mean(far):8.2f} {np.mean(wide):7.3f} {trained.cpu:7.1f} {trained.weights:8d}"
        f"  seed {seed}; from each: {brief(each)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
