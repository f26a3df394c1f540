"""The trials of a search as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from mmstudio.desktop.icons import icon
from mmstudio.desktop.words import span_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning.tuning.report import Trial, Tuned

Index = QModelIndex | QPersistentModelIndex
SETTING_NAMES = {
    "rate": mark("Learning rate"),
    "batch": mark("Pictures per step"),
    "width": mark("Width"),
    "gamma": mark("Gamma"),
    "beta": mark("Beta"),
}
STATES = {
    "running": mark("running"),
    "done": mark("done"),
    "stopped": mark("stopped early"),
    "failed": mark("failed"),
}
_STATE_ICONS = {
    "running": ("circle-dashed", "accent"),
    "done": ("check-circle", "success"),
    "stopped": ("minus-circle", "muted"),
    "failed": ("warning", "warning"),
}


class TrialsModel(QAbstractTableModel):
    """Rows are trials; columns number, state, distance, one per setting, time."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.trials: list[Trial] = []
        self.best: int | None = None
        self.settings: list[str] = []
        self.live = False  # whether what stands open is being tried now

    def show(self, tuned: Tuned | None) -> None:
        """Show a search as it stands; the same search that grew keeps selection and scroll position."""
        trials = list(tuned.trials) if tuned is not None else []
        settings = list(dict.fromkeys(key for trial in trials for key in trial.settings))
        self.best = tuned.best if tuned is not None else None
        grew = settings == self.settings and len(trials) >= len(self.trials) > 0
        if not grew:
            self.beginResetModel()
            self.trials, self.settings = trials, settings
            self.endResetModel()
            return
        known = len(self.trials)
        if len(trials) > known:
            self.beginInsertRows(QModelIndex(), known, len(trials) - 1)
            self.trials = trials
            self.endInsertRows()
        else:
            self.trials = trials
        self.dataChanged.emit(self.index(0, 0), self.index(len(trials) - 1, self.columnCount() - 1))

    @property
    def _heads(self) -> list[str]:
        names = [tr(SETTING_NAMES.get(key, key)) for key in self.settings]
        return [tr("Trial"), tr("State"), tr("Distance"), *names, tr("Time")]

    def refresh(self) -> None:
        """The language changed."""
        self.beginResetModel()
        self.endResetModel()

    # --- Qt -----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.trials)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.settings) + 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section] if section < len(self._heads) else None
        return None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid() or index.row() >= len(self.trials):
            return None
        trial, column = self.trials[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(trial)[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._heads[column]}: {self._words(trial)[column]}"
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            best = trial.number == self.best
            return icon("star-fill", "accent") if best else icon(*_STATE_ICONS[trial.state])
        if role == Qt.ItemDataRole.FontRole and trial.number == self.best:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole and column not in (0, 1):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _words(self, trial: Trial) -> list[str]:
        state = tr("best") if trial.number == self.best else tr(STATES[trial.state])
        if trial.state == "running" and not self.live:
            state = tr("not finished")
        number = tr("{n} (as usual)", n=1) if trial.number == 0 else str(trial.number + 1)
        numbers = [f"{trial.settings[k]:g}" if k in trial.settings else "" for k in self.settings]
        value = distance_text(trial.value) if trial.value is not None else "–"
        return [number, state, value, *numbers, span_text(trial.seconds) if trial.seconds else ""]


def distance_text(value: float) -> str:
    """A figure in three digits or more before the point, never as a power of ten."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    shown = f"{value:.3g}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if "e" in shown else shown
