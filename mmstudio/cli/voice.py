"""The commands speak and voices."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, progress_bar, run_job, say, table, warn, wrote
from mmstudio.cli.options import Json, studio
from mmstudio.errors import NotFound, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import run_inline
from mmstudio.settings import load_settings

_MOST = 4_000_000  # bytes of a text file; what is longer cannot be spoken at once anyway


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(speak)
    app.command()(voices)
    app.command(name="speech-helper", hidden=True)(speech_helper)


def speak(
    lib: Annotated[str, typer.Argument(metavar="LIB|-", help="The library folder, or - for none.")],
    text: Annotated[str, typer.Option("--text", help="What to say.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="A text file to read aloud; - is standard input.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.wav", help="Where to write it.")] = None,
    voice: Annotated[str, typer.Option("--voice", help="A voice of: mmstudio voices.")] = "",
    rate: Annotated[float | None, typer.Option("--rate", help="0.5 to 2; 1 is the voice's own.")] = None,
    pitch: Annotated[float | None, typer.Option("--pitch", help="0.5 to 2; 1 is the voice's own.")] = None,
    language: Annotated[
        str, typer.Option("--language", help="en, zh…; told from the text where left out.")
    ] = "",
    srt: Annotated[bool, typer.Option("--srt", help="Captions as SubRip too.")] = False,
    as_json: Json = False,
) -> None:
    """Speak a text to a WAV file, with word timings (.words.json) and captions (.vtt) beside it."""
    said = _text(text, file)
    new_folder = out is not None and not out.resolve().parent.is_dir()
    wish: dict[str, Any] = {
        "text": said,
        "voice": voice or None,
        "rate": rate,
        "pitch": pitch,
        "language": language,
        "out": str(out.resolve()) if out is not None else None,
    }
    if lib == "-":
        if out is None:
            raise UsageError("Nowhere to put the results.", hint="Name a file with --out.")
        from mmstudio.generation.voice import Voices
        from mmstudio.generation.voice.jobs import speak_work

        with progress_bar(tr("Speak")) as show:
            work = speak_work(None, Voices(load_settings()), **wish, add_to_library=False)
            result = run_inline(work, on_progress=show)
    else:
        with studio(Path(lib), write=True) as opened:
            result = run_job(opened, "speak", wish)
    if srt and out is not None:
        result["files"].append(str(_write_srt(out)))
    if as_json:
        print_json(result)
        return
    say(
        tr(
            "{seconds} seconds spoken by {voice}",
            seconds=round(result["seconds"], 1),
            voice=result["voice"],
        )
    )
    if result["files"] and out is not None:
        say(wrote(len(result["files"]), out.parent))
        if new_folder:
            say(tr("The folder was not there; it was made."))
    if result["estimated"]:
        say(tr("The times of the words are estimated."))


def voices(
    language: Annotated[str, typer.Option("--language", help="Only voices of this language: en, zh…")] = "",
    as_json: Json = False,
) -> None:
    """List the voices of this computer, and what is missing for more."""
    from mmstudio.generation.voice import Voices

    speech = Voices(load_settings())
    engines, found = speech.engines(), speech.voices(language)
    if as_json:
        print_json({"engines": engines, "voices": found})
        return
    if found:
        table(
            [tr("voice"), tr("name"), tr("language")],
            [[voice.id, voice.name, voice.language] for voice in found],
        )
    elif any(engine.ready for engine in engines):
        say(tr("No voice here speaks “{language}”.", language=language))
    for engine in engines:
        if not engine.ready:
            warn(f"{engine.label}: {engine.sentence} {engine.hint}")
    if not any(engine.ready for engine in engines):
        raise typer.Exit(1)


def speech_helper() -> None:
    """Answer one request of the studio for the system's voices; of use to the studio only."""
    from mmstudio.generation.voice.helper import main

    raise typer.Exit(main())


def _text(text: str, file: Path | None) -> str:
    if text and file is not None:
        raise UsageError("Either --text or --file, not both.")
    if file is None:
        if not text.strip():
            raise UsageError("There is nothing to say.", hint="Give a text with --text or --file.")
        return text
    if str(file) == "-":
        return sys.stdin.read(_MOST)
    if not file.is_file():
        raise NotFound("There is no file {name}.", hint="Give the path of a text file.", name=file.name)
    if file.stat().st_size > _MOST:
        raise UsageError(
            "{name} is too long to be spoken at once.", hint="Cut it into parts.", name=file.name
        )
    from mmstudio.media.text import load_text

    return load_text(file, limit=_MOST).text


def _write_srt(out: Path) -> Path:
    import json

    from mmstudio.atomic import write_text
    from mmstudio.composition.storyboard import Caption
    from mmstudio.export.captions import to_srt
    from mmstudio.generation.voice import Word
    from mmstudio.generation.voice.cues import cues

    timed = json.loads(out.with_suffix(".words.json").read_text(encoding="utf-8"))
    found = cues([Word(w["text"], w["start"], w["end"]) for w in timed["words"]])
    target = out.with_suffix(".srt")
    write_text(target, to_srt(Caption(cue.start, cue.end, cue.text) for cue in found))
    return target
