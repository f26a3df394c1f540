"""Tiny trainings for tests: a task that needs no library, and libraries with a few pictures or sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import ArrayData, TrainingData
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.sound_data import SoundData, to_int16
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config
from mmstudio.library import Library
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_wav

CPU = torch.device("cpu")


def tiny_config(family: str, name: str = "tiny", steps: int = 4, **more: Any) -> ModelConfig:
    """A config small enough for a test: 16 pixels, narrow, four examples a step."""
    config = default_config(family, name, size=16, steps=steps, batch=4, width=8, **more)
    config.latent = 8
    if family.startswith("sound"):
        config.widths = [16] * 3
        config.options |= {"vocoder_width": 16.0, "vocoder_depth": 1.0, "wave_every": 1.0}
        shape = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=16)
        config.parts, config.size = {"sound": shape.as_json()}, shape.frames
    return config


def noise_sounds(config: ModelConfig, count: int = 12, seed: int = 0) -> SoundData:
    """Random sounds in the config's shape, with tempo and key where it is told them; a third held out."""
    shape, conditions = SoundShape.of(config), Conditions.of(config.condition)
    random = np.random.default_rng(seed)
    noise = random.standard_normal((count, shape.channels, shape.samples)).astype(np.float32)
    waves = to_int16(0.2 * noise)
    rows = np.stack([conditions.row(tempo=80.0 + 5 * i, key=i % 24) for i in range(count)])
    told = rows if conditions.width else None
    few = count // 3
    kept = None if told is None else told[:few]
    return SoundData(waves, config.seed, conditions=told, held=waves[:few], held_conditions=kept)


def noise_pixels(config: ModelConfig, count: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """Random training examples in the config's shape."""
    shape = (count, config.channels, config.size, config.size)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def noise_pictures(config: ModelConfig) -> ArrayData:
    """Random pictures in the config's shape as training data."""
    return ArrayData(noise_pixels(config), config.seed, flip=config.options.get("flip", 0.0) > 0)


def make_trainer(folder: Path, config: ModelConfig, **options: Any) -> Trainer:
    """A trainer over noise in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    config.save(folder)
    data: TrainingData = noise_sounds(config) if "sound" in config.parts else noise_pictures(config)
    return Trainer(folder, config, build_task(config, CPU), data, **options)


def drive(trainer: Trainer, until: int | None = None) -> list[Progress]:
    """Run a trainer; stop it (as a cancelled job is stopped) once ``until`` steps are done."""
    seen: list[Progress] = []
    run = trainer.run(JobContext(0, {}))
    for progress in run:
        seen.append(progress)
        if until is not None and progress.done >= until and (progress.data or {}).get("losses"):
            run.close()
            break
    return seen


def picture_library(folder: Path, count: int = 6) -> Library:
    """A library with ``count`` small pictures."""
    library = new_library(folder)
    add_files(library, *(make_image(folder / f"pictures/{i}.png", seed=i) for i in range(count)))
    return library


def sound_library(folder: Path, count: int = 3) -> Library:
    """A library with ``count`` short tones."""
    library = new_library(folder)
    files = [make_wav(folder / f"sounds/{i}.wav", frequency=220.0 * (i + 1)) for i in range(count)]
    add_files(library, *files)
    return library
