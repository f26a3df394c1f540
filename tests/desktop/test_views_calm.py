"""Layouts that leave alone what did not change."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mmstudio.desktop.views.calm_tabs import CalmTabs
from mmstudio.desktop.views.flow import FlowLayout
from support.qt import dispose, wait_until


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def _painted(widget: QWidget, paints: Paints) -> None:
    """Wait until a widget was painted after all that was asked for before."""
    for _level in range(6):  # a wish for room goes up by one widget at a time
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    before = paints.count
    widget.update()
    wait_until(lambda: paints.count > before)


def test_tabs_are_painted_anew_for_their_own_words_only(qtbot: QtBot) -> None:
    page, first, still = QWidget(), QPushButton("One"), QLabel("Still")
    lines = QVBoxLayout(page)
    lines.addWidget(first)
    lines.addWidget(still)
    lines.addStretch(1)
    tabs = CalmTabs()
    tabs.addTab(page, "A")
    tabs.addTab(QWidget(), "B")
    outside = QWidget()
    qtbot.addWidget(outside)
    QVBoxLayout(outside).addWidget(tabs)
    outside.resize(500, 300)
    outside.show()
    bar, label = Paints(tabs.tabBar()), Paints(still)
    _painted(still, label)
    before, tall = bar.count, first.height()
    first.setMinimumSize(300, tall + 40)
    _painted(still, label)
    assert (first.height(), bar.count) == (tall + 40, before)
    width = tabs.tabBar().width()
    tabs.setTabText(1, "Something longer than B")
    _painted(still, label)
    assert bar.count > before
    assert tabs.tabBar().width() > width
    assert outside.minimumWidth() > 300  # what a page needs is known outside


def test_a_flow_keeps_what_stays_and_deletes_what_goes(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    flow = FlowLayout(whole)
    one, two, three, four = (QLabel(word) for word in ("one", "two", "three", "four"))
    flow.hold([one, two, three])
    whole.resize(600, 60)
    whole.show()
    gone: list[str] = []
    two.destroyed.connect(lambda: gone.append("two"))
    flow.hold([four, three, one])
    wait_until(lambda: four.isVisible() and three.x() > 0)
    dispose()
    assert gone == ["two"]
    assert four.x() < three.x() < one.x()
    assert [flow.itemAt(n).widget() for n in range(flow.count())] == [four, three, one]
    assert all(label.isVisible() and label.parentWidget() is whole for label in (one, three, four))
