"""Speech behind one door: which voices there are, speaking, keeping to a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmstudio.atomic import atomic_path, write_text
from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.generation.voice import cleaning, cues, finish, timing
from mmstudio.generation.voice.contract import (
    FASTEST,
    HIGHEST,
    LOWEST,
    RECORDED,
    SLOWEST,
    VOICES,
    EngineState,
    Samples,
    Speech,
    SpeechEngine,
    Voice,
    Word,
)
from mmstudio.generation.voice.espeak import Espeak
from mmstudio.generation.voice.install import espeak_remedy
from mmstudio.generation.voice.piper import Piper
from mmstudio.generation.voice.system import System
from mmstudio.settings import Settings

_PREFERRED = ("en-us", "en-gb", "cmn", "zh-cn")  # where a language has many voices
# IPTC digital source types: rules alone made it, or a trained model did.
_RULES, _TRAINED = "algorithmicMedia", "trainedAlgorithmicMedia"


class Voices:
    """The voices of this machine, chosen and set as the person's settings say.

    Nothing here is for the GUI thread: every method may start a program.

    Args:
        settings: read at every call, so that a change takes effect at once.
        engines: other engines than the studio's own.
    """

    def __init__(self, settings: Settings, engines: Sequence[SpeechEngine] | None = None) -> None:
        self.settings = settings
        self._given = engines
        self._espeak, self._system = Espeak(), System()

    def engines(self) -> list[EngineState]:
        """Every engine the studio knows with whether it can speak here; the preferred one first."""
        return [engine.state() for engine in self._ordered()]

    def voices(self, language: str = "") -> list[Voice]:
        """The voices of the engines that are ready; of one language ("en", "zh", "en-GB") where given."""
        found = [voice for engine in self._ordered() for voice in engine.voices()]
        return [voice for voice in found if not language or speaks(voice, language)]

    def choose(self, language: str = "en") -> Voice:
        """The voice for a language: the one in the settings, else the best that is there.

        Raises:
            StudioError: no engine is installed (the hint says what to install), the chosen engine is not
                ready, or none speaks the language.
        """
        ordered = self._ordered()
        wanted = self.settings.voice_engine
        if wanted != "auto":
            state = next((e.state() for e in ordered if e.key == wanted), None)
            if state is not None and not state.ready:
                raise StudioError(
                    "{engine} cannot speak: {why}",
                    hint="{remedy}",
                    engine=state.label,
                    why=state.sentence,
                    remedy=state.hint,
                )
        known = [voice for engine in ordered for voice in engine.voices()]
        if not known:
            raise StudioError(
                "No speech program is installed on this computer.", hint="{remedy}", remedy=espeak_remedy()
            )
        kept = self.settings.voice_zh if _primary(language) == "zh" else self.settings.voice_en
        if _primary(language) in ("en", "zh"):
            own = next((voice for voice in known if voice.id == kept and speaks(voice, language)), None)
            if own is not None and wanted in ("auto", own.engine):
                return own
        fitting = [voice for voice in known if speaks(voice, language)]
        if not fitting:
            raise NotFound(
                "No voice here speaks “{language}”.",
                hint="See the voices with: mmstudio voices",
                language=language,
            )
        first = [voice for voice in fitting if voice.engine == fitting[0].engine]
        exact = language.lower()
        return min(first, key=lambda v: (v.language.lower() != exact, _rank(v.language.lower()), v.id))

    def find(self, name: str) -> Voice:
        """A voice by its id or its name, whatever the case. Raises NotFound."""
        known = self.voices()
        wanted = name.casefold()
        for voice in known:
            if wanted in (voice.id.casefold(), voice.name.casefold(), voice.id.split(":", 1)[1].casefold()):
                return voice
        for voice in known:
            if wanted == voice.language.casefold():
                return voice
        if not known:
            self.choose()  # says that nothing is installed
        raise NotFound("There is no voice “{name}”.", hint="See the voices with: mmstudio voices", name=name)

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
            UsageError: nothing to say, too long, rate or pitch out of range. NotFound: no such voice.
            Cancelled. StudioError: no engine, or the engine failed or hung.
        """
        rate = self.settings.voice_rate if rate is None else rate
        pitch = self.settings.voice_pitch if pitch is None else pitch
        _check(rate, pitch)
        language = language or cleaning.language_of(text)
        cleaned = cleaning.clean(text, language)
        chosen = voice if isinstance(voice, Voice) else self.find(voice) if voice else self.choose(language)
        engine = next((e for e in self._ordered() if e.key == chosen.engine), None)
        if engine is None:
            raise NotFound(
                "There is no voice “{name}”.", hint="See the voices with: mmstudio voices", name=chosen.id
            )
        todo = cleaning.pieces(cleaned, engine.longest, 0.3 / rate, engine.together)
        parts: list[Samples] = []
        timed: list[list[Word]] = []
        pauses: list[float] = []
        own_rate, estimated = 0, False
        for done, piece in enumerate(todo):
            if cancelled():
                raise Cancelled
            if heard is not None:
                heard(done, len(todo))
            spoken = engine.speak(piece.text, chosen, rate, pitch, cancelled)
            own_rate = own_rate or spoken.rate
            part, gone = finish.trimmed(_at(spoken.samples, spoken.rate, own_rate), own_rate)
            if not len(part):
                continue
            if spoken.words is None:
                words, estimated = timing.estimate(piece.text, part, own_rate), True
            else:
                words = [Word(w.text, w.start - gone, w.end - gone) for w in spoken.words]
            parts.append(part)
            timed.append(words)
            pauses.append(piece.pause)
        if not parts:
            raise StudioError(
                "The voice “{name}” gave no sound for this text.",
                hint="Choose a voice that speaks the language of the text.",
                name=chosen.name,
            )
        whole, starts = finish.joined(parts, pauses, own_rate)
        if heard is not None:
            heard(len(todo), len(todo))
        seconds = len(whole) / own_rate
        said = [
            word for words, start in zip(timed, starts, strict=True) for word in _moved(words, start, seconds)
        ]
        samples = finish.levelled(whole, own_rate)
        return Speech(samples, own_rate, said, estimated, cleaned, chosen.id)

    def save(self, speech: Speech, out: Path, **record: Any) -> list[Path]:
        """Write ``out`` (WAV, 16 bit, with its record inside) and its word timings (``.words.json``) and
        captions (``.vtt``) beside it; returns the paths. Each file is whole or not there.

        Raises:
            DiskFull. UsageError: not a .wav.
        """
        out = Path(out)
        if out.suffix.lower() != ".wav":
            raise UsageError(
                "Speech is written as a WAV file.", hint="Name a file that ends with .wav.", name=out.name
            )
        write_speech(speech, out, {**record_of(speech), **record})
        words, captions = out.with_suffix(".words.json"), out.with_suffix(".vtt")
        write_text(words, json.dumps(speech.timings(), ensure_ascii=False, indent=1) + "\n")
        write_text(captions, cues.to_vtt(cues.cues(speech.words)))
        return [out, words, captions]

    def _ordered(self) -> list[SpeechEngine]:
        if self._given is not None:
            engines = list(self._given)
        else:
            engines = [Piper(self.settings.piper_voice), self._espeak, self._system]
            if sys.platform in ("win32", "darwin"):  # what the system offers sounds better there
                engines[1:] = [self._system, self._espeak]
        return sorted(engines, key=lambda engine: engine.key != self.settings.voice_engine)


def speaks(voice: Voice, language: str) -> bool:
    """Whether a voice is of a language: "en" takes en-us and en-gb, "en-gb" only its own, "zh" Mandarin."""
    own, wanted = voice.language.lower().replace("_", "-"), language.lower().replace("_", "-")
    if own == wanted or own.startswith(wanted + "-"):
        return not (wanted == "zh" and own.startswith("zh-yue"))
    return _primary(wanted) == "zh" and _primary(own) == "zh" and wanted in ("zh", "cmn", "zh-cn", "zh-hans")


def record_of(speech: Speech) -> dict[str, Any]:
    """What a spoken file says about itself; see :func:`mmstudio.media.metadata.stamp`."""
    engines = dict.fromkeys(voice.split(":", 1)[0] for voice in speech.voice.split(VOICES))
    return {
        "title": speech.text[:60].split("\n")[0],
        "software": "MM Studio",
        "digital_source_type": _source_type(set(engines)),
        "text": speech.text[:4000],
        "voice": speech.voice,
        "engine": VOICES.join(engines),
    }


def _source_type(engines: set[str]) -> str:
    """IPTC digital source type of what engines, and perhaps a person, said."""
    programs = engines - {RECORDED}
    if not programs:
        return "digitalCapture"
    mixed = RECORDED in engines
    if programs == {Espeak.key}:
        return "composite" if mixed else _RULES
    return "compositeWithTrainedAlgorithmicMedia" if mixed else _TRAINED


def write_speech(speech: Speech, target: Path, record: dict[str, Any]) -> None:
    """One WAV with its record inside, whole or not there. Raises DiskFull."""
    from mmstudio.media import metadata
    from mmstudio.media.audio import write_wav

    with atomic_path(target) as temporary:
        write_wav(temporary, speech.samples, speech.rate)
        metadata.stamp(temporary, record)


def _moved(words: list[Word], start: float, seconds: float) -> list[Word]:
    return [
        Word(w.text, min(max(w.start + start, 0.0), seconds), min(max(w.end + start, 0.0), seconds))
        for w in words
    ]


def _at(samples: Samples, rate: int, wanted: int) -> Samples:
    from mmstudio.media.audio import resample

    if rate == wanted:
        return samples
    return np.asarray(resample(np.ascontiguousarray(samples[None]), rate, wanted)[0], np.float32)


def _rank(language: str) -> int:
    return _PREFERRED.index(language) if language in _PREFERRED else len(_PREFERRED)


def _primary(language: str) -> str:
    first = language.lower().replace("_", "-").split("-")[0]
    return "zh" if first == "cmn" else first


def _check(rate: float, pitch: float) -> None:
    if not SLOWEST <= rate <= FASTEST:
        raise UsageError("The rate of speech goes from 0.5 to 2.", hint="1 is the voice's own.")
    if not LOWEST <= pitch <= HIGHEST:
        raise UsageError("The pitch of a voice goes from 0.5 to 2.", hint="1 is the voice's own.")
