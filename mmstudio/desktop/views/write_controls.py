"""What is to be written: about which item, for whom, which kind of text, by whom, how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from mmstudio.desktop.models.writing import EngineLine, WriteWish
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, help_dot, inset, offer_audiences, row
from mmstudio.desktop.views.create_controls import SeedField
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.generation.copywriting.contract import LIMITS, TASK_WORDS, TONE_WORDS
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.pictures import Pictures
    from mmstudio.library.records import Audience

_WITHOUT_ITEM = ("report_summary",)
_MOODY = ("story_outline", "script")
_LIMIT_HELP = mark(
    "How long a text may be. A Chinese character counts as two letters, since it takes the room of two."
)


class WriteControls(QScrollArea):
    """
    Signals:
        write_wanted: the button was pressed. changed: another item, audience or task.
        rules_wanted: the brand's rules are to be shown. setup_wanted: an engine is to be set up.
    """

    write_wanted = Signal()
    changed = Signal()
    rules_wanted = Signal()
    setup_wanted = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engines: list[EngineLine] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(240)
        body = QWidget()
        self.setWidget(body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        self._build(context, pictures, layout)
        let_wrap(body)
        self._show_task()

    def _build(self, context: AppContext, pictures: Pictures, layout: QVBoxLayout) -> None:
        self.item = ItemButton(context, pictures)
        self.item.shown.connect(self.changed)
        self.audience, self.task, self.engine, self.tone = (QComboBox() for _n in range(4))
        for box, words in (
            (self.audience, mark("Audience")),
            (self.task, mark("Kind of text")),
            (self.engine, mark("Who writes")),
            (self.tone, mark("Tone")),
        ):
            name(box, words)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for key, template in TASK_WORDS.items():
            self.task.addItem(tr(template), key)
        self.tone.addItem(tr("The audience's or the brand's"), "")
        for tone, template in TONE_WORDS.items():
            self.tone.addItem(tr(template), tone)
        self.engine.addItem(tr("Facts writer"), "facts")
        self.engine_note = label(role="small", wrap=True)
        self.setup_button = button(mark("Set it up"), self.setup_wanted.emit, "link")
        self.message = TextField(3, 8)
        name(self.message, mark("Question or review to answer"))
        say(self.message, mark("The question or review to answer"), "setPlaceholderText")
        self.figures = TextField(4, 10)
        name(self.figures, mark("Figures to sum up"))
        say(
            self.figures,
            mark("Paste a table: names in the first line. Empty: what was counted of the item"),
            "setPlaceholderText",
        )
        self.mood = QLineEdit()
        name(
            self.mood,
            mark("Mood and setting"),
            mark("Separated by commas; the words around the facts follow it"),
        )
        say(self.mood, mark("Mood and setting, for example calm, rainy evening"), "setPlaceholderText")
        self.context_note = label(role="small", wrap=True)
        self.words = QLineEdit()
        name(self.words, mark("Words to use"), mark("Separated by commas; used where the facts have them"))
        say(self.words, mark("for example light, summer"), "setPlaceholderText")
        self.limit, self.count = QSpinBox(), QSpinBox()
        inset(self.limit, self.count)
        self.limit.setRange(0, 20_000)
        self.limit.setSingleStep(10)
        name(self.limit, mark("Longest text in characters"))
        self.count.setRange(1, 9)
        self.count.setValue(3)
        name(self.count, mark("How many texts"))
        self.seed = SeedField()
        layout.addWidget(label(mark("About"), "muted"))
        layout.addWidget(self.item)
        layout.addWidget(label(mark("For the audience"), "muted"))
        layout.addWidget(self.audience)
        layout.addWidget(label(mark("Kind of text"), "muted"))
        layout.addWidget(self.task)
        for field in (self.message, self.figures, self.mood, self.context_note):
            layout.addWidget(field)
        layout.addWidget(label(mark("Written by"), "muted"))
        layout.addWidget(self.engine)
        layout.addWidget(self.engine_note)
        layout.addWidget(self.setup_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(label(mark("Tone"), "muted"))
        layout.addWidget(self.tone)
        layout.addWidget(label(mark("Words to use"), "muted"))
        layout.addWidget(self.words)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        for words, fields in (
            (mark("At most"), (self.limit, help_dot(_LIMIT_HELP))),
            (mark("How many"), (self.count,)),
            (mark("Seed"), (self.seed,)),
        ):
            line = row(*fields, spacing=4)
            line.setStretch(0, 1)
            holder = QWidget()
            holder.setLayout(line)
            form.addRow(label(words, "muted"), holder)
        layout.addSpacing(4)
        layout.addLayout(form)
        self.write_button = button(mark("Write"), self.write_wanted.emit, "primary", icon="note-pencil")
        self.rules_button = button(mark("Rules of the brand…"), self.rules_wanted.emit, icon="shield-check")
        layout.addSpacing(4)
        layout.addWidget(self.rules_button)
        layout.addStretch(1)
        self.task.currentIndexChanged.connect(lambda _i: self._show_task())
        self.engine.currentIndexChanged.connect(lambda _i: self._show_engine())
        self.audience.currentIndexChanged.connect(lambda _i: self.changed.emit())
        self.message.textChanged.connect(self.changed)
        self.figures.textChanged.connect(self.changed)

    # --- what there is to choose --------------------------------------------------------------------

    def set_audiences(self, audiences: Sequence[Audience]) -> None:
        """Offer the library's audiences; the chosen one stays chosen."""
        offer_audiences(self.audience, audiences)

    def set_engines(self, engines: Sequence[EngineLine]) -> None:
        """Offer the engines; one that is not ready says what it lacks."""
        chosen = self.engine.currentData()
        self._engines = list(engines)
        self.engine.blockSignals(True)
        self.engine.clear()
        for line in engines:
            self.engine.addItem(line.label, line.name)
        self.engine.setCurrentIndex(max(0, self.engine.findData(chosen)))
        self.engine.blockSignals(False)
        self._show_engine()

    # --- what is chosen -----------------------------------------------------------------------------

    @property
    def problem(self) -> str:
        """What is missing before anything can be written, as a marked sentence."""
        task = str(self.task.currentData())
        line = self._line
        if self.item.item_id is None and task not in _WITHOUT_ITEM:
            return mark("Choose an item first.")
        if task == "reply" and not self.message.words():
            return mark("Put in the question or review first.")
        if task == "report_summary" and self.item.item_id is None and not self.figures.words():
            return mark("Paste the figures or choose an item first.")
        if task == "explanation" and self.audience.currentData() is None:
            return mark("Choose the audience that it is recommended to first.")
        if line is not None and not line.ready:
            return mark("This writer is not set up yet.")
        return ""

    @property
    def _line(self) -> EngineLine | None:
        return next((line for line in self._engines if line.name == self.engine.currentData()), None)

    def wish(self, *, first: bool) -> WriteWish:
        """The wish of this press; ``first`` keeps the seed that is shown."""
        wish = WriteWish(
            self.task.currentData(),
            self.item.item_id,
            self.audience.currentData(),
            str(self.engine.currentData() or "facts"),
            str(self.tone.currentData() or ""),
            limit=self.limit.value(),
            words=tuple(part.strip() for part in _split(self.words.text()) if part.strip()),
            count=self.count.value(),
            seed=self.seed.take(first=first),
        )
        if wish.task == "reply":
            return replace(wish, message=self.message.words())
        if wish.task == "report_summary":
            return replace(wish, figures=self.figures.words())
        return replace(wish, mood=self.mood.text().strip()) if wish.task in _MOODY else wish

    def choose(self, *, item: int | None = None, audience: int | None = None, task: str = "") -> None:
        """Choose what is to be written about."""
        if item is not None:
            self.item.show_item(item)
        if audience is not None:
            self.audience.setCurrentIndex(max(0, self.audience.findData(audience)))
        if task:
            self.task.setCurrentIndex(max(0, self.task.findData(task)))

    def _show_task(self) -> None:
        task = self.task.currentData()
        self.message.setVisible(task == "reply")
        self.figures.setVisible(task == "report_summary")
        self.mood.setVisible(task in _MOODY)
        self.context_note.setVisible(task == "explanation")
        say(self.context_note, mark("The reasons are those of the recommendations to the audience above."))
        self.limit.setSpecialValueText(tr("{n} (usual)", n=LIMITS[task]))
        self.changed.emit()

    def _show_engine(self) -> None:
        line = self._line
        ready = line is None or line.ready
        self.setup_button.setVisible(not ready)
        unsay(self.engine_note)
        if line is None or line.name == "facts":
            say(self.engine_note, mark("Says only what is known of the item. Always there, always true."))
        else:
            self.engine_note.setText(" ".join(part for part in (line.sentence, line.hint) if part))
        self.changed.emit()

    def retranslate(self) -> None:
        """Words in choices."""
        for place, template in enumerate(TASK_WORDS.values()):
            self.task.setItemText(place, tr(template))
        for place, template in enumerate((mark("The audience's or the brand's"), *TONE_WORDS.values())):
            self.tone.setItemText(place, tr(template))
        if self.audience.count():
            self.audience.setItemText(0, tr("Nobody in particular"))
        self.limit.setSpecialValueText(tr("{n} (usual)", n=LIMITS[self.task.currentData()]))


def _split(text: str) -> list[str]:
    return text.replace("，", ",").replace("、", ",").split(",")
