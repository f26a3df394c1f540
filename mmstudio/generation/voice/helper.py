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
from typing import Any, TextIO

# SAPI 5 takes -10 to 10 of a scale that pyttsx3 finds by its logarithm, and refuses what is beyond.
_SLOWEST, _FASTEST = (56, 440) if sys.platform == "win32" else (40, 1000)  # words a minute
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
        return {"ok": True, "voices": [_described(voice) for voice in engine.getProperty("voices")]}
    engine.setProperty("voice", wish["voice"])
    rate = round(float(engine.getProperty("rate") or 200) * wish["rate"])
    engine.setProperty("rate", min(max(rate, _SLOWEST), _FASTEST))
    engine.save_to_file(wish["text"], wish["file"])
    engine.runAndWait()
    return {"ok": True}


def _described(voice: Any) -> dict[str, str]:
    spoken = list(getattr(voice, "languages", None) or [""])
    first = spoken[0]
    if isinstance(first, bytes):  # espeak's driver puts a priority byte before
        first = first.lstrip(b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09").decode("ascii", "replace")
    language = str(first or "").replace("_", "-").lower()
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", language):
        # Older drivers tell no language, newer ones "Unknown Locale: …": it often stands in the voice's id.
        found = _TAG.search(str(voice.id))
        language = found[1].replace("_", "-").lower() if found else ""
    return {"id": str(voice.id), "name": str(voice.name), "language": language}


if __name__ == "__main__":
    sys.exit(main())
