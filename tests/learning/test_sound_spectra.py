"""Waves and spectrograms of any shape, losses of waves, and the vocoder."""

from __future__ import annotations

import pytest
import torch

from mmstudio.errors import UsageError
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.engine.mel import to_mel
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import (
    fold,
    from_planes,
    griffin_lim,
    istft,
    locked,
    magnitude_of,
    mel_of,
    mel_of_power,
    peaks_of,
    played,
    stft,
    to_planes,
)
from mmstudio.learning.evaluation.sounds import seam_db
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.vocoder import Vocoder, learned_voice, voice_of
from mmstudio.learning.objectives.augment import sound_augment
from mmstudio.learning.objectives.spectral import phase_loss, spectral_convergence, stft_loss

CPU = torch.device("cpu")
SMALL = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=32)
LOOP = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=32, loop=True)


def noise(shape: SoundShape, count: int = 2, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(count, shape.samples, generator=random)


@pytest.mark.parametrize("shape", [SMALL, LOOP])
def test_a_spectrum_gives_its_wave_again(shape: SoundShape) -> None:
    wave = noise(shape)
    spectrum = stft(wave, shape)
    assert spectrum.shape == (2, 129, 32)
    assert torch.allclose(istft(spectrum, shape), wave, atol=1e-5)


def test_a_loop_turned_round_has_a_spectrogram_turned_round() -> None:
    wave = noise(LOOP).unsqueeze(1)
    turned = mel_of(wave.roll(5 * LOOP.hop, dims=2), LOOP)
    assert torch.allclose(turned, mel_of(wave, LOOP).roll(5, dims=3), atol=1e-4)


def test_the_usual_shape_is_that_of_the_first_models() -> None:
    shape = SoundShape()
    wave = noise(shape, 1)
    old = torch.from_numpy(to_mel(wave[0].numpy())).float() / 127.5 - 1
    assert (mel_of(wave[:, None], shape)[0] - old).abs().max() < 1.01 / 255


def test_stereo_is_middle_and_side() -> None:
    wave = noise(SMALL, 4).view(2, 2, -1)
    assert torch.allclose(from_planes(to_planes(wave)), wave, atol=1e-6)
    stereo = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=32, channels=2)
    same = wave[:, :1].expand(-1, 2, -1)
    mel = mel_of(same, stereo)
    assert mel.shape == (2, 1, 32, 32)
    assert float(mel[:, :, 16:].max()) == -1.0  # nothing at the side


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(0.5, 22050, 1), (13, 22050, 1), (3, 8000, 1), (3, 22050, 3)]
)
def test_other_shapes_are_refused(seconds: float, rate: int, channels: int) -> None:
    with pytest.raises(UsageError, match="cannot learn sounds"):
        SoundShape.for_seconds(seconds, rate, channels)


@pytest.mark.parametrize("seconds", [1.0, 3.0, 7.3, 12.0])
@pytest.mark.parametrize("rate", [22050, 44100])
def test_lengths_come_near(seconds: float, rate: int) -> None:
    shape = SoundShape.for_seconds(seconds, rate, 2, True)
    assert abs(shape.seconds - seconds) < 0.2
    assert shape.frames % 16 == 0


def test_what_is_asked_for_becomes_a_shape() -> None:
    config = default_config("sound-gan", "m")
    config.parts |= {"seconds": 6.0, "rate": 44100, "stereo": True, "loop": True}
    set_options(config, {})
    shape = SoundShape.of(config)
    assert (shape.rate, shape.channels, shape.loop, config.size) == (44100, 2, True, shape.frames)
    assert set(config.parts) == {"sound"}


def test_losses_are_nothing_for_equal_sounds_and_one_for_silence() -> None:
    wave = noise(SMALL)
    assert float(stft_loss(wave, wave)) < 1e-3
    assert torch.allclose(spectral_convergence(torch.zeros_like(wave), wave), torch.ones(2), atol=0.02)
    spectrum = stft(wave, SMALL)
    unit = spectrum / spectrum.abs()
    assert float(phase_loss(unit.real, unit.imag, spectrum)) < 1e-3
    turned = unit * torch.polar(torch.ones(1), torch.tensor([1.0]))  # all phases turned alike: the same sound
    assert float(phase_loss(turned.real, turned.imag, spectrum)) < 1e-3


def test_griffin_lim_comes_nearer_with_rounds_and_is_the_same_every_time() -> None:
    wave = torch.sin(torch.arange(SMALL.samples) * 0.4)[None] * 0.5
    magnitude = stft(wave, SMALL).abs()
    far, near = (griffin_lim(magnitude, SMALL, None, rounds) for rounds in (1, 16))
    assert float(spectral_convergence(near, wave)) < float(spectral_convergence(far, wave))
    assert torch.equal(near, griffin_lim(magnitude, SMALL, None, 16))


@pytest.mark.parametrize("shape", [SMALL, LOOP])
@pytest.mark.parametrize("polish", [0, 2])
def test_the_vocoder_learns_and_gives_waves_of_the_shape(shape: SoundShape, polish: int) -> None:
    vocoder = materialise(lambda: Vocoder(shape, 16, 1), CPU, torch.Generator().manual_seed(0))
    mel = mel_of(noise(shape).unsqueeze(1), shape)
    wave = vocoder(mel, polish)
    assert wave.shape == (2, 1, shape.samples)
    wave.square().sum().backward()
    grown = [p.grad for p in vocoder.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in grown)
    assert polish or all(g is not None for g in grown)


def looping_tones(shape: SoundShape, count: int = 4) -> torch.Tensor:
    """count×1×samples: whole numbers of waves, so that the end runs into the beginning."""
    t = torch.arange(shape.samples) / shape.samples
    made = [sum(torch.sin(2 * torch.pi * (k * (12 + 9 * i) * t + i)) / k for k in (1, 2, 3))
            for i in range(count)]  # fmt: skip
    return 0.3 * torch.stack(made)[:, None]


@pytest.mark.parametrize("polish", [0, 8])
def test_a_vocoder_of_loops_has_no_seam(polish: int) -> None:
    vocoder = materialise(lambda: Vocoder(LOOP, 16, 1), CPU, torch.Generator().manual_seed(0))
    vocoder.begin()
    whole = looping_tones(LOOP)
    with torch.no_grad():
        wave = vocoder(mel_of(whole, LOOP), polish)
    assert seam_db(wave.numpy(), LOOP.rate) < -20
    by_formula = played(fold(mel_of(whole, LOOP), LOOP), LOOP).view_as(whole)
    assert seam_db(by_formula.numpy(), LOOP.rate) < -20


def test_phases_locked_to_peaks_are_better_than_four_times_as_many_rounds_from_random_ones() -> None:
    shape = SoundShape(rate=8000, frame=512, hop=128, bands=48, frames=64)
    t = torch.arange(shape.samples) / shape.rate
    tones = [sum(torch.sin(2 * torch.pi * f * k * t) / k for k in (1, 2, 3)) for f in (110.0, 220.5, 331.0)]
    wave = 0.3 * torch.stack(tones) * torch.exp(-2 * t)
    mel = fold(mel_of(wave[:, None], shape), shape)
    magnitude = magnitude_of(mel, shape, 32)
    assert torch.allclose(locked(magnitude, shape).abs(), magnitude, atol=1e-5)
    random, ours = griffin_lim(magnitude, shape, None, 32), played(mel, shape)
    assert float(stft_loss(ours, wave)) < float(stft_loss(random, wave))
    own, place = peaks_of(stft(wave, shape).abs())
    assert place[0, 7, 30] * shape.rate / shape.frame == pytest.approx(110.0, abs=2.0)
    assert own[0, 7, 30] == 7


def test_a_vocoder_that_has_learned_nothing_plays_as_well_as_the_formula() -> None:
    vocoder = materialise(lambda: Vocoder(SMALL, 16, 1), CPU, torch.Generator().manual_seed(0))
    wave = looping_tones(SMALL)
    mel = mel_of(wave, SMALL)
    said = voice_of(vocoder, mel, wave)  # random weights: those that correct nothing are chosen
    assert not learned_voice(said)
    vocoder.begin()
    with torch.no_grad():
        own, formula = vocoder(mel, 8)[:, 0], played(fold(mel, SMALL), SMALL)
    assert float(stft_loss(own, wave[:, 0])) < 1.1 * float(stft_loss(formula, wave[:, 0]))


def test_mel_bands_of_the_magnitudes_are_those_asked_for() -> None:
    wave = noise(SMALL)
    mel = fold(mel_of(wave[:, None], SMALL), SMALL)
    far, near = (mel_of_power(magnitude_of(mel, SMALL, n).square(), SMALL) - mel for n in (0, 32))
    assert float(near.abs().mean()) < 0.2 * float(far.abs().mean())
    assert float(near.abs().mean()) * 55 < 0.5  # decibels


def test_augmentation_keeps_silence_silent_and_learns() -> None:
    random = torch.Generator().manual_seed(0)
    x = (torch.rand(6, 1, 32, 16, generator=random) - 0.5).requires_grad_(True)
    for loop in (False, True):
        y = sound_augment(x, random, 1.0, 16, loop)
        assert y.shape == x.shape
        assert float(y.detach().min()) >= -1.0
    y.sum().backward()
    assert x.grad is not None
    assert sound_augment(x, random, 0.0, 16, True) is x
    silent = sound_augment(torch.full((4, 1, 32, 16), -1.0), random, 1.0, 16, False)
    assert float(silent.max()) < -0.88  # at most 6 dB above the floor


def test_tempo_and_key_are_told_or_not() -> None:
    conditions = Conditions(tags=("warm",), tempo=True, key=True)
    assert Conditions.of(conditions.as_json()) == conditions
    assert conditions.width == 2 + 4 + 14
    row = conditions.row(tempo=240.0, key=21)
    assert row[2:6].tolist() == pytest.approx([1.0, 1.0, 0.0, 1.0], abs=1e-6)
    assert row[6 + 9] == row[6 + 12] == row[-1] == 1.0
    assert not conditions.row(tempo=None, key=None).any()
    assert not conditions.row(tempo=0.0, key=99).any()


ODD = SoundShape(rate=8000, frame=256, hop=60, bands=16, frames=48)


@pytest.mark.parametrize("shape", [SMALL, LOOP, ODD])
@pytest.mark.parametrize("rounds", [0, 8])
def test_what_is_only_listened_to_is_played_faster_and_alike(shape: SoundShape, rounds: int) -> None:
    t = torch.arange(shape.samples) / shape.rate
    tones = torch.stack(
        [torch.sin(2 * torch.pi * 440 * t), torch.sin(2 * torch.pi * 990 * t) * torch.exp(-9 * t)]
    )
    mel = mel_of(0.4 * tones[:, None] + noise(shape).unsqueeze(1) * 0.1, shape)[:, 0]
    learned = played(mel.clone().requires_grad_(), shape, rounds).detach()
    heard = played(mel, shape, rounds)
    assert heard.shape == learned.shape == (2, shape.samples)
    assert float((heard - learned).square().sum() / learned.square().sum()) < 1e-3
    assert not heard.requires_grad
