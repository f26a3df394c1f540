"""Sound files of every kind as pieces of a model's shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mmstudio.errors import MediaError
from mmstudio.learning.datasets.waves import PEAK, cut, downmixed, fit, hear_file, loops, told_by
from mmstudio.learning.engine.data import DATA
from mmstudio.learning.engine.sound_data import SoundData, load_sounds, save_sounds, to_int16, writing
from mmstudio.learning.engine.sound_shape import SoundShape

SHAPE = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=128)  # one second
LOOP = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=128, loop=True)
STEREO = SoundShape(rate=8000, frame=256, hop=64, bands=16, frames=128, channels=2)


def tone(seconds: float, rate: int = 8000, frequency: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples.T, rate, subtype=subtype)
    return path


@pytest.mark.parametrize(
    ("samples", "rate", "subtype"),
    [
        (tone(0.7)[None], 8000, "PCM_U8"),
        (tone(0.7)[None] + 0.3, 8000, "FLOAT"),
        (4 * tone(0.7)[None].clip(-0.25, 0.25), 8000, "PCM_16"),
        (tone(0.7, 96000)[None], 96000, "PCM_24"),
        (np.repeat(tone(0.7, 48000)[None], 8, axis=0), 48000, "PCM_16"),
    ],
)
def test_every_kind_of_file_becomes_pieces(
    tmp_path: Path, samples: np.ndarray, rate: int, subtype: str
) -> None:
    path = write(tmp_path / "a.wav", samples, rate, subtype)
    for shape in (SHAPE, STEREO, LOOP):
        (piece,) = hear_file(path, shape, measured=False).pieces
        assert piece.shape == (shape.channels, shape.samples)
        assert abs(float(piece.mean())) < 0.01
        assert float(np.abs(piece).max()) <= 1.1 * PEAK


def test_silence_gives_nothing_and_what_is_no_sound_is_said(tmp_path: Path) -> None:
    assert not hear_file(write(tmp_path / "s.wav", np.zeros((1, 8000), np.float32), 8000), SHAPE).pieces
    assert not hear_file(write(tmp_path / "d.wav", np.full((1, 8000), 0.3, np.float32), 8000), SHAPE).pieces
    (tmp_path / "x.wav").write_bytes(b"nothing")
    with pytest.raises(MediaError):
        hear_file(tmp_path / "x.wav", SHAPE)


def test_short_loops_are_repeated_and_what_dies_away_is_followed_by_silence() -> None:
    hit = tone(0.4) * np.exp(-np.arange(3200) / 300).astype(np.float32)
    assert not loops(hit[None])
    (piece,) = cut(hit[None], SHAPE).pieces
    assert not piece[0, 3200:].any()
    assert loops(tone(0.4)[None])
    (piece,) = cut(tone(0.4)[None], SHAPE).pieces
    assert np.abs(piece[0, 4000:7800]).max() > 0.4


def test_a_loop_that_nearly_fills_the_shape_is_played_so_that_it_does() -> None:
    found = cut(tone(0.5, frequency=400.0)[None], LOOP, tempo=120.0, key=9)
    (piece,) = found.pieces
    speed = 8000 / LOOP.samples
    assert found.tempo == [pytest.approx(120 * speed)]
    assert piece.shape[1] == LOOP.samples
    jump = abs(float(piece[0, 0] - (2 * piece[0, -1] - piece[0, -2])))
    assert jump < 0.1


def test_long_files_are_cut_and_each_file_counts_the_same() -> None:
    assert len(cut(tone(5.2)[None], SHAPE).pieces) == 5
    assert len(cut(tone(5.2)[None], SHAPE, most=2).pieces) == 2
    waves = np.zeros((12, 1, 8), np.int16)
    waves[:, 0, 0] = range(12)
    data = SoundData(waves, 3, groups=[7] * 10 + [8, 9])
    import torch

    random = torch.Generator()
    epochs = [data.batch(3 * e, 3, random).x[:, 0, 0].mul(32767).round().int().tolist() for e in range(8)]
    assert all(sum(row < 10 for row in epoch) == 1 for epoch in epochs)
    assert len({row for epoch in epochs for row in epoch if row < 10}) > 3
    assert data.batch(4, 2, random).x.equal(SoundData(waves, 3, groups=data.groups).batch(4, 2, random).x)


def test_surround_is_mixed_and_mono_doubled() -> None:
    centre = np.zeros((6, 4), np.float32)
    centre[2] = 1.0
    assert np.allclose(downmixed(centre, 2), 0.5**0.5)
    centre[2], centre[3] = 0.0, 1.0
    assert not downmixed(centre, 1).any()  # the low-frequency channel is left out
    assert downmixed(np.ones((1, 4), np.float32), 2).shape == (2, 4)
    assert downmixed(np.ones((3, 4), np.float32), 2).shape == (2, 4)
    assert not fit(np.zeros((2, 100), np.float32), SHAPE).any()


def test_tags_say_tempo_and_key() -> None:
    assert told_by(["drums", "92.5 BPM", "F# minor"]) == (92.5, 18)
    assert told_by(["key: E♭ major", "tempo: 120 bpm"]) == (120.0, 3)
    assert told_by(["Am"]) == (None, 21)
    assert told_by(["a", "major", "5bpm", "cello", "h minor"]) == (None, None)


def test_waves_are_written_row_by_row_and_read_back_whole(tmp_path: Path) -> None:
    rows = [to_int16(np.full((1, 5), i / 10, np.float32)) for i in range(3)]
    with writing(tmp_path / DATA["pixels"], (1, 5)) as file:
        for row in rows:
            file.add(row)
    assert load_sounds(tmp_path, 0) is None  # not whole yet
    save_sounds(tmp_path, [4, 4, 6], np.ones((3, 2), np.float32))
    data = load_sounds(tmp_path, 0)
    assert data is not None
    assert np.array_equal(data.waves, np.stack(rows))
    assert data.groups.tolist() == [4, 4, 6]
    assert data.conditions is not None
    with pytest.raises(RuntimeError), writing(tmp_path / DATA["pixels"], (1, 5)):
        raise RuntimeError
    assert len(np.load(tmp_path / DATA["pixels"])) == 3
