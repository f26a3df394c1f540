"""Wishes made by the sound starter: what was asked for, no clicks, and the same again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mmstudio.cli import run
from mmstudio.errors import StudioError, UsageError
from mmstudio.generation import Generation
from mmstudio.generation.sounding import earlier, measure
from mmstudio.generation.sounding.wish import RATE, SoundWish
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.library import AssetFilter, Library
from mmstudio.media.audio import load_audio
from support import waves
from support.latents import random_model
from support.learning import tiny_config
from support.libraries import new_library
from support.library import add_files
from support.media import make_image
from support.odd_sounds import ODD, wrong

MODEL = "starter-sound-vae"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("sounding")
    with new_library(folder) as opened:
        for name, wave in (("drums", waves.clicks(120, 3.0)), ("chords", waves.chords(0, "major"))):
            soundfile.write(str(folder / f"{name}.wav"), wave * 0.5, 22_050)
            add_files(opened, folder / f"{name}.wav")
        yield opened


@pytest.fixture(scope="module")
def generation(library: Library) -> Generation:
    return Generation(library, Trainings(library, "cpu"))


def given(library: Library) -> tuple[int, int]:
    """The drums and the chords."""
    drums, chords, *_ = sorted(library.assets.ids(AssetFilter(kinds=("audio",))))
    return drums, chords


def clean(samples: np.ndarray, around: bool = False) -> None:
    assert samples.shape[0] == 2
    assert samples.dtype == np.float32
    assert measure.true_peak(samples) < -1.0
    assert measure.offset(samples) < 1e-3
    assert np.abs(samples).max() > 0.02


def test_a_loop_has_whole_bars_and_no_seam(generation: Generation) -> None:
    wish = SoundWish(MODEL, seed=3, kind="loop", tempo=96.0, key="F", seconds=2.4)
    made = generation.sound(wish)
    clean(made.samples, around=True)
    assert made.samples.shape[1] == round(4 * 60 / 96 * RATE)
    assert len(measure.clicks(made.samples, RATE, around=True)) == 0
    assert measure.seam_decibel(made.samples, RATE, np.random.default_rng(0)) < -20
    assert made.params["loudness"] == pytest.approx(-18.0, abs=0.5)
    assert made.params["tempo"] == 96.0
    again = generation.sound(SoundWish.of(made.params["wish"]))
    assert np.array_equal(again.samples, made.samples)
    assert np.array_equal(again.latent, made.latent)


def test_a_bed_is_as_long_as_asked_and_does_not_click(generation: Generation) -> None:
    made = generation.sound(SoundWish(MODEL, seed=1, kind="bed", seconds=7.0, loudness=-23.0))
    clean(made.samples)
    assert made.samples.shape[1] == 7 * RATE
    assert made.params["pieces"] == len(made.latent) >= 2
    assert len(measure.clicks(made.samples, RATE)) == 0
    assert made.params["loudness"] == pytest.approx(-23.0, abs=0.5)
    parts = np.sqrt(np.square(made.samples[:, : 5 * RATE]).mean(axis=0).reshape(10, -1).mean(axis=1))
    assert parts.min() > 0.1 * parts.max()  # sound throughout
    assert np.abs(made.samples[:, -20:]).max() < 0.01  # fades out


def test_results_of_one_seed_differ_and_do_not_depend_on_their_number(generation: Generation) -> None:
    first, second = (one for one, _ in generation.sounds(MODEL, 2, seed=5))
    alone, rate = generation.sounds(MODEL, 1, seed=5)[0]
    assert rate == RATE
    assert np.array_equal(first, alone)
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_mono_is_the_same_on_both_sides(generation: Generation) -> None:
    made = generation.sound(SoundWish(MODEL, seed=5, stereo=False))
    assert np.abs(made.samples[0] - made.samples[1]).max() < 1e-6
    wide = generation.sound(SoundWish(MODEL, seed=5))
    assert np.abs(wide.samples[0] - wide.samples[1]).max() > 1e-3


def test_the_job_keeps_sources_and_what_it_made_can_be_made_again(
    library: Library, generation: Generation
) -> None:
    drums, chords = given(library)
    told = {"kind": "one-shot", "like": drums, "timbre_of": chords, "amount": 0.8, "seconds": 2.0}
    result = run_inline(generation.work(MODEL, n=1, seed=4, sound=told))
    row = library.generations.of_asset(result["assets"][0])
    assert row is not None
    assert sorted(row.sources) == [drums, chords]
    kept, _ = load_audio(result["files"][0])
    again = generation.again(result["assets"][0])
    assert isinstance(again, tuple)
    assert np.abs(again[0] - kept).max() < 1e-4
    beat = measure.beat_of(kept, RATE)
    assert beat is not None
    assert beat.tempo == pytest.approx(120.0, rel=0.02)  # the drums' rhythm

    file = library.assets.path_of(library.assets.get(chords))
    before = file.read_bytes()
    try:
        soundfile.write(str(file), waves.chords(5, "minor") * 0.5, 22_050)
        with pytest.raises(StudioError, match="has changed since"):
            generation.again(result["assets"][0])
    finally:
        file.write_bytes(before)


def test_going_on_from_a_sound_begins_with_it(generation: Generation, library: Library) -> None:
    drums, _ = given(library)
    made = generation.sound(SoundWish(MODEL, kind="bed", continue_from=drums, seconds=5.0))
    clean(made.samples)
    assert made.samples.shape[1] == 5 * RATE
    assert made.params["sources"] == [drums]
    assert made.params["tempo"] == pytest.approx(120.0, rel=0.02)
    source, _ = load_audio(library.assets.path_of(library.assets.get(drums)), rate=RATE)
    part = slice(RATE // 10, 2 * RATE)
    assert np.corrcoef(made.samples[0, part], source[0, part])[0, 1] > 0.95
    with pytest.raises(UsageError, match="long already"):
        generation.sound(SoundWish(MODEL, kind="bed", continue_from=drums, seconds=1.0))


def test_between_two_sounds_lies_another(generation: Generation, tmp_path: Path) -> None:
    told = {"between": ("seed:1", "seed:2"), "kind": "one-shot"}
    work = generation.work(MODEL, n=3, sound=told, out=tmp_path, add_to_library=False)
    files = run_inline(work)["files"]
    middle = [generation.sound(SoundWish(MODEL, like=f"seed:{i}")).latent[0] for i in (1, 2)]
    assert len(files) == 3
    made = generation.sound(SoundWish(MODEL, between=("seed:1", "seed:2"), at=0.5)).latent[0]
    gaps = [float(np.linalg.norm(made - end)) for end in middle]
    apart = float(np.linalg.norm(middle[0] - middle[1]))
    assert max(gaps) < apart
    assert min(gaps) > 0.1 * apart


@pytest.mark.parametrize("kind", ODD)
def test_odd_files_are_taken_as_they_are_meant(kind: str, generation: Generation, tmp_path: Path) -> None:
    odd = str(wrong(kind, tmp_path / "odd.wav"))
    clean(generation.sound(SoundWish(MODEL, like=odd, timbre_of=odd, amount=0.5)).samples)
    made = generation.sound(SoundWish(MODEL, kind="bed", continue_from=odd, seconds=2.5)).samples
    clean(made)
    assert made.shape == (2, round(2.5 * RATE))


@pytest.mark.parametrize("part", ["like", "timbre_of", "continue_from"])
def test_silence_is_refused_with_a_sentence(part: str, generation: Generation, tmp_path: Path) -> None:
    silent = str(wrong("silence", tmp_path / "silent.wav"))
    kind = "bed" if part == "continue_from" else "one-shot"
    with pytest.raises(StudioError, match=r"silent\.wav is silent"):
        generation.sound(SoundWish.of({"model": MODEL, "kind": kind, part: silent}))


@pytest.mark.parametrize("part", ["like", "timbre_of", "continue_from"])
def test_a_picture_is_called_a_picture(part: str, generation: Generation, tmp_path: Path) -> None:
    picture = str(make_image(tmp_path / "cover.png"))
    kind = "bed" if part == "continue_from" else "one-shot"
    with pytest.raises(UsageError, match=r"cover\.png is a picture: a sound is needed"):
        generation.sound(SoundWish.of({"model": MODEL, "kind": kind, part: picture}))


def test_a_place_of_another_model_is_refused(generation: Generation) -> None:
    with pytest.raises(UsageError, match="another model"):
        generation.sound(SoundWish(MODEL, like=(0.0, 1.0)))
    with pytest.raises(UsageError, match="not a seed"):
        generation.sound(SoundWish(MODEL, like="seed:one"))


def test_a_sound_of_an_earlier_version_is_still_made_again(
    library: Library, generation: Generation, tmp_path: Path
) -> None:
    import torch

    from mmstudio.generation import keeping

    model = generation.sound_model(MODEL)
    latent = model.draw(1, torch.Generator().manual_seed(3))
    samples = earlier.finish(model.decode(latent)[0, 0], 1.5, torch.Generator().manual_seed(3))
    params = {"weights": model.fingerprint, "seconds": 1.5, "index": 0}
    keeping.write_sound(tmp_path / "old.wav", samples, {"title": "old"})
    asset = keeping.add_to_library(
        library, tmp_path / "old.wav", kind="audio", title="old", model=MODEL, seed=3,
        latent=latent.numpy(), params=params,
    )  # fmt: skip
    again = generation.again(asset)
    assert isinstance(again, tuple)
    assert np.array_equal(again[0], samples)


def test_the_shell_makes_a_loop_and_says_what_does_not_go_together(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["generate", str(library.path), "--model", MODEL, "--out", str(tmp_path / "out")]
    assert run([*told, "-n", "1", "--seamless", "--tempo", "120", "--seconds", "2", "--mono"]) == 0
    (file,) = (tmp_path / "out").glob("*.wav")
    samples, rate = load_audio(file)
    assert samples.shape == (2, 2 * rate)
    capsys.readouterr()
    for wrong_way, sentence in (
        (["--seamless", "--bed"], "Choose one of --one-shot, --seamless and --bed."),
        (["--key", "H"], "“H” is not a key."),
        (["--tempo", "999"], "A tempo can be from 40 to 210 beats per minute."),
    ):
        assert run([*told, *wrong_way]) == 2
        assert sentence in capsys.readouterr().err
    pictures = ["generate", str(library.path), "--model", "starter-image-gan", "--out", str(tmp_path / "p")]
    assert run([*pictures, "--tempo", "100"]) == 2
    assert "makes pictures, not sounds" in capsys.readouterr().err
    assert run([*pictures, "--between", "a", "b"]) == 2
    assert "Pictures lie between two seeds." in capsys.readouterr().err


@pytest.mark.parametrize("family", ["sound-vae", "sound-gan"])
@pytest.mark.parametrize("shape", ["crumb", "stereo loop"])
def test_every_family_and_shape_makes_every_kind(family: str, shape: str, tmp_path: Path) -> None:
    config = tiny_config(family, "tiny")
    if shape == "stereo loop":
        wide = SoundShape.for_seconds(1.0, 44_100, channels=2, loop=True)
        config.parts, config.size = {"sound": wide.as_json()}, wide.frames
        config.condition = {"tempo": True, "key": True}
    with new_library(tmp_path) as library:
        random_model(library.models_dir / "tiny", config)
        maker = Generation(library, Trainings(library, "cpu"))
        soundfile.write(str(tmp_path / "tone.wav"), waves.chords(0, "minor", steps=(0, 3)) * 0.5, 22_050)
        for told, seconds in (
            ({"kind": "loop", "tempo": 120.0, "key": "C", "seconds": 2.0}, 2.0),
            ({"kind": "bed", "seconds": 1.7}, 1.7),
            ({"kind": "bed", "continue_from": str(tmp_path / "tone.wav"), "seconds": 2.0}, 2.0),
            ({"kind": "one-shot", "like": str(tmp_path / "tone.wav")}, None),
            ({"kind": "loop"}, None),
        ):
            made = maker.sound(SoundWish.of({"model": "tiny", **told}))
            clean(made.samples)
            assert seconds is None or made.samples.shape[1] == round(seconds * RATE)
            if told == {"kind": "loop"} and shape == "stereo loop":
                assert made.samples.shape[1] == wide.samples  # it runs into itself as it is
