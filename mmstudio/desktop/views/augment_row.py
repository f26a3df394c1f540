"""The line of the training form on augmentation: off, a preset, one's own, and a way to look first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from mmstudio.desktop.texts import name
from mmstudio.desktop.views.augment_controls import PRESET_WORDS
from mmstudio.desktop.views.controls import button, help_dot
from mmstudio.errors import UsageError
from mmstudio.features.augment.recipe import PRESETS, AugmentRecipe, preset, read_recipe
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = mark(
    "Varied copies join what the model learns from, so that a small collection goes further. Look at them "
    "first: what is varied can show in what the model makes."
)
_OTHER = "…"  # not a recipe: opens the page


class AugmentRow(QWidget):
    """``preview_wanted`` carries the kind of media and the recipe as JSON."""

    preview_wanted = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = "image"
        self._own: dict[str, AugmentRecipe] = {}
        self._sent: AugmentRecipe | None = None  # what the page gave
        self.choice = QComboBox()
        name(self.choice, mark("Augmentation"))
        self.preview = button(mark("Preview"), self._preview, icon="eye")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.choice, 1)
        layout.addWidget(self.preview)
        layout.addWidget(help_dot(_HELP))
        self.choice.activated.connect(self._chosen)
        self._last = "off"
        self._fill("off")

    @property
    def recipe(self) -> AugmentRecipe:
        """What is chosen."""
        key = str(self.choice.currentData())
        if key == "sent" and self._sent is not None:
            return self._sent
        return self._own[key] if key in self._own else preset(key if key in PRESETS else "off")

    @property
    def params(self) -> dict[str, Any]:
        """What goes into the job: nothing where nothing of this kind is varied."""
        return {"augment": self.recipe.as_json()} if self.recipe.active(self._kind) else {}

    def set_kind(self, kind: str) -> None:
        """ "image" or "audio"."""
        self._kind = kind

    def set_saved(self, saved: Sequence[str]) -> None:
        """Offer the person's presets, JSON texts."""
        self._own = {}
        for text in saved:
            try:
                recipe = read_recipe(json.loads(text))
            except (ValueError, UsageError):
                continue
            self._own[recipe.name] = recipe
        self._fill(str(self.choice.currentData()))

    def use(self, recipe: AugmentRecipe) -> None:
        """Choose what the page gave."""
        key = recipe.name
        if (key in PRESETS and recipe == preset(key)) or self._own.get(key) == recipe:
            self._fill(key)
        else:
            self._sent = recipe
            self._fill("sent")

    def retranslate(self) -> None:
        """Name the choices again."""
        self._fill(str(self.choice.currentData()))

    def _fill(self, current: str) -> None:
        self.choice.clear()
        for key in PRESETS:
            self.choice.addItem(tr(PRESET_WORDS[key]), key)
        for own in self._own:
            self.choice.addItem(own, own)
        if self._sent is not None:
            called = "" if self._sent.name in ("custom", *PRESETS) else f" ({self._sent.name})"
            self.choice.addItem(tr("Previewed") + called, "sent")
        self.choice.addItem(tr("Custom…"), _OTHER)
        self.choice.setCurrentIndex(max(0, self.choice.findData(current)))
        self._last = str(self.choice.currentData())

    def _chosen(self, _place: int) -> None:
        if self.choice.currentData() == _OTHER:
            self.choice.setCurrentIndex(max(0, self.choice.findData(self._last)))
            self._preview()
        self._last = str(self.choice.currentData())

    def _preview(self) -> None:
        shown = self.recipe if self.recipe.active(self._kind) else preset("gentle")
        self.preview_wanted.emit(self._kind, shown.as_json())
