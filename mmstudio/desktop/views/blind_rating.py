"""Two pictures, one of each model, and nobody says which: the eye decides, the names come afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning.evaluation.rating import Choice, Pair, Standing

_KEYS: dict[int, Choice] = {Qt.Key.Key_1: "left", Qt.Key.Key_2: "right", Qt.Key.Key_0: "neither"}


class BlindRating(QWidget):
    """
    Signals:
        chosen: a pair and "left", "right" or "neither".
        more_wanted: the pairs are used up and the person goes on.
        ended: leave.
    """

    chosen = Signal(object, str)
    more_wanted = Signal()
    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: list[Pair] = []
        self._place = 0
        self.rated = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name(self, mark("Which picture is better?"), mark("1 left, 2 right, 0 cannot tell, Esc ends"))
        self.heading = label(mark("Which one is better?"), "title")
        self.progress = label(role="muted")
        self.left, self.right = PictureCanvas(), PictureCanvas()
        name(self.left, mark("Left picture"))
        name(self.right, mark("Right picture"))
        self.left_button = button(mark("Left (1)"), lambda: self.choose("left"))
        self.neither_button = button(mark("Cannot tell (0)"), lambda: self.choose("neither"))
        self.right_button = button(mark("Right (2)"), lambda: self.choose("right"))
        self.end_button = button(mark("End and show the names"), self.finish, "quiet")
        self.result = label(role="heading", wrap=True)
        self.result_more = label(role="muted", wrap=True)
        self.more_button = button(mark("Ten more pairs"), self.more_wanted.emit)
        self.close_button = button(mark("Back to the comparison"), self.ended.emit, "primary")
        pictures = QHBoxLayout()
        pictures.setSpacing(24)
        pictures.addWidget(self.left, 1)
        pictures.addWidget(self.right, 1)
        self._buttons = QWidget()
        self._buttons.setLayout(
            row(None, self.left_button, self.neither_button, self.right_button, None, spacing=12)
        )
        self._after = QWidget()
        self._after.setLayout(row(self.more_button, self.close_button, None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addLayout(row(self.heading, None, self.end_button))
        layout.addWidget(self.progress)
        layout.addLayout(pictures, 1)
        layout.addWidget(self._buttons)
        layout.addWidget(self.result)
        layout.addWidget(self.result_more)
        layout.addWidget(self._after)
        self._below = QWidget()
        self._below.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout.addWidget(self._below, 1)
        let_wrap(self)
        self.begin()

    def begin(self) -> None:
        """A new round; the pairs come with :meth:`show_pairs`."""
        self._pairs, self._place, self.rated = [], 0, 0
        self._show_state(rating=True)
        say(self.progress, mark("Drawing pairs"))
        for canvas in (self.left, self.right):
            canvas.show_message(tr("Drawing"))
        self._allow(False)
        self.setFocus()

    def show_pairs(self, pairs: list[Pair]) -> None:
        """Pairs to look at."""
        self._pairs, self._place = list(pairs), 0
        self._show_state(rating=True)
        self._show()
        self.setFocus()

    def choose(self, choice: Choice) -> None:
        """What the person prefers of the pair shown."""
        if self._place >= len(self._pairs) or not self._buttons.isVisibleTo(self):
            return
        pair = self._pairs[self._place]
        self._place += 1
        self.rated += 1
        self.chosen.emit(pair, choice)
        if self._place < len(self._pairs):
            self._show()
        else:
            self.finish()

    def finish(self) -> None:
        """No more pairs: the result follows with :meth:`show_standing`."""
        self._show_state(rating=False)
        if not self.rated:
            self.ended.emit()
            return
        self.close_button.setFocus()

    def show_standing(self, standing: Standing) -> None:
        """The result of all that was rated, now with names."""
        total = standing.wins_a + standing.wins_b
        if not total:
            say(self.result, mark("You could not tell “{a}” and “{b}” apart."), a=standing.a, b=standing.b)
            self.result_more.setText(tr("{n} without a choice.", n=standing.neither))
            return
        values: dict[str, Any] = {"a": standing.a, "b": standing.b, "wins": standing.wins_a, "total": total}
        say(self.result, mark("You chose “{a}” {wins} of {total} times over “{b}”."), **values)
        interval = tr(
            "That is {share} %, with an interval of {low}–{high} % (95 %).",
            share=f"{100 * standing.share:.0f}",
            low=f"{100 * standing.low:.0f}",
            high=f"{100 * standing.high:.0f}",
        )
        verdict = (
            tr("“{model}” is preferred beyond chance.", model=standing.better)
            if standing.better
            else tr("That can still be chance; more pairs would tell.")
        )
        unsure = tr("{n} without a choice.", n=standing.neither) if standing.neither else ""
        self.result_more.setText(" ".join(part for part in (interval, verdict, unsure) if part))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        choice = _KEYS.get(event.key())
        if choice is not None:
            self.choose(choice)
        elif event.key() == Qt.Key.Key_Escape:
            self.finish() if self._buttons.isVisibleTo(self) else self.ended.emit()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        pair = self._pairs[self._place]
        self.left.show_image(to_qimage(pair.left))
        self.right.show_image(to_qimage(pair.right))
        say(
            self.progress,
            mark("Pair {n} of {total}. Which is whose is said at the end."),
            n=self._place + 1,
            total=len(self._pairs),
        )
        self._allow(True)

    def _show_state(self, *, rating: bool) -> None:
        for widget in (self.left, self.right, self._buttons, self.end_button, self.progress):
            widget.setVisible(rating)
        for widget in (self.result, self.result_more, self._after, self._below):
            widget.setVisible(not rating)
        say(self.heading, mark("Which one is better?") if rating else mark("What your eye said"))

    def _allow(self, allowed: bool) -> None:
        for control in (self.left_button, self.neither_button, self.right_button):
            control.setEnabled(allowed)
