"""Sets up the virtual environment and runs one task in it; the standard library only, the same on every OS.

Usage: python packaging/bootstrap.py setup|run|run-gui|test|lint|bench [arguments]
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / ".mmstudio-installed"

TASKS: dict[str, list[list[str]]] = {
    "setup": [],
    "run": [["-m", "mmstudio", "demo", "--open"]],
    "run-gui": [["-m", "mmstudio"]],
    # In the order of tests/conftest.py: the files with long tests first.
    "test": [
        ["-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart=0"]
    ],
    "lint": [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
    ],
    "bench": [["tests/benchmarks/run.py"]],
}


def main() -> int:
    if sys.version_info[:2] not in {(3, 11), (3, 12), (3, 13)}:
        print(
            f"MM Studio needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}.\n"
            "Install one of them and run the same command with it.",
            file=sys.stderr,
        )
        return 1
    task, arguments = (sys.argv[1] if len(sys.argv) > 1 else "setup"), sys.argv[2:]
    if task not in TASKS:
        print(__doc__, file=sys.stderr)
        return 2
    if (status := set_up()) != 0:
        return status
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONUTF8": "1"}
    if task == "test":  # the suite's hundreds of processes would each compile the program and the tests anew
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for step in TASKS[task]:
        status = subprocess.call([str(PYTHON), *step, *arguments], cwd=ROOT, env=environment)
        if status != 0:
            return status
    return 0


def set_up() -> int:
    """Make the environment and install the pinned packages, once per change of the pins."""
    wanted = hashlib.sha256(
        (ROOT / "constraints.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    ).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted and PYTHON.exists():
        return 0
    print("Setting up .venv with the pinned packages (several gigabytes; a few minutes once).", flush=True)
    try:
        if not PYTHON.exists():
            venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The virtual environment could not be made: {error}", file=sys.stderr)
        print("On Debian and Ubuntu: apt-get install python3-venv", file=sys.stderr)
        return 1
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    status = subprocess.call([*command, "-c", "constraints.txt", "-e", ".[dev]"], cwd=ROOT)
    if status != 0:
        print("The packages could not be installed; the lines above say why.", file=sys.stderr)
        return status
    STAMP.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
