"""A process of its own that speaks through pyttsx3: one JSON line in, one JSON line out.

    {"do": "voices"}                      -> {"ok": true, "voices": [{"id", "name", "language"}]}
    {"do": "speak", "text", "voice", "rate": 1.0, "file": "…wav"}           -> {"ok": true}
    anything that goes wrong              -> {"ok": false, "error": "…"}

Run as a script, so that it loads nothing of the studio; the studio kills it when it hangs.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from locale import windows_locale
from types import SimpleNamespace
from typing import Any, TextIO

# SAPI 5 takes -10 to 10 of a scale that pyttsx3 finds by its logarithm, and refuses what is beyond.
_SLOWEST, _FASTEST = (56, 440) if sys.platform == "win32" else (40, 1000)  # words a minute
_CODES = re.compile(r"\s*[0-9a-f]{1,5}\s*(;\s*[0-9a-f]{0,5}\s*)*")
_TAG = re.compile(r"(?<![A-Za-z])([A-Za-z]{2}-[A-Za-z]{2})(?![A-Za-z])")


def main(given: TextIO | None = None, out: TextIO | None = None) -> int:
    """Answer one request; 0 where it was done."""
    given, out = given or sys.stdin, out or sys.stdout
    try:
        wish = json.loads(given.readline())
        answer = _done(wish)
    except Exception as error:  # noqa: BLE001 - drivers raise anything; the studio gets it as one line
        answer = {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]}
    out.write("\n" + json.dumps(answer) + "\n")
    out.flush()
    return 0 if answer["ok"] else 1


def _done(wish: dict[str, Any]) -> dict[str, Any]:
    engine = importlib.import_module("pyttsx3").init()
    if wish["do"] == "voices":
        return {"ok": True, "voices": [_described(voice) for voice in _voices(engine)]}
    engine.setProperty("voice", wish["voice"])
    rate = round(float(engine.getProperty("rate") or 200) * wish["rate"])
    engine.setProperty("rate", min(max(rate, _SLOWEST), _FASTEST))
    engine.save_to_file(wish["text"], wish["file"])
    engine.runAndWait()
    return {"ok": True}


def _voices(engine: Any) -> list[Any]:
    """The voices. Where the driver stumbles over one of them ("409;9" is no number to pyttsx3), SAPI is asked
    itself, so that one voice does not hide the others."""
    try:
        return list(engine.getProperty("voices"))
    except Exception:
        driver = getattr(getattr(engine, "proxy", None), "_driver", None)
        sapi = getattr(driver, "_tts", None)
        if sapi is None:
            raise
        return [SimpleNamespace(id=token.Id, name=token.GetDescription(), languages=[_told_by(token)])
                for token in sapi.GetVoices()]  # fmt: skip


def _told_by(token: Any) -> str:
    try:
        return str(token.GetAttribute("Language"))
    except Exception:  # noqa: BLE001 - a voice need not have that attribute; COM raises what it likes
        return ""


def language_of(codes: str) -> str:
    """What SAPI tells, language identifiers of Windows in base 16 parted by semicolons ("409;9", "804"), as a
    tag ("en-us", "zh-cn"): the first that Windows has a name for, else the language without its country; ""
    for anything else. Letters alone ("de") are no identifier, but a code already."""
    if not _CODES.fullmatch(codes) or (codes.isalpha() and len(codes) > 1):
        return ""
    numbers = [int(code, 16) for code in codes.split(";") if code.strip()]
    for number in numbers:
        if found := windows_locale.get(number):
            return found.replace("_", "-").lower()
    for number in numbers:  # a language alone, or in a country without a name
        known = (name for key, name in windows_locale.items() if key & 0x3FF == number & 0x3FF)
        if found := next(known, ""):
            return found.partition("_")[0].lower()
    return ""


def _described(voice: Any) -> dict[str, str]:
    spoken = list(getattr(voice, "languages", None) or [""])
    first = spoken[0]
    if isinstance(first, bytes):  # espeak's driver puts a priority byte before
        first = first.lstrip(b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09").decode("ascii", "replace")
    language = str(first or "").strip().replace("_", "-").lower()
    language = language_of(language) or language
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", language):
        # Older drivers tell no language, newer ones "Unknown Locale: …": it often stands in the voice's id.
        found = _TAG.search(str(voice.id))
        language = found[1].replace("_", "-").lower() if found else ""
    return {"id": str(voice.id), "name": str(voice.name), "language": language}


if __name__ == "__main__":
    sys.exit(main())
