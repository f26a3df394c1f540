"""Prices as people in a place write them."""

from __future__ import annotations

_SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥", "KRW": "₩", "INR": "₹", "BRL": "R$",
    "RUB": "₽", "TRY": "₺", "ILS": "₪", "VND": "₫", "THB": "฿", "PLN": "zł", "SEK": "kr", "NOK": "kr",
    "DKK": "kr", "CHF": "CHF", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "HKD": "HK$", "TWD": "NT$",
    "SGD": "S$", "MXN": "MX$",
}  # fmt: skip
_WHOLE_ONLY = {"JPY", "KRW", "VND", "CLP", "ISK"}
_POINT, _COMMA = (",", ".", False), (".", ",", True)  # grouping, decimal, symbol behind the number
_STYLES = {
    "en": _POINT, "zh": _POINT, "ja": _POINT, "ko": _POINT, "de": _COMMA, "es": _COMMA, "it": _COMMA,
    "da": _COMMA, "fr": ("\u202f", ",", True), "pl": ("\u00a0", ",", True), "ru": ("\u00a0", ",", True),
    "sv": ("\u00a0", ",", True), "nb": ("\u00a0", ",", True), "cs": ("\u00a0", ",", True),
    "pt": (".", ",", False), "nl": (".", ",", False), "tr": (".", ",", False),
}  # fmt: skip
_OTHER_DOLLARS = ("en_ca", "en_au", "en_nz", "en_sg", "en_hk")
_AT_HOME = {("CAD", "en_ca"), ("AUD", "en_au"), ("NZD", "en_nz"), ("SGD", "en_sg"), ("HKD", "en_hk")}


def format_price(price: float | None, currency: str, locale: str) -> str:
    """A price for reading, such as ``$34``, ``1.299,50 €`` or ``¥99``; "" when there is none.

    Args:
        price: amount in units of the currency; None, negative or not finite gives "".
        currency: ISO 4217 code; an unknown one is written out, none at all leaves the bare number.
        locale: ``en_GB``, ``zh-CN``, …; an unknown language is written like English.
    """
    if price is None or not 0 <= price < 1e12:
        return ""
    code = currency.strip().upper()[:8]
    tag = locale.replace("-", "_").lower()
    language = tag.split("_")[0]
    group, point, behind = _STYLES.get(language, _STYLES["en"])
    places = 0 if code in _WHOLE_ONLY or abs(price - round(price)) < 0.005 else 2
    number = f"{price:,.{places}f}"
    number = number.replace(",", "\0").replace(".", point).replace("\0", group)
    symbol = _SYMBOLS.get(code, code)
    if code == "USD" and (language != "en" or tag in _OTHER_DOLLARS):
        symbol = "US$"
    elif code == "JPY" and language == "zh":
        symbol = "JP¥"
    elif code == "CNY" and language in ("ja", "en"):
        symbol = "CN¥"
    elif (code, tag) in _AT_HOME:
        symbol = "$"
    if not symbol:
        return number
    if behind:
        return f"{number}\u00a0{symbol}"
    spaced = symbol[-1].isalpha() or language == "nl"
    return f"{symbol}\u00a0{number}" if spaced else f"{symbol}{number}"
