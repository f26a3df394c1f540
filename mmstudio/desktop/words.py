"""Numbers and kinds in words, the same everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

KIND_NAMES = {"image": mark("Picture"), "audio": mark("Sound"), "video": mark("Video"), "text": mark("Text")}
KIND_PLURALS: dict[MediaKind, str] = {
    "image": mark("Pictures"),
    "audio": mark("Sounds"),
    "video": mark("Videos"),
    "text": mark("Texts"),
}
RIGHTS_NAMES = {
    "unknown": mark("Not said"),
    "own": mark("My own"),
    "licensed": mark("Licensed"),
    "no-training": mark("Not for training"),
    "restricted": mark("Restricted"),
}
STATUS_NAMES = {
    "ok": mark("Fine"),
    "missing": mark("File is missing"),
    "corrupt": mark("File cannot be read"),
    "trashed": mark("In the trash"),
}
STATE_NAMES = {
    "queued": mark("Waiting"),
    "running": mark("Running"),
    "paused": mark("Paused"),
    "done": mark("Done"),
    "cancelled": mark("Cancelled"),
    "failed": mark("Failed"),
}


def kind_name(kind: str) -> str:
    """Name of a media kind in the person's language."""
    return tr(KIND_NAMES.get(kind, kind))


def duration_text(seconds: float) -> str:
    """``0.4 s``, ``0:07``, ``12:34`` or ``1:02:03``."""
    if 0.0 < seconds < 0.95:
        return tr("{n} s", n=f"{seconds:.1f}")
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def size_text(count: int) -> str:
    """Bytes in the unit a person would use, decimal as file managers show it."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"


def span_text(seconds: float) -> str:
    """How long something takes: "40 s", "3 min", "2 h"."""
    if seconds < 90:
        return tr("{n} s", n=max(1, round(seconds)))
    if seconds < 5400:
        return tr("{n} min", n=round(seconds / 60))
    return tr("{n} h", n=round(seconds / 3600))


def date_text(iso: str | None) -> str:
    """An ISO 8601 time as the date and minute in local time; empty for None or an unreadable one."""
    if not iso:
        return ""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if when.tzinfo is not None:
        when = when.astimezone()
    return when.strftime("%Y-%m-%d %H:%M")
