"""Text and addresses for HTML and XML: escaped, without what a browser or a reader could trip over."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlsplit

_BIDI = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"  # overrides and isolates that reorder what follows
_RIGHT_TO_LEFT = {"ar", "he", "iw", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"}
_SCHEMES = {"http", "https", "mailto", "tel"}
_CONTROL = re.compile("[\x00-\x20\x7f-\x9f]")


def plain(text: str) -> str:
    """Text without control characters, direction overrides and lone surrogates; line breaks and tabs stay."""
    return "".join(
        c
        for c in text
        if (c >= " " or c in "\n\t")
        and not "\x7f" <= c <= "\x9f"
        and c not in _BIDI
        and not "\ud800" <= c <= "\udfff"
        and c not in "\ufffe\uffff"
    )


def h(text: str) -> str:
    """Text for HTML and XML, in elements and in quoted attributes (see :func:`plain`)."""
    return html.escape(plain(text), quote=True)


def lines(text: str) -> str:
    """Text for HTML with its line breaks."""
    return "<br>".join(h(line.strip()) for line in text.splitlines())


def safe_url(url: str) -> str:
    """An address that may be linked to, or "" (``javascript:``, ``data:``, ``file:``, relative ones)."""
    cleaned = url.strip()
    if not cleaned or _CONTROL.search(cleaned) or len(cleaned) > 2048:
        return ""
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return ""
    if parts.scheme.lower() not in _SCHEMES:
        return ""
    if parts.scheme.lower() in ("http", "https") and not parts.netloc:
        return ""
    return cleaned


def web_url(url: str) -> str:
    """As :func:`safe_url`, but only http and https."""
    cleaned = safe_url(url)
    return cleaned if cleaned.lower().startswith(("http://", "https://")) else ""


def tag(locale: str) -> str:
    """The BCP 47 tag of a locale; "en" where there is none."""
    cleaned = locale.replace("_", "-").split(".")[0]
    return cleaned if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", cleaned) else "en"


def direction(locale: str) -> str:
    """ "rtl" or "ltr": how a page in this language runs."""
    return "rtl" if tag(locale).split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def json_in_html(data: Any) -> str:
    """JSON that may stand in a ``<script>`` element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def short(text: str, most: int) -> str:
    """One line of at most ``most`` characters, cut at a word where that is near, with an ellipsis."""
    flat = " ".join(plain(text).split())
    if len(flat) <= most:
        return flat
    cut = flat[: most - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > most * 0.6 else cut).rstrip(" ,;:–-") + "…"
