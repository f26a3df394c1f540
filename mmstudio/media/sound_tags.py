"""Tags of WAV (INFO, bext, XMP) and MP3 (ID3v2.4) at byte level: the sound itself stays as it is."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from mmstudio.media.xmp import SOURCE_TYPES, packet_of

_OURS = (b"LIST", b"bext", b"_PMX", b"id3 ", b"ID3 ", b"axml", b"iXML")
_COPY = 1 << 20
_ID3_LIMIT = 1 << 28


def write_wav_tags(source: Path, target: Path, record: Mapping[str, Any], comment: str) -> None:
    """Copy a WAV with INFO, a broadcast extension (EBU Tech 3285) and XMP in place of earlier ones.

    Raises ValueError where it is no RIFF WAVE or would pass 4 GB.
    """
    packet = packet_of(record).encode("utf-8")
    title, software = str(record.get("title", "")), str(record.get("software", ""))
    info = b"INFO" + b"".join(
        _chunk(kind, text.encode("utf-8") + b"\0")
        for kind, text in ((b"INAM", title), (b"ISFT", software), (b"ICMT", comment))
        if text
    )
    reference = str(record.get("storyboard", ""))
    bext = struct.pack(
        "<256s32s32s10s8sQH64s190s", _ascii(title, 256), _ascii(software, 32), _ascii(reference, 32), b"",
        b"", 0, 1, b"", b"",
    )  # fmt: skip
    history = _ascii(str(record.get("digital_source_type", "")), 200)
    ours = (
        _chunk(b"bext", bext + (history + b"\r\n" if history else b""))
        + _chunk(b"LIST", info)
        + _chunk(b"_PMX", packet)
    )
    with source.open("rb") as file, target.open("wb") as out:
        out.write(b"RIFF\0\0\0\0WAVE")
        for kind, start, length in _wav_chunks(file):
            if kind in _OURS:
                continue
            out.write(kind + struct.pack("<I", length))
            file.seek(start)
            left = length
            while left > 0 and (block := file.read(min(left, _COPY))):
                out.write(block)
                left -= len(block)
            out.write(b"\0" * (length % 2 + left))
        out.write(ours)
        size = out.tell() - 8
        if size > 0xFFFFFFFF:
            raise ValueError("a WAV holds at most 4 GB")
        out.seek(4)
        out.write(struct.pack("<I", size))


def wav_xmp(path: Path) -> bytes | None:
    """The XMP packet of a WAV, or None."""
    with path.open("rb") as file:
        for kind, start, length in _wav_chunks(file):
            if kind == b"_PMX":
                file.seek(start)
                return file.read(min(length, 4_000_000))
    return None


def write_id3(source: Path, target: Path, record: Mapping[str, Any], comment: str) -> None:
    """Copy an MP3 with an ID3v2.4 tag of ours in place of earlier tags (v2 in front, v1 at the end)."""
    packet = packet_of(record).encode("utf-8")
    frames = b""
    for kind, key in ((b"TIT2", "title"), (b"TPE1", "creator"), (b"TSSE", "software")):
        if record.get(key):
            frames += _frame(kind, b"\x03" + str(record[key]).encode("utf-8"))
    for key in ("digital_source_type", "recipe", "recipe_hash", "storyboard"):
        if record.get(key):
            value = (SOURCE_TYPES if key == "digital_source_type" else "") + str(record[key])
            frames += _frame(b"TXXX", b"\x03" + key.encode() + b"\0" + value.encode("utf-8"))
    frames += _frame(b"COMM", b"\x03eng\0" + comment.encode("utf-8"))
    frames += _frame(b"PRIV", b"XMP\0" + packet)  # XMP specification part 3, section 1.1.3
    with source.open("rb") as file, target.open("wb") as out:
        out.write(b"ID3\x04\0\0" + _syncsafe(len(frames)) + frames)
        start, end = _mp3_bounds(file)
        file.seek(start)
        left = end - start
        while left > 0 and (block := file.read(min(left, _COPY))):
            out.write(block)
            left -= len(block)


def copy_without_id3(source: Path, target: Path) -> None:
    """Copy an MP3 without its tags (ID3v2 in front with its pictures, ID3v1 at the end)."""
    with source.open("rb") as file, target.open("wb") as out:
        start, end = _mp3_bounds(file)
        file.seek(start)
        shutil.copyfileobj(file, out, _COPY)
        out.truncate(end - start)


def record_comment(record: Mapping[str, Any], mark: str) -> str:
    """The record as the text of a comment."""
    return mark + json.dumps(dict(record), ensure_ascii=False)


def _wav_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    file.seek(0, 2)
    end = file.tell()
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise ValueError("not a RIFF WAVE")
    position = 12
    while position + 8 <= end:
        file.seek(position)
        kind, length = struct.unpack("<4sI", file.read(8))
        length = min(length, end - position - 8)
        yield kind, position + 8, length
        position += 8 + length + length % 2


def _mp3_bounds(file: BinaryIO) -> tuple[int, int]:
    """Where the sound begins and ends between the tags."""
    end = file.seek(0, 2)
    start = 0
    while True:
        file.seek(start)
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        start += 10 + size + (10 if head[5] & 0x10 else 0)
        if start >= end:
            raise ValueError("an MP3 with nothing but tags")
    if end - start >= 128:
        file.seek(end - 128)
        if file.read(3) == b"TAG":
            end -= 128
    return start, end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _frame(kind: bytes, body: bytes) -> bytes:
    return kind + _syncsafe(len(body)) + b"\0\0" + body


def _syncsafe(number: int) -> bytes:
    """Four bytes of seven bits (ID3v2.4, section 6.2)."""
    if number >= _ID3_LIMIT:
        raise ValueError("an ID3 tag holds at most 256 MB")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _ascii(text: str, limit: int) -> bytes:
    return text.encode("ascii", "replace")[:limit]
