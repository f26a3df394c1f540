"""The model families a person can choose from, with defaults that work on two CPU cores. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmstudio.errors import UsageError
from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig

SIZES = (16, 32, 64, 128, 256, 512)
SOUND_SIZE = 128


@dataclass(frozen=True, slots=True)
class FamilyInfo:
    """One family.

    Attributes:
        name: "image-gan", "image-gan-plain", "image-vae", "sound-vae" or "fused".
        label, explanation: English; show through ``tr``.
        modality: "image", "audio", or "items": the features of everything in the library.
        defaults: steps, batch, rate and the family's own hyper-parameters.
        more_options: hyper-parameters that may be set although they have no default here.
    """

    name: str
    label: str
    explanation: str
    modality: Literal["image", "audio", "items"]
    defaults: Mapping[str, Any]
    more_options: tuple[str, ...] = ()


_VAE = {"latent": 64, "steps": 600, "batch": 16, "rate": 1e-3}
_VAE_OPTIONS = {"edges": 0.5, "beta": 2e-3, "free_bits": 0.1, "half_life": 5000.0}
_PICTURE_VAE_OPTIONS = _VAE_OPTIONS | {
    "styles": 1.0,
    "spatial": 0.0,  # channels per cell of a grid latent; 0: a vector
    "perceptual": 0.0,
    "adversarial": 0.0,
    "adversarial_from": 0.3,
}
_GAN = {"latent": 64, "steps": 1000, "batch": 16, "rate": 1e-3}
_GAN_OPTIONS = {
    "penalty_every": 4.0,  # 1 is the paper's; lazy penalties (Karras et al., CVPR 2020) save half the time
    "augment": 0.0,
    "adaptive": 1.0,
    "condition_drop": 0.2,
    "half_life": 10000.0,
    "generator_rate": 0.25,
    "styles": 1.0,
}

_FAMILIES = {
    family.name: family
    for family in (
        FamilyInfo(
            "image-vae",
            mark("Picture VAE"),
            mark(
                "Learns to describe each picture by a short list of numbers and to draw it again. "
                "Calm to train, good for variations and in-betweens; a little soft."
            ),
            "image",
            _VAE | {"options": _PICTURE_VAE_OPTIONS},
            ("seamless", "freeze", "critic_rate"),
        ),
        FamilyInfo(
            "image-gan",
            mark("Picture GAN"),
            mark(
                "Two networks compete: one draws, the other tells drawn from real. "
                "Crisper pictures, longer to train; best started from a model that already draws."
            ),
            "image",
            _GAN | {"options": _GAN_OPTIONS},
            ("seamless", "freeze", "colour"),
        ),
        FamilyInfo(
            "image-gan-plain",
            mark("Plain picture GAN (2014)"),
            mark(
                "The first kind of GAN, on the same networks: to see what the newer one does better. "
                "It easily collapses to a few pictures."
            ),
            "image",
            _GAN | {"options": _GAN_OPTIONS | {"adaptive": 0.0}},
            ("seamless", "freeze", "colour"),
        ),
        FamilyInfo(
            "sound-vae",
            mark("Sound VAE"),
            mark(
                "Learns short sounds and loops, up to three seconds, as pictures of their tones over time, "
                "and plays new ones."
            ),
            "audio",
            _VAE | {"options": _VAE_OPTIONS | {"edges": 0.25}},
        ),
        FamilyInfo(
            "fused",
            mark("Shared vector"),
            mark(
                "Learns what pictures, sounds, videos and texts that belong together have in common. "
                "Then words find pictures and sounds without tags, and tags are suggested."
            ),
            "items",
            {
                "latent": 128,
                "steps": 400,
                "batch": 256,
                "rate": 1e-3,
                "options": {
                    "hidden": 64.0,
                    "decay": 0.1,
                    "half_life": 5000.0,
                    "shared_rate": 0.05,
                    "own_rate": 3.0,
                    "soft": 0.5,
                    "blank": 0.2,
                    "drop": 0.3,
                    "modality_drop": 0.3,
                    "patience": 120.0,
                },
            },
        ),
    )
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
    """The config of a new model; ``size`` is a power of two from 16 to 512 (sound ignores it)."""
    info = family(family_name)
    sound = info.modality == "audio"
    if info.modality == "items":
        return _fused_config(info, name, steps, batch, seed)
    if not sound and size not in SIZES:
        raise UsageError(
            "Models cannot be {size} pixels wide.",
            hint="Choose one of: {known}.",
            size=size,
            known=", ".join(map(str, SIZES)),
        )
    if (steps is not None and steps < 1) or (batch is not None and batch < 1):
        raise UsageError("Steps and batch must be at least 1.")
    size = SOUND_SIZE if sound else size
    options = dict(info.defaults["options"])
    if family_name.startswith("image-gan"):
        options["gamma"] = max(0.05, 2.0 * (size / 64) ** 3)
        options["flip"] = 1.0
    return ModelConfig(
        family=family_name,
        name=name,
        size=size,
        channels=1 if sound else 3,
        widths=[10 * width] * 5 if sound else default_widths(size, width),
        latent=int(info.defaults["latent"]),
        steps=steps or int(info.defaults["steps"]),
        batch=batch or int(info.defaults["batch"]),
        rate=float(info.defaults["rate"]),
        seed=seed,
        options=options,
    )


def settle(config: ModelConfig) -> ModelConfig:
    """Bring what depends on options in line with them, after they were changed; the same object.

    Raises:
        UsageError: an option out of its range, or conditions, which a picture VAE does not take.
    """
    _check_ranges(config)
    if config.family != "image-vae":
        return config
    if config.condition:
        raise UsageError(
            "A picture VAE takes no tags, colours or vector to draw by.",
            hint="Train a picture GAN for that; a VAE's sliders are found after the training.",
        )
    if spatial := int(config.options.get("spatial", 0.0)):
        config.options["spatial"] = float(spatial)
        config.options["styles"] = 0.0  # one grid for all stages: nothing to mix
        config.latent = spatial * max(4, config.size // 8) ** 2  # nets.spatial.spatial_latent
    return config


def _check_ranges(config: ModelConfig) -> None:
    """Raises UsageError for a number with which nothing could be learned; NaN lies in no range."""
    given = config.options | {"rate": config.rate, "latent": float(config.latent)}
    for key, (least, most) in _RANGES.items():
        if not least <= given.get(key, least) <= most:
            raise UsageError(
                "“{name}” must lie between {least} and {most}.",
                hint="Leave it out for the usual value.",
                name=key,
                least=f"{least:g}",
                most=f"{most:g}",
            )


_RANGES = {
    "rate": (1e-7, 1.0),
    "latent": (1.0, 131072.0),  # a grid of 32 channels at 512 pixels
    "half_life": (1.0, 1e7),
    "gamma": (0.0, 1e5),
    "penalty_every": (1.0, 1000.0),
    "augment": (0.0, 1.0),
    "condition_drop": (0.0, 1.0),
    "generator_rate": (0.0, 10.0),
    "critic_rate": (0.0, 10.0),
    "spatial": (0.0, 32.0),
    "perceptual": (0.0, 4.0),
    "adversarial": (0.0, 4.0),
    "adversarial_from": (0.0, 1.0),
    "beta": (0.0, 10.0),
    "free_bits": (0.0, 10.0),
    "edges": (0.0, 10.0),
    "freeze": (0.0, 8.0),
}


def _fused_config(
    info: FamilyInfo, name: str, steps: int | None, batch: int | None, seed: int
) -> ModelConfig:
    """``widths`` holds the hidden units, ``latent`` is the length of the shared vector; size says nothing."""
    if (steps is not None and steps < 1) or (batch is not None and batch < 2):
        raise UsageError("Steps must be at least 1 and the batch at least 2.")
    defaults = info.defaults
    return ModelConfig(
        family=info.name,
        name=name,
        size=0,
        channels=0,
        widths=[int(defaults["options"]["hidden"])],
        latent=int(defaults["latent"]),
        steps=steps or int(defaults["steps"]),
        batch=batch or int(defaults["batch"]),
        rate=float(defaults["rate"]),
        seed=seed,
        options=dict(defaults["options"]),
    )


def default_widths(size: int, base: int = 16) -> list[int]:
    """Channels per stage from 4×4 upwards, e.g. [128, 96, 64, 32, 16] for 64 pixels.

    The same resolution has the same width in models of every size, so that a larger one can start from a
    smaller one.
    """
    ladder = [8 * base, 6 * base, 4 * base, 2 * base]
    stages = size.bit_length() - 2
    return [ladder[stage] if stage < len(ladder) else base for stage in range(stages)]
