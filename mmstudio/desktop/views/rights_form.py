"""The rights in the selected media beyond one word: owner, licence, consent, last day, countries, a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.errors import UsageError
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.rights import AssetRights

CONSENT_NAMES = {
    "unknown": mark("Not said"), "given": mark("Given"), "refused": mark("Refused"),
    "none needed": mark("Nobody to ask"),
}  # fmt: skip
_FIELDS = (
    ("owner", mark("Owner"), mark("Who holds the rights")),
    ("licence", mark("Licence"), mark("CC BY 4.0, a contract, an address")),
    ("expires", mark("Last day"), mark("2027-03-31, empty for never")),
    ("markets", mark("Countries"), mark("DE, FR; empty for all")),
    ("note", mark("Remark on the rights"), mark("Anything else")),
)


class RightsForm(QWidget):
    """Folded away until asked for; every field is kept as soon as it is left, and can be undone."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ids: list[int] = []
        self._saves = 0
        self._shown: AssetRights | None = None
        self.more = button(mark("More about the rights"), self._toggle, "link")
        self.summary = label(role="small", wrap=True)
        self.summary.hide()
        self.body = QWidget()
        form = QFormLayout(self.body)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.fields: dict[str, QLineEdit] = {}
        for key, words, hint in _FIELDS:
            field = QLineEdit()
            name(field, words, hint)
            say(field, hint, "setPlaceholderText")
            field.editingFinished.connect(lambda key=key: self._save_field(key))
            self.fields[key] = field
            form.addRow(label(words, "muted"), field)
            if key == "licence":
                self.consent = QComboBox()
                name(self.consent, mark("Consent"), mark("Of the persons who can be seen or heard"))
                for consent in CONSENT_NAMES:
                    self.consent.addItem("", consent)
                self.consent.activated.connect(lambda _i: self._save("consent", self.consent.currentData()))
                form.addRow(label(mark("Consent"), "muted"), self.consent)
        self.problem = label(role="error", wrap=True)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.summary)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.body)
        layout.addWidget(self.problem)
        self.body.hide()
        let_wrap(self)
        self.retranslate()

    def show_for(self, ids: list[int]) -> None:
        """Read and show what is known of the first of these assets; edits go to all of them."""
        same = ids == self._ids
        self._ids = list(ids)
        if not same:
            self.problem.hide()
        studio = self._context.studio
        if not ids or studio is None:
            return
        first = ids[0]
        self._context.background(
            lambda: studio.library.asset_rights.get(first),
            self._show,
            lambda _e: None,
            key="rights",
            owner=self,
        )

    def set_writing(self, writing: bool) -> None:
        """Whether the fields may be changed."""
        for field in self.fields.values():
            field.setReadOnly(not writing)
        self.consent.setEnabled(writing)

    def retranslate(self) -> None:
        """Say again what follows the language by hand."""
        for row, words in enumerate(CONSENT_NAMES.values()):
            self.consent.setItemText(row, tr(words))
        if self._shown is not None:
            self._show(self._shown)

    def _toggle(self) -> None:
        self.body.setVisible(self.body.isHidden())
        say(
            self.more,
            mark("Less about the rights") if self.body.isVisible() else mark("More about the rights"),
        )
        self._summarise()

    def _show(self, known: AssetRights) -> None:
        if not self._ids or known.asset_id != self._ids[0]:
            return
        self._shown = known
        for key, field in self.fields.items():
            if not field.hasFocus():
                field.setText(_text_of(known, key))
                field.setCursorPosition(0)
        self.consent.setCurrentIndex(self.consent.findData(known.consent))
        self._summarise()

    def _summarise(self) -> None:
        known = self._shown
        parts: list[str] = []
        if known is not None:
            parts += [part for part in (known.owner, known.licence) if part]
            if known.consent not in ("unknown", "none needed"):
                parts.append(tr("consent: {word}", word=tr(CONSENT_NAMES[known.consent]).lower()))
            if known.expires:
                parts.append(tr("until {day}", day=known.expires))
            if known.markets:
                parts.append(", ".join(known.markets))
        self.summary.setText(" · ".join(parts))
        self.summary.setVisible(bool(parts) and self.body.isHidden())

    def _save_field(self, key: str) -> None:
        text = self.fields[key].text().strip()
        if self._shown is not None and text != _text_of(self._shown, key):
            self._save(key, text)

    def _save(self, key: str, value: Any) -> None:
        ids, studio = list(self._ids), self._context.studio
        if not ids or studio is None or self._context.read_only:
            return

        self._saves += 1
        this = self._saves

        def done(_none: object) -> None:
            if this == self._saves:  # an earlier edit that ends later must not take a later one's words away
                self.problem.hide()

        def failed(error: Exception) -> None:
            if isinstance(error, UsageError):
                self.problem.setText(" ".join(part for part in tr_error(error) if part))
                self.problem.show()
            else:
                self._context.report(error)

        self._context.background(
            lambda: studio.library.asset_rights.set(ids, **{key: value}),
            done,
            failed,
        )


def _text_of(known: AssetRights, key: str) -> str:
    value = getattr(known, key)
    return ", ".join(value) if isinstance(value, tuple) else str(value)
