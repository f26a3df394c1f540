"""Second step of a training: which kind of model, how large, how long, from what, steered by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.augment_row import AugmentRow
from mmstudio.desktop.views.controls import button, card, help_dot, inset, row, section
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.training_advanced import AdvancedSettings
from mmstudio.desktop.views.training_conditions import ConditionsRow
from mmstudio.desktop.views.training_parts import SetParts, SoundParts, TextParts
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.trained import ModelLine
    from mmstudio.desktop.views.training_form import Offer

SIZES = (32, 64, 128, 256, 512)
FEW = 200  # pictures below which starting from a trained model is what helps most
_HELP = {
    "fused": mark(
        "A shared vector means that everything, whatever its kind, gets 128 numbers; what belongs together "
        "gets alike numbers. Search and suggested tags use it where it proved better on what it had not seen."
    ),
    "image-gan": mark(
        "GAN means two networks that compete: one draws, the other tries to tell drawn from real. "
        "What they draw gets crisper the longer they play."
    ),
    "image-gan-plain": mark(
        "The GAN as it was first described in 2014: the judging network only says real or drawn. It is here "
        "to learn from and to compare with; for good pictures take the newer one."
    ),
    "image-vae": mark(
        "VAE means a network that squeezes each picture into a few numbers and draws it again from them. "
        "Moving the numbers a little gives variations of what you have."
    ),
    "sound-gan": mark(
        "GAN means two networks that compete: one makes the spectrum of a sound, the other tries to tell "
        "made from real. A third turns spectra into sound."
    ),
    "text-lm": mark(
        "It guesses which piece of a word comes next, again and again, until its texts read like yours. How "
        "much it merely copied is measured and shown."
    ),
    "text-vae": mark(
        "VAE means a network that squeezes each sentence into a few numbers and writes it again from them. "
        "Moving the numbers a little gives variations, going between two gives what lies between."
    ),
    "joint": mark(
        "A joint model keeps one short list of numbers for a picture, a sound and words that belong "
        "together. From any of them it finds the numbers, and from the numbers it makes the others."
    ),
    "sound-vae": mark(
        "VAE means a network that squeezes each sound into a few numbers and plays it again from them. "
        "Moving the numbers a little gives new sounds of the same kind."
    ),
}
_FROM = {
    "sound-gan": ("sound-gan", "sound-vae"),
    "image-gan": ("image-gan", "image-vae", "image-gan-plain"),
    "image-gan-plain": ("image-gan-plain", "image-gan", "image-vae"),
}


class HowStep(QWidget):
    """:attr:`changed` says that an estimate may differ; :attr:`family_chosen` carries a family's name."""

    changed = Signal()
    family_chosen = Signal(str)
    tuning_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self.families: dict[str, QRadioButton] = {}
        self._frames: dict[str, QFrame] = {}
        self._group = QButtonGroup(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._families_box = QVBoxLayout()
        self._families_box.setSpacing(8)
        self._layout.addLayout(self._families_box)
        self._build_numbers()

    def _build_numbers(self) -> None:
        self._layout.addWidget(section(mark("How")))
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the model"))
        self.base = QComboBox()
        name(self.base, mark("Start from"), mark("A model that already draws learns your style much faster"))
        self.base_note = label(role="small", wrap=True)
        self.freeze = QComboBox()
        name(
            self.freeze,
            mark("Keep the first layers"),
            mark("Layers that stay as the model has them: steadier with few pictures, less able to change"),
        )
        for n in range(5):
            self.freeze.addItem("", float(n))
        self.size_box = QComboBox()
        name(self.size_box, mark("Size of the pictures"))
        for side in SIZES:
            self.size_box.addItem(f"{side} × {side}", side)
        self.size_box.setCurrentIndex(1)
        self.steps, self.minutes, self.unit = QSpinBox(), QSpinBox(), QComboBox()
        inset(self.steps, self.minutes)
        self.steps.setRange(1, 1_000_000)
        self.steps.setSingleStep(100)
        self.minutes.setRange(1, 100_000)
        self.minutes.setValue(10)
        self.minutes.hide()
        name(self.steps, mark("Steps"))
        name(self.minutes, mark("Minutes"))
        name(self.unit, mark("Steps or minutes"))
        self.unit.addItem(tr("steps"), "steps")
        self.unit.addItem(tr("minutes"), "minutes")
        self.augment = AugmentRow()
        self.conditions = ConditionsRow()
        self.sound, self.texts, self.sets = SoundParts(), TextParts(), SetParts()
        self.sound.changed.connect(self.changed)
        self.seamless = QCheckBox()
        say(self.seamless, mark("The edges fit together, for textures and backgrounds"))
        self.seamless.setAccessibleDescription(tr("Seamless tile"))
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        self.length = QWidget()
        self.length.setLayout(row(self.steps, self.minutes, self.unit))
        for words, field in (
            (mark("Name"), self.name_field),
            (mark("Start from"), self.base),
            ("", self.base_note),
            (mark("Keep"), self.freeze),
            (mark("Size"), self.size_box),
            (mark("Sound"), self.sound),
            (mark("Texts"), self.texts),
            (mark("Parts"), self.sets),
            (mark("For"), self.length),
            (mark("Steered by"), self.conditions),
            (mark("Seamless tile"), self.seamless),
            (mark("Augment"), self.augment),
        ):
            self._form.addRow(label(words, "muted"), field)
        self._layout.addLayout(self._form)
        self.advanced = AdvancedSettings()
        self.tune_button = button(
            mark("Search for good settings"),
            self.tuning_wanted.emit,
            icon="magnifying-glass",
            tip=mark("Several short trainings find out which settings suit your pictures"),
        )
        self._layout.addSpacing(8)
        self._layout.addWidget(self.tune_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._layout.addWidget(self.advanced)
        self.unit.currentIndexChanged.connect(self._unit_changed)
        self.steps.valueChanged.connect(lambda _v: self.changed.emit())
        self.minutes.valueChanged.connect(lambda _v: self.changed.emit())
        self.size_box.currentIndexChanged.connect(lambda _i: self._size_changed())
        self.base.currentIndexChanged.connect(lambda _i: self._base_changed())
        self._say_freeze()

    # --- offering -----------------------------------------------------------------------------------

    def offer(self, offer: Offer) -> None:
        """Fill the choices; what the person chose stays chosen."""
        self._offer = offer
        if set(self.families) != set(offer.families):
            self._fill_families(offer)
        self.conditions.offer(offer.picture_tags, vector=offer.vector)
        self.sets.offer(offer.lines)

    @property
    def family(self) -> str:
        """The chosen family, empty before anything was offered."""
        return next((key for key, radio in self.families.items() if radio.isChecked()), "")

    @property
    def side(self) -> int:
        """Pixels per side."""
        return int(self.size_box.currentData())

    def _fill_families(self, offer: Offer) -> None:
        for key, info in offer.families.items():
            frame, layout = card()
            radio = QRadioButton()
            say(radio, info.label)
            radio.toggled.connect(lambda on, key=key: self.family_chosen.emit(key) if on else None)
            self._group.addButton(radio)
            self.families[key], self._frames[key] = radio, frame
            head = row(radio, spacing=4)
            if key in _HELP:
                head.addWidget(help_dot(_HELP[key]))
            head.addStretch(1)
            layout.addLayout(head)
            layout.addWidget(label(info.explanation, "small", wrap=True))
            let_wrap(frame)
            self._families_box.addWidget(frame)

    def show_family(self, family: str, count: int) -> None:
        """Show the settings of a family; ``count`` is how many media there are to learn from."""
        offer = self._offer
        if offer is None:
            return
        info = offer.families[family]
        modality = info.modality
        for key, frame in self._frames.items():
            frame.setVisible(offer.families[key].modality == modality)
        self.steps.setValue(int(info.defaults["steps"]))
        self._fill_bases(family)
        picture, everything = modality == "image", modality == "items"
        varied = modality in ("image", "audio")
        if varied:
            self.augment.set_kind(modality)
        self._form.setRowVisible(self.augment, varied)
        self._form.setRowVisible(self.size_box, picture)
        self.tune_button.setVisible(picture)
        self._form.setRowVisible(self.base, not everything)  # the shared vector always starts anew
        self.show_count(count)
        self.show_known()

    def show_count(self, count: int) -> None:
        """How many media there are to learn from: few of them want a model to start from."""
        picture = self._offer is not None and self.family.startswith("image")
        few = picture and 0 < count < FEW and self.base.count() > 1
        self._form.setRowVisible(self.base_note, few and self._form.isRowVisible(self.base))
        say(
            self.base_note,
            mark("With few pictures, starting from a model that already draws helps most.")
            if self.based
            else mark("With only {n}, choose a model to start from: alone they are hardly enough."),
            n=count,
        )

    def show_known(self) -> None:
        """Only settings that the family has are shown, with their usual values."""
        usual = usual_settings(self.family, self.side)
        self._form.setRowVisible(self.freeze, self.based and "freeze" in usual)
        self._form.setRowVisible(self.seamless, "seamless" in usual and not self.based)
        info = self._offer.families[self.family] if self._offer is not None and self.family else None
        modality = info.modality if info is not None else ""
        # What a base was made with is kept.
        self._form.setRowVisible(self.sound, modality == "audio" and not self.based)
        self._form.setRowVisible(self.sets, modality == "set" and not self.based)
        self._form.setRowVisible(self.texts, modality == "text")
        conditional = modality == "image" and ("condition_drop" in usual or self.family == "image-vae")
        self._form.setRowVisible(self.conditions, conditional and not self.based)
        fixed: tuple[str, ...] = ()
        if self.based and info is not None:
            fixed = ("width", "latent", "spatial", *info.network)
        self.advanced.set_usual({key: value for key, value in usual.items() if key not in fixed})

    def _fill_bases(self, family: str) -> None:
        assert self._offer is not None
        wanted = _FROM.get(family, (family,))
        lines = [
            line
            for line in self._offer.lines
            if line.info.family in wanted and line.info.status in ("ready", "training")
        ]
        self.base.blockSignals(True)
        self.base.clear()
        self.base.addItem(tr("Nothing, from the beginning"), None)
        for line in lines:
            size = f"  ({line.info.size} px)" if line.modality == "image" and line.info.size else ""
            self.base.addItem(f"{line.name}{size}", line.name)
        self.base.setCurrentIndex(self.base.findData(_starter(lines, wanted, self.side)))
        self.base.setCurrentIndex(max(0, self.base.currentIndex()))
        self.base.blockSignals(False)
        self._base_changed()

    @property
    def based(self) -> bool:
        """Whether it starts from another model."""
        return self.base.currentData() is not None

    def _base_changed(self) -> None:
        start = self._base_size()
        for place, side in enumerate(SIZES):
            item = self.size_box.model().item(place)  # type: ignore[attr-defined]
            item.setEnabled(side >= start)
        if self.side < start or (start and self.sender() is self.base):
            self.size_box.setCurrentIndex(max(0, self.size_box.findData(max(start, SIZES[0]))))
        self.show_known()
        self.changed.emit()

    def _base_size(self) -> int:
        lines = self._offer.lines if self._offer is not None else []
        line = next((line for line in lines if line.name == self.base.currentData()), None)
        return line.info.size if line is not None and line.modality == "image" else 0

    def _size_changed(self) -> None:
        self.show_known()
        self.changed.emit()

    def _unit_changed(self, _place: int) -> None:
        by_time = self.by_time
        self.steps.setVisible(not by_time)
        self.minutes.setVisible(by_time)
        self.changed.emit()

    @property
    def by_time(self) -> bool:
        """Whether minutes were asked for instead of steps."""
        return str(self.unit.currentData()) == "minutes"

    # --- what was chosen ----------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Any]:
        """Fields of ``Wish``, without source, steps and name."""
        offer, family = self._offer, self.family
        if offer is None or not family:
            return {}
        params: dict[str, Any] = {"family": family, "base": self.base.currentData()} | self.augment.params
        if offer.families[family].modality == "image" and (not self.based or self.side > self._base_size()):
            params["size"] = self.side
        modality = offer.families[family].modality
        options = self.advanced.values
        for key in ("batch", "width") if modality == "image" else ("batch",):
            if key in options:
                params[key] = int(options.pop(key))
        choices: dict[str, SoundParts | TextParts | SetParts] = {
            "audio": self.sound, "text": self.texts, "set": self.sets,
        }  # fmt: skip
        own = choices.get(modality)
        if own is not None and not own.isHidden() and own.parts:
            params["parts"] = own.parts
        if not self.seamless.isHidden() and self.seamless.isChecked():
            options["seamless"] = 1.0
        if not self.freeze.isHidden() and self.freeze.currentData():
            options["freeze"] = float(self.freeze.currentData())
        if options:
            params["options"] = options
        if not self.conditions.isHidden() and self.conditions.condition:
            params["condition"] = self.conditions.condition
        return params

    def retranslate(self) -> None:
        """Words in choices."""
        self.augment.retranslate()
        self.sets.retranslate()
        self.unit.setItemText(0, tr("steps"))
        self.unit.setItemText(1, tr("minutes"))
        self.base.setItemText(0, tr("Nothing, from the beginning"))
        self._say_freeze()

    def _say_freeze(self) -> None:
        for n in range(self.freeze.count()):
            words = tr("Nothing: all layers learn") if n == 0 else tr("The first {n} layers as they are", n=n)
            self.freeze.setItemText(n, words)


def _starter(lines: list[ModelLine], wanted: tuple[str, ...], side: int) -> str | None:
    """The starter to begin with: of the nearest family, then the nearest size."""
    starters = [line for line in lines if line.info.source == "starter"]
    if not starters:
        return None
    best = min(starters, key=lambda line: (wanted.index(line.info.family), abs(line.info.size - side)))
    return best.name


def usual_settings(family: str, side: int) -> dict[str, float]:
    """Settings that a family has, with their usual values for a model of ``side`` pixels."""
    from mmstudio.learning.families import default_config, families

    info = families().get(family)
    if info is None or info.modality == "items":
        return {}
    config = default_config(family, "new", size=side if info.modality == "image" else 64)
    usual = dict.fromkeys(info.more_options, 0.0) | {key: float(v) for key, v in config.options.items()}
    usual |= {"rate": config.rate, "batch": float(config.batch), "latent": float(config.latent)}
    if info.modality == "image":
        usual["width"] = float(config.widths[-1])
    return usual
