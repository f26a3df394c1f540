"""The command "augment", and augmentation of a training on the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmstudio.cli import run
from mmstudio.features.augment import preset, read_recipe
from mmstudio.learning.config import load_config
from support.learning import picture_library
from support.media import make_image, make_text, make_wav


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    make_image(folder / "wide.png", (60, 40), seed=1)
    Image.new("L", (1, 1), 90).save(folder / "one.png")
    make_wav(folder / "tone.wav", seconds=0.3)
    soundfile.write(folder / "short.wav", np.zeros(441, np.float32), 44_100)
    make_text(folder / "words.txt", "A wonderful mug for 12 €.\n")
    make_text(folder / "emoji.txt", "😀😀")
    (folder / "empty.txt").touch()
    return folder


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_copies_of_every_kind_are_written_whole(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["augment", str(files), "--recipe", "strong", "-n", "3", "--seed", "1", "--json"]
    assert run([*command, "--out", str(out)]) == 0
    shown = document(capsys)
    assert len(shown["files"]) == 6 * 3
    assert shown["recipe"]["seed"] == 1
    assert ["empty.txt" in line for line in shown["left_out"]] == [True]
    assert sorted(p.name for p in out.iterdir()) == sorted(Path(f["path"]).name for f in shown["files"])
    with Image.open(out / "wide-01.png") as picture:
        assert (picture.size, picture.mode) == ((60, 40), "RGB")
    samples, rate = soundfile.read(out / "tone-02.wav")
    assert rate > 0
    assert np.isfinite(samples).all()
    assert "12 €" in (out / "words-03.txt").read_text(encoding="utf-8")
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert run([*command, "--out", str(tmp_path / "again")]) == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == before


def test_a_library_and_its_own_recipe_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = picture_library(tmp_path, count=2)
    library.close()
    assert run(["augment", "--list", "--json", "--recipe", "gentle"]) == 0
    listed = document(capsys)
    assert read_recipe(listed["recipe"]) == preset("gentle")
    assert listed["operations"]["noise"]["unit"] == "dB"
    recipe = tmp_path / "mine.json"
    recipe.write_text(json.dumps({"name": "mine", "seed": 4, "pictures": {"flip": {"probability": 1}}}))
    command = ["augment", str(library.path), "--recipe", str(recipe), "-n", "1", "--json"]
    assert run([*command, "--out", str(tmp_path / "out")]) == 0
    shown = document(capsys)
    assert [file["applied"] for file in shown["files"]] == [{"flip": 0}] * 2
    assert shown["recipe"]["seed"] == 4


def test_the_list_shows_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["augment", "--list", "--recipe", "strong"]) == 0
    shown = capsys.readouterr().out
    assert "rotation" in shown
    assert "-180 … 180" in shown
    assert "-25 … 25" in shown


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--recipe", "wild"], 2, "no augmentation “wild”"),
        (["--recipe", "missing.json"], 2, "cannot be read"),
        (["-n", "0"], 2, "-n"),
    ],
)
def test_mistakes_are_one_line(
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    words: str,
) -> None:
    assert run(["augment", str(files), "--out", str(tmp_path / "out"), *arguments]) == status
    assert words in capsys.readouterr().err
    assert run(["augment", "--out", str(tmp_path / "out")]) == 2
    assert run(["augment", str(files / "nothing.png"), "--out", str(tmp_path / "out")]) == 1
    assert "There was no picture, sound or text to augment." in capsys.readouterr().err


def test_a_training_on_augmented_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = picture_library(tmp_path, count=2)
    library.close()
    command = ["train", str(library.path), "image-vae", "--size", "16", "--steps", "1", "--batch", "2"]
    assert run([*command, "--name", "m", "--augment", "gentle", "--device", "cpu"]) == 0
    assert "2 pictures, 8 with augmentation" in capsys.readouterr().out
    config = load_config(Path(library.path) / "models" / "m")
    assert read_recipe(config.augment) == preset("gentle")
    assert run([*command, "--name", "n", "--augment", "wild"]) == 2
