"""How pieces are told apart without being played, and that records of earlier ways are made again as then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.generation import Generation
from mmstudio.generation.sounding import cores, make, measure
from mmstudio.generation.sounding.fitting import semitones_of
from mmstudio.generation.sounding.maker import Maker, tones_of
from mmstudio.generation.sounding.wish import RATE, SoundWish
from mmstudio.learning import Trainings
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import mel_of
from support import waves
from support.latents import random_model
from support.learning import tiny_config
from support.libraries import new_library

MODEL = "starter-sound-vae"


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    library = new_library(tmp_path_factory.mktemp("choosing"))
    return Generation(library, Trainings(library, "cpu"))


@pytest.mark.parametrize("rate", [22_050, 44_100])
@pytest.mark.parametrize(("note", "mode"), [(0, "major"), (6, "minor"), (9, "major")])
def test_a_spectrogram_tells_the_pitch_classes_of_what_it_sounds_like(
    rate: int, note: int, mode: str
) -> None:
    shape = SoundShape(rate, frames=128)
    played = np.asarray(waves.chords(note, mode), np.float32)
    from mmstudio.media.audio import resample

    wave = resample(played[None], 22_050, rate)[:, : shape.samples]
    wave = np.pad(wave, ((0, 0), (0, shape.samples - wave.shape[1])))
    mel = mel_of(torch.from_numpy(0.5 * wave)[None], shape)[0, 0].numpy()
    heard = measure.chroma_of(wave, rate)
    told = tones_of(mel, shape)
    assert np.corrcoef(heard, told)[0, 1] > 0.9


@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_a_spectrogram_of_any_rate_tells_the_tempo(rate: int) -> None:
    shape = SoundShape(rate, frames=128 * rate // 22_050)
    knocks = waves.clicks(132, shape.seconds, rate)
    wave = np.pad(knocks, (0, shape.samples))[: shape.samples].astype(np.float32)
    mel = mel_of(torch.from_numpy(0.5 * wave)[None, None], shape)[0, 0].numpy()
    assert measure.tempo_of(mel, rate // 22_050) == pytest.approx(132, rel=0.02)


@pytest.mark.parametrize(("choosing", "played"), [(3, False), (2, True)])
def test_no_sample_is_played_to_choose_a_tempo_at_44_khz_but_in_old_records(
    choosing: int, played: bool, tmp_path: Path
) -> None:
    config = tiny_config("sound-vae", "high")
    config.parts = {"sound": SoundShape.for_seconds(1.6, 44_100).as_json()}
    config.size = SoundShape.of(config).frames
    with new_library(tmp_path) as library:
        random_model(library.models_dir / "high", config)
        high = Generation(library, Trainings(library, "cpu"))
        maker = Maker(high.sound_model("high"), SoundWish("high", tempo=120.0, choosing=choosing))
        (piece,) = maker.pieces(maker.draws(1), throughout=False)
        _ = piece.tempo
        assert piece.played is played


def test_silence_has_no_pitch_classes() -> None:
    shape = SoundShape()
    assert not tones_of(np.full((128, 128), -1.0, np.float32), shape).any()
    assert not tones_of(np.full((128, 128), np.nan, np.float32), shape).any()


def test_no_sample_is_played_to_choose_a_key_and_the_move_is_that_of_the_samples(
    generation: Generation,
) -> None:
    wish = SoundWish(MODEL, 4, key="Am")
    maker = Maker(generation.sound_model(MODEL), wish)
    pieces = [piece for piece in maker.pieces(maker.draws(), throughout=True) if piece.score >= 1.0][:4]
    assert len(pieces) >= 2
    assert all(piece.cheap for piece in pieces)
    told = [piece.tones for piece in pieces]
    for piece, tones in zip(pieces, told, strict=True):
        assert np.corrcoef(tones, piece.chroma)[0, 1] > 0.9
        assert np.array_equal(piece.tones, piece.chroma)  # now that it is known
        assert -3 <= semitones_of(piece, 21) <= 3


def test_a_record_says_how_it_was_chosen_and_one_without_is_of_the_first_way() -> None:
    wish = SoundWish(MODEL, 3, "bed", key="Am")
    assert SoundWish.of(wish.as_json()) == wish
    assert wish.as_json()["choosing"] == 3
    old = {key: value for key, value in wish.as_json().items() if key != "choosing"}
    assert SoundWish.kept(old).choosing == 1
    assert SoundWish.kept(wish.as_json()) == wish
    assert SoundWish.of(old).choosing == 3  # somebody's words, no record


def test_how_many_cores_play_changes_nothing(generation: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = SoundWish(MODEL, 5, "bed", 14.0, key="Dm")
    together = make.make_sound(generation, wish)
    monkeypatch.setattr(cores, "COUNT", 1)
    alone = make.make_sound(generation, wish)
    assert np.array_equal(together.samples, alone.samples)
    assert together.params == alone.params
    assert together.samples.shape[1] == 14 * RATE


def test_a_bed_that_is_stopped_leaves_no_thread_behind(generation: Generation, tmp_path: Path) -> None:
    import threading

    making = make.making_sound(generation, SoundWish(MODEL, 6, "bed", 60.0, key="Dm"))
    for progress in making:
        if progress.done > 20:
            break
    making.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pieces")]
