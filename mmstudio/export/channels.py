"""Channel presets: what each place wants of a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound, StudioError
from mmstudio.export.writers import WRITERS
from mmstudio.paths import resource

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard

_FILMS = ("mp4", "webm", "gif")
_LEAST_SIDE, _MOST_SIDE = 32, 8192


@dataclass(frozen=True, slots=True)
class Channel:
    """One preset; sizes in pixels, 0 where there is no picture; limits are 0 where there is none.

    Attributes:
        name, label: its name in jobs and the shell, and for people.
        kind: what is written (a key of ``writers.WRITERS``). group: "social", "web", "print", …, for lists.
        fps: most frames per second of a film; 0 takes the storyboard's.
        safe: fractions (top, right, bottom, left) of the canvas that the channel may cover.
        loudness: LUFS of its sound; 0 takes the storyboard's. copy_length: characters of the text beside it.
        quality: 0 to 1, how good the encoding starts; it is lowered where the file would be too large.
        holds: names of the channels whose files a kit packs.
        standard: whether it is exported when no channel is named.
    """

    name: str
    label: str
    kind: str
    group: str = ""
    width: int = 0
    height: int = 0
    fps: int = 0
    min_seconds: float = 0.0
    max_seconds: float = 0.0
    max_bytes: int = 0
    safe: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    loudness: float = 0.0
    copy_length: int = 0
    quality: float = 1.0
    holds: tuple[str, ...] = ()
    standard: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels, None for sound and captions."""
        return (self.width, self.height) if self.width else None

    @property
    def ratio(self) -> str:
        """Width to height in lowest terms (``9:16``), or as a decimal (``1.91:1``); "" without a picture."""
        if not self.size:
            return ""
        exact = Fraction(self.width, self.height)
        if max(exact.numerator, exact.denominator) <= 32:
            return f"{exact.numerator}:{exact.denominator}"
        return f"{self.width / self.height:.2f}:1"

    @property
    def moves(self) -> bool:
        """Whether it is a film."""
        return self.kind in _FILMS


@lru_cache(maxsize=1)
def channels() -> tuple[Channel, ...]:
    """Every preset of ``resources/channels.toml``, in its order. Raises StudioError for a wrong one."""
    return read_channels(resource("channels.toml").read_text("utf-8"))


def read_channels(text: str) -> tuple[Channel, ...]:
    """The presets of a TOML text.

    Raises:
        StudioError: names the preset and what is wrong with it.
    """
    try:
        entries = tomllib.loads(text).get("channels", [])
        found = tuple(_channel(entry) for entry in entries)
    except tomllib.TOMLDecodeError as error:
        raise StudioError("The channels cannot be read: {why}", why=str(error)) from error
    names = [channel.name for channel in found]
    for channel in found:
        if names.count(channel.name) > 1:
            raise _wrong(channel.name, "its name is there twice")
        if unknown := [name for name in channel.holds if name not in names]:
            raise _wrong(channel.name, f"it holds {unknown[0]}, which is no channel")
    return found


_OTHER_KEYS = {"size", "max_megabytes", "ratio"}


def _channel(entry: Mapping[str, Any]) -> Channel:
    name = str(entry.get("name", "?"))
    known = {spec.name for spec in fields(Channel)} - {"width", "height", "max_bytes"} | _OTHER_KEYS
    if unknown := sorted(set(entry) - known):
        raise _wrong(name, f"{unknown[0]} means nothing")
    plain = {key: value for key, value in entry.items() if key not in _OTHER_KEYS}
    try:
        width, height = (int(side) for side in entry.get("size", (0, 0)))
        plain["safe"] = tuple(float(edge) for edge in entry.get("safe", (0, 0, 0, 0)))
        plain["holds"] = tuple(str(one) for one in entry.get("holds", ()))
        limit = int(float(entry.get("max_megabytes", 0)) * 1_000_000)
        for key in ("min_seconds", "max_seconds", "loudness", "quality"):
            if key in plain:
                plain[key] = float(plain[key])
        channel = Channel(width=width, height=height, max_bytes=limit, **plain)
    except (TypeError, ValueError) as error:
        raise _wrong(name, str(error)) from error
    if problem := _problem(channel, str(entry.get("ratio", ""))):
        raise _wrong(name, problem)
    return channel


def _problem(channel: Channel, ratio: str) -> str:
    """What is wrong with a preset; "" for nothing."""
    sides = (channel.width, channel.height)
    checks: Iterable[tuple[object, str]] = (
        (not channel.name or channel.name == "?", "it has no name"),
        (not channel.label, "it has no label"),
        (channel.kind not in WRITERS, f"no file of the kind {channel.kind} can be written"),
        (
            any(sides) and not all(_LEAST_SIDE <= side <= _MOST_SIDE and side % 2 == 0 for side in sides),
            f"a side must be even and from {_LEAST_SIDE} to {_MOST_SIDE} pixels",
        ),
        (bool(ratio) and ratio != channel.ratio, f"its size has the ratio {channel.ratio}, not {ratio}"),
        (len(channel.safe) != 4 or not all(0 <= e < 0.4 for e in channel.safe), "safe is 4 parts under 0.4"),
        (channel.moves and not channel.width, "a film has a size"),
        (
            channel.max_seconds and channel.min_seconds > channel.max_seconds,
            "its shortest is over its longest",
        ),
        (min(channel.max_bytes, channel.fps, channel.copy_length, channel.min_seconds) < 0, "below 0"),
        (not 0 < channel.quality <= 1, "quality is over 0 and at most 1"),
        (channel.loudness and not -40 <= channel.loudness <= -8, "loudness is from -40 to -8 LUFS"),
    )
    return next((words for wrong, words in checks if wrong), "")


def _wrong(name: str, why: str) -> StudioError:
    return StudioError("The channel {name} is not right: {why}.", name=name, why=why)


def canvases(names: Iterable[str | Channel]) -> list[tuple[int, int]]:
    """The sizes in pixels that these channels show a storyboard in, each once; unknown names are left out."""
    known = {channel.name: channel for channel in channels()}
    found = [name if isinstance(name, Channel) else known.get(name) for name in names]
    return list(dict.fromkeys(one.size for one in found if one is not None and one.size is not None))


def usual_canvases(board: Storyboard) -> list[tuple[int, int]]:
    """The canvases of the channels that a storyboard's recipe is usually exported for; none without one."""
    from mmstudio.composition.recipe import get_recipe

    try:
        return canvases(get_recipe(board.recipe).channels)
    except StudioError:
        return []


def chosen(names: Iterable[str | Channel] | None) -> list[Channel]:
    """The channels of these names, each once; the standard ones when none are named.

    A channel that is no preset may be given as it is.

    Raises:
        NotFound: a name that is no channel.
    """
    known = {channel.name: channel for channel in channels()}
    wanted = list(names or ())
    if not wanted:
        return [channel for channel in known.values() if channel.standard]
    found: dict[str, Channel] = {}
    for name in wanted:
        if isinstance(name, Channel):
            found[name.name] = name
        elif name in known:
            found[name] = known[name]
        else:
            raise NotFound(
                "There is no channel named {name}.",
                hint="Choose from: {names}.",
                name=name,
                names=", ".join(known),
            )
    return list(found.values())
