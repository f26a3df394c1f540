"""Rules of an audience: what an item must be, each with what it takes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget

from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import help_dot, inset
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.models.ranking import RuleCount

_MOST = 100_000.0
_EACH = "*"  # a cap that holds for every category by itself
_COMMAS = mark("Words such as a category or a material, with commas between")


class AudienceRules(QWidget):
    """A form; :attr:`edited` carries all rules after a change."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rules: dict[str, Any] = {}
        self.counts: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        self.price_from, self.price_to = QDoubleSpinBox(), QDoubleSpinBox()
        inset(self.price_from, self.price_to)
        for box, words in ((self.price_from, mark("Price above")), (self.price_to, mark("Price below"))):
            box.setRange(0, _MOST)
            box.setDecimals(2)
            box.setKeyboardTracking(False)
            name(box, words)
            say(box, mark("any"), "setSpecialValueText")
            box.editingFinished.connect(self._edited)
        self.only = _line(mark("Every item must have"), _COMMAS, mark("anything"))
        self.never = _line(mark("No item may have"), _COMMAS, mark("nothing"))
        self.market = _line(
            mark("Market"),
            mark("A code such as DE or CN; items name theirs in the column markets"),
            mark("any"),
        )
        self.on = _line(
            mark("Valid on"),
            mark("today, or a date such as 2026-12-24; items name theirs as valid_from and valid_until"),
            mark("any day"),
        )
        self.cleared = QCheckBox()
        say(self.cleared, mark("Only what may be used"))
        name(
            self.cleared,
            mark("Rights cleared"),
            mark("Every picture, sound and text of the item is your own or licensed"),
        )
        self.cap = QSpinBox()
        inset(self.cap)
        self.cap.setRange(0, 100)
        self.cap.setKeyboardTracking(False)
        name(
            self.cap, mark("At most of one category"), mark("How many items of one category a list may hold")
        )
        say(self.cap, mark("any number"), "setSpecialValueText")
        for field in (self.only, self.never, self.market, self.on):
            field.editingFinished.connect(self._edited)
        self.cap.editingFinished.connect(self._edited)
        self.cleared.clicked.connect(lambda _on: self._edited())
        for key, words, control, why in (
            ("price_over", mark("Price above"), self.price_from, ""),
            ("price_under", mark("Price below"), self.price_to, ""),
            ("must", mark("Must have"), self.only, ""),
            ("must_not", mark("Must not have"), self.never, ""),
            (
                "rights", mark("Rights"), self.cleared,
                mark(
                    "An item passes where all its media are your own or licensed, and today lies within its "
                    "dates. What nobody said anything about does not pass."
                ),
            ),
            ("market", mark("Market"), self.market, ""),
            ("on", mark("Valid on"), self.on, ""),
            (
                "caps", mark("Per category"), self.cap,
                mark("No more items of one category than this in one list; better ones beyond it step back."),
            ),
        ):  # fmt: skip
            self._add(key, words, control, why)

    def _add(self, key: str, words: str, control: QWidget, why: str) -> None:
        line = self._grid.rowCount()
        self._grid.addWidget(label(words, "muted"), line, 0)
        if why:
            self._grid.addWidget(help_dot(why), line, 1)
        self._grid.addWidget(control, line, 2)
        count = label(role="small")
        count.setMinimumWidth(88)
        self.counts[key] = count
        self._grid.addWidget(count, line, 3, Qt.AlignmentFlag.AlignVCenter)

    def show_rules(self, rules: Mapping[str, Any], *, read_only: bool, new: bool) -> None:
        """Show the rules of an audience; a field being typed in is left alone unless ``new``."""
        self._rules = dict(rules)
        for field, text in (
            (self.only, joined(rules.get("must"))),
            (self.never, joined(rules.get("must_not"))),
            (self.market, str(rules.get("market") or "")),
            (self.on, str(rules.get("on") or "")),
        ):
            field.setReadOnly(read_only)
            if new or not field.hasFocus():
                field.setText(text)
        for box, key in ((self.price_from, "price_over"), (self.price_to, "price_under")):
            box.setValue(_number(rules.get(key)))
            box.setReadOnly(read_only)
        caps = rules.get("caps")
        self.cap.setValue(int(_number(caps.get(_EACH) if isinstance(caps, dict) else 0)))
        self.cap.setReadOnly(read_only)
        self.cleared.setChecked(str(rules.get("rights") or "").lower() == "cleared")
        self.cleared.setEnabled(not read_only)

    def show_counts(self, counts: Mapping[str, RuleCount], passed_over: int = 0) -> None:
        """Say what each rule takes out by itself; ``passed_over``: better items that the cap holds back."""
        for key, target in self.counts.items():
            found = counts.get(key)
            role = "error" if found is not None and found.problem else "small"
            if target.property("role") != role:
                target.setProperty("role", role)
                target.style().unpolish(target)
                target.style().polish(target)
            target.setToolTip(found.problem if found is not None else "")
            target.setAccessibleDescription(target.toolTip())
            if key == "caps" and passed_over:
                say(target, mark("holds {n} back"), n=passed_over)
            elif found is not None and found.problem:
                say(target, mark("not understood"))
            elif found is not None:
                say(target, mark("takes out {n}"), n=found.removed)
            else:
                unsay(target)
                target.clear()

    def _edited(self) -> None:
        rules = dict(self._rules)
        old = rules.get("caps")
        caps = dict(old) if isinstance(old, dict) else {}
        caps.pop(_EACH, None)
        if self.cap.value():
            caps[_EACH] = self.cap.value()
        for key, value in (
            ("price_over", self.price_from.value()),
            ("price_under", self.price_to.value()),
            ("must", names(self.only.text())),
            ("must_not", names(self.never.text())),
            ("market", self.market.text().strip().upper()),
            ("on", self.on.text().strip()),
            ("rights", "cleared" if self.cleared.isChecked() else ""),
            ("caps", caps),
        ):
            if value:
                rules[key] = value
            else:
                rules.pop(key, None)
        if rules != self._rules:
            self._rules = rules
            self.edited.emit(rules)


def _line(words: str, tip: str, free: str) -> QLineEdit:
    made = QLineEdit()
    name(made, words, tip)
    say(made, free, "setPlaceholderText")
    return made


def _number(value: Any) -> float:
    try:
        return max(0.0, float(value or 0.0))
    except (TypeError, ValueError):
        return 0.0


def joined(value: Any) -> str:
    """Words of a rule as one line."""
    return value if isinstance(value, str) else ", ".join(map(str, value or []))


def names(text: str) -> list[str]:
    """A line of words with commas, Western or Chinese, taken apart."""
    return [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()]
