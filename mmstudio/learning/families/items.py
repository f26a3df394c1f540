"""The family of the shared vector. Knows no torch."""

from __future__ import annotations

from mmstudio.errors import UsageError
from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families.info import FamilyInfo, Wanted


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    """``widths`` holds the hidden units, ``latent`` is the length of the shared vector; size says nothing."""
    if (wanted.steps is not None and wanted.steps < 1) or (wanted.batch is not None and wanted.batch < 2):
        raise UsageError("Steps must be at least 1 and the batch at least 2.")
    return info.config(wanted, size=0, channels=0, widths=[int(info.defaults["options"]["hidden"])])


FAMILIES = (
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
        _configure,
    ),
)
