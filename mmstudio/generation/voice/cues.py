"""Words with times become captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmstudio.generation.voice.contract import Word

_HAN_END = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef]\Z")
_HAN = re.compile(r"\A[\u3400-\u9fff\uf900-\ufaff]")
_STOP = re.compile(r"[.!?。！？…][\"'”’」』）)]*\Z")
_COMMA = re.compile(r"[,;:，；：、]\Z")
_WIDE = 42  # columns of a caption; a Chinese character takes two
_LONGEST_S, _GAP_S = 6.0, 0.6


@dataclass(frozen=True, slots=True)
class Cue:
    """A line to read between two seconds."""

    start: float
    end: float
    text: str


def cues(words: Sequence[Word], wide: int = _WIDE) -> list[Cue]:
    """Captions of at most ``wide`` columns and six seconds that end with sentences and at long pauses."""
    found: list[Cue] = []
    group: list[Word] = []
    for at, word in enumerate(words):
        group.append(word)
        following = words[at + 1] if at + 1 < len(words) else None
        if following is None or _ends(group, following, wide):
            found.append(Cue(group[0].start, group[-1].end, line(group)))
            group = []
    return found


def line(words: Sequence[Word]) -> str:
    """The words as one line: spaces between, none around Chinese characters."""
    text = ""
    for word in words:
        tight = not text or _HAN_END.search(text) or _HAN.match(word.text)
        text += word.text if tight else f" {word.text}"
    return text


def to_vtt(found: Sequence[Cue]) -> str:
    """WebVTT (W3C) of captions; markup and arrows inside a text are made harmless."""
    blocks = ["WEBVTT\n"]
    for cue in found:
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{_time(cue.start)} --> {_time(max(cue.end, cue.start + 0.001))}\n{text}\n")
    return "\n".join(blocks)


def _ends(group: list[Word], following: Word, wide: int) -> bool:
    if _STOP.search(group[-1].text) or following.start - group[-1].end > _GAP_S:
        return True
    if following.end - group[0].start > _LONGEST_S or _columns(line([*group, following])) > wide:
        return True
    return bool(_COMMA.search(group[-1].text)) and _columns(line(group)) > wide * 0.6


def _columns(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _time(seconds: float) -> str:
    millis = round(seconds * 1000)
    hours, rest = divmod(millis, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, millis = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}.{millis:03}"
