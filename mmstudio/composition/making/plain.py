"""Words that people and files bring, made safe to set: no control characters, no signs of markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_WEAK = re.compile(r"(?<![\w*])[*_](?=[^\s*_])([^*_\n]+?)(?<=\S)[*_](?![\w*])")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,300})\]\([^)\n]{0,500}\)")
# Signs that turn the direction of what follows: a name could hide what it is.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])


def clean(text: str, longest: int = 0) -> str:
    """One text without control characters, runs of white space and Markdown's signs; cut at ``longest``."""
    text = unicodedata.normalize("NFC", text).translate(_TURNING)
    text = "".join(c if c >= " " and not "\x7f" <= c <= "\x9f" else " " for c in text)
    text = _CODE.sub(r"\1", _WEAK.sub(r"\1", _STRONG.sub(r"\2", _LINK.sub(r"\1", text))))
    text = " ".join(text.split())
    return shortened(text, longest) if longest else text


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning up to a word's end with an ellipsis."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > longest * 0.6 else cut).rstrip(" ,;:") + "…"


def joined(pieces: Iterable[str]) -> str:
    """Sentences in a row; no space where a Chinese one ends."""
    text = ""
    for piece in pieces:
        text += piece if not text or text[-1] in "。！？；：，、…”" else f" {piece}"
    return text
