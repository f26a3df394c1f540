"""Pages people open first: their modules are read while nothing happens, their parts built when needed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.reading_ahead import OF_THE_WINDOW, ReadingAhead
from support.qt import settle, wait_until

_OPENING = """
import importlib, sys
for module in {ahead!r}: importlib.import_module("mmstudio.desktop." + module)
before = set(sys.modules)
for page in ("models", "create", "write"): importlib.import_module("mmstudio.desktop.panes." + page)
print(sorted(name for name in set(sys.modules) - before if name.startswith("mmstudio.desktop")))
"""


def test_every_module_read_ahead_is_there_and_comes_before_the_page_that_needs_it() -> None:
    assert all(importlib.util.find_spec(f"mmstudio.desktop.{name}") for name in OF_THE_WINDOW)
    assert len(set(OF_THE_WINDOW)) == len(OF_THE_WINDOW)
    views = [name for name in OF_THE_WINDOW if not name.startswith("panes.")]
    code = _OPENING.format(ahead=[*views, "panes.model_actions"])
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    new = set(seen.stdout.strip().strip("[]").replace("'", "").split(", "))
    pages = {f"mmstudio.desktop.panes.{page}" for page in ("models", "create", "write")}
    assert pages <= new
    assert len(new - pages) <= 6  # small ones: the page itself brings them


def test_reading_ahead_ends_once_and_begins_once(context: AppContext) -> None:
    reading, heard = ReadingAhead(context), []
    reading.done.connect(lambda: heard.append(1))
    reading.start()
    reading.start()
    wait_until(lambda: bool(heard))
    settle(context)
    assert heard == [1]
    assert all(f"mmstudio.desktop.{name}" in sys.modules for name in OF_THE_WINDOW)


def test_the_form_and_the_training_are_built_when_first_needed(context: AppContext) -> None:
    pane = ModelsPane(context)
    assert pane.right.count() == 1  # the card alone
    assert pane.form is pane.form
    assert pane.right.count() == 2
    assert pane.right.indexOf(pane.live) == 2
    pane.retranslate()
