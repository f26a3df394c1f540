"""Measured figures in plain words, one line each, with what they mean behind a "?"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from mmstudio.desktop.models.trials import distance_text
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import help_dot
from mmstudio.i18n import mark, tr
from mmstudio.learning.evaluation.report import MEASURES

_OTHER = {
    "k": mark("Looked at the nearest"),
    "recall_shared": mark("Found among them, shared vector"),
    "recall_back": mark("Found among them, the other way round"),
    "unfused": mark("Found among them, without it"),
    "chance": mark("Found by chance"),
    "tags_error_before": mark("Error of the confidence, before calibration"),
    "tags_error": mark("Error of the confidence of tags"),
    "tags_right": mark("Surest tag is right"),
    "tags_commonest": mark("Always the commonest tag"),
    "best_step": mark("Best step"),
    "elbo_reconstruction": mark("Drawn again: how likely (nats)"),
    "kl": mark("What the numbers say of each picture (nats)"),
    "kl_prior": mark("The same against the fitted prior (nats)"),
    "bits_per_dimension": mark("Bits a pixel value"),
    "active_units": mark("Numbers that say something"),
    "pixel_nearest_ratio": mark("Distance to the training pictures, in pixels"),
}
_COUNTS = {
    "examples": mark("Pictures or sounds measured"),
    "held_out": mark("Things held out"),
    "samples": mark("Drawn to measure"),
}
_HIDDEN = {"elbo_scale", "elbo_of", "features", "seed", "frechet_in", "nearest_to", "model", "family"}
_BETTER = {
    "low": mark("lower is better"),
    "high": mark("higher is better"),
    "one": mark("the nearer to 1 the better"),
}
_PERCENT = {"copies", "precision", "recall", "coverage"}


class FigureTable(QWidget):
    """Rows of name, value and "?"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(3, 3)
        self._figures: dict[str, Any] = {}
        self._fused = False
        self.texts: list[str] = []  # every line as it reads

    def show_figures(self, figures: Mapping[str, Any], *, fused: bool = False) -> None:
        """Numbers by name; what they were measured with is said below. ``fused``: of a shared vector."""
        self._figures, self._fused = dict(figures), fused
        while self._grid.count():
            taken = self._grid.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.texts = []
        row = 0
        for key in sorted(self._figures, key=_place):
            value = self._figures[key]
            if key in _HIDDEN or isinstance(value, bool | str) or not isinstance(value, int | float):
                continue
            self._add(row, key, float(value))
            row += 1
        if network := self._figures.get("features"):
            words = label(role="small", wrap=True)
            say(
                words,
                mark("Measured in the features of the network {name}; these are not FID."),
                name=network,
            )
            self.texts.append(words.text())
            self._grid.addWidget(words, row, 0, 1, 4)

    def _add(self, row: int, key: str, value: float) -> None:
        base = key.removeprefix("held_") if key != "held_out" else key
        measure = None if self._fused else MEASURES.get(base)
        words = label(role="muted", wrap=True)
        fused = "recall_shared" if self._fused and key == "recall" else key
        title = measure.label if measure else _OTHER.get(fused) or _COUNTS.get(key) or key.replace("_", " ")
        if base != key and measure is not None:
            words.setText(tr("{figure}, on held-out pictures", figure=tr(title)))
        else:
            words.setText(tr(title))
        number = label(role="strong")
        number.setText(figure_text(base if measure else "", value))
        self.texts.append(f"{words.text()}: {number.text()}")
        number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(words, row, 0)
        self._grid.addWidget(number, row, 1, Qt.AlignmentFlag.AlignRight)
        if measure is not None and measure.why:
            self._grid.addWidget(help_dot(measure.why), row, 2)
            hint = label(_BETTER.get(measure.better, ""), "small", wrap=True)
            self._grid.addWidget(hint, row, 3)

    def retranslate(self) -> None:
        """Say it in the language in use."""
        self.show_figures(self._figures, fused=self._fused)


def figure_text(key: str, value: float) -> str:
    """A figure as a person reads it: a share in per cent, any other in some digits."""
    return f"{100 * value:.0f} %" if key in _PERCENT else distance_text(value)


def _place(key: str) -> tuple[int, bool, str]:
    order = [*MEASURES, *_OTHER, *_COUNTS]
    base = key.removeprefix("held_") if key != "held_out" else key
    return (order.index(base) if base in order else len(order), base != key, key)
