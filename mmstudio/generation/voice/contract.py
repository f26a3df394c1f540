"""What speech is to the studio, and what a speech engine must be able to do; knows no program.

An engine is always another process (docs/adr/0125): it gets plain text and gives samples. Cutting long texts,
levelling and timing words are the same for all engines and live beside this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
SLOWEST, FASTEST = 0.5, 2.0  # times the voice's own rate
VOICES = ", "  # between the voices of a speech that has several
RECORDED = "recorded"  # voice of a speech that a person said into a microphone: no program made it
LOWEST, HIGHEST = 0.5, 2.0  # times the voice's own pitch


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice that can speak here.

    Attributes:
        id: unique over all engines, "engine:own name", e.g. "espeak-ng:gmw/en-US"; what settings keep.
        name: as its engine calls it, for the person.
        language: BCP 47 tag as far as it is known, e.g. "en-us", "cmn", "zh"; "" where it is not.
        engine: key of its engine.
    """

    id: str
    name: str
    language: str
    engine: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word (one character or more in Chinese) as it stands in the text; seconds from the beginning."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """What was spoken.

    Attributes:
        samples: float32[T] within -1 to 1, silence at both ends trimmed, level normalised.
        rate: Hz.
        words: in order, not overlapping, inside the sound.
        estimated: True where the engine gave no times and they are guessed from word lengths and pauses.
        text: what was spoken, after cleaning.
        voice: id of the voice; of several, joined by :data:`VOICES`.
    """

    samples: Samples
    rate: int
    words: list[Word]
    estimated: bool
    text: str = ""
    voice: str = ""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate if self.rate else 0.0

    def timings(self) -> dict[str, Any]:
        """JSON: {"estimated", "seconds", "voice", "words": [{"text", "start", "end"}]}; seconds."""
        return {
            "estimated": self.estimated,
            "seconds": round(self.seconds, 3),
            "voice": self.voice,
            "words": [
                {"text": w.text, "start": round(w.start, 3), "end": round(w.end, 3)} for w in self.words
            ],
        }


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can speak here.

    Attributes:
        key: "espeak-ng", "piper" or "system".
        label: its name for the person, translated.
        ready: True where it can speak now.
        sentence: what was found or what is missing, translated.
        hint: what to install or to choose, translated; "" where it is ready.
    """

    key: str
    label: str
    ready: bool
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One piece as an engine gave it: float32[T] at ``rate`` Hz, and word times where it knows them."""

    samples: Samples
    rate: int
    words: list[Word] | None = None


class SpeechEngine(Protocol):
    """A program that speaks. Every method may start a process: never on the GUI thread.

    Attributes:
        key: what settings call it.
        longest: characters it gets at once.
        together: True where starting it is dear, so that it gets several sentences at once.
    """

    key: str
    longest: int
    together: bool

    def state(self) -> EngineState:
        """Whether it can be used, within a few seconds at most."""

    def voices(self) -> list[Voice]:
        """Its voices; empty where it is not ready."""

    def speak(
        self, text: str, voice: Voice, rate: float, pitch: float, cancelled: Callable[[], bool]
    ) -> Spoken:
        """Speak one piece of cleaned text (a few sentences).

        Args:
            rate: 0.5 to 2 times the voice's own. pitch: 0.5 to 2 times the voice's own.
            cancelled: polled while the program works; it is killed once this is true.

        Raises:
            Cancelled: where ``cancelled()`` became true.
            StudioError: the program is missing, failed, hung or gave no sound.
        """
