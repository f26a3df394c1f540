"""What is tried: the settings of a family, their ranges, and the config that a choice makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families import default_config, family

if TYPE_CHECKING:
    import optuna

WIDTH = 16  # of ``default_config``
BATCHES = (8, 16, 32)
WIDTHS = (8, 16, 24, 32)
FACTOR = 10.0  # how far from a default each way


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: a number on a logarithmic scale from ``low`` to ``high``, or one of ``choices``."""

    name: str
    default: float
    low: float = 0.0
    high: float = 0.0
    choices: tuple[float, ...] = ()


def settings(family_name: str, size: int) -> list[Setting]:
    """What is tried for a family at a size: rate, batch, width, and gamma (GAN) or beta (VAE).

    Raises:
        UsageError: unknown family or size.
    """
    config = default_config(family_name, "tuning", size=size)
    found = [
        _around("rate", config.rate),
        Setting("batch", config.batch, choices=tuple(sorted({*map(float, BATCHES), float(config.batch)}))),
        Setting("width", WIDTH, choices=tuple(map(float, WIDTHS))),
    ]
    if family_name == "image-gan":  # the plain GAN has no penalty
        found.append(_around("gamma", config.options["gamma"]))
    elif "beta" in config.options:
        found.append(_around("beta", config.options["beta"]))
    return found


def _around(name: str, default: float) -> Setting:
    return Setting(name, default, default / FACTOR, default * FACTOR)


def suggested(trial: optuna.Trial, space: list[Setting]) -> dict[str, float]:
    """A choice for a trial, rounded to what a person can read."""
    found = {}
    for setting in space:
        if setting.choices:
            found[setting.name] = float(trial.suggest_categorical(setting.name, setting.choices))
        else:
            value = trial.suggest_float(setting.name, setting.low, setting.high, log=True)
            found[setting.name] = float(f"{value:.3g}")
    return found


def config_of(
    family_name: str, size: int, pictures: int, chosen: dict[str, float], *, seed: int, query: str
) -> ModelConfig:
    """A short training with the settings chosen that sees ``pictures`` in all: with a smaller batch it takes
    more steps, so that no choice wins by seeing more."""
    batch = int(chosen["batch"])
    steps = max(1, round(pictures / batch))
    width = int(chosen["width"])
    config = default_config(family_name, "trial", size=size, steps=steps, batch=batch, seed=seed, width=width)
    config.query, config.rate = query, chosen["rate"]
    config.options |= {key: chosen[key] for key in ("gamma", "beta") if key in chosen}
    return config


def wish_of(
    family_name: str, size: int, chosen: dict[str, float], *, seed: int, query: str
) -> dict[str, Any]:
    """Fields of :class:`mmstudio.learning.training.Wish` for a training with the settings chosen."""
    options = {key: chosen[key] for key in ("rate", "gamma", "beta") if key in chosen}
    wish: dict[str, Any] = {"family": family(family_name).name, "size": size, "seed": seed, "query": query}
    return wish | {"batch": int(chosen["batch"]), "width": int(chosen["width"]), "options": options}
