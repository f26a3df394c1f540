"""Recipes as cards with pictures, in groups by what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.make import saying
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.flow import FlowLayout, empty, let_wrap
from mmstudio.desktop.views.painting import paint_picture, sized
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.recipe import BrokenRecipe, Recipe

_WIDE, _PICTURE, _TALL = 196, 124, 208
_LINES = 3  # of a summary
_FIRST = ("product-ad", "product-card", "story")  # what most people come for


class RecipeCard(QAbstractButton):
    """One recipe: its picture (or a sketch of its layout), its name and what it makes."""

    def __init__(self, recipe: Recipe, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipe = recipe
        self._pictures = pictures
        self._summary = recipe.summary if recipe.own else tr(recipe.summary)
        self.setText(saying(recipe))
        self.setCheckable(True)
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(self._summary)
        self.setToolTip(self._summary)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(self.sizeHint())
        pictures.arrived.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_WIDE, _TALL)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marked = self.isChecked() or self.hasFocus()
        edge = "focus" if marked else "muted" if self.underMouse() else "border"
        painter.setPen(QPen(theme.color(edge), 2.0 if marked else 1.0))
        painter.setBrush(theme.color("selection" if self.isChecked() else "raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
        place = QRect(8, 8, _WIDE - 16, _PICTURE - 12)
        if self.recipe.picture is not None:
            paint_picture(painter, place, self._pictures.get(str(self.recipe.picture)))
        else:
            self._sketch(painter, QRectF(place))
        painter.setPen(theme.color("text"))
        painter.setFont(sized(self.font(), theme.BODY, bold=True))
        words = QRect(10, _PICTURE + 2, _WIDE - 20, 20)
        title = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.setPen(theme.color("muted"))
        small = sized(self.font(), theme.SMALL)
        painter.setFont(small)
        room = QRect(10, _PICTURE + 24, _WIDE - 20, _TALL - _PICTURE - 30)
        painter.drawText(
            room,
            int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop),
            _fitted(self._summary, QFontMetrics(small), room),
        )

    def _sketch(self, painter: QPainter, place: QRectF) -> None:
        """Where a recipe without a picture puts things: boxes for pictures, bars for words."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(place, theme.RADIUS - 2, theme.RADIUS - 2)
        scene = self.recipe.scenes[-1]
        places = self.recipe.places("wide", str(scene["name"])) or self.recipe.places(
            "square", str(scene["name"])
        )
        kinds = {str(entry.get("slot", "")): str(entry["kind"]) for entry in scene.get("layers", [])}
        for slot, box in places.items():
            x, y, w, h = (float(v) for v in box["rect"])
            if w * h > 0.95 or w * h == 0:
                continue
            rect = QRectF(
                place.x() + x * place.width(), place.y() + y * place.height(),
                w * place.width(), h * place.height(),
            )  # fmt: skip
            fill = QColor(theme.color("accent" if kinds.get(slot) == "image" else "muted"))
            if kinds.get(slot) == "text":
                rect.setHeight(min(rect.height(), 8.0))
            fill.setAlphaF(0.35)
            painter.setBrush(fill)
            painter.drawRoundedRect(rect, 3, 3)


def _fitted(text: str, metrics: QFontMetrics, room: QRect) -> str:
    """A text that fits, cut at a word."""
    flags = int(Qt.TextFlag.TextWordWrap)
    most = min(room.height(), _LINES * metrics.lineSpacing() + 2)
    words = text
    while words and metrics.boundingRect(room, flags, words + "…").height() > most:
        words = words[:-1]
    return text if words == text else words.rstrip(" ,.;，。；") + "…"


class RecipePicker(QScrollArea):
    """All recipes; :attr:`chosen` carries the one that was pressed."""

    chosen = Signal(object)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.cards: dict[str, RecipeCard] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(240)
        name(self, mark("Recipes"))
        self._body = body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 12, 16, 16)
        self._column.setSpacing(8)
        self.setWidget(body)

    def show_recipes(self, recipes: Sequence[Recipe], broken: Sequence[BrokenRecipe], current: str) -> None:
        """Show these by use; ``current`` is the name of the chosen one."""
        from mmstudio.composition.recipe import GROUPS

        empty(self._column)
        self.cards = {}
        for group, words in GROUPS.items():
            members = sorted(
                (one for one in recipes if one.group == group),
                key=lambda one: (_FIRST.index(one.name) if one.name in _FIRST else len(_FIRST), one.label),
            )
            if not members:
                continue
            self._column.addWidget(label(words, "strong"))
            holder = QWidget()
            flow = FlowLayout(holder, 10)
            for recipe in members:
                card = RecipeCard(recipe, self._pictures)
                card.setChecked(recipe.name == current)
                card.clicked.connect(lambda _checked=False, one=recipe: self._choose(one))
                flow.addWidget(card)
                self.cards[recipe.name] = card
            self._column.addWidget(holder)
        if broken:
            self._column.addWidget(label(mark("Recipes of yours that cannot be read"), "strong"))
            for one in broken:
                line = label(role="muted", wrap=True)
                line.setTextFormat(Qt.TextFormat.PlainText)
                line.setText(f"{one.name}: {one.reason}")
                line.setToolTip(str(one.folder))
                self._column.addWidget(line)
        self._column.addStretch(1)
        let_wrap(self._body)
        if current in self.cards:
            QTimer.singleShot(0, self, self._show_chosen)

    def _show_chosen(self) -> None:
        """Bring the chosen card into sight, once its place is known."""
        card = next((one for one in self.cards.values() if one.isChecked()), None)
        if card is not None:
            self.ensureWidgetVisible(card, 0, 12)

    def _choose(self, recipe: Recipe) -> None:
        for key, card in self.cards.items():
            card.setChecked(key == recipe.name)
        self.chosen.emit(recipe)
