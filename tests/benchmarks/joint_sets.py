"""Made sets for bench_joint.py, and the judges that tell a digit in each of their modalities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.joint.parts import Part
from mmstudio.learning.nets.joint import fill, make_encoder

Array = np.ndarray[Any, np.dtype[Any]]
SIZE, MEL = 16, 16
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = "".join(sorted(set("".join(WORDS))))


@dataclass(slots=True)
class Task:
    """A set of sets: parts, training and held-out arrays with their digits."""

    name: str
    parts: tuple[Part, ...]
    train: dict[str, Array]
    train_digit: Array
    held: dict[str, Array]
    held_digit: Array


def digits(random: np.random.Generator) -> tuple[Array, Array, Array]:
    """(uint8 1,797×16×16, labels, which are held out: every sixth of each digit)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    small = (found.images * (255 / 16)).round().clip(0, 255).astype(np.uint8)
    large = [Image.fromarray(one).resize((SIZE, SIZE), Image.Resampling.BICUBIC) for one in small]
    return np.stack([np.asarray(one) for one in large]), found.target, random.random(len(small)) < 1 / 6


def chosen(label: Array, pool: Array, target: Array, random: np.random.Generator) -> Array:
    """For each label a random member of the pool with that label."""
    by = [np.flatnonzero(pool & (target == digit)) for digit in range(10)]
    return np.array([random.choice(by[digit]) for digit in label])


def backgrounds(random: np.random.Generator) -> list[Array]:
    """Five kinds of made texture, uint8 96×96×3 each."""
    side = 96
    y, x = np.mgrid[:side, :side] / side
    noise = random.random((12, 12, 3))
    blobs = (
        np.stack(
            [
                np.asarray(Image.fromarray((noise[..., c] * 255).astype(np.uint8)).resize((side, side), 3))
                for c in range(3)
            ],
            axis=2,
        )
        / 255
    )
    stripes = 0.5 + 0.5 * np.sin(2 * np.pi * (9 * x[..., None] + 5 * y[..., None] + np.array([0, 0.3, 0.6])))
    checks = ((np.floor(12 * x) + np.floor(12 * y)) % 2)[..., None] * np.array([0.9, 0.5, 0.2]) + 0.05
    ramp = np.stack([x, y, 1 - x], axis=2)
    speckle = np.where(random.random((side, side, 1)) < 0.25, random.random((side, side, 3)), 0.25)
    return [(kind * 255).clip(0, 255).astype(np.uint8) for kind in (blobs, stripes, checks, ramp, speckle)]


def poly(rows: int, held: int, seed: int) -> Task:
    """Five pictures of one digit, each by another hand on another kind of background (after PolyMNIST: the
    digit inverts what lies under it)."""
    random = np.random.default_rng(seed)
    images, target, apart = digits(random)
    grounds = backgrounds(np.random.default_rng(5))
    made: list[tuple[dict[str, Array], Array]] = []
    for count, pool in ((rows, ~apart), (held, apart)):
        label = random.integers(0, 10, count)
        arrays = {}
        for m, ground in enumerate(grounds):
            hand = images[chosen(label, pool, target, random)][..., None] / 255.0
            place = random.integers(0, 96 - SIZE, (count, 2))
            under = np.stack([ground[a : a + SIZE, b : b + SIZE] for a, b in place]) / 255.0
            picture = hand * (1 - under) + (1 - hand) * under
            arrays[f"m{m}"] = (picture * 255).round().astype(np.uint8).transpose(0, 3, 1, 2)
        made.append((arrays, label))
    parts = tuple(Part(f"m{m}", "picture", (3, SIZE, SIZE)) for m in range(5))
    return Task("poly", parts, *made[0], *made[1])


def spoken(label: Array, random: np.random.Generator) -> Array:
    """uint8 N×1×16×16: log-mel-like pictures of tones whose two formants move as the digit says; the voice
    (pitch, length, loudness, vibrato) differs each time."""
    table = np.random.default_rng(11)
    knots = table.uniform(2, MEL - 2, (10, 2, 4))  # band of each formant at four times
    count = len(label)
    time, band = np.linspace(0, 3, MEL), np.arange(MEL)[:, None]
    out = np.zeros((count, MEL, MEL))
    pitch = random.uniform(2.2, 4.0, count)
    start, length = random.uniform(0, 0.2, count), random.uniform(0.6, 0.8, count)
    loud, breath, shift = (
        random.uniform(0.7, 1, count),
        random.uniform(0, 0.12, count),
        random.normal(0, 0.6, count),
    )
    clock = np.linspace(0, 1, MEL)
    for i, digit in enumerate(label):
        inside = ((clock - start[i]) / length[i]).clip(0, 1)
        alive = ((clock >= start[i]) & (clock <= start[i] + length[i])).astype(float)
        energy = np.zeros((MEL, MEL))
        for formant in range(2):
            centre = np.interp(inside * 3, np.arange(4), knots[digit, formant]) + shift[i]
            energy += np.exp(-0.5 * ((band - centre) / 1.2) ** 2)
        comb = 0.55 + 0.45 * np.cos(2 * np.pi * band / pitch[i] + 0.3 * np.sin(4 * np.pi * time))
        noise = breath[i] * random.random((MEL, MEL))
        out[i] = loud[i] * alive * energy * comb + noise
    return (out.clip(0, 1) * 255).round().astype(np.uint8)[:, None]


def triple(rows: int, held: int, seed: int) -> Task:
    """A written digit, a spoken-digit-like tone and the digit's word, letter by letter."""
    random = np.random.default_rng(seed)
    images, target, apart = digits(random)
    table = np.zeros((10, 6), np.int64)
    for digit, word in enumerate(WORDS):
        table[digit, : len(word)] = [1 + LETTERS.index(letter) for letter in word]
    made: list[tuple[dict[str, Array], Array]] = []
    for count, pool in ((rows, ~apart), (held, apart)):
        label = random.integers(0, 10, count)
        picture = images[chosen(label, pool, target, random)][:, None]
        made.append(({"image": picture, "audio": spoken(label, random), "text": table[label]}, label))
    parts = (
        Part("image", "picture", (1, SIZE, SIZE)),
        Part("audio", "picture", (1, MEL, MEL)),
        Part("text", "tokens", (6,), vocabulary=len(LETTERS) + 1),
    )
    return Task("triple", parts, *made[0], *made[1])


class Judge(nn.Module):
    """Tells the digit; its hidden layer is what Fréchet distances are taken in."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.encoder = make_encoder(part, 24, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.encoder(x)
        return h, self.out(h)


class Judges:
    """One judge per modality."""

    def __init__(self, task: Task, seed: int = 0, epochs: int = 6) -> None:
        self.task = task
        self.nets = {part.name: self._train(part, seed, epochs) for part in task.parts}

    def _train(self, part: Part, seed: int, epochs: int) -> Judge:
        random = torch.Generator().manual_seed(seed)
        net = Judge(part)
        fill(net, random)
        optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
        x, y = as_float(self.task.train[part.name]), torch.from_numpy(self.task.train_digit)
        for _ in range(epochs):
            for rows in torch.randperm(len(x), generator=random).split(128):
                some = x[rows]
                if some.is_floating_point():
                    some = some + 0.03 * torch.randn(some.shape, generator=random)
                optimiser.zero_grad()
                functional.cross_entropy(net(some)[1], y[rows]).backward()
                optimiser.step()
        return net.eval().requires_grad_(False)

    @torch.no_grad()
    def told(self, name: str, rows: Array) -> Array:
        """The digit each row shows."""
        return self.nets[name](as_float(rows))[1].argmax(1).numpy()

    @torch.no_grad()
    def features(self, name: str, rows: Array) -> Array:
        """N×64."""
        return self.nets[name](as_float(rows))[0].double().numpy()

    def right(self, made: Mapping[str, Array], digit: Array) -> float:
        """Share of rows that show the digit, mean over the modalities given."""
        return float(np.mean([np.mean(self.told(name, rows) == digit) for name, rows in made.items()]))

    def agree(self, made: Mapping[str, Array]) -> float:
        """Share of sets in which all modalities show the same digit."""
        told = np.stack([self.told(name, rows) for name, rows in made.items()])
        return float((told == told[0]).all(0).mean())

    def distance(self, name: str, rows: Array, real: Array) -> float:
        """Fréchet distance in the judge's features."""
        from scipy.linalg import sqrtm

        a, b = self.features(name, rows), self.features(name, real)
        ca, cb = np.cov(a.T), np.cov(b.T)
        cross = sqrtm(ca @ cb + 1e-9 * np.eye(len(ca)))
        return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * np.real(cross)))


def as_float(rows: Array) -> Tensor:
    """Pictures in [0, 1], tokens as int64."""
    x = torch.from_numpy(np.ascontiguousarray(rows))
    return x.float().div(255) if x.dtype == torch.uint8 else x.long()
