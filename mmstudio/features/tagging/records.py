"""What tagging hands out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An asset that may deserve a tag. ``confidence`` is a calibrated probability, 0 to 1."""

    asset_id: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of a tag for one kind of media.

    Attributes:
        kind: "image", "audio", "video" or "text".
        examples, refused, others: how many assets with the tag, refused for it, and drawn at random were
            learned from.
        space: the extractor whose vectors tell the tag apart best; "" where there are none.
        accuracy: leave-one-out balanced accuracy, 0 to 1 (the mean of the share of examples and the share of
            counter-examples that are told right when they are left out); None with fewer than two examples.
        baseline: what guessing gets, 0.5.
        calibration_error: expected calibration error of the left-out confidences, 0 to 1; None likewise.
        suggestions: assets without the tag, the surest first.
        advice: what would help, in the person's language; empty where all is well.
    """

    tag: str
    kind: str
    examples: int
    refused: int
    others: int
    space: str
    accuracy: float | None
    calibration_error: float | None
    suggestions: list[Suggestion] = field(default_factory=list)
    advice: str = ""
    baseline: float = 0.5
