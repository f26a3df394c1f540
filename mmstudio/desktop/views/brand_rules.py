"""The rules of the brand: words that must not be said, words that may, sentences that must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row, section, tool
from mmstudio.desktop.views.flow import ScrollColumn, empty, let_wrap
from mmstudio.i18n import mark, tr
from mmstudio.library.copy_records import RULE_KINDS, BrandRule

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = {  # title, explanation, what is typed, its sign
    "ban": (
        mark("Never say"),
        mark("A text with one of these words or phrases is not exported."),
        mark("a word or phrase, for example cheap"),
        "prohibit",
    ),
    "allow": (
        mark("May be said"),
        mark("True of all that the brand sells: the guard asks for no fact where one of these is said."),
        mark("a word or phrase, for example handmade in Lyon"),
        "check-circle",
    ),
    "require": (
        mark("Must be there"),
        mark(
            "A text without this sentence is not exported; with a word beside it, only texts with that word."
        ),
        mark("a sentence, for example Drink responsibly"),
        "plus-circle",
    ),
}
_LOCALES = {"": mark("every language"), "en": mark("English"), "zh": mark("Chinese")}


class BrandRules(ScrollColumn):
    """
    Signals:
        added: a :class:`BrandRule` without an id. removed: a rule. closed: back to the texts.
    """

    added = Signal(object)
    removed = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 16, 24, 24), 8, parent)
        self._rules: tuple[BrandRule, ...] = ()
        self._read_only = False
        layout = self.column
        layout.addLayout(
            row(
                label(mark("Rules of the brand"), "title"),
                None,
                button(mark("Back to the texts"), self.closed.emit, icon="arrow-left"),
            )
        )
        layout.addWidget(
            label(
                mark("They hold for every text of this library, whoever writes it, and are asked at export."),
                "muted",
                wrap=True,
            )
        )
        self.fields: dict[str, QLineEdit] = {}
        self.locales: dict[str, QComboBox] = {}
        self._lists: dict[str, QVBoxLayout] = {}
        self._adds: list[QWidget] = []
        for kind in RULE_KINDS:
            layout.addWidget(section(_WORDS[kind][0], _WORDS[kind][1]))
            self._lists[kind] = QVBoxLayout()
            self._lists[kind].setSpacing(4)
            layout.addLayout(self._lists[kind])
            layout.addWidget(self._adder(kind))
        layout.addStretch(1)
        let_wrap(self.body)
        self.show_rules((), read_only=False)

    def _adder(self, kind: str) -> QWidget:
        field, locale = QLineEdit(), QComboBox()
        name(field, _WORDS[kind][0], _WORDS[kind][1])
        say(field, _WORDS[kind][2], "setPlaceholderText")
        name(locale, mark("Language the rule is for"))
        for key, words in _LOCALES.items():
            locale.addItem(tr(words), key)
        self.fields[kind], self.locales[kind] = field, locale
        parts: list[QWidget] = [field]
        if kind == "require":
            self.when = QLineEdit()
            name(self.when, mark("Only in texts with this word"))
            say(self.when, mark("only with the word… (may be empty)"), "setPlaceholderText")
            parts.append(self.when)
            self.when.returnPressed.connect(lambda: self._add(kind))
        add = button(mark("Add"), lambda: self._add(kind), icon="plus")
        line = row(*parts, locale, add)
        line.setStretch(0, 2)
        if kind == "require":
            line.setStretch(1, 1)
        made = QWidget()
        made.setLayout(line)
        made.setMaximumWidth(720)
        field.returnPressed.connect(lambda: self._add(kind))
        self._adds.append(made)
        return made

    def show_rules(self, rules: Sequence[BrandRule], *, read_only: bool) -> None:
        """The rules as the library keeps them."""
        self._rules, self._read_only = tuple(rules), read_only
        for kind, layout in self._lists.items():
            empty(layout)
            these = [rule for rule in rules if rule.kind == kind]
            for rule in these:
                layout.addWidget(self._line(rule))
            if not these:
                layout.addWidget(label(mark("None yet."), "small"))
        for add in self._adds:
            add.setEnabled(not read_only)

    def _line(self, rule: BrandRule) -> QWidget:
        made = QWidget()
        sign = QLabel()
        sign.setPixmap(icon(_WORDS[rule.kind][3], "muted").pixmap(QSize(16, 16)))
        words = label(wrap=True)
        words.setText(rule.text)
        notes = [tr(_LOCALES.get(rule.locale, rule.locale))]
        if rule.when:
            notes.append(tr("only with “{word}”", word=rule.when))
        note = label(role="small")
        note.setText(", ".join(notes))
        remove = tool("trash", mark("Remove this rule"), lambda: self.removed.emit(rule))
        remove.setAccessibleName(tr("Remove: {what}", what=rule.text))
        remove.setEnabled(not self._read_only)
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(words, 1)
        line.addWidget(note)
        line.addWidget(remove)
        made.setMaximumWidth(720)
        let_wrap(made)
        return made

    def _add(self, kind: str) -> None:
        text = self.fields[kind].text().strip()
        if not text:
            self.fields[kind].setFocus()
            return
        when = self.when.text().strip() if kind == "require" else ""
        self.added.emit(BrandRule(kind, text, str(self.locales[kind].currentData()), when))  # type: ignore[arg-type]
        self.fields[kind].clear()
        if kind == "require":
            self.when.clear()
        self.fields[kind].setFocus()

    def retranslate(self) -> None:
        """Words in choices and lines."""
        for locale in self.locales.values():
            for place, words in enumerate(_LOCALES.values()):
                locale.setItemText(place, tr(words))
        self.show_rules(self._rules, read_only=self._read_only)
