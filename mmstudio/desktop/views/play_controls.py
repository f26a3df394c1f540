"""The controls of Play: model, seed and locks, how wild, what the model is told, a picture to start from."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QSpinBox, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.models.trained import ModelLine
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, help_dot, inset, row, section, tool
from mmstudio.desktop.views.flow import FlowLayout, let_wrap
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.play_sliders import SettledSlider
from mmstudio.desktop.views.tiles import Swatch
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.latents.point import Point
    from mmstudio.learning.conditions import Conditions

MOST_SEED = 9_999_999
WILDEST = 150  # hundredths of the truncation
_SEED_HELP = mark(
    "The seed is the number the chance starts from: the same model and seed draw the same picture again. "
    "Keep the layout or the colours to change only the rest when you roll."
)
_WILD_HELP = mark(
    "Truncation: how far a picture may be from the middle of what the model learned. To the left pictures "
    "are more typical and often cleaner, to the right rarer and wilder."
)
_MODEL_HELP = mark(
    "A GAN learned to draw by being told apart from real pictures; its pictures are crisp. A VAE learned to "
    "draw pictures again from few numbers; its pictures are softer, and any picture can be put into it."
)
_TOLD_HELP = mark(
    "This model was told tags, colours or what a picture is like while it learned. Tell it what you want, or "
    "leave it free."
)


class PlayControls(QScrollArea):
    """Signals:
    model_chosen: a name. seed_chosen: a seed. reroll_wanted. wilder: truncation while the slider moves.
    wild_settled. told: the condition of a point. item_wanted: whose look or colours; selection_wanted:
    "palette", "vector" or "project" from the selected asset; file_wanted.
    """

    model_chosen = Signal(str)
    seed_chosen = Signal(int)
    reroll_wanted = Signal()
    wilder = Signal(float)
    wild_settled = Signal()
    told = Signal(dict)
    item_wanted = Signal(int)
    selection_wanted = Signal(str)
    file_wanted = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._random = Random()
        self._lines: list[ModelLine] = []
        self._conditions: Conditions | None = None
        self._told: dict[str, Any] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        self._model_part(layout)
        self._seed_part(layout)
        self._told_part(layout, context, pictures)
        self._picture_part(layout)
        layout.addStretch(1)
        self.setWidget(body)
        let_wrap(body)
        self.show_conditions(None)

    # --- parts --------------------------------------------------------------------------------------

    def _model_part(self, layout: QVBoxLayout) -> None:
        self.model_box = QComboBox()
        name(self.model_box, mark("Model"))
        self.model_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model_box.activated.connect(lambda _i: self.model_chosen.emit(self.model))
        self.model_note = label(role="small", wrap=True)
        layout.addLayout(row(label(mark("Model"), "muted"), None, help_dot(_MODEL_HELP)))
        layout.addWidget(self.model_box)
        layout.addWidget(self.model_note)

    def _seed_part(self, layout: QVBoxLayout) -> None:
        self.seed = QSpinBox()
        inset(self.seed)
        self.seed.setRange(0, MOST_SEED)
        self.seed.setKeyboardTracking(False)
        name(self.seed, mark("Seed"))
        self.seed.valueChanged.connect(self.seed_chosen)
        self.before = tool("caret-left", mark("The seed before"), lambda: self.seed.stepBy(-1))
        self.after = tool("caret-right", mark("The next seed"), lambda: self.seed.stepBy(1))
        self.base_note = label(role="small", wrap=True)
        say(self.base_note, mark("This picture comes from more than its seed; another seed starts afresh."))
        self.base_note.hide()
        self.roll_button = button(mark("Roll again"), self.reroll_wanted.emit, icon="dice-five")
        say(self.roll_button, mark("Another picture by chance (R)"), "setToolTip")
        self.keep_layout = self._lock(mark("Keep layout"), mark("Roll only colours and details"))
        self.keep_colours = self._lock(mark("Keep colours"), mark("Roll only what is where"))
        self.keep_layout.toggled.connect(lambda on: self.keep_colours.setChecked(False) if on else None)
        self.keep_colours.toggled.connect(lambda on: self.keep_layout.setChecked(False) if on else None)
        self.wild = SettledSlider()
        self.wild.setRange(0, WILDEST)
        self.wild.setValue(100)
        self.wild.setSingleStep(5)
        name(self.wild, mark("From typical to wild"), mark("Closer to what is typical, or wilder"))
        self.wild.moved.connect(lambda value: self.wilder.emit(value / 100))
        self.wild.settled.connect(self.wild_settled)
        locks = QWidget()
        flow = FlowLayout(locks, 4)
        flow.addWidget(self.keep_layout)
        flow.addWidget(self.keep_colours)
        layout.addLayout(row(label(mark("Seed"), "muted"), None, help_dot(_SEED_HELP)))
        layout.addLayout(row(self.before, self.seed, self.after, spacing=4))
        layout.addWidget(self.base_note)
        layout.addWidget(self.roll_button)
        layout.addWidget(locks)
        layout.addLayout(
            row(
                label(mark("Typical"), "muted"),
                None,
                label(mark("Wild"), "muted"),
                help_dot(_WILD_HELP),
                spacing=4,
            )
        )
        layout.addWidget(self.wild)

    def _lock(self, words: str, tip: str) -> QToolButton:
        made = _chip(words)
        say(made, tip, "setToolTip")
        say(made, tip, "setStatusTip")
        return made

    def _told_part(self, layout: QVBoxLayout, context: AppContext, pictures: Pictures) -> None:
        self.told_title = section(mark("Told to the model"), _TOLD_HELP)
        self.tags = QWidget()
        self._tag_flow = FlowLayout(self.tags, 4)
        self.tag_chips: dict[str, QToolButton] = {}
        self.swatches = QWidget()
        self._swatch_flow = FlowLayout(self.swatches, 4)
        self.palette_button = button(
            mark("Colours of the selection"),
            lambda: self.selection_wanted.emit("palette"),
            icon="palette",
        )
        self.item = ItemButton(context, pictures)
        self.item.chosen.connect(self.item_wanted)
        self.like_button = button(
            mark("Like the selection"), lambda: self.selection_wanted.emit("vector"), icon="target"
        )
        self.free_button = button(mark("Tell it nothing"), lambda: self._tell({}), icon="x")
        for widget in (
            self.told_title, self.tags, self.swatches, self.palette_button, self.like_button, self.item,
            self.free_button,
        ):  # fmt: skip
            layout.addWidget(widget)

    def _picture_part(self, layout: QVBoxLayout) -> None:
        layout.addWidget(section(mark("Start from a picture")))
        self.use_hint = label(
            mark("Drop a picture on the large one: the model looks for what it would draw like it."),
            "small",
            wrap=True,
        )
        self.use_button = button(
            mark("Use the selected picture"),
            lambda: self.selection_wanted.emit("project"),
            icon="image-square",
        )
        self.file_button = button(mark("Use a file…"), self.file_wanted.emit, icon="folder-open")
        for widget in (self.use_hint, self.use_button, self.file_button):
            layout.addWidget(widget)

    # --- models -------------------------------------------------------------------------------------

    @property
    def model(self) -> str:
        """Name of the chosen model, empty where there is none."""
        return str(self.model_box.currentData() or "")

    @property
    def line(self) -> ModelLine | None:
        """The chosen model."""
        return next((line for line in self._lines if line.name == self.model), None)

    def set_models(self, lines: list[ModelLine]) -> None:
        """Offer the picture models; the chosen one stays chosen."""
        chosen = self.model
        self._lines = lines
        self.model_box.blockSignals(True)
        self.model_box.clear()
        for line in lines:
            self.model_box.addItem(line.name, line.name)
        self.model_box.setCurrentIndex(max(0, self.model_box.findData(chosen)) if lines else -1)
        self.model_box.blockSignals(False)

    def choose_model(self, model: str) -> bool:
        """Select a model by name without a signal; False where it is not offered."""
        place = self.model_box.findData(model)
        if place >= 0:
            self.model_box.setCurrentIndex(place)
        return place >= 0

    def set_note(self, words: str) -> None:
        """A line below the model; words are translated already."""
        self.model_note.setText(words)
        self.model_note.setVisible(bool(words))

    # --- the point ----------------------------------------------------------------------------------

    @property
    def keep(self) -> str:
        """What a roll keeps: "nothing", "layout" or "colours"."""
        if self.keep_layout.isChecked():
            return "layout"
        return "colours" if self.keep_colours.isChecked() else "nothing"

    def random_seed(self) -> int:
        """Another seed by chance."""
        return self._random.randrange(MOST_SEED)

    def show_point(self, point: Point) -> None:
        """Stand where a point stands, without signals."""
        self.seed.blockSignals(True)
        self.seed.setValue(min(MOST_SEED, max(0, point.seed)))
        self.seed.blockSignals(False)
        plain = point.base is None and point.fine is None and point.fine_seed is None
        self.base_note.setVisible(not plain)
        if not self.wild.isSliderDown():
            self.wild.show_value(round(point.truncation * 100))
        self._told = dict(point.condition)
        self._show_told()

    def show_conditions(self, conditions: Conditions | None) -> None:
        """Offer what a model can be told; nothing where it is told nothing."""
        self._conditions = conditions
        self._tag_flow.clear()
        self.tag_chips = {}
        for tag in conditions.tags if conditions else ():
            chip = _chip("")
            unsay(chip)
            chip.setText(tag)
            chip.setAccessibleName(tr("Tell the tag {tag}", tag=tag))
            chip.clicked.connect(lambda _on=False: self._tags_told())
            self.tag_chips[tag] = chip
            self._tag_flow.addWidget(chip)
            chip.show()
        told = conditions is not None and bool(conditions.width)
        palette = conditions is not None and bool(conditions.palette)
        vector = conditions is not None and bool(conditions.vector)
        self.told_title.setVisible(told)
        self.free_button.setVisible(told)
        self.tags.setVisible(bool(self.tag_chips))
        self.palette_button.setVisible(palette)
        self.swatches.setVisible(palette)
        self.like_button.setVisible(vector)
        self.item.setVisible(palette or vector)
        self.tags.updateGeometry()

    def retranslate(self) -> None:
        """Name the chips again."""
        self.show_conditions(self._conditions)
        self._show_told()

    def show_selection(self, *, picture: bool) -> None:
        """Whether a picture is selected in the library."""
        for made in (self.palette_button, self.like_button, self.use_button):
            made.setEnabled(picture)

    def _show_told(self) -> None:
        tags = set(self._told.get("tags") or ())
        for tag, chip in self.tag_chips.items():
            chip.setChecked(tag in tags)
        self._swatch_flow.clear()
        for rgb in self._told.get("palette") or ():
            swatch = Swatch((int(rgb[0]), int(rgb[1]), int(rgb[2])))
            self._swatch_flow.addWidget(swatch)
            swatch.show()
        self.swatches.updateGeometry()
        self.free_button.setEnabled(any(self._told.values()))

    def _tags_told(self) -> None:
        self._tell({**self._told, "tags": [tag for tag, chip in self.tag_chips.items() if chip.isChecked()]})

    def tell(self, **told: Any) -> None:
        """Add to what the model is told."""
        self._tell({**self._told, **told})

    def _tell(self, told: dict[str, Any]) -> None:
        self._told = {key: value for key, value in told.items() if value}
        self._show_told()
        self.told.emit(dict(self._told))


def _chip(words: str) -> QToolButton:
    made = QToolButton()
    made.setProperty("role", "chip")
    made.setCheckable(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if words:
        say(made, words)
        say(made, words, "setAccessibleName")
    return made
