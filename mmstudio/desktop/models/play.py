"""What was played with: points with their pictures, going back and forth, key points of a walk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.models.history import History
from mmstudio.desktop.models.rows import RowListModel
from mmstudio.errors import UsageError
from mmstudio.generation.latents.point import Point
from mmstudio.i18n import mark, tr

_ids = count(1)
KEPT = 200  # steps in the strip
THUMB = 144  # longest side of a step's picture, pixels


@dataclass(slots=True, eq=False)
class Step:
    """One change.

    Attributes:
        model: name of the model. point: where it led.
        label: marked English words for what was done; values fill them.
        thumb: a small picture, None until it was drawn. asset: what it was saved as.
        source: asset it was made from.
    """

    model: str
    point: Point
    label: str
    values: dict[str, Any] = field(default_factory=dict)
    thumb: QImage | None = None
    asset: int | None = None
    source: int | None = None
    id: int = field(default_factory=lambda: next(_ids))

    @property
    def words(self) -> str:
        """What was done, in the person's language."""
        return tr(self.label, **self.values)


class StepListModel(RowListModel[Step]):
    """The history strip, oldest first; ``keys`` are ids of the key points of a walk, in their order."""

    keys_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.keys: list[int] = []

    def text(self, row: Step) -> str:
        return row.words

    def spoken(self, row: Step) -> str:
        parts = [row.words]
        if row.id in self.keys:
            parts.append(tr("key point {n}", n=self.keys.index(row.id) + 1))
        if row.asset is not None:
            parts.append(tr("saved to the library"))
        return ", ".join(parts)

    def identity(self, row: Step) -> int:
        return row.id

    def data(self, index: Any, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and index.isValid():
            return self.spoken(self._rows[index.row()])
        return super().data(index, role)

    def changed(self, row: Step) -> None:
        """A step got its picture or was saved."""
        place = self.row_of(row.id)
        if place >= 0:
            self.dataChanged.emit(self.index(place), self.index(place))

    def add(self, row: Step) -> None:
        """One more at the end; the oldest go once there are too many."""
        self.append([row])
        if len(self._rows) > KEPT:
            kept = self._rows[-KEPT:]
            self.keys = [key for key in self.keys if any(r.id == key for r in kept)]
            self.set_rows(kept)

    def toggle_key(self, row: Step) -> None:
        """Make a step a key point of the walk, or no longer one."""
        if row.id in self.keys:
            self.keys.remove(row.id)
        else:
            self.keys.append(row.id)
        self.refresh()
        self.keys_changed.emit()

    def clear_keys(self) -> None:
        """No key points."""
        self.keys.clear()
        self.refresh()
        self.keys_changed.emit()

    def key_steps(self) -> list[Step]:
        """The key points in the order they were chosen."""
        by_id = {row.id: row for row in self._rows}
        return [by_id[key] for key in self.keys if key in by_id]


class Timeline(History[Step]):
    """The steps of the strip, and which one is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(KEPT, parent)
        self.model = StepListModel(self)

    def add(self, step: Step) -> None:
        """A change: the step joins the strip and becomes the current one."""
        self.model.add(step)
        self.go(step)

    def clear(self) -> None:
        """Another library: nothing was played with."""
        self.model.keys.clear()
        self.model.set_rows([])
        self.model.keys_changed.emit()
        self.forget()


def small(image: QImage) -> QImage:
    """A picture for the strip."""
    if max(image.width(), image.height()) <= THUMB:
        return image
    return image.scaled(
        THUMB, THUMB, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def recipe_text(model: str, point: Point) -> str:
    """A recipe for the clipboard."""
    return json.dumps({"model": model, "point": point.as_json()}, ensure_ascii=False)


def read_recipe(text: str) -> tuple[str, Point]:
    """Model and point of a recipe from the clipboard.

    Raises:
        UsageError: the words are no recipe.
    """
    try:
        data = json.loads(text[:2_000_000])
        if not isinstance(data["model"], str) or not isinstance(data["point"], dict):
            raise TypeError("not a recipe")
        return data["model"], Point.of(data["point"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            mark("There is no recipe on the clipboard."),
            hint=mark("Copy one here with “Copy recipe” first."),
        ) from error
