"""A machine without a display or with a missing library: a plain sentence, never an aborted process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmstudio.errors import StudioError, of_a_library
from mmstudio.i18n import tr_error

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays of X11 and Wayland")


def start(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    dropped = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return subprocess.run(
        [sys.executable, "-m", "mmstudio"],
        env={**kept, "MMSTUDIO_HOME": str(home), "PYTHONUTF8": "1", **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@linux
@pytest.mark.parametrize(
    ("environment", "sentence"),
    [({}, "There is no display"), ({"DISPLAY": ":7654"}, "The display :7654 does not answer")],
)
def test_a_window_without_a_display_is_one_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    said = start(tmp_path / "家 home", **environment)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert len(said.stderr.strip().splitlines()) == 2


def test_a_missing_library_is_named_with_its_package() -> None:
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    assert tr_error(error) == (
        "The system library libEGL.so.1 is missing.",
        "Install it: sudo apt-get install libegl1",
    )
    other = of_a_library(
        ImportError("libodd-2.so.5: cannot open shared object file: No such file or directory")
    )
    assert isinstance(other, StudioError)
    assert other.values["name"] == "libodd-2.so.5"
    assert of_a_library(ImportError("No module named x")) is None


def test_an_old_graphics_driver_is_a_remedy_not_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    import torch

    from mmstudio.doctor import examine
    from mmstudio.features.device import choose_device

    def old() -> bool:
        warnings.warn(
            "CUDA initialization: The NVIDIA driver on your system is too old (found 11040).", stacklevel=1
        )
        return False

    monkeypatch.setattr(torch.cuda, "is_available", old)
    assert choose_device("auto") in ("cpu", "mps")
    [device] = [check for check in examine() if check.name == "Computing device"]
    assert not device.ok
    assert "driver is too old" in device.remedy
    assert not device.required


def test_onnxruntime_keeps_no_id_of_this_device_and_sends_nothing(tmp_path: Path) -> None:
    code = "import mmstudio, onnxruntime"
    kept = {k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == []


def test_torchs_libraries_can_be_read_before_it_is_imported() -> None:
    program = (
        "import sys\nfrom mmstudio.features.device import choose_device, read_libraries\n"
        "read_libraries()\nassert 'torch' not in sys.modules\nprint(choose_device('cpu'))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (answer.stdout.strip(), answer.stderr) == ("cpu", "")
