"""The families of pictures. Knows no torch."""

from __future__ import annotations

from mmstudio.errors import UsageError
from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families.info import FamilyInfo, Wanted

SIZES = (16, 32, 64, 128, 256, 512)
_SOURCE = "mmstudio.learning.datasets.source"
_LOADER = "mmstudio.learning.engine.registry:load_model"

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

_RANGES = {
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
    "freeze": (0.0, 8.0),
}


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    if wanted.size not in SIZES:
        raise UsageError(
            "Models cannot be {size} pixels wide.",
            hint="Choose one of: {known}.",
            size=wanted.size,
            known=", ".join(map(str, SIZES)),
        )
    widths = default_widths(wanted.size, wanted.width)
    config = info.config(wanted, size=wanted.size, channels=3, widths=widths)
    if info.name.startswith("image-gan"):
        config.options["gamma"] = max(0.05, 2.0 * (wanted.size / 64) ** 3)
        config.options["flip"] = 1.0
    return config


def default_widths(size: int, base: int = 16) -> list[int]:
    """Channels per stage from 4×4 upwards, e.g. [128, 96, 64, 32, 16] for 64 pixels.

    The same resolution has the same width in models of every size, so that a larger one can start from a
    smaller one.
    """
    ladder = [8 * base, 6 * base, 4 * base, 2 * base]
    stages = size.bit_length() - 2
    return [ladder[stage] if stage < len(ladder) else base for stage in range(stages)]


def _settle_vae(config: ModelConfig) -> None:
    if config.condition:
        raise UsageError(
            "A picture VAE takes no tags, colours or vector to draw by.",
            hint="Train a picture GAN for that; a VAE's sliders are found after the training.",
        )
    if spatial := int(config.options.get("spatial", 0.0)):
        config.options["spatial"] = float(spatial)
        config.options["styles"] = 0.0  # one grid for all stages: nothing to mix
        config.latent = spatial * max(4, config.size // 8) ** 2  # nets.spatial.spatial_latent


FAMILIES = (
    FamilyInfo(
        "image-vae",
        mark("Picture VAE"),
        mark(
            "Learns to describe each picture by a short list of numbers and to draw it again. "
            "Calm to train, good for variations and in-betweens; a little soft."
        ),
        "image",
        _VAE | {"options": _PICTURE_VAE_OPTIONS},
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.vae_task:VaeTask",
        _LOADER,
        more_options=("seamless", "freeze", "critic_rate"),
        bases=("image-vae",),
        ranges=_RANGES,
        settle=_settle_vae,
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
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.gan_task:GanTask",
        _LOADER,
        more_options=("seamless", "freeze", "colour"),
        bases=("image-gan", "image-vae", "image-gan-plain"),
        ranges=_RANGES,
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
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.gan_task:PlainGanTask",
        _LOADER,
        more_options=("seamless", "freeze", "colour"),
        bases=("image-gan", "image-vae", "image-gan-plain"),
        ranges=_RANGES,
    ),
)
