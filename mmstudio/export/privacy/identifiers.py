"""Personal data in a text: e-mail addresses, phone, card, bank account and national identity numbers.

Numbers that have check digits count only where these are right, so that prices, sizes and article numbers
stay. What is not found: names, addresses of houses, dates of birth, addresses written to fool programs ("name
at example"), numbers of countries not listed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date

from mmstudio.i18n import mark, translate

# kind -> what stands in its place
WORDS = {
    "email": mark("[e-mail]"), "phone": mark("[phone]"), "card": mark("[card number]"),
    "account": mark("[account number]"), "id": mark("[ID number]"),
}  # fmt: skip
_LONGEST = 200_000  # characters looked into at once; longer texts go in pieces
_OVERLAP = 200
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@-])", re.ASCII
)
_WIDE_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@-])")
_CARD = re.compile(r"(?<![\d.,-])(?:\d[ -]?){12,18}\d(?![\d-]|[.,]\d)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
# ISO 13616 lengths of the countries that use IBANs most
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22,
    "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18,
    "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TR": 26, "UA": 29,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data at ``text[start:end]``; ``kind`` is one of :data:`WORDS`."""

    start: int
    end: int
    kind: str


def find(text: str, locale: str = "") -> list[Found]:
    """Personal data in a text, in order, without overlaps.

    ``locale``: whose phone numbers are read without a country code ("zh_CN", "en_GB"; "" for none).
    """
    plain = _folded(text)
    found: list[Found] = []
    for start in range(0, max(len(plain), 1), _LONGEST):
        piece = plain[max(start - _OVERLAP, 0) : start + _LONGEST]
        shift = max(start - _OVERLAP, 0)
        found += [Found(f.start + shift, f.end + shift, f.kind) for f in _in_piece(piece, locale)]
    kept: list[Found] = []
    for one in sorted(set(found), key=lambda f: (f.start, -f.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def masked(text: str, locale: str = "", allowed: Collection[str] = ()) -> tuple[str, dict[str, int]]:
    """A text with personal data replaced by words of the locale's language, and how many of which kind.

    ``allowed``: exact strings that stay (the firm's own address), however they are written in case.
    """
    keep = {" ".join(one.split()).lower() for one in allowed}
    language = "zh_CN" if locale.lower().startswith(("zh", "cmn")) else "en"
    parts: list[str] = []
    counts: dict[str, int] = {}
    position = 0
    for one in find(text, locale):
        if " ".join(text[one.start : one.end].split()).lower() in keep:
            continue
        parts += [text[position : one.start], translate(WORDS[one.kind], language)]
        counts[one.kind] = counts.get(one.kind, 0) + 1
        position = one.end
    return "".join(parts) + text[position:], counts


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, letter in enumerate(reversed(digits)):
        value = int(letter) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether an IBAN has its country's length and a remainder of 1 modulo 97 (ISO 13616, ISO 7064)."""
    plain = text.replace(" ", "").upper()
    if _IBAN_LENGTHS.get(plain[:2], 0) != len(plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


# -- national numbers, each with its own check -------------------------------------------------------------


def chinese_id(text: str) -> bool:
    """A resident identity number: date and check letter (GB 11643-1999, ISO 7064 MOD 11-2)."""
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(d) * w for d, w in zip(text[:17], weights, strict=True)) % 11
    return born.year >= 1900 and text[17].upper() == "10X98765432"[rest]


def _us(text: str) -> bool:
    area, group, serial = text.split("-")
    return not (area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000")


def _spanish(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def _french(text: str) -> bool:
    plain = text.replace(" ", "")
    body = plain[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(plain[13:])


def _italian(text: str) -> bool:
    odd = {**dict(zip("0123456789ABCDEFGHIJ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2, strict=True)),
           **dict(zip("KLMNOPQRSTUVWXYZ", (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
                      strict=True))}  # fmt: skip
    total = sum(
        odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for i, c in enumerate(text[:15])
    )
    return chr(65 + total % 26) == text[15]


_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432",
    "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
    "7046913258",
)  # fmt: skip


def _indian(text: str) -> bool:
    check = 0
    for index, letter in enumerate(reversed(text.replace(" ", ""))):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[index % 8][int(letter)])])
    return check == 0


def _brazilian(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    for n in (9, 10):
        rest = sum(d * (n + 1 - i) for i, d in enumerate(digits[:n])) * 10 % 11 % 10
        if rest != digits[n]:
            return False
    return True


def _korean(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    return (11 - sum(d * w for d, w in zip(digits[:12], weights, strict=True)) % 11) % 10 == digits[12]


_IDS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])"), check)
    for pattern, check in (
        (r"[1-9]\d{16}[\dXx]", chinese_id),
        (r"\d{3}-\d{2}-\d{4}", _us),
        # United Kingdom: prefixes that are not given out are left (HMRC NIM39110)
        (
            r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]",
            lambda _: True,
        ),
        (r"(?:\d{8}|[XYZ]\d{7})[A-Z]", _spanish),
        (r"[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", _french),
        (r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", _italian),
        (r"[2-9]\d{3} \d{4} \d{4}", _indian),
        (r"\d{3}\.\d{3}\.\d{3}-\d\d", _brazilian),
        (r"\d{6}-[1-8]\d{6}", _korean),
    )
)


def _in_piece(text: str, locale: str) -> Iterator[Found]:
    for pattern in (_EMAIL, _WIDE_EMAIL):
        for match in pattern.finditer(text):
            yield Found(match.start(), match.end(), "email")
    for match in _IBAN.finditer(text):
        # words in capitals may follow: the longest part that checks is the number
        for end in range(match.end(), match.start() + 14, -1):
            if text[end - 1] != " " and iban(text[match.start() : end]):
                yield Found(match.start(), end, "account")
                break
    for pattern, check in _IDS:
        for match in pattern.finditer(text):
            if check(match[0]):
                yield Found(match.start(), match.end(), "id")
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if digits[0] in "3456" and len(set(digits)) > 1 and luhn(digits):
            yield Found(match.start(), match.end(), "card")
    yield from _phones(text, locale)


def _phones(text: str, locale: str) -> Iterator[Found]:
    if sum(c.isdigit() for c in text) < 6:
        return
    import phonenumbers

    parts = locale.replace("-", "_").split("_")
    region = next((p.upper() for p in parts[1:] if len(p) == 2), None)
    if region is None:
        region = {
            "zh": "CN",
            "de": "DE",
            "fr": "FR",
            "es": "ES",
            "it": "IT",
            "nl": "NL",
            "ja": "JP",
            "ko": "KR",
        }.get(parts[0].lower())
    for match in phonenumbers.PhoneNumberMatcher(
        text, region, leniency=phonenumbers.Leniency.VALID, max_tries=10_000
    ):
        yield Found(match.start, match.end, "phone")


def _folded(text: str) -> str:
    """Full-width digits and signs as plain ones, letter for letter, so that places stay."""
    return "".join(n if ord(c) > 127 and len(n := unicodedata.normalize("NFKC", c)) == 1 else c for c in text)
