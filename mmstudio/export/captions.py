"""Captions as SubRip (SRT)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mmstudio.composition.storyboard import Caption

if TYPE_CHECKING:
    from mmstudio.export.writers import Task


def write_captions(task: Task) -> Iterator[int]:
    """The captions as SRT."""
    yield 1
    task.path.write_text(to_srt(task.board.captions), "utf-8")


def to_srt(captions: Iterable[Caption]) -> str:
    """SubRip text: numbered, in order, never overlapping, without markup or arrows inside a caption."""
    blocks: list[str] = []
    last = 0.0
    for caption in sorted(captions, key=lambda c: c.start):
        start, end = max(caption.start, last, 0.0), caption.end
        lines = [_plain(line) for line in caption.text.splitlines()]
        text = "\n".join(line for line in lines if line)
        if not text or end <= start:
            continue
        blocks.append(f"{len(blocks) + 1}\n{_time(start)} --> {_time(end)}\n{text}\n")
        last = end
    return "\n".join(blocks)


def _plain(line: str) -> str:
    line = "".join(c for c in line if c >= " ").replace("-->", "→")
    return line.replace("<", "‹").replace(">", "›").strip()


def _time(seconds: float) -> str:
    millis = round(seconds * 1000)
    hours, rest = divmod(millis, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, millis = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02},{millis:03}"
