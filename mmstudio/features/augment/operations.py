"""The operations of augmentation with units, bounds and the settings of the presets. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

from mmstudio.i18n import mark

MODALITIES = {"pictures": "image", "sounds": "audio", "texts": "text"}  # word of the recipe → media kind


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Setting of one operation.

    Attributes:
        on: whether it may happen at all.
        probability: of happening to a copy, 0 to 1.
        low, high: the amount is drawn evenly between them, in the operation's unit.
    """

    on: bool
    probability: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that augmentation can do.

    Attributes:
        name: in recipes. modality: "image", "audio" or "text".
        title, explanation: marked English.
        unit: "°", "×", "%", "dB", "semitones" or "" (there is no amount).
        least, most: bounds of the range in that unit; shares are 0 to 1 and shown as %.
        gentle, strong: settings of the presets.
    """

    name: str
    modality: str
    title: str
    explanation: str
    unit: str
    least: float
    most: float
    step: float
    gentle: Step
    strong: Step

    @property
    def has_amount(self) -> bool:
        """False where it happens or not, such as a flip."""
        return self.most > self.least

    def amount_text(self, amount: float) -> str:
        """An amount to be put behind the title: "" or " 5.2°"."""
        if not self.has_amount:
            return ""
        if self.unit == "%":
            return f" {amount * 100:.0f} %"
        if self.unit == "×":
            return f" ×{amount:.2f}"
        sign = "+" if amount > 0 and self.least < 0 else ""
        digits = 0 if self.unit == "°" and abs(amount) >= 10 else 1
        gap = "" if self.unit == "°" else " "
        unit = {"semitones": "st"}.get(self.unit, self.unit)
        return f" {sign}{amount:.{digits}f}{gap}{unit}"


_ALL = (
    # pictures, in the order they are applied
    Operation(
        "flip", "image", mark("Mirror"), mark("Left and right change places."),
        "", 0, 0, 0, Step(True, 0.5, 0, 0), Step(True, 0.5, 0, 0),
    ),
    Operation(
        "crop", "image", mark("Crop"), mark("A part is cut out and enlarged to the size of the whole."),
        "%", 0.2, 1, 0.01, Step(True, 0.5, 0.85, 1), Step(True, 0.8, 0.5, 1),
    ),
    Operation(
        "rotation", "image", mark("Rotation"),
        mark("Turned about the middle; a plain ground goes on, other edges are mirrored."),
        "°", -180, 180, 1, Step(True, 0.5, -6, 6), Step(True, 0.8, -25, 25),
    ),
    Operation(
        "scale", "image", mark("Scale"), mark("Nearer or farther, at the same size of picture."),
        "×", 0.5, 2, 0.05, Step(True, 0.3, 0.95, 1.1), Step(True, 0.6, 0.75, 1.35),
    ),
    Operation(
        "brightness", "image", mark("Brightness"), mark("Darker below 1, lighter above."),
        "×", 0.2, 2, 0.05, Step(True, 0.5, 0.9, 1.1), Step(True, 0.8, 0.65, 1.4),
    ),
    Operation(
        "contrast", "image", mark("Contrast"), mark("Flatter below 1, harder above."),
        "×", 0.2, 2, 0.05, Step(True, 0.5, 0.9, 1.1), Step(True, 0.8, 0.65, 1.4),
    ),
    Operation(
        "saturation", "image", mark("Saturation"), mark("Greyer below 1, more colourful above."),
        "×", 0, 2, 0.05, Step(True, 0.4, 0.85, 1.15), Step(True, 0.7, 0.4, 1.7),
    ),
    Operation(
        "hue", "image", mark("Hue"), mark("All colours move around the colour wheel."),
        "°", -180, 180, 1, Step(False, 0.3, -5, 5), Step(True, 0.4, -20, 20),
    ),
    Operation(
        "erase", "image", mark("Erase"), mark("A rectangle is filled with the mean colour."),
        "%", 0, 0.5, 0.01, Step(False, 0.2, 0.02, 0.06), Step(True, 0.4, 0.04, 0.2),
    ),
    # sounds
    Operation(
        "stretch", "audio", mark("Tempo"),
        mark("Faster above 1, slower below; the pitch stays, the length changes."),
        "×", 0.5, 2, 0.05, Step(True, 0.4, 0.95, 1.05), Step(True, 0.6, 0.8, 1.25),
    ),
    Operation(
        "pitch", "audio", mark("Pitch"), mark("Higher or lower by semitones; the length stays."),
        "semitones", -12, 12, 0.5, Step(True, 0.5, -1, 1), Step(True, 0.7, -4, 4),
    ),
    Operation(
        "noise", "audio", mark("Noise"),
        mark("White noise at a distance below the sound: 40 dB is hardly heard, 10 dB is loud."),
        "dB", 0, 60, 1, Step(True, 0.4, 30, 45), Step(True, 0.6, 10, 30),
    ),
    Operation(
        "time_mask", "audio", mark("Time mask"), mark("A stretch of time falls silent."),
        "%", 0, 0.5, 0.01, Step(False, 0.3, 0.02, 0.05), Step(True, 0.5, 0.05, 0.15),
    ),
    Operation(
        "frequency_mask", "audio", mark("Frequency mask"), mark("A band of tones falls silent."),
        "%", 0, 0.5, 0.01, Step(False, 0.3, 0.02, 0.06), Step(True, 0.5, 0.05, 0.2),
    ),
    Operation(
        "gain", "audio", mark("Loudness"), mark("Louder or quieter, never so loud that it clips."),
        "dB", -30, 30, 0.5, Step(True, 0.5, -4, 2), Step(True, 0.7, -12, 6),
    ),
    # texts
    Operation(
        "synonyms", "text", mark("Synonyms"), mark("Words are replaced by others that mean the same."),
        "%", 0, 1, 0.05, Step(True, 0.9, 0.1, 0.3), Step(True, 1, 0.3, 0.6),
    ),
    Operation(
        "dropout", "text", mark("Leave words out"),
        mark("Some words are left out; numbers, names and negations stay."),
        "%", 0, 0.5, 0.01, Step(False, 0.3, 0.03, 0.06), Step(True, 0.5, 0.05, 0.15),
    ),
    Operation(
        "swap", "text", mark("Swap words"), mark("Some neighbouring words change places."),
        "%", 0, 0.5, 0.01, Step(False, 0.3, 0.03, 0.06), Step(True, 0.4, 0.05, 0.12),
    ),
)  # fmt: skip
OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _ALL}
"""Every operation by name, in the order of application."""
