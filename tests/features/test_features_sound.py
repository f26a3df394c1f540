"""MFCC: equal to librosa's, and calm about strange sounds."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch

from mmstudio.errors import MediaError
from mmstudio.features.sounds import mfcc as sound
from support.media import make_wav


@pytest.mark.parametrize("seconds", [0.1, 0.3, 3.0])
def test_mfcc_equals_librosa(seconds: float) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(int(seconds * sound.RATE)) / sound.RATE
    y = (0.5 * np.sin(2 * np.pi * (200 + 300 * t) * t) + 0.05 * rng.normal(size=len(t))).astype(np.float32)
    expected = librosa.feature.mfcc(y=y, sr=sound.RATE, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)
    got = sound.mfcc(torch.from_numpy(y)).numpy()
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-3, rtol=1e-5)


def test_padded_batch_gives_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    sounds = [[rng.normal(0, 0.1, n).astype(np.float32)] for n in (30_000, 700, 512 * 9)]
    together = [sound.mfcc(torch.from_numpy(s[0])) for s in sounds]
    padded = sound.padded_mfcc([s[0] for s in sounds], "cpu")
    for alone, row in zip(together, padded, strict=True):
        np.testing.assert_allclose(row[:, : alone.shape[1]].numpy(), alone.numpy(), atol=2e-2)


@pytest.mark.parametrize("samples", [1, 5, 500, 22_050])
def test_short_and_silent_sounds_are_finite(samples: int) -> None:
    rows = sound.describe([[np.zeros(samples, np.float32)]], "cpu")
    assert rows.shape == (1, sound.DIMENSION)
    assert np.isfinite(rows).all()
    assert rows[0, 3 * sound.COEFFICIENTS] == pytest.approx(0, abs=1e-3)


def test_delta_of_a_ramp_is_its_slope() -> None:
    ramp = torch.arange(30.0)[None] * 2
    np.testing.assert_allclose(sound.delta(ramp)[0, 4:-4].numpy(), 2.0, atol=1e-5)


def test_long_sound_is_heard_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(200 * 8000, np.float32), 8000)
    pieces = sound.load_pieces(path, 200.0)
    assert len(pieces) == 8
    assert sum(map(len, pieces)) == pytest.approx(8 * 15 * sound.RATE, rel=0.01)


def test_sound_without_samples_is_named_empty(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.empty(0, np.float32), 8000)
    with pytest.raises(MediaError) as error:
        sound.load_pieces(path, None)
    assert error.value.status == "empty"


def test_pieces_are_mono_at_the_common_rate(tmp_path: Path) -> None:
    (piece,) = sound.load_pieces(make_wav(tmp_path / "tone.wav", seconds=0.5), 0.5)
    assert piece.ndim == 1
    assert len(piece) == pytest.approx(0.5 * sound.RATE, rel=0.02)
