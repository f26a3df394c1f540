"""``mmstudio --self-test``: two children try everything; their standard error is read line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from mmstudio.cli.console import print_json, say, table
from mmstudio.i18n import tr
from mmstudio.selftest import Outcome, Row, overall, unexpected_lines

PARTS = ("services", "window")
_LONGEST = 1800  # seconds of a child on a slow machine


def self_test(*, as_json: bool = False, keep: Path | None = None) -> int:
    """Run the whole self-test and show its table; the exit status, 0 where everything needed works.

    Args:
        keep: a folder for the picture of the window; without it the picture is thrown away.
    """
    outcome = Outcome()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mmstudio 自检 ", ignore_cleanup_errors=True) as folder:
        for part in PARTS:
            rows, lines = _child(part, Path(folder), show=not as_json)
            outcome.rows += rows
            outcome.stderr += lines
        if keep is not None and (picture := Path(folder) / "window.png").is_file():
            keep.mkdir(parents=True, exist_ok=True)
            (keep / "window.png").write_bytes(picture.read_bytes())
    good = overall(outcome)
    if as_json:
        print_json(outcome.as_json() | {"seconds": round(time.monotonic() - started, 1)})
        return 0 if good else 1
    marks = {True: tr("ok"), False: tr("failed")}
    table(
        ["", "", tr("seconds"), ""],
        [
            [r.name, marks[r.ok] if r.ok or r.needed else tr("not here"), r.seconds, r.note]
            for r in outcome.rows
        ],
    )
    for line in outcome.stderr:
        say(tr("Unexpected on standard error: {line}", line=line))
    say(tr("Everything works.") if good else tr("The self-test failed."))
    return 0 if good else 1


def run_part(part: str, folder: Path) -> int:
    """What a child does: try one part and print a JSON line for each row."""
    for row in _rows(part, folder):
        sys.stdout.write(json.dumps(asdict(row)) + "\n")
        sys.stdout.flush()
    return 0


def _rows(part: str, folder: Path) -> Iterator[Row]:
    if part == "services":
        from mmstudio.selftest.services import Services

        yield from Services(folder).run()
        return
    started = time.monotonic()
    name = tr("Open the window and take its picture")
    try:
        from mmstudio.desktop.selftest import photograph

        note = photograph(folder / "window.png")
    except Exception as error:  # noqa: BLE001 - said in the table
        yield Row(name, False, round(time.monotonic() - started, 3), f"{type(error).__name__}: {error}")
    else:
        yield Row(name, True, round(time.monotonic() - started, 3), note)


def _child(part: str, folder: Path, *, show: bool) -> tuple[list[Row], list[str]]:
    """Rows of a part and what was unexpected on its standard error."""
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable, *([] if frozen else ["-m", "mmstudio"]), "--self-test-part", part]
    environment = {
        **os.environ,
        "MMSTUDIO_HOME": str(folder / "home"),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUTF8": "1",
        "MMSTUDIO_SELF_TEST": str(folder),
        "QT_LOGGING_RULES": "qt.multimedia*=false",  # as the window says it
    }
    if sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    with (folder / f"{part}.err").open("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            encoding="utf-8",
            errors="replace",
        )
        rows: list[Row] = []
        noise: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            try:
                row = Row(**json.loads(line))
            except (ValueError, TypeError):
                noise.append(line.rstrip())
                continue
            rows.append(row)
            if show and sys.stderr.isatty():
                sys.stderr.write(f"\r\x1b[2K{row.name}")
        status = process.wait(_LONGEST)
        if show and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
        errors.seek(0)
        lines = unexpected_lines(errors.read())
    rows.append(Row(tr("The {part} part ends well", part=part), status == 0, 0.0, str(status)))
    return rows, [*noise, *lines]
