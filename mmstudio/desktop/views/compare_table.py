"""Figures of two models side by side; the better is marked only where the difference is more than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import help_dot
from mmstudio.desktop.views.figure_table import figure_text
from mmstudio.i18n import mark, tr
from mmstudio.learning.evaluation.report import MEASURES

if TYPE_CHECKING:
    from mmstudio.learning.evaluation.report import Comparison, Side

_BETTER = {
    "low": mark("lower is better"),
    "high": mark("higher is better"),
    "one": mark("the nearer to 1 the better"),
}


class CompareTable(QWidget):
    """One line per figure: name, both means with their spread, a mark at the better one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(self.sizePolicy().horizontalPolicy(), self.sizePolicy().verticalPolicy())
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(5, 1)
        self._shown: Comparison | None = None
        self.lines: list[str] = []

    def show_comparison(self, found: Comparison | None) -> None:
        """Fill the table; None empties it."""
        self._shown, self.lines = found, []
        while self._grid.count():
            taken = self._grid.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if found is None:
            return
        for column, side in ((1, found.a), (2, found.b)):
            head = label(role="strong")
            head.setText(side.model)
            self._grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        known = [key for key in MEASURES if key in found.a.mean and key in found.b.mean]
        for row, key in enumerate(known, 1):
            self._line(row, key, found)

    def _line(self, row: int, key: str, found: Comparison) -> None:
        measure = MEASURES[key]
        better = found.better.get(key, "")
        words = label(measure.label, "muted")
        self._grid.addWidget(words, row, 0)
        for column, which, side in ((1, "a", found.a), (2, "b", found.b)):
            cell = QWidget()
            cell_line = QGridLayout(cell)
            cell_line.setContentsMargins(0, 0, 0, 0)
            cell_line.setHorizontalSpacing(4)
            number = label(role="strong" if better == which else "")
            number.setText(_value(side, key))
            symbol = QLabel()
            symbol.setFixedWidth(18)
            if better == which:
                symbol.setPixmap(icon("check-circle", "success").pixmap(16, 16))
                symbol.setAccessibleName(tr("better"))
                symbol.setToolTip(tr("Better by more than the spread of the seeds"))
            cell_line.addWidget(symbol, 0, 0)
            cell_line.addWidget(number, 0, 1)
            self._grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight)
        if measure.why:
            self._grid.addWidget(help_dot(measure.why), row, 3)
        self._grid.addWidget(label(_BETTER.get(measure.better, ""), "small"), row, 4)
        winner = {"a": found.a.model, "b": found.b.model}.get(better, tr("no difference beyond chance"))
        self.lines.append(f"{tr(measure.label)}: {_value(found.a, key)}, {_value(found.b, key)}, {winner}")
        self.setAccessibleDescription("; ".join(self.lines))

    def retranslate(self) -> None:
        """Say it in the language in use."""
        self.show_comparison(self._shown)


def _value(side: Side, key: str) -> str:
    spread = side.spread.get(key)
    mean = figure_text(key.removeprefix("held_"), side.mean[key])
    if spread is None:
        return mean
    return f"{mean} ± {figure_text(key.removeprefix('held_'), spread)}"
