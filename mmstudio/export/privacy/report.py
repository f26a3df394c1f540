"""The de-identification report: what was hidden and how, without any of what was hidden."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmstudio.export.privacy.copies import Copied
from mmstudio.i18n import mark, tr

KINDS = {
    "email": mark("e-mail addresses"), "phone": mark("phone numbers"), "card": mark("card numbers"),
    "account": mark("bank account numbers"), "id": mark("national identity numbers"),
}  # fmt: skip
_REMOVED = {
    "EXIF": mark("camera data (EXIF)"), "XMP": mark("XMP"), "place": mark("place"),
    "comment": mark("comments"), "text": mark("texts"), "tags": mark("tags"),
    "cover": mark("cover pictures"), "chapters": mark("chapters"), "data track": mark("data tracks"),
    "other": mark("other data"),
}  # fmt: skip
NAMES = ("deidentification.json", "deidentification.txt")


def with_copies(record: Mapping[str, Any], copies: Iterable[Copied]) -> dict[str, Any]:
    """A report extended by media that were copied whole."""
    files = [
        {"file": one.path.name, "removed": list(one.removed), "masked": dict(one.masked),
         "faces_hidden": one.redrawn}
        for one in copies
    ]  # fmt: skip
    return {**record, "files": [*record.get("files", []), *files]} if files else dict(record)


def is_empty(record: Mapping[str, Any]) -> bool:
    """Whether there is nothing to report."""
    return not any(record.get(key) for key in ("masked", "faces", "files"))


def sentences(record: Mapping[str, Any]) -> list[str]:
    """The report as sentences in the person's language."""
    said: list[str] = []
    if "masked" in record:
        found = record["masked"]
        if found:
            words = ", ".join(f"{n} {tr(KINDS[kind])}" for kind, n in found.items() if kind in KINDS)
            said.append(tr("Masked in texts: {what}.", what=words))
        else:
            said.append(
                tr("No personal data was found in the texts; names and postal addresses are not looked for.")
            )
    faces = record.get("faces")
    if faces:
        said.append(
            tr("Faces hidden: {n} in {pictures} pictures; clips are searched ten times a second.",
               n=faces["found"], pictures=faces["pictures"])
        )  # fmt: skip
        said.append(tr(faces["limits"]))
    for file in record.get("files", []):
        removed = ", ".join(tr(_REMOVED.get(word, word)) for word in file["removed"])
        parts = [tr("taken out: {what}", what=removed)] if removed else [tr("nothing had to be taken out")]
        if file["faces_hidden"]:
            parts = [tr("drawn anew with faces hidden")]
        parts += [f"{n} {tr(KINDS[kind])}" for kind, n in file["masked"].items() if kind in KINDS]
        said.append(f"{file['file']}: {'; '.join(parts)}")
    return said


def report_files(record: Mapping[str, Any]) -> dict[str, str]:
    """Names and contents of the report: JSON for programs, plain text for people. Empty for nothing."""
    if is_empty(record):
        return {}
    title = tr("What was hidden before this left")
    return {
        NAMES[0]: json.dumps(dict(record), ensure_ascii=False, indent=2) + "\n",
        NAMES[1]: "\n".join([title, "", *sentences(record)]) + "\n",
    }


def write_report(folder: Path, record: Mapping[str, Any], base: str = "") -> list[Path]:
    """Write the report into a folder as ``BASE.deidentification.json`` and ``.txt``; returns the files."""
    from mmstudio.atomic import write_text

    made: list[Path] = []
    for name, text in report_files(record).items():
        path = folder / (f"{base}.{name}" if base else name)
        write_text(path, text)
        made.append(path)
    return made
