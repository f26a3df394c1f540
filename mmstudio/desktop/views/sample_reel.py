"""What a model draws from the same latents as it learns: the newest sheet, and a slider to earlier ones."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import row
from mmstudio.i18n import mark, tr


class SampleReel(QWidget):
    """``wanted`` carries the path of the sheet to show; whoever loads it calls :meth:`show_sheet`."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, hug: bool = False) -> None:
        super().__init__(parent)
        self._paths: list[str] = []
        self.canvas = PictureCanvas(hug=hug)
        name(self.canvas, mark("What the model draws now"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(1)
        name(
            self.slider,
            mark("Earlier pictures"),
            mark("Back to what the model drew earlier, from the same seeds"),
        )
        self.slider.valueChanged.connect(self._moved)
        self.words = label(role="small")
        self.words.setMinimumWidth(96)
        self._foot = QWidget()
        self._foot.setLayout(row(self.slider, self.words, spacing=12))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.texts = label(wrap=True)
        self.texts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.texts.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.texts.setMinimumWidth(1)
        name(self.texts, mark("What the model writes now"))
        self.texts.hide()
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.texts)
        layout.addWidget(self._foot)
        self.clear()

    @property
    def paths(self) -> list[str]:
        """The sheets, oldest first."""
        return list(self._paths)

    def clear(self) -> None:
        """Nothing was drawn yet."""
        self._paths = []
        self._foot.hide()
        self.texts.hide()
        self.canvas.show()
        self.canvas.show_message(tr("The first pictures appear here soon."))

    def add(self, path: str) -> None:
        """The newest sheet; it is shown unless the person looks at an earlier one."""
        if path in self._paths:
            return
        following = not self._paths or self.slider.value() == len(self._paths) - 1
        self.set_paths([*self._paths, path], follow=following)

    def set_paths(self, paths: list[str], *, follow: bool = True) -> None:
        """All sheets of a model, oldest first."""
        before = self.slider.value()
        self._paths = list(paths)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(paths) - 1))
        self.slider.setValue(len(paths) - 1 if follow else before)
        self.slider.blockSignals(False)
        self._foot.setVisible(len(paths) > 1)
        self._say()
        if paths and follow:
            self.wanted.emit(paths[-1])

    def show_sheet(self, image: QImage) -> None:
        """The sheet that was wanted, loaded."""
        if not image.isNull():
            self.canvas.show_image(image)

    def show_texts(self, texts: list[str]) -> None:
        """What a model of texts writes now, in place of pictures."""
        self.canvas.hide()
        self.texts.setText("\n\n".join(texts))
        self.texts.show()

    def _moved(self, place: int) -> None:
        self._say()
        if 0 <= place < len(self._paths):
            self.wanted.emit(self._paths[place])

    def _say(self) -> None:
        if not self._paths:
            return
        step = step_of(self._paths[self.slider.value()])
        newest = self.slider.value() == len(self._paths) - 1
        words = tr("Step {n}, newest", n=f"{step:,}") if newest else tr("Step {n}", n=f"{step:,}")
        self.words.setText(words)
        self.slider.setAccessibleDescription(words)


def step_of(path: str) -> int:
    """The step in the name of a sheet (``samples/step-0000300.png``)."""
    found = re.search(r"(\d+)\D*$", Path(path).stem)
    return int(found.group(1)) if found else 0
