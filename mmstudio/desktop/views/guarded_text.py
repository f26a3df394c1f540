"""A text that can be edited, with what the fact guard says of it: underlined, marked, explained.

Supported words have a thin straight line, unsupported ones a wave, banned ones a dashed line; every line of
text that has one carries a sign at its left, and a row of chips below says each in words. Nothing is told by
colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QHBoxLayout, QTextEdit, QToolButton, QToolTip, QVBoxLayout, QWidget

from mmstudio.desktop import icons, theme
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.generation.copywriting.contract import Span

_TYPING_MS = 350
_CHIPS = 10
_MOST_LINES = 24
_LOOKS = {  # status: underline, colour, sign, words
    "supported": (QTextCharFormat.UnderlineStyle.SingleUnderline, "success", "check-circle"),
    "unsupported": (QTextCharFormat.UnderlineStyle.WaveUnderline, "danger", "warning"),
    "banned": (QTextCharFormat.UnderlineStyle.DashUnderline, "danger", "prohibit"),
    "missing": (QTextCharFormat.UnderlineStyle.DotLine, "danger", "plus-circle"),
}
_WORST = ("banned", "unsupported", "missing", "supported")
KINDS = {
    "number": mark("number"),
    "price": mark("price"),
    "percentage": mark("percentage"),
    "measure": mark("measure"),
    "size": mark("size"),
    "date": mark("date"),
    "material": mark("material"),
    "colour": mark("colour"),
    "claim": mark("claim"),
    "banned": mark("banned word"),
    "disclaimer": mark("required sentence"),
}


def span_words(span: Span) -> str:
    """What a mark means, in one sentence."""
    what = tr(KINDS.get(span.kind, span.kind))
    if span.status == "supported":
        return tr("“{text}” ({kind}): {fact}", text=span.text, kind=what, fact=span.fact)
    if span.status == "banned":
        return tr("“{text}” may not be said: {rule}", text=span.text, rule=span.fact)
    if span.status == "missing":
        return tr("This sentence is required and missing: “{text}”", text=span.text)
    return tr("“{text}” ({kind}): no fact says so", text=span.text, kind=what)


def span_sign(span: Span) -> tuple[str, str]:
    """The sign of a mark, and the colour's role."""
    _style, role, sign = _LOOKS[span.status]
    return sign, role


class GuardedText(QWidget):
    """
    Args:
        with_chips: name the marks below the text; False where the owner says them in its own way.

    Signals:
        edited: the text, a moment after the person stopped typing; the owner checks it in a worker and
            answers with :meth:`show_spans`.
        typed: at once, with every change by the person.
    """

    edited = Signal(str)
    typed = Signal()

    def __init__(self, parent: QWidget | None = None, *, with_chips: bool = True) -> None:
        super().__init__(parent)
        self._with_chips = with_chips
        self.spans: tuple[Span, ...] = ()
        self.field = _Field(self)
        self.field.setProperty("quiet", "true")
        name(self.field, mark("Text"), mark("Change the text here; it is checked as you type"))
        self._gutter = _Gutter(self)
        self.chips = QWidget()
        self._chips = FlowLayout(self.chips, gap=4)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self._gutter)
        line.addWidget(self.field, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self.chips)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(lambda: self.edited.emit(self.text))
        self.field.textChanged.connect(self._changed)
        self.field.updateRequest.connect(lambda _rect, _dy: self._gutter.update())
        self._quiet = False
        self._show_chips()

    @property
    def text(self) -> str:
        """What is written, as it stands."""
        return self.field.toPlainText()

    def set_text(self, text: str, spans: Sequence[Span] = ()) -> None:
        """Show a text with its marks; nothing is emitted."""
        self._typing.stop()
        self._quiet = True
        self.field.setPlainText(text)
        self._quiet = False
        self.show_spans(text, spans)

    def show_spans(self, text: str, spans: Sequence[Span]) -> None:
        """Marks for ``text``; where the person has typed on since, a later answer is on its way."""
        if text != self.text:
            return
        self.spans = tuple(spans)
        self._show_marks()
        self._show_chips()

    def append(self, piece: str) -> None:
        """Text that is being written comes in."""
        self._quiet = True
        cursor = QTextCursor(self.field.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(piece)
        self._quiet = False

    def set_read_only(self, read_only: bool) -> None:
        """Whether the person may change it."""
        self.field.setReadOnly(read_only)

    def flush(self) -> None:
        """Check now what was typed."""
        if self._typing.isActive():
            self._typing.stop()
            self.edited.emit(self.text)

    @property
    def waiting(self) -> bool:
        """True while what was typed has not been handed out for checking."""
        return self._typing.isActive()

    def span_at(self, place: int) -> Span | None:
        """The mark at a character."""
        return next((s for s in self.spans if s.start <= place < s.end), None)

    def _changed(self) -> None:
        if self._quiet:
            return
        self.spans = ()
        self.field.setExtraSelections([])
        self._gutter.update()
        self._typing.start()
        self.typed.emit()

    # --- marks --------------------------------------------------------------------------------------

    def _show_marks(self) -> None:
        marks = []
        # Qt counts UTF-16 units, Python characters: they differ where there is an emoji.
        places = _units(self.text)
        for span in self.spans:
            if span.start >= span.end:
                continue
            look = QTextEdit.ExtraSelection()
            style, role, _sign = _LOOKS[span.status]
            form = QTextCharFormat()
            form.setUnderlineStyle(style)
            form.setUnderlineColor(theme.color(role))
            look.format = form
            cursor = QTextCursor(self.field.document())
            cursor.setPosition(places[min(span.start, len(places) - 1)])
            cursor.setPosition(places[min(span.end, len(places) - 1)], QTextCursor.MoveMode.KeepAnchor)
            look.cursor = cursor
            marks.append(look)
        self.field.setExtraSelections(marks)
        self.field.setAccessibleDescription("; ".join(span_words(span) for span in self.spans if span.blocks))
        self._gutter.update()

    def _show_chips(self) -> None:
        self._chips.clear()
        shown = sorted(self.spans, key=lambda span: (_WORST.index(span.status), span.start))
        shown = shown if self._with_chips else []
        for span in shown[:_CHIPS]:
            chip = QToolButton()
            chip.setProperty("role", "chip")
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.setIcon(icon(_LOOKS[span.status][2], _LOOKS[span.status][1]))
            chip.setIconSize(QSize(14, 14))
            words = span.text if len(span.text) <= 28 else span.text[:27] + "…"
            chip.setText(words.replace("&", "&&"))
            chip.setToolTip(span_words(span))
            chip.setAccessibleName(span_words(span))
            chip.clicked.connect(lambda _on=False, span=span: self.select(span))
            self._chips.addWidget(chip)
        self.chips.setVisible(bool(shown))
        self.chips.updateGeometry()

    def select(self, span: Span) -> None:
        """Put the cursor on the words of a mark."""
        places = _units(self.text)
        cursor = self.field.textCursor()
        cursor.setPosition(places[min(span.start, len(places) - 1)])
        cursor.setPosition(places[min(span.end, len(places) - 1)], QTextCursor.MoveMode.KeepAnchor)
        self.field.setTextCursor(cursor)
        self.field.setFocus()

    def retranslate(self) -> None:
        """Words of the marks."""
        self._show_marks()
        self._show_chips()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_gutter"):
            self._show_marks()


class _Field(TextField):
    """The text; a tool tip says what a mark means."""

    def __init__(self, owner: GuardedText) -> None:
        super().__init__(1, _MOST_LINES, owner)
        self._owner = owner

    def _grow(self) -> None:
        # As the field's own, with the tight frame of a text that lies in a card.
        metrics = self.fontMetrics()
        margin = round(self.document().documentMargin())
        room = QRect(0, 0, max(40, self.viewport().width() - 2 * margin), 100_000)
        height = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.toPlainText()).height()
        lines = max(1, min(_MOST_LINES, round(height / metrics.lineSpacing())))
        self.setFixedHeight(lines * metrics.lineSpacing() + 2 * margin + 6)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.viewport().mapFrom(self, event.pos())
            place = _character(self.toPlainText(), self.cursorForPosition(at).position())
            span = self._owner.span_at(place)
            if span is not None:
                QToolTip.showText(event.globalPos(), span_words(span), self)
                return True
        return bool(super().event(event))


class _Gutter(QWidget):
    """A sign beside each line that holds a mark."""

    def __init__(self, owner: GuardedText) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setFixedWidth(20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        worst: dict[int, str] = {}
        field, places = self._owner.field, _units(self._owner.text)
        for span in self._owner.spans:
            cursor = QTextCursor(field.document())
            cursor.setPosition(places[min(span.start, len(places) - 1)])
            y = field.cursorRect(cursor).center().y() + field.viewport().y()
            if y not in worst or _WORST.index(span.status) < _WORST.index(worst[y]):
                worst[y] = span.status
        for y, status in worst.items():
            _style, role, sign = _LOOKS[status]
            icons.paint_icon(painter, QRect(2, y - 7, 14, 14), sign, role)


def _units(text: str) -> list[int]:
    """Where each character (and the end) lies in UTF-16 units, as Qt counts."""
    places, at = [0], 0
    for sign in text:
        at += 2 if ord(sign) > 0xFFFF else 1
        places.append(at)
    return places


def _character(text: str, unit: int) -> int:
    """The character at a UTF-16 unit."""
    at = 0
    for place, sign in enumerate(text):
        if at >= unit:
            return place
        at += 2 if ord(sign) > 0xFFFF else 1
    return len(text)
