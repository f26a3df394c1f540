"""Likes as switches: what if this one were not liked?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button, help_dot
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

_LONGEST = 28


class LikeChips(QWidget):
    """One switch per liked item; switching one off is a try and changes nothing that is kept.

    Signals:
        changed: frozenset of the items that are switched off.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ItemRow] = []
        self.off: frozenset[int] = frozenset()
        self._folded = False
        self.chips: dict[int, QToolButton] = {}
        self._flow = FlowLayout(self, 6)
        self._flow.setContentsMargins(16, 0, 16, 6)
        self._before = (
            label(mark("What if they did not like:"), "muted"),
            help_dot(
                mark(
                    "Switch a like off to see how the list would change. It is only a try: nothing is kept, "
                    "and the like counts again when you switch it on."
                )
            ),
        )
        self.reset_button = button(mark("Count all again"), self.reset, "link")
        self._fill([], [])
        self.hide()

    def show_likes(self, rows: Sequence[ItemRow]) -> None:
        """Show the likes of an audience; those that are switched off stay off."""
        rows = list(rows)
        off = self.off & {row.id for row in rows}
        if rows == self._rows and off == self.off:
            return
        before, self._rows, self.off = self._rows, rows, off
        self._fill(before, rows)

    def fold(self, folded: bool) -> None:
        """Hide the switches, unless one is off: what is tried must be seen."""
        self._folded = folded
        self._show_or_not()

    def _show_or_not(self) -> None:
        self.setVisible(bool(self._rows) and (not self._folded or bool(self.off)))

    def reset(self) -> None:
        """All likes count again."""
        if self.off:
            self._switch(frozenset())

    def retranslate(self) -> None:
        """Say the chips in the language in use."""
        for row in self._rows:
            self._dress(self.chips[row.id], row)

    def _fill(self, before: Sequence[ItemRow], rows: Sequence[ItemRow]) -> None:
        """Make what is new and take out what is gone: the other switches stay as they are, and the cursor."""
        wanted = set(rows)
        same = {row.id: self.chips[row.id] for row in before if row in wanted}
        self.chips = {row.id: same.get(row.id) or self._chip(row) for row in rows}
        self._flow.hold([*self._before, *self.chips.values(), self.reset_button])
        for one, other in pairwise((self._before[-1], *self.chips.values(), self.reset_button)):
            QWidget.setTabOrder(one, other)
        for row in rows:
            if row.id in same and same[row.id].isChecked() == (row.id in self.off):
                self._dress(same[row.id], row)
        self.reset_button.setVisible(bool(self.off))
        self._show_or_not()
        self.updateGeometry()

    def _chip(self, row: ItemRow) -> QToolButton:
        chip = QToolButton()
        chip.setProperty("role", "chip")
        chip.setCheckable(True)
        chip.setText(row.title if len(row.title) <= _LONGEST else row.title[: _LONGEST - 1] + "…")
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setIconSize(QSize(14, 14))
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        chip.clicked.connect(lambda on, i=row.id: self._switch(self.off - {i} if on else self.off | {i}))
        self._dress(chip, row)
        return chip

    def _dress(self, chip: QToolButton, row: ItemRow) -> None:
        on = row.id not in self.off
        chip.setChecked(on)
        chip.setIcon(icon("check" if on else "minus-circle", "accent" if on else "muted"))
        words = tr("{title}: counts", title=row.title) if on else tr("{title}: left out", title=row.title)
        chip.setAccessibleName(words)
        chip.setToolTip(words)

    def _switch(self, off: frozenset[int]) -> None:
        self.off = off
        for row in self._rows:
            self._dress(self.chips[row.id], row)
        self.reset_button.setVisible(bool(off))
        self._flow.invalidate()
        self.changed.emit(off)
