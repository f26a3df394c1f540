"""Writes the entries of packaging/gpu.toml: the wheels and hashes that the pages of torch's own index state.

    python packaging/gpu_entries.py [INDEX]     (in the project's environment)

An entry is written only where the page states the hash (PEP 503: the fragment `#sha256=…` of a link) of every
wheel; sizes are asked of the server. Run it after a change of the pins, look at the difference, commit it.
"""

from __future__ import annotations

import re
import sys
import tomllib
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

FILE = Path(__file__).resolve().with_name("gpu.toml")
PYTHONS = ("cp311", "cp312", "cp313")
SYSTEMS = {"windows-x86_64": "win_amd64", "linux-x86_64": "linux_x86_64|manylinux_2_28_x86_64"}
PACKAGES = ("torch", "torchvision", "torchaudio")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for key, value in attrs if key == "href" and value]


def links(page: str) -> list[str]:
    """Absolute addresses on a page of the index."""
    with urllib.request.urlopen(page, timeout=60) as answer:
        parser = _Links()
        parser.feed(answer.read().decode("utf-8"))
    return [urljoin(page, link) for link in parser.found]


def wheel(found: list[str], package: str, version: str, python: str, systems: str) -> tuple[str, str] | None:
    """Address and hash of the wheel of a version for a Python and system, or None."""
    pattern = re.compile(rf"^{package}-{re.escape(version)}(\+\w+)?-{python}-{python}-.*({systems})\.whl$")
    for link in found:
        parts = urlsplit(link)
        stated = re.fullmatch(r"sha256=([0-9a-f]{64})", parts.fragment)
        if stated and pattern.match(unquote(parts.path.rsplit("/", 1)[-1])):
            return link.split("#")[0], stated[1]
    return None


def libraries(url: str, python: str) -> dict[str, str]:
    """CUDA's own packages that a wheel asks for on Linux, by name with their version (PEP 658 metadata).

    A build without them loads and then finds no libcublas.
    """
    from packaging.requirements import Requirement

    with urllib.request.urlopen(url + ".metadata", timeout=60) as answer:
        text = answer.read().decode("utf-8")
    number = f"{python[2]}.{python[3:]}"
    ours = {
        "platform_system": "Linux",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "python_version": number,
        "extra": "",
    }
    found = {}
    for line in re.findall(r"^Requires-Dist: (.*)$", text, re.MULTILINE):
        wanted = Requirement(line)
        if not wanted.name.startswith(("nvidia-", "cuda-")) or (
            wanted.marker and not wanted.marker.evaluate(ours)
        ):
            continue
        exact = [one.version for one in wanted.specifier if one.operator == "=="]
        if exact:
            found[wanted.name] = exact[0]
    return found


def library(found: list[str], package: str, version: str) -> tuple[str, str] | None:
    """Address and hash of a CUDA package's Linux wheel."""
    name = re.escape(package.replace("-", "_"))
    pattern = re.compile(rf"^{name}-{re.escape(version)}-py3-none-.*x86_64\.whl$")
    for link in found:
        parts = urlsplit(link)
        stated = re.fullmatch(r"sha256=([0-9a-f]{64})", parts.fragment)
        if stated and pattern.match(unquote(parts.path.rsplit("/", 1)[-1])):
            return link.split("#")[0], stated[1]
    return None


def size(url: str) -> int:
    """Bytes, as the server says."""
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=60) as answer:
        return int(answer.headers["Content-Length"])


def entries(index: str, pins: dict[str, str], driver: str) -> str:
    """The entries as TOML."""
    label = index.rstrip("/").rsplit("/", 1)[-1]
    pages = {name: links(f"{index.rstrip('/')}/{name}/") for name in PACKAGES}
    out = []
    for name, systems in SYSTEMS.items():
        for python in PYTHONS:
            wheels = {p: wheel(pages[p], p, pins[p], python, systems) for p in PACKAGES}
            torch = wheels["torch"]
            if torch is not None and name.startswith("linux"):
                for package, version in libraries(torch[0], python).items():
                    page = links(f"{index.rstrip('/')}/{package}/")
                    wheels[package] = library(page, package, version)
            if any(found is None for found in wheels.values()):
                print(f"{name} {python}: not every wheel has a stated hash; left out", file=sys.stderr)
                continue
            out.append(
                f'\n[[build]]\nname = "torch-{pins["torch"]}-{label}"\nsystem = "{name}"\n'
                f'python = "{python}"\n'
                f'driver = "{driver}"\nsource = "{index.rstrip("/")}/torch/"\n'
            )
            for found in wheels.values():
                assert found is not None
                out.append(
                    f'[[build.wheel]]\nurl = "{found[0]}"\nsha256 = "{found[1]}"\nsize = {size(found[0])}\n'
                )
    return "".join(out)


def main() -> int:
    text = FILE.read_text("utf-8")
    data = tomllib.loads(text)
    index = sys.argv[1] if len(sys.argv) > 1 else data["index"]
    head = text.split("\n[[build]]")[0].rstrip() + "\n"
    FILE.write_text(head + entries(index, {p: data[p] for p in PACKAGES}, data["driver"]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
