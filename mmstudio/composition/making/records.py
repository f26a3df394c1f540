"""Records for a report: texts and tables without what names a person, as far as a rule can tell.

Columns and lines that are called name, born, address and the like go, and what stood in them goes wherever
else it stands. Dates become days since the first of them; mail addresses and long numbers go. A name that
stands in free text only is not found: the report says so.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from mmstudio.composition.making.plain import clean
from mmstudio.errors import MediaError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.draft import Draft

_REPORTS = ("case-report",)
MOST_ROWS, MOST_COLUMNS, MOST_LINES = 200, 8, 200
_PIECE = 700  # letters of a paragraph
_PERSON_LIST = """
name surname forename firstname lastname patient born birth birthday birthdate dob address street city zip
postcode phone telephone mobile fax email mail mrn insurance ssn nhs passport identifier id physician doctor
referring
institution hospital ward relative contact
"""
_PERSON = frozenset(_PERSON_LIST.split())
_PERSON_ZH = re.compile(
    "姓名|名字|病人|患者|出生|生日|地址|住址|电话|手机|邮箱|身份证|病历号|住院号|医保|医生|医师|医院|科室|联系人"
)
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b|\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_OTHER_DATE = re.compile(
    r"\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{4}年\d{1,2}月(?:\d{1,2}日)?|\b\d{1,2}\.\d{1,2}\.\d{2}\b"
    r"|\b(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}?,?\s*\d{4}\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_NUMBER = re.compile(r"(?<![\w.])\+?\d(?:[ ()/.-]?\d){6,}(?![\w.])")
_PAIR = re.compile(r"^\s*[-*•]?\s*([^:：\n]{1,40}?)\s*[:：]\s*(.+)$")


@dataclass(slots=True)
class Table:
    """A table of records; every row has a cell for each column."""

    title: str
    head: list[str]
    rows: list[list[str]]


@dataclass(slots=True)
class Records:
    """What the records say.

    ``notes`` are paragraphs, ``removed`` names of what was taken out, ``counts`` how often other things were
    ("dates", "addresses", "numbers", "names"), ``left_out`` rows and lines that were too many.
    """

    notes: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    own_notes: int = 0
    own_table: bool = False

    def own_text(self) -> str:
        """What was typed or pasted, without what was taken out: it gives the same records again."""
        if self.own_table and self.tables:
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows([self.tables[0].head, *self.tables[0].rows])
            return out.getvalue()
        return "\n".join(self.notes[: self.own_notes])

    def sentences(self) -> list[str]:
        """What was done to the records, in words."""
        said = []
        if self.removed:
            said.append(tr("Taken out of the records: {names}", names=", ".join(self.removed)))
        words = {
            "names": tr("Mentions of a removed value, replaced"),
            "dates": tr("Dates, now days since the first"),
            "addresses": tr("Mail addresses removed"),
            "numbers": tr("Long numbers removed"),
        }
        said += [f"{word}: {self.counts[key]}" for key, word in words.items() if self.counts.get(key)]
        if self.left_out:
            said.append(tr("{n} more lines of the records were left out.", n=self.left_out))
        return said


def read_records(draft: Draft) -> tuple[Records, list[int]]:
    """(records of the text and of the text assets that were given, the other assets in order).

    Raises MediaError: a text cannot be read.
    """
    sources: list[tuple[str, str, bool]] = []
    rest: list[int] = []
    for asset_id in draft.inputs.asset_ids:
        asset = draft.asset(asset_id)
        if asset.kind != "text":
            rest.append(asset_id)
            continue
        from mmstudio.media.text import load_text

        path = draft.library.assets.path_of(asset)
        document = load_text(path, limit=500_000)
        draft.add_asset_source(f"records.{asset.id}", asset.id)
        sources.append((asset.title or tr("Records"), document.text, path.suffix.lower() in (".csv", ".tsv")))
    if draft.inputs.text.strip():
        sources.insert(0, ("", draft.inputs.text, _looks_like_table(draft.inputs.text)))
    return records_of(sources), rest


def records_of(sources: list[tuple[str, str, bool]]) -> Records:
    """Records of (title, text, whether it is a table), without what names a person."""
    made = Records()
    gone: set[str] = set()
    for title, text, is_table in sources:
        before = len(made.notes)
        if is_table and (table := _table(title, text, made, gone)) is not None:
            made.tables.append(table)
            made.own_table = made.own_table or not title
        else:
            _lines(text, made, gone)
            if not title:
                made.own_notes = len(made.notes) - before
    _mask(made, gone)
    return made


def kept_params(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a job as the library may keep them: records for a report, typed or pasted, without
    what names a person; the same report is made from them again. No passphrase is kept."""
    if isinstance(locked := params.get("encrypt"), Mapping):
        params = {**params, "encrypt": {key: locked[key] for key in locked if key != "passphrase"}}
    inputs = dict(params.get("inputs") or {}) if kind == "compose" else {}
    text = str(inputs.get("text") or "")
    if kind != "compose" or params.get("recipe") not in _REPORTS or not text.strip():
        return dict(params)
    inputs["text"] = records_of([("", text, _looks_like_table(text))]).own_text()
    return {**params, "inputs": inputs}


def _looks_like_table(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()][:6]
    if len(lines) < 2:
        return False
    return any(
        all(line.count(sign) == lines[0].count(sign) >= 1 for line in lines) for sign in (",", ";", "\t", "|")
    )


def _table(title: str, text: str, made: Records, gone: set[str]) -> Table | None:
    first = text.lstrip().split("\n", 1)[0]
    sign = max((",", ";", "\t", "|"), key=first.count)
    if not first.count(sign):
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text.replace("\0", "")), delimiter=sign) if any(row)]
    except csv.Error as error:
        raise MediaError(
            "The table {name} cannot be read.",
            status="corrupt",
            hint="Save it as CSV again.",
            name=title or "–",
        ) from error
    if not rows:
        return None
    head = [clean(cell, 40) for cell in rows[0]]
    kept: list[int] = []
    for place, name in enumerate(head):
        if _names_person(name):
            _note(made, name)
            gone.update(clean(row[place], 80) for row in rows[1:] if place < len(row))
        elif len(kept) < MOST_COLUMNS:
            kept.append(place)
    body = rows[1 : MOST_ROWS + 1]
    made.left_out += max(0, len(rows) - 1 - MOST_ROWS)
    if not kept:
        return None
    cells = [[clean(row[n], 80) if n < len(row) else "" for n in kept] for row in body]
    return Table(clean(title, 80), [head[n] for n in kept], cells)


def _lines(text: str, made: Records, gone: set[str]) -> None:
    lines = [piece for line in text.splitlines() for piece in _pieces(clean(line.lstrip("#")))]
    made.left_out += max(0, len(lines) - MOST_LINES)
    for line in lines[:MOST_LINES]:
        pair = _PAIR.match(line)
        if pair and _names_person(pair[1]):
            _note(made, pair[1])
            gone.add(pair[2])
        else:
            made.notes.append(line)


def _pieces(line: str) -> list[str]:
    """A paragraph, in pieces where it is long: at the ends of sentences, else between words."""
    found: list[str] = []
    rest = line.strip()
    while len(rest) > _PIECE:
        cut = max(rest.rfind(sign, _PIECE // 3, _PIECE) for sign in (". ", "。", "; ", "；"))
        cut = cut + 1 if cut > 0 else rest.rfind(" ", _PIECE // 3, _PIECE)
        cut = cut if cut > 0 else _PIECE
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*found, rest] if rest else found


def _names_person(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # birthDate
    words = set(re.split(r"[^a-z]+", spaced.lower()))
    return bool(words & _PERSON) or bool(_PERSON_ZH.search(name))


def _note(made: Records, name: str) -> None:
    if name not in made.removed:
        made.removed.append(name)


def _mask(made: Records, gone: set[str]) -> None:
    """Take out what was removed elsewhere, then dates, mail addresses and long numbers."""
    values = {value for value in gone if len(value) >= 3}
    # a full name and each of its parts
    values |= {
        part for value in gone for part in re.split(r"[\s,^]+", value) if len(part) >= 3 and part.isalpha()
    }
    values |= {value for value in gone if len(value) == 2 and not value.isascii()}
    said = re.compile(
        "|".join(
            rf"(?<!\w){re.escape(v)}(?!\w)" if v.isascii() else re.escape(v)
            for v in sorted(values, key=lambda v: (-len(v), v))
        )
        or r"(?!)",
        re.IGNORECASE,
    )
    texts = [*made.notes, *(cell for table in made.tables for row in table.rows for cell in row)]
    days = sorted(day for text in texts for day in _days(text))
    first = days[0] if days else None

    def masked(text: str) -> str:
        text, mails = _MAIL.subn("[@]", text)
        text, names = said.subn("[…]", text)
        found = 0

        def relative(match: re.Match[str]) -> str:
            nonlocal found
            day = _day(match)
            if day is None or first is None:
                return match[0]
            found += 1
            return tr("day {n}", n=(day - first).days)

        text = _ISO.sub(relative, text)
        text, others = _OTHER_DATE.subn(tr("[date]"), text)
        text, numbers = _LONG_NUMBER.subn("[#]", text)
        for key, count in (
            ("names", names),
            ("addresses", mails),
            ("dates", found + others),
            ("numbers", numbers),
        ):
            made.counts[key] = made.counts.get(key, 0) + count
        return text

    made.notes = [masked(text) for text in made.notes]
    for table in made.tables:
        table.title = masked(table.title)
        table.rows = [[masked(cell) for cell in row] for row in table.rows]


def _days(text: str) -> list[date]:
    return [day for match in _ISO.finditer(text) if (day := _day(match)) is not None]


def _day(match: re.Match[str]) -> date | None:
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
