"""Dates of a table, in whatever form its program writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBERS = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?([AaPp][Mm])?)?"
)
_YEAR_FIRST = re.compile(
    r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?:[ T]*(\d{1,2})[:时](\d{2})(?:[:分](\d{2})秒?)?)?"
)
_UNIX = re.compile(r"-?\d{9,11}(\.\d+)?|\d{12,14}|\d{15,17}")
_WORDS = (
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
)


class Times:
    """Reads the times of one table: Unix seconds, milliseconds or microseconds; ISO 8601; ``2024/12/31``,
    ``31.12.2024``, ``12/31/2024`` or ``31/12/2024``, ``2024年12月31日``, each with or without a time of day;
    mail dates (RFC 5322) and ``31 Dec 2024``.

    Whether the day or the month comes first between slashes is seen from the table's own dates; with dots the
    day does.
    """

    def __init__(self, sample: Iterable[str] = ()) -> None:
        """``sample``: some of the table's cells."""
        self._day_first: bool | None = None
        for text in sample:
            if "/" not in text and "-" not in text:
                continue
            match = _NUMBERS.fullmatch(text)
            if match is not None and match[2] != ".":
                if int(match[1]) > 12:
                    self._day_first = True
                    break
                if int(match[3]) > 12:
                    self._day_first = False
                    break
        self.unclear = ""  # the first date that could be read in two ways

    def read(self, text: str) -> float | None:
        """Seconds since 1970, UTC where no zone is given; None where it is no date."""
        if text.isdigit() and 9 <= len(text) <= 11:
            return float(text)
        if _UNIX.fullmatch(text):
            value = float(text)
            digits = len(text.lstrip("-").partition(".")[0])
            return value / (1.0 if digits <= 11 else 1e3 if digits <= 14 else 1e6)
        try:
            return _seconds(datetime.fromisoformat(text))
        except ValueError:
            pass
        try:
            found = self._numbers(text)
        except ValueError:  # the 31st of February
            return None
        return _words(text) if found is None else _seconds(found)

    def _numbers(self, text: str) -> datetime | None:
        match = _YEAR_FIRST.fullmatch(text)
        if match is not None:
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        match = _NUMBERS.fullmatch(text)
        if match is None:
            return None
        first, sign, then, whole, hours_, minutes, seconds, half = match.groups()
        one, two = int(first), int(then)
        if sign == ".":
            day_, month_ = one, two
        else:
            if self._day_first is None and one <= 12 and two <= 12 and one != two and not self.unclear:
                self.unclear = text
            day_, month_ = (one, two) if self._day_first else (two, one)
        year = int(whole) + (0 if len(whole) == 4 else 2000 if int(whole) < 70 else 1900)
        hours = int(hours_ or 0)
        if half:
            hours = hours % 12 + (12 if half.lower() == "pm" else 0)
        return datetime(year, month_, day_, hours, int(minutes or 0), int(seconds or 0), tzinfo=UTC)


def _words(text: str) -> float | None:
    for pattern in _WORDS:
        try:
            return _seconds(datetime.strptime(text, pattern))  # noqa: DTZ007 - made aware below
        except ValueError:
            continue
    try:
        return _seconds(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError):
        return None


def _seconds(moment: datetime) -> float | None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.timestamp()
    except (OverflowError, ValueError):
        return None
