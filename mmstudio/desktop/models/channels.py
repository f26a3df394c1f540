"""Export channels and folders as the window offers them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.desktop.words import size_text
from mmstudio.i18n import mark, tr
from mmstudio.paths import data_dir

if TYPE_CHECKING:
    from mmstudio.export import Channel
    from mmstudio.library import Library

GROUPS = {
    "social": mark("Social networks"),
    "video": mark("Film"),
    "web": mark("Web"),
    "mail": mark("E-mail"),
    "banner": mark("Banners"),
    "print": mark("Print"),
    "sound": mark("Sound"),
    "text": mark("Captions"),
    "edit": mark("Hand-off"),
}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel: its name for jobs, its label, and what comes out (``1080 × 1080 PNG``).

    ``group``: the heading it stands under in lists; ``limits``: lengths and sizes it keeps to, for people.
    ``copy_length``: characters of the text beside it, 0 for any number.
    """

    name: str
    label: str
    detail: str
    standard: bool = False  # ticked to begin with
    group: str = ""
    limits: str = ""
    copy_length: int = 0


def read_channels() -> list[ChannelRow]:
    """Every channel there is; reads files, not for the GUI thread."""
    from mmstudio.export import channels

    rows = []
    for channel in channels():
        kind = channel.kind.upper()
        detail = f"{channel.width} × {channel.height} {kind}" if channel.size else kind
        rows.append(
            ChannelRow(
                channel.name,
                tr(channel.label),
                detail,
                channel.standard,
                tr(GROUPS.get(channel.group, channel.group)),
                _limits(channel),
                channel.copy_length,
            )
        )
    return rows


def _limits(channel: Channel) -> str:
    """ "3–60 s · at most 100 MB · −14 LUFS"."""
    parts = []
    if channel.max_seconds:
        low, high = f"{channel.min_seconds:g}", f"{channel.max_seconds:g}"
        parts.append(f"{low}–{high} s" if channel.min_seconds else tr("at most {n} s", n=high))
    if channel.max_bytes:
        parts.append(tr("at most {size}", size=size_text(channel.max_bytes)))
    if channel.loudness:
        parts.append(f"{channel.loudness:g} LUFS".replace("-", "−"))
    return " · ".join(parts)


def default_folder(library: Library) -> str:
    """Where exports go unless the person says otherwise: beside the library.

    A library that the program made for itself lies in a hidden folder; what comes out of it goes home.
    """
    path = Path(library.path)
    beside = Path.home() if path.is_relative_to(data_dir()) else path.parent
    return str(beside / f"{path.stem} exports")
