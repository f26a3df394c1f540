"""What a bundle is made of: licences of everything inside, an SBOM (CycloneDX 1.6), and sizes by library."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import re
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

_LICENCE = re.compile(r"(^|/)(licen[cs]es?|copying|notice|authors|copyright)[^/]*(/|$)", re.IGNORECASE)
_NAMES = re.compile(r"^[A-Za-z0-9._-]+")
# What wheels carry inside without saying so in their metadata.
CARRIED = {
    "av": "FFmpeg with x264 and x265 (GPL-2.0-or-later)",
    "soundfile": "libsndfile (LGPL-2.1-or-later), LAME (LGPL-2.0-or-later), mpg123 (LGPL-2.1)",
    "pillow-heif": "libheif and libde265 (LGPL-3.0), x265 (GPL-2.0-or-later)",
    "soxr": "libsoxr (LGPL-2.1-or-later)",
    "PySide6-Essentials": "Qt (LGPL-3.0-only)",
    "torch": "CUDA runtime, cuDNN, NCCL in the CUDA build (NVIDIA proprietary)",
}


def distributions(root: str, without: Iterable[str] = ()) -> list[metadata.Distribution]:
    """The distribution ``root`` and everything it needs here, by name; extras are not followed."""
    left_out = {_plain(name) for name in without}
    found: dict[str, metadata.Distribution] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if _plain(name) in found or _plain(name) in left_out:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[_plain(name)] = one
        for line in one.requires or ():
            if "extra ==" in line or not _applies(line):
                continue
            match = _NAMES.match(line)
            if match:
                waiting.append(match[0])
    return [found[name] for name in sorted(found)]


def write_licences(parts: list[metadata.Distribution], folder: Path) -> list[str]:
    """Copy every licence file into ``folder/NAME/``; returns the packages that carry none."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    missing = []
    for part in parts:
        name = part.metadata["Name"]
        files = [file for file in part.files or () if _LICENCE.search(str(file)) and file.suffix != ".py"]
        kept = 0
        for file in files:
            source = Path(str(part.locate_file(file)))
            if source.is_file() and source.stat().st_size < 2_000_000:
                target = (
                    folder
                    / name
                    / "-".join(file.parts[-3:] if ".dist-info" in str(file) else file.parts[-2:])
                )
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                kept += 1
        if not kept:
            missing.append(name)
            (folder / name).mkdir(exist_ok=True)
            text = f"{name} {part.version} carries no licence file.\nIt says: {_licence(part) or 'nothing'}\n"
            (folder / name / "LICENCE-AS-STATED.txt").write_text(text, "utf-8")
    lines = [f"{p.metadata['Name']} {p.version}: {_licence(p)}" for p in parts]
    lines += ["", "Carried inside, not named in the packages' own metadata:"]
    lines += [
        f"{name}: {what}" for name, what in CARRIED.items() if any(p.metadata["Name"] == name for p in parts)
    ]
    (folder / "SUMMARY.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return missing


def write_sbom(parts: list[metadata.Distribution], version: str, target: Path) -> None:
    """Write a CycloneDX 1.6 document; the same contents give the same file."""
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    root = Component(name="mmstudio", version=version, type=ComponentType.APPLICATION, bom_ref="mmstudio")
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_DNS, f"mmstudio {version} {sys.platform}"))
    bom.metadata.component = root
    components = []
    for part in parts:
        name = part.metadata["Name"]
        if name == "mmstudio":
            continue
        component = Component(
            name=name, version=part.version, type=ComponentType.LIBRARY, bom_ref=f"{name}@{part.version}",
            purl=PackageURL("pypi", name=_plain(name), version=part.version),
            licenses=[DisjunctiveLicense(name=_licence(part))] if _licence(part) else [],
            properties=[Property(name="mmstudio:carries", value=CARRIED[name])] if name in CARRIED else [],
        )  # fmt: skip
        components.append(component)
    bom.components.update(components)
    bom.register_dependency(root, components)
    plain = json.loads(JsonV1Dot6(bom).output_as_string())
    plain["metadata"].pop("timestamp", None)  # the same bundle, the same file
    target.write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n", "utf-8")


def sizes(folder: Path) -> Counter[str]:
    """Bytes of a bundle by what stands directly below its contents folder."""
    inside = next(
        (p for p in (folder / "_internal", folder / "Contents" / "Frameworks") if p.is_dir()), folder
    )
    found: Counter[str] = Counter()
    for file in _files(folder):
        part = file.relative_to(inside).parts[0] if inside in file.parents else file.name
        found[part.removesuffix(".libs") if part.endswith(".libs") else part] += file.stat().st_size
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _licence(part: metadata.Distribution) -> str:
    said = part.metadata.get("License-Expression") or part.metadata.get("License") or ""
    if not said or len(said) > 120:
        classes = [c for c in part.metadata.get_all("Classifier") or () if c.startswith("License ::")]
        said = "; ".join(c.split(" :: ")[-1] for c in classes) or said[:120]
    return " ".join(said.split())


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _applies(line: str) -> bool:
    from packaging.requirements import Requirement

    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": ""})
