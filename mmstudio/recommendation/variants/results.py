"""Results of variants from a table of any advertising or mail program, told line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.library.importing.columns import match_columns, plain_name
from mmstudio.library.variants import VariantResult
from mmstudio.media.tables import RowError, read_table
from mmstudio.recommendation.lists.facets import read_day


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


FIELDS: dict[str, tuple[str, ...]] = {
    "variant": _names(
        "variant variantid variante creative creativeid creativename ad adname adid asset file filename "
        "content utmcontent link url name id 变体 素材 创意 文件"
    ),
    "day": _names("day date datum jour reportingdate reportingstarts time 日期 时间"),
    "shown": _names(
        "shown impressions impression impr views displays delivered sent reach recipients people visitors "
        "impressionen einblendungen 展示 曝光 展现量 曝光量"
    ),
    "channel": _names("channel platform source utmsource placement medium network kanal 渠道 平台"),
}
EVENTS: dict[str, tuple[str, ...]] = {
    "click": _names("click clicks linkclicks klicks clics 点击 点击量"),
    "buy": _names(
        "buy buys bought purchase purchases orders order conversions conversion sales "
        "käufe achats 购买 成交 转化"
    ),
    "like": _names("like likes reactions saves favourites favorites 点赞 喜欢 收藏"),
    "view": _names("opens opened videoviews plays watched thruplays 打开 播放"),
}
_LONG = {
    "event": _names("event action eventtype 事件 行为"),
    "count": _names("count happened events number anzahl 次数 数量"),
}
_ID = re.compile(r"(?<![a-z0-9])v-[a-z2-7]{8}(?![a-z0-9])")
_NUMBER = re.compile(r"[+-]?\d[\d,.'’\s\u00a0\u202f]*")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,.'’\s\u00a0\u202f]\d{3})+")


def find_variant(text: str) -> str:
    """The variant id in a file name, link or name; empty where there is none."""
    found = _ID.search(text.lower())
    return found[0] if found else ""


def read_results(
    path: str | Path, known: Iterable[str]
) -> tuple[list[VariantResult], list[tuple[int, str]], list[tuple[int, str]]]:
    """(results, [(line, why it was left out)], [(line, doubt about a row that was kept)]).

    Columns are found by loose names: which variant (its id, or a file name or link that holds it), shown,
    clicks, purchases, likes, opens (or one column that names the event and one that counts it), and if there
    are any day and channel.

    Raises:
        StudioError: no column for the variant, for how often it was shown, or for what happened.
        MediaError: the file cannot be read as a table.
    """
    ids = set(known)
    found: list[VariantResult] = []
    problems: list[tuple[int, str]] = []
    notes: list[tuple[int, str]] = []
    lines: dict[tuple[str, str, str, str], int] = {}
    columns: dict[str, str] | None = None
    for row in read_table(path):
        if isinstance(row, RowError):
            problems.append((row.line, row.reason))
            continue
        line, cells = row
        if columns is None:
            columns = _columns(cells, Path(path).name)
        try:
            rows, doubt = _row(cells, columns, ids)
        except _Left as left:
            problems.append((line, str(left)))
            continue
        for one in rows:
            key = (one.variant_id, one.day, one.channel, one.event)
            if key in lines:
                problems.append((line, tr("The same variant, day and channel as in line {n}.", n=lines[key])))
                continue
            lines[key] = line
            found.append(one)
        if doubt:
            notes.append((line, doubt))
    return found, problems, notes


class _Left(Exception):
    """A row that is left out; its words are for the person."""


def _columns(cells: Mapping[str, str], name: str) -> dict[str, str]:
    columns = match_columns(cells, {**FIELDS, **EVENTS, **_LONG})
    missing = {
        "variant": tr("which variant"),
        "shown": tr("how often it was shown"),
    }
    for field, words in missing.items():
        if field not in columns:
            raise StudioError(
                "{name} has no column for {what}.",
                hint="Name the columns variant, day, shown and clicks; day may be missing.",
                name=name,
                what=words,
            )
    if not any(event in columns for event in EVENTS) and not {"event", "count"} <= columns.keys():
        raise StudioError(
            "{name} has no column for {what}.",
            hint="Name the columns variant, day, shown and clicks; day may be missing.",
            name=name,
            what=tr("what happened (clicks, purchases …)"),
        )
    return columns


def _row(
    cells: Mapping[str, str], columns: Mapping[str, str], ids: set[str]
) -> tuple[list[VariantResult], str]:
    said = cells[columns["variant"]]
    variant = find_variant(said) or next((v for c in cells.values() if (v := find_variant(c))), "")
    if not variant:
        raise _Left(tr("“{text}” names no variant of this library.", text=said[:60]))
    if variant not in ids:
        raise _Left(tr("The library has no variant {id}.", id=variant))
    day, doubt = _day(cells.get(columns.get("day", ""), ""))
    channel = cells.get(columns.get("channel", ""), "").strip().lower()
    shown = _count(cells[columns["shown"]], columns["shown"])
    if shown is None:
        raise _Left(tr("It does not say how often the variant was shown."))
    happened: dict[str, int] = {}
    for event in EVENTS:
        if event in columns and (n := _count(cells[columns[event]], columns[event])) is not None:
            happened[event] = n
    if {"event", "count"} <= columns.keys() and (name := _event(cells[columns["event"]])):
        n = _count(cells[columns["count"]], columns["count"])
        if n is not None:
            happened[name] = n
    if not happened:
        raise _Left(tr("It does not say what happened."))
    for event, n in happened.items():
        if n > shown:
            raise _Left(tr("{n} × {event}, but shown only {shown} times.", n=n, event=event, shown=shown))
    return [VariantResult(variant, day, channel, event, shown, n) for event, n in happened.items()], doubt


def _day(text: str) -> tuple[str, str]:
    if not text.strip():
        return "", ""
    found = read_day(text)
    if found is None:
        raise _Left(tr("“{text}” is no date.", text=text[:40]))
    day = date.fromordinal(found)
    slashed = re.fullmatch(r"\s*(\d{1,2})/(\d{1,2})/\d{4}\s*", text)
    if slashed and int(slashed[1]) <= 12 and int(slashed[2]) <= 12 and slashed[1] != slashed[2]:
        return day.isoformat(), tr(
            "“{text}” was read as {day}: day first.", text=text.strip(), day=day.isoformat()
        )
    return day.isoformat(), ""


def _count(text: str, column: str) -> int | None:
    """A whole number, None for an empty cell."""
    plain = text.strip()
    if not plain or plain in ("-", "–", "—"):
        return None
    if not _NUMBER.fullmatch(plain):
        raise _Left(tr("“{text}” in the column {column} is no number.", text=plain[:40], column=column))
    if _GROUPED.fullmatch(plain):
        value = float(re.sub(r"[^\d+-]", "", plain))
    else:
        try:
            value = float(re.sub(r"[\s\u00a0\u202f'’]", "", plain).replace(",", "."))
        except ValueError:
            raise _Left(
                tr("“{text}” in the column {column} is no number.", text=plain[:40], column=column)
            ) from None
    if value < 0:
        raise _Left(tr("“{text}” in the column {column} is below zero.", text=plain, column=column))
    if value != int(value):
        raise _Left(tr("“{text}” in the column {column} is no whole number.", text=plain, column=column))
    return int(value)


def _event(text: str) -> str:
    plain = plain_name(text)
    for event, names in EVENTS.items():
        if plain in names or plain == event:
            return event
    return text.strip().lower()[:40]
