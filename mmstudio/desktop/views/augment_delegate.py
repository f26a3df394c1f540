"""A copy as a tile (pictures, sounds) or as a line of text with its changes marked."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QTextDocument
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.augment_model import Variant
from mmstudio.desktop.views.painting import paint_card, paint_chip, paint_lines, paint_picture, paint_text

Index = QModelIndex | QPersistentModelIndex
_ACROSS = {"image": ((450, 2), (700, 3), (1150, 4), (9999, 6)), "audio": ((620, 2), (1150, 3), (9999, 4))}
_RATIO = {"image": 1.0, "audio": 0.62}  # height of the picture over its width
_WORDS = 58  # px below the picture
_PAD = 8


class VariantDelegate(QStyledItemDelegate):
    """Paints a :class:`Variant`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pixmaps: dict[int, tuple[int, QPixmap]] = {}
        self._document = QTextDocument(self)
        self.playing: int | None = None  # index of the copy that sounds

    def forget(self) -> None:
        """Another medium."""
        self._pixmaps.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: Variant | None = index.data(ROW_ROLE)
        kind = row.kind if row is not None else "image"
        view = option.widget
        # Qt keeps the place of the scroll bar free whether it is shown or not.
        width = (
            view.width() - view.verticalScrollBar().sizeHint().width() - 4
            if isinstance(view, QListView)
            else 480
        )
        if kind == "text":
            return QSize(width, self._text_height(row, width))
        side = width // next(across for most, across in _ACROSS[kind] if width < most)
        return QSize(side, round((side - 2 * _PAD - 8) * _RATIO[kind]) + 2 * _PAD + 8 + _WORDS)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Variant | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(4, 4, -4, -4)
        paint_card(painter, option, rect)
        if row.kind == "text":
            self._paint_text(painter, rect, row)
        else:
            self._paint_tile(painter, rect, row)
        painter.restore()

    def _paint_tile(self, painter: QPainter, rect: QRect, row: Variant) -> None:
        width = rect.width() - 2 * _PAD
        picture = QRect(rect.x() + _PAD, rect.y() + _PAD, width, round(width * _RATIO[row.kind]))
        icon = "warning" if row.error else "image"
        pixmap = QPixmap() if row.error else self._pixmap(row)
        paint_picture(painter, picture, pixmap, contain=True, icon=icon)
        if row.index < 0:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(picture).adjusted(1, 1, -1, -1), 4, 4)
        line = QRect(picture.x(), picture.bottom() + 5, width, 18)
        if row.samples is not None:
            sign = QRect(line.right() - 17, line.y(), 18, 18)
            sounding = self.playing == row.index
            icons.paint_icon(
                painter,
                sign,
                "speaker-high-fill" if sounding else "play-circle",
                "accent" if sounding else "muted",
            )
            line.setRight(sign.left() - 4)
        paint_text(painter, line, row.title, pixels=theme.SMALL, bold=row.index < 0)
        below = QRect(line.x(), line.bottom() + 1, width, 32)
        paint_lines(
            painter, below, row.words, role="danger" if row.error else "muted", pixels=theme.SMALL - 1
        )

    def _pixmap(self, row: Variant) -> QPixmap | None:
        if row.image is None:
            return None
        kept = self._pixmaps.get(row.index)
        if kept is None or kept[0] != row.id:
            shown = row.image
            if shown.width() < 64 and shown.height() < 64:  # a few pixels are to be seen as such
                shown = shown.scaled(256, 256, Qt.AspectRatioMode.KeepAspectRatio)
            kept = (row.id, QPixmap.fromImage(shown))
            self._pixmaps[row.index] = kept
        return kept[1]

    # --- texts --------------------------------------------------------------------------------------

    def _set(self, row: Variant, width: int) -> QTextDocument:
        t = theme.tokens()
        self._document.setDefaultStyleSheet(
            f".new {{ color: {t.accent}; }} .out {{ color: {t.muted}; }} body {{ color: {t.text}; }}"
        )
        self._document.setDocumentMargin(0)
        self._document.setTextWidth(width)
        self._document.setHtml(f"<body>{row.html}</body>")
        return self._document

    def _text_height(self, row: Variant | None, width: int) -> int:
        if row is None or not row.html:
            return 76
        return round(self._set(row, width - 8 - 24).size().height()) + 24 + 2 * _PAD + 12

    def _paint_text(self, painter: QPainter, rect: QRect, row: Variant) -> None:
        inner = rect.adjusted(12, _PAD, -12, -_PAD)
        line = QRect(inner.x(), inner.y(), inner.width(), 20)
        left = paint_chip(painter, line.right(), line.y(), row.words) if row.index >= 0 else line.right()
        line.setRight(left - 8)
        paint_text(painter, line, row.title, pixels=theme.SMALL, bold=True)
        if not row.html:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("skeleton"))
            for n, share in enumerate((1.0, 0.7)):
                painter.drawRoundedRect(
                    QRectF(inner.x(), inner.y() + 28 + n * 18, inner.width() * share * 0.9, 10), 4, 4
                )
            return
        painter.save()
        painter.translate(inner.x(), inner.y() + 24)
        self._set(row, inner.width()).drawContents(painter)
        painter.restore()
