"""What a text VAE shows for a sentence and between two, with words changed and as its decoder writes alone.

    python tests/benchmarks/bench_text_vae.py --data FOLDER --starters models [--steps N] [--seeds N]
        [--only shop] [--sentences N] [--ways now,before] [--models FOLDER] [--read N]

FOLDER holds shop/ and poetry/, see bench_text_models.py. Of each set a tenth gives the sentences, two tenths
a judge, a tenth decides in the training; the VAE starts from starter-text-vae and learns from the rest.
"before" is the same model without its words that are used alike: candidates of beam searches alone. Per seed
of the training:

- known: share of words that the set's learned texts (or the sentence) have; texts: of such words only.
- bits: per byte under an interpolated Kneser-Ney n-gram of bytes (order 6) that learned from the judge's
  texts only; beside the given sentences themselves and those with their words shuffled.
- kept: share of a sentence's words that its variation has; away: radii between where both are heard.
- copied: runs of five words that stand in the learned texts, of texts that have any. different: variations.
- order: neighbours in a row of seven (ends included) of which the later is nearer to the second sentence, as
  an encoder hears it that was not trained on the set (the starter's).

--ways now (or before) measures one of them. --models FOLDER keeps the models, and takes those that are
there. --read N prints so many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from bench_text_models import KneserNey, corpora, framed, trained

from mmstudio.cleaning.texts import words
from mmstudio.learning.engine.text_loading import load_text_model
from mmstudio.learning.texts.copying import unknown_words
from mmstudio.learning.texts.likeness import LIKENESS, load_likeness, save_likeness
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.passages import Passage, clean, held_out, sentences_of

CPU = torch.device("cpu")
_ORDER, _END = 6, 256
_ROW, _EACH, _SPREAD = 7, 4, 0.5


def parts(texts: list[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Texts that give sentences, that teach the judge, that decide in the training, that are learned from."""
    rest = [text for text in dict.fromkeys(clean(text) for text in texts) if text]
    found = []
    for seed in range(4):
        out = held_out([Passage(text, "review", i) for i, text in enumerate(rest)], seed)
        found.append([rest[i] for i in sorted(out)])
        rest = [text for i, text in enumerate(rest) if i not in out]
    return found[0], found[1] + found[2], found[3], rest


def bits(judge: KneserNey, texts: list[str]) -> float:
    """Bits per byte, the ends included."""
    rows = [list(text.encode()) for text in texts]
    return judge.bits(framed(rows, _ORDER, _END)) / max(1, sum(len(row) for row in rows))


def shuffled(text: str, seed: int) -> str:
    """The same words in another order."""
    some = text.split(" ") if " " in text else list(text)
    np.random.default_rng(seed).shuffle(some)
    return (" " if " " in text else "").join(some)


def told(model: TextModel, judge: KneserNey, texts: list[tuple[str, list[str]]]) -> dict[str, float]:
    """Figures of texts, each with those it goes out from."""
    strange = [
        (unknown_words(text, model.index, {word for one in about for word in words(one)}), len(words(text)))
        for text, about in texts
    ]
    copied = [found.rate for text, _ in texts if (found := model.copied(text)).runs]
    return {
        "known": 1 - sum(len(odd) for odd, _ in strange) / max(1, sum(count for _, count in strange)),
        "texts": float(np.mean([not odd for odd, _ in strange])),
        "bits": bits(judge, [text for text, _ in texts]),
        "copied": float(np.mean(copied)) if copied else 0.0,
    }


def in_order(ear: TextModel, row: list[str]) -> float:
    """Share of neighbours of which the later lies nearer to the last text, less near to the first."""
    heard = ear.encode([text or row[0] for text in row])
    gaps = [(heard - heard[i]).norm(dim=1) for i in (0, -1)]
    at = (gaps[0] / (gaps[0] + gaps[1]).clamp_min(1e-9)).tolist()
    return float(np.mean([b > a for a, b in pairwise(at)]))


def measured(
    model: TextModel, ear: TextModel, judge: KneserNey, given: list[str], seed: int, read: int
) -> None:
    """Variations of every sentence, rows between pairs of them."""
    started = time.process_time()
    varied = [(one, model.vary(one, _EACH, seed, _SPREAD)) for one in given]
    seconds = time.process_time() - started
    texts = [(text, [one]) for one, some in varied for text in some if text]
    figures = told(model, judge, texts)
    radius = model.radius(model.encode(given))
    away = [float((model.encode([text]) - model.encode(about)).norm()) / radius for text, about in texts[::3]]
    kept = [len(set(words(text)) & set(words(one))) / len(set(words(one))) for text, (one,) in texts]
    figures |= {"kept": float(np.mean(kept)), "away": float(np.mean(away))}
    figures["different"] = len({text for text, _ in texts}) / (_EACH * len(given))
    figures["CPU s each"] = seconds / (_EACH * len(given))
    print("    variations: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    started = time.process_time()
    pairs = list(zip(given[::2], given[1::2], strict=False))
    rows = [model.between(a, b, _ROW) for a, b in pairs]
    seconds = time.process_time() - started
    inner = [(text, [a, b]) for (a, b), row in zip(pairs, rows, strict=True) for text in row[1:-1] if text]
    figures = told(model, judge, inner) | {"order": float(np.mean([in_order(ear, row) for row in rows]))}
    figures |= {"texts a row": len(inner) / len(rows), "CPU s a row": seconds / len(rows)}
    print("    in-betweens: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()), flush=True)
    for one, some in varied[:read]:
        print(f"      “{one}”: " + " · ".join(some))
    for row in rows[: read // 2]:
        print("      " + " → ".join(row))


def main() -> None:
    """Every set and seed in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--starters", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--sentences", type=int, default=24)
    parser.add_argument("--ways", default="now,before")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--read", type=int, default=0)
    chosen = parser.parse_args()
    base = chosen.starters / "starter-text-vae"
    ear = load_text_model(base, CPU)
    with tempfile.TemporaryDirectory() as temporary:
        for name, texts in corpora(chosen.data).items():
            if chosen.only and name != chosen.only:
                continue
            give, teach, decide, learn = parts(texts)
            some = list(dict.fromkeys(one for text in give for one in sentences_of(text)))
            some = [one for one in some if len(words(one)) >= 3 and len(ear.bpe.encode(one)) < 40]
            given = some[:: max(1, len(some) // chosen.sentences)][: chosen.sentences]
            known = [one for text in teach for one in sentences_of(text)]
            judge = KneserNey(framed([list(one.encode()) for one in known], _ORDER, _END), _ORDER, 257)
            mixed = [shuffled(one, place) for place, one in enumerate(given)]
            print(f"\n{name}: {len(given)} sentences, bits {bits(judge, given):.3f}, ", end="")
            print(f"shuffled {bits(judge, mixed):.3f}", flush=True)
            for seed in range(chosen.seeds):
                folder = (chosen.models or Path(temporary)) / f"{name}-vae-{chosen.steps}-{seed}"
                if not (folder / "checkpoint.json").is_file():
                    trained(folder, "text-vae", learn, decide, chosen.steps, seed, base)
                if not (folder / LIKENESS).is_file():
                    save_likeness(folder, [one for text in learn for one in sentences_of(text)])
                model = load_text_model(folder, CPU)
                for way in chosen.ways.split(","):
                    model.likeness = load_likeness(folder) if way == "now" else None
                    print(f"  seed {seed}, {way}:", flush=True)
                    measured(
                        model, ear, judge, given, seed, chosen.read if way == "now" else chosen.read // 4
                    )


if __name__ == "__main__":
    main()
