"""Piper as a separate program: natural voices from files that the person chooses."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from mmstudio.generation.voice import process
from mmstudio.generation.voice.contract import EngineState, Spoken, Voice
from mmstudio.generation.voice.finish import pitched
from mmstudio.generation.voice.install import piper_remedy
from mmstudio.i18n import mark, tr

_MOST = 2_000_000  # bytes of a voice's description that are read
_SPEAK_S = 180.0
_PROGRAMS = ("piper-tts", "piper")  # some systems have a program for mice under the second name
_BETWEEN_S = 0.2  # seconds after a sentence; what the older program does by itself
LABEL = mark("Piper")


class Piper:
    """Speech by the program ``piper`` with one voice file: NAME.onnx with NAME.onnx.json beside it.

    Args:
        voice_file: path of the .onnx file; "" where none is chosen.
        timeout: seconds after which it counts as hung.
    """

    key = "piper"
    longest = 1200  # characters of a piece: the network is loaded anew for each
    together = True

    def __init__(self, voice_file: str = "", timeout: float = _SPEAK_S) -> None:
        self.file = Path(voice_file) if voice_file else None
        self.timeout = timeout

    def state(self) -> EngineState:
        """Whether program, voice file and its description are there."""
        missing = self._missing()
        if missing:
            return EngineState(self.key, tr(LABEL), False, *missing)
        found = tr("Found at {path}", path=process.find(*_PROGRAMS))
        return EngineState(self.key, tr(LABEL), True, found)

    def voices(self) -> list[Voice]:
        """The chosen voice, or none."""
        if self._missing() or self.file is None:
            return []
        about = _about(self.file) or {}
        language = about.get("language")
        code = language.get("code") if isinstance(language, dict) else None
        if not isinstance(code, str):
            espeak = about.get("espeak")
            code = espeak.get("voice") if isinstance(espeak, dict) else ""
        tag = str(code or self.file.name.split("-")[0]).replace("_", "-").lower()
        return [Voice(f"piper:{self.file.stem}", self.file.stem, tag, self.key)]

    def speak(
        self, text: str, voice: Voice, rate: float, pitch: float, cancelled: Callable[[], bool]
    ) -> Spoken:
        """See :class:`SpeechEngine`. It has no pitch of its own: it speaks slower and is played faster.

        The names of the arguments are those that both programs know: rhasspy/piper (C++, 2023) and its
        successor OHF-Voice/piper1-gpl (Python).
        """
        from mmstudio.media.audio import load_audio

        with tempfile.TemporaryDirectory(prefix="mmstudio-") as folder:
            out = Path(folder) / "spoken.wav"
            answer = process.run(
                [
                    process.find(*_PROGRAMS) or "piper",
                    "--model",
                    str(self.file),
                    "--output_file",
                    str(out),
                    "--sentence_silence",
                    f"{_BETWEEN_S * pitch / rate:.3f}",
                    "--length_scale",
                    f"{pitch / rate:.4f}",
                ],
                " ".join(text.split()) + "\n",  # each line would be an utterance of its own
                timeout=self.timeout,
                cancelled=cancelled,
            )
            if answer.status != 0 or not out.is_file() or out.stat().st_size <= 44:
                raise process.failed(self.key, answer)
            samples, own = load_audio(out, mono=True)
            return Spoken(pitched(samples[0], own, pitch), own)

    def _missing(self) -> tuple[str, str] | None:
        if not process.find(*_PROGRAMS):
            return tr("It is not installed."), piper_remedy()
        if self.file is None:
            return tr("No voice file is chosen."), tr("Choose an .onnx file of a Piper voice.")
        if not self.file.is_file():
            return (
                tr("The voice file {name} is not there.", name=self.file.name),
                tr("Choose an .onnx file of a Piper voice."),
            )
        if _about(self.file) is None:
            return (
                tr("{name} has no usable description beside it.", name=self.file.name),
                tr("A Piper voice is two files: NAME.onnx and NAME.onnx.json."),
            )
        return None


def _about(file: Path) -> dict[str, object] | None:
    try:
        beside = file.with_name(file.name + ".json")
        if beside.stat().st_size > _MOST:
            return None
        found = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
