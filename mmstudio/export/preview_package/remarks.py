"""Reads the remarks that come back from a preview package. They were in strange hands: nothing is trusted."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound, StudioError
from mmstudio.export.preview_package.page import FORMAT, VERSION
from mmstudio.export.preview_package.writing import library_key
from mmstudio.library.remarks import MOST_NAME, MOST_WORDS, tidy
from mmstudio.library.storyboards import VERDICTS

if TYPE_CHECKING:
    from mmstudio.library import Library

_MOST_BYTES = 4_000_000
_MOST_ENTRIES = 5_000
_TOKEN = re.compile(r"[0-9a-f]{8,64}")
_PACKAGE = re.compile(r"[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A remark, or a verdict where ``verdict`` is set."""

    token: str
    storyboard: int
    who: str
    text: str
    created: str
    at: float | None = None
    x: float | None = None
    y: float | None = None
    verdict: str = ""


def import_file(library: Library, file: Path) -> int:
    """See :func:`mmstudio.export.package.import_remarks`."""
    package, key, entries = _read(file)
    if key != library_key(library):
        raise StudioError(
            "The remarks in {name} are on storyboards of another library.",
            hint="Open the library that the preview package was made from.",
            name=file.name,
        )
    known: set[int] = set()
    for number in {entry.storyboard for entry in entries}:
        try:
            known.add(library.storyboards.get(number).id)
        except NotFound:
            continue
    if entries and not known:
        raise NotFound("The storyboards that {name} speaks of are no longer there.", name=file.name)
    new = 0
    for entry in entries:
        if entry.storyboard in known:
            new += _keep(library, entry, package)
    return new


def _keep(library: Library, entry: _Entry, package: str) -> int:
    digest = hashlib.sha256(f"{package} {entry.token}".encode()).hexdigest()
    if library.remarks.find(digest) is not None:
        return 0
    if entry.verdict:
        given = library.storyboards.approvals(entry.storyboard)
        if any((a.who, a.verdict, a.comment) == (entry.who, entry.verdict, entry.text) for a in given):
            return 0
        library.storyboards.approve(
            entry.storyboard, entry.who, entry.verdict, entry.text, created_at=entry.created
        )
        return 1
    library.remarks.add(
        entry.storyboard,
        entry.who,
        entry.text,
        entry.at,
        entry.x,
        entry.y,
        f"package {package}",
        digest=digest,
        created_at=entry.created,
    )
    return 1


def _read(file: Path) -> tuple[str, str, list[_Entry]]:
    """(package, library key, entries) of a file, checked through and through before anything is kept."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise _refused(file)
        plain = json.loads(file.read_bytes().decode("utf-8-sig"), parse_constant=_no_constant)
    except FileNotFoundError as error:
        raise NotFound("There is no file {name}.", name=file.name) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _refused(file) from error
    try:
        if plain["format"] != FORMAT:
            raise _refused(file)
        version = plain["version"]
        if isinstance(version, int) and version > VERSION:
            raise StudioError(
                "The remarks in {name} were written by a newer version of MM Studio.",
                hint="Update the program to take them in.",
                name=file.name,
            )
        package = _match(_PACKAGE, plain["package"])
        remarks, verdicts = plain["remarks"], plain["verdicts"]
        if not (isinstance(remarks, list) and isinstance(verdicts, list)):
            raise _refused(file)
        if len(remarks) + len(verdicts) > _MOST_ENTRIES:
            raise _refused(file)
        entries = [_remark(entry) for entry in remarks] + [_verdict(entry) for entry in verdicts]
        return package, _match(_TOKEN, plain["library"]), entries
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(file) from error


def _remark(entry: Mapping[str, Any]) -> _Entry:
    x, y = _number(entry["x"], 1.0), _number(entry["y"], 1.0)
    if (x is None) != (y is None):
        raise ValueError("half a place")
    words = _words(entry["text"], MOST_WORDS)
    if not words:
        raise ValueError("no words")
    return _Entry(
        _match(_TOKEN, entry["id"]), _whole(entry["storyboard"]), _who(entry["who"]), words,
        _match(_TIME, entry["created"]), _number(entry["at"], 360_000.0), x, y,
    )  # fmt: skip


def _verdict(entry: Mapping[str, Any]) -> _Entry:
    verdict = entry["verdict"]
    if verdict not in VERDICTS:
        raise ValueError("no such verdict")
    return _Entry(
        _match(_TOKEN, entry["id"]), _whole(entry["storyboard"]), _who(entry["who"]),
        _words(entry["comment"], MOST_WORDS), _match(_TIME, entry["created"]), verdict=verdict,
    )  # fmt: skip


def _who(value: Any) -> str:
    name = " ".join(_words(value, MOST_NAME).split())
    if not name:
        raise ValueError("no name")
    return name


def _words(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError("no text")
    return tidy(value)


def _match(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("no such token")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**53:
        raise ValueError("no number")
    return value


def _number(value: Any, most: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    if not math.isfinite(value) or not 0.0 <= value <= most:
        raise ValueError("no such place")
    return float(value)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _refused(file: Path) -> StudioError:
    return StudioError(
        "{name} is not a file of remarks from a preview package, or it was changed.",
        hint="Take the file that “Save remarks as a file” wrote.",
        name=file.name,
    )
