"""Channel presets: what each place wants of a file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mmstudio.errors import NotFound
from mmstudio.paths import resource

Kind = Literal["png", "mp4", "wav", "srt"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One preset; sizes in pixels, 0 where there is no picture; limits are 0 where there is none.

    ``safe``: fractions (top, right, bottom, left) of the canvas that the channel may cover.
    """

    name: str
    label: str
    kind: Kind
    width: int = 0
    height: int = 0
    min_seconds: float = 0.0
    max_seconds: float = 0.0
    max_bytes: int = 0
    safe: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    standard: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels, None for sound and captions."""
        return (self.width, self.height) if self.width else None


@lru_cache(maxsize=1)
def channels() -> tuple[Channel, ...]:
    """Every preset of ``resources/channels.toml``, in its order."""
    data = tomllib.loads(resource("channels.toml").read_text("utf-8"))
    found = []
    for entry in data["channels"]:
        width, height = entry.get("size", (0, 0))
        top, right, bottom, left = entry.get("safe", (0.0, 0.0, 0.0, 0.0))
        found.append(
            Channel(
                name=entry["name"],
                label=entry["label"],
                kind=entry["kind"],
                width=width,
                height=height,
                min_seconds=float(entry.get("min_seconds", 0)),
                max_seconds=float(entry.get("max_seconds", 0)),
                max_bytes=int(entry.get("max_megabytes", 0) * 1_000_000),
                safe=(top, right, bottom, left),
                standard=bool(entry.get("standard", False)),
            )
        )
    return tuple(found)


def chosen(names: list[str] | tuple[str, ...] | None) -> list[Channel]:
    """The channels of these names, each once; the standard ones when none are named.

    Raises:
        NotFound: a name that is no channel.
    """
    known = {channel.name: channel for channel in channels()}
    if not names:
        return [channel for channel in known.values() if channel.standard]
    for name in names:
        if name not in known:
            raise NotFound(
                "There is no channel named {name}.",
                hint="Choose from: {names}.",
                name=name,
                names=", ".join(known),
            )
    return [known[name] for name in dict.fromkeys(names)]
