"""Sound VAE and GAN: from a library's files to played sounds, and what is measured of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mmstudio.errors import UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import WEIGHTS
from mmstudio.learning.engine.prior import standard_prior
from mmstudio.learning.engine.registry import GenerativeModel, build_task, load_model
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.evaluation.sounds import FEATURES, clicks_a_minute, quality, seam_db
from mmstudio.learning.nets.vocoder import ROUNDS, Vocoder
from mmstudio.learning.open_door.sounds import as_waves, measure, sample, train
from support.learning import CPU, drive, make_trainer, noise_pixels, sound_library, tiny_config

SHAPE = SoundShape(rate=8000, frame=256, hop=64, bands=32, frames=32)
SMALL = {"vocoder_width": 16.0, "vocoder_depth": 1.0}


def tones(count: int = 16, channels: int = 1) -> np.ndarray:
    t = np.arange(SHAPE.samples) / SHAPE.rate
    made = [np.sin(2 * np.pi * (200 + 30 * i) * t) * np.exp(-t * (1 + i % 4)) for i in range(count)]
    return np.repeat(0.5 * np.stack(made)[:, None].astype(np.float32), channels, axis=1)


def trained(folder: Path, family: str, **more: Any) -> Any:
    options = SMALL | {"rate": 4e-3} | ({"wave_every": 8.0} if family == "sound-vae" else {})
    return train(family, tones(), 8000, folder, shape=SHAPE, width=16, latent=8, batch=4, seed=1,
                 options=options, **more)  # fmt: skip


def test_a_vae_learns_to_play_tones_again(tmp_path: Path) -> None:
    before = trained(tmp_path / "a", "sound-vae", steps=1)
    after = trained(tmp_path / "b", "sound-vae", steps=32)
    first, second = (measure(model, tones(8), 8000, samples=4) for model in (before, after))
    assert second["mel_distance_db"] < 0.6 * first["mel_distance_db"]
    assert second["audio_features"] == FEATURES
    assert after.polish in ROUNDS
    assert load_config(tmp_path / "b").trained["voice"]["rounds"] == after.polish
    made = after.waves(after.draw(6, torch.Generator().manual_seed(0))).numpy()
    heard = quality(made)
    assert (made.shape, made.dtype) == ((6, 1, SHAPE.samples), np.float32)
    assert heard["clipping"] == heard["silent"] == 0.0
    assert second["clicks"] < 10.0
    broken = made.copy()
    broken[:, :, 1000] += 0.9
    assert clicks_a_minute(broken, SHAPE.rate) == pytest.approx(60 / (SHAPE.samples / SHAPE.rate))
    assert heard["offset"] < 1e-4
    assert -40 < heard["level_db"] < -6


@pytest.mark.parametrize(("family", "adversarial"), [("sound-vae", 1.0), ("sound-gan", 0.0)])
def test_stereo_loops_with_tempo_and_key_resume_exactly(
    family: str, adversarial: float, tmp_path: Path
) -> None:
    config = tiny_config(family, steps=3)
    config.options |= {"adversarial": adversarial, "adversarial_from": 0.5}
    shape = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=16, channels=2, loop=True)
    config.parts["sound"] = shape.as_json()
    drive(make_trainer(tmp_path / "whole", config))
    drive(make_trainer(tmp_path / "parts", config), until=2)
    drive(make_trainer(tmp_path / "parts", config, resume=True))
    one, two = load_model(tmp_path / "whole", CPU), load_model(tmp_path / "parts", CPU)
    z = one.draw(3, torch.Generator().manual_seed(0))
    slow, fast = (torch.from_numpy(one.conditions.row(tempo=t, key=3)).expand(3, -1) for t in (60.0, 170.0))
    assert torch.equal(one.waves(z, slow), two.waves(z, slow))
    assert torch.equal(one.waves(z[1:2], slow[1:2])[0], one.waves(z, slow)[1])
    assert not torch.equal(one.waves(z, slow), one.waves(z, fast))
    assert one.waves(z).shape == (3, 2, shape.samples)
    weights = [model.decoder.state_dict() for model in (one, two)]
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())


def first_kind(folder: Path) -> None:
    """A model as the first ones were: three seconds, no vocoder."""
    config = tiny_config("sound-vae", folder.name, steps=1)
    config.parts, config.condition, config.size, config.batch = {}, {}, 128, 2
    folder.mkdir(parents=True, exist_ok=True)
    config.save(folder)
    from mmstudio.learning.engine.data import ArrayData
    from mmstudio.learning.engine.trainer import Trainer

    drive(Trainer(folder, config, build_task(config, CPU), ArrayData(noise_pixels(config, 4), 0)))


def test_a_model_of_the_first_kind_still_loads_plays_hears_and_learns(tmp_path: Path) -> None:
    first_kind(tmp_path)
    model = load_model(tmp_path, CPU)
    assert model.sound == SoundShape()
    assert model.vocoder is None
    wave = model.waves(model.draw(1, torch.Generator().manual_seed(0)))
    assert wave.shape == (1, 1, SoundShape().samples)
    assert torch.isfinite(wave).all()
    assert model.hear(tones(1)[0], 8000).shape == (1, 8)


@pytest.mark.parametrize("samples", [np.zeros((1, 10), np.float32), np.full((2, 9), np.nan, np.float32),
                                     3 * tones(1)[0] + 0.2, np.ones((8, 200_000), np.float32)])  # fmt: skip
def test_anything_can_be_heard(samples: np.ndarray, tmp_path: Path) -> None:
    drive(make_trainer(tmp_path, tiny_config("sound-vae", steps=1)))
    z = load_model(tmp_path, CPU).hear(samples, 48_000)
    assert z.shape == (1, 8)
    assert torch.isfinite(z).all()


def test_a_gan_starts_from_a_vae(tmp_path: Path) -> None:
    drive(make_trainer(tmp_path, tiny_config("sound-vae", steps=2)))
    vae = load_model(tmp_path, CPU)
    from mmstudio.learning.engine.checkpoint import load_weights

    task = build_task(tiny_config("sound-gan"), CPU)
    task.start_from(load_weights(tmp_path))
    vocoder = task.nets["generator"].vocoder
    assert vae.vocoder is not None
    assert isinstance(vocoder, torch.nn.Module)
    theirs = vae.vocoder.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in vocoder.state_dict().items())
    assert torch.equal(task.nets["generator"].out.weight, vae.decoder.out.weight)


def test_from_a_librarys_files_to_figures_and_a_comparison(tmp_path: Path) -> None:
    with sound_library(tmp_path, 5) as library:
        trainings = Trainings(library, "cpu")
        for name, family in (("v", "sound-vae"), ("g", "sound-gan")):
            result = run_inline(trainings.train_work(
                family, name, steps=2, batch=2, width=2, parts={"seconds": 1.0, "loop": name == "v"},
                options=SMALL,
            ))  # fmt: skip
            assert result["status"] == "done"
        config = load_config(trainings.folder("v"))
        assert len(config.trained["assets"]) == 5
        for name in ("v", "g"):
            voice = load_config(trainings.folder(name)).trained["voice"]
            nearer = voice["vocoder"] < 0.98 * voice["formula"]
            assert voice["plays"] == ("vocoder" if nearer else "formula")
            assert f"{voice['formula']} by phases locked" in (trainings.folder(name) / "card.md").read_text()
            playing = trainings.load(name).vocoder
            assert isinstance(playing, Vocoder)
            assert playing.formula is not nearer
        shape = SoundShape.of(config)
        assert (shape.frames, shape.loop, config.size) == (48, True, 48)
        assert not list(trainings.folder("v").glob("*.npy"))
        found = run_inline(trainings.evaluate_work("v", samples=4))["figures"]
        assert {"audio_frechet_distance", "audio_kernel_distance", "stft_distance", "seam_db"} <= set(found)
        both = run_inline(trainings.compare_work("v", "g", seeds=1, samples=4))
        assert both["features"] == FEATURES
        assert "audio_kernel_distance" in both["a"]["mean"]


def test_a_model_without_a_vocoder_can_be_started_from(tmp_path: Path) -> None:
    """What starts from a model of the first kind stays so, unless a shape is wished for."""
    with sound_library(tmp_path, 4) as library:
        trainings = Trainings(library, "cpu")
        first_kind(library.models_dir / "first")
        wishes: dict[str, Any] = {"steps": 1, "batch": 2, "base": "first"}
        run_inline(trainings.train_work("sound-vae", "as it was", **wishes))
        assert load_config(trainings.folder("as it was")).parts == {}
        run_inline(trainings.train_work("sound-vae", "shaped", parts={"seconds": 3.0}, **wishes))
        run_inline(trainings.train_work("sound-gan", "made", **wishes))
        for name in ("shaped", "made"):
            model = trainings.load(name)
            assert model.vocoder is not None
            assert model.waves(model.draw(1, torch.Generator().manual_seed(0))).isfinite().all()


def test_seams_and_arrays_are_judged() -> None:
    t = np.arange(4000) / 4000
    whole = np.sin(2 * np.pi * 40 * t)[None, None].astype(np.float32)
    assert seam_db(whole, 4000) < -40
    assert seam_db(whole[..., :3970], 4000) > -20
    for bad in (tones()[0], np.zeros((2, 3, 10), np.float32), np.zeros((2, 1, 10), np.int16)):
        with pytest.raises(UsageError, match="float32"):
            as_waves(bad)


def test_a_vocoder_of_the_first_kind_is_not_believed(tmp_path: Path) -> None:
    """Its numbers meant something else: the model plays by the formula, and what
    starts from it begins anew."""
    from mmstudio.learning.engine.checkpoint import load_weights, write_tensors

    drive(make_trainer(tmp_path, tiny_config("sound-vae", steps=1)))
    weights = load_weights(tmp_path)
    old = {key: value + 0.1 for key, value in weights.items() if key != "voice.kind"}
    for path in tmp_path.glob("weights-*.safetensors"):
        write_tensors(path, old, {"family": "sound-vae"})
    (tmp_path / "checkpoint.json").unlink()
    next(iter(tmp_path.glob("weights-*.safetensors"))).rename(tmp_path / WEIGHTS)
    model = load_model(tmp_path, CPU)
    assert isinstance(model.vocoder, Vocoder)
    assert model.vocoder.formula
    assert model.polish == max(ROUNDS)
    task = build_task(tiny_config("sound-vae"), CPU)
    task.start_from(old)
    assert not task.nets["vae"].vocoder.out.weight.any()


def test_a_trained_model_of_loops_has_no_seam(tmp_path: Path) -> None:
    loop = SoundShape(rate=8000, frame=512, hop=128, bands=32, frames=32, loop=True)
    t = np.arange(loop.samples) / loop.samples
    swells = [1 + 0.6 * np.sin(2 * np.pi * ((1 + i % 3) * t + i / 7)) for i in range(12)]
    whole = [swell * sum(np.sin(2 * np.pi * (k * (50 + 9 * i) * t + i)) / k for k in (1, 2, 3))
             for i, swell in enumerate(swells)]  # fmt: skip
    waves = 0.3 * np.stack(whole)[:, None].astype(np.float32)
    model = train("sound-vae", waves, 8000, tmp_path, shape=loop, width=16, latent=8, batch=4, seed=1,
                  steps=25, options=SMALL)  # fmt: skip
    assert seam_db(sample(model, 8, 1), loop.rate) < -20


def test_samples_are_the_same_for_a_seed(tmp_path: Path) -> None:
    model = trained(tmp_path, "sound-gan", steps=1, tempo=np.full(16, 100.0))
    assert np.array_equal(sample(model, 2, 3, tempo=90), sample(model, 2, 3, tempo=90))


class SometimesSilent(nn.Module):
    """Draws silence for a third of all latents."""

    def forward(self, z: torch.Tensor, c: torch.Tensor | None = None) -> torch.Tensor:
        sounds = (z[:, 0] > -0.5).float() * 1.2 - 1.0
        return sounds.view(-1, 1, 1, 1).expand(-1, 1, SHAPE.bands, SHAPE.frames)


def test_what_is_silent_is_drawn_again() -> None:
    config = tiny_config("sound-gan", "some")
    config.parts = {"sound": SHAPE.as_json()}
    model = GenerativeModel(config, SometimesSilent(), None, None, standard_prior(8), CPU)
    first = model.waves(model.draw(12, torch.Generator().manual_seed(2))).numpy()
    silent = np.abs(first).max(axis=(1, 2)) < 1e-3
    assert 0 < silent.sum() < 12
    made = sample(model, 12, 2)
    assert quality(made)["silent"] == 0.0
    assert np.array_equal(made[~silent], first[~silent])
    assert np.array_equal(sample(model, 12, 2), made)
