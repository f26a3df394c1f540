"""Replaces the environment's torch by the build for the processor alone, from torch's own index.

The registry's Linux wheels bring 3 GB of CUDA libraries. A bundle without them may hold PyAV (see bundle.py).
Run with the environment's own interpreter; the versions are those of constraints.txt.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INDEX = "https://download.pytorch.org/whl/cpu"


def main() -> int:
    pins = dict(
        re.findall(
            r"^(torch|torchvision|torchaudio)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M
        )
    )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wanted = [f"{name}=={version}" for name, version in sorted(pins.items())]
    status = subprocess.call(
        [*pip, "install", "--quiet", "--force-reinstall", "--no-deps", "--index-url", INDEX, *wanted]
    )
    if status != 0:
        return status
    listed = subprocess.run(
        [*pip, "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    cuda = [line.split("==")[0] for line in listed.splitlines() if re.match(r"(nvidia-|cuda-|triton)", line)]
    return subprocess.call([*pip, "uninstall", "--quiet", "--yes", *cuda]) if cuda else 0


if __name__ == "__main__":
    sys.exit(main())
