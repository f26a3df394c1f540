"""The families of sounds. Knows no torch.

``ModelConfig.parts["sound"]`` is a :class:`SoundShape`; models without one are of the first kind (three
seconds, no vocoder). A wish may also say seconds, rate, stereo and loop: :func:`settle` makes a shape of it.
"""

from __future__ import annotations

from typing import Any

from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.families.info import FamilyInfo, Wanted

SOUND_SIZE = 128
_SOURCE = "mmstudio.learning.datasets.sound_source"
_LOADER = "mmstudio.learning.engine.registry:load_model"
_VOICE = {"vocoder_width": 192.0, "vocoder_depth": 4.0, "adversarial": 0.0, "adversarial_from": 0.3}
_VOICE |= {"vocoder_rate": 0.3}  # what is known without learning is only corrected: quick steps undo it
_VAE = {
    "latent": 64,
    "steps": 600,
    "batch": 16,
    "rate": 1e-3,
    "options": {"edges": 0.25, "beta": 2e-3, "free_bits": 0.1, "half_life": 5000.0, "wave_every": 4.0}
    | {"condition_drop": 0.2}
    | _VOICE,
}
_GAN = {
    "latent": 64,
    "steps": 1000,
    "batch": 16,
    "rate": 1e-3,
    "options": {
        "gamma": 2.0,
        "penalty_every": 4.0,
        "augment": 0.0,
        "adaptive": 1.0,
        "condition_drop": 0.2,
        "half_life": 10000.0,
        "generator_rate": 0.25,
    }
    | _VOICE,
}
_RANGES = {
    "wave_every": (0.0, 1000.0),
    "vocoder_width": (8.0, 1024.0),
    "vocoder_depth": (1.0, 16.0),
    "adversarial": (0.0, 4.0),
    "adversarial_from": (0.0, 1.0),
    "condition_drop": (0.0, 1.0),
    "gamma": (0.0, 1e5),
    "penalty_every": (1.0, 1000.0),
    "augment": (0.0, 1.0),
    "generator_rate": (0.0, 10.0),
    "vocoder_rate": (0.0, 10.0),
    "critic_rate": (0.0, 10.0),
    "freeze": (0.0, 8.0),
}
_NETWORK = ("vocoder_width", "vocoder_depth")
_ASKED = ("seconds", "rate", "stereo", "loop")


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    """The shape says how large a sound is, not ``size``; tempo and key are told where they are measured."""
    config = info.config(wanted, size=SOUND_SIZE, channels=1, widths=[10 * wanted.width] * 5)
    config.parts = {"sound": SoundShape().as_json()}
    config.condition = {"tempo": True, "key": True}
    return config


def _settle(config: ModelConfig) -> None:
    """Make a shape of what was asked for; the rest stays as it was.

    Raises:
        UsageError: not a length, rate or number of channels that a model can have.
    """
    asked: dict[str, Any] = {key: config.parts.pop(key) for key in _ASKED if key in config.parts}
    if asked:
        now = SoundShape.of(config)
        shape = SoundShape.for_seconds(
            float(asked.get("seconds", 3.0 if now == SoundShape() else now.seconds)),
            int(asked.get("rate", now.rate)),
            (2 if asked["stereo"] else 1) if "stereo" in asked else now.channels,
            bool(asked.get("loop", now.loop)),
        )
        config.parts["sound"] = shape.as_json()
    if config.family == "sound-gan":  # there were none of the first kind
        config.parts.setdefault("sound", SoundShape().as_json())
    if "sound" in config.parts:
        config.size = SoundShape.of(config).frames
        # A shape wished for from a base that has no vocoder: that part begins anew.
        for key in (*_NETWORK, "vocoder_rate"):
            config.options.setdefault(key, _VOICE[key])


FAMILIES = (
    FamilyInfo(
        "sound-vae",
        mark("Sound VAE"),
        mark(
            "Learns sounds and loops of one to twelve seconds as a short list of numbers, and plays them. "
            "Calm to train, good for variations and in-betweens."
        ),
        "audio",
        _VAE,
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.sound_task:sound_vae_task",
        _LOADER,
        more_options=("critic_rate",),
        bases=("sound-vae",),
        settle=_settle,
        ranges=_RANGES,
        network=_NETWORK,
    ),
    FamilyInfo(
        "sound-gan",
        mark("Sound GAN"),
        mark(
            "Two networks compete: one makes spectra of sounds, the other tells made from real. "
            "Crisper than a VAE, longer to train; best started from a sound VAE."
        ),
        "audio",
        _GAN,
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.sound_gan_task:SoundGanTask",
        _LOADER,
        more_options=("freeze", "critic_rate"),
        bases=("sound-gan", "sound-vae"),
        settle=_settle,
        ranges=_RANGES,
        network=_NETWORK,
    ),
)
