"""Choosing a table of events and taking it in, from wherever events are missed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

IMPORT_EVENTS = mark("Import events…")


def choose_events(context: AppContext, parent: QWidget) -> None:
    """Ask for a table of events and import it."""
    if context.studio is None or context.read_only:
        return
    tables = tr("Tables") + " (*.csv *.tsv *.txt *.xlsx)"
    file, _chosen = QFileDialog.getOpenFileName(parent, tr("Import events"), str(Path.home()), tables)
    if file:
        import_events(context, file)


def import_events(context: AppContext, file: str) -> None:
    """Import a table of events as a job: user, item, event or rating, time; names are kept as codes only."""
    context.submit("import", {"paths": [], "interactions": file})
