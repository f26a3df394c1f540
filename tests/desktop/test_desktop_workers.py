"""Work off the GUI thread and its results on it."""

from __future__ import annotations

import threading

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QObject

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.workers import Background
from mmstudio.errors import Cancelled, StudioError
from support.qt import settle, wait_until


def test_results_arrive_on_the_gui_thread(context: AppContext) -> None:
    here, seen = threading.get_ident(), []
    context.background(threading.get_ident, lambda ident: seen.append((ident, threading.get_ident())))
    settle(context)
    assert seen[0][0] != here
    assert seen[0][1] == here


def test_only_the_latest_of_a_key_counts(context: AppContext) -> None:
    gate, seen = threading.Event(), []
    context.background(lambda: gate.wait(240) and 1, seen.append, key="k")
    context.background(lambda: 2, seen.append, key="k")
    wait_until(lambda: seen == [2])
    gate.set()
    settle(context)
    assert seen == [2]


def test_a_dropped_key_says_nothing(context: AppContext) -> None:
    seen: list[int] = []
    context.background(lambda: 1, seen.append, key="k")
    context.drop("k")
    settle(context)
    assert seen == []


def test_an_error_becomes_a_notice(context: AppContext, notices: list[Notice]) -> None:
    def fail() -> None:
        raise StudioError("The file {name} is gone.", hint="Look elsewhere.", name="a.png")

    context.background(fail)
    settle(context)
    assert (notices[0].text, notices[0].hint, notices[0].level) == (
        "The file a.png is gone.",
        "Look elsewhere.",
        "error",
    )


def test_an_unexpected_error_reaches_person_and_log(
    context: AppContext, notices: list[Notice], caplog: pytest.LogCaptureFixture
) -> None:
    context.background(lambda: 1 / 0)
    settle(context)
    assert "ZeroDivisionError" not in notices[0].text
    assert "ZeroDivisionError" in notices[0].hint
    assert "unexpected error" in caplog.text


def test_an_error_in_a_callback_does_not_stop_the_next(
    context: AppContext, notices: list[Notice], caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    context.background(lambda: 1, lambda n: seen.append(n // 0))
    context.background(lambda: 2, seen.append)
    settle(context)
    assert seen == [2]
    assert len(notices) == 1


def test_a_cancel_says_nothing(context: AppContext, notices: list[Notice]) -> None:
    def stop() -> None:
        raise Cancelled

    context.background(stop)
    settle(context)
    assert notices == []


def test_callbacks_of_a_deleted_owner_are_dropped(context: AppContext) -> None:
    owner, gate, seen = QObject(), threading.Event(), []
    context.background(lambda: gate.wait(240), seen.append, owner=owner)
    shiboken6.delete(owner)
    gate.set()
    settle(context)
    assert seen == []


def test_results_of_a_deleted_window_go_nowhere(qapp: object) -> None:
    """Threads that end while Qt deletes what they report to: once a crash of the whole program."""
    ended: list[int] = []
    called: list[object] = []
    for _ in range(200):
        background = Background(called.append, threads=3)
        gate = threading.Barrier(4)

        def work(gate: threading.Barrier = gate) -> None:
            gate.wait(240)
            ended.append(1)

        for _ in range(3):
            background.run(work, called.append)
        gate.wait(240)
        shiboken6.delete(background)
        background.close()
    QCoreApplication.processEvents()
    wait_until(lambda: len(ended) == 600)
    assert called == []
