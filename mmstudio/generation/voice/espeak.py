"""espeak-ng as a separate program: small, quick, about a hundred languages."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from mmstudio.generation.voice import process
from mmstudio.generation.voice.contract import EngineState, Spoken, Voice
from mmstudio.generation.voice.install import espeak_remedy
from mmstudio.i18n import mark, tr

_WORDS_PER_MINUTE = 175  # its own rate
_LINE = re.compile(r"^\s*\d+\s+(?P<language>\S+)\s+\S+\s+(?P<name>\S+)\s+(?P<file>\S+)\s*(?P<other>.*)$")
_LIST_S, _SPEAK_S = 15.0, 60.0
LABEL = mark("eSpeak NG")


class Espeak:
    """Speech by ``espeak-ng`` (or its forerunner ``espeak``).

    Args:
        timeout: seconds after which a program that is still speaking one piece counts as hung.
    """

    key = "espeak-ng"
    longest = 400  # characters of a piece: one sentence, whose beginning and end are then known exactly
    together = False

    def __init__(self, timeout: float = _SPEAK_S) -> None:
        self.timeout = timeout
        self._known: tuple[str, list[Voice]] = ("", [])

    def state(self) -> EngineState:
        """Whether it is installed."""
        found = process.find("espeak-ng", "espeak")
        if found:
            return EngineState(self.key, tr(LABEL), True, tr("Found at {path}", path=found))
        return EngineState(self.key, tr(LABEL), False, tr("It is not installed."), espeak_remedy())

    def voices(self) -> list[Voice]:
        """The voices it lists, without the MBROLA ones, which need a further program, and voice variants."""
        program = process.find("espeak-ng", "espeak")
        if not program:
            return []
        if self._known[0] != program:
            answer = process.run([program, "--voices"], timeout=_LIST_S)
            self._known = (program, _parsed(answer.out))
        return list(self._known[1])

    def speak(
        self, text: str, voice: Voice, rate: float, pitch: float, cancelled: Callable[[], bool]
    ) -> Spoken:
        """See :class:`SpeechEngine`. The text goes in by standard input and is not read as markup."""
        from mmstudio.media.audio import load_audio

        program = process.find("espeak-ng", "espeak")
        # Its pitch table runs from half (0) over the voice's own (50) to twice (100), evenly in octaves.
        tone = min(max(round(50 + 50 * math.log2(pitch)), 0), 99)
        with tempfile.TemporaryDirectory(prefix="mmstudio-") as folder:
            file = Path(folder) / "spoken.wav"
            words = round(_WORDS_PER_MINUTE * rate)
            options = ["-v", voice.id.split(":", 1)[1], "-s", str(words), "-p", str(tone), "-b", "1", "-z"]
            answer = process.run(
                [program or "espeak-ng", *options, "--stdin", "-w", str(file)],
                text + "\n",
                timeout=self.timeout,
                cancelled=cancelled,
            )
            if answer.status != 0 or not file.is_file() or file.stat().st_size <= 44:
                raise process.failed(self.key, answer)
            samples, own = load_audio(file, mono=True)
            return Spoken(samples[0].copy(), own)


def _parsed(listing: str) -> list[Voice]:
    found = []
    for line in listing.splitlines()[1:]:
        match = _LINE.match(line)
        if match is None or match["file"].startswith(("mb/", "!v/", "-")):
            continue
        language = match["language"]
        name = match["name"].replace("_", " ").strip()
        found.append(Voice(f"espeak-ng:{match['file']}", name, language, Espeak.key))
    return found
