"""Install, verify, take back: another build of torch in the person's data folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mmstudio.errors import DiskFull, StudioError, is_disk_full
from mmstudio.gpu.entries import Build, available, from_folder
from mmstudio.gpu.place import choose, chosen, forget_choice, gpu_dir
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.learning.catalogue.fetch import fetch, room, sha256_of

_PATIENCE = 300  # seconds for the child that imports torch
_GROWTH = 2.1  # a wheel takes about this much of its size when it is unpacked


@dataclass(frozen=True, slots=True)
class Status:
    """What is installed (bytes), and the driver and card that the system names ("" where none answers)."""

    installed: str = ""
    size: int = 0
    driver: str = ""
    card: str = ""


def status() -> Status:
    """What is installed and which driver and card the system names; reads, loads no torch."""
    found = chosen()
    name = "" if found is None else str(found["name"])
    folder = gpu_dir() / name
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if name else 0
    driver, card = _driver()
    return Status(name, size, driver, card)


def install_work(source: Path | None = None, entries: Path | None = None) -> Work:
    """A job that installs a build: fetched as packaging/gpu.toml names it, or from a folder of wheels.

    It fetches (resumable), checks every hash, unpacks beside what is there, lets a child import it and ask
    for a graphics card, and only then chooses it for the next start. On any failure what was there stays.
    Its result: {"name", "device", "bytes"}.

    Raises (in the job):
        NotFound, StudioError, DiskFull, Cancelled.
    """

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        files: dict[str, Path]
        if source is None:
            build, files = available(entries), {}
        else:
            build, files = from_folder(source)
        _check_driver(build)
        root = gpu_dir()
        root.mkdir(parents=True, exist_ok=True)
        clean(root)
        room(root, int(build.size * (_GROWTH if files else 1 + _GROWTH)))
        before = 0
        for wheel in build.wheels:
            if wheel.path in files:
                yield Progress(before, build.size, tr("Checking {name}", name=wheel.path))
                if sha256_of(files[wheel.path], context) != wheel.sha256:
                    raise StudioError(
                        "{name} is not what SHA256SUMS states.",
                        hint="Fetch it again; nothing was installed.",
                        name=wheel.path,
                    )
            else:
                got = yield from fetch(
                    wheel, root / "wheels" / wheel.path, context, before=before, total=build.size
                )
                if got is None:
                    return {"name": "", "device": "", "bytes": before}
                files[wheel.path] = got
            before += wheel.size
        unpacked = root / f"{build.name}.part"
        try:
            yield from _unpack(build, files, unpacked, context)
            yield Progress(None, None, tr("Trying it in a process of its own"))  # type: ignore[arg-type]
            device = verify(unpacked)
        except BaseException:
            shutil.rmtree(unpacked, ignore_errors=True)
            raise
        final = root / build.name
        if final.exists():
            final = root / f"{build.name}-{int(time.time())}"  # Windows does not replace files in use
        unpacked.rename(final)
        choose(
            final.name, {"wheels": [w.path for w in build.wheels], "source": build.source, "device": device}
        )
        shutil.rmtree(root / "wheels", ignore_errors=True)
        return {"name": final.name, "device": device, "bytes": build.size}

    return work


def remove() -> str:
    """Use the program's own build again and delete the others; the name of what was used.

    What a running program holds open on Windows goes at the next install.
    """
    found = chosen()
    forget_choice()
    clean(gpu_dir(), everything=True)
    return "" if found is None else str(found["name"])


def clean(root: Path, *, everything: bool = False) -> None:
    """Delete unfinished and replaced builds (with ``everything`` also those that could be used)."""
    found = chosen()
    kept = {"wheels"} if not everything else set()
    if found is not None and not everything:
        kept.add(str(found["name"]))
    if not root.is_dir():
        return
    for entry in root.iterdir():
        if entry.is_dir() and entry.name not in kept:
            shutil.rmtree(entry, ignore_errors=True)


def verify(folder: Path) -> str:
    """What a child finds that imports torch from ``folder``: "CUDA: <card>" or "MPS".

    Raises:
        StudioError: it cannot be imported, or finds no graphics card.
    """
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable, *([] if frozen else ["-m", "mmstudio"]), "--gpu-probe", str(folder)]
    environment = {**os.environ, "MMSTUDIO_GPU": "off", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONUTF8": "1"}
    try:
        said = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            env=environment,
            errors="replace",
            check=False,
        )
        answer = json.loads(said.stdout.strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError, OSError) as error:
        raise StudioError(
            "The build for graphics cards does not start on this computer.",
            hint="It was taken back; the studio goes on as before. The log file says more.",
        ) from error
    if not answer.get("ok"):
        raise StudioError(
            "The build for graphics cards cannot be used here: {why}",
            hint="It was taken back; the studio goes on as before.",
            why=str(answer.get("why", "")),
        )
    return str(answer["device"])


def probe(folder: Path) -> dict[str, Any]:
    """What the child does: import torch and torchvision from ``folder``, multiply on the card."""
    sys.path.insert(0, str(folder))
    try:
        import torch

        place = Path(torch.__file__).resolve()
        if folder.resolve() not in place.parents:
            return {"ok": False, "why": tr("another torch was loaded")}
        import torchvision  # noqa: F401 - its libraries have to match

        if torch.cuda.is_available():
            device, name = "cuda", f"CUDA: {torch.cuda.get_device_name(0)}"
        elif torch.backends.mps.is_available():
            device, name = "mps", "MPS"
        else:
            return {"ok": False, "why": tr("no graphics card was found; check the driver")}
        total = float((torch.ones(8, 8, device=device) @ torch.ones(8, 8, device=device)).sum().cpu())
        return {"ok": total == 512.0, "device": name, "why": tr("it calculates wrongly")}
    except Exception as error:  # noqa: BLE001 - whatever a foreign build raises
        return {"ok": False, "why": f"{type(error).__name__}: {error}"}


def _unpack(
    build: Build, files: dict[str, Path], folder: Path, context: JobContext
) -> Generator[Progress, None, None]:
    """Wheels are ZIP files; what they carry for site-packages goes into ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for number, wheel in enumerate(build.wheels):
            yield Progress(number, len(build.wheels), tr("Unpacking {name}", name=wheel.path))
            with zipfile.ZipFile(files[wheel.path]) as archive:
                for entry in archive.infolist():
                    context.raise_if_cancelled()
                    parts = PurePosixPath(entry.filename).parts
                    if entry.is_dir() or not parts or ".." in parts or parts[0].endswith((":", "/", "\\")):
                        continue
                    if parts[0].endswith(".data"):
                        if len(parts) < 3 or parts[1] not in ("purelib", "platlib"):
                            continue
                        parts = parts[2:]
                    target = folder.joinpath(*parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(entry) as source, target.open("wb") as out:
                        shutil.copyfileobj(source, out, 1 << 20)
    except zipfile.BadZipFile as error:
        raise StudioError("A wheel is damaged.", hint="Fetch it again; nothing was installed.") from error
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                "There is no room left to unpack the build.", hint="Free some space, then try again."
            ) from error
        raise


def _check_driver(build: Build) -> None:
    driver, _ = _driver()
    if build.driver and driver and _number(driver) < _number(build.driver):
        raise StudioError(
            "The graphics driver {driver} is too old for this build: it needs {wanted} or newer.",
            hint="Update the driver from your card's maker, then try again.",
            driver=driver,
            wanted=build.driver,
        )


def _driver() -> tuple[str, str]:
    """Driver version and card of an NVIDIA card, as nvidia-smi names them; empty where it is not there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "", ""
    command = [program, "--query-gpu=driver_version,name", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    first = said.strip().splitlines()[0] if said.strip() else ""
    driver, _, card = first.partition(",")
    return driver.strip(), card.strip()


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
