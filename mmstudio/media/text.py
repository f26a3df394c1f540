"""Texts: bytes in any usual encoding to words; HTML without its tags, JSON as its strings."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mmstudio.media.guard import check_not_empty, corrupt, decoding

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_TITLE_LENGTH = 120  # characters
_STOP_WORDS = {
    "en": {"the", "and", "of", "to", "is", "in", "for", "with", "this", "you", "it", "that"},
    "de": {"der", "die", "das", "und", "ist", "nicht", "mit", "für", "ein", "eine", "auf", "von"},
    "fr": {"le", "la", "les", "et", "est", "des", "une", "pour", "dans", "que", "pas", "avec"},
    "es": {"el", "los", "las", "y", "es", "una", "para", "con", "por", "que", "del", "como"},
}


@dataclass(frozen=True, slots=True)
class TextDoc:
    """A text: ``title`` (first heading, else the file's name), ``text``, ``language`` (BCP 47 or None)."""

    title: str
    text: str
    language: str | None


def text_format(path: Path) -> str:
    """``markdown``, ``html``, ``csv``, ``json`` or ``text``, by suffix."""
    return _FORMATS.get(path.suffix.lower(), "text")


def encoding_of(data: bytes) -> str:
    """The Python codec that reads ``data``, which may be cut off anywhere.

    Tried in turn: byte-order marks, UTF-16 without a mark, UTF-8, GB18030 where the bytes make common Chinese
    characters, and Windows-1252 for all the rest.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    sample = data[:65536]
    zeros_even, zeros_odd = sample[0::2].count(0), sample[1::2].count(0)
    if zeros_even + zeros_odd > len(sample) // 10:
        return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"
    if _decodes(data, "utf-8") or _mostly_utf8(sample):
        return "utf-8"
    return "gb18030" if _decodes(data, "gb18030") and _common_chinese(sample) else "cp1252"


def decode(data: bytes) -> str:
    """Text of ``data`` in whatever encoding it is (see :func:`encoding_of`); never fails."""
    name = encoding_of(data)
    text = data.decode(name, errors="replace") if name != "cp1252" else _windows(data)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def check_is_text(path: str | Path) -> None:
    """Raise MediaError (corrupt, empty, unreadable) where ``path`` holds bytes that are no text."""
    path = Path(path)
    check_not_empty(path)
    with decoding(path), path.open("rb") as file:
        head = file.read(65536)
    text = decode(head)
    odd = sum(1 for c in text if (c < " " and c not in "\n\t\f\x1b") or c == "\ufffd")
    if odd > max(1, len(text) // 50):
        raise corrupt(path)


def load_text(path: str | Path, limit: int = 5_000_000) -> TextDoc:
    """Read a TXT, MD, HTML, CSV or JSON file.

    Args:
        path: the file.
        limit: bytes to read at most; a longer text is cut there.

    Raises:
        MediaError: status corrupt (not a text), empty or unreadable.
    """
    path = Path(path)
    check_is_text(path)
    with decoding(path), path.open("rb") as file:
        data = file.read(limit)
    kind = text_format(path)
    title = ""
    if kind == "html":
        title, text = strip_html(_decode_html(data))
    elif kind == "json":
        text = _json_strings(decode(data))
    else:
        text = decode(data)
    title = title or (_heading(text) if kind in ("markdown", "text") else "") or path.stem
    return TextDoc(title[:_TITLE_LENGTH].strip(), text, language_of(text))


def strip_html(markup: str) -> tuple[str, str]:
    """(title, visible text) of an HTML page; scripts and styles are left out."""
    parser = _Visible()
    parser.feed(markup)
    parser.close()
    lines = (re.sub(r"[ \t\f\xa0]+", " ", line).strip() for line in "".join(parser.parts).splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return " ".join("".join(parser.title).split()), text


def language_of(text: str) -> str | None:
    """``zh``, ``ja``, ``ko``, ``en``, ``de``, ``fr`` or ``es`` by script and most common words, else None."""
    sample = text[:4000]
    letters = sum(c.isalpha() for c in sample)
    if letters == 0:
        return None
    kana = sum("\u3040" <= c <= "\u30ff" for c in sample)
    hangul = sum("\uac00" <= c <= "\ud7a3" for c in sample)
    han = sum("\u4e00" <= c <= "\u9fff" for c in sample)
    if kana > 0.1 * letters:
        return "ja"
    if hangul > 0.2 * letters:
        return "ko"
    if han > 0.2 * letters:
        return "zh"
    words = re.findall(r"[^\W\d_]+", sample.lower())
    counts = {code: sum(word in stop for word in words) for code, stop in _STOP_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] >= max(1, len(words) // 25) else None


class _Visible(HTMLParser):
    _SKIPPED = {"script", "style", "template", "noscript"}
    _BLOCKS = {
        *("p", "div", "br", "li", "ul", "ol", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre"),
        *("section", "article", "header", "footer"),
    }

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._skip = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SKIPPED:
            self._skip += 1
        elif tag == "title":
            self._in_title = True
        elif tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SKIPPED:
            self._skip = max(self._skip - 1, 0)
        elif tag == "title":
            self._in_title = False
        elif tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._skip:
            self.parts.append(data)


def _decodes(data: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, False)  # final=False: a cut last character is fine
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(sample: bytes) -> bool:
    """Whether a few stray bytes are all that is wrong: files glued together from two programs' exports."""
    text = sample.decode("utf-8", errors="replace")
    return sum(c > "\x7f" for c in text) >= 2 * text.count("\ufffd") > 0


def _common_chinese(sample: bytes) -> bool:
    """Whether most high bytes are pairs of GB 2312's signs (rows A1 to A9) or common characters (B0 to D7).

    Western letters in Windows-1252 stand alone or, two together, in rows of rare characters.
    """
    runs = _HIGH_RUN.findall(sample)
    common = sum(
        2
        for run in runs
        if len(run) % 2 == 0
        for lead in run[0::2]
        if 0xA1 <= lead <= 0xA9 or 0xB0 <= lead <= 0xD7
    )
    return common > 0.6 * sum(map(len, runs))


def _windows(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _decode_html(data: bytes) -> str:
    named = _CHARSET.search(data[:2048])
    if named is not None and not any(data.startswith(mark) for mark, _ in _BOMS):
        try:
            name = codecs.lookup(named[1].decode("ascii")).name
            return data.decode("gb18030" if name in ("gb2312", "gbk") else name)
        except (LookupError, UnicodeDecodeError):
            pass  # a page that misnames its own encoding is read like any text
    return decode(data)


def _heading(text: str) -> str:
    for line in text[:20_000].splitlines():
        stripped = line.strip().lstrip("#").strip()
        if stripped:
            return stripped if len(stripped) <= _TITLE_LENGTH else ""
    return ""


def _json_strings(text: str) -> str:
    """Every string of a JSON document, one ``key: value`` a line; the raw text where it cannot be parsed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    lines: list[str] = []
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, dict):
            stack.extend((str(k), v) for k, v in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend((key, v) for v in reversed(value))
        elif value is not None:
            lines.append(f"{key}: {value}" if key else str(value))
    return "\n".join(lines)
