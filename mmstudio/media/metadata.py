"""Say inside a file where it came from, and read it back.

Generated media carry the IPTC digital source type (IPTC Photo Metadata Standard 2023.1) in XMP, where search
engines and platforms look for it, and the studio's own record (model, seed, sources) as JSON beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

from mmstudio.atomic import atomic_path, write_bytes
from mmstudio.errors import MediaError
from mmstudio.media import chunks
from mmstudio.media.container import open_container
from mmstudio.media.guard import decoding

TRAINED = "trainedAlgorithmicMedia"  # made by a model alone
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"  # photographs or text with parts made by a model
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_IPTC = "Iptc4xmpExt:DigitalSourceType"
_NAMESPACE = "https://mmstudio.app/ns/1.0/"
_CONTAINERS = {".mp4", ".m4v", ".mov", ".m4a", ".mkv", ".webm", ".mp3", ".flac", ".wav", ".ogg", ".opus"}
# Vorbis comments have one field for comment and description, but take any name.
_RECORD_TAG = {".flac": "mmstudio", ".ogg": "mmstudio", ".opus": "mmstudio"}
_MP4 = {".mp4", ".m4v", ".mov", ".m4a"}
_STANDARD = ("title", "description", "creator", "software", "created", "digital_source_type")
_MARK = "mmstudio:"  # starts the comment of a sound or video that holds the record

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:mmstudio="{namespace}">{fields}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
_DEFAULT_LANGUAGE = '<rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt>'
_FIELDS = {
    "title": f"<dc:title>{_DEFAULT_LANGUAGE}</dc:title>",
    "description": f"<dc:description>{_DEFAULT_LANGUAGE}</dc:description>",
    "creator": "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>",
    "software": "<xmp:CreatorTool>{}</xmp:CreatorTool>",
    "created": "<xmp:CreateDate>{}</xmp:CreateDate>",
    "digital_source_type": f"<{_IPTC}>{_SOURCE_TYPES}{{}}</{_IPTC}>",
}
_PATTERNS = {
    "title": re.compile(r"<dc:title>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "description": re.compile(r"<dc:description>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "creator": re.compile(r"<dc:creator>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "software": re.compile(r"<xmp:CreatorTool>(.*?)</xmp:CreatorTool>", re.DOTALL),
    "created": re.compile(r"<xmp:CreateDate>(.*?)</xmp:CreateDate>", re.DOTALL),
    "digital_source_type": re.compile(r"DigitalSourceType(?:>|=\")[^<\"]*?([A-Za-z]+)[<\"]"),
}
_RECORD = re.compile(r"<mmstudio:record>(.*?)</mmstudio:record>", re.DOTALL)


def can_carry(path: str | Path) -> bool:
    """Whether :func:`stamp` can write into a file of this name."""
    return Path(path).suffix.lower() in {".png", ".jpg", ".jpeg", ".webp", ".gif", *_CONTAINERS}


def stamp(path: str | Path, record: Mapping[str, Any]) -> None:
    """Write ``record`` into a file made by the studio, atomically, without touching pixels or sound.

    Args:
        path: PNG, JPEG, WebP, GIF (XMP, and text chunks in PNG); MP4, MOV, M4A (metadata and XMP); MKV,
            WebM and sound (metadata).
        record: JSON values. ``title``, ``description``, ``creator``, ``software``, ``created`` (ISO 8601) and
            ``digital_source_type`` (:data:`TRAINED` or :data:`COMPOSITE`) go to their standard places too.

    Raises:
        MediaError: unsupported format, or a file that cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    packet = _packet(record).encode("utf-8")
    if suffix == ".png":
        with decoding(path):
            write_bytes(path, stamped_png(path.read_bytes(), record))
    elif suffix in (".jpg", ".jpeg"):
        with decoding(path):
            write_bytes(path, chunks.jpeg_with_xmp(path.read_bytes(), packet))
    elif suffix == ".webp":
        with decoding(path):
            write_bytes(path, chunks.webp_with_xmp(path.read_bytes(), packet))
    elif suffix == ".gif":
        with decoding(path):
            write_bytes(path, chunks.gif_with_xmp(path.read_bytes(), packet))
    elif suffix in _CONTAINERS:
        _remux(path, record, packet if suffix in _MP4 else None)
    else:
        raise MediaError("{name} cannot carry metadata.", status="unsupported", name=path.name)


def stamped_png(data: bytes, record: Mapping[str, Any]) -> bytes:
    """The bytes of a PNG with what :func:`stamp` would write into its file."""
    texts = {key.title(): str(record[key]) for key in ("title", "description", "software") if record.get(key)}
    return chunks.png_with_text(data, _packet(record).encode("utf-8"), texts)


def read_stamp(path: str | Path) -> dict[str, Any]:
    """What :func:`stamp` wrote, and the standard fields other programs wrote; empty where there is nothing.

    Raises:
        MediaError: where the file cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in _CONTAINERS:
        return _read_container(path)
    with decoding(path):
        if suffix == ".png":
            packet = chunks.png_xmp(path.read_bytes())
        elif suffix in (".jpg", ".jpeg"):
            packet = chunks.jpeg_xmp(path.read_bytes())
        elif suffix == ".webp":
            packet = chunks.webp_xmp(path.read_bytes())
        elif suffix == ".gif":
            packet = chunks.gif_xmp(path.read_bytes())
        else:
            return {}
    return _parse(packet.decode("utf-8", "replace")) if packet else {}


def _packet(record: Mapping[str, Any]) -> str:
    fields = [
        _FIELDS[key].format(_quoted(str(record[key])))
        for key in _STANDARD
        if record.get(key) not in (None, "")
    ]
    fields.append(
        f"<mmstudio:record>{_quoted(json.dumps(dict(record), ensure_ascii=False))}</mmstudio:record>"
    )
    return _PACKET.format(namespace=_NAMESPACE, fields="".join(fields))


def _quoted(text: str) -> str:
    """XML text without the control characters that XML 1.0 forbids."""
    return escape("".join(c for c in text if c in "\t\n\r" or c >= " "))


def _parse(packet: str) -> dict[str, Any]:
    """Read our own packet and the common form of others; patterns leave nothing for XML traps to catch."""
    found: dict[str, Any] = {}
    for key, pattern in _PATTERNS.items():
        match = pattern.search(packet)
        if match is not None:
            found[key] = unescape(match[1]).strip()
    record = _RECORD.search(packet)
    if record is not None:
        found.update(_json_object(unescape(record[1])))
    return found


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _remux(path: Path, record: Mapping[str, Any], packet: bytes | None) -> None:
    """Copy the streams into a new file with metadata; nothing is encoded again."""
    import av

    options = {"movflags": "+faststart+use_metadata_tags"} if packet is not None else {}
    format_name = "ipod" if path.suffix.lower() == ".m4a" else None
    with atomic_path(path) as temporary:
        with (
            open_container(path) as source,
            decoding(path),
            av.open(str(temporary), "w", format=format_name, options=options) as target,
        ):
            target.metadata.update(_tags(record, _RECORD_TAG.get(path.suffix.lower(), "comment")))
            kept = [stream for stream in source.streams if stream.type in ("video", "audio", "subtitle")]
            copies = {stream.index: target.add_stream_from_template(stream) for stream in kept}
            for piece in source.demux(kept):
                if piece.size:  # the empty one at the end only flushes decoders
                    piece.stream = copies[piece.stream.index]
                    target.mux(piece)
        if packet is not None:
            with temporary.open("ab") as file:
                file.write(chunks.mp4_xmp_box(packet))


def _tags(record: Mapping[str, Any], record_tag: str) -> dict[str, str]:
    tags = {record_tag: _MARK + json.dumps(dict(record), ensure_ascii=False)}
    names = {"title": "title", "creator": "artist", "description": "description", "created": "date"}
    for key, name in names.items():
        if record.get(key):
            tags[name] = str(record[key])
    return tags


def _read_container(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if path.suffix.lower() in _MP4:
        with decoding(path):
            packet = chunks.mp4_xmp(path)
        found.update(_parse(packet.decode("utf-8", "replace")) if packet else {})
    with open_container(path) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
        for stream in container.streams:  # Ogg keeps its comments on the stream
            tags.update({key.lower(): value for key, value in stream.metadata.items()})
    for name, key in (
        ("title", "title"),
        ("artist", "creator"),
        ("description", "description"),
        ("date", "created"),
    ):
        if tags.get(name):
            found.setdefault(key, tags[name])
    comment = tags.get(_RECORD_TAG.get(path.suffix.lower(), "comment"), "")
    if comment.startswith(_MARK):
        found.update(_json_object(comment.removeprefix(_MARK)))
    return found
