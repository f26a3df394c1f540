"""By what a model can be steered: tags, colours, what an item is like. Nothing chosen: it just draws."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.controls import help_dot, row
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

MOST_TAGS = 12
PALETTE = 3


class ConditionsRow(QWidget):
    """Chips of tags with their counts, and two switches."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tags: dict[str, QToolButton] = {}
        self._length = 0
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips, 6)
        self.palette_box, self.vector = QCheckBox(), QCheckBox()
        say(self.palette_box, mark("Colours"))
        say(self.vector, mark("What an item is like (shared vector)"))
        name(
            self.palette_box,
            mark("Steer by colours"),
            mark("The model learns which main colours a picture has; later you choose them"),
        )
        name(
            self.vector,
            mark("Steer by items"),
            mark("The model learns what items are like; later it draws something like an item"),
        )
        for box in (self.palette_box, self.vector):
            box.toggled.connect(lambda _on: self.changed.emit())
        explanation = mark(
            "What the model is told about each picture while it learns, so that you can ask for it later. It "
            "is left out now and then, so that the model also draws without being asked for anything."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row(self.palette_box, self.vector, help_dot(explanation), None, spacing=12))
        layout.addWidget(self._chips)

    def offer(self, tags: list[tuple[str, int]], *, vector: int) -> None:
        """Tags with the number of pictures that have them; ``vector``: length of the library's shared vector,
        0 where it has none."""
        self._length = vector
        chosen = {tag for tag, chip in self.tags.items() if chip.isChecked()}
        self._flow.clear()
        self.tags = {}
        for tag, count in tags[:MOST_TAGS]:
            chip = QToolButton()
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.setText(f"{tag}  {count:,}")
            chip.setAccessibleName(tr("Steer by the tag {tag}, {n} pictures", tag=tag, n=count))
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setIconSize(QSize(12, 12))
            chip.setIcon(icon("plus", "muted"))
            chip.toggled.connect(partial(self._toggled, chip))
            if tag in chosen:
                chip.setChecked(True)
            self.tags[tag] = chip
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setVisible(bool(self.tags))
        self._chips.updateGeometry()
        self.vector.setVisible(vector > 0)
        if not vector:
            self.vector.setChecked(False)

    def _toggled(self, chip: QToolButton, on: bool) -> None:
        chip.setIcon(icon("check", "accent") if on else icon("plus", "muted"))
        self.changed.emit()

    @property
    def condition(self) -> dict[str, Any]:
        """For ``Wish.condition``; empty where nothing is chosen."""
        tags = [tag for tag, chip in self.tags.items() if chip.isChecked()]
        found = {
            "tags": tags,
            "palette": PALETTE if self.palette_box.isChecked() else 0,
            "vector": self._length if self.vector.isChecked() else 0,
        }
        return found if any(found.values()) else {}
