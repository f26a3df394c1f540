"""The page's line to the device thread: one wish at a time, the newest next, nothing on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.generation.latents.point import Point

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.latents.player import Player
    from mmstudio.jobs import Progress
    from mmstudio.learning.conditions import Conditions
    from mmstudio.studio import Studio

_PATIENCE_MS = 300  # before the page says that it is drawing
Maker = Callable[["Player"], Point]
_FILM_ROWS = 4  # frames drawn at a time, so that other wishes are heard between them


@dataclass(slots=True)
class PlayedModel:
    """What the page needs to know of a model once it is loaded.

    Attributes:
        size: width and height of its pictures. stages: latents it takes, 1 where one rules the whole picture.
        fingerprint: of the weights in use. step: how far it is trained.
    """

    name: str
    size: tuple[int, int]
    stages: int
    conditions: Conditions
    fingerprint: str
    step: int
    sliders: list[Any] = field(default_factory=list)


class PlayLink(QObject):
    """Loads a player and asks it; an answer that belongs to another model is dropped.

    ``wish`` never queues: while one picture is drawn only the newest wish waits, so that a slider redraws
    as often as the device can and ends on what is wanted.
    """

    opened = Signal(object)  # PlayedModel
    failed = Signal(object)  # the error that kept a model from loading
    drawn = Signal(object, QImage)  # Point, its picture
    slow = Signal(bool)  # a wish takes longer than a moment
    broke = Signal(object)  # drawing failed

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.player: Player | None = None
        self.info: PlayedModel | None = None
        self._round = 0
        self._under_way = False
        self._next: Point | Maker | None = None
        self._series: dict[str, object] = {}
        self._search: object | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.slow.emit(True))

    @property
    def idle(self) -> bool:
        """True where no picture is being drawn or wanted."""
        return not self._under_way and self._next is None

    def close(self) -> None:
        """Drop the player and every answer under way."""
        self._round += 1
        self.player, self.info = None, None
        self._under_way, self._next = False, None
        self._series.clear()
        self._search = None
        self._patience.stop()
        self.slow.emit(False)

    def open(self, model: str) -> None:
        """Load a model; :attr:`opened` or :attr:`failed` follows."""
        studio = self.context.studio
        self.close()
        if studio is None:
            return
        number = self._round

        def done(result: tuple[Player, PlayedModel]) -> None:
            if number == self._round:
                self.player, self.info = result
                self.opened.emit(self.info)

        def failed(error: Exception) -> None:
            if number == self._round:
                self.failed.emit(error)

        self.context.ask("play-open", partial(_open, studio, model), done, failed)

    def call(
        self,
        key: str,
        fn: Callable[[Player], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Ask the player something on the device thread; the latest question of a key wins."""
        player, number = self.player, self._round
        if player is None:
            return

        def arrived(result: Any) -> None:
            if number == self._round:
                done(result)

        def broke(error: Exception) -> None:
            if number == self._round:
                (failed or self.context.report)(error)

        self.context.ask(f"play-{key}", lambda: fn(player), arrived, broke)

    def find(
        self,
        progressed: Callable[[Progress], None],
        done: Callable[[list[Any]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Look for the sliders, one piece of work per question, so that pictures are drawn between them."""
        player = self.player
        if player is None:
            return
        search = self._search = player.find_sliders()

        def step(_player: Player) -> tuple[bool, Any]:
            try:
                return False, next(search)
            except StopIteration as stop:
                return True, stop.value

        def arrived(result: tuple[bool, Any]) -> None:
            if self._search is not search:
                return
            over, value = result
            if over:
                self._search = None
                done(value)
            else:
                progressed(value)
                self.call("find", step, arrived, failed)

        self.call("find", step, arrived, failed)

    def stop_finding(self) -> None:
        """Look no further; what was found out so far is kept or dropped by the player."""
        self._search = None

    # --- pictures -----------------------------------------------------------------------------------

    def wish(self, what: Point | Maker) -> None:
        """Draw a point, or the one that ``what(player)`` gives, as soon as the device is free; a newer wish
        replaces one that waits."""
        if self.player is None:
            return
        self._next = what
        if not self._under_way:
            self._ask()

    def _ask(self) -> None:
        what, self._next = self._next, None
        if what is None:
            return
        self._under_way = True
        if not self._patience.isActive():
            self._patience.start()

        def draw(player: Player) -> tuple[Point, QImage]:
            point = what if isinstance(what, Point) else what(player)
            return point, to_qimage(player.draw(point))

        self.call("draw", draw, self._arrived, self._not_drawn)

    def _arrived(self, result: tuple[Point, QImage]) -> None:
        self._under_way = False
        self._patience.stop()
        if self._next is None:
            self.slow.emit(False)
        else:
            self._ask()
        self.drawn.emit(*result)

    def _not_drawn(self, error: Exception) -> None:
        self._under_way, self._next = False, None
        self._patience.stop()
        self.slow.emit(False)
        self.broke.emit(error)

    def several(self, key: str, points: Sequence[Point], each: Callable[[int, QImage], None]) -> None:
        """Draw points in order, a few at a time; ``each(place, picture)`` as they come. A newer series of the
        same key takes its place."""
        series = self._series[key] = object()
        self._some(key, series, list(points), 0, each)

    @staticmethod
    def images(player: Player, points: Sequence[Point]) -> list[QImage]:
        """Pictures of points; on the device thread."""
        return [to_qimage(pixels) for pixels in player.draw_many(points)]

    def stop(self, key: str) -> None:
        """Draw no more of a series."""
        self._series.pop(key, None)

    def _some(
        self, key: str, series: object, points: list[Point], first: int, each: Callable[[int, QImage], None]
    ) -> None:
        part = points[first : first + _FILM_ROWS]
        if not part or self._series.get(key) is not series:
            return

        def done(images: list[QImage]) -> None:
            if self._series.get(key) is not series:
                return
            for place, image in enumerate(images, first):
                each(place, image)
            self._some(key, series, points, first + len(part), each)

        self.call(
            key,
            lambda player: self.images(player, part),
            done,
            self._not_drawn,
        )


def _open(studio: Studio, model: str) -> tuple[Player, PlayedModel]:
    player = studio.generation.player(model)
    return player, PlayedModel(
        player.model_name,
        player.size,
        player.stages,
        player.conditions,
        player.fingerprint,
        studio.trainings.steps_of(model),
        player.sliders(),
    )
