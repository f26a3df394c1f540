"""Cells of a shop's table as values: prices, lists, attributes, times. All of it is written by people."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime

_SYMBOLS = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "HK$": "HKD", "R$": "BRL", "€": "EUR", "$": "USD", "£": "GBP",
    "¥": "CNY", "￥": "CNY", "元": "CNY", "RMB": "CNY", "円": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB",
    "zł": "PLN", "Kč": "CZK", "₺": "TRY", "₴": "UAH", "฿": "THB", "₫": "VND", "Fr.": "CHF",
}  # fmt: skip
_CODES = (
    "USD EUR GBP CNY JPY INR KRW RUB PLN CZK TRY UAH THB VND CHF SEK NOK DKK AUD CAD NZD HKD SGD TWD BRL"
    " MXN ZAR HUF"
)
_CODE = re.compile(rf"(?<![A-Za-z])({'|'.join(_CODES.split())})(?![A-Za-z])", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d[\d.,'’\u00a0\u202f\u2009 ]*")
_COMMA_CURRENCIES = {"EUR", "PLN", "CZK", "TRY", "UAH", "RUB", "DKK", "NOK", "SEK", "BRL", "VND", "HUF"}
# What shop software keeps for itself; no fact about the product.
_PLUMBING = re.compile(
    r"(use_config_|is_|has_|allow_|enable_|manage_|notify_|min_|max_|out_of_stock|website|product_type|product_online"
    r"|product_website|tax_class|attribute_set|required_options|configurable_variations|qty_increments"
    r"|(base|small|thumbnail|swatch|additional)_images?$|categories$)",
    re.IGNORECASE,
)
_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%Y/%m/%d",
    "%Y年%m月%d日",
)


def parse_price(text: str) -> tuple[float | None, str]:
    """(amount, ISO 4217 code or '') of a price as people write it.

    ``1.299,00 €`` is 1299 EUR, ``$1,299.50`` is 1299.5 USD, ``USD 5`` is 5 USD; of a range the lower
    end counts.
    The amount is None where there is no number, or a negative one.
    """
    currency = _currency(text)
    match = _NUMBER.search(text)
    if match is None:
        return None, currency
    amount = _amount(match[0], comma_decimal=currency in _COMMA_CURRENCIES)
    return (amount if amount is not None and amount >= 0 else None), currency


def _currency(text: str) -> str:
    code = _CODE.search(text)
    if code is not None:
        return code[1].upper()
    return next((name for symbol, name in _SYMBOLS.items() if symbol in text), "")


def _amount(text: str, *, comma_decimal: bool) -> float | None:
    digits = re.sub(r"[\s'’\u00a0\u202f\u2009]", "", text).rstrip(".,")
    dot, comma = digits.rfind("."), digits.rfind(",")
    if dot >= 0 and comma >= 0:
        decimal = "." if dot > comma else ","
    else:
        sign = "." if dot >= 0 else ","
        last = digits[max(dot, comma) + 1 :]
        # One sign and three digits after it: thousands, except a plain dot, which programs write as decimal.
        thousands = len(last) == 3 and (sign == "," or comma_decimal)
        decimal = "" if digits.count(sign) > 1 or thousands else sign
    plain = "".join("." if c == decimal else c for c in digits if c not in ".," or c == decimal)
    try:
        return float(plain)
    except ValueError:
        return None


def number(text: str) -> float | None:
    """A plain number, with a decimal point or comma; None where it is none."""
    match = _NUMBER.search(text)
    return None if match is None else _amount(match[0], comma_decimal=False)


def split_names(text: str) -> list[str]:
    """File names or addresses of one cell, separated by ``|``, ``;``, line breaks or else commas."""
    parts = re.split(r"[|;\n]", text)
    if len(parts) == 1:
        parts = re.split(r",\s*", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def split_attributes(text: str) -> dict[str, str]:
    """``colour=red|size=L`` (also with ``;``, ``,`` or line breaks, ``:`` for ``=``, or JSON) as a dict.

    Empty where the text does not look so. Several values of one attribute are joined with commas; what only
    concerns the shop software is left out.
    """
    pairs: dict[str, str] = {}
    for key, value in _pairs(html.unescape(text)):  # an entity would be cut at its semicolon
        nested = dict(_pairs(value)) if key.lower().endswith("attributes") else {}
        pairs.update(nested or {key: value})
    return {
        key.replace("_", " ").strip(): tidy_value(value)
        for key, value in pairs.items()
        if value and not _PLUMBING.match(key)
    }


def category_in(text: str) -> str:
    """The first path of a ``categories`` attribute (``Default Category/Men/Tops,…``) as ``Men > Tops``."""
    paths = dict(_pairs(html.unescape(text))).get("categories", "")
    if not paths:
        return ""
    parts = [part.strip() for part in paths.split(",")[0].split("/")]
    return " > ".join(part for part in parts if part and part != "Default Category")


def tidy_value(text: str) -> str:
    """A value for people: entities resolved, ``a | b|c`` as ``a, b, c``."""
    return ", ".join(part.strip() for part in html.unescape(text).split("|") if part.strip())


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return [(str(key), str(value)) for key, value in found.items() if value is not None]
    best: list[tuple[str, str]] = []
    for separator in (";", "|", "\n", ","):
        parts = [part for part in text.split(separator) if part.strip()]
        split = [re.split(r"[=:]", part, maxsplit=1) for part in parts]
        if len(split) > len(best) and all(len(pair) == 2 and _is_key(pair[0].strip()) for pair in split):
            best = [(pair[0].strip(), pair[1].strip()) for pair in split]
    return best


def _is_key(text: str) -> bool:
    return 0 < len(text) <= 60 and not re.search(r"[,;|=\n]", text)


def parse_time(text: str) -> float | None:
    """Seconds since 1970 of a Unix time (s or ms), ISO 8601 or a usual date; UTC where no zone is given."""
    text = text.strip()
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text)
    if re.fullmatch(r"\d{12,14}", text):
        return float(text) / 1000.0
    parsed: datetime | None = None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        for pattern in _TIMES:
            try:
                parsed = datetime.strptime(text, pattern)  # noqa: DTZ007 - made aware below
                break
            except ValueError:
                continue
    if parsed is None:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def iso_time(text: str) -> str | None:
    """Like :func:`parse_time`, as ISO 8601 UTC."""
    seconds = parse_time(text)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def plain_text(text: str) -> str:
    """A description without HTML tags and entities; other text unchanged."""
    if re.search(r"<(p|br|b|i|ul|li|div|span|strong|em|h\d)\b[^>]*>", text, re.IGNORECASE):
        from mmstudio.media.text import strip_html

        return strip_html(text)[1]
    return html.unescape(text) if "&" in text else text
