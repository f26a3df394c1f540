"""MFCC: equal to librosa's, and calm about strange sounds."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from mmstudio.errors import MediaError
from mmstudio.features.sounds import filters, hearing, logmel
from mmstudio.features.sounds import mfcc as sound
from support.media import make_m4a, make_wav

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "sounds"


def sweep(seconds: float, rate: int = sound.RATE) -> np.ndarray:
    rng = np.random.default_rng(0)
    t = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (200 + 300 * t) * t) + 0.05 * rng.normal(size=len(t))).astype(np.float32)


def by_librosa(y: np.ndarray) -> np.ndarray:
    return librosa.feature.mfcc(y=y, sr=sound.RATE, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)


@pytest.mark.parametrize("seconds", [0.1, 0.3, 3.0])
def test_mfcc_equals_librosa(seconds: float) -> None:
    y = sweep(seconds)
    expected = by_librosa(y)
    for got in (sound.mfcc(y), sound.batched_mfcc([y], "cpu")[0].numpy()):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["fading", "quiet", "silent", "click"])
def test_mfcc_of_hard_sounds_equals_librosa(kind: str) -> None:
    y = {
        "fading": sweep(2.0) * np.exp(-np.arange(2 * sound.RATE) / 2000).astype(np.float32),
        "quiet": sweep(1.0) * np.float32(1e-5),
        "silent": np.zeros(sound.RATE, np.float32),
        "click": np.eye(1, sound.RATE, 5000, dtype=np.float32)[0],
    }[kind]
    np.testing.assert_allclose(sound.mfcc(y), by_librosa(y), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("rate", "channels", "suffix"), [(44_100, 2, "wav"), (16_000, 1, "flac"), (96_000, 2, "wav")]
)
def test_files_sound_as_librosa_loads_them(tmp_path: Path, rate: int, channels: int, suffix: str) -> None:
    path = tmp_path / f"sweep.{suffix}"
    soundfile.write(path, np.repeat(sweep(1.0, rate)[:, None], channels, axis=1), rate)
    y, _ = librosa.load(path, sr=sound.RATE)
    (piece,) = sound.load_pieces(path, 1.0)
    np.testing.assert_allclose(sound.mfcc(piece), by_librosa(y), atol=1e-4, rtol=0)


@pytest.mark.filterwarnings("ignore:n_fft")
def test_real_sounds_equal_librosa() -> None:
    paths = sorted(DATA.glob("*.flac"))[::16]
    if not paths:
        pytest.skip("the real sounds of ../shared/data are not here")
    for path in paths:
        y, _ = librosa.load(path, sr=sound.RATE)
        (piece,) = hearing.load_sound(path, None).pieces
        np.testing.assert_allclose(sound.mfcc(piece), by_librosa(y), atol=1e-4, rtol=0)


def test_tables_equal_librosa() -> None:
    np.testing.assert_array_equal(
        filters.mel_filters(22_050, 2048, 64).T, librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=64)
    )
    np.testing.assert_allclose(
        filters.chroma_filters(22_050, 2048).T,
        librosa.filters.chroma(sr=22_050, n_fft=2048, tuning=0),
        atol=1e-6,
    )
    np.testing.assert_allclose(filters.mel_frequencies(22_050, 40), librosa.mel_frequencies(42, fmax=11_025))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("frames", [9, 10, 60])
def test_delta_equals_librosa(order: int, frames: int) -> None:
    X = np.random.default_rng(3).normal(size=(20, frames)).astype(np.float32)
    np.testing.assert_allclose(sound.delta(X, order), librosa.feature.delta(X, order=order), atol=1e-5)


@pytest.mark.parametrize("frames", range(1, 9))
def test_delta_of_few_frames(frames: int) -> None:
    ramp = np.arange(frames, dtype=np.float32)[None] * 2
    np.testing.assert_allclose(sound.delta(ramp), 2.0 if frames > 2 else 0.0, atol=1e-5)
    np.testing.assert_allclose(sound.delta(ramp, 2), 0.0, atol=1e-5)


def test_batch_of_unequal_sounds_gives_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    pieces = [rng.normal(0, 0.1, n).astype(np.float32) for n in (30_000, 1, 700, 512 * 9, 2048)]
    for piece, row in zip(pieces, sound.batched_mfcc(pieces, "cpu"), strict=True):
        np.testing.assert_allclose(row.numpy(), sound.mfcc(piece), atol=1e-4)


@pytest.mark.parametrize("samples", [1, 5, 500, 22_050])
def test_short_and_silent_sounds_are_finite(samples: int) -> None:
    silent = hearing.Sound([np.zeros((1, samples), np.float32)], sound.RATE)
    row = sound.describe_sound(silent)
    assert row.shape == (sound.DIMENSION,)
    assert np.isfinite(row).all()
    np.testing.assert_allclose(row[3 * sound.COEFFICIENTS :], 0, atol=1e-3)
    np.testing.assert_allclose(sound.describe([silent.pieces], "cpu")[0], row)
    assert logmel.describe(silent) == pytest.approx(np.repeat([-100.0, 0.0, 0.0], logmel.BANDS), abs=1e-3)


def test_log_mel_of_a_tone_peaks_at_its_band() -> None:
    t = np.arange(22_050) / 22_050
    row = logmel.describe(hearing.Sound([np.sin(2 * np.pi * 1000 * t)[None].astype(np.float32)], 22_050))
    middles = filters.mel_frequencies(22_050, logmel.BANDS)[1:-1]
    assert middles[row[: logmel.BANDS].argmax()] == pytest.approx(1000, rel=0.08)


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
    for path in (make_wav(tmp_path / "tone.wav", channels=2), make_m4a(tmp_path / "tone.m4a")):
        (piece,) = sound.load_pieces(path, 0.5)
        assert piece.ndim == 1
        assert len(piece) == pytest.approx(0.5 * sound.RATE, rel=0.2)
