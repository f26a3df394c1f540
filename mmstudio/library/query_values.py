"""Values of the query line: numbers with units, ranges, dates, musical keys."""

from __future__ import annotations

import re
from datetime import date, timedelta

_NUMBER = r"-?\d+(?:\.\d+)?|-?\.\d+"
_RANGE = re.compile(rf"^(>=|<=|>|<|=|≥|≤)?({_NUMBER})?(\.\.|…)?({_NUMBER})?$")
_SIGNS = {"≥": ">=", "≤": "<=", "＞": ">", "＜": "<", "＝": "="}
_SIZE = {"b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12}
_TIME = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "秒": 1,
    "m": 60,
    "min": 60,
    "分": 60,
    "分钟": 60,
    "h": 3600,
    "小时": 3600,
}
_PLAIN = {"px": 1, "像素": 1, "bpm": 1, "lufs": 1, "db": 1, "dbfs": 1, "元": 1}
_WITH_UNIT = re.compile(r"(-?\d+(?:\.\d+)?)\s*([a-zA-Z\u4e00-\u9fff]+)")
_CLOCK = re.compile(r"(?<![\d:])(?:(\d+):)?(\d{1,3}):(\d{2}(?:\.\d+)?)(?![\d:])")
_MONEY = re.compile(r"[$€£¥￥]")
_DAY = re.compile(r"^(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?$")
_TONICS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_KEY = re.compile(
    r"^([a-h])\s*([#♯b♭s]|-?sharp|-?flat|is|es)?[\s_-]*(m|min|minor|maj|major|小调|大调|小|大)?$"
)
KEY_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def number_range(value: str, *, whole: bool = False) -> tuple[float | None, float | None] | None:
    """Read ``>5``, ``5..8``, ``..8``, ``-20..-10`` or ``5`` as inclusive (low, high); None for no range.

    With ``whole`` numbers ``>5`` starts at 6 and ``5`` is exact; otherwise ``5`` means about five and ``=5``
    five exactly. Bounds that are the wrong way round are put right.
    """
    for wide, plain in _SIGNS.items():
        value = value.replace(wide, plain)
    match = _RANGE.match(value.strip())
    if match is None or not (match[2] or match[4]):
        return None
    sign, first, dots, second = match.groups()
    if dots:
        low, high = (float(first) if first else None), (float(second) if second else None)
        return (high, low) if low is not None and high is not None and low > high else (low, high)
    if not first or second:
        return None
    number = float(first)
    step = 1.0 if whole else max(abs(number), 1.0) * 1e-9
    if sign == ">":
        return number + step, None
    if sign == ">=":
        return number, None
    if sign == "<":
        return None, number - step
    if sign == "<=":
        return None, number
    return (number, number) if whole or sign == "=" else (number - 0.5, number + 0.5)


def in_units(value: str, key: str) -> str:
    """``>1.5mb``, ``1:30..2min`` or ``<€50`` with plain numbers: bytes, seconds, or what stands there."""
    if key == "price":
        value = _MONEY.sub("", value)
    if key == "duration":
        value = _CLOCK.sub(lambda m: _plain(int(m[1] or 0) * 3600 + int(m[2]) * 60 + float(m[3])), value)
    units: dict[str, float] = {**_PLAIN, **({"size": _SIZE, "duration": _TIME}.get(key, {}))}

    def replaced(match: re.Match[str]) -> str:
        factor = units.get(match[2].lower())
        return match[0] if factor is None else _plain(float(match[1]) * factor)

    return _WITH_UNIT.sub(replaced, value)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _span(text: str) -> tuple[str, str] | None:
    """A year, month or day as (its beginning, the beginning of the next)."""
    match = _DAY.match(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        if day:
            start = date(year, month, day)
            return start.isoformat(), (start + timedelta(days=1)).isoformat()
        if month:
            after = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1).isoformat()[:7], after.isoformat()[:7]
        date(year, 1, 1)
    except (ValueError, OverflowError):
        return None
    return f"{year:04}", f"{year + 1:04}"


def date_range(value: str) -> tuple[str | None, str | None] | None:
    """Read ``2024``, ``2024-05..``, ``2024-05-01..2024-06`` or ``>2024-05`` as (from, before); None for none.

    ``from`` is inclusive, ``before`` exclusive; both compare as text with ISO 8601.
    """
    value = value.strip()
    sign = re.match(r">=|<=|>|<|≥|≤", value)
    if sign:
        span = _span(value[sign.end() :])
        if span is None:
            return None
        bounds: dict[str, tuple[str | None, str | None]] = {
            ">": (span[1], None), ">=": (span[0], None), "<": (None, span[0]), "<=": (None, span[1]),
        }  # fmt: skip
        return bounds[_SIGNS.get(sign[0], sign[0])]
    first, dots, second = value.replace("…", "..").partition("..")
    if not dots:
        return _span(value)
    low, high = _span(first), _span(second)
    if (first and low is None) or (second and high is None) or not (low or high):
        return None
    return (low[0] if low else None), (high[1] if high else None)


def musical_key(value: str) -> tuple[int, int] | None:
    """``c-minor``, ``F#``, ``eb`` or ``minor`` as inclusive numbers of measure ``key``; None for no key.

    0 to 11 are C major to B major, 12 to 23 C minor to B minor. A tonic without a mode is major.
    """
    folded = value.strip().lower()
    if folded in ("minor", "min", "小调"):
        return 12, 23
    if folded in ("major", "maj", "大调"):
        return 0, 11
    match = _KEY.match(folded)
    if match is None:
        return None
    sign = match[2] or ""
    shift = 1 if sign in ("#", "♯", "s", "sharp", "-sharp", "is") else -1 if sign else 0
    mode = 12 if (match[3] or "") in ("m", "min", "minor", "小调", "小") else 0
    number = (_TONICS[match[1]] + shift) % 12 + mode
    return number, number
