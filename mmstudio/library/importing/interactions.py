"""Who did what with which item, from tables of any size: streamed; what cannot be used is told by line."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.errors import MediaError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library.importing.amounts import Amounts
from mmstudio.library.importing.columns import INTERACTIONS, match_columns, plain_name
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.times import Times
from mmstudio.library.interactions import FEW, WRITTEN, WRITTEN_OF_MANY, InteractionWriter
from mmstudio.media.tables import RowError, read_cells

if TYPE_CHECKING:
    from mmstudio.library.library import Library

_TOLD = 1000  # rows between two words about how far it is
_LOOKED_AT = 20_000  # rows that tell which way dates are written
_RATED = ("rating", "stars", "score", "评分", "bewertung", "note")
_ENDS = (5.0, 10.0, 100.0)  # where scales end; the recommender reads them so too
_TOLD_HIGH = 20  # lines that are told one by one
_MANY = 50_000  # events of one member from which on it is said
_ALONE = 10  # events of one member alone from which on it is said
_NAME, _NAMES = 60, 500  # characters of the name of an event, and different names of one table
_COMPARED = 100_000  # rows of a table that later ones are compared with
_OLD = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_AHEAD = 2 * 86_400.0  # seconds by which a clock or a time zone may be ahead


def import_interactions(
    context: JobContext, library: Library, path: Path, report: ImportReport, *, keep_ids: bool = False
) -> Generator[Progress, None, None]:
    """Read interactions: member, sku, event, weight or rating, time, audience by name.

    Names of columns are matched loosely (:mod:`mmstudio.library.importing.columns`). Memory does not grow
    with the rows, only with the members and items they name.

    Args:
        keep_ids: keep members' own ids too, encrypted.

    Raises:
        StudioError: ``keep_ids`` where there is no keyring.
    """
    try:
        with library.interactions.writer(keep_ids=keep_ids) as writer:
            rows = _Rows(library, path, report, writer)
            with closing(rows.read()) as reading:
                for progress in reading:
                    yield progress
                    context.raise_if_cancelled()
    except MediaError as error:
        report.fail(str(path), tr(error.template, **error.values))


_Make = Callable[[int, list[str]], tuple[str, str] | None]


class _Rows:
    """One table on its way into the library."""

    def __init__(self, library: Library, path: Path, report: ImportReport, writer: InteractionWriter) -> None:
        self._path, self._report, self._writer = path, report, writer
        self._skus = library.items.skus()
        self._loose = {sku.casefold(): item for sku, item in self._skus.items()}
        self._audiences = {audience.name.casefold(): audience.id for audience in library.audiences.list()}
        self._high: dict[float, list[tuple[int, str]]] = {end: [] for end in _ENDS}
        self._above = dict.fromkeys(_ENDS, 0)
        self._first: dict[tuple[str, int, str, float | None], tuple[int, float]] = {}
        self._names: set[str] = set()
        self._latest = datetime.now(UTC).timestamp() + _AHEAD
        self._clear()

    def read(self) -> Generator[Progress, None, None]:
        """Write the rows in batches; yields how far it is."""
        times = Times(_dates(self._path))
        done = unread = 0
        header: list[str] | None = None
        make: _Make | None = None
        for row in read_cells(self._path):
            if isinstance(row, RowError):
                self._report.bad_row(self._path.name, row.line, row.reason, "unreadable")
                unread += 1
                continue
            line, cells = row
            if header is None:
                header = cells
                make = self._maker(cells, times)
                if make is None:
                    return
                continue
            assert make is not None
            problem = make(line, cells)
            if problem is not None:
                self._report.bad_row(self._path.name, line, problem[1], problem[0])
            done += 1
            if len(self._members) >= (WRITTEN if done < FEW else WRITTEN_OF_MANY):
                self._write()
            if done % _TOLD == 0:
                yield Progress(done, None, tr("Reading {name}: {n} rows", name=self._path.name, n=done))
        self._write()
        if header is not None and not done and not unread:
            self._report.note_row(self._path.name, 1, tr("The table has a header and no rows."), "no_rows")
        self._tell(times)
        yield Progress(done, None, tr("Reading {name}: {n} rows", name=self._path.name, n=done))

    def _maker(self, header: list[str], times: Times) -> _Make | None:
        """A function that takes one row in, or says (kind, sentence) why it cannot."""
        columns = match_columns(header, INTERACTIONS)
        if "sku" not in columns:
            said = tr("The table has no column for {what}.", what="sku")
            self._report.bad_row(self._path.name, 1, said, "no_column")
            return None
        at = {field: header.index(column) for field, column in columns.items()}
        for column in columns.values():
            if f"{column} (2)" in header:
                said = tr("The column {name} is there twice: the first one counts.", name=column)
                self._report.note_row(self._path.name, 1, said, "column_twice")
        sku_at, member_at = at["sku"], at.get("member", -1)
        event_at, weight_at = at.get("event", -1), at.get("weight", -1)
        time_at, audience_at = at.get("time", -1), at.get("audience", -1)
        rated = weight_at >= 0 and any(word in plain_name(columns["weight"]) for word in _RATED)
        amounts = Amounts(rated=rated)
        # In a column of weights the rows that say "rating" hold ratings all the same: 8/10 is 4 of 5.
        self._amounts = stars = amounts if rated else Amounts(rated=True)
        usual = "rating" if rated else "view"
        skus, loose, audiences = self._skus, self._loose, self._audiences

        def make(line: int, cells: list[str]) -> tuple[str, str] | None:
            sku = cells[sku_at]
            item = skus.get(sku)
            if item is None:
                if not sku:
                    return "no_sku", tr("The row has no sku.")
                item = loose.get(sku.casefold()) or skus.get(sku.removesuffix(".0"))
                if item is None:
                    return "unknown_item", tr("No item has the sku {sku}.", sku=sku)
            audience = None
            if audience_at >= 0 and (name := cells[audience_at]):
                audience = audiences.get(name.casefold())
                if audience is None:
                    return "unknown_audience", tr("There is no audience named {name}.", name=name)
            member = cells[member_at] if member_at >= 0 else ""
            if not member:
                if audience is None:
                    return "no_member", tr("The row names neither a member nor an audience.")
                member = f"audience {audience}"
            event = (cells[event_at].lower() if event_at >= 0 else "") or usual
            if event not in self._names:
                if len(event) > _NAME:
                    return "long_event", tr("“{text}” is too long to name an event.", text=event[:_NAME])
                if len(self._names) >= _NAMES:
                    said = tr("“{text}”: the table has more than {n} different events.", text=event, n=_NAMES)
                    return "many_events", said
                self._names.add(event)
            weight = 1.0
            if weight_at >= 0:
                text = cells[weight_at]
                if text:
                    read = (stars if event == "rating" else amounts).read(text)
                    if read is None:
                        return "no_number", tr("“{text}” is no number.", text=text)
                    if read < 0:
                        return "negative", tr("The weight {text} is below zero.", text=text)
                    weight = read
                    if read > 5 and event == "rating":
                        self._note_high(line, text, read)
                elif event == "rating":
                    event = "view"  # somebody met the item and gave no rating
            moment = None
            if time_at >= 0 and (text := cells[time_at]):
                moment = times.read(text)
                if moment is None:
                    said = tr("“{text}” is no date that can be read: the row came in without it.", text=text)
                    self._report.note_row(self._path.name, line, said, "no_date")
                elif not _OLD <= moment <= self._latest:
                    said = tr("“{text}” is read as {day}: is that right?", text=text, day=_day(moment))
                    self._report.note_row(self._path.name, line, said, "far_date")
            if line <= _COMPARED:
                self._note_again(line, member, item, event, weight, moment)
            self._members.append(member)
            self._items.append(item)
            self._events.append(event)
            self._weights.append(weight)
            self._times.append(moment)
            self._placed.append(audience)
            return None

        return make

    def _note_again(
        self, line: int, member: str, item: int, event: str, weight: float, moment: float | None
    ) -> None:
        """Say it where a row is another one's again, with another weight."""
        key = member, item, event, moment
        first = self._first.setdefault(key, (line, weight))
        if first[0] != line:
            if first[1] != weight:
                said = tr("The same as line {n} with another weight: the later one counts.", n=first[0])
                self._report.note_row(self._path.name, line, said, "repeated")
            self._first[key] = line, weight

    def _note_high(self, line: int, text: str, rating: float) -> None:
        for end in _ENDS:
            if rating > end:
                self._above[end] += 1
                if len(self._high[end]) < _TOLD_HIGH:
                    self._high[end].append((line, text))

    def _write(self) -> None:
        if self._members:
            placed = self._placed if any(a is not None for a in self._placed) else None
            written = self._writer.add(
                self._members, self._items, self._events, self._weights, self._times, placed
            )
            self._report.interactions += written.new
            self._report.interactions_again += written.again
        self._clear()

    def _clear(self) -> None:
        self._members: list[str] = []
        self._items: list[int] = []
        self._events: list[str] = []
        self._weights: list[float] = []
        self._times: list[float | None] = []
        self._placed: list[int | None] = []

    def _tell(self, times: Times) -> None:
        """What holds for the table as a whole."""
        name, note = self._path.name, self._report.note_row
        if times.unclear:
            said = tr("Dates such as {text} can be read in two ways: taken as month/day.", text=times.unclear)
            note(name, 1, said, "two_ways")
        if self._amounts.all_equal:
            said = tr(
                "All ratings are {n}: they say who took what, not what was liked.", n=self._amounts.first
            )
            note(name, 1, said, "all_equal")
        read = self._amounts.count
        for end in _ENDS:
            if read >= 10 and 0 < self._above[end] <= max(1, read // 100):
                for line, text in self._high[end]:
                    said = tr(
                        "The rating {text} is above all the others: it counts as the highest.", text=text
                    )
                    note(name, line, said, "above_scale")
                break
        else:
            for line, text in self._high[_ENDS[-1]][:1]:
                said = tr(
                    "The rating {text} is on no usual scale (to 5, 10 or 100): ratings are compared with the"
                    " highest.", text=text,
                )  # fmt: skip
                note(name, line, said, "odd_scale")
        if self._writer.members == 1 and self._writer.busiest(_ALONE):
            said = tr("All rows are of one member: what goes together cannot be learned from one.")
            note(name, 1, said, "one_member")
        for most in self._writer.busiest(_MANY):
            note(name, 1, tr("One member has {n} events; it counts as one person.", n=most), "very_many")
        if self._writer.several:
            said = tr(
                "{n} members are in more than one audience: the last one counts.", n=self._writer.several
            )
            note(name, 1, said, "two_audiences")


def _day(moment: float) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):  # before the year 1
        return f"{moment / 31_556_952 + 1970:.0f}"


def _dates(path: Path) -> Iterator[str]:
    """The cells of the time column in the first rows."""
    column = -1
    for number, row in enumerate(read_cells(path)):
        if isinstance(row, RowError):
            continue
        if column < 0:
            found = match_columns(row[1], INTERACTIONS).get("time")
            if found is None:
                return
            column = row[1].index(found)
        elif number < _LOOKED_AT:
            yield row[1][column]
        else:
            return
