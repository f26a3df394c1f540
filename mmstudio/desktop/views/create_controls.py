"""The controls of Create: a model with its numbers, or a background with a palette."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QScrollArea,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.models.results import Recipe
from mmstudio.desktop.models.trained import ModelLine
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, help_dot, inset, offer_audiences, rule, tool
from mmstudio.desktop.views.create_sound import SoundControls
from mmstudio.desktop.views.create_text import TextControls
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.taste_row import TasteRow
from mmstudio.desktop.views.tiles import DropZone, PictureTile, Swatch
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Audience

RGB = tuple[int, int, int]
_MOST_SEED = 9999
_SEED_HELP = mark(
    "The seed is the number the chance starts from. The same model and the same seed make the same thing "
    "again; lock it to try other settings with the same start."
)
_TASTE_HELP = mark(
    "How far the results go towards what this audience likes: pictures towards the look of the ones it "
    "likes, sounds towards their tempo and key. At 0 % the audience changes nothing."
)


class SeedField(QWidget):
    """A seed with a lock; unlocked, every press of Generate takes a new one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._random = Random()
        self.value = QSpinBox()
        inset(self.value)
        self.value.setRange(0, _MOST_SEED)
        self.value.setMinimumWidth(76)
        name(self.value, mark("Seed"))
        self.lock = tool("lock-simple-open", mark("Lock the seed"), checkable=True)
        self.lock.toggled.connect(self._locked)
        self.dice = tool("dice-five", mark("Another seed"), self.roll)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.value, 1)
        for control in (self.dice, self.lock, help_dot(_SEED_HELP)):
            layout.addWidget(control)

    def roll(self) -> None:
        """Another seed."""
        self.value.setValue(self._random.randrange(_MOST_SEED))

    def take(self, *, first: bool) -> int:
        """The seed of this press; the first press uses the one that is shown."""
        if not self.lock.isChecked() and not first:
            self.roll()
        return self.value.value()

    def _locked(self, locked: bool) -> None:
        from mmstudio.desktop.icons import icon

        self.lock.setIcon(icon("lock-simple" if locked else "lock-simple-open", "text", "accent"))


class CreateControls(QTabWidget):
    """Signals: ``generate_wanted``, ``play_wanted`` for a model; ``background_wanted`` for a background."""

    generate_wanted = Signal()
    both_wanted = Signal()  # the same without and with an audience's taste
    background_wanted = Signal()
    item_chosen = Signal(int)
    play_wanted = Signal()
    page_wanted = Signal(str)  # key of a page that belongs to Create

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._lines: list[ModelLine] = []
        self._like: int | None = None
        self.palette_colours: list[RGB] = []
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self._build_model_page()
        self._build_background_page(context, pictures)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the tabs again."""
        self.setTabText(0, tr("From a model"))
        self.setTabText(1, tr("Background"))
        self.sound.retranslate()
        if self.audience.count():
            self.audience.setItemText(0, tr("Nobody in particular"))
        self._model_changed()

    def _page(self) -> tuple[QWidget, QVBoxLayout]:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.addTab(scroll, "")
        body = QWidget()
        scroll.setWidget(body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        return body, layout

    # --- from a model -------------------------------------------------------------------------------

    def _build_model_page(self) -> None:
        body, layout = self._page()
        self.model_box = QComboBox()
        name(self.model_box, mark("Model"))
        self.model_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.explanation = label(role="small", wrap=True)
        self.how_many = QSpinBox()
        inset(self.how_many)
        self.how_many.setRange(1, 64)
        self.how_many.setValue(8)
        name(self.how_many, mark("How many"))
        self.seed = SeedField()
        self.sound, self.text = SoundControls(self._pictures), TextControls()
        self.sound.changed.connect(self._enable)
        self.like_zone = DropZone((ASSETS_MIME,))
        self.like_zone.setMinimumHeight(72)
        say(self.like_zone, mark("A picture or sound to vary"), "setAccessibleName")
        self.like_zone.dropped.connect(self._dropped)
        self._like_layout = QHBoxLayout(self.like_zone)
        self._like_layout.setContentsMargins(8, 8, 8, 8)
        self.like_hint = label(mark("Drag a picture here to get variations of it."), "small", wrap=True)
        self._like_tile = self._new_tile(None, "")
        self._like_tile.hide()
        self._like_layout.addWidget(self._like_tile)
        self._like_layout.addWidget(self.like_hint, 1)
        self.audience = QComboBox()
        self.audience.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        name(self.audience, mark("Audience"))
        self.audience.currentIndexChanged.connect(lambda _i: self._show_taste())
        self.audience_label = label(mark("For the audience"), "muted")
        self.untold = label(
            mark(
                "This model cannot be told what people like. A picture VAE can, and a picture GAN that was "
                "trained with the shared vector."
            ),
            "small", wrap=True,
        )  # fmt: skip
        self.taste = TasteRow(_TASTE_HELP)
        self.generate_button = button(mark("Generate"), self.generate_wanted.emit, "primary", icon="sparkle")
        self.both_button = button(
            mark("Without and with taste"), self.both_wanted.emit, icon="columns",
            tip=mark("Everything twice from the same seeds, side by side: they differ by the taste alone"),
        )  # fmt: skip
        self.play_button = button(mark("Play with this model"), self.play_wanted.emit, icon="faders")
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.addRow(label(mark("How many"), "muted"), self.how_many)
        form.addRow(label(mark("Seed"), "muted"), self.seed)
        self.model_box.currentIndexChanged.connect(lambda _i: self._model_changed())
        layout.addWidget(label(mark("Model"), "muted"))
        layout.addWidget(self.model_box)
        layout.addWidget(self.explanation)
        layout.addLayout(form)
        layout.addWidget(self.sound)
        layout.addWidget(self.text)
        self.like_label = label(mark("Vary"), "muted")
        layout.addWidget(self.like_label)
        layout.addWidget(self.like_zone)
        layout.addWidget(self.sound.use)
        for widget in (self.audience_label, self.audience, self.untold, self.taste):
            layout.addWidget(widget)
        layout.addWidget(self.generate_button)
        layout.addWidget(self.both_button)
        layout.addWidget(self.play_button)
        layout.addSpacing(8)
        layout.addWidget(rule())
        self.sets_button = button(
            mark("Make a set"), lambda: self.page_wanted.emit("sets"), icon="puzzle-piece",
            tip=mark("A picture, a sound and a text that belong together"),
        )  # fmt: skip
        self.write_button = button(
            mark("Write"), lambda: self.page_wanted.emit("write"), icon="note-pencil",
            tip=mark("Copy for your items, every claim checked"),
        )  # fmt: skip
        layout.addWidget(self.sets_button)
        layout.addWidget(self.write_button)
        layout.addStretch(1)
        let_wrap(body)

    def set_models(self, lines: list[ModelLine]) -> None:
        """Offer the models that can draw; the chosen one stays chosen."""
        chosen = self.model_box.currentData()
        self._lines = [line for line in lines if line.info.status in ("ready", "training")]
        self.model_box.blockSignals(True)
        self.model_box.clear()
        for line in self._lines:
            self.model_box.addItem(line.name, line.name)
        self.model_box.setCurrentIndex(max(0, self.model_box.findData(chosen)))
        self.model_box.blockSignals(False)
        self._model_changed()

    def set_audiences(self, audiences: Sequence[Audience]) -> None:
        """Offer the library's audiences; the chosen one stays chosen."""
        offer_audiences(self.audience, audiences)
        self._show_taste()

    @property
    def audience_id(self) -> int | None:
        """Whose taste counts; None where nobody is chosen or the model cannot be told."""
        line, chosen = self.line, self.audience.currentData()
        return int(chosen) if chosen is not None and line is not None and line.personal else None

    def _show_taste(self) -> None:
        line = self.line
        asked = line is not None and line.modality in ("image", "audio") and self.audience.count() > 1
        self.audience_label.setVisible(asked)
        self.audience.setVisible(asked)
        self.untold.setVisible(
            asked and line is not None and not line.personal and self.audience.currentData() is not None
        )
        for widget in (self.taste, self.both_button):
            widget.setVisible(asked and self.audience_id is not None)

    def choose_model(self, model: str) -> None:
        """Select a model by name."""
        place = self.model_box.findData(model)
        if place >= 0:
            self.setCurrentIndex(0)
            self.model_box.setCurrentIndex(place)

    @property
    def line(self) -> ModelLine | None:
        """The chosen model."""
        chosen = self.model_box.currentData()
        return next((line for line in self._lines if line.name == chosen), None)

    @property
    def like(self) -> int | None:
        """The asset to vary."""
        return self._like

    def set_like(self, asset: int | None, title: str = "") -> None:
        """Vary an asset, or nothing."""
        self._like = asset
        self._like_tile.hide()
        if asset is not None:
            words = title or tr("Press to take it off")
            old, self._like_tile = self._like_tile, self._new_tile(asset, words)
            self._like_layout.replaceWidget(old, self._like_tile)
            old.deleteLater()
        hint = (
            mark("Variations of this one. Press it to take it off.")
            if asset is not None
            else self._like_words()
        )
        say(self.like_hint, hint)
        self.sound.show_given(asset is not None and self._modality == "audio")
        self._enable()

    def _new_tile(self, asset: int | None, words: str) -> PictureTile:
        tile = PictureTile(self._pictures, asset, words, side=56, contain=True)
        tile.clicked.connect(lambda: self.set_like(None))
        return tile

    def _like_words(self) -> str:
        if self._modality == "audio":
            return mark("Drag a sound here to vary it, go on from it, or take its colour on.")
        if self._modality == "text":
            return mark("Drag a text here to start from it.")
        return mark("Drag a picture here to get variations of it.")

    def _dropped(self, mime: QMimeData) -> None:
        ids = dropped_assets(mime)
        if ids:
            self.set_like(ids[0])

    def _model_changed(self) -> None:
        line = self.line
        self.explanation.setText(tr(line.explanation) if line is not None else "")
        self.sound.setVisible(self._modality == "audio")
        self.sound.show_given(self._like is not None and self._modality == "audio")
        self.text.setVisible(self._modality == "text")
        if line is not None and self._modality == "text":
            self.text.set_family(line.info.family)
        self._show_taste()
        self._enable()
        self.play_button.setVisible(line is not None and line.modality == "image")
        if self._like is None:
            say(self.like_hint, self._like_words())

    @property
    def _modality(self) -> str:
        return self.line.modality if self.line is not None else ""

    @property
    def problem(self) -> str:
        """What is missing before anything can be made, as a marked sentence."""
        return self.sound.problem(self._like) if self._modality == "audio" else ""

    def _enable(self) -> None:
        if hasattr(self, "generate_button"):
            ready = self.line is not None and not self.problem
            self.generate_button.setEnabled(ready)
            self.both_button.setEnabled(ready)
            say(self.generate_button, self.problem or mark("Generate"), "setToolTip")

    def recipes(self, seed: int) -> list[Recipe]:
        """How each result of this press is made, the first from ``seed``."""
        line, n = self.line, self.how_many.value()
        if line is None:
            return []
        if line.modality == "audio":
            spread = self.sound.use_as == "between" and n > 1
            return [
                Recipe(
                    line.name,
                    seed + i,
                    "audio",
                    sound=self.sound.fields(self._like, i / (n - 1) if spread else None),
                )
                for i in range(n)
            ]
        if line.modality == "text":
            fields = self.text.fields
            if self.text.between:
                row = fields | {"n": max(2, n)}
                return [Recipe(line.name, seed, "text", writing=row, place=i) for i in range(max(2, n))]
            return [Recipe(line.name, seed + i, "text", self._like, writing=fields) for i in range(n)]
        return [Recipe(line.name, seed + i, line.modality, self._like) for i in range(n)]

    # --- background ---------------------------------------------------------------------------------

    def _build_background_page(self, context: AppContext, pictures: Pictures) -> None:
        body, layout = self._page()
        self.item = ItemButton(context, pictures)
        self.item.chosen.connect(self.item_chosen)
        self.swatches = QWidget()
        self._swatch_layout = QHBoxLayout(self.swatches)
        self._swatch_layout.setContentsMargins(0, 0, 0, 0)
        self._swatch_layout.setSpacing(4)
        self.palette_hint = label(
            mark("The colours are taken from the item's main picture."), "small", wrap=True
        )
        self.background_count = QSpinBox()
        inset(self.background_count)
        self.background_count.setRange(1, 24)
        self.background_count.setValue(6)
        name(self.background_count, mark("How many"))
        self.background_seed = SeedField()
        self.background_button = button(
            mark("Make backgrounds"), self.background_wanted.emit, "primary", icon="paint-brush"
        )
        self.background_button.setEnabled(False)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.addRow(label(mark("How many"), "muted"), self.background_count)
        form.addRow(label(mark("Seed"), "muted"), self.background_seed)
        layout.addWidget(label(mark("Background for"), "muted"))
        layout.addWidget(self.item)
        layout.addWidget(self.palette_hint)
        layout.addWidget(self.swatches)
        layout.addLayout(form)
        layout.addWidget(self.background_button)
        layout.addStretch(1)
        let_wrap(body)

    def set_palette_colours(self, colours: list[RGB]) -> None:
        """Show the palette backgrounds are made in."""
        self.palette_colours = colours
        empty(self._swatch_layout)
        for rgb in colours:
            self._swatch_layout.addWidget(Swatch(rgb))
        self._swatch_layout.addStretch(1)
        self.background_button.setEnabled(bool(colours))
