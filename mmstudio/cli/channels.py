"""`mmstudio channels`: what there is to export for, with every limit."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Json
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.export import Channel


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(channels)


def channels(
    group: Annotated[
        str | None, typer.Option("--group", help="Only of this group: social, video, web, banner, …")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only this kind of file: png, mp4, pdf, …")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the channels to export for: kind, size, lengths, file sizes, loudness, length of the text."""
    from mmstudio.export import channels as presets

    found = [c for c in presets() if group in (None, c.group) and kind in (None, c.kind)]
    if as_json:
        print_json({"channels": [{**asdict(c), "ratio": c.ratio} for c in found]})
        return
    if not found:
        say(tr("No channel is of that group and kind."))
        return
    heads = ["channel", "group", "kind", "size", "seconds", "MB", "LUFS", "for"]
    table(heads, [_row(channel) for channel in found])


def _row(channel: Channel) -> list[Any]:
    size = f"{channel.width}×{channel.height}" if channel.size else ""
    low, high = f"{channel.min_seconds:g}", f"{channel.max_seconds:g}"
    seconds = f"{low}–{high}" if channel.min_seconds else f"≤ {high}" if channel.max_seconds else ""
    return [
        channel.name,
        channel.group,
        channel.kind,
        size,
        seconds,
        f"{channel.max_bytes / 1_000_000:g}" if channel.max_bytes else "",
        f"{channel.loudness:g}" if channel.loudness else "",
        tr(channel.label),
    ]
