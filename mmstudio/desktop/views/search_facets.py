"""Facets of what is found: values with counts; a click puts one into the query line or takes it out."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import label, name
from mmstudio.i18n import mark, tr
from mmstudio.library.colours import COLOURS
from mmstudio.library.query import has_token
from mmstudio.library.query_words import LABELS, VALUE_WORDS

# facet of the library → key of the query line, in the order of the panel
FACETS = {
    "tag": "tag", "colour": "color", "kind": "kind", "rating": "rating", "orientation": "orientation",
    "duration": "duration", "price": "price", "rights": "rights", "origin": "origin", "language": "lang",
}  # fmt: skip
_FOLDED = {"rights", "origin", "language", "orientation"}  # until the person opens them
_KIND_TOKENS = {"image": "picture", "audio": "sound", "video": "video", "text": "text"}
_SHOWN = 60  # values of one facet
_VALUE = int(Qt.ItemDataRole.UserRole)

Counts = dict[str, dict[str, int]]


class FacetPanel(QWidget):
    """Foldable facets.

    Signals:
        chosen: key and value of a token of the query line.
    """

    chosen = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(160)
        self.setMaximumWidth(320)
        self._counts: Counts = {}
        self._query = ""
        self._open = {facet: facet not in _FOLDED for facet in FACETS}
        self._filling = False
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(12)
        self.tree.setRootIsDecorated(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIconSize(QSize(14, 14))
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(16)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        name(self.tree, mark("Facets"), mark("Click a value to filter by it, again to take it out"))
        self.tree.itemClicked.connect(lambda item, _column: self._clicked(item))
        self.tree.itemActivated.connect(lambda item, _column: self._activated(item))
        self.tree.itemExpanded.connect(lambda item: self._folded(item, open_=True))
        self.tree.itemCollapsed.connect(lambda item: self._folded(item, open_=False))
        self.none = label(mark("Nothing to narrow down yet."), "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 4, 8)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.none)
        layout.addStretch(0)

    def sizeHint(self) -> QSize:
        return QSize(212, 400)

    def set_counts(self, counts: Counts, query: str) -> None:
        """Show what the library counted, and which values the query line asks for."""
        if counts == self._counts and query == self._query:
            return
        self._counts, self._query = counts, query
        self._fill()

    def retranslate(self) -> None:
        """Say the values in the language in use."""
        self._fill()

    def tokens(self) -> list[tuple[str, str]]:
        """Every value shown, as (key, value) of the query line."""
        sections = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        children = [one.child(n) for one in sections if one is not None for n in range(one.childCount())]
        return [child.data(0, _VALUE) for child in children if child is not None]

    def choose(self, key: str, value: str) -> None:
        """Click a value, as a person does."""
        self.chosen.emit(key, value)

    # --- inside -------------------------------------------------------------------------------------

    def _fill(self) -> None:
        self._filling = True
        current: QTreeWidgetItem | None = self.tree.currentItem()
        kept = None if current is None else current.data(0, _VALUE)
        scrolled = self.tree.verticalScrollBar().value()
        self.tree.setUpdatesEnabled(False)
        self.tree.clear()
        for facet, key in FACETS.items():
            values = list(self._counts.get(facet, {}).items())
            rows = [(token, text, count) for value, count in values for token, text in [_said(facet, value)]]
            active = [row for row in rows if has_token(self._query, key, row[0])]
            if not rows or (len(rows) < 2 and not active):
                continue
            section = QTreeWidgetItem([tr(LABELS[key]), ""])
            font = section.font(0)
            font.setBold(True)
            section.setFont(0, font)
            section.setData(0, _VALUE, facet)
            self.tree.addTopLevelItem(section)
            for token, text, count in [*active, *[row for row in rows if row not in active]][:_SHOWN]:
                on = (token, text, count) in active
                child = QTreeWidgetItem(section, [text, f"{count:,}"])
                child.setData(0, _VALUE, (key, token))
                child.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                child.setFlags(child.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
                child.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                child.setForeground(1, theme.color("muted"))
                child.setToolTip(0, text)
                said = tr("{value}, {n} assets", value=text, n=count)
                child.setData(0, int(Qt.ItemDataRole.AccessibleTextRole), said)
                if facet == "colour":
                    child.setIcon(0, _swatch(token))
                if kept == (key, token):
                    self.tree.setCurrentItem(child)
            section.setExpanded(self._open[facet])
        self.tree.setUpdatesEnabled(True)
        self.tree.verticalScrollBar().setValue(scrolled)
        self.tree.setVisible(bool(self.tree.topLevelItemCount()))
        self.none.setVisible(not self.tree.topLevelItemCount())
        self._filling = False

    def _folded(self, item: QTreeWidgetItem, *, open_: bool) -> None:
        facet = item.data(0, _VALUE)
        if not self._filling and isinstance(facet, str):
            self._open[facet] = open_

    def _clicked(self, item: QTreeWidgetItem) -> None:
        if item.parent() is None:
            item.setExpanded(not item.isExpanded())
        else:
            self.chosen.emit(*item.data(0, _VALUE))

    def _activated(self, item: QTreeWidgetItem) -> None:
        # Where one click activates (some desktops), the click has been taken already.
        if self.tree.style().styleHint(self.tree.style().StyleHint.SH_ItemView_ActivateItemOnSingleClick):
            return
        if item.parent() is not None:
            self.chosen.emit(*item.data(0, _VALUE))


def _said(facet: str, value: str) -> tuple[str, str]:
    """(value in the query line, what a person reads)."""
    if facet == "kind":
        return _KIND_TOKENS.get(value, value), tr(VALUE_WORDS.get(value, value))
    if facet == "rating":
        return (f"={value}", "★" * int(value)) if value != "0" else ("0", tr("No rating"))
    if facet in ("price", "duration"):
        low, _, high = value.partition("..")
        unit = " s" if facet == "duration" else ""
        if not low:
            return value, tr("up to {n}", n=f"{high}{unit}")
        return value, (f"{low} – {high}{unit}" if high else tr("{n} and more", n=f"{low}{unit}"))
    if facet == "tag":
        return value, value
    return value, tr(VALUE_WORDS.get(value, value))


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(28, 28)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme.color("border"))
    painter.setBrush(QColor(*COLOURS.get(colour, (128, 128, 128))))
    painter.drawEllipse(1, 1, 12, 12)
    painter.end()
    return QIcon(pixmap)
