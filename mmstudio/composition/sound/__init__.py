"""The sound of a storyboard: voice, music, effects and clips mixed in float, levelled, kept from clipping.

:func:`mix` is what preview and export play; :func:`stems` the same parts one by one for an editor;
:func:`mix_report` what a mix measures.
"""

from mmstudio.composition.sound.levels import (
    CEILING_DBTP,
    TARGET_LUFS,
    MixReport,
    Samples,
    held,
    level,
    limited,
    loudness,
    mix_report,
    true_peak,
)
from mmstudio.composition.sound.mixing import RATE, mix, stems
from mmstudio.composition.sound.tracks import faded, looped

__all__ = [
    "CEILING_DBTP",
    "RATE",
    "TARGET_LUFS",
    "MixReport",
    "Samples",
    "faded",
    "held",
    "level",
    "limited",
    "looped",
    "loudness",
    "mix",
    "mix_report",
    "stems",
    "true_peak",
]
