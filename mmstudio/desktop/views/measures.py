"""Measures of an asset in words: what each is called, how its value is written, what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmstudio.i18n import mark, tr

_KEYS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_SURE = 0.15  # below this a tempo or key is a guess


@dataclass(frozen=True, slots=True)
class Measure:
    """How one is shown: ``bar`` draws its share of 0 to 1."""

    label: str
    form: Literal["percent", "number", "lufs", "db", "bpm", "key", "count"]
    explanation: str
    bar: bool = False


MEASURES: dict[str, Measure] = {
    "sharpness": Measure(
        mark("Sharpness"),
        "percent",
        mark("How much fine detail the sharpest parts have. Below 30 % looks blurred."),
        True,
    ),
    "exposure": Measure(mark("Brightness"), "percent", mark("Mean lightness as the eye sees it."), True),
    "contrast": Measure(mark("Contrast"), "percent", mark("How far light and dark parts lie apart."), True),
    "dark": Measure(
        mark("Black without detail"), "percent", mark("Share of pixels that are fully dark."), True
    ),
    "light": Measure(
        mark("White without detail"), "percent", mark("Share of pixels that are fully white."), True
    ),
    "colourfulness": Measure(
        mark("Colourfulness"), "number", mark("Mean strength of the colours (OKLab chroma).")
    ),
    "read": Measure(mark("Text in the picture"), "count", mark("Characters that tesseract could read.")),
    "loudness": Measure(
        mark("Loudness"), "lufs", mark("Integrated loudness after EBU R 128; streams expect about −14.")
    ),
    "peak": Measure(
        mark("Peak"), "db", mark("The highest sample. Near 0 dB it may distort when it is converted.")
    ),
    "clipping": Measure(
        mark("Clipped"), "percent", mark("Share of samples that are cut off at full scale."), True
    ),
    "silence": Measure(
        mark("Silence"), "percent", mark("Share of the time that is quieter than −60 dB."), True
    ),
    "tempo": Measure(
        mark("Tempo"), "bpm", mark("Beats per minute; may be half or twice of what one counts.")
    ),
    "key": Measure(mark("Key"), "key", mark("The scale its tones fit best.")),
    "scenes": Measure(mark("Scenes"), "count", mark("Shots between two cuts.")),
    "words": Measure(mark("Words"), "count", mark("Words of the text.")),
}


def rows(measures: dict[str, float]) -> list[tuple[Measure, str, float | None]]:
    """(measure, its value in words, share for a bar or None) of what was measured, in a fixed order."""
    found = []
    for name, measure in MEASURES.items():
        if name not in measures:
            continue
        value = measures[name]
        words = text(measure.form, value)
        if measures.get(f"{name}_sure", 1.0) < _SURE:
            words = tr("{value} (unsure)", value=words)
        found.append((measure, words, max(0.0, min(1.0, value)) if measure.bar else None))
    return found


def text(form: str, value: float) -> str:
    """A value with its unit."""
    if form == "percent":
        return f"{100 * value:.1f} %" if 0 < value < 0.0995 else f"{100 * value:.0f} %"
    if form == "lufs":
        return f"{value:.1f} LUFS".replace("-", "−")
    if form == "db":
        return f"{value:.1f} dBFS".replace("-", "−")
    if form == "bpm":
        return tr("{n} bpm", n=f"{value:.0f}")
    if form == "key":
        place = round(value) % 24
        tone = _KEYS[place % 12]
        return tr("{tone} minor", tone=tone) if place >= 12 else tr("{tone} major", tone=tone)
    return f"{value:,.0f}" if form == "count" else f"{value:.2f}"
