"""Metadata at byte level: PNG chunks, JPEG segments, WebP RIFF, GIF blocks, MP4 boxes; pixels stay."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # Adobe XMP specification part 3
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_MAX_PACKET = 4_000_000  # bytes


def png_with_text(data: bytes, xmp: bytes, texts: Mapping[str, str]) -> bytes:
    """PNG bytes with the XMP packet and text chunks in place of earlier ones of the same keyword."""
    keywords = {_PNG_XMP, *(key.encode("latin-1") for key in texts)}
    out = [_PNG]
    for kind, body in _png_chunks(data):
        if kind in (b"iTXt", b"tEXt", b"zTXt") and body.split(b"\0", 1)[0] in keywords:
            continue
        out.append(_png_chunk(kind, body))
        if kind == b"IHDR":
            out.append(_png_chunk(b"iTXt", _PNG_XMP + b"\0\0\0\0\0" + xmp))
            out.extend(
                _png_chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + value.encode("utf-8"))
                for key, value in texts.items()
            )
    return b"".join(out)


def png_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a PNG, or None."""
    for kind, body in _png_chunks(data):
        if kind == b"iTXt" and body.startswith(_PNG_XMP + b"\0"):
            compressed = body[len(_PNG_XMP) + 1] == 1
            text = body[len(_PNG_XMP) + 3 :].split(b"\0", 2)[2]
            return zlib.decompressobj().decompress(text, _MAX_PACKET) if compressed else text
        if kind == b"IEND":
            break
    return None


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(_PNG):
        raise ValueError("not a PNG")
    position = len(_PNG)
    while position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_with_xmp(data: bytes, xmp: bytes) -> bytes:
    """JPEG bytes with the XMP packet as an APP1 segment in place of an earlier one."""
    if len(xmp) + len(_JPEG_XMP) + 2 > 65535:
        raise ValueError("XMP packet too long for one JPEG segment")
    segment = b"\xff\xe1" + struct.pack(">H", len(xmp) + len(_JPEG_XMP) + 2) + _JPEG_XMP + xmp
    out, written = [b"\xff\xd8"], False
    for marker, body in _jpeg_segments(data):
        if marker == 0xE1 and body[4:].startswith(_JPEG_XMP):
            continue
        if not written and marker not in (0xE0, 0xE1):  # after JFIF and EXIF, before all else
            out.append(segment)
            written = True
        out.append(body)
    return b"".join(out)


def jpeg_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a JPEG, or None."""
    for marker, body in _jpeg_segments(data):
        if marker == 0xE1 and body[4:].startswith(_JPEG_XMP):
            return body[4 + len(_JPEG_XMP) :]
    return None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, whole segment) up to the first scan, which comes as one with all that follows."""
    if not data.startswith(b"\xff\xd8"):
        raise ValueError("not a JPEG")
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise ValueError("JPEG segment expected")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == 0xDA:
            yield marker, data[position:]
            return
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        yield marker, data[position : position + 2 + length]
        position += 2 + length


def webp_with_xmp(data: bytes, xmp: bytes) -> bytes:
    """WebP bytes with the XMP packet; a simple file becomes an extended one (RFC 9649)."""
    parts = [(kind, body) for kind, body in _riff_chunks(data) if kind != b"XMP "]
    if not parts:
        raise ValueError("empty WebP")
    if parts[0][0] == b"VP8X":
        header = bytearray(parts[0][1])
        parts = parts[1:]
    else:
        width, height, alpha = _webp_canvas(*parts[0])
        header = bytearray(10)
        header[0] = 0x10 if alpha else 0
        header[4:7], header[7:10] = (width - 1).to_bytes(3, "little"), (height - 1).to_bytes(3, "little")
    header[0] |= 0x04  # XMP present
    body = b"".join(_riff_chunk(k, b) for k, b in [(b"VP8X", bytes(header)), *parts, (b"XMP ", xmp)])
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a WebP, or None."""
    return next((body for kind, body in _riff_chunks(data) if kind == b"XMP "), None)


def _webp_canvas(kind: bytes, body: bytes) -> tuple[int, int, bool]:
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF, False


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP")
    position = 12
    while position + 8 <= len(data):
        (length,) = struct.unpack("<I", data[position + 4 : position + 8])
        yield data[position : position + 4], data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def gif_with_xmp(data: bytes, xmp: bytes) -> bytes:
    """GIF bytes with the XMP packet as an application extension in place of an earlier one.

    Adobe XMP specification part 3, section 1.1.2: the packet lies there in one piece, and the trailer lets a
    reader of sub-blocks, which takes the packet's letters for lengths, land on a terminator.
    """
    if not data.startswith((b"GIF89a", b"GIF87a")) or data[-1:] != b";":
        raise ValueError("not a whole GIF")
    earlier = _gif_packet(data)
    if earlier is not None:
        data = data[: earlier[0] - len(_GIF_XMP)] + data[earlier[1] + len(_GIF_TRAILER) :]
    return b"GIF89a" + data[6:-1] + _GIF_XMP + xmp + _GIF_TRAILER + b";"


def gif_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a GIF, or None."""
    if not data.startswith(b"GIF8"):
        raise ValueError("not a GIF")
    found = _gif_packet(data)
    return None if found is None else data[found[0] : found[1]]


def _gif_packet(data: bytes) -> tuple[int, int] | None:
    start = data.rfind(_GIF_XMP)
    end = data.find(_GIF_TRAILER, start) if start >= 0 else -1
    return (start + len(_GIF_XMP), end) if end >= 0 else None


def mp4_xmp_box(xmp: bytes) -> bytes:
    """The top-level ``uuid`` box that holds XMP in an MP4 or MOV."""
    return struct.pack(">I", 24 + len(xmp)) + b"uuid" + _XMP_UUID + xmp


def mp4_xmp(path: Path) -> bytes | None:
    """The XMP packet of an MP4 or MOV, or None; only box headers are read on the way."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        position = 0
        while position + 8 <= end:
            file.seek(position)
            size, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8))
                head = 16
            elif size == 0:
                size = end - position
            if size < head:
                return None
            if kind == b"uuid" and file.read(16) == _XMP_UUID:
                return file.read(min(size - head - 16, _MAX_PACKET))
            position += size
    return None
