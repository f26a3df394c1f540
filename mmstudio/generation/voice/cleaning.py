"""Text made fit to be spoken: nothing in it steers a program, and long texts come in pieces."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mmstudio.errors import UsageError

LONGEST = 50_000  # characters: about an hour of speech
_CLAUSE_MARKS = ",;:，；：、—–"
_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>|<[!?][^>]*>")
_SIGNS = {
    "en": {"<": " less than ", ">": " greater than "},
    "zh": {"<": "小于", ">": "大于"},
}
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_LINES = re.compile(r"\s*\n\s*")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sentences to speak at once, and the pause after them in seconds."""

    text: str
    pause: float


def language_of(text: str) -> str:
    """ "zh" where a fifth of the letters are Chinese (its voices speak Latin words too), else "en"."""
    letters = len(_LETTER.findall(text))
    return "zh" if letters and len(_CJK.findall(text)) >= 0.2 * letters else "en"


def clean(text: str, language: str = "en") -> str:
    """Plain text for a speech program.

    Markup tags go (SSML would steer the voice; Windows voices read it unasked), lone angle brackets become
    words, double square brackets are broken up (espeak and macOS take them for phonemes and commands),
    control and unassigned characters and pictographs go, white space is made single; line ends stay.

    Raises:
        UsageError: nothing to say is left, or more than :data:`LONGEST` characters.
    """
    if len(text) > LONGEST:
        raise UsageError(
            "The text has {count} characters; {most} can be spoken at once.",
            hint="Cut it into parts; an hour of speech is about {most} characters.",
            count=f"{len(text):,}",
            most=f"{LONGEST:,}",
        )
    text = _TAG.sub(" ", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    for sign, words in _SIGNS["zh" if language.startswith(("zh", "cmn", "yue")) else "en"].items():
        text = text.replace(sign, words)
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\t", " ")
    text = "".join(c for c in text if _speakable(c))
    while "[[" in text or "]]" in text:
        text = text.replace("[[", "[ [").replace("]]", "] ]")
    text = _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
    if not any(c.isalnum() for c in text):
        raise UsageError("There is nothing to say.", hint="Write a few words.")
    return text


def pieces(text: str, longest: int = 400, pause: float = 0.3, together: bool = False) -> list[Piece]:
    """A cleaned text in pieces of at most ``longest`` characters, cut where a sentence ends.

    Each sentence is a piece, or as many of a paragraph as fit where ``together``. A sentence longer than that
    is cut at a clause, then at a space, then anywhere. ``pause`` seconds stand between sentences, twice that
    between paragraphs, a third inside a sentence.
    """
    found: list[Piece] = []
    for line in text.split("\n"):
        spoken = [part for part in _sentences(line) if any(c.isalnum() for c in part)]
        for at, sentence in enumerate(spoken):
            parts = _cut(sentence, longest)
            after = pause if at + 1 < len(spoken) else 2 * pause
            found += [Piece(part, pause / 3) for part in parts[:-1]]
            found.append(Piece(parts[-1], after))
    return _together(found, longest, pause) if together else found


def _together(found: list[Piece], longest: int, pause: float) -> list[Piece]:
    joined: list[Piece] = []
    for piece in found:
        last = joined[-1] if joined else None
        if last is not None and last.pause == pause and len(last.text) + len(piece.text) < longest:
            joined[-1] = Piece(f"{last.text} {piece.text}", piece.pause)
        else:
            joined.append(piece)
    return joined


def _sentences(line: str) -> list[str]:
    from mmstudio.features.texts.sentences import sentences

    return sentences(line)


def _cut(sentence: str, longest: int) -> list[str]:
    parts: list[str] = []
    rest = sentence.strip()
    while len(rest) > longest:
        window = rest[:longest]
        at = max(window.rfind(mark) + 1 for mark in _CLAUSE_MARKS)
        if at < longest // 3:
            at = window.rfind(" ") + 1
        if at < longest // 3:
            at = longest
        parts.append(rest[:at].strip())
        rest = rest[at:].strip()
    parts.append(rest)
    return [part for part in parts if any(c.isalnum() for c in part)] or [sentence[:longest]]


def _speakable(c: str) -> bool:
    if c == "\n":
        return True
    if c == "\ufe0f" or 0x2600 <= ord(c) <= 0x27BF or 0x1F000 <= ord(c) <= 0x1FAFF:
        return False
    return unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
