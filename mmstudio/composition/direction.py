"""Which way a text and a canvas run (UAX #9)."""

from __future__ import annotations

import unicodedata

RTL_LANGUAGES = ("ar", "he", "iw", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb")


def is_rtl_locale(locale: str) -> bool:
    """Whether a locale such as ``ar_EG`` is written from right to left."""
    return locale.replace("-", "_").split("_")[0].lower() in RTL_LANGUAGES


def is_rtl(text: str, locale: str = "") -> bool:
    """Whether a paragraph runs from right to left: by its first strong letter (UAX #9, rules P2 and P3).

    Text without one (a price) follows the locale.
    """
    isolates = 0
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("LRI", "RLI", "FSI"):
            isolates += 1
        elif kind == "PDI":
            isolates = max(isolates - 1, 0)
        elif isolates == 0 and kind in ("L", "R", "AL"):
            return kind != "L"
    return is_rtl_locale(locale)
