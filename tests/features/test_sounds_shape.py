"""Loudness, tempo, key and the rest: against standards, librosa and sounds made to measure."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from scipy import signal

from mmstudio.features.gaps import missing
from mmstudio.features.sounds import images, loudness, rhythm, shape, tonality
from mmstudio.features.sounds.extractors import build
from mmstudio.features.sounds.extractors import infos as sound_infos
from mmstudio.features.sounds.hearing import Sound, load_sound
from support.media import make_wav
from support.waves import chords, clicks, sine

RATE = 22_050


def joined(*parts: np.ndarray) -> list[np.ndarray]:
    return [np.concatenate(parts, axis=1)]


def named(row: np.ndarray) -> dict[str, float]:
    return dict(zip(shape.COLUMNS, row.tolist(), strict=True))


# EBU Tech 3341, table 1: minimum requirements of a meter, ±0.1 LU.
COMPLIANCE = {
    "1": (joined(sine(-23, 20, frequency=1000)), -23.0),
    "2": (joined(sine(-33, 20, frequency=1000)), -33.0),
    "3": (joined(sine(-36, 10), sine(-23, 60), sine(-36, 10)), -23.0),
    "4": (joined(sine(-72, 10), sine(-36, 10), sine(-23, 60), sine(-36, 10), sine(-72, 10)), -23.0),
    "5": (joined(sine(-26, 20), sine(-20, 20.1), sine(-26, 20)), -23.0),
    "6": ([np.concatenate([sine(-28, 20), sine(-24, 20, channels=1), sine(-30, 20)])], -23.0),
}


@pytest.mark.parametrize("case", COMPLIANCE)
def test_loudness_meets_the_minimum_requirements(case: str) -> None:
    blocks, expected = COMPLIANCE[case]
    assert loudness.integrated(blocks, 48_000) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000])
def test_loudness_hardly_depends_on_the_rate(rate: int) -> None:
    assert loudness.integrated([sine(-23, 3, rate)], rate) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("seconds", [0.05, 0.35, 1.0, 12.34])
def test_weighting_equals_the_filters_of_the_standard(seconds: float) -> None:
    """With the coefficients that BS.1770-4 prints for 48 kHz, run one sample after the other."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    noise = np.random.default_rng(2).normal(0, 0.1, round(seconds * 48_000)).astype(np.float32)
    power = np.square(signal.sosfilt([shelf, high_pass], noise.astype(np.float64)))
    starts = range(0, max(len(power) - 19_200, 0) + 1, 4800)
    blocks = np.array([power[start : start + 19_200].mean() for start in starts])
    if seconds < 0.4:  # one block, of whole tenths of a second where there are any
        blocks = power[: len(power) // 4800 * 4800 or None].mean(keepdims=True)
    expected = -0.691 + 10 * np.log10(blocks.mean())  # noise as loud everywhere: the gates leave all of it
    assert loudness.integrated([noise[None]], 48_000) == pytest.approx(expected, abs=1e-3)


def test_loudness_of_channels() -> None:
    one = loudness.integrated([sine(-20, 2, channels=1)], 48_000)
    assert one == pytest.approx(-23.01, abs=0.05)
    six = np.zeros((6, 96_000), np.float32)
    six[3] = sine(-20, 2)[0]  # the low-frequency channel does not count
    assert loudness.integrated([six], 48_000) == loudness.QUIETEST
    eight = np.zeros((8, 96_000), np.float32)
    eight[6] = sine(-20, 2)[0]  # at the side: 1.5 dB louder
    assert loudness.integrated([eight], 48_000) == pytest.approx(one + 1.49, abs=0.02)


def test_levels_of_made_sounds() -> None:
    tone = sine(-6.0206, 1.0, 44_100, 441.0)
    plain = loudness.measure([tone], 44_100)
    assert (plain.peak, plain.clipping, plain.silence) == (pytest.approx(-6.02, abs=0.01), 0.0, 0.0)
    assert plain.offset == pytest.approx(0, abs=1e-4)
    assert loudness.measure([tone + 0.25], 44_100).offset == pytest.approx(0.25, abs=1e-3)
    cut = loudness.measure([np.clip(3 * tone, -0.999, 0.999)], 44_100)
    assert 0.3 < cut.clipping < 0.7
    over = loudness.measure([np.float32(2.2) * tone], 44_100)
    assert over.clipping > 0.1
    assert loudness.measure([sine(0.0, 1.0, 44_100, 997.0)], 44_100).clipping == 0.0
    half = np.concatenate([tone, np.zeros_like(tone)], axis=1)
    assert loudness.measure([half], 44_100).silence == pytest.approx(0.5, abs=0.06)
    nothing = loudness.measure([np.zeros((2, 10), np.float32)], 44_100)
    assert nothing == loudness.Level(-70.0, -120.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("tempo", range(60, 181, 15))
@pytest.mark.parametrize("off_beat", [0.0, 0.3])
def test_tempo_of_clicks(tempo: int, off_beat: float) -> None:
    heard = Sound([clicks(tempo, 12, off_beat=off_beat)[None]], RATE)
    found = rhythm.tempo([rhythm.accents(mel) for mel in heard.mels])
    assert found is not None
    bpm, sure = found
    # A soft click between two slow beats may be taken for a beat of double tempo, as everywhere.
    allowed = (tempo, 2 * tempo) if off_beat and tempo <= 60 else (tempo,)
    assert any(bpm == pytest.approx(one, rel=0.01) for one in allowed)
    assert sure > 0.2


def test_no_tempo_where_there_is_no_beat() -> None:
    t = np.arange(5 * RATE) / RATE
    steady = Sound([np.sin(2 * np.pi * 220 * t)[None].astype(np.float32)], RATE)
    found = rhythm.tempo([rhythm.accents(mel) for mel in steady.mels])
    assert found is None or found[1] < 0.3
    for samples in (1, 220, RATE):
        short = Sound([np.ones((1, samples), np.float32)], RATE)
        assert rhythm.tempo([rhythm.accents(mel) for mel in short.mels]) is None
    assert rhythm.tempo([]) is None


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("root", [0, 3, 7, 10])
def test_key_of_chords(root: int, mode: str) -> None:
    row = shape.describe(Sound([chords(root, mode)[None]], RATE))
    key = shape.measures(row)["key"]
    assert key == root + (12 if mode == "minor" else 0)
    assert tonality.KEYS[int(key)].endswith(mode)


def test_no_key_without_pitch() -> None:
    assert tonality.key_of(np.full(12, 0.5, np.float32)) is None
    assert tonality.key_of(np.full(12, np.nan, np.float32)) is None
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 3 * RATE)).astype(np.float32)
    assert shape.measures(shape.describe(Sound([noise], RATE))).get("key_sure", 0.0) < 0.5


def test_curves_equal_librosa() -> None:
    y = chords(2, "minor") + np.random.default_rng(1).normal(0, 0.002, 4 * 13_230).astype(np.float32)
    heard = Sound([y[None]], RATE)
    (S,) = (spectrum.T for spectrum in heard.spectra)
    np.testing.assert_allclose(S, np.abs(librosa.stft(y)), atol=1e-4)
    expected = librosa.feature.chroma_stft(S=np.square(S), sr=RATE, tuning=0)
    np.testing.assert_allclose(tonality.chroma(S.T).T, expected, atol=1e-4)
    row = named(shape.describe(heard))
    means = {
        "centroid": np.log2(librosa.feature.spectral_centroid(S=S, sr=RATE)).mean(),
        "rolloff": np.log2(librosa.feature.spectral_rolloff(S=S, sr=RATE)).mean(),
        "bandwidth": np.log2(librosa.feature.spectral_bandwidth(S=S, sr=RATE)).mean(),
        "flatness": np.log(librosa.feature.spectral_flatness(S=S)).mean(),
    }
    for name, value in means.items():
        assert row[name] == pytest.approx(value, abs=2e-3), name
    crossings = librosa.feature.zero_crossing_rate(y).mean()
    assert row["crossings"] == pytest.approx(crossings, rel=0.05)
    onset = librosa.onset.onset_strength(S=librosa.power_to_db(heard.mels[0].T), sr=RATE, center=False)
    np.testing.assert_allclose(rhythm.onset_strength(heard.mels[0])[1:], onset[1:], atol=1e-3)


@pytest.mark.parametrize("samples", [1, 220, 2048, RATE])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_strange_sounds_are_finite_and_say_what_is_missing(samples: int, value: float) -> None:
    row = shape.describe(Sound([np.full((2, samples), value, np.float32)], RATE))
    assert row.shape == (shape.DIMENSION,)
    assert np.isfinite(row).all()
    told = shape.measures(row)
    assert {"loudness", "peak", "clipping", "silence"} <= set(told)
    assert "tempo" not in told
    assert ("key" in told) <= (value > 0)
    gone = shape.gaps(row[None])[0]
    assert gone[shape.TEMPO]
    assert gone[shape.HEARD].all() == (value == 0)
    info = next(info for info in sound_infos() if info.name == "sound-shape")
    np.testing.assert_array_equal(missing(info, row[None]), gone[None])


def bits(folder: Path, name: str, samples: np.ndarray, rate: int, subtype: str) -> Path:
    soundfile.write(folder / name, samples, rate, subtype=subtype)
    return folder / name


def test_strange_files_go_through_every_extractor(tmp_path: Path) -> None:
    t = np.arange(9600) / 96_000
    tone = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    broken = tone.copy()
    broken[100:200] = np.nan
    broken[300] = np.inf
    paths = {
        bits(tmp_path, "ten-ms.wav", tone[:80], 8000, "PCM_16"): 0.01,
        bits(tmp_path, "one-sample.wav", tone[:1], 44_100, "PCM_16"): None,
        bits(tmp_path, "not-numbers.wav", broken, 48_000, "FLOAT"): 0.2,
        bits(tmp_path, "eight-bit.wav", tone, 22_050, "PCM_U8"): 0.43,
        bits(tmp_path, "high.wav", tone, 96_000, "PCM_24"): 0.1,
        bits(tmp_path, "low.flac", tone, 4000, "PCM_16"): 2.4,
        bits(tmp_path, "around.wav", np.repeat(tone[:, None], 8, axis=1), 48_000, "PCM_16"): 0.2,
    }
    known = {info.name: info for info in sound_infos()}
    for path, duration in paths.items():
        heard = load_sound(path, duration)
        for extractor in build("cpu", known):
            (row,) = extractor.forward([extractor.prepare(heard)])
            assert row.shape == (extractor.info.dimension,)
            assert np.isfinite(row).all(), (path.name, extractor.info.name)


def test_three_hours_are_heard_in_a_moment(tmp_path: Path) -> None:
    path, rate, hours = tmp_path / "night.flac", 4000, 3 * 3600
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        minute = np.zeros(60 * rate, np.float32)
        minute[: 20 * rate] = sine(-20, 20, rate, 300.0, 1)[0]
        for _ in range(hours // 60):
            file.write(minute)
    heard = load_sound(path, float(hours))
    assert sum(block.shape[1] for block in heard.blocks) <= 8 * 15 * rate + 8
    row = named(shape.describe(heard))
    assert row["length"] == pytest.approx(np.log2(hours), abs=0.01)
    assert -60 < row["loudness"] < -15


def test_pictures_of_sounds(tmp_path: Path) -> None:
    path = make_wav(tmp_path / "tone.wav", seconds=2.0, rate=44_100, frequency=1000.0, channels=2)
    mel = images.mel_image(path, start=0.5, seconds=1.0)
    assert mel.values.shape == (128, len(mel.times)) == (len(mel.rows), 44)
    assert mel.times[0] == 0.5
    assert mel.rows[mel.values[:, 20].argmax()] == pytest.approx(1000, rel=0.05)
    assert images.mfcc_image(path).values.shape[0] == 20
    notes = images.chroma_image(path)
    assert notes.values[:, 40].argmax() == 11  # 1 kHz is nearly B
    wave = images.waveform(path, seconds=500)
    assert wave.values.shape == (2, 44_100)
    assert wave.times[-1] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("kind", ["noise", "dying", "steps"])
def test_a_tempo_is_never_outside_what_is_looked_for(kind: str) -> None:
    random = np.random.default_rng(7)
    for _ in range(150):
        count = int(random.integers(70, 500))
        strength = random.random(count) ** int(random.integers(1, 9))
        if kind == "dying":
            strength *= np.exp(-np.arange(count) / random.uniform(2, 40))
        if kind == "steps":
            strength = np.repeat(strength, 4)[:count]
        found = rhythm.tempo([strength.astype(np.float32)])
        assert found is None or 0.9 * rhythm.SLOWEST < found[0] < 1.1 * rhythm.FASTEST
