"""The one way files leave the studio: whole, under their final name, or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmstudio.atomic import atomic_path, remove_leftovers, take, write_bytes
from mmstudio.errors import StudioError

_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")  # direction marks
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}


def slug(text: str, limit: int = 48) -> str:
    """A file name part from any text: letters, digits and dashes; safe on every system, never empty."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(c.lower() if c.isalnum() else "-" for c in folded)
    kept = re.sub(r"-{2,}", "-", kept).strip("-")
    while len(kept.encode("utf-8")) > limit * 2 or len(kept) > limit:
        kept = kept[:-1]
    kept = kept.strip("-") or "untitled"
    return f"{kept}-" if kept in _RESERVED else kept


def printable(text: str) -> str:
    """A text without control characters, direction marks and halves of characters, on one line."""
    spaced = (" " if c in "\n\r\t" else c for c in text)
    kept = (c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") and c not in _TURNS)
    return " ".join("".join(kept).split())


class OutputFolder:
    """A folder that finished files appear in; remembers each with its hash."""

    def __init__(self, out: Path | str) -> None:
        """Make the folder if needed.

        Raises:
            StudioError: the path is a file, or nothing can be written there.
        """
        self.folder = Path(out).expanduser()
        self.files: list[dict[str, Any]] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise StudioError(
                "{path} is a file, not a folder.",
                hint="Choose a folder for the export.",
                path=str(self.folder),
            ) from error
        except OSError as error:
            raise StudioError(
                "The folder {path} cannot be made.", hint="Choose another folder.", path=str(self.folder)
            ) from error
        remove_leftovers(self.folder)

    @contextmanager
    def file(self, name: str, **facts: Any) -> Iterator[Path]:
        """A temporary path to write; it takes its name and is listed once the block succeeds.

        Raises:
            DiskFull, StudioError: nothing of the file remains.
        """
        final = self.folder / name
        try:
            with atomic_path(final) as temporary:
                yield temporary
                digest, size = sha256_of(temporary), temporary.stat().st_size
        except PermissionError as error:
            raise StudioError(
                "{name} cannot be written to {path}.",
                hint="Choose a folder you may write to, or close the program that uses the file.",
                name=name,
                path=str(self.folder),
            ) from error
        self.files.append({"path": str(final), "sha256": digest, "bytes": size, **facts})

    @contextmanager
    def claim(
        self, base: str, finals: Callable[[str], Iterable[str]], *, free: bool = False
    ) -> Iterator[str]:
        """A name of our own for a set of files while they are written: ``base``, or ``base-2``, ``base-3`` …

        Two exports into one folder at the same time never write under the same names, so that each ends with
        files that fit its manifest.

        Args:
            finals: the file names that a base leads to. free: also keep away from names that exist already.
        """
        for number in range(1, 10_000):
            name = base if number == 1 else f"{base}-{number}"
            if free and any((self.folder / final).exists() for final in finals(name)):
                continue
            lock = self.folder / f".mmstudio-{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
            if take(lock):
                break
        else:
            raise StudioError("The folder {path} has too many exports of one name.", path=str(self.folder))
        try:
            yield name
        finally:
            lock.unlink(missing_ok=True)

    def write_manifest(self, name: str, **facts: Any) -> Path:
        """List every file with its hash, without any path of this machine."""
        listed = [{**f, "path": Path(f["path"]).name} for f in self.files]
        final = self.folder / name
        plain = json.dumps({**facts, "files": listed}, ensure_ascii=False, indent=2) + "\n"
        write_bytes(final, plain.encode("utf-8", "replace"))  # half a character is no reason to fail
        return final


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
