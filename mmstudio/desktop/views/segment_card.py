"""One segment: who they are, what they choose, and keeping it as an audience."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop.models.segments import SHOWN, Found
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.flow import FlowLayout, let_wrap
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.i18n import mark


class SegmentCard(QScrollArea):
    """Signals: keep (name), opened (item), audience_wanted (show the audience it became)."""

    keep = Signal(str)
    opened = Signal(int)
    audience_wanted = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(8)
        self.title = label(role="heading", wrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.people = label(role="muted", wrap=True)
        column.addWidget(self.title)
        column.addWidget(self.people)
        self.words_title = section(
            mark("What sets them apart"), mark("Words that their items have more often than those of others.")
        )
        self.words = QWidget()
        self._words = FlowLayout(self.words, 6)
        self.items_title = section(mark("What they choose"))
        self.items = QWidget()
        self._items = FlowLayout(self.items)
        for part in (self.words_title, self.words, self.items_title, self.items):
            column.addWidget(part)
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the new audience"))
        self.keep_button = button(
            mark("Keep as an audience"), lambda: self.keep.emit(self.name_field.text().strip()), "primary",
            icon="users-three",
        )  # fmt: skip
        self.name_field.returnPressed.connect(self.keep_button.click)
        column.addWidget(self.name_field)
        column.addLayout(row(self.keep_button, None))
        self.kept = label(role="small", wrap=True)
        self.show_button = button(mark("Show the audience"), self.audience_wanted.emit, "link")
        column.addWidget(self.kept)
        column.addWidget(self.show_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        let_wrap(body)
        self.setWidget(body)
        self.show_kept(False)

    def show_segment(self, found: Found, index: int, *, read_only: bool) -> None:
        """Show one of the segments that were found."""
        segment = found.segments[index]
        self.title.setText(segment.name)
        say(
            self.people,
            mark("{n} people, {share} % of all"),
            n=f"{segment.size:,}",
            share=f"{100 * segment.share:.0f}",
        )
        self._words.clear()
        for word in segment.words:
            chip = QLabel(word)
            chip.setProperty("role", "chip")
            chip.setTextFormat(Qt.TextFormat.PlainText)
            self._words.addWidget(chip)
        self._items.clear()
        rows = [found.items[i] for i in segment.items[:SHOWN] if i in found.items]
        for one in rows:
            tile = PictureTile(
                self._pictures,
                one.hero,
                one.title,
                side=72,
                caption=one.title,
                contain=True,
                drag_item=one.id,
            )
            tile.clicked.connect(lambda _on=False, i=one.id: self.opened.emit(i))
            self._items.addWidget(tile)
        for title, part, filled in (
            (self.words_title, self.words, bool(segment.words)),
            (self.items_title, self.items, bool(rows)),
        ):
            title.setVisible(filled)
            part.setVisible(filled)
            part.updateGeometry()
        self.name_field.setText(segment.name)
        self.name_field.setCursorPosition(0)
        self.name_field.setReadOnly(read_only)
        self.keep_button.setEnabled(not read_only)
        self.show_kept(False)

    def show_kept(self, kept: bool, lookalikes: int | None = None) -> None:
        """Say that the segment is an audience now, and how many others choose like it."""
        self.kept.setVisible(kept)
        self.show_button.setVisible(kept)
        if kept and lookalikes is not None:
            say(
                self.kept, mark("Kept as an audience. {n} other people choose much as they do."), n=lookalikes
            )
        elif kept:
            say(self.kept, mark("Kept as an audience."))
