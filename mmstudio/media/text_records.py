"""The record in feeds, product data, mails and time lines: where each format lets others add to it.

JSON Feed 1.1 takes extensions that begin with an underscore, RSS 2.0 elements of other namespaces,
schema.org a work that the data is the ``subjectOf``, a mail (RFC 5322) fields with X-, OpenTimelineIO
metadata by name. SubRip and CSV have no such place.
"""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmstudio.media.xmp import SOURCE_TYPES, json_object

KEY = "_mmstudio"
# what a record may say, where it stands among other things of a list
RECORD_KEYS = (
    "title", "description", "creator", "software", "created", "recipe", "recipe_hash", "seed", "storyboard",
    "digital_source_type", "aigc",
)  # fmt: skip
_SCHEMA = "https://schema.org/"
_ID = "mmstudio-record"
_RSS = "urn:mmstudio:record"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RSS_OURS = re.compile(
    rf'<Iptc4xmpExt:DigitalSourceType xmlns:Iptc4xmpExt="{_IPTC}">[^<]*</Iptc4xmpExt:DigitalSourceType>\n?'
    rf'|<mmstudio:record xmlns:mmstudio="{_RSS}">[^<]*</mmstudio:record>\n?'
)
_RSS_RECORD = re.compile(rf'<mmstudio:record xmlns:mmstudio="{_RSS}">([^<]*)</mmstudio:record>')
_RECORD_FIELD, _TYPE_FIELD = "X-MMStudio-Record", "X-Digital-Source-Type"
_FIELDS = re.compile(rb"(?im)^(?:X-MMStudio-Record|X-Digital-Source-Type):.*(?:\r?\n[ \t].*)*\r?\n")
_MOST = 64_000_000  # bytes of a file, or of a part of a ZIP, that is looked into


def json_with_record(text: str, record: Mapping[str, Any]) -> str:
    """A JSON Feed, or schema.org data, with the record. Raises ValueError for JSON of another kind."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    if str(data.get("@context", "")).rstrip("/").endswith("schema.org"):
        data["subjectOf"] = _work(record)
    elif str(data.get("version", "")).startswith("https://jsonfeed.org/"):
        kind = record.get("digital_source_type")
        said = {"digital_source_type": f"{SOURCE_TYPES}{kind}"} if kind else {}
        data = {**{key: value for key, value in data.items() if key not in (KEY, "items")},
                KEY: {**said, "record": dict(record)}, "items": data.get("items", [])}  # fmt: skip
    else:
        raise ValueError("neither a JSON Feed nor schema.org data")
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def json_record(text: str) -> dict[str, Any]:
    """The record of a JSON Feed, schema.org data or an OpenTimelineIO file; empty where it has none."""
    try:
        data = json.loads(text[:_MOST])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    feed, work, metadata = (data.get(key) for key in (KEY, "subjectOf", "metadata"))
    if isinstance(feed, dict) and isinstance(feed.get("record"), dict):
        return dict(feed["record"])
    if isinstance(work, dict):
        identifier = work.get("identifier")
        if isinstance(identifier, dict) and identifier.get("propertyID") == _ID:
            return json_object(str(identifier.get("value", "")))
    if isinstance(metadata, dict) and isinstance(metadata.get("mmstudio"), dict):
        return dict(metadata["mmstudio"])
    return {}


def _work(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as a schema.org CreativeWork: of what the data was written for."""
    kind = str(record.get("digital_source_type", ""))
    named = kind[:1].upper() + kind[1:] + "DigitalSource"
    return {
        "@type": "CreativeWork",
        "name": str(record.get("title", "")),
        "creditText": str(record.get("software", "")),
        **({"digitalSourceType": _SCHEMA + named} if kind else {}),
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": _ID,
            "value": json.dumps(dict(record), ensure_ascii=False),
        },
    }


def rss_with_record(text: str, record: Mapping[str, Any]) -> str:
    """RSS 2.0 with the record in its channel. Raises ValueError where there is no channel."""
    text = _RSS_OURS.sub("", text)
    opened = re.search(r"<channel\b[^>]*>\n?", text)
    if opened is None:
        raise ValueError("not RSS")
    plain = html.escape(json.dumps(dict(record)))
    block = f'<mmstudio:record xmlns:mmstudio="{_RSS}">{plain}</mmstudio:record>\n'
    if kind := record.get("digital_source_type"):
        tag = "Iptc4xmpExt:DigitalSourceType"
        block = f'<{tag} xmlns:Iptc4xmpExt="{_IPTC}">{SOURCE_TYPES}{kind}</{tag}>\n{block}'
    return text[: opened.end()] + block + text[opened.end() :]


def rss_record(text: str) -> dict[str, Any]:
    """The record of an RSS feed; empty where it has none."""
    found = _RSS_RECORD.search(text[:_MOST])
    return json_object(html.unescape(found[1])) if found else {}


def mail_with_record(data: bytes, record: Mapping[str, Any]) -> bytes:
    """A mail with the record as folded ASCII fields of its head. Raises ValueError where there is none."""
    end = re.search(rb"\r?\n\r?\n", data)
    if end is None or not re.match(rb"[A-Za-z][A-Za-z0-9-]*:", data):
        raise ValueError("not a mail")
    newline = b"\r\n" if end[0].startswith(b"\r") else b"\n"
    head = _FIELDS.sub(b"", data[: end.start()] + newline)
    lines = []
    if kind := record.get("digital_source_type"):
        lines.append(f"{_TYPE_FIELD}: {SOURCE_TYPES}{kind}")
    lines.append(f"{_RECORD_FIELD}: {_folded(json.dumps(dict(record)))}")
    fields = b"".join(line.encode("ascii") + newline for line in lines).replace(b"\r\n", b"\n")
    return head + fields.replace(b"\n", newline) + newline + data[end.end() :]


def _folded(text: str) -> str:
    """A field's body broken at spaces into lines of some 70 characters (RFC 5322, 2.2.3)."""
    lines, line = [], ""
    for word in re.split(r"(?<=\S)(?= )", text):
        if line and len(line) + len(word) > 70:
            lines.append(line)
            line = ""
        line += word
    return "\n".join([*lines, line])


def mail_record(data: bytes) -> dict[str, Any]:
    """The record of a mail; empty where it has none."""
    from email import policy
    from email.parser import BytesHeaderParser

    head = BytesHeaderParser(policy=policy.compat32).parsebytes(data[:_MOST])
    return json_object(re.sub(r"\r?\n(?=[ \t])", "", str(head.get(_RECORD_FIELD, ""))))


def zip_record(path: Path) -> dict[str, Any]:
    """The record of a hand-over, a kit or a preview package: of its time line, its list, or its page.

    Raises ValueError for a damaged ZIP.
    """
    from mmstudio.media.documents import html_record

    readers: tuple[tuple[str, Callable[[str], dict[str, Any]]], ...] = (
        (r"[^/]+\.otio", json_record), (r"manifest\.json", json_object), (r"[^/]+/index\.html", html_record),
    )  # fmt: skip
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.file_size <= _MOST]
            for wanted, read in readers:
                for entry in entries:
                    if re.fullmatch(wanted, entry.filename):
                        return record_in(read(archive.read(entry).decode("utf-8", "replace")))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError("a damaged ZIP") from error
    return {}


def record_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of a manifest is the record: nothing where it does not name the program."""
    return {key: data[key] for key in RECORD_KEYS if key in data} if data.get("software") else {}
