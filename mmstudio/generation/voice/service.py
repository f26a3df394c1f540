"""Speech behind one door: which voices there are, speaking, keeping to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmstudio.generation.voice.contract import EngineState, Speech, Voice
from mmstudio.settings import Settings


class Voices:
    """The voices of this machine, chosen and set as the person's settings say.

    Nothing here is for the GUI thread: every method may start a program.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def engines(self) -> list[EngineState]:
        """Every engine the studio knows with whether it can speak here; the preferred one first."""
        raise NotImplementedError

    def voices(self, language: str = "") -> list[Voice]:
        """The voices of the engines that are ready; of one language ("en", "zh", "en-GB") where given."""
        raise NotImplementedError

    def choose(self, language: str = "en") -> Voice:
        """The voice for a language: the one in the settings, else the best that is there.

        Raises:
            StudioError: no engine is installed (the hint says what to install), or none speaks it.
        """
        raise NotImplementedError

    def speak(
        self,
        text: str,
        voice: str | Voice | None = None,
        rate: float | None = None,
        pitch: float | None = None,
        *,
        language: str = "",
        cancelled: Callable[[], bool] = lambda: False,
        heard: Callable[[int, int], None] | None = None,
    ) -> Speech:
        """Speak a text.

        Args:
            voice: id or name of a voice; the settings' voice for the language where None.
            rate, pitch: 0.5 to 2 times the voice's own; the settings' where None.
            language: "en", "zh"…; told from the text where empty.
            heard: called with (pieces spoken, pieces in all).

        Raises:
            UsageError: nothing to say, rate or pitch out of range. NotFound: no such voice.
            Cancelled. StudioError: no engine, or the engine failed or hung.
        """
        raise NotImplementedError

    def save(self, speech: Speech, out: Path, **record: Any) -> list[Path]:
        """Write ``out`` (WAV, 16 bit, with its record inside) and its word timings (``.words.json``) and
        captions (``.vtt``) beside it; returns the paths. Each file is whole or not there.

        Raises:
            DiskFull, UsageError: not a .wav.
        """
        raise NotImplementedError
