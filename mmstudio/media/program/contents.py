"""What ffprobe says of a file."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmstudio.media.container import FORMATS
from mmstudio.media.guard import check_not_empty, corrupt
from mmstudio.media.program import ONLY_FILES, local, program

_PATIENCE = 60  # seconds; a damaged file makes ffprobe read all of it


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream; sizes as stored, ``turn`` in degrees that players turn it by (0, 90, 180, 270)."""

    index: int
    kind: str
    codec: str
    width: int
    height: int
    rate: float
    samples: int
    channels: int
    turn: int
    aspect: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """A container: its format's first name, seconds (None where it does not say), tags and streams."""

    format: str
    duration: float | None
    tags: dict[str, str]
    streams: tuple[Stream, ...]

    def first(self, kind: str) -> Stream | None:
        """The first stream of a kind ("video", "audio"), cover pictures last; None without one."""
        found = [one for one in self.streams if one.kind == kind]
        moving = [one for one in found if one.codec not in ("png", "bmp", "gif", "mjpeg")]
        return next(iter(moving or found), None)


def contents(path: Path) -> Contents:
    """Read what a file holds. Raises MediaError (empty, corrupt), StudioError without ffprobe."""
    check_not_empty(path)
    command = [
        program("ffprobe"),
        "-hide_banner",
        "-loglevel",
        "error",
        *ONLY_FILES,
        "-format_whitelist",
        FORMATS,
    ]
    command += ["-print_format", "json", "-show_format", "-show_streams", local(path)]
    try:
        said = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        data = json.loads(said.stdout.decode("utf-8", "replace") or "{}")
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise corrupt(path) from error
    if said.returncode != 0 or not data.get("streams"):
        raise corrupt(path)
    head = data.get("format", {})
    streams = tuple(_stream(one) for one in data["streams"])
    duration = _float(head.get("duration"))
    return Contents(str(head.get("format_name", "")).split(",")[0], duration, _tags(head), streams)


def _stream(one: dict[str, Any]) -> Stream:
    turn = 0.0
    for side in one.get("side_data_list", []):
        turn = _float(side.get("rotation")) or turn
    turn = turn or -(_float(one.get("tags", {}).get("rotate")) or 0.0)
    return Stream(
        index=int(one.get("index", 0)),
        kind=str(one.get("codec_type", "")),
        codec=str(one.get("codec_name", "")),
        width=int(one.get("width") or 0),
        height=int(one.get("height") or 0),
        rate=_ratio(one.get("avg_frame_rate")) or _ratio(one.get("r_frame_rate")) or 25.0,
        samples=int(one.get("sample_rate") or 0),
        channels=int(one.get("channels") or 0),
        turn=round(turn / 90) * 90 % 360,
        aspect=_ratio(str(one.get("sample_aspect_ratio", "")).replace(":", "/")) or 1.0,
        tags=_tags(one),
    )


def _tags(entry: dict[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in entry.get("tags", {}).items()}


def _ratio(text: Any) -> float:
    try:
        return float(Fraction(str(text)))
    except (ValueError, ZeroDivisionError):
        return 0.0


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
