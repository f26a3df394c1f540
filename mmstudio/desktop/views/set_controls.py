"""What a set is made from, and how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.models.items import mime_items
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, help_dot, inset, offer_audiences, row
from mmstudio.desktop.views.create_controls import SeedField
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.desktop.views.taste_row import TasteRow
from mmstudio.desktop.views.tiles import DropZone, PictureTile
from mmstudio.generation.sets.contract import LONGEST, SHORTEST, SetWish
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.pictures import Pictures
    from mmstudio.library.records import Audience

SOURCES = {
    "item": mark("An item"),
    "media": mark("A picture, sound or text"),
    "text": mark("A sentence"),
    "audience": mark("An audience"),
    "nothing": mark("Nothing: surprise me"),
}
_JOINT_HELP = mark(
    "A joint model has learned which pictures, sounds and words belong together. Without one, the parts are "
    "tied by what can be measured: colours, brightness, tempo and the words themselves."
)
_TEMPERATURE_HELP = mark(
    "Temperature says how far the models may stray from what is usual for them. At 1 they are as varied as "
    "what they learned from; lower is calmer, higher is more daring."
)
_TASTE_HELP = mark(
    "How far the set goes towards what this audience likes: its colours, mood, tempo, key and words. At 0 % "
    "the audience counts for tone and language alone; at 100 % the taste decides all that it knows."
)
ENGINES = {
    "facts": mark("Facts writer"),
    "folder": mark("Local language model"),
    "server": mark("Local server"),
}
_FILES = (
    "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.wav *.flac *.ogg *.opus *.mp3 *.m4a *.aiff *.txt *.md"
)


class SetControls(QScrollArea):
    """
    Signals:
        make_wanted: the button was pressed. both_wanted: a set without and one with the taste.
        source_changed: another kind of source or another source.
    """

    make_wanted = Signal()
    both_wanted = Signal()
    source_changed = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._pictures = context, pictures
        self.asset: int | None = None
        self.file = ""
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(240)
        body = QWidget()
        self.setWidget(body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(label(mark("Start from"), "muted"))
        self._build_source(context, pictures, layout)
        self._build_how(layout)
        self.make_button = button(mark("Make a set"), self.make_wanted.emit, "primary", icon="sparkle")
        self.both_button = button(
            mark("Without and with taste"), self.both_wanted.emit, icon="columns",
            tip=mark("Two sets from one seed, side by side: they differ by the taste alone"),
        )  # fmt: skip
        layout.addSpacing(4)
        layout.addWidget(self.make_button)
        self.lacking = label(role="small", wrap=True)
        layout.addWidget(self.lacking)
        layout.addWidget(self.both_button)
        layout.addStretch(1)
        let_wrap(body)
        self._show_kind()

    def _build_source(self, context: AppContext, pictures: Pictures, layout: QVBoxLayout) -> None:
        self.kind_box = QComboBox()
        name(self.kind_box, mark("What the set is made from"))
        for key, words in SOURCES.items():
            self.kind_box.addItem(tr(words), key)
        self.item = ItemButton(context, pictures)
        self.item.shown.connect(self.source_changed)
        self.zone = DropZone((ASSETS_MIME, "text/uri-list"))
        self.zone.setMinimumHeight(72)
        say(self.zone, mark("The picture, sound or text to start from"), "setAccessibleName")
        self.zone.dropped.connect(self.take)
        self._zone_layout = QHBoxLayout(self.zone)
        self._zone_layout.setContentsMargins(8, 8, 8, 8)
        self.zone_words = label(wrap=True)
        self._tile = self._new_tile(None, "")
        self._tile.hide()
        self._zone_layout.addWidget(self._tile)
        self._zone_layout.addWidget(self.zone_words, 1)
        self.selected_button = button(mark("Use what is selected"), self.use_selection, icon="selection-all")
        self.file_button = button(mark("Use a file…"), self.choose_file, icon="folder-open")
        self.sentence = TextField(3, 8)
        name(self.sentence, mark("Sentence"), mark("What the set should be like, in your words"))
        say(self.sentence, mark("A quiet morning by the sea"), "setPlaceholderText")
        self.audience = QComboBox()
        name(self.audience, mark("Audience"))
        self.audience_label = label(mark("For the audience"), "muted")
        self.taste = TasteRow(_TASTE_HELP)
        self.strength = self.taste.slider
        for widget in (
            self.kind_box, self.item, self.zone, self.selected_button, self.file_button, self.sentence,
            self.audience_label, self.audience, self.taste,
        ):  # fmt: skip
            layout.addWidget(widget)
        self.kind_box.currentIndexChanged.connect(lambda _i: self._kind_chosen())
        self.sentence.textChanged.connect(self.source_changed)
        self.audience.currentIndexChanged.connect(lambda _i: self._audience_chosen())

    def _build_how(self, layout: QVBoxLayout) -> None:
        self.model_box, self.engine_box = QComboBox(), QComboBox()
        name(self.model_box, mark("Joint model"))
        name(self.engine_box, mark("Who writes the text"))
        for box in (self.model_box, self.engine_box, self.audience, self.kind_box):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model_box.addItem(tr("No model"), "")
        for key, words in ENGINES.items():
            self.engine_box.addItem(tr(words), key)
        self.seconds = QDoubleSpinBox()
        inset(self.seconds)
        self.seconds.setRange(SHORTEST, LONGEST)
        self.seconds.setValue(SetWish().seconds)
        self.seconds.setDecimals(0)
        self.seconds.setSuffix(" s")
        name(self.seconds, mark("Length of the sound"))
        self.temperature = QSlider(Qt.Orientation.Horizontal)
        self.temperature.setRange(0, 40)
        self.temperature.setValue(20)
        self.temperature.setPageStep(5)
        name(self.temperature, mark("Temperature"))
        self.temperature_words = label(role="small")
        self.temperature_words.setMinimumWidth(28)
        self.temperature.valueChanged.connect(lambda _v: self._say_temperature())
        self.seed = SeedField()
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        for words, field in (
            (mark("Tied by"), row(self.model_box, help_dot(_JOINT_HELP), spacing=4)),
            (mark("Text by"), row(self.engine_box, spacing=4)),
            (mark("Length"), row(self.seconds, spacing=4)),
            (
                mark("Temperature"),
                row(self.temperature, self.temperature_words, help_dot(_TEMPERATURE_HELP), spacing=4),
            ),
            (mark("Seed"), row(self.seed, spacing=4)),
        ):
            field.setStretch(0, 1)
            holder = QWidget()
            holder.setLayout(field)
            form.addRow(label(words, "muted"), holder)
        layout.addSpacing(8)
        layout.addLayout(form)
        self._say_temperature()

    # --- what there is to choose --------------------------------------------------------------------

    def set_audiences(self, audiences: Sequence[Audience]) -> None:
        """Offer the library's audiences; the chosen one stays chosen."""
        offer_audiences(self.audience, audiences)
        self._show_kind()

    def set_models(self, names: Sequence[str]) -> None:
        """Offer the joint models that can be used."""
        chosen = self.model_box.currentData()
        self.model_box.clear()
        self.model_box.addItem(tr("No model"), "")
        for model in names:
            self.model_box.addItem(model, model)
        self.model_box.setCurrentIndex(max(0, self.model_box.findData(chosen)))

    def set_engines(self, ready: Sequence[str]) -> None:
        """Which engines can write now; facts always can."""
        for place in range(self.engine_box.count()):
            may = self.engine_box.itemData(place) in (*ready, "facts")
            self.engine_box.model().item(place).setEnabled(may)  # type: ignore[attr-defined]
        if self.engine_box.currentData() not in (*ready, "facts"):
            self.engine_box.setCurrentIndex(0)

    # --- the source ---------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """Key of :data:`SOURCES`."""
        return str(self.kind_box.currentData())

    def set_kind(self, kind: str) -> None:
        """Choose a kind of source."""
        self.kind_box.setCurrentIndex(self.kind_box.findData(kind))

    def use_item(self, item: int) -> None:
        """Start from an item."""
        self.set_kind("item")
        self.item.show_item(item)

    def use_asset(self, asset: int) -> None:
        """Start from a medium of the library."""
        self.set_kind("media")
        self.asset, self.file = asset, ""
        self._show_media(tr("From the library. Press it to take it off."))

    def use_file(self, path: str) -> None:
        """Start from a file outside the library."""
        self.set_kind("media")
        self.asset, self.file = None, path
        self._show_media(Path(path).name)

    def use_text(self, text: str) -> None:
        """Start from a sentence."""
        self.set_kind("text")
        self.sentence.setPlainText(text)

    def use_audience(self, audience: int) -> None:
        """Start from an audience."""
        self.set_kind("audience")
        self.audience.setCurrentIndex(max(0, self.audience.findData(audience)))

    def use_selection(self) -> None:
        """Start from what is selected in the library."""
        if self._context.selection:
            self.use_asset(self._context.selection[0])

    def choose_file(self) -> None:
        """Ask for a file."""
        path, _filter = QFileDialog.getOpenFileName(
            self, tr("Use a file"), str(Path.home()), f"{tr('Pictures, sounds and texts')} ({_FILES})"
        )
        if path:
            self.use_file(path)

    def take(self, mime: QMimeData) -> None:
        """Start from whatever was dropped: media of the library, an item, a file, or words."""
        assets, items = dropped_assets(mime), mime_items(mime)
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if assets:
            self.use_asset(assets[0])
        elif items:
            self.use_item(items[0])
        elif files:
            self.use_file(files[0])
        elif mime.text().strip():
            self.use_text(mime.text().strip())

    def clear(self) -> None:
        """Another library."""
        self.asset, self.file = None, ""
        self.item.clear()
        self.sentence.clear()
        self._show_media("")

    @property
    def problem(self) -> str:
        """What is still missing before a set can be made, as a marked sentence; empty where nothing is."""
        missing = {
            "item": (self.item.item_id is None, mark("Choose an item first.")),
            "media": (self.asset is None and not self.file, mark("Choose a picture, sound or text first.")),
            "text": (not self.sentence.words(), mark("Write a sentence first.")),
            "audience": (self.audience.currentData() is None, mark("Choose an audience first.")),
        }
        absent, words = missing.get(self.kind, (False, ""))
        return words if absent else ""

    def say_lacking(self) -> None:
        """Say below the button why it cannot be pressed."""
        problem = self.problem
        if problem:
            say(self.lacking, problem)
        self.lacking.setVisible(bool(problem))

    @property
    def audience_id(self) -> int | None:
        """Whom the set is for; None for nobody in particular."""
        chosen = self.audience.currentData() if self.kind in ("item", "text", "audience") else None
        return None if chosen is None else int(chosen)

    def wish(self, *, first: bool, locks: Sequence[Any] = ()) -> SetWish:
        """The wish of this press; ``first`` keeps the seed that is shown."""
        kind, audience = self.kind, self.audience_id
        return SetWish(
            item_id=self.item.item_id if kind == "item" else None,
            asset_id=self.asset if kind == "media" else None,
            file=self.file if kind == "media" else "",
            text=self.sentence.words() if kind == "text" else "",
            audience_id=audience,
            strength=self.taste.share if audience is not None else 0.0,
            model=str(self.model_box.currentData() or ""),
            seed=self.seed.take(first=first),
            seconds=self.seconds.value(),
            temperature=self.temperature.value() / 20,
            locks=tuple(locks),
            engine=str(self.engine_box.currentData()),
        )

    # --- inside -------------------------------------------------------------------------------------

    def retranslate(self) -> None:
        """Words in choices."""
        for box, words in ((self.kind_box, SOURCES), (self.engine_box, ENGINES)):
            for place in range(box.count()):
                box.setItemText(place, tr(words[box.itemData(place)]))
        self.model_box.setItemText(0, tr("No model"))
        if self.audience.count():
            self.audience.setItemText(0, tr("Nobody in particular"))
        self._say_temperature()

    def _say_temperature(self) -> None:
        self.temperature_words.setText(f"{self.temperature.value() / 20:.2f}".rstrip("0").rstrip("."))

    def _kind_chosen(self) -> None:
        self._show_kind()
        self.source_changed.emit()

    def _audience_chosen(self) -> None:
        self._show_taste()
        self.source_changed.emit()

    def _show_taste(self) -> None:
        for widget in (self.taste, self.both_button):
            widget.setVisible(self.audience_id is not None)

    def _show_kind(self) -> None:
        kind = self.kind
        self.item.setVisible(kind == "item")
        media = kind == "media"
        for widget in (self.zone, self.selected_button, self.file_button):
            widget.setVisible(media)
        self.sentence.setVisible(kind == "text")
        self.audience_label.setVisible(kind in ("item", "text"))
        self.audience.setVisible(kind in ("item", "text", "audience"))
        self._show_taste()
        self.show_selection()
        if media and self.asset is None and not self.file:
            say(self.zone_words, mark("Drag a picture, sound or text here."))

    def show_selection(self) -> None:
        """Whether something is selected in the library."""
        self.selected_button.setEnabled(bool(self._context.selection))

    def _show_media(self, words: str) -> None:
        key = self.asset if self.asset is not None else self.file or None
        old, self._tile = self._tile, self._new_tile(key, words or tr("Nothing"))
        self._zone_layout.replaceWidget(old, self._tile)
        old.hide()
        old.deleteLater()
        self._tile.setVisible(key is not None)
        if key is None:
            say(self.zone_words, mark("Drag a picture, sound or text here."))
        else:
            unsay(self.zone_words)
            self.zone_words.setText(words)
        self.source_changed.emit()

    def _new_tile(self, key: int | str | None, words: str) -> PictureTile:
        tile = PictureTile(self._pictures, key, words, side=56, contain=True)
        tile.clicked.connect(self._take_off)
        return tile

    def _take_off(self) -> None:
        self.asset, self.file = None, ""
        self._show_media("")
