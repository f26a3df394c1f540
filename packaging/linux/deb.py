"""The Debian package: the bundle under /opt/mmstudio, with what a desktop wants to know about it.

Dependencies are what the bundled libraries open from outside the bundle: asked of `objdump` and `dpkg -S` at
build time, plus what is opened by name at run time.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
APP = "app.mmstudio.MMStudio"
# Opened by name at run time, so that no library lists them.
AT_RUN_TIME = {
    "libegl1", "libgl1", "libopengl0", "libxcb-cursor0", "libxkbcommon-x11-0", "libxkbcommon0",
    "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0",
    "libxcb-shape0", "libxcb-xkb1", "libxcb-xinerama0", "libdbus-1-3", "libfontconfig1",
    "libfreetype6", "fontconfig", "fonts-dejavu-core", "libportaudio2", "libpulse0",
}  # fmt: skip
RECOMMENDS = ["fonts-noto-cjk", "fonts-noto-core", "fonts-noto-color-emoji", "espeak-ng"]
# Ubuntu 24.04 renamed libraries with a 64-bit time_t.
RENAMED = {"libglib2.0-0": "libglib2.0-0t64", "libportaudio2": "libportaudio2t64", "libssl3": "libssl3t64"}
CONTROL = """Package: mmstudio
Version: {version}
Architecture: {architecture}
Maintainer: The MM Studio authors <packages@mmstudio.app>
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: {recommends}
Section: graphics
Priority: optional
Homepage: https://mmstudio.app
Description: local, offline media studio
 Keeps pictures, sounds, clips and texts in a local library, learns from them,
 generates new material, ranks what suits each audience and says why, composes
 it into ads and short videos, and exports them. Nothing is uploaded.
"""


def build(bundle: Path, work: Path, out: Path, version: str, *, film_program: bool) -> Path:
    """Make ``out/mmstudio_VERSION_ARCH.deb`` from a bundle; ``film_program``: film needs ffmpeg beside it."""
    root = work / "deb"
    shutil.rmtree(root, ignore_errors=True)
    (root / "DEBIAN").mkdir(parents=True)
    home = root / "opt" / "mmstudio"
    subprocess.run(["cp", "-al", str(bundle), str(home)], check=False) if _same_disk(bundle, root) else None
    if not home.is_dir():
        (root / "opt").mkdir(exist_ok=True)
        shutil.copytree(bundle, home, symlinks=True)
    binaries = root / "usr" / "bin"
    binaries.mkdir(parents=True)
    for name in ("mmstudio", "mmstudio-window"):
        (binaries / name).symlink_to(f"/opt/mmstudio/{name}")
    _put(HERE / f"{APP}.desktop", root / "usr/share/applications")
    _put(HERE / f"{APP}.metainfo.xml", root / "usr/share/metainfo")
    target = root / "usr/share/mime/packages"
    target.mkdir(parents=True)
    shutil.copyfile(HERE / f"{APP}.mime.xml", target / f"{APP}.xml")
    for icon in sorted((work / "icons").glob("*.png")):
        place = root / f"usr/share/icons/hicolor/{icon.stem}x{icon.stem}/apps"
        place.mkdir(parents=True)
        shutil.copyfile(icon, place / f"{APP}.png")
    manual = root / "usr/share/man/man1"
    manual.mkdir(parents=True)
    (manual / "mmstudio.1.gz").write_bytes(gzip.compress((HERE / "mmstudio.1").read_bytes(), 9, mtime=0))
    document = root / "usr/share/doc/mmstudio"
    document.mkdir(parents=True)
    shutil.copyfile(HERE.parent.parent / "LICENSE", document / "copyright")
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    depends = dependencies(bundle) | ({"ffmpeg"} if film_program else set())
    text = CONTROL.format(
        version=version,
        architecture=architecture,
        kilobytes=sum(f.lstat().st_size for f in root.rglob("*") if f.is_file()) // 1024,
        depends=", ".join(_either(name) for name in sorted(depends)),
        recommends=", ".join(RECOMMENDS),
    )
    (root / "DEBIAN" / "control").write_text(text, "utf-8")
    out.mkdir(parents=True, exist_ok=True)
    made = out / f"mmstudio_{version}_{architecture}.deb"
    command = [
        "dpkg-deb",
        "--root-owner-group",
        "-Zzstd",
        "-z7",
        "--threads-max=2",
        "--build",
        str(root),
        str(made),
    ]
    subprocess.run(command, check=True)
    return made


def dependencies(bundle: Path) -> set[str]:
    """Debian packages of the libraries that those of the bundle ask for and the bundle does not hold."""
    libraries = [p for p in bundle.rglob("*") if p.is_file() and (".so" in p.name or os.access(p, os.X_OK))]
    inside = {p.name for p in libraries}
    wanted: set[str] = set()
    for library in libraries:
        said = subprocess.run(["objdump", "-p", str(library)], capture_output=True, text=True, check=False)
        wanted |= set(re.findall(r"NEEDED\s+(\S+)", said.stdout))
    packages = set(AT_RUN_TIME)
    cache = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    places = {
        line.split()[0]: line.split("=>")[-1].strip() for line in cache.splitlines()[1:] if "=>" in line
    }
    for name in sorted(wanted - inside):
        if name not in places:
            continue  # an optional plugin's library that this machine does not have: the plugin stays silent
        real = Path(places[name]).resolve()
        for path in (real, Path(places[name])):
            said = subprocess.run(
                ["dpkg", "-S", str(path)], capture_output=True, text=True, check=False
            ).stdout
            if not said and str(path).startswith("/usr/lib"):
                short = str(path).removeprefix("/usr")
                said = subprocess.run(
                    ["dpkg", "-S", short], capture_output=True, text=True, check=False
                ).stdout
            if said:
                packages.add(said.split(":")[0])
                break
    return packages - {"libc-bin", "ocl-icd-libopencl1"}


def _either(name: str) -> str:
    return f"{name} | {RENAMED[name]}" if name in RENAMED else name


def _put(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / file.name)


def _same_disk(a: Path, b: Path) -> bool:
    (b / "opt").mkdir(exist_ok=True)
    return a.stat().st_dev == b.stat().st_dev
