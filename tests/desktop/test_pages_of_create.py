"""The pages of Create in the window: reached, and opened without holding the window up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.window import MainWindow
from support.qt import settle, watched_event_loop

MOST_S = 0.05  # of the GUI thread's own time between two turns of the loop


@pytest.mark.parametrize("key", ["sets", "write"])
def test_opening_a_page_holds_nothing_up(
    open_context: AppContext, make_window: Callable[[AppContext], MainWindow], key: str
) -> None:
    window = make_window(open_context)
    open_context.navigate(key)  # the first time also makes the page's widgets
    settle(open_context)
    assert window.current == key
    with watched_event_loop(window) as gaps:
        for _round in range(3):
            open_context.navigate("library")
            settle(open_context)
            open_context.navigate(key)
            settle(open_context)
    assert gaps.longest_own < MOST_S


def test_going_elsewhere_while_a_page_is_on_its_way(
    open_context: AppContext, make_window: Callable[[AppContext], MainWindow]
) -> None:
    window = make_window(open_context)
    open_context.navigate("sets")
    open_context.navigate("write")
    settle(open_context)
    assert window.current == "write"
