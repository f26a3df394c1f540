"""What a measurement of the recommender found: methods × metrics, with spread."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QFont

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.rows import Index
from mmstudio.i18n import mark, tr


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure: its short name, what it says in one line, and which way is better."""

    name: str
    why: str
    low: bool = False  # lower is better


METRICS: dict[str, Metric] = {
    "ndcg": Metric(mark("NDCG"), mark("How high the hidden items stand in the list; 1 is all on top.")),
    "recall": Metric(mark("Recall"), mark("Share of the hidden items that are in the list.")),
    "precision": Metric(mark("Precision"), mark("Share of the list that are hidden items.")),
    "hit": Metric(mark("Hit"), mark("Share of people with at least one hidden item in the list.")),
    "mrr": Metric(mark("MRR"), mark("One divided by the rank of the first hidden item, on average.")),
    "map": Metric(mark("MAP"), mark("Precision at every hidden item that was found, on average.")),
    "auc": Metric(
        mark("AUC"), mark("How often a hidden item scores above one that was not chosen; 0.5 is chance.")
    ),
    "rmse": Metric(mark("RMSE"), mark("How far predicted ratings are off, in stars."), low=True),
    "diversity": Metric(
        mark("Diversity"), mark("How different the items of one list are from each other, by content.")
    ),
    "coverage": Metric(mark("Coverage"), mark("Share of all items that stand in anybody's list.")),
    "gini": Metric(
        mark("Gini"),
        mark("How unevenly items are shown; 0 is all alike, 1 is always the same few."),
        low=True,
    ),
    "novelty": Metric(mark("Novelty"), mark("How little known the shown items are, in bits.")),
    "fit_s": Metric(mark("Fit"), mark("Seconds to learn from the events."), low=True),
    "query_ms": Metric(mark("Query"), mark("Milliseconds for one list."), low=True),
}
_ALIASES = {
    "ild": "diversity",
    "intra_list": "diversity",
    "intra_list_diversity": "diversity",
    "fit": "fit_s",
}
_TIMES = ("fit_s", "query_ms")
SHORT = {
    "blend": mark("Blend"),
    "content": mark("Content"),
    "together": mark("Together"),
    "popular": mark("Popularity"),
    "popularity": mark("Popularity"),
    "random": mark("Random"),
    "ranker": mark("Ranker"),
    "markov": mark("Markov"),
    "ease": mark("EASE"),
    "als": mark("ALS"),
    "knn": mark("kNN"),
    "auto": mark("Chosen"),
}
BASELINES = ("popular", "popularity", "random")
FIRST_PLOT = "ndcg"


def method_name(key: str) -> str:
    """A method's short name."""
    return tr(SHORT[key]) if key in SHORT else key


def row_name(row: Mapping[str, Any]) -> str:
    """Which method a row is of, and of how few known choices where that was measured."""
    key = str(row.get("method", ""))
    words = method_name(key) if key in SHORT else str(row.get("label") or key)
    known = row.get("known")
    return tr("{method}, {n} known", method=words, n=known) if known else words


def metric_of(key: str) -> Metric:
    """What is known of a figure; an unknown one goes by its key."""
    return METRICS.get(_ALIASES.get(key, key), Metric(key, ""))


def metrics_in(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The figures that rows hold, in the order of :data:`METRICS`, times last."""
    found = [
        key
        for key in dict.fromkeys(key for row in rows for key in row)
        if (f"{key}_spread" in rows[0] or _ALIASES.get(key, key) in METRICS)
        and any(isinstance(row.get(key), int | float) for row in rows)
    ]
    return sorted(found, key=_place)


def _place(key: str) -> int:
    order = list(METRICS)
    base = _ALIASES.get(key, key)
    return order.index(base) if base in order else len(order)


def best_of(rows: Sequence[Mapping[str, Any]], key: str) -> set[int]:
    """Rows with the best value of a figure, among those of as many known choices.

    None where it is a time or all are equal.
    """
    groups: dict[Any, list[tuple[float, int]]] = {}
    for i, row in enumerate(rows):
        if isinstance(row.get(key), int | float):
            groups.setdefault(row.get("known"), []).append((float(row[key]), i))
    found: set[int] = set()
    for values in groups.values():
        if _ALIASES.get(key, key) in _TIMES or len({value for value, _i in values}) < 2:
            continue
        best = (min if metric_of(key).low else max)(value for value, _i in values)
        found |= {i for value, i in values if value == best}
    return found


def figure(row: Mapping[str, Any], key: str, *, spread: bool = True) -> str:
    """``0.312 ± 0.004``; a dash where it was not measured."""
    value = row.get(key)
    if not isinstance(value, int | float):
        return "–"
    digits = 1 if _ALIASES.get(key, key) == "query_ms" else 2 if _ALIASES.get(key, key) == "fit_s" else 3
    words = f"{value:.{digits}f}"
    band = row.get(f"{key}_spread")
    known = isinstance(band, int | float) and row.get("seeds") != 1  # one repeat has no spread
    return f"{words} ± {band:.{digits}f}" if spread and known else words


def to_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """All rows as CSV in UTF-8 with a byte-order mark, so that spreadsheets read Chinese."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, keys, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


class MeasuredModel(QAbstractTableModel):
    """Rows are methods, columns their figures; the best of each is bold with a star."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self._best: dict[str, set[int]] = {}

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show a measurement; nothing where there are no rows."""
        self.beginResetModel()
        self.rows = [dict(row) for row in rows]
        self.keys = metrics_in(self.rows) if self.rows else []
        self._best = {key: best_of(self.rows, key) for key in self.keys}
        self.endResetModel()

    def is_best(self, row: int, key: str) -> bool:
        """Whether a method has the best value of a figure."""
        return row in self._best.get(key, set())

    def refresh(self) -> None:
        """The language changed."""
        self.beginResetModel()
        self.endResetModel()

    # --- Qt -----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() or not self.rows else 1 + len(self.keys)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or section > len(self.keys):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr("Method") if section == 0 else tr(metric_of(self.keys[section - 1]).name)
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return explain(self.keys[section - 1])
        return None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        key = self.keys[column - 1] if column else "method"
        words = figure(row, key) if column else row_name(row)
        best = self.is_best(index.row(), key)
        if role == Qt.ItemDataRole.DisplayRole:
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if not column:
                return words
            said = f"{row_name(row)}, {tr(metric_of(key).name)}: {words}"
            return f"{said}, {tr('best')}" if best else said
        if role == Qt.ItemDataRole.ToolTipRole:
            return explain(key) if column else None
        if role == Qt.ItemDataRole.DecorationRole and best:
            return icon("star-fill", "accent")
        if role == Qt.ItemDataRole.FontRole and best:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def explain(key: str) -> str:
    """What a figure says, in one line, and which way is better."""
    found = metric_of(key)
    better = tr("Lower is better.") if found.low else tr("Higher is better.")
    return " ".join(part for part in (tr(found.why) if found.why else "", better) if part)
