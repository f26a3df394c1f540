"""Odd sound files from the disk to a finished sound, as a person at the shell meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmstudio.cli import run
from mmstudio.generation.sounding import measure
from mmstudio.learning.config import load_config
from mmstudio.media.audio import load_audio
from support.odd_sounds import ODD, wrong

TINY = [
    *("--steps", "2", "--batch", "2", "--width", "2", "--seconds", "1"),
    *("--option", "vocoder_width=16", "--option", "vocoder_depth=1"),
]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library with one file of each odd kind and a model "odd" of them, and the folder of the files."""
    folder = tmp_path_factory.mktemp("odd")
    files = folder / "files"
    files.mkdir()
    for kind in (*ODD, "silence"):
        wrong(kind, files / f"{kind}.wav")
    library = folder / "lib.mmlib"
    assert run(["init", str(library)]) == 0
    assert run(["import", str(library), str(files)]) == 0
    assert run(["train", str(library), "sound-vae", "--name", "odd", *TINY]) == 0
    return library, files


def test_all_but_silence_is_learned_from(shell: tuple[Path, Path]) -> None:
    library, _ = shell
    trained = load_config(library / "models" / "odd").trained
    assert len(trained["assets"]) == len(ODD)
    assert trained["examples"] + trained.get("held", 0) >= len(ODD) - 1
    assert trained["steps"] == 2


@pytest.mark.parametrize("kind", ODD)
def test_each_is_varied_by_the_model_that_learned_it(
    kind: str, shell: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library, files = shell
    told = ["generate", str(library), "--model", "odd", "--like", str(files / f"{kind}.wav"), "-n", "1"]
    capsys.readouterr()
    assert run([*told, "--out", str(tmp_path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    samples, rate = load_audio(answer["files"][0])
    assert (samples.shape[0], rate) == (2, 44_100)
    assert np.isfinite(samples).all()
    assert measure.true_peak(samples) < -0.99
    assert measure.offset(samples) < 1e-3
    assert len(measure.clicks(samples, rate)) == 0


def test_silence_is_refused_and_a_library_of_silence_is_said_to_be_one(
    shell: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library, files = shell
    told = ["generate", str(library), "--model", "odd", "--like", str(files / "silence.wav")]
    assert run([*told, "--out", str(tmp_path / "out")]) == 1
    assert "silence.wav is silent" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.wav"))
    quiet = tmp_path / "quiet.mmlib"
    assert run(["init", str(quiet)]) == 0
    assert run(["import", str(quiet), str(files / "silence.wav")]) == 0
    capsys.readouterr()
    assert run(["train", str(quiet), "sound-vae", *TINY]) in (1, 2)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "silent" in said
