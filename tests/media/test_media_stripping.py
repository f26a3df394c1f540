"""Copies without metadata, read back by Pillow and PyAV; hostile files; marks of origin in every format."""

from __future__ import annotations

import hashlib
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import av
import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from mmstudio.errors import MediaError
from mmstudio.media.encode import VideoWriter, encode_audio
from mmstudio.media.metadata import COMPOSITE, can_carry, read_stamp, stamp
from mmstudio.media.stripping import strip_copy
from support.media import make_picture

SECRET = "SECRET-of-Ann"
RECORD: dict[str, Any] = {
    "title": "Bag & <b>", "software": "MM Studio", "recipe": "product-ad", "seed": 3, "storyboard": "ab" * 32,
    "recipe_hash": "cd" * 32, "digital_source_type": COMPOSITE,
}  # fmt: skip
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mm": "https://mmstudio.app/ns/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def exif(turned: int = 6) -> Image.Exif:
    made = Image.Exif()
    made[0x0112], made[0x010F], made[0x013B] = turned, SECRET, SECRET
    place = made.get_ifd(0x8825)
    place[1], place[2] = "N", (52.0, 30.0, 1.0)
    return made


def make(path: Path) -> Path:
    """A small file of the suffix's kind that tells a secret wherever it can."""
    picture = make_picture((60, 40))
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRET}</x:xmpmeta>'.encode()
    match path.suffix:
        case ".jpg":
            picture.save(path, exif=exif(), xmp=xmp, comment=SECRET.encode(), quality=90)
            with path.open("ab") as file:
                file.write(SECRET.encode())  # what cameras append after the picture
        case ".png":
            info = PngImagePlugin.PngInfo()
            info.add_text("Author", SECRET)
            picture.save(path, exif=exif(), pnginfo=info)
        case ".webp":
            picture.save(path, exif=exif(), xmp=xmp, lossless=True)
        case ".gif":
            picture.save(path, comment=SECRET.encode())
        case ".tif" | ".avif":
            picture.save(path, exif=exif(1))
        case ".svg":
            path.write_text(
                '<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.inkscape.org/namespaces/inkscape"'
                f' i:docname="/home/{SECRET}/x.svg" width="9" height="9"><!--{SECRET}--><metadata>{SECRET}'
                f'</metadata><title>{SECRET}</title><rect width="3" height="3" fill="red"/></svg>'
            )
        case ".mp4" | ".webm" | ".mkv" | ".mov":
            with VideoWriter(path, 64, 48, 10, 48_000) as writer:
                for step in range(5):
                    writer.write_frame(np.full((48, 64, 3), step * 40, np.uint8))
                writer.write_audio(tone())
        case _:
            encode_audio(path, tone(), 48_000)
    return path


def tone() -> np.ndarray[Any, np.dtype[np.float32]]:
    wave = np.sin(np.arange(24_000) / 20).astype(np.float32) * 0.3
    return np.stack([wave, wave])


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def decoded(path: Path) -> str:
    """A hash over the decoded streams."""
    found = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(*container.streams.video, *container.streams.audio):
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            found.update(np.ascontiguousarray(frame.to_ndarray()).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tif", ".avif"])
def test_pictures_keep_their_pixels_and_which_way_is_up_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    source = make(tmp_path / f"in{suffix}")
    target, removed = strip_copy(source, tmp_path / f"out{suffix}")
    assert SECRET.encode() not in target.read_bytes()
    assert np.array_equal(pixels(source), pixels(target))
    with Image.open(target) as image:
        assert set(image.getexif()) <= {0x0112}
        assert not image.getexif().get_ifd(0x8825)
        assert "xmp" not in image.info
    assert removed
    if suffix in (".jpg", ".png", ".webp"):
        assert {"EXIF", "place"} <= set(removed)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".wav", ".flac", ".mp3", ".opus"])
def test_films_and_sounds_keep_their_streams_and_no_tag(tmp_path: Path, suffix: str) -> None:
    tagged = make(tmp_path / f"in{suffix}")
    stamp(tagged, {"title": SECRET, "creator": SECRET})
    target, removed = strip_copy(tagged, tmp_path / f"out{suffix}")
    assert SECRET.encode() not in target.read_bytes()
    assert b"mmstudio" not in target.read_bytes().lower()
    assert "tags" in removed
    assert decoded(tagged) == decoded(target)
    with av.open(str(target)) as container:
        assert not {"title", "artist", "comment", "location"} & {key.lower() for key in container.metadata}


def test_a_drawing_tells_no_folder(tmp_path: Path) -> None:
    target, removed = strip_copy(make(tmp_path / "in.svg"), tmp_path / "out.svg")
    text = target.read_text("utf-8")
    assert SECRET not in text
    assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}rect") is not None
    assert "comment" in removed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe1\xff\xff" + b"a" * 100),
        ("b.jpg", b"\xff\xd8\xff\xda\x00\x08" + b"a" * 100),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\0IEND"),
        ("b.png", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT"),
        ("a.gif", b"GIF89a" + b"\0" * 5),
        ("b.gif", b"GIF89a" + b"\0" * 7 + b"\x21\xfe\xff"),
        ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff"),
        ("a.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
        ("a.wav", b"RIFF"),
        ("a.svg", b"<svg"),
        ("b.svg", b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>'),
        ("a.mp4", b"x" * 100),
        ("a.xyz", b"1"),
        ("empty.png", b""),
    ],
)
def test_damaged_files_are_refused_and_leave_nothing(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    target = tmp_path / "out" / name
    target.parent.mkdir()
    with pytest.raises(MediaError):
        strip_copy(tmp_path / name, target)
    assert list(target.parent.iterdir()) == []


def test_giant_exif_and_a_link_are_no_trouble(tmp_path: Path) -> None:
    big = exif(8)
    big[0x9C9C] = b"\1" * 65_000
    make_picture((60, 40)).save(tmp_path / "real.jpg", exif=big)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real.jpg")
    before = (tmp_path / "real.jpg").read_bytes()
    target, _ = strip_copy(tmp_path / "link.jpg", tmp_path / "out.jpg")
    assert not target.is_symlink()
    assert (tmp_path / "real.jpg").read_bytes() == before
    assert target.stat().st_size < len(before) - 60_000
    with Image.open(target) as image:
        assert image.getexif()[0x0112] == 8


# --- marks of origin, read by others ------------------------------------------------------------------------


def packet_of(path: Path) -> bytes:
    """The XMP packet as an XML reader of others would be given it."""
    if path.suffix == ".svg":
        root = ET.fromstring(path.read_bytes())
        found = root.find("{http://www.w3.org/2000/svg}metadata")
        assert found is not None
        return ET.tostring(found[0])
    if path.suffix in (".pdf", ".wav", ".mp3", ".mp4"):
        data = path.read_bytes()
        begin = data.rfind(b"<x:xmpmeta")
        return data[begin : data.find(b"</x:xmpmeta>", begin) + len(b"</x:xmpmeta>")]
    with Image.open(path) as image:
        raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        return raw.encode() if isinstance(raw, str) else raw


def make_carrier(path: Path) -> Path:
    match path.suffix:
        case ".pdf":
            make_picture((60, 40)).save(path)
        case ".svg":
            path.write_text('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
        case _:
            return make(path)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif", ".svg", ".pdf", ".wav", ".mp3", ".mp4"])
def test_an_xml_reader_finds_source_type_and_hashes(tmp_path: Path, suffix: str) -> None:
    path = make_carrier(tmp_path / f"a{suffix}")
    before = pixels(path) if suffix in (".png", ".jpg", ".webp", ".avif") else None
    stamp(path, {"title": "earlier", "storyboard": "00" * 32})
    stamp(path, RECORD)
    about = ET.fromstring(packet_of(path)).find("rdf:RDF/rdf:Description", NS)
    assert about is not None
    assert about.findtext("ext:DigitalSourceType", namespaces=NS) == IPTC
    assert about.findtext("mm:RecipeHash", namespaces=NS) == "cd" * 32
    assert about.findtext("mm:StoryboardHash", namespaces=NS) == "ab" * 32
    assert about.findtext("dc:title/rdf:Alt/rdf:li", namespaces=NS) == "Bag & <b>"
    assert read_stamp(path) == RECORD
    if before is not None:
        assert np.array_equal(before, pixels(path))


@pytest.mark.parametrize(
    "suffix", [".mp4", ".webm", ".wav", ".flac", ".mp3", ".opus", ".avif", ".pdf", ".gif"]
)
def test_the_same_record_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    digests = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = make_carrier(tmp_path / folder / f"a{suffix}")
        stamp(path, RECORD)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_pdf_opens_with_its_title_and_is_one_page(tmp_path: Path) -> None:
    path = make_carrier(tmp_path / "a.pdf")
    stamp(path, RECORD)
    document = pypdfium2.PdfDocument(path)
    assert len(document) == 1
    assert document.get_metadata_value("Title") == "Bag & <b>"
    assert document.get_metadata_value("Subject") == COMPOSITE
    document.close()


def test_sound_tags_are_read_by_ffmpeg(tmp_path: Path) -> None:
    for suffix, key in (
        (".mp3", "digital_source_type"),
        (".wav", "coding_history"),
        (".webm", "digital_source_type"),
    ):
        path = make(tmp_path / f"a{suffix}")
        stamp(path, RECORD)
        with av.open(str(path)) as container:
            tags = {name.lower(): value for name, value in container.metadata.items()}
        assert COMPOSITE in tags[key]
        assert "ab" * 32 in tags["comment"]


def test_a_page_says_it_in_its_head(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        "<!doctype html><html><head>\n<meta charset=utf-8><title>x</title></head><body></body></html>"
    )
    stamp(page, {"title": "earlier"})
    stamp(page, RECORD | {"title": '"><script>alert(1)</script>'})
    text = page.read_text("utf-8")
    assert "<script>" not in text
    assert text.count("mmstudio-record") == 1
    assert f'<meta name="digital-source-type" content="{IPTC}">' in text
    assert read_stamp(page)["title"] == '"><script>alert(1)</script>'
    part = tmp_path / "b.html"  # tags to be pasted into a head
    part.write_text('<meta property="og:title" content="x">\n')
    stamp(part, RECORD)
    stamp(part, RECORD)
    assert part.read_text("utf-8").endswith('<meta property="og:title" content="x">\n')
    assert read_stamp(part) == RECORD
    captions = tmp_path / "a.vtt"
    captions.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n", "utf-8")
    stamp(captions, RECORD)
    assert read_stamp(captions) == RECORD
    assert captions.read_text("utf-8").endswith("Hello\n")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.avif", b"\0\0\0\x08ftyp\0\0\0\x10meta"),
        ("b.avif", b"\0\0\0\x14ftypavif\0\0\0\0avif" + b"\0\0\0\x0cmeta\0\0\0\0"),
        ("a.pdf", b"%PDF-1.4\nstartxref\n9\n%%EOF"),
        ("b.pdf", b"no pdf"),
        ("a.svg", b"<svg/>"),
        ("a.html", b"<p>no head</p>"),
        ("a.vtt", b"nothing"),
        ("a.wav", b"RIFF\0\0\0\0WAVX"),
        ("a.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
    ],
)
def test_what_cannot_be_marked_stays_as_it_was(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert can_carry(path)
    with pytest.raises(MediaError):
        stamp(path, RECORD)
    assert path.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_broken_xmp_is_read_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta><mmstudio:record>{&quot;[[[" + "[" * 50_000)
    make_picture((8, 8)).save(path, pnginfo=info)
    assert read_stamp(path) == {}
    bomb = tmp_path / "b.png"
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 1 << 30) + b"iTXt" + b"XML:com.adobe.xmp\0")
    with pytest.raises(MediaError):
        read_stamp(bomb)
