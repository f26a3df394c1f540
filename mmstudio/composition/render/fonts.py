"""Which font files a storyboard's texts are really drawn with, and which characters no font has."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from mmstudio.composition.render.application import ensure_application
from mmstudio.composition.render.glyphs import Face
from mmstudio.composition.render.scene_text import PlacedText, texts_of
from mmstudio.composition.render.typefaces import installed
from mmstudio.composition.storyboard import Font, Scene, Storyboard, TextLayer
from mmstudio.i18n import tr

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_MOST_FACES = 64  # in a collection; more is a broken file
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class MissingGlyph:
    """Characters of a text that no font of this machine can draw; ``slot``: the layer's binding or name."""

    slot: str
    text: str
    characters: str
    scene: str


def resolve(board: Storyboard) -> list[Font]:
    """Every font file that a text of the storyboard is drawn with, with its SHA-256; by family and style.

    A font whose file cannot be found (a font of the system itself, say) has ``file`` "" and the SHA-256 of
    its ``head`` table, which changes with the font. Main thread first: see :func:`ensure_application`.
    """
    ensure_application()
    faces = dict.fromkeys(face for _, one in _texts(board) for face in one.done.faces)
    found = {(font.family, font.style, font.file): font for font in map(_font_of, faces)}
    return [found[key] for key in sorted(found)]


def missing_glyphs(board: Storyboard) -> list[MissingGlyph]:
    """Texts with characters that would be drawn as an empty box or left out, in scene order, each once."""
    ensure_application()
    found = {
        MissingGlyph(one.layer.bind or one.layer.name, board.text_of(one.layer), one.done.missing, scene.name)
        for scene, one in _texts(board)
        if one.done.missing
    }
    order = {scene.name: number for number, scene in enumerate(board.scenes)}
    seen: dict[tuple[str, str], MissingGlyph] = {}
    for glyph in sorted(found, key=lambda m: (order[m.scene], m.slot)):
        seen.setdefault((glyph.slot, glyph.text), glyph)
    return list(seen.values())


def changed(board: Storyboard) -> list[str]:
    """Sentences about fonts that are not as they were, with what is used instead; empty where all is well.

    Speaks of files in ``board.fonts`` that are gone or other files now, and of families that a layer asks for
    and this machine lacks.
    """
    now = resolve(board)
    said: dict[str, None] = {}
    families = {font.family for font in now}
    wanted = {
        layer.family
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, TextLayer) and layer.family and not layer.hidden
    }
    instead = ", ".join(sorted(families)) or "—"
    for family in sorted(wanted - installed()):
        said[
            tr("The font {name} is not on this machine: {other} is used instead.", name=family, other=instead)
        ] = None
    used = {(font.family, font.style): font.sha256 for font in now}
    for font in board.fonts:
        if font.family not in installed():
            words = tr("The font {name} is gone: {other} is used instead.", name=font.family, other=instead)
            said[words] = None
        elif used.get((font.family, font.style), font.sha256) != font.sha256:
            words = tr("The font {name} is another version than when this was made.", name=font.family)
            said[words] = None
    return list(said)


def _texts(board: Storyboard) -> list[tuple[Scene, PlacedText]]:
    return [(scene, one) for scene in board.scenes for one in texts_of(board, scene).values()]


def _font_of(face: Face) -> Font:
    path = file_of(face)
    if path is None:
        return Font(face.family, face.style, "", hashlib.sha256(face.head).hexdigest())
    stat = path.stat()
    return Font(face.family, face.style, path.name, _digest(path, stat.st_mtime_ns, stat.st_size))


def file_of(face: Face) -> Path | None:
    """The file a face came from: the one with the same ``head`` table (it holds the file's own checksum)."""
    with _lock:
        found = _index(tuple(str(folder) for folder in font_folders())).get(face.head, [])
    if len(found) > 1:  # copies, or faces of one collection: the name decides where it can
        plain = face.family.replace(" ", "").lower()
        found = sorted(
            found, key=lambda path: (not path.stem.replace(" ", "").lower().startswith(plain), str(path))
        )
    return next((path for path in found if path.is_file()), None)


def font_folders() -> list[Path]:
    """Folders in which this system keeps fonts."""
    places = [
        Path(place)
        for place in QStandardPaths.standardLocations(QStandardPaths.StandardLocation.FontsLocation)
    ]
    if sys.platform == "win32":
        places.append(Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts")
    elif sys.platform == "darwin":
        places += [Path("/System/Library/Fonts"), Path("/Library/Fonts")]
    else:
        places += [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    return [place for place in dict.fromkeys(places) if place.is_dir()]


@lru_cache(maxsize=2)
def _index(folders: tuple[str, ...]) -> dict[bytes, list[Path]]:
    """Font files by the ``head`` tables in them."""
    found: dict[bytes, list[Path]] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in sorted(names):
                if name.lower().endswith(_SUFFIXES):
                    path = Path(parent, name)
                    for head in heads(path):
                        found.setdefault(head, []).append(path)
    return found


def heads(path: Path) -> list[bytes]:
    """The ``head`` table of every face in a font file (OpenType 1.9); empty for what is none."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
            offsets = [0]
            if start[:4] == b"ttcf":
                count = min(struct.unpack(">I", start[8:12])[0], _MOST_FACES)
                offsets = list(struct.unpack(f">{count}I", file.read(4 * count)))
            made = []
            for offset in offsets:
                file.seek(offset + 4)
                tables = struct.unpack(">H", file.read(2))[0]
                file.seek(offset + 12)
                directory = file.read(16 * min(tables, 256))
                for at in range(0, len(directory) - 15, 16):
                    if directory[at : at + 4] == b"head":
                        place, length = struct.unpack(">II", directory[at + 8 : at + 16])
                        file.seek(place)
                        made.append(file.read(min(length, 1024)))
            return list(dict.fromkeys(made))
    except (OSError, struct.error):
        return []


@lru_cache(maxsize=256)
def _digest(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
