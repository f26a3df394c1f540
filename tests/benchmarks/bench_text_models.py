"""What texts cost a text writer that did not learn from them, beside n-grams and packers; a text VAE's bound.

    python tests/benchmarks/bench_text_models.py [--data FOLDER] [--steps N] [--seeds N] [--vae-steps N]
        [--starters models] [--only shop]

FOLDER holds shop/ (items.csv, reviews.csv) and poetry/ (tang.tsv); made texts otherwise. A tenth of the texts
is held out, near copies on one side. Bits per byte of UTF-8, each text with its end:

- text-lm: the family's defaults. A tenth of the texts to learn from is held out once more: by them the best
  weights, the end of the training and the share of the counted phrases are chosen; the texts measured on
  decide nothing. "network alone" is the same model without its counted phrases. Time is of this machine.
- --starters FOLDER: from starter-text-lm and starter-text-vae there (they never saw shop/, nor the poems that
  are held out here), with their vocabulary.
- text-vae: how likely its texts are to an n-gram over tokens, beside held-out sentences and the same with
  their words shuffled.
- n-grams: interpolated Kneser-Ney (Chen and Goodman, 1999, section 3; one discount per order), over bytes and
  over the model's own tokens; they learn from that tenth too, and the best order of each is taken on the
  texts measured on: both in their favour.
- packers: size(training + held-out) - size(training), gzip -9, bz2 -9, xz -9e.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import gzip
import lzma
import math
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from mmstudio.jobs import JobContext, run_inline
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.text_loading import load_text_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.evaluation.texts import measuring_texts
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.texts.bpe import END, TOKENIZER
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.passages import Passage, clean, held_out, sentences_of
from mmstudio.learning.texts.source import judge, prepared

CPU = torch.device("cpu")


class KneserNey:
    """Interpolated Kneser-Ney over integers, ``order`` symbols at a time."""

    def __init__(self, texts: Sequence[Sequence[int]], order: int, symbols: int) -> None:
        self.order, self.symbols = order, symbols
        counts: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order)]
        for text in texts:
            for i in range(order - 1, len(text)):
                counts[-1][tuple(text[i - order + 1 : i + 1])] += 1
        for n in range(order - 2, -1, -1):  # lower orders count in how many contexts a gram goes on
            for gram in counts[n + 1]:
                counts[n][gram[1:]] += 1
        self.counts = counts
        self.discounts = []
        self.totals: list[dict[tuple[int, ...], list[float]]] = []
        for one in counts:
            singles = sum(1 for count in one.values() if count == 1)
            doubles = sum(1 for count in one.values() if count == 2)
            self.discounts.append(singles / max(1, singles + 2 * doubles) if singles else 0.5)
            table: defaultdict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
            for gram, count in one.items():
                sums = table[gram[:-1]]
                sums[0] += count
                sums[1] += 1
            self.totals.append(dict(table))

    def share(self, gram: tuple[int, ...]) -> float:
        """The probability of the last symbol after the others."""
        found = 1.0 / self.symbols
        for n in range(1, self.order + 1):
            part = gram[len(gram) - n :]
            total = self.totals[n - 1].get(part[:-1])
            if total is None:
                break
            discount = self.discounts[n - 1]
            own = max(0.0, self.counts[n - 1].get(part, 0) - discount)
            found = (own + discount * total[1] * found) / total[0]
        return found

    def bits(self, texts: Sequence[Sequence[int]]) -> float:
        """Of all symbols but the first ``order`` - 1 of each text."""
        return -sum(
            math.log2(self.share(tuple(text[i - self.order + 1 : i + 1])))
            for text in texts
            for i in range(self.order - 1, len(text))
        )


def framed(texts: Sequence[Sequence[int]], order: int, end: int) -> list[list[int]]:
    """Ends before and after."""
    return [[end] * (order - 1) + list(text) + [end] for text in texts]


def n_gram_bits(
    train: Sequence[Sequence[int]],
    held: Sequence[Sequence[int]],
    orders: Sequence[int],
    symbols: int,
    end: int,
) -> tuple[float, int]:
    """The fewest bits over the orders, and that order; texts get ends before and after."""

    found = []
    for order in orders:
        learned = KneserNey(framed(train, order, end), order, symbols)
        found.append((learned.bits(framed(held, order, end)), order))
    return min(found)


def packed(train: bytes, held: bytes, pack: Callable[[bytes], bytes]) -> int:
    """Bits that the held-out texts add."""
    return 8 * (len(pack(train + held)) - len(pack(train)))


def corpora(data: Path | None) -> dict[str, list[str]]:
    """Texts by name."""
    if data is None or not (data / "shop").is_dir():
        sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "recipes"))
        from texts import texts

        return {"made": texts(400, 7)}
    with (data / "shop" / "items.csv").open(encoding="utf-8") as file:
        shop = [f"{row['title']}\n{row['description']}" for row in csv.DictReader(file)]
    with (data / "shop" / "reviews.csv").open(encoding="utf-8") as file:
        shop += [row["text"] for row in csv.DictReader(file)]
    found = {"shop": shop}
    poems = data / "poetry" / "tang.tsv"
    if poems.is_file():
        found["poetry"] = [line.split("\t")[2] for line in poems.read_text("utf-8").splitlines()[1:]]
    return found


def trained(
    folder: Path,
    family: str,
    train: Sequence[str],
    held: Sequence[str],
    steps: int,
    seed: int,
    base: Path | None = None,
) -> tuple[TextModel, float, int]:
    """A model, the CPU seconds of its training, and the steps that it took."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = default_config(family, "bench", steps=steps, seed=seed)
    if base is not None:
        start = load_config(base)
        kept = ("width", "layers", "heads", "context", "length", "vocabulary")
        set_options(config, {key: start.options[key] for key in kept if key in start.options})
        config.latent = start.latent
        shutil.copyfile(base / TOKENIZER, folder / TOKENIZER)
    data = run_inline(lambda _context: prepared(folder, config, train, held))
    config.save(folder)
    task = build_task(config, CPU)
    if base is not None:
        task.start_from(load_weights(base))
    trainer = Trainer(folder, config, task, data, judge=judge(config, data, "cpu"))
    started = time.process_time()
    for _ in trainer.run(JobContext(0, {})):
        pass
    return load_text_model(folder, CPU), time.process_time() - started, trainer.step


def sentences_by_n_gram(model: TextModel, train: list[str], held: list[str], seed: int = 0) -> str:
    """Bits per token that an n-gram pays for what a VAE writes, for real sentences and for shuffled ones."""
    learn, real = ([s for text in some for s in sentences_of(text)] for some in (train, held))
    known = KneserNey(framed([model.bpe.encode(one) for one in learn], 4, END), 4, len(model.bpe))
    mixed = []
    for one in real:
        words = one.split(" ") if " " in one else list(one)
        np.random.default_rng([seed, len(mixed)]).shuffle(words)
        mixed.append((" " if " " in one else "").join(words))
    written = list(model.sample(48, seed, temperature=0.7))
    around = [one for text in real[:: max(1, len(real) // 16)] for one in model.vary(text, 2, seed, 0.5)]
    sets = {"written": written, "variations": around, "held out": real, "shuffled": mixed}
    told = []
    for name, texts in sets.items():
        rows = [row for text in texts if (row := model.bpe.encode(text))]
        told.append(f"{name} {known.bits(framed(rows, 4, END)) / sum(len(row) + 1 for row in rows):.2f}")
    return ", ".join(told)


def bench(
    name: str,
    texts: list[str],
    work: Path,
    steps: int,
    vae_steps: int,
    seeds: int,
    starters: Path | None = None,
) -> None:
    """One corpus."""
    texts = list(dict.fromkeys(clean(text) for text in texts))
    passages = [Passage(text, "review", i) for i, text in enumerate(texts) if text]
    out = held_out(passages, 0)
    train = [one.text for i, one in enumerate(passages) if i not in out]
    held = [one.text for i, one in enumerate(passages) if i in out]
    size = sum(len(text.encode()) for text in held)
    print(
        f"\n{name}: {len(train)} texts ({sum(len(t.encode()) for t in train):,} bytes) to learn from, ",
        end="",
    )
    print(f"{len(held)} held out ({size:,} bytes)")
    second = held_out([Passage(text, "review", i) for i, text in enumerate(train)], 1)
    learn = [text for i, text in enumerate(train) if i not in second]
    judged = [train[i] for i in sorted(second)]
    rows: list[tuple[str, float, str]] = []
    plain = ["\n".join(some).encode() + b"\n" for some in (train, held)]
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip -9": lambda data: gzip.compress(data, 9),
        "bz2 -9": lambda data: bz2.compress(data, 9),
        "xz -9e": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    }
    for packer, pack in packers.items():
        rows.append((packer, packed(*plain, pack) / size, ""))
    base = starters / "starter-text-lm" if starters is not None else None
    octets = [[list(text.encode()) for text in some] for some in (train, held)]
    bits, order = n_gram_bits(*octets, range(3, 13), 257, 256)
    rows.append(("Kneser-Ney, bytes", bits / size, f"order {order}"))
    for seed in range(seeds):
        model, seconds, done = trained(work / name, "text-lm", learn, judged, steps, seed, base)
        if not seed:
            tokens = [[model.bpe.encode(text) for text in some] for some in (train, held)]
            bits, order = n_gram_bits(*tokens, range(2, 8), len(model.bpe), 0)
            rows.append(("Kneser-Ney, tokens", bits / size, f"order {order}, {len(model.bpe)} tokens"))
        told = f"seed {seed}, {done} steps, {seconds:.0f} CPU s, perplexity {model.perplexity(held):.1f}"
        rows.append(("text-lm", model.bits_per_byte(held), told))
        both, model.mixture = model.mixture, None
        rows.append(("  network alone", model.bits_per_byte(held), f"seed {seed}"))
        if not seed:
            plainly = run_inline(lambda _c, model=model: measuring_texts(model, train, held, 64, 0)).figures
        model.mixture = both
        if both is not None and not seed:
            parts = ", ".join(f"{share:.2f}" for share in both.shares)
            rows.append(("  share of the counts", math.nan, f"after 0, 1, … tokens met: {parts}"))
        if not seed:
            shown = run_inline(lambda _c, model=model: measuring_texts(model, train, held, 64, 0)).figures
    for what, value, more in rows:
        told = f"{value:6.3f} bits/byte" if value == value else " " * 16
        print(f"  {what:22s} {told}   {more}")
    keys = ("distinct_1", "distinct_2", "self_bleu", "copy_rate", "longest_copied")
    print("  64 texts written / by the network alone / as many real: ", end="")
    for key in keys:
        told = ((shown, key), (plainly, key), (shown, "real_" + key))
        print(f"{key} " + " / ".join(f"{part.get(name, math.nan):.3f}" for part, name in told), end=", ")
    print()
    started = time.perf_counter()
    count = sum(len(model.bpe.encode(text)) for text in model.sample(8, 0, longest=100))
    print(f"  writing: {count / (time.perf_counter() - started):.0f} tokens/s")
    if vae_steps:
        base = starters / "starter-text-vae" if starters is not None else None
        model, seconds, done = trained(work / f"{name}-vae", "text-vae", learn, judged, vae_steps, 0, base)
        figures = run_inline(lambda _c: measuring_texts(model, train, held, 64, 0)).figures
        print(f"  text-vae ({done} steps, {seconds:.0f} CPU s), held-out sentences: ", end="")
        keys = (
            "bits_per_byte",
            "kl",
            "active_units",
            "token_accuracy",
            "rewritten",
            "copy_rate",
            "distinct_2",
        )
        print(", ".join(f"{key} {figures.get(key, math.nan):.3f}" for key in keys))
        print("  bits per token of an n-gram: " + sentences_by_n_gram(model, train, held))
        for a, b in (("I love this bag.", "It is too small for me."), ("秦川雄帝宅", "明月出天山")):
            if (name == "poetry") == (a[0] > "z"):
                print("    between: " + " → ".join(model.between(a, b, 5)))
                print(f"    around “{a}”: " + " | ".join(model.vary(a, 5, 0, 0.6)))


def main() -> None:
    """Every corpus in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--vae-steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--starters", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for name, texts in corpora(chosen.data).items():
            if not chosen.only or name == chosen.only:
                more = (chosen.steps, chosen.vae_steps, chosen.seeds, chosen.starters)
                bench(name, texts, Path(work), *more)


if __name__ == "__main__":
    main()
