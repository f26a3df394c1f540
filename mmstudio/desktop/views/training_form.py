"""A training in two short steps, what to learn from and how; the defaults of both work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.trained import ModelLine
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.training_how import HowStep
from mmstudio.desktop.views.training_source import SourceStep
from mmstudio.desktop.words import span_text
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QRadioButton

    from mmstudio.desktop.models.dataset import Source
    from mmstudio.learning import FamilyInfo
    from mmstudio.learning.datasets.report import DatasetReport

# Steps a second of 16 pictures of 64 × 64, or 16 sounds, measured on two processor cores that other programs
# used too; only the estimate before the first training on a computer rests on it.
STEPS_PER_SECOND = {
    "image-vae": 2.5,
    "image-gan": 1.25,
    "image-gan-plain": 1.5,
    "sound-vae": 4.0,
    "sound-gan": 2.0,
    "text-lm": 6.0,
    "text-vae": 6.0,
    "joint": 6.0,
    "fused": 8.0,
}
_FIRST = {
    "image": "image-vae",
    "audio": "sound-vae",
    "text": "text-lm",
    "set": "joint",
    "items": "fused",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form can offer now.

    Attributes:
        counts: usable media by modality. selected: chosen asset ids by modality.
        taken: names that models have already.
        tags, collections: names with counts. picture_tags: tags with the number of pictures that have them.
        vector: length of the library's shared vector, 0 where it has none.
    """

    families: Mapping[str, FamilyInfo]
    lines: list[ModelLine]
    counts: Mapping[str, int]
    selected: Mapping[str, list[int]]
    taken: frozenset[str]
    tags: list[tuple[str, int]] = field(default_factory=list)
    collections: list[tuple[str, int]] = field(default_factory=list)
    picture_tags: list[tuple[str, int]] = field(default_factory=list)
    vector: int = 0


class TrainingForm(QWidget):
    """
    Signals:
        started: parameters of the job and the :class:`Source` they go with.
        tuning_wanted: the same, to look for good settings first.
    """

    started = Signal(dict, object)
    tuning_wanted = Signal(dict, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self._wanted_kind = ""
        # From the outside in: a widget that is put into another has its style looked up again, and all of
        # its children theirs.
        self.steps_stack = QStackedWidget(self)
        self._scrolls: list[QScrollArea] = []
        steps: list[QWidget] = []
        for place, (make, title, words) in enumerate(
            (
                (
                    SourceStep,
                    mark("Train a model on your own media"),
                    mark(
                        "A model looks at your media again and again until it can make new ones like them. "
                        "Everything stays on this computer."
                    ),
                ),
                (HowStep, mark("How it learns"), mark("The defaults work; change what you like.")),
            ),
            1,
        ):
            scroll = QScrollArea(self.steps_stack)
            scroll.setWidgetResizable(True)
            scroll.setFrameShape(QFrame.Shape.NoFrame)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self._scrolls.append(scroll)
            self.steps_stack.addWidget(scroll)
            body = QWidget()
            scroll.setWidget(body)
            layout = QVBoxLayout(body)
            layout.setContentsMargins(24, 16, 24, 24)
            layout.setSpacing(8)
            layout.addWidget(label(mark("Step {n} of 2"), "small", n=place))
            layout.addWidget(label(title, "title", wrap=True))
            layout.addWidget(label(words, "muted", wrap=True))
            steps.append(make(body))
            layout.addWidget(steps[-1])
            layout.addStretch(1)
            let_wrap(body)
        self.source, self.how = cast("SourceStep", steps[0]), cast("HowStep", steps[1])
        self.tune_button = self.how.tune_button
        self.how.tuning_wanted.connect(self._tune)
        # Names that other parts of the window and tests use.
        self.base, self.steps, self.size_box = self.how.base, self.how.steps, self.how.size_box
        self.name_field, self.augment, self.query = self.how.name_field, self.how.augment, self.source.query
        self.use_all, self.use_selected = self.source.use_all, self.source.use_selected
        self.use_query = self.source.use_query
        self._build_foot()
        self.source.modality_chosen.connect(self._modality_chosen)
        self.how.family_chosen.connect(self._family_chosen)
        self.how.changed.connect(self._update)

    def _build_foot(self) -> None:
        self.estimate = label(role="muted", wrap=True)
        self.back_button = button(mark("Back"), lambda: self.show_step(0), icon="arrow-left")
        self.next_button = button(mark("Choose how"), lambda: self.show_step(1), icon="arrow-right")
        self.start_button = button(mark("Start training"), self._start, "primary", icon="play")
        # The estimate and the buttons stay in sight however small the window is.
        foot = QWidget()
        foot.setProperty("surface", "bar")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QVBoxLayout(foot)
        line.setContentsMargins(24, 8, 24, 12)
        line.setSpacing(8)
        line.addWidget(self.estimate)
        line.addLayout(row(self.back_button, None, self.next_button, self.start_button))
        let_wrap(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.steps_stack, 1)
        whole.addWidget(foot)
        self.show_step(0)

    def show_step(self, place: int) -> None:
        """0: what to learn from; 1: how."""
        self.steps_stack.setCurrentIndex(place)
        self.back_button.setVisible(place == 1)
        self.next_button.setVisible(place == 0)
        if place == 1:
            self.start_button.setFocus()
        elif self._offer is not None:
            self.next_button.setFocus()

    # --- offering -----------------------------------------------------------------------------------

    def offer(self, offer: Offer) -> None:
        """Fill the choices; what the person chose stays chosen."""
        self._offer = offer
        chosen = self.family
        self.how.offer(offer)
        self.source.offer(offer)
        wanted = chosen or next((key for key in _FIRST.values() if key in offer.families), "")
        if self._wanted_kind:
            fitting = [key for key, info in offer.families.items() if info.modality == self._wanted_kind]
            wanted = wanted if wanted in fitting else next(iter(fitting), wanted)
            self._wanted_kind = ""
            self.show_step(1)
            # Once the page has been laid out.
            QTimer.singleShot(120, self, lambda: self._scrolls[1].ensureWidgetVisible(self.augment))
        elif not chosen and offer.selected.get("audio") and not offer.selected.get("image"):
            wanted = "sound-vae"
        if not wanted:
            return
        self.families[wanted].setChecked(True)
        self._family_chosen(wanted, fresh=True)

    @property
    def families(self) -> dict[str, QRadioButton]:
        """The choices of a family."""
        return self.how.families

    @property
    def family(self) -> str:
        """The chosen family, empty before anything was offered."""
        return self.how.family

    def use_augment(self, recipe: dict[str, Any], kind: str) -> None:
        """Take a recipe that was previewed on media of ``kind``; the offer then chooses a family for them."""
        self.augment.use(read_recipe(recipe))
        self._wanted_kind = kind

    def use_settings(self, wish: dict[str, Any]) -> None:
        """Take what a search of settings found (fields of ``Wish``); call it after :meth:`offer`."""
        family = str(wish.get("family", ""))
        if family in self.families:
            self.families[family].setChecked(True)
        if wish.get("query"):
            self.query.setText(str(wish["query"]))
            self.use_query.setChecked(True)
        place = self.size_box.findData(wish.get("size"))
        self.base.setCurrentIndex(max(0, self.base.findData(wish.get("base"))))
        if place >= 0:
            self.size_box.setCurrentIndex(place)
        numbers = {key: float(wish[key]) for key in ("batch", "width") if wish.get(key)}
        self.how.advanced.use({key: float(v) for key, v in dict(wish.get("options") or {}).items()} | numbers)
        self.show_step(1)

    def _modality_chosen(self, modality: str) -> None:
        offer = self._offer
        if offer is not None and offer.families[self.family].modality != modality:
            fitting = [key for key, info in offer.families.items() if info.modality == modality]
            first = _FIRST[modality] if _FIRST[modality] in fitting else next(iter(fitting), self.family)
            self.families[first].setChecked(True)

    def _family_chosen(self, family: str, *, fresh: bool = False) -> None:
        offer = self._offer
        if offer is None:
            return
        info = offer.families[family]
        self.how.show_family(family, self._usable())
        self.source.set_modality(info.modality, fresh=fresh)
        wishes = {
            "audio": tr("my sounds"),
            "text": tr("my texts"),
            "set": tr("my sets"),
            "items": tr("shared"),
        }
        self.name_field.setText(_free_name(wishes.get(info.modality, tr("my pictures")), offer.taken))
        self._update()

    def show_report(self, source: Source, report: DatasetReport) -> None:
        """What the doctor says of the source."""
        self.source.show_report(source, report)
        self.how.show_count(self._usable())
        self._update()

    def retranslate(self) -> None:
        """Words that hold a number."""
        self.how.retranslate()
        self.source.retranslate()
        self._update()

    # --- estimate and start -------------------------------------------------------------------------

    def _usable(self) -> int:
        offer = self._offer
        if offer is None or not self.family:
            return 0
        report = self._report()
        if report is not None:
            return report.usable
        modality = offer.families[self.family].modality
        if self.use_selected.isChecked():
            return len(offer.selected.get(modality, ()))
        return offer.counts.get(modality, 0)

    def _report(self) -> DatasetReport | None:
        """What the doctor said, where it is about what is chosen now."""
        return self.source.report if self.source.reported == self.source.source else None

    def _rate(self) -> tuple[float, str]:
        """Steps a second at the chosen size and batch, and the model it was measured with ("": none yet)."""
        assert self._offer is not None
        report = self._report()
        batch = self.how.advanced.values.get("batch", 16.0) / 16.0
        if report is not None and report.seconds and report.steps:
            return report.steps / report.seconds / batch, report.measured_by
        modality = self._offer.families[self.family].modality
        area = (self.how.side / 64) ** 2 if modality == "image" else 1.0
        if modality == "audio" and not self.how.based:
            area = self.how.sound.cost
        return STEPS_PER_SECOND.get(self.family, 3.0) / area / batch, ""

    @property
    def wanted_steps(self) -> int:
        """How many steps: asked for, or as many as fit into the minutes asked for."""
        if not self.how.by_time:
            return self.steps.value()
        return max(1, round(self._rate()[0] * 60 * self.how.minutes.value()))

    def _update(self) -> None:
        offer, family = self._offer, self.family
        if offer is None or not family:
            return
        if offer.families[family].modality in ("image", "audio"):
            self.source.set_model(family, self.how.side)
        available = self._usable()
        self.start_button.setEnabled(available > 0)
        self.tune_button.setEnabled(self.start_button.isEnabled())
        if not self.start_button.isEnabled():
            say(
                self.estimate,
                mark("The library has nothing of this kind to learn from yet.")
                if not offer.counts.get(offer.families[family].modality, 0)
                else mark("There is nothing left to learn from."),
            )
            return
        rate, model = self._rate()
        steps = self.wanted_steps
        if self.how.by_time:
            words = mark("About {steps} steps in {time}. You can stop at any time and keep what was learned.")
        elif not model:
            words = mark(
                "Takes about {time} on two processor cores, less with a graphics card. "
                "You can stop at any time and keep what was learned."
            )
        else:
            words = mark(
                "Takes about {time}, by the speed of “{model}” here. "
                "You can stop at any time and keep what was learned."
            )
        say(
            self.estimate,
            words,
            time=span_text(steps / rate),
            steps=f"{steps:,}",
            model=model,
        )

    def params(self) -> dict[str, Any]:
        """The parameters of the job "train"."""
        source: Source = self.source.source
        params = {
            **self.how.params,
            "name": self.name_field.text().strip() or self.family,
            "steps": self.wanted_steps,
            "query": source.query,
        }
        if source.leave_out:
            params["leave_out"] = list(source.leave_out)
        if source.fit != "crop":
            params["fit"] = source.fit
        if source.aspect != 1.0:
            params["aspect"] = source.aspect
        return params

    def _start(self) -> None:
        if self._offer is not None and self.family:
            self.started.emit(self.params(), self.source.source)

    def _tune(self) -> None:
        if self._offer is not None and self.family:
            self.tuning_wanted.emit(self.params(), self.source.source)


def _free_name(wish: str, taken: frozenset[str]) -> str:
    stem = re.sub(r"\s+", "-", wish.strip())
    if stem not in taken:
        return stem
    return next(n for n in (f"{stem}-{i}" for i in range(2, 10_000)) if n not in taken)
