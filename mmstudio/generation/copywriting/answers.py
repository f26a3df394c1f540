"""What a language model answers, cleaned: no thoughts, fences, preambles, quotes or markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mmstudio.generation.copywriting.contract import TASK_WORDS, Task

_ONE_LINE: frozenset[Task] = frozenset({"headline", "one_liner", "call_to_action"})
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A\s*```[^\n]*\n(.*?)(?:\n\s*```.*|\Z)", re.DOTALL)
_SPECIAL = re.compile(r"<\|[^|>\n]{1,40}\|>|</?s>|<\uff5c[^>\n]{1,40}\uff5c>")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_KINDS = (
    r"headline|title|tagline|slogan|line|sentence|description|text|copy|version|variant|option|draft|points?|"
    r"bullet|call to action|outline|script|sheet|reply|response|answer|summary|explanation|suggestion"
)
# Only what nobody would write to a customer: "Sure!", "Here is a headline for you:".
_PREAMBLE = re.compile(
    r"\A(?:(?:sure|certainly|of course|okay|ok|absolutely)[!.,:]\s+)?"
    rf"(?:(?:here(?:'s|’s| is| are)|below (?:is|are))\b[^\n:]{{0,60}}\b(?:{_KINDS})s?\b[^\n:]{{0,80}}:\s*)?",
    re.IGNORECASE,
)
_PREAMBLE_ZH = re.compile(
    r"\A(?:(?:好的|当然|当然可以|没问题|可以)[，,。！!：:\s]+)?(?:(?:以下|下面|这)(?:是|为)[^\n：:]{0,40}[：:]\s*)?"
)
_NAMES = "|".join(
    sorted(
        {
            *(word.lower() for word in TASK_WORDS.values()), *(key.replace("_", " ") for key in TASK_WORDS),
            "text", "answer", "copy", "tagline", "slogan", "cta", "标题", "文案", "描述", "介绍", "一句话",
            "要点", "行动号召", "回复", "总结", "答案", "推荐理由",
        },
        key=len,
        reverse=True,
    )
)  # fmt: skip
_LABEL = re.compile(
    rf"\A(?:\*\*)?(?:{_NAMES})(?:\s*\d+)?\s*(?:[:：](?:\*\*)?|\*\*\s*[:：])\s*", re.IGNORECASE
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$", re.MULTILINE)
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_WEAK = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_CODE = re.compile(r"`([^`\n]+)`")
_MARKER = re.compile(r"^\s*(?:[-*–]\s+|[•·▪●]\s*|\d{1,2}[.)]\s+|\d{1,2}、\s*)(?=\S)")
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "「": "」", "『": "』", "«": "»", "《": "》"}


def cleaned(text: str, task: Task) -> str:
    """The text alone, plain; "" where there is none. One line for a headline, one line or call to action."""
    text = _SPECIAL.sub("", _THOUGHTS.sub("", text)).replace("\r\n", "\n").strip()
    fence = _FENCE.match(_PREAMBLE.sub("", text, count=1))
    if fence:
        text = fence[1]
    text = _PREAMBLE_ZH.sub("", _PREAMBLE.sub("", text.strip(), count=1), count=1)
    text = _LABEL.sub("", text.strip(), count=1)
    text = _HEADING.sub("", _RULE.sub("", text.replace("```", "")))
    text = _CODE.sub(r"\1", _WEAK.sub(r"\1", _STRONG.sub(r"\1", text)))
    text = _TAG.sub("", text)
    text = "".join(c for c in text if c == "\n" or (c >= " " and c != "\ufffd" and not "\x7f" <= c <= "\x9f"))
    lines = [line.rstrip() for line in text.strip().split("\n")]
    if task in _ONE_LINE:
        first = next((line for line in lines if line.strip()), "")
        return _unquoted(_LABEL.sub("", _MARKER.sub("", first), count=1))
    if task == "bullets":
        points = [_unquoted(_MARKER.sub("", line)) for line in lines]
        return "\n".join(f"- {point}" for point in points if point)
    return _unquoted(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """A stream without what stands between <think> and </think>, as reasoning models write it."""
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while True:
            mark = "</think>" if thinking else "<think>"
            at = held.find(mark)
            if at < 0:
                keep = overlap(held, mark)
                if not thinking and len(held) > keep:
                    yield held[: len(held) - keep]
                held = held[len(held) - keep :]
                break
            if not thinking and at:
                yield held[:at]
            held, thinking = held[at + len(mark) :], not thinking
    if held and not thinking:
        yield held


def overlap(text: str, mark: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``mark``."""
    return next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)


def _unquoted(text: str) -> str:
    text = text.strip()
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text
