"""The form of a brand kit: swatches, fonts, logo, sizes, tone, disclaimers. Every change is said at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mmstudio.composition.brand.kit import CORNERS, ROLES, BrandKit, Disclaimer
from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row, section, tool
from mmstudio.desktop.views.editor_colour import ColourButton
from mmstudio.desktop.views.flow import FlowLayout, empty, let_wrap
from mmstudio.desktop.views.tiles import DropZone
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

_ROLES = {
    "primary": mark("Main"), "secondary": mark("Second"), "accent": mark("Accent"), "ink": mark("Text"),
    "ground": mark("Ground"),
}  # fmt: skip
_START = {
    "primary": "#12355b", "secondary": "#1f5f8b", "accent": "#c8102e", "ink": "#14213d", "ground": "#f4f6f8",
}  # fmt: skip
_PLACES = {
    "top-left": mark("Upper left"), "top-right": mark("Upper right"), "bottom-left": mark("Lower left"),
    "bottom-right": mark("Lower right"), "none": mark("On no storyboard"),
}  # fmt: skip
_LANGUAGES = {"": mark("every language"), "en": mark("English"), "zh": mark("Chinese")}
_LOGO = QSize(176, 72)


class BrandForm(QScrollArea):
    """
    Signals:
        changed: the :class:`BrandKit` after a change by a person. logo_dropped: ids of assets, or local files
        (list of str). logo_from_selection, logo_from_file: the person asks for one of them. rules_wanted.
    """

    changed = Signal(object)
    logo_dropped = Signal(object)
    logo_from_selection = Signal()
    logo_from_file = Signal()
    rules_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = BrandKit()
        self._showing = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = body = QWidget()
        self.setWidget(body)
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 8, 16, 24)
        self._column.setSpacing(6)
        self._build_colours()
        self._build_fonts()
        self._build_logo()
        self._build_words()
        self._column.addStretch(1)
        let_wrap(body)
        self.retranslate()

    def _build_colours(self) -> None:
        self._column.addWidget(
            section(
                mark("Colours"),
                mark(
                    "New storyboards take them. A text in a colour that cannot be read on its ground gets a"
                    " shade of it that can."
                ),
            )
        )
        holder = QWidget(self._body)
        flow = FlowLayout(holder)
        flow.setContentsMargins(0, 0, 0, 0)
        self.swatches: dict[str, ColourButton] = {}
        self.values: dict[str, QLineEdit] = {}
        for role in ROLES:
            swatch, value = ColourButton(_ROLES[role]), QLineEdit()
            swatch.setFixedWidth(44)
            value.setFixedWidth(86)
            value.setMaxLength(7)
            name(value, _ROLES[role], mark("Such as #12355b; empty leaves the recipe's"))
            swatch.chosen.connect(lambda colour, role=role: self._colour(role, colour[:7]))
            value.editingFinished.connect(lambda role=role: self._typed(role))
            self.swatches[role], self.values[role] = swatch, value
            pair = QWidget(holder)
            pair_column = QVBoxLayout(pair)
            pair_column.setContentsMargins(0, 0, 4, 4)
            pair_column.setSpacing(2)
            pair_column.addWidget(label(_ROLES[role], "small"))
            pair_column.addLayout(row(swatch, value, spacing=4))
            flow.addWidget(pair)
        self._column.addWidget(holder)

    def _build_fonts(self) -> None:
        self._column.addWidget(section(mark("Fonts")))
        form = self._form()
        self.heading, self.body = QComboBox(), QComboBox()
        for box, words, key in (
            (self.heading, mark("Headings"), "heading"),
            (self.body, mark("Texts"), "body"),
        ):
            name(box, words)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(16)
            box.activated.connect(lambda _i, box=box, key=key: self._put(**{key: box.currentData()}))
            form.addRow(label(words), box)

    def _build_logo(self) -> None:
        self._column.addWidget(
            section(mark("Logo"), mark("Nothing else stands in its clear space: no text, no other mark."))
        )
        self.zone = DropZone((ASSETS_MIME, "text/uri-list"))
        self.zone.dropped.connect(self._dropped)
        self.logo = QLabel()
        self.logo.setFixedSize(_LOGO)
        self.logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.remove_logo = tool("trash", mark("Take the logo out"), lambda: self._put(logo=None))
        self.zone.setLayout(row(self.logo, None, self.remove_logo, margins=(10, 8, 10, 8)))
        self._column.addWidget(self.zone)
        holder = QWidget()
        flow = FlowLayout(holder)
        flow.setContentsMargins(0, 0, 0, 0)
        self.file_button = button(mark("From a file…"), self.logo_from_file.emit, icon="file-arrow-up")
        self.selected_button = button(
            mark("What is selected in the Library"), self.logo_from_selection.emit, icon="squares-four"
        )
        flow.addWidget(self.file_button)
        flow.addWidget(self.selected_button)
        self._column.addWidget(holder)
        form = self._form()
        self.corner = QComboBox()
        name(self.corner, mark("Place"))
        self.corner.activated.connect(lambda _i: self._put(corner=self.corner.currentData()))
        form.addRow(label(mark("Place")), self.corner)
        self.width_ = self._number(form, mark("Width"), "logo_width", 2, 60, mark("of the short side"))
        self.clear = self._number(form, mark("Clear space"), "clear_space", 0, 200, mark("of its height"))

    def _build_words(self) -> None:
        self._column.addWidget(
            section(mark("Reading"), mark("Contrast is measured on the finished picture behind the words."))
        )
        form = self._form()
        self.least = self._number(
            form, mark("Smallest letters"), "least_text", 0.5, 20, mark("of the short side")
        )
        self.contrast = QDoubleSpinBox()
        self.contrast.setRange(1.0, 21.0)
        self.contrast.setSingleStep(0.5)
        self.contrast.setSuffix(" : 1")
        inset(self.contrast)
        name(self.contrast, mark("Least contrast"), mark("WCAG 2.2 asks for 4.5 : 1, of large text 3 : 1"))
        self.contrast.valueChanged.connect(lambda value: self._put(contrast=float(value)))
        form.addRow(label(mark("Least contrast")), self.contrast)
        self.tone = QLineEdit()
        name(
            self.tone,
            mark("Tone"),
            mark("Words for whoever writes; they hold where the audience has no tone of its own"),
        )
        say(self.tone, mark("for example warm, plain, no superlatives"), "setPlaceholderText")
        self.tone.editingFinished.connect(lambda: self._put(tone=self.tone.text().strip()))
        form.addRow(label(mark("Tone")), self.tone)
        self._column.addWidget(
            section(mark("Disclaimers"), mark("They are written at the foot of the card."))
        )
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self._column.addLayout(self._lines)
        self.sentence, self.when = QLineEdit(), QLineEdit()
        name(self.sentence, mark("A sentence that must be there"))
        name(self.when, mark("Only in texts with this word"))
        say(self.sentence, mark("A sentence that must be there"), "setPlaceholderText")
        say(self.when, mark("only with the word…"), "setPlaceholderText")
        self.when.setMaximumWidth(140)
        self.language = QComboBox()
        name(
            self.language, mark("Language of the disclaimer"), mark("Only storyboards in it get the sentence")
        )
        for code, words in _LANGUAGES.items():
            self.language.addItem(tr(words), code)
        self.add_button = button(mark("Add"), self._add_disclaimer, icon="plus")
        for field in (self.sentence, self.when):
            field.returnPressed.connect(self._add_disclaimer)
        self._column.addLayout(row(self.sentence))
        self._column.addLayout(row(self.when, self.language, self.add_button, None))
        self.rules_button = button(
            mark("Words that must not be said…"), self.rules_wanted.emit, icon="prohibit"
        )
        self._column.addLayout(row(self.rules_button, None, margins=(0, 8, 0, 0)))

    def _form(self) -> QFormLayout:
        holder = QWidget()
        made = QFormLayout(holder)
        made.setContentsMargins(0, 0, 0, 4)
        made.setHorizontalSpacing(16)
        made.setVerticalSpacing(8)
        made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._column.addWidget(holder)
        return made

    def _number(
        self, form: QFormLayout, words: str, key: str, low: float, high: float, of: str
    ) -> QDoubleSpinBox:
        """A part in percent."""
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(1)
        box.setSuffix(" %")
        inset(box)
        name(box, words, of)
        box.valueChanged.connect(lambda value: self._put(**{key: round(float(value) / 100, 4)}))
        line = row(box, label(of, "small"), None)
        holder = QWidget()
        holder.setLayout(line)
        form.addRow(label(words), holder)
        return box

    # --- values -------------------------------------------------------------------------------------

    def show_kit(self, kit: BrandKit, *, read_only: bool) -> None:
        """A kit as it is kept."""
        self.kit = copy.deepcopy(kit)
        self._showing = True
        for role in ROLES:
            value = kit.colours.get(role, "")
            self.swatches[role].show_colour(value or "#00000000")
            self.values[role].setText(value)
        for box, family in ((self.heading, kit.heading), (self.body, kit.body)):
            at = box.findData(family)
            if at < 0:
                box.addItem(tr("{name} (not on this machine)", name=family), family)
                at = box.count() - 1
            box.setCurrentIndex(at)
        self.corner.setCurrentIndex(max(self.corner.findData(kit.corner), 0))
        for spin, part in (
            (self.width_, kit.logo_width), (self.clear, kit.clear_space), (self.least, kit.least_text),
        ):  # fmt: skip
            spin.setValue(part * 100)
        self.contrast.setValue(kit.contrast)
        self.tone.setText(kit.tone)
        self.remove_logo.setVisible(kit.logo is not None)
        if kit.logo is None:
            self.show_logo(None)
        self._show_disclaimers()
        self._body.setEnabled(not read_only)
        self._showing = False

    def show_logo(self, image: QImage | None) -> None:
        """The picture of the logo; None asks for one."""
        if image is None or image.isNull():
            self.logo.setPixmap(QPixmap())
            self.logo.setText(tr("Drop the logo here"))
            return
        ratio = self.devicePixelRatioF()
        made = QPixmap.fromImage(
            image.scaled(
                _LOGO * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        )
        made.setDevicePixelRatio(ratio)
        self.logo.setPixmap(made)

    def retranslate(self) -> None:
        """Words in choices and lines."""
        self._showing = True
        there = QFontDatabase.families()
        for box, family in ((self.heading, self.kit.heading), (self.body, self.kit.body)):
            box.clear()
            box.addItem(tr("The recipe's own"), "")
            for one in there:
                box.addItem(one, one)
            box.setCurrentIndex(max(box.findData(family), 0))
        self.corner.clear()
        for corner in CORNERS:
            self.corner.addItem(tr(_PLACES[corner]), corner)
        self.corner.setCurrentIndex(max(self.corner.findData(self.kit.corner), 0))
        if self.kit.logo is None:
            self.show_logo(None)
        for place, words in enumerate(_LANGUAGES.values()):
            self.language.setItemText(place, tr(words))
        self._show_disclaimers()
        self._showing = False

    def _show_disclaimers(self) -> None:
        empty(self._lines)
        for at, one in enumerate(self.kit.disclaimers):
            words = label(wrap=True)
            notes = [tr("only with “{word}”", word=one.when)] if one.when else []
            notes += [tr(_LANGUAGES.get(one.locale, one.locale))] if one.locale else []
            words.setText(" · ".join([one.text, *notes]))
            remove = tool("trash", mark("Remove this disclaimer"), self._remover(at))
            remove.setAccessibleName(tr("Remove: {what}", what=one.text))
            line = QWidget()
            layout = row(words, remove)
            layout.setStretch(0, 1)
            line.setLayout(layout)
            self._lines.addWidget(line)

    def _remover(self, at: int) -> Callable[[], None]:
        def remove() -> None:
            self._put(disclaimers=[one for number, one in enumerate(self.kit.disclaimers) if number != at])
            self._show_disclaimers()

        return remove

    def _add_disclaimer(self) -> None:
        words = " ".join(self.sentence.text().split())
        if not words:
            self.sentence.setFocus()
            return
        self._put(disclaimers=[*self.kit.disclaimers, Disclaimer(words, *self._where())])
        self.sentence.clear()
        self.when.clear()
        self._show_disclaimers()

    def _where(self) -> tuple[str, str]:
        """The language and the word that a new disclaimer is for."""
        return str(self.language.currentData() or ""), self.when.text().strip()

    def _colour(self, role: str, value: str) -> None:
        colours = dict(self.kit.colours)
        if value:
            colours[role] = value
        else:
            colours.pop(role, None)
        self.values[role].setText(value)
        self.swatches[role].show_colour(value or "#00000000")
        self._put(colours=colours)

    def _typed(self, role: str) -> None:
        text = self.values[role].text().strip().lower()
        text = f"#{text}" if text and not text.startswith("#") else text
        good = not text or (len(text) == 7 and all(c in "0123456789abcdef" for c in text[1:]))
        if not good:
            self.values[role].setText(self.kit.colours.get(role, ""))
        elif text != self.kit.colours.get(role, ""):
            self._colour(role, text)

    def _dropped(self, mime: QMimeData) -> None:
        ids = dropped_assets(mime)
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if ids or files:
            self.logo_dropped.emit(ids or files)

    def _put(self, **values: object) -> None:
        if self._showing:
            return
        for key, value in values.items():
            setattr(self.kit, key, value)
        if "logo" in values:
            self.remove_logo.setVisible(self.kit.logo is not None)
            if self.kit.logo is None:
                self.show_logo(None)
        self.changed.emit(copy.deepcopy(self.kit))

    def take_logo(self, asset_id: int) -> None:
        """Another logo, from the library."""
        self._put(logo=asset_id)


def new_kit(words: str) -> BrandKit:
    """A kit to begin with."""
    return BrandKit(name=words, colours=dict(_START))
