"""The record in text files (SVG, HTML, WebVTT) and in PDF, as an appended update (ISO 32000-1, 7.5.6)."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from typing import Any

from mmstudio.media.xmp import SOURCE_TYPES, json_object, packet_of, parse_packet

_SVG_OPEN = re.compile(rb"<svg\b[^>]*?(/?)>", re.DOTALL)
_SVG_OURS = re.compile(rb'<metadata id="mmstudio">.*?</metadata>\n?', re.DOTALL)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_PART = re.compile(r"(?=\s*<(?:meta|title|link|!--)\b)", re.IGNORECASE)
_META = re.compile(r'<meta name="(?:mmstudio-record|digital-source-type|generator)" content="[^"]*">\n?')
_RECORD_META = re.compile(r'<meta name="mmstudio-record" content="([^"]*)">')
_VTT_NOTE = re.compile(r"\n\nNOTE mmstudio ([^\n]*)")
_MOST = 64_000_000  # bytes of a text file that is looked into


def svg_with_record(data: bytes, record: Mapping[str, Any]) -> bytes:
    """SVG bytes with the XMP packet in a ``metadata`` element. Raises ValueError where there is no SVG."""
    data = _SVG_OURS.sub(b"", data)
    opened = _SVG_OPEN.search(data)
    if opened is None or opened[1]:
        raise ValueError("not an SVG with content")
    packet = re.sub(r"<\?xpacket[^>]*\?>\n?", "", packet_of(record)).strip()
    block = f'<metadata id="mmstudio">{packet}</metadata>\n'.encode()
    return data[: opened.end()] + b"\n" + block + data[opened.end() :].removeprefix(b"\n")


def svg_record(data: bytes) -> dict[str, Any]:
    """What an SVG's metadata say; empty where they say nothing."""
    found = re.search(rb"<metadata\b.*?</metadata>", data[:_MOST], re.DOTALL)
    return parse_packet(found[0].decode("utf-8", "replace")) if found else {}


def html_with_record(text: str, record: Mapping[str, Any]) -> str:
    """A page with the record in ``meta`` elements of its head, or a part of a head that begins with one.

    Raises ValueError where there is no head.
    """
    text = _META.sub("", text)
    head = _HEAD.search(text) or _PART.match(text)
    if head is None:
        raise ValueError("a page without a head")
    entries = {"generator": str(record.get("software", ""))}
    if kind := record.get("digital_source_type"):
        entries["digital-source-type"] = f"{SOURCE_TYPES}{kind}"
    entries["mmstudio-record"] = json.dumps(dict(record), ensure_ascii=False)
    metas = "".join(
        f'<meta name="{name}" content="{html.escape(quoted_text(value))}">\n'
        for name, value in entries.items()
        if value
    )
    after = text[head.end() :].removeprefix("\n")
    charset = re.match(r"\s*<meta charset=[^>]*>\n?", after)  # it must stand in the first 1024 bytes
    cut = charset.end() if charset else 0
    gap = "\n" if head.end() else ""
    return f"{text[: head.end()]}{gap}{after[:cut]}{metas}{after[cut:]}"


def html_record(text: str) -> dict[str, Any]:
    """The record of a page; empty where it has none."""
    found = _RECORD_META.search(text[:_MOST])
    return json_object(html.unescape(found[1])) if found else {}


def vtt_with_record(text: str, record: Mapping[str, Any]) -> str:
    """WebVTT with the record as a note under its head (W3C WebVTT, section 4.1)."""
    head, _, rest = _VTT_NOTE.sub("", text).partition("\n\n")  # its own settings stand in the head, too
    head = head.rstrip("\n")
    if not head.lstrip("\ufeff").startswith("WEBVTT"):
        raise ValueError("not WebVTT")
    note = json.dumps(dict(record), ensure_ascii=False).replace("-->", "->")
    return f"{head}\n\nNOTE mmstudio {note}\n\n{rest.lstrip(chr(10))}"


def vtt_record(text: str) -> dict[str, Any]:
    """The record of a WebVTT; empty where it has none."""
    found = _VTT_NOTE.search(text[:_MOST])
    return json_object(found[1]) if found else {}


def quoted_text(text: str) -> str:
    """Text without control characters that markup forbids."""
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")


# -- PDF ---------------------------------------------------------------------------------------------------

_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_DATE = re.compile(rb"/(CreationDate|ModDate)\s*\(D:[^)]*\)")
_XMP_DATE = re.compile(rb"((?:CreateDate|ModifyDate|MetadataDate)(?:>|=\"))([0-9T:+Z.-]{4,40})")
_UUID = re.compile(rb"uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_EPOCH = b"2000-01-01T00:00:00+00:00"
_ID = re.compile(rb"/ID\s*\[\s*<([0-9A-Fa-f]*)>\s*<([0-9A-Fa-f]*)>\s*\]")


def pdf_with_record(data: bytes, record: Mapping[str, Any]) -> bytes:
    """A PDF with document information and XMP appended; times and random numbers inside become fixed.

    Only a file with a plain cross-reference table (as Qt, Pillow and Skia write) can be added to.

    Raises:
        ValueError: no PDF, an encrypted one, or one with another kind of table.
    """
    data = _without_times(data, str(record.get("storyboard", "")))
    start, trailer = _trailer(data)
    root = re.search(rb"/Root\s+(\d+)\s+(\d+)\s+R", trailer)
    size = re.search(rb"/Size\s+(\d+)", trailer)
    if root is None or size is None or b"/Encrypt" in trailer:
        raise ValueError("a PDF this program does not add to")
    catalog = _object(data, start, int(root[1]))
    info, meta = int(size[1]), int(size[1]) + 1
    catalog = re.sub(rb"/Metadata\s+\d+\s+\d+\s+R", b"", catalog)
    cut = catalog.rfind(b">>")
    catalog = catalog[:cut].rstrip() + b"\n/Metadata %d 0 R\n" % meta + catalog[cut:]
    packet = packet_of(record).encode("utf-8")
    entries = {
        "Title": record.get("title"), "Creator": record.get("software"), "Producer": record.get("software"),
        "Subject": record.get("digital_source_type"), "Keywords": record.get("storyboard"),
    }  # fmt: skip
    texts = b"".join(
        b"/%s %s\n" % (key.encode(), _pdf_text(str(value))) for key, value in entries.items() if value
    )
    objects = {
        int(root[1]): catalog,
        info: b"<<\n" + texts + b">>",
        meta: b"<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n%s\nendstream" % (len(packet), packet),
    }
    out = bytearray(data if data.endswith(b"\n") else data + b"\n")
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body.strip())
    table = len(out)
    out += b"xref\n"
    for number in sorted(places):
        out += b"%d 1\n%010d 00000 n \n" % (number, places[number])
    identity = _ID.search(trailer)
    out += b"trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n/Prev %d\n%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        meta + 1, int(root[1]), info, start, identity[0] + b"\n" if identity else b"", table,
    )  # fmt: skip
    return bytes(out)


def pdf_record(data: bytes) -> dict[str, Any]:
    """What the newest XMP packet of a PDF says; empty where it has none that is not compressed."""
    begin = data.rfind(b"<x:xmpmeta")
    end = data.find(b"</x:xmpmeta>", begin)
    return parse_packet(data[begin:end].decode("utf-8", "replace")) if 0 <= begin < end else {}


def _without_times(data: bytes, seed: str) -> bytes:
    """Same length, but dates and the random identifier are the same on every run."""
    fixed = hashlib.sha256(seed.encode()).hexdigest().encode()

    def date(found: re.Match[bytes]) -> bytes:
        form = b"/%s (D:20000101000000Z" % found[1]
        return form + b")" + b" " * (len(found[0]) - len(form) - 1) if len(form) < len(found[0]) else found[0]

    def identity(found: re.Match[bytes]) -> bytes:
        one, two = (fixed * 8)[: len(found[1])], (fixed * 8)[: len(found[2])]
        return found[0].replace(found[1], one, 1).replace(found[2], two) if found[1] else found[0]

    data = _DATE.sub(date, data)
    data = _XMP_DATE.sub(lambda found: found[1] + _EPOCH[: len(found[2])].ljust(len(found[2])), data)
    data = _UUID.sub(lambda found: b"uuid:00000000-0000-4000-8000-" + fixed[:12], data)
    return _ID.sub(identity, data)


def _trailer(data: bytes) -> tuple[int, bytes]:
    """(offset of the newest table, its trailer dictionary)."""
    if not data.startswith(b"%PDF-"):
        raise ValueError("not a PDF")
    found = _STARTXREF.search(data[-2048:])
    if found is None:
        raise ValueError("a PDF without an end")
    start = int(found[1])
    if not data[start : start + 4] == b"xref":
        raise ValueError("a PDF with a compressed table")
    begin = data.find(b"trailer", start)
    end = data.find(b"startxref", begin)
    if begin < 0 or end < 0:
        raise ValueError("a PDF without a trailer")
    return start, data[begin:end]


def _object(data: bytes, table: int, number: int) -> bytes:
    """The dictionary of an object listed in the newest table."""
    lines = data[table : data.find(b"trailer", table)].split(b"\n", 1)[1]
    position = 0
    while found := re.compile(rb"\s*(\d+)\s+(\d+)\s*[\r\n]+").match(lines, position):
        first, count = int(found[1]), int(found[2])
        if first <= number < first + count:
            entry = lines[found.end() + 20 * (number - first) :][:20]
            offset = int(entry[:10])
            head = re.compile(rb"\s*\d+\s+\d+\s+obj\b").match(data, offset)
            end = data.find(b"endobj", offset)
            if head is None or end < 0:
                break
            return data[head.end() : end].strip()
        position = found.end() + 20 * count
    raise ValueError("a PDF whose catalogue is not where its table says")


def _pdf_text(text: str) -> bytes:
    """A text string (ISO 32000-1, 7.9.2): UTF-16 with a mark, in hexadecimal."""
    return b"<FEFF" + quoted_text(text).encode("utf-16-be", "replace").hex().upper().encode() + b">"
