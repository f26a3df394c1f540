"""Pages people open first: their modules are read while nothing happens, their parts built when needed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable

import pytest

from mmstudio.desktop import reading_ahead
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.reading_ahead import PAGES, PREVIEW
from mmstudio.desktop.window import MainWindow
from support.qt import settle, wait_until

_OPENING = """
import importlib, sys
for module in {ahead!r}: importlib.import_module("mmstudio.desktop." + module)
before = set(sys.modules)
for page in ("models", "create", "write"): importlib.import_module("mmstudio.desktop.panes." + page)
print(sorted(name for name in set(sys.modules) - before if name.startswith("mmstudio.desktop")))
"""


def test_every_module_read_ahead_is_there_and_comes_before_the_page_that_needs_it() -> None:
    assert all(importlib.util.find_spec(f"mmstudio.desktop.{name}") for name in PAGES)
    assert len(set(PAGES)) == len(PAGES)
    views = [name for name in PAGES if not name.startswith("panes.")]
    code = _OPENING.format(ahead=[*views, "panes.model_actions"])
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    new = set(seen.stdout.strip().strip("[]").replace("'", "").split(", "))
    pages = {f"mmstudio.desktop.panes.{page}" for page in ("models", "create", "write")}
    assert pages <= new
    assert len(new - pages) <= 6  # small ones: the page itself brings them


def test_reading_ahead_ends_once_and_begins_once(
    open_context: AppContext, make_window: Callable[[AppContext], MainWindow]
) -> None:
    window = make_window(open_context)
    reading, heard, ready = window.readiness, [], []
    reading.done.connect(lambda: (heard.append(1), ready.append(reading.ready)))
    reading.start()
    reading.start()
    wait_until(lambda: bool(heard))
    settle(open_context)
    reading.start()
    settle(open_context)
    assert (heard, ready) == ([1], [True])
    assert all(f"mmstudio.desktop.{name}" in sys.modules for name in (*PREVIEW, *PAGES))


def test_without_a_library_nothing_is_read(
    context: AppContext, make_window: Callable[[AppContext], MainWindow]
) -> None:
    window = make_window(context)
    window.readiness.start()
    settle(context)
    assert not window.readiness.ready
    assert context.idle


def test_a_page_that_cannot_be_read_is_left_out_and_said_in_the_log(
    open_context: AppContext,
    make_window: Callable[[AppContext], MainWindow],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    window = make_window(open_context)
    monkeypatch.setattr(reading_ahead, "PAGES", ("views.no_such_view", *PAGES))
    heard: list[int] = []
    window.readiness.done.connect(lambda: heard.append(1))
    window.readiness.start()
    wait_until(lambda: bool(heard))
    assert "views.no_such_view was not read ahead" in caplog.text
    assert window.readiness.ready


def test_the_form_and_the_training_are_built_when_first_needed(context: AppContext) -> None:
    pane = ModelsPane(context)
    assert pane.right.count() == 1  # the card alone
    assert pane.form is pane.form
    assert pane.right.count() == 2
    assert pane.right.indexOf(pane.live) == 2
    pane.retranslate()
