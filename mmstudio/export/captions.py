"""Captions as SubRip (SRT) and WebVTT."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mmstudio.composition.storyboard import Caption

if TYPE_CHECKING:
    from mmstudio.export.writers import Task

# U+2068 and U+2069 (UAX #9): a caption stands by its own direction whatever a player's is
_ISOLATE, _END = "\u2068", "\u2069"
_HIDDEN = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def write_srt(task: Task) -> Iterator[int]:
    """The captions as SRT."""
    yield 1
    task.path.write_text(to_srt(task.board.captions), "utf-8", newline="\n")


def write_vtt(task: Task) -> Iterator[int]:
    """The captions as WebVTT, clear of what the channel covers below."""
    yield 1
    low = 1.0 - max(task.channel.safe[2], 0.05)
    text = to_vtt(task.board.captions, task.board.locale, line=round(100 * low))
    task.path.write_text(text, "utf-8", newline="\n")


def to_srt(captions: Iterable[Caption]) -> str:
    """SubRip text: numbered, in order, never overlapping, without markup or arrows inside a caption."""
    blocks = [
        f"{number}\n{_time(start, ',')} --> {_time(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_cues(captions), start=1)
    ]
    return "\n".join(blocks)


def to_vtt(captions: Iterable[Caption], locale: str = "", line: int = 0) -> str:
    """WebVTT text (W3C): as :func:`to_srt`, with the language, places and directions.

    WebVTT sets each line by its own first strong letter, but ``start`` and ``end`` follow it too: texts are
    centred, and a line that mixes directions is isolated, so that its full stop stays at its end.

    Args:
        locale: of the captions. line: how far down the picture their last line stands, in percent; 0 leaves
            it to the player.
    """
    head = "WEBVTT\n"
    language = "".join(c for c in locale.replace("_", "-") if c.isalnum() or c == "-")
    if language:
        head += f"Kind: captions\nLanguage: {language}\n"
    place = f" line:{min(line, 100)}%,end" if line else ""
    blocks = [head]
    for number, (start, end, text) in enumerate(_cues(captions), start=1):
        words = "\n".join(_directed(_escaped(one)) for one in text.split("\n"))
        blocks.append(
            f"{number}\n{_time(start, '.')} --> {_time(end, '.')}{place} position:50% align:center\n{words}\n"
        )
    return "\n".join(blocks)


def is_right_to_left(text: str) -> bool:
    """Whether the first strong letter of a text is Hebrew, Arabic or another that runs from right to left."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def _cues(captions: Iterable[Caption]) -> Iterator[tuple[float, float, str]]:
    """(start, end, lines) of every caption with words, in order, none before the last one's end."""
    last = 0.0
    for caption in sorted(captions, key=lambda c: c.start):
        start, end = max(caption.start, last, 0.0), caption.end
        lines = [_plain(line) for line in caption.text.splitlines()]
        text = "\n".join(line for line in lines if line)
        if not text or not round(end * 1000) > round(start * 1000):
            continue
        yield start, end, text
        last = end


def _directed(line: str) -> str:
    return f"{_ISOLATE}{line}{_END}" if is_right_to_left(line) else line


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;")


def _plain(line: str) -> str:
    """A line without control characters, direction marks, markup or arrows."""
    line = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs") and c not in _HIDDEN)
    return line.replace("-->", "→").replace("<", "‹").replace(">", "›").strip()


def _time(seconds: float, point: str) -> str:
    millis = round(seconds * 1000)
    hours, rest = divmod(millis, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, millis = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{millis:03}"
