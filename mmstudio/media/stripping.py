"""Copies of media without what their files say of cameras, places, programs and people.

Pictures lose every part of the file that is not needed to show them; which way is up, the colour profile and
the density stay. Films and sounds are copied into a new file stream by stream, without tags, chapters, covers
and data tracks (cameras keep a trace of places there).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from mmstudio.errors import MediaError
from mmstudio.media import sound_tags
from mmstudio.media.container import open_container
from mmstudio.media.guard import check_not_empty, decoding

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD"),
    *(b"pHYs", b"acTL", b"fcTL", b"fdAT", b"cICP", b"mDCV", b"cLLI"),
}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_GIF_APPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
_REMUXED = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".m4a": "ipod", ".mkv": "matroska", ".webm": "webm",
    ".avi": "avi", ".wav": "wav", ".wave": "wav", ".flac": "flac", ".ogg": "ogg", ".oga": "ogg",
    ".opus": "opus", ".aif": "aiff", ".aiff": "aiff", ".aac": "adts",
}  # fmt: skip
_REDRAWN = {".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif"}  # as PNG: the same pixels, another file
_MAX = 1 << 31
_OF_STREAMS = {"language", "handler_name", "vendor_id", "duration", "rotate"}


def strip_copy(source: str | Path, target: str | Path) -> tuple[Path, list[str]]:
    """Copy a media file without its metadata.

    Args:
        source: any picture, sound or film of a kind the library knows, or a text (copied as it is).
        target: where to write; the suffix is replaced by .png where the picture has to be stored anew (TIFF,
            BMP, AVIF, HEIC).

    Returns:
        (path that was written, what was taken out: of "EXIF", "XMP", "place", "comment", "text", "tags",
        "cover", "data track", "chapters", "other"), sorted.

    Raises:
        MediaError: it cannot be read, or is of a kind that cannot be cleaned (nothing is written then).
    """
    source, target = Path(source), Path(target)
    suffix = source.suffix.lower()
    check_not_empty(source)
    cleaner = _PICTURES.get(suffix)
    if cleaner is not None or suffix == ".svg":
        with decoding(source):
            if source.stat().st_size > _MAX:
                raise ValueError("too large for a picture")
            clean, removed = (cleaner or _svg)(source.read_bytes())
        target.write_bytes(clean)
        return target, sorted(removed)
    if suffix in _REDRAWN:
        target = target.with_suffix(".png")
    try:
        return target, _stripped(source, target, suffix)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _stripped(source: Path, target: Path, suffix: str) -> list[str]:
    if suffix in _REDRAWN:
        return _redrawn(source, target)
    if suffix == ".mp3":
        with decoding(source):
            sound_tags.copy_without_id3(source, target)
        return ["tags"] if target.stat().st_size < source.stat().st_size else []
    if suffix in _REMUXED:
        return _remuxed(source, target, _REMUXED[suffix])
    raise MediaError(
        "{name} is of a kind whose metadata cannot be taken out.",
        status="unsupported",
        hint="Convert it first, or keep its metadata on purpose.",
        name=source.name,
    )


def can_strip(path: str | Path) -> bool:
    """Whether :func:`strip_copy` knows files of this name."""
    suffix = Path(path).suffix.lower()
    return suffix in {*_PICTURES, *_REDRAWN, *_REMUXED, ".svg", ".mp3"}


def _png(data: bytes) -> tuple[bytes, set[str]]:
    if not data.startswith(_PNG):
        raise ValueError("not a PNG")
    out, removed, position, ended = [_PNG], set[str](), len(_PNG), False
    while position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind = data[position + 4 : position + 8]
        whole = data[position : position + 12 + length]
        if kind in _PNG_KEPT:
            out.append(whole)
        elif kind == b"eXIf":
            removed |= _exif_words(whole[8:-4])
            turned = _orientation(whole[8:-4])
            if turned > 1:
                body = _tiff(turned)
                out.append(
                    struct.pack(">I", len(body))
                    + b"eXIf"
                    + body
                    + struct.pack(">I", zlib.crc32(b"eXIf" + body))
                )
        else:
            removed.add("XMP" if b"adobe.xmp" in whole[:64] else "text" if kind[1:] == b"EXt" or
                        kind in (b"tEXt", b"zTXt", b"iTXt") else "other")  # fmt: skip
        position += 12 + length
        if kind == b"IEND":
            ended = True
            break
    if not ended:
        raise ValueError("PNG without an end")
    if position < len(data):
        removed.add("other")
    return b"".join(out), removed


def _jpeg(data: bytes) -> tuple[bytes, set[str]]:
    if not data.startswith(b"\xff\xd8"):
        raise ValueError("not a JPEG")
    out, removed, position = [b"\xff\xd8"], set[str](), 2
    turned = 1
    while position + 2 <= len(data):
        if data[position] != 0xFF:
            raise ValueError("JPEG segment expected")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0xD9:
            out.append(b"\xff\xd9")
            position += 2
            break
        if position + 4 > len(data):
            raise ValueError("JPEG cut off")
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        segment = data[position : position + 2 + length]
        body = segment[4:]
        position += 2 + length
        if marker == 0xDA:
            end = _scan_end(data, position)
            out += [segment, data[position:end]]
            position = end
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            removed |= _exif_words(body[6:])
            turned = _orientation(body[6:]) if turned == 1 else turned
        elif marker == 0xFE:
            removed.add("comment")
        elif 0xE0 <= marker <= 0xEF and not _needed(marker, body):
            removed.add("XMP" if b"ns.adobe.com/x" in body[:40] else "other")
        else:
            out.append(segment)
    else:
        raise ValueError("JPEG without an end")
    if data[position:].strip(b"\0"):
        removed.add("other")  # previews, films and notes that cameras append
    if turned > 1:
        exif = b"Exif\0\0" + _tiff(turned)
        at = 2 if out[1:2] and out[1][1:2] == b"\xe0" else 1
        out.insert(at, b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
    return b"".join(out), removed


def _needed(marker: int, body: bytes) -> bool:
    """JFIF without its thumbnail, colour profile, Adobe's colour transform: what a decoder must know."""
    if marker == 0xE0:
        return body.startswith(b"JFIF\0") and body[12:14] == b"\0\0"
    if marker == 0xE2:
        return body.startswith(b"ICC_PROFILE\0")
    return marker == 0xEE and body.startswith(b"Adobe")


def _scan_end(data: bytes, position: int) -> int:
    """Where the coded data after a start of scan end: at the next marker that is no restart."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            raise ValueError("JPEG without an end")
        following = data[position + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return position
        position += 2 if following != 0xFF else 1


def _webp(data: bytes) -> tuple[bytes, set[str]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP")
    parts: list[tuple[bytes, bytes]] = []
    removed: set[str] = set()
    header = b""
    turned, position = 1, 12
    while position + 8 <= len(data):
        kind, length = (
            data[position : position + 4],
            struct.unpack("<I", data[position + 4 : position + 8])[0],
        )
        body = data[position + 8 : position + 8 + length]
        if len(body) < length:
            raise ValueError("WebP cut off")
        if kind == b"VP8X":
            header = body
        elif kind in _WEBP_KEPT:
            parts.append((kind, body))
        elif kind == b"EXIF":
            exif = body.removeprefix(b"Exif\0\0")
            removed |= _exif_words(exif)
            turned = _orientation(exif)
        else:
            removed.add("XMP" if kind == b"XMP " else "other")
        position += 8 + length + length % 2
    if header:
        flags = header[0] & ~0x0C & 0xFF  # no EXIF, no XMP (RFC 9649)
        if turned > 1:
            flags |= 0x08
            parts.append((b"EXIF", _tiff(turned)))
        parts.insert(0, (b"VP8X", bytes([flags]) + header[1:]))
    if not parts:
        raise ValueError("empty WebP")
    body = b"".join(k + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for k, b in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, removed


def _gif(data: bytes) -> tuple[bytes, set[str]]:
    if not data.startswith((b"GIF87a", b"GIF89a")) or len(data) < 14:
        raise ValueError("not a GIF")
    position = 13 + (3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0)
    out, removed = [data[:position]], set[str]()
    while position < len(data):
        start, kind = position, data[position]
        if kind == 0x3B:
            out.append(b";")
            if data[position + 1 :].strip(b"\0"):
                removed.add("other")
            return b"".join(out), removed
        if kind == 0x2C:
            packed = data[position + 9]
            position += 10 + (3 * (2 << (packed & 7)) if packed & 0x80 else 0) + 1
            position = _sub_blocks(data, position)
            out.append(data[start:position])
        elif kind == 0x21:
            label, name = data[position + 1], data[position + 3 : position + 14]
            position = _sub_blocks(data, position + 2)
            if label == 0xF9 or (label == 0xFF and name in _GIF_APPS):
                out.append(data[start:position])
            else:
                removed.add(
                    {0xFE: "comment", 0xFF: "XMP" if name.startswith(b"XMP") else "other"}.get(label, "text")
                )
        else:
            raise ValueError("GIF block expected")
    raise ValueError("GIF without an end")


def _sub_blocks(data: bytes, position: int) -> int:
    while True:
        if position >= len(data):
            raise ValueError("GIF cut off")
        size = data[position]
        position += 1 + size
        if not size:
            return position


def _svg(data: bytes) -> tuple[bytes, set[str]]:
    """Without comments, metadata, titles, editors' namespaces (they name files and folders) and scripts."""
    import xml.etree.ElementTree as ET

    from mmstudio.media.svg_safety import clean, local_name, parse

    root = parse(data)
    removed: set[str] = set()
    if b"<!--" in data:
        removed.add("comment")
    for element in list(root.iter()):
        for child in list(element):
            space = str(child.tag).partition("}")[0]
            foreign = space.startswith("{") and space != "{http://www.w3.org/2000/svg"
            if foreign or local_name(child.tag) in ("metadata", "title", "desc"):
                removed.add("XMP" if local_name(child.tag) == "metadata" else "text")
                element.remove(child)
        for key in list(element.attrib):
            if key.startswith("{") and not key.startswith(
                ("{http://www.w3.org/1999/xlink}", "{http://www.w3.org/XML/1998/namespace}")
            ):
                removed.add("text")
                del element.attrib[key]
    clean(root)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True), removed


def _redrawn(source: Path, target: Path) -> list[str]:
    """The pixels, upright, as a PNG of their own."""
    from PIL import Image

    from mmstudio.media.image import load_image

    upright = load_image(source)
    with decoding(source):
        removed: set[str] = set()
        try:
            with Image.open(source) as image:
                removed |= {"EXIF"} if image.getexif() else set()
                removed |= {"place"} if image.getexif().get_ifd(0x8825) else set()
                removed |= {"XMP"} if image.info.get("xmp") else set()
        except (OSError, ValueError):  # HEIC where Pillow has no plugin: the pixels came another way
            removed.add("other")
        upright.save(target, format="PNG", compress_level=4)
    return sorted(removed)


def _remuxed(source: Path, target: Path, form: str) -> list[str]:
    import av

    removed: set[str] = set()
    options = {"fflags": "+bitexact"}
    if form in ("mp4", "mov", "ipod"):
        options["movflags"] = "+faststart"
    with (
        open_container(source) as media,
        decoding(source),
        av.open(str(target), "w", format=form, options=options) as out,
    ):
        tags = {key.lower() for key in media.metadata}
        for stream in media.streams:  # Ogg keeps its comments there
            tags |= {key.lower() for key in stream.metadata} - _OF_STREAMS
        tags -= {"major_brand", "minor_version", "compatible_brands"}
        removed |= {"tags"} if tags - {"encoder"} else set()
        removed |= {"place"} if any("location" in key or "gps" in key for key in tags) else set()
        removed |= {"chapters"} if media.chapters() else set()
        kept = []
        for stream in media.streams:
            if stream.type not in ("video", "audio", "subtitle"):
                removed.add("data track")
            elif int(stream.disposition) & int(av.stream.Disposition.attached_pic):
                removed.add("cover")
            else:
                kept.append(stream)
        copies = {stream.index: out.add_stream_from_template(stream) for stream in kept}
        for copy in copies.values():
            copy.metadata.clear()
        copied = 0
        for piece in media.demux(kept):
            if piece.size:
                piece.stream = copies[piece.stream.index]
                out.mux(piece)
                copied += 1
        if not copied:
            raise ValueError("a file without a stream")
    return sorted(removed)


# -- EXIF --------------------------------------------------------------------------------------------------


def _exif_words(tiff: bytes) -> set[str]:
    return {"EXIF", "place"} if _entry(tiff, 0x8825) is not None else {"EXIF"}


def _orientation(tiff: bytes) -> int:
    """Which way is up (1 to 8); 1 where nothing sensible is said."""
    value = _entry(tiff, 0x0112)
    return value if value is not None and 1 <= value <= 8 else 1


def _entry(tiff: bytes, tag: int) -> int | None:
    """The value of a short or long in the first directory (TIFF 6.0, section 2), or None."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 14:
        return None
    (start,) = struct.unpack(order + "I", tiff[4:8])
    if start + 2 > len(tiff):
        return None
    (count,) = struct.unpack(order + "H", tiff[start : start + 2])
    for index in range(count):
        at = start + 2 + 12 * index
        if at + 12 > len(tiff):
            return None
        found, kind = struct.unpack(order + "HH", tiff[at : at + 4])
        if found == tag:
            form, width = ("H", 2) if kind == 3 else ("I", 4)
            return int(struct.unpack(order + form, tiff[at + 8 : at + 8 + width])[0])
    return None


def _tiff(orientation: int) -> bytes:
    """An EXIF block that says which way is up and nothing else."""
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + b"\0\0\0\0"


_PICTURES: dict[str, Callable[[bytes], tuple[bytes, set[str]]]] = {
    ".png": _png, ".jpg": _jpeg, ".jpeg": _jpeg, ".jpe": _jpeg, ".jfif": _jpeg, ".webp": _webp, ".gif": _gif,
}  # fmt: skip
