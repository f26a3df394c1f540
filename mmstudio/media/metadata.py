"""Say inside a file where it came from, and read it back.

Generated media carry the IPTC digital source type (IPTC Photo Metadata Standard 2023.1) in XMP, where search
engines and platforms look for it, and the studio's own record (model, seed, sources) as JSON beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmstudio.atomic import atomic_path
from mmstudio.errors import MediaError
from mmstudio.media import avif, chunks, documents, sound_tags, text_records
from mmstudio.media.container import open_container
from mmstudio.media.guard import decoding
from mmstudio.media.program import inside
from mmstudio.media.program.contents import contents
from mmstudio.media.program.writing import copy_with_tags
from mmstudio.media.xmp import SOURCE_TYPES, json_object, packet_of, parse_packet

TRAINED = "trainedAlgorithmicMedia"  # made by a model alone
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"  # photographs or text with parts made by a model
_REMUXED = {".mp4", ".m4v", ".mov", ".m4a", ".mkv", ".webm", ".flac", ".ogg", ".opus"}
_CONTAINERS = {*_REMUXED, ".mp3", ".wav"}
# Vorbis comments have one field for comment and description, but take any name.
_RECORD_TAG = {".flac": "mmstudio", ".ogg": "mmstudio", ".opus": "mmstudio"}
_MP4 = {".mp4", ".m4v", ".mov", ".m4a"}
_MARK = "mmstudio:"  # starts the comment of a sound or video that holds the record

_WithXmp = Callable[[bytes, bytes], bytes]
_PICTURES: dict[str, tuple[_WithXmp, Callable[[bytes], bytes | None]]] = {
    ".jpg": (chunks.jpeg_with_xmp, chunks.jpeg_xmp),
    ".jpeg": (chunks.jpeg_with_xmp, chunks.jpeg_xmp),
    ".webp": (chunks.webp_with_xmp, chunks.webp_xmp),
    ".gif": (chunks.gif_with_xmp, chunks.gif_xmp),
    ".avif": (avif.avif_with_xmp, avif.avif_xmp),
}
_WithRecord = Callable[[bytes, Mapping[str, Any]], bytes]
_Reader = Callable[[bytes], dict[str, Any]]


def _of_text(
    with_record: Callable[[str, Mapping[str, Any]], str], record_of: Callable[[str], dict[str, Any]]
) -> tuple[_WithRecord, _Reader]:
    return (
        lambda data, record: with_record(data.decode("utf-8"), record).encode("utf-8"),
        lambda data: record_of(data.decode("utf-8", "replace")),
    )


_JSON = _of_text(text_records.json_with_record, text_records.json_record)
_DOCUMENTS: dict[str, tuple[_WithRecord, _Reader]] = {
    ".pdf": (documents.pdf_with_record, documents.pdf_record),
    ".svg": (documents.svg_with_record, documents.svg_record),
    ".html": _of_text(documents.html_with_record, documents.html_record),
    ".vtt": _of_text(documents.vtt_with_record, documents.vtt_record),
    ".json": _JSON,
    ".jsonld": _JSON,
    ".xml": _of_text(text_records.rss_with_record, text_records.rss_record),
    ".eml": (text_records.mail_with_record, text_records.mail_record),
}


def can_carry(path: str | Path) -> bool:
    """Whether :func:`stamp` can write into a file of this name."""
    return Path(path).suffix.lower() in {".png", *_PICTURES, *_DOCUMENTS, *_CONTAINERS}


def stamp(path: str | Path, record: Mapping[str, Any], *, durable: bool = True) -> None:
    """Write ``record`` into a file made by the studio, atomically, without touching pixels or sound.

    Nothing of it depends on the time: the same file and record give the same bytes.

    Args:
        path: PNG, JPEG, WebP, GIF, AVIF (XMP, and text chunks in PNG); MP4, MOV, M4A (metadata and XMP); MKV,
            WebM, FLAC, Ogg, Opus (metadata); WAV (INFO, bext, XMP), MP3 (ID3v2.4 with XMP); PDF (information
            and XMP), SVG (metadata), HTML (meta elements), WebVTT (a note), JSON Feed (an extension),
            schema.org data (``subjectOf``), RSS (elements of the channel), a mail (fields of its head).
        record: JSON values. ``title``, ``description``, ``creator``, ``software``, ``created`` (ISO 8601) and
            ``digital_source_type`` (:data:`TRAINED` or :data:`COMPOSITE`) go to their standard places too.
        durable: whether it must survive a power cut; False where ``path`` is itself still temporary.

    Raises:
        MediaError: unsupported format, or a file that cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    packet = packet_of(record).encode("utf-8")
    if suffix == ".png":
        with decoding(path):
            _write(path, stamped_png(path.read_bytes(), record), durable)
    elif suffix in _PICTURES:
        with decoding(path):
            _write(path, _PICTURES[suffix][0](path.read_bytes(), packet), durable)
    elif suffix in _DOCUMENTS:
        with decoding(path):
            _write(path, _DOCUMENTS[suffix][0](path.read_bytes(), record), durable)
    elif suffix in (".wav", ".mp3"):
        write = sound_tags.write_wav_tags if suffix == ".wav" else sound_tags.write_id3
        with atomic_path(path, durable=durable) as temporary, decoding(path):
            write(path, temporary, record, sound_tags.record_comment(record, _MARK))
    elif suffix in _REMUXED:
        _remux(path, record, packet if suffix in _MP4 else None, durable)
    else:
        raise MediaError("{name} cannot carry metadata.", status="unsupported", name=path.name)


def stamped_png(data: bytes, record: Mapping[str, Any]) -> bytes:
    """The bytes of a PNG with what :func:`stamp` would write into its file."""
    texts = {key.title(): str(record[key]) for key in ("title", "description", "software") if record.get(key)}
    return chunks.png_with_text(data, packet_of(record).encode("utf-8"), texts)


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
        if suffix == ".zip":
            return text_records.zip_record(path)
        if suffix == ".otio":
            return text_records.json_record(path.read_text("utf-8", "replace"))
        if suffix in _DOCUMENTS:
            return _DOCUMENTS[suffix][1](path.read_bytes())
        if suffix == ".png":
            packet = chunks.png_xmp(path.read_bytes())
        elif suffix in _PICTURES:
            packet = _PICTURES[suffix][1](path.read_bytes())
        else:
            return {}
    return parse_packet(packet.decode("utf-8", "replace")) if packet else {}


def _write(path: Path, data: bytes, durable: bool) -> None:
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_bytes(data)


def _remux(path: Path, record: Mapping[str, Any], packet: bytes | None, durable: bool) -> None:
    """Copy the streams into a new file with metadata; nothing is encoded again.

    ``bitexact`` keeps random identifiers, times and names of programs out of the file.
    """
    format_name = "ipod" if path.suffix.lower() == ".m4a" else None
    tags = _tags(record, _RECORD_TAG.get(path.suffix.lower(), "comment"))
    if not inside():
        with atomic_path(path) as temporary:
            copy_with_tags(path, temporary, tags, format_name)
            if packet is not None:
                with temporary.open("ab") as file:
                    file.write(chunks.mp4_xmp_box(packet))
        return
    import av

    options = {"fflags": "+bitexact"}
    if packet is not None:
        options["movflags"] = "+faststart+use_metadata_tags"
    with atomic_path(path, durable=durable) as temporary:
        with (
            open_container(path) as source,
            decoding(path),
            av.open(str(temporary), "w", format=format_name, options=options) as target,
        ):
            target.metadata.update(tags)
            kept = [stream for stream in source.streams if stream.type in ("video", "audio", "subtitle")]
            copies = {stream.index: target.add_stream_from_template(stream) for stream in kept}
            copied = 0
            for piece in source.demux(kept):
                if piece.size:  # the empty one at the end only flushes decoders
                    piece.stream = copies[piece.stream.index]
                    target.mux(piece)
                    copied += 1
            if not copied:
                raise ValueError("a file without a stream")
        if packet is not None:
            with temporary.open("ab") as file:
                file.write(chunks.mp4_xmp_box(packet))


def _tags(record: Mapping[str, Any], record_tag: str) -> dict[str, str]:
    tags = {record_tag: sound_tags.record_comment(record, _MARK)}
    names = {"title": "title", "creator": "artist", "description": "description", "created": "date"}
    for key, name in names.items():
        if record.get(key):
            tags[name] = str(record[key])
    for key in ("recipe_hash", "storyboard"):
        if record.get(key):
            tags[key] = str(record[key])
    if record.get("digital_source_type"):
        tags["digital_source_type"] = SOURCE_TYPES + str(record["digital_source_type"])
    return tags


def _read_container(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    packet = None
    with decoding(path):
        if path.suffix.lower() in _MP4:
            packet = chunks.mp4_xmp(path)
        elif path.suffix.lower() == ".wav":
            packet = _wav_packet(path)
    found.update(parse_packet(packet.decode("utf-8", "replace")) if packet else {})
    tags = _container_tags(path)
    for name, key in (
        ("title", "title"),
        ("artist", "creator"),
        ("description", "description"),
        ("date", "created"),
    ):
        if tags.get(name):
            found.setdefault(key, tags[name])
    if tags.get("digital_source_type"):
        found.setdefault("digital_source_type", tags["digital_source_type"].rpartition("/")[2])
    comment = tags.get(_RECORD_TAG.get(path.suffix.lower(), "comment"), "")
    if comment.startswith(_MARK):
        found.update(json_object(comment.removeprefix(_MARK)))
    return found


def _container_tags(path: Path) -> dict[str, str]:
    """Tags of a container and of its streams (Ogg keeps its comments there), names in lower case."""
    if not inside():
        said = contents(path)
        all_tags = [said.tags, *(stream.tags for stream in said.streams)]
    else:
        with open_container(path) as container:
            all_tags = [dict(container.metadata), *(dict(stream.metadata) for stream in container.streams)]
    return {key.lower(): value for tags in all_tags for key, value in tags.items()}


def _wav_packet(path: Path) -> bytes | None:
    try:
        return sound_tags.wav_xmp(path)
    except ValueError:
        return None  # RF64 and the like: FFmpeg reads what there is
