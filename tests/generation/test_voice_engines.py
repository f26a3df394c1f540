"""Speech programs: found, listed, spoken with, killed when they hang; through Voices and the job."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.generation.voice import Speech, Voices
from mmstudio.generation.voice.espeak import Espeak
from mmstudio.generation.voice.jobs import speak_work
from mmstudio.generation.voice.system import System
from mmstudio.jobs import run_inline
from mmstudio.media.audio import load_audio
from mmstudio.media.metadata import read_stamp
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.speech import alone, fake_espeak, fake_piper, fake_pyttsx3, posix_only, real_espeak


def calls(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    alone(monkeypatch, folder)
    return folder


def test_without_any_program_the_person_hears_what_to_install(only: Path) -> None:
    voices = Voices(Settings())
    assert not any(engine.ready for engine in voices.engines())
    assert all(engine.sentence and engine.hint for engine in voices.engines())
    assert voices.voices() == []
    with pytest.raises(StudioError, match="No speech program is installed") as refusal:
        voices.speak("Hello")
    assert "espeak-ng" in refusal.value.hint


@pytest.mark.parametrize(
    ("system", "words"),
    [("win32", "eSpeak NG"), ("darwin", "brew install espeak-ng"), ("linux", "espeak-ng")],
)
def test_the_remedy_fits_the_system(system: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmstudio.generation.voice import install

    monkeypatch.setattr(install.sys, "platform", system)
    assert words in install.espeak_remedy()


@posix_only
def test_voices_are_listed_without_those_that_need_more(only: Path) -> None:
    fake_espeak(only)
    voices = Voices(Settings())
    assert {v.id for v in voices.voices()} == {
        "espeak-ng:sit/cmn",
        "espeak-ng:gmw/en",
        "espeak-ng:gmw/en-US",
    }
    assert [v.language for v in voices.voices("zh")] == ["cmn"]
    assert {v.language for v in voices.voices("en")} == {"en-gb", "en-us"}
    assert voices.voices("en-GB")[0].id == "espeak-ng:gmw/en"
    assert voices.voices("fr") == []
    assert voices.choose("en").language == "en-us"
    assert voices.choose("zh").language == "cmn"


@posix_only
def test_text_is_never_an_argument(only: Path) -> None:
    log = fake_espeak(only)
    speech = Voices(Settings()).speak("-f /etc/passwd; $(rm) <speak>now</speak>. --stdin too.", rate=2.0)
    heard = calls(log)
    assert [c["text"] for c in heard] == ["-f /etc/passwd; $(rm) now .\n", "--stdin too.\n"]
    for call in heard:
        assert "passwd" not in " ".join(call["arguments"])
        assert call["arguments"][:6] == ["-v", "gmw/en-US", "-s", "350", "-p", "50"]
    assert speech.text == "-f /etc/passwd; $(rm) now . --stdin too."


@posix_only
def test_a_speech_is_trimmed_levelled_and_timed(only: Path) -> None:
    fake_espeak(only)
    heard: list[tuple[int, int]] = []
    speech = Voices(Settings()).speak(
        "Hello my friend, how are you. Fine.", pitch=2.0, heard=lambda a, b: heard.append((a, b))
    )
    assert speech.rate == 22050
    assert speech.samples.dtype == np.float32
    assert 0.2 < np.abs(speech.samples).max() <= 0.891
    assert speech.estimated
    assert [w.text for w in speech.words] == ["Hello", "my", "friend,", "how", "are", "you.", "Fine."]
    assert heard == [(0, 2), (1, 2), (2, 2)]
    # The comma of the fake lasts a quarter of a second after 0.08 s for each letter.
    assert speech.words[2].end == pytest.approx(0.08 * 14 + 0.04, abs=0.06)
    assert speech.words[3].start == pytest.approx(0.08 * 14 + 0.29, abs=0.06)
    assert 0 <= speech.words[-1].end <= speech.seconds


@posix_only
def test_settings_choose_the_voice(only: Path) -> None:
    log = fake_espeak(only)
    settings = Settings(voice_en="espeak-ng:gmw/en", voice_rate=0.5, voice_pitch=0.5)
    Voices(settings).speak("Hello")
    assert calls(log)[0]["arguments"][1:6] == ["gmw/en", "-s", "88", "-p", "0"]
    settings.voice_en = "espeak-ng:gone"
    assert Voices(settings).choose("en").id == "espeak-ng:gmw/en-US"
    assert Voices(settings).find("english (america)").id == "espeak-ng:gmw/en-US"
    with pytest.raises(NotFound, match="There is no voice"):
        Voices(settings).speak("Hello", voice="nobody")
    with pytest.raises(NotFound, match="No voice here speaks"):
        Voices(settings).speak("Bonjour", language="fr")


@posix_only
@pytest.mark.parametrize(("name", "value"), [("rate", 0.4), ("rate", 2.1), ("pitch", 0.0), ("pitch", 9.0)])
def test_rates_and_pitches_have_limits(only: Path, name: str, value: float) -> None:
    fake_espeak(only)
    with pytest.raises(UsageError):
        Voices(Settings()).speak("Hello", **{name: value})  # type: ignore[arg-type]


@posix_only
def test_a_program_that_hangs_is_killed(only: Path) -> None:
    fake_espeak(only, "time.sleep(600)")
    began = time.monotonic()
    with pytest.raises(StudioError, match="did not answer within"):
        Voices(Settings(), [Espeak(timeout=0.4)]).speak("Hello")
    assert time.monotonic() - began < 300


@posix_only
def test_cancel_is_heard_inside_a_sentence(only: Path) -> None:
    log = fake_espeak(only, "time.sleep(600)")
    with pytest.raises(Cancelled):
        Voices(Settings()).speak("Hello", cancelled=log.exists)


@posix_only
@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("sys.exit('no such language')", "no such language"),
        ("sys.exit(3)", "exit status 3"),
        ("sys.exit(0)", "could not speak"),
        ("open(option('-w'), 'wb').write(b'not a sound at all' * 9); sys.exit(0)", ""),
        ("say('', option('-w')); sys.exit(0)", "gave no sound"),
    ],
)
def test_a_failing_program_is_one_sentence(only: Path, behaviour: str, why: str) -> None:
    fake_espeak(only, behaviour)
    with pytest.raises(StudioError) as failure:
        Voices(Settings()).speak("Hello")
    assert why in failure.value.message
    assert "Traceback" not in failure.value.message


@posix_only
def test_a_program_that_reads_nothing_and_writes_much_holds_nobody_up(only: Path) -> None:
    fake_espeak(only, "sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)")
    assert Voices(Settings()).speak("Hello").seconds > 0.2


@posix_only
def test_piper_speaks_with_a_voice_file(only: Path, tmp_path: Path) -> None:
    log = fake_piper(only)
    voice = tmp_path / "en_GB-alba-medium.onnx"
    settings = Settings(piper_voice=str(voice))
    state = Voices(settings).engines()[0]
    assert (state.key, state.ready) == ("piper", False)
    assert "is not there" in state.sentence
    voice.write_bytes(b"weights")
    assert "description" in Voices(settings).engines()[0].sentence
    (tmp_path / "en_GB-alba-medium.onnx.json").write_text('{"language": {"code": "en_GB"}}')
    voices = Voices(settings)
    assert voices.engines()[0].ready
    assert voices.choose("en").id == "piper:en_GB-alba-medium"
    speech = voices.speak("First sentence. Second one.\nThird.", rate=2.0, pitch=0.5)
    assert [c["text"] for c in calls(log)] == ["First sentence. Second one.\n", "Third.\n"]
    arguments = calls(log)[0]["arguments"]
    told = dict(zip(arguments[::2], arguments[1::2], strict=True))
    # What rhasspy/piper (C++) and OHF-Voice/piper1-gpl (Python) both know; the latter is silent between
    # sentences unless it is told otherwise.
    assert set(told) == {"--model", "--output_file", "--sentence_silence", "--length_scale"}
    assert (told["--length_scale"], told["--sentence_silence"]) == ("0.2500", "0.050")
    assert [w.text for w in speech.words] == ["First", "sentence.", "Second", "one.", "Third."]


@posix_only
def test_a_program_for_mice_is_not_taken_for_piper_where_both_are_there(only: Path, tmp_path: Path) -> None:
    log = fake_piper(only)
    (only / "piper").rename(only / "piper-tts")
    (only / "piper").write_text("#!/bin/sh\nexit 3\n")
    (only / "piper").chmod(0o755)
    voice = tmp_path / "en_US-amy.onnx"
    voice.write_bytes(b"weights")
    (tmp_path / "en_US-amy.onnx.json").write_text("{}")
    assert Voices(Settings(piper_voice=str(voice))).speak("Hello.").seconds > 0.1
    assert len(calls(log)) == 1


@posix_only
def test_piper_leaves_other_languages_to_others(only: Path, tmp_path: Path) -> None:
    fake_piper(only)
    fake_espeak(only)
    voice = tmp_path / "en_US-amy.onnx"
    voice.write_bytes(b"weights")
    (tmp_path / "en_US-amy.onnx.json").write_text("{}")
    voices = Voices(Settings(piper_voice=str(voice)))
    assert voices.choose("en").engine == "piper"
    assert voices.choose("zh").engine == "espeak-ng"


def test_an_engine_that_was_chosen_and_is_missing_says_so(only: Path) -> None:
    with pytest.raises(StudioError, match="Piper cannot speak: It is not installed"):
        Voices(Settings(voice_engine="piper")).speak("Hello")


def test_the_voices_of_the_system_come_from_a_helper(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    fake_pyttsx3(tmp_path, monkeypatch)
    voices = Voices(Settings(voice_engine="system"))
    assert voices.engines()[0].ready
    assert [(v.name, v.language) for v in voices.voices()] == [("Tom", "en-us"), ("Ting-Ting", "zh-cn")]
    speech = voices.speak("你好世界", pitch=1.25)
    assert speech.voice == "system:ting"
    assert len(speech.words) == 4
    assert "pyttsx3" not in sys.modules


@pytest.mark.parametrize(
    ("told", "identity", "language"),
    [
        (["en-US"], "x", "en-us"),
        ([b"\x05en-gb"], "x", "en-gb"),
        ([], r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Speech\Voices\Tokens\TTS_MS_EN-US_DAVID_11.0", "en-us"),
        (["Unknown Locale: 4096"], r"Tokens\TTS_MS_ZH-CN_HUIHUI_11.0", "zh-cn"),
        ([None], "com.apple.speech.synthesis.voice.Alex", ""),
        (["zh_CN"], "com.apple.voice.compact.zh-CN.Tingting", "zh-cn"),
        (["409;9"], "x", "en-us"),
        (["804"], "x", "zh-cn"),
        (["C0A"], "x", "es-es"),
        (["9"], "x", "en"),
        (["fff;9"], "x", "en"),
        (["de"], "x", "de"),  # letters of base 16, but a language
        (["0"], "x", ""),
    ],
)
def test_a_voice_of_the_system_has_the_language_that_its_driver_or_its_id_tells(
    told: list[Any], identity: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyttsx3.py").write_text(
        "class Voice:\n"
        f"    id, name, languages = {identity!r}, 'Somebody', {told!r}\n"
        "class Engine:\n"
        "    def getProperty(self, name):\n        return [Voice()]\n"
        "def init():\n    return Engine()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert [(v.id, v.language) for v in System().voices()] == [(f"system:{identity}", language)]


def test_a_voice_that_the_driver_stumbles_over_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyttsx3 makes a number of what SAPI tells of a language, also of "409;9"."""
    (tmp_path / "pyttsx3.py").write_text(
        "from types import SimpleNamespace\n"
        "class Token:\n"
        "    def __init__(self, Id, language):\n        self.Id, self.language = Id, language\n"
        "    def GetDescription(self):\n        return 'Voice ' + self.Id\n"
        "    def GetAttribute(self, name):\n"
        "        if self.language is None:\n            raise OSError('no such attribute')\n"
        "        return self.language\n"
        "class Sapi:\n"
        "    def GetVoices(self):\n"
        "        return [Token('a', '409;9'), Token('b', '804'), Token('c', None)]\n"
        "class Engine:\n"
        "    proxy = SimpleNamespace(_driver=SimpleNamespace(_tts=Sapi()))\n"
        "    def getProperty(self, name):\n"
        "        return [int(token.GetAttribute('Language'), 16) for token in Sapi().GetVoices()]\n"
        "def init():\n    return Engine()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = [(voice.id, voice.name, voice.language) for voice in System().voices()]
    assert found == [
        ("system:a", "Voice a", "en-us"), ("system:b", "Voice b", "zh-cn"), ("system:c", "Voice c", ""),
    ]  # fmt: skip


@posix_only
def test_a_voice_that_writes_aiff_under_the_name_of_a_wav_is_heard(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NSSpeechSynthesizer does (pyttsx3, issue 361)."""
    import av
    import numpy as np

    file = tmp_path / "said.aiff"
    with av.open(str(file), "w", format="aiff") as out:
        stream = out.add_stream("pcm_s16be", rate=22_050)
        stream.layout = "mono"
        tone = (9000 * np.sin(np.arange(22_050) / 20)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 22_050
        out.mux([*stream.encode(frame), *stream.encode(None)])
    copy = f"import shutil; shutil.copyfile({str(file)!r}, self.todo[1]); return"
    fake_pyttsx3(tmp_path, monkeypatch, copy)
    assert Voices(Settings(voice_engine="system")).speak("Hello", language="en").seconds > 0.9


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("raise RuntimeError('driver broke')", "driver broke"),
        ("import os; os._exit(11)", "could not speak"),
        ("self.todo = ('', self.todo[1]); return", "could not speak"),
    ],
)
def test_a_failing_helper_is_one_sentence(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, why: str
) -> None:
    fake_pyttsx3(tmp_path, monkeypatch, behaviour)
    with pytest.raises(StudioError) as failure:
        Voices(Settings(voice_engine="system")).speak("Hello")
    assert why in failure.value.message


def test_a_hanging_helper_is_killed(only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pyttsx3(tmp_path, monkeypatch, "import time; time.sleep(600)")
    engine = System()
    voices = Voices(Settings(voice_engine="system"), [engine])
    voices.voices()
    engine.timeout = 1.0
    with pytest.raises(StudioError, match="did not answer within 1 seconds"):
        voices.speak("Hello")


@posix_only
def test_speech_is_saved_with_times_and_captions(only: Path, tmp_path: Path) -> None:
    fake_espeak(only)
    voices = Voices(Settings())
    files = voices.save(voices.speak("Hello you. Good day."), tmp_path / "out" / "said.wav")
    assert [f.name for f in files] == ["said.wav", "said.words.json", "said.vtt"]
    samples, rate = load_audio(files[0])
    assert rate == 22050
    assert samples.shape[0] == 1
    record = read_stamp(files[0])
    assert record["voice"] == "espeak-ng:gmw/en-US"
    assert record["digital_source_type"] == "algorithmicMedia"
    timings = json.loads(files[1].read_text(encoding="utf-8"))
    assert timings["estimated"] is True
    assert [w["text"] for w in timings["words"]] == ["Hello", "you.", "Good", "day."]
    assert files[2].read_text(encoding="utf-8").count("-->") == 2
    with pytest.raises(UsageError):
        voices.save(Speech(samples[0], rate, [], True), tmp_path / "said.mp3")


@posix_only
def test_a_job_keeps_speech_in_the_library(only: Path, tmp_path: Path) -> None:
    fake_espeak(only)
    with Studio.create(tmp_path / "a.mmlib", settings=Settings()) as studio:
        notes: list[str] = []
        wish = {"text": "你好。Hello there.", "rate": 1.5}
        result = run_inline(studio.work("speak", wish), on_progress=lambda p: notes.append(p.note))
        asset = studio.library.assets.get(result["assets"][0])
        assert (asset.kind, asset.title) == ("audio", "你好。Hello there.")
        made = studio.library.generations.of_asset(asset.id)
        assert made is not None
        assert made.params["text"] == "你好。Hello there."
        assert made.params["rate"] == 1.5
        assert made.params["engine"] == "espeak-ng"
        assert [w["text"] for w in made.params["timings"]["words"]] == ["你", "好。", "Hello", "there."]
        assert asset.duration == pytest.approx(result["seconds"], abs=0.01)
        assert "Sentence 2 of 2" in notes
        again = run_inline(studio.work("speak", wish))
        assert again["assets"] == result["assets"]


@posix_only
def test_a_cancelled_job_leaves_nothing(only: Path, tmp_path: Path) -> None:
    log = fake_espeak(only, "time.sleep(600)")
    with Studio.create(tmp_path / "a.mmlib", settings=Settings()) as studio:
        out = tmp_path / "said.wav"
        with pytest.raises(Cancelled):
            run_inline(studio.work("speak", {"text": "Hello.", "out": str(out)}), cancelled=log.exists)
        assert studio.library.assets.count() == 0
        assert not out.exists()


def test_a_job_with_nowhere_to_go_is_refused() -> None:
    with pytest.raises(UsageError, match="Nowhere"):
        run_inline(speak_work(None, Voices(Settings()), "Hello"))


@real_espeak
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning, everybody. It costs $24.90!", "en"),
        ("你好，世界。价格是24元。", "zh"),
        ("one", "en"),
        ("مرحبا بكم", "ar"),
    ],
)
def test_real_espeak_speaks(text: str, language: str) -> None:
    voices = Voices(Settings(voice_engine="espeak-ng"))
    speech = voices.speak(text, language=language)
    assert speech.seconds > 0.2
    assert 0.2 < np.abs(speech.samples).max() <= 0.891
    assert all(a.end <= b.start + 1e-9 for a, b in zip(speech.words, speech.words[1:], strict=False))
    slow = voices.speak(text, language=language, rate=0.5)
    assert slow.seconds > 1.5 * speech.seconds


@real_espeak
def test_real_espeak_takes_no_orders_from_the_text() -> None:
    voices = Voices(Settings(voice_engine="espeak-ng"))
    plain = voices.speak("Hello world.")
    marked = voices.speak('<speak><prosody rate="x-slow">Hello world.</prosody></speak>')
    assert marked.seconds == pytest.approx(plain.seconds, rel=0.02)
