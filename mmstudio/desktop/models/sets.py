"""Sets that were made here: what each shows, going back and forth between them, making one step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.models.heard import Heard, heard
from mmstudio.desktop.models.history import History
from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.generation.sets.contract import MadeSet, Part, SetWish
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import Progress
    from mmstudio.studio import Studio

_ids = count(1)
KEPT = 60  # sets in the strip: each holds its sound in memory


@dataclass(slots=True)
class Shown:
    """What is there of a set to look at: all of it once it is made, some of it before.

    Attributes:
        text: the line of copy. lines: other lines that fit.
    """

    picture: QImage | None = None
    sound: Heard | None = None
    title: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()

    def take(self, other: Shown) -> None:
        """Add what has arrived."""
        self.picture = other.picture or self.picture
        self.sound = other.sound or self.sound
        if other.text or other.title:
            self.title, self.text, self.lines = other.title, other.text, other.lines


@dataclass(slots=True, eq=False)
class SetStep:
    """One finished set in the history.

    Attributes:
        label: marked English words for how it came about; values fill them. assets: what it was saved as.
    """

    made: MadeSet
    shown: Shown
    label: str
    values: dict[str, Any] = field(default_factory=dict)
    assets: tuple[int, ...] = ()
    id: int = field(default_factory=lambda: next(_ids))

    @property
    def words(self) -> str:
        """How it came about, in the person's language."""
        return tr(self.label, **self.values)


class SetListModel(RowListModel[SetStep]):
    """The strip, oldest first."""

    def text(self, row: SetStep) -> str:
        return row.words

    def spoken(self, row: SetStep) -> str:
        saved = [tr("saved to the library")] if row.assets else []
        return ", ".join([row.words, row.shown.text, *saved])

    def identity(self, row: SetStep) -> int:
        return row.id

    def data(self, index: Any, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and index.isValid():
            return self.spoken(self._rows[index.row()])
        return super().data(index, role)


class SetHistory(History[SetStep]):
    """The sets of the strip, and which one is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(KEPT, parent)
        self.model = SetListModel(self)

    def add(self, step: SetStep, *, show: bool = True) -> None:
        """A set joins the strip; with ``show`` it becomes the current one."""
        self.model.append([step])
        if len(self.model.rows) > KEPT:
            self.model.set_rows(self.model.rows[-KEPT:])
            self._back = [s for s in self._back if s in self.model.rows]
        if show or self.current is None:
            self.go(step)

    def clear(self) -> None:
        """Another library."""
        self.model.set_rows([])
        self.forget()


def shown_of(made: MadeSet) -> Shown:
    """A finished set to look at. Not for the GUI thread."""
    others = tuple(line for line in made.variants if line != made.text)
    return Shown(to_qimage(made.picture), heard(made.sound, made.rate), made.title, made.text, others)


def shown_part(data: Mapping[str, Any]) -> Shown:
    """What of a set has arrived with a sign of progress. Not for the GUI thread."""
    shown = Shown(title=str(data.get("title") or ""), text=str(data.get("text") or ""))
    if data.get("picture") is not None:
        shown.picture = to_qimage(data["picture"])
    if data.get("sound") is not None:
        sound = data["sound"]
        samples, rate = sound if isinstance(sound, tuple) else (sound, int(data.get("rate", 44_100)))
        shown.sound = heard(samples, rate)
    return shown


Making = Generator["Progress", None, MadeSet]


class SetMaker(QObject):
    """Makes sets on the device thread, one piece of work per question: other wishes are heard between.

    Signals:
        progressed: Progress, and what arrived with it (a Shown, often empty).
        made: a SetStep. failed: the error, and the label of what was being made. idle: nothing is under way.
    """

    progressed = Signal(object, object)
    made = Signal(object, bool)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._queue: list[tuple[Callable[[Studio], Making], str, dict[str, Any], bool]] = []
        self._running: object | None = None

    @property
    def busy(self) -> bool:
        """True while a set is being made or waits."""
        return self._running is not None or bool(self._queue)

    def begin(
        self,
        start: Callable[[Studio], Making],
        label: str,
        values: dict[str, Any] | None = None,
        *,
        show: bool = True,
    ) -> None:
        """Make a set after those that wait: ``start(studio)`` gives the work, on the device thread."""
        self._queue.append((start, label, values or {}, show))
        if self._running is None:
            self._next()

    def stop(self) -> None:
        """Make no more; what is under way is dropped."""
        was, self._running = self._running, None
        self._queue.clear()
        if was is not None:
            self.ended.emit()

    def _next(self) -> None:
        studio = self._context.studio
        if studio is None or not self._queue:
            self._running = None
            self._queue.clear()
            self.ended.emit()
            return
        start, label, values, show = self._queue.pop(0)
        token = self._running = object()
        work: list[Making] = []

        def step() -> tuple[Any, Any]:
            if not work:
                work.append(start(studio))
            try:
                progress = next(work[0])
            except StopIteration as stop:
                return stop.value, shown_of(stop.value)
            return progress, shown_part(progress.data or {})

        def arrived(result: tuple[Any, Shown]) -> None:
            if self._running is not token:
                return
            value, shown = result
            if isinstance(value, MadeSet):
                self.made.emit(SetStep(value, shown, label, values), show)
                self._next()
            else:
                self.progressed.emit(value, shown)
                self._context.ask("set-make", step, arrived, broke)

        def broke(error: Exception) -> None:
            if self._running is token:
                self._queue.clear()
                self._running = None
                self.failed.emit(error)
                self.ended.emit()

        self._context.ask("set-make", step, arrived, broke)


def making_of(wish: SetWish) -> Callable[[Studio], Making]:
    """The work of a wish; what its audience likes is looked up where it shall count."""

    def start(studio: Studio) -> Making:
        from mmstudio.generation.sets import making

        return making(studio.generation, with_taste(studio, wish))

    return start


def with_taste(studio: Studio, wish: SetWish) -> SetWish:
    """The wish with what its audience likes. Reads pictures: not for the GUI thread.

    Raises:
        UsageError: nothing is known of what the audience likes.
    """
    if wish.strength <= 0 or wish.taste or wish.audience_id is None:
        return wish
    from mmstudio.recommendation.taste import liked

    return replace(wish, taste=liked(studio.recommender, wish.audience_id))


def reroll_of(made: MadeSet, part: Part, seed: int) -> Callable[[Studio], Making]:
    """The work of making one part again with another seed."""

    def start(studio: Studio) -> Making:
        from mmstudio.generation.sets import rerolling

        return rerolling(studio.generation, made, part, seed)

    return start
