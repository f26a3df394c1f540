"""What to learn, from what, and for how long, with defaults that work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.trained import ModelLine
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.augment_row import AugmentRow
from mmstudio.desktop.views.controls import button, card, help_dot, inset, row, section
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.words import span_text
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmstudio.learning import FamilyInfo

_SIZES = (32, 64, 128)
_HELP = {
    "fused": mark(
        "A shared vector means that everything, whatever its kind, gets 128 numbers; what belongs together "
        "gets alike numbers. Search and suggested tags use it where it proved better on what it had not seen."
    ),
    "image-gan": mark(
        "GAN means two networks that compete: one draws, the other tries to tell drawn from real. "
        "What they draw gets crisper the longer they play."
    ),
    "image-vae": mark(
        "VAE means a network that squeezes each picture into a few numbers and draws it again from them. "
        "Moving the numbers a little gives variations of what you have."
    ),
    "sound-vae": mark(
        "VAE means a network that squeezes each sound into a few numbers and plays it again from them. "
        "Moving the numbers a little gives new sounds of the same kind."
    ),
}
# Steps a second of 16 pictures of 64 × 64, or 16 sounds, measured on two processor cores that other programs
# used too; only the estimate before a training rests on it.
STEPS_PER_SECOND = {"image-vae": 2.5, "image-gan": 1.25, "sound-vae": 4.0, "fused": 8.0}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form can offer now.

    Attributes:
        counts: usable media by modality. selected: chosen asset ids by modality.
        taken: names that models have already.
    """

    families: Mapping[str, FamilyInfo]
    lines: list[ModelLine]
    counts: Mapping[str, int]
    selected: Mapping[str, list[int]]
    taken: frozenset[str]


class TrainingForm(QWidget):
    """:attr:`started` carries the parameters of the job and the chosen asset ids (none: all or the query)."""

    started = Signal(dict, list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self._wanted_kind = ""
        self.families: dict[str, QRadioButton] = {}
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self._layout = QVBoxLayout(body)
        self._layout.setContentsMargins(24, 16, 24, 24)
        self._layout.setSpacing(8)
        scroll.setWidget(body)
        self._layout.addWidget(label(mark("Train a model on your own media"), "title", wrap=True))
        self._layout.addWidget(
            label(
                mark(
                    "A model looks at your pictures or sounds again and again until it can make new ones "
                    "like them. Everything stays on this computer."
                ),
                "muted",
                wrap=True,
            )
        )
        self._group = QButtonGroup(self)
        self._families_box = QVBoxLayout()
        self._families_box.setSpacing(8)
        self._layout.addLayout(self._families_box)
        self._build_source()
        self._build_numbers()
        self.estimate = label(role="muted", wrap=True)
        self.start_button = button(mark("Start training"), self._start, "primary", icon="play")
        self._layout.addStretch(1)
        let_wrap(body)
        # The estimate and the button stay in sight however small the window is.
        foot = QWidget()
        foot.setProperty("surface", "bar")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(foot)
        line.setContentsMargins(24, 12, 24, 12)
        line.setSpacing(16)
        line.addWidget(self.estimate, 1)
        line.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignVCenter)
        let_wrap(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(foot)

    def _build_source(self) -> None:
        self._layout.addWidget(section(mark("Learn from")))
        self.use_all, self.use_selected, self.use_query = QRadioButton(), QRadioButton(), QRadioButton()
        self.query = QLineEdit()
        name(self.query, mark("Search that chooses the media"))
        say(self.query, mark("for example tag:summer or kind:picture beach"), "setPlaceholderText")
        say(self.use_query, mark("What a search finds"))
        self.query.textEdited.connect(lambda _text: self.use_query.setChecked(True))
        group = QButtonGroup(self)
        for choice in (self.use_all, self.use_selected, self.use_query):
            group.addButton(choice)
            choice.toggled.connect(lambda _on: self._update())
        self._layout.addWidget(self.use_all)
        self._layout.addWidget(self.use_selected)
        self._layout.addLayout(row(self.use_query, self.query))

    def _build_numbers(self) -> None:
        self._layout.addWidget(section(mark("How")))
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the model"))
        self.base = QComboBox()
        name(self.base, mark("Start from"), mark("A model that already draws learns your style much faster"))
        self.steps = QSpinBox()
        inset(self.steps)
        self.steps.setRange(1, 100_000)
        self.steps.setSingleStep(100)
        name(self.steps, mark("Steps"))
        self.size_box = QComboBox()
        name(self.size_box, mark("Size of the pictures"))
        for size in _SIZES:
            self.size_box.addItem(f"{size} × {size}", size)
        self.size_box.setCurrentIndex(1)
        self.augment = AugmentRow()
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        self._form.addRow(label(mark("Name"), "muted"), self.name_field)
        self._form.addRow(label(mark("Start from"), "muted"), self.base)
        self._form.addRow(label(mark("Steps"), "muted"), self.steps)
        self._form.addRow(label(mark("Size"), "muted"), self.size_box)
        self._form.addRow(label(mark("Augment"), "muted"), self.augment)
        self._layout.addLayout(self._form)
        self.steps.valueChanged.connect(lambda _v: self._update())
        self.size_box.currentIndexChanged.connect(lambda _i: self._update())
        self.base.currentIndexChanged.connect(lambda _i: self._update())

    # --- offering -----------------------------------------------------------------------------------

    def offer(self, offer: Offer) -> None:
        """Fill the choices; what the person chose stays chosen."""
        self._offer = offer
        chosen = self.family
        if set(self.families) != set(offer.families):
            self._fill_families(offer)
        if self._wanted_kind:
            fitting = [key for key, info in offer.families.items() if info.modality == self._wanted_kind]
            chosen = chosen if chosen in fitting else next(iter(fitting), chosen)
            self._wanted_kind = ""
            # Once the page has been laid out.
            QTimer.singleShot(120, self, lambda: self._scroll.ensureWidgetVisible(self.augment))
        wanted = chosen or ("image-vae" if "image-vae" in self.families else next(iter(self.families), ""))
        if wanted:
            self.families[wanted].setChecked(True)
        self._family_chosen()

    def use_augment(self, recipe: dict[str, Any], kind: str) -> None:
        """Take a recipe that was previewed on media of ``kind``; the offer then chooses a family for them."""
        self.augment.use(read_recipe(recipe))
        self._wanted_kind = kind

    @property
    def family(self) -> str:
        """The chosen family, empty before anything was offered."""
        return next((key for key, radio in self.families.items() if radio.isChecked()), "")

    def _fill_families(self, offer: Offer) -> None:
        for key, info in offer.families.items():
            frame, layout = card()
            radio = QRadioButton()
            say(radio, info.label)
            radio.toggled.connect(lambda on: self._family_chosen() if on else None)
            self._group.addButton(radio)
            self.families[key] = radio
            head = row(radio, spacing=4)
            if key in _HELP:
                head.addWidget(help_dot(_HELP[key]))
            head.addStretch(1)
            layout.addLayout(head)
            layout.addWidget(label(info.explanation, "small", wrap=True))
            let_wrap(frame)
            self._families_box.addWidget(frame)

    def _family_chosen(self) -> None:
        offer, family = self._offer, self.family
        if offer is None or not family:
            return
        info = offer.families[family]
        self.steps.setValue(int(info.defaults["steps"]))
        self.base.clear()
        self.base.addItem(tr("Nothing, from the beginning"), None)
        for line in offer.lines:
            same = line.info.family == family or (family == "image-gan" and line.info.family == "image-vae")
            if same and line.info.status in ("ready", "training"):
                self.base.addItem(line.name, line.name)
        starter = next(
            (i for i in range(self.base.count()) if str(self.base.itemData(i)).startswith("starter")), 0
        )
        self.base.setCurrentIndex(starter)
        sound = info.modality == "audio"
        self.augment.set_kind(info.modality)
        self._form.setRowVisible(self.augment, info.modality in ("image", "audio"))
        self._form.setRowVisible(self.size_box, info.modality == "image")
        everything = info.modality == "items"  # the shared vector always starts anew and takes all there is
        self._form.setRowVisible(self.base, not everything)
        for widget in (self.use_query, self.query):
            widget.setVisible(not everything)
        n, chosen = offer.counts.get(info.modality, 0), offer.selected.get(info.modality, [])
        all_words = mark("All {n} sounds") if sound else mark("All {n} pictures")
        some_words = mark("The {n} selected sounds") if sound else mark("The {n} selected pictures")
        if everything:
            all_words = mark("Everything that has features, with its texts and items ({n})")
        say(self.use_all, all_words, n=n)
        say(self.use_selected, some_words, n=len(chosen))
        self.use_selected.setVisible(bool(chosen))
        (self.use_selected if len(chosen) > 1 else self.use_all).setChecked(True)
        wish = tr("shared") if everything else tr("my sounds") if sound else tr("my pictures")
        self.name_field.setText(_free_name(wish, offer.taken))
        self._update()

    def retranslate(self) -> None:
        """Words that hold a time."""
        self.augment.retranslate()
        self._update()

    def _update(self) -> None:
        offer, family = self._offer, self.family
        if offer is None or not family:
            return
        info = offer.families[family]
        based = self.base.currentData() is not None
        self.size_box.setEnabled(not based)
        available = offer.counts.get(info.modality, 0)
        self.start_button.setEnabled(available > 0)
        if not available:
            say(self.estimate, mark("The library has nothing of this kind to learn from yet."))
            return
        side = 64 if based or info.modality != "image" else int(self.size_box.currentData())
        seconds = self.steps.value() / STEPS_PER_SECOND.get(family, 3.0) * (side / 64) ** 2
        say(
            self.estimate,
            mark(
                "Takes about {time} on two processor cores, less with a graphics card. "
                "You can stop at any time and keep what was learned."
            ),
            time=span_text(seconds),
        )

    def _start(self) -> None:
        offer, family = self._offer, self.family
        if offer is None or not family:
            return
        info = offer.families[family]
        params: dict[str, Any] = {
            "family": family,
            "name": self.name_field.text().strip() or family,
            "steps": self.steps.value(),
            "base": self.base.currentData(),
            "query": self.query.text().strip() if self.use_query.isChecked() else "",
        }
        params |= self.augment.params
        if params["base"] is None and info.modality == "image":
            params["size"] = int(self.size_box.currentData())
        selected = offer.selected.get(info.modality, []) if self.use_selected.isChecked() else []
        self.started.emit(params, list(selected))


def _free_name(wish: str, taken: frozenset[str]) -> str:
    stem = re.sub(r"\s+", "-", wish.strip())
    if stem not in taken:
        return stem
    return next(n for n in (f"{stem}-{i}" for i in range(2, 10_000)) if n not in taken)
