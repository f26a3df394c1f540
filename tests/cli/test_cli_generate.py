"""The command "generate": films that close, and what does not go together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from mmstudio.cli import run
from support.latents import add_random_model
from support.libraries import new_library


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with new_library(tmp_path_factory.mktemp("shell")) as library:
        add_random_model(library, "gan")
        return library.path


def test_a_loop_has_its_frames_and_closes(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "new" / "loop.mp4"
    told = ["--loop", "1,2", "--film", str(film), "--frames", "12", "--size", "32"]
    assert run(["generate", str(place), "--model", "gan", *told]) == 0
    assert f"Wrote {film}" in capsys.readouterr().out
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(float) for frame in container.decode(video=0)]
    assert len(frames) == 12
    steps = [np.abs(a - b).mean() for a, b in pairwise(frames)]
    assert np.abs(frames[-1] - frames[0]).mean() <= 1.5 * max(steps)


def test_one_file_is_one_file(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["generate", str(place), "--model", "gan", "--out", str(tmp_path), "--no-floor", "-n"]
    assert run([*told, "1"]) == 0
    assert f"Wrote one file to {tmp_path}" in capsys.readouterr().out
    assert run([*told, "3"]) == 0
    assert f"Wrote 3 files to {tmp_path}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--between", "1", "2", "--mix", "3:1"], "--between and --mix do not go together."),
        (["--project", "1", "--like", "2"], "--project and --like do not go together."),
        (["--loop", "1,2", "--film", "x.mp4", "--text", "red"], "--film and --text do not go together."),
        (["--mix", "7:99"], "“gan” has the stages 0 to "),
        (["--mix", "x"], "--mix takes a seed and a stage"),
        (["--slider", "warmer=nan"], "“warmer=nan” is not a slider."),
        (["--loop", "1,b", "--film", "x.mp4"], "“1,b” is not a list of seeds."),
        (["--palette", "#12"], "“12” is not a colour."),
    ],
)
def test_what_cannot_be_is_one_sentence(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], sentence: str
) -> None:
    out = tmp_path / "out"
    assert run(["generate", str(place), "--model", "gan", "--out", str(out), *wrong]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not out.exists()
