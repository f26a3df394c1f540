"""Beside the cards: why the chosen one is recommended, exactly, and what can be decided about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.audiences import Recommended, change_text
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, section
from mmstudio.desktop.views.flow import FlowLayout, empty, page_area
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.recommendation_delegate import DECISIONS, UNDONE
from mmstudio.desktop.views.score_bars import PartList, ScoreBar, value_text
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.items import ItemRow

_SIDE = 160
_SHORT = {
    "pin": mark("Pin"),
    "ban": mark("Ban"),
    "approve": mark("Approve"),
    "reject": mark("Reject"),
}


class ReasonPanel(QWidget):
    """The inspector of the Audiences pane.

    Signals:
        decided: the card and a key of :data:`DECISIONS`.
        opened: an item to show.
        looked: an asset to show large.
    """

    decided = Signal(object, str)
    opened = Signal(int)
    looked = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.row: Recommended | None = None
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        nothing = label(mark("Choose a recommendation to see why it is there."), "muted", wrap=True)
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        nothing.setContentsMargins(24, 24, 24, 24)
        self._stack = QStackedWidget()
        self._stack.addWidget(nothing)
        self._stack.addWidget(self._build())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _build(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self._picture = QVBoxLayout()
        column.addLayout(self._picture)
        self.title = label(role="heading", wrap=True)
        self.facts = label(role="muted", wrap=True)
        self.why = label(wrap=True)
        for words in (self.title, self.facts, self.why):
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(words)
        bar = QWidget()
        flow = FlowLayout(bar, 6)
        self.buttons = {
            key: button(_SHORT[key], partial(self._decide, key), icon=symbol, tip=words)
            for key, symbol, _filled, _mark, words in DECISIONS
        }
        for made in self.buttons.values():
            flow.addWidget(made)
        column.addWidget(bar)
        column.addWidget(
            section(
                mark("The score in its parts"),
                mark(
                    "The parts add up to the score exactly. What speaks against the item is hatched "
                    "and stands at the right of the bar."
                ),
            )
        )
        self.bar = ScoreBar()
        self.parts = PartList()
        column.addWidget(self.bar)
        column.addWidget(self.parts)
        self.anchors_title = section(
            mark("It rests on"), mark("The items this score comes from, each with what it adds.")
        )
        column.addWidget(self.anchors_title)
        self.anchors = QWidget()
        self._anchors = FlowLayout(self.anchors)
        self._tiles: dict[ItemRow, PictureTile] = {}
        column.addWidget(self.anchors)
        self.anchors_title.hide()
        self.anchors.hide()
        self.open_button = button(mark("Open the item"), self._open, "link")
        column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return page_area(body)

    def show_row(self, row: Recommended | None, full: float, *, read_only: bool) -> None:
        """Show a card's reasons; ``full`` is the sum that fills the bar."""
        before, self.row = self.row, row
        self._stack.setCurrentIndex(0 if row is None else 1)
        if row is None:
            return
        if before is None or before.item != row.item:
            empty(self._picture)
            tile = PictureTile(self._pictures, row.item.hero, row.item.title, side=_SIDE, contain=True)
            tile.clicked.connect(
                lambda _on=False, hero=row.item.hero: self.looked.emit(hero) if hero is not None else None
            )
            self._picture.addWidget(tile, 0, Qt.AlignmentFlag.AlignHCenter)
            self.show_anchors(None)
        self.title.setText(row.item.title)
        moved = change_text(row)
        facts = [
            tr("Rank {n}", n=row.rank) + (f" ({moved})" if moved else ""),
            tr("Score {score}", score=f"{row.score:.2f}"),
            row.item.price,
        ]
        self.facts.setText(" · ".join(part for part in facts if part))
        self.why.setText(row.why)
        self.bar.show_parts(row.parts, full)
        self.parts.show_parts(row.parts)
        for key, symbol, filled, decided, words in DECISIONS:
            on = bool(decided) and decided in row.marks
            made = self.buttons[key]
            made.setIcon(icon(filled if on else symbol, "accent" if on else "text"))
            say(made, UNDONE[key] if on else words, "setToolTip")
            say(made, UNDONE[key] if on else words, "setAccessibleName")
            made.setEnabled(not read_only)

    def show_anchors(self, anchors: list[tuple[ItemRow, float]] | None) -> None:
        """Show the items a score rests on, with what each adds; None where that is not known yet."""
        before, self._tiles = self._tiles, {}
        for row, value in anchors or ():
            words, number = f"{row.title}: {value_text(value)}", value_text(value)
            tile = before.get(row) or self._tile(row, words, number)
            tile.set_name(words)
            tile.set_note(number)
            self._tiles[row] = tile
        self._anchors.hold(list(self._tiles.values()))
        for widget in (self.anchors_title, self.anchors):
            widget.setVisible(bool(anchors))
        self.anchors.updateGeometry()

    def _tile(self, row: ItemRow, words: str, number: str) -> PictureTile:
        tile = PictureTile(self._pictures, row.hero, words, side=56, contain=True, note=number)
        tile.clicked.connect(lambda _on=False, i=row.id: self.opened.emit(i))
        return tile

    def retranslate(self, full: float, *, read_only: bool) -> None:
        """Say it in the language in use."""
        self.show_row(self.row, full, read_only=read_only)

    def sizeHint(self) -> QSize:
        return QSize(300, 600)

    def _decide(self, key: str) -> None:
        if self.row is not None:
            self.decided.emit(self.row, key)

    def _open(self) -> None:
        if self.row is not None:
            self.opened.emit(self.row.item.id)


def anchors_of(explanation: Any) -> dict[int, float]:
    """Item id → what it adds over all parts of an explanation, the largest first."""
    sums: dict[int, float] = {}
    for part in explanation.parts:
        for item_id, value in part.anchors:
            if item_id is not None and int(item_id) >= 0:
                sums[int(item_id)] = sums.get(int(item_id), 0.0) + float(value)
    return dict(sorted(sums.items(), key=lambda pair: -abs(pair[1])))
