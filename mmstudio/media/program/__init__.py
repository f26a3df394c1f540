"""Film and AAC through a separately installed ffmpeg program, where PyAV is not inside.

PyAV's wheels are linked with x264 and x265 (GPL); a bundle with NVIDIA's libraries is made without
it (docs/adr/0201). The same doors then use `ffmpeg` and `ffprobe` of the system; MMSTUDIO_CODECS=program
asks for them in any installation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec

from mmstudio.errors import StudioError

ONLY_FILES = ["-protocol_whitelist", "file,pipe"]
QUIET = ["-hide_banner", "-nostdin", "-loglevel", "error"]


def inside() -> bool:
    """Whether PyAV does the work."""
    return os.environ.get("MMSTUDIO_CODECS", "") != "program" and _has_pyav()


@lru_cache(maxsize=1)
def _has_pyav() -> bool:
    return find_spec("av") is not None


def program(name: str = "ffmpeg") -> str:
    """The path of ``ffmpeg`` or ``ffprobe``.

    Raises:
        StudioError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        remedies = {"win32": "winget install ffmpeg", "darwin": "brew install ffmpeg"}
        raise StudioError(
            "Film needs the program {name}, which is not installed.",
            hint="Install it, then try again: {command}",
            name=name,
            command=remedies.get(sys.platform, "sudo apt-get install ffmpeg"),
        )
    return found


@lru_cache(maxsize=1)
def encoders() -> frozenset[str]:
    """Names of the encoders of the installed ffmpeg; empty without one."""
    if shutil.which("ffmpeg") is None:
        return frozenset()
    said = subprocess.run(
        [program(), "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=30, check=False
    ).stdout
    return frozenset(
        line.split()[1] for line in said.splitlines() if line[:2] in (" V", " A") and "=" not in line
    )


def local(path: object) -> str:
    """A file for a command line: never an option, never an address."""
    return f"file:{path}"
