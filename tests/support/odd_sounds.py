"""Sound files that are not as one would wish."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
ODD = ("offset", "clipped", "8-bit", "32-float", "96 kHz", "7.1")


def wrong(kind: str, file: Path) -> Path:
    """A second of a dying tone of 330 Hz as one of :data:`ODD`, or "silence", written to ``file``."""
    t = np.arange(RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 330 * t) * np.exp(-t)
    if kind == "silence":
        soundfile.write(str(file), np.zeros(RATE), RATE)
    elif kind == "offset":
        soundfile.write(str(file), tone + 0.4, RATE)
    elif kind == "clipped":
        soundfile.write(str(file), np.clip(tone * 20, -1, 1), RATE)
    elif kind == "8-bit":
        soundfile.write(str(file), tone, RATE, subtype="PCM_U8")
    elif kind == "32-float":
        soundfile.write(str(file), tone * 6, RATE, subtype="FLOAT")  # beyond full scale
    elif kind == "96 kHz":
        soundfile.write(str(file), np.repeat(tone, 2), 96_000)
    else:
        soundfile.write(str(file), np.stack([tone * (0.3 + 0.1 * i) for i in range(8)], axis=1), 48_000)
    return file
