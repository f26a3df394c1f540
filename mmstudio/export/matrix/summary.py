"""What came of a matrix: one table for people (HTML with the pictures) and one for programs (CSV)."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from mmstudio.atomic import write_text
from mmstudio.export.record import Standing
from mmstudio.export.web.markup import direction, h, tag
from mmstudio.export.web.style import BASE, PAGE
from mmstudio.i18n import language, tr
from mmstudio.media.xmp import SOURCE_TYPES

if TYPE_CHECKING:
    from mmstudio.export.matrix.state import RowState

_COLUMNS = (
    "row", "item", "state", "channel", "file", "bytes", "sha256", "seconds", "message", "reports",
    "generated", "digital_source_type", "compliance", "approval", "licences",
)  # fmt: skip
CSV, HTML = "summary.csv", "summary.html"
_PICTURES = (".png", ".jpg", ".webp", ".gif", ".avif")
_STYLE = """
main{max-width:1180px}
td img{width:96px;height:96px;object-fit:contain;background:var(--line);border-radius:8px;display:block}
.bad{color:var(--bad)}
.good{color:var(--good)}
"""


def write_summaries(out: Path, rows: list[RowState]) -> tuple[Path, Path]:
    """Write both beside the rows' folders; returns their paths (CSV, HTML)."""
    table, page = out / CSV, out / HTML
    write_text(table, "\ufeff" + as_csv(rows))  # with a mark of its encoding: Excel asks for it
    write_text(page, as_html(rows))
    return table, page


def as_csv(rows: list[RowState]) -> str:
    """The rows as CSV, a line a file; no cell can be taken for a formula."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        told = " ".join([row.message, *row.notes]).strip()
        reports = " ".join(f"{row.folder}/{name}" for name in row.reports)
        for file in row.files or [{}]:
            name = f"{row.folder}/{file['name']}" if file else ""
            cells = [row.number, row.label, row.state, file.get("channel", ""), name, file.get("bytes", "")]
            cells += [file.get("sha256", ""), row.seconds, told, reports, *_standing(row)]
            writer.writerow([cell(value) for value in cells])
    return held.getvalue()


def _standing(row: RowState) -> list[str]:
    """Whether a model made it, the IPTC digital source type, compliance, approval, licences; "" unknown."""
    if not row.standing or not row.files:
        return [""] * 5
    known = Standing(**row.standing)
    kind = f"{SOURCE_TYPES}{known.origin}" if known.origin else ""
    return [known.generated, kind, known.compliance, known.approval, "; ".join(known.licences)]


def cell(value: object) -> object:
    """A value for a CSV: what a spreadsheet would take for a formula gets an apostrophe before it.

    OWASP, CSV injection: cells that begin with =, +, -, @, tab or carriage return. Numbers stay numbers.
    """
    if isinstance(value, int | float):
        return value
    text = "".join(c if c >= " " or c == "\t" else " " for c in str(value))
    return f"'{text}" if text.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "|", "%") else text


def as_html(rows: list[RowState]) -> str:
    """The rows as a page: it shows the files that lie beside it and asks for nothing else."""
    spoken = language()
    done = sum(row.state in ("done", "same") for row in rows)
    title = tr("{done} of {total} rows exported", done=done, total=len(rows))
    lines = "".join(_line(row) for row in rows)
    head = "".join(
        f'<th scope="col">{h(word)}</th>' for word in (tr("Row"), "", tr("Item"), tr("State"), tr("Files"))
    )
    policy = (
        "default-src 'none'; img-src file: 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )
    return (
        f'<!doctype html>\n<html lang="{tag(spoken)}" dir="{direction(spoken)}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{h(title)}</title>\n<style>{BASE}{PAGE}{_STYLE}</style>\n</head>\n<body>\n"
        f'<main><h1>{h(title)}</h1><div class="table" tabindex="0"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div></main>\n</body>\n</html>\n"
    )


def _line(row: RowState) -> str:
    files = [(file["name"], quote(f"{row.folder}/{file['name']}")) for file in row.files]
    shown = next((url for name, url in files if name.lower().endswith(_PICTURES)), "")
    picture = (
        f'<img src="{h(shown)}" alt="{h(row.label)}" loading="lazy" width="96" height="96">' if shown else ""
    )
    reports = [(name, quote(f"{row.folder}/{name}")) for name in row.reports]
    links = "<br>".join(f'<a href="{h(url)}">{h(name)}</a>' for name, url in [*files, *reports])
    word = {
        "done": tr("done"), "same": tr("unchanged"), "failed": tr("failed"), "running": tr("waiting"),
        "waiting": tr("waiting"),
    }[row.state]  # fmt: skip
    kind = "bad" if row.state == "failed" else "good" if row.state in ("done", "same") else "note"
    told = " ".join(part for part in (row.message, row.hint, *row.notes) if part)
    if row.standing and row.files and (made := Standing(**row.standing).generated) != "no":
        told = " ".join(
            [tr("Made by a model.") if made == "yes" else tr("Parts of it were made by a model."), told]
        )
    note = f'<br><span class="note" dir="auto">{h(told)}</span>' if told else ""
    return (
        f'<tr><td>{row.number}</td><td>{picture}</td><td dir="auto">{h(row.label)}</td>'
        f'<td><span class="{kind}">{h(word)}</span>{note}</td><td>{links}</td></tr>\n'
    )
