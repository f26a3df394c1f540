"""Who an audience is: name, brief, language, tone, likes and rules. Every change is kept at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row, section
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.item_shelf import ItemShelf
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience

LOCALES = {"en": "English", "zh-CN": "简体中文"}
TONES = (mark("plain"), mark("warm"), mark("playful"), mark("precise"), mark("bold"))
_MOST = 100_000.0


class AudienceEditor(QScrollArea):
    """Shows one audience; :attr:`edited` carries (id, field, value)."""

    edited = Signal(int, str, object)
    removed = Signal(int)
    items_dropped = Signal(int, str, list)  # audience id, "liked" or "disliked", asset ids

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._audience: Audience | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(12)
        self.setWidget(body)
        self._build_form(layout)
        hint = mark("Drag items or pictures here, or press Add.")
        self.liked = ItemShelf(context, pictures, mark("They like"), hint)
        self.disliked = ItemShelf(context, pictures, mark("They do not like"), hint)
        for field, shelf in (("liked", self.liked), ("disliked", self.disliked)):
            shelf.added.connect(
                lambda ids, f=field, s=shelf: self._put(f, [*s.ids, *(i for i in ids if i not in s.ids)])
            )
            shelf.removed.connect(lambda id_, f=field, s=shelf: self._put(f, [i for i in s.ids if i != id_]))
            shelf.assets_dropped.connect(lambda ids, f=field: self._assets_dropped(f, ids))
            layout.addWidget(shelf)
        self._build_rules(layout)
        self.remove_button = button(mark("Remove this audience"), self._remove, "danger", icon="trash")
        layout.addLayout(row(self.remove_button, None))
        layout.addStretch(1)
        let_wrap(body)

    def _build_form(self, layout: QVBoxLayout) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the audience"))
        self.brief = TextField(3)
        self.brief.left.connect(lambda: self._put("brief", self.brief.words()))
        name(self.brief, mark("Brief"), mark("Who they are and what they care about, in a sentence or two"))
        say(self.brief, mark("Who they are and what they care about"), "setPlaceholderText")
        self.locale_box = QComboBox()
        name(self.locale_box, mark("Language of the copy"))
        for code, words in LOCALES.items():
            self.locale_box.addItem(words, code)
        self.tone = QComboBox()
        self.tone.setEditable(True)
        name(self.tone, mark("Tone"))
        for box in (self.locale_box, self.tone):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(label(mark("Name"), "muted"), self.name_field)
        form.addRow(label(mark("Brief"), "muted"), self.brief)
        form.addRow(label(mark("Language"), "muted"), self.locale_box)
        form.addRow(label(mark("Tone"), "muted"), self.tone)
        layout.addLayout(form)
        self.name_field.editingFinished.connect(self._name_edited)
        self.locale_box.activated.connect(lambda _i: self._put("locale", self.locale_box.currentData()))
        self.tone.activated.connect(lambda _i: self._tone_edited())
        editor = self.tone.lineEdit()
        if editor is not None:
            editor.editingFinished.connect(self._tone_edited)

    def _build_rules(self, layout: QVBoxLayout) -> None:
        layout.addWidget(
            section(
                mark("Rules"), mark("Rules are kept strictly. An item that breaks one is never recommended.")
            )
        )
        self.price_from, self.price_to = QDoubleSpinBox(), QDoubleSpinBox()
        inset(self.price_from, self.price_to)
        for box, words in ((self.price_from, mark("Price above")), (self.price_to, mark("Price below"))):
            box.setRange(0, _MOST)
            box.setDecimals(2)
            box.setKeyboardTracking(False)
            name(box, words)
            say(box, mark("any"), "setSpecialValueText")
            box.editingFinished.connect(self._rules_edited)
        self.only = QLineEdit()
        self.never = QLineEdit()
        name(
            self.only,
            mark("Every item must have"),
            mark("Words such as a category or a material, with commas between"),
        )
        name(
            self.never,
            mark("No item may have"),
            mark("Words such as a category or a material, with commas between"),
        )
        say(self.only, mark("anything"), "setPlaceholderText")
        say(self.never, mark("nothing"), "setPlaceholderText")
        for field in (self.only, self.never):
            field.editingFinished.connect(self._rules_edited)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(label(mark("Price above"), "muted"), self.price_from)
        form.addRow(label(mark("Price below"), "muted"), self.price_to)
        form.addRow(label(mark("Must have"), "muted"), self.only)
        form.addRow(label(mark("Must not have"), "muted"), self.never)
        layout.addLayout(form)

    # --- showing ----------------------------------------------------------------------------------

    @property
    def audience_id(self) -> int | None:
        """The audience shown."""
        return self._audience.id if self._audience else None

    def show_audience(
        self, audience: Audience, liked: list[ItemRow], disliked: list[ItemRow], *, read_only: bool
    ) -> None:
        """Show an audience; a field the person is typing in is left alone."""
        new = self._audience is None or self._audience.id != audience.id
        self._audience = audience
        rules = audience.rules
        for field, text in (
            (self.name_field, audience.name),
            (self.only, _joined(rules.get("must"))),
            (self.never, _joined(rules.get("must_not"))),
        ):
            field.setReadOnly(read_only)
            if new or not field.hasFocus():
                field.setText(text)
        self.brief.setReadOnly(read_only)
        if new or not self.brief.hasFocus():
            self.brief.setPlainText(audience.brief)
        self._show_tone(audience.tone)
        if self.locale_box.findData(audience.locale) < 0:
            self.locale_box.addItem(audience.locale, audience.locale)
        self.locale_box.setCurrentIndex(self.locale_box.findData(audience.locale))
        for box, key in ((self.price_from, "price_over"), (self.price_to, "price_under")):
            box.setValue(float(rules.get(key) or 0.0))
            box.setReadOnly(read_only)
        for control in (self.locale_box, self.tone, self.remove_button):
            control.setEnabled(not read_only)
        self.liked.show_rows(liked, read_only=read_only)
        self.disliked.show_rows(disliked, read_only=read_only)
        if new:
            self.verticalScrollBar().setValue(0)

    def _show_tone(self, tone: str) -> None:
        self.tone.clear()
        for word in TONES:
            self.tone.addItem(tr(word), word)
        found = self.tone.findData(tone)
        if found >= 0:
            self.tone.setCurrentIndex(found)
        else:
            self.tone.setEditText(tone)
        editor = self.tone.lineEdit()
        if editor is not None:
            editor.setCursorPosition(0)

    # --- editing ----------------------------------------------------------------------------------

    def _name_edited(self) -> None:
        text = self.name_field.text().strip()
        if text:
            self._put("name", text)
        elif self._audience is not None:
            self.name_field.setText(self._audience.name)

    def _tone_edited(self) -> None:
        text = self.tone.currentText().strip()
        found = self.tone.findText(text)
        self._put("tone", self.tone.itemData(found) if found >= 0 else text)

    def _rules_edited(self) -> None:
        if self._audience is None:
            return
        rules: dict[str, Any] = dict(self._audience.rules)
        for key, value in (
            ("price_over", self.price_from.value()),
            ("price_under", self.price_to.value()),
            ("must", _names(self.only.text())),
            ("must_not", _names(self.never.text())),
        ):
            if value:
                rules[key] = value
            else:
                rules.pop(key, None)
        self._put("rules", rules)

    def _put(self, field: str, value: Any) -> None:
        if self._audience is not None and getattr(self._audience, field) != value:
            self.edited.emit(self._audience.id, field, value)

    def _assets_dropped(self, field: str, ids: list[int]) -> None:
        if self._audience is not None:
            self.items_dropped.emit(self._audience.id, field, ids)

    def _remove(self) -> None:
        if self._audience is not None:
            self.removed.emit(self._audience.id)


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value or []))


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
