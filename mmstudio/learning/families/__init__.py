"""The model families a person can choose from, with defaults that work on two CPU cores. Knows no torch.

Each kind declares its own in a module of this package; :class:`FamilyInfo` says what there is to declare.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmstudio.errors import UsageError
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families import items, joint, pictures, sounds, texts
from mmstudio.learning.families.info import FamilyInfo, Modality, Wanted
from mmstudio.learning.families.pictures import SIZES, default_widths
from mmstudio.learning.families.sounds import SOUND_SIZE

__all__ = [
    "SIZES",
    "SOUND_SIZE",
    "FamilyInfo",
    "Modality",
    "Wanted",
    "default_config",
    "default_widths",
    "families",
    "family",
    "set_options",
    "settle",
]

_FAMILIES = {
    info.name: info
    for info in (*pictures.FAMILIES, *sounds.FAMILIES, *texts.FAMILIES, *joint.FAMILIES, *items.FAMILIES)
}
_RANGES = {  # of every family
    "rate": (1e-7, 1.0),
    "latent": (1.0, 131072.0),  # a grid of 32 channels at 512 pixels
    "half_life": (1.0, 1e7),
    "beta": (0.0, 10.0),
    "free_bits": (0.0, 10.0),
    "edges": (0.0, 10.0),
}


def families() -> dict[str, FamilyInfo]:
    """All families by name."""
    return dict(_FAMILIES)


def family(name: str) -> FamilyInfo:
    """One family. Raises UsageError where there is none of that name."""
    if name not in _FAMILIES:
        raise UsageError(
            "There is no model family “{name}”.",
            hint="Choose one of: {known}.",
            name=name,
            known=", ".join(_FAMILIES),
        )
    return _FAMILIES[name]


def default_config(
    family_name: str,
    name: str,
    *,
    size: int = 64,
    steps: int | None = None,
    batch: int | None = None,
    seed: int = 0,
    width: int = 16,
) -> ModelConfig:
    """The config of a new model; ``size`` is a power of two from 16 to 512 (only pictures have one)."""
    info = family(family_name)
    return info.configure(info, Wanted(name, size, steps, batch, seed, width))


def set_options(config: ModelConfig, wanted: Mapping[str, float]) -> ModelConfig:
    """Set hyper-parameters by name and :func:`settle`; the same object.

    Raises:
        UsageError: the family has no option of a name, or a value is out of its range.
    """
    info = family(config.family)
    known = set(config.options) | set(info.more_options) | {"rate", "latent"}
    for key, value in wanted.items():
        if key not in known:
            raise UsageError(
                "A model of the family {family} has no setting “{name}”.",
                hint="Choose one of: {known}.",
                family=info.name,
                name=key,
                known=", ".join(sorted(known)),
            )
        if key == "rate":
            config.rate = float(value)
        elif key == "latent":
            config.latent = int(value)
        else:
            config.options[key] = float(value)
    return settle(config)


def settle(config: ModelConfig) -> ModelConfig:
    """Bring what depends on options in line with them, after they were changed; the same object.

    Raises:
        UsageError: an option out of its range (NaN lies in none), or something the family does not take.
    """
    info = family(config.family)
    given = config.options | {"rate": config.rate, "latent": float(config.latent)}
    for key, (least, most) in (_RANGES | dict(info.ranges)).items():
        if not least <= given.get(key, least) <= most:
            raise UsageError(
                "“{name}” must lie between {least} and {most}.",
                hint="Leave it out for the usual value.",
                name=key,
                least=f"{least:g}",
                most=f"{most:g}",
            )
    info.settle(config)
    return config
