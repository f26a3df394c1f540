"""The voices of Windows and macOS through pyttsx3, in a helper process: it may hang, and loads much."""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmstudio.errors import StudioError
from mmstudio.generation.voice import process
from mmstudio.generation.voice.contract import EngineState, Spoken, Voice
from mmstudio.generation.voice.finish import pitched
from mmstudio.generation.voice.install import system_remedy
from mmstudio.i18n import mark, tr

_HELPER = Path(__file__).with_name("helper.py")
_LIST_S, _SPEAK_S = 20.0, 180.0
LABEL = mark("Voices of the system")
SPOKEN_BY_HELPER = "speech-helper"  # the hidden command of a frozen program


class System:
    """Speech by whatever pyttsx3 finds: SAPI 5 on Windows, NSSpeechSynthesizer on macOS.

    pyttsx3 is never imported here; see :mod:`mmstudio.generation.voice.helper`.
    """

    key = "system"
    longest = 1200
    together = True

    def __init__(self, timeout: float = _SPEAK_S) -> None:
        self.timeout = timeout
        self._known: list[Voice] | None = None

    def state(self) -> EngineState:
        """Whether pyttsx3 is installed and finds a voice."""
        if importlib.util.find_spec("pyttsx3") is None:
            missing = tr("The package pyttsx3 is not installed.")
            return EngineState(self.key, tr(LABEL), False, missing, system_remedy())
        try:
            count = len(self._listed())
        except StudioError as error:
            return EngineState(self.key, tr(LABEL), False, tr(error.template, **error.values), tr(error.hint))
        if not count:
            found = tr("The system offers no voice.")
            return EngineState(self.key, tr(LABEL), False, found, tr("Add one in the system's settings."))
        return EngineState(self.key, tr(LABEL), True, tr("{n} voices", n=count))

    def voices(self) -> list[Voice]:
        """The system's voices; empty where they cannot be reached."""
        if importlib.util.find_spec("pyttsx3") is None:
            return []
        try:
            return list(self._listed())
        except StudioError:
            return []

    def speak(
        self, text: str, voice: Voice, rate: float, pitch: float, cancelled: Callable[[], bool]
    ) -> Spoken:
        """See :class:`SpeechEngine`. Pitch is changed by playing slower speech faster."""
        from mmstudio.media.audio import load_audio

        with tempfile.TemporaryDirectory(prefix="mmstudio-") as folder:
            out = Path(folder) / "spoken.wav"
            wish = {
                "do": "speak",
                "text": text,
                "voice": voice.id.split(":", 1)[1],
                "rate": rate / pitch,
                "file": str(out),
            }
            self._asked(wish, self.timeout, cancelled)
            if not out.is_file() or out.stat().st_size <= 44:
                raise process.failed(tr(LABEL), process.Answer(0, "", tr("it gave no sound")))
            samples, own = load_audio(out, mono=True)
            return Spoken(pitched(samples[0], own, pitch), own)

    def _listed(self) -> list[Voice]:
        if self._known is None:
            answer = self._asked({"do": "voices"}, min(_LIST_S, self.timeout), lambda: False)
            self._known = [
                Voice(
                    f"system:{v['id']}", str(v.get("name") or v["id"]), str(v.get("language", "")), self.key
                )
                for v in answer.get("voices", [])
                if isinstance(v, dict) and v.get("id")
            ]
        return self._known

    def _asked(self, wish: dict[str, Any], timeout: float, cancelled: Callable[[], bool]) -> dict[str, Any]:
        frozen = bool(getattr(sys, "frozen", False))
        command = [sys.executable, SPOKEN_BY_HELPER] if frozen else [sys.executable, str(_HELPER)]
        answer = process.run(
            command, json.dumps(wish) + "\n", timeout=timeout, cancelled=cancelled, environment=_UTF8
        )
        for line in reversed(answer.out.splitlines()):  # drivers may print lines of their own before
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict) and found.get("ok") is True:
                return found
            if isinstance(found, dict) and "error" in found:
                raise process.failed(tr(LABEL), process.Answer(1, "", str(found["error"])))
        raise process.failed(tr(LABEL), answer)


_UTF8 = {"PYTHONUTF8": "1"}
