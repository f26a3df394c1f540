"""Trainings that are killed or run out of disk: what was learned before stays, and goes on exactly."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmstudio.learning.engine.checkpoint import load_state, load_weights
from support.learning import drive, make_trainer, tiny_config

TESTS = Path(__file__).parents[1]
_START = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from support.learning import make_trainer, tiny_config
config = tiny_config("image-gan", steps=12)
trainer = make_trainer(Path(sys.argv[1]), config, checkpoint_every=4, resume=True)
"""
_KILLED = (
    _START
    + """
import os, signal
from mmstudio.jobs import JobContext
for progress in trainer.run(JobContext(0, {})):
    if progress.done == 7:
        os.kill(os.getpid(), signal.SIGKILL)
"""
)
_FULL = (
    _START
    + """
import resource
from mmstudio.errors import DiskFull
from mmstudio.jobs import JobContext
try:
    for progress in trainer.run(JobContext(0, {})):
        if progress.done == 5:  # a checkpoint is larger than this
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
except DiskFull as error:
    print(error.message)
"""
)


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, str(folder), str(TESTS)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same training, ended without a fault."""
    folder = tmp_path_factory.mktemp("whole")
    drive(make_trainer(folder, tiny_config("image-gan", steps=12)))
    return folder


def _ends_as(folder: Path, undisturbed: Path) -> None:
    resumed = make_trainer(folder, tiny_config("image-gan", steps=12), checkpoint_every=4, resume=True)
    assert resumed.step == 4
    drive(resumed)
    one, two = load_weights(folder), load_weights(undisturbed)
    assert all(torch.equal(one[key], two[key]) for key in two)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_training_killed_for_real_ends_in_the_same_weights(tmp_path: Path, undisturbed: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    assert _run(_KILLED, folder).returncode == -signal.SIGKILL
    _ends_as(folder, undisturbed)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no file size limits on this system")
def test_a_full_disk_at_a_checkpoint_is_one_line_and_keeps_the_one_before(
    tmp_path: Path, undisturbed: Path
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    done = _run(_FULL, folder)
    assert done.returncode == 0, done.stderr
    assert "no room left" in done.stdout
    assert not list(folder.rglob("*.part*"))
    assert load_state(folder) is not None
    _ends_as(folder, undisturbed)
