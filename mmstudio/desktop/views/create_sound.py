"""What is asked of a sound model: form, length, tempo, key, loudness, and what to do with given sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import help_dot, inset, row
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.set_shared import key_text
from mmstudio.desktop.views.tiles import DropZone, PictureTile
from mmstudio.generation.sounding.wish import (
    FASTEST,
    LONGEST,
    LOUDEST,
    LOUDNESS,
    QUIETEST,
    SLOWEST,
    key_name,
)
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.views.pictures import Pictures

_KINDS = {
    "one-shot": mark("Single sound"),
    "loop": mark("Seamless loop"),
    "bed": mark("Music bed"),
}
_HOWS = {
    "like": mark("Vary it"),
    "timbre": mark("Take on its colour"),
    "continue": mark("Go on from it"),
    "between": mark("Between two sounds"),
}
_AMOUNTS = {  # what the slider says for each use, and where it begins
    "like": (mark("How far from it"), 35),
    "timbre": (mark("How much of its colour"), 70),
    "between": (mark("Where between the two"), 50),
}
_LOUDNESS_HELP = mark(
    "Loudness as broadcasters measure it, in LUFS. -18 leaves room for a voice, -14 is as music services "
    "play it."
)
_ANY = 0.0


class SoundControls(QWidget):
    """:attr:`changed` says that a given sound is used in another way."""

    changed = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.second: int | None = None
        self.kind, self.key, self.how = QComboBox(), QComboBox(), QComboBox()
        name(self.kind, mark("Form of the sound"))
        name(self.key, mark("Key"))
        name(self.how, mark("What to do with the given sound"))
        for kind, words in _KINDS.items():
            self.kind.addItem(tr(words), kind)
        self.key.addItem(tr("any"), None)
        for number in range(24):
            self.key.addItem(key_text(number), key_name(number))
        for how, words in _HOWS.items():
            self.how.addItem(tr(words), how)
        self.seconds, self.tempo, self.loudness = QDoubleSpinBox(), QDoubleSpinBox(), QDoubleSpinBox()
        inset(self.seconds, self.tempo, self.loudness)
        self.seconds.setRange(0.0, LONGEST)
        self.seconds.setDecimals(1)
        self.seconds.setSpecialValueText(tr("as it comes"))
        self.seconds.setSuffix(" s")
        name(self.seconds, mark("Length of the sound"))
        self.tempo.setRange(SLOWEST - 1, FASTEST)
        self.tempo.setDecimals(0)
        self.tempo.setSpecialValueText(tr("any"))
        self.tempo.setValue(SLOWEST - 1)
        name(self.tempo, mark("Tempo in beats a minute"))
        self.loudness.setRange(QUIETEST, LOUDEST)
        self.loudness.setDecimals(0)
        self.loudness.setValue(LOUDNESS)
        self.loudness.setSuffix(" LUFS")
        name(self.loudness, mark("Loudness"))
        self.stereo = QCheckBox()
        say(self.stereo, mark("Wide stereo"))
        self.stereo.setChecked(True)
        self.amount = QSlider(Qt.Orientation.Horizontal)
        self.amount.setRange(0, 100)
        self.amount_words = label(role="small")
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        for words, fields in (
            (mark("Form"), (self.kind,)),
            (mark("Length"), (self.seconds,)),
            (mark("Tempo"), (self.tempo,)),
            (mark("Key"), (self.key,)),
            (mark("Loudness"), (self.loudness, help_dot(_LOUDNESS_HELP))),
        ):
            line = row(*fields, spacing=4)
            line.setStretch(0, 1)
            holder = QWidget()
            holder.setLayout(line)
            form.addRow(label(words, "muted"), holder)
        self.use = QWidget()
        use = QVBoxLayout(self.use)
        use.setContentsMargins(0, 0, 0, 0)
        use.setSpacing(6)
        self._build_second()
        for widget in (self.how, self.zone, self.amount_words, self.amount):
            use.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(form)
        layout.addWidget(self.stereo)
        self.kind.currentIndexChanged.connect(lambda _i: self._kind_changed())
        self.how.currentIndexChanged.connect(lambda _i: self._how_changed())
        self._how_changed()

    def _build_second(self) -> None:
        self.zone = DropZone((ASSETS_MIME,))
        say(self.zone, mark("The second sound"), "setAccessibleName")
        self.zone.setMinimumHeight(56)
        self.zone.dropped.connect(self._dropped)
        self._zone_layout = QHBoxLayout(self.zone)
        self._zone_layout.setContentsMargins(8, 6, 8, 6)
        self.zone_words = label(role="small", wrap=True)
        self._tile = PictureTile(self._pictures, None, "", side=40)
        self._tile.hide()
        self._zone_layout.addWidget(self._tile)
        self._zone_layout.addWidget(self.zone_words, 1)
        let_wrap(self.zone)

    # --- what is chosen -----------------------------------------------------------------------------

    @property
    def use_as(self) -> str:
        """Key of what is done with a given sound."""
        return str(self.how.currentData())

    def set_second(self, asset: int | None) -> None:
        """The second sound: the other end, or what takes the colour on."""
        self.second = asset
        old = self._tile
        self._tile = PictureTile(self._pictures, asset, tr("Press to take it off"), side=40)
        self._tile.clicked.connect(lambda: self.set_second(None))
        self._zone_layout.replaceWidget(old, self._tile)
        old.hide()
        old.deleteLater()
        self._tile.setVisible(asset is not None)
        self._say_zone()
        self.changed.emit()

    def problem(self, like: int | None) -> str:
        """What is missing, as a marked sentence."""
        if like is not None and self.use_as == "between" and self.second is None:
            return mark("Drag the second sound in first.")
        return ""

    def fields(self, like: int | None, place: float | None = None) -> dict[str, Any]:
        """Fields of a ``SoundWish``; ``place`` is where between two sounds this one lies."""
        fields: dict[str, Any] = {"kind": str(self.kind.currentData())}
        if self.seconds.value() > _ANY:
            fields["seconds"] = max(0.2, self.seconds.value())
        if self.tempo.value() >= SLOWEST:
            fields["tempo"] = self.tempo.value()
        if self.key.currentData():
            fields["key"] = self.key.currentData()
        if self.loudness.value() != LOUDNESS:
            fields["loudness"] = self.loudness.value()
        if not self.stereo.isChecked():
            fields["stereo"] = False
        return fields | (self._given(like, place) if like is not None else {})

    def _given(self, like: int, place: float | None) -> dict[str, Any]:
        share = self.amount.value() / 100
        if self.use_as == "continue":
            return {"continue_from": like, "kind": "bed"}
        if self.use_as == "timbre":
            own = {"like": self.second} if self.second is not None else {}
            return {"timbre_of": like, "amount": share} | own
        if self.use_as == "between" and self.second is not None:
            return {"between": [like, self.second], "at": share if place is None else place}
        return {"like": like, "spread": share}

    # --- inside -------------------------------------------------------------------------------------

    def show_given(self, given: bool) -> None:
        """Whether there is a sound to do something with."""
        self.use.setVisible(given)
        self._kind_changed()

    def _dropped(self, mime: QMimeData) -> None:
        ids = dropped_assets(mime)
        if ids:
            self.set_second(ids[0])

    def _kind_changed(self) -> None:
        bed = self.use_as == "continue" and not self.use.isHidden()
        self.kind.setEnabled(not bed)

    def _how_changed(self) -> None:
        use = self.use_as
        self.zone.setVisible(use in ("timbre", "between"))
        there = use in _AMOUNTS
        self.amount.setVisible(there)
        self.amount_words.setVisible(there)
        if there:
            words, start = _AMOUNTS[use]
            say(self.amount_words, words)
            name(self.amount, words)
            self.amount.setValue(start)
        self._say_zone()
        self._kind_changed()
        self.changed.emit()

    def _say_zone(self) -> None:
        if self.second is not None:
            say(self.zone_words, mark("Press it to take it off."))
        elif self.use_as == "timbre":
            say(self.zone_words, mark("Drag the sound here that takes the colour on; empty: a new one."))
        else:
            say(self.zone_words, mark("Drag the second sound here."))

    def retranslate(self) -> None:
        """Words in choices."""
        for box, words in ((self.kind, _KINDS), (self.how, _HOWS)):
            for place in range(box.count()):
                box.setItemText(place, tr(words[box.itemData(place)]))
        self.key.setItemText(0, tr("any"))
        for number in range(24):
            self.key.setItemText(number + 1, key_text(number))
        self.seconds.setSpecialValueText(tr("as it comes"))
        self.tempo.setSpecialValueText(tr("any"))
