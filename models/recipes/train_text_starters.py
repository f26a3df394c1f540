"""The starter models of texts; see text_corpus.py for what they learn from.

    python models/recipes/train_text_starters.py OUT text-lm [--data FOLDER] [--steps N]
    python models/recipes/train_text_starters.py OUT text-vae --base OUT/work-text-lm [--data FOLDER]
    python models/recipes/train_text_starters.py models text-vae --words-only --root FOLDER --data FOLDER

OUT/work-FAMILY keeps the training: the same command goes on with it, more steps lengthen it.
OUT/starter-FAMILY is what ships: float16 weights, config, vocabulary, index of copies, card; of the VAE also
the words that its texts use alike. --words-only makes those of a starter that is there; --root is a checkout
with the project's sentences as they were when it was trained (the card names the commit:
git archive COMMIT docs resources | tar -x -C FOLDER).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
from text_corpus import ROOT, Split, corpus, for_vocabulary, learned

from mmstudio.jobs import Progress, run_inline
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.engine.checkpoint import best_of, load_weights, write_tensors
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.text_loading import load_text_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.evaluation.texts import measuring_texts
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.texts.bpe import TOKENIZER, learn_bpe
from mmstudio.learning.texts.likeness import LIKENESS, save_likeness
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.passages import sentences_of
from mmstudio.learning.texts.source import judge, prepared

CPU = torch.device("cpu")
VOCABULARY = 3072
WORDS = 3600  # used alike, of the VAE's texts: 128 bytes each
SHARED = ("config.json", "tokenizer.json", "copying.safetensors")
OPTIONS: dict[str, dict[str, float]] = {
    "text-lm": {  # without counted phrases: each library adds its own
        "n_gram": 0.0,
        "dropout": 0.05,
        "patience": 1000.0,
        "half_life": 3000.0,
        "vocabulary": VOCABULARY,
    },
    "text-vae": {"dropout": 0.05, "patience": 1000.0, "half_life": 4000.0, "vocabulary": VOCABULARY},
}


def train(folder: Path, family: str, split: Split, steps: int, base: Path | None) -> float:
    """Train, or go on; CPU seconds of this call."""
    learn = learned(split, family)
    held = [text for _, some in split.values() for text in some[:: max(1, len(some) // 60)]]
    if (folder / CONFIG).is_file():
        config = load_config(folder)
        config.steps = max(config.steps, steps)
    else:
        folder.mkdir(parents=True)
        config = default_config(family, f"starter-{family}", steps=steps, seed=1)
        set_options(config, OPTIONS[family])
        if base is not None:
            shutil.copyfile(base / TOKENIZER, folder / TOKENIZER)
        else:
            learn_bpe(for_vocabulary(split), VOCABULARY).save(folder)
    data = run_inline(lambda _context: prepared(folder, config, learn, held))
    config.save(folder)
    task = build_task(config, CPU)
    trainer = Trainer(
        folder,
        config,
        task,
        data,
        judge=judge(config, data, "cpu"),
        judge_every=200,
        checkpoint_every=50,
        resume=True,
    )
    if base is not None and trainer.step == 0:
        task.start_from(load_weights(base))
    started = time.process_time()

    def show(progress: Progress) -> None:
        told = progress.data or {}
        if told.get("figures") or (told.get("step", 1) % 100 == 0 and told.get("losses")):
            print(
                time.strftime("%H:%M:%S"), told["step"], told["losses"], told.get("figures", ""), flush=True
            )

    run_inline(trainer.run, on_progress=show)
    seconds = time.process_time() - started
    config.trained |= {"steps": trainer.step, "seen": trainer.seen, "device": "cpu"}
    config.trained["cpu_seconds"] = round(config.trained.get("cpu_seconds", 0.0) + seconds)
    config.save(folder)
    return seconds


def save_words(folder: Path, split: Split) -> None:
    """Write the words that a text VAE's texts use alike."""
    learn = learned(split, "text-vae")
    save_likeness(folder, dict.fromkeys(one for text in learn for one in sentences_of(text)), WORDS)


def ship(work: Path, folder: Path, split: Split) -> None:
    """Measure, and write what ships."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in SHARED:
        shutil.copyfile(work / name, folder / name)
    weights = {key: value.half() for key, value in load_weights(work).items()}
    write_tensors(folder / "weights.safetensors", weights, {"step": (best_of(work) or {}).get("step", 0)})
    if load_config(folder).family == "text-vae":
        save_words(folder, split)
    model = load_text_model(folder, CPU)
    learn = [text for train, _ in split.values() for text in train[::40]]
    held = [text for _, some in split.values() for text in some]

    def work_on(_context: object) -> Any:
        return measuring_texts(model, learn, held, 48, 1)

    figures = run_inline(work_on).figures
    for name, (_, some) in split.items():
        figures[f"bits_per_byte, {name}"] = model.bits_per_byte(some[:120])
    config = load_config(folder)
    config.trained.pop("held_texts", None)
    config.trained["metrics"] = {key: value for key, value in figures.items() if "," not in key}
    config.base = ""
    config.save(folder)
    (folder / "card.md").write_text(card(model, split, figures), encoding="utf-8")
    print(json.dumps(figures, ensure_ascii=False, indent=1))


def card(model: TextModel, split: Split, figures: dict[str, Any]) -> str:
    """The card of a starter."""
    config, trained = model.config, model.config.trained
    size = sum(value.numel() for value in model.net.parameters())
    what = "Text writer" if config.family == "text-lm" else f"Text VAE, latent of {config.latent} numbers"
    parts = "; ".join(f"{len(train):,} {name}" for name, (train, _) in split.items())
    about = f"{what}, {size:,} weights (float16), {len(model.bpe):,} tokens (bytes, and pairs)."
    learned = (
        f"- Trained on: {parts}; about a tenth of each was held out. The product texts come from a grammar "
        "of the project (models/recipes/texts.py), the sentences from its window and documents, English and "
        "Chinese. The other sets are names of googlefonts/noto-emoji by milesj/emojibase (MIT) and "
        "chinese-poetry (MIT)."
    )
    training = (
        f"- Training: {trained['steps']:,} steps of {config.batch}, seed {config.seed}, "
        f"{trained.get('cpu_seconds', 0):,} s of one thread of a shared CPU; recipe "
        "models/recipes/train_text_starters.py."
    )
    meant = (
        "- Meant for: a start for training on own texts (its vocabulary knows English and Chinese), and to "
        "try the program. It is a very small model of made sentences and knows nothing of the world: what it "
        "says is not true."
    )
    measured = (
        "On held-out texts of the same sets; made texts are easier than those that people write. Copies are "
        "those of the training texts, which repeat themselves: see real_copy_rate."
    )
    lines = [f"# {config.name}", "", about, "", learned, "- Licence: the project's own (Apache-2.0)."]
    words = (
        f"- Words used alike ({LIKENESS}): the {WORDS:,} commonest of the same texts, and hashes of what "
        "stood together, so that a sentence is varied by changing words of it."
    )
    lines += [
        training,
        *([words] if model.likeness is not None else []),
        meant,
        "",
        "## Measured",
        "",
        measured,
        "",
    ]
    for key, value in figures.items():
        lines.append(f"- {key}: {round(value, 3) if isinstance(value, float) else value}")
    lines += ["", "## Samples (seed 1)", ""]
    lines += [f"- {' / '.join(text.splitlines())}" for text in model.sample(8, 1, temperature=0.8)]
    if model.has_latent:
        for text in ("I love this soft blue jacket.", "这个杯子很漂亮。"):
            lines += ["", f"Variations of “{text}”: " + " | ".join(model.vary(text, 4, 1, 0.5))]
        pair = ("The bag is light and strong.", "I would buy it again.")
        lines += ["", f"Between “{pair[0]}” and “{pair[1]}”: " + " | ".join(model.between(*pair, 5))]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train one and write what ships."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("family", choices=["text-lm", "text-vae"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--ship-only", action="store_true")
    parser.add_argument("--words-only", action="store_true")
    parser.add_argument("--root", type=Path, default=ROOT)
    chosen = parser.parse_args()
    split = corpus(chosen.data, chosen.root)
    if chosen.words_only:
        save_words(chosen.out / f"starter-{chosen.family}", split)
        return
    work = chosen.out / f"work-{chosen.family}"
    if not chosen.ship_only:
        train(work, chosen.family, split, chosen.steps, chosen.base)
    ship(work, chosen.out / f"starter-{chosen.family}", split)


if __name__ == "__main__":
    main()
