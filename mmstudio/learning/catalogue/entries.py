"""What can be fetched: the entries of models/catalogue.toml, checked before anything is believed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from mmstudio import paths
from mmstudio.errors import StudioError
from mmstudio.i18n import language, mark

FORMAT = 1
KINDS = {
    "image-backbone": mark("Pictures"),
    "image-text": mark("Pictures and words"),
    "sentence": mark("Texts"),
    "word-vectors": mark("Words"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,39}(\.[A-Za-z0-9_\-]{1,19})?")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file to fetch.

    Attributes:
        size: bytes, as its publisher states them (rounded).
        sha256: the whole hash in lower case hex, or its first eight digits or more.
        path: where it goes in the model's folder; relative, plain names only.
    """

    url: str
    path: str
    size: int
    sha256: str

    @property
    def most(self) -> int:
        """More bytes than this are another file."""
        return int(self.size * 1.02) + 1024

    @property
    def least(self) -> int:
        """Fewer bytes than this are another file."""
        return max(1, int(self.size * 0.98) - 1024)

    def matches(self, digest: str) -> bool:
        """True where a SHA-256 in hex is the one stated."""
        return digest.startswith(self.sha256)


@dataclass(frozen=True, slots=True)
class Entry:
    """One model that can be fetched. ``config`` becomes part of its config.json."""

    name: str
    title: str
    kind: str
    architecture: str
    dimension: int
    licence: str
    purposes: dict[str, str]
    source: str
    note: str
    files: tuple[WeightFile, ...]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.files)

    @property
    def purpose(self) -> str:
        """What it is for, in the person's language."""
        return self.purposes.get(language()) or self.purposes["en"]


def catalogue_file() -> Path:
    """The catalogue that ships with the program."""
    return paths.starter_models() / "catalogue.toml"


def load_catalogue(path: Path | None = None) -> dict[str, Entry]:
    """Read the entries by name.

    Raises:
        StudioError: unreadable, from a newer program, or with an entry that could do harm: an address that
            is not https (http is allowed on this computer only), a path that leaves the model's folder, a
            hash that is none.
    """
    path = path or catalogue_file()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudioError(
            "The catalogue of models cannot be read.",
            hint="Install MM Studio again, or restore {path}.",
            path=path,
        ) from error
    if not isinstance(data.get("format"), int) or data["format"] > FORMAT:
        raise StudioError(
            "The catalogue of models was made for a newer MM Studio.", hint="Update MM Studio to use it."
        )
    found: dict[str, Entry] = {}
    models = data.get("model", [])
    for raw in models if isinstance(models, list) else []:
        entry = _entry(raw)
        if entry.name in found:
            raise _wrong(entry.name, "name")
        found[entry.name] = entry
    return found


def is_name(name: str) -> bool:
    """True for a name that is safe as a folder on every system."""
    reserved = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
    return _NAME.fullmatch(name) is not None and name.lower().split(".")[0] not in reserved


def is_allowed(url: str) -> bool:
    """True for https anywhere, and for http on this computer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_loopback(host: str) -> bool:
    """True for names of this computer."""
    return host.lower() in _LOOPBACK


def _entry(raw: Any) -> Entry:
    name = str(raw.get("name", "")) if isinstance(raw, dict) else ""
    if not is_name(name):
        raise _wrong(name or "?", "name")
    try:
        files = tuple(_file(name, one) for one in raw["file"])
        entry = Entry(
            name=name,
            title=str(raw["title"]),
            kind=str(raw["kind"]),
            architecture=str(raw["architecture"]),
            dimension=int(raw["dimension"]),
            licence=str(raw["licence"]),
            purposes={"en": str(raw["purpose"]), "zh_CN": str(raw.get("purpose_zh", ""))},
            source=str(raw["source"]),
            note=str(raw.get("note", "")),
            files=files,
            config=dict(raw.get("config", {})),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(name, str(error).strip("'")) from error
    if entry.kind not in KINDS or not files or len({file.path.lower() for file in files}) != len(files):
        raise _wrong(name, "kind or files")
    return entry


def _file(name: str, raw: dict[str, Any]) -> WeightFile:
    url, path, size = str(raw["url"]), str(raw["path"]), int(raw["size"])
    sha256 = str(raw.get("sha256") or raw.get("sha256_prefix") or "")
    if not is_allowed(url):
        raise _wrong(name, "url")
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or not all(_PART.fullmatch(part) for part in parts):
        raise _wrong(name, "path")
    whole = "sha256" in raw
    if not re.fullmatch(r"[0-9a-f]{64}" if whole else r"[0-9a-f]{8,64}", sha256):
        raise _wrong(name, "sha256")
    if size < 1:
        raise _wrong(name, "size")
    return WeightFile(url, path, size, sha256)


def _wrong(name: str, what: str) -> StudioError:
    return StudioError(
        "The catalogue's entry “{name}” is not usable: {what}.",
        hint="Install MM Studio again, or correct the entry.",
        name=name,
        what=what,
    )
