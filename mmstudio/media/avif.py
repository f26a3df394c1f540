"""XMP in AVIF and HEIF pictures, at the level of boxes (ISO/IEC 23008-12): pixels stay as they are."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MIME = b"application/rdf+xml"
Box = tuple[bytes, int, int, int]  # kind, start of the box, start of its content, end


def avif_with_xmp(data: bytes, xmp: bytes) -> bytes:
    """A still AVIF with the XMP packet as an item of its own, in place of an earlier one.

    The packet lies at the end of the file, the picture's data where it was, moved by what the table grew.

    Raises:
        ValueError: no AVIF, one with a film inside (``moov``), or a table this program does not write.
    """
    top = list(_boxes(data, 0, len(data)))
    meta = next((box for box in top if box[0] == b"meta"), None)
    if not top or top[0][0] != b"ftyp" or meta is None or any(box[0] == b"moov" for box in top):
        raise ValueError("not a still AVIF")
    if data[top[-1][1] : top[-1][1] + 4] == b"\0\0\0\0":
        raise ValueError("the last box is open")
    parts = {box[0]: data[box[1] : box[3]] for box in _boxes(data, meta[2] + 4, meta[3])}
    items = _items(parts[b"iinf"])
    version, sizes, places = _places(parts[b"iloc"])
    earlier = next((n for n, mime in items.items() if mime == _MIME), None)
    if earlier is None:
        number = max(items) + 1
        (primary,) = struct.unpack(">H", parts[b"pitm"][12:14])
        parts[b"iinf"] = _with_item(parts[b"iinf"], number)
        parts[b"iref"] = _with_reference(parts.get(b"iref"), number, primary)
    else:
        number = earlier
        places = [place for place in places if place[0] != number]
    order = [box[0] for box in _boxes(data, meta[2] + 4, meta[3])]
    if b"iref" not in order:
        order.insert(order.index(b"iinf") + 1, b"iref")
    grown = -(meta[3] - meta[1])
    # The table's own length does not depend on the places in it: write it twice, the second time for good.
    for _ in range(2):
        moved = [
            (n, method, ref, base, [(i, off + (grown if method == 0 and base + off >= meta[3] else 0), size)
             for i, off, size in extents])
            for n, method, ref, base, extents in places
        ]  # fmt: skip
        end = len(data) + grown + 8
        parts[b"iloc"] = _table(version, sizes, [*moved, (number, 0, 0, 0, [(0, end, len(xmp))])])
        body = data[meta[2] : meta[2] + 4] + b"".join(parts[kind] for kind in order)
        grown = 8 + len(body) - (meta[3] - meta[1])
    whole = data[: meta[1]] + _box(b"meta", body) + data[meta[3] :]
    return whole + _box(b"mdat", xmp)


def avif_xmp(data: bytes) -> bytes | None:
    """The XMP packet of an AVIF or HEIF, or None."""
    meta = next((box for box in _boxes(data, 0, len(data)) if box[0] == b"meta"), None)
    if meta is None:
        return None
    parts = {box[0]: data[box[1] : box[3]] for box in _boxes(data, meta[2] + 4, meta[3])}
    if b"iinf" not in parts or b"iloc" not in parts:
        return None
    wanted = {n for n, mime in _items(parts[b"iinf"]).items() if mime == _MIME}
    for number, method, _ref, base, extents in _places(parts[b"iloc"])[2]:
        if number in wanted and method == 0:
            return b"".join(data[base + off : base + off + size] for _i, off, size in extents)
    return None


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    position = start
    while position + 8 <= end:
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", data[position + 8 : position + 16])
            head = 16
        elif size == 0:
            size = end - position
        if size < head or position + size > end:
            raise ValueError("box reaches out of its file")
        yield kind, position, position + head, position + size
        position += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _items(iinf: bytes) -> dict[int, bytes]:
    """Item number -> its MIME type (empty for coded pictures)."""
    head = 14 if iinf[8] == 0 else 16
    found: dict[int, bytes] = {}
    for kind, _start, inside, end in _boxes(iinf, head, len(iinf)):
        if kind != b"infe" or iinf[inside] not in (2, 3):
            continue
        wide = iinf[inside] == 3
        number = int.from_bytes(iinf[inside + 4 : inside + (8 if wide else 6)], "big")
        rest = iinf[inside + (10 if wide else 8) : end]
        texts = rest[4:].split(b"\0")
        found[number] = texts[1] if rest[:4] == b"mime" and len(texts) > 1 else b""
    return found


def _with_item(iinf: bytes, number: int) -> bytes:
    if iinf[8] != 0 or number > 0xFFFF:
        raise ValueError("a table of items this program does not write")
    (count,) = struct.unpack(">H", iinf[12:14])
    entry = b"\x02\0\0\0" + struct.pack(">HH", number, 0) + b"mime" + b"XMP\0" + _MIME + b"\0"
    return _box(b"iinf", iinf[8:12] + struct.pack(">H", count + 1) + iinf[14:] + _box(b"infe", entry))


def _with_reference(iref: bytes | None, number: int, primary: int) -> bytes:
    if iref is not None and iref[8] != 0:
        raise ValueError("a table of references this program does not write")
    before = iref[8:] if iref is not None else b"\0\0\0\0"
    return _box(b"iref", before + _box(b"cdsc", struct.pack(">HHH", number, 1, primary)))


Place = tuple[int, int, int, int, list[tuple[int, int, int]]]


def _places(iloc: bytes) -> tuple[int, tuple[int, int, int, int], list[Place]]:
    """(version, widths of the fields, places) of an item location box."""
    version = iloc[8]
    if version > 1:
        raise ValueError("a table of places this program does not read")
    sizes = (iloc[12] >> 4, iloc[12] & 15, iloc[13] >> 4, iloc[13] & 15 if version else 0)
    position = 14

    def take(width: int) -> int:
        nonlocal position
        if position + width > len(iloc):
            raise ValueError("table of places cut off")
        value = int.from_bytes(iloc[position : position + width], "big")
        position += width
        return value

    places: list[Place] = []
    for _ in range(take(2)):
        number = take(2)
        method = take(2) if version else 0
        ref, base = take(2), take(sizes[2])
        extents = [(take(sizes[3]), take(sizes[0]), take(sizes[1])) for _ in range(take(2))]
        places.append((number, method, ref, base, extents))
    return version, sizes, places


def _table(version: int, sizes: tuple[int, int, int, int], places: list[Place]) -> bytes:
    off, length, base_width, index = sizes
    if off != 4 or length != 4:
        raise ValueError("a table of places this program does not write")
    out = bytearray([version, 0, 0, 0, off << 4 | length, base_width << 4 | index])
    out += struct.pack(">H", len(places))
    for number, method, ref, base, extents in places:
        out += struct.pack(">H", number)
        if version:
            out += struct.pack(">H", method)
        out += struct.pack(">H", ref) + base.to_bytes(base_width, "big") + struct.pack(">H", len(extents))
        for i, offset, size in extents:
            out += i.to_bytes(index, "big") + struct.pack(">II", offset, size)
    return _box(b"iloc", bytes(out))
