"""Models with random weights to play with: no training, a few milliseconds to build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mmstudio.generation.latents.book import Book
from mmstudio.generation.latents.player import Player
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import write_tensors
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.library import Library
from support.learning import CPU, tiny_config

SEED = 5


def random_model(folder: Path, config: ModelConfig, spread: float = 1.0) -> Path:
    """Random weights of a config as a model folder; styles and residual branches say something too."""
    folder.mkdir(parents=True, exist_ok=True)
    task = build_task(config, CPU)
    random = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, weight in task.nets[task.averaged].named_parameters():
            if "styles." in name or name.endswith("expand.weight"):
                weight.add_(torch.randn(weight.shape, generator=random) * spread / weight[0].numel() ** 0.5)
    if hasattr(task.average, "net"):
        task.average.net.load_state_dict(task.nets[task.averaged].state_dict())
    write_tensors(folder / "weights.safetensors", task.weights(), {"step": 0})
    config.save(folder)
    write_card(folder, config)
    return folder


def player_for(folder: Path, family: str = "image-gan", **options: Any) -> Player:
    """A player of a tiny random model in ``folder``, with a book beside it."""
    config = tiny_config(family)
    for key, value in options.items():
        if key in ("aspect", "condition", "size"):
            setattr(config, key, value)
        else:
            config.options[key] = value
    model = load_model(random_model(folder / "model", config), CPU)
    return Player(model, book=Book(folder / "book"))


def add_random_model(library: Library, name: str, family: str = "image-gan", **options: Any) -> ModelConfig:
    """A tiny random model among a library's own."""
    config = tiny_config(family, name)
    for key, value in options.items():
        if key in ("aspect", "condition"):
            setattr(config, key, value)
        else:
            config.options[key] = value
    random_model(library.models_dir / name, config)
    return config
