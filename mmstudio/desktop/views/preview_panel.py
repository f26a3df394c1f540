"""Beside the preview: the words to change, the picture to choose, where everything came from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.models.board import BoardFacts
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import section
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import FlowLayout, ScrollColumn, let_wrap
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.i18n import mark, tr

_LONG = ("line", "quote")
_OPTIONAL = ("eyebrow", "quote")  # not every recipe has them


class PreviewPanel(ScrollColumn):
    """Signals carry edits; the pane keeps them."""

    copy_edited = Signal(str, str)  # slot, words
    hero_chosen = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__((16, 12, 16, 16), 8, parent)
        self._pictures = pictures
        self._facts: BoardFacts | None = None
        self.setMinimumWidth(240)
        self.nothing = label(
            mark("The words of an ad and where its parts come from stand here once there is one."),
            "muted", wrap=True,
        )  # fmt: skip
        self.column.addWidget(self.nothing)
        self.parts = QWidget(self.body)
        self.column.addWidget(self.parts, 1)
        layout = QVBoxLayout(self.parts)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.column.spacing())
        self.parts.hide()
        self.summary = label(role="muted", wrap=True)
        layout.addWidget(self.summary)
        self._build_words(layout)
        self.sound_title = section(
            mark("Sound"),
            mark(
                "How loud the mix is (LUFS, ITU-R BS.1770) and its highest peak between the samples (dBTP)."
            ),
        )
        self.sound = label(wrap=True)
        layout.addWidget(self.sound_title)
        layout.addWidget(self.sound)
        self.show_sound("")
        self.hero_title = section(mark("Main picture"))
        layout.addWidget(self.hero_title)
        self._heroes = QWidget()
        self._hero_flow = FlowLayout(self._heroes)
        layout.addWidget(self._heroes)
        layout.addWidget(
            section(
                mark("Where it comes from"),
                mark("Every part of the ad is named here, with the file, model or fact it was made from."),
            )
        )
        self.sources = QLabel()
        self.sources.setWordWrap(True)
        self.sources.setTextFormat(Qt.TextFormat.PlainText)
        self.sources.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self.sources)
        layout.addStretch(1)
        let_wrap(self.body)
        self.setEnabled(False)

    def _build_words(self, layout: QVBoxLayout) -> None:
        layout.addWidget(section(mark("Words")))
        self.fields: dict[str, QLineEdit | TextField] = {}
        self._captions: dict[str, QLabel] = {}
        for slot, words in (
            ("headline", mark("Headline")),
            ("line", mark("Line")),
            ("price", mark("Price")),
            ("cta", mark("Button")),
            ("eyebrow", mark("Small line above")),
            ("quote", mark("Customer's words")),
        ):
            caption = label(words, "small")
            self._captions[slot] = caption
            layout.addWidget(caption)
            field: QLineEdit | TextField
            if slot in _LONG:
                field = TextField()
                field.left.connect(lambda s=slot: self._edited(s))
            else:
                field = QLineEdit()
                field.editingFinished.connect(lambda s=slot: self._edited(s))
            name(field, words)
            self.fields[slot] = field
            layout.addWidget(field)
        self.elsewhere = label(mark("The words of this one are changed in the editor."), "muted", wrap=True)
        layout.addWidget(self.elsewhere)

    def show_sound(self, words: str) -> None:
        """What the mix measures; "" hides it."""
        self.sound.setText(words)
        for widget in (self.sound_title, self.sound):
            widget.setVisible(bool(words))

    def show_facts(self, facts: BoardFacts | None, *, read_only: bool) -> None:
        """Show a storyboard's words and sources; a field the person is typing in is left alone."""
        new = facts is None or self._facts is None or facts.board.id != self._facts.board.id
        self._facts = facts
        self.setEnabled(facts is not None)
        self.nothing.setVisible(facts is None)
        self.parts.setVisible(facts is not None)
        for slot, field in self.fields.items():
            field.setReadOnly(read_only)
            words = facts.board.copy.get(slot, "") if facts else ""
            here = bool(words) or (slot not in _OPTIONAL and (facts is None or slot in facts.board.copy))
            field.setVisible(here)
            self._captions[slot].setVisible(here)
            if new or not field.hasFocus():
                if isinstance(field, QLineEdit):
                    field.setText(words)
                    field.setCursorPosition(0)
                else:
                    field.setPlainText(words)
        self.elsewhere.setVisible(all(field.isHidden() for field in self.fields.values()))
        self._hero_flow.clear()
        if facts is None:
            self.summary.clear()
            self.sources.clear()
            return
        self.summary.setText(
            tr("{item} for {audience}", item=facts.item_title, audience=facts.audience_name)
            if facts.audience_name
            else facts.item_title
        )
        for asset, title in facts.pictures[:12]:
            tile = PictureTile(self._pictures, asset, title or tr("Picture"), side=56, contain=True)
            tile.setCheckable(True)
            tile.setChecked(asset == facts.hero)
            tile.setEnabled(not read_only)
            tile.clicked.connect(lambda _checked=False, a=asset: self.hero_chosen.emit(a))
            self._hero_flow.addWidget(tile)
        for widget in (self.hero_title, self._heroes):
            widget.setVisible(bool(facts.pictures))
        self.sources.setText("\n".join(f"• {line}" for line in facts.sources))

    def _edited(self, slot: str) -> None:
        field = self.fields[slot]
        words = (field.text() if isinstance(field, QLineEdit) else field.words()).strip()
        if self._facts is not None and words != self._facts.board.copy.get(slot, ""):
            self.copy_edited.emit(slot, words)
