"""A line below the ads of an export: which of them wait because of their texts, and the way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.held import ExportWish, still_held
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.held_all import HeldAll
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext


class HeldBar(QFrame):
    """Hidden while nothing waits.

    Signals:
        show_wanted: the :class:`ExportWish` to look at next.
        freed: those that a person answered for together.
    """

    show_wanted = Signal(object)
    freed = Signal(object)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.waiting: list[ExportWish] = []
        self.setProperty("surface", "strip")
        sign = QLabel()
        sign.setPixmap(icon("warning", "danger").pixmap(QSize(18, 18)))
        self.words = label(wrap=True)
        self.words.setMinimumWidth(1)
        self.show_button = button(
            mark("Show"), lambda: self.show_wanted.emit(self.waiting[0]), icon="note-pencil",
            tip=mark("See what is held and why; change the text or answer for it"),
        )  # fmt: skip
        self.all_button = button(
            mark("Answer for all…"), self.open_all, icon="hand-palm",
            tip=mark("Read the texts of all of them and answer with one reason"),
        )  # fmt: skip
        line = row(sign, self.words, self.all_button, self.show_button, margins=(16, 8, 16, 8))
        line.setStretch(1, 1)
        self.setLayout(line)
        self._say()

    def add(self, wish: ExportWish) -> None:
        """One more ad that waits."""
        self.waiting = [one for one in self.waiting if one.storyboard != wish.storyboard] + [wish]
        self._say()

    def clear(self) -> None:
        """Nothing waits."""
        self._context.drop("held-bar")
        self.waiting = []
        self._say()

    def look_again(self) -> None:
        """Ask in a worker which of them still wait; those that do not are left out."""
        studio, asked = self._context.studio, list(self.waiting)
        if studio is None or not asked:
            return

        def answered(held: set[int]) -> None:
            gone = {one.storyboard for one in asked} - held
            self.waiting = [one for one in self.waiting if one.storyboard not in gone]
            self._say()

        self._context.background(
            lambda: still_held(studio.library, [one.storyboard for one in asked]),
            answered,
            key="held-bar",
            owner=self,
        )

    def open_all(self) -> HeldAll:
        """Show the texts of all of them at once."""
        made = HeldAll(self._context, self.waiting, self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.answered.connect(self._freed)
        made.open()
        return made

    def _freed(self, wishes: list[ExportWish]) -> None:
        gone = {wish.storyboard for wish in wishes}
        self.waiting = [one for one in self.waiting if one.storyboard not in gone]
        self._say()
        self.freed.emit(wishes)

    def _say(self) -> None:
        n = len(self.waiting)
        say(
            self.words,
            mark("1 ad was held back: no fact supports its texts, or the brand bans them.")
            if n == 1
            else mark("{n} ads were held back: no fact supports their texts, or the brand bans them."),
            n=n,
        )
        self.all_button.setVisible(n > 1)
        self.setVisible(n > 0)
