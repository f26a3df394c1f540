"""The families of sounds. Knows no torch."""

from __future__ import annotations

from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families.info import FamilyInfo, Wanted

SOUND_SIZE = 128
_VAE = {
    "latent": 64,
    "steps": 600,
    "batch": 16,
    "rate": 1e-3,
    "options": {"edges": 0.25, "beta": 2e-3, "free_bits": 0.1, "half_life": 5000.0},
}


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    """Bands and frames say how large a sound is, not ``size``."""
    return info.config(wanted, size=SOUND_SIZE, channels=1, widths=[10 * wanted.width] * 5)


FAMILIES = (
    FamilyInfo(
        "sound-vae",
        mark("Sound VAE"),
        mark(
            "Learns short sounds and loops, up to three seconds, as pictures of their tones over time, "
            "and plays new ones."
        ),
        "audio",
        _VAE,
        _configure,
        "mmstudio.learning.datasets.source",
        "mmstudio.learning.engine.vae_task:VaeTask",
        "mmstudio.learning.engine.registry:load_model",
        bases=("sound-vae",),
    ),
)
