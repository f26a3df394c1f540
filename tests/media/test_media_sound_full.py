"""A sound that does not fit on the disk is said to be just that."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile

from mmstudio.atomic import atomic_path
from mmstudio.errors import DiskFull
from mmstudio.media.audio import write_wav


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "said"), [(100, errno.ENOSPC), (10**9, errno.EIO)])
def test_a_system_error_of_libsndfile_gets_its_meaning(
    free: int, said: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile, "write", refuses)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(10**9, 0, free))
    with pytest.raises(OSError) as caught:
        write_wav(tmp_path / "a.wav", np.zeros(48_000, np.float32), 48_000)
    assert caught.value.errno == said
    if said == errno.ENOSPC:
        with pytest.raises(DiskFull), atomic_path(tmp_path / "b.wav") as temporary:
            write_wav(temporary, np.zeros(48_000, np.float32), 48_000)
    assert list(tmp_path.iterdir()) == []
