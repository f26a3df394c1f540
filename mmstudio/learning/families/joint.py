"""The family of sets: pictures, sounds and texts that belong together. Knows no torch."""

from __future__ import annotations

from mmstudio.errors import UsageError
from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families.info import FamilyInfo, Wanted
from mmstudio.learning.joint.parts import objective_of, only_of

SIZES = (8, 16, 32, 64)


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    """``size`` is that of small pictures and spectrograms inside; ``widths`` holds their finest channels."""
    if wanted.size not in SIZES:
        raise UsageError(
            "Pictures inside a joint model cannot be {size} pixels wide.",
            hint="Choose one of: {known}; larger ones through a picture model (--from-image).",
            size=wanted.size,
            known=", ".join(map(str, SIZES)),
        )
    return info.config(wanted, size=wanted.size, channels=3, widths=[2 * wanted.width])


def _settle(config: ModelConfig) -> None:
    objective_of(config.parts)
    only_of(config.parts)


FAMILIES = (
    FamilyInfo(
        "joint",
        mark("Joint model"),
        mark(
            "Learns what pictures, sounds, texts and tags that belong together have in common, "
            "and makes the missing ones from any of them, or whole sets from nothing."
        ),
        "set",
        {
            "latent": 64,
            "steps": 2000,
            "batch": 64,
            "rate": 1e-3,
            "options": {
                "alpha": 5 / 6,
                "beta": 0.2,
                "flow": 0.1,
                "align": 0.03,
                "modality_drop": 0.0,
                "private": 16.0,
                "hidden": 256.0,
                "context": 64.0,
                "features": 1.0,
                "flow_width": 192.0,
                "gan": 1.0,
                "gamma": 0.1,
                "half_life": 2000.0,
            },
        },
        _configure,
        "mmstudio.learning.joint.source",
        "mmstudio.learning.engine.joint_task:JointTask",
        "mmstudio.learning.joint.model:load_joint",
        bases=("joint",),
        network=("hidden", "context", "flow_width", "private", "flow"),
        ranges={
            "alpha": (0.0, 1.0),
            "flow": (0.0, 100.0),
            "align": (0.0, 10.0),
            "modality_drop": (0.0, 0.9),
            "private": (0.0, 1024.0),
            "hidden": (1.0, 4096.0),
            "context": (1.0, 4096.0),
            "flow_width": (8.0, 4096.0),
            "gamma": (0.0, 1e5),
            "features": (0.0, 1.0),
        },
        settle=_settle,
    ),
)
