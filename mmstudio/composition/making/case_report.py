"""The case report: records and pictures on pages that say on each of them that they are a draft.

Nothing is concluded here. Pictures that a model made are marked as synthetic where they stand, DICOM pictures
are views of files that the import took the person out of, and the last page says what was removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.lesson import set_language
from mmstudio.composition.making.narration import weight
from mmstudio.composition.making.plain import clean, shortened
from mmstudio.composition.making.records import Records, Table, read_records
from mmstudio.composition.making.studies import Study, studies_of
from mmstudio.composition.palette import scheme
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Block, Rect, Scene, ShapeLayer, TextLayer
from mmstudio.composition.synthetic import board_mark, mark_words
from mmstudio.errors import UsageError
from mmstudio.i18n import speaking, tr

MOST_STUDIES = 24
_SECONDS = 5.0  # of a page, where it is shown as a film
_ROWS, _COLUMNS = 22, 5  # of a table on one page
_NOTE_PAGE, _NOTES = 1500, 10  # letters and paragraphs of notes on one page


def case_report(draft: Draft) -> Iterator[float]:
    """Fill in the pages of a report.

    Raises UsageError: there is neither a record nor a picture. MediaError: something cannot be read.
    """
    set_language(draft, draft.inputs.text)
    board = draft.board
    board.palette = scheme([], draft.seed + 2)
    with speaking(board.locale):
        records, others = read_records(draft)
        if not records.notes and not records.tables and not others:
            raise UsageError("There is nothing to report.", hint="Give records, pictures or both.")
        studies: list[Study] = []
        for study in studies_of(
            draft, others[:MOST_STUDIES], str(draft.option("window")), int(draft.option("frame"))
        ):
            studies.append(study)
            yield 0.8 * len(studies) / len(others)
        title = clean(draft.inputs.title, 120) or tr("Case report")
        board.name = title
        if draft.inputs.text:
            board.inputs["text"] = records.own_text()  # what is kept does not name the person either
        warning = tr("Draft: diagnoses nothing")
        board.marks = [warning]
        if any(study.synthetic for study in studies):
            board.marks.append(board_mark())
        _pages(draft, title, records, studies, len(others) - len(studies))
        _page(draft, title, records, studies)
    finish_scenes(draft)
    yield 1.0


def _foot() -> str:
    return tr("A draft for discussion. It diagnoses nothing and replaces no physician’s judgement.")


def _pages(draft: Draft, title: str, records: Records, studies: Sequence[Study], left_out: int) -> None:
    pages: list[tuple[str, dict[str, str], dict[str, int | None], Table | None]] = []
    told = _chunked(records.notes)
    summary = tr("Pictures: {pictures} · tables: {tables}", pictures=len(studies), tables=len(records.tables))
    pages.append(("cover", {"title": title, "summary": summary} | told[0], {}, None))
    pages += [("notes", {"heading": tr("Records")} | notes, {}, None) for notes in told[1:]]
    for group in _groups(studies):
        copy = {"heading": tr("Pictures")}
        shown: dict[str, int | None] = {}
        for number, study in enumerate(group, 1):
            shown[f"picture{number}"] = study.asset_id
            copy[f"caption{number}"] = study.caption
            copy[f"synthetic{number}"] = mark_words() if study.synthetic else ""
        pages.append((f"studies{len(group)}", copy, shown, None))
    for table in records.tables:
        for start in range(0, max(len(table.rows), 1), _ROWS):
            part = Table(table.title, table.head, table.rows[start : start + _ROWS])
            pages.append(("table", {"heading": table.title or tr("Records")}, {}, part))
    done = [*records.sentences(), *_removed(studies)]
    if left_out > 0:
        done.append(tr("{n} more pictures were left out.", n=left_out))
    done.append(tr("Free text was not read for names: read it before this leaves your hands."))
    privacy = {f"line{n}": f"•  {line}" for n, line in enumerate(done[:12], 1)}
    pages.append(("privacy", {"heading": tr("What was taken out")} | privacy, {}, None))
    for number, (pattern, copy, shown, table_part) in enumerate(pages, 1):
        copy |= {"foot": _foot(), "number": f"{number} / {len(pages)}"}
        scene = make_scene(draft, pattern, (number - 1) * _SECONDS, _SECONDS, copy=copy, pictures=shown)
        if table_part is not None:
            _set_table(draft, scene, table_part)
    draft.plan["removed"] = done


def _groups(studies: Sequence[Study]) -> list[Sequence[Study]]:
    """One page each of one, two or four pictures."""
    found = [studies[n : n + 4] for n in range(0, len(studies), 4)]
    if found and len(found[-1]) == 3:
        last = found.pop()
        found += [last[:2], last[2:]]
    return found


def _chunked(notes: Sequence[str]) -> list[dict[str, str]]:
    """The paragraphs of each page by copy slot; at least one page, perhaps empty."""
    pages: list[list[str]] = [[]]
    for note in notes:
        filled = sum(map(weight, pages[-1]))
        if pages[-1] and (len(pages[-1]) == _NOTES or filled + weight(note) > _NOTE_PAGE):
            pages.append([])
        pages[-1].append(shortened(note, _NOTE_PAGE))
    return [{f"note{n}": note for n, note in enumerate(page, 1)} for page in pages]


def _removed(studies: Sequence[Study]) -> list[str]:
    """What the import took out of the DICOM files, over all of them, and what a person must look at."""
    reports = [study.removed for study in studies if study.removed is not None]
    if not reports:
        return []
    removed = {name for report in reports for name in report.removed}
    blanked = {name for report in reports for name in report.blanked}
    private = sum(report.private for report in reports)
    said = [
        tr(
            "DICOM: {n} pictures; {removed} kinds of attributes removed, {blanked} emptied, "
            "all identifiers replaced, {private} private attributes removed, dates removed",
            n=len(reports), removed=len(removed), blanked=len(blanked), private=private,
        )
    ]  # fmt: skip
    return said + list(dict.fromkeys(w for report in reports for w in report.warnings))


def _set_table(draft: Draft, scene: Scene, table: Table) -> None:
    """A table as texts in even columns; every cell is one line, so that rows stay in step."""
    palette = draft.board.palette
    columns = table.head[:_COLUMNS]
    left, top, width, high = 0.07, 0.235, 0.86, 0.03
    each = width / max(len(columns), 1)
    for number, row in enumerate([columns, *(row[:_COLUMNS] for row in table.rows)]):
        y = top + number * high
        if number % 2 == 1:
            scene.layers.insert(
                1,
                ShapeLayer(
                    name=f"stripe{number}", rect=Rect(left - 0.01, y, width + 0.02, high), colour="#00000010"
                ),
            )
        for place, cell in enumerate(row):
            name = f"cell{number}-{place}"
            slot = f"{scene.name}.{name}"
            draft.board.copy[slot] = shortened(cell, max(8, 64 // len(columns)))
            scene.layers.append(
                TextLayer(
                    name=name,
                    bind=slot,
                    rect=Rect(left + place * each, y, each - 0.012, high),
                    colour=palette["ink"],
                    size=0.0175,
                    least=0.7,
                    weight=700 if number == 0 else 400,
                    lines=1,
                    valign="center",
                )
            )


def _page(draft: Draft, title: str, records: Records, studies: Sequence[Study]) -> None:
    """The same as a page that flows."""
    blocks = [
        Block("heading", title, None, {"level": 1}, "title"),
        Block("disclaimer", _foot(), None, {}, "foot"),
        *(Block("text", note, None, {}, "records") for note in records.notes),
    ]
    if studies:
        blocks.append(Block("heading", tr("Pictures"), None, {"level": 2}))
        shown = []
        for study in studies:
            words = f"{mark_words()} · {study.caption}" if study.synthetic else study.caption
            shown.append(
                {"kind": "picture", "text": words, "asset_id": study.asset_id, "data": {"alt": words}}
            )
        blocks.append(Block("group", "", None, {"blocks": shown, "columns": 2}))
    for table in records.tables:
        data = {"head": list(table.head), "rows": [list(row) for row in table.rows]}
        blocks.append(Block("table", table.title, None, data, "records"))
    blocks.append(Block("heading", tr("What was taken out"), None, {"level": 2}))
    blocks.append(Block("list", "", None, {"items": list(draft.plan["removed"])}, "privacy"))
    blocks.append(Block("disclaimer", _foot(), None, {}, "foot"))
    draft.board.blocks = blocks
