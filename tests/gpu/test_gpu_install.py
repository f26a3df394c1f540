"""Another build of torch: from a folder of wheels or a server, verified in a child, taken back on failure.

The wheels are made here and hold a torch of a few lines: what is tested is the way, not the card.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.errors import DiskFull, NotFound, StudioError
from mmstudio.gpu.entries import available, from_folder, system
from mmstudio.gpu.install import install_work, remove, status
from mmstudio.gpu.place import activate, chosen, gpu_dir, python_tag
from mmstudio.jobs import run_inline

GOOD = """
class cuda:
    @staticmethod
    def is_available(): return True
    @staticmethod
    def get_device_name(index): return "Test card"
class _M:
    def __matmul__(self, other): return self
    def sum(self): return self
    def cpu(self): return 512.0
def ones(*shape, device=""): return _M()
__version__ = "9.9+test"
"""
NO_CARD = (
    GOOD.replace("return True", "return False")
    + """
class backends:
    class mps:
        @staticmethod
        def is_available(): return False
"""
)


def tag() -> str:
    mark = {"win32": "win_amd64", "darwin": "macosx_13_0_arm64"}.get(sys.platform)
    return f"{python_tag()}-{python_tag()}-{mark or 'manylinux_2_28_' + system().split('-')[1]}"


def make_wheels(folder: Path, torch: str = GOOD, *, sums: bool = True, version: str = "9.9") -> Path:
    folder.mkdir(parents=True)
    lines = []
    for name, text in (("torch", torch), ("torchvision", "")):
        path = folder / f"{name}-{version}+cu130-{tag()}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", text)
            wheel.writestr(f"{name}-{version}.data/purelib/{name}/extra.py", "x = 1\n")
            wheel.writestr("../outside.py", "escaped = True\n")
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    if sums:
        (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMSTUDIO_HOME", str(tmp_path / "home of 张伟"))
    return tmp_path


def test_a_build_from_a_folder_is_tried_chosen_and_used_at_the_next_start(home: Path) -> None:
    done = run_inline(install_work(make_wheels(home / "wheels")))
    assert done["device"] == "CUDA: Test card"
    assert status().installed == done["name"]
    place = gpu_dir() / done["name"]
    assert (place / "torch" / "extra.py").is_file()
    assert not (gpu_dir() / "outside.py").exists()
    code = "from mmstudio.gpu.place import activate; activate(); import torch; print(torch.__version__)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "9.9+test"
    assert remove() == done["name"]
    assert not place.exists()
    assert chosen() is None


def test_a_build_that_finds_no_card_is_taken_back_and_the_earlier_one_stays(home: Path) -> None:
    first = run_inline(install_work(make_wheels(home / "a")))
    with pytest.raises(StudioError, match="no graphics card"):
        run_inline(install_work(make_wheels(home / "b", NO_CARD, version="9.10")))
    with pytest.raises(StudioError, match="SyntaxError"):
        run_inline(install_work(make_wheels(home / "c", "this is no Python", version="9.11")))
    assert status().installed == first["name"]
    assert sorted(p.name for p in gpu_dir().iterdir()) == ["gpu.json", first["name"]]


def test_wheels_need_their_checksums_and_must_be_what_these_state(home: Path) -> None:
    with pytest.raises(StudioError, match="SHA256SUMS"):
        from_folder(make_wheels(home / "a", sums=False))
    changed = make_wheels(home / "b")
    with next(changed.glob("torch-*.whl")).open("ab") as file:
        file.write(b"more")
    with pytest.raises(StudioError, match="is not what"):
        run_inline(install_work(changed))
    (home / "c").mkdir()
    (home / "c" / "SHA256SUMS").write_text("")
    with pytest.raises(NotFound, match="torch"):
        from_folder(home / "c")
    assert status().installed == ""


def test_a_build_for_another_python_is_not_used(home: Path) -> None:
    run_inline(install_work(make_wheels(home / "wheels")))
    pointer = gpu_dir() / "gpu.json"
    data = json.loads(pointer.read_text("utf-8"))
    pointer.write_text(json.dumps({**data, "python": "cp27"}), "utf-8")
    assert activate() is None
    pointer.write_text(json.dumps({**data, "name": "../elsewhere"}), "utf-8")
    assert chosen() is None
    pointer.write_text("{", "utf-8")
    assert chosen() is None


def test_the_list_that_ships_names_only_what_it_may() -> None:
    with pytest.raises(NotFound, match="names no build"):
        available()


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    folder = make_wheels(home / "served")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()


def entries(home: Path, base: str, *, wrong: bool = False) -> Path:
    rows = []
    for path in sorted((home / "served").glob("*.whl")):
        digest = "0" * 64 if wrong else hashlib.sha256(path.read_bytes()).hexdigest()
        name = path.name.replace("+", "%2B")
        rows.append(
            f'[[build.wheel]]\nurl = "{base}/{name}"\nsha256 = "{digest}"\nsize = {path.stat().st_size}\n'
        )
    head = f'[[build]]\nname = "torch-9.9-cu130"\nsystem = "{system()}"\n'
    head += f'python = "{python_tag()}"\nsource = "{base}"\n'
    file = home / "gpu.toml"
    file.write_text("format = 1\n" + head + "".join(rows))
    return file


def test_a_build_is_fetched_and_checked(home: Path, server: str) -> None:
    done = run_inline(install_work(entries=entries(home, server)))
    assert done["name"] == "torch-9.9-cu130"
    assert not (gpu_dir() / "wheels").exists()
    with pytest.raises(StudioError, match="checksum"):
        run_inline(install_work(entries=entries(home, server, wrong=True)))
    assert status().installed == "torch-9.9-cu130"


def test_an_address_that_is_not_secure_is_refused(home: Path) -> None:
    make_wheels(home / "served")
    with pytest.raises(StudioError, match="cannot be read"):
        available(entries(home, "http://example.org"))


def test_too_little_room_is_said_before_anything_is_fetched(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    wheels = make_wheels(home / "wheels")
    usage = shutil.disk_usage(home)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(DiskFull, match="free"):
        run_inline(install_work(wheels))
    assert not any(p.is_dir() for p in gpu_dir().iterdir())
