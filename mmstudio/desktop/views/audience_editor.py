"""Who an audience is: brief, traits, likes, rules, members, taste. Every change is kept at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.audience_detail import SHELVES, AudienceDetail
from mmstudio.desktop.models.audiences import is_found
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.audience_rules import AudienceRules
from mmstudio.desktop.views.brief_reader import BriefReader
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.events_import import IMPORT_EVENTS, choose_events
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import ScrollColumn, let_wrap
from mmstudio.desktop.views.item_shelf import ItemShelf
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.taste_strip import TasteStrip, taste_heading
from mmstudio.desktop.views.trait_chips import TraitChips
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience

LOCALES = {"en": "English", "zh-CN": "简体中文"}
TONES = (mark("plain"), mark("warm"), mark("playful"), mark("precise"), mark("bold"))
_TITLES = {
    "liked": mark("They like"),
    "disliked": mark("They do not like"),
    "pinned": mark("Always shown"),
    "banned": mark("Never shown"),
}


class AudienceEditor(ScrollColumn):
    """Shows one audience; :attr:`edited` carries (id, field, value)."""

    edited = Signal(int, str, object)
    removed = Signal(int)
    items_dropped = Signal(int, str, list)  # audience id, shelf, asset ids
    brief_wanted = Signal(int)
    proposal_taken = Signal(int, object)
    pseudonyms_wanted = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__((24, 16, 24, 24), 12, parent)
        self._audience: Audience | None = None
        layout = self.column
        self._build_form(layout)
        hint = mark("Drag items or pictures here, or press Add.")
        self.shelves = {shelf: ItemShelf(context, pictures, _TITLES[shelf], hint) for shelf in SHELVES}
        self.liked, self.disliked = self.shelves["liked"], self.shelves["disliked"]
        for shelf, widget in self.shelves.items():
            widget.added.connect(
                lambda ids, f=shelf, s=widget: self._shelve(f, [*s.ids, *(i for i in ids if i not in s.ids)])
            )
            widget.removed.connect(
                lambda id_, f=shelf, s=widget: self._shelve(f, [i for i in s.ids if i != id_])
            )
            widget.assets_dropped.connect(lambda ids, f=shelf: self._assets_dropped(f, ids))
        layout.addWidget(self.liked)
        layout.addWidget(self.disliked)
        layout.addWidget(section(*taste_heading()))
        self.taste = TasteStrip()
        layout.addWidget(self.taste)
        layout.addWidget(
            section(
                mark("Rules"),
                mark(
                    "Rules are kept strictly. An item that breaks one is never recommended. Beside each "
                    "stands how many of your items it takes out by itself."
                ),
            )
        )
        self.rules = AudienceRules()
        self.rules.edited.connect(lambda rules: self._put("rules", rules))
        layout.addWidget(self.rules)
        layout.addWidget(self.shelves["pinned"])
        layout.addWidget(self.shelves["banned"])
        layout.addWidget(
            section(
                mark("Members"),
                mark(
                    "People whose views, likes or purchases you imported. The studio keeps neither names nor "
                    "e-mail addresses, only a code that nobody can turn back without the key of this library."
                ),
            )
        )
        self.members = label(wrap=True)
        self.privacy = label(role="small", wrap=True)
        layout.addWidget(self.members)
        layout.addWidget(self.privacy)
        self.plain = label(wrap=True)
        self.pseudonyms_button = button(
            mark("Turn them into codes"), self.pseudonyms_wanted.emit, icon="shield-check"
        )
        layout.addWidget(self.plain)
        layout.addLayout(row(self.pseudonyms_button, None))
        self.events_button = button(IMPORT_EVENTS, lambda: choose_events(context, self), icon="table")
        layout.addLayout(row(self.events_button, None))
        self.remove_button = button(mark("Remove this audience"), self._remove, "danger", icon="trash")
        layout.addLayout(row(self.remove_button, None))
        layout.addStretch(1)
        let_wrap(self.body)

    def _build_form(self, layout: QVBoxLayout) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.origin = label(role="small", wrap=True)
        self.origin.hide()
        layout.addWidget(self.origin)
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the audience"))
        self.brief = TextField(3)
        self.brief.left.connect(lambda: self._put("brief", self.brief.words()))
        name(self.brief, mark("Brief"), mark("Who they are and what they care about, in a sentence or two"))
        say(self.brief, mark("Who they are and what they care about"), "setPlaceholderText")
        self.reader = BriefReader()
        self.reader.wanted.connect(self._read_brief)
        self.reader.taken.connect(self._take)
        self.traits = TraitChips()
        self.traits.edited.connect(lambda traits: self._put("traits", traits))
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
        form.addRow("", self.reader)
        form.addRow(label(mark("Traits"), "muted"), self.traits)
        form.addRow(label(mark("Language"), "muted"), self.locale_box)
        form.addRow(label(mark("Tone"), "muted"), self.tone)
        layout.addLayout(form)
        self.name_field.editingFinished.connect(self._name_edited)
        self.locale_box.activated.connect(lambda _i: self._put("locale", self.locale_box.currentData()))
        self.tone.activated.connect(lambda _i: self._tone_edited())
        editor = self.tone.lineEdit()
        if editor is not None:
            editor.editingFinished.connect(self._tone_edited)

    # --- showing ----------------------------------------------------------------------------------

    @property
    def audience_id(self) -> int | None:
        """The audience shown."""
        return self._audience.id if self._audience else None

    def show_detail(self, detail: AudienceDetail, *, read_only: bool) -> None:
        """Show an audience; a field the person is typing in is left alone."""
        audience = detail.audience
        new = self._audience is None or self._audience.id != audience.id
        self._audience = audience
        self.name_field.setReadOnly(read_only)
        if new or not self.name_field.hasFocus():
            self.name_field.setText(audience.name)
        self.brief.setReadOnly(read_only)
        if new or not self.brief.hasFocus():
            self.brief.setPlainText(audience.brief)
        if new:
            self.reader.forget()
            self.taste.show_taste(None)
        self.reader.button.setEnabled(not read_only)
        self._show_tone(audience.tone)
        if self.locale_box.findData(audience.locale) < 0:
            self.locale_box.addItem(audience.locale, audience.locale)
        self.locale_box.setCurrentIndex(self.locale_box.findData(audience.locale))
        for control in (self.locale_box, self.tone, self.remove_button, self.events_button):
            control.setEnabled(not read_only)
        self.traits.show_traits(audience.traits, read_only=read_only)
        self.rules.show_rules(audience.rules, read_only=read_only, new=new)
        self.rules.show_counts(detail.counts)
        for shelf, rows in detail.shelves.items():
            self.shelves[shelf].show_rows(rows, read_only=read_only)
        self._show_members(detail)
        self.show_converting(False, read_only=read_only)
        if new:
            self.verticalScrollBar().setValue(0)

    def show_converting(self, busy: bool, *, read_only: bool) -> None:
        """Whether members are being given their codes."""
        self.pseudonyms_button.setEnabled(not busy and not read_only)

    def show_passed_over(self, removed: dict[str, int], detail: AudienceDetail) -> None:
        """What the cap of categories held back in the list that was just made."""
        known = sum(count.removed for count in detail.counts.values())
        self.rules.show_counts(detail.counts, max(0, sum(removed.values()) - known))

    def _show_members(self, detail: AudienceDetail) -> None:
        found = is_found(detail.audience)
        self.origin.setVisible(found)
        if found:
            say(
                self.origin, mark("A segment that the studio found in the events. Everything can be changed.")
            )
        if detail.members:
            say(self.members, mark("{n} members with events."), n=f"{detail.members:,}")
        else:
            say(self.members, mark("No members: the likes and the brief say what they like."))
        self.privacy.setText(detail.privacy)
        self.privacy.setVisible(bool(detail.privacy) and not detail.plain)  # it is not so yet
        for widget in (self.plain, self.pseudonyms_button):
            widget.setVisible(bool(detail.plain))
        if detail.plain:
            say(
                self.plain,
                mark(
                    "{n} members still stand in this library under the names or numbers that an older "
                    "version wrote. One press turns them into codes; a copy of the library as it was stays "
                    "in its folder “backups” until you delete it."
                ),
                n=f"{detail.plain:,}",
            )

    def retranslate(self) -> None:
        """Say again what was not said with ``say``."""
        self.traits.retranslate()
        for shelf in self.shelves.values():
            shelf.retranslate()
        self.reader.retranslate()
        self.taste.retranslate()
        if self._audience is not None:
            self._show_tone(self._audience.tone)

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

    def _shelve(self, shelf: str, ids: list[int]) -> None:
        if self._audience is None:
            return
        if shelf in ("liked", "disliked"):
            self._put(shelf, ids)
            return
        rules: dict[str, Any] = {k: v for k, v in self._audience.rules.items() if k != shelf}
        if ids:
            rules[shelf] = ids
        self._put("rules", rules)

    def _put(self, field: str, value: Any) -> None:
        if self._audience is not None and getattr(self._audience, field) != value:
            self.edited.emit(self._audience.id, field, value)

    def _assets_dropped(self, shelf: str, ids: list[int]) -> None:
        if self._audience is not None:
            self.items_dropped.emit(self._audience.id, shelf, ids)

    def _read_brief(self) -> None:
        if self._audience is not None:
            self._put("brief", self.brief.words())
            self.brief_wanted.emit(self._audience.id)

    def _take(self, proposal: object) -> None:
        if self._audience is not None:
            self.proposal_taken.emit(self._audience.id, proposal)

    def _remove(self) -> None:
        if self._audience is not None:
            self.removed.emit(self._audience.id)
