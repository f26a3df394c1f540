"""Which builds can be fetched: packaging/gpu.toml, and wheels that lie in a folder."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mmstudio import paths
from mmstudio.errors import NotFound, StudioError
from mmstudio.gpu.place import python_tag
from mmstudio.learning.catalogue.entries import WeightFile, is_allowed

NEEDED = ("torch", "torchvision")  # a build without these is none
SUMS = "SHA256SUMS"
_WHEEL = re.compile(
    r"^(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-]+)(-[^-]+)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<system>.+)\.whl$"
)
_SUM = re.compile(r"^([0-9a-fA-F]{64})[ \t]+\*?(.+)$")


@dataclass(frozen=True, slots=True)
class Build:
    """A build of torch for one system and Python.

    ``name`` is its folder's name ("torch-2.14.1-cu130"), ``driver`` the oldest graphics driver it works with
    ("580", "" where not known), ``source`` the page that states the hashes.
    """

    name: str
    wheels: tuple[WeightFile, ...]
    driver: str = ""
    source: str = ""

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(wheel.size for wheel in self.wheels)


def entries_file() -> Path:
    """The list that ships with the program; it may be missing."""
    return paths.packaged("gpu.toml")


def available(file: Path | None = None) -> Build:
    """The build for this system and Python.

    Raises:
        NotFound: the list names none. StudioError: the list cannot be read, or names an unsafe address.
    """
    file = file or entries_file()
    try:
        data = tomllib.loads(file.read_text("utf-8"))
        rows = data.get("build", [])
        for row in rows:
            if row["system"] == system() and row["python"] == python_tag():
                wheels = tuple(
                    WeightFile(
                        str(w["url"]), _file_name(str(w["url"])), int(w["size"]), str(w["sha256"]).lower()
                    )
                    for w in row["wheel"]
                )
                if not all(is_allowed(w.url) and re.fullmatch(r"[0-9a-f]{64}", w.sha256) for w in wheels):
                    raise ValueError("address or hash")
                return Build(str(row["name"]), wheels, str(row.get("driver", "")), str(row.get("source", "")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(
            "The list of builds for graphics cards cannot be read.", hint="Install MM Studio again."
        ) from error
    raise NotFound(
        "This version names no build of PyTorch for graphics cards on {system} with Python {python}.",
        hint="Put the wheels into a folder with their SHA256SUMS and run: mmstudio gpu install --from FOLDER",
        system=system(),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
    )


def from_folder(folder: Path) -> tuple[Build, dict[str, Path]]:
    """A build from the wheels of a folder, and each wheel's file by name.

    The file ``SHA256SUMS`` beside them states the hashes, as for instance `sha256sum *.whl` writes it.

    Raises:
        NotFound: no torch for this Python and system among them. StudioError: no hashes.
    """
    if not folder.is_dir():
        raise NotFound("There is no folder {path}.", path=str(folder))
    sums = _sums(folder / SUMS)
    files: dict[str, Path] = {}
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.whl")):
        match = _WHEEL.match(path.name)
        if match and fits(match["python"], match["abi"], match["system"]):
            files[path.name] = path
            names[match["name"].lower().replace("_", "-")] = match["version"]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise NotFound(
            "{path} holds no wheel of {name} for this system and Python.",
            hint="Put the wheels of torch and torchvision, and of all that they need, into it.",
            path=str(folder),
            name=missing[0],
        )
    wheels = []
    for name, path in files.items():
        if name not in sums:
            raise StudioError(
                "{file} states no checksum of {name}.",
                hint="Write one with: sha256sum *.whl > SHA256SUMS, from a source you trust.",
                file=SUMS,
                name=name,
            )
        wheels.append(WeightFile(path.as_uri(), name, path.stat().st_size, sums[name]))
    label = re.sub(r"[^A-Za-z0-9.]+", "-", names["torch"])
    return Build(f"torch-{label}", tuple(wheels), source=str(folder)), files


def fits(python: str, abi: str, platform_tag: str) -> bool:
    """Whether a wheel's tags are for this interpreter and system (PEP 425, without the finer points)."""
    ours = python_tag()
    pythons = python.split(".")
    right_python = (
        ours in pythons or "py3" in pythons or (abi == "abi3" and any(p.startswith("cp3") for p in pythons))
    )
    tags = platform_tag.split(".")
    if "any" in tags:
        return right_python
    mark = {"win32": "win_amd64", "darwin": "macosx"}.get(sys.platform, "linux")
    machine = "" if sys.platform == "win32" else _machine()
    return right_python and any(mark in tag and machine in tag for tag in tags)


def system() -> str:
    """ "windows-x86_64", "linux-x86_64", "linux-aarch64" or "macos-arm64"."""
    name = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    return f"{name}-{_machine()}"


def _machine() -> str:
    import platform

    said = platform.machine().lower()
    return "x86_64" if said == "amd64" else said


def _file_name(url: str) -> str:
    from urllib.parse import unquote, urlsplit

    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    if not _WHEEL.match(name) or "/" in name or "\\" in name:
        raise ValueError(name)
    return name


def _sums(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(
            "The wheels in {path} come without {file}.",
            hint="Write one with: sha256sum *.whl > SHA256SUMS, from a source you trust.",
            path=str(file.parent),
            file=SUMS,
        ) from error
    return {match[2].strip(): match[1].lower() for line in lines if (match := _SUM.match(line.strip()))}
