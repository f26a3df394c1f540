"""Speech as a job: spoken, written, added to the library with how it was made."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

from mmstudio.errors import ReadOnly, UsageError
from mmstudio.generation.voice.contract import RECORDED, Speech
from mmstudio.generation.voice.service import Voices, record_of, write_speech
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.library import Library


def speak_work(
    library: Library | None,
    voices: Voices,
    text: str,
    voice: str | None = None,
    rate: float | None = None,
    pitch: float | None = None,
    language: str = "",
    out: str | Path | None = None,
    add_to_library: bool = True,
    title: str = "",
) -> Work:
    """A job that speaks ``text``; see :meth:`Voices.speak` for voice, rate, pitch and language.

    Args:
        out: a .wav file to write, with word timings and captions beside it.
        add_to_library: keep it as a sound of the library, with text, voice, rate, pitch and word timings.

    Returns {"files": [paths], "assets": [ids], "seconds", "voice", "estimated", "words": how many}.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        keep = add_to_library and library is not None
        if keep and library is not None and library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
        if out is None and not keep:
            raise UsageError("Nowhere to put the results.", hint="Name a file with --out.")
        if out is not None and Path(out).suffix.lower() != ".wav":
            raise UsageError("Speech is written as a WAV file.", hint="Name a file that ends with .wav.")
        yield Progress(0, None, tr("Speaking"))
        speech = yield from _speaking(voices, context, text, voice, rate, pitch, language)
        own: dict[str, Any] = {
            "rate": voices.settings.voice_rate if rate is None else rate,
            "pitch": voices.settings.voice_pitch if pitch is None else pitch,
            "estimated": speech.estimated,
        }
        if title:
            own["title"] = title
        files = [str(path) for path in voices.save(speech, Path(out), **own)] if out is not None else []
        context.raise_if_cancelled()
        assets = [keep_speech(library, speech, own)] if keep and library is not None else []
        return {
            "files": files,
            "assets": assets,
            "seconds": round(speech.seconds, 3),
            "voice": speech.voice,
            "estimated": speech.estimated,
            "words": len(speech.words),
        }

    return run


def _speaking(
    voices: Voices,
    context: JobContext,
    text: str,
    voice: str | None,
    rate: float | None,
    pitch: float | None,
    language: str,
) -> Generator[Progress, None, Speech]:
    """Speaks in a thread of its own, so that each sentence shows and a cancel is heard inside one."""
    steps: Queue[tuple[int, int]] = Queue()
    result: list[Speech] = []
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            result.append(
                voices.speak(
                    text,
                    voice,
                    rate,
                    pitch,
                    language=language,
                    cancelled=context.cancelled,
                    heard=lambda done, total: steps.put((done, total)),
                )
            )
        except BaseException as error:  # noqa: BLE001 - raised again where the job can hear it
            trouble.append(error)

    thread = threading.Thread(target=work, name="mm-speak", daemon=True)
    thread.start()
    while thread.is_alive() or not steps.empty():
        try:
            done, total = steps.get(timeout=0.05)
        except Empty:
            continue
        yield Progress(done, total, tr("Sentence {done} of {total}", done=min(done + 1, total), total=total))
    if trouble:
        raise trouble[0]
    return result[0]


def keep_speech(library: Library, speech: Speech, own: dict[str, Any], sources: Sequence[int] = ()) -> int:
    """The asset of a speech, with its text, voice and word timings; ``own`` goes into its record.

    ``sources``: sounds of the library that parts of it were cut from.
    """
    from mmstudio.library.importing import register_generated

    record = {**record_of(speech), **own}
    own_voice = speech.voice == RECORDED
    file = library.generated_dir / f"speech-{zlib.crc32(f'{speech.voice} {speech.text}'.encode()):08x}.wav"
    write_speech(speech, file, record)
    return register_generated(
        library,
        file,
        kind="audio",
        title=str(record["title"]),
        tags=["voice"] if own_voice else ["generated", "voice"],
        model=f"voice {speech.voice}",
        origin="imported" if own_voice else "generated",
        params={**record, "text": speech.text, "timings": speech.timings()},
        sources=list(sources),
    )
