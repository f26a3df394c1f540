"""What is measured of sounds, and what is done to them, on signals that are known."""

from __future__ import annotations

import numpy as np
import pytest

from mmstudio.errors import UsageError
from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.finish import faded, level, to_stereo, widened
from mmstudio.generation.sounding.preview import preview
from mmstudio.generation.sounding.stretch import stretched
from mmstudio.generation.sounding.timbre import colour_of, recoloured
from mmstudio.generation.sounding.wish import SoundWish, key_name, key_number
from support import waves

RATE = 44_100


def tone(hertz: float, seconds: float, level: float = 0.3) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)[None], 2, axis=0)


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((2, round(seconds * RATE)))).astype(np.float32)


def test_loudness_and_true_peak_are_those_of_the_standard() -> None:
    assert measure.loudness(waves.sine(-23.0, 3.0), 48_000) == pytest.approx(-23.0, abs=0.1)  # EBU Tech 3341
    t = np.arange(4800)
    between = np.sin(2 * np.pi * t / 4 + np.pi / 4)[None].astype(np.float32)  # its peaks fall between samples
    assert np.abs(between).max() < 0.72
    assert measure.true_peak(between) == pytest.approx(0.0, abs=0.3)
    assert measure.true_peak(np.zeros((2, 100), np.float32)) == -120.0


def test_clicks_are_found_where_they_are_and_nowhere_else() -> None:
    clean = faded(tone(220, 2.0) + tone(1760.5, 2.0, 0.1), RATE)
    assert len(measure.clicks(clean, RATE)) == 0
    assert len(measure.clicks(noise(1.0), RATE)) == 0
    broken = clean.copy()
    broken[:, 30_000] += 0.1
    broken[0, 60_000:] += 0.03
    found = measure.clicks(broken, RATE)
    assert any(abs(found - 30_000) < 3)
    assert any(abs(found - 60_000) < 3)
    assert set(np.abs(found - 30_000) < 3) | set(np.abs(found - 60_000) < 3) == {True, False}


@pytest.mark.parametrize("decay", [0.004, 0.03, 0.2])
def test_an_attack_of_one_sample_is_no_click_and_what_breaks_off_is(decay: float) -> None:
    t = np.arange(RATE) / RATE
    since = np.maximum(t - 0.4, 0)
    envelope = np.where(t >= 0.4, np.exp(-since / decay), 0)[None]
    under = 0.01 * np.sin(2 * np.pi * 110 * t)
    struck = 0.5 * envelope * np.sin(2 * np.pi * 700 * since) + under
    hissed = 2 * envelope * noise(1.0, seed=4) + under
    for sound in (struck, hissed):
        whole = faded(np.repeat(sound[:1], 2, axis=0).astype(np.float32), RATE)
        assert len(measure.clicks(whole, RATE)) == 0
    whole = faded(tone(110, 1.0, 0.2), RATE) + struck.astype(np.float32)
    broken = np.where(np.arange(RATE) < 30_000, whole, 0).astype(np.float32)
    assert np.abs(measure.clicks(broken, RATE) - 30_000).min() < 3


def test_the_pulses_of_a_bass_are_no_clicks() -> None:
    saw = 0.3 * (2 * ((55 * np.arange(2 * RATE) / RATE) % 1) - 1)
    assert len(measure.clicks(faded(saw[None].astype(np.float32), RATE), RATE)) == 0


def test_what_starts_in_the_middle_of_a_wave_clicks() -> None:
    sound = np.roll(tone(441, 1.0), -25, axis=1)
    found = measure.clicks(sound, RATE)
    assert found.tolist()[0] < 3


def test_a_loop_that_does_not_close_clicks_at_its_seam() -> None:
    whole, cut = tone(441, 1.0), tone(441, 1.0)[:, :-25]  # a quarter of a period is missing
    assert len(measure.clicks(whole, RATE, around=True)) == 0
    assert len(measure.clicks(cut, RATE, around=True)) > 0


def test_seam_energy_tells_a_closed_loop_from_a_cut_one() -> None:
    random = np.random.default_rng(0)
    closed = tone(220, 1.0) + tone(330, 1.0, 0.1)
    assert measure.seam_decibel(closed, RATE, random) < -40
    assert measure.seam_decibel(closed[:, :-61], RATE, random) > -12
    assert measure.seam_decibel(np.zeros((2, RATE), np.float32), RATE, random) == 0.0


@pytest.mark.parametrize("tempo", [92.0, 128.0])
def test_a_beat_is_found_with_its_place(tempo: float) -> None:
    found = measure.beat_of(waves.clicks(tempo, 6.0)[None], 22_050)
    assert found is not None
    assert found.tempo == pytest.approx(tempo, rel=0.01)
    assert found.first == pytest.approx(0.1, abs=0.006)


def test_stretching_changes_tempo_alone_and_transposing_pitch_alone() -> None:
    slow = stretched(waves.clicks(120, 5.0)[None], 22_050, times=1.2)
    beat = measure.beat_of(slow, 22_050)
    assert beat is not None
    assert beat.tempo == pytest.approx(100.0, rel=0.01)
    chord = waves.chords(0, "major")[None]
    key = measure.key_of(stretched(chord, 22_050, semitones=2), 22_050)
    assert key is not None
    assert key[0] == key_number("D")
    assert stretched(chord, 22_050, 0.9, -3).shape[1] == round(0.9 * chord.shape[1])
    same = stretched(chord, 22_050)
    assert np.array_equal(same, chord)


def test_stretching_keeps_a_tone_and_its_level() -> None:
    made = stretched(tone(440, 2.0), RATE, 1.13)
    inner = made[0, RATE // 2 : RATE // 2 + RATE]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(RATE)))
    assert spectrum.argmax() == 440
    assert inner.std() == pytest.approx(tone(440, 1.0).std(), rel=0.1)


@pytest.mark.parametrize("target", [-18.0, -12.0])
def test_level_reaches_its_target_below_the_ceiling(target: float) -> None:
    for sound in (tone(300, 2.0, 0.9), noise(2.0) + 0.2, tone(100, 2.0, 0.01)):
        made, reached = level(sound, RATE, target)
        assert measure.loudness(made, RATE) == pytest.approx(target, abs=0.2)
        assert measure.loudness(made, RATE) == pytest.approx(reached, abs=0.02)
        assert measure.true_peak(made) < -1.0
        assert measure.offset(made) < 1e-5
        assert len(measure.clicks(faded(made, RATE), RATE)) == 0
    drums = np.repeat(waves.clicks(120, 3.0, RATE)[None], 2, axis=0)
    assert measure.true_peak(level(drums, RATE, target)[0]) < -1.0  # however far it is from the target
    silence = np.zeros((2, RATE), np.float32)
    assert np.array_equal(level(silence, RATE, target)[0], silence)


def test_width_disappears_in_mono() -> None:
    mono = noise(1.0)[:1]
    wide = widened(mono, RATE)
    assert np.abs(wide.mean(axis=0) - mono[0]).max() < 1e-6
    assert np.corrcoef(wide)[0, 1] < 0.9
    low = widened(tone(80, 1.0)[:1], RATE)
    assert np.abs(low[0] - low[1])[2000:-2000].max() < 0.01  # low tones stay in the middle


@pytest.mark.parametrize("channels", range(1, 10))
def test_every_layout_becomes_stereo_without_an_offset(channels: int) -> None:
    sound = np.stack([tone(200 + 50 * i, 0.2)[0] + 0.1 for i in range(channels)])
    made = to_stereo(sound)
    assert made.shape == (2, sound.shape[1])
    assert measure.offset(made) < 1e-5
    assert np.abs(made).max() > 0.05


def test_timbre_takes_colour_on_and_keeps_rhythm() -> None:
    rhythm = np.repeat(waves.clicks(120, 3.0, RATE)[None], 2, axis=0) + noise(3.0, 1e-4)
    bright = np.diff(noise(2.0), prepend=0.0, axis=1)
    wanted = colour_of(bright, RATE)

    def distance(sound: np.ndarray) -> float:
        return float(np.abs(np.log(colour_of(sound, RATE) + 1e-4) - np.log(wanted + 1e-4)).mean())

    def pulse(sound: np.ndarray) -> np.ndarray:
        return np.sqrt(np.square(sound[0, : RATE * 2]).reshape(-1, 882).mean(axis=1))

    made = {amount: recoloured(rhythm, bright, wanted, amount, RATE) for amount in (0.0, 0.5, 1.0)}
    assert np.array_equal(made[0.0], rhythm)
    assert distance(made[1.0]) < 0.5 * distance(made[0.5]) + 0.5 * distance(rhythm)
    assert distance(made[1.0]) < 0.5 * distance(rhythm)
    assert np.corrcoef(pulse(made[1.0]), pulse(rhythm))[0, 1] > 0.8


def test_timbre_of_a_loop_still_closes() -> None:
    loop = tone(220, 1.0) + tone(440, 1.0, 0.1)
    texture = noise(1.0)
    made = recoloured(loop, texture, colour_of(tone(220, 1.0), RATE), 1.0, RATE, around=True)
    assert len(measure.clicks(made, RATE, around=True)) == 0
    assert measure.seam_decibel(made, RATE, np.random.default_rng(0)) < -20


def test_preview_shows_where_the_tones_lie() -> None:
    seen = preview(np.concatenate([tone(300, 1.0), 0 * tone(1, 1.0), tone(4000, 1.0)], axis=1), RATE, 300, 64)
    assert seen.peaks.shape == (300, 2)
    assert seen.tones.shape == (64, 300)
    assert seen.tones.dtype == np.uint8
    assert seen.seconds == pytest.approx(3.0)
    low, gap, high = seen.tones[:, 50], seen.tones[:, 150], seen.tones[:, 250]
    assert low.argmax() > high.argmax() + 10  # high tones are at the top
    assert gap.max() == 0
    assert np.abs(seen.peaks[140:160]).max() == 0.0
    assert preview(np.zeros((2, 1000), np.float32), RATE).tones.max() == 0
    assert preview(np.zeros((1, 0), np.float32), RATE).peaks.shape[0] >= 1
    assert preview(noise(0.01), RATE, 800).tones.shape[1] <= 5


@pytest.mark.parametrize("number", range(24))
def test_keys_have_names_that_are_understood(number: int) -> None:
    assert key_number(key_name(number)) == number


@pytest.mark.parametrize(
    ("name", "number"), [("f#m", 18), ("Bb minor", 22), ("E♭ major", 3), ("b", 11), ("H", None)]
)
def test_keys_are_read_as_people_write_them(name: str, number: int | None) -> None:
    if number is None:
        with pytest.raises(UsageError, match="not a key"):
            key_number(name)
    else:
        assert key_number(name) == number


def test_a_wish_survives_json() -> None:
    wish = SoundWish(
        "m",
        3,
        "bed",
        60.0,
        96.0,
        "F#m",
        between=("seed:1", 7),
        at=0.25,
        loudness=-23.0,
        stereo=False,
        index=2,
    )
    assert SoundWish.of(wish.as_json()) == wish
    told = SoundWish("m", like=(0.5, -1.0))
    assert SoundWish.of(told.as_json()) == told
    assert SoundWish("m").as_json() == {"model": "m", "choosing": 3}
    assert SoundWish.kept({"model": "m"}).choosing == 1  # made before pieces were chosen by spectrograms


@pytest.mark.parametrize(
    "fields",
    [
        {"seconds": 0.1},
        {"seconds": 601},
        {"tempo": 300},
        {"tempo": float("nan")},
        {"key": "Q"},
        {"kind": "song"},
        {"amount": 1.5},
        {"loudness": 0.0},
        {"between": ("a",)},
        {"between": ("a", "b"), "like": "c"},
        {"continue_from": "a"},
        {"like": True},
        {"seed": "x"},
        {"seconds": "long"},
    ],
)
def test_a_wish_that_cannot_be_is_a_sentence(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        SoundWish.of({"model": "m", **fields})
    assert caught.value.hint or str(caught.value)


def test_a_spectrogram_tells_the_tempo() -> None:
    import torch

    from mmstudio.learning.engine.sound_shape import SoundShape
    from mmstudio.learning.engine.spectra import mel_of

    shape = SoundShape(frames=112)

    def mel(wave: np.ndarray) -> np.ndarray:
        part = np.pad(wave, (0, max(0, shape.samples - len(wave))))[: shape.samples]
        return mel_of(torch.from_numpy(part.astype(np.float32))[None, None], shape)[0, 0].numpy()

    assert measure.tempo_of(mel(waves.clicks(110, 3.0))) == pytest.approx(110, rel=0.03)
    assert measure.tempo_of(mel(np.zeros(8))) is None
