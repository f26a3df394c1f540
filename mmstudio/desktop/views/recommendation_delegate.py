"""A recommendation as a card: picture, score as a bar of its parts, one sentence, and what can be decided."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.audiences import RecommendationModel, Recommended, change_short
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_card, paint_lines, paint_picture, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.score_bars import paint_bar, parts_text, segments, value_text
from mmstudio.i18n import mark, tr

Index = QModelIndex | QPersistentModelIndex
# what can be decided on a card: key, icon, icon once decided, mark of the row, words
DECISIONS = (
    ("pin", "push-pin", "push-pin-fill", "pinned", mark("Pin: always show it first (P)")),
    ("ban", "prohibit", "prohibit", "", mark("Ban: never show it to this audience (B)")),
    ("approve", "thumbs-up", "thumbs-up-fill", "approved", mark("Approve: a good choice (A)")),
    ("reject", "thumbs-down", "thumbs-down-fill", "rejected", mark("Reject: not this one (R)")),
)
UNDONE = {
    "pin": mark("Take the pin off"),
    "ban": mark("Lift the ban"),
    "approve": mark("Take the approval back"),
    "reject": mark("Take the rejection back"),
}
_HEIGHT = 312
_LEAST = 168  # narrowest card, pixels
_GAP = 8
_PICTURE = 132
_ICON = 28


class Areas:
    """Where the pieces of a card lie."""

    def __init__(self, whole: QRect) -> None:
        self.card = whole.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
        inner = self.card.adjusted(12, 12, -12, -8)
        self.picture = QRect(inner.x(), inner.y(), inner.width(), _PICTURE)
        self.badge = QRect(inner.x() + 6, inner.y() + 6, 28, 22)
        self.change = QRect(inner.right() - 58, inner.y() + 6, 52, 22)
        y = self.picture.bottom() + 8
        self.title = QRect(inner.x(), y, inner.width(), 18)
        self.price = QRect(inner.x(), y + 19, inner.width() - 84, 18)
        self.score = QRect(inner.right() - 84, y + 19, 85, 18)
        self.bar = QRect(inner.x(), y + 43, inner.width(), 10)
        buttons = inner.bottom() - _ICON + 1
        self.why = QRect(inner.x(), y + 60, inner.width(), buttons - y - 62)
        self.buttons = {
            entry[0]: QRect(inner.x() - 6 + i * (_ICON + 4), buttons, _ICON, _ICON)
            for i, entry in enumerate(DECISIONS)
        }

    def button_at(self, point: QPoint) -> str:
        """The decision under the pointer, or an empty string."""
        return next((key for key, rect in self.buttons.items() if rect.contains(point)), "")


class RecommendationDelegate(QStyledItemDelegate):
    """Paints :class:`Recommended`.

    Signals:
        decided: index and the key of :data:`DECISIONS` that was pressed.
    """

    decided = Signal(object, str)

    def __init__(self, pictures: Pictures, model: RecommendationModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._model = pictures, model
        self.read_only = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = option.widget.viewport().width() - 4 if isinstance(option.widget, QListView) else _LEAST
        return QSize(width // max(1, width // _LEAST), _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Recommended | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        areas = Areas(option.rect)
        paint_card(painter, option, areas.card)
        paint_picture(painter, areas.picture, self._pictures.get(row.item.hero), contain=True)
        _paint_badge(painter, areas.badge, str(row.rank))
        _paint_change(painter, areas.change, row)
        paint_text(painter, areas.title, row.item.title, bold=True)
        paint_text(painter, areas.price, row.item.price, role="muted", pixels=theme.SMALL)
        paint_text(
            painter, areas.score, tr("Score {score}", score=f"{row.score:.2f}"), role="accent",
            pixels=theme.SMALL, bold=True, align=Qt.AlignmentFlag.AlignRight,
        )  # fmt: skip
        paint_bar(painter, areas.bar, row.parts, self._model.full)
        paint_lines(painter, areas.why, row.why, pixels=theme.SMALL)
        self._paint_buttons(painter, option, areas, row)
        painter.restore()

    def _paint_buttons(
        self, painter: QPainter, option: QStyleOptionViewItem, areas: Areas, row: Recommended
    ) -> None:
        state = option.state
        near = bool(state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected))
        for key, symbol, filled, decided, _words in DECISIONS:
            on = decided in row.marks
            if not on and (self.read_only or not near):
                continue
            box = areas.buttons[key].adjusted(5, 5, -5, -5)
            icons.paint_icon(painter, box, filled if on else symbol, "accent" if on else "muted")

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            key = Areas(option.rect).button_at(event.position().toPoint())
            if key and not self.read_only and event.button() == Qt.MouseButton.LeftButton:
                self.decided.emit(index, key)
                return True
        return super().editorEvent(event, model, option, index)

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        row: Recommended | None = index.data(ROW_ROLE) if index.isValid() else None
        if row is None or event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), self.tip(Areas(option.rect), row, event.pos()), view)
        return True

    def tip(self, areas: Areas, row: Recommended, point: QPoint) -> str:
        """What the pointer stands on, in words."""
        key = "" if self.read_only else areas.button_at(point)
        if key:
            decided, words = next((entry[3], entry[4]) for entry in DECISIONS if entry[0] == key)
            return tr(UNDONE[key] if decided in row.marks else words)
        if areas.bar.adjusted(0, -4, 0, 4).contains(point):
            for place, part in segments(row.parts, QRectF(areas.bar), self._model.full):
                if place.adjusted(0, -4, 0, 4).contains(QPointF(point)):
                    return f"{part.label}: {value_text(part.value)}"
            return parts_text(row.parts)
        return row.why


def _paint_change(painter: QPainter, rect: QRect, row: Recommended) -> None:
    words = change_short(row)
    if not words:
        return
    better = row.before == 0 or (row.before or 0) > row.rank
    _paint_plate(painter, rect)
    icons.paint_icon(
        painter,
        QRect(rect.x() + 5, rect.y() + 5, 12, 12),
        "arrow-up" if better else "arrow-down",
        "on_overlay",
    )
    paint_text(
        painter, rect.adjusted(20, 0, -4, 0), words, role="on_overlay", pixels=theme.SMALL, bold=True
    )  # fmt: skip


def _paint_plate(painter: QPainter, rect: QRect) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("overlay"))
    painter.drawRoundedRect(QRectF(rect), 4, 4)
    painter.restore()


def _paint_badge(painter: QPainter, rect: QRect, text: str) -> None:
    _paint_plate(painter, rect)
    paint_text(
        painter, rect, text, role="on_overlay", pixels=theme.SMALL, bold=True,
        align=Qt.AlignmentFlag.AlignHCenter,
    )  # fmt: skip
