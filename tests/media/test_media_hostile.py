"""Damaged bytes of every format: a result or a MediaError, nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mmstudio.errors import MediaError
from mmstudio.media import kind_of, probe
from mmstudio.media.metadata import read_stamp
from mmstudio.media.thumbnail import make_thumbnail
from support.media import make_image, make_m4a, make_mp4, make_svg, make_table, make_text, make_wav

FORMATS = (
    *("jpg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic", "svg"),
    *("wav", "flac", "ogg", "mp3", "m4a", "opus"),
    *("mp4", "mov", "mkv", "webm"),
    *("txt", "html", "json", "csv"),
)


def make(path: Path) -> Path:
    suffix = path.suffix[1:]
    if suffix == "svg":
        return make_svg(path, body='<g opacity="0.5"><text>hi</text></g>')
    if suffix in ("m4a", "opus"):
        return make_m4a(path, rate=48000)
    if suffix in ("mp4", "mov", "mkv", "webm"):
        return make_mp4(path, seconds=0.4, audio=True)
    if suffix in ("wav", "flac", "ogg", "mp3"):
        return make_wav(path)
    if suffix == "csv":
        return make_table(path, [["a", "b"], ["1", "2"]])
    if suffix in ("txt", "html", "json"):
        return make_text(path, '{"a": [1, 2], "b": "<p>hello"}')
    return make_image(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_bytes_give_a_result_or_a_media_error(tmp_path: Path, suffix: str) -> None:
    whole = make(tmp_path / f"whole.{suffix}").read_bytes()
    dice = random.Random(suffix)
    path = tmp_path / f"damaged.{suffix}"
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 3, 10, 40))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(1, len(data)) :]
        path.write_bytes(data)
        kind = kind_of(path)
        assert kind is not None
        problem: MediaError | None = None
        try:
            probe(path)
            assert max(make_thumbnail(path, kind, 64).size) <= 64
            read_stamp(path)
        except MediaError as error:
            problem = error
        if problem is not None:
            assert problem.status in ("corrupt", "empty", "too_large", "unsupported")
            assert path.name in problem.message


def test_a_sound_with_a_damaged_stretch_still_plays(tmp_path: Path) -> None:
    path = make_m4a(tmp_path / "tone.m4a", 3.0, 44100)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 8 + 4000
    data[start : start + 300] = bytes(300)
    path.write_bytes(data)
    from mmstudio.media.audio import load_audio

    samples, rate = load_audio(path)
    assert samples.shape[1] > 2.0 * rate
