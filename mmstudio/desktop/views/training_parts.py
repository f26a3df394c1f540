"""What only sounds, only texts or only sets have to choose before a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import help_dot, inset, row
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.models.trained import ModelLine

_RATES = {22_050: "22.05 kHz", 44_100: "44.1 kHz"}
_LOOP_HELP = mark(
    "A loop's end runs into its beginning. Learn loops from loops: one-shots learned as loops get a tail at "
    "their start."
)
_TEXTS = {
    "files": mark("Text files"),
    "captions": mark("Captions of media"),
    "items": mark("Words of items"),
    "reviews": mark("Reviews"),
}
_UNDER = {"image": mark("Pictures through"), "audio": mark("Sounds through"), "text": mark("Texts through")}
_UNDER_HELP = mark(
    "A VAE that is trained already turns large media into a few numbers, and the joint model ties those. "
    "Without one it learns small pictures and spectra of its own."
)
_KINDS = {
    "image": mark("Pictures"),
    "audio": mark("Sounds"),
    "text": mark("Texts"),
    "tags": mark("Tags"),
    "audience": mark("Audiences"),
}
_OBJECTIVES = {
    "mvtcae": mark("Usual (MVTCAE)"),
    "mmvae+": mark("Mixture of experts (MMVAE+)"),
    "mopoe": mark("Mixture of products (MoPoE)"),
}
_OBJECTIVE_HELP = mark(
    "How the parts are tied while it learns. The usual one keeps variety; the mixtures tie more firmly and "
    "draw softer."
)


class SoundParts(QWidget):
    """Length, rate, stereo, loop."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seconds = QDoubleSpinBox()
        inset(self.seconds)
        self.seconds.setRange(1.0, 12.0)
        self.seconds.setSingleStep(0.5)
        self.seconds.setDecimals(1)
        self.seconds.setValue(3.0)
        self.seconds.setSuffix(" s")
        name(
            self.seconds,
            mark("Length of a sound"),
            mark("Longer sounds are cut, shorter ones are used as they are"),
        )
        self.rate = QComboBox()
        name(
            self.rate,
            mark("Samples a second"),
            mark("Twice as many let higher tones through and take longer"),
        )
        for rate, words in _RATES.items():
            self.rate.addItem(words, rate)
        self.stereo, self.loop = QCheckBox(), QCheckBox()
        say(self.stereo, mark("Stereo"))
        say(self.loop, mark("Seamless loops"))
        flow = FlowLayout(self, gap=12)
        for widget in (self.seconds, self.rate, self.stereo, self.loop, help_dot(_LOOP_HELP)):
            flow.addWidget(widget)
        self.seconds.valueChanged.connect(lambda _v: self.changed.emit())
        self.rate.currentIndexChanged.connect(lambda _i: self.changed.emit())
        self.stereo.toggled.connect(lambda _on: self.changed.emit())

    @property
    def parts(self) -> dict[str, Any]:
        """For ``Wish.parts``."""
        return {
            "seconds": self.seconds.value(),
            "rate": int(self.rate.currentData()),
            "stereo": self.stereo.isChecked(),
            "loop": self.loop.isChecked(),
        }

    @property
    def cost(self) -> float:
        """How much longer a step takes than with three seconds in mono at the lower rate."""
        wide = 1.5 if self.stereo.isChecked() else 1.0
        return float(self.seconds.value() / 3.0 * int(self.rate.currentData()) / 22_050 * wide)


class TextParts(QWidget):
    """Which texts of the library are learned from."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QCheckBox] = {}
        flow = FlowLayout(self, gap=12)
        for key, words in _TEXTS.items():
            box = self.boxes[key] = QCheckBox()
            say(box, words)
            box.setChecked(True)
            flow.addWidget(box)

    @property
    def parts(self) -> dict[str, Any]:
        """For ``Wish.parts``; nothing where all or none are chosen: then all count."""
        chosen = [key for key, box in self.boxes.items() if box.isChecked()]
        return {"texts": chosen} if 0 < len(chosen) < len(self.boxes) else {}


class SetParts(QWidget):
    """The models under a joint model, and how it ties them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.under: dict[str, QComboBox] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        for key, words in _UNDER.items():
            box = self.under[key] = QComboBox()
            name(box, words)
            form.addRow(label(words, "small"), _line(box, _UNDER_HELP))
        self.objective = QComboBox()
        name(self.objective, mark("How the parts are tied"))
        for key, words in _OBJECTIVES.items():
            self.objective.addItem(tr(words), key)
        form.addRow(label(mark("Tied"), "small"), _line(self.objective, _OBJECTIVE_HELP))
        self.only: dict[str, QCheckBox] = {}
        kinds = QWidget()
        flow = FlowLayout(kinds, gap=8)
        for key, words in _KINDS.items():
            tick = self.only[key] = QCheckBox()
            say(tick, words)
            tick.setChecked(True)
            flow.addWidget(tick)
        form.addRow(label(mark("Learns from"), "small"), kinds)
        self.offer([])

    def offer(self, lines: Sequence[ModelLine]) -> None:
        """The VAEs that can stand under it."""
        for key, box in self.under.items():
            chosen = box.currentData()
            box.clear()
            box.addItem(tr("Small ones of its own"), "")
            for line in lines:
                usable = line.info.status in ("ready", "training") and line.info.family.endswith("-vae")
                if usable and line.modality == key:
                    box.addItem(line.name, line.name)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    @property
    def parts(self) -> dict[str, Any]:
        """For ``Wish.parts``."""
        under = {key: box.currentData() for key, box in self.under.items() if box.currentData()}
        tied = str(self.objective.currentData())
        found: dict[str, Any] = ({"from": under} if under else {}) | (
            {"objective": tied} if tied != "mvtcae" else {}
        )
        only = [key for key, tick in self.only.items() if tick.isChecked()]
        # One alone is passed on too: the training says that two are needed.
        return found | ({"only": only} if 0 < len(only) < len(self.only) else {})

    def retranslate(self) -> None:
        """Words in choices."""
        for box in self.under.values():
            box.setItemText(0, tr("Small ones of its own"))
        for place, words in enumerate(_OBJECTIVES.values()):
            self.objective.setItemText(place, tr(words))


def _line(box: QComboBox, explanation: str) -> QWidget:
    made = QWidget()
    inner = row(box, help_dot(explanation), None, spacing=4)
    made.setLayout(inner)
    return made
