"""Codes of languages and countries, checked where they are written down."""

from __future__ import annotations

import re

from mmstudio.errors import UsageError

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_COUNTRY = re.compile(r"[A-Za-z]{2}")


def checked_locale(text: str) -> str:
    """A language as BCP 47 writes it ("en", "zh-CN", with "_" too), or "".

    Raises:
        UsageError: it cannot be one.
    """
    plain = text.strip()
    if plain and not _LOCALE.fullmatch(plain):
        raise UsageError(
            "{code} is not the code of a language.", hint="Such as en, zh-CN or pt-BR.", code=plain[:40]
        )
    return plain


def checked_country(text: str) -> str:
    """A country's two letters (ISO 3166-1) in capitals, "EU" too, or "". Raises UsageError."""
    plain = text.strip()
    if plain and not _COUNTRY.fullmatch(plain):
        raise UsageError(
            "{code} is not the code of a country.", hint="Two letters, such as DE or CN.", code=plain[:40]
        )
    return plain.upper()
