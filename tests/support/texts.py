"""Made texts and tiny text models for tests."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch

from mmstudio.jobs import run_inline
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.text_loading import load_text_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.texts.model import TextModel
from mmstudio.learning.texts.source import judge, prepared
from mmstudio.library import Library
from support.libraries import new_library
from support.library import add_files

CPU = torch.device("cpu")
_THINGS = ("bag", "bottle", "jacket", "lamp", "mug", "scarf", "tent", "watch")
_LOOKS = ("blue", "green", "light", "old", "plain", "red", "small", "warm")
_WHERE = ("at home", "by the sea", "in the gym", "in the park", "on the way", "under the roof")


def made_texts(count: int, seed: int = 0) -> list[str]:
    """Short made reviews, most of them different, some Chinese."""
    draw = random.Random(seed)
    texts = []
    for place in range(count):
        look, thing, where = draw.choice(_LOOKS), draw.choice(_THINGS), draw.choice(_WHERE)
        if place % 5 == 4:
            texts.append(f"这个{draw.choice('红蓝绿白黑')}色的杯子很好，我用了{draw.randint(2, 99)}天。")
        else:
            texts.append(f"The {look} {thing} is good {where}. I used it {draw.randint(2, 999)} times.")
    return texts


def tiny_text_config(family: str, name: str = "tiny", steps: int = 4, **options: float) -> ModelConfig:
    """A config small enough for a test."""
    config = default_config(family, name, steps=steps, batch=4)
    small = {"width": 32.0, "heads": 2.0, "layers": 2.0, "vocabulary": 300.0}
    small |= {"context": 24.0} if family == "text-lm" else {"latent": 8.0}
    return set_options(config, small | options)


def text_trainer(folder: Path, config: ModelConfig, texts: list[str] | None = None, **more: Any) -> Trainer:
    """A trainer over made texts in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = made_texts(60) if texts is None else texts
    held = texts[::10] if len(texts) >= 20 else []
    train = [text for text in texts if text not in held]
    preparing = prepared(folder, config, train, held)
    data = run_inline(lambda _context: preparing, {})
    config.save(folder)
    task = build_task(config, CPU)
    more.setdefault("judge", judge(config, data, "cpu"))
    return Trainer(folder, config, task, data, **more)


def tiny_text_model(folder: Path, family: str, steps: int = 4, **options: float) -> TextModel:
    """A model after a few steps."""
    trainer = text_trainer(folder, tiny_text_config(family, steps=steps, **options))
    run_inline(trainer.run, {})
    return load_text_model(folder, CPU)


def text_library(folder: Path, texts: list[str] | None = None) -> Library:
    """A library with one file per text."""
    library = new_library(folder)
    paths = []
    for place, text in enumerate(made_texts(40) if texts is None else texts):
        path = folder / "texts" / f"{place:03d}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    add_files(library, *paths)
    return library
