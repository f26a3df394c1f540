"""A joint model from the shell, all the way: train, any part from any other, a set, the set once more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.cli import run
from support.joint_library import item_library
from support.media import make_image, make_wav

# Enough steps to be taken unasked, in a network small enough to do them in a few seconds.
TINY = ["--size", "8", "--batch", "4", "--steps", "200", "--width", "2", "--device", "cpu"]
OPTIONS = {"hidden": 8, "context": 4, "flow_width": 8, "latent": 4, "gan": 0}
QUICK = ["--seconds", "1.5", "--size", "64", "--picture-model", "starter-image-gan"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with item_library(tmp_path_factory.mktemp("joint-shell"), 16) as library:
        path = library.path
    given = [part for name, value in OPTIONS.items() for part in ("--option", f"{name}={value}")]
    assert run(["train", str(path), "joint", "--name", "tied", *TINY, *given]) == 0
    return path


def told(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*line, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("given", ["image", "sound"])  # of words, and of nothing: below
def test_any_part_gives_the_others(
    given: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {
        "image": str(make_image(tmp_path / "a.png", seed=3)),
        "sound": str(make_wav(tmp_path / "a.wav", seconds=1.0)),
    }
    ask = ["generate", str(place), "--model", "tied", f"--{given}", values[given]]
    (made,) = told(capsys, *ask, "--out", str(tmp_path / "out"))["sets"]
    manifest = json.loads(Path(made["manifest"]).read_text(encoding="utf-8"))
    by = {part: one["recipe"]["by"] for part, one in manifest["parts"].items()}
    # What a model of 200 small steps plays may be silence, and what it writes no words: then others step in.
    assert by["picture"] == ("file" if given == "image" else "joint")
    assert given != "sound" or by["sound"] == "file"
    joint = [one["recipe"] for one in manifest["parts"].values() if one["recipe"]["by"] == "joint"]
    assert all(set(recipe["given"]) == {"image" if given == "image" else "audio"} for recipe in joint)
    assert [Path(file).suffix for file in made["files"]] == [".png", ".wav", ".txt", ".json"]


def test_a_set_of_the_trained_model_is_made_once_more_from_its_manifest(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["set", str(place), "--seed", "5", "--out", str(tmp_path / "one"), *QUICK]
    (made,) = told(capsys, *ask)["sets"]
    manifest = json.loads(Path(made["manifest"]).read_text(encoding="utf-8"))
    assert manifest["wish"]["model"] == "tied"  # nobody named it: it is the library's only one, and ready
    assert manifest["parts"]["picture"]["model"] == "tied"
    picture = np.asarray(Image.open(next(file for file in made["files"] if file.endswith(".png"))))
    assert picture.shape == (64, 64, 3)
    twice = told(capsys, "set", str(place), "--manifest", made["manifest"], "--out", str(tmp_path / "two"))
    assert len(twice["sets"][0]["files"]) == 4
    for old, new in zip(made["files"], twice["sets"][0]["files"], strict=True):
        assert Path(old).read_bytes() == Path(new).read_bytes()


def test_tags_are_a_part_that_can_be_wanted(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["generate", str(place), "--model", "tied", "--text", "Red boots", "--want", "tags,picture"]
    (made,) = told(capsys, *ask, "--out", str(tmp_path / "out"))["sets"]
    assert made["text"] == "Red boots"
    suffixes = [Path(file).name.rsplit("-", 1)[-1] for file in made["files"]]
    assert suffixes == ["picture.png", *(["tags.txt"] if made["tags"] else []), "manifest.json"]
    if made["tags"]:
        lines = Path(made["files"][1]).read_text(encoding="utf-8").splitlines()
        assert lines == made["tags"]
    assert len(made["tags"]) == len(set(made["tags"]))
