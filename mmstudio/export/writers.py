"""Which function writes a kind of file. Modules load when their kind is first written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.composition.render import Renderer
    from mmstudio.export.channels import Channel
    from mmstudio.export.options import ExportOptions
    from mmstudio.export.writer import OutputFolder
    from mmstudio.library import Library


@dataclass(slots=True)
class Task:
    """One file to write: everything a writer may look at.

    Attributes:
        board: the storyboard as it leaves: masked, labelled, in the channel's shape.
        path: a temporary file with the final suffix; it takes its name when the writer is done.
        renderer: gives the ready renderer of ``board`` (made once per canvas size).
        facts: what the manifest says of the file (codec, loudness, …): the writer adds to it.
        notes: sentences for the person (a file was made smaller, a picture left out).
        encoding: quality as settled by earlier tries: a writer that can be called again with a smaller
            "quality" (0 to 1) reads it here; the exporter lowers it where a file is over its channel's limit.
        marks: bytes that the marks of its origin take (XMP, metadata, a signature), as far as known.
        others: writes the files of more channels into a folder, as prepared and marked as this one (kits).
    """

    board: Storyboard
    channel: Channel
    library: Library
    path: Path
    options: ExportOptions
    renderer: Callable[[], Renderer]
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    encoding: dict[str, float] = field(default_factory=dict)
    marks: int = 8_000
    others: Callable[[Sequence[Channel], OutputFolder], Iterator[int]] | None = None

    @property
    def quality(self) -> float:
        """How good the file should be now, 0 to 1."""
        return min(max(self.encoding.get("quality", 1.0), 0.0), 1.0)

    @property
    def room(self) -> int:
        """Bytes that the file may have, less what marks of its origin take; 0 without a limit."""
        limit = self.channel.max_bytes
        return max(limit - self.marks, 1) if limit else 0

    @property
    def loudness(self) -> float:
        """LUFS that its sound is brought to: the channel's, or else the storyboard's own."""
        return self.channel.loudness or self.board.loudness


Writer = Callable[[Task], Iterator[int]]
"""Writes ``task.path``; yields the steps done, which the job shows and between which it may be cancelled."""

# kinds whose files become smaller with less quality
FLEXIBLE = frozenset({"png", "jpg", "webp", "avif", "gif", "mp4", "webm", "mp3", "opus"})

# kind of a channel -> "module:function"; the suffix of its files where it is not the kind itself
WRITERS: dict[str, str] = {
    "png": "mmstudio.export.stills:write_png",
    "jpg": "mmstudio.export.stills:write_jpeg",
    "webp": "mmstudio.export.stills:write_webp",
    "avif": "mmstudio.export.stills:write_avif",
    "gif": "mmstudio.export.loops:write_gif",
    "pdf": "mmstudio.export.vectors:write_pdf",
    "svg": "mmstudio.export.vectors:write_svg",
    "mp4": "mmstudio.export.video:write_film",
    "webm": "mmstudio.export.video:write_film",
    "wav": "mmstudio.export.sounds:write_sound",
    "flac": "mmstudio.export.sounds:write_sound",
    "mp3": "mmstudio.export.sounds:write_sound",
    "opus": "mmstudio.export.sounds:write_sound",
    "srt": "mmstudio.export.captions:write_srt",
    "vtt": "mmstudio.export.captions:write_vtt",
    "otio": "mmstudio.export.handoff:write_handoff",
    "kit": "mmstudio.export.kit:write_kit",
    "html": "mmstudio.export.web.page:write",
    "email": "mmstudio.export.web.email:write",
    "eml": "mmstudio.export.web.email:write_eml",
    "feed": "mmstudio.export.web.feeds:write_feed",
    "rss": "mmstudio.export.web.feeds:write_rss",
    "jsonld": "mmstudio.export.web.product:write",
    "meta": "mmstudio.export.web.meta:write",
}
SUFFIXES: dict[str, str] = {
    "otio": "zip",
    "kit": "zip",
    "email": "html",
    "feed": "json",
    "rss": "xml",
    "meta": "html",
}


def suffix_of(kind: str) -> str:
    """The suffix of a kind's files, without its dot."""
    return SUFFIXES.get(kind, kind)


def writer_of(kind: str) -> Writer:
    """The writer of a kind. Raises StudioError where there is none."""
    place = WRITERS.get(kind)
    if place is None:
        raise StudioError("No file of the kind {kind} can be written.", kind=kind)
    module, _, name = place.partition(":")
    made: Writer = getattr(import_module(module), name)
    return made
