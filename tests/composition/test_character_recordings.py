"""Lines that a character has said into a microphone are cut into a story; the others say who speaks them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mmstudio.composition import Composer
from mmstudio.composition.making.narration import lead
from mmstudio.composition.storyboard import Scene, Storyboard
from mmstudio.export.provenance.record import with_origins
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import register_generated
from mmstudio.media.audio import load_audio, write_wav
from support.libraries import add_asset, new_library
from support.media import make_wav
from support.speech import alone, fake_espeak, posix_only, real_espeak

STORY = "- Night falls.\n- Mara: The light never sleeps!\n- Mara: I wait.\n- Day breaks."
TONE = 330.0  # Hz of what stands for a recording; speech of the programs has little there for long


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return new_library(tmp_path)


def _compose(library: Library, recipe: str, text: str, **inputs: object) -> Storyboard:
    return Composer(library, None, None).compose(recipe, inputs={"text": text, **inputs})


def _sheet(library: Library, tmp_path: Path) -> tuple[int, int]:
    """(recording, sheet) of Mara, who has said one line."""
    wav = make_wav(tmp_path / "mara.wav", 1.5, 22050, frequency=TONE)
    sound = add_asset(library, wav, kind="audio", title="mara take 3", duration=1.5)
    sheet = _compose(library, "character", "Name: Mara\nLine: The light never sleeps.", track_id=sound)
    return sound, sheet.id or 0


def _heard(library: Library, board: Storyboard, scene: Scene) -> NDArray[np.float32]:
    """float32[T] of the voice inside a scene, at 22,050 Hz."""
    assert board.voice is not None
    assert board.voice.asset_id is not None
    path = library.assets.path_of(library.assets.get(board.voice.asset_id))
    samples, rate = load_audio(path, rate=22050, mono=True)
    start = scene.start - board.voice.start
    first, last = (max(round(at * rate), 0) for at in (start, start + scene.duration))
    return np.asarray(samples[0, first:last])


def _tone_share(samples: NDArray[np.float32]) -> float:
    """Share of the energy within 10 Hz of the tone, 0 to 1."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    at = np.fft.rfftfreq(len(samples), 1 / 22050)
    return float(power[np.abs(at - TONE) < 10].sum() / max(power.sum(), 1e-12))


def _db(samples: NDArray[np.float32]) -> float:
    return float(20 * np.log10(max(float(np.sqrt(np.mean(samples**2))), 1e-9)))


@posix_only
def test_a_recorded_line_is_heard_and_the_others_say_who_speaks(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    alone(monkeypatch, programs)
    log = fake_espeak(programs)
    sound, sheet = _sheet(library, tmp_path)
    result = run_inline(
        Composer(library, None, None).work(
            "story", inputs={"text": STORY, "characters": [sheet], "options": {"voice": "default"}}
        )
    )
    board = Composer(library, None, None).load(result["storyboard"])
    said = [json.loads(line)["text"].strip() for line in log.read_text().splitlines()]
    assert said == ["Night falls.", "I wait.", "Day breaks."]
    assert _tone_share(_heard(library, board, board.scenes[2])) > 0.8  # title, night, Mara
    assert board.scenes[2].duration > 1.5
    assert ("recording", sound) in [(source.part, source.asset_id) for source in board.sources]
    [note] = result["notes"]
    assert note.startswith("No recording of Mara says “I wait.”: the voice espeak-ng:")
    made = library.generations.of_asset(board.voice.asset_id or 0)  # type: ignore[union-attr]
    assert made is not None
    assert made.sources == [sound]


@posix_only
def test_a_silent_story_lets_recordings_be_heard_unless_silence_was_asked_for(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "programs").mkdir()
    alone(monkeypatch, tmp_path / "programs")  # there is no speech program
    sound, sheet = _sheet(library, tmp_path)
    board = _compose(library, "story", STORY, characters=[sheet])
    assert board.voice is not None
    assert board.voice.source == "asset"
    assert not with_origins(library, board).has_generated_part()
    assert any("it is not heard" in source.detail for source in board.sources)
    assert _compose(library, "story", STORY, characters=[sheet], options={"voice": "none"}).voice is None
    library.assets.set_status(sound, "missing")
    assert _compose(library, "story", STORY, characters=[sheet]).voice is None


def test_words_with_times_are_cut_out_of_a_longer_recording(library: Library, tmp_path: Path) -> None:
    rate = 22050
    t = np.arange(rate * 3) / rate
    samples = np.sin(2 * np.pi * np.where(t < 1, 900, TONE) * t) * ((t < 1) | (t >= 2))
    file = tmp_path / "long.wav"
    write_wav(file, (0.5 * samples).astype(np.float32)[None], rate)
    starts = {"Hello": 0.0, "the": 2.0, "light": 2.2, "never": 2.6, "sleeps": 2.8}
    timings = {"words": [{"text": text, "start": at, "end": at + 0.2} for text, at in starts.items()]}
    take = register_generated(
        library, file, "audio", "Take", tags=["Mara"], model="microphone", params={"timings": timings}
    )
    sheet = _compose(library, "character", "Name: Mara", options={"voice": "none"})
    board = _compose(library, "story", STORY, characters=[sheet.id])
    heard = _heard(library, board, board.scenes[2])
    assert _tone_share(heard) > 0.9
    assert take in [source.asset_id for source in board.sources if source.part == "recording"]


@real_espeak
def test_several_real_voices_and_a_recording_are_heard_in_turn(library: Library, tmp_path: Path) -> None:
    _, sheet = _sheet(library, tmp_path)
    bob = _compose(library, "character", "Name: Bob\nLine: Nor do I.", options={"voice": "en-gb"}).id
    lines = [
        "Night falls over the town.",
        "Mara: The light never sleeps.",
        "Bob: Nor do I, friend.",
        "They laugh.",
    ]
    story = "\n".join(f"- {line}" for line in lines)
    board = _compose(library, "story", story, characters=[sheet, bob], options={"voice": "en-us"})
    spoken = [scene for scene in board.scenes if scene.name.startswith("scene")]
    assert len(spoken) == 4
    levels = [_db(_heard(library, board, scene)) for scene in spoken]
    assert all(-35 < level < -10 for level in levels), levels
    shares = [_tone_share(_heard(library, board, scene)) for scene in spoken]
    assert shares[1] > 0.8, shares
    assert max(shares[0], shares[2], shares[3]) < 0.3, shares
    rate = 22050
    for before, after in pairwise(spoken):  # a breath between them, nobody talks over another
        assert before.end == pytest.approx(after.start, abs=0.01)
        pause = _heard(library, board, after)[: round((lead() - 0.1) * rate)]
        assert _db(pause) < -50
    made = library.generations.of_asset(board.voice.asset_id or 0)  # type: ignore[union-attr]
    assert made is not None
    assert made.params["voice"].count("espeak-ng:") == 2
