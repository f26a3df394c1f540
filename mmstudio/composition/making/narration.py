"""A voice that reads what a recipe writes: one sound with the times of its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.composition.draft import Draft
from mmstudio.composition.storyboard import SoundTrack, SourceKind
from mmstudio.errors import StudioError
from mmstudio.generation.voice.contract import RECORDED, VOICES, Speech, Word
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.generation.voice import Voices

DEFAULT_VOICE = "default"
NO_VOICE = "none"  # value of the option "voice" of a recipe that may stay silent
_LEAD, _TAIL = 0.35, 0.55  # seconds before the first and after the last word of a scene
_LETTERS_A_SECOND = 15.0  # of silent reading; a Han character counts double
_LEAST_READING = 2.5


class Narrator:
    """Speaks the texts of a storyboard with the voice that its recipe's option names.

    The option "voice" is "none" for silence, "" or "default" for the voice of the settings where a speech
    program is there (else silence), or the id or name of a voice. ``rather`` is taken instead of that of the
    settings where this computer has it.
    """

    def __init__(self, draft: Draft, voice: str, rather: str = "") -> None:
        self._draft, self._wanted = draft, "" if voice.strip() == DEFAULT_VOICE else voice.strip()
        self._voices: Voices | None = None
        self._known: dict[str, str] = {}
        self.why = ""  # why there is no voice, where it was wanted
        if self._wanted != NO_VOICE:
            self._voices = self._ready()
        if self._voices is not None and not self._wanted:
            self._wanted = self._there(rather)

    @property
    def speaks(self) -> bool:
        """Whether there is a voice."""
        return self._voices is not None

    def _ready(self) -> Voices | None:
        from mmstudio.generation.voice import Voices
        from mmstudio.settings import load_settings

        voices = Voices(load_settings())
        if self._wanted:
            voices.find(self._wanted)  # a voice that was named must be there
            return voices
        try:
            voices.choose(self._draft.board.locale.split("-")[0])
        except StudioError as error:
            self.why = error.message
            return None
        return voices

    def speak(
        self, texts: Sequence[str], voices: Sequence[str] = (), recorded: Mapping[int, Speech] | None = None
    ) -> Iterator[tuple[int, Speech | None]]:
        """(index, speech) of each text in order; None for an empty one, or without a voice.

        ``voices``: whose voice reads each text (id or name), "" for the narrator's; one that is not on this
        computer is read by the narrator too. ``recorded``: what needs no voice, by the text's place.
        """
        language = self._draft.board.locale.split("-")[0]
        for index, text in enumerate(texts):
            self._draft.breathe()
            if recorded is not None and index in recorded:
                yield index, recorded[index]
                continue
            if self._voices is None or not text.strip():
                yield index, None
                continue
            context = self._draft.context
            stop = context.cancelled if context is not None else (lambda: False)
            own = self._there(voices[index]) if index < len(voices) else ""
            voice = own or self._wanted or None
            yield index, self._voices.speak(text, voice, language=language, cancelled=stop)

    def _there(self, voice: str) -> str:
        """A voice, or "" where this computer does not have it, which the sources then say."""
        assert self._voices is not None
        if voice and voice not in self._known:
            try:
                self._known[voice] = self._voices.find(voice).id
            except StudioError as error:
                self._known[voice] = ""
                self._draft.add_source("voice", "drawn", None, error.message)
        return self._known.get(voice, "")

    def keep(
        self, spoken: Sequence[tuple[float, Speech]], title: str, recordings: Sequence[int] = ()
    ) -> None:
        """Lay speeches (second, speech) as the storyboard's voice: one sound of the library.

        ``recordings``: the sounds that some of them were cut from; where all were, nobody's program spoke.
        """
        from mmstudio.generation.voice.jobs import keep_speech

        if not spoken:
            if self.why:
                self._draft.add_source("voice", "drawn", None, self.why)
            return
        whole = joined(spoken)
        asset_id = keep_speech(self._draft.library, whole, {"title": title[:60]}, recordings)
        kind: SourceKind = "asset" if {speech.voice for _, speech in spoken} == {RECORDED} else "generated"
        self._draft.board.voice = SoundTrack(
            asset_id,
            start=spoken[0][0],
            loop=False,
            fade_in=0.01,
            fade_out=0.1,
            source=kind,
            name="voice",
        )
        self._draft.add_source("voice", kind, asset_id, tr("recorded") if kind == "asset" else whole.voice)


def joined(spoken: Sequence[tuple[float, Speech]]) -> Speech:
    """Speeches at their seconds as one, with silence between; it begins with the first of them."""
    first = spoken[0][0]
    rate = max(speech.rate for _, speech in spoken)
    end = max(start - first + speech.seconds for start, speech in spoken)
    samples = np.zeros(round(end * rate) + 1, np.float32)
    words: list[Word] = []
    for start, speech in spoken:
        part = speech.samples if speech.rate == rate else _at(speech, rate)
        at = round((start - first) * rate)
        part = part[: len(samples) - at]
        samples[at : at + len(part)] = part
        words += [Word(w.text, w.start + start - first, w.end + start - first) for w in speech.words]
    text = "\n".join(speech.text for _, speech in spoken)
    estimated = any(speech.estimated for _, speech in spoken)
    voice = VOICES.join(dict.fromkeys(speech.voice for _, speech in spoken))
    return Speech(samples, rate, words, estimated, text, voice)


def _at(speech: Speech, rate: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    from mmstudio.media.audio import resample

    return np.asarray(resample(np.ascontiguousarray(speech.samples[None]), speech.rate, rate)[0], np.float32)


def lead() -> float:
    """Seconds of a scene before its voice begins."""
    return _LEAD


def scene_seconds(text: str, speech: Speech | None) -> float:
    """How long a scene stands: until its text is spoken, else read."""
    if speech is not None:
        return round(max(_LEAD + speech.seconds + _TAIL, _LEAST_READING), 3)
    return round(max(_LEAST_READING, 1.0 + weight(text) / _LETTERS_A_SECOND), 3)


def weight(text: str) -> int:
    """Letters of a text, a Han character counting double."""
    return sum(2 if "\u2e80" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" else 1 for c in text)
