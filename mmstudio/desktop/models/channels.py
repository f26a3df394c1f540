"""Export channels and folders as the window offers them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel: its name for jobs, its label, and what comes out (``1080 × 1080 PNG``)."""

    name: str
    label: str
    detail: str
    standard: bool = False  # ticked to begin with


def read_channels() -> list[ChannelRow]:
    """Every channel there is; reads files, not for the GUI thread."""
    from mmstudio.export import channels

    rows = []
    for channel in channels():
        kind = channel.kind.upper()
        detail = f"{channel.width} × {channel.height} {kind}" if channel.size else kind
        rows.append(ChannelRow(channel.name, tr(channel.label), detail, channel.standard))
    return rows


def default_folder(library: Library) -> str:
    """Where exports go unless the person says otherwise: beside the library."""
    path = Path(library.path)
    return str(path.parent / f"{path.stem} exports")
