"""Builds MM Studio for this system in one command: the folder, and the installers made from it.

    python packaging/build.py [--only bundle|archive|installer] [--out dist] [--no-test]

It runs in the environment that `packaging/bootstrap.py setup` made (and calls it where it is missing), adds
the tools of packaging/requirements-build.txt, freezes, tests the frozen program with its own --self-test,
and packs: .tar.gz and .deb (AppImage where appimagetool is there) on Linux, .zip and Inno Setup's .exe on
Windows, .dmg on macOS. Signing happens where a certificate is named in the environment, and not otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata as metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "packaging"
sys.path.insert(0, str(HERE))


def main() -> int:
    arguments = _arguments()
    if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve() and not os.environ.get("MMSTUDIO_BUILD_HERE"):
        return _in_the_environment()
    from bundle import LEFT_OUT_NAMES
    from contents import distributions, sizes, write_licences, write_sbom

    version = metadata.version("mmstudio")
    profile = "cuda" if _has_cuda() else "plain"
    out, work = arguments.out.resolve(), ROOT / "build" / "bundle"
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    bundle = ROOT / "build" / "frozen" / "mmstudio"
    report: dict[str, object] = {"version": version, "profile": profile, "system": platform.platform()}
    if arguments.only in ("", "bundle"):
        left_out = LEFT_OUT_NAMES[profile]
        (work / "left-out.txt").write_text(left_out, "utf-8")
        parts = distributions("mmstudio", left_out.split(","))
        parts += [
            one
            for one in distributions("transformers")
            if one.metadata["Name"] not in {p.metadata["Name"] for p in parts}
        ]
        report["without a licence file"] = write_licences(parts, work / "licences")
        write_sbom(parts, version, work / "sbom.cdx.json")
        _icons(work)
        _version_resource(work, version)
        report["build seconds"] = _freeze(work, profile, version)
        report["size"] = sum(sizes(bundle).values())
        report["by library"] = dict(sizes(bundle).most_common(25))
    if not arguments.no_test:
        status = _self_test(bundle, out)
        if status != 0:
            return status
    if arguments.only in ("", "archive"):
        report["archive"] = _described(_archive(bundle, out, version))
    if arguments.only in ("", "installer"):
        report["installers"] = [_described(path) for path in _installers(bundle, work, out, version, profile)]
    _checksums(out)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (out / "build.json").write_text(text + "\n", "utf-8")
    print(text)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("bundle", "archive", "installer"), default="")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--no-test", action="store_true", help="do not run the frozen program's self-test")
    return parser.parse_args()


def _in_the_environment() -> int:
    """The same command with the project's own interpreter, set up first."""
    status = subprocess.call([sys.executable, str(HERE / "bootstrap.py"), "setup"], cwd=ROOT)
    if status != 0:
        return status
    from bootstrap import PYTHON

    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    status = subprocess.call([*pip, "-r", str(HERE / "requirements-build.txt")], cwd=ROOT)
    return status or subprocess.call([str(PYTHON), str(HERE / "build.py"), *sys.argv[1:]], cwd=ROOT)


def _has_cuda() -> bool:
    code = "import torch, sys; sys.exit(0 if torch.version.cuda else 1)"
    return subprocess.call([sys.executable, "-c", code]) == 0


def _freeze(work: Path, profile: str, version: str) -> float:
    """Run PyInstaller; seconds it took."""
    environment = {
        **os.environ,
        "MMSTUDIO_PROFILE": profile,
        "MMSTUDIO_BUILD": str(work),
        "MMSTUDIO_VERSION": version,
        "PYTHONHASHSEED": "1",
    }
    started = time.monotonic()
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    places = ["--distpath", str(ROOT / "build" / "frozen"), "--workpath", str(ROOT / "build" / "pyinstaller")]
    subprocess.run([*command, *places, str(HERE / "mmstudio.spec")], check=True, env=environment, cwd=ROOT)
    if sys.platform.startswith("linux"):
        window = ROOT / "build" / "frozen" / "mmstudio" / "mmstudio-window"
        window.symlink_to("mmstudio")  # without a command it opens the window
    return round(time.monotonic() - started, 1)


def _self_test(bundle: Path, out: Path) -> int:
    print("Testing the frozen program.", flush=True)
    return subprocess.call(
        [str(program_of(bundle)), "--self-test", "--self-test-keep", str(out / "self-test")]
    )


def program_of(bundle: Path) -> Path:
    """The shell's program inside a bundle."""
    if sys.platform == "darwin":
        return bundle.parent / "MM Studio.app" / "Contents" / "MacOS" / "mmstudio"
    return bundle / ("mmstudio.exe" if sys.platform == "win32" else "mmstudio")


def _archive(bundle: Path, out: Path, version: str) -> Path:
    """The portable form: .zip on Windows, .tar.gz elsewhere, everything below one folder."""
    name = f"mmstudio-{version}-{_platform()}"
    if sys.platform == "win32":
        return Path(shutil.make_archive(str(out / name), "zip", bundle.parent, bundle.name))
    made = out / f"{name}.tar.gz"
    with tarfile.open(made, "w:gz", compresslevel=1) as archive:
        archive.add(bundle, arcname=name, filter=_by_nobody)
    return made


def _by_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _installers(bundle: Path, work: Path, out: Path, version: str, profile: str) -> list[Path]:
    if sys.platform == "win32":
        return _inno(bundle, work, out, version)
    if sys.platform == "darwin":
        for script in ("sign.sh", "dmg.sh", "notarise.sh"):
            subprocess.run(
                ["sh", str(HERE / "macos" / script), str(bundle.parent), str(out), version], check=True
            )
        return sorted(out.glob("*.dmg"))
    made = []
    if shutil.which("dpkg-deb"):
        sys.path.insert(0, str(HERE / "linux"))
        from deb import build

        made.append(build(bundle, work, out, version, film_program=profile == "cuda"))
    else:
        print("dpkg-deb is not here: no .deb was made.", flush=True)
    if shutil.which("appimagetool"):
        script = str(HERE / "linux" / "appimage.sh")
        subprocess.run(["sh", script, str(bundle), str(work), str(out), version], check=True)
        made += sorted(out.glob("*.AppImage"))
    else:
        print("appimagetool is not here: no AppImage was made.", flush=True)
    return made


def _inno(bundle: Path, work: Path, out: Path, version: str) -> list[Path]:
    compiler = shutil.which("iscc") or r"C:\Program Files (x86)\Inno Setup 6\ISCC.exe"
    if not Path(compiler).is_file():
        print("Inno Setup is not here: no installer was made.", flush=True)
        return []
    define = [f"/DVersion={version}", f"/DBundle={bundle}", f"/DOut={out}", f"/DWork={work}"]
    subprocess.run([compiler, *define, str(HERE / "windows" / "mmstudio.iss")], check=True)
    return sorted(out.glob("*-setup.exe"))


def _icons(work: Path) -> None:
    """The program's mark as PNG in all sizes, .ico and .icns, painted by the program itself."""
    code = (
        "import sys; from pathlib import Path; from PySide6.QtWidgets import QApplication\n"
        "from PySide6.QtGui import QImage, QPainter; from PySide6.QtCore import QRectF\n"
        "from mmstudio.desktop.panes.welcome import paint_mark\n"
        "app = QApplication(['x', '-platform', 'offscreen'] if sys.platform == 'linux' else ['x'])\n"
        "out = Path(sys.argv[1]); out.mkdir(parents=True, exist_ok=True)\n"
        "for side in (16, 24, 32, 48, 64, 128, 256, 512):\n"
        "    image = QImage(side, side, QImage.Format.Format_ARGB32); image.fill(0)\n"
        "    painter = QPainter(image); paint_mark(painter, QRectF(0, 0, side, side)); painter.end()\n"
        "    assert image.save(str(out / f'{side}.png'))\n"
        "from PIL import Image\n"
        "big = Image.open(out / '512.png')\n"
        "big.save(out.parent / 'mmstudio.ico', sizes=[(s, s) for s in (16, 24, 32, 48, 64, 128, 256)])\n"
        "big.save(out.parent / 'mmstudio.icns')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(work / "icons")], check=True, cwd=ROOT)


def _version_resource(work: Path, version: str) -> None:
    numbers = tuple(int(part) if part.isdigit() else 0 for part in [*version.split("."), "0", "0"][:4])
    template = (HERE / "windows" / "version.txt").read_text("utf-8")
    (work / "version.txt").write_text(template.format(numbers=numbers, version=version), "utf-8")


def _checksums(out: Path) -> None:
    files = sorted(p for p in out.iterdir() if p.is_file() and p.name not in ("SHA256SUMS", "build.json"))
    lines = []
    for path in files:
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _described(path: Path) -> dict[str, object]:
    return {"name": path.name, "bytes": path.stat().st_size}


def _platform() -> str:
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    return f"{system}-{platform.machine().lower().replace('amd64', 'x86_64')}"


if __name__ == "__main__":
    sys.exit(main())
