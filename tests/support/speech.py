"""Speech programs for tests: small scripts that take the place of espeak-ng, Piper and pyttsx3."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

# What every fake says: a tone for each word, silence for each comma, half a second of silence around it.
_SAY = """
import array, json, math, sys, time, wave

def say(text, out, rate=22050, speed=1.0, hertz=200.0):
    pcm = array.array("h", [0] * (rate // 2))
    for word in text.split():
        n = int(0.08 * len(word) / speed * rate)
        pcm.extend(int(9000 * math.sin(2 * math.pi * hertz * i / rate)) for i in range(n))
        pcm.extend([0] * int((0.25 if word[-1] in ",." else 0.01) * rate))
    pcm.extend([0] * (rate // 2))
    with wave.open(out, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(pcm.tobytes())

def option(name):
    return sys.argv[sys.argv.index(name) + 1]
"""
_ESPEAK = """
if "--voices" in sys.argv:
    print("Pty Language       Age/Gender VoiceName          File                 Other Languages")
    print(" 5  cmn             --/M      Chinese_(Mandarin) sit/cmn              (zh-cmn 5)(zh 5)")
    print(" 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)")
    print(" 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)")
    print(" 3  en-uk           --/M      english-mb-en1     mb/mb-en1            (en-gb 3)(en 2)")
    print(" 5  variant         --/M      Storm              !v/Storm             (en-us 5)")
    sys.exit(0)
text = sys.stdin.buffer.read().decode("utf-8")
with open(LOG, "a", encoding="utf-8") as log:
    log.write(json.dumps({"arguments": sys.argv[1:], "text": text}) + "\\n")
BEHAVIOUR
say(text, option("-w"), speed=int(option("-s")) / 175)
"""
_PIPER = """
text = sys.stdin.buffer.read().decode("utf-8")
with open(LOG, "a", encoding="utf-8") as log:
    log.write(json.dumps({"arguments": sys.argv[1:], "text": text}) + "\\n")
say(text, option("--output_file"), speed=1 / float(option("--length_scale")))
"""
_PYTTSX3 = """
import sys
SAY

class Voice:
    def __init__(self, id, name, languages):
        self.id, self.name, self.languages = id, name, languages

class Engine:
    def __init__(self):
        self.had = {"rate": 200, "voice": "tom",
                    "voices": [Voice("tom", "Tom", ["en_US"]), Voice("ting", "Ting-Ting", [b"\\x05zh_CN"])]}
    def getProperty(self, name):
        return self.had[name]
    def setProperty(self, name, value):
        self.had[name] = value
    def save_to_file(self, text, file):
        self.todo = text, file
    def runAndWait(self):
        BEHAVIOUR
        say(*self.todo, speed=self.had["rate"] / 200)

def init():
    print("a driver that talks")
    return Engine()
"""

posix_only = pytest.mark.skipif(os.name != "posix", reason="the fake programs are scripts with a #! line")
real_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed on this machine"
)


def alone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Only the programs in ``folder`` can be found, and no pyttsx3."""
    from mmstudio.generation.voice import process

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(process, "_PLACES", {})


def fake_espeak(folder: Path, behaviour: str = "") -> Path:
    """Writes a program ``espeak-ng`` into the folder; the file returned gets a JSON line for each call."""
    return _program(folder, "espeak-ng", _ESPEAK, behaviour)


def fake_piper(folder: Path) -> Path:
    """The same for ``piper``."""
    return _program(folder, "piper", _PIPER, "")


def fake_pyttsx3(folder: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str = "pass") -> None:
    """A package ``pyttsx3`` that this process and its helpers find."""
    (folder / "pyttsx3.py").write_text(
        _PYTTSX3.replace("SAY", _SAY).replace("BEHAVIOUR", behaviour), encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def _program(folder: Path, name: str, body: str, behaviour: str) -> Path:
    log = folder / f"{name}.log"
    file = folder / name
    script = f"#!{sys.executable}\n{_SAY}\nLOG = {str(log)!r}\n" + body.replace("BEHAVIOUR", behaviour)
    file.write_text(script, encoding="utf-8")
    file.chmod(0o755)
    return log
