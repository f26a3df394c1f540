"""The sample shop, drawn once for all workers of a test run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from mmstudio.demo.sample import SampleFiles, make_sample, sample_files


def drawn_sample(factory: pytest.TempPathFactory, folder: Path, seed: int = 7) -> SampleFiles:
    """A copy in ``folder`` of the shop that the first caller of the run drew."""
    base = factory.getbasetemp()
    if base.name.startswith("popen-"):  # a worker's; the run's lies above it
        base = base.parent
    kept = base / f"sample-{seed}"
    with FileLock(f"{kept}.lock"):
        make_sample(kept, seed)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return sample_files(folder)
